"""Reports and scripts as text, CSV and JSON. Names come from strangers: all are made safe to print."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from artillery_results_parser.errors import printable
from artillery_results_parser.frames import AGGREGATE, columns, rows
from artillery_results_parser.model import Endpoint, Period, Report, Summary
from artillery_results_parser.script import Script

Readable: TypeAlias = Report | Script

_FORMULA = re.compile(r"[\s\ufeff\0]*[=+\-@\t\r\n\0＝＋－＠]")
_TABLES = ("periods", "codes", "errors", "scenarios", "endpoints", "summaries")
_WIDEST = 60
_LONGEST_NOTE = 400
_PERCENTILES = ("p50 s", "p95 s", "p99 s")
_PHASE_HEADS = ("phase", "kind", "start s", "length s", "rate /s", "to /s", "count", "max vusers")
_ENDPOINT_HEADS = ("endpoint", "count", "mean s", *_PERCENTILES, "max s", "codes and errors")
_PERIOD_HEADS = ("period", "length s", "created", "requests", "responses", "errors", *_PERCENTILES)


def as_table(found: Sequence[Readable]) -> str:
    """Return what people read: totals, endpoints, periods; or the phases of a script."""
    return "\n".join("".join(f"{line}\n" for line in _lines(one)) for one in found)


def as_csv(found: Sequence[Readable]) -> str:
    """Return one row a number: file, period (``all`` for the aggregate), table, key, field, value.

    Text that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("file", "period", "table", "key", "field", "value"))
    for one in found:
        for row in _numbers(one) if isinstance(one, Report) else _phase_numbers(one):
            writer.writerow([_cell(value) for value in (one.path, *row)])
    return out.getvalue()


def as_json(found: Sequence[Readable]) -> str:
    """Return one object with a list of reports or scripts, in ASCII: no name can act on a terminal."""
    documents = [_report(one) if isinstance(one, Report) else asdict(one) for one in found]
    key = "scripts" if found and isinstance(found[0], Script) else "reports"
    return json.dumps({key: documents}, indent=2, allow_nan=False) + "\n"


FORMS = {"table": as_table, "csv": as_csv, "json": as_json}


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return _plain(value)
    if not isinstance(value, str):
        return value
    return ("'" if _FORMULA.match(value) else "") + printable(value)


def _plain(value: Any) -> Any:
    """Drop the dust of binary fractions: microseconds are more than any report has."""
    return round(value, 6) if isinstance(value, float) else value


def _numbers(report: Report) -> Iterator[tuple[Any, ...]]:
    for table in _TABLES:
        keyed = table != "periods"
        names = columns(table)[1 + keyed :]
        for index, *row in rows(report, table):
            key, fields = (row[0], row[1:]) if keyed else ("", row)
            period = "all" if index == AGGREGATE else index
            if table == "endpoints":
                yield period, table, key, fields[0], fields[1]
                continue
            for name, value in zip(names, fields, strict=True):
                if value is not None:
                    yield period, table, key, name, value


def _phase_numbers(script: Script) -> Iterator[tuple[Any, ...]]:
    for index, phase in enumerate(script.phases):
        for name, value in asdict(phase).items():
            if value is not None:
                yield index, "phases", phase.name or "", name, value


def _report(report: Report) -> dict[str, Any]:
    return {
        "path": report.path,
        "dialect": report.dialect,
        "sha256": report.sha256,
        "size": report.size,
        "start": report.start and report.start.isoformat(),
        "end": report.end and report.end.isoformat(),
        "duration": _plain(report.duration),
        "aggregate": _period(report.aggregate),
        "periods": [_period(period) for period in report.periods],
        "phases": [asdict(phase) for phase in report.phases],
        "disagreements": [asdict(disagreement) for disagreement in report.disagreements],
        "notes": list(report.notes),
    }


def _period(period: Period) -> dict[str, Any]:
    return {
        "start": _plain(period.start),
        "end": _plain(period.end),
        "duration": _plain(period.duration),
        "vusers": asdict(period.vusers),
        "requests": period.requests,
        "responses": period.responses,
        "codes": dict(period.codes),
        "errors": dict(period.errors),
        "scenarios": dict(period.scenarios),
        "response_time": _summary(period.response_time),
        "response_time_by_class": {k: _summary(block) for k, block in period.response_time_by_class.items()},
        "session_length": _summary(period.session_length),
        "endpoints": {name: _endpoint(endpoint) for name, endpoint in period.endpoints.items()},
        "summaries": {name: _summary(block) for name, block in period.summaries.items()},
        "in_flight": period.in_flight,
        "counters": dict(period.counters),
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "response_time": _summary(endpoint.response_time),
        "codes": dict(endpoint.codes),
        "errors": dict(endpoint.errors),
        "server_timing": _summary(endpoint.server_timing),
    }


def _summary(block: Summary | None) -> dict[str, Any] | None:
    return None if block is None else {name: _plain(value) for name, value in block.to_dict().items()}


def _lines(one: Readable) -> Iterator[str]:
    if isinstance(one, Script):
        yield printable(str(one))
        yield from _aligned(_PHASE_HEADS, (tuple(asdict(phase).values()) for phase in one.phases))
        return
    whole = one.aggregate
    yield printable(str(one))
    if one.start is not None:
        yield f"started {one.start:%Y-%m-%d %H:%M:%S} UTC"
    yield from _totals(whole)
    if whole.endpoints:
        yield ""
        yield from _aligned(
            _ENDPOINT_HEADS, (_endpoint_row(endpoint) for endpoint in whole.endpoints.values())
        )
    if one.periods:
        yield ""
        yield from _aligned(
            _PERIOD_HEADS, (_period_row(i, period, one) for i, period in enumerate(one.periods))
        )
    for text in (*map(str, one.disagreements), *one.notes):
        yield f"note: {_shown(text, _LONGEST_NOTE)}"


def _totals(whole: Period) -> Iterator[str]:
    users = whole.vusers
    parts = (("created", users.created), ("completed", users.completed), ("failed", users.failed))
    yield "vusers     " + _list((*parts, ("skipped", users.skipped)))
    yield "requests   " + _list((("sent", whole.requests), ("answered", whole.responses)))
    for label, counted in (("codes", whole.codes), ("errors", whole.errors), ("scenarios", whole.scenarios)):
        if counted:
            yield f"{label:11}" + _list(counted.items())
    own = (("response", whole.response_time), *whole.response_time_by_class.items())
    for label, block in (*own, ("session", whole.session_length)):
        if block is not None:
            times = _list((name, getattr(block, name)) for name in ("mean", "p50", "p95", "p99", "max"))
            yield f"{label:11}{times} s"


def _list(pairs: Iterable[tuple[object, object]]) -> str:
    return (
        ", ".join(f"{_shown(name)} {_shown(value)}" for name, value in pairs if value is not None)
        or "none counted"
    )


def _endpoint_row(endpoint: Endpoint) -> tuple[Any, ...]:
    block = endpoint.response_time
    times = [block and getattr(block, name) for name in ("count", "mean", "p50", "p95", "p99", "max")]
    return endpoint.name, *times, _list((*endpoint.codes.items(), *endpoint.errors.items()))


def _period_row(index: int, period: Period, report: Report) -> tuple[Any, ...]:
    origin, block = report.aggregate.start, period.response_time
    label = str(index) if period.start is None or origin is None else f"+{period.start - origin:.1f} s"
    times = [block and getattr(block, name) for name in ("p50", "p95", "p99")]
    counted = (period.vusers.created, period.requests, period.responses, sum(period.errors.values()))
    return label, period.duration, *counted, *times


def _shown(value: object, widest: int = _WIDEST) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = printable(str(value))
    return text if len(text) <= widest else text[: widest - 1] + "…"


def _aligned(heads: Sequence[str], body: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield lines of columns: the first to the left, numbers to the right, a last text column to the left."""
    texts = [list(heads), *([_shown(value) for value in row] for row in body)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        if heads[-1].startswith("codes"):
            cells[-1] = row[-1]
        yield "  ".join(cells).rstrip()
