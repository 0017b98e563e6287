"""What a system carries, how long it is down, what it loses and costs: the one model every investment changes.

Any number may be an array with one value for each sampled world; `evaluate` answers in the same shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError, NotIdentified
from capacity.estimate import number
from capacity.models.overload.backlog import drain_seconds, target_utilization
from capacity.models.overload.retries import metastable_safe_load
from capacity.models.overload.shedding import Admission, Tier, admit_alike, admit_by_tier
from capacity.planning.system.parts import Block, Flags, Providers, Quantity, System
from capacity.planning.system.parts.outages import MINUTES_PER_YEAR
from capacity.planning.system.sojourn import ResponseTime, response_time

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Evaluation", "System", "evaluate"]

HOURS_PER_MONTH = 730.0  # [h]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a system carries, how long it is down, and what it costs; each answer is computed when asked for.

    Parameters
    ----------
    system : System
        As it is, or as an investment would make it.
    load : float, optional
        At which response time and goodput are asked for. [req/s]

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> web = parts.Station("instance", servers=8, work=0.027, scope="instance")  # [servers], [s]
    >>> found = cap.evaluate(cap.System(stations=(web,), instances=2), load=450)  # [req/s]
    >>> round(float(found.capacity)), found.bottleneck  # [req/s]
    (593, 'instance')
    >>> print(found.response_time)
    mean 32.3 ms, P50 24.3 ms, P95 89.7 ms, P99 133 ms
    """

    system: System
    load: float | None = None

    @cached_property
    def capacity(self) -> Quantity | None:
        """Largest throughput of the slowest station or of a limit; None without either. [req/s]"""
        return self.system.carries(self.system.fleet)

    @cached_property
    def bottleneck(self) -> str:
        """The station, or the limit, that is slowest in most worlds."""
        each = self.system.capacities(self.system.fleet)
        if not each:
            return ""
        slowest = np.argmin(np.broadcast_arrays(*each.values()), axis=0)
        return list(each)[int(np.bincount(np.ravel(slowest)).argmax())]

    @cached_property
    def cold_capacity(self) -> Quantity | None:
        """Capacity while no cache answers. [req/s]"""
        return self.system.carries(self.system.fleet, lambda station: station.capacity_without(1.0))

    @cached_property
    def deploying_capacity(self) -> Quantity | None:
        """Capacity while one version replaces the other; None if the change process is not known. [req/s]

        Side by side, that of the new version, whose own caches are cold; else without the instances taken out.
        """
        changes = self.system.changes
        if changes is None:
            return None
        if changes.side_by_side:
            return self.system.carries(
                self.system.fleet, lambda station: station.capacity_without(station.local_share)
            )
        if changes.unavailable_instances is None:
            return None
        return self.system.carries(self.system.fleet - changes.unavailable_instances)

    @cached_property
    def one_lost_capacity(self) -> Quantity | None:
        """Capacity without one instance, dead or ejected; above it one ejection brings the next. [req/s]"""
        return self.system.carries(self.system.fleet - 1)

    @cached_property
    def target_utilization(self) -> Quantity | None:
        """Utilization at which to add an instance so that it serves in time. [fraction]

        None unless capacity, start-up time and ramp are known.
        """
        one, ramp, lag = (
            self.system.carries(1),
            self.system.traffic.ramp_per_second,
            self.system.startup_seconds,
        )
        return None if one is None or ramp is None or lag is None else target_utilization(one, ramp, lag)

    @cached_property
    def running_instances(self) -> Quantity:
        """Instances running on average: with an autoscaler what the mean rate needs, within its bounds. [instances]

        Raises
        ------
        NotIdentified
            If the autoscaler's target or the mean rate is not known.
        """
        least, most = self.system.instances, self.system.most_instances
        if most is None:
            return float(least)
        rate, target, one = self.system.traffic.request_rate, self.target_utilization, self.system.carries(1)
        if rate is None or target is None or one is None:
            raise NotIdentified(
                "an autoscaler needs the mean rate, the ramp, the start-up time and the capacity of an instance; "
                "state request_rate, ramp_per_second and startup_seconds"
            )
        return np.clip(rate / (target * one), least, max(most, least))

    @cached_property
    def sheds(self) -> Flags:
        """Whether too much is refused before it is late: by a limit, or by a queue shorter than the deadline."""
        share, queue, deadline = (
            self.system.limit_share,
            self.system.queue_limit,
            self.system.traffic.deadline,
        )
        limited: Flags = False if share is None else np.less_equal(share, 1)
        if queue is None or deadline is None or self.capacity is None:
            return limited
        return np.logical_or(limited, queue <= self.capacity * deadline)

    @cached_property
    def contained(self) -> Flags:
        """Whether an overload ends with its cause: what is too much is refused, or retries are bounded."""
        bounded = [calls.bounded for calls in self.system.calls]
        return np.logical_or(self.sheds, reduce(np.logical_and, bounded) if bounded else False)

    @cached_property
    def metastable_safe_load(self) -> Quantity | None:
        """Load below which one trigger cannot leave the service stuck, C/A. [req/s]"""
        if self.capacity is None:
            return None
        worst: Quantity = 1.0
        for calls in self.system.calls:
            worst = np.maximum(worst, calls.worst_amplification)
        return metastable_safe_load(self.capacity, np.where(self.sheds, 1.0, worst))

    @cached_property
    def goodput(self) -> Quantity | None:
        """Answered in time of the load asked for, which goes on; None without load, capacity or deadline. [req/s]

        A fluid without chance: beyond capacity an unbounded queue makes everything late.
        """
        if self.load is None or self.capacity is None:
            return None
        within = np.minimum(self.load, self.capacity)
        if np.all(self.load <= self.capacity) or np.all(self.sheds):
            return within
        if self.system.traffic.deadline is None:
            return None
        return np.where(np.logical_or(self.load <= self.capacity, self.sheds), within, 0.0)[()]

    @cached_property
    def response_time(self) -> ResponseTime | None:
        """Mean and quantiles of what is let in of the load asked for; None where it saturates. [s]

        Of the system of median numbers.
        """
        if self.load is None or not self.system.stations:
            return None
        carried = float(np.median(self.capacity))  # type: ignore[arg-type]
        limited = self.system.limit_share is not None
        if self.load >= carried and not limited:
            return None
        efficiency = float(self.system.relative_capacity(self.system.fleet)) / self.system.fleet
        return response_time(self.system.stations, min(self.load, carried), self.system.fleet, efficiency)

    @cached_property
    def admission(self) -> Admission | None:
        """What is let in of each tier at the load asked for: by importance where a limit tells them apart. [req/s]"""
        tiers = self.system.traffic.tiers
        if self.load is None or self.capacity is None or not tiers:
            return None
        offered, carried = sum(tier.arrival_rate for tier in tiers), float(np.median(self.capacity))
        scaled = [Tier(tier.name, tier.arrival_rate * self.load / offered, tier.value) for tier in tiers]
        return (admit_alike if self.system.limit_share is None else admit_by_tier)(scaled, carried)

    @cached_property
    def reconnect_spread(self) -> Quantity | None:
        """Least time over which all sockets may return without an overload, S/(C − λ); infinite without room. [s]"""
        traffic = self.system.traffic
        if traffic.sockets is None or traffic.request_rate is None or self.capacity is None:
            return None
        spare = np.maximum(self.capacity - traffic.request_rate, 0.0)
        with np.errstate(divide="ignore"):
            return np.where(
                spare > 0, drain_seconds(traffic.sockets, 0.0, np.maximum(spare, 1e-300)), np.inf
            )[()]

    @cached_property
    def connection_shortage(self) -> Quantity | None:
        """Connections asked for beyond those there are, while one version runs. [connections]"""
        return (
            None
            if self.system.connections is None
            else self.system.connections.shortage(self.system.fleet, 1)
        )

    @cached_property
    def deploying_connection_shortage(self) -> Quantity | None:
        """The same while one version replaces the other. [connections]"""
        return (
            None if self.system.connections is None else self.system.connections.shortage(self.system.fleet)
        )

    @cached_property
    def downtime(self) -> Mapping[str, Quantity]:
        """Down, by cause; a cause that is not known is absent. [min/y]"""
        system = self.system
        places = None if system.places_per_instance is None else system.places_per_instance * system.fleet
        found: dict[str, Quantity | None] = {
            "deployments": None if system.changes is None else system.changes.downtime_minutes,
            "incidents": None if system.incidents is None else system.incidents.downtime_minutes,
            "silent faults": None if system.silent is None else system.silent.downtime_minutes,
            "overload": self._overloaded(),
            "connections": None
            if system.connections is None
            else system.connections.downtime_minutes(system.fleet),
            "instances": None if system.failures is None else system.failures.downtime_minutes(system.fleet),
            "reconnects": self._reconnecting(),
        }
        for calls in system.calls:
            if np.any(np.asarray(calls.failure_probability) > 0):
                found[calls.name] = calls.unanswered(places) * MINUTES_PER_YEAR
        parts: list[Block | Providers] = [*system.blocks, *system.providers]
        found |= {part.name: part.downtime_minutes for part in parts}
        return {cause: minutes for cause, minutes in found.items() if minutes is not None}

    @cached_property
    def downtime_minutes(self) -> Quantity:
        """Down for any cause. [min/y]"""
        return sum(self.downtime.values(), start=0.0)

    @property
    def availability(self) -> Quantity:
        """1 − downtime over the minutes of a year. [fraction]

        Raises
        ------
        DomainError
            If the causes add up to more than a year.
        """
        if np.any(np.asarray(self.downtime_minutes) > MINUTES_PER_YEAR):
            worst = float(np.max(self.downtime_minutes))
            raise DomainError(
                f"down {worst:,.0f} min a year, which has {MINUTES_PER_YEAR:,.0f}; correct the causes"
            )
        return 1 - self.downtime_minutes / MINUTES_PER_YEAR

    @cached_property
    def cost_per_month(self) -> Quantity:
        """Instances, surge during deployments and everything else. [money per month]"""
        system = self.system
        fleet = self.running_instances * system.instance_per_month
        if system.changes is None:
            return fleet + system.running_per_month
        overlap = system.changes.overlap_hours * system.changes.deploys_per_year / 12 / HOURS_PER_MONTH
        return fleet * (1 + overlap) + system.running_per_month

    @property
    def loss_per_year(self) -> Quantity | None:
        """Downtime at its price and what runs; None without a price of downtime. [money per year]"""
        minute = self.system.downtime_per_minute
        return None if minute is None else self.downtime_minutes * minute + 12 * self.cost_per_month

    @property
    def text(self) -> str:
        """The evaluation in sentences, means over the worlds."""
        parts = [f"{cause} {_mean(minutes)}" for cause, minutes in self.downtime.items()]
        sentences = [self._carries(), self._loaded()]
        if parts:
            sentences.append(f"Down {_mean(self.downtime_minutes)} min a year ({', '.join(parts)}).")
        if self.loss_per_year is not None:
            sentences.append(f"Loses {_mean(self.loss_per_year)} a year, running costs included.")
        return " ".join(filter(None, sentences))

    def to_frame(self) -> pd.DataFrame:
        """Downtime by cause, mean over the worlds. [min/y]"""
        import pandas as pd

        rows = {cause: float(np.mean(minutes)) for cause, minutes in self.downtime.items()}
        return pd.DataFrame({"cause": list(rows), "minutes_per_year": list(rows.values())})

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "Downtime by cause [min a year]", self.text)

    def _carries(self) -> str:
        if self.capacity is None or self.metastable_safe_load is None:
            return "No capacity is known."
        sentences = [
            f"It carries {_mean(self.capacity)} req/s, limited by the {self.bottleneck}, and is safe from getting "
            f"stuck up to {_mean(self.metastable_safe_load)} req/s."
        ]
        less = {
            "caches are cold": self.cold_capacity,
            "one version replaces another": self.deploying_capacity,
        }
        sentences += [
            f"While {when} it carries {_mean(carried)} req/s."
            for when, carried in less.items()
            if carried is not None and np.any(carried < self.capacity)
        ]
        if self.deploying_connection_shortage is not None and np.any(self.deploying_connection_shortage > 0):
            sentences.append(f"It asks for {_mean(self.deploying_connection_shortage)} connections too many.")
        return " ".join(sentences)

    def _loaded(self) -> str:
        if self.load is None:
            return ""
        if self.response_time is not None:
            return f"At {number(self.load)} req/s: {self.response_time}."
        good = "" if self.goodput is None else f" {_mean(self.goodput)} req/s are answered in time."
        return f"At {number(self.load)} req/s it saturates.{good}" if self.system.stations else good.strip()

    def _overloaded(self) -> Quantity | None:
        overload = self.system.overload
        if overload is None:
            return None
        each = np.where(self.contained, overload.contained_minutes, overload.stuck_minutes)[()]
        return overload.times_above(self.capacity) * each

    def _reconnecting(self) -> Quantity | None:
        """Sockets that return faster than there is room for keep the service busy until all are back."""
        changes, spread = self.system.changes, self.reconnect_spread
        if changes is None or spread is None:
            return None
        late = np.where(spread > self.system.traffic.reconnect_seconds, spread / 60, 0.0)[()]
        with np.errstate(divide="ignore"):
            return np.minimum(changes.deploys_per_year * late, MINUTES_PER_YEAR)


def evaluate(system: System, load: float | None = None) -> Evaluation:
    """Compute what a system carries, how long it is down and what it costs.

    Capacity is that of the slowest station, mₖ/Dₖ (bottleneck law), those of an instance times the scaling
    law.

    Parameters
    ----------
    system : System
        As it is, or as an investment would make it.
    load : float, optional
        Rate at which response time and goodput are wanted. [req/s]

    Raises
    ------
    DomainError
        If the load is not above 0.

    References
    ----------
    .. [1] Denning and Buzen, The operational analysis of queueing network models, Computing Surveys 10, 1978.
    .. [2] Bronson et al., Metastable failures in distributed systems, HotOS 2021.

    Examples
    --------
    >>> from capacity.planning.system.parts import Station
    >>> database = Station("database", servers=8, work=0.012, connect_time=0.010)
    >>> print(evaluate(System(stations=(database,))))
    It carries 364 req/s, limited by the database, and is safe from getting stuck up to 364 req/s.
    >>> service = Station("instance", servers=8, work=1 / 37.5, scope="instance")
    >>> print(evaluate(System(stations=(service,)), load=250).response_time)
    mean 37.3 ms, P50 29.1 ms, P95 100 ms, P99 145 ms
    """
    if load is not None and not (np.isfinite(load) and load > 0):
        raise DomainError(f"a load of {load:g} req/s; allowed: above zero")
    return Evaluation(system, load)


def _mean(value: Quantity) -> str:
    return number(float(np.mean(value)))
