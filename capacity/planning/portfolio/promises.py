"""What somebody promises of all the work together, held against the model: how likely, and what it would take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.estimate import money, number
from capacity.shown import Shown
from capacity.wording import paragraphs, sentence, spoken

if TYPE_CHECKING:
    import pandas as pd

    from capacity.plan import Promise
    from capacity.planning.portfolio.portfolio import Portfolio

_TOLD = 3  # inputs named, the nearest to what is stated first
_OF = {
    "npv": "present value of all the work",
    "saving": "saving a year of all the work",
    "capacity_factor": "capacity with all the work, over that of today",
    "availability": "availability with all the work",
    "outage_cost": "price of one outage",
}


@dataclass(frozen=True)
class Kept(Shown):
    """One promise: what was promised, what the model finds, how likely it is kept, and what it would take.

    Parameters
    ----------
    of : str
        The result promised.
    least, found : float
        Promised, and the mean the model finds; NaN where it is not known. [unit of the result]
    chance : float
        Share of the worlds in which it is kept; NaN where that is not known by world. [fraction]
    takes : tuple of (str, float, float)
        Inputs that alone would bring the mean there: name, stated, needed. [unit of each input]
    currency : str
        Of money.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> kept = study.promises.items[0]
    >>> kept.least, round(kept.found, 2), kept.chance  # of the capacity today [1], in worlds [fraction]
    (3.0, 0.88, 0.0)
    """

    of: str
    least: float
    found: float
    chance: float
    takes: tuple[tuple[str, float, float], ...]
    currency: str = ""

    @property
    def holds(self) -> bool:
        """Whether the model's mean keeps it."""
        return self.found >= self.least

    @property
    def text(self) -> str:
        """The promise in one or two sentences."""
        found = "is not known" if math.isnan(self.found) else f"is {self._told(self.found)}"
        chance = "" if math.isnan(self.chance) else f"; it is kept in {self.chance:.0%} of the worlds"
        start = sentence(
            f"{_OF[self.of]}: promised are {self._told(self.least)}, the model's {found}{chance}"
        )
        return start if self.holds or math.isnan(self.found) else f"{start} {self.needed}"

    @property
    def needed(self) -> str:
        """What would have to be so for the promise to be kept, one input at a time."""
        if self.holds:
            return ""
        if not self.takes:
            return "No single input that is stated would make it true, whatever its value."
        ways = [
            f"{spoken(name)} of {number(needed)} instead of {number(stated)}"
            for name, stated, needed in self.takes[:_TOLD]
        ]
        return f"Alone it would take {', or '.join(ways)}."

    def _told(self, value: float) -> str:
        if self.of == "availability":
            return f"{100 * value:.5g}%"
        return f"{number(value)} times" if self.of == "capacity_factor" else money(value, self.currency)


@dataclass(frozen=True)
class Promises:
    """Every promise of a plan.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> [(kept.of, kept.holds) for kept in study.promises.items]
    [('capacity_factor', False), ('availability', True), ('outage_cost', True)]
    """

    items: tuple[Kept, ...]

    @property
    def text(self) -> str:
        """All of them."""
        return paragraphs(*(item.text for item in self.items))

    def to_frame(self) -> pd.DataFrame:
        """One row a promise: promised, found, chance to be kept, what it would take."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "promise": _OF[item.of],
                    "stated": item._told(item.least),
                    "found": "not known" if math.isnan(item.found) else item._told(item.found),
                    "probability": item.chance,
                    "remedy": item.needed,
                }
                for item in self.items
            ]
        )

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "What was promised of all the work", self.text)


def hold(promises: Sequence[Promise], portfolio: Portfolio) -> Promises:
    """Hold promises against a portfolio with all of its work done.

    Takes seconds a promise that is not kept: the system is evaluated anew for each value tried of each input.
    """
    return Promises(tuple(_held(promise, portfolio) for promise in promises))


def _held(promise: Promise, portfolio: Portfolio) -> Kept:
    found = portfolio.result(promise.of)
    takes: tuple[tuple[str, float, float], ...] = ()
    if found < promise.least:
        ways = portfolio.what_it_takes(of=promise.of, target=promise.least).dropna(subset=["needed"])
        rows = sorted(ways.itertuples(), key=lambda row: _away(row.stated, row.needed))
        takes = tuple((str(row.input), float(row.stated), float(row.needed)) for row in rows)
    chance = _chance(promise, portfolio)
    return Kept(promise.of, promise.least, found, chance, takes, portfolio.currency)


def _away(stated: float, needed: float) -> float:
    """How far a needed value lies from the one stated, as a factor either way."""
    both = sorted((abs(stated), abs(needed)))
    return math.inf if both[0] == 0 else both[1] / both[0]


def _chance(promise: Promise, portfolio: Portfolio) -> float:
    now, then = portfolio.now, portfolio.then
    if promise.of == "availability":
        return float(np.mean(np.asarray(then.availability) >= promise.least))
    if promise.of == "capacity_factor" and now.capacity is not None and then.capacity is not None:
        return float(np.mean(then.capacity / now.capacity >= promise.least))
    return math.nan
