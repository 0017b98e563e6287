"""May the service be given the load expected of it: gates, and the verdict they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError
from capacity.estimate import Estimate, number
from capacity.wording import counted, sentence

if TYPE_CHECKING:
    import pandas as pd

GateStatus = Literal["pass", "fail", "unknown"]
VerdictStatus = Literal["READY", "READY UP TO", "NOT READY", "INSUFFICIENT EVIDENCE"]
CapacityStatus = Literal["established", "at least", "at most", "not established"]


@dataclass(frozen=True)
class Gate:
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
        What to do when it does not pass; empty when it does.
    """

    name: str
    requirement: str
    measured: str
    status: GateStatus
    evidence: str
    remedy: str


@dataclass(frozen=True)
class Verdict:
    """Whether the service may be given the load expected of it.

    Parameters
    ----------
    status : {"READY", "READY UP TO", "NOT READY", "INSUFFICIENT EVIDENCE"}
        The answer.
    load : Estimate or None
        Up to which load, or which load it was judged for. [req/s]
    gates : tuple of Gate
        Every condition, passed or not; they are never averaged.
    """

    status: VerdictStatus
    load: Estimate | None
    gates: tuple[Gate, ...]

    @property
    def ready(self) -> bool:
        """Whether the status is READY."""
        return self.status == "READY"

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        if self.status == "READY UP TO" and self.load is not None:
            return f"READY UP TO {number(self.load.low)} req/s"
        return self.status

    @property
    def failed(self) -> tuple[Gate, ...]:
        """Gates that did not pass, failures before unknowns."""
        return tuple(gate for status in ("fail", "unknown") for gate in self.gates if gate.status == status)

    @property
    def text(self) -> str:
        """The verdict, what stands in its way and what to do about it."""
        passed = [gate.name for gate in self.gates if gate.status == "pass"]
        sentences = [f"{self.headline}."]
        sentences += [_open(gate) for gate in self.failed]
        if passed:
            sentences.append(f"Passed: {', '.join(passed)}.")
        return " ".join(sentences)

    def to_frame(self) -> pd.DataFrame:
        """One row a gate: name, status, requirement, measured, evidence, remedy."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "gate": gate.name,
                    "status": gate.status,
                    "requirement": gate.requirement,
                    "found": gate.measured,
                    "evidence": gate.evidence,
                    "remedy": gate.remedy,
                }
                for gate in self.gates
            ]
        )

    def __str__(self) -> str:
        return self.headline

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), f"Gates: {self.headline}", self.text)


def assess(
    *,
    capacity_status: CapacityStatus,
    capacity_why: str,
    slo_capacity: Estimate | None,
    peak_demand: Estimate | None,
    peaks: np.ndarray | None = None,
    graceful: bool | None,
    graceful_text: str = "",
    voiding: Sequence[str] = (),
    recommended: int | None = None,
    running: int | None = None,
    risk: float = 0.05,
    safe_load: Estimate | None = None,
    probability_missed: float | None = None,
) -> Verdict:
    """Decide whether the service may be given the load expected of it.

    Parameters
    ----------
    capacity_status, capacity_why : str
        What the tests establish about capacity, and why.
    slo_capacity : Estimate or None
        Rate within the objectives of what was tested. [req/s]
    peak_demand : Estimate or None
        Peak over the horizon; None when no demand is known. [req/s]
    peaks : ndarray, optional
        The same in sampled worlds. [req/s]
    graceful : bool or None
        Whether the service degrades gracefully beyond its capacity; None when no test went there.
    graceful_text : str
        What that rests on.
    voiding : sequence of str
        Findings that void the evidence for capacity.
    recommended, running : int, optional
        Instances needed and running. [instances]
    risk : float
        Accepted chance of missing the objectives at the peak. [fraction]
    safe_load : Estimate, optional
        What today's fleet may be given; the load the verdict speaks of. Without it: `slo_capacity`. [req/s]

    probability_missed : float, optional
        Chance that the peak exceeds `safe_load`, where the fleet plan has it; else it is sampled. [fraction]

    Returns
    -------
    Verdict
        INSUFFICIENT EVIDENCE when capacity is not bounded from below or its evidence is void; NOT READY
        when a gate fails; READY UP TO the low bound when only that is known, or no demand to hold it
        against; else READY.

    Raises
    ------
    DomainError
        If the risk is not a fraction.

    Examples
    --------
    >>> bound = Estimate.at_least(180.0, unit="req/s", method="never saturated", provenance="measured")
    >>> verdict = assess(capacity_status="at least", capacity_why="no test saturated", slo_capacity=bound,
    ...                  peak_demand=None, graceful=None)
    >>> print(verdict)
    READY UP TO 180 req/s
    """
    if not 0 < risk < 1:
        raise DomainError(f"risk {risk:g}; allowed: above 0 and below 1")
    load = safe_load if safe_load is not None else slo_capacity
    gates = (
        _evidence_gate(voiding),
        _capacity_gate(capacity_status, capacity_why, slo_capacity),
        _demand_gate(capacity_status, load, peak_demand, peaks, risk, probability_missed),
        *_fleet_gate(capacity_status, recommended, running, peak_demand),
        _graceful_gate(graceful, graceful_text),
    )
    status = _status(gates, capacity_status, slo_capacity, peak_demand)
    judged = peak_demand if status == "READY" else load
    return Verdict(status, None if status == "INSUFFICIENT EVIDENCE" else judged, gates)


def _status(
    gates: Sequence[Gate], capacity_status: CapacityStatus, capacity: Estimate | None, peak: Estimate | None
) -> VerdictStatus:
    by_name = {gate.name: gate.status for gate in gates}
    if by_name["evidence"] == "fail" or capacity is None or not capacity.low > 0:
        return "INSUFFICIENT EVIDENCE"
    if capacity_status in ("at most", "not established"):
        return "INSUFFICIENT EVIDENCE"
    if "fail" in by_name.values():
        return "NOT READY"
    return "READY UP TO" if peak is None or "unknown" in by_name.values() else "READY"


def _evidence_gate(voiding: Sequence[str]) -> Gate:
    gate = Gate(
        "evidence",
        "no finding voids what the tests say of capacity",
        "none does",
        "pass",
        "audit of the tests",
        "",
    )
    if not voiding:
        return gate
    remedy = "mend the test and run it again"
    return replace(gate, measured="; ".join(voiding), status="fail", remedy=remedy)


def _capacity_gate(status: CapacityStatus, why: str, capacity: Estimate | None) -> Gate:
    measured = "nothing" if capacity is None else str(capacity)
    known = status in ("established", "at least") and capacity is not None and capacity.low > 0
    remedy = "" if status == "established" else "raise the load in steps until the objective is missed"
    return Gate(
        "capacity", "known at least from below", measured, "pass" if known else "unknown", why, remedy
    )


def _demand_gate(
    capacity_status: CapacityStatus,
    load: Estimate | None,
    peak: Estimate | None,
    peaks: np.ndarray | None,
    risk: float,
    probability_missed: float | None,
) -> Gate:
    gate = Gate(
        "demand", f"the peak exceeds what is safe with probability {risk:.0%} at most", "", "unknown", "", ""
    )
    if peak is None:
        return replace(gate, measured="no demand is known", remedy="give a traffic history")
    if load is None or (load.value is None and not load.low > 0):
        remedy = "establish the capacity"
        return replace(gate, measured="no capacity to hold it against", evidence=str(peak), remedy=remedy)
    missed = _probability_missed(load, peak, peaks) if probability_missed is None else probability_missed
    measured = f"{missed:.1%} (peak {peak}, safe {load})"
    if missed <= risk:
        return replace(gate, measured=measured, status="pass", evidence=peak.method)
    status, remedy = _beyond(capacity_status, "add instances or capacity, or lower the load")
    return replace(gate, measured=measured, status=status, evidence=peak.method, remedy=remedy)


def _beyond(capacity_status: CapacityStatus, remedy: str) -> tuple[GateStatus, str]:
    """Beyond a bound from below nothing is known; beyond an established capacity the gate fails."""
    if capacity_status == "at least":
        return "unknown", "test beyond the highest load so far: its limit was not reached"
    return "fail", remedy


def _probability_missed(load: Estimate, peak: Estimate, peaks: np.ndarray | None) -> float:
    """Share of worlds in which the peak exceeds the load; an open bound stands for the load itself."""
    rng = np.random.default_rng(0)
    demand = peak.sample(rng, 4000) if peaks is None else np.asarray(peaks)
    carried = load.sample(rng, len(demand)) if load.bounded else np.full(len(demand), load.low)
    return float((demand > carried).mean())


def _fleet_gate(
    capacity_status: CapacityStatus, recommended: int | None, running: int | None, peak: Estimate | None
) -> tuple[Gate, ...]:
    if running is None or peak is None:
        return ()
    measured = f"{running} running, {recommended or 'more than any fleet'} needed within the horizon"
    gate = Gate("fleet", "as many instances as the plan asks for", measured, "pass", "fleet plan", "")
    if recommended is not None and running >= recommended:
        return (gate,)
    remedy = "see the fleet plan for what is needed"
    if recommended is not None:
        remedy = f"add {counted(recommended - running, 'instance')} by the dates of the fleet plan"
    status, remedy = _beyond(capacity_status, remedy)
    return (replace(gate, status=status, remedy=remedy),)


def _graceful_gate(graceful: bool | None, text: str) -> Gate:
    requirement = "graceful degradation beyond capacity"
    if graceful is None:
        remedy = "run a test well beyond capacity and back"
        return Gate("overload", requirement, "not tested", "unknown", text, remedy)
    if graceful:
        return Gate("overload", requirement, "graceful", "pass", text, "")
    remedy = "shed load at a global limit and give retries a budget"
    return Gate("overload", requirement, "not graceful", "fail", text, remedy)


def _open(gate: Gate) -> str:
    state = "fails" if gate.status == "fail" else "is unknown"
    return f"The gate {gate.name} {state}: {gate.measured.rstrip('.')}. {sentence(gate.remedy)}".strip()
