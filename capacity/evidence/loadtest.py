"""One load test, whatever tool recorded it: periods, endpoints, answers and errors."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capacity.evidence.quantiles import Mixture
from capacity.shown import Shown
from capacity.wording import counted, plain, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUMMARY = ("count", "min", "mean", "p50", "p75", "p90", "p95", "p99", "p999", "max")
"""Columns of a response-time summary; `count` in responses, the others in seconds."""

PERIOD = ("start", "span", "arrivals", "requests", "responses", "dropped")
"""Columns every reader fills in `LoadTest.periods`."""

ERROR_CODES = ("429", "5xx")
"""Status codes that count as failures unless the plan says otherwise."""

_UNANSWERED = re.compile(r"\bE[A-Z]{4,}\b|(?i:time-?out|timed out|socket hang up|dropped connection)")
_GENERATOR = re.compile(
    r"EADDRINUSE|EADDRNOTAVAIL|EMFILE|ENFILE|ENOBUFS|EAGAIN|ENOMEM|too many open files|assign requested address",
    re.IGNORECASE,
)
_TIMED_OUT = re.compile(r"E(SOCKET)?TIMEDOUT|time-?out|timed out", re.IGNORECASE)


def is_unanswered(error: str) -> bool:
    """Whether an error name means that no answer came (as opposed to an answer that failed a check)."""
    return bool(_UNANSWERED.search(error))


def is_generator(error: str) -> bool:
    """Whether an error name means that the load generator, not the service, ran out of something."""
    return bool(_GENERATOR.search(error))


def is_timeout(error: str) -> bool:
    """Whether an error name means that the client stopped waiting."""
    return bool(_TIMED_OUT.search(error))


@dataclass(frozen=True, eq=False)
class LoadTest(Shown):
    """What one run measured. All times in seconds from the run's first event.

    Parameters
    ----------
    name : str
        Role in the study, or the file's stem.
    file, tool, dialect, sha256 : str
        Which file, recorded by what.
    size : int
        Of the file. [bytes]
    start : datetime or None
        First event, UTC; None where the export carries no times.
    periods : DataFrame
        One row a period: `start` [s], `span` [s], `arrivals` [virtual users], `requests` (sent),
        `responses` (answered), `dropped` [virtual users not started]. NaN where the tool does not count it.
    codes, errors : DataFrame
        Per period (row) the number of answers by status code, and of errors by name (column).
    times, good_times : DataFrame
        Per period the response times of all answers, and of the successful ones alone where the export
        separates them; columns `SUMMARY`.
    endpoints : DataFrame
        Per endpoint over the whole run: columns `SUMMARY`, `requests`, `failures`.
    summary, good_summary : dict
        Response times over the whole run, exactly as the tool exported them. [s]
    totals : dict
        Counts over the whole run as the tool exported them: `requests`, `responses`, `arrivals`, `completed`,
        `failed`, `dropped`; None where it does not count them. [requests], [virtual users]
    endpoint_codes : dict
        Per endpoint the answers by status code. [responses]
    samples : tuple
        Per period the response times themselves (`values`, `counts` in seconds) where the export has them, else None.
    error_codes : tuple of str
        Status codes that count as failures: ``"429"``, ``"5xx"``.
    instances : int
        Instances of the service that took the load. [instances]
    time_endpoints : callable
        Make `endpoint_times`: a long export has a hundred thousand summaries, and few questions need them.

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> print(test)
    steps-1 (artillery v2): 83,840 requests, 83,840 answered, in 362 s against 1 instance.
    >>> round(test.rates()["goodput"].max())  # [req/s]
    305
    """

    name: str
    file: str
    tool: str
    dialect: str
    sha256: str
    size: int
    start: datetime | None
    periods: pd.DataFrame
    codes: pd.DataFrame
    errors: pd.DataFrame
    times: pd.DataFrame
    good_times: pd.DataFrame
    endpoints: pd.DataFrame
    summary: dict[str, float | None]
    good_summary: dict[str, float | None]
    totals: dict[str, Any]
    endpoint_codes: dict[str, dict[int, int]] = field(default_factory=dict)
    samples: tuple[Any, ...] = ()
    other: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error_codes: tuple[str, ...] = ERROR_CODES
    instances: int = 1
    time_endpoints: Callable[[], dict[str, pd.DataFrame]] = dict

    def named(self, name: str, *, instances: int = 1, error_codes: Sequence[str] = ERROR_CODES) -> LoadTest:
        """Return the same run under its role in a study, with its [instances] and what counts as a failure there."""
        endpoints = self.endpoints.copy()
        for endpoint, codes in self.endpoint_codes.items():
            more = failing(codes, error_codes) - failing(codes, self.error_codes)
            endpoints.loc[endpoint, "failures"] += more
        return replace(
            self, name=name, instances=instances, error_codes=tuple(error_codes), endpoints=endpoints
        )

    @property
    def text(self) -> str:
        """The run in a sentence."""
        sent, answered = (self.totals.get(name) for name in ("requests", "responses"))
        counts = f"{plain(sent)} requests, {plain(answered)} answered" if self.has_http else "no HTTP request"
        against = counted(self.instances, "instance")
        return (
            f"{visible(self.name)} ({visible(self.tool)} {visible(self.dialect)}): {counts}, "
            f"in {self.duration:,.0f} s against {against}."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return `rates` by period."""
        return self.rates()

    @property
    def duration(self) -> float:
        """Length of the run. [s]"""
        if self.periods.empty:
            return 0.0
        last = self.periods.iloc[-1]
        return float(last["start"] + last["span"])

    @property
    def has_http(self) -> bool:
        """Whether requests or answers were counted at all."""
        return bool(self.totals.get("requests") or self.totals.get("responses"))

    @cached_property
    def good(self) -> pd.Series:
        """Answers a user would call successful, per period: all less those with a failing status code [requests]."""
        return self.periods["responses"].fillna(0) - self._count_codes(self.error_codes)

    @cached_property
    def unanswered(self) -> pd.Series:
        """Requests that got no answer (refused, reset, timed out), per period [requests]."""
        return self._count_errors(is_unanswered)

    @cached_property
    def generator_errors(self) -> pd.Series:
        """Requests the load generator itself could not send, per period [requests]."""
        return self._count_errors(is_generator)

    @cached_property
    def timeouts(self) -> pd.Series:
        """Requests the client gave up on, per period [requests]."""
        return self._count_errors(is_timeout)

    @cached_property
    def in_flight(self) -> pd.Series:
        """Requests sent and neither answered nor failed by the end of each period. [requests]"""
        periods = self.periods
        return (periods["requests"].fillna(0) - periods["responses"].fillna(0) - self.unanswered).cumsum()

    @cached_property
    def service_times(self) -> pd.DataFrame:
        """Response times to judge the service by: of successful answers where separated, else of all."""
        return self.good_times if self.separates_success else self.times

    @cached_property
    def endpoint_times(self) -> dict[str, pd.DataFrame]:
        """Per endpoint the response times of all its answers by period, columns `SUMMARY`; empty where not told."""
        return self.time_endpoints()

    @property
    def separates_success(self) -> bool:
        """Whether the export tells the response times of successful answers from those of failures."""
        return not self.good_times.empty and bool(self.good_times["count"].notna().any())

    def rates(self) -> pd.DataFrame:
        """Per period: offered, throughput, goodput [req/s], error rate [fraction], Little's concurrency [requests]."""
        periods = self.periods
        frame = pd.DataFrame({"start": periods["start"], "span": periods["span"]})
        span = periods["span"].where(periods["span"] > 0)
        frame["arrival_rate"] = periods["arrivals"] / span
        frame["offered"] = periods["requests"] / span
        frame["throughput"] = periods["responses"] / span
        frame["goodput"] = self.good / span
        frame["error_rate"] = self.error_rate(periods.index)
        frame["mean"] = self.times["mean"].reindex(periods.index).astype(float)
        frame["concurrency"] = frame["throughput"] * frame["mean"]  # Little's law
        frame["in_flight"] = self.in_flight
        return frame

    def error_rate(self, rows: Iterable[int]) -> pd.Series:
        """Failed share of what was answered or given up, by period: (bad answers + unanswered) / all [fraction]."""
        rows = list(rows)
        lost = self.unanswered.loc[rows]
        answered = self.periods["responses"].fillna(0).loc[rows]
        ended = answered + lost
        return ((answered - self.good.loc[rows] + lost) / ended.where(ended > 0)).astype(float)

    def mixture(self, rows: Iterable[int], *, good: bool = True) -> Mixture:
        """Response-time law of several periods together [s]: from raw values where exported, else from summaries."""
        rows = list(rows)
        raw = (
            [self.samples[row] for row in rows]
            if self.samples and not (good and self.separates_success)
            else []
        )
        if raw and all(sample is not None for sample in raw):
            values = [sample.values for sample in raw]  # noqa: PD011 - a distribution, not a frame
            return Mixture.of_values(values, [sample.counts for sample in raw])
        times = self.service_times if good else self.times
        return Mixture.of_summaries(times.reindex(rows))

    def _count_codes(self, patterns: Sequence[str]) -> pd.Series:
        failing = [code for code in self.codes.columns if matches(int(code), patterns)]
        return self.codes[failing].sum(axis=1).reindex(self.periods.index, fill_value=0)

    def _count_errors(self, chosen: Any) -> pd.Series:
        names = [name for name in self.errors.columns if chosen(str(name))]
        return self.errors[names].sum(axis=1).reindex(self.periods.index, fill_value=0)


def matches(code: int, patterns: Sequence[str]) -> bool:
    """Whether a status code is one of ``("429", "5xx", ...)``."""
    return any(fnmatch.fnmatchcase(str(code), pattern.lower().replace("x", "?")) for pattern in patterns)


def failing(codes: Mapping[int, int], patterns: Sequence[str]) -> int:
    """Count the answers whose status code is a failure. [responses]"""
    return sum(n for code, n in codes.items() if matches(code, patterns))


def empty_times(rows: int) -> pd.DataFrame:
    """Return a table of response-time summaries without a single measurement."""
    return pd.DataFrame(np.nan, index=range(rows), columns=list(SUMMARY))
