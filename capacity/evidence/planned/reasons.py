"""Why the next test looks as it does: what is not known now, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from capacity.estimate import number
from capacity.evidence.findings import Finding, percent
from capacity.evidence.limits import Capacity
from capacity.evidence.objectives import Slo
from capacity.evidence.planned.known import Known
from capacity.evidence.planned.loads import WHOLE_PERIODS
from capacity.evidence.steps import Step
from capacity.wording import counted

if TYPE_CHECKING:
    from capacity.evidence.next_test import Held

_GENERATOR_SHARE = 0.8  # of the rate at which a generator failed, that each may be given

_ENOUGH = min(WHOLE_PERIODS.values())  # whole reporting periods that every load is held for
_TOO_SHORT = (
    f"The run was too short to show a steady state; each load is now held for {_ENOUGH} periods or more."
)
_REMEDIES = {
    "burst": _TOO_SHORT,
    "no_usable_step": _TOO_SHORT,
    "only_ramps": "The load was never held, so no percentile belongs to one load; it is now raised in steps.",
    "single_load": "Only one load was tested, which shows nothing of how response times grow with the load.",
    "few_samples": "Answers were too few to bound the percentiles; each load is now held until they suffice.",
    "backlog_grew": "Requests piled up while a load was held; each is now held until its queue has settled.",
    "users_dropped": "Users were dropped at the script's maximum of active users; the new phases set none.",
}


_STOP = (
    "Once two loads in a row are clearly not served (answers fail or fall behind), higher ones show nothing new: where "
    "overload does harm, delete them and play a shorter script, for Artillery writes its export only at the end."
)


def reasons(
    capacity: Capacity,
    known: Known,
    slo: Slo | None,
    findings: Sequence[Finding],
    steps: Sequence[Step],
    phases: Sequence[Held],
    longest: float,
) -> Iterator[str]:
    """Yield what is not known now, and what the next test does about it, in sentences."""
    yield _about_the_limit(capacity, known, phases)
    if slo is not None and known.bracket is not None:
        yield from _about_objectives(known, *known.bracket)
    if known.target > 0:
        where = "below" if known.target <= known.served else "above"
        yield f"The load wanted, {number(known.target)} req/s, is {where} the highest known to be served."
    codes = dict.fromkeys(finding.code for finding in findings)
    yield from dict.fromkeys(_REMEDIES[code] for code in codes if code in _REMEDIES)
    yield from _about_short(steps)
    yield from _about_the_generator(findings, phases)
    roles = {phase.role for phase in phases}
    if "baseline" in roles:
        yield "No low load was held long enough to show the response times without waiting; one is added."
    if "limit" in roles and capacity.status != "at most":
        yield _STOP
    if "overload" not in roles and capacity.status == "established":
        yield f"An overload is left out to keep the test within {longest / 60:g} minutes."


def _about_the_limit(capacity: Capacity, known: Known, phases: Sequence[Held]) -> str:
    top = max(phase.offered for phase in phases)
    if capacity.status == "at least":
        return (
            f"The service was never saturated: {number(known.served)} req/s were served and nothing above is known. "
            f"The load rises in steps to {number(top)} req/s."
        )
    if capacity.status == "at most":
        return (
            f"Every load tested was too much, from {number(known.refused)} req/s on: "
            "none shows what is served. The load begins low."
        )
    if capacity.status == "not established":
        return (
            f"Nothing is known of the limit. {capacity.why} The load rises from low to {number(top)} req/s."
        )
    return f"The saturation throughput is {capacity.saturation_throughput}."


def _about_objectives(known: Known, low: float, high: float) -> Iterator[str]:
    if math.isinf(high):
        kept = f"The objectives are kept up to {number(low)} req/s, and no load tested is known to miss them."
        yield kept if low > 0 else "No load tested is known to keep the objectives, or to miss them."
        return
    since = "are not known to be kept at any load" if low <= 0 else f"are kept at {number(low)} req/s"
    yield f"The objectives {since} and missed from {number(high)} req/s on: {percent(1 - low / high)} are open."
    if known.hopeless:
        yield "They are missed where hardly any request waits: no load will keep them before the service is faster."
    elif not known.crossings:
        yield "No model tells where between; the bracket is divided evenly."
    else:
        where = (
            "; the loads lie around it"
            if known.predicted
            else ", outside of that: the bracket is divided evenly"
        )
        yield f"The model puts the crossing at {known.crossings[1]}{where}."


def _about_short(steps: Sequence[Step]) -> Iterator[str]:
    held = [step for step in steps if step.kind == "plateau"]
    short = [step for step in held if len(step.rows) < _ENOUGH]
    if short:
        yield (
            f"{len(short)} of {counted(len(held), 'load')} held so far lasted fewer than {_ENOUGH} whole reporting "
            "periods, which leaves their percentiles wide; each is now held for more."
        )


def _about_the_generator(findings: Sequence[Finding], phases: Sequence[Held]) -> Iterator[str]:
    failed = [f for f in findings if f.code == "generator_exhausted"]
    if not failed:
        return
    top = max(phase.offered for phase in phases)
    sent = [float(f.evidence["offered before"]) for f in failed if f.evidence.get("offered before")]
    machines = max(math.ceil(top / (_GENERATOR_SHARE * max(sent))), 2) if sent else 2
    yield (
        f"The load generator failed before the service did: play the script from {machines} machines or more, each "
        "with its share of the arrival rates, or let users share connections (http.pool)."
    )
