"""The two dialects of version 2: named counters and summaries in ten-second slices of the wall clock.

Notes
-----
- ``period`` is a string in slices and a number in the aggregate; there it is the start of the *last* slice.
- A counter missing from a slice is 0. A slice in which nothing happened is missing.
- ``rates``, and the ``null`` rates beside it, are not read: they are rounded, and the aggregate one is a mean
  over slices that is off by up to a factor of two.
- ``histograms`` repeats ``summaries``, or holds raw sketches (up to 2.0.0-14), or is absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from operator import lt
from types import MappingProxyType
from typing import Any

import msgspec

from artillery_results_parser import names
from artillery_results_parser.distribution import Distribution
from artillery_results_parser.errors import ArtilleryError, shown
from artillery_results_parser.model import Dialect, Period, Summary, Vusers
from artillery_results_parser.names import Vocabulary, is_early, is_own
from artillery_results_parser.periods import Periods
from artillery_results_parser.sketch import distribution
from artillery_results_parser.values import Block, are_usual, checked, counts, mapping, slices_of

SLICE = 10.0
"""Length of a slice; no option changes it. [s]"""

_FIRST, _LAST = (
    tuple(f"{end}{kind}At" for kind in ("Counter", "Metric", "Histogram")) for end in ("first", "last")
)
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000  # the years 2000 and 2100, in milliseconds


class _Measured(msgspec.Struct, frozen=True, gc=False):
    """What was counted and timed in a slice, or in all."""

    counters: dict[str, int]
    blocks: Mapping[str, Block | Summary]
    latencies: Distribution | None


class _Slice(msgspec.Struct, frozen=True, gc=False):
    """One entry of ``intermediate``, checked but not yet placed in time."""

    place: str
    period: float
    first: float | None
    last: float | None
    measured: _Measured


def read(
    tree: dict[str, Any], vocabulary: Vocabulary, notes: dict[str, str]
) -> tuple[Dialect, Period, Sequence[Period]]:
    """Return dialect, aggregate and periods of a report of version 2."""
    whole = _measured(tree["aggregate"], "aggregate", vocabulary, notes)
    slices = _in_order(
        [_slice(raw, place, vocabulary, notes) for raw, place in slices_of(tree, notes)], notes
    )
    known = dict(whole.counters)
    for part in slices:
        known |= part.measured.counters
    _refuse_strangers([known, whole.blocks])
    spans = _spans(slices)

    def period(index: int) -> Period:
        return _period(spans[index], known, slices[index].measured, vocabulary)

    first, last = (_stamp(tree["aggregate"], keys, "aggregate") for keys in (_FIRST, _LAST))
    span = _whole_span(first, last, spans)
    periods = Periods(len(slices), period)
    return _dialect([known, whole.blocks]), _period(span, known, whole, vocabulary), periods


def _dialect(found: list[Mapping[str, Any]]) -> Dialect:
    if any(name.startswith("vusers.") for name in chain(*found)):
        return "v2"
    return "v2-dev" if any(map(is_early, chain(*found))) else "v2"


def _refuse_strangers(found: list[Mapping[str, Any]]) -> None:
    if any(found) and not any(map(is_own, chain(*found))):
        some = ", ".join(shown(name) for name in list(chain(*found))[:5])
        message = f"no metric is one of Artillery's (vusers.*, http.*, errors.*, ...); found: {some}"
        raise ArtilleryError(f"{message}; is this an Artillery report?", place="aggregate")


def _slice(raw: dict[str, Any], place: str, vocabulary: Vocabulary, notes: dict[str, str]) -> _Slice:
    period = _instant(raw, "period", place)
    if period is None:
        message = (
            f"no key `period`; keys found: {', '.join(list(raw)[:8]) or 'none'}; a slice says when it started"
        )
        raise ArtilleryError(message, place=place)
    first, last = _stamp(raw, _FIRST, place), _stamp(raw, _LAST, place)
    if first is not None and last is not None and first > last:
        notes.setdefault("clock", f"{place}: the first event is after the last; the clock was set back")
        first = last = None
    return _Slice(place, period, first, last, _measured(raw, place, vocabulary, notes))


def _stamp(raw: dict[str, Any], keys: tuple[str, ...], place: str) -> float | None:
    """Return the first or last event: of counters, else any metric; 0 and null stand for none. [epoch s]"""
    for key in keys:
        if raw.get(key):
            return _instant(raw, key, place)
    return None


def _instant(raw: dict[str, Any], key: str, place: str) -> float | None:
    value = raw.get(key)
    if value is None:
        return None
    number: Any = value
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 20:
        number = int(value)
    if type(number) not in (int, float) or not _EARLIEST <= number <= _LATEST:
        message = f"{shown(value)} is not a time; epoch milliseconds of the years 2000 to 2100 are allowed"
        raise ArtilleryError(f"{message}: seconds must be multiplied by 1000", place=f"{place}.{key}")
    return number / 1000


def _measured(raw: dict[str, Any], place: str, vocabulary: Vocabulary, notes: dict[str, str]) -> _Measured:
    blocks = raw.get("summaries")
    if are_usual(blocks):
        counters = mapping(raw.get("counters"), f"{place}.counters")
        return _Measured(counters, checked(blocks, f"{place}.summaries", vocabulary.unit, notes), None)
    counters = counts(raw.get("counters"), f"{place}.counters")
    histograms = mapping(raw.get("histograms"), f"{place}.histograms")
    where = f"{place}.{'summaries' if 'summaries' in raw else 'histograms'}"
    blocks = mapping(raw.get("summaries", histograms), where)
    blocks = {name: _summarised(block) for name, block in blocks.items()}
    return _Measured(counters, checked(blocks, where, vocabulary.unit, notes), _latencies(histograms, notes))


def _summarised(block: Any) -> Any:
    """Turn a sketch that stands where a summary is expected into a summary; leave all else alone. [ms]"""
    if not isinstance(block, dict) or "store" not in block or (found := distribution(block)) is None:
        return block
    shares = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
    percentiles = {name: found.quantile(q) * 1000 for name, q in shares.items()}
    return {
        "min": block["min"],
        "max": block["max"],
        "count": found.count,
        "mean": found.mean * 1000,
        **percentiles,
    }


def _latencies(histograms: dict[str, Any], notes: dict[str, str]) -> Distribution | None:
    block = next((histograms[name] for name in names.RESPONSE_TIME if name in histograms), None)
    if not isinstance(block, dict) or "store" not in block or block.get("count") == 0:
        return None
    found = distribution(block)
    if found is None:
        notes.setdefault("sketch", "a sketch of response times is not consistent and was left out")
    return found


def _in_order(slices: list[_Slice], notes: dict[str, str]) -> list[_Slice]:
    """Sort by time. Of slices of one period the first counts, as in the tool, which drops late ones."""
    periods = [part.period for part in slices]
    if all(map(lt, periods, periods[1:])):
        return slices
    ordered = sorted(slices, key=lambda part: part.period)
    if [part.period for part in ordered] != periods:
        notes.setdefault("order", "the periods were out of order and have been sorted")
    first: dict[float, _Slice] = {}
    for part in ordered:
        if first.setdefault(part.period, part) is not part:
            kept = first[part.period].place
            notes.setdefault("repeated", f"{part.place} repeats the period of {kept} and was left out")
    return list(first.values())


def _spans(slices: list[_Slice]) -> list[tuple[float, float]]:
    """Return the true span of each slice: nominal, but for events where activity begins or ends."""
    spans = []
    for i, part in enumerate(slices):
        start, end = part.period, part.period + SLICE
        if i + 1 < len(slices):
            end = min(end, slices[i + 1].period)
        begins = i == 0 or slices[i - 1].period + SLICE < start
        ends = i + 1 == len(slices) or end < slices[i + 1].period
        if begins and part.first is not None:
            start = min(max(start, part.first), end)
        if ends and part.last is not None:
            end = max(min(end, part.last), start)
        spans.append((start, end))
    return spans


def _whole_span(
    first: float | None, last: float | None, spans: list[tuple[float, float]]
) -> tuple[float | None, float | None]:
    """Return first and last event, of which the aggregate knows even those whose slice was lost."""
    if not spans:
        return first, last
    start, end = spans[0][0], spans[-1][1]
    return start if first is None else min(start, first), end if last is None else max(end, last)


def _period(
    span: tuple[float | None, float | None],
    known: Mapping[str, int],
    found: _Measured,
    vocabulary: Vocabulary,
) -> Period:
    counters = found.counters
    codes, errors, scenarios = vocabulary.parts(counters)
    endpoints, rest = vocabulary.endpoints(counters, found.blocks)

    def counted(aliases: tuple[str, ...]) -> int | None:
        return next((counters.get(name, 0) for name in aliases if name in known), None)

    def taken(aliases: tuple[str, ...]) -> Summary | None:
        return next((rest.pop(name) for name in aliases if name in rest), None)

    return Period(
        start=span[0],
        end=span[1],
        counters=MappingProxyType(counters),
        vusers=Vusers(*map(counted, (names.CREATED, names.COMPLETED, names.FAILED, names.SKIPPED))),
        requests=counted(names.REQUESTS),
        responses=counted(names.RESPONSES),
        codes=codes,
        errors=errors,
        scenarios=scenarios,
        response_time=taken(names.RESPONSE_TIME),
        response_time_by_class=MappingProxyType(
            {kind: rest.pop(name) for name, kind in names.CLASSES.items() if name in rest}
        ),
        session_length=taken(names.SESSION_LENGTH),
        endpoints=endpoints,
        summaries=MappingProxyType(rest),
        latencies=found.latencies,
    )
