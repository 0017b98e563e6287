"""Threads that hold a connection while they work: two pools of which the second is taken while holding the first.

A tandem of two queues is the wrong model: threads that wait for a connection are lost to those who wait for a thread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.inverse import check_feasible, largest_rate
from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.exact import solve
from capacity.models.stations.queueing import MMc
from capacity.shown import Shown

_MOST_THREADS = 512  # beyond, a solution takes minutes
_LARGE = 1e200  # where numbers are scaled down
_SAME = 1e-13  # relative change below which the recursion has settled
_ASKED = ("all", "full", "waits", "threads", "connections", "connection queue", "queue")


@dataclass(frozen=True)
class LayeredPool(Shown):
    """Requests take a thread, compute, then hold a connection too until they are done.

    Poisson arrivals; a bounded first-come queue for threads, what finds it full is refused; an exponential CPU phase in
    which threads do not hinder each other; one of the connections, first come first served; an exponential time with
    it. Exact. Means are those of accepted requests; overload is allowed, there is no law of the response time.

    Parameters
    ----------
    arrival_rate : float
        Offered rate, refused requests included. [req/s]
    cpu_rate, connection_rate : float
        Inverse mean time of a thread before it needs the connection, and with it. [1/s]
    threads, connections : int
        [servers]
    queue_limit : int
        Places for requests that wait for a thread. [requests]

    Raises
    ------
    DomainError
        If a value is out of its range, or there are more than 512 threads.

    References
    ----------
    .. [1] Rolia and Sevcik, The method of layers, IEEE Trans. Software Engineering 21(8), 1995 (the model).
    .. [2] Gaver, Jacobs and Latouche, Finite birth-and-death models in randomly changing environments, Advances in
       Applied Probability 16, 1984 (the elimination).

    Examples
    --------
    >>> pool = LayeredPool(380, cpu_rate=100, connection_rate=50, threads=10, connections=8, queue_limit=600)
    >>> round(pool.throughput, 1), round(pool.saturation_throughput, 1)
    (328.5, 328.5)
    """

    arrival_rate: float
    cpu_rate: float
    connection_rate: float
    threads: int
    connections: int
    queue_limit: int

    method = "exact Markov chain"
    error = 0.0

    def __post_init__(self) -> None:
        domain.positive(
            arrival_rate=self.arrival_rate, cpu_rate=self.cpu_rate, connection_rate=self.connection_rate
        )
        domain.count(threads=self.threads, connections=self.connections)
        domain.whole(queue_limit=self.queue_limit)
        if self.threads > _MOST_THREADS:
            raise DomainError(
                f"{self.threads} threads cannot be solved; give at most {_MOST_THREADS}, or simulate"
            )

    @property
    def servers(self) -> int:
        """Threads [servers]."""
        return self.threads

    @property
    def service_rate(self) -> float:
        """Rate of one thread that never waits for a connection [req/s]."""
        return 1 / (1 / self.cpu_rate + 1 / self.connection_rate)

    @property
    def blocking_probability(self) -> float:
        """Share of requests refused [fraction]."""
        return self._shares["full"]

    @property
    def throughput(self) -> float:
        """Accepted, hence completed, rate [req/s]."""
        return self.connection_rate * self.connections_busy

    @property
    def thread_wait_probability(self) -> float:
        """Share of all requests, refused ones included, that have to wait for a thread [fraction]."""
        return self._shares["waits"]

    @property
    def wait_probability(self) -> float:
        """Share of accepted requests that have to wait for a thread [fraction]."""
        return self.thread_wait_probability / (1 - self.blocking_probability)

    @property
    def threads_busy(self) -> float:
        """Mean number of threads taken, waiting for a connection included [servers]."""
        return self._shares["threads"]

    @property
    def connections_busy(self) -> float:
        """Mean number of connections taken [servers]."""
        return self._shares["connections"]

    @property
    def utilization(self) -> float:
        """Share of the threads that is taken [fraction]."""
        return self.threads_busy / self.threads

    @property
    def connection_utilization(self) -> float:
        """Share of the connections that is taken [fraction]."""
        return self.connections_busy / self.connections

    @property
    def queue_length(self) -> float:
        """Mean number waiting for a thread [requests]."""
        return self._shares["queue"]

    @property
    def concurrency(self) -> float:
        """Mean number present [requests]."""
        return self.queue_length + self.threads_busy

    @property
    def waiting_time(self) -> float:
        """Mean wait for a thread [s]."""
        return self.queue_length / self.throughput

    @property
    def connection_waiting_time(self) -> float:
        """Mean wait for a connection [s]."""
        return self._shares["connection queue"] / self.throughput

    @property
    def response_time(self) -> float:
        """Mean time from arrival to completion [s]."""
        return self.concurrency / self.throughput

    @property
    def saturation_throughput(self) -> float:
        """Most that the two pools together can do: that of threads that are never idle [req/s]."""
        demands = [1 / self.cpu_rate, 1 / self.connection_rate]
        network = ClosedNetwork.single(demands, self.threads, servers=["delay", self.connections])
        return float(solve(network).throughput[0])

    def max_arrival_rate(self, slo: float, quantile: float | None = None) -> float:
        """Largest rate, below saturation, at which the mean response time keeps the SLO [req/s].

        Raises
        ------
        DomainError
            If the SLO is missed even without load, or a quantile is asked for.
        """
        if quantile is not None:
            raise DomainError(f"quantile {quantile:g} has no closed form here; ask for the mean, or simulate")

        def response(rate: float) -> float:
            return replace(self, arrival_rate=rate).response_time

        return largest_rate(response, self.saturation_throughput, slo)

    def threads_for(self, slo: float) -> int:
        """Fewest threads that keep the mean response time within the SLO without saturating [servers].

        Raises
        ------
        DomainError
            If no number of threads does with these connections.
        """
        never_waiting = MMc(self.arrival_rate, self.connection_rate, self.connections).response_time
        check_feasible(1 / self.cpu_rate + never_waiting, slo)
        return self._fewest(lambda threads: replace(self, threads=threads), slo, _MOST_THREADS, "threads")

    def connections_for(self, slo: float) -> int:
        """Fewest connections that keep the mean response time within the SLO without saturating [servers].

        Raises
        ------
        DomainError
            If not even a connection for each thread does.
        """
        check_feasible(1 / self.cpu_rate + 1 / self.connection_rate, slo)
        return self._fewest(
            lambda connections: replace(self, connections=connections), slo, self.threads, "connections"
        )

    def _fewest(self, pool_with: Callable[[int], LayeredPool], slo: float, most: int, name: str) -> int:
        def kept(number: int) -> bool:
            pool = pool_with(number)
            return pool.arrival_rate < pool.saturation_throughput and pool.response_time <= slo

        enough = 1
        while not kept(enough):
            if enough == most:
                raise DomainError(
                    f"infeasible: not even {most} {name} keep {slo:g} s at {self.arrival_rate:g} req/s (all they "
                    f"can do is {pool_with(most).saturation_throughput:.4g} req/s); lower the rate or the times"
                )
            enough = min(2 * enough, most)
        choices = range(1, enough + 1)
        return choices[bisect_left(choices, True, key=kept)]

    @cached_property
    def _shares(self) -> dict[str, float]:
        """Long-run means over the states: n requests present, i of them past the CPU phase.

        π(n + 1) = π(n) R(n + 1), from the fullest level down; the sums of what is asked over all fuller levels ride
        along, so that no level is kept. `unit` is what one counts for in the scale of these sums.
        """
        unit, sums, ratio = 1.0, np.zeros((0, len(_ASKED))), np.zeros((self.threads + 1, 0))
        settled = False
        for present in range(self.threads + self.queue_limit, 0, -1):
            sums = unit * self._asked(present) + (ratio @ sums if sums.size else 0.0)
            if (largest := float(sums.max())) > _LARGE:
                sums, unit = sums / largest, unit / largest
            if not (settled and present > self.threads):
                following = self._ratio(present, ratio)
                settled = following.shape == ratio.shape and bool(
                    np.abs(following - ratio).max() <= _SAME * following.max()
                )
                ratio = following
        total = (unit * self._asked(0) + ratio @ sums)[0]
        return dict(zip(_ASKED, (total / total[0]).tolist(), strict=True))

    def _asked(self, present: int) -> np.ndarray:
        """What is asked of each state of a level, a column each."""
        top, taken = self.threads + self.queue_limit, min(present, self.threads)
        with_connection = np.arange(taken + 1)
        columns = np.empty((taken + 1, len(_ASKED)))
        columns[:, 0] = 1.0
        columns[:, 1] = present == top
        columns[:, 2] = self.threads <= present < top
        columns[:, 3] = taken
        columns[:, 4] = np.minimum(with_connection, self.connections)
        columns[:, 5] = np.maximum(with_connection - self.connections, 0)
        columns[:, 6] = present - taken
        return columns

    def _ratio(self, present: int, above: np.ndarray) -> np.ndarray:
        """R of a level, λ (D - R U)⁻¹: D leaves the states, U comes back from the level above."""
        top, taken = self.threads + self.queue_limit, min(present, self.threads)
        states = np.arange(taken + 1)
        computed = (taken - states) * self.cpu_rate
        served = np.minimum(states, self.connections) * self.connection_rate
        leaving = np.diag(float(self.arrival_rate) * (present < top) + computed + served) - np.diag(
            computed[:-1], 1
        )
        if above.size:
            done = np.minimum(np.arange(1, above.shape[1]), self.connections) * self.connection_rate
            leaving[:, : done.size] -= above[:, 1:] * done
        rows = min(present - 1, self.threads) + 1
        return self.arrival_rate * np.linalg.inv(leaving)[:rows]
