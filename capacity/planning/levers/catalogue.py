"""The levers a plan file may name: what each needs to know, what it changes, what harm it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from capacity.planning import levers
from capacity.planning.system import facts as today
from capacity.planning.system.facts import FACTS, Parameter, share
from capacity.planning.system.system import System

__all__ = ["FACTS", "LEVERS", "Lever", "Parameter"]


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
    interactions : str
        What it does to the worth of others, and they to its own.
    requires : tuple of str
        Levers to be finished before.
    kind : {"change", "gate", "information"}
        What it is worth: the change of the system, a gate of readiness, or what is known better.
    """

    name: str
    apply: Callable[..., System]
    facts: tuple[Parameter, ...]
    parameters: tuple[Parameter, ...]
    harm: str
    interactions: str
    requires: tuple[str, ...] = ()
    kind: Literal["change", "gate", "information"] = "change"

    def missing(
        self, facts: Mapping[str, object] | None, parameters: Mapping[str, object]
    ) -> list[Parameter]:
        """Return the required parameters that were not given; without `facts` only those of the work."""
        needed = [] if facts is None else [fact for fact in self.facts if fact.lacks(facts)]
        return needed + [item for item in self.parameters if item.lacks(parameters)]


_CPU = share("cpu_share", "processor time it takes of every instance", provenance="measured", high=0.9)
_MOST_FACTOR = 10.0  # of minutes: above one it is a harm, beyond ten a slip of the unit


def _factor(name: str, meaning: str) -> Parameter:
    return share(name, meaning, high=_MOST_FACTOR)


def _whole(name: str, unit: str, meaning: str, required: bool = True, high: float = 1e6) -> Parameter:
    return Parameter(name, unit, meaning, required, 1.0, high, whole=True, provenance="config")


_LEVERS = (
    Lever(
        "connection_pool",
        levers.connection_pool,
        (*today.DATABASE, today.CONNECT, *today.CONNECTIONS),
        (
            share("reuse", "requests that find an open connection"),
            Parameter("pool_size", "connections", "per instance", low=1, provenance="config"),
            Parameter("hold_ms", "ms", "a request holds its connection", False, 1e-6, provenance="measured"),
        ),
        "A pool too small becomes the bottleneck; the budget halves while two versions run side by side.",
        "Moves the bottleneck between database and instances, so that its worth depends on caching and "
        "horizontal_scaling; blue_green doubles the connections; more instances need smaller pools.",
    ),
    Lever(
        "retries",
        levers.retries,
        (*today.CALLS, *today.OVERLOAD),
        (
            Parameter(
                "retry_budget", "fraction", "repetitions as a share of first attempts at which they stop",
                provenance="config",
            ),
            Parameter("retries", "retries", "per failed call from now on", False, provenance="config"),
            share("fallback_coverage", "failed calls answered in another way", False),
            _whole("breaker_window", "calls", "the breaker counts failures in", False),
            _whole("breaker_threshold", "calls", "failures at which it opens", False),
            Parameter("breaker_seconds", "s", "it stays open", False, provenance="config"),
        ),
        "Repeats what is not safe to repeat; multiplies with repetitions in libraries; a breaker turns "
        "partial failure into total.",
        "A substitute of rate_limit: either ends an overload, the second adds nothing to that. Its budget eats "
        "headroom: capacity / (1 + budget) is safe.",
    ),
    Lever(
        "rate_limit",
        levers.rate_limit,
        (
            *(replace(fact, required=fact.name != "overloads_per_year") for fact in today.OVERLOAD),
            today.DEADLINE,
        ),
        (
            Parameter("limit_share", "fraction", "global limit as a share of capacity", low=0.01, provenance="config"),
            Parameter("queue_limit", "requests", "that may wait", False, provenance="config"),
        ),
        "Refuses good requests when the limit is below the capacity; must follow the capacity when "
        "that changes.",
        "A substitute of retries: either ends an overload, the second adds nothing to that. What raises capacity makes "
        "overload rarer, and this worth less.",
    ),
    Lever(
        "blue_green",
        levers.blue_green,
        today.CHANGES,
        (
            Parameter("planned_minutes_after", "min", "down in each deployment afterwards"),
            Parameter("restore_minutes_after", "min", "from a bad deployment until it is undone, afterwards"),
            share("blast_fraction", "users a bad change reaches", False),
            Parameter("overlap_hours", "h", "both versions run, per deployment", False, provenance="config"),
        ),
        "Doubles connections; the new version starts with cold caches; schema changes must suit both "
        "versions.",
        "connection_pool: two versions ask for twice the connections. caching: the database sees 1/(1 − hit ratio) of "
        "its load from the new version. websocket_reconnects: every switch cuts all sockets.",
    ),
    Lever(
        "horizontal_scaling",
        levers.horizontal_scaling,
        (),
        (_whole("instances", "instances", "from now on", high=1e5),),
        "More connections to the database; costs the price of the instances.",
        "Adds nothing while the database is the bottleneck: connection_pool and caching free it. Database connections "
        "limit how many instances fit.",
    ),
    Lever(
        "autoscaling",
        levers.autoscaling,
        (*(replace(fact, required=True) for fact in today.START), today.RATE),
        (_whole("most_instances", "instances", "upper bound", high=1e5),),
        "Does not save a step in the load: the backlog grows for as long as an instance takes to start; database "
        "connections must suffice for the most instances.",
        "multi_stage_images: a shorter start allows a higher target. rate_limit protects while instances start. "
        "connection_pool: the budget is that of the most instances.",
    ),
    Lever(
        "health_checks",
        levers.health_checks,
        today.FAILURES,
        (
            Parameter("interval_seconds", "s", "between probes", low=1e-3, provenance="config"),
            Parameter("failure_threshold", "probes", "failures in a row that take it out", low=1, provenance="config"),
            Parameter("timeout_seconds", "s", "after which a probe fails", provenance="config"),
            share("probe_failure", "probes that fail on a healthy instance", provenance="measured", high=0.5),
        ),
        "Takes out healthy instances; above the load the others can take, one ejection brings the next; checks that "
        "test the database take out all instances at once.",
        "horizontal_scaling: of n instances each may carry (n − 1)/n of its capacity; a single one gains nothing.",
    ),
    Lever(
        "metrics",
        levers.metrics,
        (*today.INCIDENTS, today.RATE),
        (
            share("objective", "requests that must succeed", provenance="config", high=0.999999),
            Parameter("burn_rate", "1", "multiple of the allowed errors that fires the alert", provenance="config"),
            Parameter("window_hours", "h", "over which it is measured", provenance="config"),
            share("incident_error_rate", "requests that fail in a typical incident", provenance="measured"),
            _CPU,
            Parameter("bytes_per_request", "bytes", "logged", False, provenance="measured"),
            Parameter("price_per_gb", "money per GB", "of logs", False, provenance="vendor"),
        ),
        "Takes processor time, disk and money for logs; alerts wake people.",
        "apm shortens detection too: whichever is first counts. Processor time lowers the capacity of every instance.",
    ),
    Lever(
        "apm",
        levers.apm,
        today.INCIDENTS,
        (
            _factor("detect_factor", "minutes of detection that remain"),
            _factor("diagnose_factor", "minutes of diagnosis that remain"),
            _CPU,
        ),
        "The agent takes processor time on every request.",
        "tracing needs it first, and what remains of diagnosis multiplies. Processor time lowers the capacity of every "
        "instance.",
    ),
    Lever(
        "tracing",
        levers.tracing,
        today.INCIDENTS,
        (
            _factor("diagnose_factor", "minutes of diagnosis that remain with a trace"),
            share("sampling", "requests traced", provenance="config"),
            Parameter("failing_requests", "requests", "failing in a typical incident", provenance="measured"),
            _CPU,
        ),
        "Takes processor time and storage; sampling misses small incidents.",
        "After apm it shortens what apm left of diagnosis: .5 and .6 leave .3. Processor time adds up.",
        requires=("apm",),
    ),
    Lever(
        "error_monitoring",
        levers.error_monitoring,
        today.SILENT,
        (
            share("error_sampling", "errors recorded", provenance="config"),
            Parameter("errors_per_second", "1/s", "while a silent fault lasts", provenance="measured"),
        ),
        "Events have a quota and a price; errors can carry personal data.",
        "None with capacity. apm and tracing shorten the diagnosis of silent faults too.",
    ),
    Lever(
        "caching",
        levers.caching,
        (*today.DATABASE, replace(today.CONNECT, required=False), today.RATE),
        (
            replace(
                share("hit_ratio", "requests answered without the database", provenance="measured"),
                unless=("objects", "cached_objects", "time_to_live"),
            ),
            share("front_hit_ratio", "requests answered before they reach an instance", False, "measured"),
            share("local_share", "of these hits, those in memory of an instance; all unless stated", False),
            _whole("objects", "objects", "asked for", False),
            Parameter("zipf_exponent", "1", "how unequally they are", False, high=5.0, provenance="measured"),
            _whole("cached_objects", "objects", "the first cache holds", False),
            _whole("cached_behind", "objects", "the cache behind it holds", False),
            Parameter("time_to_live", "s", "an answer is kept", False, provenance="config"),
        ),
        "A cold cache multiplies database load by 1/(1 − hit ratio); stale answers.",
        "Moves the bottleneck between database and instances, as connection_pool does. blue_green starts with cold "
        "caches; the cold capacity is what a restart has to live with.",
    ),
    Lever(
        "failover",
        levers.failover,
        today.PROVIDER,
        (
            _whole("standbys", "providers", "that stand by", high=20),
            share("standby_unavailability", "time each of them is down", provenance="vendor"),
            share("switch_coverage", "failures noticed and switched", provenance="measured"),
            share("common_cause", "failures that hit all of them at once"),
            Parameter("standby_per_second", "1/s", "they take together", False, provenance="vendor"),
            Parameter("standby_per_day", "1/day", "they take together beyond that", False, provenance="vendor"),
        ),
        "Sends twice without idempotency keys; every failed call waits for the time-out of the provider before.",
        "None with capacity; common causes set a floor that no further provider lowers.",
    ),
    Lever(
        "multi_stage_images",
        levers.multi_stage_images,
        (replace(today.START[0], required=True), today.START[1]),
        (
            Parameter("image_mb", "MB", "size of the image today", low=1e-3, provenance="measured"),
            Parameter("image_mb_after", "MB", "size afterwards", low=1e-3, provenance="measured"),
            Parameter("pull_mb_per_second", "MB/s", "at which it is pulled", low=1e-3, provenance="measured"),
        ),
        "A small image lacks the tools to look into a running container.",
        "autoscaling: the target utilization rises, fewer instances run. blue_green undoes a bad version without "
        "pulling, so that the seconds saved there count no more.",
    ),
    Lever(
        "websocket_reconnects",
        levers.websocket_reconnects,
        (*today.CHANGES, replace(today.SOCKETS, required=True), today.RATE),
        (Parameter("spread_seconds", "s", "over which clients come back", provenance="config"),),
        "Clients wait longer for their connection after a deployment.",
        "What raises capacity shortens the spread needed, S/(C − λ); every deployment cuts the sockets, side by side "
        "or not.",
    ),
    Lever(
        "security_hardening",
        levers.security_hardening,
        (),
        (Parameter("cpu_ms", "ms", "processor time it adds to a request", False, provenance="measured"),),
        "Takes the processor time it was measured to take.",
        "None: it is a gate of readiness, with evidence, and claims no benefit.",
        kind="gate",
    ),
    Lever(
        "load_tests",
        levers.load_tests,
        (),
        (),
        "Costs hours, and disturbs whoever shares the machines.",
        "Changes no other lever; narrows what is known of capacity, so that fewer instances are bought for safety.",
        kind="information",
    ),
)  # fmt: skip

LEVERS: dict[str, Lever] = {lever.name: lever for lever in _LEVERS}
