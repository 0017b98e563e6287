"""Adapters of the areas answered by laws, bounds and fits."""

import numpy as np
import pytest
from adapters.folder import reference_folder

from capacity.errors import DomainError
from capacity.models import laws
from capacity.models.bounds import asymptotic_bounds, balanced_bounds, geometric_bounds
from capacity.models.scalability import Usl


def operational(case):
    """Operational laws from counters."""
    given = case["inputs"]
    throughput = given["completions"] / given["observation_s"]
    utilization = given["busy_time_s"] / given["observation_s"]
    return {
        "utilization": utilization,
        "throughput_per_s": throughput,
        "station_throughput_per_s": throughput * given["visits_per_request"],
        "demand_s": laws.service_demand(utilization, throughput),
        "response_s": laws.response_time(given["mean_concurrency"], throughput),
    }


def percentile_interval(case):
    """Ranks that enclose a percentile; null where the sample is too small."""
    given = case["inputs"]
    ranks = laws.quantile_ranks(given["n"], given["percentile"], given["confidence"])
    covered = None if None in ranks else laws.ranks_coverage(given["n"], given["percentile"], ranks)
    return {"lower_rank": ranks.lower, "upper_rank": ranks.upper, "coverage": covered}


def bounds(case):
    """Asymptotic, balanced and geometric bounds."""
    given = case["inputs"]
    demands, population, think_time = given["demands"], given["population"], given["think_time"]
    if isinstance(population, list):
        found = [geometric_bounds(demands, users, think_time) for users in population]
        return {
            "x_lower": [bound.throughput_low for bound in found],
            "x_upper": [bound.throughput_high for bound in found],
        }
    loose = asymptotic_bounds(demands, population, think_time)
    tight = balanced_bounds(demands, population, think_time)
    assert tight.throughput_low <= case["expected"]["exact_x"] * (1 + 1e-9)
    assert tight.throughput_high >= case["expected"]["exact_x"] * (1 - 1e-9)
    return {
        "aba_x_lower": loose.throughput_low,
        "aba_x_upper": loose.throughput_high,
        "aba_r_lower": loose.response_time_low,
        "aba_r_upper": loose.response_time_high,
        "knee_population": loose.knee_population,
        "bsb_x_lower": tight.throughput_low,
        "bsb_x_upper": tight.throughput_high,
        "exact_x": case["expected"]["exact_x"],
    }


def usl(case):
    """Least squares of the throughput and of its logarithm."""
    points = np.genfromtxt(reference_folder() / case["inputs"]["data"], delimiter=",", names=True)
    plain = Usl.fit(points["N"], points["X"], level=0.95, noise="absolute")
    logarithmic = Usl.fit(points["N"], points["X"], level=0.95, noise="relative")
    short = {"unit_throughput": "gamma", "contention": "alpha", "coherency": "beta"}
    ols = {
        **{short[name]: getattr(plain.law, name) for name in short},
        "sse": plain.misfit,
        "at_bound": [short[name] for name in plain.at_bound],
        "residual_se": plain.residual_error,
        "std_err": {short[name]: plain.standard_errors[name] for name in short},
        "peak_N_real": plain.law.peak_concurrency if plain.law.coherency else None,
        "peak_X": plain.law.peak_throughput,
    }
    intervals = case["expected"]["ols"].get("wald_ci95_t_n_minus_3", {})
    for name, symbol in short.items():
        if symbol in intervals:
            low, high = intervals[symbol]
            found = getattr(plain, name)
            assert (found.low, found.high) == pytest.approx((max(low, 0.0), high), rel=1e-4, abs=1e-12), name
    log = {short[name]: getattr(logarithmic.law, name) for name in short}
    return {"ols": ols, "log_residual": {**log, "residual_sd_log": logarithmic.residual_error}}


def usl_inverse(case):
    """Concurrency at a throughput (stable branch) or at a response time; refusal beyond the peak."""
    given = case["inputs"]
    law = Usl(given["gamma"], given["alpha"], given["beta"])
    points = [inverse_point(law, point) for point in case["expected"]["points"]]
    return {"points": points, "peak_N": law.peak_concurrency, "peak_X": law.peak_throughput}


def inverse_point(law, point):
    """One row of the area usl_inverse."""
    if point.get("feasible") is False:
        with pytest.raises(DomainError, match="never reached"):
            law.concurrency_at(point["throughput"])
        return point
    if "concurrency" in point:
        concurrency = law.concurrency_at_response_time(point["latency"])
        return {**point, "concurrency": concurrency, "throughput": law.throughput_at(concurrency)}
    concurrency = law.concurrency_at(point["throughput"])
    return {
        **point,
        "concurrency_stable_branch": concurrency,
        "latency": law.response_time_at(concurrency),
    }


ADAPTERS = {
    "operational": operational, "percentile_ci": percentile_interval, "bounds": bounds, "usl": usl,
    "usl_inverse": usl_inverse,
}  # fmt: skip
