"""What a plan leads to, in eight numbers, and what changes when it leads to others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from capacity.estimate import Estimate, money, number
from capacity.planning.readiness.gates import chance
from capacity.planning.what_if.knobs import Setting
from capacity.shown import Shown
from capacity.wording import counted, sentence

if TYPE_CHECKING:
    import pandas as pd

_NOTED = 0.005  # relative difference that is worth a word
_ROUND = 0.1  # relative difference from which on it is told in whole percent
_NOTHING = 1e-6  # difference that is none, in any unit
_LEAST_CHANCE = 0.001  # difference of two chances that sampled worlds can tell


class Quantity(NamedTuple):
    """What one of the eight is called: in a table, and in a sentence."""

    name: str
    title: str
    short: str


QUANTITIES = (
    Quantity("slo_capacity", "load within the objectives, of what was tested", "load within the objectives"),
    Quantity("promised", "load that may be promised, of the fleet", "promised load"),
    Quantity("metastable_safe", "metastable-safe load, of the fleet", "metastable-safe load"),
    Quantity("peak", "largest peak asked for", "largest peak"),
    Quantity("chance", "chance of missing the objectives at the peak", "chance of missing"),
    Quantity("fewest", "fewest instances needed", "instances needed"),
    Quantity("lasts", "time until the fleet is too small", "time until the fleet is too small"),
    Quantity("rent", "rent of the fleet a month", "rent a month"),
)
_SHORT = {quantity.name: quantity.short for quantity in QUANTITIES}
NOT_KNOWN = "not known"
_SAID_FIRST = ("fewest", "chance", "promised", "rent", "slo_capacity", "metastable_safe", "lasts", "peak")


@dataclass(frozen=True, eq=False)
class Outcome(Shown):
    """What a plan leads to. What is not known is None, and `missing` says why.

    Parameters
    ----------
    setting : Setting
        Of the knobs.
    slo_capacity : Estimate or None
        Rate within the objectives of the deployment that was tested, in production where known. [req/s]
    promised : Estimate or None
        What the fleet may be given. [req/s]
    metastable_safe : Estimate or None
        Load above which an overload may outlive its cause. [req/s]
    peak : Estimate or None
        Largest daily peak over the horizon. [req/s]
    chance : float or None
        Of missing the objectives within the horizon. [fraction]
    fewest : int or None
        Instances that miss with no more than the accepted risk. [instances]
    lasts : Estimate or None
        Until the fleet is too small. [days]
    rent : Estimate or None
        Of the fleet. [money per month]
    missing : mapping of str to str
        Why what is None is not known, by the names above.
    missed_by_instances : mapping of int to float
        Chance of missing of each size looked at. [fraction]
    needed : str
        What would be needed where no fleet is enough, else empty.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> plan = study.what_if.plan
    >>> print(plan.promised, "|", plan.fewest)  # [req/s], [instances]
    226 req/s (213 to 238) | 3
    """

    setting: Setting
    slo_capacity: Estimate | None = None
    promised: Estimate | None = None
    metastable_safe: Estimate | None = None
    peak: Estimate | None = None
    chance: float | None = None
    fewest: int | None = None
    lasts: Estimate | None = None
    rent: Estimate | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    missed_by_instances: Mapping[int, float] = field(default_factory=dict)
    needed: str = ""

    _caption = "What this leads to"

    def told(self, name: str) -> str:
        """Write one of the quantities with its unit and interval; of what is not known, say so."""
        value = getattr(self, name)
        if value is None:
            return "none" if name == "fewest" and self.chance is not None else NOT_KNOWN
        if name == "chance":
            return chance(value)
        if isinstance(value, Estimate):
            return money(value) if name == "rent" else str(value)
        return counted(value, "instance")

    def said(self, name: str) -> str:
        """Write one of the quantities behind its short name, which says already that instances are counted."""
        return f"{self.fewest:,}" if name == "fewest" and self.fewest else self.told(name)

    @property
    def text(self) -> str:
        """The outcome in a sentence, and why something is not known."""
        told = [f"{q.short} {self.said(q.name)}" for q in QUANTITIES if getattr(self, q.name) is not None]
        return " ".join([sentence("; ".join(told)), *self.reasons])

    @property
    def reasons(self) -> list[str]:
        """Why something is not known, each reason once."""
        asked: dict[str, list[str]] = {}
        for quantity in QUANTITIES:
            if quantity.name in self.missing:
                asked.setdefault(self.missing[quantity.name], []).append(quantity.short)
        return [sentence(f"Not known: {', '.join(names)}: {reason}") for reason, names in asked.items()]

    def to_frame(self) -> pd.DataFrame:
        """One row a quantity, as it is told."""
        import pandas as pd

        rows = [(q.title, self.told(q.name)) for q in QUANTITIES]
        return pd.DataFrame(rows, columns=["quantity", "now"])


@dataclass(frozen=True, eq=False)
class Change(Shown):
    """What changes against the plan when some of its assumptions are otherwise.

    Parameters
    ----------
    plan, now : Outcome
        What the plan leads to, and what it would.
    notes : tuple of str
        What to know before believing it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> change = study.what_if.at(instances=3)
    >>> print(change.now.promised)
    449 req/s (422 to 471)
    """

    plan: Outcome
    now: Outcome
    notes: tuple[str, ...] = ()

    _caption = "What changes against the plan"

    @property
    def text(self) -> str:
        """What was turned, what that changes, and what to know before believing it."""
        turned = self.now.setting.told_against(self.plan.setting)
        if not turned:
            return "As planned."
        effects = "; ".join(self.effects) or ("" if self._unknown else "nothing changes")
        told = f"With {turned}: {effects}" if effects else f"With {turned}"
        return " ".join([sentence(told), *self._unknown, *self.notes])

    @property
    def effects(self) -> list[str]:
        """What changes, the decision first; what is not known any more is left to the reasons."""
        known = [name for name in _SAID_FIRST if self.differs(name) and self.now.told(name) != NOT_KNOWN]
        return [self._effect(name) for name in known]

    def _effect(self, name: str) -> str:
        before, after = (getattr(side, name) for side in (self.plan, self.now))
        if name == "fewest" and before and after:
            more = f"{counted(abs(after - before), 'instance')} {'more' if after > before else 'fewer'}"
            return f"{more} needed ({before:,} → {after:,})"
        return f"{_SHORT[name]} {_middle(self.plan, name)} → {_middle(self.now, name)}"

    @property
    def _unknown(self) -> list[str]:
        """Why something is not known now, or cannot be had, that was in the plan."""
        reasons = [reason for reason in self.now.reasons if reason not in self.plan.reasons]
        return [*reasons, *([self.now.needed] if self.now.needed and not self.plan.needed else [])]

    def differs(self, name: str) -> bool:
        """Whether a quantity is told to be another than in the plan, by enough to be worth a word."""
        before, after = (getattr(side, name) for side in (self.plan, self.now))
        if before is None or after is None:
            return self.plan.told(name) != self.now.told(name)
        if name == "chance":
            return abs(after - before) >= _LEAST_CHANCE
        before, after = _ends(before), _ends(after)
        return len(before) != len(after) or any(
            not math.isclose(a, b, rel_tol=_NOTED, abs_tol=_NOTHING)
            for a, b in zip(before, after, strict=True)
        )

    def to_frame(self) -> pd.DataFrame:
        """One row a quantity: in the plan, now, and what changed."""
        import pandas as pd

        rows = [
            (q.title, self.plan.told(q.name), self.now.told(q.name), self._difference(q.name))
            for q in QUANTITIES
        ]
        return pd.DataFrame(rows, columns=["quantity", "plan", "now", "change"])

    def _difference(self, name: str) -> str:
        """Say what changed: a difference where both are numbers, else that it did."""
        if not self.differs(name):
            return "–" if getattr(self.now, name) is None else "none"
        before, after = getattr(self.plan, name), getattr(self.now, name)
        if name == "lasts" and before and after:
            return "longer" if _ends(after) > _ends(before) else "shorter"
        before, after = _value(before), _value(after)
        if before is None or after is None:
            return "not known now" if self.now.told(name) == NOT_KNOWN else "see both"
        more = after - before
        if name == "chance":
            return _signed(f"{100 * more:+.1f} points")
        if name == "fewest":
            return f"{counted(abs(more), 'instance')} {'more' if more > 0 else 'fewer'}"
        digits = 0 if before and abs(more / before) >= _ROUND else 1
        return _signed(f"{more / before:+.{digits}%}") if before else f"{more:+.3g}"


def _middle(side: Outcome, name: str) -> str:
    """Write a quantity without its interval."""
    value = getattr(side, name)
    if not isinstance(value, Estimate) or value.value is None:
        return side.said(name)
    return money(value, interval=False) if name == "rent" else f"{number(value.value)} {value.unit}"


def _signed(text: str) -> str:
    return text.replace("-", "−")


def _ends(value: Any) -> tuple[float, ...]:
    """Return the numbers of a quantity that are known, to be compared with those of another."""
    if not isinstance(value, Estimate):
        return (float(value),)
    return (value.low, value.high) if value.value is None else (value.value, value.low, value.high)


def _value(value: Any) -> float | None:
    """Return a number as it is, and the value of an estimate where it has one."""
    return value.value if isinstance(value, Estimate) else value
