"""Levers change a system; the evaluator tells what that is worth."""

from dataclasses import replace

import pytest

from capacity.errors import NotIdentified
from capacity.models.scalability import Usl
from capacity.planning.levers import (
    apm,
    blue_green,
    caching,
    connection_pool,
    horizontal_scaling,
    rate_limit,
    retries,
    trace_probability,
    tracing,
)
from capacity.planning.parts import Calls, Changes, Connections, Incidents, Overload, Station
from capacity.planning.system import System, evaluate

SERVICE = Station("instance", 1, 1 / (1000 / 3), scope="instance")
DATABASE = Station("database", 8, 0.016667, connect_time=0.010)
BASE = System((SERVICE, DATABASE), scaling=Usl(1.0, 0.03, 0.0005))


def pooled(system: System) -> System:
    """Every request finds an open connection: 10 ms less."""
    return connection_pool(system, reuse=1.0, pool_size=8)


def cached(system: System) -> System:
    """Sixty percent of requests never reach the database."""
    return caching(system, hit_ratio=0.6)


def fourfold(system: System) -> System:
    """Four instances."""
    return horizontal_scaling(system, instances=4)


def test_pool_moves_the_bottleneck() -> None:
    """X1: pooling takes the database from 300 to 480 req/s, so the service carries the instance's 333.3."""
    assert evaluate(pooled(BASE)).capacity == pytest.approx(333.3, abs=0.05)
    assert evaluate(pooled(BASE)).bottleneck == "instance"


def test_everything_together() -> None:
    """X2: with the cache and four instances 1200 req/s, limited by the database."""
    together = evaluate(fourfold(cached(pooled(BASE))))
    assert together.capacity == pytest.approx(1200, rel=1e-4)
    assert together.bottleneck == "database"


@pytest.mark.parametrize(("lever", "factor"), [(pooled, 1.11), (cached, 1.11), (fourfold, 1.0)])
def test_alone_they_do_little(lever: object, factor: float) -> None:
    """Section 4: alone 1.11, 1.11 and 1.00 times; all three 4.0 times."""
    ratio = evaluate(lever(BASE)).capacity / evaluate(BASE).capacity  # type: ignore[operator]
    assert ratio == pytest.approx(factor, abs=0.005)


def test_order_does_not_matter() -> None:
    """Levers on different parts commute."""
    one, other = fourfold(cached(pooled(BASE))), pooled(cached(fourfold(BASE)))
    assert evaluate(one).capacity == evaluate(other).capacity


def test_a_pool_ends_exhaustion_if_it_fits() -> None:
    """A pool of 10 on six instances fits, but no longer with two versions running (section 4, L3 x L1)."""
    connections = Connections(97, per_instance=50, exhaustion_minutes=120)
    system = replace(BASE, instances=6, connections=connections, changes=Changes(100, 2, 0.1, 60))
    fits = connection_pool(system, reuse=1.0, pool_size=10)
    both = blue_green(fits, planned_minutes_after=0, restore_minutes_after=6)
    eight = blue_green(pooled(system), planned_minutes_after=0, restore_minutes_after=6)
    assert [evaluate(s).downtime["connections"] for s in (system, fits, both, eight)] == [120, 0, 120, 0]


def test_blue_green_reduces_deployment_downtime() -> None:
    """D1 to D3: 800 to 60, and 6 with a canary of 10%."""
    system = System(changes=Changes(100, 2, 0.10, 60))
    after = blue_green(system, planned_minutes_after=0, restore_minutes_after=6)
    canary = blue_green(system, planned_minutes_after=0, restore_minutes_after=6, blast_fraction=0.1)
    minutes = [evaluate(s).downtime_minutes for s in (system, after, canary)]
    assert minutes == pytest.approx([800, 60, 6])


def test_apm_shortens_incidents_and_costs_capacity() -> None:
    """O4, O5: 1080 to 726 minutes a year, 300 to 291 req/s."""
    system = System((replace(SERVICE, work=1 / 300),), incidents=Incidents(12, 10, 15, 45, 20))
    watched = evaluate(apm(system, detect_factor=0.3, diagnose_factor=0.5, cpu_share=0.03))
    assert watched.downtime_minutes == pytest.approx(726)
    assert watched.capacity == pytest.approx(291)


def test_diagnosis_factors_multiply() -> None:
    """Section 4, L8 -> L9: 0.5 times 0.6 of the minutes of diagnosis remain."""
    system = System(incidents=Incidents(1, 0, 0, 100, 0))
    watched = apm(system, detect_factor=1, diagnose_factor=0.5, cpu_share=0)
    traced = tracing(watched, diagnose_factor=0.6, sampling=1, failing_requests=1, cpu_share=0)
    assert evaluate(traced).downtime_minutes == pytest.approx(30)


def test_sampling_catches_incidents() -> None:
    """O6, O7: 10% sampling catches 20 failing requests with 0.8784 and needs 44 for 99%."""
    assert trace_probability(0.10, 20) == pytest.approx(0.8784, abs=5e-5)
    assert trace_probability(0.10, 43) < 0.99 <= trace_probability(0.10, 44)


def test_sampling_limits_what_tracing_saves() -> None:
    """An incident without a trace is diagnosed as before."""
    system = System(incidents=Incidents(1, 0, 0, 100, 0))
    traced = tracing(system, diagnose_factor=0.6, sampling=0.1, failing_requests=20, cpu_share=0)
    assert evaluate(traced).downtime_minutes == pytest.approx(100 * (1 - 0.8784 * 0.4), rel=1e-4)


def test_retries_and_limits_are_substitutes() -> None:
    """Section 4, L2 vs L5: either contains an overload, the second adds nothing."""
    system = System((SERVICE,), calls=Calls(retries=2), overload=Overload((0.0,), (6.0,), 60, 4))
    budget, limit = retries(system, retry_budget=0.1), rate_limit(system, limit_share=1.0)
    minutes = [
        evaluate(s).downtime["overload"] for s in (system, budget, limit, rate_limit(budget, limit_share=1.0))
    ]
    assert minutes == [360, 24, 24, 24]


def test_retries_change_only_what_is_given() -> None:
    """Retries of today stay unless stated."""
    system = System(calls=Calls(retries=2, failure_probability=0.05))
    assert retries(system, retry_budget=0.1).calls.retries == 2  # type: ignore[union-attr]
    more = retries(system, retry_budget=0.1, retries=3, fallback_coverage=0.9).calls
    assert (more.retries, more.fallback_coverage) == (3, 0.9)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("apply", "message"),
    [
        (pooled, "'connection_pool' needs the database of today"),
        (cached, "'caching' needs the database"),
        (lambda s: retries(s, retry_budget=0.1), "state retries_today"),
        (lambda s: rate_limit(s, limit_share=1.0), "state overloads_per_year"),
        (lambda s: blue_green(s, planned_minutes_after=0, restore_minutes_after=1), "state deploys_per_year"),
        (lambda s: apm(s, detect_factor=1, diagnose_factor=1, cpu_share=0), "state incidents_per_year"),
    ],
)
def test_a_system_that_says_too_little_is_refused(apply: object, message: str) -> None:
    """The facts to state are named."""
    with pytest.raises(NotIdentified, match=message):
        apply(System((SERVICE,)))  # type: ignore[operator]
