"""Prices of a fleet as inputs: which size would cost least if they were otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from capacity.estimate import money
from capacity.planning.assumptions.answers import Trial
from capacity.planning.assumptions.inputs import Assumption
from capacity.planning.assumptions.values import ranged
from capacity.planning.system.stated import mean_of
from capacity.wording import counted

if TYPE_CHECKING:
    from capacity.plan import Plan
    from capacity.planning.fleet.choices import Choices


def of_rent(choices: Choices | None, plan: Plan) -> Iterator[Assumption]:
    """The price of an instance, and without investments that of downtime: the size with the least expected cost."""
    cost = plan.cost
    if cost is None:
        return
    price = cost.instance_per_month
    key, told = "cost.instance_per_month", money(price, cost.currency)
    idle = "cannot act here: the accepted risk decides the number of instances"
    if choices is None:
        yield Assumption(
            "cost", "price of an instance a month", key, told, "config", None, None, "none",
            f"{idle}, and without downtime_per_minute no other reading stands beside it",
        )  # fmt: skip
        return
    ends = (0.5, 2.0) if price else ()
    yield _least_cost(
        "price of an instance a month", key, told, choices, {f: (price * f, f, 1.0) for f in ends}, idle
    )
    if cost.downtime_per_minute is not None and not plan.investment:
        low, likely, high = cost.downtime_per_minute
        mean = mean_of(cost.downtime_per_minute)
        trials = {end: (end, 1.0, end / mean) for end in (low, high)} if mean and low < high else {}
        told = ranged(low, likely, high, lambda price: money(price, cost.currency))
        yield _least_cost(
            "price of a minute of downtime", "cost.downtime_per_minute", told, choices, trials, idle
        )


def _least_cost(
    name: str,
    key: str,
    told: str,
    choices: Choices,
    tried: dict[float, tuple[float, float, float]],
    idle: str,
) -> Assumption:
    """Which size costs least when rent and losses are so many times as much; values tried with both factors."""
    sizes, trials, found = choices.sizes, [], []
    for value, rent, loss in tried.values():
        least = int((sizes["rent_per_month"] * rent + sizes["loss_per_month"] * loss).idxmin())
        found.append(least)
        trials.append(
            Trial(money(value, choices.currency), f"{counted(least, 'instance')} cost least", least)
        )
    moved = max((abs(least - choices.least_cost) for least in found), default=0)
    if not moved:
        low, high = trials or (None, None)
        return Assumption("cost", name, key, told, "config", low, high, "none", idle)
    low, high = trials
    before = counted(choices.least_cost, "instance")
    verdict = f"moves the size with the least cost, {before} as it stands; the accepted risk decides"
    return Assumption("cost", name, key, told, "config", low, high, "moves", verdict, float(moved))
