"""What a fit of an open test says: intervals that cover, peaks that are or are not identified."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.scalability import Amdahl, Linear, Usl

TRUTH = Usl(1000, 0.03, 0.0005)
SHARES = np.linspace(0.1, 0.97, 10)
REPEATS = 50


def steps(law, shares, share, rng, *, additive=False):
    """Throughput and noisy mean response time at shares of the peak. [req/s], [s]"""
    throughput = np.asarray(shares) * law.peak_throughput
    times = np.array([law.concurrency_at(rate) / rate for rate in throughput])
    noise = share * rng.standard_normal(throughput.size)
    return throughput, times + noise * times.mean() if additive else times * np.exp(noise)


@pytest.fixture(scope="module")
def fit():
    """A fit tested close to its peak."""
    return Usl.fit_open(*steps(TRUTH, SHARES, 0.02, np.random.default_rng(1)))


@pytest.fixture(scope="module")
def short():
    """A fit tested up to 60% of its peak only."""
    return Usl.fit_open(*steps(TRUTH, 0.6 * SHARES, 0.05, np.random.default_rng(1)))


@pytest.mark.parametrize(("share", "additive"), [(0.02, False), (0.1, True)])
def test_intervals_cover_the_truth_as_often_as_they_say(share, additive):
    """At nominal 95% within three standard errors below: parameters and predictions, both kinds of noise."""
    rng = np.random.default_rng(11)
    hits = np.zeros(5)
    for _ in range(REPEATS):
        drawn = steps(TRUTH, SHARES, share, rng, additive=additive)
        found = Usl.fit_open(*drawn, level=0.95, noise="absolute" if additive else "relative")
        asked = [
            (found.unit_throughput, 1000),
            (found.contention, 0.03),
            (found.coherency, 0.0005),
            (found.predict(15), TRUTH.throughput_at(15)),
            (found.peak_throughput, TRUTH.peak_throughput),
        ]
        hits += [e.low <= truth <= e.high for e, truth in asked]
    assert (hits / REPEATS > 0.95 - 3 * math.sqrt(0.95 * 0.05 / REPEATS)).all(), hits / REPEATS


def test_response_time_on_throughput_beats_throughput_on_concurrency():
    """Noise in the response time is noise in N too: regressing R on X recovers the costs more closely."""
    rng = np.random.default_rng(4)
    errors = []
    for _ in range(REPEATS):
        throughput, times = steps(TRUTH, SHARES[:-1], 0.05, rng)
        other = Usl.fit(throughput * times, throughput, noise="absolute")
        laws = Usl.fit_open(throughput, times, noise="relative").law, other.law
        errors.append([[law.contention - 0.03, law.coherency - 0.0005] for law in laws])
    ours, theirs = np.sqrt((np.array(errors) ** 2).mean(axis=0))
    assert (ours < theirs).all()


def test_peak_near_the_test_is_identified(fit):
    """Its interval is bounded, holds the truth, and is no extrapolation."""
    assert fit.peak_throughput.low < TRUTH.peak_throughput < fit.peak_throughput.high
    assert fit.peak_concurrency.low < TRUTH.peak_concurrency < fit.peak_concurrency.high
    assert not fit.peak_throughput.extrapolated
    assert "Throughput peaks at" in fit.text


def test_peak_the_test_never_reached_is_not_identified(short):
    """Up to 60% of the peak only what was tested is claimed."""
    assert short.peak_throughput.value is None
    assert short.peak_throughput.low == pytest.approx(0.6 * 0.97 * TRUTH.peak_throughput)
    assert "The peak is not identified" in short.text


def test_far_peaks_are_seldom_misread():
    """In 30 tests to 60% of the peak nearly all claim no peak, and at most a tenth and chance a wrong one."""
    found = [
        Usl.fit_open(
            *steps(TRUTH, 0.6 * SHARES, 0.05, np.random.default_rng(seed)), noise="relative"
        ).peak_throughput
        for seed in range(30)
    ]
    assert sum(peak.value is None for peak in found) >= 25
    assert sum(not peak.low <= TRUTH.peak_throughput <= peak.high for peak in found) <= 6


def test_extrapolation_is_measured_in_throughput(short):
    """A concurrency whose throughput lies beyond 1.2 times the highest tested one is marked, a nearer one is not."""
    highest = short.load.max()
    at = short.law.concurrency_at(1.19 * highest), short.law.concurrency_at(1.21 * highest)
    assert [short.predict(n).extrapolated for n in at] == [False, True]
    assert short.predict(at[1]).method.endswith("extrapolated")


def test_limit_of_amdahls_law_beyond_the_test_is_marked():
    """Its interval is given, and that it is an extrapolation."""
    found = Amdahl.fit_open(*steps(TRUTH, 0.6 * SHARES, 0.02, np.random.default_rng(3)))
    assert found.peak_throughput.extrapolated
    assert "an extrapolation from at most" in found.text


def test_linear_law_has_no_peak():
    """At least what was tested, whatever the points."""
    found = Linear.fit_open([10, 20, 30], [0.1, 0.101, 0.099])
    assert (found.peak_throughput.value, found.peak_throughput.low) == (None, 30)


def test_times_steeper_than_the_law_show_no_peak():
    """Many servers stay flat and then rise at once, as no USL does: its peak at the last load is the guard's."""
    loads = np.array([60.0, 120, 180, 220, 250, 270, 285])
    found = Usl.fit_open(loads, [0.0370, 0.0365, 0.0376, 0.0404, 0.0420, 0.0583, 0.0936])
    assert found.peak_throughput.value is None
    assert "rises more steeply than the law can" in found.text


def test_cost_on_its_bound_has_an_upper_limit_only():
    """The interval runs from 0, and its method says so."""
    found = Usl.fit_open(*steps(Amdahl(1000, 0.05), SHARES * 0.8, 0.02, np.random.default_rng(2)))
    assert found.at_bound == ("coherency",)
    assert found.coherency.low == found.coherency.value == 0 < found.coherency.high
    assert found.coherency.method == "USL, one-sided: at its bound 0"


def test_response_time_at_a_throughput(fit):
    """It is the law's, with an interval that opens where the throughput may lie above the peak."""
    inside = fit.predict_response_time(8000)
    assert inside.value == pytest.approx(fit.law.concurrency_at(8000) / 8000)
    assert inside.low < inside.value < inside.high < math.inf
    near = 0.9999 * fit.law.peak_throughput
    assert fit.predict_response_time(near).high == math.inf
    with pytest.raises(DomainError, match="never reached"):
        fit.predict_response_time(1e6)


def test_table_and_text_are_those_of_a_fit(fit):
    """A row a step with the band; one line as text."""
    assert list(fit.to_frame()) == ["concurrency", "throughput", "fitted", "low", "high", "extrapolated"]
    assert str(fit).startswith("USL: ")


def test_open_reference_data_hold_their_truth(shared):
    """Simulated open test with α 0.03, β 0.0005, peak 13598 req/s: inside every interval."""
    steady = np.genfromtxt(shared / "reference" / "data" / "usl_open_01.csv", delimiter=",", names=True)
    found = Usl.fit_open(steady["X"], steady["N"] / steady["X"], level=0.95)
    for estimate, truth in [
        (found.contention, 0.03),
        (found.coherency, 0.0005),
        (found.peak_throughput, 13597),
    ]:
        assert estimate.low < truth < estimate.high
