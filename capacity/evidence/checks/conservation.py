"""Do the books close: every request ended once, and time under way agrees with the response times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from artillery_results_parser import Script
from capacity.estimate import number
from capacity.evidence.balance import DOUBT
from capacity.evidence.checks.offered import time_out
from capacity.evidence.findings import Finding, percent, seconds
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest, is_unanswered
from capacity.evidence.steps import Step
from capacity.wording import counted

_CHANCE = 5  # fewer requests than this may be a slip of the counters
_TRACE = 0.01  # share of the requests from which the books do not close
_TOLERANCE = 0.05  # relative difference of the two sides of Little's law that is none
_CLOCK = 0.005  # time per answer that connecting nearby and a clock of 1 ms make [s]
_PHASE = 2.0  # requests by which evenly spaced arrivals can miss the mean in flight, seen at period ends only
_PATIENCE = 120.0  # longest that virtual users may have waited where no script tells [s]
_GRAVE = 0.25  # relative difference from which response times do not stand for what users wait
_ROWS = 3  # periods a stretch needs for its requests in flight to be averaged


@dataclass(frozen=True)
class _Sides:
    """Both sides of Little's law over some periods: time under way by the counts, and by the response times.

    Parameters
    ----------
    rows : tuple of int
        The periods.
    counted, doubt : float
        Integral of the requests in flight, and its uncertainty. [requests x s]
    low, high : float
        Bounds of the sum of the response times: between percentiles, where the export has no mean. [s]
    lost : float
        The most that requests without an answer can have waited. [s]
    answers : float
        Answers. [responses]
    duration : float
        Length. [s]
    """

    rows: tuple[int, ...]
    counted: float
    doubt: float
    low: float
    high: float
    lost: float
    answers: float
    duration: float

    @property
    def timed(self) -> float:
        """Sum of the response times, the middle of its bounds. [s]"""
        return (self.low + self.high) / 2

    @property
    def excess(self) -> float:
        """Time under way beyond what the response times explain, negative where they say more; else 0. [s]"""
        most = self.high * (1 + _TOLERANCE) + _CLOCK * self.answers + self.lost
        least = self.low * (1 - _TOLERANCE) - _CLOCK * self.answers
        believed = self.counted - self.doubt > most or self.counted + self.doubt < least
        return self.counted - self.timed if believed else 0.0

    @property
    def share(self) -> float:
        """The excess relative to the sum of the response times. [fraction]"""
        return abs(self.excess) / self.timed if self.timed > 0 else 0.0


def answers_unaccounted(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """At the end of a run every request has been answered or has failed, and only once."""
    left, sent = _unaccounted(test), float(test.totals.get("requests") or 0.0)
    if not sent or abs(left) < _CHANCE:
        return
    share = abs(left) / sent
    if left > 0:
        told = (
            f"At the end of the run {counted(left, 'request')} ({percent(share)}) had neither been answered "
            "nor failed: answers were lost, or the run was cut off. They are in no error rate and no percentile."
        )
        remedy = "Let the run drain (no kill, no limit on its length), and count these requests as failed."
    else:
        told = (
            f"{counted(-left, 'request')} ({percent(share)}) more ended than were sent: an answer that breaks off "
            "counts both as an answer and as a failure. Error rates may be wrong by as much."
        )
        remedy = "Quote both counts, and find out why answers break off."
    yield Finding(
        "answers_unaccounted",
        "weakens" if share >= _TRACE else "notes",
        "error rate",
        told,
        {"requests": sent, "left": left, "share": share},
        remedy,
        test.name,
    )


def littles_law(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """Requests in flight and response times disagree: N = X R holds for any system, so one is not measured."""
    found = [side for side in _stretches(test, steps, time_out(script)) if side.excess]
    if not found:
        return
    worst = max(found, key=lambda side: abs(side.excess))
    under_way, timed = worst.counted / worst.answers, worst.timed / worst.answers
    begin = float(test.periods["start"].loc[worst.rows[0]])
    if worst.excess > 0:
        meaning = (
            "Users wait longer than the times quoted, which leave something out: connecting (DNS, TCP, TLS), waiting "
            "in the generator before the request really left (coordinated omission), or answers that never came."
        )
        remedy = "Record http.extendedMetrics, or measure in the browser, and quote times with connecting."
    else:
        meaning = (
            "The times quoted are too long, or requests were counted late: the clock jumped, or the generator "
            "sent requests later than it timed them."
        )
        remedy = "Check the generator's clock and load, and repeat the test with several workers."
    yield Finding(
        "littles_law",
        "weakens" if worst.share >= _GRAVE else "notes",
        "response time",
        f"By Little's law the books do not agree: from {begin:.0f} to {begin + worst.duration:.0f} s "
        f"{number(worst.counted / worst.duration)} requests were in flight on average, which is "
        f"{seconds(under_way)} for each answer, but the mean response time is {seconds(timed)}. {meaning}",
        {
            "in flight": worst.counted / worst.duration,
            "by response times": worst.timed / worst.duration,
            "time under way": under_way,
            "mean": timed,
            "difference": worst.excess / worst.timed,
            "stretches": len(found),
        },
        remedy,
        test.name,
        periods=tuple(sorted({row for side in found for row in side.rows})),
    )


def _unaccounted(test: LoadTest) -> float:
    """Requests sent that neither were answered nor failed, by the export's totals, else by its periods. [requests]"""
    errors = test.totals.get("errors")
    if errors is None:
        return _left(test)
    failed = sum(n for name, n in errors.items() if is_unanswered(name))
    return float((test.totals.get("requests") or 0.0) - (test.totals.get("responses") or 0.0) - failed)


def _left(test: LoadTest) -> float:
    """Requests in flight at the end of the last period: none, if all periods are there. [requests]"""
    return float(test.in_flight.iloc[-1]) if len(test.in_flight) else 0.0


def _stretches(test: LoadTest, steps: Sequence[Step], patience: float | None) -> Iterator[_Sides]:
    """Yield both sides over the whole run, and over each step long enough."""
    if test.start is None or "requests" not in test.totals or test.totals["requests"] is None:
        return  # neither the counts nor their times are the export's own
    whole = tuple(int(row) for row in test.periods.index)
    for rows in (whole, *(step.rows for step in steps)):
        if len(rows) >= _ROWS and test.times["count"].loc[list(rows)].sum() > 0:
            yield _sides(test, rows, patience)


def _sides(test: LoadTest, rows: Sequence[int], patience: float | None) -> _Sides:
    at = list(rows)
    flight = test.in_flight
    spans = test.periods["span"].loc[at].to_numpy(float)
    ends = np.array([flight.get(at[0] - 1, 0.0), *flight.loc[at]], float)
    counted_ = float((ends[1:] + ends[:-1]) @ spans) / 2
    low, high = _times(test, at)
    lost = float(test.unanswered.loc[at].sum()) * (_PATIENCE if patience is None else patience)
    first, last = (float(ends[i] * _mean(test, at[i])) for i in (0, -1))  # spent outside the stretch
    edge = 0.0 if len(at) == len(flight) else (last - first) / 2
    doubt = DOUBT * _scatter(ends, spans) + (abs(_left(test)) + _PHASE) * spans.sum() + abs(edge)
    answers = float(test.times["count"].loc[at].sum())
    return _Sides(tuple(at), counted_ - edge, doubt, low, high, lost, answers, float(spans.sum()))


def _scatter(ends: np.ndarray, spans: np.ndarray) -> float:
    """Standard error of an integral known at the ends of its pieces: of independent counts, or as bends show."""
    bends = np.abs(np.diff(ends, 2)) / np.sqrt(6)
    inner = np.maximum(
        np.sqrt(np.maximum((ends[1:] + ends[:-1]) / 2, 1.0)), np.pad(bends, (0, 1), mode="edge")
    )
    return float(np.sqrt(((spans * inner) ** 2).sum()))


def _times(test: LoadTest, rows: Sequence[int]) -> tuple[float, float]:
    """Bounds of the sum of all response times: exact with a mean, else from what percentiles leave open. [s]"""
    times = test.times.loc[list(rows)]
    times = times[times["count"] > 0]
    if times["mean"].notna().all():
        exact = float(times["count"] @ times["mean"])
        return exact, exact
    if test.samples:
        law = test.mixture(rows, good=False)
        return law.mean * law.count, law.mean * law.count
    knots = times[["min", "p50", "p75", "p90", "p95", "p99", "p999", "max"]].ffill(axis=1).to_numpy(float)
    shares = np.diff([0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0])
    count = times["count"].to_numpy(float)
    return float(count @ (knots[:, :-1] @ shares)), float(count @ (knots[:, 1:] @ shares))


def _mean(test: LoadTest, row: int) -> float:
    times = test.times.loc[row]
    mean = times["mean"] if times["mean"] == times["mean"] else times["p50"]
    return float(mean) if mean == mean else 0.0


CHECKS_WITH_SCRIPT = (answers_unaccounted, littles_law)
"""Checks of one test's counts and times against each other."""
