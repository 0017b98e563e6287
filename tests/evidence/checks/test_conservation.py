"""Checks of the books: requests accounted for, Little's law."""

from dataclasses import replace

import numpy as np
import pytest

from capacity.evidence.checks import conservation
from capacity.evidence.steps import find_steps

PHASES = [(60, 60), (60, 150), (60, 240), (60, 330), (60, 150)]


def run(check, test, script=None):
    """Return what a check finds."""
    return list(check(test, find_steps(test), None, script))


def timed(test, factor):
    """Return a run whose response times are wrong by a factor."""
    scaled = {name: factor * test.times[name] for name in test.times if name != "count"}
    return replace(test, times=test.times.assign(**scaled))


@pytest.fixture(scope="module")
def healthy(station):
    """A run whose books close: steps below and beyond the capacity of 300 req/s."""
    return station.run(station.Station(), PHASES)


@pytest.mark.parametrize("law", ["deterministic", "exponential", "hyperexponential"])
@pytest.mark.parametrize("poisson", [False, True])
def test_books_close(station, law, poisson):
    """Whatever the service and arrivals, times and counts of a good record agree, time-outs included."""
    for servers, timeout in ((1, 10.0), (12, 1.0)):
        service = station.Station(servers=servers, service_time=servers / 300, law=law, timeout=timeout)
        test = station.run(service, PHASES, poisson=poisson)
        assert not [f for check in conservation.CHECKS_WITH_SCRIPT for f in run(check, test)]


@pytest.mark.parametrize(("factor", "difference"), [(0.5, 1.0), (2.0, -0.5)])
def test_times_that_are_not_what_users_wait(healthy, factor, difference):
    """Times halved leave half of the requests in flight unexplained; times doubled explain too many."""
    (found,) = run(conservation.littles_law, timed(healthy, factor))
    assert (found.severity, found.claim) == ("weakens", "response time")
    assert found.evidence["difference"] == pytest.approx(difference, abs=0.05)
    assert ("leave something out" in found.message) == (difference > 0)


def test_percentiles_bound_a_missing_mean(healthy):
    """Without means the percentiles bound the times: a good record passes, a third of the times does not."""

    def without(test):
        return replace(test, times=test.times.assign(mean=np.nan))

    assert not run(conservation.littles_law, without(healthy))
    assert run(conservation.littles_law, without(timed(healthy, 1 / 3)))


def test_answers_lost(healthy):
    """One answer in twenty missing from the record is in flight for good, and weakens the error rate."""
    periods = healthy.periods.assign(responses=np.floor(0.95 * healthy.periods["responses"]))
    totals = healthy.totals | {"responses": periods["responses"].sum()}
    (found,) = run(conservation.answers_unaccounted, replace(healthy, periods=periods, totals=totals))
    assert (found.severity, found.claim) == ("weakens", "error rate")
    assert found.evidence["share"] == pytest.approx(0.05, abs=0.001)


def test_answers_counted_twice(make_test):
    """An answer that breaks off counts twice; a few in a thousand are noted."""
    test = make_test((100.0,) * 6)
    errors = {"errors": {"ECONNRESET": 12}}
    (found,) = run(conservation.answers_unaccounted, replace(test, totals=test.totals | errors))
    assert (found.severity, found.evidence["left"]) == ("notes", -12)
    assert "more ended than were sent" in found.message


def test_a_lost_period_is_no_lost_answer(healthy):
    """Totals count what a lost period does not hold: the answers are there."""
    assert not run(
        conservation.answers_unaccounted,
        replace(
            healthy,
            periods=healthy.periods.iloc[:-3],
            totals={"requests": 100, "responses": 97, "errors": {"ETIMEDOUT": 3}},
        ),
    )


def test_no_own_counts(healthy):
    """An export without times or without requests counted has nothing to compare."""
    wrong = timed(healthy, 0.5)
    assert not run(conservation.littles_law, replace(wrong, start=None))
    assert not run(conservation.littles_law, replace(wrong, totals=wrong.totals | {"requests": None}))
