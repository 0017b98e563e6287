"""Losses of all sets from the few that each part depends on."""

import numpy as np
import pytest

from capacity.planning.portfolio.combinations import Combinations, subsets
from capacity.planning.portfolio.ordering import members, subset_sums


def parts(done: int) -> dict[str, float]:
    """Four parts of 14 items: two that add up, a product of three, one that needs two items to show."""
    shown = {
        "first": 10.0 - subset_sums([1.0, 2.0, 3.0])[done & 0b111],
        "product": 50.0 * 0.5 ** len(members(done & 0b111000)),
        "both": 0.0 if done & 0b11000000 == 0b11000000 else 7.0,
        "either": 0.0 if done & 0b11 << 8 else 4.0,
        "last": 3.0,
    }
    return shown if done >> 13 & 1 else shown | {"only before the last": 1.0}


def test_all_sets_from_few() -> None:
    """Exactly the loss of every set, from less than a tenth of them."""
    found = Combinations(14, parts, np.random.default_rng(1))
    expected = [sum(parts(done).values()) for done in range(1 << 14)]
    assert found.losses == pytest.approx(expected, abs=1e-12)
    assert found.evaluated < 1600
    assert found.depends["product"] == 0b111000
    assert found.depends["last"] == 0


def test_an_item_that_shows_only_in_company_is_found() -> None:
    """An effect that neither nothing nor everything shows is found in random sets."""

    def odd(done: int) -> dict[str, float]:
        return {"odd": 5.0 if done & 0b111 == 0b001 and done >> 11 & 1 and not done >> 10 & 1 else 0.0}

    found = Combinations(12, odd, np.random.default_rng(2))
    assert found.losses == pytest.approx([sum(odd(done).values()) for done in range(1 << 12)])


def test_few_items_are_all_evaluated() -> None:
    """Up to 8 items nothing is inferred."""
    rng = np.random.default_rng(3)
    values = rng.uniform(size=256)
    found = Combinations(8, lambda done: {"all": values[done]}, rng)
    assert found.losses == pytest.approx(values)
    assert found.evaluated == 256


def test_items_that_all_interact_are_all_evaluated() -> None:
    """Where every part depends on every item there is no short cut, and none is taken."""
    values = np.random.default_rng(4).uniform(size=1 << 10)
    found = Combinations(10, lambda done: {"all": values[done]}, np.random.default_rng(4))
    assert found.losses == pytest.approx(values)
    assert found.evaluated == 1 << 10


def test_nothing() -> None:
    """No items, one set."""
    assert Combinations(0, lambda done: {"a": 2.0}, np.random.default_rng(1)).losses.tolist() == [2.0]


def test_sets_come_after_what_they_extend() -> None:
    """Each set once, its largest item the one added last."""
    found = list(subsets([1, 3, 4]))
    assert sorted(found) == sorted({0, 2, 8, 16, 10, 18, 24, 26})
    for place, done in enumerate(found):
        if done:
            assert done & ~(1 << done.bit_length() - 1) in found[:place]
