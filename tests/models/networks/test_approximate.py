"""Approximate solutions against exact ones."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.networks.approximate import bard_schweitzer, linearizer
from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.exact import solve

ALLEN = ClosedNetwork(
    [[0.5, 0.04, 0.06], [0.4, 0.2, 0.3], [1.2, 0.05, 0.06]], [5, 10, 5], [20, 30, 0]
)  # Allen, Probability, Statistics and Queueing Theory, 1990, ex. 6.3.3


def test_bard_schweitzer_solves_its_equation():
    """Q_ck = X_c D_ck (1 + Q_k - Q_ck / N_c)."""
    solution = bard_schweitzer(ALLEN)
    present = solution.concurrency
    seen = present.sum(axis=0) - present / np.array(ALLEN.population)[:, np.newaxis]
    expected = solution.throughput[:, np.newaxis] * np.array(ALLEN.demands) * (1 + seen)
    assert present == pytest.approx(expected, rel=1e-12)


def test_linearizer_is_far_closer():
    """On Allen's example: 0.002% against 4% of the throughput."""
    exact = solve(ALLEN).throughput
    assert np.abs(linearizer(ALLEN).throughput / exact - 1).max() < 3e-5
    assert np.abs(bard_schweitzer(ALLEN).throughput / exact - 1).max() > 0.03


@pytest.mark.parametrize("solver", [bard_schweitzer, linearizer])
@pytest.mark.parametrize("seed", range(10))
def test_the_error_is_within_what_is_stated(solver, seed):
    """Response times of random networks, some with several servers."""
    rng = np.random.default_rng(seed)
    classes, stations = rng.integers(1, 4), rng.integers(2, 5)
    demands = (10 ** rng.uniform(-2, 0, (classes, stations))).tolist()
    servers = [int(count) for count in rng.integers(1, 5, stations)] if seed % 2 else ()
    network = ClosedNetwork(demands, rng.integers(1, 9, classes).tolist(), [1.0] * classes, servers)
    found = solver(network)
    assert found.error > 0
    assert found.response_time == pytest.approx(solve(network).response_time, rel=found.error)


@pytest.mark.parametrize("solver", [bard_schweitzer, linearizer])
def test_users_are_somewhere(solver):
    """N = X (R + Z), with several servers and a delay too."""
    network = ClosedNetwork([[0.5, 0.1, 0.3], [0.2, 0.3, 1.0]], [10, 6], [1, 2], [3, 1, "delay"])
    found = solver(network)
    assert found.throughput * (found.response_time + np.array([1, 2])) == pytest.approx([10, 6])
    assert "Seidmann" in found.method


@pytest.mark.parametrize("solver", [bard_schweitzer, linearizer])
def test_one_user_never_waits(solver):
    """The guess of the queues is exact for one user alone."""
    found = solver(ClosedNetwork.single([0.5, 0.2], 1, 3.0, [2, 1]))
    assert found.response_time[0] == pytest.approx(0.7)


def test_many_users_of_many_classes():
    """Eight classes of five hundred users, far beyond enumeration."""
    rng = np.random.default_rng(1)
    network = ClosedNetwork(rng.uniform(0.001, 0.01, (8, 6)).tolist(), [500] * 8, [10.0] * 8)
    found = linearizer(network)
    assert max(found.utilization) < 1
    assert found.throughput * (found.response_time + 10) == pytest.approx([500] * 8)


def test_varying_rates_are_refused():
    """The approximation knows servers only."""
    network = ClosedNetwork.single([0.5], 3, rate_multipliers=[[1, 1.5]])
    with pytest.raises(DomainError, match="solve such networks exactly"):
        linearizer(network)
