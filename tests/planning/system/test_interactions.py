"""What levers do to each other comes out of the one evaluation, without special cases (levers.md, section 4)."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from capacity.models.scalability import Usl
from capacity.planning import levers
from capacity.planning.system.baseline import base_system
from capacity.planning.system.parts import (
    Calls,
    Changes,
    Connections,
    Failures,
    Incidents,
    Overload,
    Station,
    Traffic,
)
from capacity.planning.system.system import System, evaluate

Apply = Callable[[System], System]
CHANGES = Changes(100, 2, 0.10, 60)
ONE = Station("instance", servers=1, work=1 / 300, scope="instance")
SERVICE = System((ONE,), changes=CHANGES)
BOTTLENECK = System(
    (Station("instance", 1, 3 / 1000, "instance"), Station("database", 8, 0.05 / 3, connect_time=0.010)),
    scaling=Usl(1.0, 0.03, 0.0005),
)


def pooled(system: System) -> System:
    """Ten milliseconds less of the database."""
    return levers.connection_pool(system, reuse=1.0, pool_size=10)


def cached(system: System) -> System:
    """Sixty percent of requests never reach the database."""
    return levers.caching(system, hit_ratio=0.6)


def fourfold(system: System) -> System:
    """Four instances."""
    return levers.horizontal_scaling(system, instances=4)


def side_by_side(system: System) -> System:
    """No downtime to deploy, six minutes to undo."""
    return levers.blue_green(system, planned_minutes_after=0, restore_minutes_after=6)


def budgeted(system: System) -> System:
    """Ten percent of retries."""
    return levers.retries(system, retry_budget=0.1)


def limited(system: System) -> System:
    """Admission up to the capacity."""
    return levers.rate_limit(system, limit_share=1.0)


def done(system: System, *work: Apply) -> System:
    """Do one after the other."""
    for apply in work:
        system = apply(system)
    return system


THREE = (pooled, cached, fourfold)


def test_capacity_is_joint() -> None:
    """L1 + L10 + L4: alone 1.11, 1.11 and 1.00 times, together 4.0 times."""
    before = evaluate(BOTTLENECK).capacity
    alone = [evaluate(apply(BOTTLENECK)).capacity / before for apply in THREE]
    assert alone == pytest.approx([1.11, 1.11, 1.00], abs=0.005)
    assert evaluate(done(BOTTLENECK, *THREE)).capacity / before == pytest.approx(4.0)


def test_fair_shares_of_the_capacity() -> None:
    """Averaged over all orders they add 191, 326 and 383 of 900 req/s."""
    added = dict.fromkeys(THREE, 0.0)
    for order in permutations(THREE):
        for place, apply in enumerate(order):
            with_it, without = done(BOTTLENECK, *order[: place + 1]), done(BOTTLENECK, *order[:place])
            added[apply] += (evaluate(with_it).capacity - evaluate(without).capacity) / 6
    assert sum(added.values()) == pytest.approx(900, rel=1e-3)
    assert list(added.values()) == pytest.approx([191, 326, 383], abs=0.5)


@pytest.mark.parametrize("order", list(permutations(THREE)))
def test_the_order_of_the_work_changes_nothing(order: tuple[Apply, ...]) -> None:
    """Levers are changes of one model, whichever comes first."""
    assert evaluate(done(BOTTLENECK, *order)).capacity == pytest.approx(
        evaluate(done(BOTTLENECK, *THREE)).capacity
    )


def test_two_versions_double_the_connections() -> None:
    """L3 x L1: six instances with pools of 10 ask for 120 of 97, but only while two versions are up."""
    system = done(
        replace(BOTTLENECK, instances=6, connections=Connections(97), changes=CHANGES), pooled, side_by_side
    )
    evaluation = evaluate(system)
    assert system.connections.asked(6) == 120
    assert (evaluation.connection_shortage, evaluation.deploying_connection_shortage) == (0, 23)
    assert system.connections.largest_pool(6) == 8


def test_the_new_version_is_cold() -> None:
    """L3 x L10: at a hit ratio of 0.6 the database sees 2.5 times the load."""
    cold = evaluate(done(replace(BOTTLENECK, instances=8, changes=CHANGES), cached, side_by_side))
    assert cold.capacity / cold.deploying_capacity == pytest.approx(2.5)
    assert cold.deploying_capacity == pytest.approx(cold.cold_capacity)


def test_a_shared_cache_stays_warm() -> None:
    """Only caches that go with the instance are cold; a restart of the cache itself is another matter."""
    system = done(replace(BOTTLENECK, instances=8, changes=CHANGES), side_by_side)
    shared = evaluate(levers.caching(system, hit_ratio=0.6, local_share=0.0))
    assert shared.deploying_capacity == pytest.approx(shared.capacity)
    assert shared.capacity / shared.cold_capacity == pytest.approx(2.5)


def test_sockets_come_back_after_a_deployment() -> None:
    """L3 x L14: 10,000 sockets beside 150 of 300 req/s need 67 s; faster, each deployment hurts that long."""
    system = side_by_side(replace(SERVICE, traffic=Traffic(150, sockets=10_000)))
    storm, calm = (
        evaluate(levers.websocket_reconnects(system, spread_seconds=spread)) for spread in (66, 67)
    )
    assert storm.reconnect_spread == pytest.approx(66.7, abs=0.05)
    assert storm.downtime["reconnects"] == pytest.approx(100 * 66.7 / 60, rel=1e-3)
    assert calm.downtime["reconnects"] == 0
    faster = evaluate(replace(system, instances=2))
    assert faster.reconnect_spread == pytest.approx(10_000 / 450)


@pytest.mark.parametrize(("calls", "safe"), [(Calls(2, 0.1), 272.7), (Calls(2), 100.0)])
def test_retries_eat_headroom(calls: Calls, safe: float) -> None:
    """L2 x L4: 300 req/s are safe to 272.7 with a budget of 10%, to 100 with two retries."""
    assert evaluate(replace(SERVICE, calls=(calls,))).metastable_safe_load == pytest.approx(safe, abs=0.05)


@pytest.mark.parametrize("order", [(budgeted, limited), (limited, budgeted)])
def test_retries_and_limits_are_substitutes(order: tuple[Apply, Apply]) -> None:
    """L2 vs L5: either takes overload from 360 to 24 minutes, the second adds nothing to that cause."""
    system = replace(SERVICE, calls=(Calls(2),), overload=Overload((0.0,), (6.0,), 60, 4))
    minutes = [evaluate(done(system, *order[:count])).downtime["overload"] for count in range(3)]
    assert minutes == [360, 24, 24]


def test_ejections_cascade() -> None:
    """L6 x L4: four instances of 300 at 250 each put 333 on the three that are left."""
    system = replace(SERVICE, instances=4, failures=Failures(720, 20))
    checked = evaluate(
        levers.health_checks(
            system, interval_seconds=10, failure_threshold=3, timeout_seconds=5, probe_failure=0.01
        ),
        load=1000,
    )
    assert checked.load / 3 == pytest.approx(333, abs=0.5)
    assert checked.one_lost_capacity == pytest.approx(900)
    assert checked.one_lost_capacity < checked.load < checked.capacity


def test_diagnosis_factors_multiply() -> None:
    """L8 -> L9: .5 and .6 leave .3 of diagnosis, not .1."""
    system = System(incidents=Incidents(1, 0, 0, 100, 0))
    watched = levers.apm(system, detect_factor=1, diagnose_factor=0.5, cpu_share=0)
    traced = levers.tracing(watched, diagnose_factor=0.6, sampling=1, failing_requests=1, cpu_share=0)
    assert evaluate(traced).downtime_minutes == pytest.approx(30)


def test_agents_take_capacity() -> None:
    """L8/L9/L7 x L4: 3% of the processors are 3% of 300 req/s, and agents add up."""
    system = replace(SERVICE, incidents=Incidents(12, 10, 15, 45, 20))
    watched = levers.apm(system, detect_factor=1, diagnose_factor=1, cpu_share=0.03)
    traced = levers.tracing(watched, diagnose_factor=1, sampling=1, failing_requests=1, cpu_share=0.02)
    assert evaluate(watched).capacity == pytest.approx(291)
    assert evaluate(traced).capacity == pytest.approx(300 * 0.97 * 0.98)


def test_a_shorter_start_raises_the_target() -> None:
    """L13 x L4: 20.4 s less of 90 take the target from .70 to .77, and instances run fewer."""
    system = replace(
        SERVICE, startup_seconds=90, traffic=Traffic(1200, ramp_per_second=1), instance_per_month=50
    )
    scaled = levers.autoscaling(system, most_instances=12)
    sooner = levers.multi_stage_images(scaled, image_mb=1200, image_mb_after=180, pull_mb_per_second=50)
    assert evaluate(scaled).target_utilization == pytest.approx(0.70)
    assert evaluate(sooner).target_utilization == pytest.approx(0.77, abs=0.005)
    assert evaluate(sooner).cost_per_month < evaluate(scaled).cost_per_month


def test_alerts_and_apm_do_not_add_up() -> None:
    """L7 and L8 both shorten detection: whichever is first counts, in either order."""
    system = System(incidents=Incidents(1, 10, 0, 0, 0))
    alert = {
        "objective": 0.999,
        "burn_rate": 14.4,
        "window_hours": 1,
        "incident_error_rate": 0.1,
        "cpu_share": 0,
    }
    alerted = levers.metrics(system, **alert)
    both = levers.apm(alerted, detect_factor=0.9, diagnose_factor=1, cpu_share=0)
    other = levers.metrics(levers.apm(system, detect_factor=0.9, diagnose_factor=1, cpu_share=0), **alert)
    assert [evaluate(s).downtime_minutes for s in (alerted, both, other)] == pytest.approx([8.64, 8.64, 8.64])


FACTS = {
    "database_cores": 8, "query_ms": 20, "connect_ms": 20 / 3,
    "max_connections": 100, "reserved_connections": 3, "connections_per_instance": 200,
    "exhaustion_minutes": 120,
    "deploys_per_year": 100, "planned_minutes": 2, "change_failure_rate": 0.1, "restore_minutes": 60,
    "incidents_per_year": 12, "detect_minutes": 10, "triage_minutes": 15, "diagnose_minutes": 45,
    "fix_minutes": 20, "retries_today": 2,
}  # fmt: skip
SEVEN: dict[str, Apply] = {
    "pooling": pooled,
    "retries": budgeted,
    "bg": side_by_side,
    "apm": lambda s: levers.apm(s, detect_factor=0.3, diagnose_factor=0.5, cpu_share=0),
    "rl": limited,
    "tracing": lambda s: levers.tracing(s, diagnose_factor=0.6, sampling=1, failing_requests=1, cpu_share=0),
    "caching": lambda s: levers.caching(s, hit_ratio=0.25),
}


def portfolio() -> System:
    """Section 7: demand exceeds 300, 400 and 533 req/s 6, 4.8 and 1.8 times a year."""
    overload = Overload((300.0, 400.0, 1600 / 3), (6.0, 4.8, 1.8), 60, 4)
    rng = np.random.default_rng(1)
    return base_system(FACTS, overload=overload, rng=rng)


def written_out(finished: set[str]) -> float:
    """The downtime of section 7 as it is printed there. [min/y]"""
    rarer = 0.3 if {"pooling", "caching"} <= finished else 0.8 if {"pooling", "caching"} & finished else 1.0
    return (
        (60 if "bg" in finished else 800)
        + 6 * (4 if {"retries", "rl"} & finished else 60) * rarer
        + (0 if "pooling" in finished else 120)
        + 12
        * (
            10 * (0.3 if "apm" in finished else 1)
            + 15
            + 45 * (0.5 if "apm" in finished else 1) * (0.6 if "tracing" in finished else 1)
            + 20
        )
    )


def test_the_portfolio_of_section_7() -> None:
    """Facts and levers give the minutes printed for each of the 128 sets of work."""
    names = list(SEVEN)
    for mask in range(1 << len(names)):
        chosen = [name for place, name in enumerate(names) if mask >> place & 1]
        system = done(portfolio(), *(SEVEN[name] for name in chosen))
        assert evaluate(system).downtime_minutes == pytest.approx(written_out(set(chosen))), chosen


def test_values_of_section_7() -> None:
    """$236,000 a year with nothing, 68,520 with everything; stand-alone values as printed, at $100 a minute."""
    loss = {
        name: evaluate(replace(work(portfolio()), downtime_per_minute=100)).loss_per_year
        for name, work in {**SEVEN, "nothing": lambda s: s, "all": lambda s: done(s, *SEVEN.values())}.items()
    }
    assert (loss["nothing"], loss["all"]) == pytest.approx((236_000, 68_520))
    alone = [loss["nothing"] - loss[name] for name in SEVEN]
    assert alone == pytest.approx([19_200, 33_600, 74_000, 35_400, 33_600, 21_600, 7_200])
