"""Servers that share: the mean does not depend on the law, and a small path by hand."""

import numpy as np
import pytest

from capacity.errors import Unstable
from capacity.models.distributions import Constant, Exponential, Lognormal
from capacity.models.simulation.arrivals import Even, Poisson, Trace
from capacity.models.simulation.sharing import SharedServers, _share
from capacity.models.stations.queueing import MMc


def inside(estimate, value):
    """Whether a value lies in an interval."""
    return estimate.low <= value <= estimate.high


@pytest.mark.parametrize("law", [Constant(1.0), Exponential(1.0), Lognormal(1.0, 4.0)])
def test_mean_does_not_depend_on_the_law(law):
    """M/G/1-PS: the mean response time is S / (1 - ρ) for every law of work."""
    path = SharedServers(Poisson(0.7), law).simulate(200_000, seed=1)
    assert inside(path.estimate("response_time"), 1 / (1 - 0.7))
    assert inside(path.estimate("utilization"), 0.7)


def test_several_servers_with_exponential_work_have_the_mean_of_mmc():
    """The number present moves as in M/M/c, so its mean is the same."""
    path = SharedServers(Poisson(3.2), Exponential(1.0), 4).simulate(200_000, seed=1)
    assert inside(path.estimate("response_time"), MMc(3.2, 1.0, 4).response_time)
    assert inside(path.estimate("wait_probability"), path.wait_probability)


@pytest.mark.parametrize(("low", "high"), [(0.4, 0.6), (1.9, 2.1)])
def test_slowdown_is_the_same_for_short_and_long_work(low, high):
    """M/G/1-PS: work x takes x / (1 - ρ) on average (Kleinrock 1967)."""
    path = SharedServers(Poisson(0.6), Exponential(1.0)).simulate(300_000, seed=2)
    chosen = (path.service > low) & (path.service < high)
    slowdown = (path.waiting[chosen] + path.service[chosen]).mean() / path.service[chosen].mean()
    assert slowdown == pytest.approx(1 / 0.4, rel=0.05)


def test_path_by_hand():
    """Work 3 at 0, work 1 at 1, one server: they share from 1 to 3, the second leaves at 3, the first at 4."""
    lost = np.empty(2)
    _share(np.array([0.0, 1.0]), np.array([3.0, 1.0]), 1, lost)
    assert lost == pytest.approx([1.0, 1.0])


def test_nothing_is_lost_with_a_server_for_each():
    """Up to as many requests as servers nobody is slowed down, exactly."""
    path = SharedServers(Even(30.0), Constant(0.1), 4).simulate(5_000, seed=1)
    assert path.wait_probability == 0
    assert path.response_time == pytest.approx(0.1)


def test_identities_of_the_path():
    """N = X R, and the last request leaves too."""
    path = SharedServers(Poisson(3.2), Lognormal(1.0, 2.0), 4).simulate(100_000, seed=3)
    assert path.concurrency == pytest.approx(path.throughput * path.response_time, rel=2e-3)
    assert np.isfinite(path.waiting).all()


def test_late_clock_loses_no_digit():
    """Times count from when the station was last empty, so a start after years is the same path."""
    early, late = np.empty(2), np.empty(2)
    work = np.array([0.003, 0.001])
    _share(np.array([0.0, 0.001]), work, 1, early)
    _share(np.array([1e9, 1e9 + 2**-10]), work, 1, late)
    assert late == pytest.approx(early, abs=3e-5)


def test_trace_of_two_at_once():
    """Two equal requests at one instant take twice as long each."""
    path = SharedServers(Trace((0.0, 0.0, 8.0)), Constant(1.0)).simulate(3, seed=1, warm_up=0.0)
    assert path.waiting == pytest.approx([1.0, 1.0, 0.0])


def test_overload_is_refused():
    """More work than the servers can do has no steady state."""
    with pytest.raises(Unstable):
        SharedServers(Poisson(4.0), Exponential(1.0), 4)
