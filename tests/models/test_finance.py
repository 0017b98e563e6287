"""Cash flows and guesses."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.errors import DomainError, NotIdentified
from capacity.models.finance import (
    irr,
    npv,
    payback_months,
    pert_mean,
    pert_sample,
)

INVESTMENT = [-5200] + [600] * 24
amounts = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=60)


def decimal_npv(rate, flows):
    """Witness in 50 decimal digits."""
    getcontext().prec = 50
    growth = (1 + Decimal(str(rate))) ** (Decimal(1) / 12)
    return sum(Decimal(flow) / growth**month for month, flow in enumerate(flows))


def test_investment_of_the_assessment():
    """52 hours at 100 $, 600 $ a month for two years at 10% (levers N3 to N6)."""
    assert npv(0.10, INVESTMENT) == pytest.approx(7858.74, abs=0.005)
    assert irr(INVESTMENT) == pytest.approx(0.10484, abs=5e-6)
    assert payback_months(INVESTMENT, 0.10) == pytest.approx(9.0165, abs=5e-5)


def test_published_present_value_and_rate():
    """numpy-financial, documentation of npv and irr: 3065.22267 and 0.28095 per period."""
    yearly_as_monthly = 1.08**12 - 1
    assert npv(yearly_as_monthly, [-40_000, 5_000, 8_000, 12_000, 30_000]) == pytest.approx(
        3065.22267, abs=1e-5
    )
    assert irr([-100, 39, 59, 55, 20]) == pytest.approx(0.28095, abs=5e-6)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([-0.5, 0.0, 0.05, 0.1, 1.0, 9.0]), amounts)
def test_present_value_to_the_cent(rate, flows):
    """Floats agree with decimal arithmetic to the cent, for flows up to a billion."""
    expected = decimal_npv(rate, flows)
    size = float(decimal_npv(rate, [abs(flow) for flow in flows]))
    assert npv(rate, flows) == pytest.approx(float(expected), abs=max(0.005, 1e-13 * size))


def test_present_value_at_rate_zero_is_the_sum():
    """Without discount a dollar later is a dollar now."""
    assert npv(0.0, INVESTMENT) == -5200 + 24 * 600
    assert npv(0.37, [125.0]) == 125.0


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10**6), st.lists(st.integers(1, 10**5), min_size=1, max_size=48))
def test_present_value_is_nothing_at_the_internal_rate(cost, earnings):
    """NPV at IRR = 0."""
    flows = [-cost, *earnings]
    rate = irr(flows)
    worth = sum(flow / (1 + rate) ** month for month, flow in enumerate(flows))
    assert abs(worth) < 1e-6 * sum(abs(flow) / (1 + rate) ** month for month, flow in enumerate(flows))


def test_internal_rate_of_a_loss_is_negative():
    """100 spent, 50 back after a period: minus one half."""
    assert irr([-100, 50]) == pytest.approx(-0.5, abs=1e-12)
    assert irr([-100, 1]) == pytest.approx(-0.99, abs=1e-12)


@pytest.mark.parametrize(
    ("flows", "changes"), [([-100, -50], 0), ([100, 20], 0), ([-100, 230, -132], 2), ([0, 0], 0)]
)
def test_internal_rate_that_is_not_unique_is_refused(flows, changes):
    """Two rates, 10% and 20%, solve the third; the others have none."""
    with pytest.raises(NotIdentified, match=f"change sign {changes} times; .* compare net present values"):
        irr(flows)


def test_simple_payback_within_the_month():
    """5200 at 600 a month is paid back after 8 and two thirds months."""
    assert payback_months(INVESTMENT) == pytest.approx(5200 / 600)


def test_payback_that_never_or_at_once_happens():
    """Too little never pays back; nothing owed is paid back now."""
    assert payback_months([-5200, 600, 600]) == math.inf
    assert payback_months([100, 20]) == 0.0
    assert payback_months([-100, 100]) == 1.0


def test_payback_counts_the_last_time_out_of_debt():
    """A later expense puts the balance below zero again."""
    assert payback_months([-100, 150, -100, 100]) == pytest.approx(2.5)


def test_discounting_never_shortens_the_payback():
    """The discounted payback comes after the simple one."""
    assert payback_months(INVESTMENT, 0.3) > payback_months(INVESTMENT, 0.1) > payback_months(INVESTMENT)


def test_flows_and_rates_that_are_no_amounts_are_refused():
    """Empty lists, missing amounts and rates of -100% have messages."""
    with pytest.raises(DomainError, match="are not a list of finite amounts; give at least one"):
        npv(0.1, [])
    with pytest.raises(DomainError, match="not a list of finite amounts"):
        irr([-1.0, float("nan")])
    with pytest.raises(
        DomainError, match=r"discount rate -1 per year must be above -1; write ten percent as 0\.10"
    ):
        npv(-1, [1.0])


def test_three_point_mean():
    """42, 52, 62 hours are 52 (levers N1)."""
    assert pert_mean(42, 52, 62) == 52


def test_three_point_draws_have_the_mean_and_stay_inside():
    """Skewed guesses too; equal points give that point."""
    draws = pert_sample(np.random.default_rng(3), 2, 3, 10, 200_000)
    assert draws.mean() == pytest.approx(pert_mean(2, 3, 10), abs=4 * draws.std() / math.sqrt(draws.size))
    assert 2 <= draws.min() < draws.max() <= 10
    assert pert_sample(np.random.default_rng(3), 5, 5, 5, 3).tolist() == [5.0] * 3


def test_guess_out_of_order_is_refused():
    """The message repeats the guess."""
    with pytest.raises(DomainError, match="guess 5, 4, 6 is not in the order low <= likely <= high"):
        pert_mean(5, 4, 6)
