"""The layout of a simulated system in memory."""

import itertools

import numpy as np
import pytest

from capacity.models.distributions import Exponential
from capacity.models.simulation import engine as e
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.clients import Clients, Users
from capacity.models.simulation.system import Node, Scaling
from capacity.models.simulation.world import Layout, build, grown

NODES = (
    Node("a", Exponential(1.0), replicas=2, balancer="random"),
    Node("b", Exponential(1.0), scaling=Scaling(3)),
)
ROUTES = np.array([[0.0, 0.5], [0.0, 0.0], [1.0, 0.0]])


def test_apart():
    """Records of nodes, replicas, queues, streams and items follow each other without touching."""
    layout = Layout(NODES, kinds=2, attempts=3)
    replicas = [
        layout.replicas[0],
        layout.replicas[0] + e.RECORD,
        *(layout.replicas[1] + k * e.RECORD for k in range(3)),
    ]
    handles = [layout.node(0), layout.node(1), layout.entry, *replicas]
    handles += [layout.line(replica) + kind * e.RECORD for replica in replicas for kind in range(2)]
    assert all(later - earlier == e.RECORD for earlier, later in itertools.pairwise(handles))
    assert layout.streams == handles[-1] + e.RECORD
    assert layout.items >= layout.stream(2) + e.ROUTE_DRAWS + 2
    assert layout.items % e.RECORD == 0


def test_routes():
    """A node leads to another for sure, away, or by chance."""
    world, _ = build(NODES, ROUTES, Clients(Poisson(1.0)), 10, 1)
    layout = Layout(NODES, 1, 1)
    leads = [world.n[handle + e.NEXT] for handle in (layout.node(0), layout.node(1), layout.entry)]
    assert leads == [e.BY_CHANCE, e.LEAVE, layout.node(0)]


@pytest.mark.parametrize("clients", [Clients(Poisson(1.0)), Clients(Users(3000, Exponential(1.0)))])
def test_free(clients):
    """Every free item is in the chain once, also after memory has grown, and no user's item is."""
    world, _ = build(NODES, ROUTES, clients, 10, 1)
    larger = grown(world)
    assert larger.n[e.SPARE] > world.n[e.SPARE] / 2
    item, seen = int(larger.n[e.FREE]), set()
    for _ in range(larger.n[e.SPARE]):
        seen.add(item)
        item = int(larger.n[item + e.QUEUE])
    assert len(seen) == larger.n[e.SPARE]
    assert item == len(larger.n)
    thinking = {int(handle) - e.TIMER_AT for handle in larger.timer_who[: larger.n[e.TIMERS]]}
    assert not seen & thinking


def test_users_think():
    """All users of a closed population begin with a thought, the first to wake first."""
    world, _ = build(NODES, ROUTES, Clients(Users(50, Exponential(1.0))), 10, 1)
    times = list(world.timer_time[:50])
    assert times == sorted(times)
    assert world.n[e.TIMERS] == 50
