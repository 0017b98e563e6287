"""What a system is made of. Numbers from the test vectors of the levers."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.planning.system.parts import (
    Block,
    Breaker,
    Calls,
    Changes,
    Connections,
    Failures,
    Incidents,
    Overload,
    Probes,
    Providers,
    Station,
    Traffic,
)


def test_residual_failure_of_retries() -> None:
    """R1: two retries at 5% leave 0.000125."""
    assert Calls(retries=2, failure_probability=0.05).residual_failure == pytest.approx(0.000125)


def test_amplification_when_everything_fails() -> None:
    """R3: with two retries every request is tried three times."""
    assert Calls(retries=2, failure_probability=1.0).worst_amplification == 3


@pytest.mark.parametrize(("budget", "amplification"), [(0.1, 1.1), (0.2, 1.2), (5.0, 3.0)])
def test_a_budget_caps_amplification(budget: float, amplification: float) -> None:
    """R5, R6: at most 1 + budget, and never more than the retries."""
    assert Calls(retries=2, retry_budget=budget).worst_amplification == pytest.approx(amplification)


def test_persistent_failures_stay() -> None:
    """A3: 30% persistent failures cannot be cured, the others nearly vanish."""
    calls = Calls(retries=2, failure_probability=0.01, persistent_share=0.3)
    assert calls.residual_failure == pytest.approx(0.003 + 0.007 * 1e-4)


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        (Changes(100, 2, 0.10, 60), 800),
        (Changes(100, 0, 0.10, 6), 60),
        (Changes(100, 0, 0.10, 6, blast_fraction=0.1), 6),
    ],
)
def test_deployment_downtime(changes: Changes, minutes: float) -> None:
    """D1 to D3: 800, 60 and 6 minutes a year."""
    assert changes.downtime_minutes == pytest.approx(minutes)


def test_incident_downtime() -> None:
    """O3: 12 incidents of 10 + 15 + 45 + 20 minutes are 1080 a year."""
    assert Incidents(12, 10, 15, 45, 20).downtime_minutes == 1080


def test_station_without_and_with_a_pool() -> None:
    """P1, P2: 12 ms of queries and 10 ms of connecting are 22 ms, pooled 12.1 ms."""
    assert Station("db", 8, 0.012, connect_time=0.010).service_demand == pytest.approx(0.022)
    assert Station("db", 8, 0.012, connect_time=0.010, reuse=0.99).service_demand == pytest.approx(0.0121)


def test_agents_take_capacity() -> None:
    """O5: an agent of 3% takes 300 to 291 req/s."""
    station = Station("instance", 1, 1 / 300, agent_share=0.03)
    assert 1 / station.service_demand == pytest.approx(291)


def test_a_cold_cache_multiplies_load() -> None:
    """C4: at a hit ratio of 0.6 the database sees 2.5 times the load without it."""
    warm, cold = Station("db", 8, 0.02, hit_ratio=0.6), Station("db", 8, 0.02)
    assert cold.service_demand / warm.service_demand == pytest.approx(2.5)


def test_connection_budget_during_deployment() -> None:
    """P6: 97 connections serve pools of 8 in two versions of six instances; pools of 10 ask for 120."""
    connections = Connections(97, per_instance=10, exhaustion_minutes=120, environments=2)
    assert connections.downtime_minutes(6) == 120
    assert Connections(97, 8, 120, environments=2).downtime_minutes(6) == 0


def test_a_pool_of_ten_fits_outside_deployments() -> None:
    """It runs out only while two versions run."""
    assert Connections(97, 10, 120).downtime_minutes(6) == 0


def test_overload_interpolates() -> None:
    """Between two loads the rate is on the line, beyond the last it stays."""
    overload = Overload((300.0, 400.0), (6.0, 4.0), 60, 4)
    assert overload.times_above(350.0) == 5.0
    assert overload.times_above(1000.0) == 4.0
    assert overload.times_above(np.array([300.0, 400.0])).tolist() == [6.0, 4.0]


def test_overload_interpolates_in_every_world() -> None:
    """Rates that differ by world give what each world gives alone, between loads, at them and beyond."""
    loads = (300.0, 400.0, 533.0)
    times = (np.array([6.0, 3.0]), np.array([4.8, 3.0]), np.array([1.8, 0.0]))
    for capacity in (200.0, 300.0, 350.0, 533.0, 900.0, np.array([310.0, 500.0])):
        together = Overload(loads, times, 60, 4).times_above(capacity)
        alone = [
            Overload(loads, tuple(float(t[w]) for t in times), 60, 4).times_above(
                float(np.broadcast_to(capacity, 2)[w])
            )
            for w in (0, 1)
        ]
        assert together == pytest.approx(alone)


def test_overload_of_one_rate_is_flat() -> None:
    """A single figure holds whatever the capacity."""
    assert Overload((0.0,), (6.0,), 60, 4).times_above(1e6) == 6.0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Station("db", 0, 0.01), "station db: servers = 0; allowed: above zero"),
        (lambda: Station("db", 8, 0.01, reuse=1.2), r"station db: reuse = 1\.2; allowed: 0 to 1"),
        (lambda: Station("db", 8, 0.01, agent_share=1.0), "agents take all of station db"),
        (lambda: Calls(retries=-1), "calls to the dependency: retries = -1; allowed: zero or more"),
        (lambda: Changes(100, 2, np.array([0.1, 1.5]), 60), r"changes: failure_rate = 1\.5"),
        (lambda: Incidents(12, -1, 0, 0, 0), "incidents: detect_minutes = -1"),
        (lambda: Overload((2.0, 1.0), (1.0, 2.0), 60, 4), "do not increase"),
        (lambda: Overload((1.0,), (1.0, 2.0), 60, 4), "1 loads and 2 rates"),
        (lambda: Overload((1.0, 2.0), (1.0, 2.0), 60, 4), "a higher load more often than a lower one"),
        (lambda: Connections(0, 1, 1), "connections: available = 0"),
        (lambda: Breaker(5, 6, 60), "a breaker of 6 failures in 5 calls never opens"),
        (lambda: Probes(0, 3, 5, 0.1), "probes: interval = 0"),
        (lambda: Failures(0, 20), "failures: mttf_hours = 0"),
        (lambda: Traffic(request_rate=-1), "traffic: request_rate = -1"),
        (lambda: Block("disks", 1.5), r"block disks: unavailability = 1\.5"),
        (lambda: Providers(0.1, 0.5, 0, 1), "provider: rate = 0"),
    ],
)
def test_impossible_parts_are_refused(build: object, message: str) -> None:
    """Each names the part, the field, the value and what is allowed."""
    with pytest.raises(DomainError, match=message):
        build()  # type: ignore[operator]


def test_unknown_connections_are_no_cause() -> None:
    """Neither what one instance opens nor what it cost has to be known."""
    assert Connections(97).asked(6) is None
    assert Connections(97).downtime_minutes(6) is None
    assert Connections(97, 50).downtime_minutes(6) is None
    assert Connections(97, 10, environments=2).shortage(6) == 23


def test_calls_are_held_until_a_breaker_opens() -> None:
    """R10: 300 of 60 s, none while it is open."""
    assert Calls(call_rate=5, timeout=60).held_calls == 300
    assert Calls(call_rate=5, timeout=60, breaker=Breaker(20, 10, 60, 0.01)).held_calls == pytest.approx(0.05)
    assert Calls(call_rate=5).held_calls is None


def test_a_breaker_is_open_for_its_share_of_the_time() -> None:
    """One false trip in ten windows of 4 s, open for 40 s: half the time."""
    breaker = Breaker(1, 1, 40)
    assert breaker.open_share(call_rate=0.25, failure_probability=0.1) == pytest.approx(0.5)


def test_dead_instances_of_several() -> None:
    """Without probes one of four costs what a single one does; common causes add their floor."""
    one, four = (Failures(720, 20).downtime_minutes(n) for n in (1, 4))
    assert one == pytest.approx(four, rel=1e-3)
    common = Failures(720, 20, common_cause=0.05).downtime_minutes(4) - four
    assert common == pytest.approx(12.2, abs=0.1)
    assert Failures(720, 20, needed=3).downtime_minutes(4) - four == pytest.approx(0.67, abs=0.01)


def test_probes_never_make_detection_slower_than_repair() -> None:
    """Somebody repairs it before the probe finds it."""
    slow = Probes(interval=3600, threshold=3, timeout=5, failure_probability=0)
    assert Failures(720, 20, probes=slow).downtime_minutes(4) == Failures(720, 20).downtime_minutes(4)


def test_an_alert_or_somebody_whichever_is_first() -> None:
    """The earlier of both; an alert that never fires changes nothing."""
    by = [Incidents(1, 10, 0, 0, 0, alert_minutes=minutes).downtime_minutes for minutes in (3, 30, np.inf)]
    assert by == [3, 10, 10]


def test_an_image_cannot_save_more_than_undoing_takes() -> None:
    """Unless the old version still runs."""
    with pytest.raises(DomainError, match="2 min sooner out of restore_minutes = 1"):
        Changes(100, 0, 0.1, 1, pulled_sooner_minutes=2)
    assert Changes(100, 0, 0.1, 1, side_by_side=True, pulled_sooner_minutes=2).downtime_minutes == 10
