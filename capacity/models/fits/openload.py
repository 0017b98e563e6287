"""Fitting a scalability law to an open test: the generator sets the throughput, the noise is in the response time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from capacity.errors import NotIdentified
from capacity.estimate import number
from capacity.models import domain
from capacity.models.fits.curves import ResponseCurve, scaled, slope_of_scale
from capacity.models.fits.leastsquares import minimise
from capacity.models.fits.openfit import OpenFit
from capacity.models.fits.points import OpenNoise, Points, check_noise, measured
from capacity.models.fits.regression import name_of, t_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from capacity.models.scalability import Usl

_SAME_LOAD = 1.02  # ratio of throughputs that count as one load level
_NARROW = 1.3  # ratio of highest to lowest load below which no law shows
_NO_SCATTER = 1e-9  # relative residuals below this are arithmetic, not measurement
_PAIRS = 2.0  # mean concurrency from which requests have one another to wait for [requests]
_SHARES = (0.2, 0.4, 0.6, 0.75, 0.85, 0.95)  # of the highest load, where levels tell most
_STARTS = tuple(product((0.1, 0.5, 0.9), (0.05, 0.5, 0.95)))  # ω and κ from which the minimum is sought
_SURE = 0.98  # of the contention, from which hardly anything else is left
_FALLS = (
    "Response time falls as the load grows, which the law cannot express: look for cold caches or "
    "connections in the first steps."
)
_SCATTER = "The points scatter more than their errors say; the intervals are widened accordingly."


@dataclass(frozen=True, eq=False)
class Loads:
    """Steps of an open test, checked.

    Parameters
    ----------
    throughput, response_time : ndarray
        [req/s], mean [s]
    error : ndarray or None
        Standard error of each response time, if known. [s]
    """

    throughput: np.ndarray
    response_time: np.ndarray
    error: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("throughput", "response_time", "error"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, measured(name, getattr(self, name), np.size(self.throughput)))

    @property
    def levels(self) -> int:
        """Loads that differ by more than 2%."""
        distinct, last = 0, 0.0
        for throughput in np.sort(self.throughput):
            if throughput > _SAME_LOAD * last:
                distinct, last = distinct + 1, throughput
        return distinct

    @property
    def concurrency(self) -> np.ndarray:
        """By Little's law, N = X R [requests]."""
        return self.throughput * self.response_time


def fit_open(
    law: type[Usl],
    throughput: ArrayLike,
    response_time: ArrayLike,
    level: float,
    *,
    noise: OpenNoise | Literal["auto"],
    response_time_error: ArrayLike | None,
) -> OpenFit:
    """Fit a law to response times on throughput; the work behind `Usl.fit_open`, which documents it."""
    from capacity.models.fits.selection import settle

    domain.fraction(level=level)
    loads = Loads(throughput, response_time, response_time_error)  # type: ignore[arg-type]
    return settle(lambda kind: _fit(law, loads, level, kind), noise, errors_known=loads.error is not None)


def _fit(law: type[Usl], loads: Loads, level: float, noise: OpenNoise) -> OpenFit:
    check_noise(noise, get_args(OpenNoise))
    _check_loads(law, loads)
    curve = ResponseCurve(loads.throughput, law.parameters, noise, _weight(loads, noise))
    targets = scaled(loads.response_time, noise) * curve.weight
    best, misfit = _best(curve, targets, loads)
    variance, notes = _variance(loads, misfit, law.parameters, noise)
    if _falls(loads, level):
        notes = (*notes, _FALLS)
    a, b, c = curve.parts(best[np.newaxis])[0]
    line = np.array([a + b, b, c])[: law.parameters]
    fit = OpenFit(
        law=law(*(float(value) for value in [1 / line[0], *line[1:] / line[0]])),
        points=Points(loads.concurrency, loads.throughput),
        level=level,
        noise=noise,
        misfit=misfit,
        line=line,
        covariance=_covariance(curve, best, variance),
        notes=notes,
        response_time=loads.response_time,
        response_time_error=loads.error,
    )
    _check_contention(fit)
    return fit


def _best(curve: ResponseCurve, targets: np.ndarray, loads: Loads) -> tuple[np.ndarray, float]:
    """Best of the minima reached from several starts."""
    most = math.log(loads.concurrency[np.argmax(loads.throughput)])
    starts = np.array([[most, alone, knee] for alone, knee in _STARTS])[:, : curve.parameters]
    found = minimise(curve, targets, starts)
    return found.parameters[found.best], float(found.misfit[found.best])


def _weight(loads: Loads, noise: OpenNoise) -> np.ndarray:
    if loads.error is None:
        return np.ones(loads.throughput.size)
    return 1 / (slope_of_scale(loads.response_time, noise) * loads.error)


def _variance(
    loads: Loads, misfit: float, parameters: int, noise: OpenNoise
) -> tuple[float, tuple[str, ...]]:
    """Variance of a residual, and what it says of the errors given."""
    spare = loads.throughput.size - parameters
    if loads.error is not None:
        excess = misfit / spare if spare else 0.0
        return max(excess, 1.0), (_SCATTER,) if excess > 4 else ()
    size = float((slope_of_scale(loads.response_time, noise) * loads.response_time).max())
    if math.sqrt(misfit / spare) <= _NO_SCATTER * size:
        raise NotIdentified(
            f"all {loads.throughput.size} points lie exactly on the law: no scatter, no interval; "
            "fit measured response times, or give their standard errors as response_time_error"
        )
    return misfit / spare, ()


def _covariance(curve: ResponseCurve, best: np.ndarray, variance: float) -> np.ndarray:
    """Covariance of the line; huge where the points hardly determine it."""
    slopes = curve.linearised(best[np.newaxis])[1][0]
    a, b, c = curve.slopes_of_parts(best[np.newaxis])[0]
    turn = np.array([a + b, b, c])[: best.size]
    scale = np.sqrt(np.maximum((slopes**2).sum(axis=0), 1e-300))
    inverse = np.linalg.pinv((slopes / scale).T @ (slopes / scale), rcond=1e-12, hermitian=True)
    found: np.ndarray = (turn / scale) @ inverse @ (turn / scale).T * variance
    return found


def _check_loads(law: type[Usl], loads: Loads) -> None:
    """Refuse loads that cannot determine the law."""
    if not loads.throughput.size:
        raise NotIdentified("there are no points; test several loads below saturation, each for 60 s or more")
    lowest, highest = float(loads.throughput.min()), float(loads.throughput.max())
    needed = law.levels_needed if loads.error is None else law.levels_needed_with_errors
    if loads.levels < needed or (loads.error is None and loads.throughput.size <= law.parameters):
        raise NotIdentified(
            f"{name_of(law)} has {law.parameters} parameters and needs at least {needed} distinct load levels; "
            f"got {loads.levels} ({number(lowest)} to {number(highest)} req/s) in {loads.throughput.size} points; "
            f"{_wanted(highest)}, or fit a simpler law"
        )
    if highest < _NARROW * lowest:
        raise NotIdentified(
            f"throughput is about constant ({number(lowest)} to {number(highest)} req/s): the loads lie too close "
            f"together or the service was saturated throughout; {_wanted(highest)}"
        )
    if law.parameters > 1:
        _check_concurrency(law, loads)


def _check_concurrency(law: type[Usl], loads: Loads) -> None:
    order = np.argsort(loads.concurrency)
    throughput, concurrency = loads.throughput[order], loads.concurrency[order]
    if int(np.argmax(throughput)) == 0:
        raise NotIdentified(
            f"throughput falls from the first level on, from {number(throughput[0])} req/s at a concurrency of "
            f"{number(concurrency[0])} to {number(throughput[-1])} at {number(concurrency[-1])}: "
            f"all loads were too much; {_wanted(float(throughput[-1]))}"
        )
    if law.parameters == 3 and concurrency[-1] < _PAIRS:
        raise NotIdentified(
            f"at most {number(concurrency[-1])} requests were in the system on average, too few to hinder one "
            f"another; coherency shows from {_PAIRS:g} on: test loads well above "
            f"{number(float(throughput.max()))} req/s, or fit a simpler law"
        )


def _check_contention(fit: OpenFit) -> None:
    """Refuse points on which contention may be nothing or all."""
    if fit.line.size == 1:
        return
    alone = fit.contention
    if alone.low <= 1 - _SURE and alone.high >= _SURE:
        highest = float(fit.points.throughput.max())
        raise NotIdentified(
            f"contention may be anything from {alone.low:.2g} to {alone.high:.2g}: the scatter of these "
            f"{fit.observed.size} points hides how response time grows; hold each load longer, and "
            f"{_wanted(highest)}, or fit a simpler law"
        )


def _wanted(highest: float) -> str:
    """Loads that would help, from the highest one seen."""
    return f"test loads such as {', '.join(number(share * highest) for share in _SHARES)} req/s"


def _falls(loads: Loads, level: float) -> bool:
    """Whether response time falls with the throughput beyond its scatter."""
    if loads.throughput.size < 3:
        return False
    x, y = loads.throughput, np.log(loads.response_time)
    slope = float(np.polyfit(x, y, 1)[0])
    left = y - y.mean() - slope * (x - x.mean())
    spread = math.sqrt(float(left @ left) / (x.size - 2) / float(((x - x.mean()) ** 2).sum()))
    return slope < -t_quantile(x.size - 2, level) * spread
