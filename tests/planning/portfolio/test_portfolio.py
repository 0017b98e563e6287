"""The portfolio example of the levers, section 7, through the public API."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified, UsageError
from capacity.estimate import Estimate
from capacity.models.finance import npv
from capacity.plan import Cost, Investment
from capacity.planning.demand.demand import scenario
from capacity.planning.portfolio.portfolio import Portfolio, evaluate_portfolio
from capacity.planning.system.baseline import base_system
from capacity.planning.system.parts import Overload
from capacity.planning.system.system import System

FACTS = {
    "database_cores": 8, "query_ms": 20, "connect_ms": 20 / 3,
    "max_connections": 100, "reserved_connections": 3, "connections_per_instance": 200,
    "exhaustion_minutes": 120,
    "deploys_per_year": 100, "planned_minutes": 2, "change_failure_rate": 0.1, "restore_minutes": 60,
    "incidents_per_year": 12, "detect_minutes": 10, "triage_minutes": 15, "diagnose_minutes": 45,
    "fix_minutes": 20,
    "retries_today": 2, "stuck_minutes": 60, "contained_minutes": 4, "overloads_per_year": 6,
}  # fmt: skip
HOURS = {
    "connection_pool": (5, 6, 7), "retries": (5, 6, 7), "blue_green": (6, 8, 10), "apm": (5, 6, 7),
    "rate_limit": (6.5, 8, 9.5), "tracing": (6, 8, 10), "caching": (8.5, 10, 11.5),
}  # fmt: skip
PARAMETERS: dict[str, dict[str, float]] = {
    "connection_pool": {"reuse": 1, "pool_size": 10},
    "retries": {"retry_budget": 0.1},
    "blue_green": {"planned_minutes_after": 0, "restore_minutes_after": 6},
    "apm": {"detect_factor": 0.3, "diagnose_factor": 0.5, "cpu_share": 0},
    "rate_limit": {"limit_share": 1.0},
    "tracing": {"diagnose_factor": 0.6, "sampling": 1, "failing_requests": 1, "cpu_share": 0},
    "caching": {"hit_ratio": 0.25},
}
PRICES = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(100, 100, 100))


def today() -> System:
    """Pooling or caching take the database from 300 to 400 req/s, both to 533.

    Demand exceeds these 6, 4.8 and 1.8 times a year.
    """
    overload = Overload((300.0, 400.0, 1600 / 3), (6.0, 4.8, 1.8), 60, 4)
    return replace(base_system(FACTS, rng=np.random.default_rng(1)), overload=overload)


def proposed(names: Sequence[str] = tuple(HOURS), exact: bool = True) -> list[Investment]:
    """Build the seven investments; exact hours are the likely ones."""
    hours = {name: (h[1], h[1], h[1]) if exact else h for name, h in HOURS.items()}
    return [Investment(lever=name, hours=hours[name], parameters=PARAMETERS[name]) for name in names]


def evaluated(system: System | None = None, cost: Cost | None = PRICES, **changes: object) -> Portfolio:
    """Evaluate the example, unless changed."""
    investments: list[Investment] = changes.pop("investments", proposed())  # type: ignore[assignment]
    rng = np.random.default_rng(1)
    return evaluate_portfolio(system or today(), investments, cost, rng=rng, worlds=300, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def example() -> Portfolio:
    """The example with exact hours."""
    return evaluated()


def column(portfolio: Portfolio, name: str) -> Mapping[str, float]:
    """One column of the frame, by lever."""
    return portfolio.to_frame().set_index("lever")[name].to_dict()


def test_loss_rates(example: Portfolio) -> None:
    """$236,000 a year today and $68,520 with everything; availability .995510 and .998696."""
    assert 100 * np.mean(example.now.downtime_minutes) == pytest.approx(236_000)
    assert 100 * np.mean(example.then.downtime_minutes) == pytest.approx(68_520)
    assert np.mean(example.now.availability) == pytest.approx(0.995510, abs=5e-7)
    assert np.mean(example.then.availability) == pytest.approx(0.998696, abs=5e-7)
    assert example.joint_saving.value == pytest.approx(167_480)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("stand_alone", [19_200, 33_600, 74_000, 35_400, 33_600, 21_600, 7_200]),
        ("last_in", [13_200, 0, 74_000, 24_600, 0, 10_800, 1_200]),
        ("shapley", [15_920, 13_720, 74_000, 30_000, 13_720, 16_200, 3_920]),
    ],
)
def test_values(example: Portfolio, name: str, values: list[float]) -> None:
    """Stand-alone, last-in and Shapley values as printed."""
    found = column(example, name)
    assert [found[lever] for lever in HOURS] == pytest.approx(values, abs=1e-6)


def test_optimal_order(example: Portfolio) -> None:
    """Blue-green, APM, retries, pooling, tracing, caching, rate limits, at a cost of delay of 2916.88."""
    order = ("blue_green", "apm", "retries", "connection_pool", "tracing", "caching", "rate_limit")
    assert example.order == order
    assert example.delay_cost == pytest.approx(2916.88, abs=0.01)


def test_the_additive_choice_is_worse(example: Portfolio) -> None:
    """Stand-alone values pick retries, blue-green, APM and rate limits: claims 176,600, true 143,000."""
    picked = ["retries", "blue_green", "apm", "rate_limit"]
    claimed = sum(column(example, "stand_alone")[lever] for lever in picked)
    assert claimed == pytest.approx(176_600)
    assert evaluated(investments=proposed(picked)).joint_saving.value == pytest.approx(143_000)


def test_savings_in_order_add_up(example: Portfolio) -> None:
    """Each at its place, they sum to the whole."""
    assert sum(column(example, "in_order").values()) == pytest.approx(167_480)


def test_present_values_add_up(example: Portfolio) -> None:
    """So do their present values, and each is its saving over the months after it is done, less its cost."""
    npvs = column(example, "npv")
    finished = 8 / 40 * 12 / 52  # blue-green comes first and takes 8 of 40 hours of the first week [months]
    annuity = npv(0.10, [0.0, 1 - finished] + [1.0] * 35)
    assert npvs["blue_green"].value == pytest.approx(74_000 / 12 * annuity - 800)  # type: ignore[attr-defined]
    total = sum(value.value for value in npvs.values())  # type: ignore[attr-defined]
    assert example.joint_npv is not None
    assert example.joint_npv.value == pytest.approx(total)
    assert npv(0.10, example.cash_flows) == pytest.approx(total)


def test_every_measure_of_finance(example: Portfolio) -> None:
    """5,200 spent within the first month and a half, 13,957 a month from then on: paid back within the first month."""
    money = example.money.set_index("quantity")["value"]
    assert example.joint_npv is not None
    assert money["net present value"] == pytest.approx(example.joint_npv.value)
    assert money["payback"] < 1
    assert money["internal rate of return"] > money["modified rate of return"] > 0.7974


def test_a_measure_that_does_not_exist_says_why() -> None:
    """Work that never saves has no rate of return."""
    item = proposed(["caching"])[0].model_copy(update={"monthly": 1000.0})
    money = evaluated(investments=[item]).money.set_index("quantity")
    assert np.isnan(money.loc["internal rate of return", "value"])
    assert "change sign 0 times" in money.loc["internal rate of return", "reason"]
    assert money.loc["payback", "value"] == np.inf


def test_the_order_in_mind_has_its_price(example: Portfolio) -> None:
    """The order of the file loses more, and the text says how much."""
    assert example.in_mind.items == tuple(HOURS)
    assert example.in_mind.cost_of_delay > example.delay_cost
    assert "In the order of the plan file" in example.text
    best_first = evaluated(investments=proposed(example.order))
    assert best_first.in_mind == best_first.best.__class__(example.order, best_first.delay_cost, "given")
    assert "In the order of the plan file" not in best_first.text


def test_assessments_order() -> None:
    """Pooling, retries, blue-green, APM, rate limits, tracing, caching: 3325.58."""
    assert evaluated().in_mind.cost_of_delay == pytest.approx(3325.58, abs=0.01)


def test_budget_of_hours(example: Portfolio) -> None:
    """Within 30 hours pooling, retries, blue-green and APM save 155,480; the rest comes after, and is not counted."""
    assert example.best_within(30).saving == pytest.approx(155_480)
    portfolio = evaluated(budget_hours=30)
    assert portfolio.budget is not None
    assert portfolio.budget.saving == pytest.approx(155_480)
    assert portfolio.recommended == ("blue_green", "apm", "retries", "connection_pool")
    assert portfolio.order[4:] == ("tracing", "caching", "rate_limit")
    assert [item.verdict for item in portfolio.worth[4:6]] == ["beyond the budget of hours"] * 2
    assert portfolio.worth[6].verdict == "saves nothing at its place"
    assert portfolio.joint_saving.value == pytest.approx(155_480)
    assert portfolio.calendar.items == portfolio.recommended
    assert portfolio.text.startswith("Within 30 hours: connection pool, retries, blue-green, APM; 26 hours")


def test_a_budget_that_affords_nothing() -> None:
    """Nothing is recommended, and the text says what the shortest work takes."""
    portfolio = evaluated(budget_hours=3)
    assert portfolio.recommended == ()
    assert portfolio.joint_saving.value == 0
    assert portfolio.text == "Within 3 hours no work saves anything: the shortest piece takes 6."
    assert {item.verdict for item in portfolio.worth} == {
        "beyond the budget of hours",
        "saves nothing at its place",
    }


def test_a_budget_that_affords_everything_leaves_nothing_beyond() -> None:
    """What does not pay is said to save nothing, not to be beyond a budget it fits into."""
    portfolio = evaluated(budget_hours=1000)
    assert portfolio.worth[-1].verdict == "saves nothing at its place"
    assert not any(item.beyond for item in portfolio.worth)
    assert "Leave out, at this place: rate limit." in portfolio.text


def test_work_that_takes_too_long_is_not_recommended() -> None:
    """APM for 200 weeks saves nothing within 36 months: it is not worth its hours, whatever it saves a year."""
    items = [proposed(["apm"])[0].model_copy(update={"hours": (200, 200, 200)})]
    assert evaluated(investments=items).recommended == ("apm",)
    slow = evaluated(investments=items, hours_per_week=1)
    assert slow.recommended == ()
    assert slow.worth[0].verdict == "costs more than it saves"
    assert evaluated(investments=items, hours_per_week=1, budget_hours=300).recommended == ()


def test_work_that_needs_what_takes_too_long_goes_with_it() -> None:
    """Tracing alone would be quick, but APM before it takes 200 weeks; blue-green is not kept waiting."""
    items = proposed(["apm", "tracing", "blue_green"])
    items[0] = items[0].model_copy(update={"hours": (200, 200, 200)})
    slow = evaluated(investments=items, hours_per_week=1)
    assert slow.recommended == ("blue_green",)
    assert slow.calendar.items == ("blue_green",)


def test_running_costs_above_the_savings_cost_more() -> None:
    """APM at a million a month loses money every year, which is not the same as saving nothing."""
    items = [proposed(["apm"])[0].model_copy(update={"monthly": 1e6})]
    (worth,) = evaluated(investments=items).worth
    assert worth.monthly == 1e6
    assert worth.in_order < 0
    assert worth.verdict == "costs more than it saves"


def test_more_than_a_year_down_is_refused() -> None:
    """Each fact can be true, all of them together cannot; nothing is saved of hours that do not exist."""
    items = proposed(["blue_green"])
    facts = {"deploys_per_year": 1e5, "planned_minutes": 2, "change_failure_rate": 0.1, "restore_minutes": 60}
    items[0] = items[0].model_copy(update={"parameters": PARAMETERS["blue_green"] | facts})
    with pytest.raises(DomainError, match=r"800,000 min down a year \(deployments 800,000\)"):
        evaluate_portfolio(None, items, PRICES, rng=np.random.default_rng(1), worlds=300)


def test_money_is_written_with_its_currency_first() -> None:
    """As invoices write it, in three digits; without a currency the same without one."""
    dollars = evaluated(cost=PRICES.model_copy(update={"currency": "USD"}), budget_hours=30)
    assert "save USD 155,000 a year" in dollars.text
    assert "are lost to downtime and running costs" in dollars.text
    assert "All of it is worth USD " in dollars.text
    assert not re.search(r"[0-9] USD", dollars.text)
    assert str(dollars).endswith("saves USD 155,000 a year")
    assert "USD" not in evaluated().text


def test_work_that_makes_the_service_too_small_is_told() -> None:
    """A limit at a tenth of the capacity ends overloads, and refuses a peak that was served before."""
    measured = Estimate(500.0, 490.0, 510.0, "req/s", "", "measured")
    now = Estimate.exactly(200.0, unit="req/s", method="given", provenance="config")
    rng = np.random.default_rng(1)
    demand = scenario(
        now, starts=dt.date(2027, 1, 1), horizon_days=30, growth_per_month=(0, 0, 0), rng=rng, worlds=100
    )
    facts = {"overloads_per_year": 6, "stuck_minutes": 60, "contained_minutes": 4, "deadline": 2}
    told = []
    for share in (0.1, 1.0):
        limit = Investment(lever="rate_limit", hours=(8, 8, 8), parameters={"limit_share": share} | facts)
        portfolio = evaluate_portfolio(
            None,
            [limit],
            PRICES,
            instance_capacity=measured,
            demand=demand,
            rng=np.random.default_rng(1),
            worlds=300,
        )
        assert portfolio.recommended == ("rate_limit",)
        told.append(portfolio)
    assert "above the capacity in 100% of worlds, today in 0%" in told[0].beware
    assert told[0].beware in told[0].text
    assert told[1].beware == ""
    assert "It leaves capacity as it is." in told[1].text


def test_without_a_cause_of_downtime_none_is_said_to_be_saved() -> None:
    """Nothing stated is not zero minutes."""
    gate = Investment(lever="security_hardening", hours=(8, 8, 8))
    portfolio = evaluated(System(), investments=[gate])
    assert "Nothing is stated that takes the service down" in portfolio.text
    assert "0 minutes" not in portfolio.text


def test_work_that_others_need_is_recommended_with_them() -> None:
    """APM that saves nothing by itself is worth doing for tracing, which requires it."""
    items = proposed(["apm", "tracing"])
    idle = PARAMETERS["apm"] | {"detect_factor": 1, "diagnose_factor": 1}
    items[0] = items[0].model_copy(update={"parameters": idle})
    portfolio = evaluated(investments=items)
    assert portfolio.recommended == ("apm", "tracing")
    assert portfolio.worth[0].verdict == "worth doing with other work"


def test_calendar(example: Portfolio) -> None:
    """40 hours a week: 44 hours of what pays reach into the second week; half the team takes three."""
    assert example.calendar.items == example.recommended
    frame = example.calendar.to_frame().set_index("lever")["when"]
    assert frame["blue_green"] == "week 1"
    assert frame["caching"] == "weeks 1 to 2"
    slower = evaluated(hours_per_week=20.0).calendar.to_frame().set_index("lever")["when"]
    assert slower["caching"] == "weeks 2 to 3"


def test_slower_work_is_worth_less_and_loses_more(example: Portfolio) -> None:
    """Half the hours a week: savings start later, and twice as much is lost meanwhile."""
    slower = evaluated(hours_per_week=20.0)
    assert slower.joint_npv is not None
    assert example.joint_npv is not None
    assert slower.joint_npv.value < example.joint_npv.value  # type: ignore[operator]
    assert slower.delay_cost == pytest.approx(2 * example.delay_cost)


def test_first_year(example: Portfolio) -> None:
    """167,480 a year against 5,200 pays in the first year in every world; at a cent a minute in none."""
    assert example.probability_gain_first_year == 1
    cheap = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(0.01, 0.01, 0.01))
    assert evaluated(cost=cheap).probability_gain_first_year == 0


def test_a_substitute_does_not_pay(example: Portfolio) -> None:
    """After retries have a budget, rate limits save nothing: cost 800, never paid back."""
    worth = example.worth[-1]
    assert worth.verdict == "saves nothing at its place"
    assert worth.payback == float("inf")
    assert worth.npv is not None
    assert worth.npv.value == pytest.approx(-800)
    assert "Leave out, at this place: rate limit." in example.text


def test_capacity_is_joint(example: Portfolio) -> None:
    """Pooling and caching add 100 req/s each alone, together 233."""
    assert example.capacity_factor is not None
    assert example.capacity_factor.value == pytest.approx(16 / 9)
    assert column(example, "capacity_alone")["caching"] == pytest.approx(100)
    assert column(example, "capacity_last")["caching"] == pytest.approx(400 / 3)


def test_uncertain_hours_and_prices_widen() -> None:
    """Ranges give intervals; the chance of a gain is the share of worlds above zero."""
    portfolio = evaluated(
        cost=Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(1, 10, 500)),
        investments=proposed(["blue_green", "caching"], exact=False),
    )
    caching = portfolio.worth[portfolio.order.index("caching")]
    assert caching.cost is not None
    assert 850 < caching.cost.low < 1000 < caching.cost.high < 1150
    assert caching.npv is not None
    assert caching.npv.low < caching.npv.high
    assert 0 < caching.probability_gain < 1


def test_running_costs_count() -> None:
    """An investment that costs more to run than it saves never pays."""
    item = proposed(["caching"])[0].model_copy(update={"monthly": 1000.0})
    portfolio = evaluated(investments=[item])
    assert portfolio.worth[0].in_order == pytest.approx(7_200 - 12_000)
    assert portfolio.worth[0].probability_gain == 0


def test_without_prices_minutes_are_saved() -> None:
    """Nothing is priced that has no price."""
    portfolio = evaluated(cost=None)
    assert column(portfolio, "stand_alone_minutes")["blue_green"] == pytest.approx(740)
    assert (
        portfolio.best_within(8).text == "Within 8 hours: blue-green; 8 hours that save 740 minutes a year."
    )
    assert portfolio.joint_npv is None
    assert "npv" not in portfolio.to_frame()
    assert "money" not in portfolio.text


def test_from_facts_alone() -> None:
    """Without a system the facts stated with the investments build it."""
    items = proposed(["blue_green", "apm"])
    items[0] = items[0].model_copy(update={"parameters": PARAMETERS["blue_green"] | FACTS})
    portfolio = evaluate_portfolio(None, items, PRICES, rng=np.random.default_rng(1), worlds=300)
    assert portfolio.order == ("blue_green", "apm")
    assert column(portfolio, "stand_alone")["apm"] == pytest.approx(35_400)


def test_not_evaluable_is_told_and_never_guessed() -> None:
    """No parameters, no figure: the row says what is missing."""
    items = [*proposed(["apm", "caching"]), Investment(lever="rfc7807_errors", hours=(4, 5, 6))]
    items[1] = items[1].model_copy(update={"parameters": {}})
    portfolio = evaluated(investments=items)
    assert portfolio.order == ("apm",)
    assert portfolio.not_evaluable["caching"].startswith("needs hit_ratio [fraction]")
    frame = portfolio.to_frame().set_index("lever")
    assert frame.loc["caching", "verdict"].startswith("not evaluable: needs hit_ratio")
    assert np.isnan(frame.loc["caching", "stand_alone"])


def test_nothing_evaluable() -> None:
    """A plan of unknown work has a text, not an error."""
    portfolio = evaluated(investments=[Investment(lever="rfc7807_errors", hours=(4, 5, 6))])
    assert portfolio.order == ()
    assert portfolio.text == (
        "None of the investments can be evaluated. Not evaluable: RFC 7807 errors; the table says why."
    )


def test_a_contradicting_database_spares_the_rest() -> None:
    """Levers on it are not evaluable, with the reason; the others are."""
    items = proposed(["caching", "apm"])
    items[1] = items[1].model_copy(update={"parameters": PARAMETERS["apm"] | FACTS})
    measured = Estimate(500.0, 490.0, 510.0, "req/s", "", "measured")
    portfolio = evaluate_portfolio(
        None, items, PRICES, instance_capacity=measured, rng=np.random.default_rng(1), worlds=300
    )
    assert portfolio.order == ("apm",)
    assert "less than the 490 req/s measured" in portfolio.not_evaluable["caching"]


@pytest.fixture(scope="module")
def uncertain() -> Portfolio:
    """The example with ranges for hours, prices, incidents and the effect of APM, built from its facts."""
    items = proposed(exact=False)
    ranges = {"incidents_per_year": (2, 10, 30), "deploys_per_year": (50, 100, 150)}
    items[0] = items[0].model_copy(update={"parameters": PARAMETERS["connection_pool"] | FACTS | ranges})
    items[3] = items[3].model_copy(
        update={"parameters": PARAMETERS["apm"] | {"detect_factor": (0.1, 0.3, 0.9)}}
    )
    prices = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(0.1, 1, 3))
    rng = np.random.default_rng(1)
    return evaluate_portfolio(None, items, prices, rng=rng, worlds=500)


def test_what_to_measure_next(uncertain: Portfolio) -> None:
    """Every stated range is a row: what knowing it is worth and how far it moves the present value."""
    rows = uncertain.information.to_frame().set_index("input")
    assert {"incidents_per_year", "deploys_per_year", "apm.detect_factor", "downtime_per_minute"} <= set(
        rows.index
    )
    assert rows.loc["hours", "at_high"] < rows.loc["hours", "at_low"]
    assert rows.loc["apm.detect_factor", "at_high"] < rows.loc["apm.detect_factor", "at_low"]
    assert (rows["at_high"] > rows["at_low"])[["incidents_per_year", "downtime_per_minute"]].all()
    assert 0 < rows["worth_knowing"].max() <= uncertain.information.everything * 1.05
    assert uncertain.information.actions[0] == "nothing"


def test_break_even_of_a_price(uncertain: Portfolio) -> None:
    """At the break-even price of downtime the present value is nothing, with every world as before."""
    price = uncertain.break_even("downtime_per_minute")
    cost = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(price, price, price))
    items = list(uncertain._valuation.case.investments)
    again = evaluate_portfolio(None, items, cost, rng=np.random.default_rng(1), worlds=500)
    assert again.joint_npv is not None
    assert again.joint_npv.value == pytest.approx(0, abs=20)


def test_break_even_outages(uncertain: Portfolio) -> None:
    """The work pays for itself from the number of overloads on at which their saving covers the hours."""
    needed = uncertain.break_even("overloads_per_year")
    more = uncertain.break_even("overloads_per_year", target=1000.0)
    assert 0 < needed < more


def test_what_it_would_take(uncertain: Portfolio) -> None:
    """A claim of 99.9% has its value of each input, or the reason why there is none."""
    frame = uncertain.what_it_takes(of="availability", target=0.999).set_index("input")
    assert frame.loc["incidents_per_year", "needed"] < 12
    assert np.isnan(frame.loc["engineer_per_hour", "needed"])
    assert "no single break-even value" in frame.loc["engineer_per_hour", "reason"]
    assert uncertain.break_even("caching.hit_ratio", of="capacity_factor", target=2.0) == pytest.approx(1 / 3)


def test_questions_that_cannot_be_asked(uncertain: Portfolio) -> None:
    """Unknown inputs and results are refused with the nearest name; without prices there is no present value."""
    with pytest.raises(UsageError, match=r"input 'overloads'.*did you mean 'overloads_per_year'"):
        uncertain.break_even("overloads")
    with pytest.raises(
        UsageError, match="result 'profit'; allowed: npv, saving, capacity_factor, availability, outage_cost"
    ):
        uncertain.break_even("overloads_per_year", of="profit")
    with pytest.raises(NotIdentified, match="not known anywhere"):
        evaluated(cost=None).break_even("apm.detect_factor")


def test_common_cause_widens_the_cost() -> None:
    """Hours that err together leave less chance that one delay makes up for another."""
    spread = []
    for share in (0.0, 1.0):
        portfolio = evaluated(investments=proposed(exact=False), correlation=share)
        assert portfolio.joint_npv is not None
        spread.append(portfolio.joint_npv.high - portfolio.joint_npv.low)
    assert spread[0] < spread[1]


def test_many_investments_are_greedy_and_say_so() -> None:
    """Beyond eighteen the order is not proved cheapest, and the text says so."""
    from capacity.planning.portfolio import ordering

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "EXACT", 5)
        portfolio = evaluated()
    assert portfolio.best.method == "greedy"
    assert "Order of work (greedy: too many to compare all)" in portfolio.text
    assert np.isnan(portfolio.worth[0].shapley)
    assert portfolio.order[:2] == ("blue_green", "apm")


def test_repeated_circular_and_unknown_work() -> None:
    """Twice the same, a circle, a predecessor that does not exist."""
    with pytest.raises(UsageError, match="investment 'apm' comes 2 times; give each lever once"):
        evaluated(investments=proposed(["apm", "apm"]))
    circle = proposed(["apm", "tracing"])
    circle[0] = circle[0].model_copy(update={"requires": ("tracing",)})
    with pytest.raises(UsageError, match="require each other in a circle"):
        evaluated(investments=circle)
    unknown = [proposed(["apm"])[0].model_copy(update={"requires": ("magic",)})]
    assert "needs magic first" in evaluated(investments=unknown).not_evaluable["apm"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"cost": PRICES.model_copy(update={"engineer_per_hour": -1.0})},
            "price of an hour -1 is not allowed",
        ),
        ({"cost": PRICES.model_copy(update={"downtime_per_minute": (-5.0, 1, 2)})}, "price of downtime -5"),
        ({"hours_per_week": 0.0}, "0.0 hours a week; allowed: above 0"),
        ({"budget_hours": -1.0}, "a budget of -1.0 hours; allowed: 0 or more"),
        ({"correlation": 2.0}, "correlation 2 is not allowed"),
        (
            {"investments": [proposed(["apm"])[0].model_copy(update={"hours": (0.0, 1.0, 2.0)})]},
            r"hours of apm = \[0.0, 1.0, 2.0\]; allowed: finite numbers above 0",
        ),
        (
            {"investments": [proposed(["apm"])[0].model_copy(update={"monthly": -3.0})]},
            "monthly cost of apm -3 is not allowed",
        ),
    ],
)
def test_impossible_numbers_are_refused(changes: dict[str, object], message: str) -> None:
    """Negative prices and hours that are none, with what is allowed."""
    with pytest.raises(DomainError, match=message):
        evaluated(**changes)


def test_same_seed_same_answer() -> None:
    """The generator decides everything."""
    one, other = (evaluated(investments=proposed(exact=False)) for _ in range(2))
    assert one.joint_npv == other.joint_npv


def test_a_portfolio_shows_itself(example: Portfolio) -> None:
    """Table, harm and what is not modelled."""
    assert "<table" in example._repr_html_()
    assert "Harm of APM: The agent takes processor time" in example.caveats
    assert "Harm of rate limit" not in example.caveats
    assert "Not modelled: several regions" in example.caveats
    assert str(example).startswith("order: blue_green, apm")


def test_the_fewest_that_keep_an_objective(example: Portfolio) -> None:
    """No smaller set leaves so little, and one minute less than all of it leaves cannot be had."""
    case, items = example._valuation, example.best.items
    left = {
        some: float(np.mean(case.evaluation(case.mask(some)).downtime_minutes))
        for count in range(1, 4)
        for some in combinations(items, count)
    }
    wanted = min(minutes for some, minutes in left.items() if len(some) == 2)
    found = example.fewest_leaving(wanted)
    assert left[found] <= wanted
    assert all(minutes > wanted for some, minutes in left.items() if len(some) < len(found))
    assert example.fewest_leaving(float(np.mean(example.then.downtime_minutes)) - 1) == ()
