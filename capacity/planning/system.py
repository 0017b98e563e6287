"""One model of the service that every investment changes: its capacity, its downtime, its cost.

Any number may be an array with one value for each sampled world; `evaluate` answers in the same shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError
from capacity.estimate import number
from capacity.models.overload.retries import metastable_safe_load
from capacity.models.scalability import Linear, Usl
from capacity.planning.parts import (
    Calls,
    Changes,
    Connections,
    Incidents,
    Overload,
    Quantity,
    Station,
    check_ranges,
)

if TYPE_CHECKING:
    import pandas as pd

MINUTES_PER_YEAR = 525_600.0
HOURS_PER_MONTH = 730.0


@dataclass(frozen=True, eq=False)
class System:
    """The service as it is, or as an investment would make it. What is not known is absent, not zero.

    Parameters
    ----------
    stations : tuple of Station
        Where requests are worked on; none if no capacity is known.
    instances : int
        Instances of the service. [instances]
    scaling : Usl
        Law across instances; only its shape is used.
    calls, changes, incidents, overload, connections : optional
        The parts that cause downtime.
    limit_share : float, optional
        Global limit on admission, as a share of capacity. [fraction]
    instance_per_month, running_per_month : float
        Price of an instance, and of everything else. [money per month]
    """

    stations: tuple[Station, ...] = ()
    instances: int = 1
    scaling: Usl = Linear(1.0)  # noqa: RUF009 - frozen
    calls: Calls | None = None
    changes: Changes | None = None
    incidents: Incidents | None = None
    overload: Overload | None = None
    connections: Connections | None = None
    limit_share: Quantity | None = None
    instance_per_month: Quantity = 0.0
    running_per_month: Quantity = 0.0

    def __post_init__(self) -> None:
        if self.instances < 1:
            raise DomainError(f"a system of {self.instances} instances; at least one is needed")
        check_ranges("system", self, least=("instance_per_month", "running_per_month"))

    def station(self, name: str) -> Station | None:
        """Return the station of that name, or None."""
        return next((station for station in self.stations if station.name == name), None)

    def with_station(self, station: Station) -> System:
        """Replace the station of the same name."""
        return replace(
            self, stations=tuple(station if old.name == station.name else old for old in self.stations)
        )

    @property
    def contained(self) -> bool:
        """Whether something ends an overload: no retries, a retry budget, or a limit within the capacity."""
        budgeted = self.calls is not None and (
            self.calls.retry_budget is not None or bool(np.all(self.calls.retries == 0))
        )
        return budgeted or (self.limit_share is not None and bool(np.all(self.limit_share <= 1)))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a system carries, how long it is down, and what it costs.

    Parameters
    ----------
    capacity : float, optional
        Largest throughput of the slowest station; None without stations. [req/s]
    bottleneck : str
        That station.
    metastable_safe_load : float, optional
        Load below which one trigger cannot leave the service stuck. [req/s]
    cold_capacity : float, optional
        Capacity while no cache answers. [req/s]
    downtime : mapping of str to float
        By cause; a cause that is not known is absent. [min/y]
    cost_per_month : float
        Instances, surge during deployments and everything else. [money per month]
    """

    capacity: Quantity | None
    bottleneck: str
    metastable_safe_load: Quantity | None
    cold_capacity: Quantity | None
    downtime: Mapping[str, Quantity]
    cost_per_month: Quantity

    @property
    def downtime_minutes(self) -> Quantity:
        """Down for any cause. [min/y]"""
        return sum(self.downtime.values(), start=0.0)

    @property
    def availability(self) -> Quantity:
        """1 − downtime over the minutes of a year. [fraction]"""
        return 1 - self.downtime_minutes / MINUTES_PER_YEAR

    @property
    def text(self) -> str:
        """The evaluation in sentences, means over the worlds."""
        parts = [f"{cause} {number(float(np.mean(minutes)))}" for cause, minutes in self.downtime.items()]
        down = (
            f"Down {number(float(np.mean(self.downtime_minutes)))} min a year ({', '.join(parts)})."
            if parts
            else ""
        )
        if self.capacity is None or self.metastable_safe_load is None:
            return f"No capacity is known. {down}".strip()
        carried, safe = (number(float(np.mean(load))) for load in (self.capacity, self.metastable_safe_load))
        carries = f"It carries {carried} req/s, limited by the {self.bottleneck}"
        return f"{carries}, and is safe from getting stuck up to {safe} req/s. {down}".strip()

    def to_frame(self) -> pd.DataFrame:
        """Downtime by cause, mean over the worlds. [min/y]"""
        import pandas as pd

        rows = {cause: float(np.mean(minutes)) for cause, minutes in self.downtime.items()}
        return pd.DataFrame({"cause": list(rows), "minutes_per_year": list(rows.values())})

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "Downtime by cause [min a year]", self.text)


def evaluate(system: System) -> Evaluation:
    """Compute what a system carries, how long it is down and what it costs.

    Capacity is that of the slowest station, mₖ/Dₖ (bottleneck law), those of an instance times the scaling
    law.

    References
    ----------
    .. [1] Denning and Buzen, The operational analysis of queueing network models, Computing Surveys 10, 1978.
    .. [2] Bronson et al., Metastable failures in distributed systems, HotOS 2021.

    Examples
    --------
    >>> database = Station("database", servers=8, work=0.012, connect_time=0.010)
    >>> print(evaluate(System(stations=(database,))))
    It carries 364 req/s, limited by the database, and is safe from getting stuck up to 364 req/s.
    """
    capacity, bottleneck = _capacity(system)
    warm_less = tuple(replace(station, hit_ratio=0.0) for station in system.stations)
    cold, _ = _capacity(replace(system, stations=warm_less))
    return Evaluation(
        capacity=capacity,
        bottleneck=bottleneck,
        metastable_safe_load=None
        if capacity is None
        else metastable_safe_load(capacity, _amplification(system)),
        cold_capacity=cold,
        downtime=_downtime(system, capacity),
        cost_per_month=_cost(system),
    )


def _capacity(system: System) -> tuple[Quantity | None, str]:
    if not system.stations:
        return None, ""
    alone, all_of_them = (
        float(system.scaling.throughput_at(1)),
        float(system.scaling.throughput_at(system.instances)),
    )
    factor = {"instance": all_of_them / alone, "shared": 1.0}
    each = [station.servers / station.service_demand * factor[station.scope] for station in system.stations]
    slowest = int(np.argmin([float(np.median(capacity)) for capacity in each]))
    capacity = each[0]
    for other in each[1:]:
        capacity = np.minimum(capacity, other)
    limit = 1.0 if system.limit_share is None else np.minimum(system.limit_share, 1.0)
    return capacity * limit, system.stations[slowest].name


def _amplification(system: System) -> Quantity:
    """Worst attempts per request; one where admission is limited to the capacity."""
    limited = system.limit_share is not None and bool(np.all(system.limit_share <= 1))
    return 1.0 if limited or system.calls is None else system.calls.worst_amplification


def _downtime(system: System, capacity: Quantity | None) -> dict[str, Quantity]:
    downtime: dict[str, Quantity] = {}
    if system.changes is not None:
        downtime["deployments"] = system.changes.downtime_minutes
    if system.incidents is not None:
        downtime["incidents"] = system.incidents.downtime_minutes
    if system.overload is not None:
        each = system.overload.contained_minutes if system.contained else system.overload.stuck_minutes
        downtime["overload"] = system.overload.times_above(capacity) * each
    if system.connections is not None:
        downtime["connections"] = system.connections.downtime_minutes(system.instances)
    if system.calls is not None and np.any(np.asarray(system.calls.failure_probability) > 0):
        failing = system.calls.residual_failure * (1 - system.calls.fallback_coverage)
        downtime["dependency"] = failing * MINUTES_PER_YEAR
    return downtime


def _cost(system: System) -> Quantity:
    fleet = system.instances * system.instance_per_month
    if system.changes is None:
        return fleet + system.running_per_month
    overlap = system.changes.overlap_hours * system.changes.deploys_per_year / 12 / HOURS_PER_MONTH
    return fleet * (1 + overlap) + system.running_per_month
