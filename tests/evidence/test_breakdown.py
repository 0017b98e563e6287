"""Limits endpoint by endpoint and run by run: which of them sets the limit of the whole."""

from pathlib import Path

import pytest

from capacity.evidence import exports
from capacity.evidence.breakdown import limits_by_endpoint, limits_by_run
from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.steps import find_steps

STOREFRONT = Path(__file__).parents[2] / "data" / "storefront"
OBJECTIVES = Slo({0.5: 0.1, 0.95: 0.3})


@pytest.fixture(scope="module")
def storefront():
    """Stairs on one instance of the storefront: 60 to 379 req/s, saturated above 296."""
    return exports.read(STOREFRONT / "steps-1.json")


def by_endpoint(*tests, slo=OBJECTIVES):
    """Return the limits of each endpoint."""
    steps = [step for test in tests for step in find_steps(test)]
    return limits_by_endpoint(tests, find_limits(tests, steps, slo), slo)


def test_the_slow_endpoint_misses_what_the_whole_keeps(storefront):
    """Checkout, 3% of the requests, misses its P95 already at the lowest load; the front page keeps it to the end."""
    found = by_endpoint(storefront).set_index("endpoint")
    checkout, front = found.loc["/api/checkout"], found.loc["/"]
    assert checkout["share"] == pytest.approx(0.03, abs=0.005)
    assert checkout["P95 at lowest"].value > 5 * front["P95 at lowest"].value
    assert (checkout["P95 kept up to"].low, checkout["P95 kept up to"].value) == (0.0, None)
    assert checkout["P95 kept up to"].high < 70
    assert 200 < front["P95 kept up to"].low < 296 < front["P95 kept up to"].high < 330


def test_the_most_requested_endpoint_comes_first(storefront):
    """Shares fall and add up to all requests, each objective has its column."""
    found = by_endpoint(storefront)
    assert found["share"].is_monotonic_decreasing
    assert found["share"].sum() == pytest.approx(1)
    assert list(found.columns[-2:]) == ["P50 kept up to", "P95 kept up to"]


def test_without_endpoints_there_is_an_empty_table(station):
    """A run that does not tell its endpoints has columns and no rows."""
    found = by_endpoint(station.run(station.Station(), [(40, 100), (40, 200)]))
    assert found.empty
    assert list(found.columns) == [
        "endpoint", "share", "P95 at lowest", "P95 at highest", "P50 kept up to", "P95 kept up to"
    ]  # fmt: skip


def test_each_run_by_itself(station, storefront):
    """One run brackets saturation, the other proves its load only; together they stand in their own rows."""
    calm = station.run(station.Station(), [(60, 100)], name="calm")
    steps = [*find_steps(calm), *find_steps(storefront)]
    found = limits_by_run([calm, storefront], steps, OBJECTIVES)
    assert list(found["test"]) == ["calm", "steps-1"]
    assert list(found["status"]) == ["at least", "established"]
    assert found["saturation throughput"][1].value == pytest.approx(296, rel=0.03)
    assert found["SLO capacity"][0].low == pytest.approx(100, rel=0.02)


def test_no_runs():
    """Without runs the table has columns and no rows."""
    found = limits_by_run([], [])
    assert found.empty
    assert list(found.columns) == ["test", "status", "saturation throughput", "SLO capacity"]
