"""What single exports measured and prove, without a plan file: the command `inspect`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from capacity.errors import NotIdentified
from capacity.evidence.audit import Findings, audit
from capacity.evidence.calibration import calibrate
from capacity.evidence.exports import artillery
from capacity.evidence.limits import Capacity, find_limits
from capacity.evidence.loadtest import SUMMARY, LoadTest
from capacity.evidence.next_test import plan_next_test
from capacity.evidence.service import Service
from capacity.evidence.steps import Step, find_steps
from capacity.evidence.steps import to_frame as steps_frame
from capacity.plain import SCHEMA, plain_data


def inspect(runs: Sequence[LoadTest], script: str | Path | None = None) -> dict[str, Any]:
    """Return what each export measured, and what they prove together, as plain data.

    Parameters
    ----------
    runs : sequence of LoadTest
        Runs against the same deployment, as `exports.read` gives them.
    script : str or Path, optional
        Artillery script of the runs; used for those whose length it fits.

    Returns
    -------
    dict
        ``schema``, ``tests`` (a list, one entry a file), ``findings``, ``capacity``; ``service_model`` and
        ``next_test``, or why they are not identified; seconds, req/s.

    Raises
    ------
    InputError
        If the script cannot be used.
    """
    phases = None if script is None else artillery.read_script(script)
    tests = _distinct(runs)
    steps = {test.name: find_steps(test, phases) for test in tests}
    found = [step for each in steps.values() for step in each]
    capacity = find_limits(tests, found)
    findings = audit(tuple(tests), phases, steps=steps)
    service, reason = _service(tests, found, capacity)
    return plain_data(
        {
            "schema": SCHEMA,
            "tests": [_test_dict(test, steps[test.name]) for test in tests],
            "findings": list(findings),
            "capacity": capacity,
            "service_model": service.to_dict() if service else {"not identified": reason},
            "next_test": _next_test(tests, found, capacity, service, findings),
        }
    )


def next_script(runs: Sequence[LoadTest], script: str | Path | None = None) -> str:
    """Return the next test as an Artillery script, from the one that made the runs where it is given.

    Raises
    ------
    InputError
        If the script cannot be used.
    NotIdentified
        If the runs hold no request rate to start from.
    """
    phases = None if script is None else artillery.read_script(script)
    tests = _distinct(runs)
    steps = {test.name: find_steps(test, phases) for test in tests}
    found = [step for each in steps.values() for step in each]
    capacity = find_limits(tests, found)
    service, _ = _service(tests, found, capacity)
    findings = audit(tuple(tests), phases, steps=steps)
    planned = plan_next_test(capacity, service=service, findings=findings, tests=tests, steps=found)
    return planned.script(None if script is None else Path(script))


def _service(
    tests: Sequence[LoadTest], steps: Sequence[Step], capacity: Capacity
) -> tuple[Service | None, str]:
    try:
        return calibrate(tests, steps, capacity), ""
    except NotIdentified as reason:
        return None, str(reason)


def _next_test(
    tests: Sequence[LoadTest],
    steps: Sequence[Step],
    capacity: Capacity,
    service: Service | None,
    findings: Findings,
) -> dict[str, Any]:
    try:
        planned = plan_next_test(capacity, service=service, findings=findings, tests=tests, steps=steps)
    except NotIdentified as reason:
        return {"not identified": str(reason)}
    return {"text": planned.text, "loads": planned.to_frame()}


def _distinct(tests: Sequence[LoadTest]) -> list[LoadTest]:
    """Give runs whose files have the same name different ones."""
    names: dict[str, int] = {}
    distinct = []
    for test in tests:
        names[test.name] = names.get(test.name, 0) + 1
        again = names[test.name] > 1
        distinct.append(test.named(f"{test.name} ({names[test.name]})") if again else test)
    return distinct


def _test_dict(test: LoadTest, steps: Sequence[Step]) -> dict[str, Any]:
    endpoints = test.endpoints
    return {
        "name": test.name,
        "file": test.file,
        "tool": test.tool,
        "dialect": test.dialect,
        "start": test.start,
        "duration_seconds": test.duration,
        "sha256": test.sha256,
        "totals": test.totals,
        "response_time": test.summary,
        "response_time_successful": test.good_summary,
        "endpoints": {
            name: {column: row[column] for column in (*SUMMARY, "requests")}
            | {"codes": test.endpoint_codes[name]}
            for name, row in endpoints.iterrows()
        },
        "steps": steps_frame(steps),
        "notes": test.notes,
    }
