"""The whole that the parts make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from capacity.errors import DomainError
from capacity.models.scalability import Linear, Usl
from capacity.planning.system.parts.calls import Calls
from capacity.planning.system.parts.failures import Block, Failures, Providers
from capacity.planning.system.parts.loads import Connections, Overload, Traffic
from capacity.planning.system.parts.outages import Changes, Incidents
from capacity.planning.system.parts.ranges import Quantity, check_ranges
from capacity.planning.system.parts.stations import Station
from capacity.shown import Shown

CapacityOf = Callable[[Station], Quantity]


def _warm(station: Station) -> Quantity:
    return station.capacity


@dataclass(frozen=True, eq=False)
class System(Shown):
    """The service as it is, or as an investment would make it. What is not known is absent, not zero.

    Parameters
    ----------
    stations : tuple of Station
        Where requests are worked on, in the order they get there; none if no capacity is known.
    instances : int
        Instances of the service that run at least. [instances]
    most_instances : int, optional
        Instances an autoscaler may add up to, none if more run anyway; None: no autoscaler. [instances]
    scaling : Usl
        Law across instances; only its shape is used.
    limits : mapping of str to float
        Rates at which something else ends: a provider's quota, a licence. [req/s]
    calls : tuple of Calls
        To each dependency.
    changes, incidents, silent, failures, overload, connections : optional
        The parts that cause downtime; `silent` are faults that no alert tells.
    blocks, providers : tuple
        What else the service needs.
    traffic : Traffic
        What comes.
    limit_share : float, optional
        Global limit on admission, as a share of capacity. [fraction]
    queue_limit : float, optional
        Requests that may wait; the rest is refused. [requests]
    places_per_instance : float, optional
        Requests an instance works on at once, calls that wait included. [requests]
    startup_seconds : float, optional
        From "too busy" to a new instance in service. [s]
    instance_per_month, running_per_month : float
        Price of an instance, and of everything else. [money per month]
    downtime_per_minute : float, optional
        Price of a minute of downtime. [money per min]

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> web = parts.Station("instance", servers=8, work=0.027, scope="instance")  # [servers], [s]
    >>> service = cap.System(stations=(web,), instances=3)
    >>> {name: round(float(rate)) for name, rate in service.capacities(service.instances).items()}  # [req/s]
    {'instance': 889}
    """

    stations: tuple[Station, ...] = ()
    instances: int = 1
    most_instances: int | None = None
    scaling: Usl = Linear(1.0)  # noqa: RUF009 - frozen
    limits: Mapping[str, Quantity] = field(default_factory=dict)
    calls: tuple[Calls, ...] = ()
    changes: Changes | None = None
    incidents: Incidents | None = None
    silent: Incidents | None = None
    failures: Failures | None = None
    overload: Overload | None = None
    connections: Connections | None = None
    blocks: tuple[Block, ...] = ()
    providers: tuple[Providers, ...] = ()
    traffic: Traffic = Traffic()  # noqa: RUF009 - frozen
    limit_share: Quantity | None = None
    queue_limit: Quantity | None = None
    places_per_instance: Quantity | None = None
    startup_seconds: Quantity | None = None
    instance_per_month: Quantity = 0.0
    running_per_month: Quantity = 0.0
    downtime_per_minute: Quantity | None = None

    def __post_init__(self) -> None:
        if self.instances < 1 or self.instances != int(self.instances):
            raise DomainError(f"a system of {self.instances} instances; allowed: a whole number, 1 or more")
        causes: list[Calls | Block | Providers] = [*self.calls, *self.blocks, *self.providers]
        named = {"stations": [s.name for s in self.stations], "causes": [part.name for part in causes]}
        for what, names in named.items():
            if len(names) > len(set(names)):
                raise DomainError(f"a system with {what} {', '.join(names)}; allowed: each name once")
        if self.failures is not None and self.failures.needed > self.instances:
            raise DomainError(
                f"a system of {self.instances} instances that needs {self.failures.needed} of them; allowed: "
                "instances_needed at most those there are"
            )
        optional = (
            "limit_share",
            "queue_limit",
            "places_per_instance",
            "startup_seconds",
            "downtime_per_minute",
        )
        given = tuple(name for name in optional if getattr(self, name) is not None)
        check_ranges("system", self, least=("instance_per_month", "running_per_month", *given))

    @property
    def fleet(self) -> int:
        """Instances that run when all do. [instances]"""
        return max(self.most_instances or 0, self.instances)

    def station(self, name: str) -> Station | None:
        """Return the station of that name, or None."""
        return next((station for station in self.stations if station.name == name), None)

    def with_station(self, station: Station) -> System:
        """Replace the station of the same name."""
        return replace(
            self, stations=tuple(station if old.name == station.name else old for old in self.stations)
        )

    def relative_capacity(self, instances: Quantity) -> Quantity:
        """Capacity of so many instances in units of one, by the scaling law. [1]"""
        count = np.maximum(instances, 0.0)
        return self.scaling.throughput_at(count) / float(self.scaling.throughput_at(1.0))

    def capacities(self, instances: Quantity, capacity_of: CapacityOf = _warm) -> dict[str, Quantity]:
        """Throughput at which each station, and each limit, ends. [req/s]

        Parameters
        ----------
        instances : float
            That serve. [instances]
        capacity_of : callable
            Capacity of a station of one instance; its own, unless its caches are cold. [req/s]
        """
        factors = {"instance": self.relative_capacity(instances), "shared": 1.0}
        each: dict[str, Quantity] = {
            station.name: capacity_of(station) * factors[station.scope] for station in self.stations
        }
        return each | dict(self.limits)

    def carries(self, instances: Quantity, capacity_of: CapacityOf = _warm) -> Quantity | None:
        """Throughput of the slowest of them, up to the limit on admission; None if there is none. [req/s]

        Parameters, as in `capacities`.

        Raises
        ------
        DomainError
            If no request reaches any station.
        """
        each = list(self.capacities(instances, capacity_of).values())
        if not each:
            return None
        carried = reduce(np.minimum, each)
        if np.any(np.isinf(carried)):
            raise DomainError(
                "no request reaches any station, so that nothing limits the capacity; lower the hit ratio"
            )
        return carried if self.limit_share is None else carried * np.minimum(self.limit_share, 1.0)
