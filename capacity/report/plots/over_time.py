"""What happened from one moment to the next: tests, and an overload."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import Figure, Prose, prose
from capacity.estimate import number
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import AMBER, BLUE, GREY, RED, Panel
from capacity.report.plots.words import name_of, percent
from capacity.wording import spoken

if TYPE_CHECKING:
    import pandas as pd

    from capacity.evidence.findings import Finding
    from capacity.evidence.limits import Slo
    from capacity.evidence.loadtest import LoadTest
    from capacity.evidence.resilience import Resilience

_APART = 200  # of a test, the shortest pause between two shaded stretches that can be seen
_TESTS = 8  # panels that fit a page
_FALLEN = 0.005  # share of requests without a good answer that a title speaks of


@picture
def load_over_time(tests: Mapping[str, LoadTest], findings: Iterable[Finding] = ()) -> Figure | Prose:
    """Draw what was offered and what came back, test by test; periods that a finding doubts are shaded.

    Parameters
    ----------
    tests : mapping of str to LoadTest
        Runs by role.
    findings : iterable of Finding
        What the audit found; those that void or weaken a claim and name periods are shaded.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.load_over_time(study.tests, study.findings)).__name__  # a picture with its text alternative
    'Figure'
    """
    rates = {name: test.rates().dropna(subset=["throughput"]) for name, test in tests.items()}
    shown = {name: tests[name] for name, frame in rates.items() if not frame.empty}
    if not shown:
        return prose("No test has a period with answers to draw.")
    title = _tests_title(shown)
    told = "; ".join(_load_words(name, test, rates[name]) for name, test in shown.items())
    worst = sorted(shown, key=lambda name: -_lost(shown[name]))[:_TESTS]
    left = (
        f" {len(shown) - len(worst)} tests that lost less are not drawn." if len(shown) > len(worst) else ""
    )
    shown = {name: test for name, test in shown.items() if name in worst}
    sheet = Canvas(title, heights=[2.6 if len(shown) == 1 else 1.1] * len(shown))
    doubts: dict[str, None] = {}
    named: set[str] = set()
    for panel, (name, test) in zip(sheet.panels, shown.items(), strict=True):
        panel.name_axes("", f"{name_of(name)} [req/s]")
        doubts |= dict.fromkeys(_shade(panel, test, findings))
        named |= _load(panel, test, rates[name], named)
    sheet.panels[-1].name_axes("Time since the start of the test [s]", f"{name_of(list(shown)[-1])} [req/s]")
    doubted = f"Shaded periods are doubted: {', '.join(doubts)}." if doubts else ""
    return sheet.done(
        f"{told}. {doubted}",
        f"Line: offered. Dots: good answers. Crosses: failures. {doubted}".strip() + left,
    )


def _load(panel: Panel, test: LoadTest, rates: pd.DataFrame, named: Collection[str]) -> set[str]:
    """Draw one test; return what it shows, and name of it only what no panel above has named."""
    middle, offered = rates["start"] + rates["span"] / 2, rates["offered"].fillna(rates["throughput"])
    failed = _failed(test, rates)
    most = max(offered.max(), rates["throughput"].max())
    panel.limits(x=(0.0, max(test.duration, 1.0)), y=(0.0, max(1.1 * most, 1e-3)))
    panel.held(rates["start"], rates["start"] + rates["span"], offered)
    panel.measured(middle, rates["goodput"], size=3.5)
    ends = {"offered": (offered.iloc[-1], GREY), "good answers": (rates["goodput"].iloc[-1], BLUE)}
    if failed.max() > 0:
        panel.measured(middle[failed > 0], failed[failed > 0], colour=RED, marker="x")
        ends["failures"] = (failed.iloc[-1], RED)
    for word, (y, colour) in ends.items():
        if word not in named:
            panel.label(y, word, colour)
    return set(ends)


def _failed(test: LoadTest, rates: pd.DataFrame) -> pd.Series:
    """Return bad answers and requests without one, period by period. [req/s]"""
    return rates["throughput"] - rates["goodput"] + test.unanswered.loc[rates.index] / rates["span"]


def _load_words(name: str, test: LoadTest, rates: pd.DataFrame) -> str:
    most = number(rates["offered"].fillna(rates["throughput"]).max())
    return (
        f"{name_of(name)}: {number(test.duration)} s, up to {most} req/s offered, up to "
        f"{number(rates['goodput'].max())} req/s of good answers, "
        f"{percent(_lost(test))} of the requests without one"
    )


def _lost(test: LoadTest) -> float:
    requests = float(test.periods["requests"].sum() or test.periods["responses"].sum())
    return max(0.0, 1 - float(test.good.sum()) / requests) if requests else 0.0


def _tests_title(tests: Mapping[str, LoadTest]) -> str:
    worst = max(tests, key=lambda name: _lost(tests[name]))
    if _lost(tests[worst]) < _FALLEN:
        return f"Nearly every request {'' if len(tests) == 1 else 'of every test '}got a good answer"
    lost = f"{percent(_lost(tests[worst]))} of its requests got no good answer"
    name = name_of(worst)
    return f"{name}: {lost}" if len(tests) == 1 else f"Of the {len(tests)} tests {name} lost most: {lost}"


def _shade(panel: Panel, test: LoadTest, findings: Iterable[Finding]) -> list[str]:
    """Shade the periods that findings doubt, and return the names of these findings."""
    doubting = [f for f in findings if f.test == test.name and f.periods and f.severity != "notes"]
    rows = [row for finding in doubting for row in finding.periods]
    for start, end in _stretches(test.periods, rows):
        panel.upright(start, end, colour=AMBER)
    return [name_of(spoken(finding.code)) for finding in doubting]


def _stretches(periods: pd.DataFrame, rows: Sequence[int]) -> list[tuple[float, float]]:
    """Join neighbouring periods, and those too close to be seen apart, to stretches of time. [s]"""
    apart = max(1.0, float(periods["start"].max() - periods["start"].min()) / _APART) if len(periods) else 1.0
    stretches: list[tuple[float, float]] = []
    for row in sorted(set(rows) & set(periods.index)):
        start = float(periods["start"][row])
        end = start + float(periods["span"][row])
        if stretches and start - stretches[-1][1] < apart:
            start = stretches.pop()[0]
        stretches.append((start, end))
    return stretches


@picture
def spike(resilience: Resilience, slo: Slo | None = None) -> Figure | Prose:
    """Draw an overload from before to after: what was offered and answered above, response times below.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.spike(study.resilience, study.slo)).__name__  # a picture with its text alternative
    'Figure'
    """
    anatomy = resilience.anatomy
    if anatomy.empty:
        return prose(resilience.text)
    name = name_of(anatomy["test"].iloc[0])
    middle = anatomy["start"] + anatomy["span"] / 2
    known = anatomy["p95"].dropna()
    sheet = Canvas(_spike_title(resilience, anatomy, name), heights=(1.9, 1.4) if len(known) else (1.9,))
    rates = sheet.panel
    end = float((anatomy["start"] + anatomy["span"]).max())
    for panel in sheet.panels:
        panel.limits(x=(float(anatomy["start"].min()), end))
        _states_shaded(panel, anatomy)
    time = "Time since the start [s]"
    rates.name_axes("" if len(known) else time, "Requests [req/s]").limits(
        y=(0.0, 1.1 * float(anatomy["offered"].max()))
    )
    rates.held(anatomy["start"], anatomy["start"] + anatomy["span"], anatomy["offered"])
    rates.measured(middle, anatomy["goodput"])
    rates.label(anatomy["offered"].iloc[-1], "offered", GREY)
    rates.label(anatomy["goodput"].iloc[-1], "good answers", BLUE)
    if len(known):
        times = sheet.panels[1].name_axes(time, "P95 of good answers [ms], logarithmic")
        _late(times, middle, anatomy["p95"], None if slo is None else slo.quantiles.get(0.95))
    caption = (
        "Line: offered. Dots: good answers. Shaded: the overload (darker) and the way back from it (lighter)."
    )
    rule = "" if slo is None or 0.95 not in slo.quantiles or not len(known) else " Rule: the objective."
    return sheet.done(_spike_alt(anatomy) or resilience.text, caption + rule)


def _late(panel: Panel, middle: pd.Series, p95: pd.Series, goal: float | None) -> None:
    values = [*(1000 * p95.dropna()), *([1000 * goal] if goal else [])]
    panel.logarithmic(0.6 * min(values), 1.8 * max(values))
    panel.measured(middle, 1000 * p95, marker="s")
    if goal:
        panel.rule(1000 * goal)
        panel.label(1000 * goal, f"P95 ≤\n{number(1000 * goal)} ms", RED)


def _states_shaded(panel: Panel, anatomy: pd.DataFrame) -> None:
    for state, strength in (("overload", 0.2), ("recovery", 0.09)):
        for start, end in _stretches(anatomy, list(anatomy.index[anatomy["state"] == state])):
            panel.upright(start, end, colour=RED, strength=strength)


def _spike_title(resilience: Resilience, anatomy: pd.DataFrame, name: str) -> str:
    during = anatomy[anatomy["state"] == "overload"]
    kept = float(during["goodput"].sum() / during["offered"].sum()) if len(during) else math.nan
    back = resilience.recovery_time
    if math.isnan(kept):
        return f"{name}: no overload was held" if back is None else f"{name}: the way back from an overload"
    answered = f"{name}: {percent(kept)} of the overload got a good answer"
    if back is None:
        return answered
    if not math.isfinite(back.high):
        return f"{answered}, and the service did not recover within {number(back.low)} s"
    if back.high <= 0:
        return f"{answered}, and the service was back at once"
    return f"{answered}; recovery took up to {number(back.high)} s"


def _spike_alt(anatomy: pd.DataFrame) -> str:
    parts = []
    for state in ("before", "overload", "recovery", "after"):
        rows = anatomy[anatomy["state"] == state]
        if len(rows):
            offered, good = (np.average(rows[c], weights=rows["span"]) for c in ("offered", "goodput"))
            slow = rows["p95"].max()
            late = "" if math.isnan(slow) else f", P95 up to {number(1000 * slow)} ms"
            parts.append(f"{state}: {number(good)} of {number(offered)} req/s answered well{late}")
    return "; ".join(parts)
