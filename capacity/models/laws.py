"""Laws that hold whatever the distributions: Little, utilization, demand; and what a sample proves."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from capacity.errors import DomainError
from capacity.models import domain
from capacity.shown import Shown

__all__ = [
    "QuantileRanks",
    "concurrency",
    "quantile_ranks",
    "ranks_coverage",
    "requests_needed",
    "response_time",
    "service_demand",
    "share_interval",
    "throughput",
    "utilization",
]


def concurrency(throughput: float, response_time: float, think_time: float = 0.0) -> float:
    """Mean number of requests (or users) present, by Little's law: N = X (R + Z) [requests].

    Parameters
    ----------
    throughput : float
        Completed requests. [req/s]
    response_time, think_time : float
        Mean time in the system, and between a user's requests. [s]

    Raises
    ------
    DomainError
        If a quantity is negative or not finite.

    References
    ----------
    .. [1] Lazowska et al., Quantitative System Performance, Prentice Hall, 1984, ch. 3.

    Examples
    --------
    >>> concurrency(throughput=0.5, response_time=25.0)
    12.5
    """
    domain.not_negative(throughput=throughput, response_time=response_time, think_time=think_time)
    return throughput * (response_time + think_time)


def response_time(concurrency: float, throughput: float, think_time: float = 0.0) -> float:
    """Mean time in the system that goes with a throughput: R = N / X - Z [s].

    Raises
    ------
    DomainError
        If the throughput is not above zero, or so large that the response time would be negative.

    Examples
    --------
    >>> response_time(concurrency=12.5, throughput=0.5)
    25.0
    """
    domain.not_negative(concurrency=concurrency, think_time=think_time)
    domain.positive(throughput=throughput)
    result = concurrency / throughput - think_time
    if result < 0:
        raise DomainError(
            f"{concurrency:g} users thinking {think_time:g} s cannot make {throughput:g} req/s "
            f"(at most {concurrency / think_time:g}); check the users, the think time or the throughput"
        )
    return result


def throughput(concurrency: float, response_time: float, think_time: float = 0.0) -> float:
    """Throughput of a closed group of users: X = N / (R + Z) [req/s].

    Raises
    ------
    DomainError
        If a quantity is negative, or response and think time are both zero.

    Examples
    --------
    >>> throughput(concurrency=12.5, response_time=25.0)
    0.5
    """
    domain.not_negative(concurrency=concurrency, response_time=response_time, think_time=think_time)
    domain.positive(response_and_think_time=response_time + think_time)
    return concurrency / (response_time + think_time)


def utilization(throughput: float, service_demand: float, servers: int = 1) -> float:
    """Busy share of each server: the utilization law, ρ = X D / c [fraction].

    Raises
    ------
    DomainError
        If the result exceeds 1: the servers cannot be busier than always.

    Examples
    --------
    >>> utilization(throughput=0.5, service_demand=0.3)
    0.15
    """
    domain.not_negative(throughput=throughput, service_demand=service_demand)
    domain.count(servers=servers)
    result = throughput * service_demand / servers
    if result > 1:
        raise DomainError(
            f"{throughput:g} req/s of {service_demand:g} s each need {result * servers:g} servers, "
            f"{servers} are there; lower the throughput to {servers / service_demand:g} req/s"
        )
    return result


def service_demand(utilization: float, throughput: float, servers: int = 1) -> float:
    """Server time each request takes, from a busy share and a throughput: D = ρ c / X [s].

    Raises
    ------
    DomainError
        If the utilization is outside 0..1 or the throughput not above zero.

    Examples
    --------
    >>> service_demand(utilization=0.15, throughput=0.5)
    0.3
    """
    domain.not_negative(utilization=utilization)
    domain.count(servers=servers)
    domain.positive(throughput=throughput)
    if utilization > 1:
        raise DomainError(f"utilization {utilization:g} is above 1; give it as a fraction, per server")
    return utilization * servers / throughput


class _Ranks(NamedTuple):
    lower: int | None
    upper: int | None


class QuantileRanks(Shown, _Ranks):
    """Order statistics that enclose a quantile; None on a side the sample is too small to bound.

    Parameters
    ----------
    lower, upper : int or None
        Places in the sorted sample, that of the least value being 1. [1]

    Examples
    --------
    >>> print(quantile_ranks(1000, 0.95))
    QuantileRanks: lower 938, upper 962
    """

    __slots__ = ()


def quantile_ranks(n: int, q: float, level: float = 0.9) -> QuantileRanks:
    """Which of the n sorted values enclose the q-quantile, whatever the distribution.

    The number of values below the quantile is binomial (n, q); each tail holds at most (1 - level) / 2.

    Parameters
    ----------
    n : int
        Independent values; for autocorrelated response times, their effective number. [values]
    q, level : float
        Quantile, and confidence of the interval. [fraction]

    Raises
    ------
    DomainError
        If n is below one, or q or level are not inside 0..1.

    References
    ----------
    .. [1] Conover, Practical Nonparametric Statistics, 3rd ed., Wiley, 1999, sec. 3.2.

    Examples
    --------
    >>> quantile_ranks(10_000, 0.999, level=0.95)
    QuantileRanks(lower=9983, upper=9997)
    >>> quantile_ranks(59, 0.95, level=0.95).upper is None
    True
    """
    from scipy.special import bdtr, bdtrc

    domain.count(n=n)
    domain.fraction(quantile=q, level=level)
    tail = (1 - level) / 2
    lower = bisect_right(range(n), tail, key=lambda rank: bdtr(rank, n, q))
    above = bisect_left(range(n), -tail, key=lambda rank: -bdtrc(rank, n, q))
    return QuantileRanks(lower or None, above + 1 if above < n else None)


def ranks_coverage(n: int, q: float, ranks: QuantileRanks) -> float:
    """Probability that the ranks really enclose the quantile: P(lower <= Binomial(n, q) < upper) [fraction].

    Examples
    --------
    >>> round(ranks_coverage(10_000, 0.999, QuantileRanks(9983, 9997)), 4)
    0.9755
    """
    from scipy.special import bdtr

    below = 0.0 if ranks.lower is None else float(bdtr(ranks.lower - 1, n, q))
    within = 1.0 if ranks.upper is None else float(bdtr(ranks.upper - 1, n, q))
    return within - below


def share_interval(count: float, of: float, level: float = 0.9) -> tuple[float, float]:
    """Return the interval of a share that was seen `count` times in `of` (Clopper and Pearson).

    Parameters
    ----------
    count : float
        Times it was seen, e.g. failed requests. [requests]
    of : float
        Times it could have been seen. [requests]
    level : float
        Confidence of the interval. [fraction]

    References
    ----------
    .. [1] Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 26, 1934.

    Examples
    --------
    >>> low, high = share_interval(0, 58)
    >>> low, round(high, 3)
    (0.0, 0.05)
    """
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(count, of - count + 1, tail)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, of - count, 1 - tail)) if count < of else 1.0
    return low, high


def requests_needed(share: float, level: float = 0.95) -> int:
    """Requests without a failure that show at least this share to succeed: the rule of three, exactly [requests].

    Parameters
    ----------
    share : float
        Success that is to be shown, e.g. 0.999. [fraction]
    level : float
        Confidence. [fraction]

    References
    ----------
    .. [1] Hanley and Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249, 1983.

    Examples
    --------
    >>> requests_needed(0.999, level=0.95)
    2995
    """
    domain.fraction(share=share, level=level)
    return math.ceil(math.log1p(-level) / math.log(share) * (1 - 1e-12))


def __dir__() -> list[str]:
    return __all__
