"""What a roadmap answers: an order of work with its price, a set of work within a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.display import result_html
from capacity.estimate import money, number
from capacity.wording import spoken

if TYPE_CHECKING:
    import pandas as pd

MINUTES = "minutes"  # the unit of what is lost where nothing has a price
_ORDERS = {
    "exact": "The cheapest order",
    "greedy": "Largest saving per hour next (greedy, not proved cheapest)",
    "dearest": "The most expensive order",
    "given": "As given",
}


@dataclass(frozen=True)
class Order:
    """An order of work, and what is lost while it is done.

    Parameters
    ----------
    items : tuple of str
        Which first.
    cost_of_delay : float
        Sum of each duration times what is lost per year while it passes. [$]
    method : {"exact", "greedy", "dearest", "given"}
        Whether it is the cheapest of all, one made by taking the largest saving per hour next, the most expensive of
        all, or a given one.

    Examples
    --------
    >>> import capacity as cap
    >>> left = {"": 10.0, "pool": 4.0, "tracing": 8.0, "pool+tracing": 3.0}  # lost a year [money]
    >>> work = cap.Roadmap({"pool": 80, "tracing": 160}, lambda done: left["+".join(sorted(done))])  # [h]
    >>> print(work.best_order())
    The cheapest order: pool, tracing; while it is done 0.692 are lost.
    """

    items: tuple[str, ...]
    cost_of_delay: float
    method: str

    @property
    def text(self) -> str:
        """The order and its price in a sentence."""
        if not self.items:
            return "There is nothing to be done."
        named = ", ".join(map(spoken, self.items))
        return f"{_ORDERS[self.method]}: {named}; while it is done {number(self.cost_of_delay)} are lost."

    def to_frame(self) -> pd.DataFrame:
        """One row an item, in order."""
        import pandas as pd

        return pd.DataFrame({"order": range(1, len(self.items) + 1), "lever": list(self.items)})

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "Order of work", self.text)


@dataclass(frozen=True)
class Selection:
    """A set of work within a budget of hours.

    Parameters
    ----------
    items : tuple of str
        In the order in which they were stated.
    hours, budget : float
        What they take, and what there was. [h]
    saving : float
        What all of them save together. [$ per year]
    method : {"exact", "greedy"}
        Whether it is the best of all sets, or filled by the largest saving per hour.
    shortest : float
        Hours of the shortest piece of work that could be begun. [h]
    unit : str
        Of what is saved: a currency, empty where none is stated, or minutes.

    Examples
    --------
    >>> import capacity as cap
    >>> left = {"": 10.0, "pool": 4.0, "tracing": 8.0, "pool+tracing": 3.0}  # lost a year [money]
    >>> work = cap.Roadmap({"pool": 80, "tracing": 160}, lambda done: left["+".join(sorted(done))])  # [h]
    >>> chosen = work.best_within(hours=100)
    >>> chosen.items, chosen.saving  # [money per year]
    (('pool',), 6.0)
    """

    items: tuple[str, ...]
    hours: float
    budget: float
    saving: float
    method: str
    shortest: float
    unit: str = ""

    @property
    def text(self) -> str:
        """The set and its saving in a sentence."""
        if not self.items:
            short = (
                f": the shortest piece takes {number(self.shortest)}" if self.budget < self.shortest else ""
            )
            return f"Within {number(self.budget)} hours no work saves anything{short}."
        named = ", ".join(map(spoken, self.items))
        how = "" if self.method == "exact" else " (filled greedily, not proved best)"
        return (
            f"Within {number(self.budget)} hours: {named}{how}; {number(self.hours)} hours that save "
            f"{in_unit(self.saving, self.unit)} a year."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row an item."""
        import pandas as pd

        return pd.DataFrame({"lever": list(self.items)})

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "Work within the budget", self.text)


def in_unit(amount: float, unit: str) -> str:
    """Write what is lost or saved: minutes as such, everything else as money.

    Examples
    --------
    >>> in_unit(66_448.2, "USD"), in_unit(740.0, "minutes")
    ('USD 66,400', '740 minutes')
    """
    return f"{number(amount)} {unit}" if unit == MINUTES else money(amount, unit)
