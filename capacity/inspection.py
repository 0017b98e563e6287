"""What single exports measured and prove, without a plan file: the command `inspect`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity.errors import NotIdentified
from capacity.evidence.audit import Findings, audit
from capacity.evidence.calibration import calibrate
from capacity.evidence.exports import artillery
from capacity.evidence.limits import Capacity, find_limits
from capacity.evidence.loadtest import SUMMARY, LoadTest
from capacity.evidence.next_test import NextTest, plan_next_test
from capacity.evidence.service import Service
from capacity.evidence.steps import Step, find_steps, script_fits
from capacity.evidence.steps import to_frame as steps_frame
from capacity.plain import SCHEMA, plain_data

if TYPE_CHECKING:
    from artillery_results_parser import Script


@dataclass(frozen=True, eq=False)
class Inspection:
    """What single exports measured and prove together; every part is computed once, when it is asked for.

    Parameters
    ----------
    tests : sequence of LoadTest
        Runs against the same deployment, as `exports.read` gives them.
    scripts : sequence of str or Path
        Artillery scripts of the runs: each run takes the first whose length fits its own.

    Raises
    ------
    InputError
        If a script cannot be used.
    """

    tests: Sequence[LoadTest]
    scripts: Sequence[str | Path] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tests", _distinct(self.tests))

    @cached_property
    def phases(self) -> dict[str, Script | None]:
        """The script of each test; a single one is that of every test, so that a wrong one is told."""
        read = [artillery.read_script(script) for script in self.scripts]
        usual = read[0] if len(read) == 1 else None
        return {test.name: next((s for s in read if script_fits(test, s)), usual) for test in self.tests}

    @cached_property
    def steps(self) -> dict[str, tuple[Step, ...]]:
        """Plateaus and ramps by test."""
        return {test.name: find_steps(test, self.phases[test.name]) for test in self.tests}

    @cached_property
    def findings(self) -> Findings:
        """What the tests prove, and what they do not."""
        return audit(tuple(self.tests), self.phases, steps=self.steps)

    @cached_property
    def capacity(self) -> Capacity:
        """What the deployment carries. [req/s]"""
        return find_limits(self.tests, self._all_steps)

    @cached_property
    def service(self) -> Service | NotIdentified:
        """The station behind the measurements, or why it is not identified."""
        try:
            return calibrate(self.tests, self._all_steps, self.capacity)
        except NotIdentified as reason:
            return reason

    @cached_property
    def next_test(self) -> NextTest | NotIdentified:
        """The loads to test next, or why they are not identified."""
        service = self.service if isinstance(self.service, Service) else None
        try:
            return plan_next_test(
                self.capacity,
                service=service,
                findings=self.findings,
                tests=self.tests,
                steps=self._all_steps,
            )
        except NotIdentified as reason:
            return reason

    def next_script(self) -> str:
        """Return the next test as an Artillery script, from the one that made the runs where it is given.

        Raises
        ------
        NotIdentified
            If the runs hold no request rate to start from.
        """
        if isinstance(self.next_test, NotIdentified):
            raise self.next_test
        return self.next_test.script(Path(self.scripts[0]) if self.scripts else None)

    def to_dict(self) -> dict[str, Any]:
        """Return it all as plain data; seconds, req/s.

        ``schema``, ``tests`` (a list, one entry a file), ``findings``, ``capacity``; ``service_model`` and
        ``next_test``, or why they are not identified.
        """
        service, planned = self.service, self.next_test
        return plain_data(
            {
                "schema": SCHEMA,
                "tests": [_test_dict(test, self.steps[test.name]) for test in self.tests],
                "findings": list(self.findings),
                "capacity": self.capacity,
                "service_model": service.to_dict()
                if isinstance(service, Service)
                else {"not identified": str(service)},
                "next_test": {"text": planned.text, "loads": planned.to_frame()}
                if isinstance(planned, NextTest)
                else {"not identified": str(planned)},
            }
        )

    @property
    def _all_steps(self) -> list[Step]:
        return [step for each in self.steps.values() for step in each]


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
