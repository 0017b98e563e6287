"""What spares the database: connections that stay open, caches in front of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.models.overload.caches import LruCache, combined_hit_ratio, layers, ttl_hit_ratio, zipf
from capacity.planning.system.parts import Quantity, Station
from capacity.planning.system.system import System


def connection_pool(
    system: System, *, reuse: Quantity, pool_size: Quantity, hold_ms: Quantity | None = None
) -> System:
    """Reuse database connections from a pool per instance.

    Opening connections falls from `connect_time` to (1 − reuse) `connect_time` per request; an instance
    asks for at most `pool_size` connections, so they run out only if pool × versions side by side ×
    instances exceeds those available. With the time a request holds one, the pool is a station of its own
    (M/M/c): requests wait for it, and one too small is the bottleneck.

    Parameters
    ----------
    system : System
        With a station "database".
    reuse : float
        Requests that find an open connection. [fraction]
    pool_size : float
        Connections per instance. [connections]
    hold_ms : float, optional
        Time a request holds its connection. [ms]

    Raises
    ------
    NotIdentified
        If the system has no database station.

    References
    ----------
    .. [1] HikariCP wiki, About Pool Sizing.
    .. [2] Denning and Buzen, Computing Surveys 10, 1978 (utilization law).

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> database = parts.Station("database", servers=32, work=0.012, connect_time=0.010)  # [servers], [s], [s]
    >>> today = cap.System(stations=(database,))
    >>> then = cap.levers.connection_pool(today, reuse=0.98, pool_size=12)  # [fraction], [connections]
    >>> [round(float(cap.evaluate(system).capacity)) for system in (today, then)]  # [req/s]
    [1455, 2623]
    """
    database = _database(system, "connection_pool")
    pooled = system.with_station(replace(database, reuse=reuse))
    if hold_ms is not None:
        pool = Station("pool", pool_size, hold_ms / 1000, "instance", hit_ratio=database.hit_ratio, held=True)
        pooled = replace(pooled, stations=(pool, *pooled.stations))
    if pooled.connections is None:
        return pooled
    return replace(pooled, connections=replace(pooled.connections, per_instance=pool_size))


def caching(
    system: System,
    *,
    hit_ratio: Quantity | None = None,
    front_hit_ratio: Quantity | None = None,
    local_share: Quantity = 1.0,
    objects: Quantity | None = None,
    zipf_exponent: Quantity | None = None,
    cached_objects: Quantity | None = None,
    cached_behind: Quantity | None = None,
    time_to_live: Quantity | None = None,
) -> System:
    """Answer requests from caches before they reach the database.

    Its demand falls to (1 − hit ratio); while the caches are cold it is 1/(1 − hit ratio) times that. Without a
    hit ratio it follows from popularity and size: by Che's approximation for one cache, the second fed with what
    the first misses, or Σ pᵢ λᵢT/(1 + λᵢT) for answers kept for a time T. Hit ratios of layers measured alone do
    not multiply.

    Parameters
    ----------
    system : System
        With a station "database".
    hit_ratio : float, optional
        Requests answered without the database, all layers together. [fraction]
    front_hit_ratio : float, optional
        Of all requests, those answered before they reach an instance. [fraction]
    local_share : float
        Of the hits, those of caches that a new instance starts without. [fraction]
    objects, zipf_exponent : float, optional
        Objects asked for, and how unequally; of a range the mean. [objects], [1]
    cached_objects, cached_behind : float, optional
        Objects the first cache holds, and the one behind it; of a range the mean. [objects]
    time_to_live : float, optional
        Time an answer is kept, in place of a size; of a range the mean. [s]

    Raises
    ------
    NotIdentified
        If the system has no database station, or neither a hit ratio nor what it follows from is given.
    DomainError
        If more is answered before an instance than before the database, or both size and time are given.

    References
    ----------
    .. [1] Che, Tung and Wang, Hierarchical Web caching systems, IEEE JSAC 20, 2002.
    .. [2] Fricker, Robert and Roberts, A versatile and accurate approximation for LRU cache performance, ITC 24, 2012.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> database = parts.Station("database", servers=32, work=0.012, connect_time=0.010)  # [servers], [s], [s]
    >>> today = cap.System(stations=(database,))
    >>> then = cap.evaluate(cap.levers.caching(today, hit_ratio=0.7))
    >>> round(float(then.capacity)), round(float(then.cold_capacity))  # warm and cold [req/s]
    (4848, 1455)
    """
    database = _database(system, "caching")
    if hit_ratio is None:
        hit_ratio = _hit_ratio(system, objects, zipf_exponent, cached_objects, cached_behind, time_to_live)
    front = 0.0 if front_hit_ratio is None else front_hit_ratio
    if np.any(np.asarray(front) > hit_ratio):
        raise DomainError(
            f"caching: front_hit_ratio = {np.max(front):.3g} above the hit ratio of {np.min(hit_ratio):.3g}; what "
            "never reaches an instance never reaches the database, so give at most that"
        )
    behind = {database.name: hit_ratio, "pool": hit_ratio}
    before = {station.name: front for station in system.stations if station.scope == "instance"}
    ratios = behind if front_hit_ratio is None else before | behind
    stations = tuple(
        replace(station, hit_ratio=ratios[station.name], local_share=local_share)
        if station.name in ratios
        else station
        for station in system.stations
    )
    return replace(system, stations=stations)


def _hit_ratio(
    system: System,
    objects: Quantity | None,
    exponent: Quantity | None,
    first: Quantity | None,
    second: Quantity | None,
    time_to_live: Quantity | None,
) -> float:
    if objects is None or exponent is None or (first is None and time_to_live is None):
        raise NotIdentified(
            "needs hit_ratio [fraction] (requests answered without the database), or objects [objects], zipf_exponent "
            "[1] and cached_objects [objects] or time_to_live [s]"
        )
    popularity = zipf(round(float(np.mean(objects))), float(np.mean(exponent)))
    if time_to_live is None:
        assert first is not None  # noqa: S101 - for the type checker
        sizes = [round(float(np.mean(size))) for size in (first, second) if size is not None]
        return combined_hit_ratio([cache.hit_ratio for cache in _caches(popularity, sizes)])
    if first is not None or system.traffic.request_rate is None:
        raise NotIdentified(
            "caching by time_to_live needs request_rate [req/s], and no cached_objects beside it: what both together "
            "hold is not known; give hit_ratio"
        )
    rate = float(np.mean(system.traffic.request_rate))
    return float(popularity @ ttl_hit_ratio(popularity * rate, float(np.mean(time_to_live))))


def _caches(popularity: np.ndarray, sizes: list[int]) -> tuple[LruCache, ...]:
    """Layers, up to the first that holds everything."""
    if sizes[0] >= popularity.size:
        return (LruCache(popularity, sizes[0]),)
    return layers(popularity, sizes)


def _database(system: System, lever: str) -> Station:
    database = system.station("database")
    if database is None:
        raise NotIdentified(f"lever '{lever}' needs the database of today; state database_cores and query_ms")
    return database
