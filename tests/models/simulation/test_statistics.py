"""Intervals of autocorrelated paths: that they hold what they promise, and what is refused."""

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate
from capacity.models.distributions import Exponential
from capacity.models.simulation import statistics
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.queue import Queue


def autoregressive(size, correlation, seed):
    """Path about 0 whose neighbours correlate."""
    path, last = [], 0.0
    for step in np.random.default_rng(seed).standard_normal(size).tolist():
        last = correlation * last + step
        path.append(last)
    return np.array(path)


def share_inside(estimates, value):
    """Share of intervals that hold a value."""
    return np.mean([one.low <= value <= one.high for one in estimates])


@pytest.mark.parametrize(("utilization", "requests"), [(0.5, 20_000), (0.8, 100_000)])
def test_coverage_of_the_mean(utilization, requests):
    """Of 150 intervals of M/M/1 at level 0.9 between 83 and 97 % hold 1 / (μ - λ): 3 standard errors either way."""
    runs = (
        Queue(Poisson(utilization), Exponential(1.0)).simulate(requests, seed) for seed in range(1000, 1150)
    )
    found = [run.estimate("response_time", level=0.9) for run in runs]
    assert 0.83 <= share_inside(found, 1 / (1 - utilization)) <= 0.97


def test_coverage_of_a_quantile():
    """The same for the 95th percentile, ln 20 / (μ - λ)."""
    runs = (Queue(Poisson(0.5), Exponential(1.0)).simulate(20_000, seed) for seed in range(1000, 1100))
    found = [run.estimate("response_time", 0.95, level=0.9) for run in runs]
    assert 0.81 <= share_inside(found, np.log(20) / 0.5) <= 0.98


def test_correlation_widens_the_interval():
    """The standard error of an autoregressive path is 1 / ((1 - r) sqrt(n)): 5 times the naive at r = 0.92."""
    batches = statistics.Batches.of(autoregressive(400_000, 0.92, 1))
    assert batches.standard_error == pytest.approx(1 / (1 - 0.92) / 400_000**0.5, rel=0.25)


def test_independent_values_keep_their_standard_error():
    """Without correlation batches change nothing."""
    batches = statistics.Batches.of(np.random.default_rng(2).standard_normal(100_000))
    assert batches.standard_error == pytest.approx(100_000**-0.5, rel=0.15)


def test_skewed_values_reach_further_up():
    """Where high batches are rare and far, the interval reaches further up than down; mirrored, down."""
    path = np.random.default_rng(3).exponential(1.0, 2_000) ** 4
    down, up = statistics.Batches.of(path).reach(0.99)
    assert 0 < down < up
    assert statistics.Batches.of(-path).reach(0.99) == pytest.approx((up, down))


def test_quantile_interval_of_independent_values():
    """As wide as order statistics of a binomial count make it, within a quarter."""
    path = np.random.default_rng(4).random(50_000)
    found = statistics.quantile(path, 0.9, unit="s", level=0.95)
    assert found.high - found.low == pytest.approx(2 * 1.96 * (0.9 * 0.1 / 50_000) ** 0.5, rel=0.25)


def test_constant_path_has_no_width():
    """Nothing varies, so nothing is uncertain."""
    found = statistics.mean(np.full(1_000, 2.0), unit="s")
    assert (found.low, found.value, found.high) == (2.0, 2.0, 2.0)
    assert statistics.quantile(np.full(1_000, 2.0), 0.9, unit="s").high == 2.0


def test_quantile_may_lie_on_the_least_value():
    """Most wait 0: the median wait is 0, and its interval too."""
    path = np.where(np.random.default_rng(5).random(10_000) < 0.8, 0.0, 1.0)
    found = statistics.quantile(path, 0.5, unit="s")
    assert (found.low, found.high) == (0.0, 0.0)


def test_warm_up_is_cut_where_the_path_settles():
    """After a decaying start MSER-5 cuts within a few time constants; a settled path it leaves alone."""
    noise = np.random.default_rng(6).standard_normal(20_000)
    assert 200 <= statistics.warm_up(noise + 20 * np.exp(-np.arange(20_000) / 100)) <= 2_000
    assert statistics.warm_up(noise) < 4_000


def test_path_that_never_settles_is_refused():
    """A mean that goes on rising has no warm-up and no interval."""
    rising = np.arange(10_000.0)
    with pytest.raises(NotIdentified, match="still warming up at the half"):
        statistics.warm_up(rising)
    with pytest.raises(NotIdentified, match=r"still depend on each other \(correlation 0\.\d\d\)"):
        statistics.mean(rising, unit="s")


def test_extreme_quantile_is_refused():
    """A hundred values do not bound their 99th percentile."""
    with pytest.raises(NotIdentified, match=r"100 values do not bound their 0\.99 quantile"):
        statistics.quantile(np.random.default_rng(7).random(100), 0.99, unit="s")


@pytest.mark.parametrize("ask", [statistics.mean, lambda path, unit: statistics.warm_up(path)])
def test_short_path_is_refused(ask):
    """Ninety-nine values are too few."""
    with pytest.raises(NotIdentified, match="99 values"):
        ask(np.ones(99), unit="s")


def test_run_length_goes_with_the_square_of_the_precision():
    """Half the width takes four times the values, and a run of that length is about as precise as asked."""
    pilot = statistics.mean(autoregressive(20_000, 0.5, 8) + 10, unit="s")
    assert statistics.run_length(pilot, 20_000, statistics.relative_width(pilot) / 2) == pytest.approx(
        80_000, abs=1
    )
    values = statistics.run_length(pilot, 20_000, 0.002)
    assert statistics.relative_width(
        statistics.mean(autoregressive(values, 0.5, 9) + 10, unit="s")
    ) == pytest.approx(0.002, rel=0.3)


def test_run_length_needs_a_value():
    """Around 0 no relative precision can be asked."""
    zero = Estimate(0.0, -1.0, 1.0, unit="s", method="test", provenance="assumed")
    with pytest.raises(DomainError, match="has no relative width"):
        statistics.run_length(zero, 1_000, 0.01)


@pytest.mark.parametrize(
    ("requests", "share", "message"),
    [
        (0, 0.1, "requests 0 is not allowed"),
        (10.5, 0.1, "whole number"),
        (1, 0.0, "leave less than two"),
        (1_000, 0.999, "1000 requests, 0.999 of them warm-up, leave less than two"),
        (100, 1.0, "no share of the run"),
        (100, "all", "no share of the run"),
    ],
)
def test_run_too_short(requests, share, message):
    """A run keeps at least two requests after its warm-up."""
    with pytest.raises(DomainError, match=message):
        statistics.check_run(requests, share)


def test_skipped():
    """A share is taken as it is, "auto" looks for the cut."""
    path = np.concatenate([np.full(50, 9.0), np.tile([1.0, 2.0], 500)])
    assert statistics.check_run(1e4, "auto") == 10_000
    assert statistics.skipped(path, 0.1) == 105
    assert statistics.skipped(path, "auto") == 50
