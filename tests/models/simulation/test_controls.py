"""What happens to a running system from outside."""

import itertools

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
