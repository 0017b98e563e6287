"""The simulated queue: limits, identities, and the same path however it is run."""

import os
import subprocess
import sys

import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.distributions import Constant, Exponential, Lognormal
from capacity.models.simulation import queue
from capacity.models.simulation.arrivals import Even, Poisson, Renewal
from capacity.models.simulation.queue import Queue

BALANCERS = ["shared", "random", "round_robin", "two_choices", "shortest_queue"]


def inside(estimate, value):
    """Whether a value lies in an interval."""
    return estimate.low <= value <= estimate.high


@pytest.mark.parametrize("balancer", BALANCERS[:3])
def test_one_server_is_mm1(balancer):
    """With one server every balancer is M/M/1, whose mean response time is 1 / (μ - λ)."""
    path = Queue(Poisson(0.7), Exponential(1.0), 1, balancer).simulate(200_000, seed=1)
    assert inside(path.estimate("response_time"), 1 / (1 - 0.7))
    assert inside(path.estimate("wait_probability"), 0.7)
    assert inside(path.estimate("response_time", 0.95), np.log(20) / 0.3)


def test_random_split_is_mm1_at_each_server():
    """Poisson arrivals split at random leave each server a Poisson stream."""
    path = Queue(Poisson(3.0), Exponential(1.0), 5, "random").simulate(200_000, seed=2)
    assert inside(path.estimate("response_time"), 1 / (1 - 0.6))


def test_shortest_of_one_is_one_server():
    """The shortest of one queue is that queue, wait for wait."""
    one, other = (
        Queue(Poisson(0.7), Exponential(1.0), 1, balancer).simulate(5_000, 1)
        for balancer in ("shared", "shortest_queue")
    )
    assert other.waiting == pytest.approx(one.waiting, abs=1e-9)


def test_two_choices_of_two_servers_is_the_shortest_queue():
    """Both servers are looked at, so only how ties fall differs."""
    mean = [
        Queue(Poisson(1.6), Exponential(1.0), 2, balancer).simulate(300_000, 3).estimate("response_time")
        for balancer in ("two_choices", "shortest_queue")
    ]
    assert abs(mean[0].value - mean[1].value) < (mean[0].high - mean[0].low) / 2


def test_better_informed_balancers_wait_less():
    """Random above round robin above two choices above shortest queue above one queue."""
    waits = {
        balancer: Queue(Poisson(8.0), Exponential(1.0), 10, balancer).simulate(100_000, 4).waiting_time
        for balancer in BALANCERS
    }
    order = ["random", "round_robin", "two_choices", "shortest_queue", "shared"]
    assert sorted(waits, key=waits.get, reverse=True) == order


@pytest.mark.parametrize("balancer", ["shared", "round_robin", "shortest_queue"])
def test_even_arrivals_and_constant_work_never_wait(balancer):
    """D/D/c has no waits below saturation."""
    path = Queue(Even(39.0), Constant(0.1), 4, balancer).simulate(10_000, seed=1)
    assert path.waiting_time == 0
    assert path.wait_probability == 0
    assert path.response_time_quantile(0.99) == pytest.approx(0.1)
    assert path.utilization == pytest.approx(39.0 * 0.1 / 4, rel=2e-3)


@pytest.mark.parametrize("balancer", BALANCERS)
def test_identities_of_the_path(balancer):
    """N = X R and U = X S / c from the path, but for those present at its ends."""
    path = Queue(Poisson(9.0), Lognormal(1.0, 2.0), 12, balancer).simulate(100_000, seed=5)
    assert path.concurrency == pytest.approx(path.throughput * path.response_time, rel=2e-3)
    assert path.queue_length == pytest.approx(path.throughput * path.waiting_time, rel=2e-2)
    assert path.utilization == pytest.approx(path.throughput / path.service_rate / 12, rel=2e-3)


@pytest.mark.parametrize("balancer", BALANCERS)
def test_no_server_does_two_things_at_once(balancer):
    """At no instant are more requests in service than there are servers, and each queue is served in order."""
    path = Queue(Poisson(2.7), Lognormal(1.0, 2.0), 3, balancer).simulate(3_000, seed=6)
    starts = path.arrivals + path.waiting
    moments = np.concatenate([starts + path.service, starts])
    step = np.concatenate([np.full(3_000, -1), np.full(3_000, 1)])
    busy = np.cumsum(step[np.lexsort((step, moments.round(9)))])
    assert busy.max() == 3
    assert busy.min() == 0


def test_sorted_list_and_heap_are_one_path():
    """Few servers and many are followed by two loops that give the same waits."""
    rng = np.random.default_rng(7)
    times, work = np.cumsum(rng.exponential(1 / 11, 5_000)), rng.exponential(1.0, 5_000)
    few, many = np.empty(5_000), np.empty(5_000)
    queue._shared_by_few(times, work, 12, few)
    queue._shared(times, work, 12, many)
    assert (few == many).all()
    assert few.max() > 0


def test_same_seed_same_path():
    """A seed makes a run repeatable, another makes another."""
    station = Queue(Renewal(Lognormal(1.0, 2.0)), Exponential(0.8))
    first, again, other = (station.simulate(1_000, seed) for seed in (1, 1, 2))
    assert (first.waiting == again.waiting).all()
    assert (first.waiting != other.waiting).any()


SCRIPT = """
import hashlib, numpy as np
from capacity.models.distributions import Exponential, Lognormal
from capacity.models.simulation import compiled
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.priority import PriorityQueue, Traffic
from capacity.models.simulation.queue import Queue
from capacity.models.simulation.sharing import SharedServers
paths = [Queue(Poisson(9.0), Exponential(1.0), 12, balancer).simulate(2_000, 1)
         for balancer in ("shared", "random", "round_robin", "two_choices", "shortest_queue")]
paths.append(SharedServers(Poisson(1.5), Lognormal(1.0, 2.0), 2).simulate(2_000, 1))
classes = (Traffic(Poisson(0.3), Exponential(1.0)), Traffic(Poisson(0.4), Exponential(1.0)))
paths += [one for cut in (False, True) for one in PriorityQueue(classes, preemptive=cut).simulate(2_000, 1)]
print(compiled.IS_COMPILED, *(hashlib.sha256(path.waiting.tobytes()).hexdigest() for path in paths))
"""


def test_compiled_and_plain_are_the_same():
    """Every loop gives bit for bit the same waits with numba and without."""
    pytest.importorskip("numba")
    found = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=env
        ).stdout.split()
        for env in (dict(os.environ), os.environ | {"CAPACITY_COMPILE": "0"})
    ]
    assert [one[0] for one in found] == ["True", "False"]
    assert len(found[0]) == 11
    assert found[0][1:] == found[1][1:]


def test_overload_is_refused():
    """A queue that only grows has no steady state."""
    with pytest.raises(Unstable, match="use at least 5 servers"):
        Queue(Poisson(4.0), Exponential(1.0), 4)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Queue(Poisson(1.0), Exponential(0.1), 2, "best"), "no balancer 'best'; choose shared"),
        (lambda: Queue(Poisson(1.0), Exponential(0.1), 1, "two_choices"), "at least 2 servers"),
        (lambda: Queue(Poisson(1.0), Exponential(0.1), 0), "servers 0 is not allowed"),
        (lambda: Queue(Poisson(1.0), Exponential(0.1)).simulate(0, 1), "requests 0 is not allowed"),
    ],
)
def test_refusals(build, message):
    """Anything else is refused with what is allowed."""
    with pytest.raises(DomainError, match=message):
        build()
