"""Forecasts of the peak."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from capacity.errors import DomainError, InputError
from capacity.estimate import Estimate
from capacity.plan import Event
from capacity.planning.demand.demand import Demand, TrafficHistory, forecast, scenario

SHAPE = np.array([0.0, 0.02, 0.02, 0.01, 0.0, -0.25, -0.3])


def history(log_peaks: np.ndarray, notes: tuple[str, ...] = ()) -> TrafficHistory:
    """One bucket a day is enough here: its rate is the day's peak."""
    index = pd.date_range("2026-01-05", periods=len(log_peaks), freq="D", tz="UTC")
    return TrafficHistory("made.csv", 86_400.0, pd.Series(np.exp(log_peaks), index), notes)


def growing(days: int, per_month: float = 0.05, noise: float = 0.02, seed: int = 1) -> TrafficHistory:
    """Trend, week and noise from Monday 2026-01-05 on."""
    rng = np.random.default_rng(seed)
    day = np.arange(days)
    slope = np.log1p(per_month) / (365.25 / 12)
    return history(np.log(300) + slope * day + SHAPE[day % 7] + noise * rng.standard_normal(days))


def planned(days: int = 120, **changes: object) -> Demand:
    """Forecast 90 days from 120 days of growth, unless changed."""
    arguments = {"horizon_days": 90, "rng": np.random.default_rng(1)} | changes
    return forecast(growing(days), **arguments)  # type: ignore[arg-type]


def test_growth_is_found() -> None:
    """The growth put in lies in the interval that comes out."""
    growth = planned().growth_per_month
    assert growth.low < 0.05 < growth.high
    assert growth.provenance == "measured"


def test_noise_free_growth_is_exact() -> None:
    """Without noise the peak over the horizon is the trend's, to the digit."""
    demand = forecast(growing(84, noise=0.0), horizon_days=28, rng=np.random.default_rng(1))
    ahead = np.arange(84, 84 + 28)
    expected = (300 * 1.05 ** (ahead / (365.25 / 12)) * np.exp(SHAPE[ahead % 7])).max()
    assert demand.peak.value == pytest.approx(expected, rel=1e-9)
    assert demand.peak.high / demand.peak.low == pytest.approx(1.0, abs=1e-6)


def test_a_prior_replaces_the_trend() -> None:
    """Growth given in the plan is what is used, and the text says so."""
    demand = planned(growth_per_month=(0.20, 0.25, 0.30))
    assert 0.20 <= demand.growth_per_month.low <= demand.growth_per_month.high <= 0.30
    assert demand.peak.provenance == "assumed"
    assert "in place of the fitted trend" in demand.text
    assert "history by itself shows growth of" in demand.text


def test_an_event_multiplies_its_date() -> None:
    """On the day of the event every path is multiplied, on others none."""
    date = dt.date(2026, 6, 1)
    plain, busy = planned(), planned(events=[Event(name="sale", date=date, multiplier=(2.0, 2.0, 2.0))])
    at = list(plain.dates.date).index(date)
    assert np.allclose(busy.paths[:, at], 2 * plain.paths[:, at])
    assert np.allclose(np.delete(busy.paths, at, axis=1), np.delete(plain.paths, at, axis=1))
    assert "sale multiplies the peak by 2" in busy.text


def test_an_event_outside_the_horizon_is_told() -> None:
    """It changes nothing, and a note says so."""
    demand = planned(events=[Event(name="sale", date=dt.date(2030, 1, 1), multiplier=(1.5, 2.0, 3.0))])
    assert demand.events == ()
    assert "sale on 2030-01-01 lies outside the horizon" in demand.text


def test_peak_is_the_maximum_of_paths() -> None:
    """The distribution is of the maximum, which lies above every daily median."""
    demand = planned()
    assert np.array_equal(demand.peaks, demand.paths.max(axis=1))
    assert demand.peak.value > demand.fan()["median"].max()


def test_fan_is_ordered_and_dated() -> None:
    """Low, median and high for each day of the horizon, which starts after the last complete day."""
    fan = planned().fan()
    assert len(fan) == 90
    assert (fan["low"] <= fan["median"]).all()
    assert (fan["median"] <= fan["high"]).all()
    assert str(fan["date"][0].date()) == "2026-05-05"


def test_a_longer_horizon_never_lowers_the_peak() -> None:
    """More days can only raise the maximum."""
    values = [
        planned(horizon_days=days, growth_per_month=(0, 0.02, 0.05)).peak.value for days in (30, 90, 180)
    ]
    assert values == sorted(values)


def test_same_seed_same_answer() -> None:
    """Nothing but the generator decides the draws."""
    assert np.array_equal(planned().paths, planned().paths)


def test_short_history_is_refused() -> None:
    """Fewer than four weeks say nothing about a week."""
    with pytest.raises(InputError, match=r"made.csv: has 20 complete days with traffic; .* at least 28"):
        forecast(growing(20), horizon_days=30, rng=np.random.default_rng(1))


def test_far_horizon_needs_a_prior() -> None:
    """Beyond twice the history a fitted trend is refused, a stated one is not."""
    with pytest.raises(DomainError, match=r"90 days is more than twice the 30 days .* shorten it to 60"):
        forecast(growing(30), horizon_days=90, rng=np.random.default_rng(1))
    told = forecast(
        growing(30), horizon_days=90, growth_per_month=(0, 0.02, 0.05), rng=np.random.default_rng(1)
    )
    assert "3.0 times as long" in told.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizon_days": 0}, "a horizon of 0 days"),
        ({"growth_per_month": (0.1, 0.05, 0.2)}, "growth per month"),
        ({"growth_per_month": (-1.0, 0.05, 0.2)}, "above -1"),
    ],
)
def test_impossible_wishes_are_refused(changes: dict[str, object], message: str) -> None:
    """Each refusal says what came and what is allowed."""
    with pytest.raises(DomainError, match=message):
        planned(**changes)


def test_the_interval_covers_the_peak() -> None:
    """The nominal 90% interval holds about 85 to 95% of unseen peaks (trend, week, AR noise, campaigns)."""
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(60):
        truth = _traffic(rng, 112 + 90)
        demand = forecast(history(truth[:112]), horizon_days=90, rng=rng, worlds=400)
        covered += demand.peak.low <= np.exp(truth[112:].max()) <= demand.peak.high
    assert 0.78 <= covered / 60 <= 0.99


def _traffic(rng: np.random.Generator, days: int) -> np.ndarray:
    memory, noise = rng.uniform(0, 0.7), np.zeros(days)
    for day in range(1, days):
        noise[day] = memory * noise[day - 1] + 0.1 * np.sqrt(1 - memory**2) * rng.standard_normal()
    campaigns = (rng.random(days) < 0.02) * rng.uniform(0.1, 0.4, days)
    return 5 + rng.uniform(-0.001, 0.003) * np.arange(days) + SHAPE[np.arange(days) % 7] + noise + campaigns


def test_results_show_themselves() -> None:
    """A table with a caption, and the sentences under it."""
    demand = planned()
    assert list(demand.to_frame()["quantity"]) == [
        "peak of a week now",
        "peak over 90 days",
        "growth",
    ]
    assert "<table" in demand._repr_html_()
    assert str(demand).startswith("peak over 90 days: ")
    assert "Not modelled: bursts inside a bucket" in demand.text


def assumed(peak: Estimate | None = None, **changes: object) -> Demand:
    """Scenario of a year from 100 req/s, unless changed."""
    now = peak or Estimate.exactly(100.0, unit="req/s", method="given in the plan", provenance="config")
    arguments = {
        "starts": dt.date(2026, 12, 1),
        "horizon_days": 365,
        "growth_per_month": (0.02, 0.05, 0.1),
    } | changes
    return scenario(now, rng=np.random.default_rng(1), **arguments)  # type: ignore[arg-type]


def test_a_scenario_compounds() -> None:
    """With one growth and one peak it is compound interest, to the digit."""
    demand = assumed(growth_per_month=(0.05, 0.05, 0.05))
    assert demand.peak.value == pytest.approx(100 * 1.05 ** (365 / (365.25 / 12)))
    assert demand.peak.provenance == "assumed"


def test_a_scenario_names_what_it_assumes() -> None:
    """Nobody takes it for a forecast: the text says what it does not rest on."""
    text = assumed().text
    assert "rests on no traffic history: today's peak is given in the plan, the growth is assumed" in text
    assert "a traffic history would show by how much" in text


def test_an_event_multiplies_a_scenario() -> None:
    """On its day, and only there."""
    event = Event(name="sale", date=dt.date(2026, 12, 10), multiplier=(2, 2, 2))
    ratio = assumed(events=[event]).paths / assumed().paths
    assert ratio[:, 9] == pytest.approx(ratio[:, 8] * 2, rel=0.05)
    assert (ratio[:, 10:] < 1.3).all()


def test_a_wider_peak_makes_a_wider_scenario() -> None:
    """What is not known of today's peak is not known of tomorrow's."""
    wide = Estimate(100.0, 80.0, 125.0, unit="req/s", method="monitoring", provenance="measured")
    fan = [demand.fan().iloc[0] for demand in (assumed(), assumed(wide))]
    assert fan[1].high / fan[1].low > 1.4 > fan[0].high / fan[0].low


def test_days_as_buckets_hide_the_peak_and_are_told() -> None:
    """The mean of a day is not its peak: a fleet planned for it is too small."""
    assert "Buckets of 24 h hide the busiest hour" in planned().text
    by_day = history(np.log(np.full(60, 100.0)))
    rates = by_day.rates.resample("h").ffill()
    by_hour = TrafficHistory("hourly.csv", 3600.0, rates)
    assert (
        "hide the busiest hour" not in forecast(by_hour, horizon_days=10, rng=np.random.default_rng(1)).text
    )


def test_one_day_ahead_is_one_day() -> None:
    """Singular for one."""
    assert str(planned(horizon_days=1)).startswith("peak over 1 day:")
