"""What takes the service down because somebody changed it, or something broke: changes and incidents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models.overload.monitoring import first_event_seconds
from capacity.planning.system.parts.ranges import Quantity, check_ranges
from capacity.shown import Shown

MINUTES_PER_YEAR = 525_600.0  # [min]


@dataclass(frozen=True, eq=False)
class Changes(Shown):
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
    side_by_side : bool
        Whether the new version is started beside the old one, and switched to when it is up.
    unavailable_instances : float, optional
        Instances out of service while one version replaces the other; None: not known. [instances]
    pulled_sooner_minutes : float
        Less time to pull an image when a bad version is undone by starting the old one again. [min]

    Examples
    --------
    >>> changes = Changes(deploys_per_year=50, planned_minutes=5, failure_rate=0.1, restore_minutes=30)
    >>> changes.downtime_minutes  # [min/y]
    400.0
    """

    deploys_per_year: Quantity
    planned_minutes: Quantity
    failure_rate: Quantity
    restore_minutes: Quantity
    blast_fraction: Quantity = 1.0
    overlap_hours: Quantity = 0.0
    side_by_side: bool = False
    unavailable_instances: Quantity | None = None
    pulled_sooner_minutes: Quantity = 0.0

    def __post_init__(self) -> None:
        minutes = ("deploys_per_year", "planned_minutes", "restore_minutes", "overlap_hours")
        check_ranges("changes", self, least=minutes, fractions=("failure_rate", "blast_fraction"))
        check_ranges("changes", self, least=("pulled_sooner_minutes",))
        if not self.side_by_side and np.any(np.asarray(self.pulled_sooner_minutes) > self.restore_minutes):
            raise DomainError(
                f"changes: pulling an image {np.max(self.pulled_sooner_minutes):.3g} min sooner out of restore_minutes "
                f"= {np.min(self.restore_minutes):.3g}; allowed: no more than it takes"
            )

    @cached_property
    def downtime_minutes(self) -> Quantity:
        """Down because of deployments. [min/y]"""
        sooner = 0.0 if self.side_by_side else self.pulled_sooner_minutes
        bad = self.failure_rate * (self.restore_minutes - sooner) * self.blast_fraction
        return self.deploys_per_year * (self.planned_minutes + bad)


@dataclass(frozen=True, eq=False)
class Incidents(Shown):
    """Incidents of one kind and how long each phase of one takes.

    Parameters
    ----------
    per_year : float
        [1/y]
    detect_minutes, triage_minutes, diagnose_minutes, fix_minutes : float
        Until somebody notices, the right person looks, the cause is known, it is mended. [min]
    impact : float
        Requests that fail meanwhile. [fraction]
    alert_minutes : float, optional
        Until an alert fires, infinite if it never does; somebody may notice before. [min]
    event_rate : float
        Errors recorded and alerted on during an incident. [1/s]

    Examples
    --------
    >>> found = Incidents(per_year=8, detect_minutes=8, triage_minutes=5, diagnose_minutes=30, fix_minutes=15)
    >>> found.downtime_minutes  # [min/y]
    464.0
    """

    per_year: Quantity
    detect_minutes: Quantity
    triage_minutes: Quantity
    diagnose_minutes: Quantity
    fix_minutes: Quantity
    impact: Quantity = 1.0
    alert_minutes: Quantity | None = None
    event_rate: Quantity = 0.0

    def __post_init__(self) -> None:
        minutes = ("per_year", "detect_minutes", "triage_minutes", "diagnose_minutes", "fix_minutes")
        check_ranges("incidents", self, least=(*minutes, "event_rate"), fractions=("impact",))

    @cached_property
    def noticed_minutes(self) -> Quantity:
        """Until it is noticed: by somebody, by an alert or by the first error recorded, whichever is first. [min]"""
        noticed = self.detect_minutes
        if self.alert_minutes is not None:
            noticed = np.minimum(noticed, self.alert_minutes)
        if np.ndim(self.event_rate) == 0 and self.event_rate == 0:
            return noticed
        return first_event_seconds(self.event_rate, patience=60 * np.asarray(noticed)) / 60

    @cached_property
    def downtime_minutes(self) -> Quantity:
        """Down because of them, per_year (noticed + triage + diagnose + fix) impact. [min/y]"""
        each = self.noticed_minutes + self.triage_minutes + self.diagnose_minutes + self.fix_minutes
        return self.per_year * each * self.impact
