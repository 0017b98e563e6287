"""Traffic as Prometheus tells it: the answer of `query_range`, rates per time, read into one series."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from capacity.errors import InputError
from capacity.wording import visible

if TYPE_CHECKING:
    import pandas as pd

_QUERY = "sum(rate(http_requests_total[5m]))"
_SAVE = f"save the whole answer of /api/v1/query_range for a query such as {_QUERY}"
_NO_PARTS = ("le", "quantile")  # labels of histogram buckets and summaries
_SHOWN = 60  # characters of a value in a message


class Sample(NamedTuple):
    """One number of one series, where it stands in the file."""

    place: str
    moment: float
    written: object


def read_prometheus(path: Path) -> tuple[pd.Series, Callable[[pd.Timestamp], str], list[str]]:
    """Read the answer of a range query whose values are rates [req/s]; several series are added up.

    Parameters
    ----------
    path : Path
        JSON with `status` "success" and a matrix of series.

    Returns
    -------
    series : pandas.Series
        Rate by time (UTC), sorted. [req/s]
    place : callable
        Where in the file a time stands.
    notes : list of str
        What was put together or left out.

    Raises
    ------
    InputError
        With the place: no JSON, an error answer, no matrix, no series, values that are no rates.
    """
    import pandas as pd

    document = _document(path)
    results = _results(path, document)
    samples = [sample for number, result in enumerate(results) for sample in _samples(path, number, result)]
    rates = np.array([_rate(path, sample) for sample in samples])
    moments = pd.to_datetime([sample.moment for sample in samples], unit="s", utc=True)
    series = pd.Series(rates, index=moments.astype("datetime64[ns, UTC]"))
    known = series.dropna()
    notes = ["Its values were taken as requests per second (a rate)."]
    warned = document.get("warnings")
    notes += [
        f"Prometheus warned: {visible(str(told), 200)}." for told in warned or [] if isinstance(warned, list)
    ]
    if len(results) > 1:
        notes.append(f"Its {len(results)} series were added up.{_not_always(known, len(results))}")
    if len(known) < len(series):
        notes.append(f"{len(series) - len(known)} values without a number were left out.")
    if known.empty:
        raise InputError(f"holds no value; {_SAVE}, over a range with traffic", file=path)
    places = dict(zip(series.index, (sample.place for sample in samples), strict=True))
    return known.groupby(level=0).sum().sort_index(), places.__getitem__, notes


def _not_always(known: pd.Series, series: int) -> str:
    """Say that some series are absent at times, for a sum over fewer of them looks like less traffic."""
    there = known.groupby(level=0).size()
    fewer = int((there < series).sum())
    if not fewer:
        return ""
    return (
        f" At {fewer} of {len(there)} times some of them have no value and count as 0; if that is no "
        "traffic but missing data, the growth is wrong."
    )


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check the path", file=path) from None
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(f"is no JSON ({type(error).__name__}: {error}); {_SAVE}", file=path) from None


def _results(path: Path, document: Any) -> list[Any]:
    if not isinstance(document, dict) or document.get("status") != "success":
        told = document.get("error", "no status 'success'") if isinstance(document, dict) else "no object"
        raise InputError(f"is no answer to a query ({_short(told)}); {_SAVE}", file=path)
    data = document.get("data")
    kind = data.get("resultType") if isinstance(data, dict) else None
    if not isinstance(data, dict) or kind != "matrix" or not isinstance(data.get("result"), list):
        raise InputError(f"holds a result of type {_short(kind)}, a matrix is needed; {_SAVE}", file=path)
    if not data["result"]:
        raise InputError(f"holds no series; check the query and its range, and {_SAVE}", file=path)
    return data["result"]


def _samples(path: Path, number: int, result: Any) -> Iterator[Sample]:
    place = f"data.result[{number}]"
    values = result.get("values") if isinstance(result, dict) else None
    _refuse_no_parts(path, place, result.get("metric") if isinstance(result, dict) else None)
    if not isinstance(values, list):
        raise InputError(f"has no list of values; {_SAVE}", file=path, place=place)
    last = -1.0
    for row, pair in enumerate(values):
        where = f"{place}.values[{row}]"
        moment = pair[0] if isinstance(pair, list) and len(pair) == 2 else None
        if isinstance(moment, bool) or not isinstance(moment, (int, float)) or not 0 <= moment < 1e11:
            raise InputError(f"{_short(pair)} is no [seconds, value]; {_SAVE}", file=path, place=where)
        if moment <= last:
            raise InputError(
                f"time {moment:g} is not after the one before ({last:g}); {_SAVE}", file=path, place=where
            )
        last = float(moment)
        yield Sample(where, last, pair[1])


def _refuse_no_parts(path: Path, place: str, labels: Any) -> None:
    for label in _NO_PARTS:
        if isinstance(labels, dict) and label in labels:
            raise InputError(
                f"has the label {label} {_short(labels[label])}; such series are no parts of the traffic and do not "
                f"add up: {_SAVE}",
                file=path,
                place=place,
            )


def _rate(path: Path, sample: Sample) -> float:
    try:
        rate = float(sample.written)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        rate = float("inf")
    if rate < 0 or np.isinf(rate):
        raise InputError(
            f"value {_short(sample.written)} is no rate; give requests per second, 0 or above, such as {_QUERY}",
            file=path,
            place=sample.place,
        )
    return rate


def _short(value: object) -> str:
    return f"'{visible(str(value)[:_SHOWN])}'"
