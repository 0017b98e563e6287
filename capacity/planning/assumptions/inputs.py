"""One input of the plan at a time: what it is, what stands in its place, and what of it decides."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from capacity.errors import CapacityError
from capacity.estimate import Provenance, number
from capacity.planning.assumptions.answers import MUCH, Answer, Basis, Sizing, Trial, last_the_same, tried
from capacity.shown import Shown
from capacity.wording import counted

Effect = Literal["changes", "moves", "little", "none", "unknown"]


@dataclass(frozen=True)
class Assumption(Shown):
    """One thing the answer rests on that no test measured.

    Parameters
    ----------
    group : str
        What it is about.
    name, key : str
        In plain words, and the key of the plan file that states it; empty where none does.
    value : str
        As it stands, with its unit.
    provenance : {"measured", "config", "vendor", "survey", "assumed"}
        "config" where the plan states it, "assumed" where it is a default or a belief.
    low, high : Trial or None
        What became of the answer at either end; None where nothing stands there.
    effect : {"changes", "moves", "little", "none", "unknown"}
        Whether the answer changes, moves without changing, moves little, cannot move, or was not computed.
    verdict : str
        The same in words.
    size : float
        How far the answer moves, within its effect. [1]

    Examples
    --------
    >>> trial = Trial("2 instances", "4 instances", instances=4)
    >>> print(Assumption("policy", "instances that may be lost", "policy.spare_instances", "1 instance", "config",
    ...                  None, trial, "changes", "changes the answer"))
    instances that may be lost (policy.spare_instances), 1 instance: changes the answer; 4 instances at 2 instances
    """

    group: str
    name: str
    key: str
    value: str
    provenance: Provenance
    low: Trial | None
    high: Trial | None
    effect: Effect
    verdict: str
    size: float = 0.0

    @property
    def told(self) -> str:
        """What becomes of the answer, shorter than in a table: until when it stays, else what it is at the ends."""
        _, _, until = self.verdict.partition("; ")
        ends = [f"{trial.short} at {trial.value}" for trial in (self.low, self.high) if trial is not None]
        return until or ", ".join(ends)

    @property
    def text(self) -> str:
        """What it is, what it stands at, and what becomes of the answer."""
        told = [self.told] if self.told and self.told not in self.verdict else []
        return f"{self.title}, {self.value}: {'; '.join([self.verdict, *told])}"

    @property
    def title(self) -> str:
        """Its name, with the key of the plan file."""
        return f"{self.name} ({self.key})" if self.key else self.name


@dataclass(frozen=True, eq=False)
class Input:
    """A number that can be replaced, and the values tried in its place.

    Parameters
    ----------
    group, name, key, value, provenance
        As of `Assumption`.
    at : callable or None
        What the answer is computed from when the number has a value; None: it cannot be replaced.
    ends : pair of float or None
        Values tried below and above.
    now : float or None
        The number as it stands, where values between it and the ends may be tried, too.
    write : callable
        Writes a value with its unit.
    idle : str
        Why it cannot act, where nothing moves.
    """

    group: str
    name: str
    key: str
    value: str
    provenance: Provenance
    at: Callable[[float], Basis] | None = None
    ends: tuple[float | None, float | None] = (None, None)
    now: float | None = None
    write: Callable[[float], str] = number
    idle: str = ""

    def judged(self, sizing: Sizing, base: Answer) -> Assumption:
        """Try the ends, and say what becomes of the answer."""
        at = self.at
        if at is None:
            return self._as("none", f"cannot act here: {self.idle}")

        def ask(value: float) -> Answer:
            return sizing.answer(at(value))

        trials = [None if end is None else tried(self.write(end), ask, end) for end in self.ends]
        low, high = (trial[0] if trial else None for trial in trials)
        known = [
            (end, trial[1])
            for end, trial in zip(self.ends, trials, strict=True)
            if end is not None and trial is not None and trial[1] is not None
        ]
        if not known:
            return self._as(
                "unknown", "not computed" if low or high else "not computed: there is no half of 0", low, high
            )
        size = max(base.away(found) for _, found in known)
        if all(found == base for _, found in known):  # nothing it was judged by moved either
            return self._as("none", f"cannot act here: {self.idle or _idle(base)}", low, high)
        others = [end for end, found in known if base.differs(found)]
        if not others:
            small = max(size, max(abs((f.missed or 0) - (base.missed or 0)) for _, f in known))
            return self._as("little", _little(base), low, high, small)
        return self._as("changes", f"changes the answer{self._until(ask, base, others)}", low, high, size)

    def unjudged(self, why: str) -> Assumption:
        """List it without effect."""
        return self._as("unknown", f"not computed: {why}")

    def _until(self, ask: Callable[[float], Answer], base: Answer, others: list[float]) -> str:
        """Say between which values the answer stays."""
        if self.now is None:
            return ""
        bounds = {}
        for end in others:
            try:
                found = last_the_same(ask, base, self.now, end)
            except CapacityError:  # what stands between cannot be computed
                return ""
            bounds["from" if end < self.now else "up to"] = self.write(_inward(found, end > self.now))
        if base.missed is not None and base.instances is None:
            stays = f"no fleet of up to {counted(base.most, 'instance')} is enough"
        else:
            stays = counted(base.size, "instance") if base.instances else f"it stays within {MUCH:.0%}"
        return f"; {stays} {_interval(bounds)}"

    def _as(
        self,
        effect: Effect,
        verdict: str,
        low: Trial | None = None,
        high: Trial | None = None,
        size: float = 0.0,
    ) -> Assumption:
        named = (self.group, self.name, self.key, self.value, self.provenance)
        return Assumption(*named, low, high, effect, verdict, size)


def _little(base: Answer) -> str:
    if base.missed is not None and base.instances is None:
        return f"moves it, but no fleet of up to {counted(base.most, 'instance')} is enough either way"
    return "moves it little"


def _idle(base: Answer) -> str:
    if not base.load > 0:
        return f"{counted(base.size, 'instance')} may be given nothing, whatever it is"
    return f"what {counted(base.size, 'instance')} may be given does not depend on it"


def _inward(value: float, above: bool) -> float:
    """Round to three digits towards the value as it stands, so that what is told still holds."""
    if value == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return float((math.floor if above else math.ceil)(value / step) * step)


def _interval(bounds: dict[str, str]) -> str:
    """Write one bound or both; a unit they share once."""
    low, high = bounds.get("from"), bounds.get("up to")
    if low is not None and high is not None:
        number, _, unit = low.partition(" ")
        return f"from {number if high.endswith(f' {unit}') else low} up to {high}"
    return " ".join(f"{side} {value}" for side, value in bounds.items())
