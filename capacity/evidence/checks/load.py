"""Was there load that shows a limit: enough, long enough, at several levels, and really sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from capacity.estimate import number
from capacity.evidence.findings import Finding, frequencies, named, percent
from capacity.evidence.limits import Capacity, Slo, find_limits
from capacity.evidence.loadtest import LoadTest, is_generator
from capacity.evidence.steps import Step, whole_periods
from capacity.wording import counted

_TRACE = 0.01  # share of the requests that the generator may fail to send before the load is not what it says
_BURST = 30.0  # shortest run that holds two whole periods [s]
_WHOLE_PERIODS = 3  # whole periods a plateau needs to show that it is steady
_VARIED = 1.5  # ratio of the highest to the lowest load from which a test has more than one
_GROWN = 0.02  # share of a step's requests left unanswered at its end
_FILLED = (
    1.5  # requests left over, in mean concurrencies, from which a queue grew rather than the service filled
)
_ENOUGH = 30  # requests that are more than chance
_HOLD = "Hold each load level for at least 60 s"

Steps = Mapping[str, Sequence[Step]]


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


def users_dropped(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Virtual users were not started because too many were active."""
    dropped = float(test.totals.get("dropped") or test.periods["dropped"].sum())
    if not dropped:
        return
    started = float(test.totals.get("arrivals") or test.periods["arrivals"].sum())
    share = dropped / (started + dropped)
    yield Finding(
        "users_dropped",
        "voids" if share >= _TRACE else "weakens",
        "offered load",
        f"{counted(dropped, 'virtual user')} of {started + dropped:,.0f} ({percent(share)}) never started, "
        "because the script's maximum of active users was reached: the load offered was lower than the "
        "script's.",
        {"share": share, "dropped": dropped, "arrivals": started},
        "Raise maxVusers or remove it, and quote the rate that was offered rather than the script's.",
        test.name,
        periods=tuple(test.periods.index[test.periods["dropped"] > 0]),
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
    short = [step for step in plateaus if len(step.rows) < _WHOLE_PERIODS]
    if not short or test.duration < _BURST:
        return
    yield Finding(
        "short_steps",
        "weakens" if 2 * len(short) > len(plateaus) else "notes",
        "capacity",
        f"{len(short)} of {counted(len(plateaus), 'load level')} lasted fewer than {_WHOLE_PERIODS} whole "
        f"reporting periods ({named(f'{number(s.offered)} req/s for {s.duration:.0f} s' for s in short)}): "
        "whether the service was steady there cannot be told.",
        {"short steps": len(short), "steps": len(plateaus), "duration": min(s.duration for s in short)},
        f"{_HOLD}.",
        test.name,
        periods=tuple(row for step in short for row in step.rows),
    )


def backlog_grew(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Requests piled up over a step, so that its response times depend on how long it lasted."""
    grown = [step for step in steps if step.kind == "plateau" and _piled_up(step)]
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


def never_saturated(tests: Sequence[LoadTest], steps: Steps, slo: Slo | None) -> Iterator[Finding]:
    """No load of several tests together reached the limit (or none stayed below it, or none was held)."""
    known = find_limits(tests, [step for test in tests for step in steps.get(test.name, ())], slo)
    levels = known.judged["offered"]
    if known.status == "at least":
        yield _one_sided(
            "never_saturated", known, tests, float(levels.max()), "Raise the load until answers fail."
        )
    if known.status == "at most":
        yield _one_sided(
            "no_baseline", known, tests, float(levels.min()), "Start at a load that is surely served."
        )
    if known.status == "not established" and not all(test.duration < _BURST for test in tests):
        remedy = f"{_HOLD}, with at least {_ENOUGH} requests each."
        yield Finding(
            "no_usable_step", "voids", "capacity", known.why, {"steps": len(levels)}, remedy, _names(tests)
        )


def single_load(tests: Sequence[LoadTest], steps: Steps, slo: Slo | None) -> Iterator[Finding]:
    """All tests ran at one rate."""
    found = [step for test in tests for step in steps.get(test.name, ())]
    rates = [step.offered for step in found if step.offered > 0]
    if not rates or any(s.kind == "ramp" for s in found) or max(rates) >= _VARIED * min(rates):
        return
    yield Finding(
        "single_load",
        "weakens",
        "capacity",
        f"Only one load was tested ({number(max(rates))} req/s): it can bound the capacity from one side at "
        "most, and shows nothing of how response times grow with the load.",
        {"offered": max(rates), "lowest": min(rates)},
        "Test at least five load levels, from a tenth of the expected capacity to beyond it.",
        _names(tests),
    )


def only_ramps(tests: Sequence[LoadTest], steps: Steps, slo: Slo | None) -> Iterator[Finding]:
    """The load moved all the time."""
    found = [step for test in tests for step in steps.get(test.name, ())]
    if not found or any(step.kind == "plateau" for step in found):
        return
    top = max(step.offered for step in found)
    yield Finding(
        "only_ramps",
        "weakens",
        "capacity",
        "The load was never held: on a ramp, answers lag behind the load, so the rate at which something "
        "happened is known only roughly and no percentile belongs to one load.",
        {"ramps": len(found), "offered": top},
        f"{_HOLD}, between or in place of the ramps.",
        _names(tests),
    )


def evenly_spaced_arrivals(tests: Sequence[LoadTest], steps: Steps, slo: Slo | None) -> Iterator[Finding]:
    """The generator spaces its arrivals evenly, as no real users do."""
    even = [test for test in tests if test.tool == "artillery" and test.periods["arrivals"].sum() > 0]
    if not even:
        return
    yield Finding(
        "evenly_spaced_arrivals",
        "notes",
        "response time",
        "Artillery starts its virtual users at even intervals; real users come in clusters. At the same mean "
        "rate production queues more, the more so the closer it is to saturation.",
        {"arrivals": float(sum(test.periods["arrivals"].sum() for test in even))},
        "Plan with response times corrected for irregular arrivals, not with those measured here.",
        _names(even),
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


def _one_sided(code: str, known: Capacity, tests: Sequence[LoadTest], load: float, remedy: str) -> Finding:
    goodput = known.judged.loc[known.judged["offered"] == load, "goodput"].max()
    evidence = {"offered": load, "goodput": goodput}
    return Finding(code, "weakens", "capacity", known.why, evidence, remedy, _names(tests))


def _names(tests: Sequence[LoadTest]) -> str:
    return ", ".join(test.name for test in tests)


CHECKS = (generator_exhausted, users_dropped, burst, short_steps, backlog_grew)
"""Checks of one test's load."""

CHECKS_TOGETHER = (never_saturated, single_load, only_ramps)
"""Checks of the load of several tests of one deployment."""
