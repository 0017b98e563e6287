"""Which work, in what order, worth what: investments evaluated together on one model of the system."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate, money, number
from capacity.planning.demand.demand import Demand
from capacity.planning.levers.catalogue import LEVERS
from capacity.planning.portfolio.chosen import Order, Selection, in_unit
from capacity.planning.portfolio.information import Information, value_of_information
from capacity.planning.portfolio.investments import obstacle, refuse_repeated, with_precedence
from capacity.planning.portfolio.schedule import MONTHS, Schedule
from capacity.planning.portfolio.tipping import capacity_factor, middle, result_of, tipping_point
from capacity.planning.portfolio.valuation import Case, Valuation
from capacity.planning.portfolio.worth import PRESENT_VALUE, Worth, mean_of, measures, worth_of
from capacity.planning.system.baseline import Given, base_system, database_problem, facts_of, without_database
from capacity.planning.system.parts.outages import MINUTES_PER_YEAR
from capacity.planning.system.system import Evaluation, System, evaluate
from capacity.wording import in_currency, paragraphs, spoken

if TYPE_CHECKING:
    import pandas as pd

    from capacity.plan import Cost, Investment
    from capacity.planning.fleet.scaling import Scaling
    from capacity.planning.system.parts import Overload

RESTS_ON = "Every figure rests on what the plan states about today and about the work: assumed, not measured."
NOT_MODELLED = (
    "Not modelled: several regions, database failover and replication lag, write contention, pauses of the "
    "runtime, noisy neighbours, correlated demand and failure."
)
_FEW = 3  # pieces of work looked at together; more are told as all of them
_NOTED = 0.01  # share of worlds more in which a peak is above the capacity, from which on it is told
_PLACES = ("stand_alone", "in_order", "last_in", "shapley")
_AT_PLACES = [*_PLACES, *(f"{place}_minutes" for place in _PLACES), "capacity_alone", "capacity_last"]
_SAVING = "loss today less loss with all of it done"
_FACTOR = "capacity with all of it done over that of today"


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Investments evaluated together, and the order that loses least.

    "All of it" is everything that can be evaluated, or with a budget of hours what fits it best.

    Parameters
    ----------
    worth : tuple of Worth
        In the recommended order; with a budget, what it does not reach comes last.
    not_evaluable : mapping of str to str
        Investments without a figure, and why.
    now, then : Evaluation
        The system today and with all of it done.
    joint_saving : Estimate
        Saved per year by all of it. [money per year, or min/y without prices]
    capacity_factor : Estimate or None
        Capacity with all of it done over that of today; None when no capacity is known. [fraction]
    best, in_mind : Order
        The recommended order of all of it, and the one in which the investments were stated.
    budget : Selection or None
        What fits the budget of hours best.
    calendar : Schedule
        Weeks of what is recommended.
    information : Information
        What to measure next, and which input moves the present value how far. The choice is between nothing, the
        first piece of work that is recommended, the first two ..., and all of it.
    priced : bool
        Whether the figures are money; else minutes of downtime.
    joint_npv, recommended_npv : Estimate or None
        Present value over 36 months of all of it, and of what is recommended. [money]
    probability_gain, probability_gain_first_year : float
        Share of worlds in which all of it is worth more than nothing, and in which the first 12 months alone earn
        more than they cost; NaN without prices. [fraction]
    cash_flows : tuple of float
        Mean monthly flows of all of it, the first now; empty without prices. [money]
    currency : str
        Of the money; empty where none is stated.
    peaks_above : tuple of float or None
        Share of worlds whose largest peak is above the capacity of today, and above that with the recommended work
        done; None when demand or capacity is not known. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.investments.joint_saving)
    USD 115,000 (43,400 to 231,000)
    >>> study.investments.order[:3]
    ('blue_green', 'retries', 'apm')
    """

    worth: tuple[Worth, ...]
    not_evaluable: Mapping[str, str]
    now: Evaluation
    then: Evaluation
    joint_saving: Estimate
    capacity_factor: Estimate | None
    best: Order
    in_mind: Order
    budget: Selection | None
    calendar: Schedule
    information: Information
    priced: bool
    _valuation: Valuation = field(repr=False)
    joint_npv: Estimate | None = None
    recommended_npv: Estimate | None = None
    probability_gain: float = math.nan
    probability_gain_first_year: float = math.nan
    cash_flows: tuple[float, ...] = ()
    currency: str = ""
    peaks_above: tuple[float, float] | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """Levers in the recommended order."""
        return tuple(item.lever for item in self.worth)

    @property
    def recommended(self) -> tuple[str, ...]:
        """Levers worth doing together, in order."""
        return tuple(item.lever for item in self.worth if item.pays)

    @property
    def delay_cost(self) -> float:
        """Lost while all of it is done in the recommended order. [money], or [min] without prices"""
        return self.best.cost_of_delay

    def best_within(self, hours: float) -> Selection:
        """Return the set that fits a budget of hours [h] and saves most per year.

        Raises
        ------
        DomainError
            If the hours are negative.
        """
        return replace(self._valuation.roadmap.best_within(hours), unit=self._valuation.unit)

    def fewest_leaving(self, minutes: float) -> tuple[str, ...]:
        """Return the fewest pieces of work that leave no more downtime, those of fewest hours; none where none do.

        Parameters
        ----------
        minutes : float
            Mean downtime wanted at most. [min/y]
        """
        hours, items = {item.lever: item.hours for item in self.worth}, self.best.items
        if float(np.mean(self.then.downtime_minutes)) > minutes:
            return ()
        for count in range(1, _FEW + 1):
            sets = sorted(combinations(items, count), key=lambda some: sum(hours[one] for one in some))
            enough = (some for some in sets if self._downtime_after(some) <= minutes)
            if found := next(enough, ()):
                return found
        return tuple(items)

    def _downtime_after(self, levers: Sequence[str]) -> float:
        evaluation = self._valuation.evaluation(self._valuation.mask(levers))
        return float(np.mean(evaluation.downtime_minutes))

    def result(self, of: str) -> float:
        """Mean of a result of all of it [its unit], by the names of `break_even`; NaN where it is not known."""
        return result_of(self._valuation.case, self.best.items, of, {})

    def break_even(self, name: str, *, of: str = "npv", target: float = 0.0) -> float:
        """Value of one input [its unit] at which the mean of a result of all of it reaches a target [its unit].

        Parameters
        ----------
        name : str
            A fact such as ``overloads_per_year``, a parameter such as ``apm.detect_factor``, or a price.
        of : {"npv", "saving", "capacity_factor", "availability", "outage_cost"}
            The result: present value over 36 months [money], saving per year, capacity and availability with all of
            it done, or what one incident or overload costs today [money].
        target : float
            What it must reach: 0 for work that just pays, 3 for three times the capacity. [its unit]

        Raises
        ------
        UsageError
            If there is no such input or result.
        NotIdentified
            If no value of the input, or more than one, brings the result there.
        """
        return tipping_point(self._valuation.case, self.best.items, name, of, target)

    def what_it_takes(self, *, of: str = "npv", target: float = 0.0) -> pd.DataFrame:
        """One row an input: the value stated, and the one at which the result would reach the target, or why none.

        Takes seconds: the system is evaluated anew for each value tried.

        Parameters
        ----------
        of : str
            The result, by the names of `break_even`.
        target : float
            What it must reach. [its unit]
        """
        import pandas as pd

        rows = []
        for name, given in self._valuation.case.stated.items():
            needed, reason = math.nan, ""
            try:
                needed = self.break_even(name, of=of, target=target)
            except NotIdentified as error:
                reason = str(error)
            rows.append((name, middle(given), needed, reason))
        frame = pd.DataFrame(rows, columns=["input", "stated", "needed", "reason"])
        return frame.sort_values("needed", key=lambda column: column.isna(), kind="stable", ignore_index=True)

    def to_frame(self) -> pd.DataFrame:
        """One row an investment, in order, then those that cannot be evaluated with the reason."""
        import pandas as pd

        rows = [item.row(priced=self.priced) for item in self.worth]
        rows += [
            {"lever": lever, "verdict": f"not evaluable: {why}"} for lever, why in self.not_evaluable.items()
        ]
        return pd.DataFrame(rows)

    @property
    def savings(self) -> pd.DataFrame:
        """What each saves and the capacity it adds by its place: alone, in order, done last, on average."""
        frame = self.to_frame()
        known = [name for name in ("lever", *_AT_PLACES) if name in frame]
        return frame.loc[frame["order"].notna(), known] if "order" in frame else frame[known]

    @property
    def savings_caption(self) -> str:
        """What `savings` is, and what its money is in."""
        caption = "What each saves and adds, by its place in the order"
        return in_currency(caption, self.currency if self.priced else None)

    @property
    def money(self) -> pd.DataFrame:
        """What all of it earns by every measure of finance, on the mean flows; empty without prices."""
        import pandas as pd

        rows = (
            [] if self.joint_npv is None else measures(self.cash_flows, self._valuation.rate, self.currency)
        )
        return pd.DataFrame(rows, columns=["quantity", "value", "unit", "reason"])

    @property
    def text(self) -> str:
        """The order, when, and what all of it is worth."""
        return paragraphs(self._order_text(), self._joint_text())

    @property
    def beware(self) -> str:
        """Says if what is recommended makes the service too small, which its worth does not count; else empty."""
        if self.peaks_above is None or self.peaks_above[1] < self.peaks_above[0] + _NOTED:
            return ""
        now, then = self.peaks_above
        return (
            f"Beware: with {', '.join(map(spoken, self.recommended))} done the largest peak is above the capacity in "
            f"{then:.0%} of worlds, today in {now:.0%}; what is refused then has no price here."
        )

    @property
    def caveats(self) -> str:
        """The harm of what pays, what the figures rest on, and what is not modelled."""
        return paragraphs(self._harm_text(), RESTS_ON, NOT_MODELLED)

    def _order_text(self) -> list[str]:
        if not self.worth:
            return ["None of the investments can be evaluated.", *self._not_evaluable_text()]
        if not self.best.items:
            return [*([self.budget.text] if self.budget else []), *self._not_evaluable_text()]
        named = ", ".join(map(spoken, self.best.items))
        how = " (greedy: too many to compare all)" if self.best.method == "greedy" else ""
        idle = [item.lever for item in self.worth if not (item.pays or item.beyond or item.claims_nothing)]
        return [
            *([self.budget.text] if self.budget else []),
            f"Order of work{how}: {named}; while it is done {self._lost(self.delay_cost)} are lost{self._to}.",
            *self._in_mind_text(),
            *([f"Leave out, at this place: {', '.join(map(spoken, idle))}."] if idle else []),
            *([self.calendar.text] if self.recommended else []),
            *self._not_evaluable_text(),
        ]

    def _not_evaluable_text(self) -> list[str]:
        names = ", ".join(map(spoken, self.not_evaluable))
        return [f"Not evaluable: {names}; the table says why."] if names else []

    @property
    def _to(self) -> str:
        return " to downtime and running costs" if self.priced else ""

    def _in_mind_text(self) -> list[str]:
        more = self.in_mind.cost_of_delay - self.delay_cost
        if not more > 1e-9 * abs(self.delay_cost):
            return []
        price = self._lost(self.in_mind.cost_of_delay)
        return [f"In the order of the plan file {price} would be lost, {self._lost(more)} more."]

    def _lost(self, amount: float) -> str:
        return in_unit(amount, self._valuation.unit)

    def _harm_text(self) -> list[str]:
        return [f"Harm of {spoken(lever)}: {LEVERS[lever].harm}" for lever in self.recommended]

    def _joint_text(self) -> list[str]:
        if not self.best.items:
            return []
        sentences = [self._downtime_text(), *self._capacity_text(), *filter(None, [self.beware])]
        if self.joint_npv is not None:
            sentences.append(
                f"All of it is worth {money(self.joint_npv)} over {MONTHS} months and pays in "
                f"{self.probability_gain:.0%} of worlds, within the first year in "
                f"{self.probability_gain_first_year:.0%}."
            )
            sentences += [*self._recommended_text(), self.information.text]
        return sentences

    def _downtime_text(self) -> str:
        if not (self.now.downtime or self.then.downtime):
            return "Nothing is stated that takes the service down, so no downtime is saved."
        before, after = (number(float(np.mean(side.downtime_minutes))) for side in (self.now, self.then))
        if before == after:
            return f"All of it leaves downtime at {before} minutes a year."
        return f"All of it takes downtime from {before} to {after} minutes a year."

    def _capacity_text(self) -> list[str]:
        factor = self.capacity_factor
        if factor is None or factor.value is None:
            return []
        one = number(factor.low) == number(factor.high)
        told = number(factor.value) if one else str(factor)
        if told == "1":
            return ["It leaves capacity as it is."]
        return [
            f"It multiplies capacity by {told}; capacity has no price here, it counts where it makes overload rarer."
        ]

    def _recommended_text(self) -> list[str]:
        if set(self.recommended) == set(self.best.items):
            return []
        if not self.recommended or self.recommended_npv is None:
            return ["Nothing of it is expected to pay."]
        return [
            f"What pays together, {', '.join(map(spoken, self.recommended))}, is worth {money(self.recommended_npv)}."
        ]

    def __str__(self) -> str:
        saved = money(self.joint_saving) if self.priced else self.joint_saving
        return f"order: {', '.join(self.order) or 'none'}; saves {saved} a year"

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        decided = frame[frame.columns.difference(_AT_PLACES, sort=False)]
        return result_html(decided, "Investments evaluated together, in order", self.caveats)


def evaluate_portfolio(
    system: System | None,
    investments: Sequence[Investment],
    cost: Cost | None = None,
    *,
    instance_capacity: Estimate | None = None,
    instance_servers: float = 1.0,
    instances: int = 1,
    scaling: Scaling | None = None,
    demand: Demand | None = None,
    overload: Overload | None = None,
    limits: Mapping[str, float] | None = None,
    facts: Mapping[str, Given] | None = None,
    hours_per_week: float = 40.0,
    budget_hours: float | None = None,
    correlation: float = 0.3,
    rng: np.random.Generator,
    worlds: int = 2000,
) -> Portfolio:
    """Evaluate investments together: what each is worth alone, in order and last, and the best order.

    Parameters
    ----------
    system : System or None
        As it is today; None: built by `baseline.base_system` from the facts the investments state and the
        arguments below.
    investments : sequence of Investment
        Those whose lever has no model, or lacks a parameter, are reported as not evaluable.
    cost : Cost, optional
        Without prices the figures are minutes of downtime, and there is no present value.
    instance_capacity : Estimate, optional
        What one instance carries within its objective. [req/s]
    instance_servers : float
        Requests it works on at the same time. [servers]
    instances : int
        Those that run today. [instances]
    scaling, demand, overload : optional
        The law across instances, what is asked, and what an overload does.
    limits : mapping of str to float, optional
        Rates at which something shared ends. [req/s]
    facts : mapping of str to a number or three, optional
        Known about today from elsewhere; what the investments state comes first.
    hours_per_week, budget_hours, correlation
        Of the team: its hours a week, the hours there are in all (None: as many as needed) [h], and the share of
        common cause in how far the hours of different investments are off [fraction].
    rng : numpy.random.Generator
        Of every random draw.
    worlds : int
        Worlds in which ranges are drawn; the same for every set of investments. [worlds]

    Raises
    ------
    UsageError
        If an investment comes twice, precedence is circular, facts
        contradict each other, or a parameter is unknown or outside its range.
    DomainError
        If hours, a budget or a price are impossible, or the facts about today add up to more than a year down.

    Notes
    -----
    For up to 18 investments the order is the exact minimum of the cost of delay, the sum of hours times what is
    lost per hour while they pass; beyond, it is greedy and says so: largest saving per hour next. A year of the
    team has 52 weeks. What is recommended is the set worth most over 36 months, within the budget of hours.

    References
    ----------
    .. [1] Reinertsen, The Principles of Product Development Flow, Celeritas, 2009, ch. 2 (cost of delay).
    .. [2] Held and Karp, A dynamic programming approach to sequencing problems, SIAM J. 10, 1962.

    Examples
    --------
    >>> from capacity.plan import Cost, Investment
    >>> minutes = {"detect_minutes": 10, "triage_minutes": 15, "diagnose_minutes": 45, "fix_minutes": 20}
    >>> changed = {"detect_factor": 0.3, "diagnose_factor": 0.5, "cpu_share": 0.03}
    >>> apm = Investment(lever="apm", hours=(5, 6, 7), parameters={"incidents_per_year": 12} | minutes | changed)
    >>> prices = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(100, 100, 100))
    >>> found = evaluate_portfolio(None, [apm, Investment(lever="tracing", hours=(6, 8, 10))], prices,
    ...                            rng=np.random.default_rng(1), worlds=200)
    >>> found.recommended, round(found.worth[0].stand_alone), list(found.not_evaluable)
    (('apm',), 35400, ['tracing'])
    """
    refuse_repeated(investments)
    stated = {**(facts or {}), **facts_of(investments)}
    problem = database_problem(stated, instance_capacity) if system is None else ""
    usable = without_database(stated) if problem else stated
    seed = int(rng.integers(2**63))

    def base(known: Mapping[str, Given], generator: np.random.Generator) -> System:
        return system or base_system(
            known,
            instance_capacity=instance_capacity,
            instance_servers=instance_servers,
            instances=instances,
            scaling=scaling,
            demand=demand,
            overload=overload,
            limits=limits,
            instance_per_month=0.0 if cost is None else cost.instance_per_month,
            rng=generator,
            worlds=worlds,
        )

    case = Case(base, {} if system else usable, (), cost, seed, worlds, hours_per_week, correlation)
    today = case.valuation().system
    _refuse_more_than_a_year(evaluate(today))
    obstacles = {
        item.lever: obstacle(item, today, None if system else stated, problem) for item in investments
    }
    kept, obstacles = with_precedence(investments, obstacles)
    reasons = {lever: why for lever, why in obstacles.items() if why}
    return _portfolio(replace(case, investments=kept).valuation(), reasons, budget_hours, demand)


def _refuse_more_than_a_year(today: Evaluation) -> None:
    down = {cause: float(np.mean(minutes)) for cause, minutes in today.downtime.items()}
    if sum(down.values()) > MINUTES_PER_YEAR:
        causes = ", ".join(f"{cause} {number(minutes)}" for cause, minutes in down.items() if minutes)
        raise DomainError(
            f"the facts about today add up to {number(sum(down.values()))} min down a year ({causes}), which has "
            f"{MINUTES_PER_YEAR:,.0f}; correct how often or how long"
        )


def _portfolio(
    valuation: Valuation, not_evaluable: Mapping[str, str], hours: float | None, demand: Demand | None
) -> Portfolio:
    roadmap, chosen = valuation.roadmap, valuation.worthwhile(math.inf if hours is None else hours)
    planned = roadmap if hours is None else roadmap.only(chosen.items)
    best = planned.best_order()
    beyond = roadmap.after(best.items).best_order().items
    doing = [lever for lever in best.items if lever in chosen.items]
    leaving = [lever for lever in best.items if lever not in chosen.items]
    now, then = valuation.evaluation(0), valuation.evaluation(valuation.mask(best.items))
    saving, factor = valuation.savings(best.items).sum(axis=0), capacity_factor(now, then)
    return Portfolio(
        worth=worth_of(valuation, (*best.items, *beyond), chosen.items, beyond),
        not_evaluable=dict(not_evaluable),
        now=now,
        then=then,
        joint_saving=mean_of(saving, _SAVING, valuation.currency if valuation.priced else "min"),
        capacity_factor=None if factor is None else _median(factor),
        best=best,
        in_mind=planned.order_in_mind(),
        budget=None if hours is None else chosen,
        calendar=valuation.case.schedule(doing),
        information=_information(valuation, (*doing, *leaving), saving),
        priced=valuation.priced,
        currency=valuation.currency,
        peaks_above=_peaks_above(demand, now, valuation.evaluation(valuation.mask(doing))),
        _valuation=valuation,
        **({} if valuation.hour is None else _money(valuation, best.items, doing)),
    )


def _peaks_above(demand: Demand | None, *sides: Evaluation) -> tuple[float, float] | None:
    """Share of all pairs of a world of the demand and one of the system with the peak above the capacity."""
    if demand is None or any(side.capacity is None for side in sides):
        return None
    now, then = (float(np.greater.outer(demand.peaks, np.asarray(side.capacity)).mean()) for side in sides)
    return now, then


def _money(valuation: Valuation, order: Sequence[str], doing: Sequence[str]) -> dict[str, Any]:
    """What all of the work, and what is recommended of it, is worth in money."""
    joint = valuation.present_values(order).sum(axis=0)
    recommended = valuation.present_values(doing).sum(axis=0)
    return {
        "joint_npv": mean_of(joint, PRESENT_VALUE, valuation.currency),
        "recommended_npv": mean_of(recommended, PRESENT_VALUE, valuation.currency),
        "probability_gain": float((joint > 0).mean()),
        "probability_gain_first_year": float((valuation.first_year(order) > 0).mean()),
        "cash_flows": tuple(valuation.cash_flows(order).sum(axis=0).tolist()),
    }


def _information(valuation: Valuation, order: Sequence[str], saving: np.ndarray) -> Information:
    """What it is worth to know more before choosing how much of the work to do, from nothing to all of it."""
    if valuation.hour is None:
        return value_of_information(np.zeros((valuation.worlds, 1)), valuation.inputs, result=saving)

    def held(name: str, value: float) -> float:
        return result_of(valuation.case, order, "npv", {name: value})

    values = valuation.present_values(order)
    return value_of_information(
        -np.vstack([np.zeros(valuation.worlds), np.cumsum(values, axis=0)]).T,
        valuation.inputs,
        actions=("nothing", *(f"up to {spoken(lever)}" for lever in order)),
        result=values.sum(axis=0),
        held=held,
        unit=valuation.currency,
    )


def _median(factor: np.ndarray) -> Estimate:
    return Estimate.of_sample(factor, unit="", method=_FACTOR, provenance="assumed")
