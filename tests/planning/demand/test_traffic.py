"""Reading a traffic history."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from capacity.errors import InputError
from capacity.planning.demand.traffic import read_history


def write(folder: Path, *rows: str, header: str = "timestamp,requests", encoding: str = "utf-8") -> Path:
    """Write a file of these lines."""
    path = folder / "traffic.csv"
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return path


def hourly(hours: int, start: str = "2026-01-05T00:00:00Z") -> list[str]:
    """Lines of hourly counts, more in the evening."""
    index = pd.date_range(start, periods=hours, freq="h")
    return [f"{moment.isoformat()},{3600 * (100 + moment.hour)}" for moment in index]


def test_counts_become_rates(tmp_path: Path) -> None:
    """Requests per bucket over its length are the rate, and the day's largest is its peak."""
    history = read_history(write(tmp_path, *hourly(48)))
    assert history.step == 3600
    assert history.daily_peak.tolist() == [123.0, 123.0]


def test_zones_become_utc(tmp_path: Path) -> None:
    """A local time with its offset is the same moment in UTC, also across a change of the clock."""
    rows = ["2026-03-29T01:00:00+01:00,10", "2026-03-29T03:00:00+02:00,20", "2026-03-29T04:00:00+02:00,30"]
    history = read_history(write(tmp_path, *rows))
    assert [moment.hour for moment in history.rates.index] == [0, 1, 2]
    assert history.notes == ()


def test_epoch_seconds_are_read(tmp_path: Path) -> None:
    """Seconds since 1970 are a time, too."""
    history = read_history(write(tmp_path, "1767225600,60", "1767225660,120"))
    assert str(history.rates.index[0]) == "2026-01-01 00:00:00+00:00"
    assert history.rates.tolist() == [1.0, 2.0]


def test_naive_times_are_utc_and_told(tmp_path: Path) -> None:
    """Times without any zone are taken as UTC, with a note."""
    history = read_history(write(tmp_path, "2026-01-01 00:00,1", "2026-01-01 01:00,2"))
    assert "no zone" in history.notes[0]


def test_dates_alone_are_times_without_zone(tmp_path: Path) -> None:
    """The day in 2026-01-05 is no offset of minus five hours."""
    history = read_history(write(tmp_path, "2026-01-05,10", "2026-01-06,20"))
    assert history.rates.index[0] == pd.Timestamp("2026-01-05", tz="UTC")
    assert "no zone" in history.notes[0]


def test_gaps_missing_and_repeated_rows_are_told(tmp_path: Path) -> None:
    """What was left out is said, and an incomplete day has no peak."""
    rows = hourly(72)
    rows[30] = rows[30].split(",")[0] + ","
    del rows[31:36]
    history = read_history(write(tmp_path, *rows, rows[0]))
    assert len(history.daily_peak) == 2
    assert history.notes == (
        "1 buckets without a count were left out.",
        "Its lines were not in order of time and were sorted.",
        "1 repeated lines were counted once.",
        "6 of 72 buckets are missing; days with less than 90% of theirs were left out.",
    )


def test_unfinished_last_bucket_is_dropped(tmp_path: Path) -> None:
    """A last bucket far below the same one a day before was still being counted."""
    rows = hourly(49)
    rows[-1] = rows[-1].split(",")[0] + ",7"
    history = read_history(write(tmp_path, *rows))
    assert len(history.rates) == 48
    assert "2026-01-07 00:00 UTC) looks unfinished" in history.notes[0]


def test_a_first_bucket_cut_off_is_dropped(tmp_path: Path) -> None:
    """An export that begins inside a bucket counts less there than a day later."""
    rows = hourly(72)
    rows[0] = rows[0].split(",")[0] + ",9"
    history = read_history(write(tmp_path, *rows))
    assert len(history.rates) == 71
    assert "2026-01-05 00:00 UTC) looks cut off" in history.notes[0]


def test_traffic_that_falls_to_nothing_is_no_counter(tmp_path: Path) -> None:
    """A shop that closes at night rises and falls too, but not in one step a day at most."""
    rows = [f"{3600 * i},{max(0, 12 - abs(i % 24 - 12)) * 100}" for i in range(96)]
    assert read_history(write(tmp_path, *rows)).rates.max() == 1200 / 3600


def test_local_times_that_repeat_are_refused(tmp_path: Path) -> None:
    """When the clock goes back an hour without a zone comes twice; the message says to export UTC."""
    rows = ["2026-10-25T01:00,5", "2026-10-25T02:00,6", "2026-10-25T02:00,7", "2026-10-25T03:00,8"]
    with pytest.raises(InputError, match=r"line 4: .*comes twice .* when the clock goes back: export UTC"):
        read_history(write(tmp_path, *rows))


def test_the_shape_of_a_week_is_at_hand(tmp_path: Path) -> None:
    """Hourly histories of two weeks have one; it is computed once."""
    history = read_history(write(tmp_path, *hourly(14 * 24)))
    assert history.shape.busiest_hour == 23
    assert history.shape is history.shape


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["2026-01-01T00:00Z,1", "2026-01-01T01:00Z,-5"], r"traffic.csv: line 3: requests '-5' is negative"),
        (["2026-01-01T00:00Z,1", "2026-01-01T01:00Z,many"], r"line 3: requests 'many' is not a count"),
        (["2026-01-01T00:00Z,1", "2026-01-01T01:00Z,inf"], r"line 3: requests 'inf' is not a count"),
        (["yesterday,1", "2026-01-01T01:00Z,2"], r"line 2: timestamp 'yesterday' is not a time"),
        (["2026-01-01T00:00,1", "2026-01-01T01:00Z,2"], r"line 2: .* has no zone although other lines"),
        (["1767225600000,1", "1767225660000,2"], r"line 2: .* divide milliseconds by 1000 \(1 more"),
        (["2026-01-01T00:00Z,1", "2026-01-01T00:00Z,2", "2026-01-01T01:00Z,2"], r"line 3: .* comes twice"),
        (["2026-01-01T00:00Z,1", "2026-01-01T01:00Z,2,9"], r"line 3: has 3 values where the header has 2"),
        (["2026-01-01T00:00Z,1"], r"has 1 buckets; at least 2"),
        (["2026-01-01T00:00Z,1", "2026-01-08T00:00Z,1"], r"buckets of 604800 s"),
        (["0,1", "60,1", "120,1", "190,1"], r"line 5: timestamp .* is not a multiple of the step 60 s"),
        (["0,1", "60,1", "6000,1"], r"is not a multiple|has 3 of the"),
        ([f"{60 * i},{i}" for i in [*range(5), *range(90, 95)]], r"has 9 of the 94 buckets it spans"),
        ([f"{3600 * i},{i * 50}" for i in range(100)], r"never fall in 100 buckets, like a running counter"),
        (
            [f"{3600 * i},{7 + i % 60 * 50}" for i in range(150)],
            r"line 62: counts fall 2 times in 150 buckets, each time to near 0 \(here from 2957 to 7\), like a running "
            r"counter that was reset; export the increase",
        ),
        ([f"{86400 * i},{500 + i}" for i in range(29)], r"never fall in 29 buckets, like a running counter"),
        ([f"{3600 * i},0" for i in range(100)], r"counts no request in all its 100 buckets"),
    ],
)
def test_bad_rows_are_refused(tmp_path: Path, rows: list[str], message: str) -> None:
    """Each refusal names the file, the line, the value and what to do."""
    with pytest.raises(InputError, match=message):
        read_history(write(tmp_path, *rows))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    """The header must name both columns."""
    with pytest.raises(
        InputError, match="line 1: the first line names 'time, count'; it must name timestamp"
    ):
        read_history(write(tmp_path, "1,2", header="time,count"))


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    """Spreadsheets write one before the header."""
    assert read_history(write(tmp_path, *hourly(3), encoding="utf-8-sig")).step == 3600


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_are_refused(tmp_path: Path, encoding: str) -> None:
    """What is not UTF-8 text is refused by name."""
    with pytest.raises(InputError, match=r"is not UTF-8 CSV|the first line names"):
        read_history(write(tmp_path, *hourly(3), encoding=encoding))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A path that does not exist is an input error, not a traceback."""
    with pytest.raises(InputError, match="cannot be read"):
        read_history(tmp_path / "none.csv")


def test_days_without_traffic_have_no_peak(tmp_path: Path) -> None:
    """A day of zeros is an outage, not demand."""
    rows = [row.split(",")[0] + ",0" if i < 24 else row for i, row in enumerate(hourly(72))]
    assert len(read_history(write(tmp_path, *rows)).daily_peak) == 2


def test_text_and_frame_agree(tmp_path: Path) -> None:
    """The sentence names the busiest day of the frame."""
    history = read_history(write(tmp_path, *hourly(48)))
    assert "2 complete days" in history.text
    assert np.isclose(history.to_frame()["rate"].max(), 123.0)
    assert "<table" in history._repr_html_()


def test_days_of_local_time_are_told_why_they_do_not_fit(tmp_path: Path) -> None:
    """The day on which the clock goes back has 25 hours, so local midnights are not equally far apart."""
    days = ["2026-10-23T00:00:00+02:00", "2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00"]
    rows = [f"{day},100" for day in [*days, "2026-10-26T00:00:00+01:00", "2026-10-27T00:00:00+01:00"]]
    with pytest.raises(
        InputError, match=r"line 5: .*\(days of local time are longer and shorter when the clock"
    ):
        read_history(write(tmp_path, *rows))
