"""From a number back to the periods of the exports it rests on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from capacity.evidence.limits import Capacity
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.objectives import slo_name
from capacity.evidence.operating import Point

_COLUMNS = [
    "shows",
    "file",
    "periods",
    "started",
    "start",
    "duration",
    "offered",
    "goodput",
    "error_rate",
    "p95",
]


def trace(limits: Capacity, tests: Sequence[LoadTest]) -> pd.DataFrame:
    """Return the stretches that decide the capacity, by load: which file, which of its periods, what it shows.

    A stretch decides when its load is the highest that kept an objective or the lowest that missed it, when it is the
    ramp that passed through that load, or when it was saturated.

    Parameters
    ----------
    limits : Capacity
        What `find_limits` found in the tests.
    tests : sequence of LoadTest
        The tests.

    Returns
    -------
    DataFrame
        shows, file, periods (counted from 1), started (time of day, where the export knows it), start and duration
        [s], offered and goodput [req/s], error_rate [fraction], p95 [s].

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> steps = cap.find_steps(test, cap.read_script("data/storefront/steps-1.yml"))
    >>> found = trace(cap.find_limits([test], steps, cap.Slo({0.95: 0.25})), [test])  # [s]
    >>> found.loc[0, "shows"], found.loc[0, "file"], round(found.loc[0, "offered"])  # [req/s]
    ('P95 kept', 'steps-1.json', 250)
    """
    by_name = {test.name: test for test in tests}
    rows = [
        _row(point, by_name[point.step.test], shown)
        for point in sorted(limits.points, key=lambda point: point.load)
        if (shown := _shown(point, limits, by_name[point.step.test]))
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _shown(point: Point, limits: Capacity, test: LoadTest) -> list[str]:
    """Say what a stretch decides; nothing when it lies on either side of what does."""
    if point.state == "draining":
        return []
    told = [
        f"{slo_name(name)} {word}"
        for name, found in limits.slo.items()
        for load, word in ((found.low, "kept"), (found.high, "missed"))
        if name != "all" and load > 0 and (point.load == load or _passes(point, load, limits, test))
        if _can_show(point, name, word)
    ]
    if point.state != "saturated":
        return told
    return [*told, "saturated" if point.step.throughput > 0 else "no answer"]


def _can_show(point: Point, name: str, word: str) -> bool:
    """Whether a stretch at a deciding load is why it decides: the same load may have been offered elsewhere too."""
    if word == "kept":
        return point.state == "healthy"
    return name != "error_rate" or point.step.error_rate > 0


def _passes(point: Point, load: float, limits: Capacity, test: LoadTest) -> bool:
    """Whether a ramp offered more and less than a load that no stretch held."""
    if point.step.kind != "ramp" or any(other.load == load for other in limits.points):
        return False
    rates = test.rates()["offered"].loc[list(point.step.rows)]
    return bool(rates.min() <= load <= rates.max())


def _row(point: Point, test: LoadTest, shown: Sequence[str]) -> list[object]:
    step = point.step
    started = test.start + dt.timedelta(seconds=step.start) if test.start else None
    return [
        ", ".join(shown),
        test.file.rpartition("/")[2],
        _periods(step.rows[0] + 1, step.rows[-1] + 1),
        started,
        step.start,
        step.duration,
        step.offered,
        step.goodput,
        step.error_rate,
        step.quantiles.get(0.95),
    ]


def _periods(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
