"""Investments as they are proposed: their hours and prices, and whether they can be evaluated at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from capacity.errors import NotIdentified, UsageError
from capacity.models.finance import pert_mean
from capacity.planning.baseline import Given
from capacity.planning.catalogue import LEVERS
from capacity.planning.system import System


class Proposed(Protocol):
    """An investment, such as one of a plan file."""

    @property
    def lever(self) -> str: ...  # noqa: D102
    @property
    def hours(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def monthly(self) -> float: ...  # noqa: D102
    @property
    def requires(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def parameters(self) -> Mapping[str, Any]: ...  # noqa: D102


class Prices(Protocol):
    """What things cost, such as the cost section of a plan file."""

    @property
    def instance_per_month(self) -> float: ...  # noqa: D102
    @property
    def engineer_per_hour(self) -> float | None: ...  # noqa: D102
    @property
    def downtime_per_minute(self) -> Sequence[float] | None: ...  # noqa: D102
    @property
    def discount_rate(self) -> float: ...  # noqa: D102


@dataclass(frozen=True)
class Investment:
    """One piece of work.

    Parameters
    ----------
    lever : str
        What it changes; a name of `catalogue.LEVERS`.
    hours : tuple of three floats
        Low, likely, high. [h]
    monthly : float
        What it costs to run. [money per month]
    parameters : mapping of str to float or three floats
        Those of the lever.
    requires : tuple of str
        Levers to be finished before.
    """

    lever: str
    hours: tuple[float, float, float]
    monthly: float = 0.0
    parameters: Mapping[str, Given] = field(default_factory=dict)
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cost:
    """Prices in one currency. [money per month], [money per hour], [money per minute], [fraction per year]"""

    instance_per_month: float = 0.0
    engineer_per_hour: float | None = None
    downtime_per_minute: tuple[float, float, float] | None = None
    discount_rate: float = 0.10


def check(investments: Sequence[Proposed], cost: Prices | None) -> None:
    """Refuse investments that come twice, impossible hours and impossible prices.

    Raises
    ------
    UsageError
        Naming the investment, the key and the value.
    """
    names = [item.lever for item in investments]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"investment {twice[0]!r} comes {names.count(twice[0])} times; give each lever once")
    for item in investments:
        low, likely, high = item.hours
        if not 0 < low <= likely <= high < math.inf:
            raise UsageError(
                f"investment {item.lever!r}: hours = {list(item.hours)}; allowed: 0 < low <= likely <= high"
            )
        if not 0 <= item.monthly < math.inf:
            raise UsageError(f"investment {item.lever!r}: monthly = {item.monthly:g}; allowed: zero or more")
    _check_prices(cost)


def _check_prices(cost: Prices | None) -> None:
    if cost is None:
        return
    prices = {
        "engineer_per_hour": [cost.engineer_per_hour or 0.0],
        "downtime_per_minute": cost.downtime_per_minute or [0.0],
    }
    for name, values in prices.items():
        if not (list(values) == sorted(values) and min(values) >= 0 and math.isfinite(max(values))):
            raise UsageError(f"{name} = {list(values)}; allowed: zero or more, low <= likely <= high")


def obstacle(
    item: Proposed, system: System, facts: Mapping[str, Given] | None = None, database_problem: str = ""
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


def own_parameters(item: Proposed) -> dict[str, Given]:
    """Those of its parameters that its lever takes; the others are facts about today."""
    names = {parameter.name for parameter in LEVERS[item.lever].parameters}
    return {name: value for name, value in item.parameters.items() if name in names}


def mean_of(given: Given) -> float:
    """Mean of a number or of a range of three."""
    return float(given) if isinstance(given, (int, float)) else pert_mean(*given)


def required_by(item: Proposed) -> set[str]:
    """Levers to be finished before: those of the plan and those of the lever itself."""
    lever = LEVERS.get(item.lever)
    return {*item.requires, *(lever.requires if lever else ())}


def with_precedence(
    investments: Sequence[Proposed], reasons: dict[str, str]
) -> tuple[list[Proposed], dict[str, str]]:
    """Keep what can be evaluated and whose predecessors can; refuse circles."""
    reasons = dict(reasons)
    done: list[Proposed] = []
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


def _lacking(item: Proposed, reasons: Mapping[str, str]) -> list[str]:
    return sorted(name for name in required_by(item) if name not in reasons or reasons[name])
