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
from capacity.wording import counted, sentence

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

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> figure = cap.plots.response_times(study.capacity, study.steps, study.slo, study.service)
    >>> type(figure).__name__  # a picture with its text alternative
    'Figure'
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
    panel.logarithmic(*_time_range(points, goals)).limits(x=(0.0, 1.04 * _farthest(capacity, goals, shown)))
    _slo_range(panel, capacity, goals)
    for q, goal in goals.items():
        panel.rule(1000 * goal)
        panel.label(1000 * goal, f"P{100 * q:g} ≤ {_goal(goal)}", RED)
    for q in quantiles:
        _quantile(panel, q, points[q])
    modelled = service is not None and service.accepted
    if service is not None and modelled:
        _model(panel, service, [q for q in quantiles if q in (0.5, 0.95)])
        _in_production(panel, service, capacity)
    alt = "; ".join(f"{_LOOKS[q][0]} {_ends(points[q])}" for q in quantiles) + _slo_words(capacity)
    rules = " Rules: the objectives." if goals else ""
    line = (
        " Lines: the calibrated model, dashed beyond the loads it was checked at; thin: P95 with the irregular "
        "arrivals of production, which decide the load within objectives."
        if modelled
        else ""
    )
    return sheet.done(alt, f"Dots: load levels held, with 90% intervals.{rules}{line}")


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


def _farthest(capacity: Capacity, goals: Mapping[float, float], shown: Sequence[Step]) -> float:
    """Return the highest load drawn: that tested, or that within the objectives if it is not far beyond."""
    most, limit = max(step.offered for step in shown), _limits(capacity).get("all")
    within = limit.high if goals and limit is not None and limit.bounded else 0.0
    return within if most < within < 2 * most else most


def _time_title(
    capacity: Capacity, goals: Mapping[float, float], points: Mapping[float, Sequence[tuple[float, Estimate]]]
) -> str:
    limit = _limits(capacity).get("all")
    if not goals or limit is None:
        q = 0.95 if 0.95 in points else next(iter(points))
        return f"{_LOOKS[q][0]} {'is' if len(points[q]) == 1 else 'goes'} {_ends(points[q])}"
    deciding = _deciding(capacity, goals)
    kept = (
        "all objectives are kept"
        if deciding is None
        else f"{100 * deciding:g}% of good answers come within {_goal(goals[deciding])}"
    )
    where = " in production" if capacity.production else ""
    if not math.isfinite(limit.high):
        said = f"{kept}{where} at every load tested, up to {number(limit.low)} req/s"
    elif limit.low <= 0:
        said = f"{kept}{where} at no load tested, from {number(limit.high)} req/s on"
    elif limit.value is None:
        said = f"{kept}{where} up to {number(limit.low)} req/s at least, {number(limit.high)} at most"
    else:
        said = f"{kept}{where} up to about {number(limit.value)} req/s"
    return f"{said[:1].upper()}{said[1:]}"


def _limits(capacity: Capacity) -> Mapping[str, Estimate]:
    """Return the loads that keep the objectives, in production where that is known."""
    return capacity.production or capacity.slo


def _deciding(capacity: Capacity, goals: Mapping[float, float]) -> float | None:
    """Return the quantile whose objective is the first to be missed; None if it is not one of response times."""
    limits = _limits(capacity)
    ends = {q: limits.get(f"p{100 * q:g}") for q in goals}
    return next(
        (q for q, e in ends.items() if e and (e.low, e.high) == (limits["all"].low, limits["all"].high)), None
    )


def _goal(seconds: float) -> str:
    return f"{number(1000 * seconds)} ms"


def _ends(points: Sequence[tuple[float, Estimate]]) -> str:
    (low, first), (high, last) = points[0], points[-1]
    if len(points) == 1:
        return f"{_ms(first)} at {number(low)} req/s"
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
    limit = _limits(capacity).get("all")
    if goals and limit is not None and limit.bounded and 0 < limit.low < panel.axes.get_xlim()[1]:
        panel.upright(limit.low, limit.high, colour=GREEN)
        panel.below((limit.low + limit.high) / 2, "within all\nobjectives", colour=GREEN)


def _slo_words(capacity: Capacity) -> str:
    where = " in production" if capacity.production else ""
    return f"; within all objectives{where} {_limits(capacity)['all']}" if "all" in _limits(capacity) else ""


@picture
def offered_achieved(capacity: Capacity) -> Figure | Prose:
    """Draw good answers against the load offered, step by step, with the saturation throughput as a band.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.offered_achieved(study.capacity)).__name__  # a picture with its text alternative
    'Figure'
    """
    judged = capacity.judged
    if judged.empty:
        return prose(capacity.text)
    most = float(judged["offered"].max())
    sheet = Canvas(_capacity_title(capacity, judged), heights=(2.9,))
    panel = sheet.panel.name_axes("Requests offered [req/s]", "Good answers [req/s]")
    limit = capacity.saturation_throughput
    known = float(limit.value or 0.0) if limit is not None and limit.bounded else 0.0
    high = max(min(most, 1.25 * float(judged["goodput"].max())), known, 0.2 * most)
    panel.limits(x=(0.0, 1.05 * most), y=(0.0, 1.12 * high))
    top = min(1.12 * high, 1.05 * most)
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
    least = number(judged["offered"].min())
    loads = (
        f"at {least} req/s offered" if len(judged) == 1 else f"from {least} to {number(most)} req/s offered"
    )
    ramps = " Smaller marks: ramps." if (judged["kind"] == "ramp").any() else ""
    alt = f"{counted(len(judged), 'step')} {loads} ({counts}). {capacity.text}"
    return sheet.done(alt, f"{_marks(judged)}{ramps}")


def _marks(judged: pd.DataFrame) -> str:
    words = {
        "healthy": "dots: the load was served",
        "saturated": "crosses: the load was not served",
        "draining": "triangles: an earlier overload was worked off",
    }
    found = "; ".join(text for state, text in words.items() if (judged["state"] == state).any())
    return sentence(found)


def _name_states(panel: Panel, judged: pd.DataFrame) -> None:
    """Name the two kinds of marks at the middle one of each: served above the diagonal, where nothing else is."""
    right, top = panel.axes.get_xlim()[1], panel.axes.get_ylim()[1]
    for state, text in (("healthy", "served"), ("saturated", "too much")):
        rows = judged[judged["state"] == state].sort_values("offered")
        if rows.empty:
            continue
        x, y = (float(value) for value in rows.iloc[(len(rows) - 1) // 2][["offered", "goodput"]])
        if state == "healthy" and x > 0.25 * right:
            side, up = "right", 8
        else:
            side, up = "left" if x < 0.25 * right else "right" if x > 0.8 * right else "center", -15
        panel.say(x, y, text, colour=_STATES[state][1], side=side, up=9 if y < 0.12 * top else up)


def _capacity_title(capacity: Capacity, judged: pd.DataFrame) -> str:
    limit = capacity.saturation_throughput
    if capacity.status == "established" and limit is not None and limit.value is not None:
        return f"However much is offered, about {number(limit.value)} req/s are answered well"
    if capacity.status == "at least" and limit is not None:
        return f"The tests never found the limit: {number(limit.low)} req/s were still served"
    if capacity.status == "at most" and limit is not None:
        return f"Every load tested was too much, from {number(limit.high)} req/s on"
    return "No step shows how much the service carries"
