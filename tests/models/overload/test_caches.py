"""Caches. Numbers from the test vectors of levers.md."""

import itertools
import math
from collections import OrderedDict

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.caches import (
    LruCache,
    cold_multiplier,
    combined_hit_ratio,
    exact_lru_hit_ratio,
    layers,
    response_time_quantile,
    ttl_hit_ratio,
    zipf,
)


def simulated(popularity, sizes, requests, seed):
    """Share of requests that find their object in any of several LRU caches, one behind the other."""
    stacks = [OrderedDict() for _ in sizes]
    asked = np.random.default_rng(seed).choice(popularity.size, requests, p=popularity).tolist()
    found = 0
    for number, thing in enumerate(asked):
        for stack, size in zip(stacks, sizes, strict=True):
            if thing in stack:
                stack.move_to_end(thing)
                found += number >= requests // 4
                break
            stack[thing] = None
            if len(stack) > size:
                stack.popitem(last=False)
    return found / (requests - requests // 4)


@pytest.mark.parametrize(("items", "ratio"), [(1000, 0.4367), (100, 0.1566)])
def test_che_of_ten_thousand_objects(items, ratio):
    """C1, C2: Zipf 0.8."""
    assert LruCache(zipf(10_000, 0.8), items).hit_ratio == pytest.approx(ratio, rel=0.0005)


@pytest.mark.parametrize("items", [1, 50, 99_999])
def test_the_cache_is_full_at_its_characteristic_time(items):
    """The hit ratios of all objects add up to the places, however steep or full."""
    assert LruCache(zipf(100_000, 1.2), items).hit_ratios.sum() == pytest.approx(items, rel=1e-12)


def test_a_simulated_cache_agrees_with_che():
    """Zipf 0.9 of 500 objects, 50 places, within a hundredth."""
    popularity = zipf(500, 0.9)
    assert LruCache(popularity, 50).hit_ratio == pytest.approx(
        simulated(popularity, [50], 100_000, 1), abs=0.01
    )


def test_layers_are_fed_with_misses():
    """levers.md L10: 100 before 1000 hit 0.441, simulated 0.437; ratios measured alone would say 0.525."""
    popularity = zipf(10_000, 0.8)
    both = layers(popularity, [100, 1000])
    combined = combined_hit_ratio([cache.hit_ratio for cache in both])
    assert combined == pytest.approx(0.441, abs=0.0005)
    assert combined == pytest.approx(simulated(popularity, [100, 1000], 200_000, 2), rel=0.03)
    alone = [LruCache(popularity, size).hit_ratio for size in (100, 1000)]
    assert combined_hit_ratio(alone) == pytest.approx(0.525, abs=0.0005)


def test_misses_are_less_skewed():
    """What is left behind a cache is shared out by p (1 - h)."""
    first = LruCache(zipf(1000, 1.0), 100)
    assert first.miss_popularity[0] < first.popularity[0]
    assert first.miss_popularity.sum() == pytest.approx(1)


@pytest.mark.parametrize("items", [1, 2, 4])
def test_all_orders_summed_one_by_one(items):
    """King's sum over the orders in which the objects of the cache were last asked for."""
    popularity, total = zipf(6, 1.1), 0.0
    for stack in itertools.permutations(range(6), items):
        chance, left = 1.0, 1.0
        for thing in stack:
            chance *= popularity[thing] / left
            left -= popularity[thing]
        total += chance * (1 - left)
    assert exact_lru_hit_ratio(popularity, items) == pytest.approx(total, rel=1e-12)


def test_objects_all_alike():
    """Then the hit ratio is the share of the objects that are held, also by Che."""
    assert exact_lru_hit_ratio(zipf(12, 0.0), 5) == pytest.approx(5 / 12, rel=1e-12)
    assert LruCache(zipf(1000, 0.0), 50).hit_ratio == pytest.approx(0.05, rel=1e-12)


def test_one_place_holds_the_last_object():
    """The hit ratio is then the chance of the same object twice, the sum of squares."""
    popularity = zipf(16, 0.8)
    assert exact_lru_hit_ratio(popularity, 1) == pytest.approx(float(popularity @ popularity), rel=1e-12)


@pytest.mark.parametrize("exponent", [0.5, 0.8, 1.0, 1.4])
@pytest.mark.parametrize("items", [3, 7, 12])
def test_che_comes_near_the_exact_ratio(exponent, items):
    """Already at 14 objects the difference is below 0.006."""
    popularity = zipf(14, exponent)
    exact = exact_lru_hit_ratio(popularity, items)
    assert LruCache(popularity, items).hit_ratio == pytest.approx(exact, abs=0.006)


def test_where_everything_fits_nothing_is_missed():
    """No object is ever dropped."""
    cache = LruCache(zipf(10, 0.8), 10)
    assert cache.hit_ratio == pytest.approx(1.0)
    assert cache.characteristic_time == math.inf
    assert exact_lru_hit_ratio(zipf(10, 0.8), 12) == 1


def test_time_to_live():
    """C3: 0.1 req/s and 60 s hit 6 of 7 times; arrays too."""
    assert ttl_hit_ratio(0.1, 60) == pytest.approx(6 / 7)
    assert ttl_hit_ratio(np.array([0.0, 1.0]), 1.0) == pytest.approx([0, 0.5])


def test_an_empty_cache():
    """C4: at 0.6 the load behind it is 2.5 times that of a warm one; it fills in the characteristic time."""
    assert cold_multiplier(0.6) == pytest.approx(2.5)
    cache = LruCache(zipf(10_000, 0.8), 1000)
    assert cache.warm_up_seconds(250) == pytest.approx(cache.characteristic_time / 250)


def test_a_quantile_moves_only_when_few_miss():
    """C5: at 60% hits the P99 is the miss's 73.8 ms; at 96% the P95 is a hit."""

    def hit(t):
        return float(t < 0.001)

    def miss(t):
        return math.exp(-t / 0.020)

    assert response_time_quantile(0.99, 0.6, hit, miss) == pytest.approx(0.0738, rel=0.001)
    assert response_time_quantile(0.95, 0.96, hit, miss) <= 0.001
    assert response_time_quantile(0.99, 0.0, hit, miss) == pytest.approx(0.020 * math.log(100))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: zipf(0, 0.8), "objects 0"),
        (lambda: zipf(10, -1), "exponent -1"),
        (lambda: LruCache(np.array([0.5, 0.0]), 1), "popularity 0 is not allowed"),
        (lambda: LruCache(np.ones((2, 2)), 1), r"shape \(2, 2\)"),
        (lambda: LruCache(zipf(10, 0.8), 0), "items 0"),
        (lambda: LruCache(zipf(10, 0.8), 10).miss_popularity, "holds all 10 objects"),
        (lambda: exact_lru_hit_ratio(zipf(17, 0.8), 3), "17 objects are more than the 16"),
        (lambda: ttl_hit_ratio(-1, 60), "request rate -1"),
        (lambda: cold_multiplier(1.0), "hit ratio 1 is not allowed"),
        (lambda: combined_hit_ratio([0.5, 1.5]), r"hit ratio 1\.5"),
        (lambda: response_time_quantile(1.0, 0.5, abs, abs), "quantile 1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        call()
