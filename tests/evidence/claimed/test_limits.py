"""Claims about capacity, fleets and overload."""

from dataclasses import replace

import pytest

from capacity.evidence.limits import Slo


@pytest.fixture(scope="module")
def steps(station):
    """A run below and beyond the capacity of 300 req/s, and back to a low load."""
    levels = [(60, 100), (60, 200), (60, 280), (60, 400), (60, 500), (60, 100)]
    return station.run(station.Station(queue=30), levels, offset=0.0, name="steps")


@pytest.fixture(scope="module")
def two(station):
    """The same service with two instances that lose a twentieth to each other."""
    levels = [(60, 400), (60, 520), (60, 700), (60, 800)]
    test = station.run(
        station.Station(servers=24, service_time=0.042, queue=60), levels, offset=0.0, name="two"
    )
    return replace(test, instances=2)


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (("capacity", 280), "supported"),
        (("capacity", 320), "contradicted"),
        (("capacity", 320, None, None, None, "about"), "supported"),
        (("capacity", 320, None, None, None, "at most"), "supported"),
        (("slo_capacity", 150), "supported"),
        (("slo_capacity", 450), "contradicted"),
        (("instances", 1, 250), "supported"),
        (("instances", 1, 350), "contradicted"),
        (("instances", 2, 500), "supported"),
        (("instances", 3, 1000), "contradicted"),  # three times 300 are less
        (("instances", 3, 800), "not supported by this evidence"),
        (("scaling_efficiency", 1.0), "supported"),
        (("scaling_efficiency", 0.7), "contradicted"),
        (("graceful_degradation", True), "supported"),
        (("graceful_degradation", False), "contradicted"),
        (("recovers", True), "supported"),
        (("recovery_seconds", 60), "supported"),
    ],
)
def test_verdicts(judged, claim, steps, two, given, verdict):
    """Limits are judged by their intervals; what was not tested is bounded by scaling without loss."""
    (judgement,) = judged([steps, two], claim(*given), slo=Slo({0.95: 0.5}))
    assert judgement.verdict == verdict, judgement


def test_never_saturated(station, judged, claim):
    """What was served is supported, more is neither shown nor excluded."""
    test = station.run(station.Station(), [(60, 100), (60, 200)], offset=0.0)
    served, more = judged([test], claim("capacity", 180), claim("capacity", 300))
    assert (served.verdict, more.verdict) == ("supported", "not supported by this evidence")
    assert more.supported.low == pytest.approx(200, rel=0.02)


def test_generator_exhausted(steps, judged, claim):
    """A capacity read where the generator ran out of ports is not shown, though it is the true one."""
    errors = steps.errors.assign(EADDRINUSE=[0] * 12 + [900] * (len(steps.errors) - 12))
    (judgement,) = judged([replace(steps, errors=errors)], claim("capacity", 190))
    assert judgement.verdict == "not supported by this evidence"
    assert judgement.findings[0] == "generator_exhausted"


def test_another_run_stands(station, steps, judged, claim):
    """What voids one run does not touch the capacity that another shows."""
    burst = station.run(station.Station(), [(20, 50)], offset=0.0, name="burst")
    assert judged([steps, burst], claim("capacity", 280))[0].verdict == "supported"


def test_one_number_of_instances(steps, judged, claim):
    """How instances add up cannot be told from one number of them."""
    (judgement,) = judged([steps], claim("scaling_efficiency", 1.0))
    assert judgement.verdict == "not supported by this evidence"
    assert "at least two different numbers" in judgement.reason


def test_no_overload(station, judged, claim):
    """Without an overload nothing is known of what follows one."""
    test = station.run(station.Station(), [(60, 100), (60, 200)], offset=0.0)
    for judgement in judged([test], claim("recovers", True), claim("graceful_degradation", True)):
        assert judgement.verdict == "not supported by this evidence"
        assert "no overload was tested" in judgement.reason
