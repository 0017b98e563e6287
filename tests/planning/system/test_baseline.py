"""The system of today, from stated facts."""

import numpy as np
import pandas as pd
import pytest

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.models.scalability import Amdahl
from capacity.planning.demand.demand import Demand, TrafficHistory
from capacity.planning.system.baseline import base_system, database_problem
from capacity.planning.system.system import System, evaluate

ONE = Estimate(300.0, 290.0, 310.0, "req/s", "", "measured")


def built(**arguments: object) -> System:
    """Build a system from these facts and arguments, seeded."""
    facts = arguments.pop("facts", {})
    return base_system(facts, rng=np.random.default_rng(1), worlds=500, **arguments)  # type: ignore[arg-type]


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


def test_every_part_has_its_facts() -> None:
    """Calls, silent faults, instances, provider and traffic come from the keys of the plan."""
    system = built(
        facts={
            "retries_today": 2.0, "call_share": 0.1, "calls_per_second": 5.0, "call_timeout": 60.0,
            "places_per_instance": 100.0,
            "silent_per_year": 4.0, "silent_detect_minutes": 300.0, "silent_fix_minutes": 60.0, "silent_impact": 0.05,
            "instance_mttf_hours": 720.0, "instance_repair_minutes": 20.0,
            "provider_unavailability": 0.001, "provider_impact": 0.1, "provider_rate": 5.0,
            "provider_outage_hours": 1.0,
            "request_rate": 150.0, "deadline": 5.0, "sockets": 1e4, "startup_seconds": 90.0, "ramp_per_second": 1.0,
        },
        instance_capacity=ONE, instance_servers=8.0, limits={"quota": 250.0},
    )  # fmt: skip
    assert system.calls[0].held_calls == 300
    assert system.silent.downtime_minutes == pytest.approx(4 * 360 * 0.05)
    assert system.failures.downtime_minutes(1) == pytest.approx(243.2, rel=1e-3)
    assert system.providers[0].downtime_minutes == pytest.approx(52.56)
    assert (system.traffic.request_rate, system.traffic.sockets, system.startup_seconds) == (150, 1e4, 90)
    assert system.station("instance").servers == 8
    assert evaluate(system).bottleneck == "quota"


def test_connections_need_no_minutes_of_exhaustion() -> None:
    """What one instance opens, and what it cost so far, may be unknown; then it is no cause."""
    system = built(facts={"max_connections": 100.0, "reserved_connections": 3.0})
    assert system.connections.available == 97
    assert "connections" not in evaluate(system).downtime


def test_connections_that_suffice_do_not_run_out() -> None:
    """Minutes lost to something that cannot happen are refused, not dropped."""
    facts = {"max_connections": 100.0, "connections_per_instance": 10.0, "exhaustion_minutes": 120.0}
    with pytest.raises(
        DomainError, match="2 instances opening at most 10 connections each never ask for more"
    ):
        built(facts=facts, instances=2)
    assert evaluate(built(facts=facts, instances=11)).downtime["connections"] == 120


def test_the_mean_rate_of_a_history() -> None:
    """Unless it is stated."""
    dates = pd.date_range("2026-06-01", periods=4, freq="h", tz="UTC")
    none = Estimate(0.0, 0.0, 0.0, "", "", "measured")
    history = TrafficHistory("x", 3600.0, pd.Series([1.0, 2.0, 3.0, 6.0], dates))
    demand = Demand(history, dates, np.ones((5, 4)), none, none)
    assert built(demand=demand).traffic.request_rate == 3
    assert built(demand=demand, facts={"request_rate": 7.0}).traffic.request_rate == 7
