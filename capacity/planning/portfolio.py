"""Which work, in what order, worth what: investments evaluated together on one model of the system."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.display import result_html
from capacity.estimate import Estimate, number
from capacity.planning.baseline import base_system, database_problem, facts_of, without_database
from capacity.planning.catalogue import LEVERS
from capacity.planning.demand import LEVEL, Demand
from capacity.planning.investments import obstacle, refuse_repeated, with_precedence
from capacity.planning.ordering import EXACT, cheapest_order, shapley
from capacity.planning.system import Evaluation, System
from capacity.planning.valuation import MONTHS, Valuation
from capacity.wording import spoken

if TYPE_CHECKING:
    import pandas as pd

    from capacity.models.fits.fitting import Fit
    from capacity.models.scalability import Usl
    from capacity.plan import Cost, Investment

HOURS_PER_YEAR = 2080.0  # of one team

RESTS_ON = "Every figure rests on what the plan states about today and about the work: assumed, not measured."
NOT_MODELLED = (
    "Not modelled: several regions, database failover and replication lag, write contention, pauses of the "
    "runtime, noisy neighbours, correlated demand and failure, the months the work itself takes in the "
    "present values."
)


@dataclass(frozen=True, eq=False)
class Worth:
    """What one investment is worth, means over the worlds unless an `Estimate`.

    Parameters
    ----------
    lever : str
        Its name.
    place : int
        In the recommended order, from 1.
    hours : float
        Work. [h]
    stand_alone, in_order, last_in, shapley : float
        Saved per year when done alone, at its place in the order, after all others, and on average over all
        orders (the last four of a portfolio too large to combine are NaN). [money per year], or [min/y]
        without prices
    capacity_alone, capacity_last : float
        Capacity it adds alone and after all others; NaN when no capacity is known. [req/s]
    cost : Estimate or None
        Hours times their price. [money]
    npv : Estimate or None
        Present value over 36 months at its place in the order. [money]
    probability_gain : float
        Share of worlds in which that value is above zero; NaN without prices. [fraction]
    payback : float
        Months until the mean saving has paid the mean cost, discounted; infinite beyond 36. [months]
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
    cost: Estimate | None = None
    npv: Estimate | None = None
    probability_gain: float = math.nan
    payback: float = math.nan

    @property
    def pays(self) -> bool:
        """Whether it is worth more than it costs, at its place and on average."""
        gain = self.in_order if self.npv is None or self.npv.value is None else self.npv.value
        return round(gain, 6) > 0

    @property
    def verdict(self) -> str:
        """What the figures say, in a few words."""
        if self.npv is None:
            return "saves time down" if self.pays else "changes no time down that is known"
        if round(self.in_order, 6) <= 0:
            return "saves nothing at its place"
        return f"pays in {self.probability_gain:.0%} of worlds"


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Investments evaluated together, and the order that loses least.

    Parameters
    ----------
    worth : tuple of Worth
        In the recommended order.
    not_evaluable : mapping of str to str
        Investments without a figure, and why.
    now, then : Evaluation
        The system today and with everything done.
    joint_saving : Estimate
        Saved per year by all of it. [money per year], or [min/y] without prices
    joint_npv : Estimate or None
        Present value of all of it over 36 months. [money]
    probability_gain : float
        Share of worlds in which that is above zero; NaN without prices. [fraction]
    delay_cost : float
        Lost while the work is done in this order. [money], or [min] without prices
    priced : bool
        Whether the figures are money; else minutes of downtime.
    """

    worth: tuple[Worth, ...]
    not_evaluable: Mapping[str, str]
    now: Evaluation
    then: Evaluation
    joint_saving: Estimate
    joint_npv: Estimate | None
    probability_gain: float
    delay_cost: float
    priced: bool

    @property
    def order(self) -> tuple[str, ...]:
        """Levers in the recommended order."""
        return tuple(item.lever for item in self.worth)

    @cached_property
    def capacity_factor(self) -> float:
        """Capacity with everything done over that of today; NaN when no capacity is known. [fraction]"""
        if self.now.capacity is None or self.then.capacity is None:
            return math.nan
        return float(np.median(self.then.capacity / self.now.capacity))

    def to_frame(self) -> pd.DataFrame:
        """One row an investment, in order, then those that cannot be evaluated with the reason."""
        import pandas as pd

        rows: list[dict[str, Any]] = [self._row(item) for item in self.worth]
        rows += [
            {"lever": lever, "verdict": f"not evaluable: {why}"} for lever, why in self.not_evaluable.items()
        ]
        return pd.DataFrame(rows)

    def _row(self, item: Worth) -> dict[str, Any]:
        row: dict[str, Any] = {"lever": item.lever, "order": item.place, "hours": item.hours}
        values = {
            "stand_alone": item.stand_alone,
            "in_order": item.in_order,
            "last_in": item.last_in,
            "shapley": item.shapley,
        }
        if item.npv is not None:
            row |= {
                "cost": item.cost,
                "npv": item.npv,
                "probability_gain": item.probability_gain,
                "payback": item.payback,
            }
        row |= {"verdict": item.verdict}
        row |= values if self.priced else {f"{name}_minutes": value for name, value in values.items()}
        return row | {"capacity_alone": item.capacity_alone, "capacity_last": item.capacity_last}

    @property
    def text(self) -> str:
        """The order, and what all of it is worth."""
        return " ".join([*self._order_text(), *self._joint_text()])

    @property
    def caveats(self) -> str:
        """The harm of what pays, what the figures rest on, and what is not modelled."""
        return " ".join([*self._harm_text(), RESTS_ON, NOT_MODELLED])

    def _order_text(self) -> list[str]:
        if not self.worth:
            return ["None of the investments can be evaluated."]
        unit = "" if self.priced else " minutes"
        idle = [item.lever for item in self.worth if not item.pays]
        order = ", ".join(map(spoken, self.order))
        return [
            f"Order of work: {order}; while it is done {number(self.delay_cost)}{unit} are lost.",
            *([f"Leave out, at this place: {', '.join(map(spoken, idle))}."] if idle else []),
        ]

    def _harm_text(self) -> list[str]:
        return [
            f"Harm of {spoken(item.lever)}: {LEVERS[item.lever].harm}" for item in self.worth if item.pays
        ]

    def _joint_text(self) -> list[str]:
        if not self.worth:
            return []
        before, after = (float(np.mean(side.downtime_minutes)) for side in (self.now, self.then))
        sentences = [f"All of it takes downtime from {number(before)} to {number(after)} minutes a year."]
        if not math.isnan(self.capacity_factor):
            sentences.append(
                f"Together they multiply capacity by {self.capacity_factor:.2g}; capacity has no price "
                "here, it counts where it makes overload rarer."
            )
        if self.joint_npv is not None:
            sentences.append(
                f"All of it is worth {self.joint_npv} over {MONTHS} months and pays in "
                f"{self.probability_gain:.0%} of worlds."
            )
        return sentences

    def __str__(self) -> str:
        return f"order: {', '.join(self.order) or 'none'}; saves {self.joint_saving} a year"

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "Investments evaluated together, in order", self.caveats)


def evaluate_portfolio(
    system: System | None,
    investments: Sequence[Investment],
    cost: Cost | None = None,
    *,
    instance_capacity: Estimate | None = None,
    instances: int = 1,
    scaling: Usl | Fit | None = None,
    demand: Demand | None = None,
    rng: np.random.Generator,
    worlds: int = 2000,
) -> Portfolio:
    """Evaluate investments together: what each is worth alone, in order and last, and the best order.

    Parameters
    ----------
    system : System or None
        As it is today; None: built by `baseline.base_system` from the facts the investments state and the
        four arguments below.
    investments : sequence of Investment
        Those whose lever has no model, or lacks a parameter, are reported as not evaluable.
    cost : Cost, optional
        Without prices the figures are minutes of downtime, and there is no present value.
    instance_capacity, instances, scaling, demand
        What one instance carries [req/s], how many run, the law across them, and the demand they face.
    rng : numpy.random.Generator
        Of every random draw.
    worlds : int
        Worlds in which ranges are drawn; the same for every set of investments.

    Raises
    ------
    UsageError
        If an investment comes twice, precedence is circular, facts
        contradict each other, or a parameter is unknown or outside its range.

    Notes
    -----
    All feasible sets are evaluated for up to 12 investments, and the order is the exact minimum of the cost
    of delay, the sum of hours times what is lost per hour while they pass. Beyond 12 it is greedy: largest
    saving per hour next.

    References
    ----------
    .. [1] Reinertsen, The Principles of Product Development Flow, Celeritas, 2009, ch. 2 (cost of delay).
    .. [2] Held and Karp, A dynamic programming approach to sequencing problems, SIAM J. 10, 1962.
    """
    refuse_repeated(investments)
    facts = facts_of(investments)
    if system is None:
        problem = database_problem(facts, instance_capacity)
        system = base_system(
            without_database(facts) if problem else facts,
            instance_capacity=instance_capacity,
            instances=instances,
            scaling=scaling,
            demand=demand,
            instance_per_month=0.0 if cost is None else cost.instance_per_month,
            rng=rng,
            worlds=worlds,
        )
        obstacles = {item.lever: obstacle(item, system, facts, problem) for item in investments}
    else:
        obstacles = {item.lever: obstacle(item, system) for item in investments}
    kept, obstacles = with_precedence(investments, obstacles)
    reasons = {lever: why for lever, why in obstacles.items() if why}
    return _portfolio(Valuation(system, kept, cost, rng, worlds), reasons)


def _portfolio(valuation: Valuation, not_evaluable: Mapping[str, str]) -> Portfolio:
    count, whole = len(valuation.names), valuation.whole
    durations = [float(np.mean(hours)) / HOURS_PER_YEAR for hours in valuation.hours]
    order, delay = cheapest_order(durations, valuation.before, valuation.mean_loss)
    shares = shapley(count, valuation.mean_loss) if count <= EXACT else [math.nan] * count
    saving, spent = valuation.loss(0) - valuation.loss(whole), valuation.spent(range(count))
    value = None if spent is None else valuation.present_value(saving, spent)
    return Portfolio(
        worth=tuple(_worth(valuation, order, place, shares) for place in range(count)),
        not_evaluable=dict(not_evaluable),
        now=valuation.evaluation(0),
        then=valuation.evaluation(whole),
        joint_saving=_estimate(
            saving, "loss today less loss with everything done", "" if valuation.priced else "min"
        ),
        joint_npv=None if value is None else _estimate(value, _PRESENT_VALUE),
        probability_gain=math.nan if value is None else float((value > 0).mean()),
        delay_cost=delay,
        priced=valuation.priced,
    )


_PRESENT_VALUE = f"net present value over {MONTHS} months"


def _worth(valuation: Valuation, order: Sequence[int], place: int, shares: Sequence[float]) -> Worth:
    index = order[place]
    bit, whole = 1 << index, valuation.whole
    earlier = sum(1 << i for i in order[:place])
    saving, spent = valuation.loss(earlier) - valuation.loss(earlier | bit), valuation.spent([index])
    value = None if spent is None else valuation.present_value(saving, spent)
    return Worth(
        lever=valuation.names[index],
        place=place + 1,
        hours=float(np.mean(valuation.hours[index])),
        stand_alone=valuation.mean_loss(0) - valuation.mean_loss(bit),
        in_order=valuation.mean_loss(earlier) - valuation.mean_loss(earlier | bit),
        last_in=valuation.mean_loss(whole & ~bit) - valuation.mean_loss(whole),
        shapley=shares[index],
        capacity_alone=valuation.capacity_gained(0, bit),
        capacity_last=valuation.capacity_gained(whole & ~bit, whole),
        cost=None if spent is None else _estimate(spent, "hours (PERT) times their price"),
        npv=None if value is None else _estimate(value, _PRESENT_VALUE),
        probability_gain=math.nan if value is None else float((value > 0).mean()),
        payback=math.nan if spent is None else valuation.payback(saving, spent),
    )


def _estimate(sample: np.ndarray, method: str, unit: str = "") -> Estimate:
    """Mean over the worlds, with the quantiles of its interval."""
    low, high = (float(q) for q in np.quantile(sample, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    return Estimate(float(np.clip(np.mean(sample), low, high)), low, high, unit, method, "assumed", LEVEL)
