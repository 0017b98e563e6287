"""Arrivals of every kind: their rate, their spread, and what is refused."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.distributions import Lognormal
from capacity.models.simulation.arrivals import Even, Mmpp, Poisson, Renewal, Trace, Varying

BURSTY = Mmpp(rates=(50.0, 500.0), durations=(0.9, 0.1))
DAY = Varying(starts=(0.0, 10.0, 20.0), rates=(5.0, 0.0, 20.0), period=30.0)
ALL = [
    Poisson(40.0),
    Even(40.0),
    Renewal(Lognormal(0.025, 4.0)),
    BURSTY,
    DAY,
    Trace(tuple(np.random.default_rng(0).uniform(0, 5_000, 200_000).cumsum())),
]


@pytest.mark.parametrize("arrivals", ALL, ids=lambda one: type(one).__name__)
def test_rate_is_what_comes(arrivals):
    """Over many arrivals count over time is the mean rate, and times never fall."""
    times = arrivals.times(200_000, np.random.default_rng(1))
    assert times.size == 200_000
    assert (np.diff(times) >= 0).all()
    assert times.size / times[-1] == pytest.approx(arrivals.rate, rel=0.03)


@pytest.mark.parametrize("arrivals", ALL, ids=lambda one: type(one).__name__)
def test_another_rate_keeps_the_kind(arrivals):
    """The same pattern at another rate has that rate."""
    other = arrivals.at(2 * arrivals.rate)
    assert type(other) is type(arrivals)
    assert other.rate == pytest.approx(2 * arrivals.rate)


@pytest.mark.parametrize("arrivals", ALL, ids=lambda one: type(one).__name__)
def test_no_arrivals_asked(arrivals):
    """A run of no requests has no times."""
    assert arrivals.times(0, np.random.default_rng(1)).size == 0


def test_dispersion_of_two_states():
    """1 + 2 r1 r2 (l1 - l2)^2 / ((r1 + r2)^2 (l1 r2 + l2 r1)) (Heffes, Lucantoni, IEEE JSAC 4(6), 1986, eq. 4)."""
    (one, two), (first, second) = BURSTY.rates, (1 / duration for duration in BURSTY.durations)
    written_out = (
        2 * first * second * (one - two) ** 2 / ((first + second) ** 2 * (one * second + two * first))
    )
    assert BURSTY.dispersion == pytest.approx(1 + written_out)


def test_dispersion_of_equal_rates_is_that_of_poisson():
    """Without a difference between the states there are no bursts."""
    assert Mmpp((7.0, 7.0, 7.0), (1.0, 2.0, 3.0)).dispersion == pytest.approx(1.0)


def test_bursts_spread_counts_as_the_dispersion_says():
    """Counts in long intervals have the variance over mean that is computed, within 3 standard errors."""
    times = BURSTY.times(2_000_000, np.random.default_rng(3))
    counts = np.bincount((times / 20.0).astype(int))[:-1]
    spread = counts.var() / counts.mean()
    assert spread == pytest.approx(BURSTY.dispersion, rel=0.05 + 3 * (2 / counts.size) ** 0.5)


def test_rate_follows_the_clock_round_and_round():
    """In every third of the period as many arrive as its rate says."""
    times = DAY.times(100_000, np.random.default_rng(2))
    rounds = times[-1] / 30
    counts = np.histogram(times % 30, bins=[0, 10, 20, 30])[0] / rounds / 10
    assert counts == pytest.approx([5.0, 0.0, 20.0], rel=0.03)


def test_last_rate_goes_on_without_a_period():
    """After the last start the rate stays."""
    times = Varying((0.0, 10.0), (100.0, 10.0)).times(20_000, np.random.default_rng(2))
    assert np.histogram(times, bins=[0, 10])[0][0] == pytest.approx(1000, rel=0.15)
    assert (times > 10).sum() / (times[-1] - 10) == pytest.approx(10.0, rel=0.03)


def test_nobody_comes_while_the_rate_is_zero():
    """A pause before the last rate stays empty: 50 come before it, the others after."""
    times = Varying((0.0, 10.0, 30.0), (5.0, 0.0, 20.0)).times(20_000, np.random.default_rng(2))
    assert np.histogram(times, bins=[0, 10])[0][0] == pytest.approx(50, rel=0.3)
    assert not ((times > 10) & (times < 30)).any()
    assert (times > 30).sum() / (times[-1] - 30) == pytest.approx(20.0, rel=0.03)


def test_one_rate_all_day_is_poisson():
    """A clock of one rate, and bursts of one state, are the Poisson process of the same draws."""
    plain = Poisson(4.0).times(100, np.random.default_rng(1))
    assert Varying((0.0,), (4.0,)).times(100, np.random.default_rng(1)) == pytest.approx(plain)
    assert Varying((0.0,), (4.0,), 3.0).times(100, np.random.default_rng(1)) == pytest.approx(plain)
    assert Mmpp((4.0,), (1.0,)).times(100, np.random.default_rng(1)) == pytest.approx(plain)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Poisson(0.0), "arrival rate 0 is not allowed"),
        (lambda: Even(float("nan")), "arrival rate nan is not allowed"),
        (lambda: Trace((1.0,)), "1 arrivals give no rate"),
        (lambda: Trace((2.0, 2.0)), "at least two at different times"),
        (lambda: Trace((0.0, 2.0, 1.0, 3.0)), "arrival 3 comes before arrival 2"),
        (lambda: Trace((-1.0, 2.0)), "not before 0"),
        (lambda: Mmpp((1.0, 2.0), (1.0,)), "2 rates and 1 durations"),
        (lambda: Mmpp((0.0, 0.0), (1.0, 1.0)), "all rates are 0"),
        (lambda: Mmpp((1.0, 2.0), (1.0, 0.0)), "duration 0 is not allowed"),
        (lambda: Varying((1.0,), (1.0,)), "do not rise from 0"),
        (lambda: Varying((0.0, 5.0), (1.0, 0.0)), "the last rate is 0"),
        (lambda: Varying((0.0, 5.0), (1.0, 1.0), 5.0), "period 5 s is not after the last start, 5 s"),
        (lambda: Poisson(1.0).at(-1.0), "arrival rate -1 is not allowed"),
    ],
)
def test_refusals(build, message):
    """What makes no arrivals is refused with what came and what to give."""
    with pytest.raises(DomainError, match=message):
        build()


def test_trace_is_not_played_past_its_end():
    """A run longer than the record is refused."""
    with pytest.raises(DomainError, match="3 requests asked of a trace of 2"):
        Trace((0.0, 1.0)).times(3, np.random.default_rng(1))
