"""What to refuse when not everything can be served, and what is served in time then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.stations.bounded import MMcK
from capacity.shown import Shown


@dataclass(frozen=True)
class Tier(Shown):
    """Requests of one importance.

    Parameters
    ----------
    name : str
        Such as "paid".
    arrival_rate : float
        Offered. [req/s]
    value : float
        Of a request served. [money]

    Examples
    --------
    >>> import capacity as cap
    >>> print(cap.overload.Tier("paid", arrival_rate=120, value=0.05))
    Tier: name paid, arrival rate 120 req/s, value 0.05
    """

    name: str
    arrival_rate: float
    value: float

    def __post_init__(self) -> None:
        domain.not_negative(arrival_rate=self.arrival_rate, value=self.value)


@dataclass(frozen=True)
class Admission(Shown):
    """What is let in of each tier, and what it is worth.

    Parameters
    ----------
    tiers : tuple of Tier
    admitted : tuple of float
        Of each. [req/s]

    Examples
    --------
    >>> import capacity as cap
    >>> tiers = [cap.overload.Tier("paid", 120, 0.05), cap.overload.Tier("free", 280, 0.001)]
    >>> let_in = cap.overload.admit_by_tier(tiers, capacity=300)
    >>> let_in.admitted, let_in.throughput, round(let_in.value, 2)  # [req/s], [req/s], [money/s]
    ((120, 180), 300, 6.18)
    """

    tiers: tuple[Tier, ...]
    admitted: tuple[float, ...]

    @property
    def throughput(self) -> float:
        """Let in, all tiers [req/s]."""
        return sum(self.admitted)

    @property
    def value(self) -> float:
        """Worth of what is let in [money/s]."""
        return sum(tier.value * rate for tier, rate in zip(self.tiers, self.admitted, strict=True))


def admit_by_tier(tiers: Sequence[Tier], capacity: float) -> Admission:
    """Fill the capacity tier by tier, in the order given.

    Parameters
    ----------
    tiers : sequence of Tier
        The most important first.
    capacity : float
        Safe to serve. [req/s]

    Raises
    ------
    DomainError
        If there is no tier or the capacity is negative.

    References
    ----------
    .. [1] Beyer et al., Site Reliability Engineering, O'Reilly, 2016, ch. 21 (criticality).

    Examples
    --------
    >>> spike = [Tier("paid", 100, 0.02), Tier("free", 250, 0.001), Tier("bots", 150, 0)]
    >>> round(admit_by_tier(spike, 250).value, 3), round(admit_alike(spike, 250).value, 3)
    (2.15, 1.125)
    """
    _check(tiers, capacity)
    left, admitted = capacity, []
    for tier in tiers:
        admitted.append(min(tier.arrival_rate, left))
        left -= admitted[-1]
    return Admission(tuple(tiers), tuple(admitted))


def admit_alike(tiers: Sequence[Tier], capacity: float) -> Admission:
    """Refuse the same share of every tier.

    Parameters
    ----------
    tiers : sequence of Tier
        In any order.
    capacity : float
        Safe to serve. [req/s]

    Raises
    ------
    DomainError
        If there is no tier or the capacity is negative.

    Examples
    --------
    >>> tiers = [Tier("paid", 120, 0.05), Tier("free", 280, 0.001)]
    >>> admit_alike(tiers, capacity=300).admitted  # three in four of each [req/s]
    (90.0, 210.0)
    """
    _check(tiers, capacity)
    offered = sum(tier.arrival_rate for tier in tiers)
    share = min(capacity / offered, 1.0) if offered else 1.0
    return Admission(tuple(tiers), tuple(share * tier.arrival_rate for tier in tiers))


def _check(tiers: Sequence[Tier], capacity: float) -> None:
    domain.not_negative(capacity=capacity)
    if not tiers:
        raise DomainError("there is no tier to admit; give at least one")


def queue_limit(throughput: float, wait: float) -> int:
    """Most requests that may wait if none is to wait longer: throughput x wait [requests].

    Parameters
    ----------
    throughput : float
        Of all servers together. [req/s]
    wait : float
        Part of the deadline that may be spent waiting, on average for the last in the queue. [s]

    Raises
    ------
    DomainError
        If a value is not above 0.

    Examples
    --------
    >>> queue_limit(throughput=300, wait=0.5)
    150
    """
    domain.positive(throughput=throughput, wait=wait)
    return math.floor(throughput * wait * (1 + 1e-12))


def places_for(service_rate: float, servers: int, slo: float, service_time: float) -> int:
    """Places in service and in the queue that leave the last one time to be served: c + c μ (SLO - s) [requests].

    Parameters
    ----------
    service_rate : float
        Rate of one server. [req/s]
    servers : int
        [servers]
    slo : float
        Response time to keep. [s]
    service_time : float
        A high quantile of the time in service. [s]

    Raises
    ------
    DomainError
        If the service time alone exceeds the SLO.

    Examples
    --------
    >>> places_for(service_rate=37.5, servers=8, slo=0.5, service_time=0.1)
    128
    """
    domain.positive(service_rate=service_rate, slo=slo, service_time=service_time)
    domain.count(servers=servers)
    if service_time >= slo:
        raise DomainError(
            f"infeasible: the service time of {service_time:g} s leaves no time to wait within {slo:g} s; "
            "speed it up or relax the SLO"
        )
    return servers + queue_limit(servers * service_rate, slo - service_time)


def goodput(station: MMcK, deadline: float) -> float:
    """Requests of a station with a bounded queue that are answered in time [req/s].

    Parameters
    ----------
    station : MMcK
        With all that is offered to it, overload included.
    deadline : float
        Response time after which an answer is of no use. [s]

    Examples
    --------
    >>> small, large = (MMcK(500, 37.5, servers=8, capacity=n) for n in (128, 1000))
    >>> round(goodput(small, deadline=1.0), 1), round(goodput(large, deadline=1.0), 1)
    (300.0, 0.0)
    """
    domain.positive(deadline=deadline)
    return station.throughput * (1 - station.response_time_survival(deadline))
