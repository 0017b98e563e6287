"""Two moments for many stations at once: fidelity to the papers, limits, simulated waits."""

import numpy as np
import pytest

from capacity.models.stations.erlang import erlang_c
from capacity.models.stations.twomoments import (
    Law,
    allen_cunneen,
    cells,
    decay_rate,
    kraemer_langenbach_belz,
    mean_wait,
    quantile,
    relative_scatter,
    sakasegawa,
    waiting,
    whitt_wait,
)


def poisson_wait(servers, utilization):
    """Mean wait of M/M/c for a mean service time of 1."""
    return erlang_c(servers, servers * utilization) / (servers * (1 - utilization))


# Recomputed in double precision by another program.
@pytest.mark.parametrize(
    ("ca", "cs", "servers", "utilization", "allen", "without_erlang", "corrected", "whitt"),
    [
        (0.5, 2, 1, 0.8, 5.0, 5.0, 4.91735726910809, 4.76972258733592),
        (0.25, 0.25, 4, 0.9, 0.492345790184602, 0.497667886745066, 0.452979994325603, 0.451436365908133),
        (1.5, 1.5, 20, 0.95, 1.13310184813663, 1.13240066556523, 1.12933112999781, 1.13310184813663),
    ],
)
def test_four_formulas_as_recomputed(ca, cs, servers, utilization, allen, without_erlang, corrected, whitt):
    """Allen 1990, Sakasegawa 1977, Kraemer and Langenbach-Belz 1976, Whitt 1993 eqs. 2.16-2.25."""
    wait = poisson_wait(servers, utilization)
    assert allen_cunneen(wait, ca, cs) == pytest.approx(allen, rel=1e-9)
    assert float(sakasegawa(utilization, servers, ca, cs)) == pytest.approx(without_erlang, rel=1e-9)
    assert float(kraemer_langenbach_belz(utilization, wait, ca, cs)) == pytest.approx(corrected, rel=1e-9)
    assert float(whitt_wait(utilization, servers, wait, ca, cs)) == pytest.approx(whitt, rel=1e-9)


@pytest.mark.parametrize(("servers", "utilization"), [(1, 0.5), (4, 0.75), (12, 0.99), (100, 0.9)])
def test_all_are_mmc_for_exponential_times(servers, utilization):
    """Poisson arrivals and exponential service: the mean of M/M/c, and its whole wait."""
    wait = poisson_wait(servers, utilization)
    assert allen_cunneen(wait, 1.0, 1.0) == wait
    assert float(kraemer_langenbach_belz(utilization, wait, 1.0, 1.0)) == pytest.approx(wait)
    assert float(whitt_wait(utilization, servers, wait, 1.0, 1.0)) == pytest.approx(wait)
    mean, chance, decay = waiting(utilization, servers, wait, 1.0, 1.0)
    assert float(mean) == pytest.approx(wait, rel=1e-9)
    assert float(chance) == pytest.approx(erlang_c(servers, servers * utilization), rel=1e-6)
    assert float(decay) == pytest.approx(servers * (1 - utilization), rel=1e-6)


def test_pollaczek_and_khinchine():
    """One server, Poisson arrivals, more regular service: three of them are exact for the mean."""
    wait = poisson_wait(1, 0.7)
    exact = 0.7 * (1 + 0.3) / 2 / 0.3
    assert allen_cunneen(wait, 1.0, 0.3) == pytest.approx(exact)
    assert float(sakasegawa(0.7, 1, 1.0, 0.3)) == pytest.approx(exact)
    assert float(kraemer_langenbach_belz(0.7, wait, 1.0, 0.3)) == pytest.approx(exact)


def test_arrays_as_single_numbers():
    """Many stations at once are as many stations one by one."""
    ca, cs = np.array([0.0, 0.5, 4.0]), np.array([1.0, 0.2, 0.0])
    for number in range(3):
        assert kraemer_langenbach_belz(0.8, 4.0, ca, cs)[number] == pytest.approx(
            float(kraemer_langenbach_belz(0.8, 4.0, float(ca[number]), float(cs[number])))
        )


@pytest.mark.parametrize(
    ("servers", "utilization", "cs", "simulated"),
    [
        (1, 0.8, 1, 1.651),
        (4, 0.9, 1, 0.839),
        (10, 0.9, 4, 1.040),
        (4, 0.95, 0.25, 0.484),
        (10, 0.95, 2, 1.496),
    ],
)
def test_evenly_spaced_arrivals_against_simulation(servers, utilization, cs, simulated):
    """Mean waits of D/G/c are within a tenth of a Kiefer-Wolfowitz simulation of 600,000 requests."""
    poisson = erlang_c(servers, servers * utilization) / (servers * (1 - utilization))
    assert float(mean_wait(utilization, servers, poisson, 0.0, cs)) == pytest.approx(simulated, rel=0.1)


def test_decay_of_md1():
    """M/D/1: the tail solves exp(η) = 1 + η / λ."""
    eta = float(decay_rate(0.8, 1, 1.0, 0.0))
    assert np.exp(eta) == pytest.approx(1 + eta / 0.8, rel=1e-5)


def test_a_wait_added_to_a_law():
    """Exponential time plus an exponential wait of half of them: the quantile solves the exact survival function."""
    law = Law.gamma(1.0, 1.0)
    found = float(quantile(law, 0.5, 0.25, 0.95))
    survival = np.exp(-found) + 0.5 * (np.exp(-0.25 * found) - np.exp(-found)) / (1 - 0.25)
    assert survival == pytest.approx(0.05, rel=0.02)


def test_a_law_keeps_its_moments():
    """Mean, variation and quantiles of the points are those of the gamma law."""
    law = Law.gamma(2.0, 0.5)
    assert law.points @ law.weights == pytest.approx(2.0, rel=1e-3)
    assert law.scv == pytest.approx(0.5, rel=0.01)
    assert law.quantile(0.5) == pytest.approx(1.678, rel=2e-3)
    assert cells()[1].sum() == pytest.approx(1.0)


def test_a_watched_queue_scatters_as_whitt_says():
    """M/M/1 at .9: 40,000 services leave the mean wait known to a tenth; four times as many halve that."""
    watched = [float(relative_scatter(0.1, 1.0, 2.0, served)) for served in (40_000, 160_000)]
    assert watched == pytest.approx([0.1, 0.05])
    assert relative_scatter(0.1, 0.0, 2.0, 40_000) == relative_scatter(0.1, 0.02, 2.0, 40_000)
