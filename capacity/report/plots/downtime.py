"""Minutes of downtime a year by cause, today and with the work done, against what the objective allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import Figure, Prose, prose
from capacity.estimate import Estimate, number
from capacity.planning.system.parts.outages import MINUTES_PER_YEAR
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import GREEN, RED, Panel
from capacity.report.plots.words import name_of, short

if TYPE_CHECKING:
    from capacity.planning.portfolio.portfolio import Portfolio
    from capacity.planning.system.parts import Quantity

_ROW = 0.46  # height of a cause: two bars [inch]
_LANE = 0.19  # how far either bar lies from the middle of its row [rows]
_ALL = "all causes"
_MOST = 12  # causes that are drawn


@picture
def availability(portfolio: Portfolio, objective: float | None = None) -> Figure | Prose:
    """Draw the minutes down a year by cause, today and with the work done, against those the objective allows.

    Parameters
    ----------
    portfolio : Portfolio
        Its `now` and `then`: the system today, and with all of the work done that can be evaluated (that fits the
        budget of hours, if there is one).
    objective : float, optional
        Availability wanted, such as 0.999. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> figure = cap.plots.availability(study.investments, study.plan.slo.availability)
    >>> type(figure).__name__  # a picture with its text alternative
    'Figure'
    """
    now, then = _minutes(portfolio.now.downtime), _minutes(portfolio.then.downtime)
    if not now:
        return prose("The plan states no cause of downtime.")
    allowed = None if objective is None else (1 - objective) * MINUTES_PER_YEAR
    worked = bool(portfolio.best.items)
    causes = sorted(now, key=lambda cause: (cause != _ALL, -now[cause].middle))[: _MOST + 1]
    sheet = Canvas(_title(now, then, allowed, _work(portfolio)), heights=(_ROW * len(causes),))
    panel = sheet.panel.rows([name_of(cause) for cause in causes])
    panel.name_axes("Minutes down a year [min]", _legend(worked))
    panel.limits(x=(0.0, 1.02 * max(allowed or 0.0, *(e.high for e in (*now.values(), *then.values())), 1.0)))
    if allowed is not None:
        panel.upright_rule(allowed, colour=RED)
        right = allowed < panel.axes.get_xlim()[1] / 2
        panel.below(allowed, f"allowed {number(allowed)}", colour=RED, side="left" if right else "right")
    for row, cause in enumerate(causes):
        _bars(panel, row, now[cause], then.get(cause) if worked else None)
    alt = "; ".join(
        _words(name_of(cause), now[cause], then.get(cause) if worked else None) for cause in causes
    )
    left = f" {len(now) - len(causes)} smaller causes are in the table." if len(now) > len(causes) else ""
    rule = (
        f" Upright rule: what an availability of {100 * objective:.6g}% allows, of all causes."
        if objective
        else ""
    )
    return sheet.done(alt, f"Means, with 90% intervals as thin lines.{rule}{left}")


def _minutes(downtime: Mapping[str, Quantity]) -> dict[str, Estimate]:
    """Return the sum and each cause: mean over the worlds, with the interval nine in ten of them lie in."""
    if not downtime:
        return {}
    total = sum((np.asarray(minutes, dtype=float) for minutes in downtime.values()), start=np.zeros(1))
    return {name: _interval(minutes) for name, minutes in {_ALL: total, **downtime}.items()}


def _interval(minutes: Quantity) -> Estimate:
    sample = np.atleast_1d(np.asarray(minutes, dtype=float))
    low, high = np.quantile(sample, [0.05, 0.95])
    mean = float(sample.mean())
    ends = min(float(low), mean), max(float(high), mean)
    return Estimate(mean, *ends, unit="min", method="mean over the worlds", provenance="assumed")


def _work(portfolio: Portfolio) -> str:
    if not portfolio.best.items:
        return ""
    return "the work that fits the budget" if portfolio.budget is not None else "all the work of the plan"


def _legend(worked: bool) -> str:
    return "Upper bars: today. Lower bars: with the work done." if worked else "Today"


def _bars(panel: Panel, row: int, today: Estimate, after: Estimate | None) -> None:
    lanes = [(0.0, today, RED)] if after is None else [(-_LANE, today, RED), (_LANE, after, GREEN)]
    for lane, estimate, colour in lanes:
        panel.bar(row + lane, 0.0, estimate.middle, colour=colour, height=2 * _LANE - 0.04)
        panel.across_row(row + lane, estimate.low, estimate.high)
    panel.beside(row, "\n".join(short(estimate) for _, estimate, _ in lanes))


def _words(name: str, today: Estimate, after: Estimate | None) -> str:
    return f"{name}: {today} a year" + ("" if after is None else f", {after} with the work done")


def _title(now: dict[str, Estimate], then: dict[str, Estimate], allowed: float | None, work: str) -> str:
    today = number(now[_ALL].middle)
    left = f"; {work} leaves {number(then[_ALL].middle)}" if work and then else ""
    if allowed is None:
        main = max((cause for cause in now if cause != _ALL), key=lambda cause: now[cause].middle)
        return f"Down {today} minutes a year, most by {name_of(main)}{left}"
    if now[_ALL].middle > allowed:
        return f"Down {today} minutes a year where {number(allowed)} are allowed{left}"
    return f"Down {today} of the {number(allowed)} minutes a year that are allowed{left}"
