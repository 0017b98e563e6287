"""What takes the service down because a part of it is dead: instances, blocks, providers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.models.overload.failover import delivered_share, enough_availability, failover_availability
from capacity.models.overload.monitoring import false_ejections, probe_detection
from capacity.planning.system.parts.outages import MINUTES_PER_YEAR
from capacity.planning.system.parts.ranges import Quantity, check_ranges
from capacity.shown import Shown

HOURS_PER_YEAR = 8_760.0  # [h]


@dataclass(frozen=True, eq=False)
class Probes(Shown):
    """Health checks of each instance.

    Parameters
    ----------
    interval, timeout : float
        Between probes, and after which one counts as failed. [s]
    threshold : float
        Failures in a row at which an instance is taken out, successes at which it returns. [probes]
    failure_probability : float
        Probes that fail though the instance is healthy. [fraction]

    Examples
    --------
    >>> probes = Probes(interval=10, threshold=3, timeout=5, failure_probability=1e-4)  # [s], [probes], [s]
    >>> round(probes.detection_minutes, 2)  # [min]
    0.58
    """

    interval: Quantity
    threshold: Quantity
    timeout: Quantity
    failure_probability: Quantity

    def __post_init__(self) -> None:
        check_ranges("probes", self, above=("interval", "threshold"), least=("timeout",))
        check_ranges("probes", self, fractions=("failure_probability",))

    @property
    def detection_minutes(self) -> Quantity:
        """Longest time until a dead instance gets no more requests. [min]"""
        return probe_detection(self.interval, self.threshold, self.timeout) / 60

    @property
    def false_ejections(self) -> Quantity:
        """Times a healthy instance is taken out. [1/y]"""
        return false_ejections(self.interval, self.threshold, self.failure_probability)

    @property
    def ejected_minutes(self) -> Quantity:
        """Out of rotation each of these times. [min]"""
        return self.interval * self.threshold / 60


@dataclass(frozen=True, eq=False)
class Failures(Shown):
    """Instances that die and are repaired.

    Parameters
    ----------
    mttf_hours : float
        Mean time to failure of one. [h]
    repair_minutes : float
        Until it serves again; without health checks it gets requests all that time. [min]
    common_cause : float
        Failures that hit all of them at once. [fraction]
    needed : int
        Instances without which the service is down. [instances]
    probes : Probes, optional
        Health checks.

    Examples
    --------
    >>> instance = Failures(mttf_hours=2000, repair_minutes=60)
    >>> round(instance.unavailability, 6)  # of one [fraction]
    0.0005
    """

    mttf_hours: Quantity
    repair_minutes: Quantity
    common_cause: Quantity = 0.0
    needed: int = 1
    probes: Probes | None = None

    def __post_init__(self) -> None:
        check_ranges("failures", self, above=("mttf_hours",), least=("repair_minutes",))
        check_ranges("failures", self, fractions=("common_cause",))

    @cached_property
    def unavailability(self) -> Quantity:
        """Time one instance is dead, MTTR / (MTTF + MTTR). [fraction]"""
        return self.repair_minutes / (60 * self.mttf_hours + self.repair_minutes)

    def downtime_minutes(self, instances: int) -> Quantity:
        """Requests lost to dead and ejected instances, in minutes of the whole service. [min/y]

        A dead one of n gets 1/n of the requests until it is found: n failures rotation / n. To that comes the time
        with fewer than needed, common causes included; and with one instance every false ejection.
        """
        if instances not in self._by_size:
            self._by_size[instances] = self._downtime_minutes(instances)
        return self._by_size[instances]

    @cached_property
    def _by_size(self) -> dict[int, Quantity]:
        return {}

    def _downtime_minutes(self, instances: int) -> Quantity:
        up = enough_availability(1 - self.unavailability, self.needed, instances, self.common_cause)
        too_few = (1 - up) * MINUTES_PER_YEAR
        if instances == 1:
            ejected = (
                0.0 if self.probes is None else self.probes.false_ejections * self.probes.ejected_minutes
            )
            return too_few + ejected
        rotation = self.repair_minutes
        if self.probes is not None:
            rotation = np.minimum(rotation, self.probes.detection_minutes)
        return HOURS_PER_YEAR / self.mttf_hours * rotation + too_few


@dataclass(frozen=True, eq=False)
class Block(Shown):
    """A part the service needs: some of several equal ones.

    Parameters
    ----------
    name : str
        Such as "payment" or "disks".
    unavailability : float
        Of one. [fraction]
    count, needed : int
        How many there are, and without how many the service is down. [parts]
    common_cause : float
        Failures that hit all of them at once. [fraction]
    impact : float
        Requests that fail while it is down. [fraction]

    Examples
    --------
    >>> disks = Block("disks", unavailability=0.001, count=2, needed=1, common_cause=0.05)
    >>> round(disks.downtime_minutes, 1)  # [min/y]
    26.8
    """

    name: str
    unavailability: Quantity
    count: int = 1
    needed: int = 1
    common_cause: Quantity = 0.0
    impact: Quantity = 1.0

    def __post_init__(self) -> None:
        check_ranges(f"block {self.name}", self, fractions=("unavailability", "common_cause", "impact"))

    @cached_property
    def downtime_minutes(self) -> Quantity:
        """Down because of it. [min/y]"""
        up = enough_availability(1 - self.unavailability, self.needed, self.count, self.common_cause)
        return (1 - up) * self.impact * MINUTES_PER_YEAR


@dataclass(frozen=True, eq=False)
class Providers(Shown):
    """A provider, such as of e-mail, and those that stand by for it.

    Parameters
    ----------
    unavailability : float
        Of the first. [fraction]
    impact : float
        What counts of an outage of it, as a share of an outage of the service. [fraction]
    rate, outage_hours : float
        Requests to it, and how long it is usually out. [1/s], [h]
    standbys : int
        Providers that stand by. [providers]
    standby_unavailability : float
        Of each of them. [fraction]
    coverage : float
        Failures that are noticed and switched. [fraction]
    common_cause : float
        Failures that hit all of them at once. [fraction]
    per_second, per_day : float
        What those standing by take together; without any quota leave both None. [1/s], [1/day]
    name : str
        What they provide.

    Examples
    --------
    >>> mail = Providers(unavailability=0.002, impact=0.1, rate=2, outage_hours=3, name="e-mail")
    >>> round(mail.downtime_minutes, 1)  # [min/y]
    105.1
    """

    unavailability: Quantity
    impact: Quantity
    rate: Quantity
    outage_hours: Quantity
    standbys: int = 0
    standby_unavailability: Quantity = 0.0
    coverage: Quantity = 1.0
    common_cause: Quantity = 0.0
    per_second: Quantity | None = None
    per_day: Quantity | None = None
    name: str = "provider"

    def __post_init__(self) -> None:
        shares = ("unavailability", "impact", "standby_unavailability", "coverage", "common_cause")
        check_ranges(self.name, self, fractions=shares, above=("rate", "outage_hours"))
        quotas = tuple(name for name in ("per_second", "per_day") if getattr(self, name) is not None)
        check_ranges(self.name, self, least=quotas)

    @property
    def delivered_share(self) -> Quantity:
        """Of the requests of an outage, those the quotas let through. [fraction]"""
        if self.per_second is None and self.per_day is None:
            return 1.0
        steady = 0.0 if self.per_second is None else self.per_second
        at_all = 0.0 if self.per_day is None else self.per_day
        return delivered_share(self.rate, 3600 * self.outage_hours, steady, at_all)

    @cached_property
    def downtime_minutes(self) -> Quantity:
        """Down because nobody provides it. [min/y]"""
        up = failover_availability(
            [self.unavailability, *[self.standby_unavailability] * self.standbys],
            coverage=self.coverage,
            delivered=self.delivered_share,
            common_cause=self.common_cause,
        )
        return (1 - up) * self.impact * MINUTES_PER_YEAR
