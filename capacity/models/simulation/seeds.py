"""One seed for a whole study: every replication, and every kind of draw in it, has a stream of its own."""

from __future__ import annotations

import numpy as np


def child(seed: int, number: int) -> int:
    """Return the seed of replication `number`, the same whoever runs it and in whatever order.

    Examples
    --------
    >>> child(1, 0) == child(1, 0), child(1, 0) == child(1, 1)
    (True, False)
    """
    words = np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(2, np.uint64)
    return int(words[0]) << 64 | int(words[1])


def generators(seed: int, count: int) -> list[np.random.Generator]:
    """Return independent generators, one for each kind of draw, so that one kind never shifts another.

    Examples
    --------
    >>> arrivals, services = generators(1, 2)
    """
    return [np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(count)]
