"""May the service be given the load expected of it: every gate, and the verdict they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from capacity.display import result_html
from capacity.estimate import Estimate, number
from capacity.planning.readiness import gates, operation
from capacity.planning.readiness.attestations import not_stated, stated, unspoken
from capacity.planning.readiness.gates import Gate, grouped
from capacity.planning.readiness.known import Known
from capacity.wording import listed, sentence

if TYPE_CHECKING:
    import pandas as pd

_JUDGES = {
    "evidence": gates.evidence,
    "capacity": gates.capacity,
    "demand": gates.demand,
    "fleet": gates.fleet,
    "overload": gates.overload,
    "recovery": gates.recovery,
    "metastable margin": gates.metastable,
    "availability": operation.availability,
    "capacity while deploying": operation.deployment,
    "capacity with cold caches": operation.cold_caches,
}
_COLUMNS = ["gate", "status", "requirement", "found", "evidence", "remedy", "lever"]
_SHOWN = ["gate", "status", "found", "requirement", "remedy"]
_FOLLOW = ("fleet", "metastable margin")  # from a demand and a capacity, whatever the plan says
VerdictStatus = Literal["READY", "READY UP TO", "NOT READY", "INSUFFICIENT EVIDENCE"]


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
    not_asked : tuple of str
        Gates that the plan says nothing about.
    fleet : bool
        Whether the load is that of today's fleet under the policy; else of what was tested, with nothing lost.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.verdict)
    NOT READY
    >>> [gate.name for gate in study.verdict.failed][:3]
    ['demand', 'fleet', 'overload']
    """

    status: VerdictStatus
    load: Estimate | None
    gates: tuple[Gate, ...]
    not_asked: tuple[str, ...] = ()
    fleet: bool = True

    @property
    def ready(self) -> bool:
        """Whether the status is READY."""
        return self.status == "READY"

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        if self.status == "READY UP TO" and self.load is not None:
            return f"READY UP TO {number(self.load.low)} req/s{'' if self.fleet else ', as tested'}"
        return self.status

    @property
    def tone(self) -> str:
        """How to show it: good when ready, bad when not, else neutral."""
        return {"READY": "good", "NOT READY": "bad"}.get(self.status, "neutral")

    @property
    def reason(self) -> str:
        """Which of the gates stand in the way, in a sentence."""
        standing = [gate for gate in self.failed if gate.needed]
        if not standing:
            return f"All {len(self.gates)} gates asked for are passed."
        told = [
            f"{len(names)} {word}: {listed(names)}"
            for status, word in (("fail", "not passed"), ("unknown", "not known"))
            if (names := [gate.name for gate in standing if gate.status == status])
        ]
        return f"Of {len(self.gates)} gates {'; '.join(told)}."

    @property
    def failed(self) -> tuple[Gate, ...]:
        """Gates that did not pass: failures before unknowns, and what is needed before what is advised."""
        order = ((status, needed) for needed in (True, False) for status in ("fail", "unknown"))
        return tuple(g for way in order for g in self.gates if (g.status, g.needed) == way)

    @property
    def text(self) -> str:
        """The verdict, what stands in its way and what to do about it."""
        passed = [gate.name for gate in self.gates if gate.status == "pass"]
        return " ".join(
            [
                f"{self.headline}.",
                *(_failure(gate) for gate in self.failed if gate.status == "fail"),
                *_unknowns([gate for gate in self.failed if gate.status == "unknown"]),
                *([f"Passed: {', '.join(passed)}."] if passed else []),
                *self._not_asked_text(),
            ]
        )

    def _not_asked_text(self) -> list[str]:
        if not self.not_asked:
            return []
        return [f"Not asked, because the plan says nothing about it: {', '.join(self.not_asked)}."]

    def to_frame(self, *names: str) -> pd.DataFrame:
        """One row a gate, of all or of those named: requirement, found, evidence (and how firm), remedy, lever."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "gate": gate.name,
                    "status": gate.status if gate.needed else f"{gate.status}, advice",
                    "requirement": gate.requirement,
                    "found": gate.measured,
                    "evidence": f"{gate.evidence} ({gate.provenance})".strip(),
                    "remedy": gate.remedy,
                    "lever": gate.lever,
                }
                for gate in self.gates
                if not names or gate.name in names
            ],
            columns=_COLUMNS,
        )

    def __str__(self) -> str:
        return self.headline

    def _repr_html_(self) -> str:
        told = " ".join([self.reason, *self._not_asked_text()])
        return result_html(self.to_frame()[_SHOWN], f"Gates: {self.headline}", told)


def assess(known: Known) -> Verdict:
    """Decide whether the service may be given the load expected of it.

    Which gates count depends on how critical the service is, its tier. *Needed*: failing it means NOT READY,
    not knowing it READY UP TO a load at most. *Advice*: shown, without effect on the verdict. *Not asked*:
    named in one sentence.

    ============================================= ================== ==================== ====================
    gate                                          tier 1             tier 2               tier 3
    ============================================= ================== ==================== ====================
    evidence, capacity, demand, fleet             needed             needed               needed
    overload, recovery                            needed             needed               advice
    metastable margin (with a demand)             needed             needed               advice
    availability, objective and causes stated     needed             needed               needed
    availability, no cause of downtime stated     unknown, needed    unknown, advice      unknown, advice
    availability, no objective                    unknown, needed    not asked            not asked
    capacity while deploying, with cold caches    needed             needed               advice
    the same where nothing is stated of it        unknown, needed    not asked            not asked
    stated by somebody (`attestations`)           needed             needed               needed
    usual, not stated, though others are          unknown, needed    unknown, advice      not asked
    usual, not stated, and no other is            unknown, needed    not asked            not asked
    ============================================= ================== ==================== ====================

    Parameters
    ----------
    known : Known
        What the tests proved, what is asked, and what the plan states.

    Returns
    -------
    Verdict
        INSUFFICIENT EVIDENCE when capacity is not bounded from below or its evidence is void; NOT READY when a
        needed gate fails; READY UP TO the low bound of what is safe when one is unknown; else READY.

    Notes
    -----
    The gates are never averaged into a score: one that is needed and fails is enough.

    References
    ----------
    .. [1] Beyer et al., Site Reliability Engineering, O'Reilly, 2016, ch. 27 and appendix E (launch checklist).

    Examples
    --------
    >>> from capacity.evidence.audit import Findings
    >>> from capacity.evidence.limits import find_limits
    >>> from capacity.evidence.resilience import assess_resilience
    >>> nothing = find_limits([], [])
    >>> print(assess(Known(nothing, Findings(), assess_resilience([], {}, nothing))))
    INSUFFICIENT EVIDENCE
    """
    judged = {name: judge(known) for name, judge in _JUDGES.items()}
    asked = [gate for gate in judged.values() if gate is not None]
    absent = not_stated(known)
    every = (*asked, *stated(known), *absent)
    status = _status(known, judged["evidence"], every)
    load = None if status == "INSUFFICIENT EVIDENCE" else known.load
    if status == "READY" and known.demand is not None:
        load = known.demand.peak
    silent = [name for name, gate in judged.items() if gate is None and name not in _FOLLOW]
    not_asked = (*silent, *(() if absent else unspoken(known)))
    return Verdict(status, load, every, not_asked, known.fleet is not None)


def _status(known: Known, evidence: Gate | None, gates: Iterable[Gate]) -> VerdictStatus:
    found, needed = known.slo_capacity, {gate.status for gate in gates if gate.needed}
    if (evidence and evidence.status == "fail") or found is None or not found.low > 0:
        return "INSUFFICIENT EVIDENCE"
    if known.capacity.status in ("at most", "not established"):
        return "INSUFFICIENT EVIDENCE"
    if "fail" in needed:
        return "NOT READY"
    return "READY UP TO" if "unknown" in needed else "READY"


def _failure(gate: Gate) -> str:
    fails = "fails" if gate.needed else "fails, which this tier takes as advice"
    return f"The gate {gate.name} {fails}: {gate.measured.rstrip('.')}. {sentence(gate.remedy)}".strip()


def _unknowns(gates: Sequence[Gate]) -> list[str]:
    """Say what is not known, gates with one remedy together."""
    remedies = dict.fromkeys(gate.remedy for gate in gates)
    return [_unknown([gate for gate in gates if gate.remedy == remedy], remedy) for remedy in remedies]


def _unknown(gates: Sequence[Gate], remedy: str) -> str:
    told = ", ".join(f"{names} ({found})" for names, found in grouped(gates))
    return f"Not known: {told}. {sentence(remedy)}".strip()
