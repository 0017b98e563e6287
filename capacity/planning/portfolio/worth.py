"""What one investment is worth: alone, at its place, after all others, and on average."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from capacity.errors import NotIdentified
from capacity.estimate import Estimate, number
from capacity.models.finance import irr, mirr, npv, payback_months
from capacity.planning.demand.demand import LEVEL
from capacity.planning.levers.catalogue import LEVERS
from capacity.planning.portfolio.schedule import MONTHS
from capacity.planning.portfolio.valuation import Valuation
from capacity.shown import Shown

_CLAIMS_NOTHING = {
    "gate": "a gate of readiness: claims no figure of benefit",
    "information": "worth what is known better: see what to measure next",
}
PRESENT_VALUE = f"net present value over {MONTHS} months"


@dataclass(frozen=True, eq=False)
class Worth(Shown):
    """What one investment is worth, means over the worlds unless an `Estimate`.

    Parameters
    ----------
    lever : str
        Its name.
    place : int
        In the recommended order, from 1. [place]
    hours : float
        Work. [h]
    stand_alone, in_order, last_in, shapley : float
        Saved per year when done alone, at its place in the order, after all others, and on average over all
        orders (the last four of a portfolio too large to combine are NaN). [money per year, or min/y
        without prices]
    capacity_alone, capacity_last : float
        Capacity it adds alone and after all others; NaN when no capacity is known. [req/s]
    pays : bool
        Whether it belongs to the set worth most, within the budget of hours if there is one.
    beyond : bool
        Whether it would be worth doing, but the budget of hours ends before it.
    monthly : float
        What it costs to run. [money per month]
    cost : Estimate or None
        Hours times their price. [money]
    npv : Estimate or None
        Present value over 36 months at its place in the order: hours paid when they are worked, savings from when
        it is finished. [money]
    probability_gain : float
        Share of worlds in which that value is above zero; NaN without prices. [fraction]
    payback : float
        Months from today until the mean flows have paid back, discounted; infinite if they do not within 36.
        [months]

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> first = study.investments.worth[0]
    >>> print(first.lever, first.hours, first.npv)  # [h], [money]
    blue_green 10.0 USD 171,000 (64,800 to 345,000)
    """

    lever: str
    place: int
    hours: float
    stand_alone: float
    in_order: float
    last_in: float
    shapley: float
    capacity_alone: float
    capacity_last: float
    pays: bool
    beyond: bool = False
    monthly: float = 0.0
    cost: Estimate | None = None
    npv: Estimate | None = None
    probability_gain: float = math.nan
    payback: float = math.nan

    @property
    def claims_nothing(self) -> str:
        """Why no figure of benefit is claimed for such work; empty where one is."""
        return _CLAIMS_NOTHING.get(LEVERS[self.lever].kind, "")

    @property
    def verdict(self) -> str:
        """What the figures say, in a few words."""
        saved = round(self.in_order, 6)
        if self.claims_nothing and saved <= 0:
            return self.claims_nothing
        if self.beyond:
            return "beyond the budget of hours"
        if saved <= 0 and self.pays:
            return "worth doing with other work"
        if saved == 0:
            return "changes no time down that is known" if self.npv is None else "saves nothing at its place"
        if self.npv is None:
            return f"{'saves' if saved > 0 else 'adds'} {number(abs(saved))} minutes down a year"
        if not self.pays:
            return "costs more than it saves"
        return f"pays in {self.probability_gain:.0%} of worlds"

    def row(self, *, priced: bool) -> dict[str, Any]:
        """Its row in the table of the portfolio."""
        row: dict[str, Any] = {"lever": self.lever, "order": self.place, "hours": self.hours}
        if self.npv is not None:
            money = ("cost", "npv", "probability_gain", "payback")
            row |= {name: getattr(self, name) for name in money}
        row |= {"verdict": self.verdict}
        for name in ("stand_alone", "in_order", "last_in", "shapley"):
            row[name if priced else f"{name}_minutes"] = getattr(self, name)
        return row | {"capacity_alone": self.capacity_alone, "capacity_last": self.capacity_last}


def worth_of(
    valuation: Valuation, order: Sequence[str], recommended: Sequence[str], left: Sequence[str]
) -> tuple[Worth, ...]:
    """Return what each investment is worth at its place in an order, of which a budget of hours left some out."""
    roadmap, unit, price = valuation.roadmap, valuation.currency, valuation.hour
    savings = valuation.savings(order)
    values = [None] * len(order) if price is None else valuation.present_values(order)
    flows = [None] * len(order) if price is None else valuation.cash_flows(order)
    wanted = valuation.worthwhile().items if left else ()
    found = []
    for place, lever in enumerate(order):
        bit, value, flow = valuation.mask([lever]), values[place], flows[place]
        index = valuation.names.index(lever)
        spent = valuation.case.hours[index] * (price or 0.0)
        gained = savings[place] if value is None else value
        found.append(
            Worth(
                lever=lever,
                place=place + 1,
                hours=roadmap.hours[lever],
                stand_alone=roadmap.stand_alone[lever],
                in_order=float(savings[place].mean()),
                last_in=roadmap.last_in[lever],
                shapley=roadmap.shapley[lever],
                capacity_alone=valuation.capacity_gained(0, bit),
                capacity_last=valuation.capacity_gained(valuation.whole & ~bit, valuation.whole),
                pays=lever in recommended,
                beyond=lever in left and (lever in wanted or round(float(gained.mean()), 6) > 0),
                monthly=valuation.case.investments[index].monthly,
                cost=None if value is None else mean_of(spent, "hours (PERT) times their price", unit),
                npv=None if value is None else mean_of(value, PRESENT_VALUE, unit),
                probability_gain=math.nan if value is None else float((value > 0).mean()),
                payback=math.nan if flow is None else payback_months(flow, valuation.rate),
            )
        )
    return tuple(found)


def mean_of(sample: np.ndarray, method: str, unit: str = "") -> Estimate:
    """Mean over the worlds, with an interval that holds the middle 90% of them and the mean."""
    value = float(np.mean(sample))
    low, high = (float(q) for q in np.quantile(sample, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    return Estimate(value, min(low, value), max(high, value), unit, method, "assumed", LEVEL)


def measures(flows: Sequence[float], rate: float, currency: str = "") -> list[dict[str, Any]]:
    """Every measure of finance on mean monthly flows, at a discount rate a year: value and unit, or why it has none."""
    monthly = math.expm1(math.log1p(rate) / 12)
    asked: dict[tuple[str, str], Callable[[], float]] = {
        ("net present value", currency): lambda: npv(rate, flows),
        ("internal rate of return", "% a month"): lambda: 100 * irr(flows),
        ("modified rate of return", "% a month"): lambda: 100 * mirr(flows, monthly, monthly),
        ("payback", "months"): lambda: payback_months(flows),
        ("discounted payback", "months"): lambda: payback_months(flows, rate),
    }
    rows = []
    for (quantity, unit), measure in asked.items():
        row: dict[str, Any] = {"quantity": quantity, "value": math.nan, "unit": unit, "reason": ""}
        try:
            rows.append(row | {"value": measure()})
        except NotIdentified as error:
            rows.append(row | {"reason": str(error)})
    return rows
