"""What happens to a running system from outside."""

import itertools
from dataclasses import replace

import pytest

from capacity.models.distributions import Constant, Exponential
from capacity.models.simulation.arrivals import Even, Poisson, Trace
from capacity.models.simulation.clients import Clients
from capacity.models.simulation.network import Network
from capacity.models.simulation.system import Deployment, Failures, Node, Scaling, Slowdown


def ready(run):
    """Return the servers available between the marks of a run, with the times."""
    marks = run.marks
    return [
        (late.time, (late.able[0] - soon.able[0]) / (late.time - soon.time))
        for soon, late in itertools.pairwise(marks)
    ]


def test_deployment_in_turn():
    """Replicas go one after the other, each when the one before is back."""
    node = Node("app", Constant(0.01), replicas=3, balancer="random")
    changes = (Deployment("app", 20.0, 10.0),)
    run = Network((node,), Clients(Even(10.0)), changes=changes).simulate(1_000, warm_up=0)
    for time, servers in ready(run):
        assert servers == pytest.approx(2.0 if 20.5 < time <= 50.5 else 3.0, abs=0.11)


def test_drained():
    """A replica that is deployed finishes what it serves and what waits at it."""
    node = Node("app", Constant(2.0), replicas=2, balancer="round_robin")
    clients = Clients(Trace((0.0, 0.1, 0.2, 0.3)))
    run = Network((node,), clients, changes=(Deployment("app", 1.0, 100.0),)).simulate(4, warm_up=0)
    assert run.responses == pytest.approx([2.0, 2.0, 3.8, 3.8])


def test_slowdowns_multiply():
    """Two slowdowns at once multiply, and leave nothing behind."""
    changes = (Slowdown("app", 0.0, 50.0, 2.0), Slowdown("app", 0.0, 50.0, 3.0))
    node = Node("app", Constant(1.0), servers=None)
    run = Network((node,), Clients(Trace((1.0, 60.0))), changes=changes).simulate(2, warm_up=0)
    assert run.responses == pytest.approx([6.0, 1.0])


def test_crash_of_a_holder():
    """When threads crash, what they wait for at the database is lost with them."""
    stations = (
        Node("web", Constant(0.001), 50, holds=True, failures=Failures(5.0, 1.0)),
        Node("db", Constant(0.5), 50),
    )
    run = Network(stations, Clients(Poisson(20.0))).simulate(5_000, seed=1, warm_up=0)
    assert run.shares["lost"] == pytest.approx(0.5 / 5.0, rel=0.25)
    assert run.shares["lost"] + run.shares["ok"] == 1


def test_scaling_lag():
    """New replicas come a lag after the first look, not before, and go again when the load does."""
    node = Node("app", Exponential(0.1), scaling=Scaling(5, target=0.5, interval=10.0, lag=40.0))
    times = tuple(k / 20.0 for k in range(4_000)) + tuple(200.0 + k for k in range(1, 400))
    run = Network((node,), Clients(Trace(times))).simulate(len(times), seed=1, warm_up=0)
    before = [servers for time, servers in ready(run) if time <= 49]
    during = [servers for time, servers in ready(run) if 150 < time < 200]
    after = [servers for time, servers in ready(run) if time > 400]
    assert max(before) == pytest.approx(1.0)
    assert min(during) >= 3
    assert max(after) == pytest.approx(1.0)


@pytest.mark.parametrize("replicas", [1, 2])
def test_crash_of_a_queue(replicas):
    """What waits in a replica's own queue is lost with it, and while all are down none comes in; a shared one stays."""
    node = Node("app", Constant(1.0), replicas=replicas, balancer="random", failures=Failures(50.0, 50.0))
    run = Network((node,), Clients(Poisson(0.8 * replicas))).simulate(20_000, seed=1, warm_up=0)
    crashes = replicas * run.marks[-1].time / 100.0
    assert run.shares["rejected"] == pytest.approx(0.5**replicas, rel=0.2)
    assert run.shares["lost"] * 20_000 > 1.5 * crashes
    shared = Network((replace(node, balancer="shared"),), Clients(Poisson(0.3 * replicas)))
    assert shared.simulate(5_000, seed=1).shares["rejected"] == 0


def test_scaling_without_a_replica_up():
    """While all replicas are away there is no utilization, and none is sent away for want of it."""
    node = Node(
        "app",
        Constant(0.1),
        replicas=2,
        balancer="round_robin",
        scaling=Scaling(2, 0.5, interval=10.0, lag=1e4),
    )
    changes = (Deployment("app", 0.0, 30.0), Deployment("app", 30.0, 30.0))
    run = Network((node,), Clients(Even(10.0)), changes=changes).simulate(2_000, warm_up=0)
    away = [servers for time, servers in ready(run) if 35 < time < 60]
    assert max(away) == 0
    assert ready(run)[-1][1] == pytest.approx(2.0)


def test_cancelled_order():
    """A replica ordered, cancelled and ordered again starts by the second order."""
    rush, rest = 20.0, 5.0
    times = [k / rush for k in range(1, 201)] + [10 + k / rest for k in range(1, 51)]
    times += [20 + k / rush for k in range(1, 2_001)]
    node = Node("app", Constant(0.05), 2, scaling=Scaling(2, target=0.3, interval=10.0, lag=35.0))
    run = Network((node,), Clients(Trace(tuple(times)))).simulate(len(times), warm_up=0)
    second = [time for time, servers in ready(run) if servers > 3.5]
    assert min(second) == pytest.approx(65.0, abs=2.5)
