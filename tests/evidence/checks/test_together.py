"""Checks of several runs together: do their loads enclose a limit, do they ask for the same."""

from capacity.evidence.checks import together
from capacity.evidence.steps import find_steps


def found_in(check, *tests):
    """Return what a check finds in several tests."""
    return [(f.code, f.severity) for f in check(tests, {test.name: find_steps(test) for test in tests}, None)]


def test_never_saturated(make_test):
    """Two levels both served bound the capacity from below only."""
    assert found_in(together.limit_not_enclosed, make_test((10.0,) * 4 + (40.0,) * 4)) == [
        ("never_saturated", "weakens")
    ]


def test_no_baseline(make_test):
    """A test overloaded from its start bounds the capacity from above only."""
    test = make_test((20.0,) * 6, errors={"ETIMEDOUT": 100})
    assert found_in(together.limit_not_enclosed, test) == [("no_baseline", "weakens")]


def test_an_enclosed_limit(station):
    """Levels below and above the limit leave nothing to say."""
    test = station.run(station.Station(), [(60, 100), (60, 240), (60, 330)], offset=0.0)
    assert not found_in(together.limit_not_enclosed, test)


def test_single_load(make_test):
    """One rate is one load; three times it is two."""
    assert found_in(together.single_load, make_test((5.0,) * 6)) == [("single_load", "weakens")]
    assert not found_in(together.single_load, make_test((5.0,) * 6), make_test((15.0,) * 6, name="more"))


def test_only_ramps(station):
    """A ramp alone holds no load; with a plateau there is one."""
    ramp = station.run(station.Station(), [(120, 10, 130)], offset=0.0)
    both = station.run(station.Station(), [(60, 10, 70), (60, 70)], offset=0.0)
    assert found_in(together.only_ramps, ramp) == [("only_ramps", "weakens")]
    assert not found_in(together.only_ramps, both)


def test_evenly_spaced_arrivals(make_test):
    """Artillery's regular arrivals are noted once for all tests; another tool's are not."""
    tests = [make_test(name="basic"), make_test(name="stress"), make_test(name="other", tool="k6")]
    (found,) = together.evenly_spaced_arrivals(tests, {}, None)
    assert (found.severity, found.test) == ("notes", "basic, stress")


def test_coarse_levels(station):
    """Where nothing was tested between a load and five times it, the beginning of overload is unknown."""
    far = station.run(station.Station(), [(60, 100), (60, 500)], offset=0.0)
    middle = station.run(station.Station(), [(60, 100), (60, 240), (60, 400)], offset=0.0)
    assert found_in(together.limit_not_enclosed, far) == [("coarse_levels", "weakens")]
    assert found_in(together.limit_not_enclosed, middle) == [("coarse_levels", "notes")]


def test_no_usable_step(make_test):
    """A minute in which no load lasted tells nothing, and the number of requests is told."""
    test = make_test((0.1,) * 6)
    (found,) = together.limit_not_enclosed([test], {"run": find_steps(test)}, None)
    assert (found.code, found.severity, found.evidence["requests"]) == ("no_usable_step", "voids", 6)


def test_mixes_differ(make_test, make_summary):
    """Runs that ask one endpoint for 20% and 80% are told apart, with the shares."""
    many = make_test(name="day", endpoints={"/a": asked(make_summary, 960), "/b": asked(make_summary, 240)})
    few = make_test(name="night", endpoints={"/a": asked(make_summary, 240), "/b": asked(make_summary, 960)})
    (found,) = together.mixes_differ([many, few], {}, None)
    assert (found.severity, found.test) == ("weakens", "day, night")
    assert set(found.endpoints) == {"/a", "/b"}
    assert "/a 80% against 20%" in found.message
    assert round(found.evidence["difference"], 6) == 0.6


def test_endpoints_of_one_run_only(make_test, make_summary):
    """An endpoint that one run does not ask for at all has no share there."""
    with_search = make_test(
        name="a", endpoints={"/": asked(make_summary, 600), "/search": asked(make_summary, 600)}
    )
    without = make_test(name="b", endpoints={"/": asked(make_summary, 1200)})
    (found,) = together.mixes_differ([with_search, without], {}, None)
    assert "/search 50% against none" in found.message


def test_one_mix(make_test, make_summary):
    """Shares that differ by a few percent are one mix, and so are exports without endpoints."""
    day = make_test(name="day", endpoints={"/a": asked(make_summary, 600), "/b": asked(make_summary, 600)})
    night = make_test(
        name="night", endpoints={"/a": asked(make_summary, 560), "/b": asked(make_summary, 640)}
    )
    assert not list(together.mixes_differ([day, night, make_test(name="v1")], {}, None))


def asked(make_summary, requests):
    """Return the row of an endpoint that got so many requests."""
    return make_summary(requests) | {"requests": float(requests), "failures": 0.0}
