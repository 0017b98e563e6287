"""Requests of several classes, the more urgent served first: a path for each class."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from capacity.errors import DomainError, Unstable
from capacity.models import domain
from capacity.models.distributions import Distribution
from capacity.models.simulation.arrivals import Arrivals
from capacity.models.simulation.compiled import compiled
from capacity.models.simulation.seeds import generators
from capacity.models.simulation.simulated import Simulated
from capacity.models.simulation.statistics import check_run
from capacity.shown import Shown


@dataclass(frozen=True)
class Traffic(Shown):
    """Requests of one class: when they come and how long they take.

    Parameters
    ----------
    arrivals : Arrivals
        When they come. [req/s]
    service : Distribution
        How long each takes. [s]

    Examples
    --------
    >>> import capacity as cap
    >>> paid = Traffic(cap.simulation.Poisson(100), cap.distributions.Exponential(0.01))  # [req/s], [s]
    >>> paid.arrivals.rate * paid.service.mean  # servers it keeps busy
    1.0
    """

    arrivals: Arrivals
    service: Distribution


@dataclass(frozen=True)
class PriorityQueue(Shown):
    """One queue in which every request overtakes those of less urgent classes; first come first served in a class.

    Parameters
    ----------
    classes : tuple of Traffic
        The most urgent first.
    servers : int
        [servers]
    preemptive : bool
        Whether a more urgent request also interrupts one in service, which later goes on where it was; with one
        server only.

    Raises
    ------
    Unstable
        If more work arrives in all than the servers can do.

    Examples
    --------
    >>> from capacity.models.distributions import Exponential
    >>> from capacity.models.simulation.arrivals import Poisson
    >>> classes = tuple(Traffic(Poisson(rate), Exponential(0.010)) for rate in (20.0, 60.0))
    >>> urgent, other = PriorityQueue(classes).simulate(200_000, seed=1)
    >>> round(urgent.waiting_time, 4), round(other.waiting_time, 4)
    (0.0102, 0.0541)
    """

    classes: tuple[Traffic, ...]
    servers: int = 1
    preemptive: bool = False

    def __post_init__(self) -> None:
        domain.count(servers=self.servers)
        if not self.classes:
            raise DomainError("0 classes give no requests; give at least one")
        if self.preemptive and self.servers > 1:
            raise DomainError(f"preemption is simulated for 1 server, not {self.servers}; give servers=1")
        rate = sum(one.arrivals.rate for one in self.classes)
        load = sum(one.arrivals.rate * one.service.mean for one in self.classes)
        if load >= self.servers:
            raise Unstable(rate, rate / load, self.servers)

    def simulate(self, requests: int, seed: int, warm_up: float | str = 0.1) -> tuple[Simulated, ...]:
        """Follow about this many [requests] of all classes through the station; one path for each class.

        Parameters, Raises as of `Queue.simulate`.
        """
        requests = check_run(requests, warm_up)
        streams = generators(seed, 2 * len(self.classes))
        rate = sum(one.arrivals.rate for one in self.classes)
        counts = [max(round(requests * one.arrivals.rate / rate), 1) for one in self.classes]
        pairs = zip(self.classes, counts, strict=True)
        moments = [one.arrivals.times(count, streams[2 * k]) for k, (one, count) in enumerate(pairs)]
        last = min(float(times[-1]) for times in moments)
        moments = [times[times <= last] for times in moments]
        works = [
            one.service.sample(times.size, streams[2 * k + 1])
            for k, (one, times) in enumerate(zip(self.classes, moments, strict=True))
        ]
        kind = np.repeat(np.arange(len(moments)), [times.size for times in moments])
        times, work = np.concatenate(moments), np.concatenate(works)
        order = np.argsort(times, kind="stable")
        waits = np.empty(times.size)
        if self.preemptive:
            waits[order] = _interrupted(times[order], work[order], kind[order])
        else:
            waits[order] = _overtaken(times[order], work[order], kind[order], int(self.servers))
        return tuple(
            Simulated.of_path(
                times[kind == k], waits[kind == k], work[kind == k], self.servers, warm_up=warm_up, seed=seed
            )
            for k in range(len(moments))
        )


@compiled
def _overtaken(times: np.ndarray, work: np.ndarray, kind: np.ndarray, servers: int) -> np.ndarray:
    """Waits where a request in service is never interrupted."""
    free = [0.0] * servers
    queue = [(0, 0)]
    queue.pop()
    waits = np.empty(times.size)
    arrived = 0
    for _ in range(times.size):
        if not queue:
            heapq.heappush(queue, (kind[arrived], arrived))
            arrived += 1
        start = max(free[0], times[queue[0][1]])
        while arrived < times.size and times[arrived] <= start:
            heapq.heappush(queue, (kind[arrived], arrived))
            arrived += 1
        _, request = heapq.heappop(queue)
        waits[request] = start - times[request]
        heapq.heapreplace(free, start + work[request])
    return waits


@compiled
def _interrupted(times: np.ndarray, work: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Waits at one server where a more urgent request interrupts, and the interrupted goes on later."""
    queue = [(0, 0)]
    queue.pop()
    left = work.copy()
    waits = np.empty(times.size)
    now, arrived, done = 0.0, 0, 0
    while done < times.size:
        if not queue:
            now = times[arrived]
        while arrived < times.size and times[arrived] <= now:
            heapq.heappush(queue, (kind[arrived], arrived))
            arrived += 1
        request = queue[0][1]
        if arrived < times.size and times[arrived] < now + left[request]:
            left[request] -= times[arrived] - now
            now = times[arrived]
        else:
            heapq.heappop(queue)
            waits[request] = now - times[request] - (work[request] - left[request])
            now += left[request]
            done += 1
    return waits
