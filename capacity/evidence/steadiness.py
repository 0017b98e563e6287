"""Whether a load was held long enough to speak of one state: what to cut at its beginning, and what still moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capacity.evidence.loadtest import LoadTest

_ENOUGH = 4  # periods from which a trend is told from chance
_ANSWERED = 5  # answers that make a period's mean worth comparing
_CHANGE = 0.1  # relative change of the mean response time that matters
_DOUBT = 0.01  # chance of calling a trend, or a beginning, different when it is not
_SCATTER = 0.02  # of the periods' means that counts as none, so that no more is cut for it
_NEARLY = 1.5  # ratio to the least squared error of the mean within which the shorter cut is as good
_VARIABILITY = 0.5  # least sum of the squared coefficients of variation of arrivals and service
_LONG, _RISEN = 0.3, 0.4  # queue on average, and its rise, in wanderings; at utilization 1 the mean is 0.53


@dataclass(frozen=True)
class Steadiness:
    """What moved while a load was held.

    Parameters
    ----------
    steady : bool or None
        Whether nothing did; None where the periods are too few to tell.
    warm_up : int
        Periods at the beginning that differ from the rest beyond chance. [periods]
    queue, rise : float
        Mean number of waiting requests, and the most by which requests in flight rose above what the load
        occupies, both in units of how far a queue that nothing holds back wanders in that time.
    drift : float
        Relative change of the mean response time from the first period after the warm-up to the last. [fraction]
    doubt : float
        Chance of so steep a trend where there is none. [fraction]
    warm_up_change : float
        Mean response time of the warm-up against that of the rest, less one. [fraction]
    """

    steady: bool | None
    warm_up: int
    queue: float
    rise: float
    drift: float
    doubt: float
    warm_up_change: float

    @property
    def growing(self) -> bool:
        """Whether requests piled up as they do when nothing holds the queue back."""
        return self.queue > _LONG and self.rise > _RISEN

    @property
    def drifting(self) -> bool:
        """Whether response times kept changing by more than a tenth, and than chance explains."""
        return abs(self.drift) > _CHANGE and self.doubt < _DOUBT


def steadiness(test: LoadTest, rows: Sequence[int]) -> Steadiness:
    """Return what moved over some consecutive periods under one load.

    Two signs make a load *unsteady*:

    - The queue grew. At utilization 1 it grows with the square root of time, too slowly for a straight line to
      show, so it is compared with the path it would take if nothing drew it back: after a time T a distance of
      sigma √T, where sigma² is the arrival rate times the squared coefficients of variation of arrivals and service,
      taken as 0.5 or what the requests in flight themselves show. A stationary queue whose mean is beyond 0.3 of
      that would need longer than T to come to rest.
    - Response times drifted: the slope of the logarithm of the periods' means, by Student's t with the variance
      raised for autocorrelation of the residuals, by more than a tenth over the whole.

    A beginning that differs (cold caches, filling) is cut by the marginal standard error rule on the periods' means
    (the shortest cut that is nearly the best), at most half, and only where it differs from the rest by more than a
    tenth and more than chance explains. Where the queue grew nothing is cut: its beginning is then no warm-up. Periods
    are the smallest batches: no export keeps the order of response times within them.

    Parameters
    ----------
    test : LoadTest
        The run.
    rows : sequence of int
        Consecutive whole periods under one load.

    Notes
    -----
    Measured on simulated stations (service laws from deterministic to hyperexponential, 1 to 16 servers, 25 to 300
    req/s, arrivals evenly spaced and independent), share of loads called unsteady at utilization 0.9, 1.0 and 1.05:
    steps of 60 s 9%, 79% and 98%; of 120 s 3%, 84% and 99.6%. Up to 0.8 it is 2.4% at most; at 0.95, 26% and 12%,
    mostly of slow stations, which need minutes to come to rest. In steps of 30 s growth alone can be told: 11%, 67%
    and 90%.

    References
    ----------
    .. [1] White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69(6), 1997.
    .. [2] Whitt, Planning queueing simulations, Management Science 35(11), 1989, sec. 3 (how long a queue needs).
    """
    rows = list(rows)
    queue, rise = _growth(test, rows)
    means = _means(test.service_times, rows) if len(test.service_times) else np.array([])
    growing = queue > _LONG and rise > _RISEN
    cut, change = (0, 0.0) if growing else _warm_up(means)
    drift, doubt = _trend(means[cut:])
    found = Steadiness(None, cut, queue, rise, drift, doubt, change)
    told = growing or math.isfinite(doubt)
    return Steadiness(
        not (growing or found.drifting) if told else None, cut, queue, rise, drift, doubt, change
    )


def _means(times: pd.DataFrame, rows: Sequence[int]) -> np.ndarray:
    """Return the mean response time of some periods, where the export has none the median. [s]"""
    counts, means, medians = (times[name].to_numpy(float)[rows] for name in ("count", "mean", "p50"))
    return np.where(counts >= _ANSWERED, np.where(np.isnan(means), medians, means), np.nan)


def _growth(test: LoadTest, rows: Sequence[int]) -> tuple[float, float]:
    """Return the mean queue over some periods and the rise of the requests in flight, in wanderings; 0 if unknown."""
    span, requests, responses = (
        test.periods[n].to_numpy(float)[rows] for n in ("span", "requests", "responses")
    )
    typical = _means(test.times, list(test.periods.index))
    seconds, rate = span.sum(), requests.sum() / max(span.sum(), 1e-9)
    if len(rows) < 2 or not rate > 0 or np.isnan(typical[rows]).any():
        return 0.0, 0.0
    in_flight = np.concatenate([[0.0], test.in_flight.to_numpy(float)])[[rows[0], *(row + 1 for row in rows)]]
    moved = (np.diff(in_flight[1:]) ** 2).sum() / span[1:].sum()  # per second
    wandering = math.sqrt(max(_VARIABILITY * rate, moved) * seconds)
    present = (responses / span * typical[rows]).mean()  # Little's law
    occupied = rate * np.nanmin(typical)
    rise = in_flight.max() - max(in_flight[0], occupied)
    return float((present - occupied) / wandering), float(rise / wandering)


def _warm_up(means: np.ndarray) -> tuple[int, float]:
    """Return how many periods to cut by the marginal standard error rule, and how they differ from the rest."""
    from scipy.special import stdtr

    n = len(means)
    if n < _ENOUGH or not (np.isfinite(means).all() and (means > 0).all()):
        return 0, 0.0
    least = (_SCATTER * float(means.mean())) ** 2
    errors = [(float(means[d:].var()) + least) / (n - d) for d in range(n // 2 + 1)]
    cut = next(d for d, error in enumerate(errors) if error <= _NEARLY * min(errors))
    if not cut:
        return 0, 0.0
    first, rest = means[:cut].mean(), means[cut:]
    difference, scatter = first - rest.mean(), rest.std(ddof=1) * math.sqrt(1 / cut + 1 / len(rest))
    chance = 2 * stdtr(len(rest) - 1, -abs(difference) / max(scatter, 1e-12)) * (n // 2)
    change = float(difference / rest.mean())
    return (cut, change) if abs(change) > _CHANGE and chance < _DOUBT else (0, 0.0)


def _trend(means: np.ndarray) -> tuple[float, float]:
    """Return the relative change along a straight line through the logarithms, and the chance of one so steep."""
    from scipy.special import stdtr

    n = len(means)
    if n < _ENOUGH or not (np.isfinite(means).all() and (means > 0).all()):
        return math.nan, math.nan
    x, y = np.arange(n) - (n - 1) / 2, np.log(means)
    slope = float(x @ y / (x @ x))
    residuals = y - y.mean() - slope * x
    squares = float(residuals @ residuals)
    error = math.sqrt(_inflation(residuals) * squares / (n - 2) / (x @ x))
    doubt = 2 * float(stdtr(n - 2, -abs(slope) / error)) if error > 0 else float(slope == 0)
    return math.expm1(slope * (n - 1)), doubt


def _inflation(residuals: np.ndarray) -> float:
    """By how much autocorrelation raises the variance of a slope, (1 + r) / (1 - r); r less its bias of -2 / n."""
    n, squares = len(residuals), float(residuals @ residuals)
    r = float(residuals[1:] @ residuals[:-1]) / squares + 2 / n if squares > 0 else 0.0
    r = min(max(r, 0.0), 0.8)
    return (1 + r) / (1 - r)
