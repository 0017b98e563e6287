"""The trend behind the daily peaks."""

import numpy as np
import pytest

from capacity.errors import NotIdentified
from capacity.planning.demand.trend import Trend

SHAPE = np.array([0.0, 0.02, 0.02, 0.01, 0.0, -0.25, -0.3])


def series(days: int, slope: float, noise: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Day and peak of a trend with a weekly shape."""
    day = np.arange(days)
    error = noise * np.random.default_rng(seed).standard_normal(days)
    return day, np.exp(5 + slope * day + SHAPE[day % 7] + error)


def test_noise_free_series_is_recovered() -> None:
    """Without noise the slope is exact and nothing is left over."""
    trend = Trend.fit(*series(56, 0.002))
    assert trend.coefficients[1] == pytest.approx(0.002)
    assert np.abs(trend.rest).max() < 1e-9


def test_covariance_is_that_of_least_squares_without_memory() -> None:
    """With independent errors the standard error of the slope is σ/√Σ(t − t̄)²."""
    day, peak = series(365, 0.002, noise=0.1)
    trend = Trend.fit(day, peak)
    expected = 0.1 / np.sqrt(((day - day.mean()) ** 2).sum())
    assert np.sqrt(trend.covariance[1, 1]) == pytest.approx(expected, rel=0.15)


def test_memory_widens_the_slope() -> None:
    """Autocorrelated errors carry less information about the trend."""
    day, peak = series(200, 0.0, noise=0.1)
    error = np.convolve(np.log(peak) - 5 - SHAPE[day % 7], 0.8 ** np.arange(30))[:200]
    correlated = Trend.fit(day, np.exp(5 + SHAPE[day % 7] + error * 0.6))
    independent = Trend.fit(day, peak)
    assert correlated.memory == pytest.approx(0.8, abs=0.15)
    assert correlated.covariance[1, 1] > 2 * independent.covariance[1, 1]


def test_missing_days_are_allowed() -> None:
    """Gaps leave the slope unbiased."""
    day, peak = series(84, 0.002)
    keep = np.ones(84, dtype=bool)
    keep[[3, 20, 21, 22, 50]] = False
    assert Trend.fit(day[keep], peak[keep]).coefficients[1] == pytest.approx(0.002)


def test_a_weekday_never_seen_is_refused() -> None:
    """No level can be given to a day of the week that is not in the history."""
    day, peak = series(84, 0.002)
    with pytest.raises(NotIdentified, match="days of the week are missing"):
        Trend.fit(day[day % 7 != 6], peak[day % 7 != 6])


def test_the_future_may_exceed_the_past() -> None:
    """The rest is not bounded by the largest one seen; what is usual stays as it was."""
    trend = Trend.fit(*series(56, 0.0, noise=0.1))
    drawn = trend.rests(np.random.default_rng(2), np.ones(500), 90)
    assert drawn.max() > trend.rest.max()
    ranks = [0.1, 0.5, 0.85]
    assert np.quantile(drawn, ranks) == pytest.approx(np.quantile(trend.rest, ranks), abs=0.01)


def test_slow_swings_are_high_together() -> None:
    """Where high days come in groups, the largest of a drawn week is what it was, not that of independent days."""
    day, rng = np.arange(728), np.random.default_rng(3)
    noise = np.zeros(728)
    for today in day[1:]:
        noise[today] = 0.9 * noise[today - 1] + 0.1 * rng.standard_normal()
    trend = Trend.fit(day, np.exp(5 + SHAPE[day % 7] + noise))
    drawn = trend.rests(np.random.default_rng(2), np.ones(2000), 7).max(axis=1)
    seen = trend.rest.max(axis=1)
    assert np.quantile(drawn, [0.5, 0.75, 0.9]) == pytest.approx(
        np.quantile(seen, [0.5, 0.75, 0.9]), abs=0.05
    )


def test_a_lasting_shift_is_no_growth() -> None:
    """A level that jumped by a third is found within days of it, and the slope beside it is right."""
    day, peak = series(180, 0.001, noise=0.05)
    trend = Trend.fit(day, peak * np.where(day >= 70, 1.33, 1.0))
    assert len(trend.shifts) == 1
    assert trend.shifts[0] == pytest.approx(70 - 179, abs=3)
    assert trend.coefficients[8] == pytest.approx(np.log(1.33), abs=0.06)
    assert trend.coefficients[1] == pytest.approx(0.001, abs=3 * np.sqrt(trend.covariance[1, 1]))


@pytest.mark.parametrize("seed", range(8))
def test_growth_and_noise_are_no_shift(seed: int) -> None:
    """A straight line with independent noise has none, whatever the draw."""
    assert Trend.fit(*series(180, 0.003, noise=0.1, seed=seed)).shifts == ()


def test_two_shifts_are_both_found() -> None:
    """One after the other, and the forecast goes on from the last level."""
    day, peak = series(240, 0.0, noise=0.05)
    trend = Trend.fit(day, peak * np.where(day >= 80, 1.5, 1.0) * np.where(day >= 160, 0.7, 1.0))
    assert [shift + 239 for shift in trend.shifts] == pytest.approx([80, 160], abs=3)
    assert trend.coefficients[0] == pytest.approx(5 + np.log(1.5 * 0.7), abs=0.15)
