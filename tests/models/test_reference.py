"""Known-good numbers: every reference case of the areas covered so far, through one adapter each.

The folder is named by CAPACITY_REFERENCE, by default `reference` below CAPACITY_SHARED. An area that is
neither covered nor listed as not yet covered fails.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models import laws
from capacity.models.bounds import asymptotic_bounds, balanced_bounds, geometric_bounds
from capacity.models.general import whitt_wait
from capacity.models.queueing import (
    MMc,
    MMcK,
    erlang_b,
    erlang_c,
    max_arrival_rate,
    servers_for_wait,
)
from capacity.models.scalability import Usl

NOT_YET = {
    "approx_mva", "cache", "capacity_from_loadtest", "closed_mmc", "closed_network",
    "demand_estimation", "erlang_a", "erlang_b_inverse", "fanout", "ggc", "ggc_approx", "ggc_sim",
    "kubernetes", "layered_pool", "load_balancing_sim", "mg1", "mixed_network", "open_network",
    "priority", "processor_sharing", "rate_limiter_sim", "retries", "sqrt_staffing", "transient",
}  # fmt: skip


def reference_folder() -> Path | None:
    """Folder of the cases, if the environment names one."""
    shared = os.environ.get("CAPACITY_SHARED")
    named = os.environ.get("CAPACITY_REFERENCE") or (shared and f"{shared}/reference")
    return Path(named) if named else None


def cases() -> Iterator[dict]:
    """Every case of every area."""
    folder = reference_folder()
    for path in sorted(folder.glob("*.json")) if folder else []:
        yield from json.loads(path.read_text(encoding="utf-8"))


def quantiles(prefix, ask, expected):
    """Answer the quantiles a case asks for: W_p50, W_p999 and so on."""
    names = [name for name in expected if name.startswith(prefix)]
    return {name: ask(float("0." + name.removeprefix(prefix))) for name in names}


def mmc(case):
    """M/M/c with its quantiles."""
    station = MMc(**case["inputs"])
    return {
        "rho": station.utilization,
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
    "mmc": mmc, "mmck": mmck, "erlang_b": blocking, "erlang_c": waiting, "erlang_c_staffing": staffing,
    "capacity_at_slo": slo_capacity, "operational": operational, "percentile_ci": percentile_interval,
    "bounds": bounds, "usl": usl, "usl_inverse": usl_inverse,
}  # fmt: skip
NOT_ASKED = {("mmc", "p0"), ("usl", "wald_ci95_t_n_minus_3")}  # compared above, or not public


def compare(found, expected, case, place=""):
    """Hold what was found against what is expected, name by name."""
    rel, absolute = case["rel_tol"], case.get("abs_tol", 1e-12)
    if isinstance(expected, dict):
        for name in expected:
            if (case["area"], name) not in NOT_ASKED:
                assert name in found, f"{case['id']}: no answer to {place}{name}"
                compare(found[name], expected[name], case, f"{place}{name}.")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{case['id']} {place}"
        for number, pair in enumerate(zip(found, expected, strict=True)):
            compare(*pair, case, f"{place}{number}.")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=rel, abs=absolute), f"{case['id']} {place}"
    else:
        assert found == expected, f"{case['id']} {place}"


@pytest.mark.skipif(
    reference_folder() is None, reason="neither CAPACITY_REFERENCE nor CAPACITY_SHARED is set"
)
def test_every_area_is_covered_or_named_as_not_yet():
    """A new area cannot go unnoticed, and none is both covered and put off."""
    areas = {case["area"] for case in cases()}
    assert areas, f"no cases in {reference_folder()}"
    assert areas <= ADAPTERS.keys() | NOT_YET
    assert not ADAPTERS.keys() & NOT_YET


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case["id"]) for case in cases() if case["area"] in ADAPTERS]
    or [pytest.param(None, marks=pytest.mark.skip(reason="no reference folder is set"), id="none")],
)
def test_reference_case(case):
    """The answer agrees with the known-good numbers within the case's tolerance."""
    compare(ADAPTERS[case["area"]](case), case["expected"], case)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case["id"]) for case in cases() if case["area"] == "ggc_approx"]
    or [pytest.param(None, marks=pytest.mark.skip(reason="no reference folder is set"), id="none")],
)
def test_reference_case_of_whitt(case):
    """Of the approximations of the mean wait in G/G/c only Whitt's is ours; it agrees with the known-good number."""
    given = case["inputs"]
    rate, servers = given["rho"] * given["servers"] / given["mean_service"], given["servers"]
    poisson = MMc(rate, 1 / given["mean_service"], servers).waiting_time
    found = whitt_wait(given["rho"], servers, poisson, given["interarrival_scv"], given["service_scv"])
    assert float(found) == pytest.approx(case["expected"]["whitt_1993"], rel=case["rel_tol"])
