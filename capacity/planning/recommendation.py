"""The recommendation: three sentences, five numbers and a list of actions, from what is known of a service."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity.estimate import Estimate, money, number
from capacity.planning.levers.catalogue import LEVERS
from capacity.planning.readiness.gates import MEND, Gate, chance, grouped
from capacity.planning.readiness.known import Known
from capacity.wording import counted, sentence, spoken

if TYPE_CHECKING:
    from capacity.planning.fleet.fleet import FleetPlan
    from capacity.planning.portfolio.portfolio import Worth
    from capacity.planning.readiness.readiness import Verdict

_SOON, _LIKELY = 0.05, 0.50  # shares of the worlds between which today's fleet becomes too small


def recommend(verdict: Verdict, known: Known) -> tuple[str, ...]:
    """Return what to do, what it buys, and what would change our mind."""
    return (_what_to_do(verdict, known), _what_it_buys(verdict, known), _what_would_change_it(verdict, known))


def numbers(known: Known) -> pd.DataFrame:
    """Return the numbers the recommendation stands on; what is not known says why.

    The metastable-safe load is the saturation throughput of today's fleet over the attempts a failing request
    leads to at worst: above it an overload may outlive its cause.

    References
    ----------
    .. [1] Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021.
    """
    fleet, why = _fleet(known), "the evidence for it is void" if known.void else known.capacity.why
    safe, metastable = (None, None) if known.void else (known.capacity.safe, known.metastable_safe)
    peak = known.demand.peak if known.demand else None
    without = "told by a capacity and a demand together"
    rows = [
        _row("load within the objectives, of what was tested", safe, why),
        _row("metastable-safe load, of today's fleet", metastable, why),
        _row("largest peak asked for", peak, "the plan has no [demand]"),
        _row(_runway_words(fleet), _runway(fleet) if fleet else None, without),
        _row(_chance_of_missing(fleet), _chance(fleet) if fleet else None, without),
    ]
    return pd.DataFrame(rows, columns=["quantity", "estimate", "method", "provenance"])


def actions(verdict: Verdict, known: Known) -> pd.DataFrame:
    """Return what to do, in order: mend the evidence, add instances, pass the other gates, do the work that pays."""
    rows = [("before deciding", f.remedy, f.message) for f in known.findings.voids("capacity")]
    fleet = _fleet(known)
    if fleet:
        rows += _additions(fleet)
    rows += _for_gates(verdict, known)
    rows += [
        (f"{_ordinal(place)} work", _titled(item.lever), item.verdict)
        for place, item in enumerate(_paying(known), 1)
    ]
    if not rows:
        rows = [("now", "nothing", "every gate is passed")]
    return pd.DataFrame(rows, columns=["when", "action", "why"])


def _fleet(known: Known) -> FleetPlan | None:
    """Return the fleet plan, where the capacity it rests on is proven."""
    return None if known.void else known.fleet


def _row(quantity: str, estimate: Estimate | str | None, reason: str) -> tuple[str, Any, str, str | None]:
    if isinstance(estimate, Estimate):
        return quantity, estimate, estimate.method, estimate.provenance
    if estimate is None:
        return quantity, "not known", reason, None
    return quantity, estimate, "share of the sampled worlds", "assumed"


def _runway_words(fleet: FleetPlan | None) -> str:
    since = f", from {fleet.demand.dates[0]:%Y-%m-%d}" if fleet else ""
    return f"time until today's fleet is too small{since}"


def _runway(fleet: FleetPlan) -> Estimate:
    """Return how long today's fleet lasts, from when 5% to when 50% of the worlds exceed it. [days]"""
    first, last = fleet.demand.dates[0], fleet.demand.dates[-1]
    dates = fleet.runway.set_index("probability")["date"]
    soon, likely = (_day(dates.get(share)) for share in (_SOON, _LIKELY))
    if soon is None:
        method = f"in {1 - _SOON:.0%} of the sampled worlds it is enough beyond {last:%Y-%m-%d}"
        return Estimate.at_least(fleet.demand.horizon_days, unit="days", method=method, provenance="assumed")
    by = f"by {likely:%Y-%m-%d}" if likely is not None else f"not before {last:%Y-%m-%d}"
    method = f"too small in {_SOON:.0%} of the sampled worlds by {soon:%Y-%m-%d}, in {_LIKELY:.0%} {by}"
    low, high = float((soon - first).days), math.inf if likely is None else float((likely - first).days)
    if low == high:
        return Estimate.exactly(low, unit="days", method=method, provenance="assumed")
    return Estimate(None, low, high, "days", method, "assumed")


def _day(date: Any) -> Any:
    return None if date is None or pd.isna(date) else date


def _chance_of_missing(fleet: FleetPlan | None) -> str:
    """Return what the chance is of: it holds under the losses that the policy wants survived."""
    lost = fleet.policy.lost(fleet.instances_running) if fleet else 0
    under = f" at the peak with {counted(lost, 'instance')} lost" if lost else " at the peak"
    return f"chance of missing the objectives{under}"


def _chance(fleet: FleetPlan) -> str:
    today = f"{chance(fleet.probability_missed_running)} with {_todays(fleet)}"
    if fleet.recommended is None or fleet.recommended == fleet.instances_running:
        return today
    chosen = fleet.option(fleet.recommended)["probability_missed"]
    return f"{today}, {chance(chosen)} with {counted(fleet.recommended, 'instance')}"


def _todays(fleet: FleetPlan) -> str:
    return f"today's {counted(fleet.instances_running, 'instance')}"


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


def _for_gates(verdict: Verdict, known: Known) -> list[tuple[str, str, str]]:
    """Return what gates ask for, those that ask for the same together, and why."""
    asked: dict[tuple[str, str], list[Gate]] = {}
    for gate in _open_gates(verdict, known):
        asked.setdefault((_when(gate), sentence(gate.remedy)), []).append(gate)
    return [(when, remedy, _because(gates, known)) for (when, remedy), gates in asked.items()]


def _open_gates(verdict: Verdict, known: Known) -> list[Gate]:
    """Return the gates to be worked on that neither the findings nor the fleet plan speak of already."""
    covered = {"evidence", "fleet", "demand"} if known.fleet else {"evidence"}
    return [gate for gate in verdict.failed if gate.remedy not in {"", MEND} and gate.name not in covered]


def _when(gate: Gate) -> str:
    if not gate.needed:
        return "as advice"
    return "to be ready" if gate.status == "fail" else "to be sure"


def _because(gates: Sequence[Gate], known: Known) -> str:
    """Say what gates found, what the work costs that would mend it, and whether it would be done without them."""
    found = [sentence(f"{names}: {measured}") for names, measured in grouped(gates)]
    return " ".join([*found, *_as_work(gates[0], known)])


def _as_work(gate: Gate, known: Known) -> list[str]:
    item = _worth_of(gate.lever, known) if gate.status == "fail" and gate.needed else None
    if item is None:
        return []
    price = "" if item.pays or item.beyond else "; it is the price of this gate, not an investment"
    return [f"As work: {_titled(item.lever)}, {_effort(item)}, {item.verdict}{price}."]


def _effort(item: Worth) -> str:
    cost = [money(item.cost, interval=False)] if item.cost else []
    if item.monthly and item.cost:
        cost.append(f"{money(item.monthly, item.cost.unit)} a month")
    hours = f"{item.hours:,.0f}" if item.hours >= 10 else f"{item.hours:.2g}"
    return f"{hours} hours ({' and '.join(cost)})" if cost else f"{hours} hours"


def _worth_of(lever: str, known: Known) -> Worth | None:
    worth = known.investments.worth if known.investments else ()
    return next((item for item in worth if item.lever == lever), None)


def _paying(known: Known) -> list[Worth]:
    return [item for item in known.investments.worth if item.pays] if known.investments else []


def _titled(lever: str) -> str:
    """Return the catalogue's title of a lever, else its name in words."""
    return str(getattr(LEVERS.get(lever), "title", "") or spoken(lever))


def _what_to_do(verdict: Verdict, known: Known) -> str:
    if known.void:
        remedies = dict.fromkeys(sentence(finding.remedy) for finding in known.findings.voids("capacity"))
        return " ".join(remedies)
    failing = [gate for gate in _open_gates(verdict, known) if gate.needed]
    if known.fleet is None:
        return (
            " ".join(dict.fromkeys(sentence(gate.remedy) for gate in failing))
            or "Nothing needs to be done now."
        )
    conditions = dict.fromkeys(gate.remedy.rstrip(".") for gate in failing if gate.status == "fail")
    return " ".join(
        [_instances(known.fleet), *([f"To be ready, also {'; '.join(conditions)}."] if conditions else [])]
    )


def _instances(fleet: FleetPlan) -> str:
    if fleet.recommended is None:
        return fleet.what_is_needed
    ahead = f"for the {fleet.demand.horizon_days} days from {fleet.demand.dates[0]:%Y-%m-%d}"
    if fleet.additions.empty:
        return sentence(f"{_todays(fleet)} will do {ahead}")
    first = fleet.additions.iloc[0]
    soon = f"Have {counted(int(first['instances']), 'instance')} running from {first['date']:%Y-%m-%d}"
    soon += f" instead of {fleet.instances_running}"
    if first["instances"] == fleet.recommended:
        return f"{soon}; they will do {ahead}."
    last = fleet.additions.iloc[-1]
    return f"{soon}, and {counted(fleet.recommended, 'instance')} from {last['date']:%Y-%m-%d}; they will do {ahead}."


def _what_it_buys(verdict: Verdict, known: Known) -> str:
    parts = [*_bought_by_instances(_fleet(known)), *_bought_by_work(known), *_bought_by_gates(verdict, known)]
    return " ".join(parts) or "What it buys cannot be said without a fleet and prices."


def _bought_by_instances(fleet: FleetPlan | None) -> list[str]:
    if fleet is None or fleet.recommended is None:
        return []
    before, after = fleet.probability_missed_running, fleet.option(fleet.recommended)["probability_missed"]
    what = sentence(_chance_of_missing(fleet)).rstrip(".")
    if fleet.recommended == fleet.instances_running:
        return [f"{what}: {chance(before)}."]
    return [f"{what}: {chance(before)} with {_todays(fleet)}, {chance(after)} with {fleet.recommended}."]


def _bought_by_work(known: Known) -> list[str]:
    first = next(iter(_paying(known)), None)
    if first is None or known.investments is None:
        return []
    worth = []
    if first.npv is not None:
        worth = [f"The first work, {_titled(first.lever)}, is worth {money(first.npv)}, {first.npv.method}."]
    return [*worth, *filter(None, [known.investments.beware])]


def _bought_by_gates(verdict: Verdict, known: Known) -> list[str]:
    """Name the work that a gate needs and that does not pay: a condition of being ready, with its price."""
    levers = {gate.lever: gate.name for gate in verdict.failed if gate.needed and gate.status == "fail"}
    found = [
        (gate, item) for lever, gate in levers.items() if (item := _worth_of(lever, known)) and not item.pays
    ]
    return [
        f"{sentence(_titled(item.lever)).rstrip('.')}, {_effort(item)}, "
        + (
            f"which the gate {gate} asks for, is {item.verdict}."
            if item.beyond
            else f"is the price of the gate {gate} ({item.verdict})."
        )
        for gate, item in found
    ]


def _what_would_change_it(verdict: Verdict, known: Known) -> str:
    if known.void:
        return "What would change this: the same test without that fault; until then no capacity is known."
    unknown = [gate for gate in verdict.failed if gate.status == "unknown" and gate.needed]
    if known.fleet and unknown and verdict.status != "NOT READY":
        return f"What would change this: {sentence(unknown[0].remedy)}"
    if known.demand is None:
        return "What would change this: the demand; without it no number of instances can be told."
    if known.fleet is None:
        return "What would change this: a test that establishes the capacity."
    return "What would change this: traffic that outgrows its past, or a release that makes requests dearer."


def _ordinal(place: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    return words[place - 1] if place <= len(words) else f"{place}th"
