"""What sets of investments are worth: one system, the same sampled worlds for every set."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.finance import discount_factors, pert_mean, pert_with_common_cause
from capacity.planning.levers.catalogue import LEVERS
from capacity.planning.portfolio import ordering
from capacity.planning.portfolio.chosen import MINUTES, Selection
from capacity.planning.portfolio.combinations import Combinations
from capacity.planning.portfolio.investments import own_parameters, required_by
from capacity.planning.portfolio.roadmap import Roadmap
from capacity.planning.portfolio.schedule import MONTHS, WEEKS_PER_YEAR, Schedule, check_week
from capacity.planning.system.baseline import Given, sampled
from capacity.planning.system.parts import Quantity
from capacity.planning.system.system import Evaluation, System, evaluate

if TYPE_CHECKING:
    from capacity.plan import Cost, Investment

HOURS, INSTANCE_CAPACITY = "hours", "instance_capacity"  # inputs that no key of a lever states [h], [req/s]
_KEPT = 64  # systems and evaluations kept in memory; a set is asked for soon after those it extends


@dataclass(frozen=True, eq=False)
class Case:
    """Everything a valuation is made from, so that it can be made again with one input changed.

    Parameters
    ----------
    base : callable
        The system of today, from its facts and a generator.
    facts : mapping of str to a number or three
        Stated about today.
    investments : sequence of Investment
        Those that can be evaluated.
    cost : Cost or None
        Prices; without a price of downtime, losses are minutes of it.
    seed : int
        Of every random draw.
    worlds : int
        Worlds drawn.
    hours_per_week : float
        Of the team. [h]
    correlation : float
        Share of common cause in the hours of different investments. [fraction]
    total_hours : float, optional
        What all of the work takes, in place of what is drawn; each piece in proportion to its mean. [h]
    """

    base: Callable[[Mapping[str, Given], np.random.Generator], System]
    facts: Mapping[str, Given]
    investments: Sequence[Investment]
    cost: Cost | None
    seed: int
    worlds: int
    hours_per_week: float = 40.0
    correlation: float = 0.3
    total_hours: float | None = None

    @cached_property
    def stated(self) -> dict[str, Given]:
        """Every input by its name: facts, parameters as ``lever.parameter``, ``hours`` of all work, and prices."""
        given = dict(self.facts)
        if self.investments:
            low, likely, high = (math.fsum(column) for column in zip(*self._guesses, strict=True))
            given[HOURS] = (low, likely, high)
        for item in self.investments:
            given |= {f"{item.lever}.{name}": value for name, value in own_parameters(item).items()}
        if self.cost is not None and self.cost.downtime_per_minute is not None:
            given["downtime_per_minute"] = self.cost.downtime_per_minute
            if self.cost.engineer_per_hour is not None:
                given["engineer_per_hour"] = self.cost.engineer_per_hour
        return given

    @cached_property
    def names(self) -> list[str]:
        """Levers, by index."""
        return [item.lever for item in self.investments]

    @cached_property
    def hours(self) -> np.ndarray:
        """Of each investment in each world, some of them too few for the same reason, (investments, worlds). [h]"""
        if self.total_hours is not None:
            means = np.array([pert_mean(*guess) for guess in self._guesses])
            return np.outer(means / means.sum() * self.total_hours, np.ones(self.worlds))
        rng = np.random.default_rng([self.seed, 1])
        return pert_with_common_cause(rng, self._guesses, self.worlds, self.correlation)

    @property
    def _guesses(self) -> list[tuple[float, float, float]]:
        return [item.hours for item in self.investments]

    @cached_property
    def _schedules(self) -> dict[tuple[str, ...], Schedule]:
        return {}

    def schedule(self, order: Sequence[str]) -> Schedule:
        """Calendar of the work in an order."""
        if (key := tuple(order)) not in self._schedules:
            places = np.array([self.names.index(name) for name in order], dtype=int)
            self._schedules[key] = Schedule(key, self.hours[places], self.hours_per_week)
        return self._schedules[key]

    @cached_property
    def _weights(self) -> dict[tuple[str, ...], tuple[np.ndarray, np.ndarray]]:
        return {}

    def weights(self, order: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Worth today of one unit of money saved a year by each piece of work, and of one unit paid an hour."""
        schedule = self.schedule(order)
        if schedule.items not in self._weights:
            rate = 0.0 if self.cost is None else self.cost.discount_rate
            self._weights[schedule.items] = schedule.weighed(discount_factors(rate, schedule.months + 1))
        return self._weights[schedule.items]

    def valuation(self, changed: Mapping[str, float] | None = None) -> Valuation:
        """Draw the worlds, with some inputs at a given value in all of them."""
        changed = changed or {}
        if HOURS in changed:
            rest = {name: value for name, value in changed.items() if name != HOURS}
            return replace(self, total_hours=changed[HOURS]).valuation(rest)
        facts = {name: changed.get(name, given) for name, given in self.facts.items()}
        own = [name for name in self.stated if name not in facts and name != HOURS]
        streams = dict(zip(own, np.random.default_rng([self.seed, 0]).spawn(len(own)), strict=True))
        draws = drawn(facts, self._generator(), self.worlds)
        for name, stream in streams.items():
            draws[name] = (
                changed[name] if name in changed else sampled(self.stated[name], stream, self.worlds)
            )
        system = self.base(facts, self._generator())
        station = system.station("instance")
        if INSTANCE_CAPACITY in changed and station is not None:
            carrying = replace(station, work=station.servers / changed[INSTANCE_CAPACITY])
            system = system.with_station(carrying)
        return Valuation(self, draws, system)

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, 3])


def drawn(facts: Mapping[str, Given], rng: np.random.Generator, worlds: int) -> dict[str, Quantity]:
    """Facts in each world, drawn one after the other as `baseline.base_system` draws them from such a generator."""
    return {name: sampled(given, rng, worlds) for name, given in facts.items()}


class Valuation:
    """A system with any set of investments done, in the same sampled worlds; sets are bit masks of indices.

    Parameters
    ----------
    case : Case
        What it is made from.
    draws : mapping of str to float or array (worlds,)
        Every input in each world.
    system : System
        As it is today.

    Raises
    ------
    DomainError
        If a price is negative, or hours are not above 0.
    """

    def __init__(self, case: Case, draws: Mapping[str, Quantity], system: System) -> None:
        _check(case)
        self.case, self.draws = case, draws
        self.system = replace(system, downtime_per_minute=draws.get("downtime_per_minute"))
        self._changed = lru_cache(_KEPT)(self._built)
        self._evaluated = lru_cache(_KEPT)(lambda done: evaluate(self._changed(done)))

    @property
    def worlds(self) -> int:
        """Worlds drawn."""
        return self.case.worlds

    @property
    def names(self) -> list[str]:
        """Levers, by index."""
        return self.case.names

    @cached_property
    def inputs(self) -> dict[str, np.ndarray]:
        """Everything uncertain by its name, hours and measured capacity included."""
        found = {name: draw for name, draw in self.draws.items() if isinstance(draw, np.ndarray)}
        station = self.system.station("instance")
        if station is not None and isinstance(station.work, np.ndarray):
            found[INSTANCE_CAPACITY] = station.servers / station.work
        if self.names:
            found[HOURS] = self.case.hours.sum(axis=0)
        return {name: draw for name, draw in found.items() if np.ptp(draw) > 0}

    @property
    def priced(self) -> bool:
        """Whether losses are money; else minutes."""
        return "downtime_per_minute" in self.draws

    @property
    def currency(self) -> str:
        """Of the prices; empty where none is stated."""
        return "" if not self.priced else getattr(self.case.cost, "currency", None) or ""

    @property
    def unit(self) -> str:
        """What losses are counted in: the currency, or minutes."""
        return self.currency if self.priced else MINUTES

    @property
    def rate(self) -> float:
        """Discount rate. [fraction a year]"""
        return 0.0 if self.case.cost is None else self.case.cost.discount_rate

    @property
    def hour(self) -> float | None:
        """Price of an hour of work; None without prices."""
        price = self.draws.get("engineer_per_hour")
        return None if price is None else float(np.mean(price))

    @property
    def whole(self) -> int:
        """Everything done."""
        return (1 << len(self.names)) - 1

    def evaluation(self, done: int) -> Evaluation:
        """Evaluate the system with a set of investments done."""
        return self._evaluated(done)

    def loss(self, done: int) -> np.ndarray:
        """Lost per year in each world: downtime at its price and running costs; without a price, minutes."""
        evaluation = self.evaluation(done)
        lost = evaluation.downtime_minutes if evaluation.loss_per_year is None else evaluation.loss_per_year
        return np.broadcast_to(lost, self.worlds)

    def mean_loss(self, done: int) -> float:
        """Mean over the worlds of what is lost per year."""
        return self.combinations.loss(done)

    @cached_property
    def combinations(self) -> Combinations:
        """Losses of all sets."""
        return Combinations(len(self.names), self._parts, np.random.default_rng([self.case.seed, 2]))

    @cached_property
    def roadmap(self) -> Roadmap:
        """The investments as work whose loss depends on the set done: orders, shares, budgets."""
        exact = len(self.names) <= ordering.EXACT
        return Roadmap(
            hours={item.lever: pert_mean(*item.hours) for item in self.case.investments},
            loss=self.combinations.losses if exact else lambda done: self.mean_loss(self.mask(done)),
            requires={item.lever: sorted(required_by(item)) for item in self.case.investments},
            hours_per_year=WEEKS_PER_YEAR * self.case.hours_per_week,
        )

    def mask(self, names: Iterable[str]) -> int:
        """Return a set of levers as bits."""
        return sum(1 << self.names.index(name) for name in set(names))

    def capacity_gained(self, before: int, after: int) -> float:
        """Mean capacity that one set has more than another; NaN when no capacity is known. [req/s]"""
        low, high = self.evaluation(before).capacity, self.evaluation(after).capacity
        return math.nan if low is None or high is None else float(np.mean(high - low))

    def savings(self, order: Sequence[str]) -> np.ndarray:
        """Saved per year by each investment at its place in an order, in each world, (investments, worlds)."""
        done = np.cumsum([0, *(self.mask([name]) for name in order)])
        return -np.diff([self.loss(int(mask)) for mask in done], axis=0)

    def present_values(self, order: Sequence[str]) -> np.ndarray:
        """Worth today of each investment at its place in an order, in each world; needs prices. [money]"""
        saved, spent = self.case.weights(order)
        return self.savings(order) * saved - (self.hour or 0.0) * spent

    def cash_flows(self, order: Sequence[str]) -> np.ndarray:
        """Mean monthly cash flows of each investment at its place in an order, (investments, months). [money]"""
        schedule = self.case.schedule(order)
        flows = [
            schedule.cash_flows(place, saving, self.hour or 0.0).mean(axis=0)
            for place, saving in enumerate(self.savings(order))
        ]
        return np.reshape(flows, (len(order), schedule.months + 1))

    def first_year(self, order: Sequence[str]) -> np.ndarray:
        """What all of it earns in the first 12 months less what it costs in them, in each world. [money]"""
        schedule = self.case.schedule(order)
        saved, spent = schedule.weighed((np.arange(schedule.months + 1) <= 12).astype(float))
        return np.asarray((self.savings(order) * saved - (self.hour or 0.0) * spent).sum(axis=0))

    def worthwhile(self, budget: float = math.inf) -> Selection:
        """Set within a budget of hours that is worth most over 36 months, the hours paid.

        Savings count from today, as if the work took no time; of equal sets that with fewer hours. Work that then
        loses money because it takes so long is left out.
        """
        years = float(discount_factors(self.rate, MONTHS + 1)[1:].sum()) / 12 if self.priced else 1.0
        chosen = self.roadmap.over(years, self.hour or 0.0).best_within(budget)
        items = [name for name in self.names if name in self._in_time(chosen.items)]
        hours = math.fsum(self.roadmap.hours[name] for name in items)
        return replace(
            chosen, items=tuple(items), hours=hours, saving=self.roadmap.saving(items), unit=self.unit
        )

    def _in_time(self, items: Iterable[str]) -> set[str]:
        """What is left of some work without the pieces that lose money by the time they are finished.

        A piece that does goes, with what requires it, as long as the rest is worth more without.
        """
        kept = set(items)
        while self.hour is not None and kept:
            values = self._means(kept)
            worth, losing = math.fsum(values.values()), [name for name in values if values[name] < 0]
            smaller = [kept - self._with_dependents(name, kept) for name in losing]
            best = max(smaller, key=lambda rest: math.fsum(self._means(rest).values()), default=kept)
            if not math.fsum(self._means(best).values()) > worth:
                break
            kept = best
        return kept

    def _means(self, items: set[str]) -> dict[str, float]:
        """Mean present value of each piece of some work, in the cheapest order of all."""
        order = [name for name in self.roadmap.best_order().items if name in items]
        values = self.present_values(order).mean(axis=1) if order else np.zeros(0)
        return dict(zip(order, values.tolist(), strict=True))

    def _with_dependents(self, name: str, items: set[str]) -> set[str]:
        found = {name}
        while more := {other for other in items - found if found & set(self.roadmap.requires[other])}:
            found |= more
        return found

    def _parts(self, done: int) -> dict[str, float]:
        evaluation, minute = self.evaluation(done), self.draws.get("downtime_per_minute", 1.0)
        parts = {cause: float(np.mean(minutes * minute)) for cause, minutes in evaluation.downtime.items()}
        running = 12 * float(np.mean(evaluation.cost_per_month)) if self.priced else 0.0
        return {**parts, "running costs": running}

    def _built(self, done: int) -> System:
        if not done:
            return self.system
        last = done.bit_length() - 1
        before, item = self._changed(done & ~(1 << last)), self.case.investments[last]
        own = {name: self.draws[f"{item.lever}.{name}"] for name in own_parameters(item)}
        after = LEVERS[item.lever].apply(before, **own)
        return replace(after, running_per_month=after.running_per_month + item.monthly)


def _check(case: Case) -> None:
    check_week(case.hours_per_week)
    domain.within(0, 1, correlation=case.correlation)
    for item in case.investments:
        if not (item.hours[0] > 0 and math.isfinite(item.hours[2])):
            raise DomainError(f"hours of {item.lever} = {list(item.hours)}; allowed: finite numbers above 0")
        domain.not_negative(**{f"monthly_cost_of_{item.lever}": item.monthly})
    prices = case.cost
    if prices is not None:
        minute = (0.0,) if prices.downtime_per_minute is None else prices.downtime_per_minute
        domain.within(
            0, math.inf, price_of_an_instance=prices.instance_per_month, price_of_downtime=np.array(minute)
        )
        domain.within(0, math.inf, price_of_an_hour=prices.engineer_per_hour or 0.0)
