"""The recommendation: three sentences, five numbers and a list of actions, from the parts of a study."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity.estimate import Estimate, number
from capacity.evidence.findings import percent
from capacity.models.overload.retries import metastable_safe_load
from capacity.planning.valuation import MONTHS
from capacity.wording import counted, sentence, spoken

if TYPE_CHECKING:
    from capacity.evidence.audit import Findings
    from capacity.evidence.limits import Capacity
    from capacity.planning.demand import Demand
    from capacity.planning.fleet import FleetPlan
    from capacity.planning.portfolio import Portfolio
    from capacity.planning.readiness import Gate, Verdict


def recommend(
    verdict: Verdict, fleet: FleetPlan | None, investments: Portfolio | None, *, doubts: Findings
) -> tuple[str, ...]:
    """Return what to do, what it buys, and what would change our mind."""
    return (
        _what_to_do(verdict, fleet),
        _what_it_buys(fleet, investments),
        _what_would_change_it(verdict, fleet, doubts),
    )


def numbers(
    capacity: Capacity, demand: Demand | None, fleet: FleetPlan | None, *, retry_budget: float
) -> pd.DataFrame:
    """Return the numbers the recommendation stands on; what is not known says why.

    The metastable-safe load is the saturation throughput divided by the most that a retry budget lets clients
    multiply their requests, 1 + budget: above it an overload may outlive its cause.

    References
    ----------
    .. [1] Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021.
    """
    rows = [
        _row("load within the objectives, of what was tested", capacity.safe, capacity.why),
        _row("metastable-safe load", _metastable_safe(capacity, retry_budget), capacity.why),
        _row("largest peak asked for", demand.peak if demand else None, "the plan has no traffic history"),
        _row("time until today's fleet is too small", _runway(fleet), "no fleet without demand and capacity"),
        _row(_chance_of_missing(fleet), _chance(fleet), "no fleet without demand and capacity"),
    ]
    return pd.DataFrame(rows, columns=["quantity", "estimate", "method", "provenance"])


def actions(
    verdict: Verdict, findings: Findings, fleet: FleetPlan | None, investments: Portfolio | None
) -> pd.DataFrame:
    """Return what to do, in order: mend the evidence, add instances, pass the other gates, do the work that pays."""
    rows = [("before deciding", finding.remedy, finding.message) for finding in findings.voids("capacity")]
    if fleet:
        rows += _additions(fleet)
    covered = {"evidence", "fleet", "demand"} if fleet else {"evidence"}
    rows += [
        ("to be ready" if gate.status == "fail" else "to be sure", sentence(gate.remedy), _because(gate))
        for gate in verdict.failed
        if gate.remedy and gate.name not in covered
    ]
    if investments:
        paying = [item for item in investments.worth if item.pays]
        rows += [
            (f"{_ordinal(place)} work", spoken(item.lever), item.verdict)
            for place, item in enumerate(paying, 1)
        ]
    if not rows:
        rows = [("now", "nothing", "every gate is passed")]
    return pd.DataFrame(rows, columns=["when", "action", "why"])


def _row(quantity: str, estimate: Estimate | str | None, reason: str) -> tuple[str, Any, str, str]:
    if isinstance(estimate, Estimate):
        return quantity, estimate, estimate.method, estimate.provenance
    return (
        quantity,
        estimate or "not known",
        reason if estimate is None else "share of the sampled worlds",
        "assumed",
    )


def _metastable_safe(capacity: Capacity, retry_budget: float) -> Estimate | None:
    limit = capacity.saturation_throughput
    if limit is None:
        return None
    method = f"saturation throughput over 1 + retry budget of {100 * retry_budget:g}%"
    return limit.scaled(float(metastable_safe_load(1.0, 1 + retry_budget)), method=method)


def _runway(fleet: FleetPlan | None) -> Estimate | None:
    """Return how long today's fleet lasts, from when 5% to when 50% of the worlds exceed it. [days]"""
    if fleet is None:
        return None
    dates = fleet.runway.set_index("probability")["date"]
    low, high = (_days_to(fleet.demand.dates[0], dates.get(share)) for share in (0.05, 0.5))
    since = f"{fleet.demand.dates[0]:%Y-%m-%d}"
    method = f"counted from {since}; from when 5% to when 50% of the sampled worlds exceed what it carries"
    if low is None:
        return Estimate.at_least(fleet.demand.horizon_days, unit="days", method=method, provenance="assumed")
    if high == 0:
        return Estimate.exactly(0.0, unit="days", method="it is too small already", provenance="assumed")
    return Estimate(None, low, math.inf if high is None else high, "days", method, "assumed")


def _days_to(first: Any, date: Any) -> float | None:
    return None if date is None or pd.isna(date) else float((date - first).days)


def _chance_of_missing(fleet: FleetPlan | None) -> str:
    """Return what the chance is of: it holds under the losses that the policy wants survived."""
    lost = fleet.policy.spare_instances if fleet else 0
    under = f" at the peak with {counted(lost, 'instance')} lost" if lost else " at the peak"
    return f"chance of missing the objectives{under}"


def _chance(fleet: FleetPlan | None) -> str | None:
    if fleet is None:
        return None
    running = (
        f"{fleet.probability_missed_running:.1%} with today's {counted(fleet.instances_running, 'instance')}"
    )
    if fleet.recommended is None or fleet.recommended == fleet.instances_running:
        return running
    chosen = fleet.option(fleet.recommended)
    return f"{running}, {chosen['probability_missed']:.1%} with {counted(fleet.recommended, 'instance')}"


def _additions(fleet: FleetPlan) -> list[tuple[str, str, str]]:
    carried = fleet.options.set_index("instances")["safe_load"]
    return [
        (
            f"{row.date:%Y-%m-%d}",
            f"have {counted(int(row.instances), 'instance')} running",
            f"they carry {number(carried[row.instances])} req/s within the objectives; fewer miss them too often",
        )
        for row in fleet.additions.itertuples()
    ]


def _what_to_do(verdict: Verdict, fleet: FleetPlan | None) -> str:
    if not fleet:
        remedies = dict.fromkeys(sentence(gate.remedy) for gate in verdict.failed if gate.remedy)
        return " ".join(remedies) or "Nothing needs to be done now."
    if fleet.recommended is None:
        return fleet.what_is_needed
    if fleet.additions.empty:
        running = counted(fleet.instances_running, "instance")
        return f"Today's {running} will do for the next {fleet.demand.horizon_days} days."
    first = fleet.additions.iloc[0]
    soon = f"Have {counted(int(first['instances']), 'instance')} running from {first['date']:%Y-%m-%d}"
    soon += f" instead of {fleet.instances_running}"
    if first["instances"] == fleet.recommended:
        return f"{soon}; they will do for the next {fleet.demand.horizon_days} days."
    return f"{soon}, and {counted(fleet.recommended, 'instance')} within the next {fleet.demand.horizon_days} days."


def _what_it_buys(fleet: FleetPlan | None, investments: Portfolio | None) -> str:
    parts = []
    if fleet and fleet.recommended is not None:
        chosen = fleet.option(fleet.recommended)
        before, after = fleet.probability_missed_running, chosen["probability_missed"]
        parts.append(
            sentence(f"{_chance_of_missing(fleet)}: from {percent(before)} to {percent(after)}").rstrip(".")
        )
    paying = [item for item in investments.worth if item.pays] if investments else []
    if paying and paying[0].npv is not None:
        parts.append(
            f"the first work, {spoken(paying[0].lever)}, is worth {paying[0].npv} over {MONTHS} months"
        )
    return "; ".join(parts) + "." if parts else "What it buys cannot be said without a fleet and prices."


def _what_would_change_it(verdict: Verdict, fleet: FleetPlan | None, doubts: Findings) -> str:
    voiding = doubts.voids("capacity")
    if voiding:
        return f"What would change this: {sentence(voiding[0].remedy)}"
    unknown = [gate for gate in verdict.gates if gate.status == "unknown" and gate.remedy]
    if fleet and unknown:
        return f"What would change this: {sentence(unknown[0].remedy)}"
    if not fleet:
        return "What would change this: a plan file with traffic, policy and prices, and tests beside it."
    return "What would change this: traffic that outgrows its past, or a release that makes requests dearer."


def _ordinal(place: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    return words[place - 1] if place <= len(words) else f"{place}th"


def _because(gate: Gate) -> str:
    return f"{gate.measured}: {gate.evidence}" if gate.evidence else gate.measured
