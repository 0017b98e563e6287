"""What is known of a service when its readiness is judged, and the few numbers that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.models.overload.retries import metastable_safe_load
from capacity.planning.fleet.headroom import Policy
from capacity.shown import Shown

if TYPE_CHECKING:
    from capacity.evidence.audit import Findings
    from capacity.evidence.limits import Capacity
    from capacity.evidence.resilience import Resilience
    from capacity.plan import Attestation
    from capacity.planning.demand.demand import Demand
    from capacity.planning.fleet.fleet import FleetPlan
    from capacity.planning.portfolio.portfolio import Portfolio
    from capacity.planning.system.parts import Quantity
    from capacity.planning.system.system import Evaluation

TIERS = (1, 2, 3)


@dataclass(frozen=True, eq=False)
class Known(Shown):
    """What is known of a service: what its tests proved, what is asked of it, and what the plan states.

    Parameters
    ----------
    capacity : Capacity
        What the tests establish.
    findings : Findings
        What speaks against them.
    resilience : Resilience
        What they show beyond the capacity.
    tier : {1, 2, 3}
        How critical the service is; 1 is the most. [1]
    policy : Policy
        Accepted risk and retry budget.
    demand : Demand, optional
        What may be asked.
    fleet : FleetPlan, optional
        What today's fleet may be given, and the one needed.
    instances_tested : int
        Of the deployment the capacity was found for. [instances]
    fleet_factor : float
        Capacity of today's fleet over that of the deployment tested, by the law of scaling. [1]
    availability : float, optional
        Objective, of the year. [fraction]
    today : Evaluation, optional
        The system of today, from the facts stated with the investments.
    attestations : sequence of Attestation
        What somebody states about gates that no test sees.
    investments : Portfolio, optional
        What the work on offer is worth.

    Raises
    ------
    DomainError
        If there is no such tier, or the factor is not above zero.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.known.slo_capacity)
    259 req/s (243 to 271)
    """

    capacity: Capacity
    findings: Findings
    resilience: Resilience
    tier: int = 2
    policy: Policy = field(default_factory=Policy)
    demand: Demand | None = None
    fleet: FleetPlan | None = None
    instances_tested: int = 1
    fleet_factor: float = 1.0
    availability: float | None = None
    today: Evaluation | None = None
    attestations: Sequence[Attestation] = ()
    investments: Portfolio | None = None

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise DomainError(f"tier {self.tier}; allowed: 1, 2 or 3, and 1 is the most critical")
        if not self.fleet_factor > 0:
            raise DomainError(f"a fleet of {self.fleet_factor:g} times what was tested; allowed: above 0")

    @property
    def void(self) -> bool:
        """Whether a finding voids what the tests say of capacity."""
        return bool(self.findings.voids("capacity"))

    @property
    def slo_capacity(self) -> Estimate | None:
        """Rate within the objectives of what was tested, in production where known. [req/s]"""
        return (self.capacity.production or self.capacity.slo).get("all")

    @property
    def load(self) -> Estimate | None:
        """Load the verdict speaks of: what today's fleet may be given, else what was tested carries. [req/s]"""
        return self.fleet.safe_load_running if self.fleet else self.slo_capacity

    @property
    def amplification(self) -> float:
        """Attempts per request when every one fails: of the calls stated, else 1 + retry budget. [1]"""
        today = self.today
        if (
            today is None
            or not today.system.calls
            or today.capacity is None
            or today.metastable_safe_load is None
        ):
            return 1 + self.policy.retry_budget
        return float(np.mean(today.capacity / today.metastable_safe_load))

    @cached_property
    def metastable_safe(self) -> Estimate | None:
        """Load of today's fleet above which an overload may outlive its cause. [req/s]"""
        return self.metastable_at(self.amplification)

    def metastable_at(self, attempts: float) -> Estimate | None:
        """Saturation throughput of today's fleet over the attempts a failing request leads to. [req/s]"""
        limit = self.capacity.saturation_throughput
        if limit is None:
            return None
        method = f"saturation throughput of today's fleet over {attempts:.3g} attempts a request at worst"
        return limit.scaled(float(metastable_safe_load(self.fleet_factor, attempts)), method=method)

    def chance_above(self, load: Estimate) -> float:
        """Share of the sampled worlds whose peak is above a load; of an open bound its known end. [fraction]"""
        if self.demand is None:
            raise DomainError("no demand is known; without it nothing exceeds a load")
        known = load.sample(np.random.default_rng(0), len(self.demand.peaks)) if load.bounded else load.low
        return self.share_above(known)

    def share_above(self, load: Quantity) -> float:
        """Share of all pairs of a world of the demand and one of the load with the peak above it. [fraction]"""
        peaks = np.array([]) if self.demand is None else self.demand.peaks
        return float(np.greater.outer(peaks, np.asarray(load, dtype=float)).mean())
