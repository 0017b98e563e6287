"""Money over time, and guesses of three points."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.models import domain
from capacity.models.bisection import crossing


def npv(rate_per_year: float, cash_flows_monthly: Sequence[float]) -> float:
    """Worth today of monthly cash flows, Σ flow_k / (1 + rate)^(k/12) [$].

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
    flows = _flows(cash_flows_monthly)
    return math.fsum(flows * discount_factors(rate_per_year, flows.size))


def discount_factors(rate_per_year: float, months: int) -> np.ndarray:
    """Worth today of one unit of money now and after each month, (1 + rate)^(-k/12) [1].

    Examples
    --------
    >>> discount_factors(0.21, 7)[[0, 6]].round(6).tolist()
    [1.0, 0.909091]
    """
    if not (math.isfinite(rate_per_year) and rate_per_year > -1):
        raise DomainError(
            f"discount rate {rate_per_year:g} per year must be above -1; write ten percent as 0.10"
        )
    return np.asarray((1 + rate_per_year) ** (-np.arange(months) / 12))


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
    places = np.flatnonzero(flows)
    changes = places[1:][np.sign(flows[places[1:]]) != np.sign(flows[places[:-1]])]
    if changes.size != 1:
        where = f" (in periods {', '.join(map(str, changes[:9]))})" if changes.size else ""
        raise NotIdentified(
            f"the cash flows change sign {changes.size} times{where}; an internal rate of return exists and is "
            "unique only with exactly one change; compare net present values instead"
        )
    return _rate_of_zero(flows * -np.sign(flows[places[0]]))


def mirr(cash_flows: Sequence[float], finance_rate: float, reinvest_rate: float) -> float:
    """Modified rate of return, (FV(earned) / PV(spent))^(1/n) - 1 over n periods [fraction per period].

    What is spent is financed at one rate, what is earned is put away at another until the end; unlike `irr` it
    is defined for any flows that both spend and earn.

    Parameters
    ----------
    cash_flows : sequence of float
        First flow now, each next one a period later; money spent is negative. [$]
    finance_rate, reinvest_rate : float
        Above -1. [fraction per period]

    Raises
    ------
    DomainError
        If a rate is -1 or below.
    NotIdentified
        If nothing is spent or nothing is earned.

    References
    ----------
    .. [1] Lin, The modified internal rate of return and investment criterion, The Engineering Economist 21(4),
       1976.

    Examples
    --------
    >>> round(mirr([-120_000, 39_000, 30_000, 21_000, 37_000, 46_000], 0.10, 0.12), 4)
    0.1261
    """
    flows = _flows(cash_flows)
    for name, rate in (("finance rate", finance_rate), ("reinvest rate", reinvest_rate)):
        if not (math.isfinite(rate) and rate > -1):
            raise DomainError(f"{name} {rate:g} per period must be above -1; write ten percent as 0.10")
    periods = np.arange(flows.size)
    spent = math.fsum(-np.minimum(flows, 0) * (1 + finance_rate) ** -periods.astype(float))
    earned = math.fsum(np.maximum(flows, 0) * (1 + reinvest_rate) ** (periods[-1] - periods))
    if not (spent > 0 and earned > 0):
        raise NotIdentified(
            f"the cash flows spend {spent:g} and earn {earned:g}; a modified rate of return needs some of both"
        )
    return math.expm1((math.log(earned) - math.log(spent)) / (flows.size - 1))


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
    balance = np.cumsum(flows * discount_factors(rate_per_year, flows.size))
    owing = np.flatnonzero(balance < 0)
    if owing.size == 0:
        return 0.0
    last = int(owing[-1])
    if last == flows.size - 1:
        return math.inf
    return last + float(balance[last] / (balance[last] - balance[last + 1]))


def pert_mean(low: float, likely: float, high: float) -> float:
    """Mean of a three-point guess, (low + 4 likely + high) / 6 [as the guess].

    Parameters
    ----------
    low, likely, high : float
        The guess, in this order. [any unit]

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
    """Draw from the beta distribution of a three-point guess, with the mean of `pert_mean` [as the guess].

    Parameters
    ----------
    rng : numpy.random.Generator
        Of the draws.
    low, likely, high : float
        The guess, in this order. [any unit]
    size : int
        Draws. [draws]

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


def _flows(cash_flows: Sequence[float]) -> np.ndarray:
    flows = np.asarray(cash_flows, dtype=float)
    if flows.ndim != 1 or flows.size == 0 or not np.isfinite(flows).all():
        raise DomainError(f"cash flows {cash_flows!r} are not a list of finite amounts; give at least one")
    return flows


def _rate_of_zero(flows: np.ndarray) -> float:
    """Rate at which flows, spent first and earned later, are worth 0: their worth falls with the rate."""
    flows = flows / np.abs(flows).max()
    periods = np.arange(flows.size)

    def earns(growth: float) -> bool:
        """Whether the flows are worth something at a rate given as its logarithm, ln(1 + rate)."""
        return math.fsum(flows * np.exp(-growth * periods)) > 0

    step = 1e-3 if earns(0.0) else -1e-3
    while earns(step) == (step > 0):
        step *= 2
    return math.expm1(crossing(earns, min(step, 0.0), max(step, 0.0))[1])


def pert_quantile(q: float | np.ndarray, low: float, likely: float, high: float) -> np.ndarray:
    """Value not exceeded in the share q of the draws of `pert_sample` [as the guess].

    Parameters
    ----------
    q : float or array
        Share of the draws. [fraction]
    low, likely, high : float
        The guess, in this order. [any unit]

    Examples
    --------
    >>> pert_quantile([0, 0.5, 1], 42, 52, 62).round(6).tolist()
    [42.0, 52.0, 62.0]
    """
    from scipy.special import betaincinv

    _check_order(low, likely, high)
    share = np.asarray(q, dtype=float)
    if not ((share >= 0) & (share <= 1)).all():
        raise DomainError(f"quantile {q!r} is not allowed; give shares from 0 to 1")
    if low == high:
        return np.full(share.shape, float(low))
    width = high - low
    return low + width * betaincinv(1 + 4 * (likely - low) / width, 1 + 4 * (high - likely) / width, share)


def pert_with_common_cause(
    rng: np.random.Generator, guesses: Sequence[Sequence[float]], size: int, correlation: float
) -> np.ndarray:
    """Draw several three-point guesses that err together, such as the hours of one team's work.

    A Gaussian copula with one common factor: guess i is the quantile Φ(√c Z₀ + √(1 - c) Zᵢ) of its own
    distribution, so each alone is as from `pert_sample`, and the share c of the variance of its normal score is
    common to all. Any two have the rank correlation (6/π) asin(c/2).

    Parameters
    ----------
    rng : numpy.random.Generator
        Of the draws.
    guesses : sequence of (low, likely, high)
        One for each quantity. [any unit]
    size : int
        Worlds drawn. [worlds]
    correlation : float
        Share of common cause c, 0 (independent) to 1 (all high or all low together). [fraction]

    Returns
    -------
    ndarray
        One row a guess, one column a world.

    References
    ----------
    .. [1] Vasicek, Probability of loss on loan portfolio, KMV, 1987 (one-factor Gaussian copula).
    .. [2] Kruskal, Ordinal measures of association, JASA 53, 1958, eq. 6.1 (rank correlation).

    Examples
    --------
    >>> hours = pert_with_common_cause(np.random.default_rng(1), [(5, 6, 7), (6, 8, 10)], 1000, correlation=1.0)
    >>> round(float(np.corrcoef(hours)[0, 1]), 6)
    1.0
    """
    from scipy.special import ndtr

    domain.within(0, 1, correlation=correlation)
    own = rng.standard_normal((len(guesses), size))
    score = math.sqrt(correlation) * rng.standard_normal(size) + math.sqrt(1 - correlation) * own
    draws = [pert_quantile(ndtr(row), *guess) for row, guess in zip(score, guesses, strict=True)]
    return np.array(draws).reshape(len(guesses), size)


def _check_order(low: float, likely: float, high: float) -> None:
    if not (math.isfinite(high - low) and low <= likely <= high):
        raise DomainError(f"guess {low:g}, {likely:g}, {high:g} is not in the order low <= likely <= high")
