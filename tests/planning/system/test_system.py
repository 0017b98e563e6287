"""Evaluating a system."""

from collections.abc import Callable
from dataclasses import replace
from timeit import repeat

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.metastable import Metastability
from capacity.models.overload.shedding import goodput
from capacity.models.scalability import Usl
from capacity.models.stations.bounded import MMcK
from capacity.planning.system.parts import (
    Block,
    Calls,
    Changes,
    Connections,
    Failures,
    Overload,
    Station,
    Traffic,
)
from capacity.planning.system.system import System, evaluate

SERVICE = Station("instance", 1, 1 / 300, scope="instance")


@pytest.mark.parametrize(("reuse", "capacity"), [(0.0, 363.6), (0.99, 661.2)])
def test_capacity_of_a_database(reuse: float, capacity: float) -> None:
    """P1, P2: eight cores carry 363.6 req/s unpooled and 661.2 pooled."""
    database = Station("database", 8, 0.012, connect_time=0.010, reuse=reuse)
    assert evaluate(System((database,))).capacity == pytest.approx(capacity, abs=0.05)


@pytest.mark.parametrize(
    ("calls", "safe"),
    [(Calls(retries=2), 100), (Calls(2, 0.1), 272.7), (Calls(2, 0.2), 250), (Calls(), 300)],
)
def test_metastable_safe_load(calls: Calls, safe: float) -> None:
    """R4 to R6: 300 req/s are safe to 100 with two retries, to 272.7 and 250 with budgets of 10 and 20%."""
    assert evaluate(System((SERVICE,), calls=(calls,))).metastable_safe_load == pytest.approx(safe, abs=0.05)


def test_a_limit_removes_amplification() -> None:
    """Admission limited to the capacity leaves nothing to amplify."""
    limited = evaluate(System((SERVICE,), calls=(Calls(retries=2),), limit_share=1.0))
    assert limited.metastable_safe_load == pytest.approx(300)


def test_a_limit_below_capacity_costs_capacity() -> None:
    """Its harm: good requests are refused."""
    assert evaluate(System((SERVICE,), limit_share=0.8)).capacity == pytest.approx(240)


@pytest.mark.parametrize(("minutes", "availability"), [(800, 0.998478), (60, 0.999886)])
def test_availability(minutes: float, availability: float) -> None:
    """D4, D5: 800 and 60 minutes a year."""
    system = System(changes=Changes(1, minutes, 0, 0))
    assert evaluate(system).availability == pytest.approx(availability, abs=5e-7)


def test_dependency_of_the_assessment() -> None:
    """A2: a model that fails 1% of calls, 90% of them covered, costs 0.001 of availability."""
    system = System(calls=(Calls(failure_probability=0.01, persistent_share=1.0, fallback_coverage=0.9),))
    assert 0.9999 * 0.9995 * evaluate(system).availability == pytest.approx(0.998401, abs=1e-6)


def test_dependency_with_retries() -> None:
    """A3: retries that cure 70% of failures make it 0.9991."""
    calls = Calls(retries=2, failure_probability=0.01, persistent_share=0.3, fallback_coverage=0.9)
    assert 0.9999 * 0.9995 * evaluate(System(calls=(calls,))).availability == pytest.approx(0.9991, abs=5e-6)


def test_bottleneck_is_named() -> None:
    """The slowest station gives its name."""
    database = Station("database", 8, 0.026667)
    assert evaluate(System((SERVICE, database), instances=4)).bottleneck == "database"
    assert evaluate(System((SERVICE, replace(database, work=0.001)))).bottleneck == "instance"


def test_instances_follow_the_scaling_law() -> None:
    """U2: four instances of 300 req/s carry 1094.9."""
    system = System((SERVICE,), instances=4, scaling=Usl(1.0, 0.03, 0.0005))
    assert evaluate(system).capacity == pytest.approx(1094.9, abs=0.05)


def test_overload_is_contained_by_a_budget() -> None:
    """Sixty minutes become four with anything that ends an overload."""
    system = System((SERVICE,), calls=(Calls(retries=2),), overload=Overload((0.0,), (6.0,), 60, 4))
    assert evaluate(system).downtime["overload"] == 360
    assert evaluate(replace(system, calls=(Calls(2, 0.1),))).downtime["overload"] == 24
    assert evaluate(replace(system, limit_share=1.0)).downtime["overload"] == 24
    assert evaluate(replace(system, limit_share=1.5)).downtime["overload"] == 360


def test_cold_capacity_ignores_caches() -> None:
    """Capacity with the cache dead stands beside capacity."""
    evaluation = evaluate(System((Station("database", 8, 0.02, hit_ratio=0.6),)))
    assert evaluation.capacity / evaluation.cold_capacity == pytest.approx(2.5)


def test_unknown_causes_are_absent() -> None:
    """What nobody stated is not zero minutes."""
    assert evaluate(System()).downtime == {}
    assert evaluate(System()).capacity is None
    assert evaluate(System()).text == "No capacity is known."


def test_surge_cost_of_deployments() -> None:
    """Levers L3: four replicas at $0.10 an hour, half an hour each, 20 deployments a month are $4 a month."""
    changes = Changes(240, 0, 0, 0, overlap_hours=0.5)
    system = System(instances=4, changes=changes, instance_per_month=0.10 * 730)
    still = replace(system, changes=replace(changes, overlap_hours=0.0))
    assert evaluate(system).cost_per_month - evaluate(still).cost_per_month == pytest.approx(4.0)


def test_worlds_are_evaluated_at_once() -> None:
    """An array of worlds gives the answers of each."""
    work = np.array([0.01, 0.02])
    together = evaluate(System((Station("database", 8, work),))).capacity
    assert together == pytest.approx([evaluate(System((Station("database", 8, w),))).capacity for w in work])


def test_a_system_without_instances_is_refused() -> None:
    """Zero instances serve nobody."""
    with pytest.raises(DomainError, match="a system of 0 instances"):
        System(instances=0)
    with pytest.raises(DomainError, match=r"a system of 2\.5 instances; allowed: a whole number"):
        System(instances=2.5)


def test_an_evaluation_shows_itself() -> None:
    """Minutes by cause, as a table and a sentence."""
    evaluation = evaluate(System((SERVICE,), changes=Changes(100, 2, 0.1, 60)))
    assert evaluation.to_frame().to_dict("list") == {"cause": ["deployments"], "minutes_per_year": [800.0]}
    assert "Down 800 min a year (deployments 800)." in evaluation.text
    assert "<table" in evaluation._repr_html_()


def test_response_time_at_a_load() -> None:
    """Q3, Q4 through the system, and in words."""
    service = Station("instance", 8, 1 / 37.5, "instance")
    evaluation = evaluate(System((service,)), load=250)
    assert 1000 * evaluation.response_time.p95 == pytest.approx(100.2, rel=0.005)
    assert "At 250 req/s: mean 37.3 ms, P50 29.1 ms, P95 100 ms, P99 145 ms." in evaluation.text


def test_no_load_no_response_time() -> None:
    """Quantiles are asked for, never in passing."""
    assert evaluate(System((SERVICE,))).response_time is None
    assert evaluate(System(), load=10).response_time is None


def test_saturation_is_told() -> None:
    """Beyond capacity there is no response time, and without a deadline no goodput."""
    beyond = evaluate(System((SERVICE,)), load=400)
    assert (beyond.response_time, beyond.goodput) == (None, None)
    assert "At 400 req/s it saturates." in beyond.text
    late = evaluate(System((SERVICE,), traffic=Traffic(deadline=1.0)), load=400)
    assert late.goodput == 0
    assert "At 400 req/s it saturates. 0 req/s are answered in time." in late.text


def test_what_is_let_in_is_answered_soon() -> None:
    """A limit below the capacity keeps response times finite at any load: those at the limit."""
    service = Station("instance", 8, 1 / 37.5, "instance")
    limited = System((service,), limit_share=0.9)
    assert evaluate(limited, load=500).response_time == evaluate(limited, load=270).response_time
    assert evaluate(replace(limited, limit_share=1.0), load=500).response_time is None
    assert evaluate(System((service,), limits={"quota": 100.0}), load=150).response_time is None


def test_times_of_less_capacity_are_told() -> None:
    """Cold caches, deployments and connections that do not suffice, only where they matter."""
    system = System(
        (SERVICE, Station("database", 8, 0.02, hit_ratio=0.6)), 4, changes=Changes(100, 0, 0.1, 6, side_by_side=True),
        connections=Connections(97, 20, environments=2),
    )  # fmt: skip
    text = evaluate(system).text
    assert "While caches are cold it carries 400 req/s." in text
    assert "While one version replaces another it carries 400 req/s." in text
    assert "It asks for 63 connections too many." in text


def test_goodput_of_what_is_shed() -> None:
    """A limit keeps the capacity useful; worlds that saturate and worlds that do not stand side by side."""
    limited = System((SERVICE,), limit_share=0.9, traffic=Traffic(deadline=1.0))
    assert evaluate(limited, load=500).goodput == pytest.approx(270)
    work = np.array([1 / 300, 1 / 600])
    mixed = System((Station("instance", 1, work, "instance"),), traffic=Traffic(deadline=1.0))
    assert evaluate(mixed, load=500).goodput.tolist() == [0, 500]


@pytest.mark.parametrize(("queue", "deadline"), [(150, 1.0), (600, 1.0), (600, 3.0)])
def test_goodput_beside_the_exact_station(queue: int, deadline: float) -> None:
    """The fluid agrees with a station of eight servers and a bounded queue at 500 of 300 req/s."""
    service = Station("instance", 8, 1 / 37.5, "instance")
    fluid = evaluate(System((service,), queue_limit=queue, traffic=Traffic(deadline=deadline)), load=500)
    exact = goodput(MMcK(500, 37.5, 8, 8 + queue), deadline)
    assert fluid.goodput == pytest.approx(exact, rel=0.01, abs=1)


@pytest.mark.parametrize(
    ("calls", "load", "recovers"), [(Calls(2), 90, True), (Calls(2), 110, False), (Calls(2, 0.1), 250, True)]
)
def test_safe_load_beside_a_trigger(calls: Calls, load: float, recovers: bool) -> None:
    """R4, R5: below the safe load a fluid with a trigger recovers, above it stays stuck."""
    safe = evaluate(System((SERVICE,), calls=(calls,))).metastable_safe_load
    run = Metastability(load, 300, 100, retries=2, retry_budget=calls.retry_budget).run()
    assert (load < safe, run.recovered) == (recovers, recovers)


@pytest.mark.parametrize("load", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_load_is_refused(load: float) -> None:
    """Zero, below, and what is no number."""
    with pytest.raises(DomainError, match="allowed: above zero"):
        evaluate(System((SERVICE,)), load=load)


def test_limits_bound_the_capacity() -> None:
    """A provider's quota is a bottleneck like any other."""
    evaluation = evaluate(System((SERVICE,), instances=4, limits={"licence": 500.0}))
    assert (evaluation.capacity, evaluation.bottleneck) == (500, "licence")


def test_the_bottleneck_of_most_worlds() -> None:
    """Where it differs from world to world."""
    database = Station("database", 8, np.array([0.01, 0.05, 0.06]))
    assert evaluate(System((SERVICE, database))).bottleneck == "database"


def test_capacity_while_deploying() -> None:
    """Two of four instances out leave half; side by side the new version is cold; unknown is unknown."""
    cached = Station("database", 8, 0.02, hit_ratio=0.6)
    changes = Changes(100, 0, 0.1, 6)
    four = System((SERVICE, cached), 4, changes=changes)
    rolling = replace(four, changes=replace(changes, unavailable_instances=2))
    beside = replace(four, changes=replace(changes, side_by_side=True))
    assert evaluate(four).deploying_capacity is None
    assert evaluate(rolling).deploying_capacity == pytest.approx(600)
    assert evaluate(beside).deploying_capacity == pytest.approx(400)
    assert evaluate(System((SERVICE,), changes=rolling.changes)).deploying_capacity == 0


def test_one_instance_lost() -> None:
    """Three of four carry three quarters; of one nothing is left."""
    assert evaluate(System((SERVICE,), 4)).one_lost_capacity == pytest.approx(900)
    assert evaluate(System((SERVICE,))).one_lost_capacity == 0


def test_a_budget_of_no_use_contains_nothing() -> None:
    """Retries that stop only beyond their own number are not bounded; none at all feed nothing."""
    assert not evaluate(System(calls=(Calls(2, 5.0),))).contained
    assert evaluate(System(calls=(Calls(0),))).contained
    assert not evaluate(System(calls=(Calls(0), Calls(2, name="model")))).contained


def test_containment_differs_by_world() -> None:
    """World by world, not all or none."""
    overload = Overload((0.0,), (1.0,), 60, 4)
    calls = Calls(retries=np.array([0.0, 2.0]))
    assert evaluate(System(calls=(calls,), overload=overload)).downtime["overload"].tolist() == [4, 60]


def test_layers_of_retries_multiply() -> None:
    """Four attempts in each of three layers are 64."""
    evaluation = evaluate(System((SERVICE,), calls=(Calls(3, layers=3),)))
    assert evaluation.metastable_safe_load == pytest.approx(300 / 64)


def test_the_worst_dependency_counts() -> None:
    """Of several call policies the largest amplification."""
    calls = (Calls(1, name="mail"), Calls(2, name="model"))
    assert evaluate(System((SERVICE,), calls=calls)).metastable_safe_load == pytest.approx(100)


def test_blocks_and_dependencies_are_causes() -> None:
    """A1: host, database and model by name, in minutes."""
    system = System(
        blocks=(Block("host", 1e-4), Block("disks", 0.01, count=4, needed=3)),
        calls=(Calls(failure_probability=0.01, name="model"),),
    )
    downtime = evaluate(system).downtime
    assert list(downtime) == ["model", "host", "disks"]
    assert downtime["disks"] / 525_600 == pytest.approx(1 - 0.999408, abs=5e-7)


def test_loss_needs_a_price() -> None:
    """Minutes at their price and what runs; nothing without a price."""
    system = System(changes=Changes(100, 2, 0.1, 60), instance_per_month=50)
    assert evaluate(system).loss_per_year is None
    priced = evaluate(replace(system, downtime_per_minute=np.array([100.0, 200.0])))
    assert priced.loss_per_year.tolist() == [80_600, 160_600]
    assert "Loses 120,600 a year, running costs included." in priced.text


def test_more_downtime_than_a_year_has_is_refused() -> None:
    """Availability below zero does not exist."""
    with pytest.raises(DomainError, match="down 600,000 min a year, which has 525,600"):
        _ = evaluate(System(changes=Changes(1, 600_000, 0, 0))).availability


def test_sockets_that_never_get_in() -> None:
    """Without room beside the usual load they never all come back."""
    full = System((SERVICE,), changes=Changes(100, 0, 0, 0), traffic=Traffic(300, sockets=1000))
    assert evaluate(full).reconnect_spread == np.inf
    assert evaluate(full).downtime["reconnects"] == 525_600


def test_a_cache_of_everything_leaves_no_limit() -> None:
    """Infinite capacity is no answer."""
    with pytest.raises(DomainError, match="no request reaches any station"):
        _ = evaluate(System((Station("database", 8, 0.02, hit_ratio=1.0),))).capacity


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: System(instances=2, failures=Failures(720, 20, needed=3)),
            "2 instances that needs 3 of them",
        ),
        (
            lambda: System(calls=(Calls(1), Calls(2))),
            "causes dependency, dependency; allowed: each name once",
        ),
        (lambda: System((SERVICE, SERVICE)), "stations instance, instance; allowed: each name once"),
        (lambda: System(instance_per_month=-1.0), "system: instance_per_month = -1; allowed: zero or more"),
        (lambda: System(downtime_per_minute=-1.0), "downtime_per_minute = -1"),
    ],
)
def test_impossible_systems_are_refused(build: Callable[[], System], message: str) -> None:
    """Each names the value and what is allowed."""
    with pytest.raises(DomainError, match=message):
        build()


def test_evaluation_is_as_fast_as_its_numbers() -> None:
    """Ten thousand worlds cost no more than fifty of the plain array operations they are made of."""
    worlds = np.random.default_rng(1).uniform(0.9, 1.1, 10_000)
    system = System(
        (Station("instance", 1, worlds / 300, "instance"), Station("database", 8, worlds * 0.02, hit_ratio=0.5)),
        changes=Changes(100, 2 * worlds, 0.1, 60), calls=(Calls(2 * worlds),),
        overload=Overload((300.0, 400.0), (6.0, 1.0), 60 * worlds, 4),
    )  # fmt: skip

    def plain() -> float:
        for _ in range(50):
            np.minimum(worlds * worlds / (1 + worlds), worlds)
        return 0.0

    def whole() -> float:
        evaluation = evaluate(replace(system))
        return float(np.mean(evaluation.downtime_minutes)) + float(np.mean(evaluation.capacity))

    assert min(repeat(whole, number=5, repeat=7)) < min(repeat(plain, number=5, repeat=7))
