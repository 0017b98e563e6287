"""Open networks: Jackson's exactly, others by two moments."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.networks.open import OpenNetwork
from capacity.models.stations.queueing import MMc


def test_jain_example_34_1():
    """Jain, Art of Computer Systems Performance Analysis, 1991, ex. 34.1, p. 572."""
    network = OpenNetwork.of_demands(3.0, [0.16, 0.14, 0.24])
    assert network.residence_time / [16, 7, 8] == pytest.approx([0.0192, 0.0345, 0.107], abs=2e-4)
    assert [station.utilization for station in network.stations] == pytest.approx([0.48, 0.42, 0.72])


def test_rios_insua_example_11_11():
    """Four stations with feedback, example 11.11 of Ríos Insua et al., 2004 (R package queueing)."""
    routing = [[0, 0.2, 0.56, 0.24], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    network = OpenNetwork([8, 0, 6, 0], routing, [14, 9, 17, 7])
    assert network.concurrency == pytest.approx(5.45560156429722)
    assert network.response_time == pytest.approx(0.38968582602123)


def test_little_and_flow_balance():
    """L = X W; what reaches a station is what comes from outside and from others."""
    routing = np.array([[0.1, 0.3, 0.2], [0, 0, 0.5], [0.25, 0, 0]])
    network = OpenNetwork([5, 2, 1], routing.tolist(), [20, 9, 3], [1, 2, "delay"])
    assert network.concurrency == pytest.approx(network.throughput * network.response_time)
    balance = np.array([5, 2, 1]) + network.arrival_rates @ routing
    assert network.arrival_rates == pytest.approx(balance)
    assert network.residence_time.sum() == pytest.approx(network.response_time)


def test_one_station_is_mmc():
    """A network of one station answers as the station does."""
    network, station = OpenNetwork([30], [[0]], [10], [4]), MMc(30, 10, 4)
    assert network.response_time == pytest.approx(station.response_time)
    assert network.response_time_survival(0.3) == pytest.approx(station.response_time_survival(0.3))
    assert network.response_time_quantile(0.99) == pytest.approx(station.response_time_quantile(0.99))
    assert network.max_arrival_rate(0.3, 0.95) == pytest.approx(station.max_arrival_rate(0.3, 0.95), rel=1e-6)


def test_a_saturated_station_is_named():
    """The message tells the station, its load, and the servers needed."""
    with pytest.raises(
        Unstable, match=r"station 2: arrival rate 10 req/s .* use at least 2 servers"
    ) as refusal:
        OpenNetwork([10, 0], [[0, 1], [0, 0]], [20, 9])
    assert refusal.value.servers_needed == 2


def test_quantile_of_two_stations():
    """Two exponential times in a row: the hypoexponential law."""
    network = OpenNetwork.of_demands(10, [0.05, 0.08])
    fast, slow = 10.0, 2.5
    for q in (0.1, 0.5, 0.95, 0.999):
        t = network.response_time_quantile(q)
        survival = (fast * math.exp(-slow * t) - slow * math.exp(-fast * t)) / (fast - slow)
        assert survival == pytest.approx(1 - q, rel=1e-6)
    assert network.error == 0


def test_quantile_of_a_branch_is_that_of_the_mixture():
    """Half leave after the first station."""
    network = OpenNetwork([10, 0], [[0, 0.5], [0, 0]], [20, 7.5])
    t = 0.7
    one, both = math.exp(-10 * t), (10 * math.exp(-2.5 * t) - 2.5 * math.exp(-10 * t)) / 7.5
    assert network.response_time_survival(t) == pytest.approx((one + both) / 2, abs=1e-9)


def test_mean_is_the_integral_of_the_survival():
    """With several servers, a delay and a branch."""
    network = OpenNetwork([10, 0, 0], [[0, 0.4, 0.3], [0, 0, 1], [0, 0, 0]], [4, 20, 9], [4, "delay", 1])
    step = 0.01
    times = np.arange(0, 30, step)
    survival = [network.response_time_survival(t) for t in times]
    assert step * (sum(survival) - 0.5) == pytest.approx(network.response_time, rel=1e-4)
    assert network.error == 0.02


def test_coming_back_has_no_quantile():
    """It says what to do instead."""
    network = OpenNetwork([1, 0], [[0.2, 0.8], [0.3, 0]], [20, 9])
    with pytest.raises(DomainError, match=r"requests can come back to a station.*simulate the network"):
        network.response_time_quantile(0.95)


@pytest.mark.parametrize("quantile", [None, 0.95])
def test_largest_rate_meets_the_objective(quantile):
    """At the rate found the time is the objective, the mix unchanged."""
    network = OpenNetwork([1, 2, 0], [[0, 0, 1], [0, 0, 0.5], [0, 0, 0]], [20, 9, 30], [1, 2, 1])
    rate = network.max_arrival_rate(0.4, quantile)
    there = network.scaled(rate / network.throughput)
    time = there.response_time if quantile is None else there.response_time_quantile(quantile)
    assert time == pytest.approx(0.4, rel=1e-9)
    assert rate < network.saturation_throughput


def test_an_objective_below_the_service_times_is_refused():
    """No rate is low enough."""
    with pytest.raises(DomainError, match="infeasible"):
        OpenNetwork.of_demands(1, [0.1, 0.2]).max_arrival_rate(0.29)


def test_delays_alone_have_no_largest_rate():
    """Nobody ever waits."""
    with pytest.raises(DomainError, match="every station is a delay"):
        OpenNetwork([1], [[0]], [2], ["delay"]).max_arrival_rate(3)


def test_poisson_and_exponential_two_moments_are_jackson():
    """Squared coefficients of variation of 1, all but one by a hair, give the same means."""
    routing = [[0, 0.5, 0.2], [0, 0, 0.7], [0.1, 0, 0]]
    exact = OpenNetwork([5, 1, 0], routing, [12, 4, 3], [1, 2, 2])
    near = OpenNetwork([5, 1, 0], routing, [12, 4, 3], [1, 2, 2], service_scv=[1 + 1e-9, 1, 1])
    assert (exact.error, near.error) == (0.02, 0.56)
    assert near.response_time == pytest.approx(exact.response_time, rel=1e-6)


def test_even_arrivals_and_times_wait_less():
    """Less variable times wait less, more variable ones more."""

    def response(scv):
        return OpenNetwork([5, 0], [[0, 1], [0, 0]], [7, 6], (), [scv, 1], [scv, scv]).response_time

    assert response(0.25) < response(1.0) < response(4.0)


def test_nearly_constant_times_have_no_quantile():
    """The mean is still told."""
    network = OpenNetwork([5, 0], [[0, 1], [0, 0]], [7, 6], service_scv=[0.0, 1.0])
    assert network.response_time > 1 / 7 + 1 / 6
    with pytest.raises(DomainError, match="make steps in the law"):
        network.response_time_quantile(0.9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 0], [[0, 1], [1, 0]], [9, 9]), r"requests never leave from stations \[1, 2\]"),
        (([1, 0], [[0, 1.2], [0, 0]], [9, 9]), "routing from station 1 is"),
        (([1, 0], [[0.6, 0.6], [0, 0]], [9, 9]), "routing from station 1 is"),
        (([1, 0], [[0, 1]], [9, 9]), "2 stations by their external rates"),
        (([-1], [[0]], [9]), "external rate -1"),
        (([0], [[0]], [9]), "sum of external rates 0"),
        (([1], [[0]], [0]), "service rate 0"),
        (([1], [[0]], [9], ["none"]), "servers 'none' is not known"),
        (([1], [[0]], [9], [1], [-1]), "external scv -1"),
    ],
)  # fmt: skip
def test_bad_networks_are_refused(arguments, message):
    """The message says what came and what is allowed."""
    with pytest.raises(DomainError, match=message):
        OpenNetwork(*arguments)
