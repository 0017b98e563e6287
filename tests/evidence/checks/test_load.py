"""Checks of the load: enough, long enough, at several levels, really sent."""

from dataclasses import replace

from capacity.evidence.checks import load
from capacity.evidence.steps import find_steps


def together(check, *tests):
    """Return what a check finds in several tests."""
    return [(f.code, f.severity) for f in check(tests, {test.name: find_steps(test) for test in tests}, None)]


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


def test_users_dropped(make_test):
    """Users held back by maxVusers void the offered load."""
    test = make_test()
    test = replace(test, totals=test.totals | {"dropped": 300})
    (found,) = alone(load.users_dropped, test)
    assert (found.severity, found.claim, found.evidence["share"]) == ("voids", "offered load", 0.2)


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


def test_never_saturated(make_test):
    """Two levels both served bound the capacity from below only."""
    assert together(load.never_saturated, make_test((10.0,) * 4 + (40.0,) * 4)) == [
        ("never_saturated", "weakens")
    ]


def test_no_baseline(make_test):
    """A test overloaded from its start bounds the capacity from above only."""
    test = make_test((20.0,) * 6, errors={"ETIMEDOUT": 100})
    assert together(load.never_saturated, test) == [("no_baseline", "weakens")]


def test_an_enclosed_limit(station):
    """Levels below and above the limit leave nothing to say."""
    test = station.run(station.Station(), [(60, 100), (60, 200), (60, 400)], offset=0.0)
    assert not together(load.never_saturated, test)


def test_single_load(make_test):
    """One rate is one load; three times it is two."""
    assert together(load.single_load, make_test((5.0,) * 6)) == [("single_load", "weakens")]
    assert not together(load.single_load, make_test((5.0,) * 6), make_test((15.0,) * 6, name="more"))


def test_only_ramps(station):
    """A ramp alone holds no load; with a plateau there is one."""
    ramp = station.run(station.Station(), [(120, 10, 130)], offset=0.0)
    both = station.run(station.Station(), [(60, 10, 70), (60, 70)], offset=0.0)
    assert together(load.only_ramps, ramp) == [("only_ramps", "weakens")]
    assert not together(load.only_ramps, both)


def test_evenly_spaced_arrivals(make_test):
    """Artillery's regular arrivals are noted once for all tests; another tool's are not."""
    tests = [make_test(name="basic"), make_test(name="stress"), make_test(name="other", tool="k6")]
    (found,) = load.evenly_spaced_arrivals(tests, {}, None)
    assert (found.severity, found.test) == ("notes", "basic, stress")
