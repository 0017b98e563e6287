"""The calibrated model against each load level, predicted from the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from capacity.display import Figure, Prose, prose
from capacity.estimate import Estimate, number
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import AMBER, BLUE, GREEN, Panel
from capacity.report.plots.words import name_of, percent

if TYPE_CHECKING:
    from capacity.evidence.calibration import Service

_LOOKS = {"p50": ("P50", "o", GREEN), "p95": ("P95", "s", BLUE), "p99": ("P99", "^", AMBER)}
_NAMED = 7  # loads that fit below an axis
_TOLD = 18  # predictions that the text alternative states
_HALF = 0.3  # half the length of a prediction [places]


@picture
def model_fit(service: Service) -> Figure | Prose:
    """Draw measured response times of each load level beside what the other levels predict for it.

    Parameters
    ----------
    service : Service
        The calibrated station; its `checks` are drawn.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.model_fit(study.service)).__name__  # a picture with its text alternative
    'Figure'
    """
    checks = service.checks.sort_values("offered", ignore_index=True)
    values = {name: _known(checks, name) for name in _LOOKS}
    if not any(values.values()):
        return prose("No load level was left over to hold the model against.")
    sheet = Canvas(_fit_title(checks, service))
    panel = sheet.panel
    every = -(-len(checks) // _NAMED)
    panel.choices([number(load) if i % every == 0 else "" for i, load in enumerate(checks["offered"])])
    panel.name_axes("Requests offered [req/s]", "Response time of good answers [ms], logarithmic")
    shown = [
        t for rows in values.values() for _, e, predicted in rows for t in (1000 * e.middle, 1000 * predicted)
    ]
    panel.logarithmic(0.5 * min(shown), 2.0 * max(shown))
    for name, rows in values.items():
        _compared(panel, name, rows)
    words = [
        _words(checks, name, i, e, predicted) for name, rows in values.items() for i, e, predicted in rows
    ]
    caption = "Marks: measured, with 90% intervals. Lines: predicted from the other load levels."
    more = f"; {len(words) - _TOLD} more are in the table" if len(words) > _TOLD else ""
    return sheet.done("; ".join(words[:_TOLD]) + more, caption)


Row = tuple[int, Estimate, float]


def _known(checks: pd.DataFrame, name: str) -> list[Row]:
    """Return place, measurement and prediction of a quantile, where both are known."""
    both = zip(checks[name], checks[f"predicted_{name}"], strict=True)
    return [
        (i, e, float(p))
        for i, (e, p) in enumerate(both)
        if isinstance(e, Estimate) and e.middle > 0 and math.isfinite(e.middle) and 0 < p < math.inf
    ]


def _compared(panel: Panel, name: str, rows: list[Row]) -> None:
    word, marker, colour = _LOOKS[name]
    if not rows:
        return
    bottom, top = panel.axes.get_ylim()
    places = [i for i, _, _ in rows]
    low = [max(1000 * e.low, bottom) for _, e, _ in rows]
    panel.whiskers(places, low, [min(1000 * e.high, top) for _, e, _ in rows], colour=colour)
    panel.axes.hlines(
        [1000 * p for _, _, p in rows], [i - _HALF for i in places], [i + _HALF for i in places], color=colour
    )
    panel.measured(places, [1000 * e.middle for _, e, _ in rows], colour=colour, marker=marker, size=6)
    panel.label(1000 * rows[-1][2], word, colour)


def _words(checks: pd.DataFrame, name: str, row: int, measured: Estimate, predicted: float) -> str:
    where = f"{name_of(checks['test'][row])}, {number(checks['offered'][row])} req/s"
    times = f"{number(1000 * measured.middle)} ms measured, {number(1000 * predicted)} ms predicted"
    return f"{_LOOKS[name][0]} at {where}: {times}"


def _fit_title(checks: pd.DataFrame, service: Service) -> str:
    name = next(name for name in ("p95", "p50", "p99") if _known(checks, name))
    errors = {i: p / e.middle - 1 for i, e, p in _known(checks, name)}
    worst = max(errors, key=lambda i: abs(errors[i]))
    word, off = _LOOKS[name][0], percent(abs(errors[worst]))
    load = f"{number(checks['offered'][worst])} req/s"
    if not service.accepted:
        return f"The model is too far off to plan with: it misses the mean by up to {percent(service.worst_error)}"
    if len(errors) == 1:
        return f"The model meets {word} at {load} within {off}"
    side = "low" if errors[worst] < 0 else "high"
    return f"Predicted from the other load levels, {word} is off by {off} at most: too {side} at {load}"
