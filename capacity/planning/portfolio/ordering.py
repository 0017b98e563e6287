"""Orders and sets of work: least cost of delay, fair shares, the best set within a budget of hours.

Sets are bit masks of indices; a table over sets has one value for each of the 2ⁿ masks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

EXACT = 18  # items: every lever of the catalogue; beyond it there are too many sets to look at them all
_SAME = 1e-12  # sums of the same numbers in another order differ by this much of the largest


def cheapest_order(
    durations: Sequence[float], before: Sequence[int], losses: np.ndarray, *, dearest: bool = False
) -> list[int]:
    """Order of work that loses least while it is done: Σ durationᵢ loss(done before i) is smallest.

    Exact, by dynamic programming over sets from the end: what remains to be lost from a set on is the least of
    durationᵢ loss(set) + what remains from set and i on. Of equal orders the one that keeps closest to the order
    given is taken.

    Parameters
    ----------
    durations : sequence of float
        Of each item. [years]
    before : sequence of int
        Set of items to be finished before each.
    losses : array (2ⁿ,)
        Loss per year with each set of items done.
    dearest : bool
        The order that loses most instead.

    References
    ----------
    .. [1] Held and Karp, A dynamic programming approach to sequencing problems, SIAM J. 10, 1962.

    Examples
    --------
    >>> cheapest_order([1.0, 1.0], [0, 0], np.array([10.0, 8.0, 4.0, 3.0]))
    [1, 0]
    """
    sign = -1.0 if dearest else 1.0
    losses = sign * losses
    remaining = _remaining(np.asarray(durations, dtype=float), before, losses)
    same = _SAME * float(np.abs(losses).max()) * sum(durations)
    order: list[int] = []
    done = 0
    for _ in durations:
        costs = {i: durations[i] * losses[done] + remaining[done | 1 << i] for i in _ready(done, before)}
        least = min(costs.values())
        chosen = next(i for i, cost in costs.items() if cost <= least + same)
        order.append(chosen)
        done |= 1 << chosen
    return order


def greedy_order(
    durations: Sequence[float], before: Sequence[int], loss: Callable[[int], float]
) -> list[int]:
    """Order that takes the item with the largest saving per duration next; not always the cheapest.

    Examples
    --------
    >>> greedy_order([1.0, 1.0], [0, 0], lambda done: [10.0, 8.0, 4.0, 3.0][done])
    [1, 0]
    """
    order: list[int] = []
    done = 0
    for _ in durations:
        now = loss(done)
        chosen = max(_ready(done, before), key=lambda i: (now - loss(done | 1 << i)) / durations[i])
        order.append(chosen)
        done |= 1 << chosen
    return order


def delay_cost(order: Iterable[int], durations: Sequence[float], loss: Callable[[int], float]) -> float:
    """Lost while work is done in an order, Σ durationᵢ loss(done before i).

    References
    ----------
    .. [1] Reinertsen, The Principles of Product Development Flow, Celeritas, 2009, ch. 2 (cost of delay).

    Examples
    --------
    >>> delay_cost([1, 0], [1.0, 1.0], lambda done: [10.0, 8.0, 4.0, 3.0][done])
    14.0
    """
    costs, done = [], 0
    for item in order:
        costs.append(durations[item] * loss(done))
        done |= 1 << item
    return math.fsum(costs)


def shapley(losses: np.ndarray) -> list[float]:
    """Saving of each item averaged over all orders of doing the work; the shares add up to the whole saving.

    References
    ----------
    .. [1] Shapley, A value for n-person games, 1953.

    Examples
    --------
    >>> shapley(np.array([10.0, 8.0, 4.0, 3.0]))
    [1.5, 5.5]
    """
    count = losses.size.bit_length() - 1
    sets, sizes = np.arange(losses.size), subset_sums([1] * count).astype(int)
    weight = np.array([1 / (count * math.comb(count - 1, k)) for k in range(count)])
    shares = []
    for item in range(count):
        without = sets[sets >> item & 1 == 0]
        savings = losses[without] - losses[without | 1 << item]
        shares.append(float(weight[sizes[without]] @ savings))
    return shares


def best_within(hours: Sequence[float], before: Sequence[int], losses: np.ndarray, budget: float) -> int:
    """Set within a budget of hours that loses least; of equal ones that with fewer hours, then the first items.

    Exact: all sets that are closed under what must come before are looked at.

    Examples
    --------
    >>> best_within([2.0, 3.0], [0, 0], np.array([10.0, 7.0, 4.0, 3.0]), budget=4.0)
    2
    """
    spent = subset_sums(hours)
    allowed = np.flatnonzero(possible(before) & (spent <= budget * (1 + _SAME)))
    loss = losses[allowed]
    best = allowed[loss <= loss.min() + _SAME * float(np.abs(losses).max())]
    shortest = best[spent[best] <= spent[best].min() * (1 + _SAME)]
    return int(shortest.min())


def greedy_within(
    hours: Sequence[float], before: Sequence[int], loss: Callable[[int], float], budget: float
) -> int:
    """Set within a budget of hours, filled by the largest saving per hour of an item with all it still needs.

    Examples
    --------
    >>> greedy_within([2.0, 3.0], [0, 0], lambda done: [10.0, 7.0, 4.0, 3.0][done], budget=4.0)
    2
    """
    done = 0
    while True:
        left = budget * (1 + _SAME) - _sum(hours, done)
        steps = {_with_needs(i, before) & ~done for i in range(len(hours)) if not done >> i & 1}
        gains = {
            step: (loss(done) - loss(done | step)) / _sum(hours, step)
            for step in sorted(steps)
            if _sum(hours, step) <= left
        }
        best = max(gains, key=lambda step: gains[step], default=0)
        if not best or gains[best] <= 0:
            return done
        done |= best


def possible(before: Sequence[int]) -> np.ndarray:
    """Whether each set holds what its items need: a table over sets."""
    sets = np.arange(1 << len(before))
    found = np.ones(sets.size, dtype=bool)
    for item, needed in enumerate(before):
        if needed:
            found &= (sets >> item & 1 == 0) | (sets & needed == needed)
    return found


def subset_sums(values: Sequence[float]) -> np.ndarray:
    """Sum of the values of each set: a table over sets."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def members(done: int) -> list[int]:
    """Indices in a set, in ascending order."""
    return [i for i in range(done.bit_length()) if done >> i & 1]


def as_given(before: Sequence[int]) -> list[int]:
    """Order given, changed only where an item must wait for another; shorter where items wait for each other."""
    order: list[int] = []
    done = 0
    while ready := _ready(done, before):
        order.append(ready[0])
        done |= 1 << ready[0]
    return order


def _ready(done: int, before: Sequence[int]) -> list[int]:
    return [i for i, needed in enumerate(before) if not done >> i & 1 and done & needed == needed]


def _remaining(durations: np.ndarray, before: Sequence[int], losses: np.ndarray) -> np.ndarray:
    """Least that is still to be lost from each set on; infinite where the work cannot be finished from there."""
    count = durations.size
    sets, sizes = np.arange(1 << count), subset_sums([1] * count)
    remaining = np.full(sets.size, np.inf)
    remaining[-1] = 0.0
    for size in range(count - 1, -1, -1):
        level = sets[sizes == size]
        least = np.full(level.size, np.inf)
        for item, needed in enumerate(before):
            cost = durations[item] * losses[level] + remaining[level | 1 << item]
            ready = (level >> item & 1 == 0) & (level & needed == needed)
            least = np.minimum(least, np.where(ready, cost, np.inf))
        remaining[level] = least
    return remaining


def _with_needs(item: int, before: Sequence[int]) -> int:
    needed = 1 << item
    for other in members(before[item]):
        needed |= _with_needs(other, before)
    return needed


def _sum(hours: Sequence[float], done: int) -> float:
    return math.fsum(hours[i] for i in members(done))
