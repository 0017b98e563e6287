"""What a plan may state about the system of today, and how a number of a plan is described."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from capacity.estimate import Provenance


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
    whole : bool
        Whether it counts something, so that a single number must be whole.
    unless : tuple of str
        Parameters any of which stands in for it.
    provenance : {"measured", "config", "vendor", "survey", "assumed"}
        What such a number rests on at best: a measurement, a setting of your own, or a guess.
    """

    name: str
    unit: str
    meaning: str
    required: bool = True
    low: float = 0.0
    high: float = math.inf
    whole: bool = False
    unless: tuple[str, ...] = ()
    provenance: Provenance = "assumed"

    def lacks(self, given: Collection[str]) -> bool:
        """Whether it is needed beside what was given."""
        return self.required and not {self.name, *self.unless} & set(given)

    @property
    def bounds(self) -> str:
        """Its range in words."""
        return f"{self.low:g} to {self.high:,.10g}" if math.isfinite(self.high) else f"{self.low:g} or more"

    @property
    def allowed(self) -> str:
        """Its range in words, with the unit."""
        return f"{self.bounds} [{self.unit}]"

    def __str__(self) -> str:
        return f"{self.name} [{self.unit}] ({self.meaning})"


def share(
    name: str, meaning: str, required: bool = True, provenance: Provenance = "assumed", high: float = 1.0
) -> Parameter:
    """Return a parameter that is a fraction."""
    return Parameter(name, "fraction", meaning, required, 0.0, high, provenance=provenance)


DATABASE = (
    Parameter("database_cores", "cores", "processors of the database", low=0.01, provenance="config"),
    Parameter(
        "query_ms", "ms", "database processor time per request in queries", low=1e-6, provenance="measured"
    ),
)
CONNECT = Parameter("connect_ms", "ms", "database processor time to open a connection", provenance="measured")
CONNECTIONS = (
    Parameter("max_connections", "connections", "the database accepts", False, 1, provenance="config"),
    Parameter(
        "reserved_connections", "connections", "of these kept for administration", False, provenance="config"
    ),
    Parameter(
        "connections_per_instance", "connections", "most that an instance opens today", False, 1,
        provenance="config",
    ),
    Parameter("exhaustion_minutes", "min/y", "lost today to running out of connections", False, high=525_600),
)  # fmt: skip
OVERLOAD = (
    Parameter("overloads_per_year", "1/y", "times demand exceeds the capacity", False),
    Parameter("stuck_minutes", "min", "down each time as long as nothing ends it", False),
    Parameter("contained_minutes", "min", "down each time when it is shed", False),
)
CHANGES = (
    Parameter("deploys_per_year", "1/y", "deployments", provenance="measured"),
    Parameter("planned_minutes", "min", "down in each deployment", provenance="measured"),
    share("change_failure_rate", "deployments that are bad", provenance="measured"),
    Parameter(
        "restore_minutes", "min", "from a bad deployment until it is noticed and undone", provenance="measured"
    ),
    Parameter(
        "unavailable_instances", "instances", "out of service while one version replaces another", False,
        provenance="config",
    ),
)  # fmt: skip
INCIDENTS = (
    Parameter(
        "incidents_per_year", "1/y", "incidents other than deployments and overload", provenance="measured"
    ),
    Parameter("detect_minutes", "min", "until somebody notices", provenance="measured"),
    Parameter("triage_minutes", "min", "until the right person looks", provenance="measured"),
    Parameter("diagnose_minutes", "min", "until the cause is known", provenance="measured"),
    Parameter("fix_minutes", "min", "until it is mended", provenance="measured"),
)
SILENT = (
    Parameter("silent_per_year", "1/y", "faults that no alert tells"),
    Parameter("silent_detect_minutes", "min", "until somebody complains"),
    Parameter("silent_diagnose_minutes", "min", "until the cause is known", False),
    Parameter("silent_fix_minutes", "min", "until it is mended"),
    share("silent_impact", "requests that fail meanwhile"),
)
CALLS = (
    Parameter("retries_today", "retries", "per failed call, today", provenance="config"),
    share("failure_probability", "calls to the dependency that fail", False, "measured"),
    share("persistent_share", "failures a repetition cannot cure", False),
    share("call_share", "requests that need the dependency; all unless stated", False, "measured"),
    Parameter("retry_layers", "layers", "that repeat, one on top of the other", False, 1, provenance="config"),
    Parameter("calls_per_second", "1/s", "to the dependency", False, provenance="measured"),
    Parameter("call_timeout", "s", "a call is held while the dependency hangs", False, provenance="config"),
    Parameter(
        "places_per_instance", "requests", "an instance works on at once, those that wait included", False, 1,
        provenance="config",
    ),
)  # fmt: skip
FAILURES = (
    Parameter("instance_mttf_hours", "h", "mean time to failure of an instance", low=1e-3),
    Parameter("instance_repair_minutes", "min", "until it serves again"),
    share("instance_common_cause", "failures that hit all instances at once", False),
    Parameter(
        "instances_needed", "instances", "without which the service is down; one unless stated", False, 1,
        whole=True,
    ),
)  # fmt: skip
PROVIDER = (
    share("provider_unavailability", "time the provider is down", provenance="vendor"),
    share("provider_impact", "of its outage, as a share of an outage of the service"),
    Parameter("provider_rate", "1/s", "requests to it", low=1e-9, provenance="measured"),
    Parameter("provider_outage_hours", "h", "it is usually out", low=1e-6),
)
RATE = Parameter(
    "request_rate", "req/s", "on average; a traffic history tells it", False, provenance="measured"
)
DEADLINE = Parameter("deadline", "s", "after which clients give up", False, 1e-6, provenance="config")
SOCKETS = Parameter(
    "sockets", "connections", "open at once, that come back when they are cut", False, provenance="measured"
)
START = (
    Parameter(
        "startup_seconds", "s", "from 'too busy' to a new instance in service", False, provenance="measured"
    ),
    Parameter("ramp_per_second", "req/s per s", "steepest rise of the load", False, provenance="measured"),
)

FACTS: dict[str, Parameter] = {
    fact.name: fact
    for fact in (
        *DATABASE, CONNECT, *CONNECTIONS, *OVERLOAD, *CHANGES, *INCIDENTS, *SILENT, *CALLS, *FAILURES, *PROVIDER,
        RATE, DEADLINE, SOCKETS, *START,
    )
}  # fmt: skip
