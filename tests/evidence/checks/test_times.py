"""Checks of what the percentiles stand on: survivors, samples, clock."""

from types import SimpleNamespace

import pytest

from capacity.evidence.checks import times
from capacity.evidence.limits import Slo
from capacity.evidence.steps import find_steps
from capacity.models.laws import quantile_ranks


def run(check, test, slo=None):
    """Return what a check finds."""
    return list(check(test, find_steps(test), slo))


def test_survivors_only(make_test):
    """With a tenth timed out the P95 is at least the time-out, whatever the survivors' is."""
    (found,) = run(times.survivors_only, make_test((20.0,) * 6, errors={"ETIMEDOUT": 20}))
    assert (found.severity, found.claim, found.evidence["share"]) == ("voids", "response time", 0.1)
    assert found.evidence["p95 with time-outs"] == found.evidence["slowest answer"] == 0.2
    assert found.evidence["censored"] == 0.1
    assert "P95 at least 200 ms" in found.message


def test_the_script_tells_the_time_out(make_test):
    """With the script the censored percentile is at least the time-out, not only the slowest answer."""
    test = make_test((20.0,) * 6, errors={"ETIMEDOUT": 20})
    (found,) = times.survivors_only(test, (), None, SimpleNamespace(timeout=10.0))
    assert (found.evidence["p95 with time-outs"], found.evidence["slowest answer"]) == (10.0, 0.2)
    assert "10% of all, as 10 s, which their users waited: P95 at least 10 s" in found.message


def test_few_timeouts_move_the_percentile(make_test):
    """With 2% timed out the P95 is what 96.94% of the survivors stay below."""
    (found,) = run(times.survivors_only, make_test((20.0,) * 6, errors={"ETIMEDOUT": 4}))
    assert found.severity == "weakens"
    pooled = make_test((20.0,) * 6, errors={"ETIMEDOUT": 4}).mixture(range(6)).quantile(0.95 / 0.98)
    assert found.evidence["p95 with time-outs"] == pytest.approx(pooled)
    assert found.evidence["p99 with time-outs"] == found.evidence["slowest answer"]


def test_refused_requests_are_missing_too(make_test):
    """Refused connections have no time either, and are told apart from time-outs."""
    (found,) = run(times.survivors_only, make_test((20.0,) * 6, errors={"ECONNREFUSED": 100}))
    assert (found.evidence["refused"], found.evidence["timeouts"]) == (600, 0)


def test_generator_errors_are_no_survivors(make_test):
    """What never left the generator says nothing of the service's percentiles."""
    assert not run(times.survivors_only, make_test((20.0,) * 6, errors={"EADDRINUSE": 100}))


def test_few_samples(make_test):
    """Forty answers bound no P95; the number needed is told."""
    (found,) = run(times.few_samples, make_test((1.0,) * 4))
    assert (found.severity, found.evidence["responses"]) == ("weakens", 40)
    assert found.evidence["answers needed for P95"] == 59


def test_enough_samples(make_test):
    """Thousands of answers bound their P95 and P99."""
    assert not run(times.few_samples, make_test((50.0,) * 6))


def test_percentiles_of_the_plan(make_test):
    """Where the plan asks for a P99.9, 1200 answers are too few."""
    (found,) = run(times.few_samples, make_test(), Slo({0.999: 1.0}))
    assert found.severity == "weakens"
    assert "2,995 for P99.9" in found.message


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99, 0.999])
def test_answers_needed(q):
    """The number needed bounds the quantile on both sides, one less does not."""
    n = times.answers_needed(q)
    assert None not in quantile_ranks(n, q)
    assert None in quantile_ranks(n - 1, q)


def test_resolution(make_test):
    """A median of 5 ms is near the clock's tick; one of 50 ms is not."""
    assert [f.severity for f in run(times.resolution, make_test(times={"p50": 0.005}))] == ["notes"]
    assert not run(times.resolution, make_test())
