"""What it would take: the value of one input at which a portfolio reaches a target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from capacity.errors import DomainError, UsageError
from capacity.fields import did_you_mean
from capacity.models.decisions import break_even
from capacity.plan import MEASURES
from capacity.planning.levers.catalogue import FACTS, LEVERS
from capacity.planning.portfolio.valuation import Case, Valuation
from capacity.planning.system.stated import contradictions
from capacity.planning.system.system import Evaluation

_REACH = 1000.0  # times the value stated up to which is looked


def tipping_point(case: Case, order: Sequence[str], name: str, of: str, target: float) -> float:
    """Value of one input at which the mean of a result, with the work of an order done, reaches a target.

    Parameters
    ----------
    case : Case
        What the valuation is made from; all but the input stays as it is, world by world.
    order : sequence of str
        Levers done, in order.
    name : str
        The input, a key of `Case.stated`.
    of : str
        The result, one of `MEASURES`.
    target : float
        What it must reach.

    Raises
    ------
    UsageError
        If there is no such input or result.
    NotIdentified
        If no value that the input may have, up to a thousand times the one stated, brings the result there, or
        more than one does.
    """
    if of not in MEASURES:
        raise UsageError(f"result {of!r}; allowed: {', '.join(MEASURES)}{did_you_mean(of, MEASURES)}")
    if name not in case.stated:
        raise UsageError(
            f"input {name!r}; allowed: {', '.join(case.stated)}{did_you_mean(name, case.stated)}"
        )
    low, high = _range(name, case.stated[name])
    return break_even(lambda value: result_of(case, order, of, {name: value}) - target, low, high)


def capacity_factor(now: Evaluation, then: Evaluation) -> np.ndarray | None:
    """Capacity of one evaluation over that of another in each world; None when no capacity is known."""
    if now.capacity is None or then.capacity is None:
        return None
    return np.atleast_1d(then.capacity / now.capacity)


def middle(given: Any) -> float:
    """Return a number, or the likely one of three."""
    return float(given if isinstance(given, (int, float)) else given[1])


def result_of(case: Case, order: Sequence[str], of: str, changed: Mapping[str, float]) -> float:
    """Mean of a result with some inputs held at a value in all worlds; NaN where that is impossible.

    A value that contradicts the other facts is impossible, such as fewer connections than are reserved.
    """
    if any(contradictions({name: changed.get(name, given) for name, given in case.facts.items()})):
        return math.nan
    try:
        return _measured(case.valuation(changed), order, of)
    except DomainError:
        return math.nan


def _measured(valuation: Valuation, order: Sequence[str], of: str) -> float:
    if of == "npv":
        return (
            math.nan if valuation.hour is None else float(valuation.present_values(order).sum(axis=0).mean())
        )
    if of == "saving":
        return float(valuation.savings(order).sum(axis=0).mean())
    if of == "outage_cost":
        return _outage_cost(valuation)
    then = valuation.evaluation(valuation.mask(order))
    if of == "availability":
        return float(np.mean(then.availability))
    factor = capacity_factor(valuation.evaluation(0), then)
    return math.nan if factor is None else float(np.median(factor))


def _outage_cost(valuation: Valuation) -> float:
    """Mean price of one outage today, incidents and overloads alike; NaN where none is known or none has a price."""
    today, minute = valuation.evaluation(0), valuation.draws.get("downtime_per_minute", math.nan)
    incidents, overload = valuation.system.incidents, valuation.system.overload
    count = 0.0 if incidents is None else incidents.per_year
    count = count if overload is None else count + overload.times_above(today.capacity)
    minutes = sum((today.downtime.get(cause, 0.0) for cause in ("incidents", "overload")), start=0.0)
    total = float(np.mean(count))
    return float(np.mean(minutes * minute)) / total if total > 0 else math.nan


def _range(name: str, given: Any) -> tuple[float, float]:
    """Values an input may take: those its parameter allows, up to a thousand times what is stated."""
    lever, _, own = name.rpartition(".")
    known = {item.name: item for item in LEVERS[lever].parameters} if lever else FACTS
    low, high = (known[own].low, known[own].high) if own in known else (0.0, math.inf)
    return low, min(high, _REACH * max(middle(given), low, 1.0))
