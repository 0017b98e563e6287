"""Age of the first in the queue: the matrix solves its equation, its decay is that of the laws."""

import math

import numpy as np
import pytest
from scipy.linalg import expm

from capacity.errors import DomainError
from capacity.models.distributions import Constant, Erlang, Exponential, Hyperexponential
from capacity.models.stations import ages as module
from capacity.models.stations.ages import (
    Ages,
    Every,
    decay_rate,
    exponential_moment,
    phases_between,
    transform,
)
from capacity.models.stations.phasetype import PhaseType, with_mean

EXPONENTIAL = PhaseType.of(Exponential(1.0))
ERLANG = PhaseType.of(Erlang(1.0, 3))
BURSTS = PhaseType.of(Hyperexponential.balanced(1.0, 4.0))
CYCLE = with_mean(PhaseType((0.5, 0.5), ((-3.0, 1.0), (2.0, -4.0))), 1.0)
ARRIVALS = [EXPONENTIAL, ERLANG, BURSTS, CYCLE, Constant(1.0)]


@pytest.mark.parametrize("between", ARRIVALS)
@pytest.mark.parametrize("service", [EXPONENTIAL, ERLANG, BURSTS, CYCLE])
@pytest.mark.parametrize("utilization", [0.4, 0.999])
def test_solves_its_equation(between, service, utilization):
    """T = L + E[exp(T A)] D with three servers, and its slowest eigenvalue is -η."""
    found = Ages(with_mean(between, 1 / (3 * utilization)), service, 3)
    rest = found.busy.stays + transform(found.between, found.matrix) @ found.replaced - found.matrix
    assert np.abs(rest).max() < 1e-12 * np.abs(found.matrix).max()
    assert np.linalg.eigvals(found.matrix).real.max() == pytest.approx(-found.decay, rel=1e-9)


def test_decay_of_mmc():
    """Poisson arrivals to exponential servers: the wait falls at c μ - λ."""
    assert Ages(PhaseType.of(Exponential(1 / 7.0)), EXPONENTIAL, 8).matrix == pytest.approx(
        np.array([[-1.0]])
    )


@pytest.mark.parametrize("load", [0.3, 0.8, 0.999])
def test_decay_of_md1(load):
    """M/D/1: η solves λ (exp(η) - 1) = η."""
    eta = decay_rate(PhaseType.of(Exponential(1 / load)), Constant(1.0), 1)
    assert load * math.expm1(eta) == pytest.approx(eta, rel=1e-12)


@pytest.mark.parametrize("between", [ERLANG, BURSTS, CYCLE])
def test_moments_of_an_exponential(between):
    """E[exp(M A)] of a phase-type law by quadrature of its density, and of one number by its closed form."""
    matrix = np.array([[-2.0, 0.5], [1.0, -3.0]])
    times, step = np.linspace(0, 40, 6_001, retstep=True)
    density = np.array(
        [float(between.starts @ row @ between.ends) for row in _exponentials(between.rates, times)]
    )
    integrand = density[:, None, None] * _exponentials(matrix, times)
    weights = np.full(times.size, 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    simpson = np.tensordot(weights * step / 3, integrand, 1)
    assert transform(between, matrix) == pytest.approx(simpson, rel=1e-6)
    assert float(transform(between, np.array([[-0.7]]))[0, 0]) == pytest.approx(
        exponential_moment(between, -0.7)
    )


def _exponentials(matrix, times):
    """exp(M t) at evenly spaced times."""
    step, powers = expm(matrix * times[1]), [np.eye(len(matrix))]
    for _ in times[1:]:
        powers.append(powers[-1] @ step)
    return np.array(powers)


def test_phases_add_to_the_whole():
    """The times spent in the phases of an arrival add up to its length: with M = 0 to its mean."""
    parts = phases_between(CYCLE, np.zeros((1, 1)))
    assert sum(float(part[0, 0]) for part in parts) == pytest.approx(CYCLE.mean)


def test_every_third_arrival():
    """Times between every third arrival have the transform of the sum of three."""
    third = BURSTS.plus(BURSTS).plus(BURSTS)
    matrix = np.array([[-2.0, 0.5], [1.0, -3.0]])
    assert transform(Every(BURSTS, 3), matrix) == pytest.approx(transform(third, matrix), rel=1e-12)
    assert decay_rate(Every(with_mean(BURSTS, 0.5), 3), ERLANG, 1) == pytest.approx(
        decay_rate(with_mean(third, 1.5), ERLANG, 1), rel=1e-9
    )


def test_constant_times_have_no_decay():
    """Nobody waits, so no wait is rarer than another."""
    assert decay_rate(Constant(1.1), Constant(1.0), 1) == math.inf


def test_gives_up_with_a_word(monkeypatch):
    """An iteration that does not end is refused, not cut short."""
    monkeypatch.setattr(module, "_ROUNDS", 2)
    with pytest.raises(DomainError, match="was not found in 2 rounds; simulate"):
        _ = Ages(with_mean(BURSTS, 1.2), BURSTS, 1).matrix
