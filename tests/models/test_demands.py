"""Service demands from utilization."""

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.demands import inflation_of, service_demands

DEMANDS = np.array([0.001, 0.004, 0.002])


def measured(rng, rows=30, noise=0.0, demands=DEMANDS, background=0.05):
    """Rates of three classes and the utilization they cause, with noise."""
    rates = rng.uniform(5, 90, (rows, len(demands)))
    return rates, rates @ demands + background + noise * rng.standard_normal(rows)


def test_without_noise_the_demands_come_back():
    """All digits, and intervals of no width."""
    fit = service_demands(*measured(np.random.default_rng(1)))
    assert fit.ols_demands == pytest.approx(DEMANDS, rel=1e-12)
    assert fit.ols_background == pytest.approx(0.05, rel=1e-11)
    assert [demand.value for demand in fit.demands] == pytest.approx(DEMANDS)
    assert fit.method == "least squares with intercept"


def test_one_class_is_a_line():
    """Slope, intercept and their standard errors as in the textbook (Draper and Smith, 1998, sec. 1.4)."""
    x, y = np.array([10.0, 20, 30, 40, 50]), np.array([0.12, 0.22, 0.28, 0.41, 0.52])
    fit = service_demands(x, y)
    spread = ((x - 30) ** 2).sum()
    slope = ((x - 30) * y).sum() / spread
    residual = y - y.mean() - slope * (x - 30)
    error = np.sqrt((residual**2).sum() / 3)
    assert fit.ols_demands[0] == pytest.approx(slope)
    expected = [error / np.sqrt(spread), error * np.sqrt(1 / 5 + 900 / spread)]
    assert fit.standard_errors == pytest.approx(expected)
    reach = 2.353363  # t, 3 degrees of freedom, 90%
    assert fit.demands[0].high - slope == pytest.approx(reach * expected[0], rel=1e-6)
    assert fit.demands[0].unit == "s"


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of 400 fits at 90%, between 87% and 93% for each demand."""
    rng = np.random.default_rng(2)
    held = np.zeros(3)
    for _ in range(400):
        fit = service_demands(*measured(rng, noise=0.01))
        held += [low.low <= truth <= low.high for low, truth in zip(fit.demands, DEMANDS, strict=True)]
    assert np.all((held / 400 > 0.87) & (held / 400 < 0.93))


def test_several_servers_share_the_work():
    """Utilization is per server: four servers at the same utilization do four times as much."""
    rates, busy = measured(np.random.default_rng(3), noise=0.01)
    one, four = service_demands(rates, busy), service_demands(rates, busy, servers=4)
    assert four.ols_demands == pytest.approx(4 * one.ols_demands)
    assert four.ols_background == pytest.approx(one.ols_background)
    assert four.standard_errors == pytest.approx(one.standard_errors * [4, 4, 4, 1])
    assert four.background.high == pytest.approx(one.background.high)


def test_a_negative_demand_becomes_zero_and_says_so():
    """All others are fitted again; the bound keeps an upper limit."""
    rng = np.random.default_rng(1)
    rates = rng.uniform(1, 100, (8, 3))
    for _ in range(50):
        busy = rates @ [0.004, 0.0, 0.002] + 0.1 + 0.02 * rng.standard_normal(8)
        fit = service_demands(rates, busy, names=["read", "ping", "write"])
        if fit.ols_demands[1] < 0:
            break
    assert fit.method == "least squares, not negative: ping at 0"
    assert fit.demands[1].value == fit.demands[1].low == 0 < fit.demands[1].high
    others = service_demands(rates[:, [0, 2]], busy)
    assert [fit.demands[0].value, fit.demands[2].value] == pytest.approx(others.ols_demands)


def test_a_demand_below_zero_by_more_than_chance_is_refused():
    """Then the utilization has another cause."""
    rates, _ = measured(np.random.default_rng(4))
    busy = rates @ [0.004, -0.003, 0.002] + 0.4
    with pytest.raises(NotIdentified, match=r"class 2 comes out at -0.003 .* negative by more than chance"):
        _ = service_demands(rates, np.clip(busy, 0, 1)).demands


def test_too_few_rows_are_refused():
    """Classes, background and scatter need one row each."""
    rates, busy = measured(np.random.default_rng(5), rows=4)
    with pytest.raises(NotIdentified, match=r"4 measurements do not determine 3 demands.*at least 5 steps"):
        service_demands(rates, busy)


def test_rates_that_move_together_are_named():
    """And which mix would tell them apart."""
    rates, busy = measured(np.random.default_rng(6))
    rates[:, 2] = 2 * rates[:, 0] + np.random.default_rng(7).standard_normal(30)
    with pytest.raises(NotIdentified, match=r"the rates of read, write move together.*much more of read"):
        service_demands(rates, busy, names=["read", "ping", "write"])


def test_a_rate_that_never_changes_is_named():
    """It cannot be told from the background."""
    rates, busy = measured(np.random.default_rng(8))
    rates[:, 1] = 20.0
    with pytest.raises(NotIdentified, match="the rate of class 2 never changes"):
        service_demands(rates, busy)


def test_inflation_of_two_columns():
    """1 / (1 - r²)."""
    rates = np.random.default_rng(9).uniform(0, 1, (20, 2))
    rates[:, 1] += rates[:, 0]
    expected = 1 / (1 - np.corrcoef(rates.T)[0, 1] ** 2)
    assert inflation_of(rates) == pytest.approx([expected, expected])


@pytest.mark.parametrize(
    ("rates", "utilization", "message"),
    [
        ([[1, 2]] * 5, [0.5] * 4, "5 rows of 2 rates, 4 utilizations"),
        ([[1], [2], [3]], [10, 20, 30], "utilization 10 is outside 0 to 1; give it as a fraction"),
        ([[1], [-2], [3]], [0.1, 0.2, 0.3], "rates must be finite and not negative"),
    ],
)
def test_bad_rows_are_refused(rates, utilization, message):
    """The message says what came."""
    with pytest.raises(DomainError, match=message):
        service_demands(rates, utilization)
