"""Results as plain text for a terminal: what tests measured, and the gates of a verdict."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from capacity.display import table
from capacity.estimate import Estimate
from capacity.wording import plain, visible

if TYPE_CHECKING:
    from capacity.planning.readiness.readiness import Verdict

_MOST_NAMES = 30  # of errors in a line
_GATE = 80  # characters of the name of a gate: one from the plan, and "(stated)"
_MARKS = {"pass": "pass   ", "fail": "FAIL   ", "unknown": "unknown"}
_ENDPOINT_COLUMNS = ("count", "mean", "p50", "p95", "p99")
_STEP_COLUMNS = (
    "kind",
    "start",
    "end",
    "offered",
    "throughput",
    "goodput",
    "error_rate",
    "concurrency",
    "p95",
)


def gates(verdict: Verdict) -> str:
    """Write a verdict: first what it fails on, then its headline and each gate, with the remedy where needed."""
    lines = []
    for what, status in (("failed", "fail"), ("unknown", "unknown")):
        names = [
            visible(gate.name, _GATE) for gate in verdict.failed if gate.needed and gate.status == status
        ]
        lines += [f"{what}: {', '.join(names)}"] if names else []
    lines.append(visible(verdict.headline, 200))
    for gate in verdict.gates:
        lines.append(
            f"  {_MARKS[gate.status]}  {visible(gate.name, _GATE)}{'' if gate.needed else ' (advice)'}"
        )
        lines.append(f"           found: {visible(gate.measured, 300)}")
        lines.append(f"           needed: {visible(gate.requirement, 300)}")
        if gate.status != "pass" and gate.remedy:
            lines.append(f"           to do: {visible(gate.remedy, 300)}")
    not_asked = ", ".join(visible(name) for name in verdict.not_asked)
    return "\n".join([*lines, *([f"  not asked: {not_asked}"] if not_asked else [])])


def inspection(result: Mapping[str, Any]) -> str:
    """Write the object that ``inspect --json`` prints, for reading."""
    parts = [part for test in result["tests"] for part in _test(test)]
    return "\n\n".join(
        [
            *parts,
            *_capacity(result.get("capacity") or {}),
            _findings(result.get("findings") or []),
            *_in_words("Service", result.get("service_model")),
            *_in_words("Next test", result.get("next_test")),
        ]
    )


def _in_words(name: str, part: Mapping[str, Any] | None) -> list[str]:
    """Write what is told of a part, wrapped; nothing where it is not identified."""
    text = (part or {}).get("text")
    return [textwrap.fill(f"{name}: {visible(text, 2000)}", 110, subsequent_indent="  ")] if text else []


def _test(test: Mapping[str, Any]) -> Iterator[str]:
    totals = test.get("totals", {})
    counts = ", ".join(f"{plain(totals[key])} {key}" for key in ("requests", "responses") if key in totals)
    made_by = f"{visible(test.get('tool', ''))} {visible(test.get('dialect', ''))}"
    lasting = f"from {_moment(test.get('start'))}, {plain(test.get('duration_seconds'), 'duration')} s"
    yield "\n".join(
        [
            visible(test["file"], 200),
            f"  {made_by}, {lasting}: {counts}",
            *_named_counts("errors", totals.get("errors")),
            *_named_counts("codes", totals.get("codes")),
        ]
    )
    yield from _rows("Response times by endpoint", _endpoints(test), ("endpoint", *_ENDPOINT_COLUMNS))
    yield from _rows("Steps of the load; P95 of good answers", list(test.get("steps") or []), _STEP_COLUMNS)


def _moment(start: str | None) -> str:
    return f"{plain(dt.datetime.fromisoformat(start), 'time')} UTC" if start else "an unknown time"


def _named_counts(what: str, counts: Mapping[str, Any] | None) -> list[str]:
    if not counts:
        return []
    parts = [f"{visible(name)} {plain(n)}" for name, n in islice(counts.items(), _MOST_NAMES)]
    more = [f"and {len(counts) - _MOST_NAMES:,} more kinds"] if len(counts) > _MOST_NAMES else []
    return [f"  {what}: {', '.join([*parts, *more])}"]


def _endpoints(test: Mapping[str, Any]) -> list[dict[str, Any]]:
    whole = [{"endpoint": "all", **test["response_time"]}] if test.get("response_time") else []
    each = (test.get("endpoints") or {}).items()
    return whole + [{"endpoint": visible(name), **summary} for name, summary in each]


def _rows(caption: str, rows: list[Any], wanted: tuple[str, ...]) -> Iterator[str]:
    import pandas as pd

    if rows:
        known = [{key: _estimate(row.get(key)) for key in wanted if key in row} for row in rows]
        yield textwrap.indent(str(table(pd.DataFrame(known), caption)), "  ")


def _estimate(value: Any) -> Any:
    """Make an estimate again of what `Estimate.to_dict` wrote."""
    if not isinstance(value, Mapping) or "provenance" not in value:
        return value
    return Estimate.from_dict(value)


def _capacity(capacity: Mapping[str, Any]) -> Iterator[str]:
    if not capacity:
        return
    lines = [f"Capacity: {visible(capacity.get('status', ''))}. {visible(capacity.get('why', ''), 600)}"]
    within = {f"within {name}": value for name, value in (capacity.get("slo") or {}).items()}
    numbers = {key: capacity.get(key) for key in ("saturation_throughput", "goodput")} | within
    lines += [f"  {visible(name).replace('_', ' ')}: {_estimate(n)}" for name, n in numbers.items() if n]
    yield "\n".join(lines)


def _findings(findings: list[Any]) -> str:
    if not findings:
        return "Findings: none"
    lines = [
        f"  {visible(f['severity'])} {visible(f['claim'])}: {visible(f['message'], 600)}" for f in findings
    ]
    return "\n".join(["Findings:", *lines])
