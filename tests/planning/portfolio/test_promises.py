"""What was promised of the work."""

import math

import numpy as np
import pytest

from capacity.errors import UsageError
from capacity.plan import MEASURES, Cost, Investment, Promise
from capacity.planning.portfolio.portfolio import Portfolio, evaluate_portfolio
from capacity.planning.portfolio.promises import Kept, hold

COST = Cost(
    currency="USD",
    instance_per_month=50.0,
    engineer_per_hour=100.0,
    downtime_per_minute=(100.0, 100.0, 100.0),
)
DEPLOYS = {
    "deploys_per_year": 100.0,
    "planned_minutes": 2.0,
    "change_failure_rate": 0.1,
    "restore_minutes": 60.0,
    "planned_minutes_after": 0.0,
    "restore_minutes_after": 6.0,
}


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    """Blue-green deployment alone: from 800 to 60 minutes a year (levers D1, D2)."""
    work = Investment(lever="blue_green", hours=(8.0, 8.0, 8.0), parameters=DEPLOYS)
    return evaluate_portfolio(None, [work], COST, rng=np.random.default_rng(1), worlds=200)


def held(portfolio: Portfolio, of: str, least: float) -> Kept:
    """Return one promise, held."""
    return hold([Promise(of=of, least=least)], portfolio).items[0]


def test_a_promise_the_model_keeps_is_said_to_hold(portfolio: Portfolio) -> None:
    """60 minutes a year are 99.9886 %, above 99.9 % in every world."""
    kept = held(portfolio, "availability", 0.999)
    assert kept.holds
    assert kept.chance == 1
    assert kept.found == pytest.approx(1 - 60 / 525_600)
    assert kept.text.endswith("promised are 99.9%, the model's is 99.989%; it is kept in 100% of the worlds.")


def test_what_it_would_take_is_exact(portfolio: Portfolio) -> None:
    """99.99 % allows 52.56 minutes: 5.256 minutes to restore instead of 6, or 87.6 deployments instead of 100."""
    kept = held(portfolio, "availability", 0.9999)
    assert not kept.holds
    needed = {name: value for name, _, value in kept.takes}
    assert needed["blue_green.restore_minutes_after"] == pytest.approx(5.256, rel=1e-3)
    assert needed["deploys_per_year"] == pytest.approx(87.6, rel=1e-3)
    assert "Alone it would take" in kept.text


def test_what_no_input_can_bring_about_is_told(portfolio: Portfolio) -> None:
    """A deployment process changes no present value into a billion, and no capacity at all."""
    kept = held(portfolio, "capacity_factor", 3.0)
    assert math.isnan(kept.found)
    assert "is not known" in kept.text


def test_money_is_written_with_its_currency(portfolio: Portfolio) -> None:
    """740 minutes at 100 are 74,000 a year."""
    assert "USD 74,000" in held(portfolio, "saving", 1.0).text


def test_an_unknown_result_is_refused() -> None:
    """What can be promised is a short list."""
    with pytest.raises(ValueError, match="capacity_factor"):
        Promise(of="capacity", least=3.0)


def test_every_measure_has_its_words(portfolio: Portfolio) -> None:
    """Each result that a plan may name can be told."""
    for of in MEASURES:
        assert held(portfolio, of, -1.0).text


def test_a_break_even_of_something_else_is_refused(portfolio: Portfolio) -> None:
    """The same list holds in Python."""
    with pytest.raises(UsageError, match="allowed: npv"):
        portfolio.break_even("deploys_per_year", of="joy")
