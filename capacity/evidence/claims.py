"""Claims held against the evidence: supported, contradicted, or not supported by it.

What can be claimed, in which unit and sense, is the table of `capacity.evidence.quantities`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from capacity.estimate import Estimate
from capacity.evidence.claimed import errors, limits, rates, times
from capacity.evidence.claimed.held import Evidence
from capacity.evidence.claimed.verdicts import (
    CONTRADICTED,
    NOT_SUPPORTED,
    SUPPORTED,
    Answer,
    Claim,
    Stated,
    Verdict,
    unproven,
    written,
)
from capacity.evidence.findings import Findings
from capacity.evidence.limits import Capacity
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.objectives import Slo
from capacity.evidence.resilience import Resilience
from capacity.evidence.steps import Step
from capacity.fields import did_you_mean
from capacity.shown import Shown
from capacity.wording import counted, paragraphs, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Claim", "Judgement", "Judgements", "Verdict", "judge"]

_JUDGES = {
    "response time": times.judge,
    "error rate": errors.judge,
    "availability": errors.judge,
    "rate": rates.judge,
    "capacity": limits.judge_capacity,
    "fleet": limits.judge_fleet,
    "overload": limits.judge_overload,
}


@dataclass(frozen=True)
class Judgement(Shown):
    """A claim and what the evidence says of it.

    Parameters
    ----------
    claim : Stated
        The claim, in seconds, fractions and requests per second; `words` says it.
    verdict : {"supported", "contradicted", "not supported by this evidence"}
        Whether the data show the claim, show its contrary, or neither.
    reason : str
        Why, in complete sentences.
    supported : Estimate or None
        The number that the data do support. [unit of the claim]
    test : str
        Tests it rests on, joined by commas.
    periods : tuple of int
        Rows of `LoadTest.periods` it rests on; empty where it is the whole test, or several. [rows]
    findings : tuple of str
        Codes of the findings that bear on it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> first = study.claims.items[0]
    >>> print(first.claim.words, "-", first.verdict)
    P95 at most 500 ms at 250 req/s - supported
    """

    claim: Stated
    verdict: Verdict
    reason: str
    supported: Estimate | None
    test: str
    periods: tuple[int, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The number that the data do support, in the unit of the claim; empty where there is none."""
        if self.supported is None:
            return ""
        same_unit = self.claim.quantity.unit not in ("yes/no", "instances")
        return written(self.claim.quantity, self.supported) if same_unit else str(self.supported)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; the value claimed in seconds, fractions, requests per second."""
        stated = self.claim
        names = ("sense", "value", "load", "endpoint", "run")
        return {
            "claim": stated.words,
            "quantity": stated.quantity.name,
            **{name: getattr(stated, name) for name in names},
            "verdict": self.verdict,
            "reason": self.reason,
            "supported": None if self.supported is None else self.supported.to_dict(),
            "test": self.test,
            "periods": list(self.periods),
            "findings": list(self.findings),
        }

    def __str__(self) -> str:
        words = self.claim.words
        return f"{words[:1].upper()}{words[1:]}: {self.verdict}. {self.reason}"


@dataclass(frozen=True)
class Judgements(Shown, Sequence[Judgement]):
    """Every claim of a plan with its verdict, in the order of the plan.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> [item.verdict for item in study.claims]
    ['supported', 'contradicted', 'contradicted', 'not supported by this evidence']
    """

    items: tuple[Judgement, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Judgement]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> Judgement: ...
    @overload
    def __getitem__(self, index: slice) -> Judgements: ...
    def __getitem__(self, index: int | slice) -> Judgement | Judgements:
        return Judgements(self.items[index]) if isinstance(index, slice) else self.items[index]

    def of(self, verdict: Verdict) -> Judgements:
        """Return the claims with one verdict."""
        return Judgements(tuple(j for j in self if j.verdict == verdict))

    @property
    def text(self) -> str:
        """How many claims stand, and each with its reason, in sentences."""
        if not self.items:
            return "Nothing was claimed."
        numbers = [len(self.of(verdict)) for verdict in (SUPPORTED, CONTRADICTED, NOT_SUPPORTED)]
        head = f"Of {counted(len(self), 'claim')} {numbers[0]:,} supported, {numbers[1]:,} contradicted, "
        return paragraphs(f"{head}{numbers[2]:,} not supported by this evidence.", *map(str, self))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a claim."""
        import pandas as pd

        columns = ["claim", "verdict", "reason", "supported", "test", "periods", "findings"]
        rows = [[j.claim.words, *(getattr(j, name) for name in columns[1:])] for j in self]
        return pd.DataFrame(rows, columns=columns)

    def _repr_html_(self) -> str:
        from capacity.display import table

        shown = self.to_frame()[["claim", "verdict", "supported", "reason"]]
        shown["supported"] = [j.number for j in self]
        return table(shown, "What was claimed, and what the tests say of it")._repr_html_()


def judge(
    claims: Iterable[Claim],
    *,
    tests: Sequence[LoadTest],
    steps: Mapping[str, Sequence[Step]],
    capacity: Capacity,
    findings: Findings,
    slo: Slo | None = None,
    resilience: Resilience | None = None,
) -> Judgements:
    """Return what the evidence says of each claim.

    An interval wholly on the right side of the value claimed supports it, one wholly on the wrong side contradicts
    it, any other leaves it open. A finding that voids what is claimed leaves a claim unsupported that its numbers
    would support; one that weakens it is named.

    Parameters
    ----------
    claims : iterable of Claim
        Anything with the attributes quantity, value, load, endpoint, run, sense and tolerance.
    tests : sequence of LoadTest
        All runs.
    steps : mapping of str to sequence of Step
        Their steps, by the name of the test.
    capacity : Capacity
        What `limits.find_limits` found for the deployment that claims without a run are about.
    findings : Findings
        What `audit.audit` found.
    slo : Slo, optional
        Objectives.
    resilience : Resilience, optional
        What `resilience.assess_resilience` found for that deployment; assessed here where a claim needs it.

    Raises
    ------
    DomainError
        If a quantity or sense does not exist.

    Examples
    --------
    >>> from capacity.evidence.limits import find_limits
    >>> judge([], tests=[], steps={}, capacity=find_limits([], []), findings=Findings()).text
    'Nothing was claimed.'
    """
    evidence = Evidence({test.name: test for test in tests}, steps, capacity, findings, slo, resilience)
    return Judgements(tuple(_judgement(Stated.of(claim), evidence) for claim in claims))


def _judgement(stated: Stated, evidence: Evidence) -> Judgement:
    answer = _unknown(stated, evidence) or _JUDGES[stated.quantity.subject](stated, evidence)
    return Judgement(stated, **vars(answer))


def _unknown(stated: Stated, evidence: Evidence) -> Answer | None:
    """Answer a claim about a run or an endpoint that does not exist, naming the nearest."""
    if stated.run is not None and stated.run not in evidence.tests:
        near = did_you_mean(stated.run, evidence.tests)
        return unproven(f"There is no run {visible(stated.run)}{near or ' in the plan'}.")
    tests = evidence.tests_of(stated)
    if not tests:
        return unproven("There is no test to hold it against.")
    if stated.endpoint is None:
        return None
    endpoints = [str(name) for test in tests for name in test.endpoints.index]
    if stated.endpoint in endpoints:
        return None
    near = did_you_mean(stated.endpoint, endpoints)
    names = ", ".join(test.name for test in tests)
    return unproven(f"No endpoint of {visible(names)} is {visible(stated.endpoint)}{near}.", names)
