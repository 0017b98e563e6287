"""Was each load sent, and held long enough to be answered."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd

from capacity.estimate import number
from capacity.evidence.balance import interrupted, lacking
from capacity.evidence.checks.times import answers_needed
from capacity.evidence.findings import Finding, frequencies, named, percent
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest, is_generator
from capacity.evidence.steps import Step, whole_periods
from capacity.wording import counted

_TRACE = 0.01  # share of the requests that the generator may fail to send before the load is not what it says
_BURST = 30.0  # shortest run that holds two whole periods [s]
_WHOLE_PERIODS = 3  # whole periods a plateau needs to show that it is steady
_SETTLING = 10.0  # length of a step, in P99s of its answers, that lets it settle
_SERVED = 0.98  # share of good answers from which a load was served
_JUMP = 1.5  # ratio to the load before and after from which a load is a spike
_SPIKE = 2  # periods that a spike may touch without filling one for certain
_NOISE = 5.0  # standard deviations of a count beyond which a spike is not chance
_CLIMBING = 1.25  # ratio of neighbouring periods' loads from which the load was rising already
_GROWN = 0.02  # share of a step's requests left unanswered at its end
_FILLED = (
    1.5  # requests left over, in mean concurrencies, from which a queue grew rather than the service filled
)
_ENOUGH = 30  # requests that are more than chance
_HOLD = "Hold each load level for at least 60 s"


def generator_exhausted(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The load generator ran out of ports, descriptors or buffers."""
    lost = test.generator_errors
    if not lost.sum():
        return
    rows = list(lost.index[lost > 0])
    span = test.periods.loc[rows[0] : rows[-1]]
    begin, end = float(span["start"].iloc[0]), float(span["start"].iloc[-1] + span["span"].iloc[-1])
    sent = float(_sent(test).loc[rows[0] : rows[-1]].sum())
    share = float(lost.sum()) / sent if sent else 1.0
    names = {str(name): n for name, n in test.errors.sum().items() if is_generator(str(name))}
    before = _highest_offered(test, rows[0])
    until = f" The service was really tested up to {number(before)} req/s only." if before else ""
    yield Finding(
        "generator_exhausted",
        "voids" if share >= _TRACE else "weakens",
        "capacity",
        f"From {begin:.0f} to {end:.0f} s the load generator itself ran out of ports, descriptors or "
        f"buffers: {percent(share)} of the requests of that time never left it ({frequencies(names)}). "
        f"What fails there is the generator's limit, not the service's.{until}",
        names | {"share": share, "requests": sent, "start": begin, "end": end, "offered before": before},
        "Send the load from several machines, or reuse connections (http.pool) and widen the port range; "
        "then repeat the test.",
        test.name,
        periods=tuple(rows),
    )


def burst(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The whole run is too short to show a steady state."""
    if test.periods.empty or test.duration >= _BURST:
        return
    yield Finding(
        "burst",
        "voids",
        "capacity",
        f"The run lasted {number(test.duration)} s: too short for a steady state, "
        "so it cannot tell what the service sustains from what it can buffer.",
        {"duration": test.duration},
        f"{_HOLD}, and run the test for several minutes.",
        test.name,
    )


def short_steps(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Load levels were not held long enough to tell steady from drifting."""
    plateaus = [step for step in steps if step.kind == "plateau"]
    short: dict[str, list[Step]] = {}
    for step in plateaus:
        if why := _too_short(step, slo):
            short.setdefault(why, []).append(step)
    found = [step for alike in short.values() for step in alike]
    if not found or test.duration < _BURST:
        return
    told = "; ".join(f"{why}: {named(map(_held, alike))}" for why, alike in short.items())
    yield Finding(
        "short_steps",
        "weakens" if 2 * len(found) > len(plateaus) else "notes",
        "capacity",
        f"{len(found)} of {counted(len(plateaus), 'load level')} {'was' if len(found) == 1 else 'were'} held too "
        f"briefly to tell whether the service was steady ({told}).",
        {"short steps": len(found), "steps": len(plateaus), "duration": min(s.duration for s in found)},
        f"{_HOLD}, and ten times as long as its slowest answers take.",
        test.name,
        periods=tuple(row for step in found for row in step.rows),
    )


def _too_short(step: Step, slo: Slo | None) -> str:
    """Say what a step is too short for: to see it steady, for its slowest answers, for the percentile asked."""
    q = max(slo.quantiles, default=0.95) if slo else 0.95
    if len(step.rows) < _WHOLE_PERIODS:
        return f"fewer than {_WHOLE_PERIODS} whole reporting periods"
    if step.good_share >= _SERVED and step.duration < _SETTLING * _percentile(step, 0.99):
        return f"less than {_SETTLING:.0f} times the P99"
    few = step.offered * step.duration < answers_needed(q)
    return f"fewer than the {answers_needed(q)} requests that P{100 * q:g} needs" if few else ""


def _held(step: Step) -> str:
    return f"{number(step.offered)} req/s for {step.duration:.0f} s"


def short_burst(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The load jumped up for less than two periods: what the service did then is averaged away."""
    spikes = _spikes(test) if test.start is not None else []  # else how long a period was is not known
    if not spikes:
        return
    first, _, before, peak = max(spikes, key=lambda spike: spike[3] / spike[2])
    begin = float(test.periods["start"].loc[first])
    yield Finding(
        "short_burst",
        "notes",
        "capacity",
        f"The load jumped from {number(before)} to {number(peak)} users/s or more at {begin:.0f} s, for less than "
        f"two reporting periods{f', and {len(spikes) - 1} more times' if len(spikes) > 1 else ''}: what the service "
        "did meanwhile is mixed with the time before and after.",
        {"spikes": len(spikes), "before": before, "rate": peak, "start": begin},
        "Hold a burst for at least 30 s if it is what the service has to stand.",
        test.name,
        periods=tuple(row for one, other, _, _ in spikes for row in range(one, other + 1)),
    )


def interruption(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """For a while most requests failed at a load that was served before and after."""
    found = [
        (step, rows) for step in steps if step.kind == "plateau" and (rows := interrupted(test, step.rows))
    ]
    if not found:
        return
    step, rows = max(found, key=lambda pair: lacking(test)[pair[1]].max())
    periods = test.periods.loc[rows]
    begin, end = float(periods["start"].iloc[0]), float((periods["start"] + periods["span"]).iloc[-1])
    worst = float(lacking(test)[rows].max())
    others = f" So it was at {counted(len(found) - 1, 'other load')}." if len(found) > 1 else ""
    yield Finding(
        "interruption",
        "weakens",
        "capacity",
        f"Between {begin:.0f} and {end:.0f} s up to {percent(worst)} of the requests of a period went without a good "
        f"answer at {number(step.offered)} req/s, a load that was served before and after: an interruption (a restart, "
        f"a pause, the network), not the limit of the service.{others}",
        {"start": begin, "end": end, "share": worst, "offered": step.offered, "interruptions": len(found)},
        "Find out what happened at that time, and repeat the test; read no limit from these periods.",
        test.name,
        periods=tuple(row for _, hit in found for row in hit),
    )


def backlog_grew(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Requests piled up over a step, so that its response times depend on how long it lasted."""
    grown = [s for s in steps if s.kind == "plateau" and _piled_up(s) and not _cleared(test, s)]
    if not grown:
        return
    worst = max(grown, key=lambda s: s.backlog * s.offered * s.duration)
    left = worst.backlog * worst.offered * worst.duration
    yield Finding(
        "backlog_grew",
        "weakens",
        "response time",
        f"At {number(worst.offered)} req/s offered, {counted(left, 'request')} ({percent(worst.backlog)}) "
        f"piled up within {worst.duration:.0f} s: response times were still growing, so what is quoted for "
        f"{'this load depends' if len(grown) == 1 else f'these {len(grown)} load levels depend'} on how long "
        "it was held.",
        {"backlog": left, "share": worst.backlog, "offered": worst.offered, "duration": worst.duration},
        "Quote response times of loads without a growing backlog only.",
        test.name,
        periods=tuple(row for step in grown for row in step.rows),
    )


def _sent(test: LoadTest) -> pd.Series:
    """Return the requests sent per period, where they are not counted the virtual users started."""
    requests = test.periods["requests"]
    return (requests if requests.notna().any() else test.periods["arrivals"]).fillna(0)


def _highest_offered(test: LoadTest, before: int) -> float | None:
    rows = [row for row in whole_periods(test) if row < before]
    rates = (test.periods["requests"] / test.periods["span"]).loc[rows].dropna()
    return float(rates.max()) if len(rates) else None


def _piled_up(step: Step) -> bool:
    """Whether more requests piled up over a step than it takes to fill the service.

    A queue that grows evenly ends with twice its mean; one that only fills up ends with its mean, Little's N.
    """
    left = step.backlog * step.offered * step.duration
    grew = len(step.rows) > 1 and step.backlog >= _GROWN and left >= _ENOUGH
    return grew and not left < _FILLED * step.concurrency


def _cleared(test: LoadTest, step: Step) -> bool:
    """Whether what was in flight at a step's end went down under a load no lower, as no overload would."""
    following = step.rows[-1] + 1
    if following not in test.periods.index:
        return False
    load = test.periods["requests"] / test.periods["span"]
    return bool(
        load[following] >= step.offered and test.in_flight[following] < test.in_flight[step.rows[-1]] / 2
    )


def _spikes(test: LoadTest) -> list[tuple[int, int, float, float]]:
    """Return (first row, last row, users/s around, highest users/s) of short jumps between two lower loads.

    A period that the jump only touches belongs to it: the load around is that of periods level with the next.
    """
    spans = test.periods["span"]
    usable = [int(row) for row in test.periods.index[spans >= 0.5 * spans.median()]]
    rates = (test.periods["arrivals"].fillna(0) / spans).loc[usable].to_numpy(float)
    span, found, after = float(spans.median()), [], 0
    for i, length in product(range(1, len(rates) - 1), range(1, _SPIKE + 1)):
        j = i + length
        if i <= after or j >= len(rates):
            continue
        level = float(max(rates[i - 1], rates[j]))
        chance = _NOISE * math.sqrt((level + 1 / span) / span)
        climbing = (
            rates[i - 1] > _CLIMBING * rates[max(i - 2, 0)]
            or rates[j] > _CLIMBING * rates[min(j + 1, len(rates) - 1)]
        )
        if level > 0 and not climbing and bool(np.all(rates[i:j] >= max(_JUMP * level, level + chance))):
            found.append((usable[i], usable[j - 1], level, float(rates[i:j].max())))
            after = j - 1
    return found


def _percentile(step: Step, q: float) -> float:
    """Return a percentile of a step's good answers, NaN without any. [s]"""
    value = step.quantiles[q].value if q in step.quantiles else None
    return math.nan if value is None else value


CHECKS = (burst, short_steps, short_burst, interruption, backlog_grew)
"""Checks of one test's load; besides, `generator_exhausted` holds for any test."""
