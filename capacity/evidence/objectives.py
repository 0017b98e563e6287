"""Service-level objectives, and the load up to which the tests show each to be kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from capacity.estimate import Estimate, number
from capacity.evidence.loadtest import ERROR_CODES, LoadTest
from capacity.evidence.operating import Point
from capacity.evidence.steps import read_step

_LEVEL = 0.9
_PARTS = 30  # parts that a ramp is read in
_HELD = 2  # periods a load must have been held for to count as kept


@dataclass(frozen=True)
class Slo:
    """Objectives a request rate has to keep.

    Parameters
    ----------
    quantiles : dict of float to float
        Response time that a share of requests must stay within, e.g. ``{0.95: 0.25}``. [s]
    error_rate : float
        Largest share of failed requests. [fraction]
    error_codes : tuple of str
        Status codes that count as failures.
    """

    quantiles: Mapping[float, float] = field(default_factory=dict)
    error_rate: float = 0.01
    error_codes: tuple[str, ...] = ERROR_CODES


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


def slo_capacities(tests: Sequence[LoadTest], points: Sequence[Point], slo: Slo) -> dict[str, Estimate]:
    """Return the largest offered rate that keeps each objective, and under ``"all"`` what keeps all of them. [req/s]

    An objective is *kept* at a held load where the upper end of its interval is within the limit, *missed* where the
    lower end is not or where the service was saturated; the capacity lies between the highest kept and the lowest
    missed. A ramp lags behind its load: it can show an objective missed, never kept.
    """
    judged = [p for point in points if point.state != "draining" for p in _by_part(tests, point)]
    found = {}
    for q, limit in sorted(slo.quantiles.items()):
        name = f"P{100 * q:g}"
        found[name.lower()] = _bracket([s for p in judged if (s := _quantile(p, q))], limit, name)
    found["error_rate"] = _bracket([_errors(p) for p in judged], slo.error_rate, "error rate")
    found["all"] = _binding(found)
    return found


def _by_part(tests: Sequence[LoadTest], point: Point) -> list[Point]:
    """Return a ramp period by period (a long one in thirty parts): the objective may be missed at its end only."""
    step = point.step
    if step.kind == "plateau" or point.state == "saturated" or len(step.rows) < 2:
        return [point]
    test = next(test for test in tests if test.name == step.test)
    parts = [
        read_step(test, step.kind, rows.tolist())
        for rows in np.array_split(step.rows, min(len(step.rows), _PARTS))
    ]
    following = [*(part.offered for part in parts[1:]), point.load]
    return [Point(p, point.state, max(p.offered, after)) for p, after in zip(parts, following, strict=True)]


def _quantile(point: Point, q: float) -> Seen | None:
    if point.state == "saturated":
        return Seen(point.load, math.inf, math.inf, math.inf, False)
    estimate = point.step.quantiles.get(q)
    if estimate is None or estimate.value is None:
        return None
    return Seen(point.load, estimate.low, estimate.value, estimate.high, _held(point))


def _errors(point: Point) -> Seen:
    """Error rate with its Clopper-Pearson interval."""
    from scipy.special import betaincinv

    step, tail = point.step, (1 - _LEVEL) / 2
    rate = step.error_rate if math.isfinite(step.error_rate) else 1.0
    ended = max(step.offered * step.duration, 1.0)
    bad = rate * ended
    low = float(betaincinv(bad, ended - bad + 1, tail)) if bad > 0 else 0.0
    high = float(betaincinv(bad + 1, ended - bad, 1 - tail)) if bad < ended else 1.0
    return Seen(point.load, low, rate, high, _held(point))


def _held(point: Point) -> bool:
    return point.step.kind == "plateau" and len(point.step.rows) >= _HELD and point.state == "healthy"


def _bracket(seen: Sequence[Seen], limit: float, name: str) -> Estimate:
    missed = min((s.load for s in seen if s.low > limit), default=math.inf)
    kept = max((s.load for s in seen if s.held and s.high <= limit and s.load < missed), default=0.0)
    value = _crossing(seen, limit)
    value = value if value is not None and kept <= value <= missed < math.inf else None
    return Estimate(
        value,
        kept,
        missed,
        unit="req/s",
        method=f"{name} {_words(kept, missed)}",
        provenance="measured",
        level=_LEVEL,
    )


def _words(kept: float, missed: float) -> str:
    if kept and missed < math.inf:
        return f"kept at {number(kept)}, missed at {number(missed)} req/s"
    if kept:
        return "kept at every plateau that shows it"
    return "kept at no plateau for certain" if missed == math.inf else "kept at no lower load for certain"


def _crossing(seen: Sequence[Seen], limit: float) -> float | None:
    """Return where the measured quantity, made to rise with the load, passes its limit between two held loads."""
    held = sorted((s for s in seen if s.held and s.value > 0), key=lambda s: s.load)
    loads, times = np.array([s.load for s in held]), np.maximum.accumulate([s.value for s in held])
    above = int(np.searchsorted(times, limit, side="right"))
    if not 0 < above < len(held):
        return None
    share = math.log(limit / times[above - 1]) / math.log(times[above] / times[above - 1])
    return float(loads[above - 1] + share * (loads[above] - loads[above - 1]))


def _binding(found: Mapping[str, Estimate]) -> Estimate:
    """Return the capacity that keeps all objectives: the smallest of them, bound by bound."""
    name = min(found, key=lambda name: (found[name].high, found[name].low))
    low, high = min(e.low for e in found.values()), found[name].high
    value = min((e.value for e in found.values() if e.value is not None), default=None)
    if value is not None and any(e.value is None and e.low < value for e in found.values()):
        value = None
    method = f"binding objective: {slo_name(name)}; {found[name].method}"
    return Estimate(value, low, high, unit="req/s", method=method, provenance="measured", level=_LEVEL)


def slo_name(name: str) -> str:
    """Name of an objective for people."""
    return {"all": "all objectives", "error_rate": "error rate"}.get(name, name.upper())
