"""The assumptions register: each with its provenance, and what becomes of the answer when it is otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.display import prose, result_html
from capacity.planning.assumptions.answers import Answer, Sizing, Trial
from capacity.planning.assumptions.demanded import of_demand
from capacity.planning.assumptions.inputs import Assumption, Effect, Input
from capacity.planning.assumptions.rent import of_rent
from capacity.planning.assumptions.stated import Stated, of_arrivals, of_policy
from capacity.planning.assumptions.tested import of_limits, of_scaling, of_service
from capacity.planning.assumptions.worth import NOT_STATED, Worth
from capacity.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from capacity.plan import Plan
    from capacity.planning.fleet.choices import Choices
    from capacity.planning.portfolio.portfolio import Portfolio

_RANK: dict[Effect, int] = {"changes": 0, "moves": 1, "little": 2, "unknown": 3, "none": 4}
_OF_WORK = {"availability", "cost", "investments"}  # groups whose answer is a worth; instances come first
_NAMED = 3  # assumptions named in a sentence
_SHOWN = 12  # rows on a page, those that decide


@dataclass(frozen=True, eq=False)
class Assumptions:
    """What the answer rests on that no test measured, most important first.

    Parameters
    ----------
    rows : tuple of Assumption
        Those that change the answer before those that move it, and these before those that cannot.
    base : Answer or None
        What the plan answers; None where it answers no number of instances and no load.
    why_not : str
        Why there is no such answer; empty where there is.
    not_stated : str
        What of the worth of the work cannot be told; empty without investments.

    Examples
    --------
    >>> print(Assumptions((), None, why_not="no test reached a limit"))
    The plan answers no number of instances and no load: no test reached a limit.
    """

    rows: tuple[Assumption, ...]
    base: Answer | None
    why_not: str = ""
    not_stated: str = ""

    def of(self, *effects: Effect) -> list[Assumption]:
        """Those with one of some effects."""
        return [row for row in self.rows if row.effect in effects]

    @property
    def text(self) -> str:
        """What matters most, what does not, and what is a default."""
        sentences = [self._most(), self._least(), self._silent(), self._unjudged(), self.not_stated]
        return " ".join(filter(None, sentences))

    def _most(self) -> str:
        changing = self.of("changes")
        if not changing:
            return "" if self.base is None else "Of what was tried, no assumption alone changes the answer."
        named = "; ".join(f"{row.name} ({row.told})" for row in changing[:_NAMED])
        verb = "changes" if len(changing) == 1 else "change"
        most = ", most of all" if len(changing) > _NAMED else ""
        return f"{counted(len(changing), 'assumption')} {verb} the answer when tried{most}: {named}."

    def _least(self) -> str:
        little, idle = len(self.of("moves", "little")), len(self.of("none"))
        parts = [
            f"{counted(little, 'assumption')} move{'s' if little == 1 else ''} it without changing it"
            if little
            else "",
            f"{idle} cannot act here" if idle else "",
        ]
        told = ", ".join(filter(None, parts))
        return f"{told[0].upper()}{told[1:]}." if told else ""

    def _silent(self) -> str:
        keys = [
            row.key for row in self.of("changes") if row.provenance == "assumed" and "default" in row.value
        ]
        if not keys:
            return ""
        return f"The plan leaves to defaults, though the answer changes with them: {', '.join(dict.fromkeys(keys))}."

    def _unjudged(self) -> str:
        if self.base is not None:
            return ""
        return f"The plan answers no number of instances and no load: {self.why_not.rstrip('.')}."

    def to_frame(self) -> pd.DataFrame:
        """One row an assumption: what it is, its value and provenance, the answer at either end, the verdict."""
        import pandas as pd

        columns = ["group", "assumption", "value", "provenance", "if_lower", "if_higher", "verdict"]
        rows = [
            (row.group, row.title, row.value, row.provenance, _told(row.low), _told(row.high), row.verdict)
            for row in self.rows
        ]
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        if not self.rows:
            return prose(self.text)._repr_html_()
        shown = self.to_frame().head(_SHOWN).drop(columns="group")
        left = len(self.rows) - len(shown)
        caption = f"Assumptions, what decides first; plan.json has {left} more" if left else "Assumptions"
        return result_html(shown, caption, self.text)


def register(
    plan: Plan,
    stated: Stated | None,
    *,
    recommended: int | None = None,
    why_not: str = "",
    portfolio: Portfolio | None = None,
    choices: Choices | None = None,
) -> Assumptions:
    """Try every assumption at its low and its high end, or at half and double.

    Parameters
    ----------
    plan : Plan
        As it stands.
    stated : Stated or None
        What the number of instances rests on; None where no capacity is known.
    recommended : int, optional
        Fewest instances within the accepted risk. [instances]
    why_not : str
        Why there is no answer; what it would rest on is then listed without effect, as far as it is known.
    portfolio : Portfolio, optional
        The investments evaluated together.
    choices : Choices, optional
        What each size costs.
    """
    base, rows = None, list[Assumption]()
    if stated is not None:
        sizing = Sizing(stated.basis, recommended)
        inputs = _inputs(stated, sizing.size)
        if why_not:
            rows += [one.unjudged(why_not) for one in inputs]
        else:
            base = sizing.answer(stated.basis)
            rows += [one.judged(sizing, base) for one in inputs]
    rows += of_rent(choices, plan)
    rows += [] if portfolio is None else Worth(portfolio, plan).assumptions()
    return Assumptions(_sorted(rows), base, why_not, NOT_STATED if portfolio else "")


def _inputs(stated: Stated, size: int) -> Iterator[Input]:
    """Every input of the number of instances, by group."""
    yield from of_demand(stated)
    yield from of_policy(stated, size)
    yield from of_arrivals(stated)
    yield from of_limits(stated, size)
    yield from of_scaling(stated, size)
    yield from of_service(stated)


def _sorted(rows: Iterable[Assumption]) -> tuple[Assumption, ...]:
    return tuple(sorted(rows, key=lambda row: (_RANK[row.effect], row.group in _OF_WORK, -row.size)))


def _told(trial: Trial | None) -> str | None:
    return None if trial is None else trial.text
