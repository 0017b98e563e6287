"""Service-level objectives, and the load up to which the tests show each to be kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from capacity.errors import DomainError
from capacity.estimate import Estimate, number
from capacity.evidence.balance import ENOUGH
from capacity.evidence.loadtest import ERROR_CODES, LoadTest
from capacity.evidence.monotone import WORLDS, Level, crossing
from capacity.evidence.operating import Point
from capacity.evidence.quantiles import Mixture
from capacity.evidence.ramps import parts, settled_loads
from capacity.models import domain
from capacity.models.laws import share_interval
from capacity.shown import Shown

FREE = "monotone curve through the held loads"
"""How capacities are read off without a model."""

LEVEL = 0.9
"""Confidence of every interval here. [fraction]"""

SEED = 4
"""Of the resampling."""

_SHORTEST = 1e-4  # response time that stands for less [s]
_HELD = 2  # periods a load must have been held for to count as kept


@dataclass(frozen=True)
class Slo(Shown):
    """Objectives a request rate has to keep.

    Parameters
    ----------
    quantiles : dict of float to float
        Response time that a share of requests must stay within, e.g. ``{0.95: 0.25}``. [s]
    error_rate : float
        Largest share of failed requests. [fraction]
    error_codes : tuple of str
        Status codes that count as failures.

    Raises
    ------
    DomainError
        If a quantile or the error rate is no share, or a response time not above 0.

    Examples
    --------
    >>> import capacity as cap
    >>> print(cap.Slo({0.95: 0.180, 0.99: 1.0}, error_rate=0.01))  # [s], [fraction]
    Slo: quantiles 0.95: 180 ms; 0.99: 1,000 ms, error rate 1.0%, error codes 429, 5xx
    """

    quantiles: Mapping[float, float] = field(default_factory=dict)
    error_rate: float = 0.01
    error_codes: tuple[str, ...] = ERROR_CODES

    def __post_init__(self) -> None:
        for q, limit in self.quantiles.items():
            domain.fraction(quantile=q)
            domain.positive(response_time=limit)
        if not 0 <= self.error_rate <= 1:
            raise DomainError(f"error rate {self.error_rate:g} is no share; give 0 to 1, such as 0.01")


@dataclass(frozen=True)
class Seen:
    """What was measured of one objective at one load.

    Parameters
    ----------
    load : float
        Offered rate. [req/s]
    low, value, high : float
        The measured quantity with its interval; infinite beyond saturation. [s or fraction]
    held : bool
        Whether the load was held long enough for the objective to be kept there, not only missed.
    """

    load: float
    low: float
    value: float
    high: float
    held: bool


def slo_capacities(
    tests: Sequence[LoadTest], points: Sequence[Point], slo: Slo, free: Mapping[str, Estimate]
) -> dict[str, Estimate]:
    """Return the largest offered rate that keeps each objective, and under ``"all"`` what keeps all of them. [req/s]

    An objective is *kept* at a held load where the upper end of its interval is within the limit, *missed* where the
    lower end is not or where the service was saturated; the capacity lies between the highest kept and the lowest
    missed. On a ramp response times lag behind the load: a part of it that kept the objective, as did all before it,
    shows it kept at an earlier load (`ramps.settled_loads`). The value is that of `free` (`model_free`) where it lies
    in that bracket.
    """
    ramps = [_by_part(tests, point) for point in points if point.state != "draining"]
    judged = [point for ramp in ramps for point in ramp]
    seen = {f"p{100 * q:g}": [s for p in judged if (s := _quantile(p, q))] for q in sorted(slo.quantiles)}
    seen["error_rate"] = [_errors(p) for p in judged]
    for q, name in zip([*sorted(slo.quantiles), None], seen, strict=True):
        seen[name] += [s for ramp in ramps for s in _on_ramp(tests, ramp, q)]
    limits = _limits(slo)
    found = {
        name: bracket(seen[name], limits[name], slo_name(name), free[name].value if name in free else None)
        for name in seen
    }
    found["all"] = binding(found)
    return found


def model_free(tests: Sequence[LoadTest], points: Sequence[Point], slo: Slo) -> dict[str, Estimate]:
    """Return the same capacities read off a curve through the measurements that only rises, without a model. [req/s]

    Plateaus that were served count, each with its quantile's logarithm or error rate. The interval is that of
    resampled periods and answers, seeded. No entry where no load was held.
    """
    held = [point for point in points if was_held(point)]
    if not held:
        return {}
    ceiling = min((p.load for p in points if p.state == "saturated"), default=math.inf)
    by_name = {test.name: test for test in tests}
    laws = [(p.load, by_name[p.step.test].mixture(p.step.timed_rows)) for p in held] if slo.quantiles else []
    limits, found = _limits(slo), {}
    for q in sorted(slo.quantiles):
        rng, name = np.random.default_rng(SEED), f"p{100 * q:g}"
        levels = [quantile_level(load, law, q, rng) for load, law in laws if law.count]
        if levels:
            found[name] = crossing(levels, math.log(limits[name]), ceiling, method=FREE, level=LEVEL)
    rng = np.random.default_rng(SEED)
    levels = [_error_level(point, rng) for point in held]
    found["error_rate"] = crossing(levels, slo.error_rate, ceiling, method=FREE, level=LEVEL)
    found["all"] = binding(found)
    return found


def quantile_level(load: float, law: Mixture, q: float, rng: np.random.Generator) -> Level:
    """Return a quantile at one load, as the logarithm of a time in seconds, for `monotone.crossing`."""
    worlds = np.log(np.maximum(law.resampled(q, WORLDS, rng), _SHORTEST))
    return Level(load, math.log(max(law.quantile(q), _SHORTEST)), worlds)


def _error_level(point: Point, rng: np.random.Generator) -> Level:
    bad, ended = _failed(point)
    return Level(point.load, bad / ended, rng.beta(bad + 0.5, ended - bad + 0.5, WORLDS))


def _limits(slo: Slo) -> dict[str, float]:
    return {f"p{100 * q:g}": limit for q, limit in slo.quantiles.items()} | {"error_rate": slo.error_rate}


def _by_part(tests: Sequence[LoadTest], point: Point) -> list[Point]:
    """Return a ramp in parts: the objective may be missed at its end only."""
    step = point.step
    if step.kind == "plateau" or point.state == "saturated" or len(step.rows) < 2:
        return [point]
    test = next(test for test in tests if test.name == step.test)
    ramp = parts(test, step)
    following = [*(part.offered for part in ramp[1:]), point.load]
    return [Point(p, point.state, max(p.offered, after)) for p, after in zip(ramp, following, strict=True)]


def _on_ramp(tests: Sequence[LoadTest], ramp: Sequence[Point], q: float | None) -> list[Seen]:
    """Return up to which load the parts of a ramp kept a quantile (or the error rate).

    The next part must have kept it too, as one alone is short enough to have been fast by luck, and none before may
    have missed it for certain.
    """
    if len(ramp) < 2 or ramp[0].state != "healthy":
        return []
    test = next(test for test in tests if test.name == ramp[0].step.test)
    typical = test.times["mean"].fillna(test.times["p50"])[test.times["count"] >= ENOUGH]
    loads = settled_loads([point.step for point in ramp], float(typical.min()))
    seen = [_errors(point) if q is None else _quantile(point, q) for point in ramp]
    before = [0.0 if s is None else s.low for s in seen]
    highs = np.maximum(np.maximum.accumulate(before), [math.inf if s is None else s.high for s in seen])
    return [
        Seen(load, 0.0, 0.0, float(max(highs[i], highs[i + 1])), True)
        for i, load in enumerate(loads[:-1])
        if load
    ]


def _quantile(point: Point, q: float) -> Seen | None:
    if point.state == "saturated":
        return Seen(point.load, math.inf, math.inf, math.inf, False)
    estimate = point.step.quantiles.get(q)
    if estimate is None or estimate.value is None:
        return None
    return Seen(point.load, estimate.low, estimate.value, estimate.high, was_held(point))


def _errors(point: Point) -> Seen:
    """Error rate with its Clopper-Pearson interval."""
    bad, ended = _failed(point)
    low, high = share_interval(bad, ended, LEVEL)
    return Seen(point.load, low, bad / ended, high, was_held(point))


def _failed(point: Point) -> tuple[float, float]:
    """Return the requests that failed, and all of them."""
    step = point.step
    ended = max(step.offered * step.duration, 1.0)
    return (step.error_rate if math.isfinite(step.error_rate) else 1.0) * ended, ended


def was_held(point: Point) -> bool:
    """Whether a point is a load held long enough to say that it keeps an objective."""
    return point.step.kind == "plateau" and len(point.step.rows) >= _HELD and point.state == "healthy"


def bracket(seen: Sequence[Seen], limit: float, name: str, value: float | None) -> Estimate:
    """Return the load between the highest that kept a limit and the lowest that missed it. [req/s]

    Parameters
    ----------
    seen : sequence of Seen
        What was measured at each load.
    limit : float
        In the unit of what was measured. [s or fraction]
    name : str
        Of the objective, for people.
    value : float or None
        Best guess, left out where the bracket excludes it. [req/s]
    """
    missed = min((s.load for s in seen if s.low > limit), default=math.inf)
    kept = max((s.load for s in seen if s.held and s.high <= limit and s.load < missed), default=0.0)
    value = value if value is not None and kept <= value <= missed < math.inf else None
    return Estimate(
        value,
        kept,
        missed,
        unit="req/s",
        method=f"{name} {_words(kept, missed)}",
        provenance="measured",
        level=LEVEL,
    )


def _words(kept: float, missed: float) -> str:
    if kept and missed < math.inf:
        return f"kept at {number(kept)}, missed at {number(missed)} req/s"
    if kept:
        return f"kept up to {number(kept)} req/s, missed at no load for certain"
    return "kept at no load for certain" if missed == math.inf else "kept at no lower load for certain"


def binding(found: Mapping[str, Estimate]) -> Estimate:
    """Return the capacity that keeps all objectives: the smallest of them, bound by bound."""
    name = min(found, key=lambda name: (found[name].high, found[name].low))
    low, high = min(e.low for e in found.values()), found[name].high
    value = min((e.value for e in found.values() if e.value is not None), default=None)
    if value is not None and any(e.value is None and e.low < value for e in found.values()):
        value = None
    method = f"binding objective: {slo_name(name)}; {found[name].method}"
    return Estimate(value, low, high, unit="req/s", method=method, provenance="measured", level=LEVEL)


def slo_name(name: str) -> str:
    """Name of an objective for people."""
    return {"all": "all objectives", "error_rate": "error rate"}.get(name, name.upper())
