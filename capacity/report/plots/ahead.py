"""What may come: demand before and after today, how such forecasts did, and how long today's fleet lasts."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

from capacity.display import Figure, Prose, prose
from capacity.estimate import number
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import BLUE, GREEN, GREY, INK, RED
from capacity.report.plots.words import name_of, percent, todays
from capacity.wording import counted, visible

if TYPE_CHECKING:
    import pandas as pd

    from capacity.planning.demand.demand import Demand
    from capacity.planning.fleet.fleet import FleetPlan

_NAMED = 7  # dates that fit below an axis
_EVENTS = 4  # events whose names fit above a fan


@picture
def demand_fan(demand: Demand, fleet: FleetPlan | None = None) -> Figure | Prose:
    """Draw the daily peaks of the past, what they may become, and what today's fleet may be given.

    Parameters
    ----------
    demand : Demand
        History and forecast.
    fleet : FleetPlan, optional
        Its safe load today is the rule the fan is read against.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.demand_fan(study.demand, study.fleet)).__name__  # a picture with its text alternative
    'Figure'
    """
    fan = demand.fan(days=7).set_index("date")  # by the day, the rhythm of the week would hide the trend
    past = _past_weeks(demand.history.daily_peak) if demand.history else fan["median"].iloc[:0]
    sheet = Canvas(_demand_title(demand, fleet), heights=(2.8,))
    panel = sheet.panel.name_axes("", "Largest rate of each week [req/s]")
    safe_high = fleet.safe_load_running.high if fleet else 0.0
    top = max(float(past.max() if len(past) else 0.0), float(fan["high"].max()), safe_high)
    named = sorted(demand.events, key=lambda event: -max(event.multiplier))[:_EVENTS]
    panel.limits(
        x=((past if len(past) else fan).index[0], fan.index[-1]), y=(0.0, (1.1 + 0.08 * len(named)) * top)
    )
    panel.calendar()
    panel.measured(past.index, past, colour=GREY, size=3.5)
    panel.band(fan.index, fan["low"], fan["high"])
    panel.model(fan.index, fan["median"], extrapolated=True)
    for column, name in (("high", "1 in 20 above"), ("median", "median"), ("low", "1 in 20 below")):
        panel.label(float(fan[column].iloc[-1]), name, BLUE)
    for event in sorted(demand.events, key=lambda event: event.date):
        week = fan.index[(demand.dates.date == event.date).nonzero()[0][0] // 7]
        panel.moment(week, name_of(event.name) if event in named else "")
    ahead = f"largest daily peak over {demand.horizon_days} days {demand.peak}"
    alt = f"Peak of a week now {demand.current_peak}; {ahead}."
    if fleet is not None:
        safe = fleet.safe_load_running
        panel.across(safe.low, safe.high, colour=RED)
        panel.rule(safe.middle)
        panel.label(safe.middle, "safe today", RED)
        alt += f" Today's fleet may be given {safe}."
    more = len(demand.events) - len(named)
    others = f" {counted(more, 'event')} of smaller factors not named." if more else ""
    return sheet.done(alt, f"Dots: measured. Dashes: forecast, with its 90% interval.{others}")


def _past_weeks(daily_peak: pd.Series) -> pd.Series:
    """Return the largest rate of each whole week up to today."""
    return daily_peak.iloc[len(daily_peak) % 7 :].resample("7D").max()


def _demand_title(demand: Demand, fleet: FleetPlan | None) -> str:
    when = f"{demand.dates[-1]:%B %Y}"
    if fleet is None:
        now, then = number(demand.current_peak.middle), number(demand.peak.middle)
        return f"The peak goes from {now} to {then} req/s by {when}"
    running = todays(fleet.instances_running)
    half = fleet.exhausted
    if half is None:
        enough = percent(1 - fleet.probability_missed_running)
        return f"What {running} can promise is enough until {when} with a chance of {enough}"
    if half <= demand.dates[0]:
        return f"More is asked already than {running} can promise"
    return f"By {half:%B %Y} more will be asked, more likely than not, than {running} can promise"


@picture
def week(demand: Demand) -> Figure | Prose:
    """Draw the shape of a day by weekday, over the largest peak of a week.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.week(study.demand)).__name__  # a picture with its text alternative
    'Figure'
    """
    shape = demand.shape
    if shape is None:
        return prose(
            "How the load changes over a day is not known; a traffic history by the hour would tell."
        )
    busiest, quietest = shape.busiest_weekday, int(shape.day_level.argmin())
    sheet = Canvas(
        f"{calendar.day_name[busiest]} is busiest, from {shape.busiest_hour:02.0f}:00 UTC on; the quietest day, "
        f"{calendar.day_name[quietest]}, reaches {percent(float(shape.day_level[quietest]))} of a week's peak"
    )
    panel = sheet.panel.name_axes("Hour of the day [UTC]", "Share of the week's peak [%]").whole_numbers()
    panel.limits(x=(0.0, 24.0), y=(0.0, 105.0))
    for weekday, rows in shape.to_frame().groupby("weekday"):
        named = weekday in (busiest, quietest)
        start, end = rows["start"], rows["start"] + shape.step / 3600
        colour = BLUE if weekday == busiest else INK if named else GREY
        panel.held(start, end, 100 * rows["share_of_week"], colour=colour)
        if named:
            panel.label(100 * float(rows["share_of_week"].iloc[-1]), calendar.day_abbr[int(weekday)], colour)
    return sheet.done(
        shape.text, f"Medians of {shape.days} days of {visible(shape.history)}, a line a weekday."
    )


@picture
def past_forecasts(demand: Demand) -> Figure | Prose:
    """Draw what was forecast for past stretches from the days before each, and the peaks that came.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.past_forecasts(study.demand)).__name__  # a picture with its text alternative
    'Figure'
    """
    if demand.backtest is None:
        return prose("The history is too short to try forecasts on its own past.")
    stretches, days = demand.backtest.stretches, demand.backtest.days
    inside = stretches["actual"].between(stretches["low"], stretches["high"])
    sheet = Canvas(_forecasts_title(inside))
    panel = sheet.panel
    every = -(-len(stretches) // _NAMED)
    names = [f"{start:%d %b}\n{start:%Y}" for start in stretches["start"]]
    panel.choices([name if i % every == 0 else "" for i, name in enumerate(names)])
    panel.name_axes(f"Start of a stretch of {days} days", "Peak of the stretch [req/s]")
    panel.limits(y=(0.0, 1.1 * float(stretches[["high", "actual"]].max().max())))
    panel.whiskers(stretches.index, stretches["low"], stretches["high"])
    for within, marker, colour in ((True, "o", GREEN), (False, "X", RED)):
        rows = inside == within
        panel.measured(stretches.index[rows], stretches["actual"][rows], colour=colour, marker=marker, size=6)
    words = [
        f"from {row.start:%Y-%m-%d}: {number(row.low)} to {number(row.high)} forecast, {number(row.actual)} came"
        for row in stretches.itertuples()
    ]
    return sheet.done(
        "; ".join(words), "Bars: 90% interval of the forecast. Dots: what came, crosses outside it."
    )


def _forecasts_title(inside: pd.Series) -> str:
    return f"{int(inside.sum())} of {len(inside)} past peaks came within the forecast made before them"


@picture
def runway(fleet: FleetPlan) -> Figure | Prose:
    """Draw the chance that today's fleet has been too small by each day, and when instances are due.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.runway(study.fleet)).__name__  # a picture with its text alternative
    'Figure'
    """
    sheet = Canvas(_runway_title(fleet))
    panel = sheet.panel.name_axes("", "Chance to have been too small by then [%]").calendar()
    dates, chance = fleet.exhaustion.index, 100 * fleet.exhaustion
    panel.limits(x=(dates[0], dates[-1]), y=(0.0, 105.0 + 9.0 * min(len(fleet.additions), _EVENTS)))
    panel.ticks(0, 25, 50, 75, 100)
    panel.model(dates, chance, extrapolated=True)
    panel.label(float(chance.iloc[-1]), "today's\nfleet", BLUE)
    panel.rule(100 * fleet.policy.risk)
    panel.label(100 * fleet.policy.risk, f"accepted\n{percent(fleet.policy.risk)}", RED)
    for place, row in enumerate(fleet.additions.itertuples()):
        panel.moment(row.date, counted(row.instances, "instance") if place < _EVENTS else "")
    known = [
        f"{percent(row.probability)} by {row.date:%Y-%m-%d}" for row in fleet.runway.itertuples() if row.date
    ]
    alt = (
        "; ".join(known) or f"less than {percent(fleet.runway['probability'].min())} by {dates[-1]:%Y-%m-%d}"
    )
    more = len(fleet.additions) - _EVENTS
    others = f" The table has the other {more} dates." if more > 0 else ""
    caption = (
        f"Dashes: share of the sampled worlds. Dotted: have so many instances running from then on.{others}"
    )
    return sheet.done(alt, caption)


def _runway_title(fleet: FleetPlan) -> str:
    running, half, end = todays(fleet.instances_running), fleet.exhausted, fleet.demand.dates[-1]
    if half is None:
        lasting = percent(1 - float(fleet.exhaustion.iloc[-1]))
        return f"What {running} may be given is enough until {end:%B %Y} with a chance of {lasting}"
    if half <= fleet.demand.dates[0]:
        return f"More is asked already than {running} may be given"
    return f"By {half:%d %B %Y} more will be asked, more likely than not, than {running} may be given"
