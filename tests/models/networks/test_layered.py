"""Threads that hold connections, against the whole Markov chain and against simpler queues."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.networks.layered import LayeredPool
from capacity.models.stations.bounded import MMcK
from capacity.models.stations.queueing import MMc


def chain(pool):
    """Means from the stationary solution of all states: present, and past the CPU phase."""
    top = pool.threads + pool.queue_limit
    states = [(n, i) for n in range(top + 1) for i in range(min(n, pool.threads) + 1)]
    place = {state: k for k, state in enumerate(states)}
    flow = np.zeros((len(states), len(states)))
    for (n, i), k in place.items():
        computing = min(n, pool.threads) - i
        for to, rate in (
            ((n + 1, i), pool.arrival_rate),
            ((n, i + 1), computing * pool.cpu_rate),
            ((n - 1, i - 1), min(i, pool.connections) * pool.connection_rate),
        ):
            if to in place and rate:
                flow[k, place[to]] += rate
    flow -= np.diag(flow.sum(axis=1))
    flow[:, 0] = 1.0
    shares = np.linalg.solve(flow.T, np.eye(len(states))[0])
    present = np.array([n for n, _ in states])
    past = np.array([i for _, i in states])
    return {
        "concurrency": shares @ present,
        "threads_busy": shares @ np.minimum(present, pool.threads),
        "connections_busy": shares @ np.minimum(past, pool.connections),
        "blocking_probability": shares @ (present == top),
        "thread_wait_probability": shares @ ((present >= pool.threads) & (present < top)),
    }


@pytest.mark.parametrize("rate", [2.0, 5.0, 30.0])
@pytest.mark.parametrize(
    ("threads", "connections", "queue_limit"), [(4, 2, 6), (1, 1, 0), (3, 5, 9), (6, 1, 1)]
)
def test_the_whole_markov_chain(rate, threads, connections, queue_limit):
    """Idle, busy and overloaded pools, with more and with fewer connections than threads."""
    pool = LayeredPool(rate, 3.0, 2.0, threads, connections, queue_limit)
    for name, value in chain(pool).items():
        assert getattr(pool, name) == pytest.approx(value, rel=1e-10), name


def test_flow_and_little():
    """X = λ (1 - B) = busy connections · μ; N = X R; the waits add up to the response time."""
    pool = LayeredPool(380, 100, 50, 10, 8, 600)
    assert pool.throughput == pytest.approx(380 * (1 - pool.blocking_probability))
    assert pool.concurrency == pytest.approx(pool.throughput * pool.response_time)
    parts = pool.waiting_time + 1 / 100 + pool.connection_waiting_time + 1 / 50
    assert pool.response_time == pytest.approx(parts)


def test_threads_without_connections_to_wait_for():
    """As many connections as threads, and nearly no CPU phase: M/M/c/K."""
    pool, station = LayeredPool(9, 1e9, 2, 6, 6, 4), MMcK(9, 2, 6, 10)
    assert pool.response_time == pytest.approx(station.response_time, rel=1e-7)
    assert pool.blocking_probability == pytest.approx(station.blocking_probability, rel=1e-7)
    assert pool.wait_probability == pytest.approx(station.wait_probability, rel=1e-7)


def test_more_threads_than_ever_needed():
    """Then nobody waits for one, and the connections are M/M/c."""
    pool = LayeredPool(300, 100, 50, 120, 8, 10)
    assert pool.waiting_time < 1e-12
    assert pool.connection_waiting_time == pytest.approx(MMc(300, 50, 8).waiting_time, rel=1e-9)


def test_overload_serves_at_the_saturation_throughput():
    """A long queue is nearly full and rejects the rest; no number overflows."""
    pool = LayeredPool(500, 100, 50, 10, 8, 20_000)
    assert pool.throughput == pytest.approx(pool.saturation_throughput, rel=1e-9)
    assert pool.queue_length == pytest.approx(20_000, rel=1e-3)
    assert pool.connection_utilization == pytest.approx(pool.throughput / 400)


def test_both_pools_alone_would_suffice():
    """10 threads of 30 ms do 333 req/s, 8 connections of 20 ms 400; together only 328.5."""
    assert LayeredPool(1, 100, 50, 10, 8, 10).saturation_throughput == pytest.approx(328.54171865901327)


def test_largest_rate():
    """The response time there is the objective."""
    pool = LayeredPool(300, 100, 50, 16, 8, 200)
    rate = pool.max_arrival_rate(0.06)
    assert LayeredPool(rate, 100, 50, 16, 8, 200).response_time == pytest.approx(0.06, rel=1e-9)


def test_a_quantile_is_refused():
    """There is no law of the response time."""
    with pytest.raises(DomainError, match=r"quantile 0.95 has no closed form here"):
        LayeredPool(300, 100, 50, 16, 8, 200).max_arrival_rate(0.06, 0.95)


def test_fewest_threads_and_connections():
    """One less misses the objective or saturates."""
    pool = LayeredPool(300, 100, 50, 16, 8, 200)
    threads, connections = pool.threads_for(0.05), pool.connections_for(0.05)
    assert LayeredPool(300, 100, 50, threads, 8, 200).response_time <= 0.05
    assert LayeredPool(300, 100, 50, threads - 1, 8, 200).response_time > 0.05
    assert LayeredPool(300, 100, 50, 16, connections, 200).response_time <= 0.05
    assert LayeredPool(300, 100, 50, 16, connections - 1, 200).response_time > 0.05


def test_what_cannot_be_kept_is_refused():
    """Times too short, connections too few, threads too few."""
    pool = LayeredPool(300, 100, 50, 10, 8, 200)
    with pytest.raises(DomainError, match="infeasible: the service time alone"):
        pool.threads_for(0.0301)
    with pytest.raises(DomainError, match="arrival rate 300 req/s is not below the capacity of 4 servers"):
        LayeredPool(300, 100, 50, 10, 4, 200).threads_for(1.0)
    with pytest.raises(DomainError, match=r"not even 10 connections keep 0.0302 s at 300 req/s"):
        pool.connections_for(0.0302)


def test_bad_pools_are_refused():
    """Sizes are whole numbers within what can be solved."""
    with pytest.raises(DomainError, match="600 threads cannot be solved"):
        LayeredPool(300, 100, 50, 600, 8, 5)
    with pytest.raises(DomainError, match="connections 0 is not allowed"):
        LayeredPool(300, 100, 50, 10, 0, 5)
