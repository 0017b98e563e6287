"""Phase-type laws: closed forms, moments and fits that come back, refusals with the limit."""

import math

import numpy as np
import pytest
from scipy.special import gammaincc

from capacity.errors import DomainError
from capacity.models.distributions import (
    Constant,
    Erlang,
    Exponential,
    Gamma,
    Hyperexponential,
    MixedErlang,
    of_moments,
)
from capacity.models.stations.phasetype import PhaseType, of_three_moments, with_mean

TIMES = np.array([0.0, 0.01, 0.4, 1.0, 3.0, 12.0])
CYCLE = PhaseType((0.5, 0.5), ((-3.0, 1.0), (2.0, -4.0)))  # phases can be entered again


@pytest.mark.parametrize(
    "law",
    [
        Exponential(0.3),
        Erlang(2.0, 5),
        MixedErlang(0.02, 0.4),
        MixedErlang(1.0, 0.9),
        Hyperexponential.balanced(3.0, 9.0),
        Hyperexponential(1.0, 0.3, 0.1),
    ],
)
def test_keeps_mean_and_variation(law):
    """A law as phases has the mean and the squared coefficient of variation it had."""
    phases = PhaseType.of(law)
    assert phases.mean == pytest.approx(law.mean, rel=1e-12)
    assert phases.scv == pytest.approx(law.scv, rel=1e-12)


def test_survival_of_erlang():
    """P(T > t) of Erlang's law is an incomplete gamma function."""
    found = PhaseType.of(Erlang(1.0, 7)).survival(TIMES)
    assert found == pytest.approx(gammaincc(7, 7 * TIMES), rel=1e-11)


def test_survival_of_two_kinds():
    """P(T > t) of a hyperexponential law is a mixture of two exponentials."""
    law = Hyperexponential(2.0, 0.25, 0.1)
    exact = 0.25 * np.exp(-TIMES / 0.2) + 0.75 * np.exp(-TIMES / (2 * law.second))
    assert PhaseType.of(law).survival(TIMES) == pytest.approx(exact, rel=1e-12)


def test_survival_where_phases_repeat():
    """A chain that returns to its phases: P(T > t) = α exp(G t) 1 by eigenvalues."""
    values, vectors = np.linalg.eig(CYCLE.rates)
    shares = (CYCLE.starts @ vectors) * np.linalg.solve(vectors, np.ones(2))
    exact = (shares * np.exp(np.outer(TIMES, values))).sum(axis=1)
    assert CYCLE.survival(TIMES) == pytest.approx(exact, rel=1e-12)


def test_quantile_undoes_survival():
    """The share q stays at or below the q-quantile."""
    for q in (0.05, 0.5, 0.99, 0.999):
        assert CYCLE.survival(CYCLE.quantile(q)) == pytest.approx(1 - q, rel=1e-12)


def test_a_sum_adds_means_and_variances():
    """T + T' of independent times: the convolution."""
    other = PhaseType.of(Hyperexponential.balanced(2.0, 4.0))
    both = CYCLE.plus(other)
    assert both.mean == pytest.approx(CYCLE.mean + other.mean)
    assert both.scv * both.mean**2 == pytest.approx(CYCLE.scv * CYCLE.mean**2 + other.scv * other.mean**2)


def test_a_sum_of_equal_phases_is_erlang():
    """Two exponential times of one rate add up to Erlang's law of two phases."""
    one = PhaseType.of(Exponential(0.5))
    assert one.plus(one).survival(TIMES) == pytest.approx(
        PhaseType.of(Erlang(1.0, 2)).survival(TIMES), rel=1e-12
    )


def test_a_time_that_may_be_nothing():
    """A wait of mean 2 that half of the requests have, after a service of mean 1: mean 2, and its survival function."""
    both = PhaseType((1.0,), ((-1.0,),)).plus(PhaseType((0.5,), ((-0.5,),)))
    exact = np.exp(-TIMES) + 0.5 / (1 - 0.5) * (np.exp(-0.5 * TIMES) - np.exp(-TIMES))
    assert both.mean == pytest.approx(2.0)
    assert both.survival(TIMES) == pytest.approx(exact, rel=1e-12)


def test_phases_of_very_different_lengths():
    """A microsecond before a second: the tail is that of the second, to nine digits."""
    both = PhaseType.of(Exponential(1e-6)).plus(PhaseType.of(Exponential(1.0)))
    assert both.survival(5.0) == pytest.approx(math.exp(-5) / (1 - 1e-6), rel=1e-9)


def test_scaling_and_another_mean():
    """Times twice as long have quantiles twice as long."""
    assert CYCLE.scaled(2.0).quantile(0.9) == pytest.approx(2 * CYCLE.quantile(0.9))
    assert with_mean(CYCLE, 7.0).mean == pytest.approx(7.0)
    assert with_mean(CYCLE, 7.0).scv == pytest.approx(CYCLE.scv)


@pytest.mark.parametrize(
    "law", [CYCLE, PhaseType.of(MixedErlang(1.0, 0.4)), PhaseType((0.5,), ((-1.0,),))], ids=str
)
def test_draws_have_its_moments(law):
    """Mean and mean square of 100,000 draws are within 4.5 standard errors."""
    drawn = law.sample(100_000, np.random.default_rng(7))
    for order in (1, 2):
        error = drawn.astype(float) ** order
        assert error.mean() == pytest.approx(law.moment(order), abs=4.5 * error.std() / math.sqrt(drawn.size))


@pytest.mark.parametrize("law", [Hyperexponential(0.02, 0.3, 0.1), Hyperexponential.balanced(5.0, 30.0)])
def test_three_moments_come_back(law):
    """A hyperexponential law is found again from its first three moments."""
    third = PhaseType.of(law).moment(3) / law.mean**3
    found = PhaseType.of(of_three_moments(law.mean, law.scv, third))
    for order in (1, 2, 3):
        assert found.moment(order) == pytest.approx(PhaseType.of(law).moment(order), rel=1e-9)
    assert found.survival(TIMES) == pytest.approx(PhaseType.of(law).survival(TIMES), rel=1e-9)


def test_three_moments_of_a_gamma_law():
    """A gamma law of scv 4 has the third moment (1 + 4) (1 + 8) = 45; at 1.5 (1 + 4)² there is no such law any more."""
    assert of_three_moments(1.0, 4.0, 45.0).scv == pytest.approx(4.0)
    with pytest.raises(DomainError, match=r"must be above 37\.5"):
        of_three_moments(1.0, 4.0, 37.5)


@pytest.mark.parametrize("scv", [1.0, 0.5, float("nan")])
def test_three_moments_need_variation(scv):
    """No hyperexponential law varies as little as an exponential one."""
    with pytest.raises(DomainError, match="give more than 1"):
        of_three_moments(1.0, scv, 100.0)


@pytest.mark.parametrize("law", [Gamma(1.0, 0.5), Constant(1.0)])
def test_refuses_laws_without_phases(law):
    """A law that is not made of phases is not replaced without a word."""
    with pytest.raises(DomainError, match="not made of exponential phases; take one with the same moments"):
        PhaseType.of(law)


def test_the_law_of_two_moments_has_phases():
    """What the refusal advises can be done."""
    assert PhaseType.of(of_moments(1.0, 0.7)).scv == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("initial", "generator", "said"),
    [
        ((1.0,), ((-1.0, 0.0),), "1 phases need 1 rows"),
        ((0.7, 0.7), ((-1.0, 0.0), (0.0, -1.0)), "no shares"),
        ((1.0, 0.0), ((-1.0, -1.0), (0.0, -1.0)), "0 or above"),
        ((1.0, 0.0), ((-1.0, 2.0), (0.0, -1.0)), "entered from another more often"),
        ((1.0, 0.0), ((-1.0, 1.0), (1.0, -1.0)), "never left"),
    ],
)
def test_refuses_what_is_no_law(initial, generator, said):
    """Shares that do not add up, negative rates and traps are told apart."""
    with pytest.raises(DomainError, match=said):
        PhaseType(initial, generator)


def test_too_many_phases_are_refused():
    """An Erlang law of more than a thousand phases is as good as constant, and too large to solve."""
    with pytest.raises(DomainError, match="2000 phases are more than the 1000 that can be solved for"):
        PhaseType.of(Erlang(1.0, phases=2000))
