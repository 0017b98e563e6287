"""Orders of work: least cost of delay, fair shares.

Sets are bit masks of indices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

EXACT = 12  # items; beyond it the order is greedy


def cheapest_order(
    durations: Sequence[float], before: Sequence[int], loss: Callable[[int], float]
) -> tuple[list[int], float]:
    """Order of work that loses least while it is done, and that loss.

    The cost of delay is the sum of durationᵢ loss(done before i). Exact by dynamic programming over sets
    for up to 12 items; beyond, the item with the largest saving per duration goes next.

    Parameters
    ----------
    durations : sequence of float
        Of each item. [years]
    before : sequence of int
        Set of items to be finished before each.
    loss : callable
        Loss per year with a set of items done.

    Examples
    --------
    >>> cheapest_order([1.0, 1.0], [0, 0], lambda done: [10.0, 8.0, 4.0, 3.0][done])
    ([1, 0], 14.0)
    """
    count = len(durations)
    if count > EXACT:
        return _greedy(durations, before, loss)
    best: list[float] = [0.0] + [math.inf] * ((1 << count) - 1)
    last = [-1] * (1 << count)
    for done in range(1, 1 << count):
        for item in range(count):
            rest = done & ~(1 << item)
            if rest == done or rest & before[item] != before[item] or math.isinf(best[rest]):
                continue
            total = best[rest] + durations[item] * loss(rest)
            if total < best[done]:
                best[done], last[done] = total, item
    order: list[int] = []
    done = (1 << count) - 1
    while done:
        order.insert(0, last[done])
        done &= ~(1 << last[done])
    return order, best[-1]


def shapley(count: int, loss: Callable[[int], float]) -> list[float]:
    """Saving of each item averaged over all orders of doing the work; the shares add up to the whole saving.

    References
    ----------
    .. [1] Shapley, A value for n-person games, 1953.

    Examples
    --------
    >>> shapley(2, lambda done: [10.0, 8.0, 4.0, 3.0][done])
    [1.5, 5.5]
    """
    weight = [math.factorial(k) * math.factorial(count - k - 1) / math.factorial(count) for k in range(count)]
    return [
        math.fsum(
            weight[done.bit_count()] * (loss(done) - loss(done | 1 << item))
            for done in range(1 << count)
            if not done >> item & 1
        )
        for item in range(count)
    ]


def _greedy(
    durations: Sequence[float], before: Sequence[int], loss: Callable[[int], float]
) -> tuple[list[int], float]:
    order: list[int] = []
    done, total = 0, 0.0
    while len(order) < len(durations):
        ready = [i for i in range(len(durations)) if not done >> i & 1 and done & before[i] == before[i]]
        chosen = max(ready, key=lambda item: (loss(done) - loss(done | 1 << item)) / durations[item])
        total += durations[chosen] * loss(done)
        order.append(chosen)
        done |= 1 << chosen
    return order, total
