"""Waiting and response times of M/G/1 for laws without phases, on a lattice fine enough to tell quantiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models.distributions import Distribution, Empirical, Gamma, Lognormal, Pareto

_TOLERANCE = 1e-5  # relative change of a survival, halving the step, that is accepted
_NOISE = 1e-12  # its absolute accuracy, that of sums of rounded transforms
_COARSE, _FINE = 2**11, 2**20  # fewest and most steps
_PLACES = (np.arange(1, 13) * math.sqrt(2)) % 1  # irregular: not where a measured time has its corner
LEAST_SURVIVAL = 1e-7  # down to which the relative error of a quantile is promised


@dataclass(frozen=True)
class LatticeTimes:
    """M/G/1 by rounding what is left of a service to steps of a lattice, which errs by the square of the step.

    Parameters
    ----------
    utilization : float
        [fraction]
    service : Distribution
        Gamma, lognormal, Pareto or empirical. [s]
    """

    utilization: float
    service: Distribution

    method = "M/G/1 on a refined lattice"
    error = _TOLERANCE

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        return float(self._lattice(t).waiting(np.array([t]))[0])

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        return float(self._lattice(t).response(np.array([t]))[0])

    def _lattice(self, t: float) -> _Lattice:
        octave = max(math.ceil(math.log2(t / self.service.mean)), 0) if t else 0
        if octave not in self._lattices:
            self._lattices[octave] = self._settled(self.service.mean * 2.0**octave, octave == 0)
        return self._lattices[octave]

    def _settled(self, horizon: float, from_zero: bool) -> _Lattice:
        """Refine the lattice until neither survival changes on the later half of the times it spans."""
        first = 0.0 if from_zero else 0.5
        times = horizon * (first + (1 - first) * _PLACES)
        steps, before = _COARSE, np.zeros(2 * times.size)
        while steps <= _FINE:
            lattice = _Lattice.of(self.utilization, self.service, horizon, steps)
            found = np.concatenate([lattice.waiting(times), lattice.response(times)])
            if (np.abs(found - before) <= _TOLERANCE * found + _NOISE).all():
                return lattice
            steps, before = 2 * steps, found
        raise DomainError(
            f"{_FINE} steps are too few for waits up to {horizon:g} s at utilization {self.utilization:g} with "
            f"{type(self.service).__name__} service of scv {self.service.scv:g}; simulate this station"
        )

    @cached_property
    def _lattices(self) -> dict[int, _Lattice]:
        return {}


@dataclass(frozen=True, eq=False)
class _Lattice:
    """Survival of the wait at 0 and half-way between the points of a lattice, and where the service time lies."""

    service: Distribution
    times: np.ndarray
    survival: np.ndarray
    points: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, utilization: float, service: Distribution, horizon: float, steps: int) -> _Lattice:
        step = horizon / steps
        points = np.arange(steps + 1) * step
        between = points + step / 2
        left = 1 - limited_mean(service, between) / service.mean
        if step < service.mean / 4:
            left[0] += step / (24 * service.mean)  # Euler and Maclaurin: now rounding keeps the mean
        passed = inverse_series(np.append(1.0, np.zeros(steps)) + utilization * np.diff(left, prepend=1.0))
        survival = utilization * _product(left, passed)
        if isinstance(service, Empirical):
            points, weights = np.asarray(service.values), np.asarray(service.weights)
        else:
            weights = -np.diff(longer(service, between), prepend=1.0)
        return cls(service, np.append(0.0, between), np.append(utilization, survival), points, weights)

    def waiting(self, times: np.ndarray) -> np.ndarray:
        """Share of requests that wait longer [fraction]."""
        return np.interp(times, self.times, self.survival)

    def response(self, times: np.ndarray) -> np.ndarray:
        """Share of requests that take longer in all [fraction]: those that wait, and the idle server's own."""
        busy, found = self.survival[0], np.empty(times.size)
        for place, time in enumerate(times):
            within = self.points <= time
            weights, waits = self.weights[within], self.waiting(time - self.points[within])
            found[place] = weights @ (waits - busy) + busy
        return found + (1 - busy) * longer(self.service, times)


def limited_mean(law: Distribution, times: np.ndarray) -> np.ndarray:
    """Mean of the law if no time were longer than each of some: E[min(S, t)] [s].

    Parameters
    ----------
    law : Distribution
        Gamma, lognormal, Pareto or empirical.
    times : ndarray
        [s]

    Examples
    --------
    >>> limited_mean(Empirical.of([1.0, 3.0]), np.array([0.5, 2.0, 9.0]))
    array([0.5, 1.5, 2. ])
    """
    from scipy.special import gammainc, ndtr

    if isinstance(law, Gamma):
        shape, scale = 1 / law.variation, law.mean * law.variation
        return law.mean * gammainc(shape + 1, times / scale) + times * longer(law, times)
    if isinstance(law, Lognormal):
        spread = math.sqrt(math.log1p(law.variation))
        return law.mean * ndtr(np.log(times / law.mean) / spread - spread / 2) + times * longer(law, times)
    if isinstance(law, Pareto):
        least = law.mean * (law.shape - 1) / law.shape
        return np.where(times <= least, times, law.mean - times * longer(law, times) / (law.shape - 1))
    if not isinstance(law, Empirical):
        raise DomainError(f"{type(law).__name__} is not a law M/G/1 is solved for; simulate this station")
    points, weights = _ordered(law)
    reached = np.cumsum(weights[::-1].cumsum()[::-1] * np.diff(points, prepend=0.0))
    return np.interp(times, np.append(0.0, points), np.append(0.0, reached))


def longer(law: Distribution, times: np.ndarray) -> np.ndarray:
    """Share of a gamma, lognormal, Pareto or empirical law above each of some times [fraction]."""
    from scipy.special import gammaincc, ndtr

    if isinstance(law, Gamma):
        return gammaincc(1 / law.variation, times / (law.mean * law.variation))
    if isinstance(law, Lognormal):
        spread = math.sqrt(math.log1p(law.variation))
        with np.errstate(divide="ignore"):
            return ndtr(-np.log(times / law.mean) / spread - spread / 2)
    if isinstance(law, Pareto):
        least = law.mean * (law.shape - 1) / law.shape
        return (least / np.maximum(times, least)) ** law.shape
    if not isinstance(law, Empirical):
        raise DomainError(f"{type(law).__name__} is not a law M/G/1 is solved for; simulate this station")
    points, weights = _ordered(law)
    return np.append(weights[::-1].cumsum()[::-1], 0.0)[np.searchsorted(points, times, side="right")]


def inverse_series(series: np.ndarray) -> np.ndarray:
    """Coefficients of 1 / series, as many as there are, by Newton's iteration.

    Examples
    --------
    >>> inverse_series(np.array([1.0, -0.5, 0.0])).round(9)
    array([1.  , 0.5 , 0.25])
    """
    found = np.array([1 / series[0]])
    while found.size < series.size:
        size = min(2 * found.size, series.size)
        known = np.pad(found, (0, size - found.size))
        excess = _product(series[:size], known)
        excess[0] -= 2.0
        found = -_product(known, excess)
    return found


def _product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Coefficients of the product of two series of one length, cut to it."""
    size = 2 ** math.ceil(math.log2(2 * first.size))
    return np.fft.irfft(np.fft.rfft(first, size) * np.fft.rfft(second, size), size)[: first.size]


def _ordered(law: Empirical) -> tuple[np.ndarray, np.ndarray]:
    points, weights = np.asarray(law.values), np.asarray(law.weights)
    order = np.argsort(points)
    return points[order], weights[order]
