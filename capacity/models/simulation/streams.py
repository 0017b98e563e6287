"""Random numbers for the event loop: of every purpose and station a stream of its own, made by the block.

So that two systems can be compared under the same randomness: what one of them does differently leaves all other draws
as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from capacity.models.distributions import Distribution
from capacity.models.simulation import engine as e
from capacity.models.simulation.clients import Clients, Users
from capacity.models.simulation.compiled import IS_COMPILED
from capacity.models.simulation.seeds import generator
from capacity.models.simulation.system import Node

Draw = Callable[[int, np.random.Generator], np.ndarray]

BLOCK = 8192  # random numbers of one stream made at once
OF_CLIENTS, OF_STATIONS = (
    0,
    1,
)  # first part of the key of a generator; the last is a stream's place, or one of these:
ARRIVALS, ENTRY, CRASHES = 100, 101, 102


def numbers(array: np.ndarray) -> Any:
    """Return an array as the loop wants it."""
    return array if IS_COMPILED else array.tolist()


def drawing(time: float | Distribution) -> Draw:
    """Return what draws from a law, or repeats a constant."""
    return time.sample if isinstance(time, Distribution) else lambda size, rng: np.full(size, float(time))


def _even(size: int, rng: np.random.Generator) -> np.ndarray:
    return rng.random(size)


class Streams:
    """The streams a network needs, each in a stretch of its own of one array.

    Parameters
    ----------
    sources : dict
        What draws, with its generator, for each stream by its handle in the world.
    """

    def __init__(self, sources: dict[int, tuple[Draw, np.random.Generator]]) -> None:
        self.sources = sources
        self._starts = {stream: 2 * BLOCK * place for place, stream in enumerate(sources)}
        blocks = [draw(BLOCK, rng) for draw, rng in sources.values() for _ in range(2)]
        self.draws = numbers(np.concatenate([*blocks, np.zeros(1)]))

    def open(self, n: np.ndarray) -> None:
        """Set every stream to its first number."""
        for stream, start in self._starts.items():
            n[stream], n[stream + 1] = start, start + 2 * BLOCK - e.MARGIN

    def refill(self, n: Any) -> None:
        """Put a new block behind what is left of every stream that has used up one."""
        for stream, start in self._starts.items():
            at, end = int(n[stream]), int(n[stream + 1]) + e.MARGIN
            if at - start < BLOCK:
                continue
            left = end - at
            self.draws[start : start + left] = self.draws[at:end]
            self.draws[start + left : start + left + BLOCK] = numbers(self.take(stream, BLOCK))
            n[stream], n[stream + 1] = start, start + left + BLOCK - e.MARGIN

    def take(self, stream: int, count: int) -> np.ndarray:
        """Return some numbers of a stream at once."""
        draw, rng = self.sources[stream]
        return draw(count, rng)


def streams_of(
    nodes: Sequence[Node], clients: Clients, by_chance: Sequence[bool], first: int, seed: int
) -> Streams:
    """Return the streams of a network; `by_chance` says at which nodes routing draws, at last at the entry."""
    sources: dict[int, tuple[Draw, np.random.Generator]] = {}
    width = stream_width(len(clients.mix))
    for place, draw in _of_clients(clients).items():
        sources[place] = draw, generator(seed, OF_CLIENTS, place)
    for number, node in enumerate(nodes):
        for place, draw in _of_node(node, len(clients.mix), by_chance[number]).items():
            sources[first + number * width + place] = draw, generator(seed, OF_STATIONS, number, place)
    if by_chance[-1]:
        sources[first + len(nodes) * width + e.ROUTE_DRAWS] = _even, generator(seed, OF_CLIENTS, ENTRY)
    return Streams(sources)


def stream_width(kinds: int) -> int:
    """Return the places the streams of one node take: four, and a hit and a miss for each kind, of two each."""
    return e.LAW_DRAWS + 4 * kinds


def _of_clients(clients: Clients) -> dict[int, Draw]:
    draws: dict[int, Draw] = {}
    if len(clients.mix) > 1:
        draws[e.MIX_DRAWS] = _even
    if isinstance(clients.timeout, Distribution):
        draws[e.TIMEOUT_DRAWS] = clients.timeout.sample
    if clients.backoff.jitter:
        draws[e.JITTER_DRAWS] = _even
    if isinstance(clients.arrivals, Users):
        draws[e.THINK_DRAWS] = drawing(clients.arrivals.think_time or 0.0)
    return draws


def _of_node(node: Node, kinds: int, by_chance: bool) -> dict[int, Draw]:
    laws = node.laws(kinds)
    draws = {e.LAW_DRAWS + 2 * kind: drawing(law) for kind, law in enumerate(laws)}
    if by_chance:
        draws[e.ROUTE_DRAWS] = _even
    if node.balancer in ("random", "two_choices"):
        draws[e.BALANCE_DRAWS] = _even
    if node.patience is not None:
        draws[e.PATIENCE_DRAWS] = drawing(node.patience)
    if node.cache:
        draws[e.HIT_DRAWS] = _even
        draws |= {e.LAW_DRAWS + 2 * (kinds + kind): node.cache.miss.sample for kind in range(kinds)}
    return draws
