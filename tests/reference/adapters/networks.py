"""Adapters of the areas answered by networks of stations and by demands from utilization."""

from capacity.models.demands import service_demands
from capacity.models.networks.approximate import bard_schweitzer
from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.exact import solve
from capacity.models.networks.layered import LayeredPool
from capacity.models.networks.mixed import MixedNetwork, solve_open_classes
from capacity.models.networks.open import OpenNetwork


def open_network(case):
    """Jackson networks from rates and routing, and networks from demands."""
    given, expected = case["inputs"], case["expected"]
    if "routing" not in given:
        return {name: open_from_demands(given)[name.removesuffix("_s")] for name in expected}
    network = OpenNetwork(
        given["external_arrival_rates"], given["routing"], given["service_rates"], given.get("servers", ())
    )
    return {
        "throughput_by_station": [station.throughput for station in network.stations],
        "utilization_by_station": [station.utilization for station in network.stations],
        "L_by_station": [station.concurrency for station in network.stations],
        "W_per_visit_by_station": [station.response_time for station in network.stations],
        "L": network.concurrency,
        "W": network.response_time,
    }


def open_from_demands(given):
    """Answers of a network given by its demands."""
    rate = given.get("arrival_rate", given.get("arrival_rate_per_s"))
    demands = given.get("demands", given.get("demands_s"))
    solution = solve_open_classes([rate], [demands], given.get("servers", ()))
    return {
        "utilization": list(solution.utilization),
        "residence": solution.residence_time[0].tolist(),
        "queue": solution.concurrency[0].tolist(),
        "response": float(solution.response_time[0]),
        "throughput": rate,
    }


def closed(given):
    """Network of the areas closed_network and approx_mva."""
    return ClosedNetwork(
        given["demands_by_class_station"],
        given["population_by_class"],
        given["think_time_by_class"],
        given.get("servers_by_station") or (),
        given.get("load_dependent_rate_multipliers") or (),
    )


def closed_answers(solution):
    """Answers under the names of the cases."""
    return {
        "throughput_by_class": solution.throughput.tolist(),
        "response_by_class": solution.response_time.tolist(),
        "queue_by_class_station": solution.concurrency.tolist(),
        "utilization_by_station": list(solution.utilization),
    }


def closed_network(case):
    """Exact answers of closed networks."""
    return closed_answers(solve(closed(case["inputs"])))


def approx_mva(case):
    """Bard-Schweitzer, with the exact throughput beside it."""
    network = closed(case["inputs"])
    exact = solve(network).throughput.tolist()
    return {**closed_answers(bard_schweitzer(network)), "exact_throughput_by_class": exact}


def mixed_network(case):
    """Open and closed classes together."""
    given = case["inputs"]
    population, demands = given["population"], given["demands_by_class_station"]
    inside = [c for c, users in enumerate(population) if users]
    outside = [c for c, users in enumerate(population) if not users]
    think_time = given.get("think_time_by_class", given.get("think_time", [0] * len(population)))
    network = ClosedNetwork(
        [demands[c] for c in inside],
        [population[c] for c in inside],
        [think_time[c] for c in inside],
        given.get("servers_by_station") or (),
        given.get("load_dependent_rate_multipliers") or (),
    )
    rates = [given["arrival_rates"][c] for c in outside]
    solution = MixedNetwork(rates, [demands[c] for c in outside], network).solve()
    return {
        "closed_queue_by_class_station": solution.closed.concurrency.tolist(),
        "closed_throughput_by_class": solution.closed.throughput.tolist(),
        "closed_response_by_class": solution.closed.response_time.tolist(),
        "open_queue_by_class_station": solution.concurrency.tolist(),
        "open_response_by_class": solution.response_time.tolist(),
    }


def layered_pool(case):
    """Threads that hold a connection."""
    given = case["inputs"]
    pool = LayeredPool(
        given["arrival_rate"],
        given["cpu_phase_rate"],
        given["db_phase_rate"],
        given["threads"],
        given["db_connections"],
        given["accept_queue_limit"],
    )
    return {
        "throughput": pool.throughput,
        "blocking_probability": pool.blocking_probability,
        "mean_response": pool.response_time,
        "mean_wait_for_thread": pool.waiting_time,
        "mean_wait_for_connection": pool.connection_waiting_time,
        "mean_threads_busy": pool.threads_busy,
        "mean_connections_busy": pool.connections_busy,
        "thread_wait_probability": pool.thread_wait_probability,
    }


def demand_estimation(case):
    """Demands from utilization; the truth must lie in the intervals (95%, one of them all may miss narrowly)."""
    rows, expected = case["inputs"]["rows"], case["expected"]
    classes = [name for name in rows[0] if name.endswith("_rps")]
    (busy,) = set(rows[0]) - set(classes)
    fit = service_demands(
        [[row[name] for name in classes] for row in rows],
        [row[busy] for row in rows],
        level=0.999,
    )
    for found, truth in zip(fit.demands, expected["truth_demands_s"], strict=True):
        assert found.low <= truth <= found.high
    return {
        "ols_demands_s": fit.ols_demands.tolist(),
        "ols_intercept": fit.ols_background,
        "ols_std_err": fit.standard_errors.tolist(),
        "truth_demands_s": expected["truth_demands_s"],
        "truth_intercept": expected["truth_intercept"],
    }


ADAPTERS = {
    "open_network": open_network, "closed_network": closed_network, "mixed_network": mixed_network,
    "approx_mva": approx_mva, "layered_pool": layered_pool, "demand_estimation": demand_estimation,
}  # fmt: skip
