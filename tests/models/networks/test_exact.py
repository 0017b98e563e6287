"""Exact solutions: published values, bounds and limits."""

import math
import re

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.bounds import asymptotic_bounds, balanced_bounds, geometric_bounds
from capacity.models.networks.approximate import linearizer
from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.exact import curve, largest_population, slowdown, solve


def test_lazowska_p_117():
    """Lazowska et al., Quantitative System Performance, 1984, p. 117: three customers, Z = 15 s."""
    solution = solve(ClosedNetwork.single([0.605, 2.1, 1.35], 3, 15.0))
    assert solution.throughput[0] == pytest.approx(0.152, abs=5e-4)
    assert solution.concurrency[0] == pytest.approx([0.098, 0.395, 0.235], abs=5e-4)


def test_jain_chapter_34():
    """Jain, Art of Computer Systems Performance Analysis, 1991, ch. 34: twenty users, Z = 4 s."""
    solution = solve(ClosedNetwork.single([2.0, 3.0, 1.0], 20, 4.0))
    assert solution.concurrency[0] == pytest.approx([1.991, 16.177, 0.5], abs=1e-3)
    assert solution.residence_time[0] / [16, 10, 5] == pytest.approx([0.373, 4.854, 0.3], abs=1e-3)


def test_bolch_example_8_7():
    """Bolch et al., Queueing Networks and Markov Chains, 1998, ex. 8.7, p. 349: rates that depend on the load."""
    solution = solve(
        ClosedNetwork.single([0.5, 0.3, 0.4, 1.0], 3, rate_multipliers=[[1, 2, 2], None, None, [1, 2, 3]])
    )
    assert solution.concurrency[0] == pytest.approx([0.624, 0.473, 0.686, 1.217], abs=1e-3)


def test_schwetman_two_classes():
    """Schwetman, Implementing the mean value algorithm, Purdue CSD-TR-355, 1982: one station, two classes."""
    solution = solve(ClosedNetwork([[0.025], [0.5]], [15, 5], [1, 15]))
    assert solution.throughput == pytest.approx([14.323, 0.314], abs=5e-4)
    assert solution.response_time == pytest.approx([0.047, 0.934], abs=5e-4)


@pytest.mark.parametrize("servers", [[1, 1, 1], [1, 4, "delay"]])
def test_one_customer_never_waits(servers):
    """The response time is the sum of the demands."""
    solution = solve(ClosedNetwork.single([0.1, 0.4, 0.2], 1, 3.0, servers))
    assert solution.response_time[0] == pytest.approx(0.7, rel=1e-14)


@pytest.mark.parametrize("servers", [[1, 1, 1], [2, 4, 1]])
def test_many_customers_meet_the_bottleneck(servers):
    """The throughput tends to min c / D."""
    demands = [0.1, 0.4, 0.2]
    solution = solve(ClosedNetwork.single(demands, 2000, 3.0, servers))
    assert solution.throughput[0] == pytest.approx(min(c / d for c, d in zip(servers, demands, strict=True)))


@pytest.mark.parametrize("seed", range(12))
def test_throughput_lies_within_the_bounds(seed):
    """Asymptotic, balanced and geometric bounds hold for random networks."""
    rng = np.random.default_rng(seed)
    demands = (10 ** rng.uniform(-2, 0, rng.integers(2, 6))).tolist()
    think_time, users = float(rng.choice([0.0, 2.0])), int(rng.integers(2, 60))
    found = solve(ClosedNetwork.single(demands, users, think_time)).throughput[0]
    for bounds in (asymptotic_bounds, balanced_bounds, geometric_bounds):
        bound = bounds(demands, users, think_time)
        assert bound.throughput_low <= found * (1 + 1e-12)
        assert bound.throughput_high >= found * (1 - 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_convolution_equals_mean_value_analysis(seed):
    """The same network, its first station written as one of a single rate multiplier that does not matter."""
    rng = np.random.default_rng(seed)
    demands, users = rng.uniform(0.01, 0.2, 4).tolist(), int(rng.integers(1, 300))
    plain = solve(ClosedNetwork.single(demands, users, 2.0))
    other = solve(ClosedNetwork.single(demands, users, 2.0, rate_multipliers=[[1.0], None, None, None]))
    assert (plain.method, other.method) == ("exact MVA", "exact convolution")
    assert other.throughput == pytest.approx(plain.throughput, rel=1e-12)
    assert other.concurrency[0] == pytest.approx(plain.concurrency[0], rel=1e-11)


def test_multipliers_of_servers_are_servers():
    """Multipliers 1, 2, 3 are three servers, and a multiplier of 2 halves the demand."""
    servers = solve(ClosedNetwork([[0.5, 0.1], [0.2, 0.3]], [7, 6], [1, 1], [3, 1]))
    rates = solve(
        ClosedNetwork([[0.5, 0.2], [0.2, 0.6]], [7, 6], [1, 1], (), rate_multipliers=[[1, 2, 3], [2]])
    )
    assert rates.throughput == pytest.approx(servers.throughput, rel=1e-12)
    assert rates.concurrency == pytest.approx(servers.concurrency, rel=1e-12)


@pytest.mark.parametrize("population", [[5, 7], [7, 5], [3, 6, 3], [6, 1, 5], [2, 3, 3, 4]])
@pytest.mark.parametrize("servers", [[3, 1], [1, 1]])
def test_equal_classes_are_one_class(population, servers):
    """Classes with the same demands and think time share what one class of all of them gets."""
    one = solve(ClosedNetwork.single([0.4, 0.2], 12, 2.0, servers))
    found = solve(ClosedNetwork([[0.4, 0.2]] * len(population), population, [2.0] * len(population), servers))
    shares = np.array(population) / 12
    assert found.throughput == pytest.approx(shares * one.throughput[0], rel=1e-12)
    assert found.concurrency == pytest.approx(shares[:, np.newaxis] * one.concurrency, rel=1e-12)


@pytest.mark.parametrize("servers", [1, 3])
def test_a_single_station_is_the_finite_source_queue(servers):
    """M/M/c//N by its birth and death equations."""
    users, think_time, service_time = 12, 2.0, 0.5
    weights = [1.0]
    for present in range(1, users + 1):
        arriving = (users - present + 1) / think_time
        weights.append(weights[-1] * arriving * service_time / min(present, servers))
    shares = np.array(weights) / sum(weights)
    present = shares @ np.arange(users + 1)
    solution = solve(ClosedNetwork.single([service_time], users, think_time, [servers]))
    assert solution.concurrency[0, 0] == pytest.approx(present, rel=1e-12)
    assert solution.throughput[0] == pytest.approx((users - present) / think_time, rel=1e-12)


@pytest.mark.parametrize("servers", [[1, 1], [5, 1], ["delay", 2]])
def test_the_curve_holds_the_solution_of_each_population(servers):
    """Throughput and response time with fewer users are those of the smaller networks."""
    network = ClosedNetwork.single([0.3, 0.05], 40, 1.0, servers)
    found = curve(network)
    for users in (1, 4, 17, 40):
        solution = solve(network.with_population(users))
        assert found.throughput[users - 1] == pytest.approx(solution.throughput[0], rel=1e-11)
        assert found.response_time[users - 1] == pytest.approx(solution.response_time[0], rel=1e-11)


def test_a_curve_needs_one_class():
    """With several the mix would have to be said."""
    with pytest.raises(DomainError, match="needs one class of users, not 2"):
        curve(ClosedNetwork([[0.3], [0.2]], [2, 3]))


def test_slowdown_is_one_plus_those_present():
    """For a single server; a delay does not slow anybody."""
    network = ClosedNetwork([[0.3, 0.2, 0.1], [0.1, 0.2, 0.3]], [4, 5], [1, 1], [1, 1, "delay"])
    present = solve(network).concurrency.sum(axis=0)
    assert slowdown(network) == pytest.approx([1 + present[0], 1 + present[1], 1])


def test_slowdown_where_no_user_comes():
    """A request from outside takes its demand where it would be alone."""
    network = ClosedNetwork.single([0.3, 0.0], 4, 1.0, (), [None, [4.0]])
    assert slowdown(network)[1] == pytest.approx(0.25)


@pytest.mark.parametrize("servers", [[1, 1], [4, 1]])
def test_largest_population_is_the_last_within_the_objective(servers):
    """One user more misses it."""
    network = ClosedNetwork.single([0.3, 0.05], 1, 2.0, servers)
    users = largest_population(network, slo=0.8)
    found = curve(network.with_population(users + 1)).response_time
    assert found[-2] <= 0.8 < found[-1]


def test_largest_population_of_one_of_several_classes():
    """The other class stays; the approximation finds nearly the same number."""
    network = ClosedNetwork([[0.02, 0.05], [0.06, 0.01]], [8, 5], [1, 2])
    users = largest_population(network, slo=0.3, of_class=1)
    assert solve(network.with_population(users, 1)).response_time[1] <= 0.3
    assert solve(network.with_population(users + 1, 1)).response_time[1] > 0.3
    assert largest_population(network, 0.3, 1, linearizer) == pytest.approx(users, abs=1)


def test_an_objective_missed_alone_is_refused():
    """The demands exceed it."""
    with pytest.raises(DomainError, match="infeasible: the service time alone already exceeds"):
        largest_population(ClosedNetwork.single([0.3], 1), slo=0.2)


def test_an_objective_nobody_misses_is_refused():
    """Where nobody waits, no number is the largest."""
    with pytest.raises(DomainError, match="nobody ever waits"):
        largest_population(ClosedNetwork.single([0.3], 1, servers=["delay"]), slo=0.4)


def test_too_many_combinations_name_the_approximation():
    """It says how many there are, and what still answers."""
    network = ClosedNetwork([[0.1, 0.2]] * 4, [60] * 4)
    with pytest.raises(DomainError, match=re.escape(f"{61**4} combinations of users")) as refusal:
        solve(network)
    assert "approximate.linearizer" in str(refusal.value)


def test_demands_of_zero_do_no_harm():
    """A class that skips a station has nobody there, whatever the order of the classes."""
    solution = solve(ClosedNetwork([[0.0, 0.3], [0.2, 0.0]], [7, 4], [1, 1], [2, 1]))
    assert solution.concurrency[0, 0] == solution.concurrency[1, 1] == 0
    alone = solve(ClosedNetwork.single([0.3], 7, 1.0))
    assert solution.throughput[0] == pytest.approx(alone.throughput[0])
    assert math.isfinite(solution.response_time[1])
