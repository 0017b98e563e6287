"""Retries that load the station that made them necessary: where it settles, where it tips, where it collapses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.models import domain
from capacity.models.overload.curves import crossings, extremes
from capacity.models.overload.retries import mean_attempts, metastable_safe_load, worst_amplification
from capacity.models.stations.bounded import MMcK
from capacity.models.stations.queueing import MMc
from capacity.shown import Shown

_POINTS = 400  # places where the curve is looked at between its ends


@dataclass(frozen=True)
class OperatingPoint(Shown):
    """A load that reproduces itself through its own retries.

    Parameters
    ----------
    attempt_rate : float
        First attempts and repetitions. [req/s]
    failure_probability : float
        Attempts that fail. [fraction]
    amplification : float
        Attempts per request. [1]
    goodput : float
        Requests answered. [req/s]
    stable : bool
        Whether a small disturbance dies out; an unstable point is a tipping point.

    Examples
    --------
    >>> import capacity as cap
    >>> busy = cap.overload.BlockedRetries(fresh_rate=250, service_rate=37.5, servers=8, capacity=20, max_attempts=3)
    >>> point = busy.operating_point
    >>> round(point.attempt_rate, 1), round(point.amplification, 4), point.stable  # [req/s], [1]
    (253.0, 1.0122, True)
    """

    attempt_rate: float
    failure_probability: float
    amplification: float
    goodput: float
    stable: bool


@dataclass(frozen=True)
class Feedback:
    """Clients that repeat failed attempts, which fail more often the more attempts there are.

    `TimeoutRetries` and `BlockedRetries`, which say what they take, give `failure_probability_at`. Repetitions are
    taken for independent Poisson arrivals, which is optimistic: confirm by a simulation with a trigger.
    """

    method = "fixed point, repetitions taken for Poisson arrivals"

    fresh_rate: float
    service_rate: float
    servers: int

    def __post_init__(self) -> None:
        domain.positive(fresh_rate=self.fresh_rate, service_rate=self.service_rate)
        domain.count(servers=self.servers)
        _ = self._worst

    def failure_probability_at(self, attempt_rate: float) -> float:
        """Attempts that fail at a rate of attempts [fraction]."""
        raise NotImplementedError

    def amplification_at(self, attempt_rate: float) -> float:
        """Attempts per request at a rate of attempts [1]."""
        repeated = float(mean_attempts(self.failure_probability_at(attempt_rate), self._attempts))
        return min(repeated, self._worst)

    def fresh_rate_at(self, attempt_rate: float) -> float:
        """Rate of requests that makes this rate of attempts reproduce itself: L / A(L) [req/s].

        The curve to draw: where it rises the point is stable, where it falls it is a tipping point.
        """
        return attempt_rate / self.amplification_at(attempt_rate)

    @cached_property
    def points(self) -> tuple[OperatingPoint, ...]:
        """Every rate of attempts that reproduces itself, rising; none where the service collapses."""
        return tuple(
            self._point(*found) for found in crossings(self.fresh_rate_at, self.fresh_rate, self._grid)
        )

    @property
    def operating_point(self) -> OperatingPoint | None:
        """Where the service settles from idle; None: it collapses without any trigger."""
        return self.points[0] if self.points else None

    @property
    def tipping_point(self) -> OperatingPoint | None:
        """Load beyond which it does not come back; None where there is none."""
        return next((point for point in self.points if not point.stable), None)

    @property
    def _attempts(self) -> float:
        raise NotImplementedError

    @property
    def _worst(self) -> float:
        raise NotImplementedError

    @property
    def _grid(self) -> np.ndarray:
        raise NotImplementedError

    def _point(self, attempt_rate: float, stable: bool) -> OperatingPoint:
        failing = self.failure_probability_at(attempt_rate)
        return OperatingPoint(
            attempt_rate, failing, attempt_rate / self.fresh_rate, attempt_rate * (1 - failing), stable
        )


@dataclass(frozen=True)
class TimeoutRetries(Feedback, Shown):
    """Clients of an M/M/c station that give up after a time-out and try again; abandoned work is served all the same.

    L = λ A(P(T_L > timeout)) with L below the capacity. Two points are an operating and a tipping point, none is
    collapse.

    Parameters
    ----------
    fresh_rate : float
        Requests, repetitions not counted. [req/s]
    service_rate : float
        Rate of one server. [req/s]
    servers : int
        [servers]
    timeout : float
        Response time at which clients give up. [s]
    max_attempts : int
        First attempt and repetitions together: one more than `retries`. [attempts]
    retry_budget : float, optional
        Repetitions as a share of first attempts at which they stop. [fraction]

    Raises
    ------
    DomainError
        If a rate or the time-out is not above 0, or fewer than one attempt is allowed.

    Notes
    -----
    Real repetitions follow a busy time and do not come at random. Simulated, 1 to 6 times as many attempts time out
    (the more, the nearer to `metastable_safe_load`), and 60 req/s on a server of 100 collapse by themselves within
    half an hour in spite of their operating point. A load is safe below `metastable_safe_load` only.

    References
    ----------
    .. [1] Bronson et al., Metastable failures in distributed systems, HotOS 2021.
    .. [2] Huang et al., Metastable failures in the wild, OSDI 2022.

    Examples
    --------
    >>> clients = TimeoutRetries(60, service_rate=100, servers=1, timeout=0.1, max_attempts=3)
    >>> [round(point.attempt_rate, 2) for point in clients.points], clients.vulnerable
    ([61.27, 89.93], True)
    >>> round(clients.metastable_safe_load, 1), round(clients.largest_fresh_rate, 1)
    (33.3, 69.5)
    """

    timeout: float
    max_attempts: int
    retry_budget: float | None = None

    def __post_init__(self) -> None:
        domain.positive(timeout=self.timeout)
        domain.count(max_attempts=self.max_attempts)
        super().__post_init__()

    def failure_probability_at(self, attempt_rate: float) -> float:
        """Attempts that take longer than the time-out [fraction].

        Raises
        ------
        Unstable
            If the rate is not below the capacity.
        """
        return MMc(attempt_rate, self.service_rate, self.servers).response_time_survival(self.timeout)

    @property
    def metastable_safe_load(self) -> float:
        """Largest rate of requests whose repetitions cannot hold an overload: c μ / A_max [req/s]."""
        return float(metastable_safe_load(self._capacity, self._worst))

    @property
    def vulnerable(self) -> bool:
        """Whether an overload, once there, sustains itself: A_max λ >= c μ."""
        return self._worst * self.fresh_rate >= self._capacity

    @cached_property
    def largest_fresh_rate(self) -> float:
        """Largest rate of requests with any operating point; beyond it the service collapses by itself [req/s]."""
        rates = self._rates(0.0, self._capacity)
        return max(self.metastable_safe_load, *extremes(self.fresh_rate_at, rates, sign=1.0))

    @property
    def _attempts(self) -> float:
        return float(self.max_attempts)

    @property
    def _worst(self) -> float:
        return float(worst_amplification(self.max_attempts, self.retry_budget))

    @property
    def _capacity(self) -> float:
        return self.servers * self.service_rate

    @property
    def _grid(self) -> np.ndarray:
        if self.fresh_rate >= self._capacity:
            return np.empty(0)
        return self._rates(
            0.999 * self.fresh_rate, min(1.001 * self._worst * self.fresh_rate, self._capacity)
        )

    def _rates(self, low: float, high: float) -> np.ndarray:
        """Rates from `low` to `high`, evenly and ever closer to the capacity, where time-outs set in."""
        near = self._capacity * (1 - np.geomspace(1e-13, 1, _POINTS))
        rates = np.union1d(np.linspace(low, high, _POINTS), near)
        return rates[(rates >= low) & (rates <= high) & (rates > 0) & (rates < self._capacity)]


@dataclass(frozen=True)
class BlockedRetries(Feedback, Shown):
    """Clients refused by a full M/M/c/K station that try again.

    L = λ A(B(L)), B the blocking probability at the rate L of attempts. Holds for repetitions so late that they find
    the station as any arrival does; at once they would find it as full as before. See `orbit.RetrialOrbit` for the
    exact law with times between attempts.

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
    max_attempts : int
        First attempt and repetitions together: one more than `retries`. [attempts]
    retry_budget : float, optional
        Repetitions as a share of first attempts at which they stop. [fraction]

    Raises
    ------
    DomainError
        If a rate is not above 0, or there are fewer places than servers or fewer than one attempt.

    Examples
    --------
    >>> clients = BlockedRetries(105, service_rate=10, servers=10, capacity=20, max_attempts=4)
    >>> [(round(point.attempt_rate, 2), round(point.goodput, 2)) for point in clients.points]
    [(187.75, 99.99)]
    """

    capacity: int
    max_attempts: int
    retry_budget: float | None = None

    def __post_init__(self) -> None:
        domain.count(max_attempts=self.max_attempts)
        MMcK(self.fresh_rate, self.service_rate, self.servers, self.capacity)
        super().__post_init__()

    def failure_probability_at(self, attempt_rate: float) -> float:
        """Attempts that find the station full [fraction]."""
        return MMcK(attempt_rate, self.service_rate, self.servers, self.capacity).blocking_probability

    @property
    def _attempts(self) -> float:
        return float(self.max_attempts)

    @property
    def _worst(self) -> float:
        return float(worst_amplification(self.max_attempts, self.retry_budget))

    @property
    def _grid(self) -> np.ndarray:
        return np.linspace(0.999 * self.fresh_rate, 1.001 * self._worst * self.fresh_rate, 2 * _POINTS)
