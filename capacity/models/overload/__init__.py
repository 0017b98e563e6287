"""What happens beyond capacity: retries, limits, breakers, caches, backlogs and what replaces what is lost."""

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
from capacity.models.overload.failover import delivered_share, parallel_availability, switched_availability
from capacity.models.overload.feedback import BlockedRetries, OperatingPoint, TimeoutRetries
from capacity.models.overload.limiters import ConcurrencyLimit, TokenBucket
from capacity.models.overload.metastable import Metastability, Recovery
from capacity.models.overload.orbit import RetrialOrbit
from capacity.models.overload.replicas import (
    RollingUpdate,
    Zones,
    desired_replicas,
    fewest_replicas,
    most_after_scale_up,
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
from capacity.models.overload.tails import Hedged, any_exceeds, per_call_quantile

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
    "cold_multiplier",
    "combined_hit_ratio",
    "delivered_share",
    "desired_replicas",
    "drain_seconds",
    "exact_lru_hit_ratio",
    "false_trip_probability",
    "fewest_replicas",
    "goodput",
    "held_calls",
    "layered_amplification",
    "layers",
    "mean_attempts",
    "mean_backoff",
    "metastable_safe_load",
    "most_after_scale_up",
    "parallel_availability",
    "per_call_quantile",
    "places_for",
    "queue_limit",
    "residual_failure",
    "response_time_quantile",
    "rise_during",
    "safe_load_per_replica",
    "switched_availability",
    "target_utilization",
    "throttle_probability",
    "ttl_hit_ratio",
    "worst_amplification",
    "zipf",
]
