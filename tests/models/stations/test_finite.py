"""Finite source: M/M/c//N and Engset."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.errors import DomainError
from capacity.models.stations.erlang import erlang_b
from capacity.models.stations.finite import FiniteSource, engset
from capacity.models.stations.queueing import MMc

stations = st.builds(
    FiniteSource, st.integers(1, 200), st.floats(0.01, 100), st.floats(0.1, 10), st.integers(1, 40)
)


def exact_states(population, think, service, servers):
    """Birth and death in 40 digits."""
    with mpmath.workdps(40):
        weights = [mpmath.mpf(1)]
        for n in range(1, population + 1):
            leaving = min(n, servers) * mpmath.mpf(service)
            weights.append(weights[-1] * (population - n + 1) / (mpmath.mpf(think) * leaving))
        total = mpmath.fsum(weights)
        return [weight / total for weight in weights]


def test_machine_repair_of_one_repairman():
    """Ten machines, up for 10 on average, repaired in 1: 0.7854 repairs at a time (reference repair_10_0.1_1.0_1)."""
    station = FiniteSource(population=10, think_time=10, service_rate=1, servers=1)
    assert station.throughput == pytest.approx(0.785417656892653, rel=1e-12)
    assert station.idle_probability == pytest.approx(1 - station.throughput, rel=1e-12)


@pytest.mark.parametrize(("population", "servers"), [(1, 1), (7, 3), (60, 60), (300, 40), (2000, 100)])
@pytest.mark.parametrize("think", [0.01, 3.0, 1000.0])
def test_against_forty_digits(population, servers, think):
    """Throughput, numbers present and what arrivals find, to twelve digits."""
    station = FiniteSource(population, think, 0.7, servers)
    exact = exact_states(population, think, 0.7, servers)
    with mpmath.workdps(40):
        busy = mpmath.fsum(min(n, servers) * p for n, p in enumerate(exact))
        present = mpmath.fsum(n * p for n, p in enumerate(exact))
        found = mpmath.fsum(exact_states(population - 1, think, 0.7, servers)[servers:])
    assert abs(station.throughput / (busy * mpmath.mpf(0.7)) - 1) < 1e-12
    assert abs(station.concurrency / present - 1) < 1e-12
    assert abs(station.wait_probability - found) <= 1e-12 * found


@settings(max_examples=60, deadline=None)
@given(stations)
def test_littles_law_of_the_whole_loop(station):
    """N = X (R + Z), where R comes from what arrivals find and X from what an observer sees."""
    cycle = station.response_time + station.think_time
    assert station.throughput * cycle == pytest.approx(station.population, rel=1e-9)
    assert station.concurrency == pytest.approx(station.throughput * station.response_time, rel=1e-8)
    assert station.queue_length == pytest.approx(
        station.throughput * station.waiting_time, rel=1e-8, abs=1e-14
    )


def test_alone_one_never_waits():
    """One user takes the service time."""
    station = FiniteSource(1, 5.0, 2.0, 1)
    assert (station.response_time, station.wait_probability) == (0.5, 0.0)
    assert station.response_time_quantile(0.9) == pytest.approx(math.log(10) / 2)


def test_very_many_users_are_poisson_arrivals():
    """With 100,000 users of a long think time it is M/M/c, mean and P99."""
    station = FiniteSource(100_000, 100_000 / 7, 1.0, 10)
    open_station = MMc(station.throughput, 1.0, 10)
    assert station.response_time == pytest.approx(open_station.response_time, rel=1e-3)
    assert station.response_time_quantile(0.99) == pytest.approx(
        open_station.response_time_quantile(0.99), rel=1e-3
    )


def test_with_too_many_users_the_servers_set_the_pace():
    """A hundred thousand users on ten servers: X = c μ, R = N / X - Z."""
    station = FiniteSource(100_000, 100.0, 1.0, 10)
    assert station.throughput == pytest.approx(10.0, rel=1e-12)
    assert station.response_time == pytest.approx(100_000 / 10 - 100, rel=1e-9)


def test_the_largest_population_is_the_edge():
    """One user more misses the objective, mean or quantile."""
    station = FiniteSource(1, 10.0, 1.0, 3)
    for quantile in (None, 0.95):
        users = station.max_population(4.0, quantile)
        at, beyond = (FiniteSource(n, 10.0, 1.0, 3)._answer(quantile) for n in (users, users + 1))
        assert at <= 4.0 < beyond


def test_fewest_servers_are_the_edge():
    """One server less misses the objective."""
    servers = FiniteSource(200, 10.0, 1.0, 1).servers_for(4.0, 0.95)
    at, below = (FiniteSource(200, 10.0, 1.0, n).response_time_quantile(0.95) for n in (servers, servers - 1))
    assert at <= 4.0 < below


def test_an_objective_below_the_service_time_is_infeasible():
    """Even one user misses it."""
    with pytest.raises(DomainError, match="infeasible: the service time alone already exceeds"):
        FiniteSource(5, 10.0, 1.0, 3).max_population(0.5)


def test_users_are_counted_in_whole_numbers():
    """Half a user and no think time are refused."""
    with pytest.raises(DomainError, match=r"population 2\.5 is not allowed"):
        FiniteSource(2.5, 1.0, 1.0, 1)
    with pytest.raises(DomainError, match="think time 0 is not allowed"):
        FiniteSource(2, 0.0, 1.0, 1)


def test_engset_of_few_users_by_counting():
    """Ten users, three servers: what the other nine hold, C(9, n) aⁿ."""
    weights = np.array([math.comb(9, n) * 0.2**n for n in range(4)])
    assert engset(3, 10, 0.2) == pytest.approx(weights[3] / weights.sum(), rel=1e-14)


def test_engset_of_very_many_users_is_erlang_b():
    """A million users of a small load each."""
    assert engset(10, 10**6, 7e-6) == pytest.approx(erlang_b(10, 7.0), rel=1e-4)


def test_engset_with_a_server_each_refuses_none():
    """As many servers as users."""
    assert engset(5, 5, 3.0) == 0.0


def test_too_many_users_are_refused():
    """Before any memory is asked for."""
    with pytest.raises(DomainError, match=r"up to 1e\+09 requests present are more than the 1e\+07"):
        FiniteSource(10**9, 1.0, 1.0, 1)
    with pytest.raises(DomainError, match=r"up to 1e\+09 requests present"):
        engset(10**9, 10**10, 0.5)
