"""Claims about errors."""

from dataclasses import replace

import pytest


@pytest.fixture(scope="module")
def steps(station):
    """A run at three loads, the last beyond the capacity of 300 req/s."""
    return station.run(station.Station(queue=30), [(60, 100), (60, 200), (60, 400)], offset=0.0, name="steps")


@pytest.mark.parametrize(
    ("quantity", "value", "load", "verdict"),
    [
        ("error_rate", 0.01, 200, "supported"),
        ("success_rate", 0.99, 200, "supported"),
        ("error_rate", 0.0001, 200, "not supported by this evidence"),  # 12,000 requests cannot show it
        ("error_rate", 0.1, 400, "contradicted"),
        ("success_rate", 0.9, 400, "contradicted"),
        ("error_rate", 0.01, 150, "supported"),  # kept at 200
        ("success_rate", 0.99, 300, "not supported by this evidence"),  # between
        ("error_rate", 0.1, 600, "contradicted"),  # more than that at 400
        ("error_rate", 0.1, None, "contradicted"),
        ("error_rate", 0.2, None, "supported"),
    ],
)
def test_verdicts(judged, claim, steps, quantity, value, load, verdict):
    """A share is judged by its interval, at a load or over the run; errors grow with the load."""
    (judgement,) = judged([steps], claim(quantity, value, load=load))
    assert judgement.verdict == verdict, judgement


def test_not_a_single_failure(station, judged, claim):
    """That all of a run succeeded is true of the run; beyond it the sample supports less."""
    test = station.run(station.Station(), [(60, 100)], offset=0.0)
    (judgement,) = judged([test], claim("success_rate", 1.0))
    assert judgement.verdict == "supported"
    assert judgement.supported.low == pytest.approx(0.05 ** (1 / 6000))


def test_client_errors(station, judged, claim):
    """A tenth of the answers is 404: whether they are failures only the claimant knows."""
    missing = lambda arrivals, rng: 404 * (rng.random(len(arrivals)) < 0.1)  # noqa: E731 - one call
    test = station.run(station.Station(), [(60, 100)], refused=missing, offset=0.0)
    strict, lenient = judged([test], claim("error_rate", 0.01), claim("error_rate", 0.12))
    assert strict.verdict == "not supported by this evidence"
    assert "may not be what was asked for (client errors)" in strict.reason
    assert lenient.verdict == "supported"


def test_the_tool_s_success(judged, claim, steps):
    """100% is the share of virtual users that completed, refused ones included."""
    run = replace(steps, totals=steps.totals | {"completed": steps.totals["arrivals"], "failed": 0})
    (judgement,) = judged([run], claim("success_rate", 1.0))
    assert judgement.verdict == "contradicted"
    assert judgement.reason.startswith("100% is the share of virtual users that completed")
    assert "errors_count_as_success" in judgement.findings


def test_what_the_generator_could_not_send(steps, judged, claim):
    """Requests that never left the generator are no failures of the service."""
    exhausted = replace(
        steps, errors=steps.errors.assign(EADDRINUSE=[0] * 3 + [500] * (len(steps.errors) - 3))
    )
    (with_them, without) = (judged([t], claim("error_rate", 0.2))[0] for t in (exhausted, steps))
    assert with_them.supported.value == pytest.approx(without.supported.value)


def test_availability(station, judged, claim, steps):
    """A load test can contradict an availability at loads that were served, and never show one."""
    failing = lambda arrivals, rng: 503 * (rng.random(len(arrivals)) < 0.05)  # noqa: E731 - one call
    bad = station.run(station.Station(), [(60, 100), (60, 200)], refused=failing, offset=0.0)
    assert judged([bad], claim("availability", 0.999))[0].verdict == "contradicted"
    good = judged([steps], claim("availability", 0.999))[0]
    assert good.verdict == "not supported by this evidence"
    assert good.supported.low > 0.999
    assert "Take availability from monitoring in production" in good.reason
