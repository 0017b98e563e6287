"""Quantiles of several periods together, with their interval, without averaging percentiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from capacity.errors import NotIdentified
from capacity.estimate import Estimate
from capacity.models.laws import quantile_ranks
from capacity.shown import Shown

_KNOTS = {
    "min": 0.0,
    "p50": 0.5,
    "p75": 0.75,
    "p90": 0.9,
    "p95": 0.95,
    "p99": 0.99,
    "p999": 0.999,
    "max": 1.0,
}
_SHARES = np.array(list(_KNOTS.values()))
_GRID = 1024  # points of the pooled law; period quantiles are added while they are fewer
_LOWER = 8  # pieces of the law below its lowest percentile
_MOST_CORRELATED = 0.8  # correlation of neighbouring periods; what few periods show beyond it is chance
_RESOLUTION = 1e-4  # shortest time told apart [s]; response times are exported in whole or tenth milliseconds
_ROUNDING = 1e-12  # of a share
_SKETCHED = 1.01  # relative accuracy of the sketches that summaries are made from
_WHOLE = 0.0005  # times are whole milliseconds before they are summarised [s]


@dataclass(frozen=True, eq=False)
class Mixture(Shown):
    """Distribution of the response times of several periods pooled.

    Where the export has the times themselves the law is exact. Where it has only a summary per period, each
    period's law is the line through its quantiles, on a logarithmic time axis above the median; a pooled quantile
    then lies between the smallest and the largest of the periods' own, as it must.

    Parameters
    ----------
    times : sequence of ndarray
        Per period increasing times. [s]
    shares : sequence of ndarray
        Per period the share of its answers at or below each time. [fraction]
    weights : ndarray
        Answers per period. [responses]
    exact : bool
        Whether `times` are the values themselves.

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> times = test.mixture(range(3))  # of the first three periods
    >>> round(times.mean, 3), round(times.quantile(0.95), 3)  # [s]
    (0.035, 0.123)
    """

    times: Sequence[np.ndarray]
    shares: Sequence[np.ndarray]
    weights: np.ndarray
    exact: bool

    @classmethod
    def of_values(cls, values: Sequence[np.ndarray], counts: Sequence[np.ndarray]) -> Mixture:
        """Pool measured response times. [s]"""
        kept = [
            (np.asarray(v, float), np.asarray(c, float))
            for v, c in zip(values, counts, strict=True)
            if len(v)
        ]
        return cls(
            [v for v, _ in kept],
            [np.cumsum(c) / c.sum() for _, c in kept],
            np.array([c.sum() for _, c in kept]),
            exact=True,
        )

    @classmethod
    def of_summaries(cls, summaries: pd.DataFrame) -> Mixture:
        """Pool summaries with the columns `count`, `min`, `p50` ... `max`; rows without a count are left out."""
        rows = summaries[(summaries["count"] > 0) & summaries["max"].notna() & summaries["min"].notna()]
        known = rows.reindex(columns=list(_KNOTS)).to_numpy(float)
        laws = [_law(times) for times in known]
        return cls([t for t, _ in laws], [s for _, s in laws], rows["count"].to_numpy(float), exact=False)

    @property
    def count(self) -> int:
        """Answers pooled. [responses]"""
        return int(self.weights.sum())

    @property
    def mean(self) -> float:
        """Mean response time; between two known quantiles times are spread evenly over the logarithm. [s]"""
        means = [
            self._mean_of_values(t, s) if self.exact else _mean_of_law(t, s)
            for t, s in zip(self.times, self.shares, strict=True)
        ]
        return float(np.average(means, weights=self.weights))

    def cdf(self, time: float) -> np.ndarray:
        """Share of each period's answers at or below `time` seconds. [fraction]"""
        return np.array([self._share(t, s, time) for t, s in zip(self.times, self.shares, strict=True)])

    def _off(self, time: float, q: float) -> np.ndarray:
        """By how much each period's share below a time differs from `q`; a share at the time itself counts as either.

        So does, in a summary, a share at one time so near that it may be the same written otherwise.
        """
        laws = list(zip(self.times, self.shares, strict=True))
        below, within = np.array([self._share_below(t, s, time) for t, s in laws]), self.cdf(time)
        for i, (times, shares) in enumerate(laws if not self.exact else ()):
            near = (_earlier(time) <= times[1:]) & (times[1:] <= _later(time)) & (times[1:] == times[:-1])
            if near.any():
                below[i] = min(below[i], shares[:-1][near].min())
                within[i] = max(within[i], shares[1:][near].max())
        return np.clip(q, below, np.maximum(within, below)) - q

    def quantile(self, q: float) -> float:
        """Time that a share `q` of all answers stays at or below. [s]

        Raises
        ------
        NotIdentified
            If there is no answer to take it from.
        """
        if not self.count:
            raise NotIdentified(f"no answers were timed, so there is no {100 * q:g}th percentile")
        if self.exact:
            return self._exact_quantile(q)
        grid, below, within = self._pooled
        at = min(int(np.searchsorted(within, q - _ROUNDING)), len(grid) - 1)
        if at == 0 or below[at] <= q + _ROUNDING:
            return float(grid[at])
        step = (q - within[at - 1]) / (below[at] - within[at - 1])
        return float(grid[at - 1] * (grid[at] / grid[at - 1]) ** step)

    def estimate(self, q: float, *, level: float = 0.9) -> Estimate:
        """Quantile with the order-statistic interval of its effective sample size [s].

        Answers of one period resemble each other more than answers of different periods, so the sample counts for
        less than its size: it is divided by the ratio of the variance seen between periods to the binomial one.
        An upper bound that the sample is too small for is open ("at least").

        References
        ----------
        .. [1] David and Nagaraja, Order Statistics, 3rd ed., Wiley, 2003, sec. 7.1.
        """
        value = self.quantile(q)
        size = max(int(self.count / self._design_effect(value, q, level)), 1)
        lower, upper = quantile_ranks(size, q, level)
        low = self.quantile(max(lower - 1, 0) / size) if lower else 0.0
        high = self.quantile(min(upper / size, 1.0)) if upper is not None else math.inf
        if not self.exact:
            low, high = max(_earlier(low), 0.0), _later(high)
        method = "order statistics of the response times" if self.exact else "pooled period summaries"
        return Estimate(
            value,
            min(low, value),
            max(high, value),
            unit="s",
            method=method,
            provenance="measured",
            level=level,
        )

    def resampled(self, q: float, size: int, rng: np.random.Generator) -> np.ndarray:
        """Quantile in `size` worlds, each of periods drawn anew with replacement, and of answers. [s]

        The share of answers below the quantile varies as that of the drawn periods does, enlarged for few and for
        autocorrelated periods as in `estimate`; where that is less than independent answers vary, as those do.

        References
        ----------
        .. [1] Davison and Hinkley, Bootstrap Methods and their Application, Cambridge, 1997, sec. 2.3, 8.2.
        """
        n, independent = len(self.weights), q * (1 - q) / self.count
        off = self._off(self.quantile(q), q) * self.weights
        drawn = off[rng.integers(0, n, (size, n))].sum(axis=1) / self.count
        if n > 1:
            drawn = (drawn - off.sum() / self.count) * math.sqrt(n / (n - 1) * autocorrelation(off)) * _few(n)
        short = max(independent - float(drawn.var()), 0.0)
        return self._at(q - drawn + math.sqrt(short) * rng.standard_normal(size))

    def _design_effect(self, time: float, q: float, level: float) -> float:
        """Variance of the share below a time against independent answers', with the doubt that few periods leave."""
        n = len(self.weights)
        if n < 2:
            return 1.0
        off = self._off(time, q) * np.sqrt(self.weights)
        spread = float(off @ off) / (q * (1 - q) * (n - 1))
        return max(1.0, spread * autocorrelation(off)) * _few(n, level) ** 2

    def _at(self, shares: np.ndarray) -> np.ndarray:
        """Times that some shares of all answers stay below, between known ones on a logarithmic axis. [s]"""
        if self.exact:
            return np.array([self._exact_quantile(min(max(share, 0.0), 1.0)) for share in shares])
        grid, _, within = self._pooled
        return np.exp(np.interp(shares, within, np.log(grid)))

    @cached_property
    def _pooled(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times, and the pooled shares below and at or below each: they differ where percentiles coincide."""
        knots = np.unique(np.maximum(np.concatenate(list(self.times)), _RESOLUTION))
        grid = np.geomspace(knots[0], knots[-1], _GRID) if len(knots) > 1 else knots
        grid = np.union1d(grid, knots) if len(knots) <= _GRID else grid
        at, below, within = np.log(grid), np.zeros(len(grid)), np.zeros(len(grid))
        for times, shares, weight in zip(self.times, self.shares, self.weights, strict=True):
            law = np.log(np.maximum(times, _RESOLUTION))
            within += weight * np.interp(at, law, shares, left=0.0)
            below += weight * np.interp(-at, -law[::-1], shares[::-1], right=0.0)
        return grid, below / self.weights.sum(), within / self.weights.sum()

    def _mean_of_values(self, times: np.ndarray, shares: np.ndarray) -> float:
        return float(times @ np.diff(shares, prepend=0.0))

    def _share(self, times: np.ndarray, shares: np.ndarray, time: float) -> float:
        if self.exact:
            at = int(np.searchsorted(times, time, side="right"))
            return float(shares[at - 1]) if at else 0.0
        return float(
            np.interp(math.log(max(time, _RESOLUTION)), np.log(np.maximum(times, _RESOLUTION)), shares)
        )

    def _share_below(self, times: np.ndarray, shares: np.ndarray, time: float) -> float:
        if self.exact:
            at = int(np.searchsorted(times, time, side="left"))
            return float(shares[at - 1]) if at else 0.0
        law = np.log(np.maximum(times, _RESOLUTION))
        return float(np.interp(-math.log(max(time, _RESOLUTION)), -law[::-1], shares[::-1], right=0.0))

    def _exact_quantile(self, q: float) -> float:
        times, reached = self._ordered
        at = int(np.searchsorted(reached, q * reached[-1] * (1 - 1e-12)))
        return float(times[min(at, len(times) - 1)])

    @cached_property
    def _ordered(self) -> tuple[np.ndarray, np.ndarray]:
        """All times in order, and how many answers stayed at or below each."""
        times = np.concatenate(list(self.times))
        counts = [np.diff(s, prepend=0.0) * w for s, w in zip(self.shares, self.weights, strict=True)]
        order = np.argsort(times, kind="stable")
        return times[order], np.cumsum(np.concatenate(counts)[order])


def _earlier(time: float) -> float:
    """Return the least time that may have been written as this one. [s]"""
    return min(time / _SKETCHED, time - _WHOLE)


def _later(time: float) -> float:
    """Return the greatest time that may have been written as this one. [s]"""
    return max(time * _SKETCHED, time + _WHOLE)


def _mean_of_law(times: np.ndarray, shares: np.ndarray) -> float:
    t = np.maximum(times, _RESOLUTION)
    ratio = np.log(t[1:] / t[:-1])
    piece = np.where(ratio > 1e-12, (t[1:] - t[:-1]) / np.where(ratio > 1e-12, ratio, 1.0), t[1:])
    return float(piece @ np.diff(shares))


def _law(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times and shares of the percentiles that a summary has; a sketch may put them slightly out of order.

    Below the median, where no percentile is known, times are spread evenly: towards a least time near zero the
    logarithm would put too many of them there.
    """
    there = ~np.isnan(known)
    times, shares = np.maximum.accumulate(known[there]), _SHARES[there]
    return (
        np.concatenate([np.linspace(times[0], times[1], _LOWER, endpoint=False), times[1:]]),
        np.concatenate([np.linspace(shares[0], shares[1], _LOWER, endpoint=False), shares[1:]]),
    )


def _few(n: int, level: float = 0.9) -> float:
    """By how much an interval from the scatter of `n` periods is wider than from a known one (Student's t)."""
    from scipy.special import ndtri, stdtrit

    return float(stdtrit(n - 1, (1 + level) / 2) / ndtri((1 + level) / 2))


def autocorrelation(series: np.ndarray) -> float:
    """By how much autocorrelation raises the variance of a mean, (1 + r) / (1 - r), r at lag 1 less its bias of -1 / n.

    The series is one of deviations from its mean, in time order.
    """
    squares = float(series @ series)
    r = float(series[1:] @ series[:-1]) / squares + 1 / len(series) if squares > 0 else 0.0
    r = min(max(r, 0.0), _MOST_CORRELATED)
    return (1 + r) / (1 - r)
