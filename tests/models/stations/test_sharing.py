"""Shared servers: the tagged request's chain against other ways of solving it, identities, limits, refusals."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.linalg import expm

from capacity.errors import DomainError, Unstable
from capacity.models.distributions import Constant, Exponential, Lognormal
from capacity.models.stations.queueing import MMc
from capacity.models.stations.sharing import MG1PS, MMcPS

# Recomputed elsewhere by uniformisation.
PRINTED = [
    (1, 0.8, 0.5, 2.3516870484144),
    (1, 0.9, 0.99, 78.3325632774592),
    (8, 0.95, 0.99, 22.0025190622968),
]


@pytest.mark.parametrize(("servers", "utilization", "q", "expected"), PRINTED)
def test_quantiles_recomputed_elsewhere(servers, utilization, q, expected):
    """Response-time quantiles to ten digits."""
    station = MMcPS(utilization * servers * 50, 50.0, servers)
    assert station.response_time_quantile(q) * 50 == pytest.approx(expected, rel=1e-10)


def moments(station):
    """Mean and mean square of the response time, by integrating its survival."""
    edges = np.append(0.0, station.response_time * 2.0 ** np.arange(-4, 9))
    nodes, weights = np.polynomial.legendre.leggauss(24)
    first = second = 0.0
    for low, high in pairwise(edges):
        times = low + (high - low) * (1 + nodes) / 2
        lasting = (high - low) / 2 * weights * [station.response_time_survival(t) for t in times]
        first, second = first + lasting.sum(), second + 2 * times @ lasting
    return first, second


@pytest.mark.parametrize("utilization", [0.2, 0.7, 0.9])
def test_variance_of_coffman_muntz_and_trotter(utilization):
    """Var T = (2 + ρ) / ((2 - ρ) (1 - ρ)²) for M/M/1-PS and a mean service time of 1 (1970, sec. 3)."""
    first, second = moments(MMcPS(utilization, 1.0, 1))
    assert first == pytest.approx(1 / (1 - utilization), rel=1e-7)
    expected = (2 + utilization) / ((2 - utilization) * (1 - utilization) ** 2)
    assert second - first**2 == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("servers", "utilization"), [(2, 0.8), (8, 0.9), (100, 0.95)])
def test_mean_is_that_of_mmc(servers, utilization):
    """As many are present as in M/M/c, so by Little's law the mean response time is that of M/M/c."""
    station = MMcPS(servers * utilization, 1.0, servers)
    exact = MMc(servers * utilization, 1.0, servers)
    assert station.response_time == pytest.approx(exact.response_time, rel=1e-12)
    assert moments(station)[0] == pytest.approx(exact.response_time, rel=1e-7)
    assert station.concurrency == pytest.approx(exact.concurrency)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (3, 1.8)])
def test_survival_is_that_of_the_matrix_exponential(servers, load):
    """The same chain, cut at 80 others, with its exponential from a library."""
    others = np.arange(80)
    speed = np.minimum(1.0, servers / (others + 1))
    generator = np.diag(np.full(79, load), 1) + np.diag((others * speed)[1:], -1)
    generator -= np.diag(generator.sum(axis=1) + speed)
    present = np.append(1.0, np.cumprod(load / np.minimum(others[1:], servers)))
    for t in (0.3, 2.0, 9.0):
        expected = (present / present.sum()) @ expm(generator * t) @ np.ones(80)
        assert MMcPS(load, 1.0, servers).response_time_survival(t) == pytest.approx(expected, rel=1e-9)


def test_without_load_only_the_service_counts():
    """An idle station, or one with many servers to spare, answers with the exponential law."""
    for station in (MMcPS(0.0, 1.0, 2), MMcPS(1e-9, 1.0, 1), MMcPS(20.0, 1.0, 100)):
        assert station.response_time_quantile(0.999) == pytest.approx(math.log(1000), rel=1e-7)


def test_sharing_spreads_more_than_queueing_in_line():
    """With equal means, the tail of M/M/1-PS is longer than that of M/M/1, the median shorter."""
    shared, line = MMcPS(0.9, 1.0, 1), MMc(0.9, 1.0, 1)
    assert shared.response_time_quantile(0.99) > 1.5 * line.response_time_quantile(0.99)
    assert shared.response_time_quantile(0.5) < 0.7 * line.response_time_quantile(0.5)


@pytest.mark.parametrize("law", [Constant(0.005), Exponential(0.005), Lognormal(0.005, 9)])
def test_mean_does_not_depend_on_the_law(law):
    """R = S / (1 - ρ), for a request of 15 ms of work 150 ms at utilization 0.9 (Kleinrock)."""
    station = MG1PS(180.0, law)
    assert station.response_time == pytest.approx(0.05, rel=1e-12)
    assert station.response_time_of(0.015) == pytest.approx(0.15, rel=1e-12)
    assert station.max_arrival_rate(0.05) == pytest.approx(180.0, rel=1e-9)


def test_exponential_service_shared_by_one_server():
    """M/G/1-PS with exponential service is M/M/1-PS."""
    general, exact = MG1PS(160.0, Exponential(0.005)), MMcPS(160.0, 200.0, 1)
    assert general.response_time_quantile(0.95) == exact.response_time_quantile(0.95)
    assert general.response_time_survival(0.02) == exact.response_time_survival(0.02)
    assert general.wait_probability == pytest.approx(exact.wait_probability)
    assert general.waiting_time == pytest.approx(exact.waiting_time)


def test_inverse_questions():
    """The largest rate just keeps the SLO; one server fewer than needed does not."""
    rate = MMcPS(50.0, 10.0, 8).max_arrival_rate(0.6, quantile=0.99)
    assert MMcPS(rate, 10.0, 8).response_time_quantile(0.99) == pytest.approx(0.6, rel=1e-9)
    servers = MMcPS(50.0, 10.0, 8).servers_for(0.6, quantile=0.99)
    assert MMcPS(50.0, 10.0, servers).response_time_quantile(0.99) <= 0.6
    assert MMcPS(50.0, 10.0, servers - 1).response_time_quantile(0.99) > 0.6


def test_refusals():
    """Quantiles of other laws, waits, and loads too near to saturation are refused with the remedy."""
    with pytest.raises(DomainError, match="not known for Lognormal service; ask for the mean"):
        MG1PS(100.0, Lognormal(0.005, 2)).response_time_quantile(0.9)
    for station in (MG1PS(100.0, Exponential(0.005)), MMcPS(1.0, 1.0, 2)):
        with pytest.raises(DomainError, match="nobody queues at a shared server; ask for the response time"):
            station.waiting_time_quantile(0.9)
        with pytest.raises(DomainError, match="nobody queues"):
            station.waiting_time_survival(0.1)
    with pytest.raises(DomainError, match="one server; ask MMcPS"):
        MG1PS(100.0, Exponential(0.005)).servers_for(0.1)
    with pytest.raises(DomainError, match=r"utilization 0.99999 would need \d+ requests .* ask for the mean"):
        MMcPS(0.99999, 1.0, 1).response_time_quantile(0.9)
    with pytest.raises(Unstable, match="use at least 3 servers"):
        MMcPS(2.0, 1.0, 2)


def test_next_to_saturation_means_are_those_of_a_queue():
    """At 1 - 1e-9 sharing and first come first served agree to 1e-12."""
    rate = (1 - 1e-9) * 20 * 3.7
    assert MMcPS(rate, 3.7, 20).response_time == pytest.approx(MMc(rate, 3.7, 20).response_time, rel=1e-12)
    assert MG1PS(1 - 1e-9, Exponential(1.0)).response_time == pytest.approx(
        MMc(1 - 1e-9, 1.0, 1).response_time, rel=1e-12
    )


def test_endless_times_end_at_once(monkeypatch):
    """Nobody stays a thousand million services; where that takes too long to find, it is refused."""
    assert MMcPS(1.5, 1.0, 2).response_time_survival(1e9) == 0.0
    monkeypatch.setattr("capacity.models.stations.sharing._MOST_EVENTS", 100)
    with pytest.raises(DomainError, match=r"1e\+09 s are 3.5e\+09 arrivals and ends, more than are followed"):
        MMcPS(1.5, 1.0, 2).response_time_survival(1e9)
