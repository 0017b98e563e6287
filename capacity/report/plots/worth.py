"""The decision: what each piece of work is worth, and the whole plan on one ruler."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from capacity.display import Figure, Prose, prose
from capacity.estimate import Estimate, money, number
from capacity.planning.portfolio.schedule import MONTHS
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import BLUE, GREEN, LANES, RED, ROW, STRIP, Panel
from capacity.report.plots.words import name_of, percent, short, todays
from capacity.study import Missing
from capacity.wording import counted, spoken

if TYPE_CHECKING:
    import pandas as pd

    from capacity.planning.portfolio.information import Influence
    from capacity.planning.portfolio.portfolio import Portfolio
    from capacity.study import Study

_WEEKS = 2.0  # from which on a calendar is read in weeks, not in hours
_INPUTS, _SMALL = 8, 0.02  # inputs that are drawn, and the share of the widest swing from which on one is


@picture
def investments(portfolio: Portfolio) -> Figure | Prose:
    """Draw what each piece of work is worth, with its interval, in the order to do it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.investments(study.investments)).__name__  # a picture with its text alternative
    'Figure'
    """
    priced = [(item, item.npv) for item in portfolio.worth if item.npv is not None and item.npv.bounded]
    if not priced:
        return prose(portfolio.text)
    names = [name_of(spoken(item.lever)) for item, _ in priced]
    values = [value for _, value in priced]
    low, high = min(e.low for e in values), max(e.high for e in values)
    room = 0.06 * (high - low or 1.0)
    sheet = Canvas(_work_title(values, names), heights=(ROW * len(priced),))
    panel = sheet.panel.rows(names).name_axes(
        f"Net present value over {MONTHS} months [{portfolio.currency or 'currency of the plan'}]",
        "At the right: expected value, and chance to pay",
    )
    panel.limits(x=(min(low, 0.0) - room, max(high, 0.0) + room))
    panel.upright_rule(0.0)
    for i, (item, value) in enumerate(priced):
        colour, marker = (GREEN, "o") if value.middle > 0 else (RED, "X")
        panel.bar(i, value.low, value.high, colour=colour, strength=0.25)
        panel.measured([value.middle], [i], colour=colour, marker=marker, size=6)
        panel.beside(i, f"{_amount(value.middle)}: {percent(item.probability_gain)}")
    alt = "; ".join(f"{name} {money(value)}" for name, value in zip(names, values, strict=True))
    left = ", ".join(name_of(spoken(lever)) for lever in portfolio.not_evaluable)
    return sheet.done(
        alt, "In order of work; bars: 90% intervals." + (f" Not evaluable: {left}." if left else "")
    )


@picture
def roadmap(portfolio: Portfolio) -> Figure | Prose:
    """Draw the recommended work in order: when each piece is worked on, and what it adds up to.

    Parameters
    ----------
    portfolio : Portfolio
        Its `calendar` holds what is recommended; work that does not pay is not in it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.roadmap(study.investments)).__name__  # a picture with its text alternative
    'Figure'
    """
    calendar = portfolio.calendar
    if not calendar.items:
        return prose("No work is recommended, so there is no calendar of it.")
    frame = calendar.to_frame()
    ends = [row.finished for row in frame.itertuples()]
    unit, per = ("weeks", 1.0) if ends[-1].middle >= _WEEKS else ("h", calendar.hours_per_week)
    gained, what = _gained(portfolio)
    words = [_plus(total, portfolio) for total in gained]
    sheet = Canvas(_calendar_title(portfolio, frame, gained), heights=(STRIP * len(frame),))
    panel = sheet.panel.name_axes(f"Work of the team [{unit}]", f"At the right: {what}").strips(
        [
            f"{i}  {name_of(spoken(row.lever))}, {number(row.hours)} h"
            for i, row in enumerate(frame.itertuples(), 1)
        ],
        right=max(words, key=len),
    )
    panel.limits(x=(0.0, 1.02 * per * max(end.high for end in ends)))
    begun = 0.0
    for i, (end, total) in enumerate(zip(ends, words, strict=True)):
        panel.bar(i, per * begun, per * end.middle, height=LANES, strength=0.6)
        panel.across_row(i, per * end.low, per * end.high)
        panel.beside(i, total)
        begun = end.middle
    alt = "; ".join(
        f"{name_of(spoken(row.lever))}: {number(row.hours)} h, finished after {row.finished}, then {total}"
        for row, total in zip(frame.itertuples(), words, strict=True)
    )
    return sheet.done(
        alt,
        f"Bars: mean hours, one piece of work after the other, {number(calendar.hours_per_week)} h a week; thin lines: "
        "90% intervals of the end.",
    )


def _gained(portfolio: Portfolio) -> tuple[list[float], str]:
    """Return what the recommended work is worth up to each piece, and what that is."""
    worth = {item.lever: item for item in portfolio.worth}
    items = [worth[lever] for lever in portfolio.calendar.items]
    if all(item.npv is not None for item in items):
        values = [item.npv.middle for item in items if item.npv is not None]
        return list(accumulate(values)), "net present value so far"
    return list(accumulate(item.in_order for item in items)), "minutes saved a year so far [min]"


def _plus(total: float, portfolio: Portfolio) -> str:
    if portfolio.recommended_npv is None:
        return f"{number(total)} min"
    return money(total, portfolio.currency or None)


def _calendar_title(portfolio: Portfolio, frame: pd.DataFrame, gained: Sequence[float]) -> str:
    hours = f"{number(float(frame['hours'].sum()))} hours"
    first = name_of(spoken(frame["lever"].iloc[0]))
    pieces = counted(len(frame), "piece of work", "pieces of work")
    if len(frame) == 1:
        return f"{first[:1].upper()}{first[1:]} alone is recommended: {hours}, worth {_plus(gained[0], portfolio)}"
    if portfolio.recommended_npv is None:
        saved = f"save {number(gained[-1])} minutes of downtime a year"
    else:
        saved = f"are worth {money(gained[-1], portfolio.currency or None)}"
    return f"{pieces} in {hours} {saved}; {first} comes first"


@picture
def sensitivity(portfolio: Portfolio) -> Figure | Prose:
    """Draw how far each uncertain input moves the result, the one that moves it most first (a tornado).

    Parameters
    ----------
    portfolio : Portfolio
        Its `information` holds the result at the low and the high end of each input.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.sensitivity(study.investments)).__name__  # a picture with its text alternative
    'Figure'
    """
    found = sorted(portfolio.information.influences, key=lambda item: -item.width)
    if not found or not found[0].width > 0:
        return prose(portfolio.information.text)
    shown = [item for item in found if item.width > _SMALL * found[0].width][:_INPUTS]
    result = portfolio.joint_npv if portfolio.joint_npv is not None else portfolio.joint_saving
    what = f"Net present value over {MONTHS} months" if portfolio.joint_npv is not None else "Saved a year"
    ends = [value for item in shown for value in (item.at_low, item.at_high)]
    widest = max((_amount(value) for value in ends), key=len)
    first = shown[0]
    title = f"What all the work is worth depends most on {_input(first.name)}: {_range(first, portfolio)}"
    sheet = Canvas(title, heights=(STRIP * len(shown),))
    panel = sheet.panel.name_axes(
        f"{what} [{result.unit or 'currency of the plan'}]",
        "○ at the low end of the input   ● at its high end",
    )
    panel.strips(
        [f"{_input(item.name)}: {number(item.low)} to {number(item.high)}" for item in shown],
        left=widest,
        right=widest,
    )
    low, high = min(*ends, result.middle), max(*ends, result.middle)
    panel.limits(x=(low - 0.02 * (high - low), high + 0.02 * (high - low)))
    panel.upright_rule(result.middle)
    for i, item in enumerate(shown):
        _swing(panel, i, item)
    alt = "; ".join(
        f"{_input(item.name)} from {number(item.low)} to {number(item.high)}: "
        f"{_amount(item.at_low)} to {_amount(item.at_high)}"
        for item in shown
    )
    rest = len(found) - len(shown)
    others = f" {counted(rest, 'other input')} {'moves' if rest == 1 else 'move'} it less." if rest else ""
    return sheet.done(
        alt,
        f"Each input from its 5% to its 95% quantile, the others as they are. Upright rule: expected.{others}",
    )


def _swing(panel: Panel, row: int, item: Influence) -> None:
    """Draw the result between both ends of an input, each with its mark and its number."""
    left, right = sorted((item.at_low, item.at_high))
    panel.bar(row, left, right, strength=0.3, height=LANES)
    for value, marker in ((item.at_low, "o"), (item.at_high, "o")):
        panel.measured([value], [row], marker=marker, size=6, hollow=value == item.at_low)
    panel.say(left, row, _amount(left), side="right")
    panel.say(right, row, _amount(right), side="left")


def _amount(value: float) -> str:
    return money(value).replace("-", "−")


def _range(item: Influence, portfolio: Portfolio) -> str:
    """Write both results of an input with their unit."""
    low, high = _amount(item.at_low), _amount(item.at_high)
    if portfolio.joint_npv is None:
        return f"from {low} to {high} minutes a year"
    return f"from {portfolio.currency or ''} {low} to {high}".replace("  ", " ")


def _input(name: str) -> str:
    return name_of(": ".join(map(spoken, name.split("."))))


def _work_title(values: Sequence[Estimate], names: Sequence[str]) -> str:
    paying = sum(value.middle > 0 for value in values)
    if not paying:
        return "None of the work that could be evaluated is expected to pay"
    first = f"{names[0][:1].upper()}{names[0][1:]} comes first"
    return f"{first}; {paying} of {len(names)} pieces of work are expected to pay"


@picture
def ruler(study: Study) -> Figure | Prose:
    """Draw the plan on one ruler of requests per second: what will be asked, and what can be carried.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.ruler(study)).__name__  # a picture with its text alternative
    'Figure'
    """
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
        panel.beside(i, short(estimate), colour)
    alt = "; ".join(f"{name}: {estimate}" for name, estimate, _ in rows)
    return sheet.done(alt, "Diamonds: asked; dots: carried. Bars: intervals.")


def _plan_title(study: Study) -> str:
    demand, fleet = study.demand, study.fleet
    if not isinstance(demand, Missing) and not isinstance(fleet, Missing):
        asked, safe = number(demand.peak.middle), number(fleet.safe_load_running.middle)
        running = todays(fleet.instances_running)
        return f"{asked} req/s may be asked at the peak; {running} can promise {safe} req/s"
    limit = study.capacity.safe
    if limit is None:
        return "The tests say nothing about how much the service carries"
    count = study.plan.service.instances_tested
    carries = "carries" if count == 1 else "carry"
    if limit.low <= 0 and not math.isfinite(limit.high):
        return f"The tests do not say how much {counted(count, 'instance')} {carries}"
    return f"{counted(count, 'instance')} {carries} {_told(limit)}; what will be asked is not known"


def _told(limit: Estimate) -> str:
    """Write a rate without its interval, or its bounds."""
    return str(limit) if limit.value is None else f"{number(limit.value)} req/s"


def _levels(study: Study) -> Iterable[tuple[str, Estimate | None, str]]:
    demand, fleet, capacity = study.demand, study.fleet, study.capacity
    tested = counted(study.plan.service.instances_tested, "instance").replace(" ", "\u00a0")  # on one line
    if not isinstance(demand, Missing):
        yield "peak of a week now", demand.current_peak, RED
        yield f"peak over {demand.horizon_days} days", demand.peak, RED
    if not isinstance(fleet, Missing):
        yield "promised today", fleet.safe_load_running, GREEN
    yield f"SLO capacity, {tested}", (capacity.production or capacity.slo).get("all"), BLUE
    yield f"saturation, {tested}", capacity.saturation_throughput, BLUE


def _farthest(estimate: Estimate) -> float:
    return max(v for v in (estimate.value, estimate.low, estimate.high) if v is not None and math.isfinite(v))
