"""The levers a plan file may name: what each needs to know, what it changes, what harm it does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from capacity.planning import levers
from capacity.planning.system import System


@dataclass(frozen=True)
class Parameter:
    """A number an investment is described by.

    Parameters
    ----------
    name : str
        Its key in the plan file.
    unit : str
        Its unit there.
    meaning : str
        What it is, in a few words.
    required : bool
        Whether the lever can be evaluated without it; what is optional claims no effect when absent.
    low, high : float
        Smallest and largest value allowed.
    """

    name: str
    unit: str
    meaning: str
    required: bool = True
    low: float = 0.0
    high: float = math.inf

    def __str__(self) -> str:
        return f"{self.name} [{self.unit}] ({self.meaning})"


@dataclass(frozen=True)
class Lever:
    """An investment the planner can evaluate.

    Parameters
    ----------
    name : str
        Its name in the plan file.
    apply : callable
        ``apply(system, **parameters) -> System``.
    facts : tuple of Parameter
        About the system today; stated once, they hold for every investment.
    parameters : tuple of Parameter
        What the work changes.
    harm : str
        What it costs besides money.
    requires : tuple of str
        Levers to be finished before.
    """

    name: str
    apply: Callable[..., System]
    facts: tuple[Parameter, ...]
    parameters: tuple[Parameter, ...]
    harm: str
    requires: tuple[str, ...] = ()

    def missing(
        self, facts: Mapping[str, object] | None, parameters: Mapping[str, object]
    ) -> list[Parameter]:
        """Return the required parameters that were not given; without `facts` only those of the work."""
        wanted = () if facts is None else self.facts
        needed = [fact for fact in wanted if fact.required and fact.name not in (facts or {})]
        return needed + [item for item in self.parameters if item.required and item.name not in parameters]


def _share(name: str, meaning: str, required: bool = True) -> Parameter:
    return Parameter(name, "fraction", meaning, required, 0.0, 1.0)


_DATABASE = (
    Parameter("database_cores", "cores", "processors of the database", low=0.01),
    Parameter("query_ms", "ms", "database processor time per request in queries", low=1e-6),
)
_CONNECTIONS = (
    Parameter("max_connections", "connections", "the database accepts", False, 1),
    Parameter("reserved_connections", "connections", "of these kept for administration", False),
    Parameter("connections_per_instance", "connections", "most that an instance opens today", False, 1),
    Parameter("exhaustion_minutes", "min/y", "lost today to running out of connections", False),
)
_OVERLOAD = (
    Parameter("overloads_per_year", "1/y", "times demand exceeds the capacity", False),
    Parameter("stuck_minutes", "min", "down each time as long as nothing ends it", False),
    Parameter("contained_minutes", "min", "down each time when it is shed", False),
)
_CHANGES = (
    Parameter("deploys_per_year", "1/y", "deployments"),
    Parameter("planned_minutes", "min", "down in each deployment"),
    _share("change_failure_rate", "deployments that are bad"),
    Parameter("restore_minutes", "min", "from a bad deployment until it is noticed and undone"),
)
_INCIDENTS = (
    Parameter("incidents_per_year", "1/y", "incidents other than deployments and overload"),
    Parameter("detect_minutes", "min", "until somebody notices"),
    Parameter("triage_minutes", "min", "until the right person looks"),
    Parameter("diagnose_minutes", "min", "until the cause is known"),
    Parameter("fix_minutes", "min", "until it is mended"),
)
_CALLS = (
    Parameter("retries_today", "retries", "per failed call, today"),
    _share("failure_probability", "calls to the dependency that fail", False),
    _share("persistent_share", "failures a repetition cannot cure", False),
)
_CONNECT = Parameter("connect_ms", "ms", "database processor time to open a connection")

LEVERS: dict[str, Lever] = {
    lever.name: lever
    for lever in (
        Lever(
            "connection_pool",
            levers.connection_pool,
            (*_DATABASE, _CONNECT, *_CONNECTIONS),
            (
                _share("reuse", "requests that find an open connection"),
                Parameter("pool_size", "connections", "per instance", low=1),
            ),
            "A pool too small becomes the bottleneck; the budget halves while two versions run side by side.",
        ),
        Lever(
            "retries",
            levers.retries,
            (*_CALLS, *_OVERLOAD),
            (
                Parameter(
                    "retry_budget", "fraction", "repetitions as a share of first attempts at which they stop"
                ),
                Parameter("retries", "retries", "per failed call from now on", False),
                _share("fallback_coverage", "failed calls answered in another way", False),
            ),
            "Repeats what is not safe to repeat; multiplies with repetitions in libraries; a breaker turns "
            "partial failure into total.",
        ),
        Lever(
            "rate_limit",
            levers.rate_limit,
            tuple(replace(fact, required=fact.name != "overloads_per_year") for fact in _OVERLOAD),
            (Parameter("limit_share", "fraction", "global limit as a share of capacity", low=0.01),),
            "Refuses good requests when the limit is below the capacity; must follow the capacity when "
            "that changes.",
        ),
        Lever(
            "blue_green",
            levers.blue_green,
            _CHANGES,
            (
                Parameter("planned_minutes_after", "min", "down in each deployment afterwards"),
                Parameter(
                    "restore_minutes_after", "min", "from a bad deployment until it is undone, afterwards"
                ),
                _share("blast_fraction", "users a bad change reaches", False),
                Parameter("overlap_hours", "h", "both versions run, per deployment", False),
            ),
            "Doubles connections; the new version starts with cold caches; schema changes must suit both "
            "versions.",
        ),
        Lever(
            "apm",
            levers.apm,
            _INCIDENTS,
            (
                _share("detect_factor", "minutes of detection that remain"),
                _share("diagnose_factor", "minutes of diagnosis that remain"),
                _share("cpu_share", "processor time the agent takes"),
            ),
            "The agent takes processor time on every request.",
        ),
        Lever(
            "tracing",
            levers.tracing,
            _INCIDENTS,
            (
                _share("diagnose_factor", "minutes of diagnosis that remain with a trace"),
                _share("sampling", "requests traced"),
                Parameter("failing_requests", "requests", "failing in a typical incident"),
                _share("cpu_share", "processor time tracing takes"),
            ),
            "Takes processor time and storage; sampling misses small incidents.",
            requires=("apm",),
        ),
        Lever(
            "caching",
            levers.caching,
            (*_DATABASE, replace(_CONNECT, required=False)),
            (_share("hit_ratio", "requests answered without the database"),),
            "A cold cache multiplies database load by 1/(1 − hit ratio); stale answers.",
        ),
        Lever(
            "horizontal_scaling",
            levers.horizontal_scaling,
            (),
            (Parameter("instances", "instances", "from now on", low=1, high=1000),),
            "More connections to the database; costs the price of the instances.",
        ),
    )
}

FACTS: dict[str, Parameter] = {fact.name: fact for lever in LEVERS.values() for fact in lever.facts}
