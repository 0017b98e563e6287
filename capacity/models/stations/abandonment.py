"""A station whose waiting requests give up: Erlang A, M/M/c+M."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import time_when
from capacity.models.inverse import check_feasible, fewest_servers
from capacity.models.stations.birthdeath import (
    MOST_PRESENT,
    FirstCome,
    InTurn,
    check_present,
    largest,
    stationary,
)
from capacity.shown import Shown

_FLOODED = 1000.0  # utilization offered beyond which no largest rate is looked for [1]
_LOST = 72.0  # exponent of a probability left out, exp(-72) = 5e-32 [1]


def abandonment_rate(abandonment_probability: float, waiting_time: float) -> float:
    """Rate at which a waiting request gives up, from what was measured: θ = P(abandon) / W_q [1/s].

    Exact where patience is exponential, and close where it is not [1]_.

    Parameters
    ----------
    abandonment_probability : float
        Share of requests that gave up. [fraction]
    waiting_time : float
        Mean wait of all requests, those that gave up included. [s]

    References
    ----------
    .. [1] Mandelbaum and Zeltyn, The Palm/Erlang-A queue, with applications to call centers, Technion, 2005.

    Examples
    --------
    >>> abandonment_rate(abandonment_probability=0.03, waiting_time=0.06)
    0.5
    """
    domain.fraction(abandonment_probability=abandonment_probability)
    domain.positive(waiting_time=waiting_time)
    return abandonment_probability / waiting_time


@dataclass(frozen=True)
class ErlangA(InTurn, Shown):
    """Poisson arrivals to identical exponential servers; each waiting request gives up after an exponential time.

    Waiting times are those of all requests: until service begins or patience ends. Response times are those of the
    requests served. Overload is allowed: the queue is kept finite by those who leave it. A client's time-out is a
    fixed patience, which loses more just before its end than this.

    Parameters
    ----------
    arrival_rate : float
        Offered rate, those who give up included. [req/s]
    service_rate : float
        Rate of one busy server. [req/s]
    servers : int
        [servers]
    abandonment_rate : float
        Rate at which a waiting request gives up, the inverse of the mean patience. [1/s]

    Raises
    ------
    DomainError
        If a rate is not above 0.

    References
    ----------
    .. [1] Garnett, Mandelbaum and Reiman, Designing a call center with impatient customers, Manufacturing & Service
       Operations Management 4(3), 2002.

    Examples
    --------
    >>> station = ErlangA(arrival_rate=48, service_rate=1, servers=50, abandonment_rate=0.5)
    >>> round(station.abandonment_probability, 4), round(station.waiting_time_quantile(0.99), 4)
    (0.0309, 0.4153)
    """

    arrival_rate: float
    service_rate: float
    servers: int
    abandonment_rate: float

    def __post_init__(self) -> None:
        domain.not_negative(arrival_rate=self.arrival_rate)
        domain.positive(service_rate=self.service_rate, abandonment_rate=self.abandonment_rate)
        domain.count(servers=self.servers)
        check_present(self.servers)
        if self._longest_queue > MOST_PRESENT:
            raise DomainError(
                f"abandonment rate {self.abandonment_rate:g} is too small for an arrival rate of {self.arrival_rate:g} "
                f"on {self.servers} servers of {self.service_rate:g}: the queue would hold about "
                f"{self._longest_queue:.3g} requests, at most {MOST_PRESENT:g} are told apart; use MMc or a fluid model"
            )

    @cached_property
    def state_probabilities(self) -> np.ndarray:
        """Probability of 0, 1, ... requests present, up to where it no longer counts [fraction]."""
        present = np.arange(1, self.servers + self._longest_queue + 1)
        waiting = np.maximum(present - self.servers, 0)
        return stationary(
            self.arrival_rate / ((present - waiting) * self.service_rate + waiting * self.abandonment_rate)
        )

    @property
    def wait_probability(self) -> float:
        """Share of requests that find all servers busy [fraction]."""
        return float(self._queue.sum())

    @property
    def abandonment_probability(self) -> float:
        """Share of requests that give up, θ L_q / λ [fraction]."""
        return self.abandonment_rate * self.waiting_time

    @property
    def throughput(self) -> float:
        """Rate of the requests served [req/s]."""
        return self.utilization * self.servers * self.service_rate

    @property
    def utilization(self) -> float:
        """Busy share of each server [fraction]."""
        busy = np.minimum(np.arange(self.state_probabilities.size), self.servers)
        return float(busy @ self.state_probabilities) / self.servers

    @property
    def queue_length(self) -> float:
        """Mean number waiting [requests]."""
        return float(np.arange(self._queue.size) @ self._queue)

    @property
    def concurrency(self) -> float:
        """Mean number present [requests]."""
        return float(np.arange(self.state_probabilities.size) @ self.state_probabilities)

    @property
    def waiting_time(self) -> float:
        """Mean time until service begins or patience ends, of all requests, L_q / λ [s]."""
        return self.queue_length / self.arrival_rate if self.arrival_rate else 0.0

    @property
    def served_waiting_time(self) -> float:
        """Mean time in the queue of the requests served [s]."""
        return self._times.waiting_time

    def waiting_time_survival(self, t: float) -> float:
        """Share of all requests that wait longer than t seconds: neither served nor gone by then [fraction]."""
        return math.exp(-self.abandonment_rate * t) * self._offered.waiting_time_survival(t)

    def waiting_time_quantile(self, q: float) -> float:
        """Time not waited longer by the share q of all requests [s]."""
        domain.fraction(quantile=q)
        return time_when(self.waiting_time_survival, 1 - q, 0.0, 1 / (self.servers * self.service_rate))

    def served_waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of the requests served [s]."""
        return self._times.waiting_time_quantile(q)

    def max_arrival_rate(
        self, slo: float, quantile: float | None = None, *, abandonment: float | None = None
    ) -> float:
        """Largest rate at which the requests served keep the SLO and no more than a share give up [req/s].

        Parameters
        ----------
        slo : float
            Longest response time allowed, of the requests served. [s]
        quantile : float, optional
            Share of the requests served that must keep it; the mean is asked for without it. [fraction]
        abandonment : float, optional
            Share of requests that may give up; any share without it. [fraction]

        Raises
        ------
        DomainError
            If the service time alone already exceeds the SLO.

        Examples
        --------
        >>> station = ErlangA(arrival_rate=0, service_rate=1, servers=50, abandonment_rate=0.5)
        >>> round(station.max_arrival_rate(slo=5.0, quantile=0.99, abandonment=0.03), 1)
        47.9
        """
        check_feasible(replace(self, arrival_rate=0.0)._answer(quantile), slo)
        if abandonment is not None:
            domain.fraction(abandonment=abandonment)

        def kept(rate: float) -> bool:
            if rate > _FLOODED * self.servers * self.service_rate:
                raise DomainError(
                    f"even at {_FLOODED:g} times what the servers can do, {rate:g} req/s, requests served keep {slo:g} "
                    "s, since all others give up; say with abandonment= which share may"
                )
            station = replace(self, arrival_rate=rate)
            return (abandonment is None or station.abandonment_probability <= abandonment) and station._keeps(
                slo, quantile
            )

        return largest(kept, self.servers * self.service_rate)

    def servers_for(self, slo: float, quantile: float | None = None) -> int:
        """Fewest servers with which the requests served keep the SLO [servers].

        Parameters, Raises as in `max_arrival_rate`.

        Examples
        --------
        >>> ErlangA(48, 1, servers=1, abandonment_rate=0.5).servers_for(slo=4.0, quantile=0.95)
        30
        """
        check_feasible(replace(self, arrival_rate=0.0)._answer(quantile), slo)
        return fewest_servers(lambda n: replace(self, servers=n)._answer(quantile), 0.0, slo)

    def servers_for_abandonment(self, abandonment_probability: float) -> int:
        """Fewest servers with which no more than a share of the requests give up [servers].

        Examples
        --------
        >>> ErlangA(48, 1, servers=1, abandonment_rate=0.5).servers_for_abandonment(0.03)
        51
        """
        domain.fraction(abandonment_probability=abandonment_probability)
        busy = self.arrival_rate / self.service_rate * (1 - abandonment_probability)
        return fewest_servers(
            lambda n: replace(self, servers=n).abandonment_probability, busy, abandonment_probability
        )

    def servers_for_wait(self, wait: float, quantile: float) -> int:
        """Fewest servers with which the share `quantile` of all requests wait at most `wait` seconds [servers].

        Examples
        --------
        >>> ErlangA(48, 1, servers=1, abandonment_rate=0.5).servers_for_wait(wait=0.0, quantile=0.8)
        55
        """
        domain.not_negative(wait=wait)
        domain.fraction(quantile=quantile)
        return fewest_servers(
            lambda n: replace(self, servers=n).waiting_time_survival(wait), 0.0, 1 - quantile
        )

    @property
    def _longest_queue(self) -> int:
        """Length of the queue beyond which its probabilities no longer count. [requests]"""
        full, load = self.servers * self.service_rate, self.arrival_rate
        spread = 2 * _LOST + math.sqrt(2 * _LOST * max(full, load) / self.abandonment_rate)
        if 0 < load < full:
            spread = min(spread, _LOST / math.log(full / load))
        return math.ceil(max(load - full, 0.0) / self.abandonment_rate + spread) + 1

    @property
    def _queue(self) -> np.ndarray:
        """Probability that all servers are busy and 0, 1, ... requests wait."""
        return self.state_probabilities[self.servers :]

    @cached_property
    def _offered(self) -> FirstCome:
        """Waits as they would be with unlimited patience of the request itself, not of those ahead."""
        ahead = np.concatenate([[self.state_probabilities[: self.servers].sum()], self._queue])
        return FirstCome(ahead, self.servers * self.service_rate, self.service_rate, self.abandonment_rate)

    @cached_property
    def _times(self) -> FirstCome:
        """Times of the requests served: its own patience is one more that may end before the one ahead leaves."""
        full = self.servers * self.service_rate
        outlasting = full / (full + self.abandonment_rate * np.arange(1, self._queue.size + 1))
        ahead = np.concatenate([[self.state_probabilities[: self.servers].sum()], self._queue * outlasting])
        return FirstCome(
            ahead / ahead.sum(), full + self.abandonment_rate, self.service_rate, self.abandonment_rate
        )
