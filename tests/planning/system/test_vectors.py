"""The test vectors of the levers, each through the public call that answers it.

Recomputed values, 0.5 % tolerance unless exact; the vectors of money (N1-N11) are in test_finance.py and
test_newsvendor.py.
"""

import math
from collections.abc import Callable
from functools import cache

import pytest

import capacity as cap
from capacity.models.stations.poisson import poisson_window
from capacity.planning import levers
from capacity.planning.fleet.headroom import Policy, waterfall
from capacity.planning.system.parts import (
    Block,
    Calls,
    Changes,
    Failures,
    Incidents,
    Probes,
    Providers,
    Station,
    Traffic,
)
from capacity.planning.system.system import Evaluation, System, evaluate

MINUTES = 525_600
SERVICE = Station("instance", servers=8, work=1 / 37.5, scope="instance")
TIERS = (
    cap.overload.Tier("paid", 100, 0.02),
    cap.overload.Tier("free", 250, 0.001),
    cap.overload.Tier("bots", 150, 0),
)


@cache
def loaded(load: float) -> Evaluation:
    """The reference replica at a load."""
    return evaluate(System((SERVICE,)), load=load)


def database(**changes: float) -> float:
    """Capacity of a database of eight cores that opens a connection for each request."""
    return evaluate(System((Station("database", 8, 0.012, connect_time=0.010, **changes),))).capacity


def pool(size: int) -> cap.MMc:
    """A pool of connections held for 25 ms each, at 300 requests a second."""
    return cap.MMc(300, 1 / 0.025, size)


def safe(**calls: float) -> float:
    """Load that cannot get stuck on a capacity of 300 requests a second."""
    return evaluate(System((SERVICE,), calls=(Calls(**calls),))).metastable_safe_load


def deploying(**changes: float) -> Changes:
    """The change process of the example."""
    return Changes(**{"deploys_per_year": 100, "failure_rate": 0.10, "planned_minutes": 0} | changes)


BEFORE, AFTER = deploying(planned_minutes=2, restore_minutes=60), deploying(restore_minutes=6)
INCIDENTS = Incidents(12, 10, 15, 45, 20)
ALONE, TOGETHER = cap.MM1(arrival_rate=250, service_rate=300), cap.MMc(1000, 300, 4)
REPLICA = Station("instance", 1, 1 / (1000 / 3), scope="instance")


def joint() -> float:
    """X2: 10 ms less of the database, sixty percent from a cache, four instances."""
    opening = System(
        (REPLICA, Station("database", 8, 0.016667, connect_time=0.010)), scaling=cap.Usl(1, 0.03, 0.0005)
    )
    pooled = levers.connection_pool(opening, reuse=1, pool_size=8)
    return evaluate(levers.horizontal_scaling(levers.caching(pooled, hit_ratio=0.6), instances=4)).capacity


def shed(limited: bool) -> float:
    """Value of what is let in of 500 requests a second on a safe capacity of 250."""
    station = Station("instance", 1, 1 / 250, "instance")
    system = System((station,), traffic=Traffic(tiers=TIERS))
    limited_system = levers.rate_limit(system, limit_share=1.0) if limited else system
    return evaluate(limited_system, load=500).admission.value


def dependency(**calls: float) -> float:
    """Availability of the assessment's service with a model that fails 1% of calls."""
    parts = (Block("host", 1e-4), Block("database", 5e-4))
    failing = Calls(failure_probability=0.01, name="model", **calls)
    return evaluate(System(blocks=parts, calls=(failing,))).availability


VECTORS: dict[str, tuple[float, Callable[[], float]]] = {
    "Q1": (0.5327, lambda: cap.MMc(250, 37.5, 8).wait_probability),
    "Q2": (10.654, lambda: 1000 * cap.MMc(250, 37.5, 8).waiting_time),
    "Q3": (100.2, lambda: 1000 * loaded(250).response_time.p95),
    "Q4": (145.5, lambda: 1000 * loaded(250).response_time.p99),
    "Q5": (275.3, lambda: cap.MMc(0, 37.5, 8).max_arrival_rate(slo=0.150, quantile=0.95)),
    "Q6": (0.4015, lambda: cap.MMcK(500, 300, 1, capacity=10).blocking_probability),
    "Q7": (0.000952, lambda: more_than(250, 300)),
    "U1": (44.05, lambda: cap.Usl(300, 0.03, 0.0005).peak_concurrency),
    "U2": (1094.9, lambda: cap.Usl(300, 0.03, 0.0005).throughput_at(4)),
    "P1": (363.6, database),
    "P2": (661.2, lambda: database(reuse=0.99)),
    "P3": (8.486, lambda: 1000 * pool(9).waiting_time),
    "P4": (0.001262, lambda: pool(9).waiting_time_survival(0.1)),
    "P5": (0.532, lambda: 1000 * pool(12).waiting_time),
    "P6": (8, lambda: cap.overload.pool_per_replica(100, 3, replicas=6, environments=2)),
    "R1": (0.000125, lambda: cap.overload.residual_failure(0.05, 3)),
    "R2": (1.0525, lambda: cap.overload.mean_attempts(0.05, 3)),
    "R3": (3, lambda: cap.overload.mean_attempts(1, 3)),
    "R4": (100, lambda: safe(retries=2)),
    "R5": (272.7, lambda: safe(retries=2, retry_budget=0.10)),
    "R6": (250, lambda: safe(retries=2, retry_budget=0.20)),
    "R7": (0.048, lambda: cap.overload.false_trip_probability(20, 10, 0.3)),
    "R8": (0.396, lambda: cap.overload.throttle_probability(100, 30)),
    "R9": (0.75, lambda: cap.overload.mean_backoff(0.5, 2)),
    "R10": (300, lambda: Calls(call_rate=5, timeout=60).held_calls),
    "D1": (800, lambda: BEFORE.downtime_minutes),
    "D2": (60, lambda: AFTER.downtime_minutes),
    "D3": (6, lambda: deploying(restore_minutes=6, blast_fraction=0.10).downtime_minutes),
    "D4": (0.998478, lambda: evaluate(System(changes=BEFORE)).availability),
    "D5": (0.999886, lambda: evaluate(System(changes=AFTER)).availability),
    "D6": (66.7, lambda: evaluate(System((SERVICE,), traffic=Traffic(150, sockets=10_000))).reconnect_spread),
    "S1": (3, lambda: cap.overload.replicas_for(load=700, safe_load=250)),
    "S2": (0.999408, lambda: evaluate(System(blocks=(Block("x", 0.01, count=4, needed=3),))).availability),
    "S3": (225, lambda: cap.overload.safe_load_per_replica(300, replicas=4)),
    "S4": (6, lambda: cap.overload.fewest_replicas(300, load=250)),
    "S5": (
        0.7,
        lambda: (
            evaluate(
                System((SERVICE,), startup_seconds=90, traffic=Traffic(ramp_per_second=1))
            ).target_utilization
        ),
    ),
    "S6": (18_000, lambda: cap.overload.Backlog(500, 90, 600, 300).requests),
    "S7": (180, lambda: cap.overload.Backlog(500, 90, 600, 300).drain_seconds),
    "S8": (6, lambda: cap.overload.desired_replicas(current=4, metric=90, target=70)),
    "S9": (5.07, lambda: ALONE.waiting_time / TOGETHER.waiting_time),
    "S10": (
        604.0,
        lambda: waterfall(300.0, 4, cap.Usl(300, 0.03, 0.0005), Policy(ramp_per_second=1.0)).safe_load,
    ),
    "T1": (120, lambda: cap.overload.TokenBucket(10, burst=20).most_admitted(10)),
    "T2": (0.3333, lambda: cap.overload.TokenBucket.nginx(10).rejection_probability(5)),
    "T3": (2.15, lambda: shed(limited=True)),
    "T4": (1.125, lambda: shed(limited=False)),
    "H1": (35, lambda: 60 * Probes(10, 3, 5, 0.01).detection_minutes),
    "H2": (7.1, lambda: Failures(720, 20, probes=Probes(10, 3, 5, 0)).downtime_minutes(4)),
    "H3": (3.12, lambda: Probes(10, 3, 5, 0.01).false_ejections),
    "O1": (0.864, lambda: cap.overload.burn_rate_detection(0.999, 14.4, 3600, 1.0) / 60),
    "O2": (8.64, lambda: cap.overload.burn_rate_detection(0.999, 14.4, 3600, 0.1) / 60),
    "O3": (1080, lambda: INCIDENTS.downtime_minutes),
    "O4": (
        726,
        lambda: (
            evaluate(
                levers.apm(System(incidents=INCIDENTS), detect_factor=0.3, diagnose_factor=0.5, cpu_share=0)
            ).downtime_minutes
        ),
    ),
    "O5": (291, lambda: Station("instance", 8, 8 / 300, agent_share=0.03).capacity),
    "O6": (0.8784, lambda: cap.overload.any_exceeds(0.10, 20)),
    "O7": (44, lambda: cap.overload.calls_needed(0.10, confidence=0.99)),
    "O8": (0.634, lambda: cap.overload.any_exceeds(0.01, 100)),
    "O9": (1000, lambda: cap.overload.first_event_seconds(0.01, sampling=0.10)),
    "O10": (21.6, lambda: cap.overload.log_volume(250, 1000)),
    "C1": (0.4367, lambda: cap.overload.LruCache(cap.overload.zipf(10_000, 0.8), 1000).hit_ratio),
    "C2": (0.1566, lambda: cap.overload.LruCache(cap.overload.zipf(10_000, 0.8), 100).hit_ratio),
    "C3": (0.8571, lambda: cap.overload.ttl_hit_ratio(0.1, 60)),
    "C4": (2.5, lambda: cap.overload.cold_multiplier(0.6)),
    "C5": (73.8, lambda: 1000 * missing_quantile()),
    "F1": (0.999999999, lambda: cap.overload.failover_availability([0.001] * 3)),
    "F2": (0.99995, lambda: cap.overload.failover_availability([0.001] * 3, common_cause=0.05)),
    "F3": (0.5111, lambda: Providers(0.01, 1, 5, 1, 2, per_second=2, per_day=2000).delivered_share),
    "F4": (0.999405, lambda: cap.overload.failover_availability([0.01, 0.01], coverage=0.95)),
    "B1": (20.4, lambda: 90 - smaller_image().startup_seconds),
    "X1": (333.3, lambda: evaluate(levers.connection_pool(opening_system(), reuse=1, pool_size=8)).capacity),
    "X2": (1200, joint),
    "N12": (2995, lambda: cap.laws.requests_needed(0.999, level=0.95)),
    "A1": (0.989406, lambda: cap.overload.serial_availability([0.9999, 0.9995, 0.99])),
    "A2": (0.998401, lambda: dependency(persistent_share=1, fallback_coverage=0.9)),
    "A3": (0.9991, lambda: dependency(persistent_share=0.3, fallback_coverage=0.9, retries=2)),
}
EXACT = {"P6", "R3", "R4", "R9", "R10", "S1", "S3", "S4", "S6", "S7", "S8", "T1", "H1", "O3", "O7", "N12"}


def opening_system() -> System:
    """One instance of 333.3 req/s before a database of 26.667 ms, 10 of them for opening a connection."""
    return System((REPLICA, Station("database", 8, 0.016667, connect_time=0.010)))


def smaller_image() -> System:
    """An image of 180 in place of 1200 MB, pulled at 50 MB/s, of a service that starts in 90 s."""
    return levers.multi_stage_images(
        System(startup_seconds=90), image_mb=1200, image_mb_after=180, pull_mb_per_second=50
    )


def missing_quantile() -> float:
    """P99 of a cache that answers 60% at once, before an exponential time of 20 ms."""
    return cap.overload.response_time_quantile(
        0.99, 0.6, hit=lambda t: 0.0, miss=lambda t: math.exp(-t / 0.020)
    )


def more_than(mean: float, count: int) -> float:
    """Chance of more Poisson events than a count."""
    first, chances = poisson_window(mean)
    return float(chances[count + 1 - first :].sum())


@pytest.mark.parametrize("vector", VECTORS)
def test_vector(vector: str) -> None:
    """The value printed, within 0.5% or exactly."""
    value, call = VECTORS[vector]
    assert call() == pytest.approx(value, rel=1e-9 if vector in EXACT else 0.005)


@pytest.mark.parametrize(
    ("vector", "digits"), [("F1", 12), ("F2", 8), ("F4", 8), ("D4", 6), ("D5", 6), ("S2", 6), ("A2", 5)]
)
def test_vector_to_the_digits_printed(vector: str, digits: int) -> None:
    """Availabilities close to one are held to what they are short of it."""
    value, call = VECTORS[vector]
    assert call() == pytest.approx(value, abs=0.6 * 10**-digits)


def test_every_vector_is_there() -> None:
    """All that levers.md has, by letter, without those of money."""
    letters = ["Q7", "U2", "P6", "R10", "D6", "S10", "T4", "H3", "O10", "C5", "F4", "B1", "X2", "A3"]
    numbered = {f"{name[0]}{number}" for name in letters for number in range(1, int(name[1:]) + 1)}
    assert set(VECTORS) == numbered | {"N12"}
