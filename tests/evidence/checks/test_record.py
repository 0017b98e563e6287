"""Checks of the record: requests, answers, sums and times."""

from dataclasses import replace

from capacity.evidence.checks import record


def codes(check, test):
    """Return the code, severity and claim of what a check finds."""
    return [(f.code, f.severity, f.claim) for f in check(test, (), None)]


def test_no_http(make_test):
    """A test that counted no request carries no capacity, and the errors of its users are told."""
    totals = {
        "requests": None,
        "responses": None,
        "arrivals": 9,
        "failed": 9,
        "errors": {"Error: no token": 9},
    }
    (found,) = record.no_http(make_test(totals=totals), (), None)
    assert (found.severity, found.claim) == ("voids", "capacity")
    assert "9 virtual users failed (9 × Error: no token)" in found.message


def test_nothing_answered(make_test):
    """A service that never answers was not tested."""
    test = make_test((5.0,), codes={200: 0}, errors={"ECONNREFUSED": 50})
    (found,) = record.nothing_answered(test, (), None)
    assert found.severity == "voids"
    assert "Not one of 50 requests was answered (50 × ECONNREFUSED)" in found.message


def test_nothing_succeeded(make_test):
    """Where every answer is an error, neither capacity nor response time was measured."""
    test = make_test((5.0,), codes={500: 50})
    assert codes(record.nothing_succeeded, test) == [
        ("nothing_succeeded", "voids", "capacity"), ("nothing_succeeded", "voids", "response time"),
    ]  # fmt: skip


def test_sums_disagree(make_test):
    """A lost period shows in the totals, with both numbers."""
    test = make_test()
    test = replace(test, totals=test.totals | {"responses": 1250.0})
    (found,) = record.sums_disagree(test, (), None)
    assert (found.severity, found.claim) == ("weakens", "totals")
    assert found.evidence["responses in periods"] == 1200
    assert found.evidence["responses in totals"] == 1250


def test_no_times(make_test):
    """Periods without times weaken every rate."""
    assert codes(record.no_times, make_test(start=None)) == [("no_times", "weakens", "capacity")]


def test_a_good_record(make_test):
    """A complete record gives no finding."""
    assert not [f for check in record.CHECKS for f in check(make_test(), (), None)]
