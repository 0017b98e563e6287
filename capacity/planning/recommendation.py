"""The recommendation: three sentences, five numbers and a list of actions, from what is known of a service."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from capacity.estimate import Estimate, money, number
from capacity.models.laws import share_interval
from capacity.planning.demand.growth import DAYS_PER_MONTH
from capacity.planning.readiness.gates import MEND, Gate, chance, grouped
from capacity.planning.readiness.known import Known
from capacity.wording import counted, listed, sentence, spoken

if TYPE_CHECKING:
    from capacity.planning.fleet.fleet import FleetPlan
    from capacity.planning.portfolio.portfolio import Portfolio, Worth
    from capacity.planning.readiness.readiness import Verdict

_SOON, _LIKELY = 0.05, 0.50  # shares of the worlds between which today's fleet becomes too small
_MOST_DAYS = 60  # told in days; more are told in months


def recommend(verdict: Verdict, known: Known) -> dict[str, str]:
    """Return what to do, what it buys, and what would change our mind."""
    return {
        "What to do": _what_to_do(verdict, known),
        "What it buys": _what_it_buys(known),
        "What would change our mind": _what_would_change_it(verdict, known),
    }


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
    alive = "of today's fleet: above it retries can keep an overload alive"
    rows = [
        _row("SLO capacity", safe, _of_what_was_tested(known), why),
        _row("metastable-safe load", metastable, alive, why),
        _row("peak demand", peak, _ahead(known), _NO_DEMAND),
        *(_of_fleet(fleet) if fleet else (_row(name, None, "", _WITHOUT) for name in _OF_FLEET)),
    ]
    return pd.DataFrame(rows, columns=["quantity", "estimate", "remark", "method", "provenance"])


_OF_FLEET = ("time until shortfall", "chance of missing the SLO")
_NO_DEMAND = "nothing says how much is asked: give [demand] a history or a current_peak"
_WITHOUT = "needs a capacity and a demand"


def _of_fleet(fleet: FleetPlan) -> list[tuple[str, Any, str, str, str | None]]:
    told = ((time_until_shortfall(fleet), _lasting(fleet)), (_chance(fleet), _chance_words(fleet)))
    return [_row(name, found, remark, "") for name, (found, remark) in zip(_OF_FLEET, told, strict=True)]


def actions(verdict: Verdict, known: Known) -> pd.DataFrame:
    """Return what to do, in order: mend the evidence, add instances, pass the other gates, do the work that pays."""
    rows = [("before deciding", f.remedy, "", f.message) for f in known.findings.voids("capacity")]
    fleet = _fleet(known)
    if fleet:
        rows += _additions(fleet)
    rows += _for_gates(verdict, known)
    rows += _work(known.investments) if known.investments else []
    rows += _in_all(verdict, known)
    if not rows:
        rows = [("now", "nothing", "", "every gate is passed")]
    return pd.DataFrame(rows, columns=["when", "action", "price", "why"])


def _fleet(known: Known) -> FleetPlan | None:
    """Return the fleet plan, where the capacity it rests on is proven."""
    return None if known.void else known.fleet


def _row(
    quantity: str, estimate: Estimate | None, remark: str, reason: str
) -> tuple[str, Any, str, str, str | None]:
    if estimate is None:
        return quantity, "not known", reason, reason, None
    return quantity, estimate, remark, estimate.method, estimate.provenance


def _of_what_was_tested(known: Known) -> str:
    arrivals = ", with the irregular arrivals of production" if known.capacity.production else ", as tested"
    fleet, tested = _fleet(known), f"of {counted(known.instances_tested, 'instance')}{arrivals}"
    return f"{tested}; {_todays(fleet)} may be given {fleet.safe_load_running}" if fleet else tested


def _ahead(known: Known) -> str:
    demand = known.demand
    return (
        f"largest within {counted(demand.horizon_days, 'day')} from {_dated(demand.dates[0])}"
        if demand
        else ""
    )


def _dated(day: Any) -> str:
    return f"{day:%Y-%m-%d}"


def _lasting(fleet: FleetPlan) -> str:
    """Return from when to when today's fleet lasts."""
    soon, likely = _exhausted(fleet)
    since = f"from {_dated(fleet.demand.dates[0])}, with {_todays(fleet)}"
    if soon is None:
        return since
    if likely == soon:
        return f"{since}: until {_dated(soon)}"
    even = _dated(likely) if likely else "beyond the horizon"
    return f"{since}: until {_dated(soon)} with little risk, {even} at even odds"


def _exhausted(fleet: FleetPlan) -> tuple[Any, Any]:
    """Return the days by which few and half of the worlds exceed today's fleet; None beyond the horizon."""
    dates = fleet.runway.set_index("probability")["date"]
    soon, likely = (_day(dates.get(share)) for share in (_SOON, _LIKELY))
    return soon, likely


def time_until_shortfall(fleet: FleetPlan) -> Estimate:
    """Return how long today's fleet lasts, from when 5% to when 50% of the worlds exceed it. [days or months]"""
    first, last = fleet.demand.dates[0], fleet.demand.dates[-1]
    soon, likely = _exhausted(fleet)
    if soon is None:
        method = f"in {1 - _SOON:.0%} of the sampled worlds it is enough beyond {_dated(last)}"
        return _in_months(
            Estimate.at_least(fleet.demand.horizon_days, unit="days", method=method, provenance="assumed")
        )
    by = f"by {_dated(likely)}" if likely is not None else f"not before {_dated(last)}"
    method = f"too small in {_SOON:.0%} of the sampled worlds by {_dated(soon)}, in {_LIKELY:.0%} {by}"
    low, high = float((soon - first).days), math.inf if likely is None else float((likely - first).days)
    value = low if low == high else None
    return _in_months(Estimate(value, low, high, "days", method, "assumed"))


def _in_months(days: Estimate) -> Estimate:
    """Tell long times in months."""
    if days.low <= _MOST_DAYS:
        return days
    return replace(days.scaled(1 / DAYS_PER_MONTH), unit="months")


def _day(date: Any) -> Any:
    return None if date is None or pd.isna(date) else date


def _chance(fleet: FleetPlan) -> Estimate:
    """Return the chance for today's fleet, with the interval that counting it in so many worlds leaves. [%]"""
    worlds, share = len(fleet.demand.peaks), fleet.probability_missed_running
    low, high = share_interval(share * worlds, worlds)
    method = f"share of {worlds:,} sampled worlds"
    return Estimate(100 * share, 100 * low, 100 * high, "%", method, "assumed")


def _chance_words(fleet: FleetPlan) -> str:
    told = f"{_todays(fleet)}{_at_the_peak(fleet)}"
    if fleet.recommended is None or fleet.recommended == fleet.instances_running:
        return told
    return f"{told}; {chance(_missed(fleet))} with {fleet.recommended}"


def _missed(fleet: FleetPlan) -> float:
    return float(fleet.option(fleet.recommended or fleet.instances_running)["probability_missed"])


def _at_the_peak(fleet: FleetPlan) -> str:
    """Return when it is missed: under the losses that the policy wants survived."""
    lost = fleet.policy.lost(fleet.instances_running)
    return f" at the peak with {counted(lost, 'instance')} lost" if lost else " at the peak"


def _todays(fleet: FleetPlan) -> str:
    return f"today's {counted(fleet.instances_running, 'instance')}"


def _additions(fleet: FleetPlan) -> list[tuple[str, str, str, str]]:
    options = fleet.options.set_index("instances")
    return [
        (
            _dated(row.date),
            f"have {counted(int(row.instances), 'instance')} running",
            _rent(fleet, int(row.instances)),
            f"they carry {number(options['safe_load'][row.instances])} req/s within the objectives "
            f"({number(options['safe_load_low'][row.instances])} to "
            f"{number(options['safe_load_high'][row.instances])}); fewer miss them too often",
        )
        for row in fleet.additions.itertuples()
    ]


def _rent(fleet: FleetPlan, instances: int) -> str:
    """Say what more instances than today cost more; empty without a price."""
    if "cost_per_month" not in fleet.options:
        return ""
    prices = fleet.options.set_index("instances")["cost_per_month"]
    more = prices[instances] - prices[fleet.instances_running]
    return f"{money(more, fleet.currency)} a month more"


def _for_gates(verdict: Verdict, known: Known) -> list[tuple[str, str, str, str]]:
    """Return what gates ask for, those that ask for the same together, and why."""
    asked: dict[tuple[str, str], list[Gate]] = {}
    for gate in _open_gates(verdict, known):
        asked.setdefault((_when(gate), sentence(gate.remedy)), []).append(gate)
    return [
        (when, remedy, _price(gates[0], known), _because(gates, known))
        for (when, remedy), gates in asked.items()
    ]


def _open_gates(verdict: Verdict, known: Known) -> list[Gate]:
    """Return the gates to be worked on that neither the findings nor the fleet plan speak of already."""
    covered = {"evidence", "fleet", "demand"} if known.fleet else {"evidence"}
    return [gate for gate in verdict.failed if gate.remedy not in {"", MEND} and gate.name not in covered]


def _when(gate: Gate) -> str:
    if not gate.needed:
        return "as advice"
    return "to be ready" if gate.status == "fail" else "to be sure"


def _because(gates: Sequence[Gate], known: Known) -> str:
    """Say what gates found, and whether the work that would mend it would be done without them."""
    found = [_told(names, measured) for names, measured in grouped(gates)]
    return " ".join([*found, *(_no_return(item) for item in _work_for(gates[0], known) if not item.pays)])


def _no_return(item: Worth) -> str:
    what = sentence(f"{spoken(item.lever)}: {item.verdict}").rstrip(".")
    return f"{what}{'' if item.beyond else '; it is the price of this gate, not an investment'}."


def _told(names: str, measured: str) -> str:
    """Write what gates found; the name of one that somebody states is left as it is."""
    told = f"{names}: {measured}"
    return f"{told.rstrip('.')}." if names.endswith("(stated)") else sentence(told)


def _price(gate: Gate, known: Known) -> str:
    """Name the work that would mend a gate, and its price unless the work stands below for its own sake."""
    items = _work_for(gate, known)
    here = [f"{spoken(item.lever)}: {_effort(item)}" for item in items if not item.pays]
    below = [spoken(item.lever) for item in items if item.pays]
    return "; ".join([*here, *([f"{listed(below)}, below"] if below else [])])


def _work_for(gate: Gate, known: Known) -> list[Worth]:
    """Return what the work a gate asks for is worth, as far as the plan has it."""
    if gate.status != "fail" or not gate.needed or known.investments is None:
        return []
    return [item for item in known.investments.worth if item.lever in (gate.lever, *gate.also)]


def _effort(item: Worth) -> str:
    cost = [money(item.cost, interval=False)] if item.cost else []
    if item.monthly and item.cost:
        cost.append(f"{money(item.monthly, item.cost.unit)} a month")
    hours = f"{item.hours:,.0f}" if item.hours >= 10 else f"{item.hours:.2g}"
    return f"{hours} hours ({' and '.join(cost)})" if cost else f"{hours} hours"


def _work(portfolio: Portfolio) -> list[tuple[str, str, str, str]]:
    weeks = portfolio.calendar.to_frame().set_index("lever")["when"]
    return [
        (str(weeks.get(item.lever, "")), spoken(item.lever), _effort(item), _worth(item))
        for item in _paying(portfolio)
    ]


def _in_all(verdict: Verdict, known: Known) -> list[tuple[str, str, str, str]]:
    """Add up the work that gates ask for and the work that pays, each once."""
    asked = [item for gate in _open_gates(verdict, known) for item in _work_for(gate, known)]
    items = {item.lever: item for item in [*asked, *_paying(known.investments)]}
    if len(items) < 2:
        return []
    hours, costs = sum(item.hours for item in items.values()), [i.cost for i in items.values() if i.cost]
    price = [money(sum(cost.value or 0.0 for cost in costs), costs[0].unit)] if costs else []
    monthly = sum(item.monthly for item in items.values())
    price += [f"{money(monthly, costs[0].unit)} a month"] if monthly and costs else []
    told = f" ({' and '.join(price)})" if price else ""
    return [("in all", "the work above", f"{hours:,.0f} hours{told}", "each piece counted once")]


def _paying(portfolio: Portfolio | None) -> list[Worth]:
    return [item for item in portfolio.worth if item.pays] if portfolio else []


def _worth(item: Worth) -> str:
    return item.verdict if item.npv is None else f"worth {money(item.npv)}, {item.npv.method}; {item.verdict}"


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
    return " ".join(
        [_instances(known.fleet), *_conditions([gate for gate in failing if gate.status == "fail"])]
    )


def _conditions(gates: Sequence[Gate]) -> list[str]:
    """Name the gates that more instances do not mend, each with the work that would."""
    named = [f"{gate.name} ({_work_named(gate)})" if gate.lever else gate.name for gate in gates]
    return [f"To be ready, also work on {listed(named)}."] if named else []


def _work_named(gate: Gate) -> str:
    return " with ".join(map(spoken, (gate.lever, *gate.also)))


def _instances(fleet: FleetPlan) -> str:
    if fleet.recommended is None:
        return fleet.what_is_needed
    ahead = f"for the {fleet.demand.horizon_days} days from {_dated(fleet.demand.dates[0])}"
    if fleet.additions.empty:
        return sentence(f"{_todays(fleet)} will do {ahead}")
    first = fleet.additions.iloc[0]
    soon = f"Have {counted(int(first['instances']), 'instance')} running from {_dated(first['date'])}"
    soon += f" instead of {fleet.instances_running}"
    if first["instances"] == fleet.recommended:
        return f"{soon}; they will do {ahead}."
    last = fleet.additions.iloc[-1]
    return f"{soon}, and {counted(fleet.recommended, 'instance')} from {_dated(last['date'])}; they will do {ahead}."


def _what_it_buys(known: Known) -> str:
    parts = [*_bought_by_instances(_fleet(known)), *_bought_by_work(known.investments)]
    return " ".join(parts) or "What it buys cannot be said without a fleet and prices."


def _bought_by_instances(fleet: FleetPlan | None) -> list[str]:
    if fleet is None or fleet.recommended is None:
        return []
    what = f"chance of missing the objectives{_at_the_peak(fleet)}"
    before = chance(fleet.probability_missed_running)
    if fleet.recommended == fleet.instances_running:
        return [f"The {what} is {before}."]
    rent = _rent(fleet, fleet.recommended)
    return [f"The {what} goes from {before} to {chance(_missed(fleet))}{rent and f', for {rent}'}."]


def _bought_by_work(portfolio: Portfolio | None) -> list[str]:
    if portfolio is None or not portfolio.recommended:
        return []
    worth = []
    if portfolio.recommended_npv is not None:
        paying = _paying(portfolio)
        named, hours = listed([spoken(item.lever) for item in paying]), sum(item.hours for item in paying)
        worth = [
            f"The work that pays, {named} ({hours:,.0f} hours), is worth {money(portfolio.recommended_npv)}, "
            f"{portfolio.recommended_npv.method}."
        ]
    return [*worth, *filter(None, [portfolio.beware])]


def _what_would_change_it(verdict: Verdict, known: Known) -> str:
    if known.void:
        return "The same test without that fault; until then no capacity is known."
    unknown = [gate for gate in verdict.failed if gate.status == "unknown" and gate.needed]
    if known.fleet and unknown and verdict.status != "NOT READY":
        return f"What is not known yet: {sentence(unknown[0].remedy)}"
    if known.demand is None:
        return "The demand; without it no number of instances can be told."
    if known.fleet is None:
        return "A test that establishes the capacity."
    return sentence("; ".join([*_a_test(known), *_turning_points(known.fleet)]))


def _a_test(known: Known) -> list[str]:
    """Name the test that may show that fewer instances do, where the capacity is no more than a bracket."""
    found = known.slo_capacity
    if found is None or found.value is not None or not found.bounded or not found.low < found.high:
        return []
    loads = f"{number(found.low)} and {number(found.high)} req/s"
    return [
        f"a test that holds loads between {loads} for a minute each (next-test.yml): fewer instances may do"
    ]


def _turning_points(fleet: FleetPlan) -> list[str]:
    """Return the peaks at which another fleet would be right, and the costlier requests that come to the same."""
    if fleet.recommended is None:
        return ["instances that carry more, or less that is asked for"]
    points = [
        f"peaks above {_times(fleet, fleet.recommended)} the forecast, or requests that take that much more work: then "
        f"{counted(fleet.recommended, 'instance')} {'is' if fleet.recommended == 1 else 'are'} too few"
    ]
    room = fleet.option(fleet.instances_running)["room"]
    if fleet.recommended > fleet.instances_running and room > 0:
        below = _times(fleet, fleet.instances_running)
        points.append(f"peaks of at most {below} the forecast: then {_todays(fleet)} will do")
    return points


def _times(fleet: FleetPlan, size: int) -> str:
    return f"{number(float(fleet.option(size)['room']))} times"
