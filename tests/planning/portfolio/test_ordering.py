"""Orders, shares and sets of work, held against brute force."""

from itertools import pairwise, permutations

import numpy as np
import pytest

from capacity.planning.portfolio.ordering import (
    EXACT,
    as_given,
    best_within,
    cheapest_order,
    delay_cost,
    greedy_order,
    greedy_within,
    members,
    possible,
    shapley,
    subset_sums,
)


def portfolio(count: int, seed: int) -> tuple[list[float], list[int], np.ndarray, np.random.Generator]:
    """Random durations, precedence without circles, and losses by no rule at all: some work does harm."""
    rng = np.random.default_rng(seed)
    hidden = rng.permutation(count)
    before = [0] * count
    for place, item in enumerate(hidden):
        before[item] = sum(1 << int(other) for other in hidden[:place] if rng.random() < 0.25)
    return list(rng.uniform(1, 5, count)), before, rng.uniform(0, 100, 1 << count), rng


def orders(before: list[int]) -> list[tuple[int, ...]]:
    """Every order that keeps precedence."""
    found = []
    for order in permutations(range(len(before))):
        done = np.cumsum([0, *(1 << i for i in order)])
        if all(before[item] & ~int(mask) == 0 for item, mask in zip(order, done, strict=False)):
            found.append(order)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_orders_equal_brute_force(seed: int) -> None:
    """The dynamic programme finds the least, and the most, of all orders that keep precedence."""
    durations, before, losses, _ = portfolio(6, seed)
    costs = [delay_cost(order, durations, losses.__getitem__) for order in orders(before)]
    for dearest, expected in ((False, min(costs)), (True, max(costs))):
        found = cheapest_order(durations, before, losses, dearest=dearest)
        assert tuple(found) in orders(before)
        assert delay_cost(found, durations, losses.__getitem__) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_sets_equal_brute_force(seed: int) -> None:
    """The best set is the best of all closed sets that fit, at any budget."""
    hours, before, losses, rng = portfolio(7, seed)
    closed = [s for s in range(128) if all(s & before[i] == before[i] for i in members(s))]
    for budget in (0.0, *rng.uniform(0, sum(hours), 5), sum(hours)):
        fits = [s for s in closed if sum(hours[i] for i in members(s)) <= budget]
        assert best_within(hours, before, losses, budget) == min(fits, key=losses.__getitem__)


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_means_over_orders(seed: int) -> None:
    """Each Shapley share is the mean saving over all 120 orders; they sum to the whole."""
    losses = portfolio(5, seed)[2]
    shares = shapley(losses)
    found = np.zeros(5)
    for order in permutations(range(5)):
        done = 0
        for item in order:
            found[item] += losses[done] - losses[done | 1 << item]
            done |= 1 << item
    assert shares == pytest.approx(found / 120)
    assert sum(shares) == pytest.approx(losses[0] - losses[-1])


def test_equal_items_keep_the_order_given() -> None:
    """Where orders cost the same, the first item goes first, whatever rounding says."""
    count = 9
    losses = 0.1 * (count - subset_sums([1] * count))
    assert cheapest_order([0.1] * count, [0] * count, losses) == list(range(count))
    assert best_within([0.1] * count, [0] * count, losses, 0.3) == 0b111


def test_of_equal_savings_fewer_hours() -> None:
    """Work that adds nothing is left out of the budget."""
    losses = np.array([10.0, 5.0, 5.0, 5.0])
    assert best_within([3.0, 2.0], [0, 0], losses, 10.0) == 0b10


def test_a_budget_of_the_very_hours_fits() -> None:
    """Sums of tenths are not spoilt by rounding."""
    assert best_within([0.1, 0.2], [0, 0], np.array([3.0, 2.0, 1.0, 0.0]), 0.3) == 0b11


def test_many_items_are_exact() -> None:
    """With additive savings the order by saving per hour is optimal; the programme finds it among 18! orders."""
    rng = np.random.default_rng(3)
    saving, durations = rng.uniform(1, 9, EXACT), rng.uniform(1, 5, EXACT)
    losses = 1000 - subset_sums(saving.tolist())
    expected = np.argsort(-saving / durations).tolist()
    assert cheapest_order(durations.tolist(), [0] * EXACT, losses) == expected
    assert shapley(losses) == pytest.approx(saving.tolist())


def test_greedy_is_optimal_where_savings_add_up() -> None:
    """Largest saving per hour next, for any number of items, and nothing that saves nothing within a budget."""
    saving = np.arange(0.0, 20.0)

    def loss(done: int) -> float:
        return 500 - sum(saving[i] for i in members(done))

    assert greedy_order([1.0] * 20, [0] * 20, loss) == list(range(19, -1, -1))
    assert members(greedy_within([1.0] * 20, [0] * 20, loss, 3.5)) == [17, 18, 19]
    assert 0 not in members(greedy_within([1.0] * 20, [0] * 20, loss, 100))


@pytest.mark.parametrize("seed", range(5))
def test_greedy_keeps_precedence_and_budget(seed: int) -> None:
    """What is picked can be done, in the hours there are, and costs no less than the best."""
    hours, before, losses, _ = portfolio(7, seed)
    order = greedy_order(hours, before, losses.__getitem__)
    assert tuple(order) in orders(before)
    exact = cheapest_order(hours, before, losses)
    cost = [delay_cost(o, hours, losses.__getitem__) for o in (exact, order)]
    assert cost[0] <= cost[1] + 1e-9
    chosen = greedy_within(hours, before, losses.__getitem__, 9.0)
    assert possible(before)[chosen]
    assert sum(hours[i] for i in members(chosen)) <= 9.0
    assert losses[chosen] >= losses[best_within(hours, before, losses, 9.0)]


def test_greedy_takes_what_an_item_needs() -> None:
    """An item that saves nothing itself is taken with the one that requires it."""
    assert greedy_within([1.0, 1.0], [0, 0b1], [9.0, 9.0, 9.0, 1.0].__getitem__, 2.0) == 0b11


def test_order_given_is_changed_only_where_it_must() -> None:
    """An item waits for what it requires; in a circle the order stays short."""
    assert as_given([0b100, 0, 0]) == [1, 2, 0]
    assert as_given([0b10, 0b1, 0]) == [2]


def test_nothing_to_do() -> None:
    """No items, no order, no shares, no loss."""
    assert cheapest_order([], [], np.array([1.0])) == []
    assert shapley(np.array([1.0])) == []
    assert delay_cost([], [], lambda _: 1.0) == 0.0
    assert best_within([], [], np.array([1.0]), 5.0) == 0


def test_a_larger_budget_never_saves_less() -> None:
    """Every set that fitted still fits."""
    hours, before, losses, _ = portfolio(7, 11)
    lost = [losses[best_within(hours, before, losses, budget)] for budget in np.linspace(0, 30, 40)]
    assert all(later <= earlier for earlier, later in pairwise(lost))
