"""Laws and error models chosen by evidence, and left open where there is little."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.fits.selection import choose_law
from capacity.models.scalability import Amdahl, Linear, Usl

LAWS = (Linear, Amdahl, Usl)
LEVELS = np.array([1.0, 2, 4, 8, 12, 16, 24, 32, 48, 64])


def choice(law, share, seed=1, levels=LEVELS):
    """The three laws fitted to noisy throughput of one, and weighed."""
    rng = np.random.default_rng(seed)
    measured = law.throughput_at(levels) * np.exp(share * rng.standard_normal(levels.size))
    return choose_law([each.fit(levels, measured) for each in LAWS])


@pytest.mark.parametrize(
    "law", [Linear(250), Amdahl(250, 0.05), Usl(250, 0.03, 0.0005)], ids=lambda law: type(law).__name__
)
def test_law_that_made_the_points_is_chosen(law):
    """With a peak in sight and little noise each law is told from the others."""
    assert [type(choice(law, 0.02, seed).fit.law) for seed in range(5)].count(type(law)) >= 4


def test_chance_under_the_simpler_law_is_uniform():
    """Where no coherency exists, about 5% of Amdahl's p-values lie below 5%, and half are 1 (the bound)."""
    chances = np.array([choice(Amdahl(250, 0.05), 0.05, seed).chances[1] for seed in range(150)])
    assert 0.01 < (chances < 0.05).mean() < 0.11
    assert 0.35 < (chances > 0.5).mean() < 0.65


def test_undecided_laws_are_averaged():
    """With some noise the weights are split; a prediction holds what each law says."""
    found = choice(Usl(250, 0.03, 0.0002), 0.05, 5)
    assert not found.clear
    assert "do not decide between the laws" in found.text
    each = [fit.predict(20) for fit, weight in zip(found.fits, found.weights, strict=True) if weight > 0.05]
    average = found.predict(20)
    assert average.low == min(e.low for e in each)
    assert min(e.value for e in each) <= average.value <= max(e.value for e in each)


def test_peak_beyond_the_test_is_not_believed():
    """Amdahl's limit far above the test does not become the peak because too few points speak for the USL."""
    truth = Usl(1000, 0.03, 0.0005)
    rates = np.linspace(0.1, 0.6, 9) * truth.peak_throughput
    times = np.array([truth.concurrency_at(rate) / rate for rate in rates])
    times *= np.exp(0.05 * np.random.default_rng(3).standard_normal(9))
    found = choose_law([law.fit_open(rates, times) for law in LAWS])
    assert found.peak_throughput.value is None
    assert found.peak_throughput.low == pytest.approx(rates[-1])


def test_few_points_do_not_count_against_a_law_they_prove():
    """Four steps of an M/M/1 station: AICc cannot weigh two parameters, but the line is ruled out."""
    rates = np.array([20.0, 40, 60, 80])
    times = 0.01 / (1 - 0.01 * rates) * [1.01, 0.99, 1.0, 1.01]
    found = choose_law([law.fit_open(rates, times) for law in LAWS[:2]])
    assert type(found.fit.law) is Amdahl
    assert "Linear ruled out, p =" in found.text


def test_fits_of_other_points_are_refused():
    """They cannot be weighed; nor can none."""
    with pytest.raises(DomainError, match="rest on different points"):
        choose_law([Linear.fit([1, 2, 4], [10, 21, 39]), Linear.fit([1, 2, 3], [10, 21, 30])])
    with pytest.raises(DomainError, match="no fit was given"):
        choose_law([])


def test_aicc_is_of_the_values_whatever_the_scale():
    """The Jacobian makes log-residuals comparable: with tiny noise both error models have nearly one AICc."""
    measured = 100 * LEVELS[:4] ** 0 * np.array([1.0001, 0.9999, 1.0002, 0.9998])
    relative, absolute = (
        Linear.fit([1, 1.1, 1, 1.1], measured * [1, 1.1, 1, 1.1], noise=n) for n in ("relative", "absolute")
    )
    assert relative.aicc == pytest.approx(absolute.aicc, abs=0.5)
    assert math.isinf(Amdahl.fit([1, 2, 4], [300, 570, 1030]).aicc)


@pytest.mark.parametrize("noise", ["relative", "absolute"])
def test_error_model_the_points_show_is_chosen(noise):
    """Over a wide range of levels the kind of scatter is seen, and the text says how surely."""
    rng = np.random.default_rng(6)
    ideal = Usl(1000, 0.001, 0).throughput_at(np.repeat(LEVELS, 3))
    scatter = rng.standard_normal(ideal.size)
    measured = ideal * np.exp(0.05 * scatter) if noise == "relative" else ideal + 40 * scatter
    fit = Usl.fit(np.repeat(LEVELS, 3), measured, noise="auto")
    assert fit.noise == noise
    assert fit.error_model.clear
    assert "the points say so" in fit.text


def test_undecided_error_models_show_both_answers():
    """Where the two disagree materially the other answer is beside the first (oracledb: the error model decides)."""
    measured = Usl(1000, 0.03, 0.0005).throughput_at(LEVELS) * [
        0.6,
        1.02,
        0.97,
        1,
        1.01,
        0.99,
        1.01,
        1,
        0.99,
        1,
    ]
    fit = Usl.fit(LEVELS, measured, noise="auto")
    assert fit.error_model.disagrees(fit)
    assert "; were it " in fit.text
