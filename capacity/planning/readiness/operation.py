"""Gates about operating a service, from the facts stated with the investments: downtime, deployments, caches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from capacity.estimate import Estimate, number
from capacity.planning.readiness.gates import Gate, chance, held
from capacity.planning.readiness.known import Known
from capacity.planning.system.parts.outages import MINUTES_PER_YEAR
from capacity.wording import counted, listed, percent, spoken, visible

if TYPE_CHECKING:
    from capacity.planning.system.parts import Quantity

MAIN_CAUSES = ("deployments", "incidents", "overload")
"""Causes of downtime that the most critical tier must state."""

_LEVER_AGAINST = {
    "deployments": "blue_green",
    "incidents": "apm",
    "overload": "rate_limit",
    "connections": "connection_pool",
    "dependency": "retries",
    "silent faults": "error_monitoring",
    "instances": "health_checks",
    "reconnects": "websocket_reconnects",
}


def availability(known: Known) -> Gate | None:
    """The downtime of all causes stated stays within the objective; None where there is no objective."""
    wanted, causes = known.availability, known.today.downtime if known.today else {}
    gate = Gate(
        "availability",
        "an objective for the availability" if wanted is None else _budget_words(wanted),
        "no objective is given" if wanted is None else "the plan states no cause of downtime",
        "unknown",
        "facts stated with the investments",
        "state how often and how long the service is down by deployments, incidents and overload",
        "metrics",
        "assumed",
        needed=known.tier == 1,
    )
    if wanted is None:
        return replace(gate, remedy="give an availability under [slo]") if known.tier == 1 else None
    return _of_causes(known, gate, wanted, causes) if causes else gate


def deployment(known: Known) -> Gate | None:
    """What is left while deploying carries the peak; None where the plan states no deployments."""
    left = known.today.deploying_capacity if known.today else None
    gate = Gate(
        "capacity while deploying",
        f"the peak exceeds what is left with a probability of at most {percent(known.policy.risk)}",
        "nothing is stated of deployments",
        "unknown",
        "facts stated with the investments",
        "state unavailable_instances: how many a deployment takes out of service",
        "blue_green",
        needed=known.tier < 3,
    )
    remedy = "deploy with extra instances or beside the running version, or away from the peak"
    out = known.policy.deploying_instances
    if left is None and out and known.fleet is not None:
        missed = known.fleet.probability_missed_running
        measured = f"probability {chance(missed)}: the safe load allows for {counted(out, 'instance')} out of service"
        gate = replace(gate, measured=measured, evidence="fleet plan")
        return held(known, gate, missed, remedy, "blue_green")
    return _left(known, gate, left, remedy, "blue_green")


def cold_caches(known: Known) -> Gate | None:
    """What is left with empty caches carries the peak; None where no cache is stated."""
    today = known.today
    cold = None if today is None or not _less(today.cold_capacity, today.capacity) else today.cold_capacity
    gate = Gate(
        "capacity with cold caches",
        f"the peak exceeds what is left with a probability of at most {percent(known.policy.risk)}",
        "nothing is stated of caches",
        "unknown",
        "facts stated with the investments",
        "state the hit ratio of the caches there are, or that there are none",
        "caching",
        needed=known.tier < 3,
    )
    remedy = "fill caches before they get traffic, ask only once for what many want, and refuse the rest"
    return _left(known, gate, cold, remedy, "rate_limit")


def _of_causes(known: Known, gate: Gate, wanted: float, causes: Mapping[str, Quantity]) -> Gate:
    """Judge the mean downtime of all causes stated; the most critical tier must state the main ones."""
    budget = (1 - wanted) * MINUTES_PER_YEAR
    minutes = {cause: float(np.mean(causes[cause])) for cause in causes}
    ordered = sorted(minutes, key=lambda cause: -minutes[cause])
    total, unstated = sum(minutes.values()), [cause for cause in MAIN_CAUSES if cause not in causes]
    above = float(np.mean(sum(np.asarray(down, dtype=float) for down in causes.values()) > budget))
    measured = (
        f"{number(total)} min a year ({', '.join(f'{visible(c)} {number(minutes[c])}' for c in ordered)})"
    )
    measured += f"; probability of more than allowed: {chance(above)}{_with_all_work(known)}"
    measured += f"; nothing is stated of {', '.join(unstated)}" if unstated else ""
    if total > budget:
        remedy, *work = _remedy(known, minutes, ordered, budget)
        gate = replace(gate, measured=measured, status="fail", remedy=remedy, needed=True)
        return replace(gate, lever=work[0], also=tuple(work[1:]))
    if unstated and known.tier == 1:
        remedy = f"state the downtime by {listed(unstated)} with the investments"
        return replace(gate, measured=measured, remedy=remedy)
    return replace(gate, measured=measured, status="pass", remedy="", lever="", needed=True)


def _with_all_work(known: Known) -> str:
    """Say what downtime all the work of the plan together would leave."""
    if known.investments is None:
        return ""
    left = sum(float(np.mean(minutes)) for minutes in known.investments.then.downtime.values())
    within = " within its budget of hours" if known.investments.budget else ""
    return f"; all the work of the plan{within} together leaves {number(left)} min"


def _remedy(known: Known, minutes: Mapping[str, float], ordered: list[str], budget: float) -> tuple[str, ...]:
    """Say what keeps the objective and name its work: the fewest pieces that do, else what is against the causes."""
    against = _LEVER_AGAINST.get(ordered[0], "")
    work = known.investments.fewest_leaving(budget) if known.investments else None
    if work:
        named = listed([spoken(lever) for lever in work])
        return (f"do {named}: of the work of the plan the fewest that keep the objective", *work)
    named = listed([visible(cause) for cause in _breaking(minutes, ordered, budget)])
    if known.investments is None:
        return f"cut the minutes lost to {named}", against
    return f"add work against {named}: that of the plan does not keep the objective", against


def _breaking(minutes: Mapping[str, float], ordered: list[str], budget: float) -> list[str]:
    """Return the fewest causes, the largest first, without which the others stay within the budget."""
    left = sum(minutes.values())
    for count, cause in enumerate(ordered, 1):
        left -= minutes[cause]
        if left <= budget:
            return ordered[:count]
    return ordered


def _budget_words(wanted: float) -> str:
    minutes = (1 - wanted) * MINUTES_PER_YEAR
    return f"at most {number(minutes)} min down a year, for an availability of {percent(wanted)}"


def _left(known: Known, gate: Gate, left: Quantity | None, remedy: str, lever: str) -> Gate | None:
    """Hold what is left of the capacity against the peak; without facts only the most critical tier asks."""
    if left is None or known.demand is None:
        return gate if known.tier == 1 else None
    missed, peak = known.share_above(left), known.demand.peak
    carried = Estimate.of_sample(np.atleast_1d(left), unit="req/s", method="", provenance="assumed")
    measured = f"probability {chance(missed)}: a peak of {peak} against {carried}"
    gate = replace(gate, measured=measured, provenance="assumed")
    return held(known, gate, missed, remedy, lever)


def _less(some: Quantity | None, whole: Quantity | None) -> bool:
    return some is not None and whole is not None and bool(np.any(np.asarray(some) < 0.999 * whole))
