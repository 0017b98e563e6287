"""Which loads the next test should hold, in what order, and for how long."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from capacity.evidence.checks.times import answers_needed
from capacity.evidence.planned.known import LOW, Known

Role = Literal["limit", "objective", "overload", "baseline", "calibration", "recovery"]

PERIOD = 10.0
"""Length of Artillery's reporting periods, aligned to the wall clock. [s]"""

WHOLE_PERIODS: dict[Role, int] = {
    "limit": 6, "objective": 18, "overload": 6, "baseline": 6, "calibration": 6, "recovery": 9,
}  # fmt: skip
"""Whole reporting periods that a load is held for at least: more where a percentile decides."""

WHOLE_RATE = 20
"""Users a second from which a rate is whole, so that Artillery can divide it among its workers. [users/s]"""

_PRIORITY: tuple[Role, ...] = ("limit", "objective", "overload", "baseline", "recovery", "calibration")
_LONGEST = 300.0  # a load is held for at most [s]
_ALIKE = 4  # answers of a queue that tell as much as one independent answer
_RELAXED = 20  # relaxation times of the queue that a load is held for
_LAW = 500  # answers at low load that make the law of the response times
_RATIO = 1.25  # of one load to the next on the way up
_CLIMB = 3.0  # ratio of the last load on the way up to the highest served
_STEPS_UP = (5, 8)  # least and most loads on the way up
_BEYOND = 1.1  # ratio of the overload to the limit: enough to be seen, not so much that requests time out
_BELOW = (0.4, 0.6, 0.75, 0.9)  # of what an overload gave, where no load was low enough
_FIRST = (0.1, 0.25, 0.5, 0.75, 1.0)  # of the rate seen, where nothing is known
_LOWEST, _MIDDLE = 0.2, 0.6  # of the limit: a low load, and one between
_GAP = 0.4  # of the limit, between two loads that leave the growth of waiting unseen
_NARROW = 0.03  # relative width of an interval that needs no more tests
_APART = 0.015  # relative distance within which two loads are one
_REACH = 0.2  # largest distance of a load from a predicted crossing [fraction]
_SATURATED = 0.985  # of the limit, from which a load is as good as too much


@dataclass(frozen=True)
class Aim:
    """One load worth holding [req/s], and what it is to show."""

    load: float
    role: Role


def choose(known: Known, longest: float) -> list[tuple[Aim, float]]:
    """Return the loads to hold, in the order of the test, and for how long each. [s]

    Loads rise, so that no overload comes before a load that is to be judged on its own; the return to a low load
    comes last. Where the time does not suffice, what narrows the answer least is left out.
    """
    aims = sorted(_aims(known), key=lambda aim: _PRIORITY.index(aim.role))
    kept: list[Aim] = []
    left = longest
    for aim in aims:
        apart = all(abs(aim.load - k.load) > _APART * k.load for k in kept) or aim.role == "recovery"
        if apart and (held(aim, known) <= left or not kept):
            kept.append(aim)
            left -= held(aim, known)
    kept.sort(key=lambda aim: (aim.role == "recovery", aim.load))
    return [(aim, min(held(aim, known), longest)) for aim in kept]


def held(aim: Aim, known: Known) -> float:
    """How long to hold a load: the longest of what four reasons ask for, and 10 s. [s]

    A number of whole reporting periods; enough answers for the interval of the highest percentile, counting several
    answers of a queue as one; at low load enough answers for the law of the service times; and near saturation
    several relaxation times of the queue, 1 / (S (1 - √ρ)²) with the saturation throughput S. Reporting periods begin
    on the wall clock's tens of seconds, so that 10 s more leave as many whole ones wherever the test begins.

    References
    ----------
    .. [1] Morse, Stochastic properties of waiting lines, Operations Research 3(3), 1955 (relaxation time).
    """
    answers = _ALIKE * answers_needed(known.quantile)
    if aim.role in ("baseline", "calibration"):
        answers = max(answers, _LAW)
    relaxing = 0.0 if aim.role == "overload" else _RELAXED * _relaxation(aim.load, known)
    wanted = max(WHOLE_PERIODS[aim.role] * PERIOD, min(max(answers / aim.load, relaxing), _LONGEST))
    return (math.ceil(round(wanted / PERIOD, 6)) + 1) * PERIOD


def startable(rate: float, duration: float) -> float:
    """Return the rate nearest to one wanted at which users can be started: whole, or a whole number in all. [users/s]

    Examples
    --------
    >>> startable(81.3, 70), round(startable(4.333, 70), 3)
    (81.0, 4.329)
    """
    if rate >= WHOLE_RATE:
        return float(round(rate))
    return max(round(rate * duration), 1) / duration


def _relaxation(load: float, known: Known) -> float:
    """Time in which the queue forgets how it began. [s]"""
    if known.limit is None or known.limit.value is None or load >= known.limit.value:
        return 0.0
    idle = 1 - math.sqrt(load / known.limit.value)
    return known.response_time + 1 / (known.limit.value * idle**2)


def _aims(known: Known) -> Iterator[Aim]:
    if known.status == "not established":
        top = max(known.start, known.target)
        yield from (Aim(share * top, "limit") for share in _FIRST)
        yield Aim(_FIRST[0] * top, "recovery")
        return
    if known.status != "established":
        loads = _upwards(known) if known.status == "at least" else _downwards(known)
        yield from (Aim(load, "limit") for load in loads)
    elif known.limit is not None:
        if known.bracket is None:
            low, high = (
                max(known.served, 0.85 * known.limit.low),
                min(known.refused, _BEYOND * known.limit.high),
            )
            yield from (Aim(low + share * (high - low), "limit") for share in (1 / 3, 2 / 3) if high > low)
        yield Aim(_BEYOND * known.limit.high, "overload")
    yield from (Aim(load, "objective") for load in _crossings(known))
    yield from _low_loads(known)


def _upwards(known: Known) -> list[float]:
    """Return loads that rise from the highest served until saturation is sure, by the model or threefold."""
    top = max(_CLIMB * known.served, _RATIO * known.target)
    if known.limit is not None and known.served < known.limit.low:
        top = _RATIO * max(known.limit.high, known.target)
    least, most = _STEPS_UP
    n = min(max(math.ceil(math.log(top / known.served) / math.log(_RATIO)), least), most)
    return [known.served * (top / known.served) ** (i / n) for i in range(1, n + 1)]


def _downwards(known: Known) -> list[float]:
    """Return loads below what an overload gave, and between that and the lowest load that was too much."""
    given = min(known.start, known.refused)
    between = math.sqrt(given * known.refused)
    return [*(share * given for share in _BELOW), given, between, max(known.refused, _BEYOND * given)]


def _crossings(known: Known) -> list[float]:
    """Return loads that narrow where the objectives are first missed.

    Where the model predicts that they will just be seen to be kept, and to be missed, and at the far ends of these
    predictions; without a model, or where it contradicts what was measured, at equal distances in the bracket.
    """
    if known.bracket is None or math.isinf(known.bracket[1]) or known.hopeless:
        return []
    low, high = known.bracket
    if high - low <= _NARROW * high:
        return []
    top = min(high, _SATURATED * known.limit.low) if known.limit is not None else high
    loads = _around(known) if known.predicted else [low + share * (high - low) for share in (0.5, 0.25, 0.75)]
    return [load for load in loads if low < load < top] or [load for load in (top,) if load > low]


def _around(known: Known) -> list[float]:
    kept, crossing, missed = known.crossings
    middle = crossing.value or 0.0
    least, most = max(kept.low, (1 - _REACH) * middle), min(missed.high, (1 + _REACH) * middle)
    return [least, most, kept.value or middle, missed.value or middle]


def _low_loads(known: Known) -> Iterator[Aim]:
    """Yield a low load where none was held well, one between, and the return to it."""
    low = _LOWEST * known.reference
    if not any(level <= LOW * known.reference for level in known.levels):
        yield Aim(low, "baseline")
    marks = sorted([LOW * known.reference, *known.levels, known.reference])
    gap = any(above - below > _GAP * known.reference for below, above in pairwise(marks))
    if known.status == "established" and gap:
        yield Aim(_MIDDLE * known.reference, "calibration")
    yield Aim(low, "recovery")
