"""Was one load answered alike on the way up and on the way down."""

from dataclasses import replace

import pandas as pd
import pytest

from capacity.evidence.checks.hysteresis import hysteresis
from capacity.evidence.loadtest import SUMMARY
from capacity.evidence.steps import find_steps

UP_AND_DOWN = (20.0,) * 6 + (100.0,) * 6 + (20.0,) * 6


def run(test):
    """Return what the check finds."""
    return list(hysteresis(test, find_steps(test), None))


def with_p95(test, values, make_summary):
    """Return a run with such a P95 in each period. [s]"""
    rows = [
        make_summary(n, p95=p, p99=1.5 * p, largest=2 * p)
        for n, p in zip(test.times["count"], values, strict=True)
    ]
    return replace(test, times=pd.DataFrame(rows, columns=list(SUMMARY), dtype=float))


def test_slower_after_an_overload(make_test, make_summary):
    """A service still slow long after an overload depends on its past; the periods compared are told."""
    test = with_p95(make_test(UP_AND_DOWN), [0.1] * 12 + [0.4] * 6, make_summary)
    (found,) = run(test)
    assert (found.severity, found.claim, found.periods) == ("weakens", "capacity", (3, 4, 5, 15, 16, 17))
    assert found.evidence["p95 after"] == pytest.approx(4 * found.evidence["p95 before"], rel=0.05)
    assert "left something behind" in found.message


def test_faster_after_an_overload(make_test, make_summary):
    """A service that is faster afterwards had not been warm."""
    (found,) = run(with_p95(make_test(UP_AND_DOWN), [0.4] * 6 + [0.1] * 12, make_summary))
    assert "not warm before" in found.message


def test_errors_that_stay(make_test):
    """A tenth of errors that remain after an overload is told with both shares."""
    codes = {200: [200] * 6 + [500] * 6 + [180] * 6, 503: [0] * 6 + [500] * 6 + [20] * 6}
    (found,) = run(make_test(UP_AND_DOWN, codes=codes))
    assert "90% good answers in place of 100%" in found.message


def test_a_queue_that_drains(station):
    """The backlog of an overload is worked off within the next load and is no hysteresis."""
    for law in ("deterministic", "exponential", "hyperexponential"):
        levels = [(100, 100), (100, 250), (60, 400), (100, 250), (100, 100)]
        assert not run(station.run(station.Station(law=law), levels))


def test_ramps_up_and_down(make_test, make_summary):
    """Ramps are compared period by period at the same loads."""
    up = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)
    alike = make_test(up + (100.0,) * 3 + up[::-1])
    assert not run(alike)
    (found,) = run(with_p95(alike, [0.1] * 13 + [0.5] * 10, make_summary))
    assert "req/s on average" in found.message


def test_a_single_way(make_test):
    """Loads that only rise have no way down."""
    assert not run(make_test((20.0,) * 6 + (60.0,) * 6 + (100.0,) * 6))
