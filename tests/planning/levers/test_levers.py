"""Levers change a system; the evaluator tells what that is worth."""

from dataclasses import replace

import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.overload.shedding import Tier
from capacity.models.overload.tails import any_exceeds
from capacity.models.scalability import Usl
from capacity.planning.levers import (
    apm,
    autoscaling,
    blue_green,
    caching,
    connection_pool,
    error_monitoring,
    failover,
    health_checks,
    horizontal_scaling,
    load_tests,
    metrics,
    multi_stage_images,
    rate_limit,
    retries,
    security_hardening,
    tracing,
    websocket_reconnects,
)
from capacity.planning.system.parts import (
    Calls,
    Changes,
    Connections,
    Failures,
    Incidents,
    Overload,
    Providers,
    Station,
    Traffic,
)
from capacity.planning.system.parts.outages import MINUTES_PER_YEAR
from capacity.planning.system.system import System, evaluate

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


def test_what_is_not_given_stays_as_it_is() -> None:
    """A canary and a bounded queue of today survive work that says nothing about them."""
    system = System(
        (SERVICE,), changes=Changes(100, 2, 0.1, 60, 0.1, 0.5), queue_limit=150, traffic=Traffic(deadline=1)
    )
    after = rate_limit(blue_green(system, planned_minutes_after=0, restore_minutes_after=6), limit_share=1.0)
    assert (after.changes.blast_fraction, after.changes.overlap_hours, after.queue_limit) == (0.1, 0.5, 150)


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
    assert any_exceeds(0.10, 20) == pytest.approx(0.8784, abs=5e-5)
    assert any_exceeds(0.10, 43) < 0.99 <= any_exceeds(0.10, 44)


def test_sampling_limits_what_tracing_saves() -> None:
    """An incident without a trace is diagnosed as before."""
    system = System(incidents=Incidents(1, 0, 0, 100, 0))
    traced = tracing(system, diagnose_factor=0.6, sampling=0.1, failing_requests=20, cpu_share=0)
    assert evaluate(traced).downtime_minutes == pytest.approx(100 * (1 - 0.8784 * 0.4), rel=1e-4)


def test_retries_and_limits_are_substitutes() -> None:
    """Section 4, L2 vs L5: either contains an overload, the second adds nothing."""
    system = System((SERVICE,), calls=(Calls(retries=2),), overload=Overload((0.0,), (6.0,), 60, 4))
    budget, limit = retries(system, retry_budget=0.1), rate_limit(system, limit_share=1.0)
    minutes = [
        evaluate(s).downtime["overload"] for s in (system, budget, limit, rate_limit(budget, limit_share=1.0))
    ]
    assert minutes == [360, 24, 24, 24]


def test_retries_change_only_what_is_given() -> None:
    """Retries of today stay unless stated."""
    system = System(calls=(Calls(retries=2, failure_probability=0.05),))
    assert retries(system, retry_budget=0.1).calls[0].retries == 2
    more = retries(system, retry_budget=0.1, retries=3, fallback_coverage=0.9).calls[0]
    assert (more.retries, more.fallback_coverage) == (3, 0.9)


def test_a_pool_is_a_station_once_its_hold_is_known() -> None:
    """P3, P5: nine connections held for 25 ms carry 360 req/s; two would be the bottleneck."""
    nine, two = (
        evaluate(connection_pool(BASE, reuse=1, pool_size=size, hold_ms=25), load=250) for size in (9, 2)
    )
    assert nine.bottleneck == "instance"
    assert (two.bottleneck, two.capacity) == ("pool", pytest.approx(80))
    assert nine.response_time.mean > evaluate(pooled(BASE), load=250).response_time.mean


def test_a_cache_spares_the_pool_too() -> None:
    """What never asks the database holds no connection, whichever was there first."""
    pool_first = caching(connection_pool(BASE, reuse=1, pool_size=9, hold_ms=25), hit_ratio=0.6)
    cache_first = connection_pool(caching(BASE, hit_ratio=0.6), reuse=1, pool_size=9, hold_ms=25)
    assert [s.station("pool").hit_ratio for s in (pool_first, cache_first)] == [0.6, 0.6]


def test_a_hit_ratio_from_popularity() -> None:
    """C1 and L10: 1000 of 10,000 objects are .4367 of requests; behind a first cache of 100 both are .441."""
    zipf = {"objects": 10_000, "zipf_exponent": 0.8}
    one = caching(BASE, **zipf, cached_objects=1000)
    two = caching(BASE, **zipf, cached_objects=100, cached_behind=1000)
    assert one.station("database").hit_ratio == pytest.approx(0.4367, abs=5e-5)
    assert two.station("database").hit_ratio == pytest.approx(0.441, abs=5e-4)
    assert caching(BASE, **zipf, cached_objects=10_000).station("database").hit_ratio == 1


def test_a_hit_ratio_from_time_to_live() -> None:
    """C3: objects all alike, each asked for 0.1 times a second, kept 60 s."""
    system = replace(BASE, traffic=Traffic(request_rate=10.0))
    kept = caching(system, objects=100, zipf_exponent=0, time_to_live=60)
    assert kept.station("database").hit_ratio == pytest.approx(0.8571, abs=5e-5)


def test_what_is_answered_in_front_reaches_nothing() -> None:
    """It spares the instances as well, and cannot be more than what never reaches the database."""
    front = caching(BASE, hit_ratio=0.6, front_hit_ratio=0.5)
    assert evaluate(front).capacity == pytest.approx(2000 / 3, rel=1e-3)
    with pytest.raises(DomainError, match=r"front_hit_ratio = 0\.7 above the hit ratio of 0\.6"):
        caching(BASE, hit_ratio=0.6, front_hit_ratio=0.7)


def hanging(**changes: float) -> System:
    """R10: five calls a second of 60 s to a model that hangs 1% of the time, needed by 2% of requests."""
    calls = Calls(
        failure_probability=0.01, persistent_share=1.0, share=0.02, call_rate=5, timeout=60, **changes
    )
    return System(calls=(calls,), places_per_instance=200)


def test_held_calls_take_everybody_down() -> None:
    """300 calls held fill the 200 places: the whole service is down with the model, until a breaker spares it."""
    broken = retries(hanging(), retry_budget=0.1, breaker_window=20, breaker_threshold=10, breaker_seconds=60)
    assert evaluate(hanging()).downtime["dependency"] == pytest.approx(5256)
    assert evaluate(replace(hanging(), places_per_instance=400)).downtime["dependency"] == pytest.approx(
        105.12
    )
    assert evaluate(broken).downtime["dependency"] == pytest.approx(105.12, rel=1e-3)


def test_a_breaker_trips_on_usual_failures() -> None:
    """R7, its harm: at 30% failures it opens falsely in 4.8% of windows."""
    calls = Calls(failure_probability=0.3, call_rate=5, timeout=1, fallback_coverage=0.5)
    usual = System(calls=(calls,))
    broken = retries(usual, retry_budget=0, breaker_window=20, breaker_threshold=10, breaker_seconds=60)
    opened = 0.048 * 5 / 20 * 60
    tripped = opened / (1 + opened)
    expected = 0.5 * (1 - 0.7 * (1 - tripped)) * MINUTES_PER_YEAR
    assert evaluate(broken).downtime["dependency"] == pytest.approx(expected, rel=1e-3)


def test_instances_are_found_dead_sooner() -> None:
    """H2: 243 minutes a year with 20 minutes of manual repair, 7.1 with probes; a single one gains nothing."""
    probes = {"interval_seconds": 10, "failure_threshold": 3, "timeout_seconds": 5, "probe_failure": 0}
    four = System(instances=4, failures=Failures(720, 20))
    one = replace(four, instances=1)
    minutes = [evaluate(s).downtime["instances"] for s in (four, health_checks(four, **probes))]
    assert minutes == pytest.approx([243.3, 7.1], rel=0.001)
    assert evaluate(health_checks(one, **probes)).downtime == evaluate(one).downtime
    nervous = health_checks(one, **probes | {"probe_failure": 0.01})
    assert evaluate(nervous).downtime["instances"] > evaluate(one).downtime["instances"]


def test_an_autoscaler_runs_what_the_rate_needs() -> None:
    """1,050 req/s at a target of .7 of 300 run five instances of up to twelve, which carry twelve times as much."""
    traffic = Traffic(request_rate=1050, ramp_per_second=1)
    system = System(
        (replace(SERVICE, work=1 / 300),), 2, traffic=traffic, startup_seconds=90, instance_per_month=50
    )
    scaled = evaluate(autoscaling(system, most_instances=12))
    assert (scaled.running_instances, scaled.cost_per_month) == (pytest.approx(5), pytest.approx(250))
    assert scaled.capacity == pytest.approx(3600)
    assert evaluate(autoscaling(system, most_instances=1)).capacity == evaluate(system).capacity
    more = horizontal_scaling(autoscaling(system, most_instances=3), instances=4)
    assert evaluate(more).capacity == evaluate(horizontal_scaling(system, instances=4)).capacity


def test_connections_are_those_of_the_most_instances() -> None:
    """Twelve instances of pools of 10 ask for 120 of 97, though two run today."""
    traffic = Traffic(request_rate=600, ramp_per_second=1)
    system = replace(BASE, instances=2, traffic=traffic, startup_seconds=90, connections=Connections(97))
    scaled = autoscaling(connection_pool(system, reuse=1, pool_size=10), most_instances=12)
    assert evaluate(scaled).connection_shortage == 23


def test_alerts_on_the_error_budget() -> None:
    """O2 and O10: 8.64 in place of 10 minutes; 21.6 GB a day of logs cost $329 a month at $0.50 each."""
    system = System((SERVICE,), incidents=Incidents(1, 10, 0, 0, 0), traffic=Traffic(request_rate=250))
    alert = {"objective": 0.999, "burn_rate": 14.4, "window_hours": 1, "cpu_share": 0.0}
    logged = metrics(system, **alert, incident_error_rate=0.1, bytes_per_request=1000, price_per_gb=0.5)
    assert evaluate(logged).downtime_minutes == pytest.approx(8.64)
    assert evaluate(logged).cost_per_month == pytest.approx(21.6 * 0.5 * 365.25 / 12)
    quiet = metrics(system, **alert, incident_error_rate=0.01)
    assert evaluate(quiet).downtime_minutes == 10


def test_errors_are_recorded_before_somebody_complains() -> None:
    """O9: at 10% sampling of 0.01 errors/s the first comes after 1000 s, if nobody complains before."""
    silent = System(silent=Incidents(12, 1e6, 0, 0, 30, impact=0.1))
    seen = error_monitoring(silent, error_sampling=0.1, errors_per_second=0.01)
    assert evaluate(seen).downtime["silent faults"] == pytest.approx(12 * (1000 / 60 + 30) * 0.1)
    unseen = error_monitoring(silent, error_sampling=0.0, errors_per_second=0.01)
    assert evaluate(unseen).downtime == evaluate(silent).downtime


def test_providers_stand_by() -> None:
    """F2, F3: two more lose 26 minutes of 526 to common causes alone, and half to their quotas."""
    system = System(providers=(Providers(0.001, 1.0, rate=5, outage_hours=1),))
    two = {"standbys": 2, "standby_unavailability": 0.001, "switch_coverage": 1.0}
    common = failover(system, **two, common_cause=0.05)
    bounded = failover(system, **two, common_cause=0.0, standby_per_second=2, standby_per_day=2000)
    minutes = [evaluate(s).downtime["provider"] for s in (system, common, bounded)]
    assert minutes == pytest.approx([525.6, 26.28, 525.6 * (1 - 0.5111)], rel=1e-4)


def test_a_smaller_image_undoes_sooner() -> None:
    """B1: 20.4 s less to undo each bad version, unless the old one still runs beside it."""
    system = System(changes=Changes(100, 0, 0.10, 60), startup_seconds=90)
    smaller = multi_stage_images(system, image_mb=1200, image_mb_after=180, pull_mb_per_second=50)
    assert smaller.startup_seconds == pytest.approx(69.6)
    assert evaluate(smaller).downtime_minutes == pytest.approx(600 - 10 * 20.4 / 60)
    kept = {"planned_minutes_after": 0, "restore_minutes_after": 6}
    both = multi_stage_images(
        blue_green(system, **kept), image_mb=1200, image_mb_after=180, pull_mb_per_second=50
    )
    assert evaluate(both).downtime == evaluate(blue_green(system, **kept)).downtime
    assert evaluate(blue_green(smaller, **kept)).downtime == evaluate(both).downtime


def test_security_is_no_benefit() -> None:
    """A gate: nothing changes but the processor time it was measured to take."""
    assert security_hardening(BASE) is BASE
    slower = security_hardening(System((replace(SERVICE, work=1 / 300),)), cpu_ms=0.1)
    assert evaluate(slower).capacity == pytest.approx(1 / (1 / 300 + 1e-4))


def test_load_tests_change_nothing() -> None:
    """Their value is that of knowing."""
    assert load_tests(BASE) is BASE


def test_tiers_are_let_in_by_importance() -> None:
    """T3, T4: $2.15 a second with the limit, $1.125 without."""
    tiers = (Tier("paid", 100, 0.02), Tier("free", 250, 0.001), Tier("bots", 150, 0.0))
    system = System((replace(SERVICE, work=1 / 250),), traffic=Traffic(tiers=tiers))
    values = [evaluate(s, load=500).admission.value for s in (system, rate_limit(system, limit_share=1.0))]
    assert values == pytest.approx([1.125, 2.15])


def test_a_bounded_queue_sheds() -> None:
    """L5: 150 waiting at 300 req/s are half a second; a queue longer than the deadline makes everything late."""
    system = System((replace(SERVICE, work=1 / 300),), calls=(Calls(2),), traffic=Traffic(deadline=1.0))
    goodput = [
        evaluate(rate_limit(system, limit_share=2.0, queue_limit=queue), load=500).goodput
        for queue in (150, 600)
    ]
    assert goodput == [pytest.approx(300), 0]
    assert evaluate(
        rate_limit(system, limit_share=2.0, queue_limit=150)
    ).metastable_safe_load == pytest.approx(300)


@pytest.mark.parametrize(
    ("apply", "message"),
    [
        (pooled, "'connection_pool' needs the database of today"),
        (cached, "'caching' needs the database"),
        (lambda s: retries(s, retry_budget=0.1), "state retries_today"),
        (lambda s: rate_limit(s, limit_share=1.0), "state overloads_per_year"),
        (lambda s: blue_green(s, planned_minutes_after=0, restore_minutes_after=1), "state deploys_per_year"),
        (lambda s: apm(s, detect_factor=1, diagnose_factor=1, cpu_share=0), "state incidents_per_year"),
        (lambda s: caching(replace(s, stations=(DATABASE,))), r"needs hit_ratio \[fraction\]"),
        (
            lambda s: autoscaling(s, most_instances=4),
            "state request_rate, ramp_per_second and startup_seconds",
        ),
        (
            lambda s: health_checks(
                s, interval_seconds=1, failure_threshold=1, timeout_seconds=1, probe_failure=0
            ),
            "state instance_mttf_hours",
        ),
        (
            lambda s: failover(s, standbys=1, standby_unavailability=0, switch_coverage=1, common_cause=0),
            "state provider_unavailability",
        ),
        (lambda s: error_monitoring(s, error_sampling=1, errors_per_second=1), "state silent_per_year"),
        (
            lambda s: multi_stage_images(s, image_mb=2, image_mb_after=1, pull_mb_per_second=1),
            "state startup_seconds",
        ),
        (lambda s: websocket_reconnects(s, spread_seconds=1), "state sockets, request_rate"),
        (
            lambda s: metrics(
                s, objective=0.99, burn_rate=1, window_hours=1, incident_error_rate=1, cpu_share=0
            ),
            "state incidents_per_year",
        ),
    ],
)
def test_a_system_that_says_too_little_is_refused(apply: object, message: str) -> None:
    """The facts to state are named."""
    with pytest.raises(NotIdentified, match=message):
        apply(System((SERVICE,)))  # type: ignore[operator]
