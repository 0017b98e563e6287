"""Checks of the load: really sent, and held long enough."""

from capacity.evidence.checks import load
from capacity.evidence.limits import Slo
from capacity.evidence.steps import find_steps


def alone(check, test):
    """Return what a check finds in one test."""
    return list(check(test, find_steps(test), None))


def test_generator_exhausted(make_test):
    """Port errors void the capacity, with the time they began, their share and the load tested before."""
    test = make_test(
        (10.0, 10.0, 20.0, 50.0, 50.0), errors={"EADDRINUSE": [0, 0, 0, 250, 250], "ECONNRESET": 1}
    )
    (found,) = alone(load.generator_exhausted, test)
    assert (found.severity, found.claim) == ("voids", "capacity")
    assert found.periods == (3, 4)
    assert found.evidence["share"] == 0.5
    assert (found.evidence["start"], found.evidence["end"]) == (30, 50)
    assert "tested up to 20 req/s only" in found.message


def test_a_trace_of_generator_errors(make_test):
    """One descriptor error in a thousand requests weakens, and does not void."""
    (found,) = alone(load.generator_exhausted, make_test((100.0,) * 6, errors={"EMFILE": [0, 0, 1, 0, 0, 0]}))
    assert found.severity == "weakens"


def test_server_errors_are_not_the_generators(make_test):
    """Refused connections and time-outs say nothing against the generator."""
    assert not alone(load.generator_exhausted, make_test(errors={"ECONNREFUSED": 50, "ETIMEDOUT": 50}))


def test_burst(make_test):
    """A run of 20 s shows no steady state; one of a minute is no burst."""
    assert [f.severity for f in alone(load.burst, make_test((5.0, 5.0)))] == ["voids"]
    assert not alone(load.burst, make_test())


def test_short_steps(make_test):
    """Levels of two periods are short; where one of many is, it is only noted."""
    short = make_test((10.0, 10.0, 40.0, 40.0, 80.0, 80.0))
    long = make_test((10.0,) * 5 + (40.0,) * 5 + (80.0,) * 2)
    assert [f.severity for f in alone(load.short_steps, short)] == ["weakens"]
    assert [f.severity for f in alone(load.short_steps, long)] == ["notes"]


def test_backlog_grew(station):
    """Offered more than capacity, a long queue grows: the response times belong to no load."""
    slow = station.Station(servers=4, service_time=0.1, queue=10_000, timeout=600.0)
    test = station.run(slow, [(60, 10), (60, 60)], offset=0.0)
    assert [f.severity for f in alone(load.backlog_grew, test)] == ["weakens"]


def test_filling_up_is_no_backlog(station):
    """A slow service that answers everything after 4 s fills up once, and that is not a backlog."""
    far = station.Station(servers=100, service_time=0.001, delay=4.0)
    assert not alone(load.backlog_grew, station.run(far, [(60, 20), (60, 50)], offset=0.0))


def test_a_backlog_that_a_higher_load_clears(make_test):
    """Answers that come in batches leave many requests in flight for a while, which is no queue."""
    test = make_test((20.0, 20.0, 20.0, 40.0, 40.0, 40.0), codes={200: [180, 160, 160, 490, 400, 400]})
    (first, *_) = find_steps(test)
    assert (first.rows, round(first.backlog, 3)) == ((0, 1, 2), 0.167)
    assert not alone(load.backlog_grew, test)


def test_steps_shorter_than_their_answers(make_test):
    """Forty seconds do not show whether answers of eight seconds are steady."""
    slow = make_test((20.0,) * 4, times={"p50": 2.0, "p95": 6.0, "p99": 8.0, "largest": 9.0})
    (found,) = alone(load.short_steps, slow)
    assert "less than 10 times the P99: 20 req/s for 40 s" in found.message
    assert not alone(load.short_steps, make_test((20.0,) * 4))


def test_steps_of_few_requests(make_test):
    """Forty requests are too few for a P95, and more so for the P99.9 of the objectives."""
    (found,) = alone(load.short_steps, make_test((1.0,) * 4))
    assert "fewer than the 59 requests that P95 needs" in found.message
    (found,) = load.short_steps(make_test(), find_steps(make_test()), Slo({0.999: 1.0}))
    assert "fewer than the 2995 requests that P99.9 needs" in found.message


def test_short_burst(make_test):
    """A jump of one or two periods between equal loads is told, with its place."""
    (found,) = alone(load.short_burst, make_test((10.0,) * 3 + (60.0, 45.0) + (10.0,) * 3))
    assert (found.severity, found.periods, found.evidence["start"]) == ("notes", (3, 4), 30.0)
    assert "from 10 to 60 users/s" in found.message


def test_a_burst_that_was_held(make_test):
    """A burst of three periods or more, its edges within a period included, is a load like others."""
    assert not alone(load.short_burst, make_test((10.0,) * 3 + (30.0, 60.0, 60.0, 20.0) + (10.0,) * 3))


def test_ramps_and_noise_are_no_bursts(make_test, station):
    """Neither a climbing and falling load nor the scatter of few arrivals is a burst."""
    assert not alone(load.short_burst, make_test((10.0, 20.0, 40.0, 80.0, 40.0, 20.0, 10.0)))
    random = station.run(station.Station(), [(600, 2)], poisson=True, offset=0.0)
    assert not alone(load.short_burst, random)


def test_no_bursts_without_times(make_test):
    """Where the export has no times a period may be any part of ten seconds, so a jump may be none."""
    assert not alone(load.short_burst, make_test((10.0,) * 3 + (60.0, 45.0) + (10.0,) * 3, start=None))


def test_interruption(make_test):
    """Twenty seconds without answers amid a load that is served are an outage, not a limit."""
    lost = [0] * 4 + [150, 180] + [0] * 6
    (found,) = alone(load.interruption, make_test((20.0,) * 12, errors={"ETIMEDOUT": lost}))
    assert (found.severity, found.claim, found.periods) == ("weakens", "capacity", (4, 5))
    assert (found.evidence["start"], found.evidence["end"], found.evidence["share"]) == (40, 60, 0.9)


def test_saturation_is_no_interruption(station, make_test):
    """Failures that last to the end of a load, that begin with it, or that come and go are the load's."""
    for lost in ([0] * 4 + [150] * 8, [150] * 4 + [0] * 8, [0, 60] * 6):
        assert not alone(load.interruption, make_test((20.0,) * 12, errors={"ETIMEDOUT": lost}))
    for law in ("deterministic", "exponential", "hyperexponential"):
        near = station.run(station.Station(queue=20, law=law), [(120, 150), (120, 295), (120, 330)])
        assert not alone(load.interruption, near)
