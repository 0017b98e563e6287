"""What is recommended: sentences, numbers and actions that agree with each other."""

import math
from dataclasses import replace
from types import SimpleNamespace as Make
from typing import Any

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.models.scalability import Linear
from capacity.plan import Cost
from capacity.planning.fleet.fleet import plan_fleet
from capacity.planning.fleet.headroom import Policy
from capacity.planning.readiness.readiness import assess
from capacity.planning.recommendation import actions, numbers, recommend

POLICY = Policy(spare_instances=0, retry_budget=0.1, dispersion=0.0)


def work(lever: str, npv: float, unit: str = "USD", hours: float = 7.0, **changes: Any) -> Any:
    """One investment as a portfolio tells it."""
    low, high = sorted((npv / 2, npv * 2))
    value = Estimate(npv, low, high, unit, "present value", "assumed")
    cost = Estimate.exactly(100 * hours, unit=unit, method="", provenance="assumed")
    verdict = "pays in 100% of worlds" if npv > 0 else "costs more than it saves"
    told = {"pays": npv > 0, "verdict": verdict, "beyond": False, "monthly": 0.0}
    return Make(lever=lever, npv=value, cost=cost, hours=hours, **(told | changes))


def proposed(*worth: Any, beware: str = "") -> Any:
    """The portfolio of some work, all of it done in the first week."""
    paying = tuple(item for item in worth if item.pays)
    weeks = pd.DataFrame({"lever": [item.lever for item in paying], "when": "week 1"})
    return Make(
        worth=worth,
        beware=beware,
        calendar=Make(to_frame=lambda: weeks),
        recommended=tuple(item.lever for item in paying),
        recommended_npv=paying[0].npv if paying else None,
    )


def told(make: Make, **changes: Any) -> tuple[str, str, str]:
    """The three sentences."""
    known = make.known(**changes)
    first, second, third = recommend(assess(known), known).values()
    return first, second, third


def done(make: Make, **changes: Any) -> list[tuple[str, str, str, str]]:
    """The actions as tuples: when, what, for how much, why."""
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
    assert second == "The chance of missing the objectives at the peak is below 0.1%."
    assert third.startswith("Peaks above ")
    assert done(make) == [("now", "nothing", "", "every gate is passed")]


def test_instances_are_asked_for_with_their_date(make: Make) -> None:
    """Sentence and action name the same fleet and the same day."""
    first, second, _ = told(make, **short(make))
    assert first.startswith("Have 3 instances running from 2027-01-01 instead of 2; they will do")
    assert second == "The chance of missing the objectives at the peak goes from above 99.9% to below 0.1%."
    when, action, price, _ = done(make, **short(make))[0]
    assert (when, action, price) == ("2027-01-01", "have 3 instances running", "")


def test_what_more_instances_cost_is_told(make: Make) -> None:
    """Where an instance has a price, the sentence and the action name the difference to today's fleet."""
    demand, rng = make.peaks(390.0), np.random.default_rng(1)
    prices = Cost(instance_per_month=50, currency="EUR")
    fleet = plan_fleet(
        make.rate(200.0, 5.0), Linear(1.0), demand, POLICY, cost=prices, instances_running=2, rng=rng
    )
    _, second, _ = told(make, demand=demand, fleet=fleet)
    assert second.endswith("to below 0.1%, for EUR 50 a month more.")
    assert done(make, demand=demand, fleet=fleet)[0][2] == "EUR 50 a month more"


def test_the_turning_points_are_the_loads_of_the_fleets(make: Make) -> None:
    """What the recommended fleet carries, and what today's surely does, is where the answer would be another."""
    *_, third = told(make, **short(make))
    room = {size: short(make)["fleet"].option(size)["room"] for size in (2, 3)}
    assert third.startswith(f"Peaks above {room[3]:.3g} times the forecast, or requests")
    assert "then 3 instances are too few" in third
    assert third.endswith(
        f"peaks of at most {room[2]:.3g} times the forecast: then today's 2 instances will do."
    )


def test_the_room_of_a_fleet_is_where_it_keeps_the_risk(make: Make) -> None:
    """Peaks that much higher are missed in just the accepted share of worlds."""
    fleet = short(make)["fleet"]
    for size in (2, 3):
        higher = make.peaks(390.0 * fleet.option(size)["room"] * 0.999)
        again = make.fleet(make.rate(200.0, 5.0), higher, 2)
        assert again.recommended == size


def test_a_bracket_asks_for_the_test_that_would_narrow_it(make: Make) -> None:
    """Where the capacity lies somewhere between two loads, holding those between may save instances."""
    between = Estimate.between(180.0, 320.0, unit="req/s", method="two steps", provenance="measured")
    *_, third = told(make, capacity=make.capacity(between))
    assert third.startswith(
        "A test that holds loads between 180 and 320 req/s for a minute each (next-test.yml)"
    )


def test_all_the_work_is_added_up_once(make: Make) -> None:
    """A piece that a gate asks for and that pays counts once; what does not pay counts as well."""
    worth = proposed(work("rate_limit", -700.0), work("apm", 5000.0, hours=10.0), work("tracing", -1.0))
    rows = done(make, resilience=make.resilience(goodput="fail"), investments=worth)
    assert rows[-1] == ("in all", "the work above", "17 hours (USD 1,700)", "each piece counted once")


def test_failing_gates_are_conditions_beside_the_fleet(make: Make) -> None:
    """More instances do not make a service degrade gracefully, so the first sentence asks for both."""
    first, *_ = told(make, resilience=make.resilience(goodput="fail"), **short(make))
    assert first.endswith("To be ready, also work on overload (rate limit).")


def test_work_that_does_not_pay_is_the_price_of_its_gate(make: Make) -> None:
    """A condition is no investment: its lever, its hours and its price are told, not a return."""
    changes = {
        "resilience": make.resilience(goodput="fail"),
        "investments": proposed(work("rate_limit", -700.0)),
    }
    ((when, _, price, why),) = done(make, **changes)
    assert (when, price) == ("to be ready", "rate limit: 7 hours (USD 700)")
    assert why.endswith(
        "Rate limit: costs more than it saves; it is the price of this gate, not an investment."
    )


def test_work_that_pays_stands_once_with_its_price(make: Make) -> None:
    """The same lever that is worth its price is told as an investment; its gate points to it."""
    worth = proposed(work("rate_limit", 5000.0, "EUR"))
    known = {"resilience": make.resilience(goodput="fail"), "investments": worth}
    _, second, _ = told(make, **known)
    paying = "The work that pays, rate limit (7 hours), is worth EUR 5,000 (2,500 to 10,000), present value."
    assert second.endswith(paying)
    condition, investment = done(make, **known)
    assert condition[2] == "rate limit, below"
    assert investment == (
        "week 1",
        "rate limit",
        "7 hours (EUR 700)",
        "worth EUR 5,000 (2,500 to 10,000), present value; pays in 100% of worlds",
    )


def test_work_beyond_the_budget_is_not_called_the_price_of_its_gate(make: Make) -> None:
    """It would pay, if there were hours: the action says so, and what it costs a month."""
    item = work(
        "rate_limit", 5000.0, pays=False, beyond=True, monthly=99.0, verdict="beyond the budget of hours"
    )
    known = {"resilience": make.resilience(goodput="fail"), "investments": proposed(item)}
    ((_, _, price, why),) = done(make, **known)
    assert price == "rate limit: 7 hours (USD 700 and USD 99 a month)"
    assert why.endswith("Rate limit: beyond the budget of hours.")


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
    assert third.startswith("The same test without that fault")
    assert done(make, **void) == [("before deciding", "Widen the range.", "", "It ran out of ports.")]
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
    assert [when for when, *_ in rows] == ["to be sure"]


def test_there_are_five_numbers(make: Make) -> None:
    """Two of the service, one of the demand, two of the fleet against it."""
    frame = numbers(make.known(**short(make)))
    assert len(frame) == 5
    assert frame["estimate"][1].value == pytest.approx(2 * 220 / 1.1)
    assert frame["remark"][3] == "from 2027-01-01, with today's 2 instances: until 2027-01-01"


def test_the_chance_has_the_interval_of_counting(make: Make) -> None:
    """Never missed in a hundred worlds is no proof of never: the interval says how much that leaves."""
    found = numbers(make.known())["estimate"][4]
    assert (found.value, found.low, found.unit) == (0.0, 0.0, "%")
    assert found.high == pytest.approx(100 * (1 - 0.05 ** (1 / 100)))


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


def test_long_times_are_told_in_months(make: Make) -> None:
    """A quarter is three months, and the method still names the dates."""
    demand = replace(make.peaks(300.0))
    dates = pd.date_range("2027-01-01", periods=120)
    longer = replace(demand, dates=dates, paths=np.repeat(demand.paths[:, :1], 120, axis=1))
    known = make.known(demand=longer, fleet=make.fleet(make.rate(200.0, 5.0), longer, 2))
    found = numbers(known)["estimate"][3]
    assert (str(found), found.method[-10:]) == ("at least 3.94 months", "2027-04-30")
