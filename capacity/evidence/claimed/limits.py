"""Claims about limits: capacity, instances for a load, scaling, and what happens beyond."""

from __future__ import annotations

import math
from collections.abc import Sequence

from capacity.estimate import Estimate, number
from capacity.evidence.claimed.held import Evidence, names_of
from capacity.evidence.claimed.verdicts import (
    CONTRADICTED,
    NOT_SUPPORTED,
    SUPPORTED,
    Answer,
    Stated,
    decided,
    together,
    unproven,
    weighed,
)
from capacity.evidence.findings import Findings
from capacity.evidence.limits import Capacity, find_limits
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.operating import same_mix
from capacity.evidence.resilience import assess_resilience
from capacity.wording import counted, visible

_READ_HERE = ("never_saturated", "no_baseline", "mixes_differ")  # bounds are one-sided, mixes judged apart


def judge_capacity(stated: Stated, evidence: Evidence) -> Answer:
    """Answer a claim about what one deployment carries; runs with different mixes of requests apart."""
    groups = same_mix(evidence.tests_of(stated))
    return together([_of_group(stated, evidence, group) for group in groups], unanimous=False)


def _of_group(stated: Stated, evidence: Evidence, tests: Sequence[LoadTest]) -> Answer:
    known, names = _limits(evidence, tests), names_of(tests)
    within = stated.quantity.name == "slo_capacity"
    if within and evidence.slo is None:
        return unproven("The plan states no objectives, so there is no capacity within them.", names)
    estimate = known.slo.get("all") if within else known.saturation_throughput
    if estimate is None:
        return weighed(unproven(known.why, names), _found(evidence, tests))
    why = f"{estimate.method[:1].upper()}{estimate.method[1:]}." if within else known.why
    told = f"The {stated.quantity.words} is {estimate}. {why}"
    return weighed(decided(stated, estimate, told, names), _found(evidence, tests))


def judge_fleet(stated: Stated, evidence: Evidence) -> Answer:
    """Answer a claim about several instances: those a load needs, or how evenly they add up."""
    tests = [evidence.tests[stated.run]] if stated.run is not None else list(evidence.tests.values())
    sizes = dict.fromkeys(test.instances for test in tests)
    known = {n: _limits(evidence, [test for test in tests if test.instances == n]) for n in sizes}
    carried = {n: e for n, c in known.items() if (e := c.saturation_throughput) is not None}
    if not carried:
        return unproven(next((c.why for c in known.values()), "No test was run."), names_of(tests))
    rests_on = {point.step.test for c in known.values() for point in c.points}
    used = [t for t in tests if t.instances in carried and t.name in rests_on]
    answer = _instances if stated.quantity.name == "instances" else _efficiency
    return weighed(answer(stated, carried, names_of(used)), _found(evidence, used))


def _instances(stated: Stated, carried: dict[int, Estimate], names: str) -> Answer:
    """Bound what the claimed instances carry: as much as fewer did, and no more than as many times one alone."""
    n, load = stated.value, stated.load or math.inf
    least = max((e.low for k, e in carried.items() if k <= n), default=0.0)
    most = min((e.high * max(n / k, 1.0) for k, e in carried.items()), default=math.inf)
    method = f"capacity of {stated.quantity.write(n)}"
    bounds = Estimate.between(min(least, most), most, unit="req/s", method=method, provenance="measured")
    carries = SUPPORTED if least >= load else CONTRADICTED if most < load else NOT_SUPPORTED
    verdict = carries if stated.sense == "at most" else NOT_SUPPORTED  # would fewer do? no test says
    return Answer(verdict, f"{_measured(carried)} {_extrapolated(stated, carried, bounds)}", bounds, names)


def _measured(carried: dict[int, Estimate]) -> str:
    told = "; ".join(f"{counted(n, 'instance')} {e}" for n, e in sorted(carried.items()))
    return f"Measured were {told}."


def _extrapolated(stated: Stated, carried: dict[int, Estimate], bounds: Estimate) -> str:
    n = stated.quantity.write(stated.value)
    if stated.value in carried:
        return f"Claimed are {stated.load:g} req/s."
    best = f"at best {number(bounds.high)} req/s" if bounds.bounded else "an unknown rate"
    return (
        f"{n.capitalize()} were not tested; scaling without loss they would carry {best}, "
        f"against {stated.load:g} req/s claimed."
    )


def _efficiency(stated: Stated, carried: dict[int, Estimate], names: str) -> Answer:
    bounded = {n: e for n, e in sorted(carried.items()) if e.bounded and e.value}
    if len(bounded) < 2:
        reason = "How instances add up needs the saturation of at least two different numbers of them; tested to it: "
        return unproven(reason + (", ".join(map(str, bounded)) or "none") + ".", names)
    (few, one), *_, (many, all_) = bounded.items()
    estimate = Estimate(
        (all_.value or 0) * few / (many * (one.value or 1)),
        all_.low * few / (many * one.high),
        all_.high * few / (many * one.low),
        unit="",
        method=f"capacity per instance of {many} against {few}",
        provenance="measured",
    )
    return decided(stated, estimate, _measured(bounded), names)


def judge_overload(stated: Stated, evidence: Evidence) -> Answer:
    """Answer a claim about what happens beyond capacity and after it."""
    tests = evidence.tests_of(stated)
    known = evidence.resilience if stated.run is None else None
    known = known or assess_resilience(tests, evidence.steps, _limits(evidence, tests), evidence.slo)
    row = known.criteria.set_index("criterion").loc["recovery"]
    names = visible(row["test"]) if row["test"] else names_of(tests)
    if stated.quantity.name == "graceful_degradation":
        return _yes_no(stated, known.graceful, known.text, names, None)
    if stated.quantity.name == "recovers":
        came = {"pass": True, "fail": False}.get(str(row["status"]))
        reason = f"Required: {row['requirement']}; found: {row['measured']}."
        return _yes_no(stated, came, reason, names, known.recovery_time)
    if (time := known.recovery_time) is None:
        return unproven(f"No recovery was measured: {row['measured']}.", names)
    return decided(stated, time, f"The service was itself again after {time}.", names)


def _yes_no(stated: Stated, found: bool | None, reason: str, names: str, time: Estimate | None) -> Answer:
    if found is None:
        return Answer(NOT_SUPPORTED, reason, time, names)
    return Answer(SUPPORTED if found == bool(stated.value) else CONTRADICTED, reason, time, names)


def _limits(evidence: Evidence, tests: Sequence[LoadTest]) -> Capacity:
    """Return the capacity that some tests support: the one given where it rests on the same tests."""
    same = {t.name for t in evidence.tests.values() if t.instances == evidence.instances}
    if {test.name for test in tests} == same and evidence.capacity.points:
        return evidence.capacity
    return find_limits(tests, evidence.steps_of(tests), evidence.slo)


def _found(evidence: Evidence, tests: Sequence[LoadTest]) -> Findings:
    """Return the findings about the capacity of some tests; what voids it in one is healed by another that stands."""
    found = evidence.about("capacity", [test.name for test in tests], answered=_READ_HERE)
    void = {name for finding in found.of_severity("voids") for name in finding.test.split(", ")}
    return found if {test.name for test in tests} <= void else found.of_severity("weakens")
