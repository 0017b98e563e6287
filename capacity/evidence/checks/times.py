"""What the percentiles stand on: which survivors, how many answers, what clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from artillery_results_parser import Script
from capacity.evidence.checks.offered import time_out
from capacity.evidence.findings import Finding, Severity, percent, seconds
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step
from capacity.models.laws import quantile_ranks
from capacity.wording import counted

_CHANCE = 5  # fewer failures than this may be chance
_LOST = 0.001  # share of requests without an answer that moves a high percentile
_FAST = 0.02  # median below which a clock of 1 ms matters [s]
_QUANTUM = 0.001  # resolution of the generator's clock [s]
_QUOTED = (0.95, 0.99)


def survivors_only(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """Requests without an answer are missing from the percentiles."""
    ours = (test.unanswered - test.generator_errors).clip(lower=0)
    lost, answered = float(ours.sum()), float(test.periods["responses"].sum())
    if lost < _CHANCE or not answered or lost < _LOST * (answered + lost):
        return
    share, late = lost / (answered + lost), min(float(test.timeouts.sum()), lost)
    told, evidence = _with_timeouts(test, late, answered, time_out(script))
    yield Finding(
        "survivors_only",
        _gravity(share),
        "response time",
        f"{percent(share)} of the requests got no answer ({counted(late, 'time-out')}, {lost - late:,.0f} "
        f"refused or reset) and are missing from the percentiles, which describe the survivors.{told}",
        {"share": share, "timeouts": late, "refused": lost - late, "responses": answered} | evidence,
        "Quote percentiles together with the share of requests that got an answer.",
        test.name,
        periods=tuple(ours.index[ours > 0]),
    )


def _with_timeouts(
    test: LoadTest, late: float, answered: float, patience: float | None
) -> tuple[str, dict[str, Any]]:
    """Return the percentiles with time-outs counted as at least the time-out, in words and numbers.

    Where the script does not say how long its users wait, they waited longer than any answer took, as far as is known.
    """
    pool = test.mixture(test.periods.index, good=False)
    if not late or not pool.count:
        return "", {}
    censored, slowest = late / (answered + late), float(test.times["max"].max())
    least = slowest if patience is None else patience
    told: list[str] = []
    evidence: dict[str, Any] = {"censored": censored, "slowest answer": slowest, "time-out": patience}
    for q in _QUOTED:
        label, beyond = f"p{100 * q:g}", q > 1 - censored
        value = least if beyond else min(pool.quantile(q / (1 - censored)), least)
        told.append(f"{label.upper()} {'at least ' if beyond else ''}{seconds(value)}")
        evidence |= {label: test.summary.get(label), f"{label} with time-outs": value}
    as_what = (
        "slower than any answer" if patience is None else f"{seconds(patience)}, which their users waited"
    )
    return (
        f" Counting the time-outs, {percent(censored)} of all, as {as_what}: {' and '.join(told)}.",
        evidence,
    )


def few_samples(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """A percentile of too few answers for an interval with two ends."""
    n = float(test.summary.get("count") or test.times["count"].sum())
    quoted = tuple(slo.quantiles) if slo and slo.quantiles else (0.95,)
    wanted = sorted({*quoted, *_QUOTED})
    short = [q for q in wanted if n < answers_needed(q)]
    few = [s for s in steps if any(s.quantiles[q].high == np.inf for q in quoted if q in s.quantiles)]
    if not n or not (short or few):
        return
    needed = {f"answers needed for P{100 * q:g}": answers_needed(q) for q in wanted}
    yield Finding(
        "few_samples",
        "weakens" if set(short) & set(quoted) or 2 * len(few) > len(steps) else "notes",
        "response time",
        _few_text(n, short, few, steps, quoted),
        {"responses": n, "steps": len(steps), "steps with too few": len(few)} | needed,
        "Take more answers at each load level, or quote a lower percentile.",
        test.name,
        periods=tuple(row for step in few for row in step.rows),
    )


def _few_text(
    n: float, short: Sequence[float], few: Sequence[Step], steps: Sequence[Step], quoted: Sequence[float]
) -> str:
    parts = []
    if short:
        needs = " and ".join(f"{answers_needed(q):,} for P{100 * q:g}" for q in short)
        parts.append(f"The test has {counted(n, 'timed answer')}; a 90% interval needs at least {needs}.")
    if few:
        names = " or ".join(f"P{100 * q:g}" for q in quoted)
        parts.append(
            f"At {len(few)} of {counted(len(steps), 'load level')} the answers, which resemble each other "
            f"within a period, are too few to bound {names} from above."
        )
    return " ".join(parts)


def resolution(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Response times near the resolution of the generator's clock."""
    median = test.summary.get("p50")
    if test.tool != "artillery" or median is None or not 0 <= median < _FAST:
        return
    yield Finding(
        "resolution",
        "notes",
        "response time",
        f"Half of the answers came within {seconds(median)}, and the generator's clock ticks in "
        f"{seconds(_QUANTUM)}: differences of a few milliseconds mean nothing.",
        {"p50": median, "resolution": _QUANTUM},
        "Measure service times this short on the server.",
        test.name,
    )


@cache
def answers_needed(q: float, level: float = 0.9) -> int:
    """Return the fewest independent values that enclose a quantile on both sides.

    Parameters
    ----------
    q, level : float
        Quantile, and confidence of the interval. [fraction]

    Examples
    --------
    >>> answers_needed(0.95), answers_needed(0.99)
    (59, 299)
    """
    n = 1
    while None in quantile_ranks(n, q, level):
        n *= 2
    low = n // 2
    while n - low > 1:
        middle = (low + n) // 2
        low, n = (middle, n) if None in quantile_ranks(middle, q, level) else (low, middle)
    return n


def _gravity(share: float) -> Severity:
    """Return how much a missing share voids a P95: wholly where it may lie among the missing."""
    if share >= 1 - min(_QUOTED):
        return "voids"
    return "weakens" if share >= 1 - max(_QUOTED) else "notes"


CHECKS = (few_samples, resolution)
"""Checks of one test's response times."""

CHECKS_WITH_SCRIPT = (survivors_only,)
"""Those that know more with the script."""
