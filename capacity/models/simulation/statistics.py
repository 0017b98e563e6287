"""What a simulated path tells: where its warm-up ends, and intervals for its means and quantiles.

One value follows another of its kind, so their plain standard error is far too small. Intervals come from means of
long batches, with what correlation and skewness is left in them accounted for.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate, Provenance
from capacity.models import domain

FEWEST_BATCHES = 20
MOST_BATCHES = 640
SHORTEST = 100
"""Fewest values that are split into batches. [values]"""
UNCORRELATED = 0.5
"""Correlation of neighbouring batches, in its own standard errors, that counts as none."""
CORRELATED = 0.7
"""Correlation of the longest batches beyond which a run is too short for an interval."""


def warm_up(series: np.ndarray) -> int:
    """Find where the warm-up ends by MSER-5: the cut that makes the rest's mean most precise [values].

    A cut that follows the data also removes a late high that came by chance. In M/M/1 at utilization 0.9 and 100,000
    requests the mean of the rest is 1.2 % low (a fifth of its standard error); a cut fixed beforehand has no such bias.

    Raises
    ------
    NotIdentified
        If no cut in the first half is the best: the run never settled.

    References
    ----------
    .. [1] White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69(6), 1997.

    Examples
    --------
    >>> warm_up(np.concatenate([np.full(50, 9.0), np.tile([1.0, 2.0], 500)]))
    50
    """
    if series.size < SHORTEST:
        raise NotIdentified(f"{series.size} values show no warm-up; give at least {SHORTEST}")
    fives = series[: series.size // 5 * 5].reshape(-1, 5).mean(axis=1)
    fives = fives - fives.mean()
    left = np.arange(fives.size, 0, -1)
    total, squares = (np.cumsum(part[::-1])[::-1] for part in (fives, fives**2))
    half = fives.size // 2
    cut = int(np.argmin(((squares - total**2 / left) / left**2)[: half + 1]))
    if cut == half:
        raise NotIdentified(f"{series.size} values are still warming up at the half; run longer")
    return cut * 5


def check_run(requests: int, share: float | str) -> int:
    """Return the requests of a run as a whole number; refuse a warm-up that leaves fewer than two of them."""
    domain.count(requests=requests)
    if share != "auto" and not (isinstance(share, int | float) and 0 <= share < 1):
        raise DomainError(f"warm-up {share!r} is no share of the run; give 0 or more, below 1, or 'auto'")
    if requests - (0 if isinstance(share, str) else int(share * requests)) < 2:
        raise DomainError(
            f"{requests:g} requests, {share!r} of them warm-up, leave less than two to tell a rate from; run more"
        )
    return int(requests)


def skipped(series: np.ndarray, share: float | str) -> int:
    """Values of a run left out as warm-up: a share of all, or what MSER-5 finds for ``"auto"`` [values]."""
    return warm_up(series) if isinstance(share, str) else int(share * series.size)


@dataclass(frozen=True)
class Batches:
    """Means of batches so long that neighbours are as good as uncorrelated, by `Batches.of`.

    Parameters
    ----------
    means : ndarray
        One for each batch.
    """

    means: np.ndarray

    @classmethod
    def of(cls, series: np.ndarray) -> Batches:
        """Halve the number of batches until neighbours are uncorrelated.

        Raises
        ------
        NotIdentified
            If the series has under 100 values, or its longest batches still depend on each other.
        """
        if series.size < SHORTEST:
            raise NotIdentified(f"{series.size} values give no interval; run at least {SHORTEST}")
        number = MOST_BATCHES
        while number > series.size // 5:
            number //= 2
        found = cls(_means(series, number))
        while found.correlation * math.sqrt(number) >= UNCORRELATED and number // 2 >= FEWEST_BATCHES:
            number //= 2
            found = cls(found.means.reshape(number, 2).mean(axis=1))
        return found._checked(series.size)

    def _checked(self, values: int) -> Batches:
        if self.correlation > CORRELATED:
            raise NotIdentified(
                f"batches of {values // self.means.size} values still depend on each other (correlation "
                f"{self.correlation:.2f}): the run is too short for an interval; run at least 10 times as long"
            )
        return self

    @cached_property
    def correlation(self) -> float:
        """What correlation is left between neighbours [1]."""
        apart = self.means - self.means.mean()
        square = float(apart @ apart)
        return float(apart[1:] @ apart[:-1]) / square if square > 0 else 0.0

    @property
    def standard_error(self) -> float:
        """Standard error of the mean of all, with the correlation left between neighbours."""
        left = max(self.correlation, 0.0)
        return float(self.means.std(ddof=1)) * math.sqrt((1 + left) / (1 - left) / self.means.size)

    def reach(self, level: float) -> tuple[float, float]:
        """Distances from the mean down and up to the ends of its interval: Student's t, corrected for skewness.

        References
        ----------
        .. [1] Johnson, Modified t tests and confidence intervals for asymmetrical populations, JASA 73, 1978.
        .. [2] Tafazzoli, Wilson, Skart: a skewness- and autoregression-adjusted batch-means procedure for simulation
           analysis, IIE Transactions 43, 2011.
        """
        from scipy.special import stdtrit

        t = float(stdtrit(self.means.size - 1, (1 + level) / 2))
        error = self.standard_error
        return error * _unskewed(t, self._skew), -error * _unskewed(-t, self._skew)

    @property
    def _skew(self) -> float:
        apart = self.means - self.means.mean()
        square = float((apart**2).mean())
        return float((apart**3).mean()) / square**1.5 / (6 * math.sqrt(apart.size)) if square > 0 else 0.0


def _means(series: np.ndarray, number: int) -> np.ndarray:
    size = series.size // number
    return series[series.size - size * number :].reshape(number, size).mean(axis=1)


def _unskewed(t: float, skew: float) -> float:
    if abs(skew) < 1e-6:
        return t
    return (float(np.cbrt(1 + 6 * skew * (t - skew))) - 1) / (2 * skew)


def mean(
    series: np.ndarray, *, unit: str, level: float = 0.99, provenance: Provenance = "assumed"
) -> Estimate:
    """Long-run mean of a path without its warm-up, by batch means.

    Parameters
    ----------
    series : ndarray
        Values in the order they came.
    unit : str
        Their unit.
    level : float
        Confidence of the interval. [fraction]
    provenance : str
        Of the simulated model's least firm input.

    Examples
    --------
    >>> path = np.random.default_rng(1).exponential(2.0, 10_000)
    >>> print(mean(path, unit="s"))
    2 s (1.95 to 2.06)
    """
    domain.fraction(level=level)
    value, (down, up) = float(series.mean()), Batches.of(series).reach(level)
    return Estimate(value, value - down, value + up, unit, "batch means", provenance, level)


def quantile(
    series: np.ndarray, q: float, *, unit: str, level: float = 0.99, provenance: Provenance = "assumed"
) -> Estimate:
    """Quantile of a path: all values that the share below them, by batch means, does not rule out.

    Parameters, Raises as in `mean`; `q` is a fraction. Raises `NotIdentified` too where the interval would end
    beyond the largest value.

    Examples
    --------
    >>> path = np.random.default_rng(1).exponential(2.0, 10_000)
    >>> print(quantile(path, 0.95, unit="s"))
    5.95 s (5.7 to 6.23)
    """
    domain.fraction(quantile=q, level=level)
    ordered = np.sort(series)
    middle = min(int(q * series.size), series.size - 1)
    number = Batches.of((series <= ordered[middle]).astype(float)).means.size

    def beyond(place: int) -> tuple[bool, bool]:
        """Whether the share below a value is surely under, and surely over q."""
        found = Batches(_means(series <= ordered[place], number))
        share, (down, up) = float(found.means.mean()), found.reach(level)
        return share + up < q, share - down > q

    low = bisect_left(range(middle), True, key=lambda place: not beyond(place)[0])
    high = bisect_left(range(middle, series.size), True, key=lambda place: beyond(place)[1]) + middle
    unbounded_below = low == 0 and ordered[0] < ordered[1]
    if unbounded_below or high >= series.size - 1:
        raise NotIdentified(
            f"{series.size} values do not bound their {q:g} quantile at level {level:g}; run longer or ask a "
            "quantile further from the end"
        )
    value, least, most = (
        float(one) for one in (np.quantile(ordered, q), ordered[max(low - 1, 0)], ordered[high])
    )
    return Estimate(value, least, most, unit, "batch means of the share below", provenance, level)


def run_length(pilot: Estimate, values: int, precision: float) -> int:
    """Length of a run whose interval is at most `precision` times its value to either side [values].

    Parameters
    ----------
    pilot : Estimate
        From a run of `values` values.
    values : int
        [values]
    precision : float
        Half width over value. [fraction]

    Examples
    --------
    >>> pilot = Estimate(2.0, 1.8, 2.2, unit="s", method="batch means", provenance="assumed")
    >>> run_length(pilot, values=10_000, precision=0.01)
    1000000
    """
    domain.positive(precision=precision)
    domain.count(values=values)
    if pilot.value is None or not pilot.bounded or pilot.value == 0:
        raise DomainError(f"{pilot} has no relative width; give an estimate with a value other than 0")
    return math.ceil(values * (relative_width(pilot) / precision) ** 2 * (1 - 1e-9))


def relative_width(estimate: Estimate) -> float:
    """Longer side of an interval over its value; ``inf`` where the value is 0 and the interval is not [fraction]."""
    value = estimate.value or 0.0
    side = max(estimate.high - value, value - estimate.low)
    return side / abs(value) if value else (math.inf if side else 0.0)
