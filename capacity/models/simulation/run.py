"""What a simulated run answers, under the names every station has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.models import domain
from capacity.models.simulation import engine as e
from capacity.models.simulation import statistics
from capacity.models.simulation.marks import OUTCOMES, Mark
from capacity.models.simulation.simulated import Times
from capacity.shown import Shown

if TYPE_CHECKING:
    from capacity.models.simulation.network import Network

BACKLOG_SHARE, BACKLOG_NOISE = 0.01, 4.0
"""A backlog counts as growing beyond this share of the requests, and so many times their square root."""


@dataclass(frozen=True)
class StationRun(Shown):
    """What one station of a simulated network did after the warm-up.

    Parameters
    ----------
    name : str
    arrival_rate, throughput : float
        Requests that came to it, and services that ended. [req/s]
    utilization : float
        Busy share of the servers available; 0 for a delay. [fraction]
    queue_length, concurrency : float
        Mean number waiting, and waiting or served. [requests]
    blocking_probability, abandonment_probability : float
        Share of those who came that were refused, and that left the queue unserved. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> web = cap.simulation.Node("web", cap.distributions.Exponential(0.010), servers=4)
    >>> shop = cap.simulation.Network((web,), cap.simulation.Clients(cap.simulation.Poisson(320)))
    >>> station = shop.simulate(requests=2_000, seed=1).station("web")
    >>> round(station.utilization, 2), station.blocking_probability  # [fraction]
    (0.78, 0.0)
    """

    name: str
    arrival_rate: float
    throughput: float
    utilization: float
    queue_length: float
    concurrency: float
    blocking_probability: float
    abandonment_probability: float

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue of those let in, by Little's law [s]."""
        return self.queue_length / self._let_in

    @property
    def response_time(self) -> float:
        """Mean time at the station of those let in, by Little's law [s]."""
        return self.concurrency / self._let_in

    @property
    def _let_in(self) -> float:
        if self.arrival_rate * (1 - self.blocking_probability) == 0:
            raise DomainError(f"{self.name} let nobody in, so it has no times; run more requests")
        return self.arrival_rate * (1 - self.blocking_probability)


@dataclass(frozen=True, eq=False)
class Run(Times, Shown):
    """A finished simulation: all its requests, and the answers for those after the warm-up.

    Parameters
    ----------
    network : Network
        What was simulated.
    seed : int
        Of every random draw. [1]
    arrivals, responses, last_responses, waits : ndarray
        Of each request: its first attempt; the time from there to its end; that of its last attempt alone; and what
        this waited in queues. [s]
    outcomes, attempts, kinds : ndarray
        Of each request: place of its end among `OUTCOMES`, attempts made, and place of its kind in the
        mix. [place, attempts, place]
    marks : tuple of Mark
        The system in the course of the run.
    skipped : int
        Requests of the warm-up. [requests]

    Examples
    --------
    >>> import capacity as cap
    >>> web = cap.simulation.Node("web", cap.distributions.Exponential(0.010), servers=4)
    >>> shop = cap.simulation.Network((web,), cap.simulation.Clients(cap.simulation.Poisson(320)))
    >>> run = shop.simulate(requests=2_000, seed=1)
    >>> run.requests, round(run.response_time, 3)  # [requests], [s]
    (1800, 0.016)
    """

    network: Network
    seed: int
    arrivals: np.ndarray
    responses: np.ndarray
    last_responses: np.ndarray
    waits: np.ndarray
    outcomes: np.ndarray
    attempts: np.ndarray
    kinds: np.ndarray
    marks: tuple[Mark, ...]
    skipped: int

    @classmethod
    def of(cls, network: Network, seed: int, world: e.World, marks: list[Mark], warm_up: float | str) -> Run:
        """Collect what a finished loop left behind.

        Parameters
        ----------
        warm_up : float or "auto"
            Requests to leave out, as a share of all, or what the path tells. [fraction]
        """
        first, response, last, wait = np.asarray(world.times).reshape(-1, 4).T
        outcome, attempts, kind = np.asarray(world.ends, dtype=np.int32).reshape(-1, 3).T
        cut = statistics.skipped(response, warm_up)
        return cls(network, seed, first, response, last, wait, outcome, attempts, kind, tuple(marks), cut)

    def __str__(self) -> str:
        return (
            f"{self.requests} requests: {self.shares['ok']:.2%} ok, {self.throughput:.4g} req/s, "
            f"response {self.response_time:.4g} s"
        )

    @property
    def requests(self) -> int:
        """Requests in the answers [requests]."""
        return len(self.outcomes) - self.skipped

    @cached_property
    def shares(self) -> dict[str, float]:
        """Share of requests by how they ended [fraction]."""
        counts = np.bincount(self.outcomes[self.skipped :], minlength=len(OUTCOMES))
        return dict(zip(OUTCOMES, (counts / self.requests).tolist(), strict=True))

    @property
    def attempts_per_request(self) -> float:
        """Mean attempts of a request; above 1 retries amplify the load [1]."""
        return float(self.attempts[self.skipped :].mean())

    @property
    def arrival_rate(self) -> float:
        """New requests [req/s]."""
        return (self.requests - 1) / self._span

    @property
    def throughput(self) -> float:
        """Requests answered, whenever they came (the goodput) [req/s]."""
        ends = (self.arrivals + self.responses)[self.outcomes == e.OK]
        start = self.arrivals[self.skipped]
        return float(((ends > start) & (ends <= start + self._span)).sum() / self._span)

    @property
    def blocking_probability(self) -> float:
        """Share of requests that a full queue, or the want of a replica, refused for good [fraction]."""
        return self.shares["rejected"]

    @property
    def queue_length(self) -> float:
        """Mean number waiting at all stations [requests]."""
        return sum(station.queue_length for station in self.stations)

    @property
    def concurrency(self) -> float:
        """Mean number at all stations, waiting or served; one that holds two servers counts twice [requests]."""
        return sum(station.concurrency for station in self.stations)

    @property
    def utilization(self) -> dict[str, float]:
        """Busy share of the servers available, by station [fraction]."""
        return {station.name: station.utilization for station in self.stations}

    @cached_property
    def stations(self) -> tuple[StationRun, ...]:
        """What each station did after the warm-up."""
        return tuple(self.station(node.name) for node in self.network.stations)

    def station(self, name: str) -> StationRun:
        """Return what one station did after the warm-up."""
        names = [node.name for node in self.network.stations]
        if name not in names:
            raise DomainError(f"{name!r} is no station; choose among {', '.join(names)}")
        k, (first, last) = names.index(name), self._window
        span = last.time - first.time

        def rate(field: str) -> float:
            return float((getattr(last, field)[k] - getattr(first, field)[k]) / span)

        came = rate("came")
        share = 1 / came if came > 0 else 0.0
        able = 0.0 if np.isinf(last.able[k]) else rate("able")
        busy, queue = rate("busy"), rate("queue")
        return StationRun(
            name, came, rate("served"), busy / able if able > 0 else 0.0, queue, busy + queue,
            rate("refused") * share, rate("gave_up") * share,
        )  # fmt: skip

    @property
    def wasted(self) -> float:
        """Share of all service that went into attempts that failed [fraction]."""
        first, last = self._window
        return (last.wasted - first.wasted) / float((last.busy - first.busy).sum())

    @property
    def grows(self) -> bool:
        """Whether a backlog grew at the stations, so that longer runs have other means: the load is too high."""
        first, last = self._window
        backlog = float(last.present.sum() - first.present.sum())
        arrivals = last.started - first.started
        return backlog > max(BACKLOG_SHARE * arrivals, BACKLOG_NOISE * arrivals**0.5)

    def of_kind(self, kind: int) -> Run:
        """Return the same run with one kind of request alone, by its place in the mix [from 0]; stations stay."""
        if kind not in range(len(self.network.clients.mix)):
            raise DomainError(
                f"there is no kind {kind}; choose from 0 to {len(self.network.clients.mix) - 1}"
            )
        own = self.kinds == kind
        series = ("arrivals", "responses", "last_responses", "waits", "outcomes", "attempts", "kinds")
        chosen = {name: getattr(self, name)[own] for name in series}
        return replace(self, skipped=int(own[: self.skipped].sum()), **chosen)

    def goodput_over_time(self, width: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the starts of bins of a width [s], and the rate of answers in each [req/s]."""
        domain.positive(width=width)
        ends = (self.arrivals + self.responses)[self.outcomes == e.OK]
        last = float((self.arrivals + self.responses).max())
        edges = np.arange(0.0, last + width, width)
        return edges[:-1], np.histogram(ends, edges)[0] / width

    def estimate(self, name: str = "response_time", q: float | None = None, level: float = 0.99) -> Estimate:
        """Return the mean, or a quantile, of the answered requests' times, with its interval [s].

        Parameters
        ----------
        name : {"response_time", "waiting_time"}
            Which time.
        q : float, optional
            Asks for this quantile; the mean is given without it. [fraction]
        level : float
            Confidence of the interval. [fraction]

        Raises
        ------
        NotIdentified
            If the run is too short for one.
        """
        names = ("response_time", "waiting_time")
        if name not in names:
            raise DomainError(f"no interval for {name!r}; choose among {', '.join(names)}")
        values = self._responses if name == "response_time" else self._waits
        if q is None:
            return statistics.mean(values, unit="s", level=level)
        return statistics.quantile(values, q, unit="s", level=level)

    @property
    def _waits(self) -> np.ndarray:
        return self._answered(self.waits)

    @property
    def _responses(self) -> np.ndarray:
        return self._answered(self.responses)

    def _answered(self, values: np.ndarray) -> np.ndarray:
        found = values[self.skipped :][self.outcomes[self.skipped :] == e.OK]
        if found.size == 0:
            raise DomainError(
                f"none of the {self.requests} requests was answered, so no time is known; see `shares`"
            )
        return found

    @property
    def _span(self) -> float:
        span = float(self.arrivals[-1] - self.arrivals[self.skipped])
        if span == 0:
            raise DomainError(f"all {self.requests} requests came at one moment; run more to tell a rate")
        return span

    @property
    def _window(self) -> tuple[Mark, Mark]:
        """Return the first mark after the warm-up, or the last but one, and that at the last arrival."""
        late = (mark for mark in self.marks[:-1] if mark.started >= self.skipped)
        return next(late, self.marks[-2]), self.marks[-1]
