"""Inputs of what the work is worth: facts about today, what the work changes, hours and prices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from capacity.errors import CapacityError
from capacity.estimate import Provenance, money, number, weakest
from capacity.planning.assumptions.answers import MUCH, Trial
from capacity.planning.assumptions.inputs import Assumption, Effect
from capacity.planning.assumptions.values import ranged
from capacity.planning.levers.catalogue import FACTS, LEVERS, Parameter
from capacity.planning.portfolio.tipping import result_of
from capacity.planning.portfolio.valuation import HOURS
from capacity.planning.system import facts as today
from capacity.planning.system.stated import Given, facts_of, three_of
from capacity.wording import percent, spoken

if TYPE_CHECKING:
    from capacity.plan import Plan
    from capacity.planning.portfolio.information import Influence
    from capacity.planning.portfolio.portfolio import Portfolio
    from capacity.planning.portfolio.valuation import Case

NOT_STATED = (
    "How much of the worth of the work rests on assumptions is not computed: the plan file has no key that says "
    "whether a fact about today was measured or guessed."
)
_ABOUT = {
    "overload": today.OVERLOAD, "deployments": today.CHANGES, "incidents": today.INCIDENTS,
    "silent faults": today.SILENT, "instances": today.FAILURES, "provider": today.PROVIDER, "calls": today.CALLS,
    "database": (*today.DATABASE, today.CONNECT), "connections": today.CONNECTIONS,
}  # fmt: skip
_WHERE = {fact.name: about for about, facts in _ABOUT.items() for fact in facts}
_CAUSES = {"overload", "deployments", "incidents", "silent faults", "instances", "provider"}
_TELLING = 0.01  # share of all there is to know from which on an input decides


class Worth:
    """What all of the work is worth, and what it becomes when one input is another.

    Parameters
    ----------
    portfolio : Portfolio
        The investments evaluated together.
    plan : Plan
        What states them.
    """

    def __init__(self, portfolio: Portfolio, plan: Plan) -> None:
        self._portfolio, self._plan = portfolio, plan
        self._case: Case = portfolio._valuation.case
        self._of = "npv" if portfolio.joint_npv is not None else "saving"
        self._base = portfolio.result(self._of)
        self._known = {item.name: item for item in portfolio.information.influences}

    def assumptions(self) -> Iterator[Assumption]:
        """Every input the plan states, then what it leaves to defaults."""
        facts = facts_of(self._plan.investment)
        for name, given in self._case.stated.items():
            if name in facts or name not in FACTS:
                yield self._of_stated(name, given)
        yield from self._of_prices()
        yield from self._of_team()

    def _of_stated(self, name: str, given: Given) -> Assumption:
        parameter = _parameter(name)
        write = _writer(name, parameter, self._portfolio.currency)
        value = ranged(*three_of(given), write)
        named = (_group(name), *_named(name, parameter), value, _provenance(parameter))
        influence = self._known.get(name)
        if influence is not None:
            trials = (
                self._trial(write(influence.low), influence.at_low),
                self._trial(write(influence.high), influence.at_high),
            )
            return self._judged(named, trials, name, influence)
        ends = _ends(three_of(given)[1], parameter)
        return self._judged(
            named, tuple(self._asked(write(end), self._case, {name: end}) for end in ends), name
        )

    def _of_prices(self) -> Iterator[Assumption]:
        cost = self._case.cost
        if cost is None or self._of != "npv":
            return

        def with_rate(rate: float) -> Case:
            return replace(self._case, cost=cost.model_copy(update={"discount_rate": rate}))

        yield self._of_setting(
            "cost",
            "discount rate",
            "cost.discount_rate",
            cost,
            "discount_rate",
            with_rate,
            lambda rate: f"{percent(rate)} a year",
        )

    def _of_team(self) -> Iterator[Assumption]:
        team = self._plan.team

        def with_hours(hours: float) -> Case:
            return replace(self._case, hours_per_week=hours)

        def with_correlation(share: float) -> Case:
            return replace(self._case, correlation=min(share, 1.0))

        yield self._of_setting(
            "investments", "hours of work a week", "team.hours_per_week", team, "hours_per_week", with_hours,
            lambda hours: f"{number(hours)} h",
        )  # fmt: skip
        yield self._of_setting(
            "investments", "how far estimates of hours err together", "team.correlation", team, "correlation",
            with_correlation, number,
        )  # fmt: skip

    def _of_setting(
        self,
        group: str,
        name: str,
        key: str,
        section: Any,
        field: str,
        case: Callable[[float], Case],
        write: Callable[[float], str],
    ) -> Assumption:
        now, stated = getattr(section, field), field in section.model_fields_set
        value = write(now) + ("" if stated else ", the default")
        provenance: Provenance = "config" if stated else "assumed"
        ends = (now / 2, now * 2) if now else ()
        trials = tuple(self._asked(write(end), case(end), {}) for end in ends)
        return self._judged((group, name, key, value, provenance), trials)

    def _asked(self, value: str, case: Case, changed: dict[str, float]) -> Trial:
        try:
            worth = result_of(case, self._portfolio.best.items, self._of, changed)
        except CapacityError as reason:
            return Trial(value, f"not computed: {reason}")
        return self._trial(value, worth)

    def _trial(self, value: str, worth: float) -> Trial:
        if math.isnan(worth):
            return Trial(value, "not computed: it contradicts the other facts")
        return Trial(value, self._worth(worth), worth=worth)

    def _worth(self, amount: float) -> str:
        if self._of == "npv" or self._portfolio.priced:
            return f"worth {money(amount, self._portfolio.currency)}" + (
                "" if self._of == "npv" else " a year"
            )
        return f"saves {number(amount)} min a year"

    def _judged(
        self,
        named: tuple[str, str, str, str, Provenance],
        trials: tuple[Trial, ...],
        name: str = "",
        influence: Influence | None = None,
    ) -> Assumption:
        low, high = trials if len(trials) == 2 else (None, None)
        worths = [trial.worth for trial in trials if trial.worth is not None]
        if not worths:
            why = "half and double of 0 are 0" if not trials else "neither value tried can be evaluated"
            return Assumption(*named, low, high, "unknown", f"not computed: {why}")
        moved = max(abs(worth - self._base) for worth in worths) / (abs(self._base) or 1.0)
        effect, verdict = self._effect(worths, moved, influence)
        return Assumption(*named, low, high, effect, verdict + self._until(effect, worths, name), moved)

    def _effect(self, worths: list[float], moved: float, influence: Influence | None) -> tuple[Effect, str]:
        known = self._portfolio.information
        if influence is not None and influence.worth_knowing > _TELLING * known.everything > 0:
            worth = money(influence.worth_knowing, self._portfolio.currency)
            return (
                "changes",
                f"changes the answer: which work to do hangs on it; to know it is worth up to {worth}",
            )
        if any((worth > 0) != (self._base > 0) for worth in worths):
            return "changes", "changes the answer: whether all of the work pays"
        if moved < 1e-9:
            return "none", "cannot act here: what all of the work is worth does not depend on it"
        if moved < MUCH:
            return "little", "moves it little"
        stays = ", the choice of work stays" if influence is not None else ""
        return "moves", f"moves the worth by up to {moved:.0%}{stays}"

    def _until(self, effect: Effect, worths: list[float], name: str) -> str:
        """Say at which value all of the work is worth nothing, where an end crosses it."""
        if effect != "changes" or not name or all((worth > 0) == (self._base > 0) for worth in worths):
            return ""
        try:
            return f"; all of it is worth 0 at {number(self._portfolio.break_even(name, of=self._of))}"
        except CapacityError:
            return ""


def _writer(name: str, parameter: Parameter | None, currency: str) -> Callable[[float], str]:
    """How a value of an input is written."""
    if parameter is None:
        return (
            (lambda hours: f"{number(hours)} h") if name == HOURS else (lambda price: money(price, currency))
        )
    if parameter.unit == "fraction":
        return percent
    return lambda value: f"{number(value)} {parameter.unit}"


def _parameter(name: str) -> Parameter | None:
    lever, _, own = name.rpartition(".")
    known = {item.name: item for item in LEVERS[lever].parameters} if lever else FACTS
    return known.get(own)


def _group(name: str) -> str:
    if name in ("downtime_per_minute", "engineer_per_hour"):
        return "cost"
    return "availability" if _WHERE.get(name) in _CAUSES else "investments"


def _named(name: str, parameter: Parameter | None) -> tuple[str, str]:
    """Words and plan key of an input."""
    prices = {
        "downtime_per_minute": "price of a minute of downtime",
        "engineer_per_hour": "price of an hour of work",
    }
    if name in prices:
        return prices[name], f"cost.{name}"
    if name == HOURS:
        return "hours of all the work", "investment.hours"
    lever, _, own = name.rpartition(".")
    words = parameter.meaning if parameter else spoken(own)
    about = spoken(lever) if lever else _WHERE.get(name, "")
    return words if about in words else f"{about}: {words}", f"investment.{own}"


def _provenance(parameter: Parameter | None) -> Provenance:
    """What the plan states of a fact: a setting of one's own at best, a guess where it cannot be more."""
    return "config" if parameter is None else weakest("config", parameter.provenance)


def _ends(value: float, parameter: Parameter | None) -> tuple[float, ...]:
    """Half and double, as far as the parameter allows; nothing for 0."""
    if not value:
        return ()
    low, high = (parameter.low, parameter.high) if parameter else (0.0, math.inf)
    ends = (max(value / 2, low), min(value * 2, high))
    return tuple(float(max(round(end), 1)) for end in ends) if parameter and parameter.whole else ends
