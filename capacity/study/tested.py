"""What the tests of a plan, and the traffic so far, say of the service."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capacity.document import input_files
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
from capacity.study.missing import Missing

if TYPE_CHECKING:
    from capacity.models.fits.fitting import Fit
    from capacity.planning.demand.traffic import TrafficHistory


class Tested:
    """The first floor of a study: everything measured.

    Parameters
    ----------
    plan : Plan
        The checked plan file, or `Plan.for_export` of a bare export.
    seed : int
        Of every random draw.
    """

    def __init__(self, plan: Plan, *, seed: int = 1) -> None:
        if seed < 0:
            raise UsageError(f"seed {seed}; allowed: a whole number, 0 or above")
        self.plan = plan
        self.seed = seed

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

    def rng(self) -> np.random.Generator:
        """Return a fresh generator: every part draws from the same seed, whatever was computed before it."""
        return np.random.default_rng(self.seed)

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
