"""Adapter of the area that starts from a table of measured loads."""

from capacity.models.fits.stationfit import fit_station

COLUMNS = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99}


def at_slo(case):
    """Largest rate within the SLO by the stations that may be behind the table; its interval holds the truth."""
    given, expected = case["inputs"], case["expected"]
    q, rows = given["percentile"], given["rows"]
    fit = fit_station(
        [row["achieved_rps"] for row in rows],
        [row["mean_latency_s"] for row in rows],
        {share: [row[name] for row in rows] for name, share in COLUMNS.items()},
        [row["requests"] for row in rows],
        level=0.95,
    )
    found = fit.max_arrival_rate(given["slo_s"], q)
    assert found.low <= expected["true_capacity_rps"] <= found.high, f"{case['id']} {found}"
    return {
        "true_capacity_rps": found.value,
        f"zero_load_p{100 * q:g}_s": fit.response_time_quantile(q).value,
        "true_utilization_at_capacity": found.value / fit.saturation_throughput.value,
    }


ADAPTERS = {"capacity_from_loadtest": at_slo}
