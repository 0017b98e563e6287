"""Adapters of the areas answered by Erlang's formulas and the Markovian stations."""

import pytest

from capacity.errors import DomainError
from capacity.models.stations.abandonment import ErlangA
from capacity.models.stations.bounded import MMcK
from capacity.models.stations.erlang import erlang_b, erlang_c
from capacity.models.stations.finite import FiniteSource
from capacity.models.stations.queueing import (
    MMc,
    max_arrival_rate,
    servers_for_wait,
)
from capacity.models.stations.staffing import SquareRootStaffing, offered_load_for


def quantiles(prefix, ask, expected):
    """Answer the quantiles a case asks for: W_p50, W_p999 and so on."""
    names = [name for name in expected if name.startswith(prefix) and name.removeprefix(prefix).isdigit()]
    return {name: ask(float("0." + name.removeprefix(prefix))) for name in names}


def mmc(case):
    """M/M/c with its quantiles."""
    station = MMc(**case["inputs"])
    return {
        "rho": station.utilization,
        "p0": station.idle_probability,
        "wait_probability": station.wait_probability,
        "Lq": station.queue_length,
        "Wq": station.waiting_time,
        "W": station.response_time,
        "L": station.concurrency,
        **quantiles("W_p", station.response_time_quantile, case["expected"]),
        **quantiles("Wq_p", station.waiting_time_quantile, case["expected"]),
    }


def mmck(case):
    """M/M/c/K, quantiles of accepted requests."""
    given = case["inputs"]
    station = MMcK(given["arrival_rate"], given["service_rate"], given["servers"], given["capacity_total"])
    return {
        "p0": station.state_probabilities[0],
        "blocking_probability": station.blocking_probability,
        "throughput": station.throughput,
        "utilization": station.utilization,
        "Lq": station.queue_length,
        "Wq": station.waiting_time,
        "W": station.response_time,
        "L": station.concurrency,
        **quantiles("Wq_accepted_p", station.waiting_time_quantile, case["expected"]),
        **quantiles("W_accepted_p", station.response_time_quantile, case["expected"]),
    }


def blocking(case):
    """Erlang B."""
    return {
        "blocking_probability": erlang_b(case["inputs"]["servers"], case["inputs"]["offered_load_erlang"])
    }


def waiting(case):
    """Erlang C."""
    return {"wait_probability": erlang_c(case["inputs"]["servers"], case["inputs"]["offered_load_erlang"])}


def staffing(case):
    """Fewest servers for a waiting-time target, and the service level on either side."""
    given = case["inputs"]
    rates = given["arrival_rate_per_hour"], given["service_rate_per_hour"]
    wait = given["wait_target_hours"]
    servers = servers_for_wait(*rates, wait, given["service_level"])
    return {
        "servers": servers,
        "service_level_at_c": 1 - MMc(*rates, servers).waiting_time_survival(wait),
        "service_level_at_c_minus_1": 1 - MMc(*rates, servers - 1).waiting_time_survival(wait),
    }


def slo_capacity(case):
    """Largest arrival rate within the SLO, or the refusal."""
    given, expected = case["inputs"], case["expected"]
    asked = (
        given["service_rate_per_s"],
        given["servers"],
        given["response_time_slo_s"],
        given["percentile"],
    )
    if expected.get("feasible") is False:
        with pytest.raises(DomainError, match="infeasible: the service time alone already exceeds"):
            max_arrival_rate(*asked)
        idle = MMc(0.0, asked[0], asked[1]).response_time_quantile(given["percentile"])
        return {"feasible": False, **{name: idle for name in expected if name.startswith("zero_load")}}
    rate = max_arrival_rate(*asked)
    return {"max_arrival_rate_per_s": rate, "utilization": MMc(rate, *asked[:2]).utilization}


def impatient(case):
    """M/M/c with abandonment; waits are those of all requests."""
    station = ErlangA(**case["inputs"])
    return {
        "wait_probability": station.wait_probability,
        "abandon_probability": station.abandonment_probability,
        "Lq": station.queue_length,
        "mean_wait_all": station.waiting_time,
        "utilization": station.utilization,
        **quantiles("wait_p", station.waiting_time_quantile, case["expected"]),
    }


def closed(case):
    """M/M/c//N."""
    given = case["inputs"]
    station = FiniteSource(
        given["population"], 1 / given["think_rate"], given["service_rate"], given["servers"]
    )
    return {
        "throughput": station.throughput,
        "L": station.concurrency,
        "response_time": station.response_time,
        "p_all_idle": station.idle_probability,
        "utilization": station.utilization,
    }


def blocked_load(case):
    """Largest load at a blocking target."""
    given = case["inputs"]
    return {"offered_load_erlang": offered_load_for(given["servers"], given["blocking_target"])}


def square_root(case):
    """Halfin and Whitt's rule beside the exact number."""
    given = case["inputs"]
    staffing = SquareRootStaffing(
        given["arrival_rate"] / given["service_rate"], given["wait_probability_target"]
    )
    return {
        "beta": staffing.beta,
        "servers_sqrt_rule": staffing.servers_by_rule,
        "servers_exact": staffing.servers,
    }


ADAPTERS = {
    "mmc": mmc, "mmck": mmck, "erlang_b": blocking, "erlang_c": waiting, "erlang_c_staffing": staffing,
    "capacity_at_slo": slo_capacity, "erlang_a": impatient, "closed_mmc": closed,
    "erlang_b_inverse": blocked_load, "sqrt_staffing": square_root,
}  # fmt: skip
