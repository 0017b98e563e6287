"""Plateaus and ramps of a load test: from its script, or from change points in the offered load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, Literal

import numpy as np
import pandas as pd

from capacity.estimate import Estimate
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.segments import change_points, staircase
from capacity.evidence.steadiness import steadiness
from capacity.shown import Shown

Kind = Literal["plateau", "ramp"]
QUANTILES = (0.5, 0.95, 0.99)

_EDGE = 0.5  # how far a period may reach over a phase's end: arrivals are not to the millisecond [s]
_EXHAUSTED = 0.01  # requests the generator could not send, from which the rest of the run is not believed
_FEW = 3  # periods of a piece that may be a stair of a longer climb
_GENERATOR_SHARE = (
    0.001  # requests the generator could not send, from which a period says nothing of the service
)
_LOOSE, _LOOSE_SHARE = (
    15.0,
    0.1,
)  # how far a script's length may be from the run's: slices are 10 s [s, fraction]
_UNTIMED = 2  # periods from which the first and last are left out where the export carries no times
_WHOLE = 0.8  # share of the usual span below which a period is partial


@dataclass(frozen=True, eq=False)
class Step(Shown):
    """One stretch of a test under one load (plateau) or a steadily changing one (ramp).

    Rates are per second over whole periods inside the stretch; periods that straddle two loads are left out.

    Parameters
    ----------
    test : str
        Name of the test.
    kind : {"plateau", "ramp"}
        Whether the offered load was held or moved.
    start, end : float
        First and last second covered, from the start of the test. [s]
    rows : tuple of int
        Periods of the test it rests on. [rows]
    instances : int
        Instances of the service under load. [instances]
    arrival_rate : float
        Virtual users started. [users/s]
    offered, throughput, goodput : float
        Requests sent, answered, and answered successfully. [req/s]
    error_rate : float
        Failed share of the requests that ended. [fraction]
    mean : float
        Mean response time of the answers the quantiles are taken from. [s]
    concurrency : float
        Requests in the system by Little's law, N = X R over all answers. [requests]
    backlog : float
        Growth of the requests in flight, as a share of the requests sent. [fraction]
    quantiles : dict of float to Estimate
        Response times of successful answers, of all where the export does not separate them; without the
        warm-up. [s]
    steady : bool or None
        Whether nothing moved while the load was held (`steadiness.steadiness`); None where too few periods tell,
        and on a ramp.
    warm_up : int
        Periods at the beginning that `mean` and `quantiles` leave out; rates are over all. [periods]

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> step = cap.find_steps(test, cap.read_script("data/storefront/steps-1.yml"))[0]
    >>> print(step.kind, round(step.offered), step.quantiles[0.95])  # [req/s], [s]
    plateau 60 0.128 s (0.0996 to 0.173)
    """

    test: str
    kind: Kind
    start: float
    end: float
    rows: tuple[int, ...]
    instances: int
    arrival_rate: float
    offered: float
    throughput: float
    goodput: float
    error_rate: float
    mean: float
    concurrency: float
    backlog: float
    quantiles: dict[float, Estimate]
    steady: bool | None = None
    warm_up: int = 0

    @property
    def timed_rows(self) -> tuple[int, ...]:
        """Periods whose response times are read: without the warm-up."""
        return self.rows[self.warm_up :]

    @property
    def duration(self) -> float:
        """Time covered by whole periods. [s]"""
        return self.end - self.start

    @property
    def good_share(self) -> float:
        """Successful answers per request sent. [fraction]"""
        return self.goodput / self.offered if self.offered else float("nan")


def find_steps(test: LoadTest, script: Any | None = None) -> tuple[Step, ...]:
    """Return the stretches of a test that can be read as operating points, in time order.

    Parameters
    ----------
    test : LoadTest
        The run.
    script : artillery_results_parser.Script, optional
        Its script, whose phases then say where each load began. Without one, or with one that is not the run's
        (`script_fits`), the offered rate is split at its change points.

    Returns
    -------
    tuple of Step
        Empty where no whole period exists.

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> steps = cap.find_steps(test, cap.read_script("data/storefront/steps-1.yml"))
    >>> [round(step.offered) for step in steps]  # [req/s]
    [60, 119, 179, 220, 250, 270, 285, 326, 379]
    """
    phases = _phases(script) if script is not None and script_fits(test, script) else []
    stretches = _stretches_of_phases(test, phases) if phases else _stretches_by_change(test)
    return tuple(read_step(test, kind, rows) for kind, rows in stretches if rows)


def script_fits(test: LoadTest, script: Any) -> bool:
    """Whether a script can be the one behind a run: its load lasts as long, to 15 s or a tenth.

    Parameters
    ----------
    test : LoadTest
        The run.
    script : artillery_results_parser.Script
        The script said to have made it.
    """
    phases, loaded = _phases(script), test.periods[_offered(test) > 0]
    if not phases or loaded.empty:
        return False
    measured = float((loaded["start"] + loaded["span"]).iloc[-1] - loaded["start"].iloc[0])
    scripted = phases[-1][2]
    return abs(measured - scripted) <= max(_LOOSE, _LOOSE_SHARE * scripted)


def to_frame(steps: Iterable[Step]) -> pd.DataFrame:
    """Return one row a step, with P50, P95 and P99 as columns of estimates."""
    names = [f.name for f in fields(Step) if f.name not in {"rows", "quantiles"}]
    rows = []
    for step in steps:
        row = {name: getattr(step, name) for name in names} | {"duration": step.duration}
        rows.append(row | {f"p{100 * q:g}": step.quantiles.get(q) for q in QUANTILES})
    return pd.DataFrame(rows, columns=[*names, "duration", *(f"p{100 * q:g}" for q in QUANTILES)])


def whole_periods(test: LoadTest) -> list[int]:
    """Return the periods that cover (nearly) the usual span and in which the generator delivered load."""
    spans = test.periods["span"]
    if spans.empty:
        return []
    requests, loaded = test.periods["requests"].fillna(0), _offered(test) > 0
    failing = test.generator_errors > _GENERATOR_SHARE * requests
    exhausted = (test.generator_errors > _EXHAUSTED * requests).cummax()  # what it held open stays taken
    usable = (spans >= _WHOLE * spans.median()) & loaded & ~failing & ~exhausted
    if test.start is None and loaded.sum() > _UNTIMED:
        usable &= ~spans.index.isin(
            spans.index[loaded][[0, -1]]
        )  # how much of them was under load is unknown
    return [int(row) for row in test.periods.index[usable]]


def _offered(test: LoadTest) -> pd.Series:
    """Return what the generator controls: virtual users started, else requests sent, per second."""
    arrivals = test.periods["arrivals"]
    counts = arrivals if arrivals.notna().any() else test.periods["requests"]
    return (counts.fillna(0) / test.periods["span"].where(test.periods["span"] > 0)).fillna(0.0)


def _phases(script: Any) -> list[tuple[Kind, float, float]]:
    """Return (kind, start, end) of the phases that offer load, in seconds from the first that does."""
    loads = [phase for phase in script.phases if phase.kind != "pause" and phase.duration]
    if not loads:
        return []
    origin = loads[0].start
    return [
        (
            "ramp" if phase.kind == "ramp" else "plateau",
            phase.start - origin,
            phase.start - origin + phase.duration,
        )
        for phase in loads
    ]


def _stretches_of_phases(
    test: LoadTest, phases: Sequence[tuple[Kind, float, float]]
) -> list[tuple[Kind, list[int]]]:
    starts = test.periods["start"]
    ends = starts + test.periods["span"]
    whole = whole_periods(test)
    return [
        (kind, [row for row in whole if starts[row] >= begin - _EDGE and ends[row] <= end + _EDGE])
        for kind, begin, end in phases
    ]


def _stretches_by_change(test: LoadTest) -> list[tuple[Kind, list[int]]]:
    offered = _offered(test)
    stretches: list[tuple[Kind, list[int]]] = []
    for run in _consecutive(test, whole_periods(test)):
        rates = offered.loc[run].to_numpy(float)
        pieces = change_points(rates, span=float(test.periods["span"].median()))
        for begin, end, sloped in _with_stairs(test, run, rates, pieces):
            stretches.append(("ramp" if sloped else "plateau", run[begin:end]))
    return stretches


def _with_stairs(
    test: LoadTest, run: Sequence[int], rates: np.ndarray, pieces: Sequence[tuple[int, int, bool]]
) -> Iterator[tuple[int, int, bool]]:
    """Yield the pieces of a run of periods, in place of a ramp the stairs it really is.

    A single period between two loads holds both; one that a staircase shows to lie inside a stair does not.
    """
    starts = test.periods["start"].loc[list(run)].to_numpy(float)
    ends = starts + test.periods["span"].loc[list(run)].to_numpy(float)
    origin = float(test.periods["start"][_offered(test) > 0].iloc[0])

    def stairs(begin: int, end: int) -> list[tuple[int, int, bool]]:
        for last in (end, end - 1):  # in the last period the load may have ended
            found = staircase(rates[begin:last], starts[begin:last], ends[begin:last], origin)
            if found:
                known = [(begin + a, begin + b, straddling) for a, b, straddling in found]
                return known + [(last, end, True)] * (last < end)
        return []

    for _, group in groupby(pieces, key=lambda piece: piece[2] or piece[1] - piece[0] <= _FEW):
        inside = list(group)
        sloped = any(piece[2] for piece in inside)
        together = stairs(inside[0][0], inside[-1][1]) if sloped else []
        for a, b, moving in [] if together else inside:
            alone = [(a, b, moving or (b - a == 1 and len(run) > 1))]
            together += (stairs(a, b) if moving else []) or alone
        yield from together


def _consecutive(test: LoadTest, rows: Sequence[int]) -> list[list[int]]:
    """Split the rows where time is missing between them: a pause in the load."""
    starts, spans = test.periods["start"], test.periods["span"]
    runs: list[list[int]] = []
    for row in rows:
        if runs and starts[row] - (starts[runs[-1][-1]] + spans[runs[-1][-1]]) < 0.5 * spans[row]:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def read_step(test: LoadTest, kind: Kind, rows: Sequence[int]) -> Step:
    """Return the operating point that some whole periods of a test make together."""
    rows = list(rows)
    periods = test.periods.loc[rows]
    span = float(periods["span"].sum())
    unanswered = float(test.unanswered.loc[rows].sum())
    requests = float(periods["requests"].sum(min_count=1))
    responses = float(periods["responses"].sum(min_count=1))
    good = float(test.good.loc[rows].sum()) if responses == responses else float("nan")
    ended = responses + unanswered
    moved = steadiness(test, rows) if kind == "plateau" else None
    timed = rows[moved.warm_up :] if moved else rows
    mixture = test.mixture(timed)
    return Step(
        test=test.name,
        kind=kind,
        start=float(periods["start"].iloc[0]),
        end=float(periods["start"].iloc[-1] + periods["span"].iloc[-1]),
        rows=tuple(rows),
        instances=test.instances,
        arrival_rate=float(periods["arrivals"].sum(min_count=1)) / span,
        offered=requests / span,
        throughput=responses / span,
        goodput=good / span,
        error_rate=(ended - good) / ended if ended else float("nan"),
        mean=_mean(test, timed, good=True),
        concurrency=responses / span * _mean(test, rows, good=False),  # Little's law
        backlog=(requests - ended) / requests if requests else float("nan"),
        quantiles={q: mixture.estimate(q) for q in QUANTILES} if mixture.count else {},
        steady=moved.steady if moved else None,
        warm_up=moved.warm_up if moved else 0,
    )


def _mean(test: LoadTest, rows: Sequence[int], *, good: bool) -> float:
    """Return the mean response time: from the exported means, else from the pooled law. [s]"""
    times = (test.service_times if good else test.times).reindex(rows)
    known = times[(times["count"] > 0) & times["mean"].notna()]
    if not known.empty:
        return float(np.average(known["mean"], weights=known["count"]))
    mixture = test.mixture(rows, good=good)
    return mixture.mean if mixture.count else float("nan")
