"""Checks of the record: requests, answers, sums and times."""

import json
from dataclasses import replace

import pytest

from artillery_results_parser import Script
from artillery_results_parser.phase import Phase
from capacity.evidence import exports
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


def test_other_sums_disagree(make_test):
    """A sum of bytes that differs is a note as long as requests and answers add up."""
    note = "sums disagree, http.downloaded_bytes: 72772 in the periods, 21630 in the aggregate"
    (found,) = record.sums_disagree(make_test(notes=(note,)), (), None)
    assert (found.severity, found.claim) == ("notes", "totals")
    assert (
        "not 1 other counter of the export (http.downloaded_bytes: 72772 in the periods, 21630 in the aggregate)"
        in found.message
    )


@pytest.mark.parametrize(
    ("note", "code", "severity", "claim"),
    [
        ("intermediate[4] repeats the period of intermediate[3] and was left out", "period_repeated", "weakens",
         "totals"),
        ("the periods were out of order and have been sorted", "periods_unordered", "notes", "totals"),
        ("intermediate[2]: the first event is after the last; the clock was set back", "clock_set_back", "weakens",
         "response time"),
    ],
)  # fmt: skip
def test_what_the_reader_had_to_mend(make_test, note, code, severity, claim):
    """What the reader notes about the periods becomes a finding that quotes it."""
    (found,) = record.periods_odd(make_test(notes=(note,)), (), None)
    assert (found.code, found.severity, found.claim) == (code, severity, claim)
    assert note[:40].lower() in found.message.lower()


def test_the_reader_still_says_so(tmp_path):
    """The notes these findings rest on are those of the reader: a real file with a period twice, out of order."""
    slices = [
        {
            "period": str(1700000000000 + 10000 * i),
            "counters": {"http.requests": 5, "http.responses": 5},
            "summaries": {},
        }
        for i in (1, 0, 1)
    ]
    whole = {
        "counters": {"http.requests": 15, "http.responses": 15, "http.downloaded_bytes": 7},
        "summaries": {},
    }
    (tmp_path / "run.json").write_text(json.dumps({"aggregate": whole, "intermediate": slices}))
    test = exports.read(tmp_path / "run.json")
    assert {f.code for f in record.periods_odd(test, (), None)} == {"period_repeated", "periods_unordered"}
    (sums,) = record.sums_disagree(replace(test, totals={}), (), None)
    assert "http.downloaded_bytes" in sums.message


def test_gaps(make_test):
    """Thirty seconds without a period are told with their place, unless the script pauses there."""
    test = make_test()
    starts = test.periods["start"].where(test.periods.index < 3, test.periods["start"] + 30)
    late = replace(test, periods=test.periods.assign(start=starts))
    (found,) = record.gaps(late, (), None)
    assert (found.periods, found.evidence["duration"]) == ((3,), 30)
    assert "(30 to 60 s)" in found.message
    load = {"kind": "constant", "duration": 30.0, "arrival_rate": 20.0}
    phases = (
        Phase(None, start=0.0, **load),
        Phase(None, "pause", 30.0, 30.0),
        Phase(None, start=60.0, **load),
    )
    assert not list(record.gaps(late, (), None, Script("", None, phases, (), ())))
    assert not list(record.gaps(test, (), None))


def test_waiting_for_the_last_answers(make_test):
    """Time without an event before the last time-outs is no gap in the load."""
    test = make_test((20.0,) * 5 + (0.0,))
    starts = test.periods["start"].where(test.periods.index < 5, 70.0)
    assert not list(record.gaps(replace(test, periods=test.periods.assign(start=starts)), (), None))


def test_no_times(make_test):
    """Periods without times weaken every rate."""
    assert codes(record.no_times, make_test(start=None)) == [("no_times", "weakens", "capacity")]


def test_a_good_record(make_test):
    """A complete record gives no finding."""
    assert not list(record.gaps(make_test(), (), None))
    assert not [f for check in record.CHECKS for f in check(make_test(), (), None)]
