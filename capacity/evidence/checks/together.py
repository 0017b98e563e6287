"""What several runs show together: whether their loads enclose a limit, and whether they ask for the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from capacity.estimate import number
from capacity.evidence.balance import ENOUGH
from capacity.evidence.findings import Finding, named, percent
from capacity.evidence.limits import Capacity, Slo, find_limits
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.operating import same_mix
from capacity.evidence.steps import Step

_BURST = 30.0  # shortest run that holds two whole periods [s]
_VARIED = 1.5  # ratio of the highest to the lowest load from which a test has more than one
_FAR = 2.0  # ratio of the lowest load too much to the highest served from which overload begins anywhere
_HOLD = "Hold each load level for at least 60 s"

Steps = Mapping[str, Sequence[Step]]


def limit_not_enclosed(tests: Sequence[LoadTest], steps: Steps, slo: Slo | None) -> Iterator[Finding]:
    """No load reached the limit, or none stayed below it, or none was held, or none came near it."""
    known = find_limits(tests, _all_steps(tests, steps), slo)
    levels = known.judged["offered"]
    if known.status == "at least":
        remedy = "Raise the load until answers fail."
        yield _one_sided("never_saturated", known, tests, float(levels.max()), remedy)
    if known.status == "at most":
        remedy = "Start at a load that is surely served."
        yield _one_sided("no_baseline", known, tests, float(levels.min()), remedy)
    if known.status == "not established" and not all(test.duration < _BURST for test in tests):
        remedy = f"{_HOLD}, with at least {ENOUGH} requests each."
        evidence = {
            "steps": len(levels),
            "requests": sum(float(t.totals.get("requests") or 0) for t in tests),
        }
        yield Finding("no_usable_step", "voids", "capacity", known.why, evidence, remedy, _names(tests))
    if known.status == "established":
        yield from _coarse_levels(known, tests)


def _coarse_levels(known: Capacity, tests: Sequence[LoadTest]) -> Iterator[Finding]:
    """The highest load served and the lowest that was too much are far apart."""
    beyond = min((p.load for p in known.points if p.state == "saturated"), default=0.0)
    served = max((p.load for p in known.points if p.state == "healthy" and p.load < beyond), default=0.0)
    if not served or beyond < _VARIED * served:
        return
    yield Finding(
        "coarse_levels",
        "weakens" if beyond >= _FAR * served else "notes",
        "capacity",
        f"Between {number(served)} req/s, which were served, and {number(beyond)} req/s, which were too much, no "
        "load was tested: where overload begins, and what the service does just below, is not known.",
        {"served": served, "too much": beyond, "ratio": beyond / served},
        f"Test at least three load levels between {number(served)} and {number(beyond)} req/s, each for 60 s.",
        _names(tests),
    )


def single_load(tests: Sequence[LoadTest], steps: Steps, slo: Slo | None) -> Iterator[Finding]:
    """All tests ran at one rate."""
    found = _all_steps(tests, steps)
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
    found = _all_steps(tests, steps)
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


def mixes_differ(tests: Sequence[LoadTest], steps: Steps, slo: Slo | None) -> Iterator[Finding]:
    """Runs compared with each other ask for the endpoints in different shares."""
    first, *others = same_mix(tests) or [[]]
    for group in others:
        shares, there = _shares(first[0]), _shares(group[0])
        apart = shares.subtract(there, fill_value=0.0)
        far = apart.abs().sort_values(ascending=False).index[:3]
        told = [f"{named([e])} {_share(shares.get(e))} against {_share(there.get(e))}" for e in far]
        yield Finding(
            "mixes_differ",
            "weakens",
            "capacity",
            f"{named(t.name for t in first)} and {named(t.name for t in group)} do not ask for the same: "
            f"{named(told)} of the requests. What one carries is not what the other would, so they are judged apart.",
            {"difference": float(apart.abs().sum() / 2)} | {str(e): float(apart[e]) for e in far},
            "Repeat the runs with one mix of scenarios, production's.",
            _names([*first, *group]),
            endpoints=tuple(map(str, far)),
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


def _all_steps(tests: Sequence[LoadTest], steps: Steps) -> list[Step]:
    return [step for test in tests for step in steps.get(test.name, ())]


def _shares(test: LoadTest) -> pd.Series:
    requests = test.endpoints["requests"]
    return requests / requests.sum()


def _share(share: float | None) -> str:
    return percent(share) if share else "none"


def _one_sided(code: str, known: Capacity, tests: Sequence[LoadTest], load: float, remedy: str) -> Finding:
    goodput = known.judged.loc[known.judged["offered"] == load, "goodput"].max()
    evidence = {"offered": load, "goodput": goodput}
    return Finding(code, "weakens", "capacity", known.why, evidence, remedy, _names(tests))


def _names(tests: Sequence[LoadTest]) -> str:
    return ", ".join(test.name for test in tests)


CHECKS_TOGETHER = (limit_not_enclosed, single_load, only_ramps)
"""Checks of the load of several tests of one deployment."""

CHECKS_OF_ALL = (mixes_differ, evenly_spaced_arrivals)
"""Checks of all tests, whatever deployment they were of."""
