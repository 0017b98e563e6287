"""A service hit by a trigger and left with its own retries, as a fluid: does it recover, and when."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

_ALL_OF_IT = 0.99  # goodput over load from which a service counts as recovered


@dataclass(frozen=True, eq=False)
class Recovery(Shown):
    """What became of a service after a trigger.

    Parameters
    ----------
    arrival_rate : float
        Requests, repetitions not counted. [req/s]
    time : ndarray
        When the attempts of each step came, counted from the end of the trigger. [s]
    goodput : ndarray
        Of the attempts that came in each step, those answered within the time-out. [req/s]
    queue_length : ndarray
        Attempts waiting at the end of each step, abandoned ones included. [requests]

    Examples
    --------
    >>> import capacity as cap
    >>> service = cap.overload.Metastability(arrival_rate=250, capacity=300, trigger_capacity=100, retry_budget=0.1)
    >>> after = service.run()
    >>> after.stuck, round(after.recovery_seconds)  # [s]
    (False, 207)
    """

    arrival_rate: float
    time: np.ndarray
    goodput: np.ndarray
    queue_length: np.ndarray

    @property
    def recovered(self) -> bool:
        """Whether all requests are answered in time by the end."""
        return math.isfinite(self.recovery_seconds)

    @property
    def recovery_seconds(self) -> float:
        """From the end of the trigger until all who come are answered in time, for good; ``inf``: never [s]."""
        short = np.flatnonzero(self.goodput < _ALL_OF_IT * self.arrival_rate)
        if not short.size:
            return 0.0
        return max(float(self.time[short[-1]]), 0.0) if short[-1] + 1 < self.time.size else math.inf

    def to_frame(self) -> pd.DataFrame:
        """Time [s], goodput [req/s] and queue length [requests] of each step."""
        import pandas as pd

        columns = {"time": self.time, "goodput": self.goodput, "queue_length": self.queue_length}
        return pd.DataFrame(columns)

    @property
    def stuck(self) -> bool:
        """Whether it has not recovered by the end and the queue does not shrink either."""
        return not self.recovered and self.queue_length[-1] >= self.queue_length[self.time.size * 3 // 4]


@dataclass(frozen=True)
class Metastability(Shown):
    """A first-come-first-served station whose clients give up, wait and try again; for a time it serves less. Fluid.

    Requests flow at a constant rate, as cohorts of one step each. What is not served within the time-out counts as
    failed and is repeated after the back-off, but stays in the queue and is served in vain unless `drop_expired`.
    Requests refused by the queue limit or the admission limit are repeated too.

    Parameters
    ----------
    arrival_rate : float
        Requests, repetitions not counted. [req/s]
    capacity, trigger_capacity : float
        Attempts served, normally and during the trigger. [req/s]
    trigger_seconds : float
        Duration of the trigger. [s]
    trigger_arrival_rate : float, optional
        Requests during the trigger, where it is a rush. [req/s]
    timeout, backoff : float
        After which clients give up, and then wait before they try again. [s]
    retries : int
        Repetitions of a request, at most: one less than `max_attempts`. [retries]
    retry_budget : float, optional
        Repetitions as a share of all first attempts so far at which they stop. [fraction]
    queue_limit : float, optional
        Attempts that may wait. [requests]
    drop_expired : bool
        Whether abandoned work leaves the queue unserved.
    admission_limit : float, optional
        Attempts admitted per second; the rest is refused at once. [req/s]
    before, after : float
        Simulated time before and after the trigger. [s]
    step : float
        Length of a cohort. [s]

    Raises
    ------
    DomainError
        If a value is outside its range.

    References
    ----------
    .. [1] Bronson et al., Metastable failures in distributed systems, HotOS 2021.
    .. [2] Huang et al., Metastable failures in the wild, OSDI 2022.

    Examples
    --------
    >>> service = Metastability(arrival_rate=250, capacity=300, trigger_capacity=100)
    >>> service.run().recovered
    False
    >>> Metastability(250, 300, 100, retry_budget=0.1).run().recovered
    True
    """

    arrival_rate: float
    capacity: float
    trigger_capacity: float
    trigger_seconds: float = 30.0
    trigger_arrival_rate: float | None = None
    timeout: float = 1.0
    backoff: float = 0.5
    retries: int = 2
    retry_budget: float | None = None
    queue_limit: float | None = None
    drop_expired: bool = False
    admission_limit: float | None = None
    before: float = 10.0
    after: float = 510.0
    step: float = 0.05

    def __post_init__(self) -> None:
        domain.positive(
            arrival_rate=self.arrival_rate,
            capacity=self.capacity,
            timeout=self.timeout,
            after=self.after,
            step=self.step,
        )
        limits = {
            name: value
            for name in ("trigger_arrival_rate", "retry_budget", "queue_limit", "admission_limit")
            if (value := getattr(self, name)) is not None
        }
        domain.not_negative(
            trigger_capacity=self.trigger_capacity,
            trigger_seconds=self.trigger_seconds,
            backoff=self.backoff,
            before=self.before,
            **limits,
        )
        domain.whole(retries=self.retries)
        if self.step > self.timeout / 4:
            raise DomainError(
                f"step {self.step:g} s is too long for a time-out of {self.timeout:g} s; "
                f"give at most {self.timeout / 4:g} s"
            )

    def run(self) -> Recovery:
        """Follow the service from before the trigger to long after it."""
        begin, end = round(self.before / self.step), round((self.before + self.trigger_seconds) / self.step)
        queue, usual = _Queue(self), (self.arrival_rate, self.capacity)
        rush = self.trigger_arrival_rate
        hurt = (self.arrival_rate if rush is None else rush, self.trigger_capacity)
        steps = end + round(self.after / self.step)
        rows = [queue.advance(*(hurt if begin <= n < end else usual)) for n in range(steps + queue.patience)]
        answered, waiting = np.array(rows).T
        time = (np.arange(1, steps + 1) - end) * self.step
        return Recovery(self.arrival_rate, time, answered[queue.patience :] / self.step, waiting[:steps])

    def largest_recovering_load(self, precision: float = 0.01) -> float:
        """Largest rate of requests that is not stuck after the trigger, by bisection [req/s].

        What `retries.metastable_safe_load` says by formula, found by trial; limits on queue or admission raise it.

        Parameters
        ----------
        precision : float
            Of the answer, as a share of the capacity. [fraction]
        """
        domain.fraction(precision=precision)
        cells = math.ceil(1 / precision)

        def comes_back(cell: float) -> bool:
            return not replace(self, arrival_rate=max(cell, 0.5) * self.capacity / cells).run().stuck

        low, high = 0, cells
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if comes_back(middle) else (low, middle)
        return low * self.capacity / cells


class _Queue:
    """Cohorts in the order they came, as cumulative numbers: admitted up to each step, and gone so far."""

    def __init__(self, service: Metastability) -> None:
        self.service = service
        self.gone = self.tokens = 0.0
        self.patience = round(service.timeout / service.step)
        none = [0.0] * (service.retries + 1)
        self.admitted = deque([0.0] * (self.patience + 2), self.patience + 2)
        self.cohorts = deque([none] * (self.patience + 1), self.patience + 1)
        self.waiting_to_retry = deque([none] * max(round(service.backoff / service.step), 1))

    def advance(self, arrival_rate: float, capacity: float) -> tuple[float, float]:
        """Let one step pass; return what was answered of those whose patience ends, and what waits [requests]."""
        service = self.service
        attempts = self.waiting_to_retry.popleft()
        attempts = [arrival_rate * service.step, *attempts[1:]]
        if service.retry_budget is not None:
            self.tokens += service.retry_budget * attempts[0]
        refused = self._admit(attempts)
        newest, expiring = self.admitted[-1], self.admitted[1]
        self.gone = min(self.gone + capacity * service.step, newest)
        late = max(expiring - max(self.gone, self.admitted[0]), 0.0)
        if service.drop_expired:
            self.gone = max(self.gone, expiring)
        self._schedule_retries(refused, late)
        return expiring - self.admitted[0] - late, newest - self.gone

    def _admit(self, attempts: list[float]) -> list[float]:
        """Queue what the limits let in; return what they refuse, by number of attempt."""
        service, total = self.service, sum(attempts)
        most = math.inf
        if service.admission_limit is not None:
            most = service.admission_limit * service.step
        if service.queue_limit is not None:
            most = min(most, max(service.queue_limit - (self.admitted[-1] - self.gone), 0.0))
        share = most / total if total > most else 1.0
        self.cohorts.append([share * n for n in attempts])
        self.admitted.append(self.admitted[-1] + share * total)
        return [(1 - share) * n for n in attempts]

    def _schedule_retries(self, refused: list[float], late: float) -> None:
        """Repeat what was refused or not served in time, as far as attempts and the budget last."""
        cohort = self.cohorts[0]
        share = late / total if (total := sum(cohort)) else 0.0
        again = [0.0, *(share * c + r for c, r in zip(cohort[:-1], refused[:-1], strict=True))]
        if self.service.retry_budget is not None and (wanted := sum(again)):
            allowed = min(wanted, self.tokens)
            self.tokens -= allowed
            again = [n * allowed / wanted for n in again]
        self.waiting_to_retry.append(again)
