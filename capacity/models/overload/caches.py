"""How much a cache answers, what it leaves to what lies behind, and what its loss does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import time_when
from capacity.models.domain import Numbers, plain, within
from capacity.shown import Shown

_MOST_EXACT = 16  # objects up to which all subsets are gone through


def zipf(objects: int, exponent: float) -> np.ndarray:
    """Popularity of objects by rank, in proportion to rank^-exponent [fraction].

    Parameters
    ----------
    objects : int
        [objects]
    exponent : float
        0 for objects all alike; about 0.6 to 1 for what people ask of the Web. [1]

    Raises
    ------
    DomainError
        If there is no object or the exponent is negative.

    Examples
    --------
    >>> zipf(3, exponent=1.0).round(3).tolist()
    [0.545, 0.273, 0.182]
    """
    domain.count(objects=objects)
    domain.not_negative(exponent=exponent)
    weights = np.arange(1, objects + 1, dtype=float) ** -exponent
    return weights / weights.sum()


@dataclass(frozen=True, eq=False)
class LruCache(Shown):
    """A cache that drops what was asked for least recently, by the approximation of Che; requests are independent.

    The characteristic time t solves Σ (1 - exp(-pᵢ t)) = items; an object is found with 1 - exp(-pᵢ t). From three
    places on the hit ratio errs by less than 0.006 (against `exact_lru_hit_ratio`, exponents 0.5 to 1.4), and less the
    more there are.

    Parameters
    ----------
    popularity : ndarray
        Chance of each object to be asked for; scaled to a sum of 1. [fraction]
    items : int
        Objects it holds. [objects]

    Raises
    ------
    DomainError
        If a popularity is not above 0 or the cache holds nothing.

    References
    ----------
    .. [1] Che, Tung and Wang, Hierarchical Web caching systems, IEEE JSAC 20(7), 2002, eq. 4-5.
    .. [2] Fricker, Robert and Roberts, A versatile and accurate approximation for LRU cache performance, ITC 24, 2012.

    Examples
    --------
    >>> cache = LruCache(zipf(10_000, exponent=0.8), items=1000)
    >>> round(cache.hit_ratio, 4), round(cold_multiplier(cache.hit_ratio), 2)
    (0.4367, 1.78)
    """

    method = "Che's approximation"

    popularity: np.ndarray
    items: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "popularity", _scaled(self.popularity))
        domain.count(items=self.items)

    @cached_property
    def characteristic_time(self) -> float:
        """Requests until an object not asked for again is dropped; ``inf`` where all objects fit [requests]."""
        if self.items >= self.popularity.size:
            return math.inf
        time = float(self.items)
        while True:
            absent = np.exp(-self.popularity * time)
            missing = self.items - float(-np.expm1(-self.popularity * time).sum())
            step = missing / float(self.popularity @ absent)
            time += step
            if step <= 1e-14 * time:
                return time

    @property
    def hit_ratios(self) -> np.ndarray:
        """Share of the requests for each object that find it [fraction]."""
        if math.isinf(self.characteristic_time):
            return np.ones(self.popularity.size)
        return -np.expm1(-self.popularity * self.characteristic_time)

    @property
    def hit_ratio(self) -> float:
        """Share of all requests that find their object [fraction]."""
        if math.isinf(self.characteristic_time):
            return 1.0
        return float(self.popularity @ self.hit_ratios)

    @property
    def miss_popularity(self) -> np.ndarray:
        """Popularity of each object among the requests left to the layer behind [fraction].

        Raises
        ------
        DomainError
            If nothing is left.
        """
        left = self.popularity * (1 - self.hit_ratios)
        if not left.sum() > 0:
            raise DomainError(
                f"a cache of {self.items} holds all {left.size} objects; nothing is left behind it"
            )
        return left / left.sum()

    def warm_up_seconds(self, request_rate: float) -> float:
        """Time an empty cache takes to fill, about the characteristic time [s]."""
        domain.positive(request_rate=request_rate)
        return self.characteristic_time / request_rate


def layers(popularity: np.ndarray, sizes: Sequence[int]) -> tuple[LruCache, ...]:
    """Caches one behind the other, each fed with the requests that the one before it misses.

    Parameters
    ----------
    popularity : ndarray
        As seen by the first. [fraction]
    sizes : sequence of int
        Objects each holds, the first first. [objects]

    Examples
    --------
    >>> both = layers(zipf(10_000, exponent=0.8), sizes=[100, 1000])
    >>> round(combined_hit_ratio([cache.hit_ratio for cache in both]), 3)
    0.441
    """
    found: list[LruCache] = []
    for size in sizes:
        found.append(LruCache(found[-1].miss_popularity if found else popularity, size))
    return tuple(found)


def combined_hit_ratio(hit_ratios: Sequence[float]) -> float:
    """Share of requests answered by any of several layers: 1 - Π (1 - hᵢ) [fraction].

    Each ratio is of the requests that reach its layer. Ratios of caches measured alone do not combine: what the first
    layer leaves is harder to hold.

    Examples
    --------
    >>> combined_hit_ratio([0.5, 0.5])
    0.75
    """
    within(0, 1, hit_ratio=np.array(hit_ratios))
    return 1 - math.prod(1 - ratio for ratio in hit_ratios)


def exact_lru_hit_ratio(popularity: np.ndarray, items: int) -> float:
    """Hit ratio of a small least-recently-used cache, without approximation [fraction].

    The chance F(S) that the cache holds S follows from that of one object fewer: F(S) = Σ F(S - i) pᵢ / (1 - p(S - i)).

    Parameters
    ----------
    popularity : ndarray
        Of at most 16 objects. [fraction]
    items : int
        Objects it holds. [objects]

    Raises
    ------
    DomainError
        If there are more objects: take `LruCache`.

    References
    ----------
    .. [1] King, Analysis of demand paging algorithms, IFIP Congress 1971.

    Examples
    --------
    >>> round(exact_lru_hit_ratio(zipf(6, exponent=0.8), items=3), 6)
    0.591639
    """
    chances = _scaled(popularity)
    domain.count(items=items)
    if chances.size > _MOST_EXACT:
        raise DomainError(
            f"{chances.size} objects are more than the {_MOST_EXACT} this is exact for; take LruCache"
        )
    if items >= chances.size:
        return 1.0
    sets = np.arange(2**chances.size)
    holds = (sets[:, None] >> np.arange(chances.size)) & 1
    missing, size = (1 - holds) @ chances, holds.sum(axis=1)
    held = (sets == 0).astype(float)
    for number in range(items):
        smaller = sets[size == number]
        for place, chance in enumerate(chances):
            without = smaller[holds[smaller, place] == 0]
            held[without | (1 << place)] += held[without] * chance / missing[without]
    full = size == items
    return float(held[full] @ (holds[full] @ chances))


def ttl_hit_ratio(request_rate: Numbers, time_to_live: Numbers) -> Numbers:
    """Hit ratio of an object kept for a fixed time after it was fetched: λ T / (1 + λ T) [fraction].

    Parameters
    ----------
    request_rate : float or ndarray
        Poisson requests for this object. [req/s]
    time_to_live : float or ndarray
        [s]

    Raises
    ------
    DomainError
        If a value is negative.

    Examples
    --------
    >>> round(ttl_hit_ratio(request_rate=0.1, time_to_live=60), 4)
    0.8571
    """
    within(0, math.inf, request_rate=request_rate, time_to_live=time_to_live)
    asked = np.asarray(request_rate, dtype=float) * time_to_live
    return plain(asked / (1 + asked))


def cold_multiplier(hit_ratio: Numbers) -> Numbers:
    """Load behind a cache while it is empty, relative to while it is warm: 1 / (1 - h) [1].

    Raises
    ------
    DomainError
        If the hit ratio is outside 0..1; at 1 there is no load to compare with.

    Examples
    --------
    >>> cold_multiplier(0.6)
    2.5
    """
    within(0, math.nextafter(1.0, 0.0), hit_ratio=hit_ratio)
    return plain(1 / (1 - np.asarray(hit_ratio, dtype=float)))


def response_time_quantile(
    q: float, hit_ratio: float, hit: Callable[[float], float], miss: Callable[[float], float]
) -> float:
    """Response time not exceeded by the share q of hits and misses together [s].

    Parameters
    ----------
    q : float
        [fraction]
    hit_ratio : float
        [fraction]
    hit, miss : callable
        P(time > t) of hits and of misses, e.g. `station.response_time_survival`. [s] -> [fraction]

    Examples
    --------
    >>> at_once, slow = lambda t: 0.0, lambda t: math.exp(-t / 0.020)
    >>> round(1000 * response_time_quantile(0.99, 0.6, hit=at_once, miss=slow), 1)
    73.8
    """
    domain.fraction(quantile=q)
    within(0, 1, hit_ratio=hit_ratio)
    return time_when(lambda t: hit_ratio * hit(t) + (1 - hit_ratio) * miss(t), 1 - q, 0.0, 1e-3)


def _scaled(popularity: np.ndarray) -> np.ndarray:
    given = np.asarray(popularity, dtype=float)
    wrong = given[~((given > 0) & np.isfinite(given))]
    if given.ndim != 1 or not given.size or wrong.size:
        came = f"popularity {wrong[0]:g}" if wrong.size else f"a popularity of shape {given.shape}"
        raise DomainError(f"{came} is not allowed; give a list of numbers above 0, one for each object")
    return given / given.sum()
