"""Pooled quantiles: exact from values, bounded and nearly unbiased from summaries."""

import math

import numpy as np
import pandas as pd
import pytest

from capacity.errors import NotIdentified
from capacity.evidence.loadtest import SUMMARY
from capacity.evidence.quantiles import Mixture, autocorrelation

LAWS = {
    "exponential": lambda rng, n: rng.exponential(0.1, n),
    "lognormal": lambda rng, n: rng.lognormal(-3, 1, n),
    "bimodal": lambda rng, n: np.where(rng.random(n) < 0.9, 0.005, 0.4) + rng.exponential(0.05, n),
}


def pooled(station, samples):
    """Pool samples as summaries of them would be."""
    frame = pd.DataFrame([station.summarise(s) for s in samples], columns=list(SUMMARY), dtype=float)
    return Mixture.of_summaries(frame)


@pytest.mark.parametrize("law", LAWS)
def test_percentiles_of_one_period_are_the_tools_own(station, law):
    """A single summary gives back exactly the percentiles that it holds."""
    sample = np.round(LAWS[law](np.random.default_rng(1), 1000), 3)
    written = station.summarise(sample)
    mixture = pooled(station, [sample])
    assert {name: mixture.quantile(q) for name, q in station.SHARES.items()} == {
        name: written[name] for name in station.SHARES
    }


def test_coinciding_percentiles_are_kept(station):
    """Where P50 and P75 are the same time, both are given back unchanged."""
    sample = np.array([0.01] * 10 + [0.025] * 80 + [0.04] * 10)
    written = station.summarise(sample)
    mixture = pooled(station, [sample])
    assert mixture.quantile(0.5) == mixture.quantile(0.75) == written["p50"] == written["p75"]


def test_pooled_quantile_lies_between_those_of_the_periods(station):
    """No pooling can leave the range of the periods' own percentiles."""
    rng = np.random.default_rng(2)
    samples = [rng.exponential(scale, 300) for scale in (0.02, 0.05, 0.2)]
    mixture = pooled(station, samples)
    for name, q in station.SHARES.items():
        own = [station.summarise(s)[name] for s in samples]
        assert min(own) <= mixture.quantile(q) <= max(own)


def test_quantile_is_not_the_mean_of_percentiles(station):
    """A short bad period moves the pooled P95 by its answers, not by a share of its percentile."""
    samples = [np.full(990, 0.01), np.full(10, 5.0)]
    assert pooled(station, samples).quantile(0.95) == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_estimate_from_summaries_is_unbiased_and_covers(station, law, q):
    """Over seeds the pooled quantile is right within 2.5% on average and its interval holds the truth."""
    truth = float(np.quantile(LAWS[law](np.random.default_rng(99), 400_000), q))
    errors, inside = [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        found = pooled(station, [np.round(LAWS[law](rng, n), 3) for n in rng.integers(200, 900, 8)]).estimate(
            q
        )
        errors.append(found.value / truth - 1)
        inside.append(found.low <= truth <= found.high)
    assert abs(np.mean(errors)) < 0.025
    assert np.mean(inside) >= 0.8


def test_raw_values_are_pooled_exactly():
    """From the times themselves the quantile is that of all of them together."""
    rng = np.random.default_rng(3)
    samples = [np.sort(rng.exponential(0.1, n)) for n in (5, 80, 400)]
    mixture = Mixture.of_values(samples, [np.ones(len(s)) for s in samples])
    together = np.concatenate(samples)
    for q in (0.1, 0.5, 0.95, 0.99):
        assert mixture.quantile(q) == np.quantile(together, q, method="inverted_cdf")
    assert mixture.mean == pytest.approx(together.mean())


def test_repeated_values_count_as_often_as_they_occur():
    """Values with counts equal the values written out."""
    counted = Mixture.of_values([np.array([0.1, 0.2])], [np.array([9, 1])])
    assert (counted.count, counted.quantile(0.9), counted.quantile(0.91)) == (10, 0.1, 0.2)


def test_few_answers_leave_the_upper_bound_open(station):
    """Fewer than 59 answers cannot bound a P95 from above."""
    assert pooled(station, [np.linspace(0.01, 0.1, 50)]).estimate(0.95).high == math.inf
    assert pooled(station, [np.linspace(0.01, 0.1, 70)]).estimate(0.95).high < math.inf


def test_differing_periods_widen_the_interval(station):
    """Periods at different levels count for less than as many answers at one level."""
    rng = np.random.default_rng(4)
    steady = pooled(station, [rng.exponential(0.1, 500) for _ in range(6)]).estimate(0.95)
    moving = pooled(
        station, [rng.exponential(s, 500) for s in (0.03, 0.06, 0.09, 0.12, 0.15, 0.18)]
    ).estimate(0.95)
    assert (moving.high - moving.low) / moving.value > 2 * (steady.high - steady.low) / steady.value


def test_zero_milliseconds_are_allowed(station):
    """Answers within the clock's first millisecond are timed as 0 and do not break the logarithm."""
    assert pooled(station, [np.zeros(100)]).estimate(0.95).value == pytest.approx(0.0, abs=2e-4)


def test_without_answers_there_is_no_percentile(station):
    """A period without an answer has no law, and says so."""
    with pytest.raises(NotIdentified, match="no answers were timed, so there is no 95th percentile"):
        pooled(station, [[]]).quantile(0.95)


def test_missing_percentiles_are_bridged():
    """A dialect that writes P50, P95 and P99 only gives those exactly and others between them."""
    row = {"count": 100.0, "min": 0.01, "p50": 0.05, "p95": 0.2, "p99": 0.4, "max": 0.5}
    mixture = Mixture.of_summaries(pd.DataFrame([row], columns=list(SUMMARY), dtype=float))
    assert (mixture.quantile(0.5), mixture.quantile(0.95)) == (0.05, 0.2)
    assert 0.05 < mixture.quantile(0.75) < 0.2


@pytest.mark.parametrize("periods", [1, 6])
def test_resampled_quantiles_scatter_as_the_interval_says(station, periods):
    """Nine in ten worlds lie in about the interval of the estimate, half of them on either side of its value."""
    rng = np.random.default_rng(5)
    mixture = pooled(station, [rng.exponential(0.1, 800) for _ in range(periods)])
    worlds, found = mixture.resampled(0.95, 2000, np.random.default_rng(1)), mixture.estimate(0.95)
    low, high = np.quantile(worlds, [0.05, 0.95])
    assert np.mean(worlds < found.value) == pytest.approx(0.5, abs=0.1)
    assert math.log(high / low) == pytest.approx(math.log(found.high / found.low), rel=0.45)


def test_resampling_is_repeatable(station):
    """The same seed gives the same worlds."""
    mixture = pooled(station, [np.linspace(0.01, 1, 200)] * 3)
    one, other = (mixture.resampled(0.9, 50, np.random.default_rng(3)) for _ in range(2))
    assert (one == other).all()


def test_autocorrelation_of_independent_periods_is_none():
    """On average independent periods raise the variance little; those that stay up or down for long raise it much."""
    rng = np.random.default_rng(6)
    independent = [autocorrelation(x - x.mean()) for x in rng.standard_normal((400, 12))]
    slow = np.repeat([-1.0, 1.0, -1.0, 1.0], 6)
    assert 1 <= np.median(independent) < 1.3
    assert autocorrelation(slow) > 3


@pytest.mark.parametrize("times", [(0.04,) * 6, (0.04, 0.0404, 0.04, 0.0404, 0.0404, 0.04), (0.0,) * 6])
def test_a_constant_law_has_a_finite_interval(station, times):
    """All answers in the same time, or in times a sketch tells apart by chance: as certain as can be, bounded above."""
    mixture = pooled(station, [np.full(500, time) for time in times])
    found, worlds = mixture.estimate(0.95), mixture.resampled(0.95, 200, np.random.default_rng(1))
    assert found.low <= times[0] <= found.high <= 1.03 * max(times) + 0.001
    assert worlds.max() - worlds.min() <= 0.02 * max(times) + 1e-9


def test_constant_values_have_a_finite_interval():
    """The same from the times themselves."""
    mixture = Mixture.of_values([np.array([0.04])] * 6, [np.array([500])] * 6)
    found = mixture.estimate(0.95)
    assert (found.low, found.value, found.high) == (0.04, 0.04, 0.04)
    assert set(mixture.resampled(0.95, 50, np.random.default_rng(1))) == {0.04}


def test_periods_at_two_times_are_uncertain(station):
    """Periods that are constant at clearly different times do differ: the interval reaches from one to the other."""
    found = pooled(station, [np.full(500, time) for time in (0.04, 0.08, 0.04, 0.08, 0.04, 0.08)]).estimate(
        0.5
    )
    assert found.low < 0.041
    assert found.high > 0.078


def test_interval_covers_the_p95_of_a_busy_service(station):
    """At utilization 0.9 steps of 60 s hold the P95 of a run without end in 80 to 97% of cases."""
    inside = []
    for law in ("deterministic", "exponential", "hyperexponential"):
        service, rng = station.Station(law=law, queue=10**6), np.random.default_rng(9)
        arrivals = station.arrivals_of([(400, 270)], rng)
        truth = np.quantile((service.serve(arrivals, rng)[0] - arrivals)[5_000:], 0.95)
        for seed in range(10):
            run = station.run(service, [(40, 230), (60, 270)], seed=seed, poisson=True, offset=0.0)
            found = run.mixture(range(4, 10)).estimate(0.95)
            inside.append(found.low <= truth <= found.high)
    assert 0.8 <= np.mean(inside) <= 0.97
