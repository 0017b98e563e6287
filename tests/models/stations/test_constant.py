"""M/D/c and D/M/c against chains solved directly, against series of many digits, and at their limits."""

import math

import mpmath
import numpy as np
import pytest
from scipy.special import pdtrc
from scipy.stats import binom, poisson

from capacity.errors import DomainError, Unstable
from capacity.models.stations.constant import DMc, MDc
from capacity.models.stations.queueing import MMc


def erlang_series(utilization, t, digits=400):
    """P(W > t) of M/D/1 by Erlang's alternating series of 1909, for D = 1."""
    with mpmath.workdps(digits):
        rate = mpmath.mpf(utilization)
        terms = (
            (-rate * (t - j)) ** j / mpmath.factorial(j) * mpmath.exp(rate * (t - j))
            for j in range(math.floor(t) + 1)
        )
        return float(1 - (1 - rate) * mpmath.fsum(terms))


@pytest.mark.parametrize("utilization", [0.05, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("t", [0.0, 0.25, 1.0, 3.75, 20.5])
def test_one_server_is_erlangs_series(utilization, t):
    """The share of M/D/1 that waits longer has ten digits, down to 1e-60."""
    exact = erlang_series(utilization, t)
    assert MDc(utilization, 1.0, 1).waiting_time_survival(t) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("spare", [0.99, 0.5, 0.1, 1e-3, 1e-6, 1e-9])
def test_one_server_has_the_mean_of_pollaczek_and_khinchine(spare):
    """W_q = ρ D / (2 (1 - ρ))."""
    rate = 1 - spare
    expected = rate / (2 * (1 - rate))
    assert MDc(rate, 1.0, 1).waiting_time == pytest.approx(expected, rel=1e-10 if spare > 1e-8 else 1e-8)


# Recomputed elsewhere by solving the embedded chain directly; waiting law of Franx 2001.
PRINTED = [
    (MDc, 2, 0.8, 0.701898317173299, 0.903283879406129, 5.0695511860739),
    (MDc, 8, 0.9, 0.681911365446955, 0.449973259434323, 2.61118771883979),
    (MDc, 25, 0.9, 0.479338217430573, 0.107193265001862, 0.786097348700412),
    (DMc, 5, 0.8, 0.361542466974322, 0.194707310150519, 1.93219293427536),
    (DMc, 50, 0.95, 0.493657660603461, 0.100433998923298, 0.793298724120601),
]


@pytest.mark.parametrize(("kind", "servers", "utilization", "waits", "mean", "p99"), PRINTED)
def test_values_recomputed_elsewhere(kind, servers, utilization, waits, mean, p99):
    """Chance to wait, mean wait and its 99th percentile to nine digits."""
    station = kind(utilization * servers * 20, 20.0, servers)
    assert station.wait_probability == pytest.approx(waits, rel=1e-9)
    assert station.waiting_time * 20 == pytest.approx(mean, rel=1e-9)
    assert station.waiting_time_quantile(0.99) * 20 == pytest.approx(p99, rel=1e-9)


def number_in_system(servers, load, size=400):
    """Chances of 0, 1, ... in M/D/c, from its chain over one service time, cut and solved."""
    present = np.arange(size)
    left = np.maximum(present - servers, 0)
    chain = poisson.pmf(present[None, :] - left[:, None], load)
    chain[:, -1] += 1 - chain.sum(axis=1)
    system = np.vstack([(chain.T - np.eye(size))[1:], np.ones(size)])
    return np.linalg.solve(system, np.append(np.zeros(size - 1), 1.0))


@pytest.mark.parametrize(("servers", "load"), [(1, 0.6), (3, 2.4), (7, 2.1), (12, 10.8)])
def test_queue_is_that_of_the_chain(servers, load):
    """Chance that all are busy, and mean queue, of the chain solved as linear equations."""
    chances = number_in_system(servers, load)
    station = MDc(load, 1.0, servers)
    assert station.wait_probability == pytest.approx(chances[servers:].sum(), rel=1e-9)
    queue = chances @ np.maximum(np.arange(chances.size) - servers, 0)
    assert station.queue_length == pytest.approx(queue, rel=1e-9)


@pytest.mark.parametrize(
    ("servers", "utilization"), [(2, 0.95), (10, 0.5), (100, 0.9), (500, 0.97), (2000, 0.99)]
)
def test_mean_is_spitzers(servers, utilization):
    """L_q = Σ E[(A_n - n c)+] / n, A_n the arrivals of n service times (Spitzer's identity)."""
    n = np.arange(1, 60 + math.ceil(90 / (servers * (1 - utilization) ** 2)))
    load, served = n * servers * utilization, n * servers
    terms = (load * pdtrc(served - 1, load) - served * pdtrc(served, load)) / n
    station = MDc(servers * utilization, 1.0, servers)
    assert station.queue_length == pytest.approx(terms.sum(), rel=1e-9)


@pytest.mark.parametrize(("servers", "utilization"), [(1, 0.7), (4, 0.9), (30, 0.95), (300, 0.98)])
def test_mean_is_the_area_under_the_survival(servers, utilization):
    """W_q = ∫ P(W > t) dt, the quantile inverts the survival, and the response is the wait plus D."""
    station = MDc(servers * utilization, 1.0, servers)
    ends = np.arange(0, math.ceil(40 * max(station.waiting_time, 1 / servers)) + 1)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    area = sum(
        0.5 * weights @ [station.waiting_time_survival(start + (1 + x) / 2) for x in nodes] for start in ends
    )
    assert station.waiting_time == pytest.approx(area, rel=1e-8)
    t = station.waiting_time_quantile(0.99)
    assert station.waiting_time_survival(t) == pytest.approx(0.01, rel=1e-9)
    assert station.response_time_quantile(0.99) == t + 1
    assert station.response_time_survival(t + 1) == pytest.approx(0.01, rel=1e-9)
    assert station.response_time_survival(0.999) == 1.0


@pytest.mark.parametrize("servers", [1, 5, 50])
def test_constant_service_halves_the_wait_in_the_end(servers):
    """As the load grows M/D/c waits half as long as M/M/c, and never less than half."""
    halves = [
        MDc(servers * rho, 1.0, servers).waiting_time / MMc(servers * rho, 1.0, servers).waiting_time
        for rho in (0.7, 0.99, 0.999999)
    ]
    assert halves == pytest.approx(sorted(halves, reverse=True))
    assert min(halves) > 0.5 * (1 - 1e-9)
    assert halves[-1] == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("utilization", [1e-3, 0.3, 0.9, 1 - 1e-6])
def test_evenly_spaced_arrivals_at_one_server(utilization):
    """The chance to wait in D/M/1 is σ, the wait's decay μ (1 - σ) (Takács)."""
    station = DMc(utilization, 1.0, 1)
    with mpmath.workdps(40):
        rho = mpmath.mpf(utilization)
        sigma = -rho * mpmath.lambertw(-mpmath.exp(-1 / rho) / rho)
        assert station.wait_probability == pytest.approx(float(sigma), rel=1e-9, abs=1e-300)
        assert station.waiting_time == pytest.approx(float(sigma / (1 - sigma)), rel=1e-9, abs=1e-300)


def chance_to_wait(servers, between):
    """P(wait) of D/M/c from the numbers that arrivals find, cut and solved as linear equations, for μ = 1."""
    size = servers + 300
    chain = np.zeros((size, size))
    grid = (np.arange(400) + 0.5) / 400
    for found in range(size):
        present = min(found + 1, size - 1)
        queued = max(present - servers, 0)
        busy = min(present, servers)
        ended = np.arange(queued)
        chain[found, present - ended] += poisson.pmf(ended, servers * between)
        left = np.arange(busy + 1)
        if not queued:
            chain[found, left] += binom.pmf(left, busy, math.exp(-between))
            continue
        time = grid * between  # at which the queue has gone, by its Erlang density: midpoint rule
        density = servers * poisson.pmf(queued - 1, servers * time) * between / 400
        chain[found, left] += density @ binom.pmf(left, servers, np.exp(-(between - time))[:, None])
    chain /= chain.sum(axis=1, keepdims=True)
    system = np.vstack([(chain.T - np.eye(size))[1:], np.ones(size)])
    chances = np.linalg.solve(system, np.append(np.zeros(size - 1), 1.0))
    return chances[servers:].sum()


@pytest.mark.parametrize(("servers", "utilization"), [(2, 0.8), (6, 0.9), (12, 0.7)])
def test_chance_to_wait_for_evenly_spaced_arrivals(servers, utilization):
    """It is that of the chain over one time between arrivals, to the error of the midpoint rule."""
    station = DMc(utilization * servers, 1.0, servers)
    assert station.wait_probability == pytest.approx(
        chance_to_wait(servers, 1 / (utilization * servers)), rel=1e-4
    )


def test_many_servers_and_no_load():
    """Neither a thousand servers nor hardly any load is too much."""
    assert 0.1 < DMc(980.0, 1.0, 1000).wait_probability < DMc(995.0, 1.0, 1000).wait_probability < 1
    assert MDc(995.0, 1.0, 1000).wait_probability > DMc(995.0, 1.0, 1000).wait_probability
    for kind in (MDc, DMc):
        assert kind(1e-9, 1.0, 100).wait_probability == pytest.approx(0.0, abs=1e-300)
        assert kind(1e-9, 1.0, 100).waiting_time_quantile(0.9999) == 0.0
    assert MDc(0.0, 1.0, 3).waiting_time == 0.0


@pytest.mark.parametrize("kind", [MDc, DMc])
def test_inverse_questions(kind):
    """The largest rate just keeps the SLO, and one server fewer than needed breaks it."""
    station = kind(50.0, 10.0, 8)
    rate = station.max_arrival_rate(0.6, quantile=0.99)
    assert kind(rate, 10.0, 8).response_time_quantile(0.99) == pytest.approx(0.6, rel=1e-9)
    servers = station.servers_for(0.48, quantile=0.99)
    assert kind(50.0, 10.0, servers).response_time_quantile(0.99) <= 0.48
    with pytest.raises((Unstable, AssertionError)):
        assert kind(50.0, 10.0, servers - 1).response_time_quantile(0.99) <= 0.48


@pytest.mark.parametrize("kind", [MDc, DMc])
def test_refusals(kind):
    """Overload and more servers than are solved for are refused with the remedy."""
    with pytest.raises(Unstable, match="use at least 5 servers"):
        kind(4.0, 1.0, 4)
    with pytest.raises(DomainError, match=r"3000 servers are more than the 2000 .* use GGc"):
        kind(4.0, 1.0, 3000)
    assert kind(3.0, 1.0, 4).method.startswith("exact")
    assert kind(3.0, 1.0, 4).error == 0


def test_next_to_saturation_every_digit_of_the_spare_capacity_counts():
    """At 1 - 1e-9 the mean of M/D/1 is Pollaczek and Khinchine's, and D/M/c drains at the root, both to 1e-12."""
    rate, service, servers = (1 - 1e-9) * 3.7, 3.7, 4
    with mpmath.workdps(50):
        spare = 1 - mpmath.mpf(rate) / mpmath.mpf(service)
        mean = (1 - spare) / (2 * mpmath.mpf(service) * spare)
        many = 1 - mpmath.mpf(servers * rate) / (servers * mpmath.mpf(service))
        decay = mpmath.findroot(lambda s: (mpmath.exp(-s) - 1 + s) / s - many, 2 * many) * servers * rate
    assert MDc(rate, service, 1).waiting_time == pytest.approx(float(mean), rel=1e-12)
    station = DMc(servers * rate, service, servers)
    wait = station.wait_probability / float(decay)
    assert station.waiting_time == pytest.approx(wait, rel=1e-12)


def test_almost_no_load_and_endless_times():
    """Nobody waits at 1e-300 of the capacity, nor for 1e300 seconds."""
    assert MDc(1e-300, 1.0, 2).response_time_quantile(0.99) == 1.0
    assert MDc(1.5, 1.0, 2).waiting_time_survival(1e300) == 0.0
