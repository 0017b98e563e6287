"""What happens beyond capacity: retries, limits, breakers, caches, backlogs and what replaces what is lost.

Three words for trying again, and what each counts: `max_attempts` the first attempt and its repetitions together
[attempts]; `retries` the repetitions alone, one less [retries]; `retry_budget` the repetitions of all clients as a
share of their first attempts [fraction].
"""

from capacity.models.overload.backlog import Backlog, drain_seconds, rise_during, target_utilization
from capacity.models.overload.breaker import (
    backoff_ceilings,
    false_trip_probability,
    held_calls,
    mean_backoff,
    throttle_probability,
)
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
from capacity.models.overload.failover import (
    delivered_share,
    enough_availability,
    failover_availability,
    parallel_availability,
    serial_availability,
    switched_availability,
)
from capacity.models.overload.feedback import BlockedRetries, OperatingPoint, TimeoutRetries
from capacity.models.overload.limiters import ConcurrencyLimit, TokenBucket
from capacity.models.overload.metastable import Metastability, Recovery
from capacity.models.overload.monitoring import (
    burn_rate_detection,
    false_ejections,
    first_event_seconds,
    log_volume,
    probe_detection,
)
from capacity.models.overload.orbit import RetrialOrbit
from capacity.models.overload.replicas import (
    RollingUpdate,
    Zones,
    desired_replicas,
    fewest_replicas,
    most_after_scale_up,
    pool_per_replica,
    replicas_for,
    replicas_within,
    safe_load_per_replica,
)
from capacity.models.overload.retries import (
    layered_amplification,
    mean_attempts,
    metastable_safe_load,
    residual_failure,
    worst_amplification,
)
from capacity.models.overload.shedding import (
    Admission,
    Tier,
    admit_alike,
    admit_by_tier,
    goodput,
    places_for,
    queue_limit,
)
from capacity.models.overload.tails import Hedged, any_exceeds, calls_needed, per_call_quantile

__all__ = [
    "Admission",
    "Backlog",
    "BlockedRetries",
    "ConcurrencyLimit",
    "Hedged",
    "LruCache",
    "Metastability",
    "OperatingPoint",
    "Recovery",
    "RetrialOrbit",
    "RollingUpdate",
    "Tier",
    "TimeoutRetries",
    "TokenBucket",
    "Zones",
    "admit_alike",
    "admit_by_tier",
    "any_exceeds",
    "backoff_ceilings",
    "burn_rate_detection",
    "calls_needed",
    "cold_multiplier",
    "combined_hit_ratio",
    "delivered_share",
    "desired_replicas",
    "drain_seconds",
    "enough_availability",
    "exact_lru_hit_ratio",
    "failover_availability",
    "false_ejections",
    "false_trip_probability",
    "fewest_replicas",
    "first_event_seconds",
    "goodput",
    "held_calls",
    "layered_amplification",
    "layers",
    "log_volume",
    "mean_attempts",
    "mean_backoff",
    "metastable_safe_load",
    "most_after_scale_up",
    "parallel_availability",
    "per_call_quantile",
    "places_for",
    "pool_per_replica",
    "probe_detection",
    "queue_limit",
    "replicas_for",
    "replicas_within",
    "residual_failure",
    "response_time_quantile",
    "rise_during",
    "safe_load_per_replica",
    "serial_availability",
    "switched_availability",
    "target_utilization",
    "throttle_probability",
    "ttl_hit_ratio",
    "worst_amplification",
    "zipf",
]


def __dir__() -> list[str]:
    return __all__
