"""Every formula against the simulator, which uses none of them: of forty answers at most one lies outside its 99%."""

from collections.abc import Iterator
from functools import cache

import pytest

from capacity.estimate import Estimate
from capacity.models.distributions import Constant, Erlang, Exponential, Hyperexponential, Lognormal
from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.exact import solve
from capacity.models.networks.layered import LayeredPool
from capacity.models.networks.open import OpenNetwork
from capacity.models.overload.limiters import TokenBucket
from capacity.models.simulation.arrivals import Even, Poisson, Renewal
from capacity.models.simulation.clients import Clients, RateLimit, Users
from capacity.models.simulation.network import Network
from capacity.models.simulation.priority import PriorityQueue, Traffic
from capacity.models.simulation.queue import Queue
from capacity.models.simulation.replication import replicate
from capacity.models.simulation.sharing import SharedServers
from capacity.models.simulation.system import Node
from capacity.models.stations.abandonment import ErlangA
from capacity.models.stations.bounded import MMcK
from capacity.models.stations.constant import DMc, MDc
from capacity.models.stations.erlang import erlang_b
from capacity.models.stations.finite import FiniteSource
from capacity.models.stations.general import GGc
from capacity.models.stations.priority import PriorityMG1, PriorityMMc
from capacity.models.stations.queueing import MM1, MMc
from capacity.models.stations.sharing import MG1PS, MMcPS
from capacity.models.stations.single_server import MG1

SEED = 20261123
REPLICATIONS = 12
MEAN, P95, P99 = "response_time", ("response_time_quantile", 0.95), ("response_time_quantile", 0.99)
WAITED = ("wait_probability", "waiting_time")
BURSTS = Hyperexponential.balanced(1.0, 4.0)

Compared = tuple[str, float, Estimate]


def alone(node: Node, arrivals: Poisson | Users, **clients: object) -> Network:
    """A network of one station."""
    return Network((node,), Clients(arrivals, **clients))  # type: ignore[arg-type]


def held(
    name: str, formula: object, model: object, *answers: str | tuple[str, float], requests: int = 200_000
):
    """Compare what a formula and a simulated model say under the same names."""
    runs = replicate(model, answers, requests=requests, seed=SEED, replications=REPLICATIONS, workers=1)
    for answer in answers:
        asked, argument = (answer, None) if isinstance(answer, str) else answer
        told = getattr(formula, asked)
        value = told if argument is None else told(argument)
        yield f"{name}: {asked} {argument or ''}", float(value), runs.estimate(asked, argument)


def first_come() -> Iterator[Compared]:
    """One queue, first come first served."""
    yield from held("M/M/1", MM1(0.8, 1.0), Queue(Poisson(0.8), Exponential(1.0)), MEAN, P95, *WAITED)
    yield from held("M/M/8", MMc(6.8, 1.0, 8), Queue(Poisson(6.8), Exponential(1.0), 8), MEAN, P99, *WAITED)
    law = Lognormal(1.0, 2.0)
    yield from held("M/G/1", MG1(0.7, law), Queue(Poisson(0.7), law), MEAN, P95)
    yield from held("M/D/4", MDc(3.4, 1.0, 4), Queue(Poisson(3.4), Constant(1.0), 4), P95, *WAITED)
    yield from held("D/M/4", DMc(3.6, 1.0, 4), Queue(Even(3.6), Exponential(1.0), 4), P95, *WAITED)
    bursty = Renewal(Hyperexponential.balanced(1 / 3.4, 4.0))
    yield from held(
        "H2/E2/4", GGc(3.4, 1.0, 4, 4.0, 0.5), Queue(bursty, Erlang(1.0, 2), 4), MEAN, P95, P99, *WAITED
    )
    yield from held("D/H2/8", GGc(7.0, 1.0, 8, 0.0, 4.0), Queue(Even(7.0), BURSTS, 8), MEAN, P99, *WAITED)


def shared() -> Iterator[Compared]:
    """Processor sharing."""
    yield from held(
        "M/M/4-PS", MMcPS(3.2, 1.0, 4), SharedServers(Poisson(3.2), Exponential(1.0), 4), MEAN, P95
    )
    yield from held("M/G/1-PS", MG1PS(0.6, BURSTS), SharedServers(Poisson(0.6), BURSTS), MEAN)


def by_class() -> Iterator[Compared]:
    """Priorities, a comparison for each class."""
    rates, laws = (0.3, 0.4), (Exponential(1.0), Erlang(1.2, 2))
    traffic = tuple(Traffic(Poisson(rate), law) for rate, law in zip(rates, laws, strict=True))
    alike = tuple(Traffic(Poisson(rate), Exponential(1.0)) for rate in (1.0, 1.6))
    models = {
        "non-preemptive": (PriorityMG1.of(rates, laws), PriorityQueue(traffic)),
        "preemptive": (PriorityMG1.of(rates, laws, preemptive=True), PriorityQueue(traffic, preemptive=True)),
        "three servers": (PriorityMMc((1.0, 1.6), 1.0, 3), PriorityQueue(alike, servers=3)),
    }
    for name, (formula, model) in models.items():
        for place in range(2):
            runs = replicate(
                _OfClass(model, place),
                [MEAN],
                requests=60_000,
                seed=SEED,
                replications=REPLICATIONS,
                workers=1,
            )
            yield f"{name}, class {place + 1}", formula.response_time(place + 1), runs.estimate(MEAN)


class _OfClass:
    """A priority queue, seen by one of its classes."""

    def __init__(self, model: PriorityQueue, place: int) -> None:
        self.model, self.place = model, place

    def simulate(self, requests: int, seed: int) -> object:
        """Return the path of that class."""
        return self.model.simulate(requests, seed)[self.place]


def bounded() -> Iterator[Compared]:
    """Requests that are refused, that give up, and users that come back."""
    node = Node("app", Exponential(1.0), servers=4, queue_limit=6)
    yield from held(
        "M/M/4/10", MMcK(4.4, 1.0, 4, 10), alone(node, Poisson(4.4)), "blocking_probability", MEAN, P95
    )
    lossy = Node("app", Lognormal(1.0, 2.0), servers=4, queue_limit=0)
    runs = replicate(
        alone(lossy, Poisson(3.0)),
        ["blocking_probability"],
        requests=40_000,
        seed=SEED,
        replications=10,
        workers=1,
    )
    yield "M/G/4/4", erlang_b(4, 3.0), runs.estimate("blocking_probability")
    impatient = Node("app", Exponential(1.0), servers=4, patience=Exponential(2.0))
    yield from held("M/M/4+M", ErlangA(4.4, 1.0, 4, 0.5), alone(impatient, Poisson(4.4)), "throughput", MEAN)
    closed = alone(Node("app", Exponential(1.0), servers=3), Users(20, Exponential(5.0)))
    yield from held("M/M/3//20", FiniteSource(20, 5.0, 1.0, 3), closed, "throughput", MEAN, P95)
    limited = alone(
        Node("app", Exponential(0.01), servers=None), Poisson(9.5), rate_limit=RateLimit(10.0, 5.0)
    )
    runs = replicate(
        limited, ["throughput"], requests=200_000, seed=SEED, replications=REPLICATIONS, workers=1
    )
    admitted = 9.5 * (1 - TokenBucket(10.0, 5.0).rejection_probability(9.5))
    yield "token bucket", admitted, runs.estimate("throughput")


def networks() -> Iterator[Compared]:
    """Several stations."""
    nodes = (Node("web", Exponential(0.05), servers=1), Node("db", Exponential(0.1), servers=2))
    routing = ((0.0, 0.7), (0.2, 0.0))
    formula = OpenNetwork((10.0, 0.0), routing, (20.0, 10.0), (1, 2))
    yield from held("Jackson", formula, Network(nodes, Clients(Poisson(10.0)), routing=routing), MEAN)
    users = Network(nodes, Clients(Users(12, Exponential(1.0))))
    solved = solve(ClosedNetwork.single((0.05, 0.1), 12, think_time=1.0, servers=(1, 2)))
    runs = replicate(users, ["throughput"], requests=200_000, seed=SEED, replications=REPLICATIONS, workers=1)
    yield "closed", float(solved.throughput[0]), runs.estimate("throughput")
    pool = LayeredPool(7.0, 2.0, 2.0, threads=8, connections=5, queue_limit=60)
    threads = Node("thread", Exponential(0.5), servers=8, queue_limit=60, holds=True)
    connections = Node("connection", Exponential(0.5), servers=5)
    nested = Network((threads, connections), Clients(Poisson(7.0)))
    yield from held("threads holding connections", pool, nested, MEAN)


@cache
def comparisons() -> tuple[Compared, ...]:
    """All of them."""
    parts = (first_come, shared, by_class, bounded, networks)
    return tuple(found for part in parts for found in part())


def test_every_formula_lies_inside_the_simulations_interval():
    """At most one in forty answers lies outside its 99% interval, and that one not far."""
    found = comparisons()
    out = [
        f"{name} {value:.5g}, simulated {told}"
        for name, value, told in found
        if not told.low <= value <= told.high
    ]
    assert len(found) >= 40
    assert len(out) <= len(found) // 40, "; ".join(out)
    for name, value, told in found:
        assert abs(value - told.value) <= 2 * (told.high - told.value) + 1e-9, f"{name} {value:.5g} {told}"


def test_a_wrong_formula_would_be_seen():
    """The intervals are narrow enough to tell: most are within 2% of their value."""
    widths = sorted((told.high - told.low) / 2 / told.value for _, _, told in comparisons())
    assert widths[len(widths) // 2] < 0.02
    assert widths[-1] < 0.1


@pytest.mark.parametrize(
    ("formula", "model"),
    [
        (MMc(6.8, 1.0, 8), Queue(Poisson(6.8), BURSTS, 8)),
        (GGc(6.8, 1.0, 8, 1.0, 4.0), Queue(Even(6.8), BURSTS, 8)),
    ],
)
def test_the_wrong_station_is_outside(formula: object, model: object):
    """A formula for other arrivals or services does not pass."""
    ((_, value, told),) = held("wrong", formula, model, MEAN)
    assert not told.low <= value <= told.high
