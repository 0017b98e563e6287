"""The shape of a week."""

import numpy as np
import pandas as pd
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.planning.demand.demand import forecast
from capacity.planning.demand.shape import WeekShape
from capacity.planning.demand.traffic import TrafficHistory

DAILY = 0.2 + 0.8 * np.exp(-(((np.arange(24) - 14) / 4.0) ** 2))
LEVEL = np.array([0.9, 0.95, 1.0, 0.9, 0.85, 0.5, 0.4])


def hourly(days: int = 28, *, noise: float = 0.0, growth: float = 0.0, step: str = "h") -> pd.Series:
    """Hours of weeks from Monday 2026-01-05 on."""
    index = pd.date_range("2026-01-05", periods=days * 24, freq=step, tz="UTC")
    day, hour = np.divmod(np.arange(days * 24), 24)
    error = np.exp(noise * np.random.default_rng(1).standard_normal(days * 24))
    return pd.Series(500 * LEVEL[day % 7] * DAILY[hour] * error * np.exp(growth * day), index)


def shaped(rates: pd.Series, step: float = 3600.0) -> WeekShape:
    """Shape of these rates."""
    return TrafficHistory("made.csv", step, rates).shape


def test_the_shape_put_in_comes_out() -> None:
    """Shares of the day's peak by hour, the levels of the weekdays, and the busiest hour."""
    found = shaped(hourly())
    np.testing.assert_allclose(found.by_time, np.tile(DAILY / DAILY.max(), (7, 1)))
    np.testing.assert_allclose(found.day_level, LEVEL)
    assert (found.busiest_weekday, found.busiest_hour) == (2, 14)
    assert "begins on Wednesday at 14:00 UTC" in found.text
    assert found.days == 28


def test_short_minutes_is_the_sum_over_buckets() -> None:
    """Σ max(1 − x/share, 0) step/60 at any x, at its knots and between them."""
    found = shaped(hourly(noise=0.1))
    x = np.concatenate([np.linspace(0, 1.2, 50), found.by_rank[3]])
    expected = np.maximum(1 - x[:, None] / found.by_rank[3], 0).sum(axis=1) * 60
    np.testing.assert_allclose(found.short_minutes(x, 3), expected, atol=1e-9)


def test_hours_above_counts_the_buckets() -> None:
    """A step function: at a share itself the bucket is not above it."""
    found = shaped(hourly(noise=0.1))
    x = np.concatenate([np.linspace(0, 1.2, 50), found.by_rank[3]])
    expected = (found.by_rank[3] > x[:, None]).sum(axis=1)
    np.testing.assert_array_equal(found.hours_above(x, 3), expected)


def test_limits_of_what_is_carried() -> None:
    """Carrying nothing loses the whole day, carrying the peak loses nothing."""
    found = shaped(hourly())
    assert found.short_minutes(0.0, 0) == 1440
    assert found.short_minutes(1.0, 0) == 0
    assert found.hours_above(0.0, 0) == 24
    assert found.hours_above(1.0, 0) == 0


def test_the_slope_of_short_minutes_is_the_hours_above() -> None:
    """d/dx of the lost requests, Σ share over those above, is the minutes in which the limit binds."""
    found = shaped(hourly(noise=0.1))
    rows = found.by_rank[0]
    x = np.linspace(0.05, 0.95, 19)
    below = [found.short_minutes(at - 1e-7, 0) - found.short_minutes(at + 1e-7, 0) for at in x]
    expected = [(1 / rows[rows > at]).sum() * 60 * 2e-7 for at in x]
    np.testing.assert_allclose(below, expected, rtol=1e-3, atol=1e-9)


def test_a_peak_that_wanders_keeps_its_height() -> None:
    """By the hour its median melts away; the duration curve still reaches 1 and lasts as long."""
    rates = hourly()
    rolled = np.concatenate([np.roll(day, k % 5) for k, day in enumerate(rates.to_numpy().reshape(-1, 24))])
    still, wandering = shaped(rates), shaped(pd.Series(rolled, rates.index))
    assert wandering.by_time.max() <= 1
    np.testing.assert_allclose(wandering.by_rank, still.by_rank)


def test_growth_and_level_change_no_shape() -> None:
    """Shares of the day's own peak know no trend."""
    grown = shaped(hourly(growth=0.01))
    np.testing.assert_allclose(grown.by_rank, shaped(hourly()).by_rank)
    assert grown.busiest_weekday == 2


def test_quarter_hours_have_the_same_hours() -> None:
    """A finer step changes neither the hours nor the minutes."""
    coarse = hourly()
    index = pd.date_range(coarse.index[0], periods=4 * len(coarse), freq="15min")
    fine = shaped(pd.Series(np.repeat(coarse.to_numpy(), 4), index), 900.0)
    x = np.linspace(0, 1, 21)
    np.testing.assert_allclose(fine.hours_above(x, 1), shaped(coarse).hours_above(x, 1))
    np.testing.assert_allclose(fine.short_minutes(x, 1), shaped(coarse).short_minutes(x, 1), atol=1e-9)
    assert fine.busiest_hour == 14


def test_missing_buckets_take_the_share_of_their_hour() -> None:
    """Two of 24 absent leave a complete day, and its shape as it was."""
    rates = hourly()
    np.testing.assert_allclose(shaped(rates.drop(rates.index[[3, 20]])).by_rank, shaped(rates).by_rank)


@pytest.mark.parametrize(
    ("rates", "step", "message"),
    [
        (
            hourly().resample("D").max(),
            86_400.0,
            "buckets of 86400 s, which say nothing of the shape of a day",
        ),
        (hourly().resample("7h").max(), 7 * 3600.0, "buckets of 25200 s"),
        (hourly(10), 3600.0, "has 1 complete days that are a Thursday; .* needs 2 of each weekday"),
    ],
)
def test_histories_that_do_not_show_it_are_refused(rates: pd.Series, step: float, message: str) -> None:
    """Each refusal says what would show it."""
    with pytest.raises(NotIdentified, match=message):
        shaped(rates, step)


@pytest.mark.parametrize(("share", "weekday"), [(-0.1, 0), (np.nan, 0), (0.5, 7)])
def test_impossible_questions_are_refused(share: float, weekday: int) -> None:
    """Shares below 0 and an eighth day have no answer."""
    with pytest.raises(DomainError, match="allowed: 0"):
        shaped(hourly()).short_minutes(share, weekday)


def test_a_forecast_tells_the_shape() -> None:
    """One sentence of it stands in the text of the demand; a daily history has none."""
    history = TrafficHistory("made.csv", 3600.0, hourly(42, noise=0.02))
    made = forecast(history, horizon_days=14, rng=np.random.default_rng(1))
    assert history.shape.text in made.text
    daily = TrafficHistory("made.csv", 86_400.0, hourly(42, noise=0.02).resample("D").max())
    assert (
        "busiest hour of the week" not in forecast(daily, horizon_days=14, rng=np.random.default_rng(1)).text
    )


def test_results_show_themselves() -> None:
    """A row for each bucket of the week, and the sentence."""
    found = shaped(hourly())
    assert len(found.to_frame()) == 7 * 24
    assert found.to_frame()["share_of_week"].max() == 1
    assert "<table" in found._repr_html_()
    assert str(found) == found.text
