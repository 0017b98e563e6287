"""Stations fed by a known number of users, who think before each request: M/M/c//N, and Engset's loss."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from capacity.models import domain
from capacity.models.inverse import check_feasible, fewest_servers
from capacity.models.stations.birthdeath import FirstCome, InTurn, check_present, most, stationary
from capacity.shown import Shown


@dataclass(frozen=True)
class FiniteSource(InTurn, Shown):
    """Users who each think, send a request to identical exponential servers with one queue, and wait for the answer.

    A request finds the station as it is with one user less, at any instant (arrival theorem). Only the law of the
    service time is taken as exponential; of the think time only the mean counts.

    Parameters
    ----------
    population : int
        Users, thinking or waiting for an answer. [requests]
    think_time : float
        Mean time between an answer and the next request of the same user. [s]
    service_rate : float
        Rate of one busy server. [req/s]
    servers : int
        [servers]

    Raises
    ------
    DomainError
        If a rate or the think time is not above 0, or a number is not a whole one.

    References
    ----------
    .. [1] Gross, Shortle, Thompson, Harris, Fundamentals of Queueing Theory, 4th ed., Wiley, 2008, sec. 2.8.

    Examples
    --------
    >>> station = FiniteSource(population=10, think_time=10, service_rate=1, servers=1)
    >>> round(station.throughput, 4), round(station.response_time, 4)
    (0.7854, 2.7321)
    """

    population: int
    think_time: float
    service_rate: float
    servers: int

    def __post_init__(self) -> None:
        domain.count(population=self.population, servers=self.servers)
        domain.positive(think_time=self.think_time, service_rate=self.service_rate)
        check_present(self.population)

    @cached_property
    def state_probabilities(self) -> np.ndarray:
        """Probability of 0..N requests present [fraction]."""
        return self._present(self.population)

    @property
    def arrival_rate(self) -> float:
        """Requests sent: what is completed [req/s]."""
        return self.throughput

    @property
    def throughput(self) -> float:
        """Completed rate, X = N / (R + Z) [req/s]."""
        return self.utilization * self.servers * self.service_rate

    @property
    def utilization(self) -> float:
        """Busy share of each server [fraction]."""
        busy = np.minimum(np.arange(self.population + 1), self.servers)
        return float(busy @ self.state_probabilities) / self.servers

    @property
    def idle_probability(self) -> float:
        """Share of time in which no request is present [fraction]."""
        return float(self.state_probabilities[0])

    @property
    def concurrency(self) -> float:
        """Mean number present [requests]."""
        return float(np.arange(self.population + 1) @ self.state_probabilities)

    @property
    def queue_length(self) -> float:
        """Mean number waiting [requests]."""
        waiting = np.maximum(np.arange(self.population + 1) - self.servers, 0)
        return float(waiting @ self.state_probabilities)

    def max_population(self, slo: float, quantile: float | None = None) -> int:
        """Most users with whom the mean response time, or a quantile, is within the SLO [requests].

        Parameters
        ----------
        slo : float
            Longest response time allowed. [s]
        quantile : float, optional
            Share of requests that must keep it; the mean is asked for without it. [fraction]

        Raises
        ------
        DomainError
            If the service time alone already exceeds the SLO.

        Examples
        --------
        >>> FiniteSource(population=1, think_time=10, service_rate=1, servers=1).max_population(slo=2.8)
        10
        """
        self._check_feasible(slo, quantile)

        def kept(more: int) -> bool:
            return replace(self, population=1 + more)._keeps(slo, quantile)

        return 1 + most(kept)

    def servers_for(self, slo: float, quantile: float | None = None) -> int:
        """Fewest servers that keep the mean response time, or a quantile, within the SLO [servers].

        Parameters, Raises as in `max_population`.

        Examples
        --------
        >>> FiniteSource(population=200, think_time=10, service_rate=1, servers=1).servers_for(slo=4, quantile=0.95)
        18
        """
        self._check_feasible(slo, quantile)
        return fewest_servers(lambda n: replace(self, servers=n)._answer(quantile), 0.0, slo)

    def _check_feasible(self, slo: float, quantile: float | None) -> None:
        check_feasible(replace(self, population=1)._answer(quantile), slo)

    def _present(self, population: int) -> np.ndarray:
        present = np.arange(1, population + 1)
        served = self.service_rate * np.minimum(present, self.servers)
        return stationary((population + 1 - present) / (self.think_time * served))

    @cached_property
    def _times(self) -> FirstCome:
        return FirstCome.finding(self._present(self.population - 1), self.servers, self.service_rate)


def engset(servers: int, population: int, load_per_user: float) -> float:
    """Share of requests refused when there is no queue and each user sends the next one after a pause [fraction].

    A request is refused if the other users hold all servers. With many users it is Erlang B.

    Parameters
    ----------
    servers : int
        Identical servers. [servers]
    population : int
        Users, each in service or pausing. [requests]
    load_per_user : float
        Mean service time over mean pause. [1]

    References
    ----------
    .. [1] Iversen, Teletraffic Engineering Handbook, ITU-D, 2010, chap. 5.

    Examples
    --------
    >>> round(engset(servers=3, population=10, load_per_user=0.2), 6)
    0.136808
    """
    domain.count(servers=servers, population=population)
    domain.not_negative(load_per_user=load_per_user)
    if population <= servers:
        return 0.0
    check_present(servers)
    busy = np.arange(1, servers + 1)
    return float(stationary((population - busy) * load_per_user / busy)[-1])
