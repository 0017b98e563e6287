"""The same evidence under a plan of which some assumptions are otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from capacity.errors import DomainError
from capacity.evidence.objectives import Slo, model_free, slo_capacities
from capacity.planning.system.parts import Station
from capacity.planning.what_if.knobs import Setting

if TYPE_CHECKING:
    from capacity.evidence.limits import Capacity
    from capacity.plan import Plan


@dataclass(frozen=True, eq=False)
class Variants:
    """The same evidence under other settings of the knobs; what was worked out for one is kept for the next.

    Parameters
    ----------
    study : Study
        Under the plan.
    plan : Setting
        Where the plan has the knobs.
    """

    study: Any
    plan: Setting

    @cached_property
    def _carrying(self) -> dict[tuple[float | None, float], Any]:
        """The same evidence, by the objective and the dispersion that its capacity is for."""
        return {}

    def at(self, setting: Setting) -> Any:
        """Return the same evidence under a plan changed so."""
        carrying = self._carrying_at(setting)
        plan, turned = carrying.plan, setting.differences(self.plan)
        service = plan.service.model_copy(update={"instances_running": setting.instances})
        policy = plan.policy.model_copy(update={"retry_budget": setting.retry_budget})
        parts: dict[str, Any] = {"capacity": carrying.capacity, "dispersion": carrying.dispersion}
        if setting.hit_ratio:
            times = float(Station("cache", 1.0, 1.0, hit_ratio=setting.hit_ratio).capacity)
            behind = carrying.dispersion.scaled(times)  # of the requests to the cache, as the load is
            parts = {"capacity": _times(carrying.capacity, times), "dispersion": behind}
        if "demand" in turned:
            parts["demand"] = _asked(carrying.demand, float(setting.demand or 1.0))
        changed = carrying._otherwise(plan.model_copy(update={"service": service, "policy": policy}), **parts)
        if (
            setting.hit_ratio
        ):  # what all instances share stands before the cache: arrivals meet it as they come
            before = changed.policy.dispersion and (carrying.dispersion.value or 1.0)
            changed.policy = replace(changed.policy, shared_dispersion=before)
        return changed

    def _carrying_at(self, setting: Setting) -> Any:
        """Return the same evidence with the capacity that an objective and a dispersion of arrivals leave."""
        asked = setting.p95_ms, setting.dispersion
        if asked not in self._carrying:
            self._carrying[asked] = self._judged_anew(setting)
        return self._carrying[asked]

    def _judged_anew(self, setting: Setting) -> Any:
        turned, study = setting.differences(self.plan), self.study
        plan, parts = _lean(study.plan), dict[str, Any]()
        if not {"p95_ms", "dispersion"} & turned.keys():
            return study._otherwise(plan, capacity=study.capacity, dispersion=study.dispersion)
        if "dispersion" in turned:
            policy = plan.policy.model_copy(update={"dispersion": setting.dispersion})
            plan = plan.model_copy(update={"policy": policy})
        else:
            parts["dispersion"] = study.dispersion
        if "p95_ms" in turned:
            _refuse_above_p99(float(setting.p95_ms or 0.0), plan.slo.p99_ms)
            plan = plan.model_copy(update={"slo": plan.slo.model_copy(update={"p95_ms": setting.p95_ms})})
            parts["limits"] = _limits(
                study, Slo(dict(plan.slo.quantiles), study.slo.error_rate, study.slo.error_codes)
            )
        return study._otherwise(plan, **parts)


def _refuse_above_p99(p95_ms: float, p99_ms: float | None) -> None:
    if p99_ms is not None and p95_ms > p99_ms:
        raise DomainError(
            f"P95 objective {p95_ms:g} ms, the P99 objective is {p99_ms:g} ms; allowed: at most that, as in a plan"
        )


def _limits(study: Any, slo: Slo) -> Capacity:
    """Return what was bracketed, with other objectives; the saturation throughput does not depend on them."""
    tests, points = tuple(study.tests.values()), study.capacity.points
    free = model_free(tests, points, slo)
    slo_capacity = slo_capacities(tests, points, slo, free)
    return replace(study.capacity, slo=slo_capacity, model_free=free, production={})


def _lean(plan: Plan) -> Plan:
    """Return a plan without what no answer here rests on: other sizes, and the price of downtime."""
    cost = None if plan.cost is None else plan.cost.model_copy(update={"downtime_per_minute": None})
    return plan.model_copy(update={"cost": cost, "size": ()})


def _asked(demand: Any, times: float) -> Any:
    """Return a demand whose every day is so many times as large."""
    return replace(demand, paths=demand.paths * times, current_peak=demand.current_peak.scaled(times))


def _times(capacity: Capacity, factor: float) -> Capacity:
    """Return a capacity of which a cache takes its share before it is asked for."""
    limit = capacity.saturation_throughput
    return replace(
        capacity,
        saturation_throughput=None if limit is None else limit.scaled(factor),
        slo={name: estimate.scaled(factor) for name, estimate in capacity.slo.items()},
        production={name: estimate.scaled(factor) for name, estimate in capacity.production.items()},
    )
