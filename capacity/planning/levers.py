"""Investments as changes to one model of the service, each a function of the system.

No lever carries a benefit: it changes a `System`, and `evaluate` tells what that is worth, alone or with
others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from capacity.errors import NotIdentified
from capacity.models.overload.tails import any_exceeds
from capacity.planning.parts import Quantity, Station
from capacity.planning.system import System


def connection_pool(system: System, *, reuse: Quantity, pool_size: Quantity) -> System:
    """Reuse database connections from a pool per instance.

    Opening connections falls from `connect_time` to (1 − reuse) `connect_time` per request; an instance
    asks for at most `pool_size` connections, so they run out only if pool × versions side by side ×
    instances exceeds those available.

    Parameters
    ----------
    system : System
        With a station "database".
    reuse : float
        Requests that find an open connection. [fraction]
    pool_size : float
        Connections per instance. [connections]

    Raises
    ------
    NotIdentified
        If the system has no database station.

    References
    ----------
    .. [1] HikariCP wiki, About Pool Sizing.
    .. [2] Denning and Buzen, Computing Surveys 10, 1978 (utilization law).
    """
    pooled = system.with_station(replace(_database(system, "connection_pool"), reuse=reuse))
    if pooled.connections is None:
        return pooled
    return replace(pooled, connections=replace(pooled.connections, per_instance=pool_size))


def retries(
    system: System,
    *,
    retry_budget: Quantity,
    retries: Quantity | None = None,
    fallback_coverage: Quantity | None = None,
) -> System:
    """Repeat failed calls within a budget, so that they cannot multiply an overload.

    Worst amplification is 1 + budget instead of 1 + retries; what still fails is p (s + (1 − s) pʳ).

    Parameters
    ----------
    system : System
        With calls to a dependency.
    retry_budget : float
        Repetitions as a share of first attempts at which they stop. [fraction]
    retries : float, optional
        Repetitions per failed call from now on. [retries]
    fallback_coverage : float, optional
        Failed calls answered in another way. [fraction]

    Raises
    ------
    NotIdentified
        If the system says nothing about its calls.

    References
    ----------
    .. [1] Google, Site Reliability Engineering, 2016, ch. 21-22.
    .. [2] Bronson et al., Metastable failures in distributed systems, HotOS 2021.
    """
    if system.calls is None:
        raise NotIdentified("lever 'retries' needs the calls of today; state retries_today")
    changed = {"retry_budget": retry_budget, "retries": retries, "fallback_coverage": fallback_coverage}
    given = {name: value for name, value in changed.items() if value is not None}
    return replace(system, calls=replace(system.calls, **given))


def rate_limit(system: System, *, limit_share: Quantity) -> System:
    """Limit admission globally, so that an overload is refused fast and ends with its cause.

    Capacity becomes min(1, share) of what it was; overload is contained when the share is not above 1.
    Limits per user alone protect nothing: their sum is usually far above the capacity.

    Parameters
    ----------
    system : System
        With overload figures for the effect on downtime.
    limit_share : float
        Global limit as a share of capacity. [fraction]

    Raises
    ------
    NotIdentified
        If the system does not say how often it is overloaded.

    References
    ----------
    .. [1] Google, Site Reliability Workbook, 2018, ch. 11 (managing load).
    """
    if system.overload is None:
        raise NotIdentified(
            "lever 'rate_limit' needs how often demand exceeds capacity; state overloads_per_year with "
            "stuck_minutes and contained_minutes, or give a traffic history"
        )
    return replace(system, limit_share=limit_share)


def blue_green(
    system: System,
    *,
    planned_minutes_after: Quantity,
    restore_minutes_after: Quantity,
    blast_fraction: Quantity = 1.0,
    overlap_hours: Quantity = 0.0,
) -> System:
    """Deploy beside the running version and switch, or switch back.

    Down N (planned + failure_rate restore blast) minutes a year, with the new minutes; two versions side by
    side ask for twice the connections and, during the overlap, twice the instances.

    Parameters
    ----------
    system : System
        With its change process.
    planned_minutes_after, restore_minutes_after : float
        Down in each deployment, and from a bad one until it is undone. [min]
    blast_fraction : float
        Users a bad change reaches. [fraction]
    overlap_hours : float
        Both versions run, per deployment. [h]

    Raises
    ------
    NotIdentified
        If the system says nothing about its deployments.

    References
    ----------
    .. [1] Google, Site Reliability Engineering, 2016, ch. 8; Humble and Farley, Continuous Delivery, 2010,
       ch. 10.
    """
    if system.changes is None:
        raise NotIdentified(
            "lever 'blue_green' needs the change process of today; state deploys_per_year and its minutes"
        )
    changes = replace(
        system.changes,
        planned_minutes=planned_minutes_after,
        restore_minutes=restore_minutes_after,
        blast_fraction=blast_fraction,
        overlap_hours=overlap_hours,
    )
    twice = None if system.connections is None else replace(system.connections, environments=2)
    return replace(system, changes=changes, connections=twice)


def apm(system: System, *, detect_factor: Quantity, diagnose_factor: Quantity, cpu_share: Quantity) -> System:
    """Monitor the application, so that incidents are noticed and understood sooner.

    Detection and diagnosis take their factor of the minutes; the agent takes `cpu_share` of each instance.

    Parameters
    ----------
    system : System
        With its incidents.
    detect_factor, diagnose_factor : float
        Minutes that remain. [fraction]
    cpu_share : float
        Processor time the agent takes; measure it with your own test. [fraction]

    Raises
    ------
    NotIdentified
        If the system says nothing about its incidents.

    References
    ----------
    .. [1] Google, Site Reliability Workbook, 2018, ch. 5 (alerting) and the MTTR components named there.
    """
    return _watched(system, "apm", detect_factor, diagnose_factor, cpu_share)


def tracing(
    system: System,
    *,
    diagnose_factor: Quantity,
    sampling: Quantity,
    failing_requests: Quantity,
    cpu_share: Quantity,
) -> System:
    """Follow requests across services, so that diagnosis of a traced incident takes less time.

    An incident with k failing requests leaves a trace with probability 1 − (1 − sampling)ᵏ; only then the
    factor applies.

    Parameters
    ----------
    system : System
        With its incidents.
    diagnose_factor : float
        Minutes of diagnosis that remain when there is a trace. [fraction]
    sampling : float
        Requests traced. [fraction]
    failing_requests : float
        Failing requests in a typical incident. [requests]
    cpu_share : float
        Processor time tracing takes. [fraction]

    Raises
    ------
    NotIdentified
        If the system says nothing about its incidents.

    References
    ----------
    .. [1] Sigelman et al., Dapper, Google, 2010. [2] Dean and Barroso, The tail at scale, CACM 56, 2013.
    """
    caught = trace_probability(sampling, failing_requests)
    return _watched(system, "tracing", 1.0, 1 - caught * (1 - diagnose_factor), cpu_share)


def trace_probability(sampling: Quantity, failing_requests: Quantity) -> Quantity:
    """Chance that at least one of the failing requests was traced, 1 − (1 − s)ᵏ. [fraction]

    Examples
    --------
    >>> round(trace_probability(0.10, 20), 4)
    0.8784
    """
    return any_exceeds(sampling, failing_requests)


def caching(system: System, *, hit_ratio: Quantity) -> System:
    """Answer requests from a cache before they reach the database.

    Its demand falls to (1 − hit ratio); while the cache is cold it is 1/(1 − hit ratio) times that.

    Parameters
    ----------
    system : System
        With a station "database".
    hit_ratio : float
        Requests answered without the database, all layers together; hit ratios of layers do not multiply.
        [fraction]

    Raises
    ------
    NotIdentified
        If the system has no database station.

    References
    ----------
    .. [1] Che, Tung and Wang, Hierarchical Web caching systems, IEEE JSAC 20, 2002.
    """
    return system.with_station(replace(_database(system, "caching"), hit_ratio=hit_ratio))


def horizontal_scaling(system: System, *, instances: Quantity) -> System:
    """Run more instances behind a balancer.

    Stations that every instance has grow with the scaling law; shared ones stay, and so does the number of
    connections.

    Parameters
    ----------
    system : System
        Of any kind.
    instances : float
        Instances from now on; of a range the mean, rounded. [instances]

    References
    ----------
    .. [1] Gunther, Guerrilla Capacity Planning, Springer, 2007 (universal scalability law).
    """
    return replace(system, instances=round(float(np.mean(instances))))


def _database(system: System, lever: str) -> Station:
    database = system.station("database")
    if database is None:
        raise NotIdentified(f"lever '{lever}' needs the database of today; state database_cores and query_ms")
    return database


def _watched(
    system: System, lever: str, detect_factor: Quantity, diagnose_factor: Quantity, cpu_share: Quantity
) -> System:
    incidents = system.incidents
    if incidents is None:
        raise NotIdentified(
            f"lever '{lever}' needs the incidents of today; state incidents_per_year and their minutes"
        )
    watched = replace(
        incidents,
        detect_minutes=incidents.detect_minutes * detect_factor,
        diagnose_minutes=incidents.diagnose_minutes * diagnose_factor,
    )
    stations = tuple(
        replace(station, agent_share=1 - (1 - station.agent_share) * (1 - cpu_share))
        if station.scope == "instance"
        else station
        for station in system.stations
    )
    return replace(system, incidents=watched, stations=stations)
