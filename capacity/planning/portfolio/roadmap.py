"""Pieces of work whose effects depend on each other: in which order, which within a budget, worth what."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError, UsageError
from capacity.estimate import number
from capacity.models import domain
from capacity.planning.portfolio import ordering
from capacity.planning.portfolio.chosen import Order, Selection

if TYPE_CHECKING:
    import pandas as pd

HOURS_PER_YEAR = 2080.0  # of one team: 52 weeks of 40 hours

Loss = Callable[[frozenset[str]], float]


@dataclass(frozen=True, eq=False)
class Roadmap:
    """Pieces of work with a loss that depends on which of them are done.

    Parameters
    ----------
    hours : mapping of str to float
        What each takes, in the order you have in mind. [h]
    loss : callable or array
        What is lost per year with a set of them done: a function of the set of their names, asked once for each
        set, or its values for all 2ⁿ sets, where bit i of the index stands for the i-th item. [$ per year]
    requires : mapping of str to sequence of str
        What must be finished before an item.
    hours_per_year : float
        Of the team. [h]

    Raises
    ------
    UsageError
        If an item requires an unknown one, or items require each other in a circle.
    DomainError
        If hours are not above zero, or a loss is not a finite number.

    Notes
    -----
    Up to 18 items everything is exact: all sets are looked at. Beyond, orders and sets are greedy and say so, and
    there are no Shapley shares. What an item saves alone, and its share, are said of the item whether or not what
    it requires is done.

    Examples
    --------
    >>> losses = {"": 10.0, "a": 8.0, "b": 4.0, "ab": 3.0}
    >>> work = Roadmap({"a": 2080, "b": 2080}, lambda done: losses["".join(sorted(done))])
    >>> print(work.best_order())
    The cheapest order: b, a; while it is done 14 are lost.
    >>> work.shapley
    {'a': 1.5, 'b': 5.5}
    """

    hours: Mapping[str, float]
    loss: Loss | np.ndarray
    requires: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hours_per_year: float = HOURS_PER_YEAR

    def __post_init__(self) -> None:
        for name, value in {**self.hours, "a year of the team": self.hours_per_year}.items():
            if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
                raise DomainError(f"hours of {name} = {value!r}; allowed: a finite number above 0")
        if isinstance(self.loss, np.ndarray) and self.loss.shape != (1 << len(self.names),):
            raise DomainError(
                f"losses of shape {self.loss.shape} for {len(self.names)} items; give {1 << len(self.names)}, one a set"
            )
        for name, needed in self.requires.items():
            self._known((name, *needed))
        order = ordering.as_given(self.before)
        if len(order) < len(self.names):
            stuck = [name for i, name in enumerate(self.names) if i not in order]
            raise UsageError(f"{', '.join(stuck)} require each other in a circle; drop a requirement")

    @cached_property
    def names(self) -> list[str]:
        """The items, in the order given."""
        return list(self.hours)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.hours)}

    @cached_property
    def before(self) -> list[int]:
        """Set to be finished before each item, as bits."""
        return [self._mask(self.requires.get(name, ())) for name in self.hours]

    @property
    def exact(self) -> bool:
        """Whether all sets can be looked at."""
        return len(self.names) <= ordering.EXACT

    def saving(self, done: Iterable[str]) -> float:
        """What a set of items saves together. [$ per year]"""
        return self._loss(0) - self._loss(self._mask(done))

    @cached_property
    def stand_alone(self) -> dict[str, float]:
        """What each item saves when it is the only one done. [$ per year]"""
        return {name: self._loss(0) - self._loss(1 << i) for i, name in enumerate(self.names)}

    @cached_property
    def last_in(self) -> dict[str, float]:
        """What each item saves when all others are done. [$ per year]"""
        whole = (1 << len(self.names)) - 1
        return {name: self._loss(whole & ~(1 << i)) - self._loss(whole) for i, name in enumerate(self.names)}

    @cached_property
    def shapley(self) -> dict[str, float]:
        """Mean saving of each item over all orders; NaN beyond 18 items. [$ per year]"""
        shares = ordering.shapley(self._table) if self.exact else [math.nan] * len(self.names)
        return dict(zip(self.names, shares, strict=True))

    def best_order(self) -> Order:
        """Order with the least cost of delay."""
        return self._cheapest

    def worst_order(self) -> Order:
        """Order with the largest cost of delay, for up to 18 items.

        Raises
        ------
        DomainError
            Beyond 18 items.
        """
        if not self.exact:
            raise DomainError(f"{len(self.names)} items; the worst order is known for up to {ordering.EXACT}")
        return self._order(dearest=True)

    def order_by_stand_alone(self) -> Order:
        """Order by what each item saves alone per hour: the one that ignores that effects depend on each other."""
        alone = [self.stand_alone[name] for name in self.names]
        items = ordering.greedy_order(
            self._hours, self.before, lambda done: -math.fsum(alone[i] for i in ordering.members(done))
        )
        return self.order_of([self.names[i] for i in items])

    def order_in_mind(self) -> Order:
        """Order in which the items were stated, changed only where one must wait for another."""
        return self.order_of([self.names[i] for i in ordering.as_given(self.before)])

    def order_of(self, names: Sequence[str]) -> Order:
        """Price a given order of all the items.

        Raises
        ------
        UsageError
            If an item is unknown, missing, comes twice, or comes before one it requires.
        """
        self._known(names)
        if sorted(names) != sorted(self.names):
            raise UsageError(f"order {', '.join(names)}; allowed: each of {', '.join(self.names)} once")
        for place, name in enumerate(names):
            late = [needed for needed in self.requires.get(name, ()) if needed not in names[:place]]
            if late:
                raise UsageError(
                    f"{name} comes before {', '.join(late)}, which it requires; change the order"
                )
        return Order(tuple(names), self._delay([self._index[name] for name in names]), "given")

    def best_within(self, hours: float) -> Selection:
        """Set of items within a budget of hours [h] that saves most, with what each requires.

        Of sets that save the same, the one with fewer hours; then the one with the first items.

        Raises
        ------
        DomainError
            If the budget is not a number of hours, 0 or more.
        """
        if not hours >= 0:
            raise DomainError(f"a budget of {hours!r} hours; allowed: 0 or more")
        if self.exact:
            chosen = ordering.best_within(self._hours, self.before, self._table, hours)
        else:
            chosen = ordering.greedy_within(self._hours, self.before, self._loss, hours)
        items = ordering.members(chosen)
        return Selection(
            items=tuple(self.names[i] for i in items),
            hours=math.fsum(self._hours[i] for i in items),
            budget=float(hours),
            saving=self._loss(0) - self._loss(chosen),
            method="exact" if self.exact else "greedy",
            shortest=min(
                (h for h, needed in zip(self._hours, self.before, strict=True) if not needed), default=0.0
            ),
        )

    def additive(self) -> Roadmap:
        """Return the same work as if savings added up: what a list of stand-alone values believes."""
        nothing = self._loss(0)
        return Roadmap(
            self.hours,
            lambda done: nothing - math.fsum(self.stand_alone[name] for name in sorted(done)),
            self.requires,
            self.hours_per_year,
        )

    def over(self, years: float, price_of_hour: float) -> Roadmap:
        """Return the same work with what is lost over some years, its hours paid, in place of what is lost in one.

        Its `best_within` is the set worth most in that time.

        Parameters
        ----------
        years : float
            Over which what is lost is counted. [years]
        price_of_hour : float
            Of the work. [money]
        """
        domain.not_negative(years=years, price_of_an_hour=price_of_hour)
        if self.exact:
            losses = years * self._table + price_of_hour * ordering.subset_sums(self._hours)
            return Roadmap(self.hours, losses, self.requires, self.hours_per_year)

        def loss(done: frozenset[str]) -> float:
            spent = price_of_hour * math.fsum(self.hours[name] for name in sorted(done))
            return years * self._loss(self._mask(done)) + spent

        return Roadmap(self.hours, loss, self.requires, self.hours_per_year)

    def only(self, names: Iterable[str]) -> Roadmap:
        """Return the roadmap of some of the items; the others are never done.

        Raises
        ------
        UsageError
            If an item is unknown, or requires one that is left out.
        """
        kept = set(names)
        self._known(kept)
        for name in kept:
            lost = [needed for needed in self.requires.get(name, ()) if needed not in kept]
            if lost:
                raise UsageError(f"{name} without {', '.join(lost)}, which it requires; keep both or neither")
        return Roadmap(
            {name: value for name, value in self.hours.items() if name in kept},
            lambda done: self._loss(self._mask(done)),
            {name: needed for name, needed in self.requires.items() if name in kept},
            self.hours_per_year,
        )

    def after(self, names: Iterable[str]) -> Roadmap:
        """Return the roadmap of the other items once these are done."""
        done = self._mask(names)
        return Roadmap(
            {name: value for name, value in self.hours.items() if not done >> self._index[name] & 1},
            lambda others: self._loss(done | self._mask(others)),
            {
                name: [other for other in needed if not done >> self._index[other] & 1]
                for name, needed in self.requires.items()
                if not done >> self._index[name] & 1
            },
            self.hours_per_year,
        )

    def to_frame(self) -> pd.DataFrame:
        """One row an item, in the best order: hours, and what it saves alone, last and on average."""
        import pandas as pd

        columns = {
            "hours": self.hours,
            "stand_alone": self.stand_alone,
            "last_in": self.last_in,
            "shapley": self.shapley,
        }
        order = self.best_order().items
        return pd.DataFrame(
            {"lever": order} | {key: [c[name] for name in order] for key, c in columns.items()}
        )

    @property
    def text(self) -> str:
        """The best order, and the price of the order given."""
        best, given = self.best_order(), self.order_in_mind()
        more = given.cost_of_delay - best.cost_of_delay
        if not self.names or not more > 1e-9 * abs(best.cost_of_delay):
            return best.text
        return f"{best.text} In the order given {number(given.cost_of_delay)} would be lost, {number(more)} more."

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "Work in its best order", self.text)

    @cached_property
    def _hours(self) -> list[float]:
        return [float(value) for value in self.hours.values()]

    @cached_property
    def _table(self) -> np.ndarray:
        return np.array([self._loss(done) for done in range(1 << len(self.names))])

    @cached_property
    def _cheapest(self) -> Order:
        return self._order(dearest=False)

    @cached_property
    def _asked(self) -> dict[int, float]:
        return {}

    def _loss(self, done: int) -> float:
        if isinstance(self.loss, np.ndarray):
            value = float(self.loss[done])
        elif done in self._asked:
            return self._asked[done]
        else:
            value = float(self.loss(frozenset(self.names[i] for i in ordering.members(done))))
        if not math.isfinite(value):
            named = ", ".join(self.names[i] for i in ordering.members(done)) or "nothing"
            raise DomainError(f"the loss with {named} done is {value}; allowed: a finite number")
        self._asked[done] = value
        return value

    def _order(self, *, dearest: bool) -> Order:
        durations = [value / self.hours_per_year for value in self._hours]
        if self.exact:
            items = ordering.cheapest_order(durations, self.before, self._table, dearest=dearest)
        else:
            items = ordering.greedy_order(durations, self.before, self._loss)
        names = tuple(self.names[i] for i in items)
        method = "dearest" if dearest else "exact" if self.exact else "greedy"
        return Order(names, self._delay(items), method)

    def _delay(self, items: Sequence[int]) -> float:
        return ordering.delay_cost(items, [value / self.hours_per_year for value in self._hours], self._loss)

    def _mask(self, names: Iterable[str]) -> int:
        names = list(names)
        self._known(names)
        return sum(1 << self._index[name] for name in set(names))

    def _known(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.hours:
                raise UsageError(
                    f"unknown work {name!r}; allowed: {', '.join(self.names) or 'none is stated'}"
                )
