"""Which of the investments proposed can be evaluated, and what stands in the way of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from capacity.errors import NotIdentified, UsageError
from capacity.planning.baseline import Given, mean_of
from capacity.planning.catalogue import LEVERS
from capacity.planning.system import System

if TYPE_CHECKING:
    from capacity.plan import Investment


def refuse_repeated(investments: Sequence[Investment]) -> None:
    """Refuse investments that come twice.

    Raises
    ------
    UsageError
        Naming the lever, and how often it comes.
    """
    names = [item.lever for item in investments]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"investment {twice[0]!r} comes {names.count(twice[0])} times; give each lever once")


def obstacle(
    item: Investment, system: System, facts: Mapping[str, Given] | None = None, database_problem: str = ""
) -> str:
    """Why an investment cannot be evaluated; empty when it can."""
    lever = LEVERS.get(item.lever)
    if lever is None:
        return f"no model of what it changes; levers with a model: {', '.join(LEVERS)}"
    missing = lever.missing(facts, item.parameters)
    if missing:
        return f"needs {', '.join(map(str, missing))}"
    if database_problem and any(fact.name == "query_ms" for fact in lever.facts):
        return database_problem
    try:
        lever.apply(system, **{name: mean_of(value) for name, value in own_parameters(item).items()})
    except NotIdentified as error:
        return str(error)
    return ""


def own_parameters(item: Investment) -> dict[str, Given]:
    """Those of its parameters that its lever takes; the others are facts about today."""
    names = {parameter.name for parameter in LEVERS[item.lever].parameters}
    return {name: value for name, value in item.parameters.items() if name in names}


def required_by(item: Investment) -> set[str]:
    """Levers to be finished before: those of the plan and those of the lever itself."""
    lever = LEVERS.get(item.lever)
    return {*item.requires, *(lever.requires if lever else ())}


def with_precedence(
    investments: Sequence[Investment], reasons: dict[str, str]
) -> tuple[list[Investment], dict[str, str]]:
    """Keep what can be evaluated and whose predecessors can; refuse circles."""
    reasons = dict(reasons)
    done: list[Investment] = []
    waiting = [item for item in investments if not reasons[item.lever]]
    while waiting:
        finished = {item.lever for item in done}
        ready = [item for item in waiting if required_by(item) <= finished]
        blocked = [item for item in waiting if _lacking(item, reasons)]
        if not ready and not blocked:
            raise UsageError(
                f"{', '.join(item.lever for item in waiting)} require each other in a circle; drop a "
                f"requirement"
            )
        for item in blocked:
            reasons[item.lever] = (
                f"needs {', '.join(_lacking(item, reasons))} first, which is missing or not evaluable"
            )
        done += ready
        waiting = [item for item in waiting if item not in ready and item not in blocked]
    return [item for item in investments if not reasons[item.lever]], reasons


def _lacking(item: Investment, reasons: Mapping[str, str]) -> list[str]:
    return sorted(name for name in required_by(item) if name not in reasons or reasons[name])
