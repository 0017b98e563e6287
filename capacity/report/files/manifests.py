"""The plan as settings for other programs: an autoscaler, alerts, limits. Inputs stand in comments."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import number
from capacity.models.overload.replicas import replicas_within
from capacity.planning.fleet.autoscaling import autoscaling, instances_for
from capacity.planning.fleet.headroom import relative_capacity, safe_loads
from capacity.planning.system.stated import facts_of, three_of
from capacity.report.files import limits
from capacity.study import Missing
from capacity.wording import counted, visible

_BURNS = (
    (14.4, "1h", "5m", "page"),
    (6.0, "6h", "30m", "page"),
    (3.0, "1d", "2h", "ticket"),
    (1.0, "3d", "6h", "ticket"),
)
_RARER = 0.1  # chance of needing more than the largest fleet, over the accepted risk
_CALM = 300  # seconds without need before instances are taken away


def manifests(study: Any) -> dict[str, str | Missing]:
    """Make what the plan supports, by file name; for the rest, why not.

    Parameters
    ----------
    study : Study
        What the plan leads to.
    """
    makers: dict[str, Callable[[Any], str]] = {
        "alerts.yml": alerts,
        "hpa.yaml": autoscaler,
        "limits/nginx.conf": lambda study: limits.nginx(study, _safe(_recommended(study))),
        "limits/pgbouncer.ini": _pool,
    }
    return {name: _made(name, maker, study) for name, maker in makers.items()}


def _made(name: str, maker: Callable[[Any], str], study: Any) -> str | Missing:
    try:
        return maker(study)
    except (NotIdentified, DomainError) as reason:
        return Missing(name, str(reason))


@dataclass(frozen=True)
class _Range:
    """What an autoscaler is told, within what all instances share."""

    least: int
    most: int
    target: float
    capped_by: str = ""

    @classmethod
    def of(cls, study: Any) -> _Range:
        """Work out the numbers for the recommended fleet."""
        fleet = _recommended(study)
        rare = float(np.quantile(fleet.demand.peaks, 1 - _RARER * fleet.policy.risk))
        wanted = autoscaling(_safe_by_size(study), _loads(fleet), rare)
        cap, reason = min(_caps(study, wanted.target), default=(wanted.most, ""))
        if cap < 1:
            raise NotIdentified(f"not one instance can be had: {reason}")
        capped_by = reason if cap < wanted.most else ""
        return cls(min(wanted.least, cap), min(wanted.most, cap), wanted.target, capped_by)


def _safe_by_size(study: Any) -> list[float]:
    """What 0, 1, ... instances may be given, up to the recommended fleet, at the lower end of what is known."""
    fleet, one = study.fleet, study.instance_capacity
    relative = relative_capacity([study.scaling_law], fleet.recommended)
    carried = np.array([one.low if one.value is None else one.value])
    loads = safe_loads(carried, relative, fleet.policy, fleet.shared.rate)[0]
    return (loads * (_safe(fleet) / loads[-1])).tolist() if loads[-1] > 0 else loads.tolist()


def _loads(fleet: Any) -> list[float]:
    """Loads an autoscaler would have met; none where it cannot keep up: all instances run before the peak. [req/s]"""
    if fleet.policy.ramp_per_second is None or fleet.demand.history is None:
        return []
    return fleet.demand.history.rates.tolist()


def _caps(study: Any, target: float) -> Iterator[tuple[int, str]]:
    """Yield what ends the number of instances, and why."""
    fleet = study.fleet
    if fleet.shared.instances is not None:
        yield fleet.shared.instances, fleet.shared.refusal(fleet.shared.instances + 1)
    if math.isfinite(fleet.shared.rate):
        useful = max(instances_for(fleet.shared.rate, target), fleet.recommended)
        yield useful, f"more would not help: {fleet.shared.of_rate}"
    facts = facts_of(study.plan.investment)
    if {"max_connections", "connections_per_instance"} <= facts.keys():
        there, reserved = limits.accepted(facts)
        each, versions = three_of(facts["connections_per_instance"])[2], limits.versions_at_once(study.plan)
        fitting = replicas_within(there, reserved, each, versions)
        yield (
            fitting,
            f"{there - reserved:g} connections for {versions} versions at once, {each:g} an instance",
        )


def _recommended(study: Any) -> Any:
    """Return the fleet plan, if it recommends anything."""
    if not study.fleet:
        raise NotIdentified(getattr(study.fleet, "reason", "") or "there is no plan of a fleet")
    if study.fleet.recommended is None:
        raise NotIdentified(f"no fleet is recommended. {study.fleet.what_is_needed}".strip())
    return study.fleet


def _pool(study: Any) -> str:
    scale = _Range.of(study)
    return limits.pgbouncer(study, scale.most, scale.target)


def autoscaler(study: Any) -> str:
    """Write a HorizontalPodAutoscaler (autoscaling/v2) for the recommended fleet.

    Bounds and target are those of `planning.autoscaling`. Where the plan gives no ramp, nothing is set aside for the
    time a new instance takes, so the least number is the whole fleet and the target its share.
    """
    scale = _Range.of(study)
    fleet, name = study.fleet, _label(study.plan.service.name)
    manifest = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": scale.least,
            "maxReplicas": scale.most,
            "metrics": [
                {
                    "type": "Pods",
                    "pods": {
                        "metric": {"name": "http_requests_per_second"},
                        "target": {
                            "type": "AverageValue",
                            "averageValue": f"{max(math.floor(scale.target * 1000), 1)}m",
                        },
                    },
                }
            ],
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "policies": [
                        {"type": "Pods", "value": 4, "periodSeconds": 15},
                        {"type": "Percent", "value": 100, "periodSeconds": 15},
                    ],
                    "selectPolicy": "Max",
                },
                "scaleDown": {"stabilizationWindowSeconds": _CALM},
            },
        },
    }
    return _yaml(manifest, *_inputs(study, fleet, scale))


def _inputs(study: Any, fleet: Any, scale: _Range) -> Iterator[str]:
    """Yield what the autoscaler's numbers rest on."""
    policy = fleet.policy
    lag = (
        "nothing for the lag: no ramp is given, all run before the peak"
        if policy.ramp_per_second is None
        else f"{policy.scaling_lag_seconds:g} s of lag at {policy.ramp_per_second:g} req/s per s"
    )
    fleets = counted(fleet.recommended, "instance")
    yield f"Service: {visible(study.plan.service.name)}"
    yield f"Peak over {fleet.demand.horizon_days} days: {fleet.demand.peak}; accepted risk {policy.risk:.0%}"
    share = _safe(fleet) / fleet.recommended
    yield f"{fleets} may be given {number(_safe(fleet))} req/s: {number(share)} each"
    if scale.target < share:
        yield f"The target is {number(scale.target)}: from {scale.least} on every number can lose what is set aside"
    lost = counted(policy.lost(fleet.recommended), "instance")
    yield f"Set aside: {lost}, {policy.retry_budget:.0%} retries, {lag}"
    if scale.capped_by:
        yield f"The largest number is {scale.most}: {visible(scale.capped_by, 300)}"
        if scale.most < fleet.recommended:
            yield f"THAT IS FEWER THAN THE {fleet.recommended} RECOMMENDED: raise that limit first"
    else:
        rarely = f"1 in {1 / (_RARER * policy.risk):.0f}"
        yield f"The largest number is for a peak that {rarely} of the worlds exceeds."
    yield "Within 10% of the target it does nothing: each instance may have that much more for long."
    yield "Check the names: the Deployment, and the metric your adapter offers."


def alerts(study: Any) -> str:
    """Write Prometheus alerts: burn rates of the error budget, slow answers, a load beyond what is safe.

    References
    ----------
    .. [1] The Site Reliability Workbook, O'Reilly, 2018, ch. 5 (multiwindow, multi-burn-rate alerts).
    """
    objective = study.plan.slo
    budget = 1 - objective.availability if objective.availability else objective.error_rate
    errors = "|".join(code.replace("x", ".") for code in objective.error_codes)
    selector = f"service={_quoted(study.plan.service.name)}"
    rules = [_burn(selector, errors, budget, *burn) for burn in _BURNS if 0 < burn[0] * budget < 1]
    for q, limit in study.slo.quantiles.items():
        times = f"sum by (le) (rate(http_request_duration_seconds_bucket{{{selector}}}[5m]))"
        slow = f"histogram_quantile({q:g}, {times}) > {limit:g}"
        rules.append(
            _rule(
                f"SlowP{100 * q:g}".replace(".", "_"),
                slow,
                "10m",
                "ticket",
                f"P{100 * q:g} is above {1000 * limit:g} ms",
            )
        )
    if study.fleet and study.fleet.recommended is not None:
        load = f"sum(rate(http_requests_total{{{selector}}}[5m])) > {_safe(study.fleet):.6g}"
        told = f"More is asked than {study.fleet.recommended} instances may be given"
        rules.append(_rule("LoadBeyondSafe", load, "10m", "page", told))
    codes = ", ".join(map(visible, objective.error_codes))
    return _yaml(
        {"groups": [{"name": f"capacity-{_label(study.plan.service.name)}", "rules": rules}]},
        f"Error budget {budget:g} of the requests, over 30 days; errors: {codes}",
        "The load beyond what is safe is that of the fleet in hpa.yaml, without retries; the counter has them in it.",
        "Check the names of the metrics and of the label `service`, and that the objectives are bounds of its buckets.",
    )


def _safe(fleet: Any) -> float:
    """Return what the recommended fleet may be given. [req/s]"""
    return float(fleet.option(fleet.recommended)["safe_load_low"])


def _burn(
    selector: str, errors: str, budget: float, burn: float, long: str, short: str, severity: str
) -> dict[str, Any]:
    def failing(window: str) -> str:
        failed = f'sum(rate(http_requests_total{{{selector},code=~"{errors}"}}[{window}]))'
        return f"{failed} / sum(rate(http_requests_total{{{selector}}}[{window}])) > {burn * budget:.6g}"

    told = f"Over {long} the error budget was spent at {burn:g} times the rate that lasts 30 days"
    return _rule(f"ErrorBudgetBurn{long}", f"({failing(long)}) and ({failing(short)})", "2m", severity, told)


def _rule(name: str, expression: str, duration: str, severity: str, told: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        "for": duration,
        "labels": {"severity": severity},
        "annotations": {"summary": told},
    }


def _quoted(text: str) -> str:
    """Return a label value as PromQL writes it, which does not take U+FFFD."""
    return '"' + visible(text, None).replace("\ufffd", "?").replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(name: str) -> str:
    """Return a name that Kubernetes takes: small letters, digits and hyphens, at most 63."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-") or "service"


def _yaml(document: Any, *comments: str) -> str:
    import yaml

    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)
    return "".join(f"# {line}\n" for line in comments) + text
