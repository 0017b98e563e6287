"""Orders and sets of work, held against brute force."""

from itertools import permutations

import numpy as np
import pytest

from capacity.planning.ordering import cheapest_order, shapley


def delay(order: tuple[int, ...], durations: list[float], loss: dict[int, float]) -> float:
    """Cost of delay by its definition."""
    total, done = 0.0, 0
    for item in order:
        total += durations[item] * loss[done]
        done |= 1 << item
    return total


def random_losses(count: int, seed: int) -> dict[int, float]:
    """Losses that fall with every item, by no rule."""
    rng = np.random.default_rng(seed)
    loss = {0: 100.0}
    for done in range(1, 1 << count):
        loss[done] = min(loss[done & ~(1 << i)] for i in range(count) if done >> i & 1) * rng.uniform(0.5, 1)
    return loss


@pytest.mark.parametrize("seed", range(5))
def test_order_equals_brute_force(seed: int) -> None:
    """The dynamic programme finds the least of all 720 orders."""
    loss, durations = random_losses(6, seed), list(np.random.default_rng(seed).uniform(1, 5, 6))
    order, total = cheapest_order(durations, [0] * 6, loss.__getitem__)
    assert total == pytest.approx(min(delay(p, durations, loss) for p in permutations(range(6))))
    assert delay(tuple(order), durations, loss) == pytest.approx(total)


def test_precedence_is_kept() -> None:
    """An item that must come after another does, at a price."""
    loss, durations = random_losses(5, 9), [1.0] * 5
    order, total = cheapest_order(durations, [0, 0b10000, 0, 0, 0], loss.__getitem__)
    allowed = [p for p in permutations(range(5)) if p.index(4) < p.index(1)]
    assert order.index(4) < order.index(1)
    assert total == pytest.approx(min(delay(p, durations, loss) for p in allowed))


def test_many_items_are_ordered_greedily() -> None:
    """Beyond twelve items the largest saving per hour goes next; with additive savings that is optimal."""
    saving = np.arange(1.0, 14.0)
    order, _ = cheapest_order(
        [1.0] * 13, [0] * 13, lambda done: 100 - sum(saving[i] for i in range(13) if done >> i & 1)
    )
    assert order == list(range(12, -1, -1))


def test_nothing_to_do() -> None:
    """No items, no order, no loss."""
    assert cheapest_order([], [], lambda _: 1.0) == ([], 0.0)


@pytest.mark.parametrize("seed", range(3))
def test_shares_add_up(seed: int) -> None:
    """Shapley's shares sum to the whole saving, and equal the average over orders."""
    loss = random_losses(4, seed)
    shares = shapley(4, loss.__getitem__)
    orders = list(permutations(range(4)))
    first = [loss[sum(1 << j for j in p[: p.index(0)])] for p in orders]
    with_it = [loss[sum(1 << j for j in p[: p.index(0) + 1])] for p in orders]
    assert sum(shares) == pytest.approx(loss[0] - loss[15])
    assert shares[0] == pytest.approx(np.mean(np.subtract(first, with_it)))
