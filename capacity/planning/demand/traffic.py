"""Traffic history: what was asked of the service so far, read from a file of counts per bucket of time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.display import result_html
from capacity.errors import InputError
from capacity.estimate import number
from capacity.planning.demand.prometheus import read_prometheus
from capacity.planning.demand.shape import DAY, WeekShape
from capacity.wording import visible

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("timestamp", "requests")
COMPLETE = 0.9  # share of a day's buckets that must be present before its largest counts as the day's peak
_LATEST_EPOCH = 1e11  # seconds until the year 5138; what is larger is milliseconds
_ZONE = r"(?:[zZ]|[+-]\d{2}:?\d{2}|[+-]\d{2})$"
_FEWEST_RISES = 28  # days in a row above the day before; no traffic does that
_RARELY = 0.05  # share of the buckets in which a counter may have been reset
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

    Examples
    --------
    >>> import capacity as cap
    >>> history = cap.read_history("data/storefront/traffic-synthetic.csv")
    >>> history.step, round(history.daily_peak.max())  # [s], [req/s]
    (3600.0, 195)
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

    @cached_property
    def shape(self) -> WeekShape:
        """Shape of the days of a week, from the days with a peak; NotIdentified where buckets do not show it."""
        complete = self.rates.index.normalize().isin(self.daily_peak.index)
        return WeekShape.of(self.name, self.step, self.rates[complete])

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
        as UTC) and a first or last bucket that was counted in part (dropped).

    Raises
    ------
    InputError
        With the line and the value: columns missing, unreadable or irregular times, milliseconds, negative
        counts, one bucket with two different counts, a running counter (reset or not) in place of counts, no
        traffic at all, more gap than data.

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
    series, place, notes = read_prometheus(path) if is_json else _read_csv(path)
    if len(series) < 2:
        raise InputError(f"has {len(series)} buckets; at least 2 are needed to know the step", file=path)
    step = _step(path, series, place)
    _refuse_nothing(path, series)
    _refuse_counter(path, series, step, place)
    series, dropped = (series, []) if is_json else _whole(series, step)
    gaps = _gaps(path, series, step)
    return TrafficHistory(path.name, step, series if is_json else series / step, (*notes, *dropped, *gaps))


def _begins_as_json(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check the path", file=path) from None


def _read_csv(path: Path) -> tuple[pd.Series, Place, list[str]]:
    """Return the counts by time, sorted, where each stands, and what was put right."""
    rows = _rows(path)
    moments, notes = _moments(path, rows)
    counts, more = _counts(path, rows)
    series, repeated = _series(path, rows, moments, counts)

    def place(moment: pd.Timestamp) -> str:
        return f"line {rows[int(np.argmax(moments == moment))][0]}"

    return series, place, [*notes, *more, *repeated]


Row = tuple[int, str, str]
Place = Callable[["pd.Timestamp"], str]


def _rows(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            when, count = (header.index(name) for name in COLUMNS)
            rows = [
                (reader.line_num, row[when].strip(), row[count].strip())
                for row in reader
                if _holds(path, reader.line_num, row, len(header))
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


def _holds(path: Path, line: int, row: list[str], columns: int) -> bool:
    """Whether a line holds anything, which then has to be a value for each column."""
    if len(row) == columns and row[0]:
        return True
    if not any(cell.strip() for cell in row):
        return False
    if len(row) != columns:
        raise InputError(
            f"has {len(row)} values where the header has {columns}; mend or delete the line",
            file=path,
            place=f"line {line}",
        )
    return True


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


def _step(path: Path, series: pd.Series, place: Place) -> float:
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
        local = " (days of local time are longer and shorter when the clock changes: export hours, or days of UTC)"
        raise InputError(
            f"timestamp {worst.isoformat()} is not a multiple of the step {step:g} s; export equal buckets"
            f"{local if step == DAY else ''}",
            file=path,
            place=place(worst),
        )
    return step


def _whole(series: pd.Series, step: float) -> tuple[pd.Series, list[str]]:
    """Drop a first or last bucket that was counted for part of its time only."""
    notes = []
    if _partial(series, step, -1):
        notes.append(
            f"The last bucket ({series.index[-1]:%Y-%m-%d %H:%M} UTC) looks unfinished and was dropped."
        )
        series = series.iloc[:-1]
    if _partial(series, step, 0):
        notes.append(
            f"The first bucket ({series.index[0]:%Y-%m-%d %H:%M} UTC) looks cut off and was dropped."
        )
        series = series.iloc[1:]
    return series, notes


def _partial(series: pd.Series, step: float, end: int) -> bool:
    """Whether it has less than half the count of a week further in (else a day, else one bucket)."""
    import pandas as pd

    for away in (7 * DAY, DAY, step):
        other = series.index[end] + pd.Timedelta(seconds=away if end == 0 else -away)
        if other in series.index:
            return bool(series.iloc[end] < 0.5 * series[other])
    return False


def _refuse_counter(path: Path, series: pd.Series, step: float, place: Place) -> None:
    """Refuse values that hardly ever fall, and then to near zero: traffic falls every night or every week."""
    values = series.to_numpy()
    rises = np.diff(values)
    falls = np.flatnonzero(rises < 0)
    enough = len(rises) * step >= 3 * DAY if step < DAY else len(rises) >= _FEWEST_RISES
    if not enough or (rises > 0).mean() <= 0.5 or len(falls) > _RARELY * len(rises):
        return
    if (values[falls + 1] > 0.1 * values[falls]).any():
        return
    seen = f"never fall in {len(values)} buckets, like a running counter"
    if len(falls):
        seen = (
            f"fall {len(falls)} times in {len(values)} buckets, each time to near 0 (here from "
            f"{values[falls[0]]:g} to {values[falls[0] + 1]:g}), like a running counter that was reset"
        )
    raise InputError(
        f"counts {seen}; export the increase per bucket (in Prometheus: rate or increase of the counter)",
        file=path,
        place=place(series.index[falls[0] + 1]) if len(falls) else None,
    )


def _refuse_nothing(path: Path, series: pd.Series) -> None:
    if not (series > 0).any():
        raise InputError(
            f"counts no request in all its {len(series)} buckets; check what was exported, and from where",
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
