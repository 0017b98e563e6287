"""Claims about response times: of whole runs, of endpoints, and at a load of a station whose times are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.evidence.loadtest import SUMMARY

LEVELS = [(60, 100), (60, 200), (60, 280), (60, 400)]  # capacity 300 req/s


@pytest.fixture(scope="module")
def healthy(station):
    """A run without a failure."""
    return station.run(station.Station(), [(60, 100), (60, 150)], offset=0.0, name="healthy")


@pytest.fixture(scope="module")
def refusing(station):
    """A run in which 30% of the answers are refusals that come at once."""
    refused = lambda arrivals, rng: 429 * (rng.random(len(arrivals)) < 0.3)  # noqa: E731 - one call
    return station.run(station.Station(), [(60, 100), (60, 150)], refused=refused, name="refusing")


def test_what_the_tool_printed(judged, claim, healthy):
    """A number copied from a healthy run is supported: it is what that run measured."""
    printed = round(1000 * healthy.summary["p95"])
    (judgement,) = judged([healthy], claim("p95_ms", printed, run="healthy"))
    assert judgement.verdict == "supported"
    assert "is what the tool printed for all answers" in judgement.reason


@pytest.mark.parametrize(("factor", "verdict"), [(1.2, "supported"), (0.8, "contradicted")])
def test_other_numbers(judged, claim, healthy, factor, verdict):
    """More than was measured is supported, less contradicted."""
    value = 1000 * healthy.summary["p95"] * factor
    assert judged([healthy], claim("p95_ms", value, run="healthy"))[0].verdict == verdict


def test_refusals_are_not_fast_answers(judged, claim, refusing):
    """The median of all answers is below that of the successful ones: what holds for it only is contradicted."""
    whole, good = refusing.summary["p50"], refusing.good_summary["p50"]
    between, above = judged(
        [refusing], claim("p50_ms", 500 * (whole + good)), claim("p50_ms", 1500 * good), claim("p95_ms", 5000)
    )[:2]
    assert between.verdict == "contradicted"
    assert above.verdict == "supported"


def test_a_percentile_among_failures(judged, claim, refusing):
    """30% failures leave no P95 of all requests, however generous the claim."""
    (judgement,) = judged([refusing], claim("p95_ms", 5000))
    assert judgement.verdict == "not supported by this evidence"
    assert "errors_count_as_success" in judgement.findings


def test_too_few_answers(station, judged, claim):
    """Fewer answers than an interval needs support no P99."""
    test = station.run(station.Station(), [(40, 5)], offset=0.0)
    (judgement,) = judged([test], claim("p99_ms", 5000))
    assert judgement.verdict == "not supported by this evidence"
    assert (
        "200 answers are too few for a P99: an interval with two ends needs at least 299." in judgement.reason
    )


def with_endpoint(test, codes, p95=0.05):
    """Return the test with one endpoint."""
    count = float(sum(codes.values()))
    row = dict.fromkeys(SUMMARY, p95) | {"count": count, "requests": count, "failures": 0.0}
    table = pd.DataFrame.from_dict({"/a": row}, orient="index")
    return replace(test, endpoints=table, endpoint_codes={"/a": codes})


@pytest.mark.parametrize(
    ("codes", "value", "verdict"),
    [
        ({200: 15000}, 50, "supported"),
        ({200: 15000}, 40, "contradicted"),
        ({404: 15000}, 50, "not supported by this evidence"),
        ({200: 14000, 404: 1000}, 50, "not supported by this evidence"),
        ({200: 14900, 404: 100}, 50, "supported"),
    ],
)
def test_endpoints(judged, claim, healthy, codes, value, verdict):
    """An endpoint's percentile stands unless it may be that of its errors."""
    test = with_endpoint(healthy, codes)
    assert judged([test], claim("p95_ms", value, endpoint="/a"))[0].verdict == verdict


def test_endpoints_at_a_load(judged, claim, healthy):
    """Exports do not time endpoints by load."""
    (judgement,) = judged(
        [with_endpoint(healthy, {200: 15000})], claim("p95_ms", 50, load=100, endpoint="/a")
    )
    assert judgement.reason.startswith("The exports have the times of /a for whole runs only")


def test_no_run_named(station, judged, claim, healthy):
    """Runs at other loads differ: the claim must say which it is about."""
    slow = station.run(station.Station(), [(60, 320)], offset=0.0, name="slow")
    (judgement,) = judged([healthy, slow], claim("p95_ms", 250))
    assert judgement.verdict == "not supported by this evidence"
    assert "the runs differ: supported by healthy; contradicted by slow" in judgement.reason


@pytest.fixture(scope="module")
def steps(station):
    """A run at four loads, the last beyond capacity; a queue of 30 refuses the rest at once."""
    return station.run(station.Station(queue=30), LEVELS, offset=0.0, name="steps")


@pytest.mark.parametrize(
    ("quantity", "value", "load", "verdict"),
    [
        ("p95_ms", 200, 200, "supported"),
        ("p95_ms", 90, 200, "contradicted"),
        ("p95_ms", 300, 150, "supported"),  # kept at 200, so kept at 150
        ("p95_ms", 90, 250, "contradicted"),  # missed at 200, so missed at 250
        ("p95_ms", 400, 500, "not supported by this evidence"),  # never held
        ("p95_ms", 90, 500, "contradicted"),  # missed below, so missed there
        ("p95_ms", 400, 400, "not supported by this evidence"),  # a quarter was refused
        ("mean_ms", 60, 200, "supported"),
        ("mean_ms", 30, 200, "contradicted"),
    ],
)
def test_at_a_load(judged, claim, steps, quantity, value, load, verdict):
    """A load is judged by what held it, or else by those below and above; failures are no fast answers."""
    (judgement,) = judged([steps], claim(quantity, value, load=load))
    assert judgement.verdict == verdict, judgement


def test_the_number_supported(judged, claim, steps):
    """The answer gives the percentile with its interval and the periods that show it."""
    (judgement,) = judged([steps], claim("p95_ms", 250, load=200))
    exact = 0.04 * np.log(20)  # exponential service, hardly any waiting
    assert judgement.supported.low < exact < judgement.supported.high
    assert judgement.periods == tuple(range(6, 12))


def test_failures_are_told(judged, claim, steps):
    """Where more requests fail than a percentile leaves out, the answer says so."""
    (judgement,) = judged([steps], claim("p95_ms", 400, load=400))
    assert "25% of the requests failed or got no answer, and a P95 leaves out 5% only" in judgement.reason


def test_time_outs_are_slow(station, judged, claim):
    """Where more requests are given up than a percentile leaves out, it exceeds the slowest answer."""
    test = station.run(station.Station(queue=10**6, timeout=1.0), [(60, 100), (60, 400)], offset=0.0)
    (judgement,) = judged([test], claim("p95_ms", 800, load=400))
    assert judgement.verdict == "contradicted"
    assert judgement.supported.low == pytest.approx(1.0, abs=0.01)


def test_runs_that_contradict_each_other(station, judged, claim):
    """Two runs at one load, one of a service five times slower, support nothing."""
    fast = station.run(station.Station(), [(60, 20), (60, 30)], offset=0.0, name="fast")
    slow = station.run(station.Station(service_time=0.2), [(60, 20), (60, 30)], offset=0.0, name="slow")
    (judgement,) = judged([fast, slow], claim("p95_ms", 250, load=30))
    assert judgement.verdict == "not supported by this evidence"
    assert "The runs contradict each other" in judgement.reason


def test_nothing_held(station, judged, claim):
    """A ramp alone holds no load."""
    test = station.run(station.Station(), [(120, 20, 200)], offset=0.0)
    (judgement,) = judged([test], claim("p95_ms", 250, load=100))
    assert judgement.reason.startswith("No load was held long enough")
