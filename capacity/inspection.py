"""What single exports measured and prove, without a plan file: the command `inspect`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from capacity.evidence.audit import audit
from capacity.evidence.exports import artillery
from capacity.evidence.limits import find_limits
from capacity.evidence.loadtest import SUMMARY, LoadTest
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
        ``schema``, ``tests`` (a list, one entry a file), ``findings``, ``capacity``; seconds, req/s.

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
    return plain_data(
        {
            "schema": SCHEMA,
            "tests": [_test_dict(test, steps[test.name]) for test in tests],
            "findings": list(audit(tuple(tests), steps)),
            "capacity": capacity,
        }
    )


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
