"""Which of the investments proposed can be evaluated, and what stands in the way of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import product
from typing import TYPE_CHECKING

from capacity.errors import DomainError, UsageError
from capacity.planning.levers.catalogue import LEVERS
from capacity.planning.system.baseline import Given, mean_of
from capacity.planning.system.system import System, evaluate

if TYPE_CHECKING:
    from capacity.plan import Investment

_MOST_RANGES = 6  # of a lever whose ends are combined: 64 combinations


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
    from capacity.fields import did_you_mean

    lever = LEVERS.get(item.lever)
    if lever is None:
        near = did_you_mean(item.lever, LEVERS)
        return f"no model of what it changes{near or '; docs/levers.md lists the levers that have one'}"
    missing = lever.missing(facts, item.parameters)
    if missing:
        return f"needs {', '.join(map(str, missing))}"
    if database_problem and any(fact.name == "query_ms" for fact in lever.facts):
        return database_problem
    try:
        for parameters in _corners(own_parameters(item)):
            after = evaluate(lever.apply(system, **parameters))
        _ = after.downtime, after.cost_per_month
    except DomainError as error:
        return str(error)
    return ""


def _corners(parameters: Mapping[str, Given]) -> list[dict[str, float]]:
    """Every combination of the ends of the ranges, up to six of them, and last the means."""
    ranges = [name for name, given in parameters.items() if not isinstance(given, (int, float))][
        :_MOST_RANGES
    ]
    means = {name: mean_of(given) for name, given in parameters.items()}
    ends = [[float(parameters[name][end]) for end in (0, -1)] for name in ranges]  # type: ignore[index]
    return [{**means, **dict(zip(ranges, corner, strict=True))} for corner in product(*ends)] + [means]


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
    """Keep what can be evaluated and whose predecessors can; refuse circles.

    Raises
    ------
    UsageError
        Naming the investments that require each other, whether they can be evaluated or not.
    """
    _refuse_circles(investments)
    reasons, done = dict(reasons), set[str]()
    waiting = [item for item in investments if not reasons[item.lever]]
    while waiting:
        done |= {item.lever for item in waiting if required_by(item) <= done}
        for item in waiting:
            if lacking := _lacking(item, reasons):
                reasons[item.lever] = _first(lacking, [known.lever for known in investments])
        waiting = [item for item in waiting if item.lever not in done and not reasons[item.lever]]
    return [item for item in investments if not reasons[item.lever]], reasons


def _refuse_circles(investments: Sequence[Investment]) -> None:
    graph = {item.lever: required_by(item) for item in investments}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = [item.lever for item in investments if item.lever in error.args[1]]
        problem = "requires itself" if len(circle) == 1 else "require each other in a circle"
        raise UsageError(f"investment {', '.join(circle)} {problem}; drop a requirement") from None


def _lacking(item: Investment, reasons: Mapping[str, str]) -> list[str]:
    return sorted(name for name in required_by(item) if name not in reasons or reasons[name])


def _first(lacking: Sequence[str], proposed: Sequence[str]) -> str:
    from capacity.fields import did_you_mean

    near = "".join(did_you_mean(name, proposed) for name in lacking if name not in proposed)
    return f"needs {', '.join(lacking)} first, which is missing or not evaluable{near}"
