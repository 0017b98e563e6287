"""The decision: what each piece of work is worth, and the whole plan on one ruler."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from capacity.display import Figure, Prose, prose
from capacity.estimate import Estimate, number
from capacity.planning.portfolio.schedule import MONTHS
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import BLUE, GREEN, RED, ROW
from capacity.report.plots.words import middle_of, name_of, percent, todays
from capacity.study import Missing
from capacity.wording import counted, spoken

if TYPE_CHECKING:
    from capacity.planning.portfolio.portfolio import Portfolio
    from capacity.study import Study


@picture
def investments(portfolio: Portfolio) -> Figure | Prose:
    """Draw what each piece of work is worth, with its interval, in the order to do it."""
    priced = [(item, item.npv) for item in portfolio.worth if item.npv is not None and item.npv.bounded]
    if not priced:
        return prose(portfolio.text)
    names = [name_of(spoken(item.lever)) for item, _ in priced]
    values = [value for _, value in priced]
    low, high = min(e.low for e in values), max(e.high for e in values)
    room = 0.06 * (high - low or 1.0)
    sheet = Canvas(_work_title(values, names), heights=(ROW * len(priced),))
    panel = sheet.panel.rows(names).name_axes(
        f"Net present value over {MONTHS} months [{portfolio.currency or 'currency of the plan'}]", ""
    )
    panel.limits(x=(min(low, 0.0) - room, max(high, 0.0) + room))
    panel.upright_rule(0.0)
    for i, (item, value) in enumerate(priced):
        colour, marker = (GREEN, "o") if middle_of(value) > 0 else (RED, "X")
        panel.bar(i, value.low, value.high, colour=colour, strength=0.25)
        panel.measured([middle_of(value)], [i], colour=colour, marker=marker, size=6)
        panel.beside(i, f"pays: {percent(item.probability_gain)}")
    alt = "; ".join(f"{name} {_money(value)}" for name, value in zip(names, values, strict=True))
    left = ", ".join(name_of(spoken(lever)) for lever in portfolio.not_evaluable)
    return sheet.done(
        alt, "In order of work; bars: 90% intervals." + (f" Not evaluable: {left}." if left else "")
    )


def _work_title(values: Sequence[Estimate], names: Sequence[str]) -> str:
    paying = sum(middle_of(value) > 0 for value in values)
    if not paying:
        return "None of the work that could be evaluated is expected to pay"
    first = f"{names[0][:1].upper()}{names[0][1:]} comes first"
    return f"{first}; {paying} of {len(names)} pieces of work are expected to pay"


@picture
def ruler(study: Study) -> Figure | Prose:
    """Draw the plan on one ruler of requests per second: what will be asked, and what can be carried."""
    rows = [(name, e, colour) for name, e, colour in _levels(study) if e is not None]
    if not rows:
        return prose(study.capacity.text)
    top = 1.1 * max(_farthest(e) for _, e, _ in rows) or 1.0
    sheet = Canvas(_plan_title(study), heights=(ROW * len(rows),))
    panel = sheet.panel.rows([name for name, *_ in rows]).name_axes("Load [req/s]", "")
    panel.limits(x=(0.0, top))
    for i, (_, estimate, colour) in enumerate(rows):
        panel.bar(i, max(estimate.low, 0.0), min(estimate.high, top), colour=colour, strength=0.3)
        if estimate.value is not None:
            panel.measured([estimate.value], [i], colour=colour, size=6, marker="D" if colour == RED else "o")
        panel.beside(i, _short(estimate), colour)
    alt = "; ".join(f"{name}: {estimate}" for name, estimate, _ in rows)
    return sheet.done(alt, "Diamonds: asked; dots: carried. Bars: intervals.")


def _plan_title(study: Study) -> str:
    demand, fleet = study.demand, study.fleet
    if not isinstance(demand, Missing) and not isinstance(fleet, Missing):
        asked, safe = number(middle_of(demand.peak)), number(middle_of(fleet.safe_load_running))
        running = todays(fleet.instances_running)
        return f"{asked} req/s may be asked at the peak; {running} can promise {safe} req/s"
    limit = study.capacity.safe
    if limit is None:
        return "The tests say nothing about how much the service carries"
    count = study.plan.service.instances_tested
    carries = "carries" if count == 1 else "carry"
    return f"{counted(count, 'instance')} {carries} {_short(limit)} req/s; what will be asked is not known"


def _levels(study: Study) -> Iterable[tuple[str, Estimate | None, str]]:
    demand, fleet, capacity = study.demand, study.fleet, study.capacity
    tested = counted(study.plan.service.instances_tested, "instance")
    if not isinstance(demand, Missing):
        yield "peak of a week now", demand.current_peak, RED
        yield f"peak over {demand.horizon_days} days", demand.peak, RED
    if not isinstance(fleet, Missing):
        yield "promised today", fleet.safe_load_running, GREEN
    yield f"SLO capacity, {tested}", (capacity.production or capacity.slo).get("all"), BLUE
    yield f"saturation, {tested}", capacity.saturation_throughput, BLUE


def _farthest(estimate: Estimate) -> float:
    return max(v for v in (estimate.value, estimate.low, estimate.high) if v is not None and math.isfinite(v))


def _short(estimate: Estimate) -> str:
    if not math.isfinite(estimate.high):
        return f"≥ {number(estimate.low)}"
    if estimate.value is not None:
        return number(estimate.value)
    high = number(estimate.high)
    return f"{number(estimate.low)}–{high}" if estimate.low > 0 else f"≤ {high}"


def _money(estimate: Estimate) -> str:
    return f"{middle_of(estimate):,.0f} ({estimate.low:,.0f} to {estimate.high:,.0f})"
