"""What may be evaluated, and what stands in its way."""

import pytest

from capacity.errors import UsageError
from capacity.planning.investments import Cost, Investment, check, obstacle, with_precedence
from capacity.planning.parts import Incidents
from capacity.planning.system import System

WATCHED = System(incidents=Incidents(12, 10, 15, 45, 20))
APM = {"detect_factor": 0.3, "diagnose_factor": 0.5, "cpu_share": 0.03}


@pytest.mark.parametrize(
    ("investments", "cost", "message"),
    [
        ([Investment("apm", (1, 2, 3))] * 2, None, "investment 'apm' comes 2 times; give each lever once"),
        ([Investment("apm", (3, 2, 1))], None, r"hours = \[3, 2, 1\]; allowed: 0 < low <= likely <= high"),
        ([Investment("apm", (0, 2, 3))], None, "hours"),
        ([Investment("apm", (1, 2, 3), monthly=-5)], None, "monthly = -5; allowed: zero or more"),
        ([], Cost(downtime_per_minute=(100, 50, 500)), "downtime_per_minute = .*low <= likely <= high"),
        ([], Cost(engineer_per_hour=-1.0), "engineer_per_hour = "),
    ],
)
def test_impossible_proposals_are_refused(
    investments: list[Investment], cost: Cost | None, message: str
) -> None:
    """Each names the investment, the key, the value and what is allowed."""
    with pytest.raises(UsageError, match=message):
        check(investments, cost)


def test_missing_parameters_are_named() -> None:
    """Nothing is assumed in their place."""
    reason = obstacle(Investment("apm", (1, 2, 3), parameters={"detect_factor": 0.3}), WATCHED)
    assert reason.startswith("needs diagnose_factor [fraction]")
    assert "cpu_share [fraction]" in reason


def test_missing_facts_are_named() -> None:
    """Where the system is built from facts, those count, too."""
    assert "needs incidents_per_year [1/y]" in obstacle(
        Investment("apm", (1, 2, 3), parameters=APM), System(), {}
    )


def test_a_lever_without_model_is_named() -> None:
    """It says which levers have one."""
    reason = obstacle(Investment("rfc7807_errors", (1, 2, 3)), WATCHED)
    assert reason.startswith("no model of what it changes; levers with a model: connection_pool")


def test_a_complete_proposal_has_no_obstacle() -> None:
    """Nothing stands in its way."""
    assert obstacle(Investment("apm", (1, 2, 3), parameters=APM), WATCHED) == ""


def test_tracing_falls_with_apm() -> None:
    """What requires something not evaluable is not evaluable either."""
    items = [Investment("tracing", (1, 2, 3)), Investment("apm", (1, 2, 3))]
    kept, reasons = with_precedence(items, {"tracing": "", "apm": "needs x"})
    assert kept == []
    assert reasons["tracing"] == "needs apm first, which is missing or not evaluable"


def test_a_requirement_outside_the_plan_is_told() -> None:
    """A predecessor nobody proposed blocks."""
    _, reasons = with_precedence([Investment("tracing", (1, 2, 3))], {"tracing": ""})
    assert "needs apm first" in reasons["tracing"]


def test_circles_are_refused() -> None:
    """Two investments cannot each come first."""
    items = [Investment("apm", (1, 2, 3), requires=("tracing",)), Investment("tracing", (1, 2, 3))]
    with pytest.raises(UsageError, match="apm, tracing require each other in a circle"):
        with_precedence(items, {"apm": "", "tracing": ""})
