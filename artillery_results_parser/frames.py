"""A report as tidy tables: one row an observation, one column a variable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from artillery_results_parser.model import SUMMARY_FIELDS, Period, Report, Summary

if TYPE_CHECKING:
    import pandas as pd

AGGREGATE = -1
"""Index of the aggregate in the column ``period``."""

Row = dict[str, Any]

_VUSERS = ("created", "completed", "failed", "skipped")
_TIMES = tuple(f"response_time_{name}" for name in SUMMARY_FIELDS[:-1])
_COLUMNS = {
    "periods": (
        "period",
        "start",
        "end",
        "duration",
        *_VUSERS,
        "requests",
        "responses",
        "in_flight",
        *_TIMES,
    ),
    "codes": ("period", "code", "count"),
    "errors": ("period", "error", "count"),
    "endpoints": ("period", "endpoint", "metric", "value", "unit"),
    "scenarios": ("period", "scenario", "created"),
    "summaries": ("period", "name", *SUMMARY_FIELDS),
}


def frames(report: Report) -> dict[str, pd.DataFrame]:
    """Return tables of `report`: periods, codes, errors, endpoints, scenarios, summaries.

    Each has a column ``period``, the index of the slice, -1 for the aggregate. ``endpoints`` is long: an
    endpoint has a row for each of ``count``, ``mean``, ``p95`` ..., ``codes.<code>`` and ``errors.<text>``.
    """
    import pandas as pd

    return {name: pd.DataFrame(list(rows(report, name)), columns=_COLUMNS[name]) for name in _COLUMNS}


def rows(report: Report, table: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one of the tables, aggregate first; None where there is no value."""
    make = _ROWS[table]
    for index, period in ((AGGREGATE, report.aggregate), *enumerate(report.periods)):
        for row in make(period):
            yield (index, *row)


def columns(table: str) -> tuple[str, ...]:
    """Return the names of the columns of one of the tables."""
    return _COLUMNS[table]


def _period(period: Period) -> Iterator[tuple[Any, ...]]:
    users = period.vusers
    time = _fields(period.response_time)[:-1]
    yield (
        period.start,
        period.end,
        period.duration,
        users.created,
        users.completed,
        users.failed,
        users.skipped,
        period.requests,
        period.responses,
        period.in_flight,
        *time,
    )


def _endpoint(period: Period) -> Iterator[tuple[Any, ...]]:
    for name, endpoint in period.endpoints.items():
        for prefix, block in (("", endpoint.response_time), ("server_timing_", endpoint.server_timing)):
            if block is not None:
                for field in SUMMARY_FIELDS[:-1]:
                    value = getattr(block, field)
                    if value is not None:
                        yield name, prefix + field, value, "responses" if field == "count" else block.unit
        for code, number in endpoint.codes.items():
            yield name, f"codes.{code}", number, "responses"
        for error, number in endpoint.errors.items():
            yield name, f"errors.{error}", number, "errors"


def _summaries(period: Period) -> Iterator[tuple[Any, ...]]:
    classes = {f"response_time.{kind}": block for kind, block in period.response_time_by_class.items()}
    own = {"response_time": period.response_time, **classes, "session_length": period.session_length}
    for name, block in (own | dict(period.summaries)).items():
        if block is not None:
            yield name, *_fields(block)


def _fields(block: Summary | None) -> tuple[Any, ...]:
    return tuple(None if block is None else getattr(block, name) for name in SUMMARY_FIELDS)


_ROWS = {
    "periods": _period,
    "codes": lambda period: iter(period.codes.items()),
    "errors": lambda period: iter(period.errors.items()),
    "endpoints": _endpoint,
    "scenarios": lambda period: iter(period.scenarios.items()),
    "summaries": _summaries,
}
