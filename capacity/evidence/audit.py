"""What speaks against the claims made from load tests: all checks over all tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from artillery_results_parser import Script
from capacity.errors import DomainError
from capacity.evidence.checks import (
    answers,
    conservation,
    endpoints,
    hysteresis,
    load,
    offered,
    record,
    steadiness,
    times,
    together,
)
from capacity.evidence.findings import Claim, Finding, Findings, Severity, named
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step, find_steps

__all__ = ["Claim", "Finding", "Findings", "Severity", "audit"]

_CHECKS = (
    *load.CHECKS,
    *steadiness.CHECKS,
    *hysteresis.CHECKS,
    *answers.CHECKS,
    *endpoints.CHECKS,
    *times.CHECKS,
)
_CHECKS_WITH_SCRIPT = (
    *offered.CHECKS_WITH_SCRIPT,
    *conservation.CHECKS_WITH_SCRIPT,
    *times.CHECKS_WITH_SCRIPT,
)


def audit(
    tests: Sequence[LoadTest],
    script: Script | Mapping[str, Script | None] | None = None,
    *,
    steps: Mapping[str, Sequence[Step]] | None = None,
    slo: Slo | None = None,
) -> Findings:
    """Return what speaks against the claims that load tests are usually quoted for.

    Parameters
    ----------
    tests : sequence of LoadTest
        The runs. Those against the same number of instances are judged together as to the load levels tested.
    script : Script or mapping of str to Script, optional
        What the runs were asked to do: one script for all, or by the name of the test.
    steps : mapping of str to sequence of Step, optional
        Their steps by the name of the test, where they are known already; else `find_steps` of test and script.
    slo : Slo, optional
        Objectives; without them general limits tell fast from slow.

    Returns
    -------
    Findings
        The gravest first; empty where nothing was found. `capacity.evidence.checks` lists what can be found.

    Raises
    ------
    DomainError
        If two tests have one name.

    Examples
    --------
    >>> bool(audit([]))
    False
    """
    _distinct(tests)
    scripts = _scripts(tests, script)
    known = steps if steps is not None else {t.name: find_steps(t, scripts[t.name]) for t in tests}
    return Findings((*_one_by_one(tests, scripts, known, slo), *_together(tests, known, slo)))


def _distinct(tests: Sequence[LoadTest]) -> None:
    names = [test.name for test in tests]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DomainError(
            f"several tests are called {named(twice)}; give each its own name with LoadTest.named"
        )


def _scripts(
    tests: Sequence[LoadTest], script: Script | Mapping[str, Script | None] | None
) -> dict[str, Script | None]:
    """Return the script of each test; one given for several belongs to those that it fits, if it fits any."""
    if isinstance(script, Mapping):
        return {test.name: script.get(test.name) for test in tests}
    fits = {test.name for test in tests if script is not None and offered.belongs(test, script)}
    return {test.name: script if test.name in fits or not fits else None for test in tests}


def _one_by_one(
    tests: Sequence[LoadTest],
    scripts: Mapping[str, Script | None],
    steps: Mapping[str, Sequence[Step]],
    slo: Slo | None,
) -> Iterator[Finding]:
    for test in tests:
        known, script, answered = steps.get(test.name, ()), scripts[test.name], _answered(test)
        for check in (*record.CHECKS, load.generator_exhausted, *(_CHECKS if answered else ())):
            yield from check(test, known, slo)
        for scripted in (
            *record.CHECKS_WITH_SCRIPT,
            offered.users_dropped,
            *(_CHECKS_WITH_SCRIPT if answered else ()),
        ):
            yield from scripted(test, known, slo, script)


def _together(
    tests: Sequence[LoadTest], steps: Mapping[str, Sequence[Step]], slo: Slo | None
) -> Iterator[Finding]:
    answered = [test for test in tests if _answered(test)]
    for instances in sorted({test.instances for test in answered}):
        group = [test for test in answered if test.instances == instances]
        for check in together.CHECKS_TOGETHER:
            yield from check(group, steps, slo)
    for check in together.CHECKS_OF_ALL:
        yield from check(answered, steps, slo)


def _answered(test: LoadTest) -> bool:
    """Whether there is anything but the record itself to check."""
    return test.has_http and bool(test.good.sum() > 0)
