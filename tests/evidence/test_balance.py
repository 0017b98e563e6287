"""Requests against answers, period by period."""

import numpy as np
import pytest

from capacity.evidence.balance import Balance, interrupted
from capacity.evidence.operating import operating_points
from capacity.evidence.steps import find_steps


@pytest.fixture(scope="module")
def overload(station):
    """150 req/s, 420 req/s and 150 req/s again on a station for 300."""
    return Balance(station.run(station.Station(), [(40, 150), (40, 420), (40, 150)], offset=0.0), 1.0)


def test_requests_under_way_follow_littles_law(overload):
    """Without a queue, rate times the fastest mean response time are in flight."""
    assert overload.under_way[1] == pytest.approx(150 * 0.04, rel=0.15)


def test_waiting_grows_with_the_queue(overload):
    """The queue of 600 fills, stays full and empties."""
    assert abs(overload.waiting[3]) < 30
    assert overload.waiting[6] == pytest.approx(600, abs=30)
    assert abs(overload.waiting[9]) < 30


def test_answers_missing_and_too_many(overload):
    """Under overload answers are missing, while it is worked off there are too many, else neither."""
    assert [overload.unusual(rows) for rows in ([0, 1, 2, 3], [4, 5, 6, 7], [8], [9, 10])] == [0, 1, -1, 0]
    assert overload.unusual([]) == 0


def test_an_uncertain_expectation_excuses_more(station):
    """A share seen on few requests must differ by more before answers count as missing."""
    run = station.run(
        station.Station(), [(40, 100)], refused=lambda a, rng: np.where(rng.random(len(a)) < 0.05, 500, 0)
    )
    assert Balance(run, 1.0).unusual([1, 2, 3]) == 1
    assert Balance(run, 1.0, known=30).unusual([1, 2, 3]) == 0


def test_onset_of_a_shortage(overload):
    """Answers begin to be missing with the fifth period."""
    assert overload.onset(range(8)) == 4
    assert overload.onset(range(4)) == 4


def test_settling_after_an_overload(overload):
    """The first period after the overload still answers for it."""
    assert overload.settled(range(8, 12)) == 1


def test_busy_between_two_queues(overload):
    """A period with many waiting before and after had no pause."""
    assert [overload.busy(row) for row in (0, 2, 6)] == [False, False, True]


def test_signs_of_a_queue(overload):
    """Growing backlog or answers that all waited: queued; low load: not."""
    assert [overload.queued(rows) for rows in ([0, 1, 2], [4, 5], [6, 7])] == [False, True, True]


def test_share_answered_well(overload):
    """Good answers over all that ended."""
    assert overload.answered_well([1, 2]) == 1.0
    assert overload.answered_well([6]) == pytest.approx(300 / 420, abs=0.05)


@pytest.mark.parametrize(
    ("begin", "end", "share", "rows"), [(20, 40, 0.9, [2, 3]), (30, 70, 0.9, []), (20, 40, 0.2, [])]
)
def test_an_interruption_is_no_limit(station, begin, end, share, rows):
    """Two periods of failures in a load served before and after are singled out; lasting or few failures are not."""

    def refused(arrivals, rng):
        return np.where((arrivals >= begin) & (arrivals < end) & (rng.random(len(arrivals)) < share), 503, 0)

    run = station.run(station.Station(), [(70, 100)], offset=0.0, refused=refused)
    assert interrupted(run, range(7)) == rows
    states = {p.state for p in operating_points([run], find_steps(run))}
    assert ("saturated" in states) is (not rows)
