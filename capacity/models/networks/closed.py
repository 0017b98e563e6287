"""Closed networks: a fixed number of users of each class, who think and then visit the stations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.networks.stations import Servers, check_servers
from capacity.shown import Shown

_SINGLE = "; or for one class of users, use ClosedNetwork.single"


@dataclass(frozen=True)
class ClosedNetwork(Shown):
    """Users in classes, each class with its service demands; product-form (exponential, or shared or delay) stations.

    For one class of users, whose values need no lists of lists, there is `single`.

    Parameters
    ----------
    demands : sequence of sequence of float
        Service demand of a request, by class and station. [s]
    population : sequence of int
        Users of each class. [users]
    think_time : sequence of float, optional
        Of each class, between two requests; none by default. [s]
    servers : sequence of int or "delay", optional
        Of each station, ``"delay"`` where nobody waits; one each by default. [servers]
    rate_multipliers : sequence, optional
        Of each station None, or how many times as fast it works with 1, 2, ... requests present; the last value holds
        for more. Instead of servers. [1]

    Raises
    ------
    DomainError
        If a value is out of its range, the lists differ in length, or a class spends no time anywhere.

    Examples
    --------
    >>> network = ClosedNetwork([[0.4, 0.1], [0.1, 0.3]], population=[12, 9], think_time=[3, 0], servers=[4, 1])
    >>> network.stations
    2
    """

    demands: Sequence[Sequence[float]]
    population: Sequence[int]
    think_time: Sequence[float] = ()
    servers: Sequence[Servers] = ()
    rate_multipliers: Sequence[Sequence[float] | None] = ()

    def __post_init__(self) -> None:
        domain.listed(_SINGLE, demands=self.demands, population=self.population, think_time=self.think_time)
        domain.listed(servers=self.servers, rate_multipliers=self.rate_multipliers)
        for row in self.demands:
            domain.listed(_SINGLE, demands_of_a_class=row)
        classes, stations = len(self.population), len(self.demands[0]) if self.demands else 0
        settled = {
            "demands": tuple(tuple(float(demand) for demand in row) for row in self.demands),
            "think_time": tuple(float(time) for time in self.think_time) or (0.0,) * classes,
            "servers": check_servers(self.servers, stations),
            "rate_multipliers": tuple(
                None if rates is None else tuple(rates)
                for rates in self.rate_multipliers or [None] * stations
            ),
        }
        for name, value in settled.items():
            object.__setattr__(self, name, value)
        self._check_lengths(classes, stations)
        for users in self.population:
            domain.count(population=users)
        object.__setattr__(self, "population", tuple(int(users) for users in self.population))
        for row, think_time in zip(self.demands, self.think_time, strict=True):
            domain.not_negative(think_time=think_time, least_service_demand=min(row))
            domain.positive(think_time_and_demands=think_time + math.fsum(row))
        for station in range(stations):
            self._check_multipliers(station)

    def _check_lengths(self, classes: int, stations: int) -> None:
        if not (classes and stations):
            raise DomainError("a network needs at least one class of users and one station")
        if len(self.demands) != classes or any(len(row) != stations for row in self.demands):
            raise DomainError(
                f"demands of {[len(row) for row in self.demands]} stations for {classes} classes of users; "
                "give one row per class, and as many stations in each"
            )
        if len(self.think_time) != classes or len(self.rate_multipliers) != stations:
            raise DomainError(
                f"{len(self.think_time)} think times and {len(self.rate_multipliers)} rate multipliers do not match "
                f"{classes} classes and {stations} stations"
            )

    def _check_multipliers(self, station: int) -> None:
        rates, count = self.rate_multipliers[station], self.servers[station]
        if rates is None:
            return
        if count != 1 or not rates:
            raise DomainError(
                f"station {station + 1} has {count} servers and {len(rates)} rate multipliers; "
                "give one or the other (c servers are the multipliers 1, 2, ... c)"
            )
        for rate in rates:
            domain.positive(rate_multiplier=rate)

    @classmethod
    def single(
        cls,
        demands: Sequence[float],
        population: int,
        think_time: float = 0.0,
        servers: Sequence[Servers] = (),
        rate_multipliers: Sequence[Sequence[float] | None] = (),
    ) -> ClosedNetwork:
        """Return the network of one class of users: demands and think time [s], users, servers, multipliers [1]."""
        domain.listed(demands=demands)
        domain.not_negative(**{f"demand_at_station_{n}": demand for n, demand in enumerate(demands, start=1)})
        return cls([demands], [population], [think_time], servers, rate_multipliers)

    @property
    def stations(self) -> int:
        """Number of stations [stations]."""
        return len(self.demands[0])

    def with_population(self, users: int, of_class: int = 0) -> ClosedNetwork:
        """Return the network with another number of users of one class [users], classes counted from 0."""
        population = list(self.population)
        population[of_class] = users
        return replace(self, population=population)

    def rates(self, station: int) -> tuple[float, ...] | None:
        """How many times as fast a station works with 1, 2, ... present, the last for more [1]; None for a delay."""
        total, count, multipliers = (
            sum(self.population),
            self.servers[station],
            self.rate_multipliers[station],
        )
        if multipliers is not None:
            kept = len(multipliers[: total + 1])
            while kept > 1 and multipliers[kept - 2] == multipliers[kept - 1]:
                kept -= 1
            return tuple(multipliers[:kept])
        if isinstance(count, str) or count > total:
            return None
        return tuple(float(busy) for busy in range(1, count + 1))


@dataclass(frozen=True, eq=False)
class ClosedSolution(Shown):
    """What a closed network does, by class and by station, and how that was found.

    Parameters
    ----------
    network : ClosedNetwork
        What was asked.
    throughput : ndarray
        Of each class. [req/s]
    concurrency : ndarray
        Requests present, by class and station. [requests]
    method : str
        How it was found.
    error : float
        Largest relative error of a response time measured for that method; 0 = exact but for rounding. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> shop = cap.networks.ClosedNetwork.single([0.005, 0.030], population=50, think_time=1.0)
    >>> solution = cap.networks.solve(shop)
    >>> [round(float(x), 3) for x in (*solution.throughput, *solution.response_time)]  # [req/s], [s]
    [33.277, 0.503]
    """

    network: ClosedNetwork
    throughput: np.ndarray
    concurrency: np.ndarray
    method: str
    error: float

    @property
    def residence_time(self) -> np.ndarray:
        """Time a request spends at each station in all its visits, by class and station [s]."""
        return self.concurrency / self.throughput[:, np.newaxis]

    @property
    def response_time(self) -> np.ndarray:
        """Time from request to answer, without thinking, of each class [s]."""
        return self.residence_time.sum(axis=1)

    @property
    def utilization(self) -> tuple[float | None, ...]:
        """Busy share of each station's servers [fraction]; busy servers of a delay; None where the rate varies."""
        work = self.throughput @ np.array(self.network.demands)
        counts = [1 if isinstance(count, str) else count for count in self.network.servers]
        varying = [rates is not None for rates in self.network.rate_multipliers]
        return tuple(
            None if varies else float(busy) / count
            for busy, count, varies in zip(work, counts, varying, strict=True)
        )
