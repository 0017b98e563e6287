"""A network of stations and its clients, played event by event: the answer where no formula holds."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.simulation import engine as e
from capacity.models.simulation.arrivals import Varying
from capacity.models.simulation.clients import Clients, Users
from capacity.models.simulation.controls import Controls, tick
from capacity.models.simulation.marks import Mark
from capacity.models.simulation.run import Run
from capacity.models.simulation.statistics import check_run
from capacity.models.simulation.streams import Streams
from capacity.models.simulation.system import Deployment, Node, Slowdown
from capacity.models.simulation.world import Layout, build, grown
from capacity.shown import Shown

MARKS = 100
"""Looks at the whole system in the course of a run, each after as many new requests."""
ROUNDING = 1e-9
PRECISION = 1e-3
"""Relative step at which the search for the largest arrival rate ends."""
MOST = 2**20
"""Servers, and times below the given rate, beyond which no search goes."""
LONG = 20
"""Times the SLO that a run must last to tell a backlog from requests that are just being served."""


@dataclass(frozen=True)
class Network(Shown):
    """Stations in a path, or with chances of where a request goes next, and those who send the requests.

    Without `routing` a request visits all stations in turn. The loop is compiled where numba is installed (extra
    ``fast``), and runs as plain Python elsewhere with the same result, about 50 times slower.

    Parameters
    ----------
    stations : tuple of Node
    clients : Clients
    routing : tuple of tuple of float, optional
        Chance of going from a station (row) to another (column); what is missing to 1 leaves. [fraction]
    entry : tuple of float, optional
        Share of new requests that come to each station first; all to the first one by default. [fraction]
    changes : tuple of Slowdown or Deployment
        What is planned to happen.

    Raises
    ------
    DomainError
        If two stations have one name, or requests would never leave.

    Examples
    --------
    >>> from capacity.models.distributions import Exponential
    >>> from capacity.models.simulation.arrivals import Poisson
    >>> shop = Network((Node("app", Exponential(0.010), servers=4),), Clients(Poisson(320.0)))
    >>> run = shop.simulate(requests=2_000, seed=1)
    >>> 0.7 < run.station("app").utilization < 0.9
    True
    """

    stations: tuple[Node, ...]
    clients: Clients
    routing: tuple[tuple[float, ...], ...] | None = None
    entry: tuple[float, ...] | None = None
    changes: tuple[Slowdown | Deployment, ...] = ()

    def __post_init__(self) -> None:
        names = [station.name for station in self.stations]
        if not names or len(set(names)) < len(names):
            raise DomainError(
                f"stations {names} have no names of their own; give at least one, each its name once"
            )
        for station in self.stations:
            station.laws(len(self.clients.mix))
        for change in self.changes:
            if change.station not in names:
                raise DomainError(f"{change.station!r} is no station; choose among {', '.join(names)}")
        _check_leaves(self._routes(), names)
        if sum(station.holds for station in self.stations) > 0:
            _check_held(self.stations, self._routes())

    def simulate(self, requests: int = 100_000, *, seed: int = 0, warm_up: float | str = 0.1) -> Run:
        """Play a number of requests, from the first arrival to the end of the last [requests].

        Parameters
        ----------
        requests : int
            [requests]
        seed : int
            The same seed gives the same run, compiled or not; each purpose and station has draws of its own, so that
            runs of two systems with one seed differ only by what the systems do.
        warm_up : float or "auto"
            Share of the requests at the start that are left out of all answers, or where MSER-5 cuts. [fraction]
        """
        requests = check_run(requests, warm_up)
        world, streams = build(self.stations, self._routes(), self.clients, requests, seed)
        controls = Controls(self._layout(), self.changes, seed)
        world, marks = _play(world, streams, controls, requests)
        return Run.of(self, seed, world, marks, warm_up)

    def max_arrival_rate(
        self,
        slo: float,
        quantile: float | None = None,
        *,
        answered: float = 0.999,
        requests: int = 50_000,
        seed: int = 0,
    ) -> float:
        """Largest rate of new requests that keeps the SLO, by trial with the same draws, to a thousandth [req/s].

        Parameters
        ----------
        slo : float
            Longest response time of the answered requests allowed, in the mean or at the quantile. [s]
        quantile : float, optional
            Share of answered requests that must keep it. [fraction]
        answered : float
            Least share of requests that must be answered; a backlog that grows is never allowed. [fraction]
        requests, seed : int
            Of each run. [requests, 1]

        Raises
        ------
        DomainError
            If no rate keeps the SLO, the population is closed, or the run is too short at a rate that may keep it.
        """
        arrivals = self.clients.arrivals
        if isinstance(arrivals, Users):
            raise DomainError("a closed population has no arrival rate; vary the number of users")

        def kept(rate: float) -> bool:
            if rate * slo * LONG > requests:
                raise DomainError(
                    f"{requests} requests at {rate:.4g} req/s, which may keep the SLO of {slo:g} s, pass in "
                    f"{requests / rate:.3g} s; give at least {math.ceil(rate * slo * LONG)}"
                )
            if self._last_change > requests / rate:
                raise DomainError(
                    f"{requests} requests at {rate:.4g} req/s end before what is planned for {self._last_change:g} s; "
                    f"give at least {math.ceil(1.5 * rate * self._last_change)}"
                )
            clients = replace(self.clients, arrivals=arrivals.at(rate))
            run = replace(self, clients=clients).simulate(requests, seed=seed)
            return _keeps(run, slo, quantile, answered)

        low = high = arrivals.rate
        while kept(high):
            low, high = high, 2 * high
        while low == high or not kept(low):
            low, high = low / 2, low
            if low < arrivals.rate / MOST:
                raise DomainError(f"infeasible: not even {low:.3g} req/s keep the SLO of {slo:g} s; relax it")
        while high / low > 1 + PRECISION:
            middle = (low * high) ** 0.5
            low, high = (middle, high) if kept(middle) else (low, middle)
        return low

    @property
    def _last_change(self) -> float:
        """When the load, or what is planned to happen, changes for the last time [s]."""
        arrivals = self.clients.arrivals
        starts = arrivals.starts if isinstance(arrivals, Varying) else (0.0,)
        return max(*starts, 0.0, *(change.start for change in self.changes))

    def servers_for(
        self,
        station: str,
        slo: float,
        quantile: float | None = None,
        *,
        answered: float = 0.999,
        requests: int = 50_000,
        seed: int = 0,
    ) -> int:
        """Fewest servers, in each replica of one station, that keep the SLO, by trial with the same draws [servers].

        Parameters, Raises as in `max_arrival_rate`.
        """
        names = [node.name for node in self.stations]
        if station not in names or self.stations[names.index(station)].servers is None:
            raise DomainError(f"{station!r} is no station with servers; choose among {', '.join(names)}")

        def kept(servers: int) -> bool:
            nodes = tuple(
                replace(node, servers=servers) if node.name == station else node for node in self.stations
            )
            run = replace(self, stations=nodes).simulate(requests, seed=seed)
            return _keeps(run, slo, quantile, answered)

        most = 1
        while not kept(most):
            most *= 2
            if most > MOST:
                raise DomainError(
                    f"infeasible: not even {most} servers of {station} keep the SLO of {slo:g} s"
                )
        return bisect_left(range(most + 1), True, lo=most // 2 + 1, hi=most, key=kept)

    def _layout(self) -> Layout:
        return Layout(self.stations, len(self.clients.mix), self.clients.max_attempts)

    def _routes(self) -> np.ndarray:
        """Return a row of chances for each station, then one for the entry."""
        count = len(self.stations)
        inside = np.eye(count, k=1) if self.routing is None else np.array(self.routing, dtype=float)
        entry = np.eye(1, count)[0] if self.entry is None else np.array(self.entry, dtype=float)
        if inside.shape != (count, count) or entry.shape != (count,):
            raise DomainError(
                f"routing {inside.shape} and entry {entry.shape} do not fit {count} stations; "
                f"give {count} rows of {count} chances, and {count} shares"
            )
        routes = np.vstack([inside, entry])
        if not ((routes >= 0).all() and (routes.sum(axis=1) <= 1 + ROUNDING).all()):
            raise DomainError("chances of routing must be 0 or above and add to at most 1 in each row")
        if abs(entry.sum() - 1) > ROUNDING:
            raise DomainError(f"shares of the entry add to {entry.sum():g}; they must add to 1")
        return routes


def _keeps(run: Run, slo: float, quantile: float | None, answered: float) -> bool:
    """Say whether enough requests of a run are answered, and in time."""
    domain.positive(slo=slo)
    if run.grows or run.shares["ok"] < answered:
        return False
    return (run.response_time if quantile is None else run.response_time_quantile(quantile)) <= slo


def _reach(step: np.ndarray) -> np.ndarray:
    """Return where one can get to in one step or more."""
    reach = step
    for _ in range(len(step).bit_length()):
        reach = reach | (reach.astype(float) @ reach > 0)
    return reach


def _check_leaves(routes: np.ndarray, names: Sequence[str]) -> None:
    """Refuse routing in which requests that come somewhere can never leave."""
    reach = _reach(routes[:-1] > 0) | np.eye(len(names), dtype=bool)
    leaves = (reach & (routes[:-1].sum(axis=1) < 1 - ROUNDING)).any(axis=1)
    visited = reach[routes[-1] > 0].any(axis=0)
    for number in np.flatnonzero(visited & ~leaves)[:1]:
        raise DomainError(
            f"requests at {names[number]} never leave; let its row of the routing, or a later one, add to less than 1"
        )


def _check_held(stations: Sequence[Node], routes: np.ndarray) -> None:
    """Refuse stations that a request could hold without end."""
    held = np.array([station.holds for station in stations])
    among = (routes[:-1] > 0) & held & held[:, None]
    if _reach(among).diagonal().any() or held.sum() > e.RECORD:
        raise DomainError(
            f"a request can hold servers without end; let at most {e.RECORD} stations hold, in no circle"
        )


def _play(world: e.World, streams: Streams, controls: Controls, requests: int) -> tuple[e.World, list[Mark]]:
    """Run the loop to the end, giving it what it stops for."""
    n, x = world.n, world.x
    pauses = np.linspace(0, requests, min(MARKS, requests) + 1).astype(int)[1:].tolist()
    marks = [Mark.of(world, controls)]
    n[e.PAUSE] = pauses.pop(0)
    x[e.CONTROL_AT] = controls.next_time
    while n[e.FINISHED] < requests:
        n[e.STOP] = 0
        e.run(world)
        if x[e.CLOCK] == np.inf:
            raise DomainError(
                f"{n[e.STARTED] - n[e.FINISHED]} requests wait for replicas that never come back"
            )
        streams.refill(n)
        if n[e.SPARE] < e.MARGIN:
            world = grown(world)
        n, x = world.n, world.x
        if x[e.CLOCK] >= x[e.CONTROL_AT]:
            world = controls.apply(world)
            x[e.CONTROL_AT] = controls.next_time
        if n[e.STARTED] == n[e.PAUSE]:
            for replica in controls.everywhere:
                tick(world, replica)
            marks.append(Mark.of(world, controls))
            n[e.PAUSE] = pauses.pop(0) if pauses else -1
    return world, marks
