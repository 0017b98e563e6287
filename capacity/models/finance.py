"""Money over time, and guesses of three points."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.models.bisection import crossing


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
    return crossing(lambda rate: _present_value(rate, flows) > 0, low, high)[1]


def _check_order(low: float, likely: float, high: float) -> None:
    if not (math.isfinite(high - low) and low <= likely <= high):
        raise DomainError(f"guess {low:g}, {likely:g}, {high:g} is not in the order low <= likely <= high")
