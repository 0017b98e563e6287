"""The plan as settings for other programs: an autoscaler, alerts, a rate limit. Inputs stand in comments."""

from __future__ import annotations

import math
import re
from typing import Any

from capacity.estimate import number
from capacity.wording import counted, visible

_BURNS = (
    (14.4, "1h", "5m", "page"),
    (6.0, "6h", "30m", "page"),
    (3.0, "1d", "2h", "ticket"),
    (1.0, "3d", "6h", "ticket"),
)
_SHARE_OF_DEADLINE = 0.5  # of the objective that a request may spend waiting to be let in
_RARER = 0.1  # chance of needing more than the largest fleet, over the accepted risk
_CALM = 300  # seconds without need before instances are taken away


def manifests(study: Any) -> dict[str, bytes]:
    """Make what the plan supports, by file name; nothing where it recommends no fleet.

    Parameters
    ----------
    study : Study
        What the plan leads to.
    """
    made = {"alerts.yml": alerts(study)} if study.slo else {}
    if study.fleet and study.fleet.recommended is not None:
        made |= {"hpa.yaml": autoscaler(study), "nginx-limits.conf": rate_limit(study)}
    return {name: text.encode("utf-8", "replace") for name, text in made.items()}


def autoscaler(study: Any) -> str:
    """Write a HorizontalPodAutoscaler (autoscaling/v2) for the recommended fleet.

    The target is what one instance of that fleet may be given. Where the plan gives no ramp, nothing is set aside for
    the time a new instance takes, so the least number is the whole fleet.
    """
    fleet, name = study.fleet, _label(study.plan.service.name)
    least, most, share = _replicas(fleet)
    manifest = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [
                {
                    "type": "Pods",
                    "pods": {
                        "metric": {"name": "http_requests_per_second"},
                        "target": {"type": "AverageValue", "averageValue": f"{math.floor(share * 1000)}m"},
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
    policy = fleet.policy
    lag = (
        "nothing for the lag: no ramp is given, all run before the peak"
        if policy.ramp_per_second is None
        else f"{policy.scaling_lag_seconds:g} s of lag at {policy.ramp_per_second:g} req/s per s"
    )
    return _yaml(
        manifest,
        f"Service: {visible(study.plan.service.name)}",
        f"Peak over {fleet.demand.horizon_days} days: {fleet.demand.peak}; accepted risk {policy.risk:.0%}",
        f"{fleet.recommended} instances may be given {number(_safe(fleet))} req/s: {number(share)} each, the target",
        f"Set aside: {counted(policy.lost, 'instance')}, {policy.retry_budget:.0%} retries, {lag}",
        f"The largest number is for a peak that 1 in {1 / (_RARER * policy.risk):.0f} of the worlds exceeds.",
        "Check the names: the Deployment, and the metric your adapter offers.",
    )


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
    rules = [_burn(selector, errors, budget, *burn) for burn in _BURNS] if budget > 0 else []
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


def rate_limit(study: Any) -> str:
    """Write a limit for nginx's http block: the recommended fleet's safe load, and a queue that still meets the SLO."""
    rate = max(math.floor(_safe(study.fleet)), 1)
    deadline = min(study.slo.quantiles.values(), default=1.0) if study.slo else 1.0
    burst = max(math.floor(rate * deadline * _SHARE_OF_DEADLINE), 1)
    return "\n".join(
        [
            f"# Service: {visible(study.plan.service.name)}",
            "# Include this in the http block of the one nginx before all instances;",
            "# of several nginx, give each its part of the rate.",
            f"# {study.fleet.recommended} instances may be given {rate} req/s.",
            f"# {burst} more wait, at most half of {deadline:g} s.",
            f'limit_req_zone "all" zone=capacity:1m rate={rate}r/s;',
            f"limit_req zone=capacity burst={burst};",
            "limit_req_status 429;",
            "",
        ]
    )


def _replicas(fleet: Any) -> tuple[int, int, float]:
    """Return the least and the largest number of instances, and the load of each."""
    import numpy as np

    share = _safe(fleet) / fleet.recommended
    rare = float(np.quantile(fleet.demand.peaks, 1 - _RARER * fleet.policy.risk))
    most = max(math.ceil(rare / share), fleet.recommended)
    if fleet.policy.ramp_per_second is None or fleet.demand.history is None:
        return fleet.recommended, most, share
    trough = float(fleet.demand.history.rates.quantile(0.05))
    return min(math.ceil(trough / share) + fleet.policy.lost, fleet.recommended), most, share


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
    """Return a label value as PromQL writes it."""
    return '"' + visible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(name: str) -> str:
    """Return a name that Kubernetes takes: small letters, digits and hyphens, at most 63."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-") or "service"


def _yaml(document: Any, *comments: str) -> str:
    import yaml

    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)
    return "".join(f"# {line}\n" for line in comments) + text
