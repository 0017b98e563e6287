"""Claims about rates: what was offered, answered, answered successfully."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from capacity.estimate import Estimate, number
from capacity.evidence.claimed.held import Evidence, is_at, names_of
from capacity.evidence.claimed.verdicts import (
    CONTRADICTED,
    SUPPORTED,
    Answer,
    Stated,
    decided,
    together,
    unproven,
    weighed,
)
from capacity.evidence.findings import Findings
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.operating import Point
from capacity.evidence.throughput import Run, mean_rate
from capacity.wording import visible

_QUOTED = 0.05  # relative difference within which a rate was copied: tools average rates in their own ways


def judge(stated: Stated, evidence: Evidence) -> Answer:
    """Answer a claim about a rate.

    At a load: by the periods that held it. Without one: by that of the levels a run held, and its mean, which is
    nearest to what is claimed. Requests that the generator could not send were not offered.
    """
    tests = evidence.tests_of(stated)
    if stated.load is not None:
        return _at_load(stated, evidence, tests, stated.load)
    return together([_of_run(stated, evidence, test) for test in tests], unanimous=False)


def _of_run(stated: Stated, evidence: Evidence, test: LoadTest) -> Answer:
    periods = test.periods
    if not periods["span"].sum() or not _counts(stated, test).sum():
        return unproven(f"{visible(test.name)} has no count of its {stated.quantity.words}.", test.name)
    seen = [_mean(stated, test), *(_held(stated, test, p) for p in evidence.held([test]))]
    chosen = max(seen, key=lambda e: e.value or 0.0)
    if stated.sense == "about":
        chosen = min(seen, key=lambda e: abs((e.value or 0.0) - stated.value))
    told = f"{_flow(test)}. The nearest to it is {chosen.method}: {chosen}.{_quotes(stated, evidence, test)}"
    return weighed(decided(stated, chosen, told, test.name), _doubts(stated, evidence, test.name))


def _at_load(stated: Stated, evidence: Evidence, tests: Sequence[LoadTest], load: float) -> Answer:
    points = evidence.held(tests)
    here = [p for p in points if is_at(load, p.step.offered)]
    if not here and stated.sense != "at most" and stated.allowed[0] > load:
        reason = f"No more than {load:g} req/s can be answered where {load:g} req/s are offered."
        return Answer(CONTRADICTED, reason, None, names_of(tests))
    if not here:
        near = ", ".join(f"{number(p.step.offered)}" for p in points)
        reason = f"No run held {load:g} req/s; held were {near or 'none'} req/s. Hold it for 60 s."
        return unproven(reason, names_of(tests))
    return together([_at_point(stated, evidence, p) for p in here], unanimous=False)


def _at_point(stated: Stated, evidence: Evidence, point: Point) -> Answer:
    step = point.step
    estimate = _held(stated, evidence.tests[step.test], point)
    at = f"At {number(step.offered)} req/s ({visible(step.test)})"
    told = f"{at} the {stated.quantity.words} was {estimate}."
    answer = decided(stated, estimate, told, step.test, step.rows)
    return weighed(answer, _doubts(stated, evidence, step.test, step.rows))


def _counts(stated: Stated, test: LoadTest) -> pd.Series:
    match stated.quantity.column:
        case "sent":
            return test.periods["requests"].fillna(0) - test.generator_errors
        case "good":
            return test.good
    return test.periods["responses"].fillna(0)


def _held(stated: Stated, test: LoadTest, point: Point) -> Estimate:
    rows = list(point.step.rows)
    spans = test.periods["span"].loc[rows].to_numpy(float)
    run = Run(_counts(stated, test).loc[rows].to_numpy(float) / spans, spans)
    method = f"what {visible(test.name)} held for {point.step.duration:.0f} s"
    if stated.quantity.column == "sent":  # the generator's choice, no sample
        return Estimate.exactly(run.mean, unit="req/s", method=method, provenance="measured")
    return mean_rate([run], method)


def _mean(stated: Stated, test: LoadTest) -> Estimate:
    value = float(_counts(stated, test).sum()) / test.duration
    method = f"the mean over the {test.duration:.0f} s of {visible(test.name)}"
    return Estimate.exactly(value, unit="req/s", method=method, provenance="measured")


def _flow(test: LoadTest) -> str:
    """Say what became of the requests, in rates over the whole run."""
    meant, left = float(test.periods["requests"].fillna(0).sum()), float(test.generator_errors.sum())
    counts = (meant, meant - left, test.periods["responses"].sum(), test.good.sum())
    offered, sent, answered, good = (number(count / test.duration) for count in counts)
    told = f"Over the whole of {visible(test.name)} {offered if meant else 'an unknown number of'} req/s were offered"
    told += f", {sent} of them left the generator" if left else ""
    return f"{told}, {answered} were answered and {good} successfully"


def _quotes(stated: Stated, evidence: Evidence, test: LoadTest) -> str:
    """Say that another rate was quoted: that of virtual users, or what was offered for what was served."""
    meant = float(test.periods["requests"].fillna(0).sum()) / test.duration
    steps, said = [point.step for point in evidence.held([test])], number(stated.value)
    users = [step.arrival_rate for step in steps if not is_at(step.arrival_rate, step.offered)]
    if any(abs(stated.value - rate) <= _QUOTED * rate for rate in users):
        return f" {said} is the rate of virtual users, each of whom sends several requests or none."
    served = float(_counts(stated, test).sum()) / test.duration
    if abs(stated.value - meant) > _QUOTED * meant or stated.decide(served, served) == SUPPORTED:
        return ""
    other = "that left it" if stated.quantity.column == "sent" else "that was served"
    return f" {said} req/s is the rate the generator was to send, not the one {other}."


def _doubts(stated: Stated, evidence: Evidence, test: str, rows: Sequence[int] = ()) -> Findings:
    """Return what is found about the load offered, and what voids all that is said of the service's rates."""
    offered = evidence.about("offered load", [test], rows=rows)
    if stated.quantity.column == "sent":
        return offered
    return Findings((*offered, *evidence.about("capacity", [test], rows=rows).of_severity("voids")))
