"""One plan file and everything computed from it, lazily: what notebooks, report and command line talk to."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from capacity import origin
from capacity.document import input_files, plan_document
from capacity.errors import DomainError, NotIdentified, UsageError
from capacity.estimate import Estimate
from capacity.evidence import exports
from capacity.evidence.audit import Findings, audit
from capacity.evidence.breakdown import limits_by_endpoint, limits_by_run
from capacity.evidence.calibration import Service, calibrate
from capacity.evidence.claims import Judgements, judge
from capacity.evidence.exports import artillery
from capacity.evidence.limits import Capacity, Slo, find_limits
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.next_test import NextTest, plan_next_test
from capacity.evidence.refined import refine
from capacity.evidence.resilience import Resilience, assess_resilience
from capacity.evidence.scaling import Scaling, fit_scaling
from capacity.evidence.steps import Step, find_steps
from capacity.evidence.trace import trace
from capacity.models.scalability import Amdahl, Usl
from capacity.plan import Plan
from capacity.planning.fleet.scaling import AssumedScaling, law_of
from capacity.wording import counted, sentence, visible

if TYPE_CHECKING:
    from capacity.models.fits.fitting import Fit
    from capacity.planning.assumptions.answers import Basis
    from capacity.planning.assumptions.register import Assumptions
    from capacity.planning.assumptions.stated import Stated
    from capacity.planning.demand.backtest import Backtest
    from capacity.planning.demand.demand import Demand
    from capacity.planning.demand.second_opinion import SecondOpinion
    from capacity.planning.demand.traffic import TrafficHistory
    from capacity.planning.fleet.alternatives import Alternatives
    from capacity.planning.fleet.choices import Choices
    from capacity.planning.fleet.fleet import FleetPlan
    from capacity.planning.fleet.headroom import Policy, Waterfall
    from capacity.planning.fleet.response import Responses
    from capacity.planning.fleet.shared import Shared
    from capacity.planning.ledger import Ledger
    from capacity.planning.not_modelled import NotModelled
    from capacity.planning.portfolio.portfolio import Portfolio
    from capacity.planning.portfolio.promises import Promises
    from capacity.planning.readiness.known import Known
    from capacity.planning.readiness.readiness import Verdict
    from capacity.planning.what_if.what_if import WhatIf


_EVIDENCE = (
    "tests", "steps", "findings", "service", "resilience", "scaling_points", "scaling", "history", "demand",
    "investments",
)  # fmt: skip
"""Parts that rest on the tests, the traffic and the work alone: the same under other objectives or policies."""


@dataclass(frozen=True)
class Missing:
    """A part of the study that the plan or the evidence does not support, and why.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/stress.json")  # a bare export: no demand is stated
    >>> bool(study.demand)
    False
    >>> print(study.demand)
    Demand: left out. The plan has no [demand] with a traffic history.
    """

    name: str
    reason: str

    def __bool__(self) -> Literal[False]:
        return False

    @property
    def text(self) -> str:
        """The reason as a sentence."""
        return f"{sentence(f'{self.name}: left out')} {sentence(self.reason)}"

    def to_frame(self) -> pd.DataFrame:
        """Return the reason as a table of one row."""
        return pd.DataFrame({"part": [self.name], "left out because": [self.reason]})

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from capacity.display.sentences import note

        return note(self.text)._repr_html_()


class Study:
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

    def __init__(self, plan: Plan, *, seed: int = 1) -> None:
        if seed < 0:
            raise UsageError(f"seed {seed}; allowed: a whole number, 0 or above")
        self.plan = plan
        self.seed = seed

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

    @property
    def name(self) -> str:
        """The service."""
        return self.plan.service.name

    @cached_property
    def slo(self) -> Slo:
        """Objectives the capacity is judged by."""
        slo = self.plan.slo
        return Slo(dict(slo.quantiles), slo.error_rate, tuple(slo.error_codes))

    @cached_property
    def tests(self) -> dict[str, LoadTest]:
        """Runs by role."""
        return {
            role: exports.read(source.export).named(
                role, instances=source.instances, error_codes=self.slo.error_codes
            )
            for role, source in self.plan.tests.items()
        }

    @cached_property
    def steps(self) -> dict[str, tuple[Step, ...]]:
        """Plateaus and ramps by role."""
        return {role: find_steps(test, self._scripts[role]) for role, test in self.tests.items()}

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """What was read, with checksums: one row a file."""
        return input_files(self)

    @cached_property
    def findings(self) -> Findings:
        """What the tests prove, and what they do not."""
        return audit(
            tuple(self.tests.values()),
            self._scripts,
            steps=self.steps,
            slo=self.slo,
        )

    @cached_property
    def next_test(self) -> NextTest | Missing:
        """The loads to test next, as a ready script: what would most narrow the answer."""
        tested = self.plan.service.instances_tested
        try:
            return plan_next_test(
                self.capacity,
                service=self.service or None,
                slo=self.slo,
                findings=self.findings,
                tests=self._tests_at(tested),
                steps=self._steps_at(tested),
            )
        except NotIdentified as reason:
            return Missing("next test", str(reason))

    @cached_property
    def capacity(self) -> Capacity:
        """What the deployment that was tested carries. [req/s]"""
        if not self.service:
            return self._limits
        return refine(self._limits, self.service, self.slo, self.dispersion.value or 1.0)

    @cached_property
    def _limits(self) -> Capacity:
        """What was bracketed, before the service model."""
        return self._capacity_of(self.plan.service.instances_tested)

    @cached_property
    def service(self) -> Service | Missing:
        """The station behind the measurements."""
        tested = self.plan.service.instances_tested
        try:
            return calibrate(self._tests_at(tested), self._steps_at(tested), self._limits)
        except NotIdentified as reason:
            return Missing("service model", str(reason))

    @cached_property
    def capacity_by_run(self) -> pd.DataFrame:
        """What each run of the tested deployment supports by itself. [req/s]"""
        tested = self.plan.service.instances_tested
        return limits_by_run(self._tests_at(tested), self._steps_at(tested), self.slo)

    @cached_property
    def capacity_by_endpoint(self) -> pd.DataFrame:
        """Largest total rate at which each endpoint keeps the objectives, where exports time endpoints. [req/s]"""
        tests = self._tests_at(self.plan.service.instances_tested)
        return limits_by_endpoint(tests, self.capacity, self.slo)

    @cached_property
    def trace(self) -> pd.DataFrame:
        """The stretches of the exports that decide the capacity: file, periods, load and what each shows."""
        return trace(self._limits, self._tests_at(self.plan.service.instances_tested))

    @cached_property
    def concurrency_law(self) -> Scaling | Missing:
        """How throughput grows with the requests in the tested deployment: linear, Amdahl's law or the USL."""
        try:
            return fit_scaling(self.capacity.points)
        except NotIdentified as reason:
            return Missing("scalability law", str(reason))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Response times that the service model expects at any load, as tested and in production. [s]"""
        return self.service.curve() if self.service else self.service.to_frame()

    @cached_property
    def scaling_points(self) -> pd.DataFrame:
        """Saturation throughput by number of instances tested. [req/s]"""
        rows = []
        for instances in sorted({test.instances for test in self.tests.values()}):
            capacity = self._capacity_of(instances)
            throughput = capacity.saturation_throughput
            rows.append(
                {"instances": instances, "status": capacity.status, "saturation_throughput": throughput}
            )
        return pd.DataFrame(rows)

    @cached_property
    def scaling(self) -> Fit | Missing:
        """How throughput grows with instances, from tests at several counts."""
        points = self.scaling_points
        known = points[points["status"] == "established"]
        if len(known) < 2:
            return Missing(
                "scaling across instances",
                f"saturation was reached at fewer than two instance counts; {AssumedScaling()}",
            )
        estimates = list(known["saturation_throughput"])
        return Amdahl.fit(
            known["instances"].to_numpy(float),
            np.array([e.value for e in estimates]),
            throughput_error=np.array([e.standard_error for e in estimates]),
        )

    @cached_property
    def resilience(self) -> Resilience:
        """What happens beyond the limit of the deployment that was tested."""
        tests = tuple(self._tests_at(self.plan.service.instances_tested))
        return assess_resilience(tests, self.steps, self.capacity, self.slo)

    @cached_property
    def claims(self) -> Judgements:
        """What the tests say of each claim of the plan."""
        return judge(
            self.plan.claim,
            tests=tuple(self.tests.values()),
            steps=self.steps,
            capacity=self.capacity,
            findings=self.findings,
            slo=self.slo,
            resilience=self.resilience,
        )

    @cached_property
    def instance_capacity(self) -> Estimate | Missing:
        """Rate one instance may be given: SLO capacity of what was tested, per instance of it. [req/s]"""
        safe = self.capacity.safe
        if safe is None:
            return Missing("capacity of an instance", self.capacity.why.rstrip("."))
        if safe.low <= 0:
            return Missing(
                "capacity of an instance", f"no load is known to keep the objectives: {safe.method}"
            )
        tested = self.plan.service.instances_tested
        if tested == 1:
            return safe
        share = 1 / float(self.scaling_law.throughput_at(tested) / self.scaling_law.throughput_at(1))
        return safe.scaled(share, method=f"{safe.method}; one of {tested} instances")

    @property
    def scaling_law(self) -> Usl:
        """The fitted law across instances, or the assumed one."""
        return law_of(self._scaling_or_assumed)

    @cached_property
    def history(self) -> TrafficHistory | None:
        """The traffic so far; None where the plan names no file of it."""
        from capacity.planning.demand.traffic import read_history

        file = None if self.plan.demand is None else self.plan.demand.history
        return None if file is None else read_history(file)

    @cached_property
    def demand(self) -> Demand | Missing:
        """How much will be asked, as a distribution of the peak. [req/s]"""
        from capacity.planning.demand.demand import forecast, scenario

        wanted = self.plan.demand
        if wanted is None:
            return Missing("demand", "the plan has no [demand] with a traffic history")
        if self.history is None:
            tested_on = [test.start.date() for test in self.tests.values() if test.start]
            if not tested_on:
                return Missing("demand", "neither a traffic history nor a test says from which day to count")
            return scenario(
                self._assumed_peak(wanted.current_peak),
                starts=max(tested_on) + dt.timedelta(days=1),
                horizon_days=wanted.horizon_days,
                growth_per_month=wanted.growth_per_month or (),
                events=wanted.events,
                rng=self.rng(),
            )
        return forecast(
            self.history,
            backtest=self._backtest,
            horizon_days=wanted.horizon_days,
            growth_per_month=wanted.growth_per_month,
            events=wanted.events,
            rng=self.rng(),
        )

    @cached_property
    def _backtest(self) -> Backtest | None:
        """How such forecasts did before; None where the history is too short to look back."""
        from capacity.planning.demand.backtest import backtest

        if self.history is None or self.plan.demand is None:
            return None
        with suppress(NotIdentified):
            return backtest(self.history, horizon_days=self.plan.demand.horizon_days, rng=self.rng())
        return None

    def _assumed_peak(self, given: float | None) -> Estimate:
        """Today's peak as the plan gives it, else the highest rate tested. [req/s]"""
        if given is not None:
            return Estimate.exactly(given, unit="req/s", method="given in the plan", provenance="config")
        tested = max(step.offered for steps in self.steps.values() for step in steps)
        method = "taken to be the highest rate tested"
        return Estimate.exactly(tested, unit="req/s", method=method, provenance="assumed")

    @cached_property
    def policy(self) -> Policy:
        """What production must survive; bursts of independent users are in a capacity for production already."""
        from capacity.planning.fleet.headroom import Policy

        stated = self.plan.policy.model_dump(exclude={"balancer", "dispersion"})
        included = bool(self.capacity.production)
        return Policy(**stated, dispersion=0.0 if included else self.dispersion.value or 1.0)

    @cached_property
    def dispersion(self) -> Estimate:
        """How irregular requests arrive within a burst [1]: as stated, as measured from a fine history, or Poisson."""
        from capacity.planning.demand.dispersion import dispersion

        policy = self.plan.policy
        if policy.dispersion is not None:
            return Estimate.exactly(
                policy.dispersion, unit="", method="given in the plan", provenance="config"
            )
        if self.history is not None:
            with suppress(NotIdentified, DomainError):  # too coarse a history, or too long a burst
                return dispersion(self.history, policy.burst_seconds)
        return Estimate.exactly(1.0, unit="", method="independent users (Poisson)", provenance="assumed")

    @cached_property
    def shared(self) -> Shared:
        """What all instances share, and where it ends."""
        from capacity.planning.fleet.shared import Shared

        return Shared.of(self.plan.limit)

    @cached_property
    def headroom(self) -> Waterfall | Missing:
        """From the nominal capacity of today's fleet to what it may safely be given. [req/s]"""
        from capacity.planning.fleet.headroom import waterfall

        if isinstance(self.instance_capacity, Missing):
            return Missing("headroom", self.instance_capacity.reason)
        return waterfall(
            self.instance_capacity,
            self.plan.service.instances_running,
            self._scaling_or_assumed,
            self.policy,
            shared=self.shared,
        )

    @cached_property
    def fleet(self) -> FleetPlan | Missing:
        """How many instances, from when, at what cost."""
        from capacity.planning.fleet.fleet import plan_fleet

        capacity, demand = self.instance_capacity, self.demand
        if isinstance(capacity, Missing) or isinstance(demand, Missing):
            reasons = [part.reason for part in (capacity, demand) if isinstance(part, Missing)]
            return Missing("number of instances", "; ".join(reasons))
        return plan_fleet(
            capacity,
            self._scaling_or_assumed,
            demand,
            self.policy,
            cost=self.plan.cost,
            sizes=self.plan.size,
            shared=self.shared,
            instances_running=self.plan.service.instances_running,
            rng=self.rng(),
        )

    @cached_property
    def fleet_responses(self) -> Responses | Missing:
        """Response times of the options at the median peak, for production's arrivals. [s]"""
        from capacity.planning.fleet.response import at_load

        fleet, service, name = self.fleet, self.service, "response times of the fleet"
        if isinstance(fleet, Missing):
            return Missing(name, fleet.reason)
        if isinstance(service, Missing):
            return Missing(name, service.reason)
        if not service.accepted:
            return Missing(name, "the calibrated service is too far off to plan with")
        return at_load(
            service,
            self.scaling_law,
            fleet.options["instances"].tolist(),
            float(np.median(fleet.demand.peaks)),
            tested=self.plan.service.instances_tested,
            balancer=self.plan.policy.balancer,
            dispersion=self.dispersion.value or 1.0,
        )

    @property
    def alternatives(self) -> Alternatives | Missing:
        """Other sizes of instance, and autoscaling, in the same worlds."""
        if isinstance(self.fleet, Missing):
            return Missing("other ways to carry the demand", self.fleet.reason)
        return self.fleet.alternatives

    @property
    def choices(self) -> Choices | Missing:
        """What each size of fleet costs, falling short included."""
        if isinstance(self.fleet, Missing):
            return Missing("cost of being wrong", self.fleet.reason)
        return self.fleet.choices or Missing("cost of being wrong", "[cost] has no downtime_per_minute")

    @cached_property
    def investments(self) -> Portfolio | Missing:
        """Which work first, and what it is worth."""
        from capacity.planning.portfolio.portfolio import evaluate_portfolio

        if not self.plan.investment:
            return Missing("investments", "the plan lists no [[investment]]")
        if isinstance(self.instance_capacity, Missing):
            return Missing("investments", self.instance_capacity.reason)
        return evaluate_portfolio(
            None,
            self.plan.investment,
            self.plan.cost,
            instance_capacity=self.instance_capacity,
            instances=self.plan.service.instances_running,
            instance_servers=self._workers,
            scaling=self._scaling_or_assumed,
            demand=self.demand or None,
            limits={limit.name: limit.rate for limit in self.shared.limits if limit.instances is None},
            facts=self._facts,
            rng=self.rng(),
            **self.plan.team.model_dump(),
        )

    @cached_property
    def promises(self) -> Promises | Missing:
        """What is promised of all the work, held against the model."""
        from capacity.planning.portfolio.promises import hold

        if not self.plan.promise:
            return Missing("promises", "the plan has no [[promise]] of the work")
        if isinstance(self.investments, Missing):
            return Missing("promises", self.investments.reason)
        return hold(self.plan.promise, self.investments)

    @property
    def _workers(self) -> float:
        """Requests one instance works on at the same time, as calibrated; one where it was not."""
        workers = self.service.servers.value if self.service and self.service.accepted else None
        return max((workers or 1.0) / self.plan.service.instances_tested, 1.0)

    @property
    def _facts(self) -> dict[str, float]:
        """What the policy states about today, by the names the levers know it under."""
        policy = self.plan.policy
        facts = (
            {"unavailable_instances": float(policy.deploying_instances)} if policy.deploying_instances else {}
        )
        if policy.ramp_per_second is not None:
            facts |= {
                "ramp_per_second": policy.ramp_per_second,
                "startup_seconds": policy.scaling_lag_seconds,
            }
        return facts

    @cached_property
    def second_opinion(self) -> SecondOpinion | Missing:
        """The largest peak by another method, beside the forecast's."""
        from capacity.planning.demand.second_opinion import second_opinion

        if isinstance(self.demand, Missing):
            return Missing("second opinion", self.demand.reason)
        try:
            return second_opinion(self.demand, rng=self.rng())
        except NotIdentified as reason:
            return Missing("second opinion", str(reason))

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

    def otherwise(self, plan: Plan, *, limits: Capacity | None = None, **parts: Any) -> Study:
        """Return the same evidence under another plan.

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
        shared = {name: getattr(self, name) for name in _EVIDENCE if name not in parts}
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
        other = self.otherwise(plan, **service)
        if plan.demand != self.plan.demand:
            del vars(other)["demand"]
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

    def rng(self) -> np.random.Generator:
        """Return a fresh generator: every part draws from the same seed, whatever was computed before it."""
        return np.random.default_rng(self.seed)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for plan.json: inputs with checksums, estimates with provenance, the verdict."""
        return plan_document(self)

    @cached_property
    def _scripts(self) -> dict[str, Any]:
        """Scripts by role, None where the plan names none."""
        paths = {role: source.script for role, source in self.plan.tests.items()}
        return {role: path and artillery.read_script(path) for role, path in paths.items()}

    @property
    def _scaling_or_assumed(self) -> Any:
        return self.scaling or AssumedScaling()

    def _steps_at(self, instances: int) -> list[Step]:
        return [s for steps in self.steps.values() for s in steps if s.instances == instances]

    def _tests_at(self, instances: int) -> list[LoadTest]:
        return [test for test in self.tests.values() if test.instances == instances]

    def _capacity_of(self, instances: int) -> Capacity:
        return find_limits(self._tests_at(instances), self._steps_at(instances), self.slo)
