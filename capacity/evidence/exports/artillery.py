"""Artillery's JSON as a LoadTest.

Notes
-----
- Rates in the export are rounded and biased; they are never used. Rates here are counts over true time spans.
- Response times are to the first byte and include those of error answers; successful answers are separated (``2xx``)
  only since Artillery 2.0.21.
- ``http.requests`` counts requests that never left: it is the offered load, not the load that arrived.
- The legacy format has neither request counts nor times: each period is taken as 10 s, which a note tells.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from artillery_results_parser import ArtilleryError, Period, Report, Script, Summary, load, load_script
from capacity.errors import InputError
from capacity.evidence.loadtest import ERROR_CODES, SUMMARY, LoadTest, failing, is_unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SLICE = 10.0  # length of Artillery's reporting periods [s]


def read(path: str | Path) -> LoadTest:
    """Read an Artillery export of any dialect.

    Parameters
    ----------
    path : str or Path
        File written by ``artillery run --output``, plain or gzip.

    Returns
    -------
    LoadTest
        Times in seconds from the first event of the run.

    Raises
    ------
    InputError
        If the file is not Artillery's, is damaged or contradicts itself.
    """
    try:
        report = load(path)
    except ArtilleryError as error:
        raise InputError(str(error)) from None
    notes = [*report.notes, *_disagreements(report)]
    periods = _periods(report)
    codes, errors = _table(p.codes for p in report.periods), _table(p.errors for p in report.periods)
    if report.start is None and len(periods):
        notes.append("the export has no times: each period is taken as 10 s")
    if periods["requests"].isna().all() and periods["responses"].notna().any():
        periods["requests"] = periods["responses"] + _unanswered(errors)
        notes.append(
            "the export counts no requests sent: they are taken as answers plus requests without one"
        )
    return LoadTest(
        name=Path(path).name.removesuffix(".gz").removesuffix(".json"),
        file=str(path),
        tool="artillery",
        dialect=report.dialect,
        sha256=report.sha256,
        size=report.size,
        start=report.start,
        periods=periods,
        codes=codes,
        errors=errors,
        times=_times(p.response_time for p in report.periods).pipe(_with_counts, report, periods),
        good_times=_times(p.response_time_by_class.get("2xx") for p in report.periods),
        endpoints=_endpoints(report.aggregate),
        summary=_row(report.aggregate.response_time),
        good_summary=_row(report.aggregate.response_time_by_class.get("2xx")),
        totals=_totals(report.aggregate),
        endpoint_codes={name: dict(e.codes) for name, e in report.aggregate.endpoints.items()},
        samples=_samples(report),
        other=_other(report.aggregate),
        notes=tuple(notes),
        time_endpoints=partial(_endpoint_times, tuple(report.aggregate.endpoints), report.periods),
    )


def read_script(path: str | Path) -> Script:
    """Read the load phases of an Artillery script (YAML or JSON).

    Raises
    ------
    InputError
        If the file is no script with phases that can be understood.

    Examples
    --------
    >>> import capacity as cap
    >>> script = cap.read_script("data/storefront/stress.yml")
    >>> [(phase.name, phase.arrival_rate, phase.duration) for phase in script.phases][:2]  # [users/s], [s]
    [('warm-up', 10.0, 20.0), ('rise', 25.0, 40.0)]
    """
    try:
        return load_script(path)
    except ArtilleryError as error:
        raise InputError(str(error)) from None


def _disagreements(report: Report) -> list[str]:
    shown = [
        f"{d.counter}: {d.periods} in the periods, {d.aggregate} in the aggregate"
        for d in report.disagreements
    ]
    return [f"sums disagree, {line}" for line in shown]


def _periods(report: Report) -> pd.DataFrame:
    origin = report.periods[0].start if report.periods and report.periods[0].start is not None else None
    rows = []
    for index, period in enumerate(report.periods):
        start, span = _span(period, index, origin)
        rows.append(
            {
                "start": start,
                "span": span,
                "arrivals": period.vusers.created,
                "requests": period.requests,
                "responses": period.responses,
                "dropped": period.vusers.skipped,
            }
        )
    columns = ["start", "span", "arrivals", "requests", "responses", "dropped"]
    return pd.DataFrame(rows, columns=columns, dtype=float)


def _span(period: Period, index: int, origin: float | None) -> tuple[float, float]:
    if period.start is None or period.end is None or origin is None:
        return index * _SLICE, _SLICE
    return period.start - origin, period.end - period.start


def _table(rows: Any) -> pd.DataFrame:
    """Return one row a period and one column a name; what a period does not mention did not happen there."""
    return pd.DataFrame([dict(row) for row in rows]).fillna(0).astype(int)


def _unanswered(errors: pd.DataFrame) -> pd.Series:
    return errors[[name for name in errors.columns if is_unanswered(name)]].sum(axis=1)


def _row(summary: Summary | None) -> dict[str, float | None]:
    return {name: None if summary is None else getattr(summary, name) for name in SUMMARY}


def _times(summaries: Any) -> pd.DataFrame:
    return pd.DataFrame([_row(s) for s in summaries], columns=list(SUMMARY), dtype=float)


def _with_counts(times: pd.DataFrame, report: Report, periods: pd.DataFrame) -> pd.DataFrame:
    """Fill in how many answers a v1 summary rests on: the format does not say, the answers do."""
    counted = [p.latencies.count if p.latencies is not None else np.nan for p in report.periods]
    counts = times["count"].fillna(pd.Series(counted, dtype=float)).fillna(periods["responses"])
    return times.assign(count=counts.where(times["p50"].notna()))


def _endpoints(aggregate: Period) -> pd.DataFrame:
    rows: dict[str, dict[str, float | None]] = {}
    for name, endpoint in aggregate.endpoints.items():
        failures = failing(endpoint.codes, ERROR_CODES)
        lost = sum(n for error, n in endpoint.errors.items() if is_unanswered(error))
        answered = sum(endpoint.codes.values())
        rows[name] = {
            **_row(endpoint.response_time),
            "requests": answered + lost,
            "failures": failures + lost,
        }
    frame = pd.DataFrame.from_dict(
        rows, orient="index", columns=[*SUMMARY, "requests", "failures"], dtype=float
    )
    frame.index.name = "endpoint"
    return frame.sort_values("requests", ascending=False, kind="stable")


def _endpoint_times(names: Sequence[str], periods: Sequence[Period]) -> dict[str, pd.DataFrame]:
    """Return the response times of each endpoint by period, of those that any period tells."""
    each = [period.endpoints for period in periods]
    found = {name: [ends[name].response_time if name in ends else None for ends in each] for name in names}
    return {name: _times(rows) for name, rows in found.items() if any(rows)}


def _totals(aggregate: Period) -> dict[str, Any]:
    return {
        "requests": aggregate.requests,
        "responses": aggregate.responses,
        "arrivals": aggregate.vusers.created,
        "completed": aggregate.vusers.completed,
        "failed": aggregate.vusers.failed,
        "dropped": aggregate.vusers.skipped,
        "errors": dict(aggregate.errors),
        "codes": dict(aggregate.codes),
    }


def _samples(report: Report) -> tuple[Any, ...]:
    if not any(p.latencies is not None for p in report.periods):
        return ()
    return tuple(p.latencies for p in report.periods)


def _other(aggregate: Period) -> dict[str, Any]:
    """Return what says something about the run without being HTTP: checks that failed, other protocols."""
    prefixes: Mapping[str, str] = {
        "plugins.expect.": "checks",
        "websocket.": "websocket",
        "socketio.": "socketio",
    }
    found: dict[str, Any] = {}
    for name, count in aggregate.counters.items():
        for prefix, group in prefixes.items():
            if name.startswith(prefix):
                found.setdefault(group, {})[name.removeprefix(prefix)] = count
    if any(name.startswith("browser.") for name in (*aggregate.counters, *aggregate.summaries)):
        found["browser"] = True
    return found
