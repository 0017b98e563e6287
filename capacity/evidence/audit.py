"""What speaks against the claims made from load tests: all checks over all tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from capacity.evidence.checks import answers, endpoints, load, record, times
from capacity.evidence.findings import Claim, Finding, Findings, Severity
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step

__all__ = ["Claim", "Finding", "Findings", "Severity", "audit"]


def audit(tests: Sequence[LoadTest], steps: Mapping[str, Sequence[Step]], slo: Slo | None = None) -> Findings:
    """Return what speaks against the claims that load tests are usually quoted for.

    Parameters
    ----------
    tests : sequence of LoadTest
        The runs. Those against the same number of instances are judged together as to the load levels tested.
    steps : mapping of str to sequence of Step
        Their steps, by the name of the test.
    slo : Slo, optional
        Objectives; without them general limits tell fast from slow.

    Returns
    -------
    Findings
        The gravest first; empty where nothing was found.

    Examples
    --------
    >>> bool(audit([], {}))
    False
    """
    return Findings((*_one_by_one(tests, steps, slo), *_together(tests, steps, slo)))


def _one_by_one(
    tests: Sequence[LoadTest], steps: Mapping[str, Sequence[Step]], slo: Slo | None
) -> Iterator[Finding]:
    for test in tests:
        checks = [*record.CHECKS, load.generator_exhausted, load.users_dropped]
        if _answered(test):
            checks = [*record.CHECKS, *load.CHECKS, *answers.CHECKS, *endpoints.CHECKS, *times.CHECKS]
        for check in checks:
            yield from check(test, steps.get(test.name, ()), slo)


def _together(
    tests: Sequence[LoadTest], steps: Mapping[str, Sequence[Step]], slo: Slo | None
) -> Iterator[Finding]:
    answered = [test for test in tests if _answered(test)]
    for instances in sorted({test.instances for test in answered}):
        group = [test for test in answered if test.instances == instances]
        for check in load.CHECKS_TOGETHER:
            yield from check(group, steps, slo)
    yield from load.evenly_spaced_arrivals(answered, steps, slo)


def _answered(test: LoadTest) -> bool:
    """Whether there is anything but the record itself to check."""
    return test.has_http and bool(test.good.sum() > 0)
