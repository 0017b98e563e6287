"""The bootstrap agrees with theory where that is known, and refits as least squares would."""

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.fits.regression import t_quantile
from capacity.models.scalability import Amdahl, Linear, Usl

LEVELS = np.array([1.0, 2, 4, 8, 12, 16, 24, 32, 48, 64])
LAW = Usl(1000, 0.03, 0.0005)
MEASURED = LAW.throughput_at(LEVELS) * np.exp(0.03 * np.random.default_rng(1).standard_normal(10))


@pytest.fixture(scope="module")
def fit():
    """A closed fit with its peak inside."""
    return Usl.fit(LEVELS, MEASURED)


def test_linear_law_has_students_interval():
    """The mean of logarithms: s / √n times t with n - 1 degrees of freedom."""
    fit = Linear.fit(LEVELS, 100 * LEVELS * MEASURED / LAW.throughput_at(LEVELS))
    found = fit.bootstrap(20_000, rng=np.random.default_rng(2)).unit_throughput
    reach = t_quantile(9, 0.9) * fit.residual_error / np.sqrt(10)
    assert np.log(found.high / fit.law.unit_throughput) == pytest.approx(reach, rel=0.04)


def test_intervals_are_about_those_of_the_fit(fit):
    """Parameters, predictions and the peak, to a fifth of their width."""
    found = fit.bootstrap(rng=np.random.default_rng(2))
    pairs = [
        (getattr(found, name), getattr(fit, name)) for name in ("contention", "coherency", "peak_throughput")
    ]
    for ours, theirs in [*pairs, (found.predict(20), fit.predict(20))]:
        assert ours.low == pytest.approx(theirs.low, abs=0.2 * (theirs.high - theirs.low))
        assert ours.high == pytest.approx(theirs.high, abs=0.2 * (theirs.high - theirs.low))


def test_seed_fixes_the_answer(fit):
    """The same generator gives the same resamples, another gives others."""
    first, again, other = (fit.bootstrap(50, rng=np.random.default_rng(seed)).misfit for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_open_fit_resamples_response_times():
    """The fit of an open test has the same bootstrap; no resample peaks below the test."""
    rates = np.linspace(0.1, 0.95, 9) * LAW.peak_throughput
    times = np.array([LAW.concurrency_at(rate) / rate for rate in rates])
    fit = Usl.fit_open(rates, times * np.exp(0.03 * np.random.default_rng(3).standard_normal(9)))
    found = fit.bootstrap(500, rng=np.random.default_rng(4))
    assert found.contention.low < 0.03 < found.contention.high
    assert found.peak_throughput.low >= rates[-1] * (1 - 1e-9)
    assert list(found.to_frame()) == ["unit_throughput", "contention", "coherency"]


def test_peak_most_resamples_lack_is_at_least():
    """Where the upper tail has no peak only a lower bound is given; a law without one is refused."""
    levels = LEVELS[:6]
    short = Usl.fit(
        levels, Amdahl(1000, 0.05).throughput_at(levels) * MEASURED[:6] / LAW.throughput_at(levels)
    )
    assert short.bootstrap(500, rng=np.random.default_rng(1)).peak_concurrency.value is None
    with pytest.raises(NotIdentified, match="have no peak"):
        _ = Linear.fit(LEVELS, MEASURED).bootstrap(50, rng=np.random.default_rng(1)).peak_throughput


def test_no_resamples_are_refused(fit):
    """Their number is a whole one."""
    with pytest.raises(DomainError, match="size 0 is not allowed"):
        fit.bootstrap(0, rng=np.random.default_rng(1))
