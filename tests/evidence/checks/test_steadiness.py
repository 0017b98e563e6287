"""What still moved under a held load, and what is no such thing: overload, draining, a full queue."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.evidence.checks.steadiness import drift, warm_up
from capacity.evidence.loadtest import SUMMARY
from capacity.evidence.steps import find_steps


def found(check, test):
    """Return what a check finds."""
    return list(check(test, find_steps(test), None))


@pytest.fixture
def timed(make_test, make_summary):
    """Make a test whose mean response time is given period by period. [s]"""

    def made(means, **how):
        test = make_test(how.pop("rates", (20.0,) * len(means)), **how)
        rows = [
            make_summary(n, p50=m, p95=2 * m, p99=3 * m, largest=4 * m)
            for n, m in zip(test.times["count"], means, strict=True)
        ]
        return replace(test, times=pd.DataFrame(rows, columns=list(SUMMARY), dtype=float))

    return made


def test_nothing_moved(timed):
    """Times that wobble by a hundredth are no finding."""
    test = timed(0.05 + 0.0005 * np.sin(np.arange(12)))
    assert found(drift, test) == found(warm_up, test) == []


def test_times_that_rose(timed):
    """A rise is told in percent, with load and duration."""
    (finding,) = found(drift, timed(0.05 * 1.5 ** np.linspace(0, 1, 12)))
    assert (finding.severity, finding.claim, finding.periods) == (
        "weakens",
        "response time",
        tuple(range(12)),
    )
    assert "At 20 req/s offered, held for 120 s, the mean response time rose by 50%" in finding.message


def test_times_that_rose_a_lot(timed):
    """A large rise is told in times, not in percent."""
    (finding,) = found(drift, timed(0.01 * 17 ** np.linspace(0, 1, 12)))
    assert "rose to 17 times what it was" in finding.message


def test_a_cold_beginning(timed):
    """Slow first periods are told with how slow they were, and are left out."""
    (finding,) = found(warm_up, timed([0.075] * 2 + [0.05] * 10))
    assert (finding.severity, finding.periods) == ("notes", (0, 1))
    assert "In the first 20 s at 20 req/s offered the mean response time was 50% above" in finding.message


def test_a_very_cold_beginning(timed):
    """A beginning seventeen times as slow is said to be so."""
    (finding,) = found(warm_up, timed([0.34] + [0.02] * 11))
    assert "was 17 times that of the rest" in finding.message


def test_several_loads_are_one_finding(timed):
    """The worst load is told and the others are counted."""
    means = [*(0.05 * 1.5 ** np.linspace(0, 1, 8)), *(0.05 * 1.8 ** np.linspace(0, 1, 8))]
    (finding,) = found(drift, timed(means, rates=(20.0,) * 8 + (40.0,) * 8))
    assert "At 40 req/s" in finding.message
    assert finding.message.endswith("So it was at 1 other load.")


def test_a_queue_that_grew_while_served(station):
    """At a load just at capacity, all of it answered so far, the queue is what moved."""
    run = station.run(station.Station(queue=10**6), [(40, 100), (60, 300)], offset=0.0, poisson=True, seed=5)
    (finding,) = found(drift, run)
    assert "its queue grew" in finding.message


def test_a_full_queue_is_no_drift(station):
    """A load that fills a bounded queue and rejects the rest is too much: a longer test gives the same times."""
    run = station.run(station.Station(queue=100), [(40, 100), (60, 450), (60, 600)], offset=0.0)
    assert found(drift, run) == found(warm_up, run) == []


def test_a_few_rejections_are_no_drift(timed):
    """A load that rejects one in a hundred more than another has a full queue, whatever its times did."""
    means = [*([0.05] * 6), *(0.05 * 1.5 ** np.linspace(0, 1, 6))]
    rejected = [0] * 6 + [4] * 6
    test = timed(means, rates=(20.0,) * 6 + (40.0,) * 6,
                 codes={200: [200] * 6 + [396] * 6, 503: rejected})  # fmt: skip
    assert found(drift, test) == []


def test_draining_is_no_drift(station):
    """What works off the backlog of a higher load moved for that reason."""
    run = station.run(
        station.Station(queue=6000, timeout=60.0), [(60, 100), (40, 420), (60, 150)], offset=0.0
    )
    assert not any(row >= 10 for f in (*found(drift, run), *found(warm_up, run)) for row in f.periods)
