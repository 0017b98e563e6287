"""One seed for a whole study: every replication, and every kind of draw in it, has a stream of its own."""

from __future__ import annotations

import numpy as np

from capacity.errors import DomainError


def child(seed: int, number: int) -> int:
    """Return the seed of replication `number`, the same whoever runs it and in whatever order.

    Examples
    --------
    >>> child(1, 0) == child(1, 0), child(1, 0) == child(1, 1)
    (True, False)
    """
    words = _sequence(seed, number).generate_state(2, np.uint64)
    return int(words[0]) << 64 | int(words[1])


def generators(seed: int, count: int) -> list[np.random.Generator]:
    """Return independent generators, one for each kind of draw, so that one kind never shifts another.

    Examples
    --------
    >>> arrivals, services = generators(1, 2)
    """
    return [generator(seed, number) for number in range(count)]


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of one purpose, the same whatever else is simulated.

    Raises
    ------
    DomainError
        If the seed is no whole number from 0 up.
    """
    return np.random.default_rng(_sequence(seed, *key))


def _sequence(seed: int, *key: int) -> np.random.SeedSequence:
    if isinstance(seed, float) or seed < 0:
        raise DomainError(f"seed {seed!r} is not allowed; give a whole number, 0 or above")
    return np.random.SeedSequence(seed, spawn_key=key)
