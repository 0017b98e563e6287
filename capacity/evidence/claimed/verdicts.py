"""What a claim states, what can be answered to it, and how findings and several runs bear on the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.evidence.findings import Findings, named
from capacity.evidence.quantities import SENSES, TOLERANCE, Quantity, Sense, quantity
from capacity.shown import Shown
from capacity.wording import visible

if TYPE_CHECKING:
    from capacity.evidence.claimed.held import Seen

Verdict = Literal["supported", "contradicted", "not supported by this evidence"]
SUPPORTED: Verdict = "supported"
CONTRADICTED: Verdict = "contradicted"
NOT_SUPPORTED: Verdict = "not supported by this evidence"

_LONGEST = 100  # times as much data, beyond which more of the same is no advice


class Claim(Protocol):
    """A number somebody states about a service, as a plan file gives it."""

    @property
    def quantity(self) -> str:
        """Name from `quantities.QUANTITIES`."""

    @property
    def value(self) -> float:
        """In the unit of that table."""

    @property
    def load(self) -> float | None:
        """Offered rate the claim is about. [req/s]"""

    @property
    def endpoint(self) -> str | None:
        """Endpoint it is about, named as in the export."""

    @property
    def run(self) -> str | None:
        """Name of the test it was read from."""

    @property
    def sense(self) -> Sense | None:
        """``"at most"``, ``"at least"`` or ``"about"``; None: that of the quantity."""

    @property
    def tolerance(self) -> float | None:
        """How far "about" reaches. [fraction]"""


@dataclass(frozen=True)
class Stated(Shown):
    """A claim in our units: seconds, fractions, requests per second.

    Parameters
    ----------
    quantity : Quantity
        What is claimed. [`quantity.unit`]
    value : float
        How much. [unit of the quantity]
    sense : {"at most", "at least", "about"}
        On which side of the value the truth is claimed to lie.
    tolerance : float
        Of "about": how far off the truth may be. [fraction]
    load : float, optional
        At which rate. [req/s]
    endpoint, run : str, optional
        Of what it is claimed, where not of the whole service, or of one test alone.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.claims.items[0].claim.words)
    P95 at most 500 ms at 250 req/s
    """

    quantity: Quantity
    value: float
    sense: Sense
    tolerance: float = TOLERANCE
    load: float | None = None
    endpoint: str | None = None
    run: str | None = None

    @classmethod
    def of(cls, claim: Claim) -> Stated:
        """Read a claim.

        Raises
        ------
        DomainError
            If its quantity or sense does not exist, or a load is needed and not there.
        """
        about = quantity(claim.quantity)
        sense = claim.sense or about.sense
        if sense not in SENSES:
            raise DomainError(f"{sense!r} is no sense of a claim; allowed: {', '.join(SENSES)}")
        if about.load == "needed" and claim.load is None:
            raise DomainError(f"a claim of {about.name} has no load; give the rate that is carried [req/s]")
        tolerance = TOLERANCE if claim.tolerance is None else claim.tolerance
        value = float(claim.value) * about.scale
        return cls(about, value, sense, tolerance, claim.load, claim.endpoint, claim.run)

    def decide(self, low: float, high: float) -> Verdict:
        """Answer by an interval, as `value` is [its unit]: wholly on the right side, on the wrong one, or neither."""
        below, above = self.allowed
        if below <= low and high <= above:
            return SUPPORTED
        return CONTRADICTED if high < below or low > above else NOT_SUPPORTED

    @property
    def allowed(self) -> tuple[float, float]:
        """Values for which the claim is true."""
        reach = self.tolerance * abs(self.value)
        if self.sense == "about":
            return self.value - reach, self.value + reach
        return (-math.inf, self.value) if self.sense == "at most" else (self.value, math.inf)

    @property
    def words(self) -> str:
        """The claim in words, with control characters removed from what came from outside."""
        whose = f" of {visible(self.endpoint)}" if self.endpoint else ""
        where = f" ({visible(self.run)})" if self.run else ""
        value = self.quantity.write(self.value)
        if self.quantity.name == "instances" and self.load is not None:
            return f"{value} for {self.load:g} req/s{where}"
        said = f": {value}" if self.quantity.unit == "yes/no" else f"{whose} {self.sense} {value}"
        return f"{self.quantity.words}{said}{f' at {self.load:g} req/s' if self.load else ''}{where}"


@dataclass(frozen=True)
class Answer:
    """A verdict with its reason; the fields are those of `claims.Judgement`."""

    verdict: Verdict
    reason: str
    supported: Estimate | None = None
    test: str = ""
    periods: tuple[int, ...] = ()
    findings: tuple[str, ...] = ()


def unproven(reason: str, test: str = "", periods: tuple[int, ...] = ()) -> Answer:
    """Answer that nothing shows the claim or its contrary."""
    return Answer(NOT_SUPPORTED, reason, None, test, periods)


def decided(
    stated: Stated, estimate: Estimate, told: str, test: str, periods: tuple[int, ...] = ()
) -> Answer:
    """Answer by an interval: what was seen, and in which way it decides."""
    reason = f"{told} {reading(stated, estimate)}"
    return Answer(stated.decide(estimate.low, estimate.high), reason, estimate, test, periods)


def written(about: Quantity, seen: Estimate | Seen) -> str:
    """Write a number with its interval, in the unit of a quantity.

    Examples
    --------
    >>> from capacity.evidence.quantities import quantity
    >>> written(quantity("p95_ms"), Estimate(0.2, 0.1, 0.3, unit="s", method="", provenance="measured"))
    '200 ms (100 ms to 300 ms)'
    """
    value = "" if seen.value is None else about.write(seen.value)
    if seen.low == seen.high:
        return value
    top = 1.0 if about.unit == "fraction" else math.inf
    span = f"{about.write(seen.low)} to {about.write(seen.high)}"
    if seen.high >= top:
        span = f"at least {about.write(seen.low)}" if seen.low > 0 else "anything"
    elif seen.low <= 0:
        span = f"at most {about.write(seen.high)}"
    return f"{value} ({span})" if value else span


def weighed(answer: Answer, found: Findings) -> Answer:
    """Return an answer after the findings: what voids a claim unproves it, what weakens it is named as doubt."""
    void, doubts = found.of_severity("voids"), found.of_severity("weakens")
    verdict = NOT_SUPPORTED if void and answer.verdict == SUPPORTED else answer.verdict
    told = [f.message for f in (*void[:1], *doubts[:1])] if verdict != SUPPORTED else []
    if doubts and verdict == SUPPORTED:
        told = [f"There is doubt: {doubts[0].message}"]
    codes = tuple(dict.fromkeys((*answer.findings, *(f.code for f in found))))
    return replace(answer, verdict=verdict, reason=" ".join([answer.reason, *told]), findings=codes)


def together(answers: Sequence[Answer], *, unanimous: bool) -> Answer:
    """Return one answer for a claim that names no run, from those of several.

    Parameters
    ----------
    answers : sequence of Answer
        One for each run (or mix of requests), at least one.
    unanimous : bool
        Whether all must support the claim, rather than one that none contradicts.
    """
    if len(answers) == 1:
        return answers[0]
    by_verdict = {v: [a for a in answers if a.verdict == v] for v in (SUPPORTED, CONTRADICTED, NOT_SUPPORTED)}
    yes, no, open_ = by_verdict[SUPPORTED], by_verdict[CONTRADICTED], by_verdict[NOT_SUPPORTED]
    if no and not yes:
        return _counted(no[0], no)
    if yes and not no and not (unanimous and open_):
        return _counted(yes[0], yes)
    if not yes and not no:
        return _counted(open_[0], open_)
    told = [f"{verdict} by {named(a.test for a in found)}" for verdict, found in by_verdict.items() if found]
    told = [text.replace(" by this evidence by ", " by ") for text in told]
    reason = f"The claim names no run, and the runs differ: {'; '.join(told)}. State the run or the load it is about."
    details = " ".join(f"{visible(a.test)}: {a.reason}" for a in (*no[:1], *yes[:1]))
    codes = tuple(dict.fromkeys(code for a in answers for code in a.findings))
    return Answer(NOT_SUPPORTED, f"{reason} {details}", None, ", ".join(a.test for a in answers), (), codes)


def _counted(answer: Answer, alike: Sequence[Answer]) -> Answer:
    """Return the first of several like answers, naming the tests of the others."""
    if len(alike) == 1:
        return answer
    reason = f"{visible(answer.test)}: {answer.reason}"
    return replace(answer, reason=reason, test=", ".join(a.test for a in alike), periods=())


def reading(stated: Stated, estimate: Estimate) -> str:
    """Say in which way an interval decides a claim, or how much more data would."""
    value, verdict = stated.quantity.write(stated.value), stated.decide(estimate.low, estimate.high)
    if stated.sense == "about":
        value = f"{value} give or take {100 * stated.tolerance:g}%"
    what = "That" if estimate.low == estimate.high else f"The whole {100 * estimate.level:.0f}% interval"
    if verdict == SUPPORTED:
        return f"{what} agrees with {stated.sense} {value}."
    if verdict == CONTRADICTED:
        return f"{what} contradicts {stated.sense} {value}."
    times = _times_as_much(stated, estimate)
    more = "" if times is None else f"; a test about {times} times as long would decide"
    return f"That leaves {stated.sense} {value} open{more}."


def _times_as_much(stated: Stated, estimate: Estimate) -> int | None:
    """How much more data brings the interval to one side of what is claimed; intervals shrink with its root."""
    if estimate.value is None or not estimate.bounded:
        return None
    edges = [edge for edge in stated.allowed if estimate.low <= edge <= estimate.high]
    if not edges or any(edge == estimate.value for edge in edges):
        return None
    factor = max(
        ((estimate.high if edge > estimate.value else estimate.low) - estimate.value) ** 2
        / (edge - estimate.value) ** 2
        for edge in edges
    )
    times = math.ceil(factor) + 1
    return times if times <= _LONGEST else None
