"""Servers that share their work among all present: event loops, time slices, a processor under many threads."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from capacity.errors import Unstable
from capacity.models import domain
from capacity.models.distributions import Distribution
from capacity.models.simulation.arrivals import Arrivals
from capacity.models.simulation.compiled import compiled
from capacity.models.simulation.seeds import generators
from capacity.models.simulation.simulated import Simulated
from capacity.models.simulation.statistics import check_run
from capacity.shown import Shown

ROUNDING = 1e-9
"""Lateness, as a part of the work, that is none."""


@dataclass(frozen=True)
class SharedServers(Shown):
    """Processor sharing: with n requests present each is served at the rate min(1, servers / n).

    Nobody queues: the waiting time is the time lost to the others, response time less work, and the wait probability
    the share of requests that lose any.

    Parameters
    ----------
    arrivals : Arrivals
        `Poisson`, `Even`, `Renewal`, `Trace`, `Mmpp` or `Varying`.
    service : Distribution
        Law of the time a request takes alone. [s]
    servers : int
        [servers]

    Raises
    ------
    Unstable
        If the arrival rate is not below the rate of all servers.

    References
    ----------
    .. [1] Kleinrock, Time-shared systems: a theoretical treatment, JACM 14(2), 1967.

    Examples
    --------
    >>> from capacity.models.distributions import Exponential
    >>> from capacity.models.simulation.arrivals import Poisson
    >>> path = SharedServers(Poisson(35.0), Exponential(0.020)).simulate(200_000, seed=1)
    >>> print(path.estimate("response_time"))
    0.0684 s (0.0663 to 0.0709)
    """

    arrivals: Arrivals
    service: Distribution
    servers: int = 1

    def __post_init__(self) -> None:
        domain.count(servers=self.servers)
        if self.arrivals.rate * self.service.mean >= self.servers:
            raise Unstable(self.arrivals.rate, 1 / self.service.mean, self.servers)

    def simulate(self, requests: int, seed: int, warm_up: float | str = 0.1) -> Simulated:
        """Follow a number of [requests] through the station; parameters as of `Queue.simulate`."""
        requests = check_run(requests, warm_up)
        coming, serving = generators(seed, 2)
        times = self.arrivals.times(requests, coming)
        work = self.service.sample(requests, serving)
        lost = np.empty(requests)
        _share(times, work, int(self.servers), lost)
        return Simulated.of_path(times, lost, work, self.servers, warm_up=warm_up, model=self, seed=seed)


@compiled
def _share(times: np.ndarray, work: np.ndarray, servers: int, lost: np.ndarray) -> None:
    """Time lost by each request; all present have had the same service since they came, so a heap knows who is next.

    `served` is the service that a request present since the station was last empty has had; `now` counts from then.
    """
    ends = [(0.0, 0)]
    ends.pop()
    origin = now = served = 0.0
    for i in range(times.size + 1):
        while ends:
            pace = min(1.0, servers / len(ends))
            end, request = ends[0]
            finish = now + (end - served) / pace
            if i < times.size and finish > times[i] - origin:
                break
            now, served = finish, end
            heapq.heappop(ends)
            late = now - (times[request] - origin) - work[request]
            lost[request] = late if late > ROUNDING * work[request] else 0.0
        if i == times.size:
            return
        if not ends:
            origin, now, served = times[i], 0.0, 0.0
        served += (times[i] - origin - now) * min(1.0, servers / max(len(ends), 1))
        now = times[i] - origin
        heapq.heappush(ends, (served + work[i], i))
