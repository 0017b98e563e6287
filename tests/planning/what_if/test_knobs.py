"""What can be turned: positions, units and words."""

import pytest

from capacity.errors import DomainError
from capacity.planning.what_if.knobs import NAMES, Knob, Setting, knobs

PLAN = Setting(instances=30, retry_budget=0.07, dispersion=1.23456, demand=1.0, p95_ms=180.0)


def made(**limits: float) -> dict[str, Knob]:
    """The knobs of the plan above."""
    return {
        knob.name: knob
        for knob in knobs(PLAN, **({"needed": 45, "floor": 0.0, "ceiling": float("inf")} | limits))
    }


def test_every_knob_has_the_plan_once():
    """The plan's value stands among the positions exactly, however odd it is."""
    assert tuple(made()) == NAMES
    for name, knob in made().items():
        assert knob.positions.count(getattr(PLAN, name)) == 1
        assert list(knob.positions) == sorted(knob.positions)


def test_instances_reach_twice_what_is_needed():
    """A large fleet is tried in steps, from one to beyond what is needed."""
    positions = made()["instances"].positions
    assert positions[0] == 1
    assert 45 < positions[-1] <= 90
    assert len(positions) <= 14
    assert all(n == int(n) for n in positions)


def test_objective_stays_between_the_others():
    """P95 is tried between P50 and P99 only, for quantiles rise."""
    positions = made(floor=100.0, ceiling=250.0)["p95_ms"].positions
    assert positions[0] >= 100.0
    assert positions[-1] <= 250.0
    assert 180.0 in positions


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("demand", 1.5, "1.5 ×"),
        ("instances", 1, "1 instance"),
        ("p95_ms", 117.0, "117 ms"),
        ("retry_budget", 0.05, "5%"),
        ("dispersion", 3.0, "3"),
    ],
)
def test_values_have_units(name: str, value: float, words: str):
    """A value is written as a reader would say it."""
    assert Knob(name, value, (value,)).told(value) == words


def test_differences_are_in_the_order_of_the_panel():
    """What is turned is told in the order in which it is shown."""
    turned = PLAN.changed(hit_ratio=0.5, demand=2.0)
    assert turned.told_against(PLAN) == "demand 2 × instead of 1 ×, cache hit ratio 50% instead of 0%"
    assert PLAN.told_against(PLAN) == ""


def test_absent_knob_cannot_be_turned():
    """A plan without demand has no demand to turn."""
    with pytest.raises(DomainError, match="nothing that the knob 'demand' could change"):
        Setting(instances=1, retry_budget=0.1, dispersion=1.0).changed(demand=2.0)
