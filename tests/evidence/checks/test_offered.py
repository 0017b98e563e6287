"""Checks of the load that was offered: against the script, and within a held load."""

from dataclasses import replace

import pytest

from artillery_results_parser import load_script
from capacity.evidence.checks import offered
from capacity.evidence.steps import find_steps


@pytest.fixture
def script(tmp_path):
    """Write a script of phases (seconds, rate[, rate at the end]) and read it."""

    def write(*phases):
        keys = ("duration", "arrivalRate", "rampTo")
        lines = ["{ " + ", ".join(f"{k}: {v}" for k, v in zip(keys, p, strict=False)) + " }" for p in phases]
        text = "config:\n  phases:\n" + "".join(f"    - {line}\n" for line in lines)
        (tmp_path / "test.yml").write_text(text)
        return load_script(tmp_path / "test.yml")

    return write


def run(check, test, script=None):
    """Return what a check finds."""
    return list(check(test, find_steps(test, script), None, script))


def test_users_dropped(make_test):
    """Users held back by maxVusers void the offered load."""
    test = make_test()
    test = replace(test, totals=test.totals | {"dropped": 300})
    (found,) = run(offered.users_dropped, test)
    assert (found.severity, found.claim, found.evidence["share"]) == ("voids", "offered load", 0.2)


def test_a_script_that_was_kept(make_test, script):
    """Plateaus and ramps that came as scripted give no finding."""
    kept = script((60, 20), (60, 20, 80), (60, 80))
    test = make_test((20.0,) * 6 + (25.0, 35.0, 45.0, 55.0, 65.0, 75.0) + (80.0,) * 6)
    assert not [f for check in offered.CHECKS_WITH_SCRIPT for f in run(check, test, kept)]


@pytest.mark.parametrize(("came", "severity"), [(47.0, "weakens"), (30.0, "voids")])
def test_rate_not_kept(make_test, script, came, severity):
    """A phase that got clearly fewer users than asked for is named with both rates, and its periods."""
    test = make_test((20.0,) * 6 + (came,) * 6)
    (found,) = run(offered.rate_not_kept, test, script((60, 20), (60, 50)))
    assert (found.severity, found.claim, found.periods) == (severity, "offered load", tuple(range(6, 12)))
    assert f"{came:g} of 50 virtual users/s, from 60 s on" in found.message
    assert found.evidence["share"] == pytest.approx(1 - came / 50)


def test_more_than_the_script(make_test, script):
    """Four workers that each run the whole script offer four times its rate."""
    (found,) = run(offered.rate_not_kept, make_test((80.0,) * 6), script((60, 20)))
    assert (found.severity, found.evidence["share"]) == ("voids", 3.0)
    assert "several workers" in found.message


def test_dropped_users_had_been_started(make_test, script):
    """Users that the script's own limit held back are no fault of the generator."""
    test = make_test((20.0,) * 6)
    periods = test.periods.assign(arrivals=100.0, dropped=100.0)
    assert not run(offered.rate_not_kept, replace(test, periods=periods), script((60, 20)))


def test_arrivals_late(make_test, script):
    """A generator that stalls for 10 s and makes up for it has not offered the script's load."""
    test = make_test((50.0, 50.0, 25.0, 25.0, 100.0, 50.0))
    (found,) = run(offered.arrivals_late, test, script((60, 50)))
    assert (found.severity, found.periods) == ("weakens", (2, 3))
    assert found.evidence["delay"] == pytest.approx(10)
    assert found.evidence["behind"] == pytest.approx(500)
    assert not run(offered.rate_not_kept, test, script((60, 50)))


def test_a_script_of_another_run(make_test, script):
    """A script twice as long as the run is said to be another's, and not compared with it."""
    other = script((120, 50))
    (found,) = run(offered.script_differs, make_test(), other)
    assert (found.severity, found.evidence["scripted"], found.evidence["duration"]) == ("weakens", 120, 60)
    assert not run(offered.rate_not_kept, make_test(), other)


def test_load_stuttered(make_test):
    """Without a script a dip of one period within a held load shows that the generator stuttered."""
    (found,) = run(offered.load_stuttered, make_test((50.0,) * 4 + (30.0,) + (50.0,) * 4))
    assert (found.severity, found.periods) == ("weakens", (4,))
    assert found.evidence["share"] == pytest.approx(0.4)


def test_no_dips_without_times(make_test):
    """Where the export has no times a period with fewer arrivals may just be a shorter one."""
    assert not run(offered.load_stuttered, make_test((50.0,) * 4 + (30.0,) + (50.0,) * 4, start=None))


def test_random_arrivals_do_not_stutter(station):
    """The scatter of independent arrivals, and a load that moves, are no stutter."""
    for seed in range(3):
        for rate in (3, 30, 100):
            test = station.run(station.Station(), [(300, rate)], poisson=True, seed=seed)
            assert not run(offered.load_stuttered, test)
    assert not run(offered.load_stuttered, station.run(station.Station(), [(60, 10, 100), (60, 100, 10)]))


@pytest.mark.parametrize("name", ["basic", "spike", "stress", "steps-1", "steps-2", "steps-4"])
def test_our_own_runs_kept_their_scripts(storefront, name):
    """Artillery keeps a rate it can make: nothing is found in runs recorded with their scripts."""
    from capacity.evidence import exports

    test, script = exports.read(storefront / f"{name}.json"), load_script(storefront / f"{name}.yml")
    assert offered.belongs(test, script)
    assert not [f for check in offered.CHECKS_WITH_SCRIPT for f in check(test, (), None, script)]
