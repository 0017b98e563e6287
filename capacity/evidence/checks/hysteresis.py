"""Was one load answered alike on the way up and on the way down."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from capacity.estimate import number
from capacity.evidence.balance import DOUBT, SHORTFALL
from capacity.evidence.findings import Finding, percent, seconds
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step, read_step

_HIGHER = 1.5  # ratio to the load before and after from which a load may leave something behind
_SAME_LOAD = 1.1  # ratio of two rates that are one load level
_SLOWER = 1.25  # ratio of two P95 that makes another statement
_QUANTUM = 0.005  # differences of response times below this are the clock's and the network's [s]
_LEFT_BEHIND = (
    "The higher load left something behind (a backlog, retries, a full pool), so what is carried depends on what came "
    "before.",
    "Hold the same loads on the way down as on the way up, each for several minutes, and quote the worse.",
)
_NOT_WARM = (
    "The service was not warm before (caches, compilation, connections), so loads on the way up look worse than they "
    "are.",
    "Warm the service up before the first step, and repeat it.",
)
_ROWS = 3  # periods of ramps on either side whose answers can be compared


def hysteresis(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The same load was answered clearly differently before and after a higher one."""
    for before, after, peak in (*_held_twice(test, steps), *_ramped_twice(test, steps)):
        if told := _difference(before, after):
            yield _hysteresis(test, before, after, peak, told)
            return


def _hysteresis(test: LoadTest, before: Step, after: Step, peak: float, told: str) -> Finding:
    worse = after.error_rate > before.error_rate or "slower" in told
    meaning, remedy = _LEFT_BEHIND if worse else _NOT_WARM
    load = f"{number(before.offered)} req/s{' on average' if before.kind == 'ramp' else ''}"
    return Finding(
        "hysteresis",
        "weakens",
        "capacity",
        f"The same load, {load}, was answered differently after {number(peak)} req/s than before: {told}. {meaning}",
        {
            "offered": before.offered,
            "peak": peak,
            "good before": 1 - before.error_rate,
            "good after": 1 - after.error_rate,
            "p95 before": _p95(before),
            "p95 after": _p95(after),
        },
        remedy,
        test.name,
        periods=(*before.rows, *after.rows),
    )


def _held_twice(test: LoadTest, steps: Sequence[Step]) -> Iterator[tuple[Step, Step, float]]:
    """Yield the later halves of two plateaus of one load, and the highest load between them."""
    plateaus = sorted((s for s in steps if s.kind == "plateau" and s.offered > 0), key=lambda s: s.start)
    for one, other in combinations(plateaus, 2):
        peak = max((s.offered for s in steps if one.end <= s.start and s.end <= other.start), default=0.0)
        if _same_load(one.offered, other.offered) and peak >= _HIGHER * max(one.offered, other.offered):
            yield _later_half(test, one), _later_half(test, other), peak


def _later_half(test: LoadTest, step: Step) -> Step:
    """Return a step when it has forgotten what came before, as far as it ever did."""
    return read_step(test, step.kind, step.rows[len(step.rows) // 2 :])


def _ramped_twice(test: LoadTest, steps: Sequence[Step]) -> Iterator[tuple[Step, Step, float]]:
    """Yield periods of ramps up, those of ramps down that had the same loads, and the highest load between."""
    rates = (test.periods["requests"] / test.periods["span"]).fillna(0)
    ramps = [row for step in steps if step.kind == "ramp" for row in step.rows]
    if not ramps:
        return
    top = rates.loc[[row for step in steps for row in step.rows]].idxmax()
    below = [row for row in ramps if 0 < _HIGHER * rates[row] <= rates[top]]
    up, down = [row for row in below if row < top], [row for row in below if row > top]
    pairs: dict[int, int] = {}
    for row in up:
        nearest = min(
            (r for r in down if r not in pairs.values()),
            key=lambda r: abs(rates[r] - rates[row]),
            default=row,
        )
        if nearest != row and _same_load(rates[nearest], rates[row]):
            pairs[row] = nearest
    if len(pairs) >= _ROWS:
        yield (
            read_step(test, "ramp", sorted(pairs)),
            read_step(test, "ramp", sorted(pairs.values())),
            float(rates[top]),
        )


def _same_load(one: float, other: float) -> bool:
    return 1 / _SAME_LOAD <= other / one <= _SAME_LOAD


def _difference(before: Step, after: Step) -> str:
    """Say how the answers to one load differ beyond chance, if they do."""
    told = []
    sizes = [max(step.offered * step.duration, 1.0) for step in (before, after)]
    first, second = 1 - before.error_rate, 1 - after.error_rate
    share = float(np.average([first, second], weights=sizes))
    doubt = DOUBT * math.sqrt(max(share * (1 - share), 0.01) * sum(1 / size for size in sizes))
    if abs(second - first) > max(SHORTFALL, doubt):
        told.append(f"{percent(second)} good answers in place of {percent(first)}")
    one, other = _p95(before), _p95(after)
    if _beyond(before, after) or _beyond(after, before):
        told.append(
            f"{'slower' if other > one else 'faster'}, P95 {seconds(other)} in place of {seconds(one)}"
        )
    return " and ".join(told)


def _beyond(low: Step, high: Step) -> bool:
    """Whether the P95 of one step is clearly above another's."""
    one, other = _p95(low), _p95(high)
    if not other > max(_SLOWER * one, one + _QUANTUM):
        return False
    return high.quantiles[0.95].low > low.quantiles[0.95].high


def _p95(step: Step) -> float:
    """Return the P95 of a step's good answers, NaN without any. [s]"""
    value = step.quantiles[0.95].value if 0.95 in step.quantiles else None
    return math.nan if value is None else value


CHECKS = (hysteresis,)
"""Checks of what a higher load leaves behind."""
