"""Claims about rates."""

from dataclasses import replace

import pytest


@pytest.fixture(scope="module")
def steps(station):
    """A run at three loads, the last beyond the capacity of 300 req/s."""
    return station.run(station.Station(queue=30), [(60, 100), (60, 200), (60, 400)], offset=0.0, name="steps")


@pytest.mark.parametrize(
    ("quantity", "value", "load", "verdict"),
    [
        ("goodput", 200, 200, "supported"),
        ("goodput", 300, 400, "supported"),
        ("goodput", 400, 400, "contradicted"),
        ("throughput", 400, 400, "supported"),  # refusals are answers
        ("goodput", 300, 200, "contradicted"),  # more than was offered
        ("goodput", 290, 300, "not supported by this evidence"),  # never held
        ("offered_rate", 400, None, "supported"),
        ("offered_rate", 600, None, "contradicted"),
        ("goodput", 400, None, "contradicted"),
        ("goodput", 300, None, "supported"),
    ],
)
def test_verdicts(judged, claim, steps, quantity, value, load, verdict):
    """A rate is what was held at the load, or anywhere in the run."""
    (judgement,) = judged([steps], claim(quantity, value, load=load))
    assert judgement.verdict == verdict, judgement


def test_offered_is_not_served(station, judged, claim):
    """The mean rate offered, quoted as throughput, is named for what it is."""
    test = station.run(station.Station(queue=30), [(120, 600)], offset=0.0)
    (judgement,) = judged([test], claim("goodput", 600))
    assert judgement.verdict == "contradicted"
    assert "600 req/s is the rate the generator was to send, not the one that was served." in judgement.reason


def test_offered_is_what_left_the_generator(station, judged, claim):
    """Half of the requests never left: the script's rate is not the rate the test ran at."""
    test = station.run(station.Station(), [(60, 200)], offset=0.0)
    half = replace(test, errors=test.errors.assign(EADDRINUSE=(test.periods["requests"] / 2).astype(int)))
    (judgement,) = judged([half], claim("offered_rate", 200))
    assert judgement.verdict == "contradicted"
    assert judgement.supported.value == pytest.approx(100, rel=0.01)


def test_nothing_counted(station, judged, claim):
    """A run without answers has no throughput."""
    test = station.run(station.Station(), [(60, 20)], offset=0.0)
    silent = replace(test, periods=test.periods.assign(responses=0.0), codes=test.codes * 0)
    (judgement,) = judged([silent], claim("throughput", 20))
    assert judgement.verdict == "not supported by this evidence"
