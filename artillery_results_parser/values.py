"""Counts, numbers and summaries as reports hold them; milliseconds become seconds here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, TypeGuard

import msgspec

from artillery_results_parser.errors import ArtilleryError, shown
from artillery_results_parser.model import Summary

LARGEST_COUNT = 2**53
"""JSON numbers of JavaScript are exact up to here. [1]"""

_PERCENTILES = ("p50", "p75", "p90", "p95", "p99", "p999")
_CHECKED = attrgetter("count", "min", "max", "mean", *_PERCENTILES)
_BLOCK = attrgetter("min", "max", "count", "mean", *_PERCENTILES)
_NUMBERS = {int, float}
_RELATIVE = 0.02  # a DDSketch of 1% may put a percentile this far from the exact minimum or maximum
_ABSOLUTE = 0.2  # and both are rounded to 0.1


class Block(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A summary with exactly the fields of current versions, as yet in milliseconds."""

    min: float | None
    max: float | None
    count: int | None
    mean: float | None
    p50: float | None
    median: float | None
    p75: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    p999: float | None


def are_usual(blocks: Any) -> TypeGuard[dict[str, Block]]:
    """Whether these are the blocks of a usual export, whose counters are known to be counts."""
    return type(blocks) is dict and type(next(iter(blocks.values()), None)) is Block


def mapping(value: Any, place: str) -> dict[str, Any]:
    """Return `value` if it is an object, nothing if it is absent."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArtilleryError(
            f"{shown(value)} is not an object of names and values; export again", place=place
        )
    return value


def slices_of(tree: dict[str, Any], notes: dict[str, str]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each entry of ``intermediate`` with its place; null ones are left out, with a note."""
    slices = tree.get("intermediate")
    if not slices:
        notes.setdefault("no periods", "the report has no periods: totals only")
    for i, raw in enumerate(slices or ()):
        if raw is None:
            notes.setdefault("null slice", f"intermediate[{i}] is null and was left out")
        else:
            place = f"intermediate[{i}]"
            yield mapping(raw, place), place


def counts(value: Any, place: str) -> dict[str, int]:
    """Return an object of counts; null, which the tool writes for not-a-number, is left out.

    Raises
    ------
    ArtilleryError
        If a value is not a whole number from 0 to 2^53.
    """
    counters = mapping(value, place)
    numbers = counters.values()
    if not counters or (
        set(map(type, numbers)) == {int} and min(numbers) >= 0 and max(numbers) <= LARGEST_COUNT
    ):
        return counters
    return {
        name: count(number, f"{place}[{shown(name)}]")
        for name, number in counters.items()
        if number is not None
    }


def count(value: Any, place: str) -> int:
    """Return `value` if it is a whole number from 0 to 2^53."""
    if type(value) not in _NUMBERS or not 0 <= value <= LARGEST_COUNT or value != int(value):
        raise ArtilleryError(
            f"{shown(value)} is not a count; whole numbers from 0 to 2^53 are: export again", place=place
        )
    return int(value)


def optional_count(value: Any, place: str) -> int | None:
    """Return a count, or None for one that is absent or null."""
    return None if value is None else count(value, place)


def optional_number(value: Any, place: str) -> float | None:
    """Return a number, or None for one that is absent or null."""
    if value is None or type(value) in _NUMBERS:
        return value
    raise ArtilleryError(
        f"{shown(value)} is not a number; numbers and null are allowed: export again", place=place
    )


def checked(
    blocks: Mapping[str, Any], where: str, unit: Callable[[str], str], notes: dict[str, str]
) -> Mapping[str, Block | Summary]:
    """Return the summaries of a slice: blocks in perfect order as they are, others read, empty ones left out.

    Raises
    ------
    ArtilleryError
        As `summary` does.
    """
    odd = {}
    for name, b in blocks.items():
        try:
            if (
                0 <= b.min <= b.p50 <= b.p75 <= b.p90 <= b.p95 <= b.p99 <= b.p999 <= b.max
                and b.min <= b.mean <= b.max
                and 0 < b.count <= LARGEST_COUNT
            ):
                continue
        except (AttributeError, TypeError):
            pass
        odd[name] = summary(b, where, name, unit(name), notes)
    return {name: found for name, found in {**blocks, **odd}.items() if found} if odd else blocks


def summary(raw: Any, where: str, name: str, unit: str, notes: dict[str, str]) -> Summary | None:
    """Read one block of min, max and percentiles; None where nothing was observed.

    When the tool recorded undefined values, it writes `min` null with a count above 0 and percentiles of 0:
    no data. Times come in milliseconds and leave in seconds.

    Raises
    ------
    ArtilleryError
        If a field is not a number, min exceeds max, or percentiles fall.
    """
    fields = _BLOCK(raw) if type(raw) is Block else _fields(raw, where, name)
    low, high, number, mean, p50, p75, p90, p95, p99, p999 = fields
    if low is None or high is None or number == 0:
        return None
    if high < 0 and unit == "s":
        notes.setdefault("negative", _negative(_place(where, name), high))
        return None
    if type(number) is not int or not 0 < number <= LARGEST_COUNT:
        number = optional_count(number, f"{_place(where, name)}.count")
    known = p50 is not None
    try:
        in_order = 0 <= low <= p50 <= p75 <= p90 <= p95 <= p99 <= p999 <= high
    except TypeError:
        in_order = False
    if not in_order or (mean is not None and not low <= mean <= high):
        held = _held(
            low, high, mean, (p50, p75, p90, p95, p99, p999), unit == "s", _place(where, name), notes
        )
        low, high, mean, (p50, p75, p90, p95, p99, p999) = held
        number = None if known and p50 is None else number
    return _summary(unit, number, low, high, mean, p50, p75, p90, p95, p99, p999)


def in_unit(block: Block | Summary, unit: str) -> Summary:
    """Return what `checked` left as a block, in its unit."""
    if type(block) is Summary:
        return block
    return _summary(unit, *_CHECKED(block))


def _summary(unit: str, number: int | None, *values: Any) -> Summary:
    """Make a summary of min, max, mean and percentiles; of times, seconds of milliseconds."""
    low, high, mean, p50, p75, p90, p95, p99, p999 = map(_seconds, values) if unit == "s" else values
    return Summary(number, low, high, mean, p50, p75, p90, p95, p99, p999, unit)


def _fields(raw: Any, where: str, name: str) -> tuple[Any, ...]:
    """Return the fields of a summary with fewer, more, or other ones than usual; None for those it lacks."""
    values = mapping(raw, _place(where, name))
    if not _NUMBERS.issuperset(map(type, values.values())):
        values = {
            key: optional_number(value, f"{_place(where, name)}.{key}") for key, value in values.items()
        }
    get = values.get
    return *map(get, ("min", "max", "count", "mean")), get("p50", get("median")), *map(get, _PERCENTILES[1:])


def _seconds(milliseconds: float | None) -> Any:
    """Tenths of milliseconds are whole, so this quotient is the nearest to the decimals."""
    return None if milliseconds is None else milliseconds * 10 / 10_000


def _place(where: str, name: str) -> str:
    return f"{where}[{shown(name)}]"


_Percentiles = tuple[float | None, ...]


def _held(
    low: float,
    high: float,
    mean: float | None,
    percentiles: _Percentiles,
    time: bool,
    place: str,
    notes: dict[str, str],
) -> tuple[float, float, float | None, _Percentiles]:
    """Hold percentiles inside [min, max] and rising, as far as the sketch's 1% explains the rest."""
    if low > high + _ABSOLUTE:
        raise ArtilleryError(f"min {low:g} is above max {high:g}; export again, do not edit", place=place)
    if time and low < 0:
        notes.setdefault("negative", _negative(place, low))
        low, high = 0, max(high, 0)
        mean = None
        percentiles = tuple(None if p is None else max(p, 0) for p in percentiles)
    if low > 0 and 0 in percentiles:
        notes.setdefault(
            "undefined", f"{place}: undefined values count as 0 in its percentiles, which are left out"
        )
        percentiles = (None,) * len(percentiles)
    if mean is not None and not _near(low, mean, high):
        raise ArtilleryError(
            f"mean {mean:g} is not between min {low:g} and max {high:g}; export again", place=place
        )
    mean = None if mean is None else _inside(low, mean, high)
    return low, high, mean, _rising(low, high, percentiles, place)


def _negative(place: str, low: float) -> str:
    if ".server-timing." in place:
        return f"{place}: answers whose Server-Timing header had no total count as {low:g} ms; read as 0"
    return f"{place}: a negative time ({low:g} ms), as when the clock is set back; read as 0"


def _rising(low: float, high: float, percentiles: _Percentiles, place: str) -> _Percentiles:
    before, result = low, []
    for name, value in zip(_PERCENTILES, percentiles, strict=True):
        if value is not None:
            if not _near(before, value, high):
                message = (
                    f"{name} {value:g} is not between {before:g}, which comes before it, and max {high:g}"
                )
                raise ArtilleryError(f"{message}; percentiles rise: export again, do not edit", place=place)
            before = value = _inside(before, value, high)
        result.append(value)
    return tuple(result)


def _near(low: float, value: float, high: float) -> bool:
    return low - _slack(low) <= value <= high + _slack(high)


def _slack(value: float) -> float:
    return _RELATIVE * abs(value) + _ABSOLUTE


def _inside(low: float, value: float, high: float) -> float:
    return min(max(value, low), high)
