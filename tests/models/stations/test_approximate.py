"""Approximated stations: within the error they state of exact ones, from one server to a hundred thousand."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.distributions import Constant, Erlang, Exponential, Hyperexponential
from capacity.models.stations.approximate import ByDecay, PHDc
from capacity.models.stations.constant import MDc
from capacity.models.stations.phasetype import PhaseType
from capacity.models.stations.qbd import PHPHc
from capacity.models.stations.queueing import MMc

POISSON = EXPONENTIAL = PhaseType.of(Exponential(1.0))
EVEN = Constant(1.0)
QUANTILES = (0.95, 0.99, 0.999)


def erlang(phases):
    """Erlang law of mean 1."""
    return PhaseType.of(Erlang(1.0, phases))


def bursts(scv):
    """Hyperexponential law of mean 1."""
    return PhaseType.of(Hyperexponential.balanced(1.0, scv))


def worst(ours, exact):
    """Largest relative difference of three percentiles of the response time."""
    return max(abs(ours.response_time_quantile(q) / exact.response_time_quantile(q) - 1) for q in QUANTILES)


@pytest.mark.parametrize(("servers", "utilization"), [(1, 0.3), (1, 0.99), (4, 0.7), (16, 0.5), (16, 0.95)])
def test_constant_service_against_md_c(servers, utilization):
    """With Poisson arrivals the exact M/D/c is known."""
    ours, exact = PHDc(servers * utilization, 1.0, servers, POISSON), MDc(servers * utilization, 1.0, servers)
    assert worst(ours, exact) < 0.02 < ours.error


@pytest.mark.parametrize("between", [erlang(4), bursts(9)])
@pytest.mark.parametrize("servers", [1, 4])
def test_constant_service_against_simulation(between, servers):
    """Each server is a random walk of its own: mean wait and P95 within 2% and 4 standard errors of 24 runs."""
    rng, load, runs = np.random.default_rng(3), 0.7, []
    for _ in range(24):
        gaps = between.sample(60_000, rng) / (load * servers)
        steps = 1 - np.diff(np.cumsum(gaps).reshape(-1, servers), axis=0)
        walk = np.vstack([np.zeros(servers), np.cumsum(steps, axis=0)])
        waits = (walk - np.minimum.accumulate(walk, axis=0))[100:].ravel()
        runs.append((1 + waits.mean(), 1 + np.quantile(waits, 0.95)))
    station = PHDc(load * servers, 1.0, servers, between)
    found, error = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / math.sqrt(24)
    exact = np.array([station.response_time, station.response_time_quantile(0.95)])
    assert (np.abs(found - exact) < 0.02 * found + 4 * error).all()


def test_constant_service_answers_belong_together():
    """Quantiles undo survival; a response is a wait and one service."""
    station = PHDc(3.4, 1.0, 4, bursts(4))
    for q in (0.8, 0.99):
        wait = station.waiting_time_quantile(q)
        assert station.waiting_time_survival(wait) == pytest.approx(1 - q, rel=1e-9)
        assert station.response_time_survival(wait + 1) == pytest.approx(1 - q, rel=1e-9)
        assert station.response_time_quantile(q) == pytest.approx(wait + 1)
    assert station.response_time_survival(0.5) == 1.0


@pytest.mark.parametrize(
    ("between", "service", "servers"),
    [
        (bursts(9), erlang(3), 10),
        (EVEN, erlang(4), 6),
        (erlang(4), erlang(6), 3),
        (erlang(4), bursts(4), 64),
        (bursts(4), bursts(9), 64),
    ],
)
@pytest.mark.parametrize("utilization", [0.7, 0.95])
def test_by_decay_against_exact(between, service, servers, utilization):
    """Where both can be had, percentiles differ by less than is stated."""
    given = servers * utilization, 1.0, servers, between, service
    assert worst(ByDecay(*given), PHPHc(*given)) < ByDecay(*given).error


@pytest.mark.parametrize(("servers", "utilization"), [(100, 0.95), (1000, 0.9), (1000, 0.999)])
def test_by_decay_of_constant_service(servers, utilization):
    """Many servers with constant service, Poisson arrivals, against M/D/c."""
    ours = ByDecay(servers * utilization, 1.0, servers, POISSON, EVEN)
    assert worst(ours, MDc(servers * utilization, 1.0, servers)) < ours.error


@pytest.mark.parametrize(
    ("servers", "utilization"), [(3, 0.8), (400, 0.99), (100_000, 0.9999), (4, 1 - 1e-9)]
)
def test_by_decay_is_mmc_for_exponential_times(servers, utilization):
    """With exponential times the approximation is exact, also at many servers and next to saturation."""
    ours = ByDecay(servers * utilization, 1.0, servers, POISSON, EXPONENTIAL)
    exact = MMc(servers * utilization, 1.0, servers)
    assert ours.waiting_time == pytest.approx(exact.waiting_time, rel=1e-6)
    assert ours.wait_probability == pytest.approx(exact.wait_probability, rel=1e-6)
    assert worst(ours, exact) < 1e-6
    assert ours.response_time_survival(1.5) == pytest.approx(exact.response_time_survival(1.5), rel=1e-6)


def test_heavy_traffic():
    """At 1 - 1e-9 the wait is exponential with mean (ca² + cs²) / (2 c μ (1 - ρ)) (Kingman)."""
    servers, spare = 200, 1e-9
    station = ByDecay(servers * (1 - spare), 1.0, servers, bursts(4), bursts(9))
    mean = (4 + 9) / 2 / (servers * spare)
    assert station.waiting_time == pytest.approx(mean, rel=1e-3)
    assert station.response_time_quantile(0.99) == pytest.approx(mean * math.log(100), rel=1e-3)


def test_who_waits_longer_than_all():
    """Where the exponential exceeds 1 all wait; survival, quantile and law of the response time agree on it."""
    station = ByDecay(0.5, 1.0, 1, bursts(9), erlang(4))
    assert station.wait_probability <= 1.0
    for q in (0.5, 0.9, 0.99):
        assert station.response_time_survival(station.response_time_quantile(q)) == pytest.approx(
            1 - q, rel=1e-9
        )
    wait = station.waiting_time_quantile(0.9)
    assert station.waiting_time_survival(wait) == pytest.approx(0.1, rel=1e-9)


def test_hardly_any_load():
    """Without load the response time is the service time."""
    station = ByDecay(1e-9, 1.0, 100, EVEN, bursts(4))
    assert station.response_time_quantile(0.9) == pytest.approx(bursts(4).quantile(0.9), rel=1e-9)
    assert station.waiting_time == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: PHDc(70.0, 1.0, 65, POISSON), "use at least 71 servers"),
        (lambda: PHDc(60.0, 1.0, 65, POISSON), "65 servers are more than the 64"),
        (lambda: ByDecay(0.0, 1.0, 65, POISSON, EVEN), "arrival rate 0"),
    ],
)
def test_refuses(make, said):
    """Outside their domain they say what came and what to do."""
    with pytest.raises((Unstable, DomainError), match=said):
        make()


@pytest.mark.parametrize("load", [1e-6, 1e-12, 1e-100])
def test_many_phases_at_almost_no_load(load):
    """Moments beyond all numbers, those of a hundred phases near their pole, do not stop the answer: nobody waits."""
    regular = PhaseType.of(Erlang(1.0, phases=3))
    station = PHDc(20 * load, 1.0, 20, regular)
    assert station.waiting_time_quantile(0.999) == 0.0
    assert 0 <= station.wait_probability < 1e-50
