"""Claims about errors: error rate, success rate, availability."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from capacity.estimate import Estimate, number
from capacity.evidence.claimed.held import Bracket, Evidence, Seen, by_scope, names_of
from capacity.evidence.claimed.verdicts import (
    CONTRADICTED,
    NOT_SUPPORTED,
    SUPPORTED,
    Answer,
    Stated,
    Verdict,
    decided,
    reading,
    together,
    unproven,
    weighed,
    written,
)
from capacity.evidence.findings import percent
from capacity.evidence.loadtest import LoadTest, failing, matches
from capacity.evidence.operating import Point
from capacity.models.laws import share_interval
from capacity.wording import counted, visible

_LEVEL = 0.9
_QUOTED = 0.002  # difference within which a share was copied
_READ_HERE = ("errors_count_as_success",)  # its figures are what is judged here


def judge(stated: Stated, evidence: Evidence) -> Answer:
    """Answer a claim about the share of requests that fail or succeed.

    Requests that got no answer fail; those the generator could not send do not count. Client errors (4xx) that no
    objective counts as failures may be failures or not: the interval covers both.
    """
    if stated.quantity.name == "availability":
        return _availability(stated, evidence, evidence.tests_of(stated))
    return by_scope(stated, evidence, of_endpoint=_of_endpoint, at_load=_at_load, of_run=_of_run)


def _of_run(stated: Stated, evidence: Evidence, test: LoadTest) -> Answer:
    counts = counts_in(test, list(test.periods.index))
    if not counts.ended:
        return unproven(f"No request of {visible(test.name)} ended.", test.name)
    of = f"requests of {visible(test.name)}"
    return _answered(stated, evidence, counts, of, test.name, _quotes(stated, test))


def _of_endpoint(stated: Stated, evidence: Evidence, tests: Sequence[LoadTest]) -> Answer:
    if stated.load is not None:
        reason = f"The exports count the errors of {visible(stated.endpoint)} for whole runs only, not at each load."
        return unproven(reason, names_of(tests))
    return together([_of_endpoint_in(stated, evidence, test) for test in tests], unanimous=True)


def _of_endpoint_in(stated: Stated, evidence: Evidence, test: LoadTest) -> Answer:
    codes = test.endpoint_codes.get(str(stated.endpoint), {})
    answered = sum(codes.values())
    sent = float(test.endpoints.loc[stated.endpoint, "requests"])
    lost = max(sent - answered, 0.0) if math.isfinite(sent) else 0.0
    if not answered + lost:
        return unproven(f"No answer of {visible(stated.endpoint)} was counted.", test.name)
    unsent = min(float(test.generator_errors.sum()), lost)
    failed = failing(codes, test.error_codes) + lost - unsent
    doubtful = unsent + sum(n for code, n in codes.items() if _client_error(code, test))
    counts = Counts(failed, doubtful, answered + lost)
    return _answered(stated, evidence, counts, f"requests to {visible(stated.endpoint)}", test.name)


def _answered(
    stated: Stated, evidence: Evidence, counts: Counts, of: str, test: str, quoted: str = ""
) -> Answer:
    """Answer for a run; a claim of not a single failure is about the run itself, where there was none."""
    estimate = _estimate(stated, counts, of)
    if not counts.failed + counts.doubtful and stated.value == (0.0 if _of_failures(stated) else 1.0):
        verdict = SUPPORTED
        sample = f"Beyond the run the sample shows {written(stated.quantity, estimate)}."
    else:
        verdict, sample = stated.decide(estimate.low, estimate.high), reading(stated, estimate)
    reason = " ".join(filter(None, [quoted, counts.told(test), sample]))
    codes = evidence.counted_in("error rate", [test], _READ_HERE)
    found = evidence.about("error rate", [test], endpoint=stated.endpoint, answered=_READ_HERE)
    return weighed(Answer(verdict, reason, estimate, test, findings=codes), found)


def _at_load(stated: Stated, evidence: Evidence, tests: Sequence[LoadTest], load: float) -> Answer:
    seen = [_seen_at(evidence, point) for point in evidence.held(tests)]
    if not seen:
        return unproven("No load was held long enough for its errors.", names_of(tests))
    found = Bracket.at(load, seen, _decide_failed(stated))
    told = " ".join([*found.told(load), *map(_told_at, found.shown_by)])
    if found.low > found.high:
        return unproven(f"The runs contradict each other. {told}", found.names, found.rows)
    estimate = _mirrored(stated, found.low, found.value, min(found.high, 1.0), "loads that were held")
    answer = decided(stated, estimate, told, found.names, found.rows)
    return weighed(answer, evidence.about("error rate", found.tests, rows=found.rows, answered=_READ_HERE))


def _seen_at(evidence: Evidence, point: Point) -> Seen:
    """Interval of the failed share at one load; while a queue fills, its failures are still to come."""
    counts = counts_in(evidence.tests[point.step.test], list(point.step.rows))
    low, value, high = counts.bounds if counts.ended else (0.0, None, 1.0)
    return Seen(point, low, value, 1.0 if point.state == "saturated" else high)


def _availability(stated: Stated, evidence: Evidence, tests: Sequence[LoadTest]) -> Answer:
    """Contradict where requests failed under loads that were served; support is beyond any load test."""
    served = [p for p in evidence.held(tests) if p.state == "healthy"]
    each = [counts_in(evidence.tests[p.step.test], list(p.step.rows)) for p in served]
    counts = Counts(*(sum(numbers) for numbers in zip((0.0, 0.0, 0.0), *each, strict=True)))
    names = names_of([p.step for p in served]) or names_of(tests)
    if not counts.ended:
        return unproven("No load was served for long enough to say anything.", names)
    estimate = _estimate(stated, counts, "requests under loads that were served")
    verdict, told = CONTRADICTED, counts.told(names)
    if stated.decide(estimate.low, estimate.high) != CONTRADICTED:
        verdict, lasted = NOT_SUPPORTED, sum(point.step.duration for point in served)
        told += (
            f" That shows {written(stated.quantity, estimate)} for {lasted:.0f} s of test: "
            "outages are rarer and longer than a load test. Take availability from monitoring in production."
        )
    answer = Answer(verdict, told, estimate, names)
    return weighed(answer, evidence.about("error rate", {p.step.test for p in served}, answered=_READ_HERE))


class Counts(NamedTuple):
    """Requests that failed, that perhaps failed (client errors), and all that ended at the service."""

    failed: float
    doubtful: float
    ended: float

    @property
    def bounds(self) -> tuple[float, float | None, float]:
        """Interval of the failed share, and the share itself where nothing is doubtful. [fraction]"""
        low = share_interval(self.failed, self.ended)[0]
        high = share_interval(self.failed + self.doubtful, self.ended)[1]
        return low, None if self.doubtful else self.failed / self.ended, high

    def told(self, name: str) -> str:
        """Say how many failed in a test."""
        share, doubtful = percent(self.failed / self.ended), ""
        if self.doubtful:
            more = counted(self.doubtful, "more answer")
            doubtful = f", and {more} may not be what was asked for (client errors)"
        ended = counted(self.ended, "request")
        return f"{self.failed:,.0f} of {ended} of {visible(name)} failed ({share}){doubtful}."


def counts_in(test: LoadTest, rows: list[int]) -> Counts:
    """Return the counts over some periods; what the generator could not send is none of them."""
    lost = float((test.unanswered - test.generator_errors).clip(lower=0).loc[rows].sum())
    answered = float(test.periods["responses"].fillna(0).loc[rows].sum())
    client = [code for code in test.codes.columns if _client_error(int(code), test)]
    doubtful = float(test.codes.loc[rows, client].sum().sum())
    return Counts(answered - float(test.good.loc[rows].sum()) + lost, doubtful, answered + lost)


def _client_error(code: int, test: LoadTest) -> bool:
    return 400 <= code < 500 and not matches(code, test.error_codes)


def _of_failures(stated: Stated) -> bool:
    return stated.quantity.name == "error_rate"


def _estimate(stated: Stated, counts: Counts, of: str) -> Estimate:
    return _mirrored(stated, *counts.bounds, f"Clopper-Pearson, {of}")


def _decide_failed(stated: Stated) -> Callable[[float, float], Verdict]:
    """Decide by the failed share, whichever of the two is claimed."""
    if _of_failures(stated):
        return stated.decide
    return lambda low, high: stated.decide(1 - min(high, 1.0), 1 - low)


def _mirrored(stated: Stated, low: float, value: float | None, high: float, method: str) -> Estimate:
    """Return the failed share, or what is left of it where success is claimed."""
    if not _of_failures(stated):
        value, low, high = None if value is None else 1 - value, 1 - high, 1 - low
    return Estimate(value, low, high, unit="", method=method, provenance="measured", level=_LEVEL)


def _told_at(seen: Seen) -> str:
    step = seen.point.step
    low = percent(seen.low)
    span = f"{low} to {percent(seen.high)}" if seen.high < 1 else f"at least {low}"
    return f"At {number(step.offered)} req/s ({visible(step.test)}) {span} of the requests failed."


def _quotes(stated: Stated, test: LoadTest) -> str:
    """Say which share was quoted for a success rate, where it is not that of successful requests."""
    totals, success = test.totals, 1 - stated.value if _of_failures(stated) else stated.value
    shares = {
        "virtual users that completed, whatever answers they got": ("completed", "arrivals"),
        "requests that got any answer, errors included": ("responses", "requests"),
        "virtual users counted by answers of any kind": ("responses", "arrivals"),
    }
    off = {
        said: abs((totals.get(part) or 0) / totals[whole] - success)
        for said, (part, whole) in shares.items()
        if totals.get(whole)
    }
    said = min(off, key=lambda said: off[said], default="")
    if said and off[said] <= _QUOTED:
        return f"{stated.quantity.write(success)} is the share of {said}."
    return ""
