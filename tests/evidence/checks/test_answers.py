"""Checks of the answers: errors that count as success, or pass for speed."""

from dataclasses import replace

import pytest

from capacity.evidence.checks import answers
from capacity.evidence.limits import Slo

FAST = {"p50": 0.005, "p95": 0.022, "p99": 0.03, "largest": 0.04}


def run(check, test, slo=None):
    """Return what a check finds."""
    return list(check(test, (), slo))


def test_errors_count_as_success(make_test):
    """Error answers of users that completed void the error rate, and the percentiles they are in."""
    test = make_test(codes={200: 160, 503: 40}, good={"p50": 0.01, "p95": 0.03, "p99": 0.05})
    rate, times = run(answers.errors_count_as_success, test)
    assert (rate.severity, rate.claim, rate.evidence["share"]) == ("voids", "error rate", 0.2)
    assert (times.severity, times.claim) == ("voids", "response time")
    assert (times.evidence["p95"], times.evidence["p95 of successes"]) == (0.1, 0.03)


def test_errors_that_change_no_percentile(make_test):
    """Where errors are as fast as successes only the error rate is affected."""
    same = {"p50": 0.05, "p95": 0.1, "p99": 0.15}
    test = make_test(codes={200: 160, 503: 40}, good=same)
    assert [f.claim for f in run(answers.errors_count_as_success, test)] == ["error rate"]


def test_errors_not_told_apart(make_test):
    """An export without times by status class mixes failing with working, and that is said."""
    _, times = run(answers.errors_count_as_success, make_test(codes={200: 160, 503: 40}))
    assert (times.severity, times.claim) == ("weakens", "response time")
    assert "2.0.21" in times.remedy


def test_errors_the_tool_counted(make_test):
    """Errors whose users the tool counts as failed are no surprise."""
    test = make_test(codes={200: 160, 503: 40})
    assert not run(answers.errors_count_as_success, replace(test, totals=test.totals | {"failed": 240}))


def test_a_few_errors_are_chance(make_test):
    """Four errors in 1200 answers change nothing."""
    assert not run(answers.errors_count_as_success, make_test(codes={200: 200, 503: [4, 0, 0, 0, 0, 0]}))


def test_error_codes_of_the_plan(make_test):
    """What counts as an error is the plan's to say."""
    test = make_test(codes={200: 160, 404: 40}, error_codes=("404",))
    assert run(answers.errors_count_as_success, test)
    assert not run(answers.client_errors, test)


@pytest.mark.parametrize(("unauthorized", "severity"), [(20, "weakens"), (180, "voids")])
def test_client_errors(make_test, unauthorized, severity):
    """Answers 401 that count as served weaken the capacity, and void it where most answers are."""
    where = {"/account": {401: 6 * unauthorized}, "/": {200: 6 * (200 - unauthorized)}}
    test = make_test(codes={200: 200 - unauthorized, 401: unauthorized}, endpoint_codes=where)
    (found,) = run(answers.client_errors, test)
    assert (found.severity, found.endpoints) == (severity, ("/account",))


def test_fast_failures(make_test, make_summary):
    """The good P95 of an endpoint that mostly rejects is that of its rejections."""
    test = make_test(
        codes={200: 100, 429: 98, 401: 2},
        endpoints={"/contacts": make_summary(600, **FAST), "/": make_summary(600)},
        endpoint_codes={"/contacts": {429: 588, 401: 12}, "/": {200: 600}},
    )
    (found,) = run(answers.fast_failures, test)
    assert (found.severity, found.claim, found.endpoints) == ("voids", "response time", ("/contacts",))
    assert found.evidence["p95"] == 0.022
    assert "588 × 429 and 12 × 401" in found.message


def test_slow_failures_look_bad_already(make_test, make_summary):
    """An endpoint that fails slowly deceives nobody about its speed."""
    test = make_test(endpoints={"/": make_summary(600)}, endpoint_codes={"/": {503: 600}})
    assert not run(answers.fast_failures, test, Slo({0.95: 0.05}))


def test_checks_failed(make_test):
    """Failed expectations void the error rate, with their share and kinds."""
    test = make_test(other={"checks": {"ok": 900, "failed": 300, "failed.statusCode": 300}})
    (found,) = run(answers.checks_failed, test)
    assert (found.severity, found.evidence["share"], found.evidence["statusCode"]) == ("voids", 0.25, 300)


def test_captures_failed(make_test):
    """Captures that failed count like expectations, although every request was answered."""
    (found,) = run(
        answers.checks_failed, make_test(codes={200: 200}, errors={"Failed capture or match": 200})
    )
    assert (found.severity, found.evidence["share"]) == ("voids", 1.0)


def test_availability_sample(make_test):
    """1200 requests without a failure support 99.75%: ln(0.05)/n, the rule of three."""
    (found,) = run(answers.availability_sample, make_test())
    assert found.evidence["low"] == pytest.approx(1 - 3 / 1200, abs=2e-5)
    assert "of at least 99.8%" in found.message


def test_availability_after_failures(make_test):
    """10 failures in 100 requests support 82.4% to 95.1%: Clopper and Pearson's interval, in print in many books."""
    (found,) = run(answers.availability_sample, make_test((10.0,), errors={"ECONNRESET": 10}))
    assert (round(found.evidence["low"], 3), round(found.evidence["high"], 3)) == (0.824, 0.951)
    assert found.evidence["failures"] == 10


def test_failures_in_clusters_say_less(make_test):
    """Sixty failures of one period tell less of an availability than sixty spread evenly."""
    even, at_once = (
        run(answers.availability_sample, make_test(errors={"ECONNRESET": lost}))[0].evidence
        for lost in ([10] * 6, [60, 0, 0, 0, 0, 0])
    )
    assert at_once["low"] < even["low"] < 0.95 < even["high"] < at_once["high"]


def test_only_failures(make_test):
    """Where everything failed the availability is bounded from above, and nothing breaks."""
    (found,) = run(answers.availability_sample, make_test((10.0,) * 2, codes={503: 100}))
    assert (found.evidence["low"], found.evidence["high"] < 0.05) == (0.0, True)


def test_hostile_names_are_data(make_test, make_summary):
    """An endpoint's name is kept as it is in the data and cleaned in the sentence."""
    name = "<b>\x1b[2J/x\u202e"
    test = make_test(endpoints={name: make_summary(600, **FAST)}, endpoint_codes={name: {404: 600}})
    (found,) = run(answers.fast_failures, test)
    assert found.endpoints == (name,)
    assert "\x1b" not in found.message
    assert "\u202e" not in found.message
