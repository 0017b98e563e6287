"""Operating points: which stretches of the tests were served, which were too much, which tell of neither."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from capacity.evidence.balance import DOUBT, ENOUGH, SHORTFALL, Balance, State, interrupted
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step, read_step
from capacity.shown import Shown

_LOST = 0.02  # share of requests without an answer from which nothing else excuses a load
_ALWAYS = 0.95  # failed share of an endpoint's answers that is a fault of its own, not of the load
_SAME_LOAD = 1.2  # ratio of rates that are one load level
_LOWER_LOAD = 1.05  # ratio of rates from which one is the lower
_MORE = 1.1  # ratio of goodputs from which one load cannot have been the limit
_ROUNDS = 4  # times the expectation is taken anew
_SAME_MIX = 0.1  # difference in the shares of the endpoints within which two runs ask for the same
_FEW = 2  # periods that are too few to leave one out
_FLAT = 0.2  # goodput gained per request offered, below which something holds it down


@dataclass(frozen=True, eq=False)
class Point(Shown):
    """A stretch of a test under one verdict.

    Parameters
    ----------
    step : Step
        The stretch: a step, or a part of one.
    state : {"healthy", "saturated", "draining"}
        Served as at low load; too much; or working off an earlier overload, or interrupted in a load that was served
        before and after, which tells nothing of its load.
    load : float
        Rate the verdict is about: what a plateau offered; of a ramp the highest served, the lowest that was
        surely too much. [req/s]

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> steps = cap.find_steps(test, cap.read_script("data/storefront/steps-1.yml"))
    >>> [(point.state, round(point.load)) for point in cap.find_limits([test], steps).points[-2:]]  # [req/s]
    [('saturated', 326), ('saturated', 379)]
    """

    step: Step
    state: State
    load: float


def operating_points(tests: Sequence[LoadTest], steps: Sequence[Step]) -> tuple[Point, ...]:
    """Return the stretches of steps of one deployment with their states, in time order test by test.

    A stretch is *saturated* when fewer requests were answered successfully than low load leads to expect: by more
    than 2%, and than the sample's size allows. What low load leads to expect leaves out errors that come at any
    load, and requests under way at the end in proportion to the rate. A ramp is cut where the shortfall begins
    to accumulate (CUSUM). After an overload, periods that still answer for it are *draining*. Answers 429 count
    as work refused on purpose unless goodput stops rising with the load.

    References
    ----------
    .. [1] Page, Continuous inspection schemes, Biometrika 41, 1954 (CUSUM).
    """
    usable = [step for step in steps if _size(step) >= ENOUGH]
    points: list[Point] = []
    for group in same_mix(tests):
        names = {test.name for test in group}
        inside = [step for step in usable if step.test in names]
        if inside:
            points += _held_down(_judged(group, inside))
    return tuple(points)


def _judged(tests: Sequence[LoadTest], steps: Sequence[Step]) -> list[Point]:
    """Return the points of runs with one mix, against what low load leads to expect.

    What looked like too much load, and yet was not the limit, failed for another reason: it counts as served, and
    what is to be expected is taken anew from all that was served.
    """
    base, known = _base(tests, steps)
    for _ in range(_ROUNDS):
        balances = {test.name: Balance(test, base, known) for test in tests}
        points = [p for name, b in balances.items() for p in _walk(b, [s for s in steps if s.test == name])]
        points = [p for p in points if _size(p.step) >= ENOUGH]
        cleared = {id(p) for p in points if p.state == "saturated" and _not_the_limit(p, points, balances)}
        if not cleared:
            break
        served = [p.step for p in points if p.state == "healthy" or id(p) in cleared]
        shares, sizes = [balances[s.test].answered_well(s.rows) for s in served], [_size(s) for s in served]
        base, known = min(base, float(np.average(shares, weights=sizes))), sum(sizes)
    return [replace(p, state="healthy") if id(p) in cleared else p for p in points]


def _not_the_limit(point: Point, points: Sequence[Point], balances: Mapping[str, Balance]) -> bool:
    """Whether clearly more good answers came at a higher load: of another point, or further up the ramp.

    Where requests got no answer, a higher load must have been healthy and served no smaller share: then it is not
    the load that loses them.
    """
    step = point.step
    lost = balances[step.test].lost(step.rows) > _LOST
    if step.kind == "plateau" or lost:
        return _topped(point, [p for p in points if p.state != "draining"], alike=lost)
    third = len(step.rows) // 3
    if not third:
        return False  # a single period between two loads
    balance, first, last = balances[step.test], list(step.rows[:third]), list(step.rows[-third:])
    lasting = step.duration * third / len(step.rows)
    more = _more(balance.goodput(first), lasting, balance.goodput(last), lasting)
    return more and balance.rate(last) > balance.rate(first)


def _topped(point: Point, points: Sequence[Point], *, alike: bool = False) -> bool:
    """Whether a higher load gave clearly more good answers; `alike`: was healthy, and served no smaller share."""
    step = point.step
    least = step.good_share - SHORTFALL if alike else 0.0
    judged = [
        p.step for p in points if not alike or p.state == "healthy"
    ]  # a short overload is soon answered better
    higher = [other for other in judged if other.offered > _LOWER_LOAD * step.offered]
    return any(
        s.good_share >= least and _more(step.goodput, step.duration, s.goodput, s.duration) for s in higher
    )


def _more(one: float, seconds: float, other: float, other_seconds: float) -> bool:
    """Whether one rate is clearly above another, also if answers scatter twice as much as independent events."""
    doubt = DOUBT * 2 * math.sqrt(one / seconds + other / other_seconds)
    return other > _MORE * one and other - one > doubt


def _size(step: Step) -> float:
    """Requests sent in a step, 0 where they are not counted."""
    sent = step.offered * step.duration
    return sent if math.isfinite(sent) else 0.0


def same_mix(tests: Sequence[LoadTest]) -> list[list[LoadTest]]:
    """Group tests whose requests go to the same endpoints in about the same shares: their failures compare."""
    groups: list[list[LoadTest]] = []
    for test in tests:
        home = next((g for g in groups if _mix_distance(g[0], test) < _SAME_MIX), None)
        if home is None:
            groups.append([test])
        else:
            home.append(test)
    return groups


def _mix_distance(one: LoadTest, other: LoadTest) -> float:
    a, b = one.endpoints["requests"], other.endpoints["requests"]
    if not a.sum() or not b.sum():
        return 0.0
    return float((a / a.sum()).subtract(b / b.sum(), fill_value=0).abs().sum() / 2)


def _base(tests: Sequence[LoadTest], steps: Sequence[Step]) -> tuple[float, float]:
    """Return the share of requests answered as intended at low load, and how many requests show it.

    The best of several loads, leaving out those with any sign of a queue; otherwise what would be served if only the
    endpoints failed that always fail.
    """
    balances = {test.name: Balance(test, 1.0) for test in tests}
    low = [(balances[step.test], _lowest(step)) for step in steps]
    rates = [balance.rate(rows) for balance, rows in low]
    calm = [(balance, rows) for balance, rows in low if not balance.queued(rows)]
    if calm and max(rates) >= _SAME_LOAD * min(rates):
        return max(
            (balance.answered_well(rows), float(balance.requests[rows].sum())) for balance, rows in calm
        )
    return min(1 - _failing_anyway(test) for test in tests), math.inf


def _lowest(step: Step) -> list[int]:
    """Return the periods of a plateau, or the first third of a ramp."""
    share = 3 if step.kind == "ramp" else 1
    return list(step.rows[: max(1, len(step.rows) // share)])


def _failing_anyway(test: LoadTest) -> float:
    """Return the share of answers that are failures of endpoints that (nearly) always fail, while others do not."""
    endpoints = test.endpoints[test.endpoints["requests"] > 0]
    always = endpoints["failures"] >= _ALWAYS * endpoints["requests"]
    if always.all() or not always.any():
        return 0.0
    return float(endpoints["failures"][always].sum() / endpoints["requests"].sum())


def _walk(balance: Balance, steps: Sequence[Step]) -> Iterator[Point]:
    """Yield the points of one test in time order, remembering the overload they may still answer for."""
    overload = 0.0
    for step in sorted(steps, key=lambda s: s.start):
        for rows, state in _parts(balance, step, after_overload=overload > _LOWER_LOAD * step.offered):
            part = step if len(rows) == len(step.rows) else read_step(balance.test, step.kind, rows)
            yield Point(part, state, balance.load(part, state))
            if state == "saturated":
                overload = max(overload, part.offered)
            elif state == "healthy":
                overload = 0.0


def _parts(balance: Balance, step: Step, *, after_overload: bool) -> list[tuple[list[int], State]]:
    """Cut a step where its state changes."""
    rows = list(step.rows)
    parts: list[tuple[list[int], State]]
    if step.kind == "ramp" and not after_overload and balance.rises(rows):
        onset = balance.onset(rows)
        parts = [(rows[:onset], "healthy"), (rows[onset:], "saturated")]
    elif after_overload or balance.unusual(rows) < 0:
        settled = balance.settled(rows)
        parts = [(rows[:settled], "draining"), (rows[settled:], balance.verdict(rows[settled:]))]
    elif step.kind == "plateau" and (hit := interrupted(balance.test, rows)):
        before, after = [row for row in rows if row < hit[0]], [row for row in rows if row > hit[-1]]
        parts = [(before, balance.verdict(before)), (hit, "draining"), (after, balance.verdict(after))]
    else:
        parts = [(rows, balance.verdict(rows))]
        if len(rows) > _FEW and parts[0][1] == "saturated" and balance.verdict(rows[:-1]) == "healthy":
            parts = [(rows[:-1], "healthy")]  # the last period reaches into the next load
    return [part for part in parts if part[0]]


def _held_down(points: Sequence[Point]) -> list[Point]:
    """Return the points, saturated where goodput lacks answers and does not rise with the load.

    A rate limit answers everything and still is a ceiling; so is a queue that refuses what it cannot hold when no
    load was low enough to show it.
    """
    judged = [point for point in points if point.state != "draining"]
    ceiling: set[int] = set()
    for below, above in pairwise(sorted(judged, key=lambda p: p.step.offered)):
        more = above.step.offered - below.step.offered
        gain = above.step.goodput - below.step.goodput
        collapsed = _more(above.step.goodput, above.step.duration, below.step.goodput, below.step.duration)
        if more > (_LOWER_LOAD - 1) * above.step.offered and gain < _FLAT * more and not collapsed:
            short = [p for p in (below, above) if p.step.good_share < 1 - SHORTFALL]
            ceiling |= {id(p) for p in short if not _topped(p, judged)}
    return [replace(p, state="saturated") if id(p) in ceiling else p for p in points]
