"""Conditions for giving a service its load: what each requires, what was found, and which lever would mend it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from capacity.estimate import Provenance
from capacity.planning.readiness.known import Known
from capacity.shown import Shown
from capacity.wording import counted, percent, visible

GateStatus = Literal["pass", "fail", "unknown"]

MEND = "mend the evidence first"
"""Remedy of every gate that rests on void evidence."""

_VOID = "the evidence for it is void"
_AT_ANY_LOAD = "find why an objective is missed already at the lowest load tested, mend that, and test again"
_OVERLOAD_TEST = "offer 1.5 times the capacity for 60 s, then a low load for 120 s"


@dataclass(frozen=True)
class Gate(Shown):
    """One condition for giving the service its load.

    Parameters
    ----------
    name : str
        What it is about.
    requirement, measured : str
        What must hold, and what was found.
    status : {"pass", "fail", "unknown"}
        Unknown when nothing was found.
    evidence : str
        What the finding rests on.
    remedy : str
        What to do when it does not pass, in plain words; empty when it does.
    lever : str
        Name in the catalogue of the work that would mend it; empty when it passes.
    provenance : {"measured", "config", "vendor", "survey", "assumed"}
        Of the least firm input; "config" for what somebody states.
    needed : bool
        Whether the tier makes the verdict depend on it; else it is advice.
    also : tuple of str
        Further work it takes.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> gate = study.verdict.gates[0]
    >>> gate.name, gate.status
    ('evidence', 'pass')
    """

    name: str
    requirement: str
    measured: str
    status: GateStatus
    evidence: str
    remedy: str
    lever: str = ""
    provenance: Provenance = "measured"
    needed: bool = True
    also: tuple[str, ...] = ()


def evidence(known: Known) -> Gate:
    """No finding voids what the tests say of capacity."""
    gate = Gate(
        "evidence",
        "no finding voids what the tests say of capacity",
        "nothing found voids it",
        "pass",
        "audit of the tests",
        "",
    )
    voiding = known.findings.voids("capacity")
    if not voiding:
        return gate
    measured, remedies = (
        " ".join(dict.fromkeys(getattr(finding, name) for finding in voiding))
        for name in ("message", "remedy")
    )
    return replace(gate, measured=measured, status="fail", remedy=remedies, lever="load_tests")


def capacity(known: Known) -> Gate:
    """The capacity is known at least from below."""
    found, status = known.slo_capacity, known.capacity.status
    gate = Gate(
        "capacity",
        "known at least from below",
        "nothing" if found is None else str(found),
        "unknown",
        known.capacity.why,
        "raise the load in steps, from one that is surely carried until an objective is missed",
        "load_tests",
    )
    if known.void:
        return replace(gate, measured=_VOID, remedy=MEND)
    if found is not None and found.low <= 0 < found.high < math.inf:
        return replace(gate, remedy=_AT_ANY_LOAD)
    if status in ("established", "at least") and found is not None and found.low > 0:
        return replace(gate, status="pass", remedy="", lever="")
    return gate


def demand(known: Known) -> Gate:
    """The peak stays within what is safe."""
    load, peak = known.load, known.demand.peak if known.demand else None
    gate = Gate(
        "demand",
        f"the peak exceeds the safe load with a probability of at most {percent(known.policy.risk)}",
        "",
        "unknown",
        "",
        "",
    )
    if peak is None:
        remedy = "give a traffic history under [demand], or the peak of today and its growth"
        return replace(gate, measured="no demand is known", remedy=remedy, lever="metrics")
    gate = replace(gate, evidence=peak.method, provenance=peak.provenance)
    if known.void:
        return _beyond(known, gate)
    if load is None or (load.value is None and not load.low > 0):
        measured = f"a peak of {peak}, and no capacity to hold it against"
        return replace(gate, measured=measured, remedy="establish the capacity first", lever="load_tests")
    missed = known.fleet.probability_missed_running if known.fleet else known.chance_above(load)
    measured = f"probability {chance(missed)}: a peak of {peak} against a safe load of {load}"
    return held(known, replace(gate, measured=measured), missed, "add instances or lower the load")


def fleet(known: Known) -> Gate | None:
    """As many instances run as the plan asks for; None without a fleet plan."""
    if known.fleet is None:
        return None
    running, wanted = known.fleet.instances_running, known.fleet.recommended
    found = f"{running} running, " + (
        "and no fleet is large enough" if wanted is None else f"{wanted} needed within the horizon"
    )
    requirement = "as many instances as the plan asks for"
    gate = Gate("fleet", requirement, found, "pass", "fleet plan", "", "", known.fleet.demand.peak.provenance)
    if wanted is None:
        remedy = "make instances carry more or get in each other's way less; more of them will not do"
        return _beyond(known, replace(gate, remedy=remedy))
    if running >= wanted:
        return gate
    remedy = f"add {counted(wanted - running, 'instance')} by the dates of the fleet plan"
    return _beyond(known, replace(gate, remedy=remedy, lever="horizontal_scaling"))


def overload(known: Known) -> Gate:
    """All measured criteria of graceful degradation are met."""
    criteria = known.resilience.criteria
    told = _of_criteria(known)
    gate = Gate(
        "overload",
        f"degrades gracefully beyond its capacity, by {len(criteria)} criteria",
        told,
        "unknown",
        ", ".join(dict.fromkeys(name for name in criteria["test"] if name)),
        _to_know(known),
        "load_tests",
        needed=known.tier < 3,
    )
    if known.resilience.graceful is None:
        return gate
    if known.resilience.graceful:
        return replace(gate, status="pass", remedy="", lever="")
    remedy = "refuse at once what is over a global limit, and bound the queue to what is answered in time"
    return replace(gate, status="fail", remedy=remedy, lever="rate_limit")


def recovery(known: Known) -> Gate:
    """The service is soon itself again after an overload."""
    criteria = known.resilience.criteria.set_index("criterion")
    row = criteria.loc["recovery"]
    status: GateStatus = row["status"]
    gate = Gate(
        "recovery", row["requirement"], row["measured"], status, row["test"], "", needed=known.tier < 3
    )
    if status == "fail":
        remedy = (
            "bound the queue and drop work nobody waits for any more, so that a spike ends with its cause"
        )
        return replace(gate, remedy=remedy, lever="rate_limit")
    return gate if status == "pass" else replace(gate, remedy=_to_know(known), lever="load_tests")


def metastable(known: Known) -> Gate | None:
    """Retries cannot hold an overload up after its cause is gone; None without a demand and a saturation."""
    safe = known.metastable_safe
    gate = Gate(
        "metastable margin",
        "the peak stays below the load at which retries can keep an overload alive, "
        f"but for a probability of at most {percent(known.policy.risk)}",
        "no demand is known" if safe is None else f"{safe} for today's fleet, and no demand is known",
        "unknown",
        "" if safe is None else safe.method,
        "give a traffic history under [demand], and establish the saturation throughput",
        "load_tests",
        needed=known.tier < 3,
    )
    if known.demand is None or safe is None:
        return gate if known.tier == 1 else None
    above, peak, attempts = known.chance_above(safe), known.demand.peak, known.amplification
    measured = f"probability {chance(above)}: a peak of {peak} against {safe}"
    measured += f", at up to {attempts:.3g} attempts a request"
    gate, budget = replace(gate, provenance=peak.provenance), known.policy.retry_budget
    if attempts <= 1 + budget:
        remedy = "refuse what is over a global limit, so that an overload ends with its cause"
        return held(known, replace(gate, measured=measured), above, remedy, "rate_limit")
    measured += f"; with a retry budget of {percent(budget)} against {known.metastable_at(1 + budget)}"
    remedy = f"give retries a budget of {percent(budget)} of the requests, or limit what is let in"
    return held(known, replace(gate, measured=measured), above, remedy, "retries")


def grouped(gates: Sequence[Gate]) -> list[tuple[str, str]]:
    """Return the names of gates together that found the same, and what they found."""
    names: dict[str, list[str]] = {}
    for gate in gates:
        names.setdefault(gate.measured.rstrip("."), []).append(gate.name)
    return [(", ".join(together), found) for found, together in names.items()]


def held(known: Known, gate: Gate, missed: float, remedy: str, lever: str = "horizontal_scaling") -> Gate:
    """Pass a gate if what it speaks of is missed in no more worlds than accepted."""
    if missed <= known.policy.risk and not known.void:
        return replace(gate, status="pass", remedy="", lever="")
    return _beyond(known, replace(gate, remedy=remedy, lever=lever))


def _beyond(known: Known, gate: Gate) -> Gate:
    """Fail a gate; but void evidence shows nothing, and beyond a bound from below nothing is known.

    Where not even that bound leaves anything that may be given, more capacity would not help: the gate fails.
    """
    if known.void:
        return replace(gate, measured=_VOID, status="unknown", remedy=MEND, lever="load_tests")
    found, load = known.slo_capacity, known.load
    if found is None or found.bounded or (load is not None and not load.high > 0):
        return replace(gate, status="fail")
    remedy = "test beyond the highest load so far: its limit was not reached"
    return replace(gate, status="unknown", remedy=remedy, lever="load_tests")


def _of_criteria(known: Known) -> str:
    """Write how many criteria of graceful degradation are met, and what was found of the others."""
    criteria = known.resilience.criteria
    if (criteria["status"] == "unknown").all() and criteria["measured"].nunique() == 1:
        return str(criteria["measured"].iloc[0])
    parts = [f"{(criteria['status'] == 'pass').sum()} of {len(criteria)} criteria met"]
    several = criteria.loc[criteria["test"] != "", "test"].nunique() > 1
    for status, word in (("fail", "not met"), ("unknown", "not known")):
        rows = criteria[criteria["status"] == status]
        told = [
            _criterion(row.criterion, row.measured, row.test if several else "") for row in rows.itertuples()
        ]
        parts += [f"{word}: {', '.join(told)}"] if told else []
    return "; ".join(parts)


def _criterion(name: str, measured: str, test: str) -> str:
    """Write a criterion with what was found; recovery is a gate of its own and tells it there."""
    if name == "recovery":
        return name
    return f"{name} in {visible(test)} ({measured})" if test else f"{name} ({measured})"


def _to_know(known: Known) -> str:
    """Return the test that would tell the criteria not known, and the objectives they lack."""
    criteria = known.resilience.criteria
    unknown = criteria[criteria["status"] == "unknown"]
    lacking = unknown["measured"].str.startswith("no objective")
    parts = [_OVERLOAD_TEST] if (~lacking).any() else []
    parts += ["give response-time objectives under [slo]"] if lacking.any() else []
    return "; ".join(parts)


def chance(share: float) -> str:
    """Write a probability that was counted in sampled worlds, which tell no difference below 0.1%.

    Examples
    --------
    >>> chance(0.885), chance(0.0), chance(1.0)
    ('88.5%', 'below 0.1%', 'above 99.9%')
    """
    if share < 0.001:
        return "below 0.1%"
    return "above 99.9%" if share > 0.999 else f"{share:.1%}"
