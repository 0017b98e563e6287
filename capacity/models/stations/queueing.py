"""Stations in closed form that queue without limit, and how to size them; every station has one answer shape.

Poisson arrivals, exponential service, first come first served. Where service times vary less or more than
that, or arrivals come in bursts, these are the wrong models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from capacity.models import domain
from capacity.models.bisection import time_when
from capacity.models.inverse import fewest_servers
from capacity.models.stations.erlang import erlang_c
from capacity.models.stations.station import Station

__all__ = [
    "MM1",
    "MMc",
    "max_arrival_rate",
    "servers_for",
    "servers_for_wait",
]


@dataclass(frozen=True)
class MMc(Station):
    """Poisson arrivals to identical exponential servers with one unbounded queue.

    Parameters
    ----------
    arrival_rate : float
        Offered rate, all of it served in the end. [req/s]
    service_rate : float
        Rate of one busy server, the inverse of the mean service time. [req/s]
    servers : int
        Servers fed by the one queue. [servers]

    Raises
    ------
    Unstable
        If the arrival rate is not below `servers` times the service rate.

    References
    ----------
    .. [1] Bolch et al., Queueing Networks and Markov Chains, Wiley, 1998, sec. 6.5.

    Examples
    --------
    >>> station = MMc(arrival_rate=250, service_rate=37.5, servers=8)
    >>> round(station.wait_probability, 4), round(station.response_time_quantile(0.95), 4)
    (0.5327, 0.1002)
    """

    @cached_property
    def wait_probability(self) -> float:
        """Share of requests that find all servers busy [fraction]."""
        return erlang_c(self.servers, self.arrival_rate / self.service_rate)

    @property
    def idle_probability(self) -> float:
        """Chance that nobody is present, 1 / (Σ aᵏ / k! over k < c, + aᶜ / (c! (1 - ρ))) [fraction]."""
        load = self.arrival_rate / self.service_rate
        total = term = 1.0
        for present in range(1, self.servers):
            term *= load / present
            total += term
        last = term * load / self.servers
        return 1 / (total + last * self.servers * self.service_rate / self._spare_rate)

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue, W_q = C / (c μ - λ) [s]."""
        return self.wait_probability / self._drain_rate

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return self.wait_probability * math.exp(-self._drain_rate * t)

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction].

        exp(-μ t) + C μ (exp(-θ t) - exp(-μ t)) / (μ - θ), θ = c μ - λ; written to hold at θ = μ.
        """
        domain.not_negative(time=t)
        served, drained = self.service_rate * t, self._drain_rate * t
        slower, difference = min(served, drained), abs(served - drained)
        both = served * math.exp(-slower) * (-math.expm1(-difference) / difference if difference else 1.0)
        return math.exp(-served) + self.wait_probability * both

    def waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of requests; 0 up to 1 - C [s]."""
        domain.fraction(quantile=q)
        excess = self.wait_probability / (1 - q)
        return math.log(excess) / self._drain_rate if excess > 1 else 0.0

    @property
    def _drain_rate(self) -> float:
        """Rate at which longer waits get rarer."""
        return self._spare_rate

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests [s].

        It is not the waiting-time quantile plus the mean service time.
        """
        domain.fraction(quantile=q)
        return time_when(
            self.response_time_survival, 1 - q, -math.log1p(-q) / self.service_rate, 1 / self.service_rate
        )


@dataclass(frozen=True)
class MM1(MMc):
    """One exponential server with one unbounded queue; everything else as `MMc`.

    Examples
    --------
    >>> round(MM1(arrival_rate=125, service_rate=500).response_time * 1000, 2)
    2.67
    """

    servers: int = field(default=1, init=False)

    def servers_for(self, slo: float, quantile: float | None = None) -> int:
        """Fewest servers that keep the SLO, as `MMc`: how many would do instead of the one [servers]."""
        return MMc(self.arrival_rate, self.service_rate, 1).servers_for(slo, quantile)


def max_arrival_rate(service_rate: float, servers: int, slo: float, quantile: float) -> float:
    """Largest arrival rate at which an M/M/c station keeps a response-time quantile within the SLO [req/s].

    Parameters
    ----------
    service_rate : float
        Rate of one server. [req/s]
    servers : int
        [servers]
    slo : float
        Response time the quantile may not exceed. [s]
    quantile : float
        Share of requests that must keep it, e.g. 0.95. [fraction]

    Raises
    ------
    DomainError
        If the service time alone, without any load, already exceeds the SLO.

    Examples
    --------
    >>> round(max_arrival_rate(service_rate=37.5, servers=8, slo=0.150, quantile=0.95), 1)
    275.3
    """
    return MMc(0.0, service_rate, servers).max_arrival_rate(slo, quantile)


def servers_for(arrival_rate: float, service_rate: float, slo: float, quantile: float) -> int:
    """Fewest servers of an M/M/c station that keep a response-time quantile within the SLO [servers].

    Parameters
    ----------
    arrival_rate, service_rate : float
        Offered rate, and that of one server. [req/s]
    slo : float
        Response time the quantile may not exceed. [s]
    quantile : float
        Share of requests that must keep it, e.g. 0.95. [fraction]

    Raises
    ------
    DomainError
        If the service time alone, without any load, already exceeds the SLO.

    Examples
    --------
    >>> servers_for(arrival_rate=250, service_rate=37.5, slo=0.150, quantile=0.95)
    8
    """
    domain.not_negative(arrival_rate=arrival_rate)
    domain.positive(service_rate=service_rate)
    enough = math.floor(arrival_rate / service_rate) + 2
    return MMc(arrival_rate, service_rate, enough).servers_for(slo, quantile)


def servers_for_wait(arrival_rate: float, service_rate: float, wait: float, quantile: float) -> int:
    """Fewest servers of an M/M/c station that keep a waiting-time quantile within `wait` seconds.

    Parameters
    ----------
    arrival_rate, service_rate : float
        [req/s]
    wait : float
        Waiting time the quantile may not exceed; 0 asks for no wait at all. [s]
    quantile : float
        Share of requests that must keep it. [fraction]

    Examples
    --------
    >>> servers_for_wait(arrival_rate=360 / 3600, service_rate=15 / 3600, wait=20, quantile=0.8)
    29
    """
    domain.not_negative(wait=wait)
    domain.fraction(quantile=quantile)
    domain.not_negative(arrival_rate=arrival_rate)
    domain.positive(service_rate=service_rate)
    return fewest_servers(
        lambda servers: MMc(arrival_rate, service_rate, servers).waiting_time_survival(wait),
        arrival_rate / service_rate,
        1 - quantile,
    )
