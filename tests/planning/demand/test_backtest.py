"""Forecasts held against the past."""

import numpy as np
import pandas as pd
import pytest

from capacity.errors import NotIdentified
from capacity.planning.demand.backtest import Backtest, backtest
from capacity.planning.demand.demand import forecast
from capacity.planning.demand.traffic import TrafficHistory


def history(days: int, *, seed: int = 1) -> TrafficHistory:
    """Daily peaks with growth, a week and a little noise."""
    rng, day = np.random.default_rng(seed), np.arange(days)
    logs = np.log(300) + 0.002 * day - 0.2 * (day % 7 > 4) + 0.03 * rng.standard_normal(days)
    index = pd.date_range("2026-01-05", periods=days, freq="D", tz="UTC")
    return TrafficHistory("made.csv", 86_400.0, pd.Series(np.exp(logs), index))


def looked_back(past: TrafficHistory, horizon_days: int = 90) -> Backtest:
    """Backtest with a fixed seed."""
    return backtest(past, horizon_days=horizon_days, rng=np.random.default_rng(1))


def made(actual: list[float]) -> Backtest:
    """Stretches predicted to peak at 100 (90 to 111), with given actual peaks."""
    rows = [
        {"start": k, "low": 90.0, "median": 100.0, "high": 111.0, "actual": a} for k, a in enumerate(actual)
    ]
    return Backtest("made.csv", 28, pd.DataFrame(rows))


def test_stretches_use_only_what_was_before() -> None:
    """What comes after the start of a stretch changes nothing of its forecast."""
    past = history(180)
    later = past.rates.copy()
    later.iloc[-20:] *= 3
    changed = TrafficHistory(past.name, past.step, later)
    columns = ["low", "median", "high"]
    first, second = looked_back(past).stretches, looked_back(changed).stretches
    pd.testing.assert_frame_equal(first[columns].iloc[:5], second[columns].iloc[:5])
    assert second["actual"].iloc[-1] > 2 * first["actual"].iloc[-1]


def test_steady_traffic_is_covered() -> None:
    """On traffic of the kind the model describes about nine in ten past peaks lie inside."""
    found = [looked_back(history(196, seed=seed)).coverage for seed in range(20)]
    assert 0.75 < np.mean(found) <= 1.0


def test_right_intervals_are_not_widened() -> None:
    """One miss in six is chance."""
    found = made([100, 105, 95, 120, 101, 99])
    assert (found.inside, found.widening) == (5, 1.0)
    assert "may be chance, and the forecast was not widened" in found.text


def test_narrow_intervals_are_widened_to_nine_tenths() -> None:
    """With four misses in ten the factor is what holds nine of the ten."""
    found = made([100, 101, 99, 105, 95, 98, 130, 140, 150, 200])
    assert found.widening == pytest.approx(np.log(1.5) / np.log(1.11))
    wider = np.log(111 / 100) * found.widening
    assert sum(abs(np.log(a / 100)) <= wider * 1.0001 for a in found.stretches["actual"]) == 9
    assert "widened by the factor 3.9" in found.text


def test_a_forecast_is_widened_about_its_median() -> None:
    """The interval of the peak grows by the factor, which was found on peaks; its median stays."""
    past, bad = history(120), made([100, 101, 99, 105, 95, 98, 130, 140, 150, 200])
    plain = forecast(past, horizon_days=30, rng=np.random.default_rng(1))
    wide = forecast(past, horizon_days=30, rng=np.random.default_rng(1), backtest=bad)
    np.testing.assert_allclose(
        np.log(wide.peaks / plain.peak.value),
        bad.widening * np.log(plain.peaks / plain.peak.value),
        rtol=1e-6,
    )
    assert wide.peak.value == pytest.approx(plain.peak.value)
    assert bad.text in wide.text


def test_a_stretch_too_long_for_what_was_before_is_left_out() -> None:
    """Sixty weeks and a year ahead: 30 days cannot foretell 65, and the rest of the backtest stands."""
    found = looked_back(history(420), horizon_days=365)
    assert found.days == 65
    assert found.stretches["start"].min() >= pd.Timestamp("2026-01-05", tz="UTC") + pd.Timedelta(days=33)


def test_bias_has_a_sign() -> None:
    """Peaks 20% above what was predicted are told as higher."""
    found = made([120.0] * 6)
    assert found.bias == pytest.approx(np.log(1.2))
    assert "20% higher than predicted" in found.text


def test_short_histories_are_refused() -> None:
    """Four weeks and two stretches of a week are needed."""
    with pytest.raises(
        NotIdentified, match="has 40 days; a backtest needs 28 days and two stretches of 7 days after"
    ):
        looked_back(history(40))
