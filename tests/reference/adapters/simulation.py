"""Adapters of the areas that only simulation answers: general laws of times, and balancers."""

import re
from statistics import NormalDist

from capacity.models.distributions import (
    Constant,
    Erlang,
    Exponential,
    Gamma,
    Hyperexponential,
    Lognormal,
    Pareto,
)
from capacity.models.simulation.arrivals import Poisson, Renewal
from capacity.models.simulation.queue import Queue

REQUESTS = 5_000_000
LEVEL = 0.9  # of the intervals from which standard errors are taken
SEED = 1
BALANCERS = {
    "random": "random",
    "round_robin": "round_robin",
    "power_of_two_choices": "two_choices",
    "join_shortest_queue": "shortest_queue",
    "least_connections": "shortest_queue",
    "central_queue": "shared",
}


def law(name, mean):
    """Law of times by the name a case gives it: exponential, lognormal scv 4, Pareto alpha 2.5, Erlang-3 ..."""
    words = name.lower()
    numbers = re.findall(r"\d+(?:\.\d+)?", words)
    number = float(numbers[-1]) if numbers else None
    if words.startswith(("deterministic", "constant")):
        return Constant(mean)
    if words.startswith(("exponential", "poisson")):
        return Exponential(mean)
    if words.startswith("erlang"):
        return Erlang(mean, round(1 / number if "scv" in words else number))
    if words.startswith("pareto"):
        return Pareto(mean, 1 + (1 + 1 / number) ** 0.5 if "scv" in words else number)
    if words.startswith("h"):
        return Hyperexponential.balanced(mean, number)
    return {"lognormal": Lognormal, "gamma": Gamma}[words.split()[0]](mean, number)


def with_error(estimate):
    """Value of an estimate and four of its standard errors, by the longer side of its interval."""
    longer = max(estimate.high - estimate.value, estimate.value - estimate.low)
    return estimate.value, 4 * longer / NormalDist().inv_cdf((1 + LEVEL) / 2)


def asked(path, expected, quantiles, means):
    """Answers under a case's names: means by name, quantiles by what stands before the digits."""
    answers = {name: path.estimate(means[name], level=LEVEL) for name in expected if name in means}
    for name in set(expected) - set(answers):
        prefix, digits = name.rsplit("_p", 1)
        answers[name] = path.estimate(quantiles[prefix], float(f"0.{digits}"), LEVEL)
    return {
        name: (estimate.value, 0.0) if expected[name] == 0 else with_error(estimate)
        for name, estimate in answers.items()
    }


def ggc_sim(case):
    """G/G/c, first come first served."""
    given = case["inputs"]
    mean, servers = given["mean_service"], given["servers"]
    between = law(given["interarrival"], mean / (given["rho"] * servers))
    path = Queue(Renewal(between), law(given["service"], mean), servers).simulate(REQUESTS, SEED)
    quantiles = {"W": "response_time", "Wq": "waiting_time"}
    means = {
        "W": "response_time",
        "Wq": "waiting_time",
        "wait_probability": "wait_probability",
        "Lq": "queue_length",
        "L": "concurrency",
    }
    return asked(path, case["expected"], quantiles, means)


def load_balancing_sim(case):
    """Poisson arrivals to servers with queues of their own."""
    given = case["inputs"]
    mean, servers = given["mean_service"], given["servers"]
    arrivals = Poisson(given["rho"] * servers / mean)
    station = Queue(arrivals, law(given["service"], mean), servers, BALANCERS[given["policy"]])
    path = station.simulate(REQUESTS, SEED)
    quantiles = {"response": "response_time", "wait": "waiting_time"}
    means = {
        "mean_response": "response_time",
        "mean_wait": "waiting_time",
        "wait_probability": "wait_probability",
    }
    return asked(path, case["expected"], quantiles, means)


ADAPTERS = {"ggc_sim": ggc_sim, "load_balancing_sim": load_balancing_sim}
