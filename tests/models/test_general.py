"""G/G/c by two moments: exact where M/M/c is, bounded error elsewhere, refusal beyond its domain."""

import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.erlang import erlang_c
from capacity.models.general import GGc, Law, cells, decay_rate, mean_wait, quantile, whitt_wait
from capacity.models.queueing import MMc


@pytest.mark.parametrize(("rate", "servers"), [(0.5, 1), (3.0, 4), (11.9, 12), (90.0, 100)])
def test_is_mmc_for_exponential_times(rate, servers):
    """Poisson arrivals and exponential service: mean, chance to wait and percentiles are those of M/M/c."""
    ours, exact = GGc(rate, 1.0, servers), MMc(rate, 1.0, servers)
    assert ours.waiting_time == pytest.approx(exact.waiting_time, rel=1e-9)
    assert ours.wait_probability == pytest.approx(exact.wait_probability, rel=1e-6)
    for q in (0.5, 0.95, 0.99):
        assert ours.waiting_time_quantile(q) == pytest.approx(
            exact.waiting_time_quantile(q), rel=1e-6, abs=1e-9
        )
        assert ours.response_time_quantile(q) == pytest.approx(exact.response_time_quantile(q), rel=0.01)


@pytest.mark.parametrize(
    ("ca", "cs", "servers", "utilization", "printed"),
    [
        (0.5, 2, 1, 0.8, 4.76972258733592),
        (0.25, 0.25, 4, 0.9, 0.451436365908133),
        (1.5, 1.5, 20, 0.95, 1.13310184813663),
    ],
)
def test_whitt_as_recomputed(ca, cs, servers, utilization, printed):
    """Whitt 1993, eqs. 2.16-2.25, recomputed in double precision elsewhere."""
    poisson = erlang_c(servers, servers * utilization) / (servers * (1 - utilization))
    assert float(whitt_wait(utilization, servers, poisson, ca, cs)) == pytest.approx(printed, rel=1e-9)


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


@pytest.mark.parametrize(("c", "p95", "p99"), [(8, 10.3658173438798, 16.7854598870877)])
def test_percentiles_against_an_exact_solution(c, p95, p99):
    """M/H2/8 at utilization 0.9, service scv 4 (exact QBD): P95 within 2%, P99 within 5%."""
    station = GGc(7.2, 1.0, c, 1.0, 4.0)
    assert station.response_time_quantile(0.95) == pytest.approx(p95, rel=0.02)
    assert station.response_time_quantile(0.99) == pytest.approx(p99, rel=0.05)


def test_decay_of_md1():
    """M/D/1: the tail solves exp(η) = 1 + η / λ."""
    eta = float(decay_rate(0.8, 1, 1.0, 0.0))
    assert np.exp(eta) == pytest.approx(1 + eta / 0.8, rel=1e-5)


def test_nothing_waits_where_nothing_varies():
    """D/D/c: evenly spaced arrivals of constant work never wait below saturation."""
    station = GGc(11.9, 1.0, 12, 0.0, 0.0)
    assert station.waiting_time == 0
    assert station.response_time_quantile(0.99) == pytest.approx(1.0)


def test_littles_law_and_units():
    """N = λ R, and measuring time in milliseconds scales every time by a thousand."""
    seconds, milliseconds = GGc(250, 37.5, 8, 0.0, 2.0), GGc(0.25, 0.0375, 8, 0.0, 2.0)
    assert seconds.concurrency == pytest.approx(250 * seconds.response_time)
    assert milliseconds.response_time_quantile(0.95) == pytest.approx(
        1000 * seconds.response_time_quantile(0.95)
    )


def test_more_variation_waits_longer():
    """Waiting grows with the variability of arrivals and of service."""
    waits = [
        GGc(7.0, 1.0, 8, ca, cs).waiting_time
        for ca, cs in [(0, 0.5), (0.5, 0.5), (1, 0.5), (1, 1), (1, 4), (3, 4)]
    ]
    assert waits == sorted(waits)


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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"arrival_rate": 8.0}, "use at least 9 servers"),
        ({"arrival_rate": -1.0}, "arrival rate -1"),
        ({"servers": 0}, "servers 0"),
        ({"service_scv": float("nan")}, "service scv nan"),
    ],
)
def test_refuses(given, said):
    """Outside its domain a station says what came and what to do."""
    with pytest.raises((Unstable, DomainError), match=said):
        GGc(**{"arrival_rate": 4.0, "service_rate": 1.0, "servers": 8} | given)
