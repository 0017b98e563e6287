"""What the service did under each load: response times and good answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import Figure, Prose, prose
from capacity.estimate import Estimate, number
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import AMBER, BLUE, GREEN, GREY, RED, Panel
from capacity.wording import sentence

if TYPE_CHECKING:
    import pandas as pd

    from capacity.evidence.calibration import Service
    from capacity.evidence.limits import Capacity, Slo
    from capacity.evidence.steps import Step

_LOOKS = {0.5: ("P50", "o", GREEN), 0.95: ("P95", "s", BLUE), 0.99: ("P99", "^", AMBER)}
_STATES = {"healthy": ("o", BLUE), "saturated": ("X", RED), "draining": ("v", GREY)}


@picture
def response_times(
    capacity: Capacity,
    steps: Mapping[str, Sequence[Step]],
    slo: Slo | None = None,
    service: Service | None = None,
) -> Figure | Prose:
    """Draw response-time quantiles against the load, with their intervals, the objectives and the model.

    Parameters
    ----------
    capacity : Capacity
        Judges the steps; its SLO capacity is the shaded range of loads.
    steps : mapping of str to sequence of Step
        Steps by test; those of other deployments are left out.
    slo : Slo, optional
        Objectives, drawn as horizontal rules.
    service : Service, optional
        The calibrated station, drawn as a line where it was checked and dashed up to saturation.
    """
    shown = [step for step in _judged(capacity, steps) if step.quantiles]
    if not shown:
        return prose("No load level lasted long enough for response times to be drawn against it.")
    quantiles = [q for q in _LOOKS if any(q in step.quantiles for step in shown)]
    shown.sort(key=lambda step: step.offered)
    points = {q: [(s.offered, s.quantiles[q]) for s in shown if q in s.quantiles] for q in quantiles}
    goals = {} if slo is None else dict(slo.quantiles)
    sheet = Canvas(_time_title(capacity, goals, points), heights=(2.9,))
    panel = sheet.panel.name_axes(
        "Requests offered [req/s]", "Response time of good answers [ms], logarithmic"
    )
    panel.logarithmic(*_time_range(points, goals)).limits(x=(0.0, 1.04 * max(s.offered for s in shown)))
    _slo_range(panel, capacity, goals)
    for q, goal in goals.items():
        panel.rule(1000 * goal)
        panel.label(1000 * goal, f"goal for P{100 * q:g}", RED)
    for q in quantiles:
        _quantile(panel, q, points[q])
    if service is not None:
        _model(panel, service, [q for q in quantiles if q in (0.5, 0.95)])
        _in_production(panel, service, capacity)
    alt = "; ".join(f"{_LOOKS[q][0]} {_ends(points[q])}" for q in quantiles) + _slo_words(capacity)
    line = (
        " Lines: the calibrated model, dashed beyond the loads it was checked at; thin: P95 with the irregular "
        "arrivals of production."
        if service is not None
        else ""
    )
    return sheet.done(alt, "Dots: load levels held, with 90% intervals." + line)


def _judged(capacity: Capacity, steps: Mapping[str, Sequence[Step]]) -> list[Step]:
    """Return the plateaus the capacity was judged by; ramps too where nothing was held."""
    known = {(row.test, row.start) for row in capacity.judged.itertuples()}
    judged = [s for each in steps.values() for s in each if (s.test, s.start) in known]
    return [s for s in judged if s.kind == "plateau"] or judged


def _time_range(
    points: Mapping[float, Sequence[tuple[float, Estimate]]], goals: Mapping[float, float]
) -> tuple[float, float]:
    """Return a range that shows every value and objective; the widest intervals may reach beyond it."""
    estimates = [estimate for each in points.values() for _, estimate in each]
    ends = [(e.low, e.high) if e.value is None else (e.value,) for e in estimates]
    values = [1000 * t for times in (*ends, goals.values()) for t in times if 0 < t < math.inf]
    return 0.4 * min(values, default=1.0), 2.5 * max(values, default=1.0)


def _time_title(
    capacity: Capacity, goals: Mapping[float, float], points: Mapping[float, Sequence[tuple[float, Estimate]]]
) -> str:
    q = next((q for q in (0.95, *goals) if q in goals and f"p{100 * q:g}" in capacity.slo), None)
    if q is not None:
        limit = capacity.slo[f"p{100 * q:g}"]
        within = f"{100 * q:g}% of good answers come within {number(1000 * goals[q])} ms"
        if not math.isfinite(limit.high):
            return f"{within} at every load tested, up to {number(limit.low)} req/s"
        if limit.low <= 0:
            return f"{within} at no load tested, from {number(limit.high)} req/s on"
        return f"{within} up to about {number(limit.value or limit.low)} req/s"
    q = 0.95 if 0.95 in points else next(iter(points))
    return f"{_LOOKS[q][0]} goes {_ends(points[q])}"


def _ends(points: Sequence[tuple[float, Estimate]]) -> str:
    (low, first), (high, last) = points[0], points[-1]
    if low == high:
        return f"is {_ms(first)} at {number(low)} req/s"
    return f"from {_ms(first)} at {number(low)} req/s to {_ms(last)} at {number(high)} req/s"


def _ms(estimate: Estimate) -> str:
    value = estimate.value if estimate.value is not None else estimate.low
    return f"{number(1000 * value)} ms"


def _quantile(panel: Panel, q: float, points: Sequence[tuple[float, Estimate]]) -> None:
    name, marker, colour = _LOOKS[q]
    loads = [load for load, _ in points]
    bottom, top = panel.axes.get_ylim()
    low = [max(1000 * e.low, bottom) for _, e in points]
    high = [min(1000 * e.high, top) for _, e in points]
    middle = [
        1000 * e.value if e.value is not None else math.sqrt(a * b)
        for (_, e), a, b in zip(points, low, high, strict=True)
    ]
    panel.whiskers(loads, low, high, colour=colour)
    panel.measured(loads, middle, colour=colour, marker=marker)
    panel.label(middle[-1], name, colour)


def _model(panel: Panel, service: Service, quantiles: Sequence[float]) -> None:
    limit = float(service.saturation_throughput.value or 0.0)
    checked = float(service.checks["offered"].max())
    for q in quantiles:
        for loads, beyond in (
            (np.linspace(0.02 * limit, checked, 60), False),
            (np.linspace(checked, 0.995 * limit, 40), True),
        ):
            within = loads[loads < limit]
            times = 1000 * service.response_time_quantile_at(within, q)
            panel.model(within, times, colour=_LOOKS[q][2], extrapolated=beyond, width=1.4)


def _in_production(panel: Panel, service: Service, capacity: Capacity) -> None:
    """Draw the P95 that the same load has when requests do not come at even intervals, where that differs."""
    if not capacity.production:
        return
    limit, real = float(service.saturation_throughput.value or 0.0), service.in_production()
    loads = np.linspace(0.02 * limit, 0.98 * limit, 60)
    times = 1000 * real.response_time_quantile_at(loads, 0.95)
    panel.model(loads, times, colour=_LOOKS[0.95][2], width=0.7)


def _slo_range(panel: Panel, capacity: Capacity, goals: Mapping[float, float]) -> None:
    limit = capacity.slo.get("all")
    if goals and limit is not None and limit.bounded and limit.low > 0:
        panel.upright(limit.low, limit.high, colour=GREEN)
        panel.below((limit.low + limit.high) / 2, "capacity within\nobjectives", colour=GREEN)


def _slo_words(capacity: Capacity) -> str:
    return f"; capacity within the objectives {capacity.slo['all']}" if "all" in capacity.slo else ""


@picture
def offered_achieved(capacity: Capacity) -> Figure | Prose:
    """Draw good answers against the load offered, step by step, with the saturation throughput as a band."""
    judged = capacity.judged
    if judged.empty:
        return prose(capacity.text)
    most = float(judged["offered"].max())
    sheet = Canvas(_capacity_title(capacity, judged), heights=(2.9,))
    panel = sheet.panel.name_axes("Requests offered [req/s]", "Good answers [req/s]")
    panel.limits(
        x=(0.0, 1.05 * most), y=(0.0, 1.12 * min(most, max(float(judged["goodput"].max()) * 1.25, 1e-9)))
    )
    limit = capacity.saturation_throughput
    top = panel.axes.get_ylim()[1]
    panel.model([0, top], [0, top], colour=GREY, width=1.0)
    panel.say(0.97 * top, 0.97 * top, "all answered well", colour=GREY, side="right")
    if limit is not None and limit.bounded and limit.value is not None:
        panel.across(limit.low, limit.high)
        panel.label(limit.value, f"saturation\n{number(limit.value)} req/s", GREEN)
    for state, (marker, colour) in _STATES.items():
        rows = judged[judged["state"] == state]
        for kind, size in (("plateau", 6.0), ("ramp", 4.0)):
            some = rows[rows["kind"] == kind]
            panel.measured(some["offered"], some["goodput"], colour=colour, marker=marker, size=size)
    _name_states(panel, judged)
    counts = ", ".join(
        f"{(judged['state'] == state).sum()} {state}" for state in _STATES if (judged["state"] == state).any()
    )
    loads = f"from {number(judged['offered'].min())} to {number(most)} req/s offered"
    return sheet.done(
        f"{len(judged)} steps {loads} ({counts}). {capacity.text}", f"{_marks(judged)} Smaller marks: ramps."
    )


def _marks(judged: pd.DataFrame) -> str:
    words = {
        "healthy": "dots: the load was served",
        "saturated": "crosses: it was not",
        "draining": "triangles: an earlier overload was worked off",
    }
    found = "; ".join(text for state, text in words.items() if (judged["state"] == state).any())
    return sentence(found)


def _name_states(panel: Panel, judged: pd.DataFrame) -> None:
    """Name the two kinds of dots where the last of each lies."""
    for state, text, side, up in (("healthy", "served", "left", -7), ("saturated", "too much", "right", -13)):
        rows = judged[judged["state"] == state].sort_values("offered")
        if not rows.empty:
            y = rows["goodput"].iloc[-1] if state == "healthy" else rows["goodput"].min()
            panel.say(rows["offered"].iloc[-1], y, text, colour=_STATES[state][1], side=side, up=up)


def _capacity_title(capacity: Capacity, judged: pd.DataFrame) -> str:
    limit = capacity.saturation_throughput
    if capacity.status == "established" and limit is not None and limit.value is not None:
        return f"However much is offered, no more than {number(limit.value)} req/s are answered well"
    if capacity.status == "at least" and limit is not None:
        return f"The tests never found the limit: {number(limit.low)} req/s were still served"
    if capacity.status == "at most" and limit is not None:
        return f"Every load tested was too much, from {number(limit.high)} req/s on"
    return "No step shows how much the service carries"
