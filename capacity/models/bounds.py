"""How much a system of known service demands can do at best and at worst, before any queueing is solved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from capacity.errors import DomainError
from capacity.models import domain


def bottleneck_throughput(demands: Sequence[float], servers: Sequence[int] | None = None) -> float:
    """Throughput no load can exceed, that of the bottleneck station: min c / D [req/s].

    Parameters
    ----------
    demands : sequence of float
        Service demand of a request at each station. [s]
    servers : sequence of int, optional
        Servers of each station; one each by default.

    Raises
    ------
    DomainError
        If no demand is above zero, or the two lists differ in length.

    Examples
    --------
    >>> bottleneck_throughput([0.003, 0.022], servers=[1, 8])
    333.3333333333333
    """
    _check_demands(demands)
    servers = [1] * len(demands) if servers is None else servers
    if len(servers) != len(demands):
        raise DomainError(f"{len(demands)} demands but {len(servers)} server counts; give one per station")
    for count in servers:
        domain.count(servers=count)
    return min(count / demand for count, demand in zip(servers, demands, strict=True) if demand > 0)


@dataclass(frozen=True)
class Bounds:
    """What a closed group of users can reach at best and at worst.

    Parameters
    ----------
    population : int
        Users. [users]
    think_time : float
        Between a user's requests. [s]
    throughput_low, throughput_high : float
        [req/s]
    knee_population : float
        Users at which the light-load and the bottleneck bound meet, (ΣD + Z) / D_max. [users]
    """

    population: int
    think_time: float
    throughput_low: float
    throughput_high: float
    knee_population: float

    @property
    def response_time_low(self) -> float:
        """Response time at the upper throughput bound [s]."""
        return self.population / self.throughput_high - self.think_time

    @property
    def response_time_high(self) -> float:
        """Response time at the lower throughput bound [s]."""
        return self.population / self.throughput_low - self.think_time


def asymptotic_bounds(demands: Sequence[float], population: int, think_time: float = 0.0) -> Bounds:
    """Bounds from the demands alone, whatever the distributions.

    N / (Z + N ΣD) <= X <= min(1 / D_max, N / (Z + ΣD)). A measured throughput outside means wrong data or a
    bottleneck that moved.

    Parameters
    ----------
    demands : sequence of float
        Service demand at each single-server station. [s]
    population : int
        Users. [users]
    think_time : float
        [s]

    Raises
    ------
    DomainError
        If no demand is above zero, or the population is below one.

    References
    ----------
    .. [1] Lazowska et al., Quantitative System Performance, 1984, sec. 5.2, table 5.1.

    Examples
    --------
    >>> asymptotic_bounds([0.605, 2.1, 1.35], population=20, think_time=15).throughput_high
    0.47619047619047616
    """
    total, largest = _totals(demands, population, think_time)
    low = population / (think_time + population * total)
    high = min(1 / largest, population / (think_time + total))
    return Bounds(population, think_time, low, high, (total + think_time) / largest)


def balanced_bounds(demands: Sequence[float], population: int, think_time: float = 0.0) -> Bounds:
    """Tighter bounds for exponential (product-form) stations, by comparison with balanced systems.

    Parameters, Raises as in `asymptotic_bounds`.

    References
    ----------
    .. [1] Lazowska et al., Quantitative System Performance, 1984, sec. 5.4, table 5.2.

    Examples
    --------
    >>> round(balanced_bounds([0.1, 0.1, 0.09, 0.08], population=10).throughput_high, 4)
    8.316
    """
    total, largest = _totals(demands, population, think_time)
    others = population - 1
    slow = total + think_time + others * largest / (1 + think_time / (population * total))
    fast = total + think_time + others * (total / len(demands)) / (1 + think_time / total)
    high = min(1 / largest, population / fast)
    return Bounds(population, think_time, population / slow, high, (total + think_time) / largest)


def geometric_bounds(demands: Sequence[float], population: int, think_time: float = 0.0) -> Bounds:
    """Tightest of the simple bounds for product-form stations, from geometric queue-length bounds.

    Parameters, Raises as in `asymptotic_bounds`.

    References
    ----------
    .. [1] Casale, Muntz, Serazzi, Geometric Bounds, IEEE Trans. Computers 57(6), 2008,
       eq. 8 and 13, tables 4 and 5.

    Examples
    --------
    >>> round(geometric_bounds([0.1, 0.1, 0.09, 0.08], population=10, think_time=1).throughput_low, 4)
    5.7569
    """
    total, largest = _totals(demands, population, think_time)
    faster = [demand for demand in demands if demand < largest]
    others = population - 1
    full = think_time + total + largest * others
    fewest = math.fsum((largest - d) * _geometric_queue(d * others / full, others) for d in faster)
    outer = _proportional_throughput(demands, others, think_time)
    most = math.fsum((largest - d) * _geometric_queue(d * outer, others) for d in faster)
    low = _root_bound(full - fewest, think_time * largest * others, population)
    high = _root_bound(full - most, think_time * largest * population, population)
    return Bounds(population, think_time, low, min(high, 1 / largest), (total + think_time) / largest)


def _proportional_throughput(demands: Sequence[float], population: int, think_time: float) -> float:
    """Upper proportional bound of Hsieh and Lam (1987), the X+ behind the printed tables of [1]."""
    if population == 0:
        return 0.0
    total, largest = math.fsum(demands), max(demands)
    others = population - 1
    thinking = think_time * min(1 / largest, others / (total + think_time))
    queueing = math.fsum(d * d for d in demands) / total * (others - thinking)
    return min(1 / largest, population / (think_time + total + queueing))


def _geometric_queue(ratio: float, population: int) -> float:
    return (ratio - ratio ** (population + 1)) / (1 - ratio)


def _root_bound(linear: float, product: float, population: int) -> float:
    return 2 * population / (linear + math.sqrt(max(linear**2 - 4 * product, 0.0)))


def _totals(demands: Sequence[float], population: int, think_time: float) -> tuple[float, float]:
    _check_demands(demands)
    domain.count(population=population)
    domain.not_negative(think_time=think_time)
    return math.fsum(demands), max(demands)


def _check_demands(demands: Sequence[float]) -> None:
    for demand in demands:
        domain.not_negative(service_demand=demand)
    if not any(demands):
        raise DomainError("no station has a service demand; give at least one above 0 s")
