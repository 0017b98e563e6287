"""Random numbers by the block: nothing is lost or used twice, and streams do not know of each other."""

import numpy as np

from capacity.models.distributions import Exponential
from capacity.models.simulation import engine as e
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.clients import Backoff, Clients
from capacity.models.simulation.streams import BLOCK, Streams, generator, streams_of
from capacity.models.simulation.system import Node


def test_refill():
    """Numbers come in the order in which they were drawn, whenever the stream is refilled."""
    rng = np.random.default_rng(1)
    streams = Streams({0: (lambda size, rng: rng.random(size), rng)})
    n, found = np.zeros(2, dtype=np.int64), []
    streams.open(n)
    for step in (BLOCK + 5, BLOCK - 80, 70, 40, BLOCK):
        found += list(streams.draws[n[0] : n[0] + step])
        n[0] += step
        streams.refill(n)
    again = np.random.default_rng(1)
    assert found == np.concatenate([again.random(BLOCK) for _ in range(5)])[: len(found)].tolist()


def test_only_what_is_needed():
    """A station with exponential service alone has one stream; jitter and a second kind add theirs."""
    nodes = [Node("a", Exponential(1.0))]
    plain = streams_of(nodes, Clients(Poisson(1.0)), [False, False], 100, 1)
    assert list(plain.sources) == [100 + e.LAW_DRAWS]
    clients = Clients(Poisson(1.0), backoff=Backoff(jitter=True), mix=(0.5, 0.5))
    assert len(streams_of(nodes, clients, [True, True], 100, 1).sources) == 6


def test_independent_of_the_rest():
    """The draws of a station stay as they are when another station or feature comes."""
    alone = streams_of([Node("a", Exponential(1.0))], Clients(Poisson(1.0)), [False, False], 100, 7)
    nodes = [Node("a", Exponential(1.0), patience=1.0), Node("b", Exponential(1.0))]
    more = streams_of(nodes, Clients(Poisson(1.0), timeout=Exponential(1.0)), [True, False, False], 200, 7)
    assert (alone.take(100 + e.LAW_DRAWS, 5) == more.take(200 + e.LAW_DRAWS, 5)).all()


def test_generator():
    """Seed and key together name a generator."""
    assert generator(1, 2, 3).random() == generator(1, 2, 3).random()
    assert len({generator(*key).random() for key in ((1, 2, 3), (1, 2, 4), (1, 3, 3), (2, 2, 3))}) == 4
