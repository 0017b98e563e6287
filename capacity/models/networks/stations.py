"""What the stations of all networks have in common: their servers, and what each of them answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.stations.erlang import erlang_c
from capacity.models.stations.queueing import MMc
from capacity.models.stations.station import Station
from capacity.models.stations.twomoments import allen_cunneen, decay_rate, kraemer_langenbach_belz, whitt_wait

Servers = int | Literal["delay"]


def check_servers(servers: Sequence[Servers], stations: int) -> tuple[Servers, ...]:
    """Return the servers of each station, one each where none are given; whole numbers or ``"delay"``."""
    if not servers:
        return (1,) * stations
    if len(servers) != stations:
        raise DomainError(f"{len(servers)} server counts for {stations} stations; give one per station")
    for count in servers:
        if isinstance(count, str) and count != "delay":
            raise DomainError(
                f"servers {count!r} is not known; give a whole number, or 'delay' for a station "
                "where nobody waits"
            )
        if not isinstance(count, str):
            domain.count(servers=count)
    return tuple(count if isinstance(count, str) else int(count) for count in servers)


@dataclass(frozen=True)
class Delay:
    """A station with a server for everybody: nobody waits, each request takes its service time.

    Parameters
    ----------
    arrival_rate, service_rate : float
        [req/s]
    service_scv : float
        Squared coefficient of variation of the service times.

    Examples
    --------
    >>> Delay(arrival_rate=20, service_rate=4).concurrency
    5.0
    """

    arrival_rate: float
    service_rate: float
    service_scv: float = 1.0

    def __post_init__(self) -> None:
        domain.not_negative(arrival_rate=self.arrival_rate, service_scv=self.service_scv)
        domain.positive(service_rate=self.service_rate)

    method = "closed form"
    error = 0.0
    blocking_probability = 0.0
    wait_probability = 0.0
    waiting_time = 0.0
    queue_length = 0.0

    @property
    def throughput(self) -> float:
        """Completed rate: what arrives [req/s]."""
        return self.arrival_rate

    @property
    def utilization(self) -> float:
        """Mean number of busy servers, for want of a number to divide it by [servers]."""
        return self.arrival_rate / self.service_rate

    @property
    def response_time(self) -> float:
        """Mean time in the station: the service time [s]."""
        return 1 / self.service_rate

    @property
    def concurrency(self) -> float:
        """Mean number present [requests]."""
        return self.arrival_rate / self.service_rate


@dataclass(frozen=True)
class TwoMoment(Station):
    """A station inside a network, by two moments of what arrives there and of its service times.

    Parameters
    ----------
    arrival_rate, service_rate, servers
        As in `MMc`.
    arrival_scv, service_scv : float
        Squared coefficients of variation of the times between arrivals and of the service times.

    References
    ----------
    .. [1] Kraemer and Langenbach-Belz, Approximate formulae for the delay in the queueing system GI/G/1,
       8th International Teletraffic Congress, 1976 (one server).
    .. [2] Whitt, Approximations for the GI/G/m queue, Production and Operations Management 2(2), 1993 (several).
    .. [3] Abate, Choudhury and Whitt, Exponential approximations for tail probabilities in queues, I,
       Operations Research 43(5), 1995 (the tail).

    Examples
    --------
    >>> station = TwoMoment(arrival_rate=30, service_rate=10, servers=4, arrival_scv=1.0, service_scv=0.25)
    >>> round(station.waiting_time, 4)
    0.0329
    """

    arrival_scv: float = 1.0
    service_scv: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.not_negative(arrival_scv=self.arrival_scv, service_scv=self.service_scv)

    @property
    def method(self) -> str:
        """How the answers were found."""
        mean = "Kraemer-Langenbach-Belz" if self.servers == 1 else "Whitt 1993"
        return f"{mean}, exponential tail"

    @cached_property
    def waiting_time(self) -> float:
        """Mean time in the queue; exact for one server and Poisson arrivals [s]."""
        if not self.arrival_rate:
            return 0.0
        poisson = erlang_c(self.servers, self.arrival_rate / self.service_rate)
        poisson /= self.servers * self.service_rate - self.arrival_rate
        between, service = self.arrival_scv, self.service_scv
        if self.servers == 1 and between >= 1:
            found = allen_cunneen(poisson, between, service)
        elif self.servers == 1:
            found = kraemer_langenbach_belz(self.utilization, poisson, between, service)
        else:
            found = whitt_wait(self.utilization, self.servers, poisson, between, service)
        return float(found)

    @property
    def wait_probability(self) -> float:
        """Share of requests that wait, from the mean and the tail of the waiting time [fraction]."""
        return min(self.waiting_time * self._tail, 1.0) if self.arrival_rate else 0.0

    @property
    def decay_rate(self) -> float:
        """Rate η at which longer waits get rarer, P(W > t) = P(W > 0) exp(-η t) [1/s]."""
        return self.wait_probability / self.waiting_time if self.waiting_time else self._tail

    @cached_property
    def _tail(self) -> float:
        if not self.arrival_rate:
            return math.inf
        found = decay_rate(self.utilization, self.servers, self.arrival_scv, self.service_scv)
        return float(found) * self.service_rate


NetworkStation = MMc | TwoMoment | Delay
