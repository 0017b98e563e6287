"""What a fit says: estimates, intervals that cover, peaks that are or are not identified."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.scalability import Amdahl, Linear, Usl

LEVELS = np.array([1.0, 2, 4, 8, 12, 16, 24, 32, 48, 64])
TRUTH = Usl(1000, 0.03, 0.0005)
REPEATS = 300


def noisy(law, levels, rng, share=0.04):
    """Throughput of the law with multiplicative noise."""
    return law.throughput_at(levels) * np.exp(share * rng.standard_normal(levels.size))


@pytest.fixture(scope="module")
def fit():
    """One fit whose peak lies inside the tested range."""
    return Usl.fit(LEVELS, noisy(TRUTH, LEVELS, np.random.default_rng(1)))


def covered(questions, law, levels, share):
    """Share of seeded repetitions in which the interval of each question holds the truth."""
    rng = np.random.default_rng(11)
    hits = dict.fromkeys(questions, 0)
    for _ in range(REPEATS):
        found = Usl.fit(levels, noisy(law, levels, rng, share))
        for name, (ask, truth) in questions.items():
            estimate = ask(found)
            hits[name] += estimate.low <= truth <= estimate.high
    return {name: count / REPEATS for name, count in hits.items()}


QUESTIONS = {
    "unit throughput": (lambda fit: fit.unit_throughput, 1000),
    "contention": (lambda fit: fit.contention, 0.03),
    "coherency": (lambda fit: fit.coherency, 0.0005),
    "inside": (lambda fit: fit.predict(12), TRUTH.throughput_at(12)),
    "extrapolated": (lambda fit: fit.predict(128), TRUTH.throughput_at(128)),
    "peak concurrency": (lambda fit: fit.peak_concurrency, TRUTH.peak_concurrency),
    "peak throughput": (lambda fit: fit.peak_throughput, TRUTH.peak_throughput),
}


@pytest.mark.parametrize(("levels", "share"), [(LEVELS, 0.04), (LEVELS[[0, 1, 2, 3, 5, 7]], 0.05)])
def test_intervals_cover_the_truth_as_often_as_they_say(levels, share):
    """At nominal 90%: within four standard errors below, and never far above, also with six points."""
    for name, found in covered(QUESTIONS, TRUTH, levels, share).items():
        assert 0.9 - 4 * math.sqrt(0.09 / REPEATS) < found < 0.985, name


def test_intervals_hold_where_a_cost_is_truly_zero():
    """At the bound the intervals are one-sided and cover more, not less."""
    law = Amdahl(1000, 0.05)
    questions = {
        "contention": (lambda fit: fit.contention, 0.05),
        "coherency": (lambda fit: fit.coherency, 0.0),
        "extrapolated": (lambda fit: fit.predict(128), law.throughput_at(128)),
        "peak": (lambda fit: fit.peak_concurrency, math.inf),
    }
    assert min(covered(questions, law, LEVELS, 0.05).values()) > 0.88


def test_prediction_beyond_the_test_is_marked(fit):
    """Up to 1.2 times the largest level it is an interpolation, beyond an extrapolation, and wider."""
    assert not fit.predict(64 * 1.2).extrapolated
    far = fit.predict(128)
    assert far.extrapolated
    assert far.method == "USL, extrapolated"
    near = fit.predict(48)
    assert (far.high - far.low) / far.value > (near.high - near.low) / near.value


def test_prediction_is_an_estimate_in_its_unit(fit):
    """It has value, interval, unit, provenance; its value is the law's."""
    found = fit.predict(10)
    assert (found.unit, found.provenance, found.level) == ("req/s", "measured", 0.9)
    assert found.value == pytest.approx(fit.law.throughput_at(10.0))
    assert found.low < found.value < found.high


def test_wider_level_gives_a_wider_interval():
    """The 99% interval holds the 90% one."""
    throughput = noisy(TRUTH, LEVELS, np.random.default_rng(1))
    wide, narrow = (Usl.fit(LEVELS, throughput, level).predict(40) for level in (0.99, 0.9))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_peak_inside_the_test_is_identified(fit):
    """Its interval is bounded, holds the law's own peak, and the text says so."""
    assert fit.peak_concurrency.bounded
    assert fit.peak_throughput.bounded
    assert fit.peak_throughput.value == fit.law.peak_throughput
    assert "Throughput peaks at" in fit.text


def test_peak_the_test_never_reached_is_not_identified():
    """Up to 60% of the peak, a single number would be off by half: only a lower bound is given."""
    levels = LEVELS[:6]
    found = Usl.fit(levels, noisy(TRUTH, levels, np.random.default_rng(3), 0.05))
    assert found.peak_concurrency.value is None
    assert found.peak_concurrency.low < TRUTH.peak_concurrency
    assert str(found.peak_throughput).startswith("at least ")
    assert "The peak is not identified" in found.text
    assert "test above 16" in found.text


def test_linear_growth_leaves_costs_one_sided():
    """A cost on its bound has the interval 0 to its upper limit, and its method says so."""
    found = Usl.fit(LEVELS, noisy(Linear(250), LEVELS, np.random.default_rng(9), 0.02))
    assert found.at_bound == ("contention",)
    assert found.contention.low == found.contention.value == 0 < found.contention.high
    assert found.contention.method == "USL, one-sided: at its bound 0"


def test_law_without_peak_is_bounded_by_the_test():
    """Amdahl's law has no peak: at least what was tested."""
    found = Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])
    assert found.peak_concurrency.low == 4
    assert found.peak_throughput.low == pytest.approx(found.predict(4).low)
    assert found.peak_throughput.high == math.inf


def test_few_points_open_the_upper_side():
    """Where even the response time cannot be told from zero, the throughput has no upper limit."""
    levels = LEVELS[:6]
    found = Usl.fit(levels, noisy(Usl(1000, 0.2, 0), levels, np.random.default_rng(2), 0.05)).predict(1e4)
    assert found.extrapolated
    assert found.high == math.inf


def test_as_many_points_as_parameters_have_no_residual_error():
    """Two points on Amdahl's law fit exactly; asking for the scatter is refused."""
    found = Amdahl.fit([1, 2], [300, 570], throughput_error=[3, 6])
    with pytest.raises(NotIdentified, match="2 points on a law of as many parameters show no scatter"):
        _ = found.residual_error


def test_table_has_the_points_or_the_levels_asked_for(fit):
    """By default a row per point with the measurement; else the curve with its band."""
    measured = fit.to_frame()
    assert list(measured) == ["concurrency", "throughput", "fitted", "low", "high", "extrapolated"]
    curve = fit.to_frame(np.linspace(1, 128, 20))
    assert list(curve) == ["concurrency", "fitted", "low", "high", "extrapolated"]
    assert curve["extrapolated"].sum() == (np.linspace(1, 128, 20) > 76.8).sum()
    assert (curve["low"] < curve["fitted"]).all()
    assert (curve["fitted"] < curve["high"]).all()


def test_fit_prints_itself(fit):
    """One line, also where a notebook shows it as it is; sentences as text."""
    assert "\n" not in str(fit)
    assert str(fit).startswith("USL: ")
    assert repr(fit) == str(fit)
    assert fit.text.startswith("USL over 10 levels, 1 to 64: one alone carries")


def test_tested_range_and_zero_concurrency(fit):
    """The fit knows what was tested; concurrency 0 is refused."""
    assert fit.tested == (1.0, 64.0)
    with pytest.raises(DomainError, match="concurrency 0 is not allowed"):
        fit.predict(0)
