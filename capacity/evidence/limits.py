"""How much one deployment carries: saturation throughput, goodput and SLO capacity, each as an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from capacity.estimate import Estimate, number
from capacity.evidence.balance import ENOUGH
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.objectives import Slo, model_free, slo_capacities, slo_name
from capacity.evidence.operating import Point, operating_points, same_mix
from capacity.evidence.steps import Step
from capacity.evidence.throughput import Run, mean_rate, run_of, working
from capacity.shown import Shown

Status = Literal["established", "at least", "at most", "not established"]
_MOST_TELLING: tuple[Status, ...] = get_args(Status)

_HELD = 20.0  # time a load must have been served for to say that at least so much is carried [s]
_NEARLY_ALL = 0.98  # share of good answers that passes for all of them
_SURELY = 0.99  # confidence with which a lower load must have given more than saturation did
_LASTING = 2  # periods of overload needed to speak of saturation


@dataclass(frozen=True)
class Capacity(Shown):
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
    model_free : dict of str to Estimate
        The capacities of `slo` read off a curve through the held loads that only rises, with the interval of resampled
        periods; no value where the limit lies outside what was measured. [req/s]
    production : dict of str to Estimate
        The capacities of `slo` under production's arrivals, which are not evenly spaced; empty where no service could
        be calibrated to tell them. [req/s]

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> study.capacity.status
    'established'
    >>> print(study.capacity.safe)
    259 req/s (243 to 271)
    """

    status: Status
    why: str
    saturation_throughput: Estimate | None
    goodput: Estimate | None
    slo: dict[str, Estimate]
    judged: pd.DataFrame
    points: tuple[Point, ...] = ()
    model_free: dict[str, Estimate] = field(default_factory=dict)
    production: dict[str, Estimate] = field(default_factory=dict)

    @property
    def safe(self) -> Estimate | None:
        """Rate to plan with: the SLO capacity, in production where known; else the saturation throughput. [req/s]"""
        return self.production.get("all") or self.slo.get("all") or self.saturation_throughput

    @property
    def text(self) -> str:
        """The answer in sentences."""
        parts = [f"Saturation throughput: {self.status}. {self.why}"]
        if self.saturation_throughput is not None:
            parts.append(f"Saturation throughput {self.saturation_throughput}.")
        if "all" in self.slo:
            parts.append(f"Within the service-level objectives: {self.slo['all']}.")
        if "all" in self.production:
            parts.append(f"With the irregular arrivals of production: {self.production['all']}.")
        return " ".join(parts)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a quantity."""
        rows = {"saturation throughput": self.saturation_throughput, "highest goodput": self.goodput}
        rows |= {f"SLO capacity, {slo_name(name)}": estimate for name, estimate in self.slo.items()}
        rows |= {f"in production, {slo_name(name)}": e for name, e in self.production.items()}
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

    Runs whose requests go to the endpoints in clearly different shares do not ask for the same: they are judged
    apart, and the group that says most is returned.

    Parameters
    ----------
    tests : sequence of LoadTest
        Runs against the same number of instances.
    steps : sequence of Step
        Their steps.
    slo : Slo, optional
        Objectives; without it no SLO capacity is given.

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> steps = cap.find_steps(test, cap.read_script("data/storefront/steps-1.yml"))
    >>> found = cap.find_limits([test], steps, cap.Slo({0.95: 0.180}))  # [s]
    >>> print(found.saturation_throughput, "|", found.slo["p95"])
    296 req/s (291 to 301) | 267 req/s (250 to 285)
    """
    groups = same_mix(tests)
    if len(groups) > 1:
        return _of_the_most_telling(groups, steps, slo)
    points = operating_points(tests, steps)
    if not any(point.step.goodput > 0 for point in points):
        return Capacity("not established", _nothing_usable(tests), None, None, {}, _judged(points), points)
    status, why = _status(*_by_state(points))
    limit = _saturation(status, tests, points)
    if status == "established" and limit is not None:
        points = _overtaken(points, limit)
        why = _status(*_by_state(points))[1]
    free = model_free(tests, points, slo) if slo else {}
    return Capacity(
        status=status,
        why=why,
        saturation_throughput=limit,
        goodput=_goodput(status, tests, [p.step for p in points if p.state != "draining"]),
        slo=slo_capacities(tests, points, slo, free) if slo else {},
        judged=_judged(points),
        points=points,
        model_free=free,
    )


def _by_state(points: Sequence[Point]) -> tuple[list[Point], list[Point]]:
    """Return the points that were served, and those that were too much if they lasted."""
    healthy = [point for point in points if point.state == "healthy" and point.step.goodput > 0]
    saturated = [point for point in points if point.state == "saturated"]
    return healthy, saturated if sum(len(point.step.rows) for point in saturated) >= _LASTING else []


def _overtaken(points: tuple[Point, ...], limit: Estimate) -> tuple[Point, ...]:
    """Return the points, saturated where a load above saturation was held too briefly for its answers to go missing."""
    usual = float(np.median([p.step.good_share for p in points if p.state == "healthy"] or [1.0]))

    def above(point: Point) -> bool:
        step = point.step
        held = point.state == "healthy" and step.kind == "plateau" and step.steady is False
        return held and step.offered * usual > limit.high

    return tuple(replace(point, state="saturated") if above(point) else point for point in points)


def _of_the_most_telling(
    groups: Sequence[Sequence[LoadTest]], steps: Sequence[Step], slo: Slo | None
) -> Capacity:
    """Return the capacity of the runs that establish most, and say which others were left aside."""
    found = []
    for group in groups:
        names = {test.name for test in group}
        found.append((find_limits(group, [s for s in steps if s.test in names], slo), names))
    best, names = min(found, key=lambda pair: _MOST_TELLING.index(pair[0].status))
    aside = ", ".join(test.name for group in groups for test in group if test.name not in names)
    return replace(best, why=f"{best.why} Asking for another mix of requests and left aside: {aside}.")


def _nothing_usable(tests: Sequence[LoadTest]) -> str:
    if not any(test.has_http for test in tests):
        return "No HTTP requests were measured, so there is no request rate to speak of."
    if not any(test.good.sum() for test in tests):
        return "No request was answered successfully."
    if any(test.generator_errors.sum() for test in tests):
        return "The load generator itself failed (ports, descriptors or buffers) before a load was held."
    return f"No load level lasted a whole period with at least {ENOUGH} requests; hold each level for 60 s or more."


def _status(healthy: Sequence[Point], saturated: Sequence[Point]) -> tuple[Status, str]:
    lowest = min(saturated, key=lambda p: (p.load, p.step.kind == "ramp"), default=None)
    below = [p for p in healthy if lowest is None or p.load < lowest.load]
    best = max(below, key=lambda p: (p.load, p.step.kind == "plateau"), default=None)
    if lowest is None:
        lasting = [p for p in below if p.step.duration >= _HELD]
        if not lasting:
            return (
                "not established",
                f"No load was served for {_HELD:g} s on end; hold each level for 60 s or more.",
            )
        return _unsaturated(lasting)
    if best is None:
        return "at most", _overwhelmed(lowest)
    return "established", (
        f"All load up to {number(best.load)} req/s was served ({best.step.test}); "
        f"from {number(lowest.load)} req/s on it was not ({lowest.step.test}, {_answered(lowest.step)})."
    )


def _answered(step: Step) -> str:
    """How much of a stretch was answered; that of a ramp is over all of it, not at one load."""
    answered = f"{number(step.goodput)} of {number(step.offered)} req/s answered successfully"
    return f"on a ramp: on average {answered}" if step.kind == "ramp" else answered


def _unsaturated(served: Sequence[Point]) -> tuple[Status, str]:
    best = max(served, key=lambda p: p.load)
    step, shares = best.step, [p.step.good_share for p in served]
    if step.good_share >= _NEARLY_ALL:
        shown = f"up to {number(best.load)} req/s offered were served ({step.test})"
    elif len(served) < _LASTING:
        return "not established", (
            f"One load was held ({number(best.load)} req/s, {step.test}), and {100 * (1 - step.good_share):.0f}% of "
            "its requests got no good answer; hold lower loads to see whether the load is why."
        )
    else:
        shown = (
            f"more load brought more good answers, up to {number(best.load)} req/s offered ({step.test}), although "
            f"only {100 * min(shares):.0f} to {100 * max(shares):.0f}% of the requests got one at the loads held"
        )
    return "at least", f"The tests never saturated the service: {shown}; test higher loads to find the limit."


def _overwhelmed(lowest: Point) -> str:
    return (
        f"Every load tested, from {number(lowest.load)} req/s on, was too much; "
        "test lower loads to see where it begins."
    )


def _saturation(status: Status, tests: Sequence[LoadTest], points: Sequence[Point]) -> Estimate | None:
    healthy, saturated = _by_state(points)
    if status == "established":
        draining = [p.step.goodput for p in points if p.state == "draining"]
        return _established(tests, healthy, saturated, max(draining, default=0.0))
    if status == "at most":
        lowest = min(p.load for p in saturated)
        return Estimate.at_most(
            lowest, unit="req/s", method="lowest load tested was too much", provenance="measured"
        )
    if status == "at least":
        best = _best(tests, [p for p in healthy if p.step.duration >= _HELD])
        return Estimate.at_least(
            best.mean, unit="req/s", method="highest load served; never saturated", provenance="measured"
        )
    return None


def _established(
    tests: Sequence[LoadTest], healthy: Sequence[Point], saturated: Sequence[Point], draining: float
) -> Estimate:
    """Return the throughput at saturation; where a load below it surely gave more, what lies between the two.

    Where throughput falls past a peak, the peak lies between the highest load that was served and the lowest that was
    not, and nothing tells where: the value is their geometric mean, the interval reaches from one to the other. What
    was answered per second while an overload was worked off (`draining`) was possible too.
    """
    level = mean_rate(working(tests, saturated), "successful answers per second while saturated")
    best = _best(tests, healthy)
    if mean_rate([best], "", _SURELY).low <= level.high:
        return replace(level, high=max(level.high, draining))
    below = mean_rate(
        [best], "between the highest load served and the lowest that was not; throughput falls beyond"
    )
    high = max(below.high, min(p.load for p in saturated))
    return replace(below, value=math.sqrt(best.mean * high), high=high)


def _best(tests: Sequence[LoadTest], healthy: Sequence[Point]) -> Run:
    """Return the periods of the served load that gave the most; of a ramp its last two."""
    runs = [
        run_of(tests, s.test, s.rows if s.kind == "plateau" else s.rows[-2:])
        for s in (p.step for p in healthy)
    ]
    return max(runs, key=lambda run: run.mean)


def _goodput(status: Status, tests: Sequence[LoadTest], steps: Sequence[Step]) -> Estimate | None:
    """Return the most that any load sustained; of a ramp its last two periods. A bound where no limit was seen."""
    lasting = [s for s in steps if len(s.rows) > 1] or list(steps)
    if not lasting or status == "not established":
        return None
    chosen = [(s, s.rows if s.kind == "plateau" else s.rows[-2:]) for s in lasting]
    runs = [(run_of(tests, s.test, rows), s) for s, rows in chosen]
    run, best = max(runs, key=lambda pair: pair[0].mean)
    method = f"mean over the periods at {number(best.offered)} req/s offered ({best.test})"
    if status == "at least":
        return Estimate.at_least(run.mean, unit="req/s", method=method, provenance="measured")
    return mean_rate([run], method)


def _judged(points: Sequence[Point]) -> pd.DataFrame:
    columns = ["test", "kind", "start", "duration", "offered", "goodput", "error_rate", "state"]
    rows = [
        [s.test, s.kind, s.start, s.duration, s.offered, s.goodput, s.error_rate, p.state]
        for p in sorted(points, key=lambda p: p.step.offered)
        for s in [p.step]
    ]
    return pd.DataFrame(rows, columns=columns)
