"""How much to hold against a demand that is known only by its order of magnitude."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from capacity.errors import DomainError
from capacity.models import domain
from capacity.shown import Shown

_NORMAL = NormalDist()
_WIDEST = 10.0  # standard deviation of a logarithm: a factor of 22,000 up or down [1]


@dataclass(frozen=True)
class LognormalDemand(Shown):
    """A demand whose logarithm is normal, such as the peak of next year.

    Parameters
    ----------
    median : float
        Half of the cases lie below. [req/s]
    sigma : float
        Standard deviation of the logarithm; 0.25 means roughly a quarter up or down. [1]

    Examples
    --------
    >>> peak = LognormalDemand(median=220, sigma=0.25)
    >>> round(peak.exceedance(300), 4), round(peak.expected_shortfall(300), 4)
    (0.1074, 4.3178)
    """

    median: float
    sigma: float

    def __post_init__(self) -> None:
        domain.positive(median=self.median, sigma=self.sigma)
        if self.sigma > _WIDEST:
            raise DomainError(
                f"sigma {self.sigma:g} spreads the demand over more than ten orders of magnitude; it is the standard "
                f"deviation of the logarithm, give at most {_WIDEST:g}"
            )

    @classmethod
    def between(cls, low: float, high: float, level: float = 0.9) -> LognormalDemand:
        """Build it from the interval that holds the share `level` [fraction] of the cases, e.g. P5 to P95 [req/s].

        Examples
        --------
        >>> round(LognormalDemand.between(5_000, 50_000).mean, -2)
        20200.0
        """
        domain.positive(low=low, high=high)
        domain.fraction(level=level)
        if not 1e-9 < level < 1 - 1e-9:
            raise DomainError(f"level {level:g} is too near 0 or 1 for an interval; 0.9 means P5 to P95")
        if low >= high:
            raise DomainError(
                f"interval {low:g} to {high:g} is empty or reversed; give the smaller bound first"
            )
        return cls(math.sqrt(low * high), math.log(high / low) / (2 * _NORMAL.inv_cdf((1 + level) / 2)))

    @property
    def mean(self) -> float:
        """Mean, median exp(σ² / 2) [req/s]."""
        return self.median * math.exp(self.sigma**2 / 2)

    def quantile(self, q: float) -> float:
        """Demand not exceeded in the share q of the cases [req/s]."""
        domain.fraction(quantile=q)
        return self.median * math.exp(self.sigma * _NORMAL.inv_cdf(q))

    def exceedance(self, capacity: float) -> float:
        """Chance of exceeding a capacity, P(D > C) [fraction]."""
        return _above(self._score(capacity))

    def expected_shortfall(self, capacity: float) -> float:
        """Mean of what exceeds a capacity, nothing where it suffices, E[(D - C)+] [req/s]."""
        score = self._score(capacity)
        return max(0.0, self.mean * _above(score - self.sigma) - capacity * _above(score))

    def capacity_for(self, under_cost: float, over_cost: float) -> float:
        """Capacity that balances missed and idle units by their costs, the quantile under / (under + over) [req/s].

        References
        ----------
        .. [1] Porteus, Foundations of Stochastic Inventory Theory, Stanford, 2002, sec. 1.2.

        Examples
        --------
        >>> round(LognormalDemand(220, 0.25).capacity_for(under_cost=9, over_cost=1), 1)
        303.1
        """
        domain.positive(under_cost=under_cost, over_cost=over_cost)
        return self.quantile(under_cost / (under_cost + over_cost))

    def _score(self, capacity: float) -> float:
        domain.positive(capacity=capacity)
        return math.log(capacity / self.median) / self.sigma


def _above(score: float) -> float:
    """Chance that a standard normal number exceeds a score, far out as well [fraction]."""
    return math.erfc(score / math.sqrt(2)) / 2


def implied_ratio(missed: float) -> float:
    """How many idle req/s a missed one is worth to whoever falls short with this chance, the odds of enough [1].

    Parameters
    ----------
    missed : float
        Chance that the demand exceeds what is held; ``inf`` is the answer at 0. [fraction]

    Examples
    --------
    >>> round(implied_ratio(LognormalDemand(220, 0.25).exceedance(300)), 2)
    8.31
    """
    if not 0 <= missed <= 1:
        raise DomainError(f"chance {missed:g} is not allowed; give 0 to 1")
    return (1 - missed) / missed if missed > 0 else math.inf
