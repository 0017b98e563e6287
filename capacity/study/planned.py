"""What a plan leads to: the demand, the fleet that carries it, and the work worth doing."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import NotIdentified
from capacity.estimate import Estimate
from capacity.study.missing import Missing
from capacity.study.tested import Tested

if TYPE_CHECKING:
    from capacity.planning.demand.backtest import Backtest
    from capacity.planning.demand.demand import Demand
    from capacity.planning.demand.second_opinion import SecondOpinion
    from capacity.planning.fleet.alternatives import Alternatives
    from capacity.planning.fleet.choices import Choices
    from capacity.planning.fleet.fleet import FleetPlan
    from capacity.planning.fleet.headroom import Policy, Waterfall
    from capacity.planning.fleet.response import Responses
    from capacity.planning.fleet.shared import Shared
    from capacity.planning.portfolio.portfolio import Portfolio
    from capacity.planning.portfolio.promises import Promises


class Planned(Tested):
    """The second floor of a study: what to expect, and what to do about it."""

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
    def policy(self) -> Policy:
        """What production must survive; bursts of independent users are in a capacity for production already."""
        from capacity.planning.fleet.headroom import Policy

        stated = self.plan.policy.model_dump(exclude={"balancer", "dispersion"})
        included = bool(self.capacity.production)
        return Policy(**stated, dispersion=0.0 if included else self.dispersion.value or 1.0)

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
