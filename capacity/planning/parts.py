"""What a system is made of: stations, calls, changes, incidents, overload and connections.

Any number may be an array with one value for each sampled world.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from capacity.errors import DomainError
from capacity.models.overload.retries import residual_failure, worst_amplification

Quantity = float | np.ndarray


@dataclass(frozen=True, eq=False)
class Station:
    """A place where requests are worked on.

    Parameters
    ----------
    name : str
        Such as "instance" or "database".
    servers : float
        Processors working in parallel. [servers]
    work : float
        Processor time per request, without opening connections. [s]
    scope : {"instance", "shared"}
        Whether every instance has its own, or all share one.
    connect_time : float
        Processor time to open a connection. [s]
    reuse : float
        Requests that find an open connection. [fraction]
    hit_ratio : float
        Requests a cache answers before this station. [fraction]
    agent_share : float
        Processor time that monitoring agents take. [fraction]
    """

    name: str
    servers: Quantity
    work: Quantity
    scope: Literal["instance", "shared"] = "shared"
    connect_time: Quantity = 0.0
    reuse: Quantity = 0.0
    hit_ratio: Quantity = 0.0
    agent_share: Quantity = 0.0

    def __post_init__(self) -> None:
        check_ranges(
            f"station {self.name}",
            self,
            above=("servers", "work"),
            fractions=("reuse", "hit_ratio", "agent_share"),
        )
        check_ranges(f"station {self.name}", self, least=("connect_time",))
        if np.any(np.asarray(self.agent_share) >= 1):
            raise DomainError(f"agents take all of station {self.name}; agent_share must stay below 1")

    @property
    def service_demand(self) -> Quantity:
        """Processor time per request, D = (work + (1 − reuse) connect)(1 − hit)/(1 − agents). [s]"""
        opening = (1 - self.reuse) * self.connect_time
        return (self.work + opening) * (1 - self.hit_ratio) / (1 - self.agent_share)


@dataclass(frozen=True, eq=False)
class Calls:
    """How calls to a dependency are repeated, and how often they fail.

    Parameters
    ----------
    retries : float
        Repetitions after a failed call. [retries]
    retry_budget : float, optional
        Repetitions as a share of first attempts at which they stop; None: no budget. [fraction]
    failure_probability : float
        Calls that fail. [fraction]
    persistent_share : float
        Failures that a repetition cannot cure. [fraction]
    fallback_coverage : float
        Failed calls answered in another way. [fraction]
    """

    retries: Quantity = 0.0
    retry_budget: Quantity | None = None
    failure_probability: Quantity = 0.0
    persistent_share: Quantity = 0.0
    fallback_coverage: Quantity = 0.0

    def __post_init__(self) -> None:
        shares = ("failure_probability", "persistent_share", "fallback_coverage")
        check_ranges("calls", self, fractions=shares, least=("retries",))
        if self.retry_budget is not None:
            check_ranges("calls", self, least=("retry_budget",))

    @property
    def residual_failure(self) -> Quantity:
        """Calls that fail in spite of repetition, p (s + (1 − s) pʳ) with persistent share s. [fraction]"""
        return residual_failure(self.failure_probability, self.retries + 1, self.persistent_share)

    @property
    def worst_amplification(self) -> Quantity:
        """Attempts per call when every call fails: retries + 1, or 1 + budget if that is less. [fraction]"""
        return worst_amplification(self.retries + 1, self.retry_budget)


@dataclass(frozen=True, eq=False)
class Changes:
    """Deployments and what they cost in downtime, N (planned + failure_rate restore blast). [min/y]

    Parameters
    ----------
    deploys_per_year : float
        Deployments. [1/y]
    planned_minutes, restore_minutes : float
        Down in each deployment; from a bad one until it is noticed and undone. [min]
    failure_rate, blast_fraction : float
        Deployments that are bad; users they reach. [fraction]
    overlap_hours : float
        Both versions run side by side, per deployment. [h]
    """

    deploys_per_year: Quantity
    planned_minutes: Quantity
    failure_rate: Quantity
    restore_minutes: Quantity
    blast_fraction: Quantity = 1.0
    overlap_hours: Quantity = 0.0

    def __post_init__(self) -> None:
        minutes = ("deploys_per_year", "planned_minutes", "restore_minutes", "overlap_hours")
        check_ranges("changes", self, least=minutes, fractions=("failure_rate", "blast_fraction"))

    @property
    def downtime_minutes(self) -> Quantity:
        """Down because of deployments. [min/y]"""
        bad = self.failure_rate * self.restore_minutes * self.blast_fraction
        return self.deploys_per_year * (self.planned_minutes + bad)


@dataclass(frozen=True, eq=False)
class Incidents:
    """Incidents and how long each phase of one takes. [1/y], [min]"""

    per_year: Quantity
    detect_minutes: Quantity
    triage_minutes: Quantity
    diagnose_minutes: Quantity
    fix_minutes: Quantity

    def __post_init__(self) -> None:
        check_ranges("incidents", self, least=tuple(self.__dataclass_fields__))

    @property
    def downtime_minutes(self) -> Quantity:
        """Down because of incidents, per_year (detect + triage + diagnose + fix). [min/y]"""
        return self.per_year * (
            self.detect_minutes + self.triage_minutes + self.diagnose_minutes + self.fix_minutes
        )


@dataclass(frozen=True, eq=False)
class Overload:
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

    def times_above(self, capacity: Quantity | None) -> Quantity:
        """How often demand exceeds the capacity. [1/y]"""
        if len(self.loads) == 1 or capacity is None:
            return self.times_per_year[0]
        return np.interp(capacity, self.loads, np.array(self.times_per_year, dtype=float))


@dataclass(frozen=True, eq=False)
class Connections:
    """Database connections: how many there are, and how many may be asked for.

    Parameters
    ----------
    available : float
        Maximum less those reserved. [connections]
    per_instance : float
        Largest number one instance opens. [connections]
    exhaustion_minutes : float
        Lost today while they run out; counts as long as more can be asked for than there are. [min/y]
    environments : int
        Versions of the service running side by side; 2 while one replaces another.
    """

    available: Quantity
    per_instance: Quantity
    exhaustion_minutes: Quantity
    environments: int = 1

    def __post_init__(self) -> None:
        check_ranges("connections", self, above=("available", "per_instance"), least=("exhaustion_minutes",))

    def downtime_minutes(self, instances: int) -> Quantity:
        """Down because connections ran out. [min/y]"""
        asked = self.per_instance * self.environments * instances
        return np.where(asked > self.available, self.exhaustion_minutes, 0.0)[()]


def check_ranges(
    what: str,
    part: object,
    *,
    above: tuple[str, ...] = (),
    least: tuple[str, ...] = (),
    fractions: tuple[str, ...] = (),
) -> None:
    """Refuse a part with a number outside its range.

    Raises
    ------
    DomainError
        Naming the part, the field and the value.
    """
    for names, low, high, allowed in (
        (above, math.ulp(0.0), math.inf, "above zero"),
        (least, 0.0, math.inf, "zero or more"),
        (fractions, 0.0, 1.0, "0 to 1"),
    ):
        for name in names:
            value = np.asarray(getattr(part, name), dtype=float)
            wrong = value[~((value >= low) & (value <= high) & np.isfinite(value))]
            if wrong.size:
                raise DomainError(f"{what}: {name} = {wrong.flat[0]:g}; allowed: {allowed}")
