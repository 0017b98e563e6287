"""The system of today, from stated facts."""

import numpy as np
import pandas as pd
import pytest

from capacity.errors import DomainError, UsageError
from capacity.estimate import Estimate
from capacity.models.scalability import Amdahl
from capacity.plan import Investment
from capacity.planning.baseline import base_system, database_problem, facts_of, sampled
from capacity.planning.demand import Demand, TrafficHistory
from capacity.planning.system import System, evaluate

ONE = Estimate(300.0, 290.0, 310.0, "req/s", "", "measured")


def built(**arguments: object) -> System:
    """Build a system from these facts and arguments, seeded."""
    facts = arguments.pop("facts", {})
    return base_system(facts, rng=np.random.default_rng(1), worlds=500, **arguments)  # type: ignore[arg-type]


def invest(lever: str = "caching", **parameters: object) -> Investment:
    """One investment with these parameters."""
    return Investment(lever=lever, hours=(1, 2, 3), parameters=parameters)  # type: ignore[arg-type]


def test_facts_hold_for_all_investments() -> None:
    """A fact stated with one investment is known to the others; parameters of the work are not facts."""
    stated = facts_of([invest(hit_ratio=0.6), invest("connection_pool", query_ms=20, reuse=0.9)])
    assert stated == {"query_ms": 20}


def test_contradicting_facts_are_refused() -> None:
    """One system cannot have two databases."""
    with pytest.raises(UsageError, match="query_ms = 30 contradicts query_ms = 20"):
        facts_of([invest(query_ms=20), invest("connection_pool", query_ms=30)])


def test_the_same_fact_twice_is_no_contradiction() -> None:
    """A number and the range that holds only it are the same."""
    assert facts_of([invest(query_ms=20), invest("connection_pool", query_ms=(20, 20, 20))])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hit_ration": 0.6}, "'caching': unknown parameter 'hit_ration'; .*did you mean 'hit_ratio'"),
        ({"hit_ratio": 1.6}, r"hit_ratio = 1\.6; allowed: 0 to 1 \[fraction\]"),
        (
            {"hit_ratio": (0.5, 0.6, 1.7)},
            r"hit_ratio = \[0\.5, 0\.6, 1\.7\]; .* a number or low <= likely <= high",
        ),
        ({"query_ms": 0.0}, "query_ms = 0; allowed: 1e-06 or more"),
    ],
)
def test_impossible_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    """Each names the investment, the parameter, the value and the range."""
    with pytest.raises(UsageError, match=message):
        facts_of([invest(**parameters)])


def test_levers_without_a_model_may_say_anything() -> None:
    """Their parameters are not judged."""
    assert facts_of([invest("rfc7807_errors", anything=7.0)]) == {}


def test_the_instance_is_the_measured_one() -> None:
    """Capacity without other stations is the load test's, with its interval."""
    capacity = evaluate(built(instance_capacity=ONE)).capacity
    assert np.quantile(capacity, [0.05, 0.95]) == pytest.approx([290, 310], rel=0.01)


def test_an_open_capacity_is_its_bound() -> None:
    """At least 180 counts as 180."""
    bound = Estimate.at_least(180.0, unit="req/s", method="", provenance="measured")
    assert evaluate(built(instance_capacity=bound)).capacity == pytest.approx(180)


def test_a_fit_is_a_scaling_law() -> None:
    """Of a fit the best law is taken."""
    fit = Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])
    factor = float(fit.law.throughput_at(4.0) / fit.law.throughput_at(1.0))
    exact = Estimate.exactly(300.0, unit="req/s", method="", provenance="config")
    system = built(instance_capacity=exact, instances=4, scaling=fit)
    assert evaluate(system).capacity == pytest.approx(300 * factor)


def test_parts_need_all_their_facts() -> None:
    """A part half described is absent, not half zero."""
    assert built(facts={"deploys_per_year": 100.0}).changes is None
    assert built(facts={"query_ms": 20.0}).stations == ()
    assert built(facts={"stuck_minutes": 60.0, "contained_minutes": 4.0}).overload is None


def test_database_from_milliseconds() -> None:
    """The plan's milliseconds are seconds inside."""
    station = built(facts={"database_cores": 8.0, "query_ms": 12.0, "connect_ms": 10.0}).station("database")
    assert station is not None
    assert station.service_demand == pytest.approx(0.022)


def test_ranges_are_drawn() -> None:
    """A range gives each world its own value, a number does not."""
    rng = np.random.default_rng(1)
    assert np.ptp(sampled((1.0, 2.0, 3.0), rng, 100)) > 0.5
    assert sampled(2.0, rng, 100) == 2.0


def test_overloads_from_a_demand() -> None:
    """How often a capacity is exceeded is read off the forecast: always below it, never above."""
    dates = pd.date_range("2026-06-01", periods=100, freq="D", tz="UTC")
    paths = np.linspace(200, 400, 100)[None, :].repeat(50, axis=0)
    none = Estimate(0.0, 0.0, 0.0, "", "", "measured")
    demand = Demand(TrafficHistory("x", 3600.0, pd.Series([1.0], [dates[0]])), dates, paths, none, none)
    overload = built(facts={"stuck_minutes": 60.0, "contained_minutes": 4.0}, demand=demand).overload
    assert overload is not None
    assert overload.times_above(199.0) == pytest.approx(365.25)
    assert overload.times_above(300.0) == pytest.approx(365.25 / 2, rel=0.02)
    assert overload.times_above(401.0) == 0.0


def test_a_database_below_the_test_is_a_contradiction() -> None:
    """What was measured went through it."""
    facts = {"database_cores": 8.0, "query_ms": 40.0}
    assert "carries 200 req/s, less than the 290 req/s measured" in database_problem(facts, ONE)
    with pytest.raises(DomainError, match="correct these figures"):
        built(facts=facts, instance_capacity=ONE)
    assert database_problem({"database_cores": 8.0, "query_ms": 20.0}, ONE) == ""
