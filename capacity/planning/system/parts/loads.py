"""What is asked of a system: traffic, times when it is too much, connections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capacity.errors import DomainError
from capacity.models.overload.replicas import pool_per_replica
from capacity.models.overload.shedding import Tier
from capacity.planning.system.parts.ranges import Quantity, check_ranges
from capacity.shown import Shown


@dataclass(frozen=True, eq=False)
class Traffic(Shown):
    """What comes, as far as it is known.

    Parameters
    ----------
    request_rate : float, optional
        On average. [req/s]
    ramp_per_second : float, optional
        Steepest rise. [req/s per s]
    deadline : float, optional
        Time after which clients give up. [s]
    sockets : float, optional
        Connections open at once that return when they are cut. [connections]
    reconnect_seconds : float
        Time over which they return. [s]
    tiers : tuple of Tier
        Requests by importance, the most important first, with their value.

    Examples
    --------
    >>> print(Traffic(request_rate=300, ramp_per_second=0.1, deadline=2.0))  # [req/s], [req/s per s], [s]
    Traffic: request rate 300 req/s, ramp per second 0.1 req/s per s, deadline 2,000 ms, reconnect seconds 0 s
    """

    request_rate: Quantity | None = None
    ramp_per_second: Quantity | None = None
    deadline: Quantity | None = None
    sockets: Quantity | None = None
    reconnect_seconds: Quantity = 0.0
    tiers: tuple[Tier, ...] = ()

    def __post_init__(self) -> None:
        names = ("request_rate", "ramp_per_second", "deadline", "sockets", "reconnect_seconds")
        check_ranges("traffic", self, least=tuple(name for name in names if getattr(self, name) is not None))


@dataclass(frozen=True, eq=False)
class Overload(Shown):
    """How often demand exceeds a load, and how long each time hurts.

    Parameters
    ----------
    loads : tuple of float
        Increasing. [req/s]
    times_per_year : tuple of float
        How often demand exceeds each; never increasing, interpolated between. One value: whatever the
        capacity. [1/y]
    stuck_minutes, contained_minutes : float
        Down each time, without and with something that ends the overload (a retry budget, a limit on
        admission). [min]

    Examples
    --------
    >>> overload = Overload(loads=(300.0, 400.0), times_per_year=(6.0, 1.0), stuck_minutes=25, contained_minutes=3)
    >>> float(overload.times_above(350.0))  # [1/y]
    3.5
    """

    loads: tuple[float, ...]
    times_per_year: tuple[Quantity, ...]
    stuck_minutes: Quantity
    contained_minutes: Quantity

    def __post_init__(self) -> None:
        check_ranges("overload", self, least=("stuck_minutes", "contained_minutes"))
        if len(self.loads) != len(self.times_per_year) or not self.loads:
            raise DomainError(
                f"overload has {len(self.loads)} loads and {len(self.times_per_year)} rates; give one each"
            )
        if any(b <= a for a, b in zip(self.loads, self.loads[1:], strict=False)):
            raise DomainError(f"overload loads {self.loads} do not increase; sort them")
        if any(
            np.any(np.less(a, b)) for a, b in zip(self.times_per_year, self.times_per_year[1:], strict=False)
        ):
            raise DomainError("demand exceeds a higher load more often than a lower one; sort times_per_year")

    def times_above(self, capacity: Quantity | None) -> Quantity:
        """How often demand exceeds the capacity. [1/y]"""
        if len(self.loads) == 1 or capacity is None:
            return self.times_per_year[0]
        if not any(np.ndim(times) for times in self.times_per_year):
            return np.interp(capacity, self.loads, np.array(self.times_per_year, dtype=float))
        below = np.clip(np.searchsorted(self.loads, capacity, side="right") - 1, 0, len(self.loads) - 2)
        loads, times = np.array(self.loads), np.array(np.broadcast_arrays(*self.times_per_year))
        world = np.arange(times.shape[1])
        share = np.clip((capacity - loads[below]) / (loads[below + 1] - loads[below]), 0, 1)
        return (1 - share) * times[below, world] + share * times[below + 1, world]


@dataclass(frozen=True, eq=False)
class Connections(Shown):
    """Database connections: how many there are, and how many may be asked for.

    Parameters
    ----------
    available : float
        Maximum less those reserved. [connections]
    per_instance : float, optional
        Largest number one instance opens. [connections]
    exhaustion_minutes : float, optional
        Lost today while they run out; counts as long as more can be asked for than there are. [min/y]
    environments : int
        Versions of the service running side by side; 2 while one replaces another. [versions]

    Examples
    --------
    >>> pool = Connections(available=197, per_instance=12)
    >>> float(pool.shortage(20))  # of what 20 instances may ask for [connections]
    43.0
    """

    available: Quantity
    per_instance: Quantity | None = None
    exhaustion_minutes: Quantity | None = None
    environments: int = 1

    def __post_init__(self) -> None:
        known = () if self.per_instance is None else ("per_instance",)
        lost = () if self.exhaustion_minutes is None else ("exhaustion_minutes",)
        check_ranges("connections", self, above=("available", *known), least=lost)

    def asked(self, instances: int, environments: int | None = None) -> Quantity | None:
        """Most connections asked for, all versions together; None if one instance's are not known. [connections]"""
        if self.per_instance is None:
            return None
        return self.per_instance * (environments or self.environments) * instances

    def shortage(self, instances: int, environments: int | None = None) -> Quantity | None:
        """Connections asked for beyond those there are. [connections]"""
        asked = self.asked(instances, environments)
        return None if asked is None else np.maximum(asked - self.available, 0.0)[()]

    def largest_pool(self, instances: int) -> int:
        """Most connections an instance may keep so that all versions of all instances have theirs. [connections]"""
        return pool_per_replica(float(np.min(self.available)), 0, instances, self.environments)

    def downtime_minutes(self, instances: int) -> Quantity | None:
        """Down because connections ran out; None if it is not known. [min/y]"""
        short = self.shortage(instances)
        if short is None or self.exhaustion_minutes is None:
            return None
        return np.where(short > 0, self.exhaustion_minutes, 0.0)[()]
