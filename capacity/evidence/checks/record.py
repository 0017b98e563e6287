"""Is there a record to read: requests, answers, times, and sums that agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from artillery_results_parser import Script
from capacity.estimate import number
from capacity.evidence.checks.offered import asked_between
from capacity.evidence.findings import Claim, Finding, Severity, frequencies, named, percent
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step
from capacity.wording import counted, sentence, visible

_LOST = 0.001  # share of a total missing from the periods that is more than a rounding of their edges
_GAP = 0.5  # time without a period, in periods, that is not their unevenness
_COUNTERS = ("arrivals", "requests", "responses")
_TOLD = 3  # counters told one by one
_NOTED = "sums disagree, "  # how the reader begins its note of a sum

_ODD: dict[str, tuple[str, Severity, str, str]] = {
    "repeats the period": (
        "period_repeated",
        "weakens",
        "One of two versions of the same time was counted, so its load and answers may be incomplete.",
        "Repeat the test; with several workers look for 'multiple batches of metrics' in the tool's log.",
    ),
    "out of order": (
        "periods_unordered",
        "notes",
        "Workers reported late, or files were joined by hand.",
        "Check that all periods are of one run.",
    ),
    "clock was set back": (
        "clock_set_back",
        "weakens",
        "Response times and rates around that moment are wrong by as much as the clock moved.",
        "Leave the clock alone while a test runs, and repeat it.",
    ),
}


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
    both = {
        name: (float(test.periods[name].sum()), float(test.totals[name]))
        for name in _COUNTERS
        if test.totals.get(name) and test.periods[name].notna().any()
    }
    missing = {name: total - found for name, (found, total) in both.items() if found != total}
    if not missing:
        yield from _other_sums(test)
        return
    worst = max(missing, key=lambda name: abs(missing[name]) / both[name][1])
    found, total = both[worst]
    share = abs(total - found) / total
    yield Finding(
        "sums_disagree",
        "weakens" if share > _LOST else "notes",
        "totals",
        f"The periods hold {found:,.0f} {worst}, the totals {total:,.0f} ({percent(share)} apart): "
        f"a period was {'lost' if found < total else 'counted twice'}. Totals here are the export's own, rates are "
        "of the periods.",
        {"share": share}
        | {f"{name} in periods": both[name][0] for name in missing}
        | {f"{name} in totals": both[name][1] for name in missing},
        "Repeat the test if the totals matter; look for 'multiple batches of metrics' in the tool's log.",
        test.name,
        periods=tuple(row for row, _, _ in _gaps(test)),
    )


def _other_sums(test: LoadTest) -> Iterator[Finding]:
    """Sums of other counters, such as bytes or those of a plugin, that differ from their totals."""
    told = [note.removeprefix(_NOTED) for note in test.notes if note.startswith(_NOTED)]
    if told:
        yield Finding(
            "sums_disagree",
            "notes",
            "totals",
            f"Requests and answers add up, but not {counted(len(told), 'other counter')} of the export "
            f"({'; '.join(visible(note, 120) for note in told[:_TOLD])}): quote none of that.",
            {"counters": len(told)},
            "Take these numbers from the server.",
            test.name,
        )


def periods_odd(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The reader had to leave out, sort or stretch periods."""
    for sign, (code, severity, meaning, remedy) in _ODD.items():
        found = [note for note in test.notes if sign in note]
        if found:
            claim: Claim = "totals" if code != "clock_set_back" else "response time"
            message = f"{sentence(visible(found[0], 120))} {meaning}"
            yield Finding(code, severity, claim, message, {"periods": len(test.periods)}, remedy, test.name)


def gaps(
    test: LoadTest, steps: Sequence[Step], slo: Slo | None, script: Script | None = None
) -> Iterator[Finding]:
    """Time without a period that no pause of the script explains: nothing happened, or a period was lost."""
    found = [gap for gap in _gaps(test) if script is None or asked_between(script, *gap[1:]) > 0]
    if not found or test.start is None:
        return
    whole = sum(end - begin for _, begin, end in found)
    spans = named(f"{begin:.0f} to {end:.0f} s" for _, begin, end in found)
    yield Finding(
        "gaps",
        "notes",
        "totals",
        f"The export has no period for {number(whole)} s of the run ({spans}): the load paused there, or the tool "
        "lost what it had counted. Loads and percentiles here leave this time out.",
        {"gaps": len(found), "duration": whole},
        "Compare with the pauses of the script; where it has none, repeat the test.",
        test.name,
        periods=tuple(row for row, _, _ in found),
    )


def _gaps(test: LoadTest) -> list[tuple[int, float, float]]:
    """Return (period after it, begin, end) of time that no period covers."""
    starts = test.periods["start"].to_numpy(float)
    ends = starts + test.periods["span"].to_numpy(float)
    apart = starts[1:] - ends[:-1]
    loaded = test.periods["arrivals"].to_numpy(float) > 0
    usual = float(test.periods["span"].median()) if len(starts) else 0.0
    return [
        (int(test.periods.index[i + 1]), float(ends[i]), float(starts[i + 1]))
        for i in range(len(apart))
        if apart[i] > _GAP * usual and loaded[i + 1 :].any()  # else the last answers were waited for
    ]


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


CHECKS = (no_http, nothing_answered, nothing_succeeded, sums_disagree, periods_odd, no_times)
"""Checks of the record itself; they hold for any test."""

CHECKS_WITH_SCRIPT = (gaps,)
"""Those that know more with the script."""
