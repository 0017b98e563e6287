"""Adapters of the areas answered by the models of overload."""

import pytest

from capacity.errors import DomainError
from capacity.models.overload.backlog import Backlog
from capacity.models.overload.caches import LruCache, exact_lru_hit_ratio, zipf
from capacity.models.overload.feedback import BlockedRetries, TimeoutRetries
from capacity.models.overload.limiters import TokenBucket
from capacity.models.overload.orbit import RetrialOrbit
from capacity.models.overload.replicas import RollingUpdate, Zones, desired_replicas
from capacity.models.overload.retries import layered_amplification, mean_attempts, residual_failure
from capacity.models.overload.tails import any_exceeds, per_call_quantile


def retries(case):
    """Attempts, layers, fixed points of time-outs and refusals, the orbit of the refused."""
    given = case["inputs"]
    if "layers" in given:
        return {"amplification": layered_amplification(given["attempts_per_layer"], given["layers"])}
    if "failure_probability" in given:
        asked = given["failure_probability"], given["max_attempts"]
        return {"mean_attempts": mean_attempts(*asked), "success_probability": 1 - residual_failure(*asked)}
    if "timeout_s" in given:
        return timed_out(given)
    return orbit(given) if "retry_rate_per_waiting_client" in given else blocked(given)


def timed_out(given):
    """Clients that give up on a single server, or on several."""
    clients = TimeoutRetries(
        given["fresh_rate"],
        given["service_rate"],
        given.get("servers", 1),
        given["timeout_s"],
        given["max_attempts"],
    )
    return {
        "attempt_rate_fixed_points": [point.attempt_rate for point in clients.points],
        "timeout_probability": [point.failure_probability for point in clients.points],
        "vulnerable": clients.vulnerable,
    }


def blocked(given):
    """Clients refused by a full station."""
    rates = given["fresh_rate"], given["service_rate"], given["servers"]
    points = BlockedRetries(*rates, given["capacity_total"], given["max_attempts"]).points
    return {
        "attempt_rate_fixed_points": [point.attempt_rate for point in points],
        "blocking_at_fixed_points": [point.failure_probability for point in points],
        "amplification": [point.amplification for point in points],
        "goodput": [point.goodput for point in points],
    }


def orbit(given):
    """Clients that wait in orbit."""
    clients = RetrialOrbit(
        given["fresh_rate"],
        given["service_rate"],
        given["servers"],
        given["capacity_total"],
        given["retry_rate_per_waiting_client"],
        given["retry_persistence_probability"],
    )
    return {
        "goodput": clients.goodput,
        "success_probability": clients.success_probability,
        "blocking_probability_time": clients.blocking_probability,
        "mean_orbit": clients.mean_orbit,
        "attempt_rate": clients.attempt_rate,
        "amplification": clients.amplification,
        "mean_in_service_and_queue": clients.concurrency,
    }


def cache(case):
    """Least-recently-used caches, by approximation and exactly."""
    given = case["inputs"]
    popularity = zipf(given["catalogue"], given["zipf_exponent"])
    if "hit_ratio_exact" in case["expected"]:
        return {"hit_ratio_exact": exact_lru_hit_ratio(popularity, given["cache_items"])}
    lru = LruCache(popularity, given["cache_items"])
    return {"hit_ratio_che": lru.hit_ratio, "characteristic_time_requests": lru.characteristic_time}


def fanout(case):
    """One slow call among many."""
    given = case["inputs"]
    if "request_percentile" in given:
        return {"per_call_percentile": per_call_quantile(given["request_percentile"], given["fanout"])}
    exceeded = any_exceeds(given["per_call_exceed_probability"], given["fanout"])
    return {"request_exceed_probability": exceeded}


def kubernetes(case):
    """Autoscaler, zones, rolling updates."""
    given = case["inputs"]
    if "current_metric" in given:
        asked = given["current_replicas"], given["current_metric"], given["target_metric"]
        return {"desired_replicas": desired_replicas(*asked, given["tolerance"])}
    if "zones" in given:
        zones = Zones(**given)
        return {
            "replicas_per_zone": zones.replicas_per_zone,
            "replicas_total": zones.replicas,
            "normal_utilization": zones.utilization,
            "utilization_after_loss": zones.utilization_after_loss,
        }
    update = RollingUpdate(**given)
    return {"max_pods": update.most_pods, "min_available": update.least_available}


def transient(case):
    """Backlog of an outage."""
    given = case["inputs"]
    asked = given["arrival_rate"], given["outage_s"]
    drains = given["capacity_rate"] > given["arrival_rate"]
    if not drains:
        with pytest.raises(DomainError, match="never works off"):
            Backlog(*asked, given["capacity_rate"])
    backlog = Backlog(*asked, given["capacity_rate"] if drains else 2 * given["arrival_rate"])
    return {
        "backlog": backlog.requests,
        "drain_time_s": backlog.drain_seconds if drains else None,
        "max_delay_s": backlog.longest_delay,
    }


def rate_limiter(case):
    """Token bucket; exact, so only the simulation errs."""
    given = case["inputs"]
    rejected = TokenBucket(given["refill_rate"], given["burst"]).rejection_probability(given["arrival_rate"])
    return {"rejection_probability": (rejected, 0.0)}


ADAPTERS = {
    "retries": retries, "cache": cache, "fanout": fanout, "kubernetes": kubernetes, "transient": transient,
    "rate_limiter_sim": rate_limiter,
}  # fmt: skip
