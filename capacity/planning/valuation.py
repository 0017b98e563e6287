"""What sets of investments are worth: one system, the same sampled worlds for every set."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.models.finance import npv, payback_months
from capacity.planning.baseline import sampled
from capacity.planning.catalogue import LEVERS
from capacity.planning.investments import own_parameters, required_by
from capacity.planning.parts import Quantity
from capacity.planning.system import Evaluation, System, evaluate

if TYPE_CHECKING:
    from capacity.plan import Cost, Investment

MONTHS = 36  # over which savings count


class Valuation:
    """A system with any set of investments done, in the same sampled worlds; sets are bit masks of indices.

    Parameters
    ----------
    system : System
        As it is today.
    investments : sequence of Investment
        Those that can be evaluated.
    cost : Cost or None
        Without a price of downtime, losses are minutes of it.
    rng : numpy.random.Generator
        Of every random draw.
    worlds : int
        Worlds drawn.
    """

    def __init__(
        self,
        system: System,
        investments: Sequence[Investment],
        cost: Cost | None,
        rng: np.random.Generator,
        worlds: int,
    ) -> None:
        self.investments = tuple(investments)
        self.worlds = worlds
        self.hours = [np.broadcast_to(sampled(item.hours, rng, worlds), worlds) for item in investments]
        self._parameters = [
            {name: sampled(value, rng, worlds) for name, value in own_parameters(item).items()}
            for item in investments
        ]
        minute = None if cost is None else cost.downtime_per_minute
        self.priced = minute is not None
        self._minute: Quantity = 1.0 if minute is None else sampled(minute, rng, worlds)
        self._hour = None if cost is None or not self.priced else cost.engineer_per_hour
        self._rate = 0.0 if cost is None else cost.discount_rate
        self._systems: dict[int, System] = {0: system}
        self._evaluations: dict[int, Evaluation] = {}
        self._means: dict[int, float] = {}

    @cached_property
    def names(self) -> list[str]:
        """Levers, by index."""
        return [item.lever for item in self.investments]

    @property
    def whole(self) -> int:
        """Everything done."""
        return (1 << len(self.investments)) - 1

    @cached_property
    def before(self) -> list[int]:
        """Set to be finished before each investment."""
        return [sum(1 << self.names.index(name) for name in required_by(item)) for item in self.investments]

    def evaluation(self, done: int) -> Evaluation:
        """Evaluate the system with a set of investments done."""
        if done not in self._evaluations:
            self._evaluations[done] = evaluate(self._system(done))
        return self._evaluations[done]

    def loss(self, done: int) -> np.ndarray:
        """Lost per year in each world: downtime at its price and running costs; without a price, minutes."""
        evaluation = self.evaluation(done)
        running = 12 * evaluation.cost_per_month if self.priced else 0.0
        return np.broadcast_to(evaluation.downtime_minutes * self._minute + running, self.worlds)

    def mean_loss(self, done: int) -> float:
        """Mean over the worlds of what is lost per year."""
        if done not in self._means:
            self._means[done] = float(np.mean(self.loss(done)))
        return self._means[done]

    def capacity_gained(self, before: int, after: int) -> float:
        """Mean capacity that one set has more than another; NaN when no capacity is known. [req/s]"""
        low, high = self.evaluation(before).capacity, self.evaluation(after).capacity
        return math.nan if low is None or high is None else float(np.mean(high - low))

    def spent(self, indices: Iterable[int]) -> np.ndarray | None:
        """Hours times their price in each world; None without prices. [money]"""
        if self._hour is None:
            return None
        return self._hour * sum((self.hours[index] for index in indices), start=np.zeros(self.worlds))

    def present_value(self, saving: np.ndarray, spent: np.ndarray) -> np.ndarray:
        """Net present value in each world of spending now and saving evenly over 36 months. [money]"""
        return saving / 12 * npv(self._rate, [0.0] + [1.0] * MONTHS) - spent

    def payback(self, saving: np.ndarray, spent: np.ndarray) -> float:
        """Months until the mean saving has paid the mean cost, discounted; infinite beyond 36. [months]"""
        monthly = float(np.mean(saving)) / 12
        return payback_months([-float(np.mean(spent))] + [monthly] * MONTHS, self._rate)

    def _system(self, done: int) -> System:
        if done not in self._systems:
            last = done.bit_length() - 1
            before, item = self._system(done & ~(1 << last)), self.investments[last]
            after = LEVERS[item.lever].apply(before, **self._parameters[last])
            self._systems[done] = replace(after, running_per_month=after.running_per_month + item.monthly)
        return self._systems[done]
