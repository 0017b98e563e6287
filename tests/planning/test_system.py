"""Evaluating a system."""

from dataclasses import replace

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.scalability import Usl
from capacity.planning.parts import Calls, Changes, Overload, Station
from capacity.planning.system import System, evaluate

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
    assert evaluate(System((SERVICE,), calls=calls)).metastable_safe_load == pytest.approx(safe, abs=0.05)


def test_a_limit_removes_amplification() -> None:
    """Admission limited to the capacity leaves nothing to amplify."""
    limited = evaluate(System((SERVICE,), calls=Calls(retries=2), limit_share=1.0))
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
    system = System(calls=Calls(failure_probability=0.01, persistent_share=1.0, fallback_coverage=0.9))
    assert 0.9999 * 0.9995 * evaluate(system).availability == pytest.approx(0.998401, abs=1e-6)


def test_dependency_with_retries() -> None:
    """A3: retries that cure 70% of failures make it 0.9991."""
    calls = Calls(retries=2, failure_probability=0.01, persistent_share=0.3, fallback_coverage=0.9)
    assert 0.9999 * 0.9995 * evaluate(System(calls=calls)).availability == pytest.approx(0.9991, abs=5e-6)


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
    system = System((SERVICE,), calls=Calls(retries=2), overload=Overload((0.0,), (6.0,), 60, 4))
    assert evaluate(system).downtime["overload"] == 360
    assert evaluate(replace(system, calls=Calls(2, 0.1))).downtime["overload"] == 24
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


def test_an_evaluation_shows_itself() -> None:
    """Minutes by cause, as a table and a sentence."""
    evaluation = evaluate(System((SERVICE,), changes=Changes(100, 2, 0.1, 60)))
    assert evaluation.to_frame().to_dict("list") == {"cause": ["deployments"], "minutes_per_year": [800.0]}
    assert "Down 800 min a year (deployments 800)." in evaluation.text
    assert "<table>" in evaluation._repr_html_()
