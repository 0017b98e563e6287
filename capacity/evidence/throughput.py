"""Good answers per second over stretches of periods, and over those in which the service worked as fast as it can."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise, takewhile

import numpy as np

from capacity.estimate import Estimate
from capacity.evidence.balance import Balance
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.operating import Point
from capacity.evidence.segments import change_points
from capacity.evidence.steps import Step, whole_periods

_LASTING = 2  # periods of overload needed to speak of saturation
_FALLING = 0.05  # loss of goodput from one stretch of overload to another that is a collapse, not noise
_DISPERSION = (4.0, 16.0)  # variance of the answers' counts while saturated against that of independent ones
_COUNTED = 2.0  # periods' worth of belief that answers scatter as independent events do


@dataclass(frozen=True, eq=False)
class Run:
    """Consecutive periods: good answers per second, and how long each lasted [s]."""

    rates: np.ndarray
    spans: np.ndarray

    @property
    def mean(self) -> float:
        """Good answers per second over all. [req/s]"""
        return float(np.average(self.rates, weights=self.spans))


def run_of(tests: Sequence[LoadTest], name: str, rows: Sequence[int]) -> Run:
    """Return some periods of the test of that name as a run."""
    test = next(test for test in tests if test.name == name)
    spans = test.periods["span"].loc[list(rows)].to_numpy(float)
    return Run(test.good.loc[list(rows)].to_numpy(float) / spans, spans)


def working(tests: Sequence[LoadTest], saturated: Sequence[Point]) -> list[Run]:
    """Return the periods in which the service worked as fast as it can, where it keeps that up.

    Those of overload, less the first of each stretch while its queue fills, and those that work it off. Where goodput
    falls in the course of an overload (a collapse), the highest level it held.
    """
    runs = []
    for test in tests:
        rows = _overloaded(test, [p.step for p in saturated if p.step.test == test.name])
        for stretch in _consecutive(rows):
            run = run_of(tests, test.name, stretch)
            levels = change_points(run.rates, span=float(run.spans.mean()), dispersion=_DISPERSION)
            runs += [Run(run.rates[a:b], run.spans[a:b]) for a, b, _ in levels]
    longest = max((len(run.rates) for run in runs), default=0)
    held = [run for run in runs if len(run.rates) >= min(longest, _LASTING)]
    top = max(held, key=lambda run: run.mean, default=None)
    return [run for run in held if top is not None and not _fallen(run, top)]


def _fallen(run: Run, top: Run) -> bool:
    """Whether a run's goodput is clearly below the highest one: by more than 5%, and than counting explains."""
    noise = 2 * math.sqrt(_DISPERSION[0] * sum(r.mean / r.spans.sum() for r in (run, top)))
    return run.mean < (1 - _FALLING) * top.mean - noise


def _overloaded(test: LoadTest, steps: Sequence[Step]) -> list[int]:
    """Return the periods of some steps, less the first of each stretch while the queue fills, and while it empties."""
    balance, whole = Balance(test, 1.0), set(whole_periods(test))
    inside = {row for step in steps for row in step.rows}
    for stretch in _consecutive(sorted(inside)):
        inside |= set(takewhile(lambda row: row in whole and balance.busy(row), count(stretch[-1] + 1)))
    stretches = _consecutive(sorted(inside))
    filling = {s[0] for s in stretches if len(s) > _LASTING or balance.busy(s[-1])}
    return sorted(inside - {row for row in filling if not balance.busy(row)})


def _consecutive(rows: Sequence[int]) -> list[list[int]]:
    cuts = [i for i in range(1, len(rows)) if rows[i] != rows[i - 1] + 1]
    return [list(rows[a:b]) for a, b in pairwise([0, *cuts, len(rows)]) if b > a]


def mean_rate(runs: Sequence[Run], method: str, level: float = 0.9) -> Estimate:
    """Return the mean rate over runs of periods with its interval.

    The variance of a period is the measured one, and with the weight of `_COUNTED` periods that of independent events
    (rate / span); it is raised by the lag-1 autocorrelation within runs. Student's t of all these degrees of freedom.
    """
    from scipy.special import stdtrit

    rates, spans = np.concatenate([r.rates for r in runs]), np.concatenate([r.spans for r in runs])
    mean, n = float(np.average(rates, weights=spans)), len(rates)
    squares = float(((rates - mean) ** 2).sum()) + _COUNTED * max(mean, 1 / spans.mean()) / spans.mean()
    freedom = n - 1 + _COUNTED
    half = float(stdtrit(freedom, (1 + level) / 2)) * math.sqrt(squares / freedom * _correlation(runs) / n)
    return Estimate(
        mean,
        max(mean - half, 0.0),
        mean + half,
        unit="req/s",
        method=method,
        provenance="measured",
        level=level,
    )


def _correlation(runs: Sequence[Run]) -> float:
    """Return by how much autocorrelation raises the variance of a mean, (1 + r) / (1 - r), beyond what chance shows."""
    inner = [run.rates - run.mean for run in runs if len(run.rates) > 3]
    n, total = sum(map(len, inner)), sum(float(x @ x) for x in inner)
    if total <= 0:
        return 1.0
    r = sum(float(x[1:] @ x[:-1]) for x in inner) / total
    r = min(max(r - 1 / math.sqrt(n), 0.0), 0.9)
    return (1 + r) / (1 - r)
