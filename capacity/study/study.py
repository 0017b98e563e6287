"""The whole study: the verdict, the recommendation, and how both could be otherwise."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity import origin
from capacity.document import plan_document
from capacity.errors import NotIdentified
from capacity.evidence.limits import Capacity
from capacity.plan import Plan
from capacity.study.missing import Missing
from capacity.study.planned import Planned
from capacity.wording import counted, visible

if TYPE_CHECKING:
    from capacity.planning.assumptions.answers import Basis
    from capacity.planning.assumptions.register import Assumptions
    from capacity.planning.assumptions.stated import Stated
    from capacity.planning.ledger import Ledger
    from capacity.planning.not_modelled import NotModelled
    from capacity.planning.readiness.known import Known
    from capacity.planning.readiness.readiness import Verdict
    from capacity.planning.what_if.what_if import WhatIf

_EVIDENCE = (
    "tests", "steps", "findings", "service", "resilience", "scaling_points", "scaling", "history", "demand",
    "investments",
)  # fmt: skip


class Study(Planned):
    """Everything one plan file leads to. Parts the plan does not ask for are `Missing` and say why.

    Parameters
    ----------
    plan : Plan
        The checked plan file, or `Plan.for_export` of a bare export.
    seed : int
        Of every random draw.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.instance_capacity)
    259 req/s (243 to 271)
    >>> study.fleet.recommended  # [instances]
    3
    """

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        p95_ms: float | None = None,
        horizon_days: int | None = None,
        spare_instances: int | None = None,
        seed: int = 1,
    ) -> Study:
        """Read a plan file, or take a bare export as the only test of a plan without demand and cost.

        Parameters
        ----------
        path : str or Path
            Plan (``.toml``) or load-test export.
        p95_ms : float, optional
            Response-time objective in place of the plan's. [ms]
        horizon_days : int, optional
            How far ahead to plan, in place of the plan's. [days]
        spare_instances : int, optional
            Instances that may be lost, in place of the plan's. [instances]
        seed : int
            Of every random draw.

        Raises
        ------
        UsageError
            If the plan file asks for something impossible.
        InputError
            If an export cannot be used.
        """
        plan = Plan.open(path).overridden(
            p95_ms=p95_ms, horizon_days=horizon_days, spare_instances=spare_instances
        )
        return cls(plan, seed=seed)

    @cached_property
    def verdict(self) -> Verdict:
        """Whether the service may be given the load the plan expects."""
        from capacity.planning.readiness.readiness import assess

        return assess(self.known)

    @cached_property
    def known(self) -> Known:
        """What the tests proved, what is asked and what the plan states: what verdict and recommendation rest on."""
        from capacity.planning.readiness.known import Known

        service, law = self.plan.service, self.scaling_law
        tested, running = (
            law.throughput_at(n) for n in (service.instances_tested, service.instances_running)
        )
        return Known(
            capacity=self.capacity,
            findings=self.findings,
            resilience=self.resilience,
            tier=service.tier,
            policy=self.policy,
            demand=self.demand or None,
            fleet=self.fleet or None,
            instances_tested=service.instances_tested,
            fleet_factor=float(running / tested),
            availability=self.plan.slo.availability,
            today=self.investments.now if self.investments else None,
            attestations=self.plan.attestation,
            investments=self.investments or None,
        )

    @cached_property
    def recommendation(self) -> dict[str, str]:
        """What to do, what it buys, and what would change our mind, a sentence or two each."""
        from capacity.planning.recommendation import recommend

        return recommend(self.verdict, self.known)

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """The numbers the recommendation stands on, each with its interval and what it rests on."""
        from capacity.planning.recommendation import numbers

        return numbers(self.known)

    @cached_property
    def actions(self) -> pd.DataFrame:
        """What to do, in order."""
        from capacity.planning.recommendation import actions

        return actions(self.verdict, self.known)

    @cached_property
    def what_if(self) -> WhatIf | Missing:
        """What changes against the plan when demand, instances, an objective or a policy are otherwise."""
        from capacity.planning.what_if.what_if import WhatIf

        if isinstance(self.instance_capacity, Missing):
            return Missing("what-if", self.instance_capacity.reason)
        if self.known.void:
            return Missing("what-if", "a finding voids the evidence for the capacity; see the evidence")
        return WhatIf(self)

    def _otherwise(self, plan: Plan, *, limits: Capacity | None = None, **parts: Any) -> Study:
        """Return the same evidence under another plan: only for what its loads, its fleet and its demand are.

        Findings, resilience and the worth of the work are not judged anew but those of this plan, and with them
        the verdict and what rests on it.

        Parameters
        ----------
        plan : Plan
            This plan with other objectives, policy or fleet; the tests, the history and the work stay.
        limits : Capacity, optional
            What was bracketed, before the service model, where the objectives are others.
        **parts
            Properties already worked out for that plan, by name.
        """
        other = Study(plan, seed=self.seed)
        own = parts.keys() | ({"demand"} if plan.demand != self.plan.demand else set())
        shared = {name: getattr(self, name) for name in _EVIDENCE if name not in own}
        vars(other).update({**shared, **parts, "_limits": limits or self._limits})
        return other

    @cached_property
    def assumptions(self) -> Assumptions:
        """What the answer rests on that no test measured, and what becomes of it when that is otherwise."""
        from capacity.planning.assumptions.register import register

        return register(
            self.plan,
            self._stated,
            recommended=self.fleet.recommended if self.fleet else None,
            why_not=self._unanswered,
            portfolio=self.investments or None,
            choices=self.choices or None,
        )

    @cached_property
    def not_modelled(self) -> NotModelled:
        """What the answer does not contain, why, and on which side it errs for that."""
        from capacity.planning.not_modelled import not_modelled

        return not_modelled(
            self.known,
            self.plan,
            tests=tuple(self.tests.values()),
            service=self.service or None,
            scaling=self._scaling_or_assumed,
            dispersion=self.dispersion,
            responses=self.fleet_responses or None,
        )

    @property
    def _unanswered(self) -> str:
        """Why no number of instances and no load can be told; empty where one can."""
        if self.known.void:
            return "a finding voids the evidence for the capacity"
        return self.instance_capacity.reason if isinstance(self.instance_capacity, Missing) else ""

    @property
    def _stated(self) -> Stated | None:
        """What the number of instances rests on, and how it leads to another; None where no capacity is known."""
        from capacity.planning.assumptions.stated import Stated

        basis = self._basis
        if basis is None:
            return None
        return Stated(
            plan=self.plan,
            basis=basis,
            of=self._basis_of,
            dispersion=self.dispersion,
            in_production=bool(self.capacity.production),
            tested=int(max(self.scaling_points["instances"])),
        )

    @property
    def _basis(self) -> Basis | None:
        """What the number of instances is computed from."""
        from capacity.planning.assumptions.answers import Basis

        if isinstance(self.instance_capacity, Missing):
            return None
        return Basis(
            capacity=self.instance_capacity,
            scaling=self._scaling_or_assumed,
            policy=self.policy,
            shared=self.shared,
            running=self.plan.service.instances_running,
            seed=self.seed,
            demand=self.demand or None,
        )

    def _basis_of(self, plan: Plan, modelled: bool = True) -> Basis:
        """The same of another plan of these tests, or without the service model; what cannot differ is kept."""
        service: dict[str, Any] = {} if modelled else {"service": Missing("service model", "left out")}
        other = self._otherwise(plan, **service)
        if plan.demand and self.plan.demand and plan.demand.horizon_days == self.plan.demand.horizon_days:
            vars(other)["_backtest"] = self._backtest
        if modelled and other.dispersion.value == self.dispersion.value:
            vars(other)["capacity"] = self.capacity
        basis = other._basis
        if basis is None:
            raise NotIdentified(str(other.instance_capacity))
        return basis

    @cached_property
    def ledger(self) -> Ledger | Missing:
        """How the predictions of earlier plans did."""
        from capacity.planning.ledger import Measured, score

        if self.plan.ledger is None:
            return Missing("ledger", "the plan names no earlier plan.json under [ledger]")
        limits = {"saturation_throughput": self.capacity.saturation_throughput}
        limits |= {f"slo {name}": found for name, found in self.capacity.slo.items()}
        steps = self._steps_at(self.plan.service.instances_tested)
        now = Measured(
            service=self.name,
            exports=frozenset(test.sha256 for test in self.tests.values()),
            rates={name: found.value for name, found in limits.items() if found and found.value is not None},
            quantiles=tuple(
                (step.offered, f"p{100 * q:g}", found.value)
                for step in steps
                for q, found in step.quantiles.items()
                if step.kind == "plateau" and found.value is not None
            ),
            history=self.demand.history if self.demand else None,
        )
        return score(self.plan.ledger.plans, now)

    @property
    def signature(self) -> str:
        """The day, the software, and a checksum over all input files, in a line."""
        data = origin.data_checksum(self.inputs["sha256"])
        return f"{origin.now():%Y-%m-%d} · {origin.software()} · data {data}"

    @property
    def missing(self) -> dict[str, str]:
        """Parts left out, and why."""
        parts = (self.service, self.scaling, self.demand, self.fleet, self.investments, self.ledger)
        return {part.name: part.reason for part in parts if isinstance(part, Missing)}

    def __repr__(self) -> str:
        tests = counted(len(self.plan.tests), "test")
        return f"Study of {visible(self.name)}: {tests}, plan {visible(self.plan.file.name)}"

    def _repr_html_(self) -> str:
        from capacity.display import prose

        return prose(repr(self))._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for plan.json: inputs with checksums, estimates with provenance, the verdict."""
        return plan_document(self)
