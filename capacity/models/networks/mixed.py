"""Networks that open classes pass through while closed ones circulate, and open classes alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from capacity.errors import DomainError, Unstable
from capacity.models import domain
from capacity.models.networks.closed import ClosedNetwork, ClosedSolution
from capacity.models.networks.exact import slowdown, solve
from capacity.models.networks.stations import Servers, check_servers
from capacity.shown import Shown


@dataclass(frozen=True, eq=False)
class OpenSolution(Shown):
    """What the open classes get, and how busy all classes together keep the stations.

    Parameters
    ----------
    residence_time : ndarray
        Time a request spends at each station in all its visits, by open class and station. [s]
    concurrency : ndarray
        Requests present, by open class and station. [requests]
    utilization : tuple of float or None
        By all classes together; as in `ClosedSolution`. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> found = cap.networks.solve_open_classes([20.0, 10.0], [[0.010], [0.020]])  # [req/s], [s]
    >>> found.utilization, found.response_time.round(3)  # [fraction], [s]
    ((0.4,), array([0.017, 0.033]))
    """

    residence_time: np.ndarray
    concurrency: np.ndarray
    utilization: tuple[float | None, ...]

    method = "exact, product form (BCMP)"
    error = 0.0

    @property
    def response_time(self) -> np.ndarray:
        """Time from arrival to answer of each open class [s]."""
        return self.residence_time.sum(axis=1)


@dataclass(frozen=True, eq=False)
class MixedSolution(OpenSolution):
    """The answers of `OpenSolution`, and those of the closed classes.

    Parameters
    ----------
    closed : ClosedSolution
        Of the closed classes; its utilization is by them alone.

    Examples
    --------
    >>> import capacity as cap
    >>> users = cap.networks.ClosedNetwork.single([0.010, 0.030], population=20, think_time=1.0)
    >>> shop = cap.networks.MixedNetwork([10.0], [[0.005, 0.010]], users)  # [req/s], [s]
    >>> found = shop.solve()
    >>> float(found.response_time[0].round(3)), float(found.closed.throughput[0].round(1))  # [s], [req/s]
    (0.033, 18.4)
    """

    closed: ClosedSolution


@dataclass(frozen=True)
class MixedNetwork(Shown):
    """Open classes with Poisson arrivals and closed classes at the same product-form stations.

    Parameters
    ----------
    arrival_rates : sequence of float
        Of each open class. [req/s]
    demands : sequence of sequence of float
        Service demand of a request, by open class and station. [s]
    closed : ClosedNetwork
        The closed classes, and the stations.

    Raises
    ------
    Unstable
        If the open classes alone saturate a station, which is named.
    DomainError
        If a value is out of its range or the lists differ in length.

    Examples
    --------
    >>> closed = ClosedNetwork([[0.5, 1], [1, 4 / 3]], population=[1, 1])
    >>> mixed = MixedNetwork([1, 0.5], [[0.25, 1 / 6], [0.5, 1]], closed)
    >>> mixed.solve().closed.concurrency[0].round(4)
    array([0.2105, 0.7895])
    """

    arrival_rates: Sequence[float]
    demands: Sequence[Sequence[float]]
    closed: ClosedNetwork

    def __post_init__(self) -> None:
        if not isinstance(self.closed, ClosedNetwork):
            raise DomainError(f"closed is {self.closed!r}; give a ClosedNetwork")
        _check_demands(self.arrival_rates, self.demands, self.closed.stations)

    def solve(self) -> MixedSolution:
        """Solve exactly: the closed classes at the stations as the open ones leave them, then the open classes."""
        rates = np.array(self.arrival_rates, dtype=float)
        demands = np.array(self.demands, dtype=float).reshape(rates.size, self.closed.stations)
        slowed = self._slowed(rates @ demands)
        closed = replace(solve(slowed), network=self.closed)
        residence = demands * slowdown(slowed)
        work = _per_server(rates @ demands, self.closed.servers)
        busy = tuple(
            None if part is None else part + opened
            for part, opened in zip(closed.utilization, work, strict=True)
        )
        return MixedSolution(residence, rates[:, np.newaxis] * residence, busy, closed)

    def _slowed(self, work: np.ndarray) -> ClosedNetwork:
        """Return the closed network at stations that are slower by the work of the open classes [erlangs]."""
        arriving = math.fsum(self.arrival_rates)
        rates = [
            given if given is not None else _rates_of(count)
            for given, count in zip(self.closed.rate_multipliers, self.closed.servers, strict=True)
        ]
        multipliers = _all_slowed(rates, work, arriving)
        servers: list[Servers] = ["delay" if slowed is None else 1 for slowed in multipliers]
        return replace(self.closed, servers=servers, rate_multipliers=multipliers)


def solve_open_classes(
    arrival_rates: Sequence[float], demands: Sequence[Sequence[float]], servers: Sequence[Servers] = ()
) -> OpenSolution:
    """Answers of several open classes at the same stations: R = D / (1 - ρ) at single servers, as in M/M/c at others.

    Parameters
    ----------
    arrival_rates : sequence of float
        Of each class. [req/s]
    demands : sequence of sequence of float
        Service demand of a request, by class and station. [s]
    servers : sequence of int or "delay", optional
        Of each station; one each by default. [servers]

    Raises
    ------
    Unstable
        If a station is saturated; the message names it.

    References
    ----------
    .. [1] Baskett, Chandy, Muntz and Palacios, Open, closed, and mixed networks of queues with different classes of
       customers, J. ACM 22(2), 1975.

    Examples
    --------
    >>> solve_open_classes([1.0, 0.5], [[0.25, 0.2], [0.5, 1.0]]).response_time.round(3)
    array([1.167, 4.333])
    """
    _check_demands(arrival_rates, demands, len(demands[0]) if demands else 0)
    rates, each = np.array(arrival_rates, dtype=float), np.array(demands, dtype=float)
    counts = check_servers(servers, each.shape[1])
    slowed = _all_slowed([_rates_of(count) for count in counts], rates @ each, float(rates.sum()))
    residence = each * np.array([1.0 if one is None else 1 / one[0] for one in slowed])
    return OpenSolution(residence, rates[:, np.newaxis] * residence, _per_server(rates @ each, counts))


def _check_demands(arrival_rates: Sequence[float], demands: Sequence[Sequence[float]], stations: int) -> None:
    domain.listed(arrival_rates=arrival_rates, demands=demands)
    for row in demands:
        domain.listed(demands_of_a_class=row)
    if len(demands) != len(arrival_rates) or any(len(row) != stations for row in demands):
        raise DomainError(
            f"{len(arrival_rates)} arrival rates and demands of {[len(row) for row in demands]} stations; "
            f"give one row per open class with {stations} stations each"
        )
    for rate, row in zip(arrival_rates, demands, strict=True):
        domain.not_negative(arrival_rate=rate)
        for demand in row:
            domain.not_negative(service_demand=demand)


def _per_server(work: np.ndarray, servers: Sequence[Servers]) -> tuple[float, ...]:
    return tuple(
        float(busy) / (1 if isinstance(count, str) else count)
        for busy, count in zip(work, servers, strict=True)
    )


def _rates_of(count: Servers) -> tuple[float, ...] | None:
    return None if isinstance(count, str) else tuple(float(busy) for busy in range(1, count + 1))


def _all_slowed(
    rates: Sequence[Sequence[float] | None], work: np.ndarray, arriving: float
) -> list[tuple[float, ...] | None]:
    """Rates left to closed classes at each station, None at a delay; refuse a station the open ones saturate."""
    slowed: list[tuple[float, ...] | None] = []
    for station, (given, busy) in enumerate(zip(rates, work, strict=True)):
        if given is not None and busy >= given[-1]:
            servers = len(given)
            raise Unstable(arriving, arriving * given[-1] / busy / servers, servers, f"station {station + 1}")
        slowed.append(None if given is None else slowed_rates(given, float(busy)))
    return slowed


def slowed_rates(rates: Sequence[float], work: float) -> tuple[float, ...]:
    """How many times as fast a station serves closed classes with 1, 2, ... of their requests present.

    With j of them there are m open requests too with weight C(j + m, m) u^m φ(j + m), φ(n) = 1 / (α(1) ... α(n)); so
    the rate is φ*(j - 1) / φ*(j), φ*(j) the sum over m. Behind the last of `rates`, α - u. All terms are positive.

    Parameters
    ----------
    rates : sequence of float
        How many times as fast it is with 1, 2, ... of any class present; the last holds for more.
    work : float
        Service demand that arrives with the open classes, u, below the last rate. [erlangs]

    References
    ----------
    .. [1] Bruell, Balbo and Afshari, Mean value analysis of mixed, multiple class BCMP networks with load dependent
       service stations, Performance Evaluation 4, 1984.

    Examples
    --------
    >>> slowed_rates([1.0], work=0.4)
    (0.6,)
    >>> [round(rate, 4) for rate in slowed_rates([1.0, 2.0], work=0.5)]
    [0.9375, 1.5]
    """
    if not work:
        return tuple(rates)
    if len(rates) == 1:
        return (rates[0] - work,)
    from scipy.special import gammaln, logsumexp

    last, rate = len(rates) - 1, rates[-1]
    free = math.log1p(-work / rate)
    weights = np.concatenate([[0.0], -np.cumsum(np.log(rates[:-1]))])
    sums = np.empty(last + 2)
    for present in range(last + 1):
        few = np.arange(present, last)  # of both kinds together, before the rate is constant
        below = _log_choose(few, present) + (few - present) * math.log(work) + weights[few]
        spare = last - present
        steps = np.arange(present + 1) if spare else np.array([0])
        ways = gammaln(steps + max(spare, 1)) - gammaln(max(spare, 1)) - gammaln(steps + 1)
        above = weights[last] + spare * math.log(work) + logsumexp(ways - (present - steps + 1) * free)
        sums[present] = logsumexp(np.append(below, above))
    sums[-1] = sums[last] - math.log(rate) - free
    return tuple(float(step) for step in np.exp(sums[:-1] - sums[1:]))


def _log_choose(n: np.ndarray, k: int) -> np.ndarray:
    from scipy.special import gammaln

    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
