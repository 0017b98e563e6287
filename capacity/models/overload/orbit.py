"""Clients that wait before they try again: the exact law of a full station with an orbit of the refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from capacity.errors import DomainError, Unstable
from capacity.models import domain
from capacity.models.domain import within
from capacity.models.stations.bounded import MMcK
from capacity.shown import Shown

_TAIL = 1e-13  # probability of more clients in orbit than are counted
_MOST_LEVELS = 400_000  # clients in orbit beyond which the exact law takes too long


class Levels(NamedTuple):
    """Of each number of clients in orbit: its probability, and means over the station's states times it."""

    probability: np.ndarray
    full: np.ndarray
    busy: np.ndarray
    present: np.ndarray


@dataclass(frozen=True)
class RetrialOrbit(Shown):
    """M/M/c/K whose refused clients join an orbit and try again after exponential times, or give up. Exact.

    Parameters
    ----------
    fresh_rate : float
        Requests, repetitions not counted. [req/s]
    service_rate : float
        Rate of one server. [req/s]
    servers : int
        [servers]
    capacity : int
        Places in service and in the queue together. [requests]
    retry_rate : float
        At which each client in orbit tries again. [1/s]
    persistence : float
        Refused attempts that are followed by another. [fraction]

    Raises
    ------
    Unstable
        If no client ever gives up and the fresh rate is not below the capacity.
    DomainError
        If a value is outside its range, or the orbit too large to be counted.

    Notes
    -----
    The number in orbit rises from the full station only, so the law of the station given n + 1 in orbit follows from
    that given n + 2; numbers are counted down from one whose probability is below 1e-13.

    References
    ----------
    .. [1] Falin and Templeton, Retrial Queues, Chapman & Hall, 1997, ch. 2.

    Examples
    --------
    >>> clients = RetrialOrbit(95, 10, servers=10, capacity=12, retry_rate=2.0, persistence=0.8)
    >>> round(clients.goodput, 3), round(clients.mean_orbit, 3)
    (89.478, 11.045)
    """

    method = "exact, orbit cut where less than 1e-13 is left"

    fresh_rate: float
    service_rate: float
    servers: int
    capacity: int
    retry_rate: float
    persistence: float

    def __post_init__(self) -> None:
        domain.positive(fresh_rate=self.fresh_rate, retry_rate=self.retry_rate)
        within(0, 1, persistence=self.persistence)
        MMcK(self.fresh_rate, self.service_rate, self.servers, self.capacity)
        if self.persistence == 1 and self.fresh_rate >= self.servers * self.service_rate:
            raise Unstable(self.fresh_rate, self.service_rate, self.servers)

    @property
    def goodput(self) -> float:
        """Requests answered [req/s]."""
        return self.service_rate * float(self._levels.busy.sum())

    @property
    def success_probability(self) -> float:
        """Requests answered at last [fraction]."""
        return self.goodput / self.fresh_rate

    @property
    def blocking_probability(self) -> float:
        """Time in which the station is full, which is the share of first attempts refused [fraction]."""
        return float(self._levels.full.sum())

    @property
    def mean_orbit(self) -> float:
        """Clients waiting to try again [requests]."""
        return float(np.arange(self._levels.probability.size) @ self._levels.probability)

    @property
    def attempt_rate(self) -> float:
        """First attempts and repetitions [req/s]."""
        return self.fresh_rate + self.retry_rate * self.mean_orbit

    @property
    def amplification(self) -> float:
        """Attempts per request [1]."""
        return self.attempt_rate / self.fresh_rate

    @property
    def concurrency(self) -> float:
        """Requests in service and in the queue [requests]."""
        return float(self._levels.present.sum())

    @cached_property
    def _levels(self) -> Levels:
        most = self._guess()
        while True:
            levels = self._counted_down(most)
            if self.persistence == 0 or levels.probability[-1] < _TAIL * levels.probability.max():
                return levels
            most *= 2

    def _guess(self) -> int:
        """Clients in orbit that are hardly exceeded, from the flow of those who give up."""
        if self.persistence == 0:
            return 0
        excess = max(self.fresh_rate - self.servers * self.service_rate, 0.0)
        leaving = max(1 - self.persistence, 1e-12)
        mean = self.persistence * excess / (self.retry_rate * leaving) + self.fresh_rate / self.retry_rate
        return int(mean + 10 * math.sqrt(mean) + 60)

    def _counted_down(self, most: int) -> Levels:
        """Levels up to `most` clients in orbit, above which none are taken."""
        if most > _MOST_LEVELS:
            raise DomainError(
                f"more than {_MOST_LEVELS} clients would be in orbit at once; "
                "raise the retry rate, lower the persistence or simulate"
            )
        present = np.arange(self.capacity + 1.0)
        busy = np.minimum(present, self.servers)
        shares, growth = np.zeros((3, most + 1)), np.zeros(most + 1)
        from_above = np.zeros(self.capacity + 1)
        for orbit in range(most, -1, -1):
            states = self._station_given(orbit, busy, from_above)
            leaving = orbit * self.retry_rate * states
            leaving[-1] *= 1 - self.persistence
            down, total = leaving.sum(), states.sum()
            shares[:, orbit] = states[-1] / total, busy @ states / total, present @ states / total
            if orbit:
                rise = self.fresh_rate * self.persistence
                growth[orbit] = math.log(rise * total / down) if rise else -math.inf
                from_above = np.append(0.0, leaving[:-1]) * (rise / down)
                from_above[-1] += leaving[-1] * (rise / down)
        return _weighted(shares, growth)

    def _station_given(self, orbit: int, busy: np.ndarray, from_above: np.ndarray) -> np.ndarray:
        """Relative probabilities of 0..K in the station, 1 for K: balance of all states below K."""
        from scipy.linalg.lapack import dgtsv

        leave, serve = orbit * self.retry_rate, busy * self.service_rate
        inflow = from_above[:-1].copy()
        inflow[-1] += serve[-1]
        up = np.full(max(self.capacity - 1, 1), self.fresh_rate)
        down = serve[1:-1] if self.capacity > 1 else np.zeros(1)
        *_, below, info = dgtsv(-up, self.fresh_rate + serve[:-1] + leave, -down, inflow)
        if info:
            raise DomainError(f"no solution with {orbit} clients in orbit; check the rates {self}")
        return np.append(below, 1.0)


def _weighted(shares: np.ndarray, growth: np.ndarray) -> Levels:
    """Probability of each level from its states given the level, and the growth from one full state to the next."""
    full = shares[0]
    ratio = growth + np.append(0.0, np.log(full[:-1]))
    weight = np.cumsum(np.append(0.0, ratio[1:])) if ratio.size > 1 else np.zeros(1)
    probability = np.exp(weight - weight.max())
    probability /= probability.sum()
    return Levels(probability, *(shares * probability))
