"""Adapters of the areas of one server, shared servers and priorities."""

import re

from capacity.models.distributions import (
    Constant,
    Distribution,
    Erlang,
    Exponential,
    Gamma,
    Hyperexponential,
    Lognormal,
    of_moments,
)
from capacity.models.stations.priority import PriorityMG1, PriorityMMc
from capacity.models.stations.sharing import MG1PS, MMcPS
from capacity.models.stations.single_server import MG1


def law(name, mean, scv) -> Distribution:
    """Law of a time, by the name a case gives it."""
    words = name.lower()
    if words.startswith(("deterministic", "constant")):
        return Constant(mean)
    if "hyperexponential" in words:
        return Hyperexponential.balanced(mean, scv)
    if words.startswith("exponential"):
        return Exponential(mean)
    if phases := re.match(r"erlang-(\d+)", words):
        return Erlang(mean, int(phases[1]))
    for start, kind in (("lognormal", Lognormal), ("gamma", Gamma)):
        if words.startswith(start):
            return kind(mean, scv)
    return of_moments(mean, scv)


def quantiles(prefix, ask, expected):
    """Answer the quantiles a case asks for: W_p50, W_p999 and so on."""
    names = [name for name in expected if name.startswith(prefix)]
    return {name: ask(float("0." + name.removeprefix(prefix))) for name in names}


def mg1(case):
    """M/G/1 with its quantiles."""
    given, expected = case["inputs"], case["expected"]
    service = law(given["service_distribution"], given["mean_service"], given["service_scv"])
    station = MG1(given["arrival_rate"], service)
    return {
        "rho": station.utilization,
        "wait_probability": station.wait_probability,
        "Wq": station.waiting_time,
        "W": station.response_time,
        "Lq": station.queue_length,
        "L": station.concurrency,
        **quantiles("Wq_p", station.waiting_time_quantile, expected),
        **quantiles("W_p", station.response_time_quantile, expected),
    }


def processor_sharing(case):
    """Processor sharing: M/M/c with quantiles, or M/G/1 with its conditional mean."""
    given, expected = case["inputs"], case["expected"]
    if "rho" in given:
        shared = MG1PS(given["rho"] / given["mean_service"], Exponential(given["mean_service"]))
        conditional = shared.response_time_of(given["job_size"])
        return {"mean_response": shared.response_time, "conditional_mean_response": conditional}
    station = MMcPS(given["arrival_rate"], given["service_rate"], given["servers"])
    return {
        "mean_response": station.response_time,
        **quantiles("response_p", station.response_time_quantile, expected),
    }


def priority(case):
    """Mean times by class of one or several servers."""
    given = case["inputs"]
    preemptive = "preemptive" in case["model"] and "non-preemptive" not in case["model"]
    rates = given["arrival_rates"]
    if "servers" in given:
        station = PriorityMMc(rates, given["service_rate"], given["servers"], preemptive)
    else:
        station = PriorityMG1(rates, given["mean_services"], given["service_second_moments"], preemptive)
    return {
        "mean_response_by_class": list(station.response_times),
        "mean_wait_by_class": list(station.waiting_times),
    }


ADAPTERS = {"mg1": mg1, "processor_sharing": processor_sharing, "priority": priority}
