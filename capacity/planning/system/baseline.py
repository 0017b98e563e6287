"""The system as it is today, from the facts stated with the investments, the load test and the demand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from capacity.errors import DomainError
from capacity.estimate import Estimate, number
from capacity.models.scalability import Linear
from capacity.planning.demand.demand import Demand
from capacity.planning.fleet.scaling import Scaling, law_of
from capacity.planning.system.parts import (
    Calls,
    Changes,
    Connections,
    Failures,
    Incidents,
    Overload,
    Providers,
    Quantity,
    Station,
    Traffic,
)
from capacity.planning.system.stated import Given, facts_of, mean_of, sampled, three_of, written
from capacity.planning.system.system import System

__all__ = ["Given", "base_system", "database_problem", "facts_of", "mean_of", "sampled", "without_database"]

_LOADS = 200  # points of the exceedance curve taken from a demand
_DAYS_PER_YEAR = 365.25
_DATABASE = ("database_cores", "query_ms", "connect_ms")


def base_system(
    facts: Mapping[str, Given],
    *,
    instance_capacity: Estimate | None = None,
    instance_servers: float = 1.0,
    instances: int = 1,
    scaling: Scaling | None = None,
    demand: Demand | None = None,
    overload: Overload | None = None,
    limits: Mapping[str, float] | None = None,
    instance_per_month: float = 0.0,
    rng: np.random.Generator,
    worlds: int = 2000,
) -> System:
    """Build the system of today. A part whose facts are not all stated is absent.

    Parameters
    ----------
    facts : mapping of str to a number or three
        What is known about today, e.g. from `facts_of` the investments; names of `catalogue.FACTS`.
    instance_capacity : Estimate, optional
        What one instance carries, from the load test; a bound from below is used as the value. [req/s]
    instance_servers : float
        Requests one instance works on at the same time, as calibrated; matters for response times only. [servers]
    instances : int
        Instances running. [instances]
    scaling : Usl, Fit or AssumedScaling, optional
        Law across instances; linear when absent.
    demand : Demand, optional
        Tells how often demand exceeds a capacity, unless `overloads_per_year` is stated, and the mean rate, unless
        `request_rate` is.
    overload : Overload, optional
        How often demand exceeds each load, where that is known as a table; in place of the stated facts.
    limits : mapping of str to float, optional
        Rates at which something outside the service ends. [req/s]
    instance_per_month : float
        Price of an instance. [money per month]
    rng, worlds
        Random draws for facts given as ranges.

    Raises
    ------
    DomainError
        If the database of the facts would carry less than the test measured, or connections that suffice run out.
    """
    problem = database_problem(facts, instance_capacity)
    if problem:
        raise DomainError(problem)
    _refuse_exhaustion_of_enough(facts, instances)
    known = {name: sampled(given, rng, worlds) for name, given in facts.items()}
    service = _service(instance_capacity, instance_servers, rng, worlds)
    return System(
        stations=(*service, *_database(known)),
        instances=instances,
        scaling=Linear(1.0) if scaling is None else law_of(scaling),
        limits=dict(limits or {}),
        calls=_calls(known),
        changes=_changes(known),
        incidents=_incidents(known),
        silent=_silent(known),
        failures=_failures(known),
        overload=_overload(known, demand) if overload is None else overload,
        connections=_connections(known),
        providers=_providers(known),
        traffic=_traffic(known, demand),
        places_per_instance=known.get("places_per_instance"),
        startup_seconds=known.get("startup_seconds"),
        instance_per_month=instance_per_month,
    )


def database_problem(facts: Mapping[str, Given], instance_capacity: Estimate | None) -> str:
    """Why the database of the facts cannot be true beside the test; empty when it can."""
    if instance_capacity is None or not all(name in facts for name in _DATABASE[:2]):
        return ""
    likely = {name: mean_of(facts[name]) for name in _DATABASE if name in facts}
    carried = likely["database_cores"] / (likely["query_ms"] + likely.get("connect_ms", 0.0)) * 1000
    if carried >= instance_capacity.low:
        return ""
    values = ", ".join(f"{name} = {number(value)}" for name, value in likely.items())
    return (
        f"a database of {values} carries {number(carried)} req/s, less than the "
        f"{number(instance_capacity.low)} req/s measured through it; correct these figures"
    )


def _refuse_exhaustion_of_enough(facts: Mapping[str, Given], instances: int) -> None:
    names = ("max_connections", "connections_per_instance", "exhaustion_minutes")
    if not all(name in facts for name in names):
        return
    most = three_of(facts["connections_per_instance"])[2] * instances
    there = three_of(facts["max_connections"])[0] - three_of(facts.get("reserved_connections", 0.0))[2]
    if mean_of(facts["exhaustion_minutes"]) > 0 and most <= there:
        raise DomainError(
            f"exhaustion_minutes = {written(facts['exhaustion_minutes'])}, but {instances} instances opening at most "
            f"{number(most / instances)} connections each never ask for more than the {number(there)} there are; "
            "correct connections_per_instance or max_connections, or leave exhaustion_minutes out"
        )


def without_database(facts: Mapping[str, Given]) -> dict[str, Given]:
    """Return the facts that do not concern the database."""
    return {name: given for name, given in facts.items() if name not in _DATABASE}


def _service(
    capacity: Estimate | None, servers: float, rng: np.random.Generator, worlds: int
) -> tuple[Station, ...]:
    if capacity is None or not capacity.low > 0:
        return ()
    carried = np.maximum(capacity.sample(rng, worlds), 1e-9) if capacity.bounded else capacity.low
    return (Station("instance", servers=servers, work=servers / carried, scope="instance"),)


def _database(facts: Mapping[str, Quantity]) -> tuple[Station, ...]:
    if not _all(facts, "database_cores", "query_ms"):
        return ()
    connect_time = facts.get("connect_ms", 0.0) / 1000
    return (
        Station("database", facts["database_cores"], facts["query_ms"] / 1000, connect_time=connect_time),
    )


def _calls(facts: Mapping[str, Quantity]) -> tuple[Calls, ...]:
    if "retries_today" not in facts:
        return ()
    calls = Calls(
        retries=facts["retries_today"],
        failure_probability=facts.get("failure_probability", 0.0),
        persistent_share=facts.get("persistent_share", 0.0),
        share=facts.get("call_share", 1.0),
        layers=facts.get("retry_layers", 1.0),
        call_rate=facts.get("calls_per_second"),
        timeout=facts.get("call_timeout"),
    )
    return (calls,)


def _changes(facts: Mapping[str, Quantity]) -> Changes | None:
    names = ("deploys_per_year", "planned_minutes", "change_failure_rate", "restore_minutes")
    if not _all(facts, *names):
        return None
    deploys, planned, rate, restore = (facts[name] for name in names)
    unavailable = facts.get("unavailable_instances")
    return Changes(deploys, planned, rate, restore, unavailable_instances=unavailable)


def _incidents(facts: Mapping[str, Quantity]) -> Incidents | None:
    names = ("incidents_per_year", "detect_minutes", "triage_minutes", "diagnose_minutes", "fix_minutes")
    return Incidents(*(facts[name] for name in names)) if _all(facts, *names) else None


def _silent(facts: Mapping[str, Quantity]) -> Incidents | None:
    if not _all(facts, "silent_per_year", "silent_detect_minutes", "silent_fix_minutes", "silent_impact"):
        return None
    return Incidents(
        per_year=facts["silent_per_year"],
        detect_minutes=facts["silent_detect_minutes"],
        triage_minutes=0.0,
        diagnose_minutes=facts.get("silent_diagnose_minutes", 0.0),
        fix_minutes=facts["silent_fix_minutes"],
        impact=facts["silent_impact"],
    )


def _failures(facts: Mapping[str, Quantity]) -> Failures | None:
    if not _all(facts, "instance_mttf_hours", "instance_repair_minutes"):
        return None
    return Failures(
        facts["instance_mttf_hours"],
        facts["instance_repair_minutes"],
        facts.get("instance_common_cause", 0.0),
        round(float(np.mean(facts.get("instances_needed", 1.0)))),
    )


def _providers(facts: Mapping[str, Quantity]) -> tuple[Providers, ...]:
    names = ("provider_unavailability", "provider_impact", "provider_rate", "provider_outage_hours")
    if not _all(facts, *names):
        return ()
    down, impact, rate, hours = (facts[name] for name in names)
    return (Providers(down, impact, rate, hours),)


def _traffic(facts: Mapping[str, Quantity], demand: Demand | None) -> Traffic:
    rate = facts.get("request_rate")
    if rate is None and demand is not None and demand.history is not None:
        rate = float(demand.history.rates.mean())
    return Traffic(
        request_rate=rate,
        ramp_per_second=facts.get("ramp_per_second"),
        deadline=facts.get("deadline"),
        sockets=facts.get("sockets"),
    )


def _overload(facts: Mapping[str, Quantity], demand: Demand | None) -> Overload | None:
    if not _all(facts, "stuck_minutes", "contained_minutes"):
        return None
    minutes = facts["stuck_minutes"], facts["contained_minutes"]
    if "overloads_per_year" in facts:
        return Overload((0.0,), (facts["overloads_per_year"],), *minutes)
    if demand is None:
        return None
    share = np.linspace(0, 1, _LOADS)
    loads, first = np.unique(np.quantile(demand.paths, share), return_index=True)
    times = _DAYS_PER_YEAR * (1 - share[first])
    times[-1] = 0.0
    return Overload(tuple(loads.tolist()), tuple(times.tolist()), *minutes)


def _connections(facts: Mapping[str, Quantity]) -> Connections | None:
    if "max_connections" not in facts:
        return None
    available = facts["max_connections"] - facts.get("reserved_connections", 0.0)
    return Connections(available, facts.get("connections_per_instance"), facts.get("exhaustion_minutes"))


def _all(facts: Mapping[str, Quantity], *names: str) -> bool:
    return all(name in facts for name in names)
