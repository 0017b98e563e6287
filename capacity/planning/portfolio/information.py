"""What to measure next: what knowing each uncertain input before deciding is worth, and how far it moves the result."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError, NotIdentified
from capacity.estimate import money
from capacity.models.decisions import evpi, evppi
from capacity.models.sensitivity import FEWEST, Swing, first_order, tornado
from capacity.wording import counted, in_currency, spoken

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Influence(Swing):
    """One uncertain input: how far it moves the result, and what it is worth to know it.

    Parameters
    ----------
    name, low, high, at_low, at_high
        As of `Swing`. [unit of the input], [unit of the output]
    share : float
        Variance of the result that comes from it alone. [fraction]
    worth_knowing : float
        Most that knowing it before deciding is worth (EVPPI). [$]

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> most = study.investments.information.influences[0]
    >>> most.name, round(most.share, 2)  # [fraction]
    ('downtime_per_minute', 0.86)
    """

    share: float
    worth_knowing: float


@dataclass(frozen=True, eq=False)
class Information:
    """What it is worth to know more before choosing between actions.

    Parameters
    ----------
    influences : tuple of Influence
        What is worth knowing most first; then by swing.
    everything : float
        Most that knowing all of it is worth (EVPI). [$]
    actions : tuple of str
        What is chosen between.
    chosen : str
        The action that loses least on average.
    worlds : int
        Sampled worlds it rests on. [worlds]
    unit : str
        Of money.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> known = study.investments.information
    >>> known.chosen, known.worlds
    ('up to tracing', 2000)
    """

    influences: tuple[Influence, ...]
    everything: float
    actions: tuple[str, ...]
    chosen: str
    worlds: int
    unit: str = ""

    def worth_knowing(self, name: str) -> float:
        """Most that knowing an input is worth. [$]

        Raises
        ------
        DomainError
            If there is no such input.
        """
        values = {item.name: item.worth_knowing for item in self.influences}
        if name not in values:
            raise DomainError(
                f"no uncertain input {name!r}; allowed: {', '.join(values) or 'none is uncertain'}"
            )
        return values[name]

    @property
    def text(self) -> str:
        """What to measure next, in a sentence or two."""
        if self.worlds < FEWEST:
            return f"{self.worlds} worlds are too few to say what is worth measuring; at least {FEWEST} are needed."
        if not self.influences:
            return "Nothing stated is uncertain, so nothing is worth measuring first."
        best = [item for item in self.influences if self._counts(item)][:3]
        if not best:
            widest = max(self.influences, key=_swing)
            most = f"; the result depends most on {spoken(widest.name)}" if _swing(widest) > 0 else ""
            return f"No single input, known exactly, would change the choice{most}."
        named = "; ".join(
            f"{spoken(item.name)}, worth up to {money(item.worth_knowing, self.unit)}" for item in best
        )
        return (
            f"Measure next: {named} before choosing; knowing everything would be worth "
            f"{money(self.everything, self.unit)}. A measurement that is not exact is worth less."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row an input."""
        import pandas as pd

        columns = ["input", "low", "high", "at_low", "at_high", "variance_share", "worth_knowing"]
        rows = [
            (i.name, i.low, i.high, i.at_low, i.at_high, max(i.share, 0.0), i.worth_knowing)
            for i in self.influences
        ]
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        caption = (
            f"What to measure next; between {counted(len(self.actions), 'action')}, {self.worlds:,} worlds"
        )
        return result_html(self.to_frame(), in_currency(caption, self.unit), self.text)

    def _counts(self, item: Influence) -> bool:
        """Whether it is worth more than what sampling alone may show."""
        return item.worth_knowing > 0.01 * self.everything


def _swing(item: Influence) -> float:
    return abs(item.at_high - item.at_low)


def value_of_information(
    losses: np.ndarray,
    inputs: Mapping[str, np.ndarray],
    *,
    actions: Sequence[str] = (),
    result: np.ndarray | None = None,
    held: Callable[[str, float], float] | None = None,
    unit: str = "",
) -> Information:
    """Say what knowing each input before choosing an action is worth, and how far it moves the result.

    Parameters
    ----------
    losses : array (worlds, actions)
        What each action loses in each world, such as each size of fleet or each part of the work; gains are
        negative. [$]
    inputs : mapping of str to array (worlds,)
        The uncertain inputs in the same worlds, such as capacity and demand. [unit of each]
    actions : sequence of str
        Their names.
    result : array (worlds,), optional
        What the swings and shares are of; the loss of the action that is best on average when absent. [$]
    held : callable, optional
        Mean of the result with an input, by its name, held at a value in all worlds, NaN where it cannot be. Where
        there is none it is estimated from the worlds, which is rough for inputs that matter little.
        [unit of the result]
    unit : str
        Of money.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> demand, capacity = 240 * np.exp(0.2 * rng.standard_normal(20_000)), rng.normal(300, 30, 20_000)
    >>> stay, add = (720 * np.maximum(demand - factor * capacity, 0) for factor in (1, 1.94))
    >>> known = value_of_information(np.column_stack([stay, add + 6000]), {"demand": demand, "capacity": capacity},
    ...                              actions=["stay", "add"])
    >>> known.chosen, round(known.worth_knowing("demand"), -3)
    ('stay', 3000.0)
    """
    table = np.asarray(losses, dtype=float)
    everything = evpi(table)
    if actions and len(actions) != table.shape[1]:
        raise DomainError(
            f"{len(actions)} names for {table.shape[1]} actions; give one for each column of losses"
        )
    names = tuple(actions) or tuple(str(i) for i in range(table.shape[1]))
    best = int(table.mean(axis=0).argmin())
    output = table[:, best] if result is None else np.asarray(result, dtype=float)
    varied = {name: sample for name, sample in inputs.items() if np.ptp(sample) > 0 and len(table) >= FEWEST}
    found = [
        Influence(s.name, s.low, s.high, s.at_low, s.at_high, share, evppi(table, varied[s.name]))
        for s, share in _moved(varied, output, held)
    ]
    found.sort(key=lambda item: -item.worth_knowing)
    return Information(tuple(found), everything, names, names[best], len(table), unit)


def _moved(
    inputs: Mapping[str, np.ndarray], output: np.ndarray, held: Callable[[str, float], float] | None
) -> list[tuple[Swing, float]]:
    """Swing and share of each input; an output that is the same in all worlds has no variance to share."""
    if not inputs:
        return []
    try:
        shares = first_order(inputs, output)
    except NotIdentified:
        shares = dict.fromkeys(inputs, 0.0)
    swings = tornado(inputs, output)
    if held is not None:
        swings = tuple(_held(swing, held) for swing in swings)
    return [(s, shares[s.name]) for s in sorted(swings, key=lambda swing: -swing.width)]


def _held(swing: Swing, held: Callable[[str, float], float]) -> Swing:
    low, high = held(swing.name, swing.low), held(swing.name, swing.high)
    return replace(swing, at_low=low, at_high=high) if math.isfinite(low) and math.isfinite(high) else swing
