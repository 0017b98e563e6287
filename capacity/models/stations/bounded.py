"""Stations with a bounded queue, in closed form: what finds them full is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.inverse import check_feasible, fewest_servers
from capacity.models.stations.birthdeath import FirstCome, InTurn, check_present, largest, most, stationary
from capacity.shown import Shown


@dataclass(frozen=True)
class MMcK(InTurn, Shown):
    """Poisson arrivals to identical exponential servers with a bounded queue: what finds it full is refused.

    Means, wait probability and quantiles are those of accepted requests. Overload is allowed.

    Parameters
    ----------
    arrival_rate : float
        Offered rate, refused requests included. [req/s]
    service_rate : float
        Rate of one busy server. [req/s]
    servers : int
        [servers]
    capacity : int
        Places in service and in the queue together, at least `servers`. [requests]

    Raises
    ------
    DomainError
        If the capacity is smaller than the number of servers.

    References
    ----------
    .. [1] Gross, Shortle, Thompson, Harris, Fundamentals of Queueing Theory, 4th ed., Wiley, 2008, sec. 2.5.

    Examples
    --------
    >>> station = MMcK(arrival_rate=500, service_rate=300, servers=1, capacity=10)
    >>> round(station.blocking_probability, 4)
    0.4015
    """

    arrival_rate: float
    service_rate: float
    servers: int
    capacity: int

    def __post_init__(self) -> None:
        domain.not_negative(arrival_rate=self.arrival_rate)
        domain.positive(service_rate=self.service_rate)
        domain.count(servers=self.servers, capacity=self.capacity)
        if self.capacity < self.servers:
            raise DomainError(
                f"capacity {self.capacity} leaves no place for some of the {self.servers} servers; "
                "it counts requests in service and in the queue, so give at least the number of servers"
            )
        check_present(self.capacity)

    @cached_property
    def state_probabilities(self) -> np.ndarray:
        """Probability of 0..K requests present, from the most likely state outwards [fraction]."""
        busy = np.minimum(np.arange(1, self.capacity + 1), self.servers)
        return stationary(self.arrival_rate / (self.service_rate * busy))

    @property
    def blocking_probability(self) -> float:
        """Share of requests refused [fraction]."""
        return float(self.state_probabilities[-1])

    @property
    def throughput(self) -> float:
        """Accepted, hence completed, rate [req/s]."""
        return self.arrival_rate * float(self.state_probabilities[:-1].sum())

    @property
    def utilization(self) -> float:
        """Busy share of each server [fraction]."""
        return self.throughput / (self.servers * self.service_rate)

    @property
    def concurrency(self) -> float:
        """Mean number present [requests]."""
        return float(np.arange(self.capacity + 1) @ self.state_probabilities)

    @property
    def queue_length(self) -> float:
        """Mean number waiting [requests]."""
        return float(np.arange(self.capacity - self.servers + 1) @ self.state_probabilities[self.servers :])

    def max_arrival_rate(
        self, slo: float, quantile: float | None = None, *, blocking: float | None = None
    ) -> float:
        """Largest offered rate at which accepted requests keep the SLO and no more than a share is refused [req/s].

        Parameters
        ----------
        slo : float
            Longest response time allowed, of accepted requests. [s]
        quantile : float, optional
            Share of accepted requests that must keep it; the mean is asked for without it. [fraction]
        blocking : float, optional
            Share of requests that may be refused; any share without it. [fraction]

        Raises
        ------
        DomainError
            If the service time alone already exceeds the SLO; and without `blocking` if the queue is so short that
            accepted requests keep the SLO at every rate.

        Examples
        --------
        >>> pool = MMcK(arrival_rate=0, service_rate=10, servers=4, capacity=12)
        >>> round(pool.max_arrival_rate(slo=0.4, quantile=0.95), 1)
        35.0
        >>> round(pool.max_arrival_rate(slo=0.4, quantile=0.95, blocking=0.001), 1)
        22.4
        """
        domain.positive(slo=slo)
        check_feasible(replace(self, arrival_rate=0.0)._answer(quantile), slo)
        if blocking is not None:
            domain.fraction(blocking=blocking)
        elif (longest := self._longest(quantile)) <= slo:
            raise DomainError(
                f"every rate keeps {slo:g} s: with {self.capacity} places for {self.servers} servers accepted requests "
                f"never take longer than {longest:.4g} s; say with blocking= which share may be refused"
            )

        def kept(rate: float) -> bool:
            station = replace(self, arrival_rate=rate)
            within = blocking is None or station.blocking_probability <= blocking
            return within and station._keeps(slo, quantile)

        return largest(kept, self.servers * self.service_rate)

    def servers_for(self, slo: float, quantile: float | None = None, *, blocking: float | None = None) -> int:
        """Fewest servers, the places in the queue as now, that keep the SLO and the share of refusals [servers].

        Parameters, Raises as in `max_arrival_rate`.

        Examples
        --------
        >>> pool = MMcK(arrival_rate=50, service_rate=10, servers=4, capacity=12)
        >>> pool.servers_for(slo=0.4, quantile=0.95), pool.servers_for(slo=0.4, quantile=0.95, blocking=1e-6)
        (5, 13)
        """
        check_feasible(replace(self, arrival_rate=0.0)._answer(quantile), slo)
        if blocking is not None:
            domain.fraction(blocking=blocking)
        queue = self.capacity - self.servers

        def time_with(servers: int) -> float:
            station = replace(self, servers=servers, capacity=servers + queue)
            refuses = blocking is not None and station.blocking_probability > blocking
            return math.inf if refuses else station._answer(quantile)

        return fewest_servers(time_with, 0.0, slo)

    def capacity_for(self, slo: float, quantile: float | None = None) -> int:
        """Most places, in service and in the queue, with which accepted requests keep the SLO [requests].

        Parameters, Raises as in `max_arrival_rate`; where even an unbounded queue keeps the SLO, too.

        Examples
        --------
        >>> pool = MMcK(arrival_rate=50, service_rate=10, servers=4, capacity=4)
        >>> pool.capacity_for(slo=0.4, quantile=0.95)
        9
        """
        domain.positive(slo=slo)
        check_feasible(replace(self, arrival_rate=0.0)._answer(quantile), slo)
        self._check_limited(slo, quantile)

        def kept(queue: int) -> bool:
            return replace(self, capacity=self.servers + queue)._keeps(slo, quantile)

        return self.servers + most(kept)

    def _longest(self, quantile: float | None) -> float:
        """Response time of accepted requests when the queue is always full but for the place they take [s]."""
        full = (np.arange(self.capacity) == self.capacity - 1) * 1.0
        times = FirstCome.finding(full, self.servers, self.service_rate)
        if quantile is None:
            return times.waiting_time + 1 / self.service_rate
        return times.response_time_quantile(quantile)

    def _check_limited(self, slo: float, quantile: float | None) -> None:
        from capacity.models.stations.queueing import MMc

        if self.arrival_rate < self.servers * self.service_rate:
            longest = MMc(self.arrival_rate, self.service_rate, self.servers)._answer(quantile)
            if longest <= slo:
                raise DomainError(
                    f"any number of places keeps {slo:g} s: even with an unbounded queue it is {longest:.4g} s; "
                    "the queue needs no bound for this objective"
                )

    @cached_property
    def _times(self) -> FirstCome:
        return FirstCome.finding(self.state_probabilities[:-1], self.servers, self.service_rate)
