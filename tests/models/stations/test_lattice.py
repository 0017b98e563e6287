"""M/G/1 on a lattice: against laws solved exactly, and the parts it is made of."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from capacity.errors import DomainError
from capacity.models.distributions import Constant, Empirical, Erlang, Exponential, Gamma, Lognormal, Pareto
from capacity.models.stations import lattice
from capacity.models.stations.lattice import LatticeTimes, inverse_series, limited_mean, longer
from capacity.models.stations.single_server import MG1

LAWS = [
    Gamma(0.3, 0.2),
    Gamma(0.3, 5),
    Lognormal(0.3, 3),
    Pareto(0.3, 1.7),
    Empirical.of([0.1, 0.7, 0.2], [1, 2, 3]),
]


@pytest.mark.parametrize("law", LAWS)
def test_limited_mean_is_the_area_under_the_survival(law):
    """E[min(S, t)] = ∫ P(S > u) du up to t."""
    for t in (0.05, 0.3, 2.0):
        area = quad(lambda u: float(longer(law, np.array([u]))[0]), 0, t, points=[0.1, 0.2, 0.7], limit=200)[
            0
        ]
        assert limited_mean(law, np.array([t]))[0] == pytest.approx(area, rel=1e-7)


@pytest.mark.parametrize("law", LAWS)
def test_longer_agrees_with_samples(law):
    """The share above a time is that of 200,000 samples, within four standard errors."""
    samples = law.sample(200_000, np.random.default_rng(7))
    for t in (0.15, 0.5):
        share = float(longer(law, np.array([t]))[0])
        assert np.mean(samples > t) == pytest.approx(
            share, abs=4 * np.sqrt(share * (1 - share) / samples.size)
        )


@pytest.mark.parametrize("utilization", [0.3, 0.96])
@pytest.mark.parametrize(
    ("law", "exact"),
    [
        (Gamma(1.0, 0.5), Erlang(1.0, 2)),
        (Gamma(1.0, 1.0), Exponential(1.0)),
        (Gamma(1.0, 0.05), Erlang(1.0, 20)),
        (Empirical.of([1.0]), Constant(1.0)),
    ],
)
def test_quantiles_of_laws_known_exactly(utilization, law, exact):
    """A gamma law that is an Erlang law, or one value, has its quantiles within the stated error."""
    found, known = MG1(utilization, law), MG1(utilization, exact)
    assert found.error == 1e-5
    for q in (0.75, 0.95, 0.999):
        assert found.waiting_time_quantile(q) == pytest.approx(
            known.waiting_time_quantile(q), rel=found.error
        )
        assert found.response_time_quantile(q) == pytest.approx(
            known.response_time_quantile(q), rel=found.error
        )


@pytest.mark.parametrize("law", [Gamma(1.0, 4), Lognormal(1.0, 4), Empirical.of([0.3, 0.4, 2.0, 5.0])])
def test_mean_wait_is_that_of_pollaczek_and_khinchine(law):
    """The area under the survival is the mean wait."""
    station = MG1(0.8 / law.mean, law)
    edges = np.concatenate([[0.0], station.waiting_time * 2.0 ** np.arange(-4, 7)])
    nodes, weights = np.polynomial.legendre.leggauss(16)
    area = 0.0
    for low, high in pairwise(edges):
        times = low + (high - low) * (1 + nodes) / 2
        area += (high - low) / 2 * weights @ [station.waiting_time_survival(t) for t in times]
    assert area == pytest.approx(station.waiting_time, rel=2e-4)


def test_a_heavy_tail_is_that_of_the_service():
    """P(W > t) ~ ρ / (1 - ρ) times what is left of a service exceeds t (Pakes 1975, Veraverbeke 1977)."""
    law = Pareto(1.0, 1.5)
    t = 1e6
    left = 1 - limited_mean(law, np.array([t]))[0] / law.mean
    assert LatticeTimes(0.3, law).waiting_time_survival(t) == pytest.approx(0.3 / 0.7 * left, rel=2e-3)


def test_inverse_of_a_series():
    """A random series times its inverse is 1."""
    series = np.random.default_rng(1).random(1000) / np.arange(1, 1001) ** 2
    product = np.convolve(series, inverse_series(series))[:1000]
    assert product == pytest.approx(np.append(1.0, np.zeros(999)), abs=1e-10)


def test_too_wide_a_law_is_refused(monkeypatch):
    """Where the finest lattice is too coarse, simulation is named as the remedy."""
    monkeypatch.setattr(lattice, "_FINE", 4096)
    with pytest.raises(DomainError, match=r"4096 steps are too few for waits up to .* simulate this station"):
        LatticeTimes(0.99, Lognormal(1.0, 4)).waiting_time_survival(1000.0)
