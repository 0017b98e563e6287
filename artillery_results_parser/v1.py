"""The three dialects shaped like version 1, one of them written by version 2.

Notes
-----
- A slice says when it *ended*; the first started one interval (10 s unless the script says otherwise)
  earlier, and the last one is shorter.
- ``requestsCompleted``, ``codes`` and ``latency`` count answers; ``rps.count`` counts requests sent.
- ``latency`` mixes answers of all codes and has neither mean nor count; ``latencies`` holds every answer:
  nanoseconds, or before 1.6 ``[epoch ms, id, nanoseconds, code]``.
- Version 2 in this shape writes null for every time, and in ``rps.count`` the answers again.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from artillery_results_parser.distribution import Distribution, merged
from artillery_results_parser.errors import ArtilleryError, shown
from artillery_results_parser.model import Dialect, Period, Summary, Vusers
from artillery_results_parser.names import Vocabulary
from artillery_results_parser.values import (
    counts,
    mapping,
    optional_count,
    optional_number,
    slices_of,
    summary,
)

SLICE = 10.0
"""Length of a slice unless the script sets ``statsInterval``. [s]"""

_TOTALS = ("scenariosCreated", "scenariosCompleted", "scenariosAvoided", "requestsCompleted", "matches")
_GROUPS = ("codes", "errors", "scenarioCounts", "counters")
_Span = tuple[float | None, float | None]


def read(
    tree: dict[str, Any], vocabulary: Vocabulary, notes: dict[str, str]
) -> tuple[Dialect, Period, Sequence[Period]]:
    """Return dialect, aggregate and periods of a report shaped like version 1."""
    whole = mapping(tree["aggregate"], "aggregate")
    slices = list(slices_of(tree, notes))
    dialect = _dialect(tree, whole, [raw for raw, _ in slices])
    ends = [
        None if dialect == "v2-legacy" else _instant(raw.get("timestamp"), place) for raw, place in slices
    ]
    order = _order(ends, notes)
    spans = _spans([ends[i] for i in order], [slices[i][0] for i in order], notes)
    reader = _Reader(vocabulary, notes, legacy=dialect == "v2-legacy", http=_is_http(whole, notes))
    reader.learn(whole, "aggregate")
    for raw, place in slices:
        reader.learn(raw, place)
    periods = tuple(reader.period(*slices[i], span) for i, span in zip(order, spans, strict=True))
    span = (spans[0][0], spans[-1][1]) if spans else (None, None)
    return dialect, reader.aggregate(whole, span, periods), periods


def _dialect(tree: dict[str, Any], whole: dict[str, Any], slices: list[dict[str, Any]]) -> Dialect:
    if "latencies" in whole or "phases" in tree:
        return "v1-old"
    latency = whole.get("latency")
    summaries = isinstance(latency, dict) and (not latency or not latency.keys().isdisjoint({"count", "p50"}))
    timeless = bool(slices) and all(raw.get("timestamp") is None for raw in slices)
    return "v2-legacy" if summaries or timeless else "v1"


def _instant(value: Any, place: str) -> float | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        message = f"{shown(value)} is not a time; ISO 8601 such as 2021-02-01T10:19:34.670Z is allowed"
        raise ArtilleryError(f"{message}: export again", place=f"{place}.timestamp") from None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    if not 2000 <= time.year <= 2100:
        message = f"{shown(value)} is not in the years 2000 to 2100; set the clock and run again"
        raise ArtilleryError(message, place=f"{place}.timestamp")
    return time.timestamp()


def _order(ends: Sequence[float | None], notes: dict[str, str]) -> list[int]:
    order = list(range(len(ends)))
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        notes.setdefault(
            "no times", "the periods carry no times: their order is that of the file, gaps are invisible"
        )
    elif known != sorted(known):
        notes.setdefault("order", "the periods were out of order and have been sorted")
        order.sort(key=known.__getitem__)
    return order


def _spans(ends: list[float | None], slices: list[dict[str, Any]], notes: dict[str, str]) -> list[_Span]:
    """Return the true span of each slice: from the end of the one before, unless that is too long ago."""
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return [(None, None)] * len(ends)
    if not known:
        return []
    if len(known) == 1:
        return [_only_span(known[0], slices[0], notes)]
    interval = _interval(known)
    spans: list[_Span] = []
    for i, end in enumerate(known):
        near = i > 0 and end - known[i - 1] <= 1.5 * interval
        spans.append((known[i - 1] if near else end - interval, end))
    return spans


def _interval(ends: list[float]) -> float:
    """Return the length of a whole slice: the usual distance of ends, but for the shorter last. [s]"""
    distances = [after - before for before, after in pairwise(ends)]
    return statistics.median(distances[:-1]) if len(distances) > 1 else max(SLICE, *distances)


def _only_span(end: float, raw: dict[str, Any], notes: dict[str, str]) -> _Span:
    """Estimate a single slice from its rate, which is requests over the time since the first of them."""
    rps = mapping(raw.get("rps"), "intermediate[0].rps")
    sent, rate = (optional_number(rps.get(key), "intermediate[0].rps") for key in ("count", "mean"))
    if not sent or not rate or sent < 0 or rate < 0:
        return None, end
    notes.setdefault("one slice", "the start of the only period is estimated from its request rate")
    return end - sent / rate, end


def _is_http(whole: dict[str, Any], notes: dict[str, str]) -> bool:
    """Whether answers have HTTP codes; those of socket.io and websocket engines all have code 0."""
    if set(mapping(whole.get("codes"), "aggregate.codes")) != {"0"}:
        return True
    notes.setdefault(
        "no http", "all answers have code 0: the run used no HTTP; see `counters` and `summaries`"
    )
    return False


class _Reader:
    """Reads slices in the shape of version 1, knowing what the file counts at all."""

    def __init__(self, vocabulary: Vocabulary, notes: dict[str, str], *, legacy: bool, http: bool) -> None:
        self._vocabulary = vocabulary
        self._notes = notes
        self._legacy = legacy
        self._http = http
        self._known: set[str] = set()

    def learn(self, raw: dict[str, Any], place: str) -> None:
        """Note which counters the file has."""
        self._known |= _flat(raw, place).keys()

    def aggregate(self, raw: dict[str, Any], span: _Span, periods: Sequence[Period]) -> Period:
        """Read the aggregate; its raw response times are those of the periods if it has none itself."""
        parts = [period.latencies for period in periods if period.latencies is not None]
        return self.period(raw, "aggregate", span, merged(parts) if parts else None)

    def period(
        self, raw: dict[str, Any], place: str, span: _Span, latencies: Distribution | None = None
    ) -> Period:
        """Read one slice."""
        counters = _flat(raw, place)
        codes = counts(raw.get("codes"), f"{place}.codes")
        custom = counts(raw.get("counters"), f"{place}.counters")
        endpoints, rest = self._vocabulary.endpoints(custom, self._custom(raw, place))
        latency = summary(raw.get("latency"), place, "latency", "s", self._notes)
        if latency and not self._http:
            rest["latency"] = latency
        return Period(
            start=span[0],
            end=span[1],
            counters=MappingProxyType(counters),
            vusers=Vusers(
                self._counted(counters, "scenariosCreated"),
                self._counted(counters, "scenariosCompleted"),
                None,
                self._counted(counters, "scenariosAvoided"),
            ),
            requests=self._counted(counters, "rps.count") if self._http and not self._legacy else None,
            responses=self._counted(counters, "requestsCompleted") if self._http else None,
            codes=MappingProxyType(
                {int(c): n for c, n in codes.items() if self._http and c.isdecimal() and len(c) <= 3}
            ),
            errors=MappingProxyType(counts(raw.get("errors"), f"{place}.errors")),
            scenarios=MappingProxyType(counts(raw.get("scenarioCounts"), f"{place}.scenarioCounts")),
            response_time=latency if self._http else None,
            response_time_by_class=MappingProxyType({}),
            session_length=summary(raw.get("scenarioDuration"), place, "scenarioDuration", "s", self._notes),
            endpoints=endpoints,
            summaries=MappingProxyType(rest),
            in_flight=self._in_flight(raw, place),
            latencies=(_latencies(raw.get("latencies"), place) or latencies) if self._http else None,
        )

    def _counted(self, counters: dict[str, int], name: str) -> int | None:
        return counters.get(name, 0) if name in self._known else None

    def _custom(self, raw: dict[str, Any], place: str) -> dict[str, Summary]:
        where = f"{place}.customStats"
        found = (
            (name, summary(block, where, name, self._vocabulary.unit(name), self._notes))
            for name, block in mapping(raw.get("customStats"), where).items()
        )
        return {name: block for name, block in found if block}

    @staticmethod
    def _in_flight(raw: dict[str, Any], place: str) -> int | None:
        key = "pendingRequests" if raw.get("pendingRequests") is not None else "concurrency"
        number = raw.get(key)
        return None if isinstance(number, float) else optional_count(number, f"{place}.{key}")


def _flat(raw: dict[str, Any], place: str) -> dict[str, int]:
    """Return all counters of a slice under flat names such as ``codes.200``."""
    flat = {key: raw[key] for key in _TOTALS if raw.get(key) is not None and not isinstance(raw[key], dict)}
    rps = mapping(raw.get("rps"), f"{place}.rps")
    if rps.get("count") is not None:
        flat["rps.count"] = rps["count"]
    flat = dict(counts(flat, place))
    for group in _GROUPS:
        for name, number in counts(raw.get(group), f"{place}.{group}").items():
            flat[f"{group}.{name}"] = number
    return flat


def _latencies(raw: Any, place: str) -> Distribution | None:
    """Read raw response times in nanoseconds, alone or third of four."""
    if not raw:
        return None
    place = f"{place}.latencies"
    if not isinstance(raw, list):
        raise ArtilleryError(f"{shown(raw)} is not a list of response times; export again", place=place)
    times = raw if set(map(type, raw)) == {int} else _mixed(raw, place)
    import numpy as np

    array = np.array(times, dtype=np.float64)
    if array.size and (array.min() < 0 or array.max() > 1e18):
        wrong = array.min() if array.min() < 0 else array.max()
        raise ArtilleryError(
            f"{wrong:g} ns is not a response time; 0 to 1e18 is allowed: export again", place=place
        )
    return Distribution.of(array / 1e9) if array.size else None


def _mixed(raw: list[Any], place: str) -> list[float]:
    """Return the times among entries that are not all whole numbers; null is none."""
    times = [item[2] if isinstance(item, list) and len(item) == 4 else item for item in raw]
    times = [time for time in times if time is not None]
    for time in times:
        if type(time) not in (int, float):
            message = f"{shown(time)} is not a response time; nanoseconds are allowed, alone or third of four"
            raise ArtilleryError(f"{message}: export again", place=place)
    return times
