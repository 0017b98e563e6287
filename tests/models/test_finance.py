"""Cash flows and guesses."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.errors import DomainError, NotIdentified
from capacity.models.finance import (
    discount_factors,
    irr,
    mirr,
    npv,
    payback_months,
    pert_mean,
    pert_quantile,
    pert_sample,
    pert_with_common_cause,
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
    with pytest.raises(NotIdentified, match=f"change sign {changes} times.*; .* compare net present values"):
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


def test_sign_changes_are_named():
    """The message says in which periods the flows change sign."""
    with pytest.raises(NotIdentified, match=r"change sign 3 times \(in periods 1, 3, 4\);"):
        irr([-100, 50, 0, -20, 300])


@pytest.mark.parametrize("flows", [[-1.0, 1e-6], [-1e6, *[1.0] * 1200], [1.0, -2.0], [-100, 100]])
def test_internal_rate_of_extreme_flows(flows):
    """Tiny or late earnings, borrowing, and nothing gained all have their rate."""
    rate = irr(flows)
    assert math.fsum(flow * math.exp(-k * math.log1p(rate)) for k, flow in enumerate(flows)) == pytest.approx(
        0, abs=1e-8 * max(map(abs, flows)) * len(flows)
    )


@settings(max_examples=50, deadline=None)
@given(st.floats(-0.9, 9), st.integers(1, 120))
def test_discount_factors_to_fifteen_digits(rate, months):
    """Each factor agrees with 50 decimal digits."""
    getcontext().prec = 50
    exact = (1 + Decimal(rate)) ** (-Decimal(months) / 12)
    assert discount_factors(rate, months + 1)[-1] == pytest.approx(float(exact), rel=1e-14)


def test_modified_rate_published():
    """Microsoft, MIRR function, example: 12.61% after five years, -4.80% after three, 13.48% reinvested at 14%."""
    flows = [-120_000, 39_000, 30_000, 21_000, 37_000, 46_000]
    assert mirr(flows, 0.10, 0.12) == pytest.approx(0.1261, abs=5e-5)
    assert mirr(flows[:4], 0.10, 0.12) == pytest.approx(-0.0480, abs=5e-5)
    assert mirr(flows, 0.10, 0.14) == pytest.approx(0.1348, abs=5e-5)


def test_modified_rate_is_the_internal_one_when_earnings_earn_it():
    """With both rates at the internal rate, the modified rate is that rate."""
    rate = irr(INVESTMENT)
    assert mirr(INVESTMENT, rate, rate) == pytest.approx(rate, abs=1e-12)


def test_modified_rate_needs_both_signs_and_rates():
    """Nothing earned has no rate; a rate of -100% is refused by its name."""
    with pytest.raises(
        NotIdentified, match=r"spend 145\.455 and earn 0; a modified rate of return needs some of both"
    ):
        mirr([-100, -50], 0.1, 0.1)
    with pytest.raises(DomainError, match="reinvest rate -1 per period must be above -1"):
        mirr(INVESTMENT, 0.1, -1)


def test_three_point_quantiles():
    """Symmetric guesses have their middle as median; the ends are the ends; a sample agrees."""
    assert pert_quantile(0.5, 42, 52, 62) == pytest.approx(52)
    assert pert_quantile([0, 1], 2, 3, 10).tolist() == [2, 10]
    assert pert_quantile(0.3, 5, 5, 5) == 5
    draws = pert_sample(np.random.default_rng(3), 2, 3, 10, 200_000)
    assert np.quantile(draws, [0.1, 0.9]) == pytest.approx(pert_quantile([0.1, 0.9], 2, 3, 10), rel=0.01)


def test_quantile_outside_shares_is_refused():
    """Shares are from 0 to 1."""
    with pytest.raises(DomainError, match=r"quantile 1\.2 is not allowed; give shares from 0 to 1"):
        pert_quantile(1.2, 1, 2, 3)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_common_cause_gives_its_rank_correlation(share):
    """Kruskal's formula for a Gaussian copula: (6/pi) asin(c/2); each guess keeps its own mean."""
    from scipy.stats import spearmanr

    guesses = [(5, 6, 7), (8.5, 10, 11.5), (1, 2, 9)]
    draws = pert_with_common_cause(np.random.default_rng(4), guesses, 40_000, share)
    expected = 6 / math.pi * math.asin(share / 2)
    assert spearmanr(draws[0], draws[2]).statistic == pytest.approx(expected, abs=0.015)
    means = [pert_mean(*guess) for guess in guesses]
    assert draws.mean(axis=1) == pytest.approx(means, rel=0.005)


def test_common_cause_widens_the_sum():
    """Hours that err together do not cancel: the spread of their sum grows with the share."""
    guesses = [(5, 6, 7)] * 7
    spread = [
        pert_with_common_cause(np.random.default_rng(5), guesses, 5000, share).sum(axis=0).std()
        for share in (0, 0.3, 1)
    ]
    assert spread[0] < spread[1] < spread[2]
    assert spread[2] / spread[0] == pytest.approx(math.sqrt(7), rel=0.05)


def test_common_cause_is_a_share():
    """Above 1 is refused."""
    with pytest.raises(DomainError, match=r"correlation 1\.5 is not allowed; give 0 to 1"):
        pert_with_common_cause(np.random.default_rng(1), [(1, 2, 3)], 10, 1.5)
