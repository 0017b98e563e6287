"""The same limits endpoint by endpoint, and run by run: which of them sets the limit of the whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from capacity.estimate import Estimate
from capacity.evidence.limits import Capacity, find_limits
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.monotone import crossing
from capacity.evidence.objectives import (
    FREE,
    LEVEL,
    SEED,
    Seen,
    Slo,
    bracket,
    quantile_level,
    slo_name,
    was_held,
)
from capacity.evidence.operating import Point
from capacity.evidence.quantiles import Mixture
from capacity.evidence.steps import Step

_MOST = 200  # endpoints told of, the most requested
_FIXED = ("endpoint", "share", "P95 at lowest", "P95 at highest")
_BY_RUN = ("test", "status", "saturation throughput", "SLO capacity")


def limits_by_endpoint(tests: Sequence[LoadTest], capacity: Capacity, slo: Slo) -> pd.DataFrame:
    """Return for each endpoint the total offered rate at which it alone keeps the percentile objectives.

    A load that was too much for the service counts as too much for each endpoint. Response times of an endpoint
    include those of its error answers: no export separates them.

    Parameters
    ----------
    tests : sequence of LoadTest
        The runs behind `capacity`.
    capacity : Capacity
        As `find_limits` gives it.
    slo : Slo
        Objectives, of which the percentiles are asked of every endpoint.

    Returns
    -------
    DataFrame
        One row an endpoint, the most requested first: `endpoint`, `share` of all requests [fraction], `P95 at lowest`
        and `P95 at highest` held load [s], and for each objective a column such as `P95 kept up to` with an Estimate
        of the total offered rate [req/s]. Without rows where the exports do not tell endpoints period by period.
    """
    names = {point.step.test for point in capacity.points}
    judged = {test.name: test for test in tests if test.name in names and test.endpoint_times}
    points = [point for point in capacity.points if point.step.test in judged]
    kept = {q: f"{slo_name(f'p{100 * q:g}')} kept up to" for q in sorted(slo.quantiles)}
    rows = []
    for endpoint, share in _shares(list(judged.values())).head(_MOST).items():
        laws = _laws(judged, points, str(endpoint))
        held = [law for point, law in laws if was_held(point)]
        row = dict(zip(_FIXED, (endpoint, share, _p95(held[:1]), _p95(held[-1:])), strict=True))
        rows.append(row | {kept[q]: _kept(laws, q, slo.quantiles[q]) for q in kept})
    return pd.DataFrame(rows, columns=[*_FIXED, *kept.values()])


def limits_by_run(tests: Sequence[LoadTest], steps: Sequence[Step], slo: Slo | None = None) -> pd.DataFrame:
    """Return what each run shows by itself: `test`, `status`, `saturation throughput` and `SLO capacity` [req/s].

    Parameters
    ----------
    tests : sequence of LoadTest
        The runs.
    steps : sequence of Step
        Their steps.
    slo : Slo, optional
        Objectives; without them no SLO capacity is given.
    """
    rows = []
    for test in tests:
        found = find_limits([test], [step for step in steps if step.test == test.name], slo)
        rows.append([test.name, found.status, found.saturation_throughput, found.slo.get("all")])
    return pd.DataFrame(rows, columns=list(_BY_RUN))


def _shares(tests: Sequence[LoadTest]) -> pd.Series:
    """Return the share of all requests that goes to each endpoint timed by period, the largest first. [fraction]"""
    if not tests:
        return pd.Series(dtype=float)
    counts = pd.concat([test.endpoints["requests"] for test in tests]).groupby(level=0).sum()
    timed = counts.index.isin([name for test in tests for name in test.endpoint_times])
    return (counts / counts.sum())[timed].sort_values(ascending=False, kind="stable")


def _laws(
    tests: Mapping[str, LoadTest], points: Sequence[Point], endpoint: str
) -> list[tuple[Point, Mixture]]:
    """Return the response times of an endpoint at each judged load where it answered, the lowest load first."""
    laws = []
    for point in sorted(points, key=lambda p: p.load):
        times = tests[point.step.test].endpoint_times.get(endpoint)
        if times is None or point.state == "draining":
            continue
        law = Mixture.of_summaries(times.reindex(list(point.step.timed_rows)))
        laws += [(point, law)] if law.count else []
    return laws


def _p95(laws: Sequence[Mixture]) -> Estimate | None:
    return laws[0].estimate(0.95) if laws else None


def _kept(laws: Sequence[tuple[Point, Mixture]], q: float, limit: float) -> Estimate:
    held, rng = [(p.load, law) for p, law in laws if was_held(p)], np.random.default_rng(SEED)
    ceiling = min((p.load for p, _ in laws if p.state == "saturated"), default=math.inf)
    levels = [quantile_level(load, law, q, rng) for load, law in held]
    free = crossing(levels, math.log(limit), ceiling, method=FREE, level=LEVEL).value if levels else None
    return bracket([_seen(p, law, q) for p, law in laws], limit, slo_name(f"p{100 * q:g}"), free)


def _seen(point: Point, law: Mixture, q: float) -> Seen:
    """Return a quantile at a load; a ramp, whose times lag behind, can only miss it."""
    if point.state == "saturated":
        return Seen(point.load, math.inf, math.inf, math.inf, False)
    estimate = law.estimate(q)
    return Seen(point.load, estimate.low, law.quantile(q), estimate.high, was_held(point))
