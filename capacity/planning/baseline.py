"""The system as it is today, from the facts stated with the investments, the load test and the demand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import DomainError, UsageError
from capacity.estimate import Estimate, number
from capacity.models.finance import pert_mean, pert_sample
from capacity.models.fits.fitting import Fit
from capacity.models.scalability import Linear, Usl
from capacity.planning.catalogue import FACTS, LEVERS, Parameter
from capacity.planning.demand import Demand
from capacity.planning.scaling import law_of
from capacity.planning.parts import Calls, Changes, Connections, Incidents, Overload, Quantity, Station
from capacity.planning.system import System

if TYPE_CHECKING:
    from capacity.plan import Investment

Given = float | Sequence[float]  # a number, or low, likely, high

_LOADS = 200  # points of the exceedance curve taken from a demand
_DAYS_PER_YEAR = 365.25
_DATABASE = ("database_cores", "query_ms", "connect_ms")


def facts_of(investments: Iterable[Investment]) -> dict[str, Given]:
    """Collect what the investments say about today; each fact holds for all of them.

    Raises
    ------
    UsageError
        If a lever does not have a parameter given, a value is outside its range, or two investments disagree.
    """
    facts: dict[str, Given] = {}
    for investment in investments:
        for name, value in investment.parameters.items():
            parameter = _parameter(investment.lever, name)
            if parameter is None:
                continue
            _check(investment.lever, parameter, value)
            if name in FACTS and name in facts and _three(facts[name]) != _three(value):
                raise UsageError(
                    f"investment {investment.lever!r}: {name} = {_written(value)} contradicts {name} = "
                    f"{_written(facts[name])} given with another investment; it describes today, so give it once"
                )
            if name in FACTS:
                facts[name] = value
    return facts


def sampled(given: Given, rng: np.random.Generator, worlds: int) -> Quantity:
    """Return a number as it is, and a range of three drawn from its PERT distribution in each world."""
    low, likely, high = _three(given)
    return low if low == high else pert_sample(rng, low, likely, high, worlds)


def mean_of(given: Given) -> float:
    """Mean of a number or of a range of three."""
    return pert_mean(*_three(given))


def base_system(
    facts: Mapping[str, Given],
    *,
    instance_capacity: Estimate | None = None,
    instances: int = 1,
    scaling: Usl | Fit | None = None,
    demand: Demand | None = None,
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
    instances : int
        Instances running. [instances]
    scaling : Usl or Fit, optional
        Law across instances; linear when absent.
    demand : Demand, optional
        Tells how often demand exceeds a capacity, unless `overloads_per_year` is stated.
    instance_per_month : float
        Price of an instance. [money per month]
    rng, worlds
        Random draws for facts given as ranges.

    Raises
    ------
    DomainError
        If the database of the facts would carry less than the test measured.
    """
    problem = database_problem(facts, instance_capacity)
    if problem:
        raise DomainError(problem)
    known = {name: sampled(given, rng, worlds) for name, given in facts.items()}
    database = _database(known)
    stations = (*_service(instance_capacity, rng, worlds), *((database,) if database is not None else ()))
    return System(
        stations=stations,
        instances=instances,
        scaling=Linear(1.0) if scaling is None else law_of(scaling),
        calls=_calls(known),
        changes=_changes(known),
        incidents=_incidents(known),
        overload=_overload(known, demand),
        connections=_connections(known),
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


def without_database(facts: Mapping[str, Given]) -> dict[str, Given]:
    """Return the facts that do not concern the database."""
    return {name: given for name, given in facts.items() if name not in _DATABASE}


def _parameter(lever: str, name: str) -> Parameter | None:
    """Find a parameter by its name; a lever without a model may have any."""
    from capacity.fields import did_you_mean

    known = LEVERS.get(lever)
    if known is None:
        return FACTS.get(name)
    own = {parameter.name: parameter for parameter in (*known.parameters, *known.facts)}
    allowed = {**FACTS, **own}
    if name not in allowed:
        raise UsageError(
            f"investment {lever!r}: unknown parameter {name!r}; allowed: "
            f"{', '.join(own)}{did_you_mean(name, allowed)}"
        )
    return allowed[name]


def _check(lever: str, parameter: Parameter, given: Given) -> None:
    low, likely, high = _three(given)
    if not (parameter.low <= low <= likely <= high <= parameter.high and math.isfinite(high)):
        bound = (
            f"{parameter.low:g} to {parameter.high:g}"
            if math.isfinite(parameter.high)
            else f"{parameter.low:g} or more"
        )
        raise UsageError(
            f"investment {lever!r}: {parameter.name} = {_written(given)}; allowed: {bound} [{parameter.unit}], "
            "a number or low <= likely <= high"
        )


def _three(given: Given) -> tuple[float, float, float]:
    if isinstance(given, (int, float)):
        return float(given), float(given), float(given)
    low, likely, high = given
    return float(low), float(likely), float(high)


def _written(given: Given) -> str:
    if isinstance(given, (int, float)):
        return f"{given:g}"
    return f"[{', '.join(f'{value:g}' for value in given)}]"


def _service(capacity: Estimate | None, rng: np.random.Generator, worlds: int) -> tuple[Station, ...]:
    if capacity is None or not capacity.low > 0:
        return ()
    carried = np.maximum(capacity.sample(rng, worlds), 1e-9) if capacity.bounded else capacity.low
    return (Station("instance", servers=1.0, work=1 / carried, scope="instance"),)


def _database(facts: Mapping[str, Quantity]) -> Station | None:
    if not _all(facts, "database_cores", "query_ms"):
        return None
    return Station(
        "database",
        servers=facts["database_cores"],
        work=facts["query_ms"] / 1000,
        connect_time=facts.get("connect_ms", 0.0) / 1000,
    )


def _calls(facts: Mapping[str, Quantity]) -> Calls | None:
    if "retries_today" not in facts:
        return None
    return Calls(
        retries=facts["retries_today"],
        failure_probability=facts.get("failure_probability", 0.0),
        persistent_share=facts.get("persistent_share", 0.0),
    )


def _changes(facts: Mapping[str, Quantity]) -> Changes | None:
    names = ("deploys_per_year", "planned_minutes", "change_failure_rate", "restore_minutes")
    return Changes(*(facts[name] for name in names)) if _all(facts, *names) else None


def _incidents(facts: Mapping[str, Quantity]) -> Incidents | None:
    names = ("incidents_per_year", "detect_minutes", "triage_minutes", "diagnose_minutes", "fix_minutes")
    return Incidents(*(facts[name] for name in names)) if _all(facts, *names) else None


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
    if not _all(facts, "max_connections", "connections_per_instance", "exhaustion_minutes"):
        return None
    available = facts["max_connections"] - facts.get("reserved_connections", 0.0)
    return Connections(available, facts["connections_per_instance"], facts["exhaustion_minutes"])


def _all(facts: Mapping[str, Quantity], *names: str) -> bool:
    return all(name in facts for name in names)
