"""Checks of endpoints: who makes the tail, who is slow whatever the load."""

from dataclasses import replace

import numpy as np
import pandas as pd

from capacity.evidence.checks import endpoints
from capacity.evidence.loadtest import SUMMARY
from capacity.evidence.steps import find_steps

SLOW = {"p50": 2.0, "p95": 3.0, "p99": 3.5, "largest": 4.0}


def run(check, test):
    """Return what a check finds."""
    return list(check(test, find_steps(test), None))


def pooled(rows):
    """Return summaries as a table, one a period."""
    return pd.DataFrame(rows, columns=list(SUMMARY), dtype=float)


def test_tail_by_endpoint(make_test, make_summary):
    """One endpoint with a tenth of the answers makes the P95, which is another without it."""
    table = {"/health": make_summary(120, **SLOW), "/": make_summary(1080)}
    (found,) = run(
        endpoints.tail_by_endpoint, make_test(endpoints=table, times={"p95": 2.0, "p99": 3.2, "largest": 4.0})
    )
    assert found.endpoints == ("/health",)
    assert found.evidence["share"] == 0.1
    assert found.evidence["p95 without it"] < 0.15


def test_equal_endpoints_share_the_tail(make_test, make_summary):
    """Where all endpoints are alike none makes the tail."""
    table = {"/a": make_summary(600), "/b": make_summary(600)}
    assert not run(endpoints.tail_by_endpoint, make_test(endpoints=table))


def test_endpoints_not_all_counted(make_test, make_summary):
    """Endpoints that hold half of the answers say nothing about whose the tail is."""
    table = {"/health": make_summary(120, **SLOW), "/": make_summary(400)}
    assert not run(endpoints.tail_by_endpoint, make_test(endpoints=table, times={"p95": 2.0}))


def test_slow_at_any_load(make_test, make_summary):
    """An endpoint that waits 2 s at a quarter of the load as well waits for something else than the queue."""
    rates = (10.0,) * 6 + (40.0,) * 6
    mixed = {
        "min": 0.01,
        "mean": 0.4,
        "p50": 0.05,
        "p75": 0.1,
        "p90": 2.0,
        "p95": 2.5,
        "p99": 3.5,
        "p999": 4.0,
        "max": 4.0,
    }
    table = {"/report": make_summary(600, **SLOW), "/": make_summary(2400)}
    test = make_test(rates, endpoints=table, endpoint_codes={"/report": {200: 600}, "/": {200: 2400}})
    test = replace(test, times=pooled([mixed | {"count": 10 * rate} for rate in rates]))
    (found,) = run(endpoints.slow_at_any_load, test)
    assert found.endpoints == ("/report",)
    assert found.evidence["offered"] == 10
    assert 0.08 < found.evidence["share"] < 0.12


def test_slow_at_high_load_only(make_test, make_summary):
    """Slowness that is not there at the lowest load may be queueing."""
    table = {"/report": make_summary(600, **SLOW), "/": make_summary(2400)}
    test = make_test((10.0,) * 6 + (40.0,) * 6, endpoints=table, endpoint_codes={"/report": {200: 600}})
    assert not run(endpoints.slow_at_any_load, test)


def test_one_load_tells_nothing(make_test, make_summary):
    """With a single load a dependency cannot be told from a queue."""
    table = {"/report": make_summary(600, **SLOW), "/": make_summary(600)}
    assert not run(endpoints.slow_at_any_load, make_test(endpoints=table, times=SLOW))


def test_many_endpoints(make_test, make_summary):
    """A thousand endpoints of a few answers each are looked through without a finding."""
    rng = np.random.default_rng(1)
    table = {f"/{i}": make_summary(3, p50=0.05 + 0.001 * rng.random()) for i in range(1000)}
    test = make_test((50.0,) * 6, endpoints=table)
    assert not [f for check in endpoints.CHECKS for f in run(check, test)]


LONG_TAIL = {"min": 0.005, "mean": 0.06, "p50": 0.02, "p75": 0.03, "p90": 0.05, "p95": 0.08, "p99": 0.6,
             "p999": 0.9, "max": 1.0}  # fmt: skip


def test_tail_without_queue(make_test, make_summary):
    """A P99 of thirty medians at an eighth of the load served is no queueing; the endpoint that is slow is named."""
    rates = (10.0,) * 12 + (80.0,) * 6
    table = {"/checkout": make_summary(180, p50=0.6, p95=0.8, p99=0.9, largest=1.0), "/": make_summary(5820)}
    test = replace(
        make_test(rates, endpoints=table), times=pooled([LONG_TAIL | {"count": 10 * r} for r in rates])
    )
    (found,) = run(endpoints.tail_without_queue, test)
    assert (found.severity, found.endpoints, found.periods) == ("notes", ("/checkout",), tuple(range(12)))
    assert found.evidence["p99"] / found.evidence["p50"] > 25


def test_tail_of_a_plain_service(station, make_test):
    """Exponential service times have a P99 of seven medians, and a load that is not low may queue."""
    low = station.run(station.Station(), [(100, 50), (100, 250)])
    assert not run(endpoints.tail_without_queue, low)
    rates = (40.0,) * 6 + (80.0,) * 6
    near = replace(make_test(rates), times=pooled([LONG_TAIL | {"count": 10 * rate} for rate in rates]))
    assert not run(endpoints.tail_without_queue, near)
