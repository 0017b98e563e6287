"""Results as plain text."""

from typing import Any

from capacity.estimate import Estimate
from capacity.planning.readiness.gates import Gate
from capacity.planning.readiness.readiness import Verdict
from capacity.report.text import gates, inspection

ESTIMATE = Estimate(298, 294, 303, unit="req/s", method="batch means", provenance="measured")
RESULT: dict[str, Any] = {
    "tests": [
        {
            "file": "stress.json",
            "tool": "artillery",
            "dialect": "v2",
            "start": "2026-11-22T19:00:00Z",
            "duration_seconds": 105.0,
            "totals": {
                "requests": 12000,
                "responses": 11990,
                "errors": {"ETIMEDOUT\x1b[0m": 10},
                "codes": {"200": 11000, "503": 990},
            },
            "response_time": {"count": 11990, "mean": 0.05, "p95": 0.0461, "p99": 0.4242},
            "endpoints": {"/cart": {"count": 10, "p95": 0.1252}},
            "steps": [{"kind": "plateau", "start": 0, "end": 15, "offered": 200, "p95": None}],
        }
    ],
    "findings": [
        {"code": "x", "severity": "weakens", "claim": "capacity", "message": "A \u202ename", "evidence": {}}
    ],
    "capacity": {
        "status": "at least",
        "why": "The test never saturated.",
        "saturation_throughput": None,
        "goodput": Estimate.at_least(180, unit="req/s", method="m", provenance="measured").to_dict(),
        "slo": {"p95": ESTIMATE.to_dict()},
    },
}


def test_an_inspection_tells_what_was_measured_and_what_it_proves() -> None:
    """Totals, response times in ms, steps, the capacity with its interval, and the findings."""
    text = inspection(RESULT)
    assert "artillery v2, from 2026-11-22 19:00:00 UTC, 105 s: 12,000 requests, 11,990 responses" in text
    assert "codes: 200 11,000, 503 990" in text
    assert "/cart         10          –     125.2         –" in text
    assert "Capacity: at least. The test never saturated." in text
    assert "goodput: at least 180 req/s" in text
    assert "within p95: 298 req/s (294 to 303)" in text
    assert "saturation throughput" not in text
    assert "weakens capacity: A name" in text


def test_names_from_an_export_do_not_steer_the_terminal() -> None:
    """Control and direction characters are gone."""
    assert not set(inspection(RESULT)) & {"\x1b", "\u202e"}


def test_a_thousand_kinds_of_error_are_no_wall_of_text() -> None:
    """The first are named and the rest counted; a name of a megabyte makes no wide table."""
    named = {f"E{i}": 1 for i in range(1000)}
    test = {"file": "x.json", "totals": {"errors": named}, "endpoints": {"/" + "x" * 10**6: {"p95": 0.1}}}
    text = inspection({"tests": [test]})
    assert "E29 1, and 970 more kinds" in text
    assert "E30" not in text
    assert max(map(len, text.splitlines())) < 400


def test_the_name_of_a_stated_gate_leaves_room_for_who_says_so() -> None:
    """However long it is, "(stated)" stays."""
    gate = Gate(
        f"{'x' * 60} (stated)", "somebody states it", "stated as not passed", "fail", "tests", "mend it"
    )
    assert gates(Verdict("NOT READY", None, (gate,))).count("x (stated)") == 2


def test_an_inspection_of_nothing_is_short() -> None:
    """A test without HTTP has no response times, no steps and no capacity."""
    assert inspection({"tests": [{"file": "ws.json"}]}).splitlines()[0] == "ws.json"
    assert inspection({"tests": []}) == "Findings: none"


def test_the_gates_begin_with_what_failed() -> None:
    """One line names the failed gates, one those that nothing is known of; then each with what came and is needed."""
    rows = [("evidence", "pass"), ("demand", "fail"), ("fleet", "fail"), ("overload", "unknown")]
    found = [Gate(name, "at least 2", "1", status, "tests", "add one") for name, status in rows]
    advice = Gate("recovery", "at once", "slow", "fail", "tests", "", needed=False)
    lines = gates(Verdict("NOT READY", None, (*found, advice), ("availability",))).splitlines()
    assert lines[:3] == ["failed: demand, fleet", "unknown: overload", "NOT READY"]
    assert lines[3:6] == ["  pass     evidence", "           found: 1", "           needed: at least 2"]
    assert lines[6:10] == [
        "  FAIL     demand", "           found: 1", "           needed: at least 2", "           to do: add one",
    ]  # fmt: skip
    assert lines[-4:] == [
        "  FAIL     recovery (advice)", "           found: slow", "           needed: at once",
        "  not asked: availability",
    ]  # fmt: skip


def test_nothing_failed_is_not_told() -> None:
    """A verdict that is ready begins with itself."""
    passed = Gate("evidence", "none voids", "none does", "pass", "tests", "")
    assert gates(Verdict("READY", None, (passed,))).splitlines()[0] == "READY"
