"""Stations with a bounded queue, in closed form: what finds them full is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import time_when


@dataclass(frozen=True)
class MMcK:
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

    @cached_property
    def state_probabilities(self) -> np.ndarray:
        """Probability of 0..K requests present, from the most likely state outwards [fraction]."""
        ratios = self.arrival_rate / (
            self.service_rate * np.minimum(np.arange(1, self.capacity + 1), self.servers)
        )
        mode = int(np.count_nonzero(ratios > 1))
        below = np.cumprod(1 / ratios[:mode][::-1])[::-1]
        weights = np.concatenate([below, [1.0], np.cumprod(ratios[mode:])])
        return weights / weights.sum()

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
    def wait_probability(self) -> float:
        """Share of accepted requests that find all servers busy [fraction]."""
        return float(self._entry[1:].sum())

    @property
    def concurrency(self) -> float:
        """Mean number present [requests]."""
        return float(np.arange(self.capacity + 1) @ self.state_probabilities)

    @property
    def queue_length(self) -> float:
        """Mean number waiting [requests]."""
        return float(np.arange(self.capacity - self.servers + 1) @ self.state_probabilities[self.servers :])

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue of accepted requests: the completions ahead, each 1 / (c μ) [s]."""
        return float(np.arange(self._entry.size) @ self._entry) / (self.servers * self.service_rate)

    @property
    def response_time(self) -> float:
        """Mean time in the station of accepted requests [s]."""
        return self.waiting_time + 1 / self.service_rate

    def waiting_time_survival(self, t: float) -> float:
        """Share of accepted requests that wait longer than t seconds [fraction]."""
        return float(self._completions(t, self._entry.size) @ self._waiting)

    def response_time_survival(self, t: float) -> float:
        """Share of accepted requests that take longer than t seconds in all [fraction]."""
        present = self._waiting + self._serving
        mean = self.servers * self.service_rate * t
        likely = min(mean + 12 * math.sqrt(mean) + 60, present.size + 750 * self.servers)
        completions = self._completions(t, max(int(likely), present.size))
        late = np.arange(1, completions.size - present.size + 1)
        stay = self._serving[-1] * (1 - 1 / self.servers) ** late
        return float(completions @ np.concatenate([present, stay]))

    def waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of accepted requests [s]."""
        domain.fraction(quantile=q)
        return time_when(self.waiting_time_survival, 1 - q, 0.0, 1 / self.service_rate)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of accepted requests [s]."""
        domain.fraction(quantile=q)
        return time_when(
            self.response_time_survival, 1 - q, -math.log1p(-q) / self.service_rate, 1 / self.service_rate
        )

    @cached_property
    def _entry(self) -> np.ndarray:
        """Probability that an accepted request must see 0..K-c completions before its service begins."""
        accepted = self.state_probabilities[:-1]
        entry = np.concatenate([[accepted[: self.servers].sum()], accepted[self.servers :]])
        return entry / entry.sum()

    @cached_property
    def _waiting(self) -> np.ndarray:
        """Probability that a request still waits after 0, 1, ... completions of the busy servers."""
        return np.append(np.cumsum(self._entry[:0:-1])[::-1], 0.0)

    @cached_property
    def _serving(self) -> np.ndarray:
        """Probability that it is in service after 0, 1, ...: each completion is its own with chance 1 / c."""
        serving = np.empty_like(self._entry)
        so_far = 0.0
        for step, begins in enumerate(self._entry):
            so_far = so_far * (1 - 1 / self.servers) + begins
            serving[step] = so_far
        return serving

    def _completions(self, t: float, size: int) -> np.ndarray:
        """Poisson probabilities of 0, 1, ... completions within t, at the rate of all servers busy."""
        from scipy.special import gammaln

        domain.not_negative(time=t)
        mean = self.servers * self.service_rate * t
        number = np.arange(size)
        return np.exp(number * math.log(mean) - mean - gammaln(number + 1)) if mean else (number == 0) * 1.0
