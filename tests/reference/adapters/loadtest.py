"""Adapter of the area that starts from a table of measured loads."""

import math

import numpy as np

from capacity.evidence.monotone import WORLDS, Level, crossing
from capacity.models.stations.erlang import erlang_c


def quantile_error(row, q, calm, limit):
    """Standard error of the logarithm of a measured quantile: answers scatter, and so does a queue while watched.

    The mean of a queue over n requests scatters by the share sqrt(2 (ca² + cs²) ρ / n) / (1 - ρ) (Whitt, Planning
    queueing simulations, Management Science 35(11), 1989, eq. 22).
    """
    answers = math.log(row["p99_s"] / row["p95_s"]) / math.log(5) * math.sqrt(q / (1 - q) / row["requests"])
    utilization = row["achieved_rps"] / limit
    waited = max(1 - calm / row[f"p{100 * q:g}_s"], 0.0)
    queue = math.sqrt(4 * utilization / row["requests"]) / max(1 - utilization, 0.01)
    return math.hypot(answers, waited * queue)


def at_slo(case):
    """Largest rate within the SLO, read off the measurements alone; its interval must hold the truth."""
    given, expected = case["inputs"], case["expected"]
    q, rows = given["percentile"], given["rows"]
    name, rng = f"p{100 * q:g}_s", np.random.default_rng(1)
    quiet = rows[: len(rows) // 3]
    calm = float(np.average([row[name] for row in quiet], weights=[row["requests"] for row in quiet]))
    limit = saturation(rows)
    levels = [
        Level(
            row["achieved_rps"],
            math.log(row[name]),
            math.log(row[name]) + quantile_error(row, q, calm, limit) * rng.standard_normal(WORLDS),
        )
        for row in rows
    ]
    found = crossing(levels, math.log(given["slo_s"]), math.inf, method="monotone", level=0.95)
    assert found.low <= expected["true_capacity_rps"] <= found.high, f"{case['id']} {found}"
    return {
        "true_capacity_rps": found.value,
        f"zero_load_{name}": calm,
        "true_utilization_at_capacity": found.value / limit,
    }


def saturation(rows):
    """Rate at which as many servers are busy as explains how the mean response time grows."""
    calm = rows[: len(rows) // 3]
    service = float(np.average([row["mean_latency_s"] for row in calm]))
    variation = 0.5 * (1 + (service_deviation(calm) / service) ** 2)

    def misfit(servers):
        total = 0.0
        for row in rows:
            load = row["achieved_rps"] * service
            wait = variation * service * erlang_c(servers, load) / (servers - load)
            total += math.log((service + wait) / row["mean_latency_s"]) ** 2
        return total

    least = math.floor(rows[-1]["achieved_rps"] * service) + 1
    return min(range(least, 3 * least), key=misfit) / service


def service_deviation(rows):
    """Standard deviation of a gamma law with the measured ratio of P95 to P50."""
    from scipy.optimize import brentq
    from scipy.special import gammaincinv

    ratio = float(np.mean([row["p95_s"] / row["p50_s"] for row in rows]))
    shape = brentq(lambda k: gammaincinv(k, 0.95) / gammaincinv(k, 0.5) - ratio, 0.2, 500)
    return float(np.mean([row["mean_latency_s"] for row in rows])) / math.sqrt(shape)


ADAPTERS = {"capacity_from_loadtest": at_slo}
