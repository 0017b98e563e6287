"""Points off the law are named; a wrong law is told from scatter."""

import numpy as np
import pytest

from capacity.models.scalability import Linear, Usl

LEVELS = np.array([1.0, 2, 4, 8, 12, 16, 24, 32, 48, 64])
LAW = Usl(1000, 0.02, 0.0005)


def throughput(rng, share=0.03):
    """Noisy throughput of the law."""
    return LAW.throughput_at(LEVELS) * np.exp(share * rng.standard_normal(LEVELS.size))


def test_two_points_a_third_too_low_are_named():
    """Each hides the other when left out alone; together they are found, and what they do to contention is said."""
    measured = throughput(np.random.default_rng(1))
    measured[[3, 6]] *= 0.65
    fit = Usl.fit(LEVELS, measured)
    assert fit.outliers == (3, 6)
    assert "at concurrency 8 (-3" in fit.text
    assert "without them contention would be 0.0" in fit.text


def test_one_point_is_named_alone():
    """A single low point in an open test is flagged, and no other with it."""
    rates = np.linspace(0.1, 0.9, 9) * LAW.peak_throughput
    times = np.array([LAW.concurrency_at(rate) / rate for rate in rates])
    times *= np.exp(0.03 * np.random.default_rng(2).standard_normal(9))
    times[4] /= 0.65
    fit = Usl.fit_open(rates, times)
    assert fit.outliers == (4,)
    assert "lies off the law of the other points" in fit.text


def test_good_points_are_rarely_named():
    """In at most a few of a hundred clean sets."""
    rng = np.random.default_rng(3)
    assert sum(bool(Usl.fit(LEVELS, throughput(rng)).outliers) for _ in range(60)) <= 5


def test_studentized_residual_agrees_with_the_textbook():
    """For a straight line through logarithms (Linear) the deleted residual is known in closed form."""
    fit = Linear.fit(LEVELS, throughput(np.random.default_rng(4)))
    residual = fit.influence["residual"].to_numpy()
    share = 1 / residual.size
    deleted = (residual @ residual - residual**2 / (1 - share)) / (residual.size - 2)
    assert fit.influence["studentized"].to_numpy() == pytest.approx(residual / np.sqrt(deleted * (1 - share)))
    cook = residual**2 * share / (1 - share) ** 2 / (residual @ residual / (residual.size - 1))
    assert fit.influence["cook"].to_numpy() == pytest.approx(cook, rel=1e-6)


def test_repeats_tell_a_wrong_law_from_scatter():
    """A line through saturating points is doubtful against repeats, the USL is not; without repeats nothing is said."""
    rng = np.random.default_rng(5)
    levels = np.repeat(LEVELS, 2)
    measured = LAW.throughput_at(levels) * np.exp(0.03 * rng.standard_normal(20))
    line, usl = Linear.fit(levels, measured), Usl.fit(levels, measured)
    assert line.lack_of_fit.doubtful
    assert "the law's shape is in doubt" in line.text
    assert not usl.lack_of_fit.doubtful
    assert usl.lack_of_fit.repeats == 10
    assert Usl.fit(LEVELS, measured[::2]).lack_of_fit is None
