"""The burstiness of arrivals."""

import numpy as np
import pandas as pd
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.planning.demand.dispersion import dispersion
from capacity.planning.demand.traffic import TrafficHistory

RATE = 50.0


def history(counts: np.ndarray, step: float) -> TrafficHistory:
    """Counts as rates, from a midnight on."""
    index = pd.date_range("2026-01-05", periods=len(counts), freq=f"{step:g}s", tz="UTC")
    return TrafficHistory("fine.csv", step, pd.Series(counts / step, index))


def daily(days: float, step: float) -> np.ndarray:
    """Expected requests in each bucket of days with a deep night. [requests]"""
    time = np.arange(int(days * 86_400 / step)) * step
    return RATE * step * (1 + 0.7 * np.sin(2 * np.pi * (time / 86_400 - 0.3)))


def modulated(rng: np.random.Generator, days: int, holding: float, step: float) -> np.ndarray:
    """Requests per second of a rate that jumps between half and half as much again (MMPP), summed by step."""
    part = 0.25  # s in which the rate is constant
    flips = rng.random(round(days * 86_400 / part)) < (1 - np.exp(-2 * part / holding)) / 2
    counts = rng.poisson(RATE * part * (0.5 + np.cumsum(flips) % 2))
    return counts.reshape(-1, round(step / part)).sum(axis=1)


def of_mmpp(holding: float, interval: float) -> float:
    """Its index of dispersion: 1 + 2σ²/m (τ − τ²/t (1 − e^(−t/τ))), τ half the holding time (Gusella 1991)."""
    tau, variance = holding / 2, (0.5 * RATE) ** 2
    grown = tau - tau**2 / interval * (1 - np.exp(-interval / tau))
    return 1 + 2 * variance / RATE * grown


@pytest.mark.parametrize(("step", "days"), [(1.0, 1), (10.0, 2), (60.0, 7)])
def test_poisson_is_one(step: float, days: int) -> None:
    """Independent users under a daily wave have dispersion 1, at any step."""
    found = dispersion(history(np.random.default_rng(2).poisson(daily(days, step)), step), 1.0)
    assert found.value == pytest.approx(1, abs=0.06)
    assert found.provenance == "measured"


def test_the_estimate_is_unbiased_and_its_error_right() -> None:
    """Over 40 weeks of Poisson minutes the mean is 1 and the 90% interval holds 1 about nine times in ten."""
    rng = np.random.default_rng(9)
    found = [dispersion(history(rng.poisson(daily(7, 60.0)), 60.0), 60.0) for _ in range(40)]
    assert np.mean([one.value for one in found]) == pytest.approx(1, abs=0.02)
    assert 0.75 <= np.mean([one.low <= 1 <= one.high for one in found]) <= 1


def test_batches_have_the_dispersion_of_their_size() -> None:
    """Poisson batches of geometric size with mean 2: I = E[B²]/E[B] = 3, at every interval."""
    rng = np.random.default_rng(2)
    batches = rng.poisson(daily(7, 60.0) / 2)
    counts = batches + rng.negative_binomial(batches, 0.5)
    found = dispersion(history(counts, 60.0), 60.0)
    assert found.low <= 3 <= found.high
    short = dispersion(history(counts, 60.0), 1.0)
    assert short.low < 3 <= short.high
    assert short.value > 2


@pytest.mark.parametrize("holding", [2.0, 10.0, 40.0])
def test_the_bounds_hold_for_modulated_arrivals(holding: float) -> None:
    """From 10 s counts, the dispersion of one second of an MMPP lies inside the interval."""
    counts = modulated(np.random.default_rng(3), 2, holding, 10.0)
    found = dispersion(history(counts, 10.0), 1.0)
    assert found.low <= of_mmpp(holding, 1.0) <= found.high


def test_seconds_tell_a_second_directly() -> None:
    """With buckets as short as the burst nothing is left open but the error of the sample."""
    found = dispersion(history(modulated(np.random.default_rng(4), 1, 2.0, 1.0), 1.0), 1.0)
    assert found.value == pytest.approx(of_mmpp(2.0, 1.0), rel=0.05)
    assert found.high - found.low < 0.1 * found.value


def test_bursts_longer_than_the_step_are_added_up() -> None:
    """Ten-second bursts of one-second counts have the dispersion of ten-second counts."""
    counts = modulated(np.random.default_rng(5), 1, 10.0, 1.0)
    fine = dispersion(history(counts, 1.0), 10.0)
    coarse = dispersion(history(counts.reshape(-1, 10).sum(axis=1), 10.0), 10.0)
    assert fine.value == pytest.approx(coarse.value)


def test_even_arrivals_are_below_one() -> None:
    """A load that is spread evenly counts less scatter than Poisson; a shorter burst is nearer to 1."""
    counts = np.random.default_rng(6).binomial(1000, 0.9, 3 * 1440)
    even = dispersion(history(counts, 60.0), 60.0)
    assert even.value == pytest.approx(0.1, abs=0.03)
    assert even.value < dispersion(history(counts, 60.0), 1.0).high <= 1.01


def test_one_incident_says_nothing() -> None:
    """An outage on one of seven days does not make the arrivals bursty."""
    counts = np.random.default_rng(7).poisson(daily(7, 60.0))
    counts[3 * 1440 + 850 : 3 * 1440 + 870] = 0
    assert dispersion(history(counts, 60.0), 1.0).value == pytest.approx(1, abs=0.1)


def test_gaps_are_stepped_over() -> None:
    """A window with an absent bucket is left out, nothing is filled in."""
    made = history(np.random.default_rng(8).poisson(daily(3, 10.0)), 10.0)
    thinned = TrafficHistory(made.name, made.step, made.rates.drop(made.rates.index[::500]))
    assert dispersion(thinned, 1.0).value == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize(
    ("counts", "step", "message"),
    [
        (np.full(48, 3600), 3600.0, "buckets of 3600 s; the burstiness needs counts per 60 s or less"),
        (np.full(2000, 10.5), 60.0, "holds no whole counts; averages over a window hide bursts"),
        (np.random.default_rng(1).poisson(50, 2000) * 10, 60.0, "only multiples of 10, as a sample"),
        (np.random.default_rng(1).poisson(50, 200), 60.0, "needs 20: a day or more"),
        (np.random.default_rng(1).poisson(50, 2000), 7.0, "buckets of 7 s, which do not divide a day"),
    ],
)
def test_histories_that_do_not_show_it_are_refused(counts: np.ndarray, step: float, message: str) -> None:
    """Each refusal says what would show it."""
    with pytest.raises(NotIdentified, match=message):
        dispersion(history(counts, step), 1.0)


@pytest.mark.parametrize("burst", [0.0, 61.0, float("nan")])
def test_impossible_bursts_are_refused(burst: float) -> None:
    """Above 0 and up to a minute."""
    with pytest.raises(DomainError, match="allowed: above 0, up to 60 s"):
        dispersion(history(np.full(2000, 10), 60.0), burst)
