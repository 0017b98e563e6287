"""Is there a record to read: requests, answers, times, and sums that agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from capacity.evidence.findings import Claim, Finding, frequencies, percent
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step
from capacity.wording import counted

_LOST = 0.001  # share of a total missing from the periods that is more than a rounding of their edges


def no_http(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """No HTTP request was counted."""
    if test.has_http:
        return
    failed, errors = test.totals.get("failed"), test.totals.get("errors") or {}
    because = (
        f" {counted(failed, 'virtual user')} failed ({frequencies(errors)})." if failed and errors else ""
    )
    yield Finding(
        "no_http",
        "voids",
        "capacity",
        "No HTTP request was counted: the test used another protocol (websocket, socket.io, a browser), or "
        f"its virtual users failed before their first request.{because} There is no request rate to speak "
        "of.",
        errors | {"arrivals": test.totals.get("arrivals"), "failed": failed},
        "Test the service over HTTP, and check first that one virtual user gets through the scenario.",
        test.name,
    )


def nothing_answered(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Requests were sent and none was answered."""
    if not test.has_http or test.periods["responses"].sum() > 0:
        return
    sent, errors = test.totals.get("requests"), test.totals.get("errors") or {}
    yield Finding(
        "nothing_answered",
        "voids",
        "capacity",
        f"Not one of {counted(sent or 0, 'request')} was answered "
        f"({frequencies(errors) or 'no error was recorded'}): the test reached no service.",
        errors | {"requests": sent},
        "Check that the service runs and that the script's target is right; then repeat the test.",
        test.name,
    )


def nothing_succeeded(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Every answer was an error."""
    responses = float(test.periods["responses"].sum())
    if not responses or test.good.sum() > 0:
        return
    codes = {str(code): n for code, n in test.codes.sum().items()}
    claims: tuple[Claim, ...] = ("capacity", "response time")
    for claim in claims:
        yield Finding(
            "nothing_succeeded",
            "voids",
            claim,
            f"All {counted(responses, 'answer')} were errors ({frequencies(codes)}): "
            "the test measured how fast the service fails, not how fast it works.",
            codes | {"responses": responses},
            "Repair the service or the script until single requests succeed; then repeat the test.",
            test.name,
        )


def sums_disagree(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The periods do not add up to the totals."""
    counters = ("arrivals", "requests", "responses")
    both = {
        name: (float(test.periods[name].sum()), float(test.totals[name]))
        for name in counters
        if test.totals.get(name) and test.periods[name].notna().any()
    }
    missing = {name: total - found for name, (found, total) in both.items() if found != total}
    if not missing:
        return
    worst = max(missing, key=lambda name: abs(missing[name]) / both[name][1])
    found, total = both[worst]
    share = abs(total - found) / total
    yield Finding(
        "sums_disagree",
        "weakens" if share > _LOST else "notes",
        "totals",
        f"The periods hold {found:,.0f} {worst}, the totals {total:,.0f} ({percent(share)} apart): "
        "a period was lost or counted twice. Totals here are the export's own, rates are of the periods.",
        {"share": share}
        | {f"{name} in periods": both[name][0] for name in missing}
        | {f"{name} in totals": both[name][1] for name in missing},
        "Repeat the test if the totals matter; look for 'multiple batches of metrics' in the tool's log.",
        test.name,
    )


def no_times(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The export does not say when its periods were."""
    if test.start is not None or test.periods.empty:
        return
    span = float(test.periods["span"].iloc[0])
    yield Finding(
        "no_times",
        "weakens",
        "capacity",
        f"The export carries no times: each of its {counted(len(test.periods), 'period')} is taken as "
        f"{span:g} s and pauses cannot be seen, so rates are too low in the first and last period and wrong "
        "where the load paused.",
        {"periods": len(test.periods), "span": span},
        "Export without the legacy report format, so that each period has its time.",
        test.name,
    )


CHECKS = (no_http, nothing_answered, nothing_succeeded, sums_disagree, no_times)
"""Checks of the record itself; they hold for any test."""
