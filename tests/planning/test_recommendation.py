"""What is recommended: sentences, numbers and actions that agree with each other."""

import math
from dataclasses import replace
from types import SimpleNamespace as Make
from typing import Any

import pytest

from capacity.estimate import Estimate
from capacity.planning.readiness.readiness import assess
from capacity.planning.recommendation import actions, numbers, recommend


def work(lever: str, npv: float, unit: str = "USD", hours: float = 7.0, **changes: Any) -> Any:
    """One investment as a portfolio tells it."""
    low, high = sorted((npv / 2, npv * 2))
    value = Estimate(npv, low, high, unit, "present value", "assumed")
    cost = Estimate.exactly(100 * hours, unit=unit, method="", provenance="assumed")
    verdict = "pays in 100% of worlds" if npv > 0 else "costs more than it saves"
    told = {"pays": npv > 0, "verdict": verdict, "beyond": False, "monthly": 0.0}
    return Make(lever=lever, npv=value, cost=cost, hours=hours, **(told | changes))


def proposed(*worth: Any, beware: str = "") -> Any:
    """The portfolio of some work."""
    return Make(worth=worth, beware=beware)


def told(make: Make, **changes: Any) -> tuple[str, str, str]:
    """The three sentences."""
    known = make.known(**changes)
    return recommend(assess(known), known)  # type: ignore[return-value]


def done(make: Make, **changes: Any) -> list[tuple[str, str, str]]:
    """The actions as tuples."""
    known = make.known(**changes)
    return list(actions(assess(known), known).itertuples(index=False, name=None))


def short(make: Make) -> dict[str, Any]:
    """A peak of 390 req/s that two instances of 200 req/s do not carry safely."""
    demand = make.peaks(390.0)
    return {"demand": demand, "fleet": make.fleet(make.rate(200.0, 5.0), demand, 2)}


def test_nothing_to_do(make: Make) -> None:
    """A service that is ready needs nothing, and the actions say so."""
    first, second, third = told(make)
    assert first == "Today's 2 instances will do for the 30 days from 2027-01-01."
    assert second == "Chance of missing the objectives at the peak: below 0.1%."
    assert third.startswith("What would change this: traffic that outgrows its past")
    assert done(make) == [("now", "nothing", "every gate is passed")]


def test_instances_are_asked_for_with_their_date(make: Make) -> None:
    """Sentence and action name the same fleet and the same day."""
    first, second, _ = told(make, **short(make))
    assert first.startswith("Have 3 instances running from 2027-01-01 instead of 2; they will do")
    assert second == (
        "Chance of missing the objectives at the peak: above 99.9% with today's 2 instances, below 0.1% with 3."
    )
    when, action, _ = done(make, **short(make))[0]
    assert (when, action) == ("2027-01-01", "have 3 instances running")


def test_failing_gates_are_conditions_beside_the_fleet(make: Make) -> None:
    """More instances do not make a service degrade gracefully, so the first sentence asks for both."""
    first, *_ = told(make, resilience=make.resilience(goodput="fail"), **short(make))
    assert "To be ready, also refuse at once what is over a global limit" in first


def test_work_that_does_not_pay_is_the_price_of_its_gate(make: Make) -> None:
    """A condition is no investment: its lever, its hours and its price are told, not a return."""
    changes = {
        "resilience": make.resilience(goodput="fail"),
        "investments": proposed(work("rate_limit", -700.0)),
    }
    _, second, _ = told(make, **changes)
    assert (
        "Rate limit, 7 hours (USD 700), is the price of the gate overload (costs more than it saves)."
        in second
    )
    ((when, _, why),) = done(make, **changes)
    assert when == "to be ready"
    assert (
        "As work: rate limit, 7 hours (USD 700), costs more than it saves; it is the price of this gate"
        in why
    )


def test_work_that_pays_says_so_beside_its_gate(make: Make) -> None:
    """The same lever that is worth its price is told as an investment, and as the condition it is."""
    worth = proposed(work("rate_limit", 5000.0, "EUR"))
    known = {"resilience": make.resilience(goodput="fail"), "investments": worth}
    _, second, _ = told(make, **known)
    assert "The first work, rate limit, is worth EUR 5,000 (2,500 to 10,000), present value." in second
    condition, investment = done(make, **known)
    assert condition[2].endswith("As work: rate limit, 7 hours (EUR 700), pays in 100% of worlds.")
    assert investment == ("first work", "rate limit", "pays in 100% of worlds")


def test_work_beyond_the_budget_is_not_called_the_price_of_its_gate(make: Make) -> None:
    """It would pay, if there were hours: the sentence says so, and what it costs a month."""
    item = work(
        "rate_limit", 5000.0, pays=False, beyond=True, monthly=99.0, verdict="beyond the budget of hours"
    )
    known = {"resilience": make.resilience(goodput="fail"), "investments": proposed(item)}
    _, second, _ = told(make, **known)
    priced = "7 hours (USD 700 and USD 99 a month)"
    assert f"Rate limit, {priced}, which the gate overload asks for, is beyond the budget of hours." in second
    ((_, _, why),) = done(make, **known)
    assert why.endswith(f"As work: rate limit, {priced}, beyond the budget of hours.")


def test_a_service_made_too_small_is_told(make: Make) -> None:
    """What the worth of the work does not count stands beside it."""
    _, second, _ = told(make, investments=proposed(work("rate_limit", 5000.0), beware="Beware: too small."))
    assert second.endswith("present value. Beware: too small.")


def test_a_service_without_currency_shows_none(make: Make) -> None:
    """No currency is guessed."""
    _, second, _ = told(make, investments=proposed(work("apm", 5000.0, "")))
    assert "is worth 5,000 (2,500 to 10,000)" in second


def test_void_evidence_comes_first_and_alone(make: Make) -> None:
    """Who has no evidence is told to get it; no number rests on it."""
    void = {"findings": make.voided()} | short(make)
    first, second, third = told(make, **void)
    assert first == "Widen the range."
    assert "instances" not in second
    assert third.startswith("What would change this: the same test without that fault")
    assert done(make, **void) == [("before deciding", "Widen the range.", "It ran out of ports.")]
    estimates = list(numbers(make.known(**void))["estimate"])
    assert [estimate == "not known" for estimate in estimates] == [True, True, False, True, True]


def test_without_demand_it_is_asked_for(make: Make) -> None:
    """What is missing is named, not guessed."""
    first, second, third = told(make, demand=None, fleet=None)
    assert first.startswith("Give a traffic history")
    assert second == "What it buys cannot be said without a fleet and prices."
    assert "without it no number of instances can be told" in third


def test_one_action_for_gates_that_ask_for_the_same(make: Make) -> None:
    """Overload and recovery are told by one test, so one row asks for it."""
    unknown = dict.fromkeys(("goodput", "refusals", "accepted_requests", "recovery", "hysteresis"), "unknown")
    rows = done(make, resilience=make.resilience(**unknown))
    assert [when for when, _, _ in rows] == ["to be sure"]


def test_there_are_five_numbers(make: Make) -> None:
    """Two of the service, one of the demand, two of the fleet against it."""
    frame = numbers(make.known(**short(make)))
    assert len(frame) == 5
    assert frame["estimate"][1].value == pytest.approx(2 * 220 / 1.1)
    assert frame["quantity"][3] == "time until today's fleet is too small, from 2027-01-01"


def runway(make: Make, *days: int | None) -> Estimate:
    """The number for a fleet that is too small after so many days, in 5% and in 50% of the worlds."""
    known = make.known()
    dates = [None if day is None else known.demand.dates[day] for day in days]
    frame = known.fleet.runway.assign(date=[dates[0], dates[0], dates[1], None, None])
    return numbers(make.known(fleet=replace(known.fleet, runway=frame)))["estimate"][3]


def test_time_left_has_dates(make: Make) -> None:
    """The days are counted from a named day, and the method names the dates."""
    found = runway(make, 3, 10)
    assert (found.low, found.high) == (3.0, 10.0)
    assert found.method == "too small in 5% of the sampled worlds by 2027-01-04, in 50% by 2027-01-11"


def test_time_left_may_be_one_day_or_open(make: Make) -> None:
    """The same day twice is one number; a date beyond the horizon leaves the end open."""
    assert str(runway(make, 3, 3)) == "3 days"
    assert runway(make, 3, None).high == math.inf
    assert str(runway(make, None, None)) == "at least 30 days"
