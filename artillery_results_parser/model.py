"""What a report says, typed and frozen. Times are seconds, instants epoch seconds, absent is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from artillery_results_parser.distribution import Distribution
from artillery_results_parser.notebook import Shown, preformatted
from artillery_results_parser.phase import Phase

if TYPE_CHECKING:
    import pandas as pd

Dialect = Literal["v1-old", "v1", "v2-dev", "v2", "v2-legacy"]


class Summary(Shown, msgspec.Struct, frozen=True, gc=False):
    """How one quantity was distributed in one period, as far as the tool wrote it down.

    `min`, `max` and `mean` are exact; percentiles are the tool's (version 2: within 1%), held inside
    [min, max]. (A frozen struct rather than a dataclass: a long report has a hundred thousand of them.)

    Parameters
    ----------
    count : int or None
        Observations; version 1 does not say how many. [observations]
    min, max : float
        Smallest and largest. [`unit`]
    mean, p50, p75, p90, p95, p99, p999 : float or None
        None where the version of the tool does not write it. [`unit`]
    unit : str
        ``"s"``; ``"1"`` for a score; ``"MB"``; ``""`` for a quantity of the user's own, left as it came.

    Examples
    --------
    >>> from artillery_results_parser import load
    >>> report = load("data/storefront/stress.json")
    >>> times = report.aggregate.response_time
    >>> times.min, times.mean, times.max, times.unit
    (0.0, 0.5335, 3.614, 's')
    """

    count: int | None
    min: float
    max: float
    mean: float | None = None
    p50: float | None = None
    p75: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p999: float | None = None
    unit: str = "s"

    def to_dict(self) -> dict[str, float | int | str | None]:
        """Return the fields by name, for a table or JSON."""
        return {name: getattr(self, name) for name in SUMMARY_FIELDS}


SUMMARY_FIELDS = Summary.__struct_fields__


@dataclass(frozen=True, slots=True)
class Vusers(Shown):
    """Virtual users, each one run through a scenario.

    Parameters
    ----------
    created, completed, failed : int or None
        Started, ended well, ended by an error; an answer 4xx or 5xx does *not* fail one. [virtual users]
    skipped : int or None
        Arrivals dropped because `maxVusers` were active: less was offered than scripted. [virtual users]

    Examples
    --------
    >>> from artillery_results_parser import load
    >>> report = load("data/storefront/stress.json")
    >>> report.aggregate.vusers
    Vusers(created=29075, completed=29075, failed=0, skipped=None)
    """

    created: int | None = None
    completed: int | None = None
    failed: int | None = None
    skipped: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint(Shown):
    """What the metrics-by-endpoint plugin says about one endpoint.

    Parameters
    ----------
    name : str
        Path, ``path (request name)`` or request name, as the plugin wrote it.
    response_time : Summary or None
        Time to first byte, error answers included. [s]
    codes : Mapping[int, int]
        Answers by HTTP status. [responses]
    errors : Mapping[str, int]
        Requests without an answer, by reason. [requests]
    server_timing : Summary or None
        What the server itself said in its Server-Timing header. [s]

    Examples
    --------
    >>> from artillery_results_parser import load
    >>> report = load("data/storefront/stress.json")
    >>> checkout = report.aggregate.endpoints["/api/checkout"]
    >>> checkout.codes, checkout.response_time.p95  # [responses], [s]
    (mappingproxy({200: 1355, 503: 393}), 1.6528)
    """

    name: str
    response_time: Summary | None
    codes: Mapping[int, int]
    errors: Mapping[str, int]
    server_timing: Summary | None = None


@dataclass(frozen=True)
class Period(Shown):
    """One slice of the test, or the whole of it.

    A count that the tool keeps in this file but did not write for this slice is 0; one it never wrote is
    None.

    Parameters
    ----------
    start, end : float or None
        True span, not the nominal ten seconds; None where the format has no times. [epoch s]
    counters : Mapping[str, int]
        Every counter under the tool's own name (of version 1 flattened: ``codes.200``,
        ``errors.ETIMEDOUT``). [count]
    vusers : Vusers
        Virtual users created, completed, failed, skipped.
    requests, responses : int or None
        HTTP requests sent and first bytes received; None if the run used no HTTP, or the format does not
        say. [requests]
    codes : Mapping[int, int]
        Responses by HTTP status. [responses]
    errors : Mapping[str, int]
        Errors by the tool's text. [errors]
    scenarios : Mapping[str, int]
        Virtual users created, by scenario. [virtual users]
    response_time : Summary or None
        Time to first byte of every answer, fast refusals included; None when nothing was answered. [s]
    response_time_by_class : Mapping[str, Summary]
        The same for ``2xx``, ``3xx``, ``4xx``, ``5xx``, where the tool separates them (2.0.21 on). [s]
    session_length : Summary or None
        Length of the *completed* virtual users. [s]
    endpoints : Mapping[str, Endpoint]
        By name; empty without the metrics-by-endpoint plugin.
    summaries : Mapping[str, Summary]
        Every other summary under the tool's own name.
    in_flight : int or None
        Requests waiting for an answer at the end of the slice (version 1 only). [requests]
    latencies : Distribution or None
        The whole distribution of response times, where the file holds it. [s]

    Examples
    --------
    >>> from artillery_results_parser import load
    >>> report = load("data/storefront/stress.json")
    >>> whole = report.aggregate
    >>> whole.requests, whole.codes[200], whole.response_time.p95  # [requests], [responses], [s]
    (58150, 43725, 1.1531)
    """

    start: float | None
    end: float | None
    counters: Mapping[str, int]
    vusers: Vusers
    requests: int | None
    responses: int | None
    codes: Mapping[int, int]
    errors: Mapping[str, int]
    scenarios: Mapping[str, int]
    response_time: Summary | None
    response_time_by_class: Mapping[str, Summary]
    session_length: Summary | None
    endpoints: Mapping[str, Endpoint]
    summaries: Mapping[str, Summary]
    in_flight: int | None = None
    latencies: Distribution | None = None

    @property
    def duration(self) -> float | None:
        """True length; 0 for a slice of one event, None where the format has no times. [s]"""
        return None if self.start is None or self.end is None else self.end - self.start


@dataclass(frozen=True, slots=True)
class Disagreement(Shown):
    """A counter whose sum over the periods is not the total the tool wrote.

    Parameters
    ----------
    counter : str
        The tool's name.
    periods, aggregate : int
        Sum over the periods, and the aggregate. The aggregate is the better total: slices get lost. [count]

    Examples
    --------
    >>> print(Disagreement("http.requests", periods=33_100, aggregate=33_102))
    http.requests: the periods sum to 33100, the aggregate says 33102
    """

    counter: str
    periods: int
    aggregate: int

    def __str__(self) -> str:
        return f"{self.counter}: the periods sum to {self.periods}, the aggregate says {self.aggregate}"


@dataclass(frozen=True)
class Report:
    """One Artillery report, whatever version wrote it.

    Parameters
    ----------
    path : str
        The file.
    dialect : str
        ``v1-old``, ``v1``, ``v2-dev``, ``v2``, or ``v2-legacy`` (version 2 writing the shape of version 1).
    sha256 : str
        Checksum of the file as stored.
    size : int
        Size of the file as stored. [bytes]
    aggregate : Period
        The whole test, as the tool totalled it.
    periods : sequence of Period
        Slices in order of time; one in which nothing happened may be missing.
    phases : tuple of Phase
        The scripted load, which only the shape of version 1 repeats.
    notes : tuple of str
        What was unusual about the file and how it was read.

    Examples
    --------
    >>> from artillery_results_parser import load
    >>> report = load("data/storefront/stress.json")
    >>> report.dialect, len(report.periods), round(report.duration)  # [s]
    ('v2', 21, 200)
    """

    path: str
    dialect: Dialect
    sha256: str
    size: int
    aggregate: Period
    periods: Sequence[Period]
    phases: tuple[Phase, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def start(self) -> datetime | None:
        """First instant of the test, UTC."""
        return _instant(self.aggregate.start)

    @property
    def end(self) -> datetime | None:
        """Last instant of the test, UTC."""
        return _instant(self.aggregate.end)

    @property
    def duration(self) -> float | None:
        """From the first event to the last. [s]"""
        return self.aggregate.duration

    @cached_property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """Counters whose periods do not sum to the aggregate."""
        return _disagreements(self.aggregate.counters, [period.counters for period in self.periods])

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Return tidy tables: periods, codes, errors, endpoints, scenarios, summaries.

        The column ``period`` is the index of the slice, and -1 for the aggregate.
        """
        from artillery_results_parser.frames import frames

        return frames(self)

    def _repr_html_(self) -> str:
        from artillery_results_parser.printing import as_table

        return preformatted(as_table([self]))

    def __str__(self) -> str:
        span = "no times" if self.duration is None else f"{self.duration:.1f} s"
        return f"{self.path}: Artillery {self.dialect}, {len(self.periods)} periods, {span}"


def _instant(epoch: float | None) -> datetime | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)


def _disagreements(totals: Mapping[str, int], parts: Sequence[Mapping[str, int]]) -> tuple[Disagreement, ...]:
    if not parts:
        return ()
    sums = dict(parts[0])
    for part in parts[1:]:
        for name, number in part.items():
            sums[name] = sums.get(name, 0) + number
    if sums == totals:
        return ()
    return tuple(
        Disagreement(name, sums.get(name, 0), totals.get(name, 0))
        for name in dict.fromkeys((*totals, *sums))
        if sums.get(name, 0) != totals.get(name, 0)
    )
