"""Cash flows, guesses and shortfalls."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from capacity.errors import DomainError, NotIdentified
from capacity.models.finance import (
    Lognormal,
    break_even,
    implied_cost_ratio,
    irr,
    newsvendor_capacity,
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
    """52 hours at 100 $, 600 $ a month for two years at 10 % (levers N3 to N6)."""
    assert npv(0.10, INVESTMENT) == pytest.approx(7858.74, abs=0.005)
    assert irr(INVESTMENT) == pytest.approx(0.10484, abs=5e-6)
    assert payback_months(INVESTMENT, 0.10) == pytest.approx(9.0165, abs=5e-5)
    assert break_even(52 * 100, 20_200) == pytest.approx(0.2574, abs=5e-5)


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
    """Two rates, 10 % and 20 %, solve the third; the others have none."""
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
    """Empty lists, missing amounts and rates of -100 % have messages."""
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


def test_outage_saving():
    """P5 5k, P95 50k: a mean of 20.2k (levers N2)."""
    saving = Lognormal.from_interval(5_000, 50_000)
    assert saving.mean == pytest.approx(20_200, rel=0.005)
    assert (saving.quantile(0.05), saving.quantile(0.95)) == pytest.approx((5_000, 50_000))


def test_peak_demand_against_capacity():
    """Median 220, sigma 0.25 (levers N7 to N11)."""
    peak = Lognormal(220, 0.25)
    assert peak.exceedance(300) == pytest.approx(0.1074, abs=5e-5)
    assert peak.expected_shortfall(300) == pytest.approx(4.3178, abs=5e-5)
    assert peak.expected_shortfall(350) == pytest.approx(1.1838, abs=5e-5)
    assert newsvendor_capacity(peak, under_cost=9, over_cost=1) == pytest.approx(303.1, abs=0.05)
    assert implied_cost_ratio(peak, 300) == pytest.approx(8.31, abs=0.005)


def test_shortfall_is_the_area_beyond_the_capacity():
    """E[(D - C)+] is the integral of P(D > x) from C on; at no capacity it is the mean."""
    peak = Lognormal(220, 0.25)
    area, _ = quad(peak.exceedance, 280, 5000, limit=200)
    assert peak.expected_shortfall(280) == pytest.approx(area, rel=1e-6)
    assert peak.expected_shortfall(1e-9) == pytest.approx(peak.mean)


def test_shortfall_of_ample_capacity_is_nothing():
    """Ten times the median is practically never exceeded, and the value is not negative."""
    assert 0 <= Lognormal(220, 0.25).expected_shortfall(220e4) < 1e-12
    assert implied_cost_ratio(Lognormal(220, 0.25), 220e9) == math.inf


def test_newsvendor_is_where_the_costs_balance():
    """The cost ratio implied by the answer is the one asked with."""
    peak = Lognormal(220, 0.25)
    assert implied_cost_ratio(peak, newsvendor_capacity(peak, 5, 2)) == pytest.approx(2.5)


def test_lognormal_draws_agree_with_the_formula():
    """Mean and exceedance of seeded draws, within their standard errors."""
    peak = Lognormal(220, 0.25)
    draws = peak.sample(np.random.default_rng(6), 200_000)
    assert draws.mean() == pytest.approx(peak.mean, abs=4 * draws.std() / math.sqrt(draws.size))
    assert (draws > 300).mean() == pytest.approx(peak.exceedance(300), abs=0.003)


def test_lognormal_refuses_what_it_cannot_be():
    """A quantity known by its order of magnitude is positive, its interval in order."""
    with pytest.raises(DomainError, match="median 0 is not allowed"):
        Lognormal(0, 0.2)
    with pytest.raises(DomainError, match="interval 9 to 3 is empty or reversed"):
        Lognormal.from_interval(9, 3)
    with pytest.raises(DomainError, match="value each 0 is not allowed"):
        break_even(10, 0)
