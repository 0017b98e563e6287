"""Claims about response times: of a run, of one of its endpoints, or at a load."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from capacity.estimate import Estimate, number
from capacity.evidence.checks.times import answers_needed
from capacity.evidence.claimed.errors import counts_in
from capacity.evidence.claimed.held import Bracket, Evidence, Seen, by_scope, names_of
from capacity.evidence.claimed.verdicts import (
    CONTRADICTED,
    NOT_SUPPORTED,
    SUPPORTED,
    Answer,
    Stated,
    Verdict,
    decided,
    together,
    unproven,
    weighed,
    written,
)
from capacity.evidence.findings import Findings, percent, seconds
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.operating import Point
from capacity.wording import counted, visible

_READ_HERE = ("errors_count_as_success", "survivors_only")  # their figures are what is judged here
_SKETCHED = 1.01  # relative accuracy of an exported percentile
_QUOTED = 0.01  # relative difference within which a number was copied from the export
_ROUNDED = 0.0006  # and the rounding to whole milliseconds [s]
_LEVEL = 0.9  # confidence of the interval of a mean
_MEAN_MISSING = 0.01  # failed share from which a mean says nothing of all requests

_time = partial(Estimate, unit="s", provenance="measured")


def judge(stated: Stated, evidence: Evidence) -> Answer:
    """Answer a claim about a percentile or a mean.

    A *run* (no load) is judged as it was: its percentile is a fact, no sample. Errors are no fast answers, so the
    claim must hold for all answers and for the successful ones, and fewer requests may have failed than the
    percentile leaves out. At a *load* the same holds for the periods that held it, with their interval; between
    two loads the response time lies between theirs.
    """
    return by_scope(stated, evidence, of_endpoint=_of_endpoint, at_load=_at_load, of_run=_of_run)


def _of_run(stated: Stated, evidence: Evidence, test: LoadTest) -> Answer:
    column = stated.quantity.column
    value, good = test.summary.get(column), test.good_summary.get(column)
    count, successes = test.summary.get("count") or 0, test.good_summary.get("count") or 0
    if value is None or not count:
        return unproven(f"No response times were recorded in {visible(test.name)}.", test.name)
    if (too_few := _too_few(stated, count, value, test)) is not None:
        return too_few
    told = [_quotes(stated, test), _seen(stated, test.name, value, count, good, successes)]
    verdict, missing = _of_readings(stated, value, good), _missing_share(test)
    if missing >= _left_out(stated):
        verdict = NOT_SUPPORTED if verdict == SUPPORTED else verdict
        told.append(_hidden(stated, missing))
    kept = _census(stated, value) if good is None else _census(stated, good, "successful answers")
    codes = evidence.counted_in("response time", [test.name], _READ_HERE)
    answer = Answer(verdict, " ".join(filter(None, told)), kept, test.name, findings=codes)
    return weighed(answer, _doubts(stated, evidence, [test.name]))


def _of_readings(stated: Stated, value: float, good: float | None) -> Verdict:
    """Answer by the times of all answers and by those of the successful ones: a claim must hold for both.

    A number copied from the export is what that says; it is no lie that the other number is another one.
    """
    readings = [value] if good is None else [value, good]
    verdicts = [SUPPORTED if _is_quoted(stated.value, v) else stated.decide(v, v) for v in readings]
    if good is not None and _is_quoted(stated.value, good):
        return SUPPORTED
    if _is_quoted(stated.value, value) and stated.sense == "about":
        return SUPPORTED if set(verdicts) == {SUPPORTED} else NOT_SUPPORTED
    return CONTRADICTED if CONTRADICTED in verdicts else SUPPORTED


def _of_endpoint(stated: Stated, evidence: Evidence, tests: Sequence[LoadTest]) -> Answer:
    if stated.load is not None:
        reason = (
            f"The exports have the times of {visible(stated.endpoint)} for whole runs only, not at each load; "
            f"test it alone at {stated.load:g} req/s."
        )
        return unproven(reason, names_of(tests))
    return together([_of_endpoint_in(stated, evidence, test) for test in tests], unanimous=True)


def _of_endpoint_in(stated: Stated, evidence: Evidence, test: LoadTest) -> Answer:
    row, codes = test.endpoints.loc[stated.endpoint], test.endpoint_codes.get(str(stated.endpoint), {})
    value, count = float(row[stated.quantity.column]), float(row["count"])
    whose = visible(stated.endpoint)
    if math.isnan(value) or not count:
        return unproven(f"No response times of {whose} were recorded.", test.name)
    if (too_few := _too_few(stated, count, value, test)) is not None:
        return too_few
    verdict = SUPPORTED if _is_quoted(stated.value, value) else stated.decide(value, value)
    told = f"The {stated.quantity.words} of all {counted(count, 'answer')} of {whose} is {seconds(value)}."
    bad = sum(n for code, n in codes.items() if code >= 400)
    missing = 1 - (count - bad) / max(float(row["requests"]), count) if row["requests"] > 0 else bad / count
    if missing >= _left_out(stated) and verdict == SUPPORTED:
        verdict = NOT_SUPPORTED
        told += f" {_hidden(stated, missing)}"
    answer = Answer(verdict, told, None if missing >= 0.5 else _census(stated, value), test.name)
    return weighed(answer, _doubts(stated, evidence, [test.name]))


def _missing_share(test: LoadTest) -> float:
    """Share of the requests that reached the service and failed or got no answer. [fraction]"""
    counts = counts_in(test, list(test.periods.index))
    return 1 - (counts.ended - counts.failed) / counts.ended if counts.ended else 1.0


def _too_few(stated: Stated, count: float, value: float, test: LoadTest) -> Answer | None:
    q = stated.quantity.share
    if q is None or count >= answers_needed(q):
        return None
    reason = (
        f"{counted(count, 'answer')} are too few for a {stated.quantity.words}: "
        f"an interval with two ends needs at least {answers_needed(q):,}."
    )
    return Answer(NOT_SUPPORTED, reason, _census(stated, value), test.name)


def _census(stated: Stated, value: float, whose: str = "all answers") -> Estimate:
    """Return a number of the run itself, known to the accuracy of the export."""
    low, high = max(min(value / _SKETCHED, value - _ROUNDED), 0.0), max(value * _SKETCHED, value + _ROUNDED)
    return _time(value, low, high, method=f"{stated.quantity.words} of {whose} of the run")


def _quotes(stated: Stated, test: LoadTest) -> str:
    """Say which number of the export was quoted."""
    column, said = stated.quantity.column, seconds(stated.value)
    whole, good = test.summary.get(column), test.good_summary.get(column)
    if whole is not None and _is_quoted(stated.value, whole):
        return f"{said} is what the tool printed for all answers."
    if good is not None and _is_quoted(stated.value, good):
        return f"{said} is what the tool printed for the successful answers."
    alike = [n for n, v in test.endpoints[column].items() if v == v and _is_quoted(stated.value, float(v))]
    if not alike:
        return ""
    return f"{said} is the {stated.quantity.words} of the endpoint {visible(alike[0])} alone."


def _seen(stated: Stated, name: str, value: float, count: float, good: float | None, successes: float) -> str:
    said = f"Over all {counted(count, 'answer')} of {visible(name)} the {stated.quantity.words} is {seconds(value)}"
    if good is None or successes == count:
        return f"{said}."
    return f"{said}, over the {successes:,.0f} successful ones {seconds(good)}."


def _at_load(stated: Stated, evidence: Evidence, tests: Sequence[LoadTest], load: float) -> Answer:
    """Answer by the periods that held a load, or by those that held less and more."""
    seen = [s for point in evidence.held(tests) if (s := _seen_at(stated, evidence, point)) is not None]
    if not seen:
        return unproven("No load was held long enough for its response times.", names_of(tests))
    found = Bracket.at(load, seen, stated.decide)
    told = " ".join([*found.told(load), *(_told_at(stated, evidence, s) for s in found.shown_by)])
    if found.low > found.high:
        return unproven(f"The runs contradict each other. {told}", found.names, found.rows)
    estimate = _time(found.value, found.low, found.high, method="loads that were held")
    answer = decided(stated, estimate, told, found.names, found.rows)
    answer = replace(answer, reason=answer.reason + _failing(stated, found, load))
    return weighed(answer, _doubts(stated, evidence, found.tests, found.rows))


def _seen_at(stated: Stated, evidence: Evidence, point: Point) -> Seen | None:
    """Response time in the periods of a point, in the worse of two readings: successful and all answers.

    Open above where the percentile may lie among the failures, or a queue was still growing.
    """
    test, step = evidence.tests[point.step.test], point.step
    readings = [e for good in (True, False) if (e := _measure(stated, test, step.rows, good=good))]
    if not readings:
        return None
    low = max(*(e.low for e in readings), _timed_out(stated, test, step.rows))
    open_ = point.state == "saturated" or not step.error_rate < _left_out(stated)
    high = math.inf if open_ else max(e.high for e in readings)
    value = max(e.value or 0.0 for e in readings)
    return Seen(point, low, value if low <= value <= high else None, max(low, high))


def _measure(stated: Stated, test: LoadTest, rows: Sequence[int], *, good: bool) -> Estimate | None:
    pool = test.mixture(rows, good=good)
    if not pool.count:
        return None
    q = stated.quantity.share
    return pool.estimate(q) if q is not None else _mean(test, rows, good=good)


def _mean(test: LoadTest, rows: Sequence[int], *, good: bool) -> Estimate | None:
    """Mean response time over periods, with the interval of their means."""
    from scipy.special import stdtrit

    times = (test.service_times if good else test.times).reindex(list(rows))
    times = times[(times["count"] > 0) & times["mean"].notna()]
    if times.empty:
        return None
    value = float(np.average(times["mean"], weights=times["count"]))
    if len(times) < 2:
        return _time(value, 0.0, math.inf, method="mean of one period")
    means, weights = times["mean"].to_numpy(float), times["count"].to_numpy(float)
    freedom = len(times) - 1
    variance = float((weights / weights.sum() * (means - value) ** 2).sum()) / freedom
    half = float(stdtrit(freedom, (1 + _LEVEL) / 2)) * math.sqrt(variance) + _ROUNDED
    return _time(value, max(value - half, 0.0), value + half, method="batch means", level=_LEVEL)


def _timed_out(stated: Stated, test: LoadTest, rows: Sequence[int]) -> float:
    """Return the time that a percentile exceeds because more requests were given up than it leaves out. [s]"""
    q = stated.quantity.share
    late = float(test.timeouts.loc[list(rows)].sum())
    answered = float(test.periods["responses"].loc[list(rows)].sum())
    if q is None or not late or late <= (1 - q) * (answered + late):
        return 0.0
    return float(test.times["max"].reindex(list(rows)).max())


def _told_at(stated: Stated, evidence: Evidence, seen: Seen) -> str:
    step, about = seen.point.step, stated.quantity
    told = (
        f"At {number(step.offered)} req/s ({visible(step.test)}) the {about.words} was {written(about, seen)}"
    )
    measured = (_measure(stated, evidence.tests[step.test], step.rows, good=good) for good in (False, True))
    whole, good = (estimate and estimate.value for estimate in measured)
    if whole and good and not _is_quoted(whole, good):
        told += f": {seconds(whole)} of all answers, {seconds(good)} of the successful ones"
    return f"{told}."


def _failing(stated: Stated, found: Bracket, load: float) -> str:
    rates = [s.point.step.error_rate for s in found.shown_by if s.offered >= load or len(found.shown_by) == 1]
    share = max((rate for rate in rates if math.isfinite(rate)), default=0.0)
    return f" {_hidden(stated, share)}" if share >= _left_out(stated) else ""


def _left_out(stated: Stated) -> float:
    """Share of the requests that a percentile leaves out. [fraction]"""
    return _MEAN_MISSING if stated.quantity.share is None else 1 - stated.quantity.share


def _hidden(stated: Stated, missing: float) -> str:
    """Say that a percentile may lie among the requests that failed."""
    q, left_out = stated.quantity.share, "a mean leaves out none"
    if q is not None:
        left_out = f"a {stated.quantity.words} leaves out {percent(1 - q)} only"
    return (
        f"{percent(missing)} of the requests failed or got no answer, and {left_out}: "
        "a request that fails is not answered in time, however fast the error comes."
    )


def _is_quoted(claimed: float, value: float) -> bool:
    """Whether a claimed time is the one that the export prints, perhaps rounded. [s]"""
    return abs(claimed - value) <= max(_QUOTED * value, _ROUNDED)


def _doubts(stated: Stated, evidence: Evidence, tests: Iterable[str], rows: Sequence[int] = ()) -> Findings:
    """Return the findings about what is claimed: of an endpoint what voids it, of a percentile those about it."""
    found = evidence.about("response time", tests, endpoint=stated.endpoint, rows=rows, answered=_READ_HERE)
    if stated.endpoint is not None:
        return found.of_severity("voids")
    about = [f for f in found if f.code != "tail_by_endpoint" or stated.quantity.column in f.evidence]
    return Findings(tuple(about))
