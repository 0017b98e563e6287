"""Traffic history: what was asked of the service so far, read from a file of counts per bucket of time."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.display import result_html
from capacity.errors import InputError
from capacity.estimate import number
from capacity.planning.prometheus import read_prometheus
from capacity.wording import visible

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("timestamp", "requests")
DAY = 86_400.0
COMPLETE = 0.9  # share of a day's buckets that must be present before its largest counts as the day's peak
_LATEST_EPOCH = 1e11  # seconds until the year 5138; what is larger is milliseconds
_ZONE = r"(?:[zZ]|[+-]\d{2}:?\d{2}|[+-]\d{2})$"
_MISSING = ("", "nan", "null", "none", "na")


@dataclass(frozen=True, eq=False)
class TrafficHistory:
    """Requests per second over time, bucket by bucket, in UTC.

    Parameters
    ----------
    name : str
        The file it came from.
    step : float
        Length of one bucket. [s]
    rates : pandas.Series
        Mean rate in each bucket present, by start of the bucket; gaps are absent. [req/s]
    notes : tuple of str
        What was put right or left out while reading.
    """

    name: str
    step: float
    rates: pd.Series
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def daily_peak(self) -> pd.Series:
        """Busiest bucket of each complete UTC day with any traffic. [req/s]"""
        days = self.rates.groupby(self.rates.index.normalize()).agg(["max", "size"])
        complete = days["size"] >= COMPLETE * DAY / self.step
        return days.loc[complete & (days["max"] > 0), "max"].rename("daily_peak")

    @property
    def days(self) -> int:
        """Days from the first complete one to the last, those missing between them included. [days]"""
        peak = self.daily_peak
        return 0 if peak.empty else (peak.index[-1] - peak.index[0]).days + 1

    @property
    def text(self) -> str:
        """What the file covers, in two sentences."""
        peak = self.daily_peak
        begin, end = (
            f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (self.rates.index[0], self.rates.index[-1])
        )
        sentences = [
            f"{self.name} counts requests per {self.step:g} s from {begin} to {end}, {len(peak)} complete "
            f"days."
        ]
        if len(peak):
            sentences.append(
                f"Its busiest bucket, on {peak.idxmax():%Y-%m-%d}, ran at {number(peak.max())} req/s."
            )
        return " ".join([*sentences, *self.notes])

    def to_frame(self) -> pd.DataFrame:
        """Bucket by bucket: start and rate [req/s]."""
        return self.rates.rename("rate").rename_axis("start").reset_index()

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(
            self.daily_peak.rename_axis("date").reset_index().tail(14),
            f"{self.name}: the last daily peaks",
            self.text,
        )


def read_history(path: str | Path) -> TrafficHistory:
    r"""Read a traffic history from CSV (``timestamp,requests``) or from the JSON of a Prometheus range query.

    Parameters
    ----------
    path : str or Path
        In CSV a timestamp is the start of its bucket: ISO 8601 with a zone or ``Z``, or seconds since 1970, and a
        request count follows. In JSON the values are rates. Any regular step up to a day will do.
        [requests per bucket] or [req/s]

    Returns
    -------
    TrafficHistory
        In UTC, sorted; `notes` tells about gaps, missing counts, repeated rows, times without a zone (taken
        as UTC) and a last bucket that was still being counted (dropped).

    Raises
    ------
    InputError
        With the line and the value: columns missing, unreadable or irregular times, milliseconds, negative
        counts, one bucket with two different counts, a running counter in place of counts, more gap than
        data.

    Examples
    --------
    >>> from pathlib import Path; from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "traffic.csv"
    >>> rows = [f"{86400 + 3600 * hour},{3600 * (50 + hour % 24)}" for hour in range(48)]
    >>> _ = path.write_text("timestamp,requests\n" + "\n".join(rows))
    >>> float(read_history(path).daily_peak.max())
    73.0
    """
    path = Path(path)
    is_json = _begins_as_json(path)
    series, places, notes = read_prometheus(path) if is_json else _read_csv(path)
    if len(series) < 2:
        raise InputError(f"has {len(series)} buckets; at least 2 are needed to know the step", file=path)
    step = _step(path, series, places)
    series, dropped = (series, []) if is_json else _without_partial_last(series, step)
    _refuse_counter(path, series, step)
    gaps = _gaps(path, series, step)
    return TrafficHistory(path.name, step, series if is_json else series / step, (*notes, *dropped, *gaps))


def _begins_as_json(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check the path", file=path) from None


def _read_csv(path: Path) -> tuple[pd.Series, dict[pd.Timestamp, str], list[str]]:
    """Return the counts by time, sorted, where each stands, and what was put right."""
    rows = _rows(path)
    moments, notes = _moments(path, rows)
    counts, more = _counts(path, rows)
    series, repeated = _series(path, rows, moments, counts)
    places = dict(zip(moments, (f"line {line}" for line, _, _ in rows), strict=True))
    return series, places, [*notes, *more, *repeated]


Row = tuple[int, str, str]


def _rows(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            rows = [
                _row(path, reader.line_num, row, header)
                for row in reader
                if any(cell.strip() for cell in row)
            ]
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check the path", file=path) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is not UTF-8 CSV ({error}); export it as UTF-8 text", file=path) from None
    if len(rows) < 2:
        raise InputError(f"has {len(rows)} buckets; at least 2 are needed to know the step", file=path)
    return rows


def _check_header(path: Path, header: list[str]) -> None:
    for wanted in COLUMNS:
        if header.count(wanted) != 1:
            raise InputError(
                f"the first line names '{visible(', '.join(header))}'; it must name timestamp and requests "
                f"once each",
                file=path,
                place="line 1",
            )


def _row(path: Path, line: int, row: list[str], header: list[str]) -> Row:
    if len(row) != len(header):
        raise InputError(
            f"has {len(row)} values where the header has {len(header)}; mend or delete the line",
            file=path,
            place=f"line {line}",
        )
    return line, row[header.index("timestamp")].strip(), row[header.index("requests")].strip()


def _moments(path: Path, rows: Sequence[Row]) -> tuple[pd.DatetimeIndex, list[str]]:
    import pandas as pd

    written = pd.Series([timestamp for _, timestamp, _ in rows])
    epoch = pd.to_numeric(written, errors="coerce")
    milliseconds = epoch.abs() >= _LATEST_EPOCH
    _refuse_first(path, rows, milliseconds, 1, "is not seconds since 1970; divide milliseconds by 1000")
    iso = pd.to_datetime(written.where(epoch.isna()), format="ISO8601", utc=True, errors="coerce")
    seconds = pd.to_datetime(epoch, unit="s", utc=True).astype("datetime64[ns, UTC]")
    moments = iso.astype("datetime64[ns, UTC]").fillna(seconds)
    _refuse_first(
        path,
        rows,
        moments.isna(),
        1,
        "is not a time; write ISO 8601 such as 2026-01-31T13:00:00Z, or seconds since 1970",
    )
    return pd.DatetimeIndex(moments), _zones(path, rows, written, epoch)


def _zones(path: Path, rows: Sequence[Row], written: pd.Series, epoch: pd.Series) -> list[str]:
    """Refuse times of which only some carry a zone; note it when none does."""
    zoned = written.str.contains(_ZONE, regex=True) & written.str.contains(":")
    naive = ~zoned & epoch.isna()
    if naive.all():
        return ["Its times carry no zone and were taken as UTC."]
    message = "has no zone although other lines have one; write all of them with a zone"
    _refuse_first(path, rows, naive, 1, message)
    return []


def _counts(path: Path, rows: Sequence[Row]) -> tuple[np.ndarray, list[str]]:
    import pandas as pd

    written = pd.Series([count for _, _, count in rows])
    missing = written.str.lower().isin(_MISSING)
    counts = pd.to_numeric(written.where(~missing), errors="coerce")
    _refuse_first(
        path,
        rows,
        ~missing & ~np.isfinite(counts),
        2,
        "is not a count of requests; write a number, or leave it empty if unknown",
    )
    _refuse_first(
        path,
        rows,
        counts < 0,
        2,
        "is negative; export requests per bucket (a counter that was reset shows as a negative increase)",
    )
    notes = [f"{int(missing.sum())} buckets without a count were left out."] if missing.any() else []
    return counts.to_numpy(dtype=float), notes


def _refuse_first(path: Path, rows: Sequence[Row], bad: Any, cell: int, message: str) -> None:
    where = np.flatnonzero(np.asarray(bad, dtype=bool))
    if where.size:
        row = rows[int(where[0])]
        more = f" ({where.size - 1} more lines like it)" if where.size > 1 else ""
        raise InputError(
            f"{COLUMNS[cell - 1]} '{visible(row[cell])}' {message}{more}",
            file=path,
            place=f"line {row[0]}",
        )


def _series(
    path: Path, rows: Sequence[Row], moments: pd.DatetimeIndex, counts: np.ndarray
) -> tuple[pd.Series, list[str]]:
    import pandas as pd

    frame = pd.DataFrame({"moment": moments, "count": counts}).dropna()
    if len(frame) < 2:
        raise InputError(
            f"has {len(frame)} buckets with a count; at least 2 are needed to know the step", file=path
        )
    notes = (
        []
        if frame["moment"].is_monotonic_increasing
        else ["Its lines were not in order of time and were sorted."]
    )
    same = frame.duplicated()
    if same.any():
        notes.append(f"{int(same.sum())} repeated lines were counted once.")
    frame = frame[~same]
    _refuse_first(
        path,
        [rows[position] for position in frame.index],
        frame["moment"].duplicated(),
        1,
        "comes twice with different counts; keep one line per bucket (local times repeat when the clock "
        "goes back: export UTC)",
    )
    series = frame.set_index("moment")["count"].sort_index()
    return series, notes


def _step(path: Path, series: pd.Series, places: dict[pd.Timestamp, str]) -> float:
    since = (series.index - series.index[0]).total_seconds().to_numpy()
    step = float(np.median(np.diff(since)))
    if step > DAY:
        raise InputError(
            f"has buckets of {step:g} s; the daily peak needs buckets of a day or less, better an hour",
            file=path,
        )
    off = np.abs(since / step - np.round(since / step)) * step
    if (off > 0.01 * step).any():
        worst = series.index[int(np.argmax(off > 0.01 * step))]
        raise InputError(
            f"timestamp {worst.isoformat()} is not a multiple of the step {step:g} s; export equal buckets",
            file=path,
            place=places[worst],
        )
    return step


def _without_partial_last(series: pd.Series, step: float) -> tuple[pd.Series, list[str]]:
    """Drop a last bucket with less than half the count of a week before (else a day, else one bucket)."""
    import pandas as pd

    last = series.index[-1]
    for back in (7 * DAY, DAY, step):
        before = last - pd.Timedelta(seconds=back)
        if before in series.index:
            if series.iloc[-1] < 0.5 * series[before]:
                return series.iloc[:-1], [
                    f"The last bucket ({last:%Y-%m-%d %H:%M} UTC) looks unfinished and was dropped."
                ]
            break
    return series, []


def _refuse_counter(path: Path, series: pd.Series, step: float) -> None:
    rises = np.diff(series.to_numpy())
    if step < DAY and len(rises) * step >= 3 * DAY and (rises >= 0).all() and (rises > 0).mean() > 0.5:
        raise InputError(
            f"counts never fall in {len(rises) + 1} buckets, like a running counter; export the increase "
            f"per bucket",
            file=path,
        )


def _gaps(path: Path, series: pd.Series, step: float) -> list[str]:
    expected = round((series.index[-1] - series.index[0]).total_seconds() / step) + 1
    absent = expected - len(series)
    if absent > len(series):
        raise InputError(
            f"has {len(series)} of the {expected} buckets it spans; check the times, or export the rest",
            file=path,
        )
    return (
        [f"{absent} of {expected} buckets are missing; days with less than 90% of theirs were left out."]
        if absent
        else []
    )
