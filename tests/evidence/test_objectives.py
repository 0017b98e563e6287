"""SLO capacity: between the highest load that surely kept it and the lowest that surely missed it."""

import math

import numpy as np
import pytest

from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.steps import find_steps


def slo_of(run, **slo):
    """SLO capacities from a run alone."""
    return find_limits([run], find_steps(run), Slo(**slo)).slo


def true_capacity(station, service, limit, poisson):
    """Return the rate at which the P95 of a long run passes the limit. [req/s]"""
    low, high = 0.3 * service.capacity, 0.999 * service.capacity
    endless = station.Station(service.servers, service.service_time, service.law, 10**9, timeout=1e9)
    for _ in range(8):
        rate = (low + high) / 2
        rng = np.random.default_rng(5)
        arrivals = station.arrivals_of([(20_000 / rate, rate)], rng if poisson else None)
        ends, _ = endless.serve(arrivals, rng)
        kept = np.quantile((ends - arrivals)[2_000:], 0.95) <= limit
        low, high = (rate, high) if kept else (low, rate)
    return (low + high) / 2


@pytest.mark.parametrize(("law", "limit"), [("exponential", 0.18), ("hyperexponential", 0.36)])
@pytest.mark.parametrize("poisson", [True, False])
def test_bracket_holds_the_true_slo_capacity(station, law, limit, poisson):
    """Steps of 30 s up to saturation enclose what a long simulation with the same arrivals finds."""
    service = station.Station(law=law)
    truth = true_capacity(station, service, limit, poisson)
    steps = [(30, f * service.capacity) for f in (0.35, 0.55, 0.75, 0.9, 1.2)]
    found = slo_of(station.run(service, steps, seed=2, poisson=poisson), quantiles={0.95: limit})["p95"]
    assert found.low <= truth <= found.high
    assert found.high < math.inf


def test_a_ramp_alone_keeps_an_objective_at_a_load_it_had_passed(station):
    """Where nothing was missed a ramp shows its objectives kept, at a load below its last, and no upper bound."""
    found = slo_of(station.run(station.Station(), [(120, 5, 200)]), quantiles={0.95: 0.25})
    assert 100 < found["p95"].low < 190
    assert all(e.value is None and e.low < 190 and e.high == math.inf for e in found.values())


def test_a_ramp_that_misses_from_the_beginning_keeps_nothing(station):
    """An objective below the service's own P95 is kept by no part of a ramp."""
    found = slo_of(station.run(station.Station(), [(120, 20, 200)]), quantiles={0.95: 0.02})["p95"]
    assert (found.value, found.low) == (None, 0.0)


def test_a_ramp_can_miss_an_objective(station):
    """A ramp through saturation brackets it: below, what its answers had come to rest at; above, what took too long."""
    run = station.run(station.Station(), [(60, 100), (120, 100, 500)])
    found = slo_of(run, quantiles={0.95: 0.25})["p95"]
    truth = true_capacity(station, station.Station(), 0.25, poisson=False)
    assert 150 < found.low <= truth <= found.high < 400


def test_missed_at_the_lowest_load(station):
    """An objective below the service's own P95 is missed everywhere: at most, and no value."""
    found = slo_of(station.run(station.Station(), [(60, 50), (60, 100)]), quantiles={0.95: 0.01})["p95"]
    assert (found.value, found.low) == (None, 0.0)
    assert found.high == pytest.approx(50, rel=0.02)


def test_kept_everywhere(station):
    """Kept at every load: at least the highest, of all objectives the lowest of those."""
    found = slo_of(station.run(station.Station(), [(60, 50), (60, 100)]), quantiles={0.95: 0.5, 0.5: 0.2})
    assert found["p95"].low == pytest.approx(100, rel=0.02)
    assert str(found["all"]) == "at least 100 req/s"


def test_too_few_answers_to_be_sure(station):
    """250 answers cannot show a P99 kept with confidence."""
    found = slo_of(station.run(station.Station(), [(50, 5)], offset=0.0), quantiles={0.99: 5.0})["p99"]
    assert (found.low, found.high) == (0.0, math.inf)


def test_error_rate_needs_requests_too(station):
    """No failure among 200 requests does not show 1% kept; among 3,000 it does."""
    few = slo_of(station.run(station.Station(), [(40, 5)], offset=0.0))["error_rate"]
    many = slo_of(station.run(station.Station(), [(60, 50)], offset=0.0))["error_rate"]
    assert (few.low, round(many.low)) == (0.0, 50)


def test_error_rate_is_missed_before_saturation(station):
    """A constant 5% of errors misses an objective of 1% at any load, though the service is not saturated."""
    run = station.run(
        station.Station(),
        [(40, 60), (40, 120)],
        refused=lambda a, r: np.where(r.random(len(a)) < 0.05, 500, 0),
    )
    assert slo_of(run)["error_rate"].high == pytest.approx(60, rel=0.05)


def test_value_between_two_held_loads(station):
    """Between a plateau that kept it and one that missed it the value is read off, inside the bracket."""
    run = station.run(station.Station(), [(60, 200), (60, 285), (60, 297)], seed=3)
    found = slo_of(run, quantiles={0.95: 0.15})["p95"]
    assert found.value is None or found.low <= found.value <= found.high
    assert found.low >= 199


def test_answers_in_no_time_keep_it(station):
    """A P95 of 0 ms is kept, not missing."""
    instant = station.Station(servers=50, service_time=1e-5, law="deterministic")
    found = slo_of(station.run(instant, [(60, 50)], offset=0.0), quantiles={0.95: 0.1})["p95"]
    assert found.low == pytest.approx(50, rel=0.02)
