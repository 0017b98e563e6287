"""The trend behind the daily peaks."""

import numpy as np
import pytest

from capacity.errors import NotIdentified
from capacity.planning.trend import Trend

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
    """The rest is not bounded by the largest one seen."""
    trend = Trend.fit(*series(56, 0.0, noise=0.1))
    drawn = trend.rests(np.random.default_rng(2), 500, 90)
    assert drawn.max() > trend.rest.max()
    assert drawn.std() == pytest.approx(trend.rest.std(), rel=0.1)
