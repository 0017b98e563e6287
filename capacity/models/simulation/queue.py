"""A station of identical servers, first come first served, as a path: any arrivals, any service, any balancer.

No formula of queueing is used: each request starts when a server is free for it, and the waits are counted.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from capacity.errors import DomainError, Unstable
from capacity.models import domain
from capacity.models.distributions import Distribution
from capacity.models.simulation.arrivals import Arrivals
from capacity.models.simulation.compiled import IS_COMPILED, compiled
from capacity.models.simulation.seeds import generators
from capacity.models.simulation.simulated import Simulated
from capacity.models.simulation.statistics import check_run
from capacity.shown import Shown

Backlog = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
Balancer = Literal["shared", "random", "round_robin", "two_choices", "shortest_queue"]
FEW = 64
"""Servers up to which a sorted list beats a heap, compiled. [servers]"""


@dataclass(frozen=True)
class Queue(Shown):
    """Identical servers, first come first served, without limit to the queue.

    Parameters
    ----------
    arrivals : Arrivals
        `Poisson`, `Even`, `Renewal`, `Trace`, `Mmpp` or `Varying`.
    service : Distribution
        Law of the service time. [s]
    servers : int
        [servers]
    balancer : str
        ``"shared"``: one queue, the next free server takes its head. Otherwise every server has a queue of its own and
        a request joins one on arrival: by ``"random"`` choice; in turn, ``"round_robin"``; of two different servers
        drawn, the one with fewer requests, ``"two_choices"``; the one with the fewest of all, ``"shortest_queue"``.
        Ties are drawn.

    Raises
    ------
    Unstable
        If the arrival rate is not below the rate of all servers.

    References
    ----------
    .. [1] Kiefer, Wolfowitz, On the theory of queues with many servers, Trans. AMS 78, 1955, sec. 2.

    Examples
    --------
    >>> from capacity.models.distributions import Lognormal
    >>> from capacity.models.simulation.arrivals import Poisson
    >>> path = Queue(Poisson(300.0), Lognormal(0.020, 2.0), servers=8).simulate(200_000, seed=1)
    >>> print(path.estimate("response_time", 0.99))
    0.143 s (0.137 to 0.16)
    """

    arrivals: Arrivals
    service: Distribution
    servers: int = 1
    balancer: Balancer = "shared"

    def __post_init__(self) -> None:
        domain.count(servers=self.servers)
        if self.balancer not in get_args(Balancer):
            raise DomainError(f"no balancer {self.balancer!r}; choose {', '.join(get_args(Balancer))}")
        if self.balancer == "two_choices" and self.servers < 2:
            raise DomainError("two choices need at least 2 servers; give more, or balancer 'shared'")
        if self.arrivals.rate * self.service.mean >= self.servers:
            raise Unstable(self.arrivals.rate, 1 / self.service.mean, self.servers)

    def simulate(self, requests: int, seed: int, warm_up: float | str = 0.1) -> Simulated:
        """Follow a number of requests through the station [requests].

        Parameters
        ----------
        requests : int
            All of them, the warm-up with them. [requests]
        seed : int
            The same seed gives the same path, compiled or not.
        warm_up : float or "auto"
            Share of the requests left out of all answers, or where MSER-5 cuts (see `statistics.warm_up`). [fraction]
        """
        requests = check_run(requests, warm_up)
        coming, serving, choosing = generators(seed, 3)
        times = self.arrivals.times(requests, coming)
        work = self.service.sample(requests, serving)
        waits = self._waits(times, work, choosing)
        return Simulated.of_path(times, waits, work, self.servers, warm_up=warm_up, model=self, seed=seed)

    def _waits(self, times: np.ndarray, work: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        waits, servers = np.empty(times.size), int(self.servers)
        if self.balancer == "shared":
            loop = _shared_by_few if IS_COMPILED and servers <= FEW else _shared
            loop(times, work, servers, waits)
        elif self.balancer == "shortest_queue":
            _shortest(times, work, servers, rng.random(times.size), waits)
        elif self.balancer == "two_choices":
            first = rng.integers(0, servers, times.size)
            second = (first + rng.integers(1, servers, times.size)) % servers
            _shorter(times, work, servers, first, second, waits)
        else:
            place = np.arange(times.size) % servers
            if self.balancer == "random":
                place = rng.integers(0, servers, times.size)
            _assigned(times, work, servers, place, waits)
        return waits


@compiled
def _shared(times: np.ndarray, work: np.ndarray, servers: int, waits: np.ndarray) -> None:
    free = [0.0] * servers
    for i in range(times.size):
        start = max(times[i], free[0])
        waits[i] = start - times[i]
        heapq.heapreplace(free, start + work[i])


@compiled
def _shared_by_few(times: np.ndarray, work: np.ndarray, servers: int, waits: np.ndarray) -> None:
    free = np.zeros(servers)
    for i in range(times.size):
        start = max(times[i], free[0])
        waits[i] = start - times[i]
        end = start + work[i]
        k = 1
        while k < servers and free[k] < end:
            free[k - 1] = free[k]
            k += 1
        free[k - 1] = end


@compiled
def _assigned(
    times: np.ndarray, work: np.ndarray, servers: int, place: np.ndarray, waits: np.ndarray
) -> None:
    free = np.zeros(servers)
    for i in range(times.size):
        start = max(times[i], free[place[i]])
        waits[i] = start - times[i]
        free[place[i]] = start + work[i]


@compiled
def _shorter(
    times: np.ndarray,
    work: np.ndarray,
    servers: int,
    first: np.ndarray,
    second: np.ndarray,
    waits: np.ndarray,
) -> None:
    backlog = _backlog(times.size, servers)
    for i in range(times.size):
        one, other = first[i], second[i]
        _leave(backlog, one, times[i])
        _leave(backlog, other, times[i])
        waits[i] = _join(
            backlog, one if backlog[2][one] <= backlog[2][other] else other, i, times[i], work[i]
        )


@compiled
def _shortest(
    times: np.ndarray, work: np.ndarray, servers: int, draws: np.ndarray, waits: np.ndarray
) -> None:
    backlog = _backlog(times.size, servers)
    present = backlog[2]
    for i in range(times.size):
        fewest, tied = times.size, 0
        for k in range(servers):
            _leave(backlog, k, times[i])
            if present[k] < fewest:
                fewest, tied = present[k], 1
            elif present[k] == fewest:
                tied += 1
        left, place = int(draws[i] * tied), 0
        while present[place] != fewest or left > 0:
            left -= present[place] == fewest
            place += 1
        waits[i] = _join(backlog, place, i, times[i], work[i])


@compiled
def _backlog(requests: int, servers: int) -> Backlog:
    """Oldest and youngest request and number present at each server; next in line and departure of each request."""
    oldest, youngest = np.full(servers, -1), np.full(servers, -1)
    return oldest, youngest, np.zeros(servers, np.int64), np.full(requests, -1), np.zeros(requests)


@compiled
def _leave(backlog: Backlog, k: int, now: float) -> None:
    oldest, _, present, following, departure = backlog
    while present[k] > 0 and departure[oldest[k]] <= now:
        oldest[k] = following[oldest[k]]
        present[k] -= 1


@compiled
def _join(
    backlog: Backlog,
    k: int,
    request: int,
    now: float,
    work: float,
) -> float:
    oldest, youngest, present, following, departure = backlog
    start = now
    if present[k] > 0:
        start = departure[youngest[k]]
        following[youngest[k]] = request
    else:
        oldest[k] = request
    youngest[k] = request
    present[k] += 1
    departure[request] = start + work
    return start - now
