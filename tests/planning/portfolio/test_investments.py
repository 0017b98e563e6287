"""What may be evaluated, and what stands in its way."""

from itertools import combinations

import numpy as np
import pytest

from capacity.errors import UsageError
from capacity.estimate import Estimate
from capacity.plan import Investment
from capacity.planning.levers.catalogue import LEVERS
from capacity.planning.portfolio.investments import obstacle, refuse_repeated, with_precedence
from capacity.planning.system.baseline import base_system
from capacity.planning.system.parts import Calls, Incidents, Station
from capacity.planning.system.stated import sampled
from capacity.planning.system.system import System, evaluate

WATCHED = System(incidents=Incidents(12, 10, 15, 45, 20))
APM = {"detect_factor": 0.3, "diagnose_factor": 0.5, "cpu_share": 0.03}


def test_repeated_investments_are_refused() -> None:
    """Each lever is given once."""
    with pytest.raises(UsageError, match="investment 'apm' comes 2 times; give each lever once"):
        refuse_repeated([Investment(lever="apm", hours=(1, 2, 3))] * 2)


def test_missing_parameters_are_named() -> None:
    """Nothing is assumed in their place."""
    reason = obstacle(Investment(lever="apm", hours=(1, 2, 3), parameters={"detect_factor": 0.3}), WATCHED)
    assert reason.startswith("needs diagnose_factor [fraction]")
    assert "cpu_share [fraction]" in reason


def test_missing_facts_are_named() -> None:
    """Where the system is built from facts, those count, too."""
    assert "needs incidents_per_year [1/y]" in obstacle(
        Investment(lever="apm", hours=(1, 2, 3), parameters=APM), System(), {}
    )


def test_a_lever_without_model_is_named() -> None:
    """It says where the levers are that have one."""
    reason = obstacle(Investment(lever="rfc7807_errors", hours=(1, 2, 3)), WATCHED)
    assert reason == "no model of what it changes; docs/levers.md lists the levers that have one"


def test_a_complete_proposal_has_no_obstacle() -> None:
    """Nothing stands in its way."""
    assert obstacle(Investment(lever="apm", hours=(1, 2, 3), parameters=APM), WATCHED) == ""


def test_tracing_falls_with_apm() -> None:
    """What requires something not evaluable is not evaluable either."""
    items = [Investment(lever="tracing", hours=(1, 2, 3)), Investment(lever="apm", hours=(1, 2, 3))]
    kept, reasons = with_precedence(items, {"tracing": "", "apm": "needs x"})
    assert kept == []
    assert reasons["tracing"] == "needs apm first, which is missing or not evaluable"


def test_a_requirement_outside_the_plan_is_told() -> None:
    """A predecessor nobody proposed blocks."""
    _, reasons = with_precedence([Investment(lever="tracing", hours=(1, 2, 3))], {"tracing": ""})
    assert "needs apm first" in reasons["tracing"]


def test_circles_are_refused() -> None:
    """Two investments cannot each come first."""
    items = [
        Investment(lever="apm", hours=(1, 2, 3), requires=("tracing",)),
        Investment(lever="tracing", hours=(1, 2, 3)),
    ]
    with pytest.raises(UsageError, match="investment apm, tracing require each other in a circle"):
        with_precedence(items, {"apm": "", "tracing": ""})


@pytest.mark.parametrize(("name", "meant"), [("amp", "apm"), ("cacheing", "caching"), ("retry", "retries")])
def test_a_slip_of_a_name_is_told(name: str, meant: str) -> None:
    """Unknown work is allowed, but a name near a known one is asked about."""
    reason = obstacle(Investment(lever=name, hours=(1, 2, 3)), WATCHED)
    assert reason == f"no model of what it changes; did you mean '{meant}'?"


def test_circles_of_work_without_a_model_are_refused() -> None:
    """Whether they can be evaluated or not."""
    items = [
        Investment(lever="alpha", hours=(1, 2, 3), requires=("beta",)),
        Investment(lever="apm", hours=(1, 2, 3)),
        Investment(lever="beta", hours=(1, 2, 3), requires=("alpha",)),
    ]
    with pytest.raises(UsageError, match="investment alpha, beta require each other in a circle"):
        with_precedence(items, {"alpha": "no model", "beta": "no model", "apm": ""})


def test_work_cannot_come_before_itself() -> None:
    """The shortest circle."""
    with pytest.raises(UsageError, match="investment apm requires itself; drop a requirement"):
        with_precedence([Investment(lever="apm", hours=(1, 2, 3), requires=("apm",))], {"apm": ""})


def test_a_slip_in_a_requirement_is_told() -> None:
    """It names what was probably meant."""
    items = [
        Investment(lever="caching", hours=(1, 2, 3), requires=("retriez",)),
        Investment(lever="retries", hours=(1, 2, 3)),
    ]
    _, reasons = with_precedence(items, {"caching": "", "retries": ""})
    assert reasons["caching"].endswith("missing or not evaluable; did you mean 'retries'?")


def test_what_falls_takes_its_followers_along() -> None:
    """However long the chain, and in whichever order it is written."""
    names = ["d", "c", "b", "a"]
    items = [
        Investment(lever=name, hours=(1, 2, 3), requires=(after,))
        for name, after in zip(names, [*names[1:], "x"], strict=True)
    ]
    kept, reasons = with_precedence(items, dict.fromkeys(names, ""))
    assert kept == []
    assert all(reasons.values())


def test_parameters_that_contradict_each_other_are_told() -> None:
    """At the ends of their ranges, too."""
    system = System(startup_seconds=30.0)
    image = {"image_mb": 1200.0, "image_mb_after": 180.0, "pull_mb_per_second": (20.0, 50.0, 80.0)}
    reason = obstacle(Investment(lever="multi_stage_images", hours=(1, 2, 3), parameters=image), system)
    assert reason.startswith("multi_stage_images: 51 s less to pull out of startup_seconds = 30")


def test_a_breaker_in_part_is_told() -> None:
    """All three of its numbers or none."""
    system = System(calls=(Calls(2),))
    work = Investment(
        lever="retries", hours=(1, 2, 3), parameters={"retry_budget": 0.1, "breaker_window": 20}
    )
    assert "a breaker needs breaker_window [calls], breaker_threshold" in obstacle(work, system)


FACTS = {
    "database_cores": (28, 32, 40), "query_ms": (10, 12, 15), "connect_ms": (5, 10, 15),
    "max_connections": 200, "reserved_connections": 3, "connections_per_instance": (100, 150, 220),
    "exhaustion_minutes": (10, 100, 200),
    "retries_today": 2, "failure_probability": (0.001, 0.002, 0.01), "persistent_share": (0.1, 0.3, 0.5),
    "calls_per_second": 5, "call_timeout": 60, "call_share": 0.02, "places_per_instance": 200,
    "overloads_per_year": (1, 3, 6), "stuck_minutes": (10, 25, 60), "contained_minutes": (1, 3, 6), "deadline": 5,
    "deploys_per_year": 50, "planned_minutes": (3, 5, 8), "change_failure_rate": (0.05, 0.1, 0.2),
    "restore_minutes": (15, 30, 60),
    "incidents_per_year": (4, 8, 14), "detect_minutes": (3, 8, 20), "triage_minutes": (3, 5, 10),
    "diagnose_minutes": (15, 30, 90), "fix_minutes": (5, 15, 30),
    "silent_per_year": (2, 4, 6), "silent_detect_minutes": (60, 300, 900), "silent_fix_minutes": (10, 30, 60),
    "silent_impact": (0.01, 0.03, 0.1),
    "instance_mttf_hours": (300, 720, 2000), "instance_repair_minutes": (10, 20, 60),
    "provider_unavailability": (0.0005, 0.001, 0.005), "provider_impact": (0.01, 0.05, 0.1),
    "provider_rate": (1, 2, 5), "provider_outage_hours": (0.5, 1, 4),
    "request_rate": (400, 450, 500), "sockets": 10_000, "startup_seconds": (60, 90, 120),
    "ramp_per_second": (0.5, 1, 1.5),
}  # fmt: skip
WORK: dict[str, dict[str, object]] = {
    "connection_pool": {"reuse": (0.95, 0.98, 0.99), "pool_size": 12},
    "retries": {
        "retry_budget": 0.1, "breaker_window": 20, "breaker_threshold": 10, "breaker_seconds": 60,
        "fallback_coverage": 0.5,
    },
    "rate_limit": {"limit_share": 0.95},
    "blue_green": {"planned_minutes_after": 0, "restore_minutes_after": (1, 2, 4), "overlap_hours": 0.5},
    "horizontal_scaling": {"instances": 4},
    "autoscaling": {"most_instances": 8},
    "health_checks": {
        "interval_seconds": 10, "failure_threshold": 3, "timeout_seconds": 5, "probe_failure": (0.001, 0.005, 0.01)
    },
    "metrics": {
        "objective": 0.999, "burn_rate": 14.4, "window_hours": 1, "incident_error_rate": (0.2, 0.5, 1),
        "cpu_share": (0.005, 0.01, 0.02), "bytes_per_request": 1000, "price_per_gb": 0.5,
    },
    "apm": {"detect_factor": (0.3, 0.5, 0.8), "diagnose_factor": (0.3, 0.5, 0.8), "cpu_share": 0.015},
    "tracing": {"diagnose_factor": 0.7, "sampling": 0.05, "failing_requests": (20, 100, 1000), "cpu_share": 0.01},
    "error_monitoring": {"error_sampling": 1, "errors_per_second": (0.001, 0.01, 0.1)},
    "caching": {"hit_ratio": (0.4, 0.7, 0.8)},
    "failover": {
        "standbys": 2, "standby_unavailability": (0.001, 0.005, 0.01), "switch_coverage": 0.95, "common_cause": 0.05,
        "standby_per_second": 2, "standby_per_day": 2000,
    },
    "multi_stage_images": {"image_mb": 1200, "image_mb_after": (150, 180, 300), "pull_mb_per_second": 50},
    "websocket_reconnects": {"spread_seconds": 120},
    "security_hardening": {},
    "load_tests": {},
}  # fmt: skip
MEASURED = Estimate(300.0, 290.0, 310.0, "req/s", "", "measured")


def every_fact() -> System:
    """Built from a plan that states everything."""
    return base_system(
        FACTS,
        instance_capacity=MEASURED,
        instances=2,
        instance_per_month=50,
        rng=np.random.default_rng(1),
        worlds=200,
    )


@pytest.mark.parametrize("name", LEVERS)
def test_every_lever_goes_from_the_plan_to_the_evaluation(name: str) -> None:
    """With its facts and parameters it has no obstacle, and changes something unless it is worth something else."""
    system, work = every_fact(), Investment(lever=name, hours=(1, 2, 3), parameters=WORK[name])
    assert obstacle(work, system, FACTS) == ""
    rng = np.random.default_rng(2)
    before, after = (
        evaluate(side)
        for side in (
            system,
            LEVERS[name].apply(
                system, **{key: sampled(given, rng, 200) for key, given in WORK[name].items()}
            ),
        )
    )
    changed = [
        not np.array_equal(getattr(before, answer), getattr(after, answer))
        for answer in (
            "capacity",
            "downtime_minutes",
            "cost_per_month",
            "target_utilization",
            "cold_capacity",
        )
    ]
    changed.append(
        not np.array_equal(
            before.system.station("database").capacity, after.system.station("database").capacity
        )
    )
    assert any(changed) == (LEVERS[name].kind == "change")


@pytest.mark.parametrize("name", [name for name in LEVERS if LEVERS[name].facts])
def test_without_facts_every_lever_says_what_it_needs(name: str) -> None:
    """No default stands in for what nobody stated."""
    work = Investment(lever=name, hours=(1, 2, 3), parameters=WORK[name])
    reason = obstacle(work, System((Station("instance", 1, 1 / 300, "instance"),)), {})
    assert reason.startswith("needs ")
    assert "[" in reason


@pytest.mark.parametrize("name", [name for name in LEVERS if WORK[name]])
def test_without_parameters_every_lever_says_what_it_needs(name: str) -> None:
    """But for what changes nothing unless it is measured."""
    reason = obstacle(Investment(lever=name, hours=(1, 2, 3)), every_fact(), FACTS)
    needed = [item.name for item in LEVERS[name].parameters if item.required]
    assert all(key in reason for key in needed)
    assert bool(reason) == bool(needed)


def test_all_of_it_together() -> None:
    """Seventeen levers on one system, each on top of the others: fewer minutes, a figure for each cause."""
    system = every_fact()
    rng = np.random.default_rng(3)
    for name, parameters in WORK.items():
        system = LEVERS[name].apply(
            system, **{key: sampled(given, rng, 200) for key, given in parameters.items()}
        )
    before, after = evaluate(every_fact()), evaluate(system)
    assert list(before.downtime) == list(after.downtime)
    assert np.all(after.downtime_minutes < before.downtime_minutes)


ANSWERS = (
    "capacity", "cold_capacity", "deploying_capacity", "one_lost_capacity", "metastable_safe_load", "downtime_minutes",
    "cost_per_month", "target_utilization",
)  # fmt: skip


@pytest.mark.parametrize(("one", "other"), list(combinations(WORK, 2)))
def test_any_two_levers_commute(one: str, other: str) -> None:
    """Sets of work have a value, whichever comes first."""
    drawn = {
        name: {key: sampled(given, np.random.default_rng(4), 200) for key, given in WORK[name].items()}
        for name in (one, other)
    }
    first, second = (
        evaluate(LEVERS[b].apply(LEVERS[a].apply(every_fact(), **drawn[a]), **drawn[b]))
        for a, b in ((one, other), (other, one))
    )
    for answer in ANSWERS:
        found = [np.array(getattr(side, answer), dtype=float) for side in (first, second)]
        assert np.allclose(*found, equal_nan=True), answer
