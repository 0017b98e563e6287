"""What may be evaluated, and what stands in its way."""

import pytest

from capacity.errors import UsageError
from capacity.plan import Investment
from capacity.planning.investments import obstacle, refuse_repeated, with_precedence
from capacity.planning.parts import Incidents
from capacity.planning.system import System

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
    """It says which levers have one."""
    reason = obstacle(Investment(lever="rfc7807_errors", hours=(1, 2, 3)), WATCHED)
    assert reason.startswith("no model of what it changes; levers with a model: connection_pool")


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
    with pytest.raises(UsageError, match="apm, tracing require each other in a circle"):
        with_precedence(items, {"apm": "", "tracing": ""})
