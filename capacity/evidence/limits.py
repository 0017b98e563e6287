"""How much one deployment carries: saturation throughput, goodput and SLO capacity, each as an interval."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from capacity.estimate import Estimate, number
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.objectives import Slo, slo_capacities, slo_name
from capacity.evidence.operating import ENOUGH, Balance, Point, operating_points
from capacity.evidence.segments import change_points
from capacity.evidence.steps import Step

Status = Literal["established", "at least", "at most", "not established"]

_LASTING = 2  # periods of overload needed to speak of saturation
_FALLING = 0.05  # loss of goodput from one stretch of overload to another that is a collapse, not noise
_DISPERSION = (4.0, 16.0)  # variance of the answers' counts while saturated against that of independent ones
_COUNTED = 2.0  # periods' worth of belief that answers scatter as independent events do


@dataclass(frozen=True)
class Capacity:
    """What the tests support saying about capacity, in requests per second.

    Parameters
    ----------
    status : {"established", "at least", "at most", "not established"}
        Whether the saturation throughput was bracketed, or bounded from one side, or not seen.
    why : str
        The evidence in a sentence.
    saturation_throughput : Estimate or None
        Successful answers per second while the service was saturated. [req/s]
    goodput : Estimate or None
        Most successful answers per second that any one load level sustained. [req/s]
    slo : dict of str to Estimate
        Largest offered rate that keeps each objective (``"p95"``, ``"error_rate"``), and ``"all"`` of them. [req/s]
    judged : DataFrame
        One row a stretch: offered, goodput, and whether it was healthy, saturated or draining.
    points : tuple of Point
        The same with all that was measured.
    """

    status: Status
    why: str
    saturation_throughput: Estimate | None
    goodput: Estimate | None
    slo: dict[str, Estimate]
    judged: pd.DataFrame
    points: tuple[Point, ...] = ()

    @property
    def safe(self) -> Estimate | None:
        """Rate to plan with: the SLO capacity where there is one, else the saturation throughput. [req/s]"""
        return self.slo.get("all") or self.saturation_throughput

    @property
    def text(self) -> str:
        """The answer in sentences."""
        parts = [f"Saturation throughput: {self.status}. {self.why}"]
        if self.saturation_throughput is not None:
            parts.append(f"Saturation throughput {self.saturation_throughput}.")
        if "all" in self.slo:
            parts.append(f"Within the service-level objectives: {self.slo['all']}.")
        return " ".join(parts)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a quantity."""
        rows = {"saturation throughput": self.saturation_throughput, "highest goodput": self.goodput}
        rows |= {f"SLO capacity, {slo_name(name)}": estimate for name, estimate in self.slo.items()}
        known = {name: e for name, e in rows.items() if e is not None}
        return pd.DataFrame(
            {
                "quantity": list(known),
                "estimate": list(known.values()),
                "method": [e.method for e in known.values()],
                "provenance": [e.provenance for e in known.values()],
            }
        )


def find_limits(tests: Sequence[LoadTest], steps: Sequence[Step], slo: Slo | None = None) -> Capacity:
    """Return what the steps of one deployment prove about its capacity.

    Saturation is *established* between a load that was served and a higher one that was not (`operating_points`
    says how each is told); its throughput is the goodput of the periods in which the service never paused.

    Parameters
    ----------
    tests : sequence of LoadTest
        Runs against the same number of instances.
    steps : sequence of Step
        Their steps.
    slo : Slo, optional
        Objectives; without it no SLO capacity is given.
    """
    points = operating_points(tests, steps)
    if not any(point.step.goodput > 0 for point in points):
        return Capacity("not established", _nothing_usable(tests), None, None, {}, _judged(points), points)
    healthy = [point for point in points if point.state == "healthy" and point.step.goodput > 0]
    saturated = [point for point in points if point.state == "saturated"]
    if sum(len(point.step.rows) for point in saturated) < _LASTING:
        saturated = []
    status, why = _status(healthy, saturated)
    return Capacity(
        status=status,
        why=why,
        saturation_throughput=_saturation(status, tests, healthy, saturated),
        goodput=_goodput(tests, [p.step for p in points if p.state != "draining"]),
        slo=slo_capacities(tests, points, slo) if slo else {},
        judged=_judged(points),
        points=points,
    )


def _nothing_usable(tests: Sequence[LoadTest]) -> str:
    if not any(test.has_http for test in tests):
        return "No HTTP requests were measured, so there is no request rate to speak of."
    if not any(test.good.sum() for test in tests):
        return "No request was answered successfully."
    if any(test.generator_errors.sum() for test in tests):
        return "The load generator itself failed (ports, descriptors or buffers) before a load was held."
    return f"No load level lasted a whole period with at least {ENOUGH} requests; hold each level for 60 s or more."


def _status(healthy: Sequence[Point], saturated: Sequence[Point]) -> tuple[Status, str]:
    lowest = min(saturated, key=lambda p: p.load, default=None)
    below = [p for p in healthy if lowest is None or p.load < lowest.load]
    best = max(below, key=lambda p: p.load, default=None)
    if lowest is None and best is None:
        return "not established", "No load was steady enough to read; hold each load level for 60 s or more."
    if lowest is None or best is None:
        return ("at least", _unsaturated(best)) if best else ("at most", _overwhelmed(lowest))
    return "established", (
        f"All load up to {number(best.load)} req/s was served ({best.step.test}); "
        f"from {number(lowest.load)} req/s on it was not ({lowest.step.test}, "
        f"{number(lowest.step.goodput)} of {number(lowest.step.offered)} req/s answered successfully)."
    )


def _unsaturated(best: Point) -> str:
    return (
        f"The tests never saturated the service: up to {number(best.load)} req/s offered were served "
        f"({best.step.test}); test higher loads to find the limit."
    )


def _overwhelmed(lowest: Point) -> str:
    return (
        f"Every load tested, from {number(lowest.load)} req/s on, was too much; "
        "test lower loads to see where it begins."
    )


def _saturation(
    status: Status, tests: Sequence[LoadTest], healthy: Sequence[Point], saturated: Sequence[Point]
) -> Estimate | None:
    if status == "established":
        return _established(tests, healthy, saturated)
    if status == "at most":
        lowest = min(p.load for p in saturated)
        return Estimate.at_most(
            lowest, unit="req/s", method="lowest load tested was too much", provenance="measured"
        )
    if status == "at least":
        best = _best(tests, healthy)
        return Estimate.at_least(
            best.mean, unit="req/s", method="highest load served; never saturated", provenance="measured"
        )
    return None


def _established(tests: Sequence[LoadTest], healthy: Sequence[Point], saturated: Sequence[Point]) -> Estimate:
    """Return the throughput at saturation; where a load below it gave more, the most that any gave."""
    level = _mean_rate(_working(tests, saturated), "successful answers per second while saturated")
    lowest = min(p.load for p in saturated)
    below = _mean_rate([_best(tests, healthy)], "highest load served; throughput falls beyond it")
    return level if below.low <= level.high else replace(below, high=max(below.high, lowest))


def _best(tests: Sequence[LoadTest], healthy: Sequence[Point]) -> Run:
    """Return the periods of the served load that gave the most; of a ramp its last two."""
    runs = [
        _run(tests, s.test, s.rows if s.kind == "plateau" else s.rows[-2:]) for s in (p.step for p in healthy)
    ]
    return max(runs, key=lambda run: run.mean)


def _goodput(tests: Sequence[LoadTest], steps: Sequence[Step]) -> Estimate | None:
    best = max([s for s in steps if len(s.rows) > 1] or steps, key=lambda s: s.goodput, default=None)
    if best is None:
        return None
    method = f"mean over the periods at {number(best.offered)} req/s offered ({best.test})"
    return _mean_rate([_run(tests, best.test, best.rows)], method)


def _judged(points: Sequence[Point]) -> pd.DataFrame:
    columns = ["test", "kind", "start", "duration", "offered", "goodput", "error_rate", "state"]
    rows = [
        [s.test, s.kind, s.start, s.duration, s.offered, s.goodput, s.error_rate, p.state]
        for p in sorted(points, key=lambda p: p.step.offered)
        for s in [p.step]
    ]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, eq=False)
class Run:
    """Consecutive periods: good answers per second, and how long each lasted [s]."""

    rates: np.ndarray
    spans: np.ndarray

    @property
    def mean(self) -> float:
        """Good answers per second over all. [req/s]"""
        return float(np.average(self.rates, weights=self.spans))


def _run(tests: Sequence[LoadTest], name: str, rows: Sequence[int]) -> Run:
    test = next(test for test in tests if test.name == name)
    spans = test.periods["span"].loc[list(rows)].to_numpy(float)
    return Run(test.good.loc[list(rows)].to_numpy(float) / spans, spans)


def _working(tests: Sequence[LoadTest], saturated: Sequence[Point]) -> list[Run]:
    """Return the periods in which the service worked as fast as it can, where it keeps that up.

    Those of overload, less the first of each stretch while its queue fills, and those that work it off. Where goodput
    falls in the course of an overload (a collapse), the highest level it held.
    """
    runs = []
    for test in tests:
        rows = _overloaded(test, [p.step for p in saturated if p.step.test == test.name])
        for stretch in _consecutive(rows):
            run = _run(tests, test.name, stretch)
            levels = change_points(run.rates, span=float(run.spans.mean()), dispersion=_DISPERSION)
            runs += [Run(run.rates[a:b], run.spans[a:b]) for a, b, _ in levels]
    longest = max((len(run.rates) for run in runs), default=0)
    held = [run for run in runs if len(run.rates) >= min(longest, _LASTING)]
    top = max(held, key=lambda run: run.mean, default=None)
    return [run for run in held if top is not None and not _fallen(run, top)]


def _fallen(run: Run, top: Run) -> bool:
    """Whether a run's goodput is clearly below the highest one: by more than 5 %, and than counting explains."""
    noise = 2 * math.sqrt(_DISPERSION[0] * sum(r.mean / r.spans.sum() for r in (run, top)))
    return run.mean < (1 - _FALLING) * top.mean - noise


def _overloaded(test: LoadTest, steps: Sequence[Step]) -> list[int]:
    """Return the periods of some steps, less the first of each stretch while the queue fills, and while it empties."""
    balance, inside = Balance(test, 1.0), sorted(row for step in steps for row in step.rows)
    rows: list[int] = []
    for stretch in _consecutive(inside):
        after = itertools.takewhile(balance.busy, range(stretch[-1] + 1, len(test.periods)))
        stretch = [*stretch, *after]
        fills = not balance.busy(stretch[0]) and (len(stretch) > _LASTING or balance.busy(stretch[-1]))
        rows += stretch[1:] if fills else stretch
    return rows


def _consecutive(rows: Sequence[int]) -> list[list[int]]:
    cuts = [i for i in range(1, len(rows)) if rows[i] != rows[i - 1] + 1]
    return [list(rows[a:b]) for a, b in pairwise([0, *cuts, len(rows)]) if b > a]


def _mean_rate(runs: Sequence[Run], method: str, level: float = 0.9) -> Estimate:
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
