"""The portfolio example of the levers, section 7, through the public API."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from capacity.estimate import Estimate
from capacity.models.finance import npv
from capacity.plan import Cost, Investment
from capacity.planning.baseline import base_system
from capacity.planning.parts import Overload
from capacity.planning.portfolio import Portfolio, evaluate_portfolio
from capacity.planning.system import System

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
    """So do their present values, and each is the annuity of its saving less its cost."""
    npvs = column(example, "npv")
    annuity = npv(0.10, [0.0] + [1.0] * 36)
    assert npvs["blue_green"].value == pytest.approx(74_000 / 12 * annuity - 800)  # type: ignore[attr-defined]
    total = sum(value.value for value in npvs.values())  # type: ignore[attr-defined]
    assert example.joint_npv is not None
    assert example.joint_npv.value == pytest.approx(total)


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
    assert example.capacity_factor == pytest.approx(16 / 9)
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
    assert portfolio.text.startswith("None of the investments can be evaluated.")


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


def test_same_seed_same_answer() -> None:
    """The generator decides everything."""
    one, other = (evaluated(investments=proposed(exact=False)) for _ in range(2))
    assert one.joint_npv == other.joint_npv


def test_a_portfolio_shows_itself(example: Portfolio) -> None:
    """Table, harm and what is not modelled."""
    assert "<table>" in example._repr_html_()
    assert "Harm of apm: The agent takes processor time" in example.caveats
    assert "Harm of rate limit" not in example.caveats
    assert "Not modelled: several regions" in example.caveats
    assert str(example).startswith("order: blue_green, apm")
