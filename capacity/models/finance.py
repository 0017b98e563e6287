"""Money over time and demand against capacity: cash flows, three-point guesses, shortfalls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.models import domain

_NORMAL = NormalDist()


def npv(rate_per_year: float, cash_flows_monthly: Sequence[float]) -> float:
    """Worth today of monthly cash flows, Σ flow_k / (1 + i)^k with 1 + i = (1 + rate)^(1/12) [$].

    Parameters
    ----------
    rate_per_year : float
        Effective yearly discount rate, above -1; 0.10 is ten percent. [fraction]
    cash_flows_monthly : sequence of float
        First flow now, each next one a month later; money spent is negative. [$]

    Raises
    ------
    DomainError
        If the rate is -1 or below, or a flow is not finite.

    References
    ----------
    .. [1] Brealey, Myers, Allen, Principles of Corporate Finance, 10th ed., McGraw-Hill, 2011, ch. 2.

    Examples
    --------
    >>> round(npv(0.10, [-5200] + [600] * 24), 2)
    7858.74
    """
    return _present_value(_monthly(rate_per_year), _flows(cash_flows_monthly))


def irr(cash_flows: Sequence[float]) -> float:
    """Rate per period at which the flows are worth nothing today: NPV = 0 [fraction per period].

    Raises
    ------
    NotIdentified
        Unless the flows change sign exactly once: otherwise there is no such rate, or several.

    Examples
    --------
    >>> round(irr([-5200] + [600] * 24), 5)
    0.10484
    """
    flows = _flows(cash_flows)
    signs = np.sign(flows[flows != 0])
    changes = int(np.count_nonzero(signs[1:] != signs[:-1]))
    if changes != 1:
        raise NotIdentified(
            f"the cash flows change sign {changes} times; an internal rate of return exists and is unique "
            "only with exactly one change; compare net present values instead"
        )
    return _rate_of_zero(flows * -signs[0])


def payback_months(cash_flows_monthly: Sequence[float], rate_per_year: float = 0.0) -> float:
    """Months until the flows so far have paid back what was spent, evenly within the month [months].

    Parameters
    ----------
    cash_flows_monthly : sequence of float
        First flow now, each next one a month later. [$]
    rate_per_year : float
        Discounts the flows; 0 gives the simple payback. [fraction]

    Returns
    -------
    float
        0 if nothing is ever owed, ``inf`` if the flows given never pay back.

    Examples
    --------
    >>> round(payback_months([-5200] + [600] * 24, rate_per_year=0.10), 4)
    9.0165
    """
    flows = _flows(cash_flows_monthly)
    balance = np.cumsum(flows * (1 + _monthly(rate_per_year)) ** -np.arange(flows.size))
    owing = np.flatnonzero(balance < 0)
    if owing.size == 0:
        return 0.0
    last = int(owing[-1])
    if last == flows.size - 1:
        return math.inf
    return last + float(balance[last] / (balance[last] - balance[last + 1]))


def break_even(cost: float, value_each: float) -> float:
    """How many times the benefit must occur to pay for the cost.

    Examples
    --------
    >>> round(break_even(cost=52 * 100, value_each=20_200), 4)
    0.2574
    """
    domain.not_negative(cost=cost)
    domain.positive(value_each=value_each)
    return cost / value_each


def pert_mean(low: float, likely: float, high: float) -> float:
    """Mean of a three-point guess, (low + 4 likely + high) / 6.

    Raises
    ------
    DomainError
        If the three are not in order.

    References
    ----------
    .. [1] Malcolm et al., Application of a Technique for Research and Development Program
       Evaluation, Operations Research 7(5), 1959.

    Examples
    --------
    >>> pert_mean(42, 52, 62)
    52.0
    """
    _check_order(low, likely, high)
    return (low + 4 * likely + high) / 6


def pert_sample(rng: np.random.Generator, low: float, likely: float, high: float, size: int) -> np.ndarray:
    """Draw from the beta distribution of a three-point guess, with the mean of `pert_mean`.

    Examples
    --------
    >>> draws = pert_sample(np.random.default_rng(1), 42, 52, 62, size=1000)
    >>> bool(draws.min() > 42), bool(draws.max() < 62)
    (True, True)
    """
    _check_order(low, likely, high)
    if low == high:
        return np.full(size, float(low))
    width = high - low
    return low + width * rng.beta(1 + 4 * (likely - low) / width, 1 + 4 * (high - likely) / width, size)


@dataclass(frozen=True)
class Lognormal:
    """A positive quantity known by its order of magnitude, such as the peak demand or the cost of an outage.

    Parameters
    ----------
    median : float
        Half of the cases lie below.
    sigma : float
        Standard deviation of the logarithm; 0.25 means roughly a quarter up or down. [fraction]

    Examples
    --------
    >>> peak = Lognormal(median=220, sigma=0.25)
    >>> round(peak.exceedance(300), 4), round(peak.expected_shortfall(300), 4)
    (0.1074, 4.3178)
    """

    median: float
    sigma: float

    def __post_init__(self) -> None:
        domain.positive(median=self.median, sigma=self.sigma)

    @classmethod
    def from_interval(cls, low: float, high: float, level: float = 0.9) -> Lognormal:
        """Build it from the interval that holds the share `level` of the cases, e.g. P5 to P95.

        Examples
        --------
        >>> round(Lognormal.from_interval(5_000, 50_000).mean, -2)
        20200.0
        """
        domain.positive(low=low, high=high)
        domain.fraction(level=level)
        if low >= high:
            raise DomainError(
                f"interval {low:g} to {high:g} is empty or reversed; give the smaller bound first"
            )
        return cls(math.sqrt(low * high), math.log(high / low) / (2 * _NORMAL.inv_cdf((1 + level) / 2)))

    @property
    def mean(self) -> float:
        """Mean, median exp(σ²/2); above the median."""
        return self.median * math.exp(self.sigma**2 / 2)

    def quantile(self, q: float) -> float:
        """Value not exceeded in the share q of the cases."""
        domain.fraction(quantile=q)
        return self.median * math.exp(self.sigma * _NORMAL.inv_cdf(q))

    def exceedance(self, capacity: float) -> float:
        """Probability of exceeding a capacity, P(D > C) [fraction]."""
        return _NORMAL.cdf(-self._score(capacity))

    def expected_shortfall(self, capacity: float) -> float:
        """Mean of what exceeds a capacity, counting nothing where it suffices: E[(D - C)+]."""
        score = self._score(capacity)
        return self.mean * _NORMAL.cdf(self.sigma - score) - capacity * _NORMAL.cdf(-score)

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw independent values."""
        return self.median * np.exp(self.sigma * rng.standard_normal(size))

    def _score(self, value: float) -> float:
        domain.positive(capacity=value)
        return math.log(value / self.median) / self.sigma


def newsvendor_capacity(demand: Lognormal, under_cost: float, over_cost: float) -> float:
    """Capacity that balances the cost of missing a unit of demand with that of an idle unit of capacity.

    The quantile under_cost / (under_cost + over_cost) of the demand.

    References
    ----------
    .. [1] Porteus, Foundations of Stochastic Inventory Theory, Stanford, 2002, sec. 1.2.

    Examples
    --------
    >>> round(newsvendor_capacity(Lognormal(220, 0.25), under_cost=9, over_cost=1), 1)
    303.1
    """
    domain.positive(under_cost=under_cost, over_cost=over_cost)
    return demand.quantile(under_cost / (under_cost + over_cost))


def implied_cost_ratio(demand: Lognormal, capacity: float) -> float:
    """Ratio of under- to over-capacity cost for which holding this capacity is right: P(D <= C) / P(D > C).

    Examples
    --------
    >>> round(implied_cost_ratio(Lognormal(220, 0.25), capacity=300), 2)
    8.31
    """
    missed = demand.exceedance(capacity)
    return (1 - missed) / missed if missed else math.inf


def _monthly(rate_per_year: float) -> float:
    if not (math.isfinite(rate_per_year) and rate_per_year > -1):
        raise DomainError(
            f"discount rate {rate_per_year:g} per year must be above -1; write ten percent as 0.10"
        )
    return math.expm1(math.log1p(rate_per_year) / 12)


def _flows(cash_flows: Sequence[float]) -> np.ndarray:
    flows = np.asarray(cash_flows, dtype=float)
    if flows.ndim != 1 or flows.size == 0 or not np.isfinite(flows).all():
        raise DomainError(f"cash flows {cash_flows!r} are not a list of finite amounts; give at least one")
    return flows


def _present_value(rate: float, flows: np.ndarray) -> float:
    return math.fsum(flows * (1 + rate) ** -np.arange(flows.size))


def _rate_of_zero(flows: np.ndarray) -> float:
    """Rate at which flows, spent first and earned later, are worth 0: their worth falls with the rate."""
    low, high = -0.5, 1.0
    while _present_value(low, flows) < 0:
        low = (low - 1) / 2
    while _present_value(high, flows) > 0:
        high *= 2
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if _present_value(middle, flows) > 0 else (low, middle)
    return high


def _check_order(low: float, likely: float, high: float) -> None:
    if not (math.isfinite(high - low) and low <= likely <= high):
        raise DomainError(f"guess {low:g}, {likely:g}, {high:g} is not in the order low <= likely <= high")
