"""Whose response times are quoted: endpoints that make the tail, or are slow whatever the load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from capacity.estimate import number
from capacity.evidence.findings import Finding, named, percent, seconds
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.quantiles import Mixture
from capacity.evidence.steps import Step

_SLOW = 1.0  # response time that is slow where the plan has no objective [s]
_CHANCE = 5  # fewer answers than this may be chance
_DECIDES = 0.8  # share of the slowest answers that one endpoint makes
_MOST = 0.8  # share of the answers from which an endpoint is the test
_SMALLER = 0.5  # percentile without the endpoint, relative to that with it, that makes another statement
_TRACE = 0.01  # share of requests without an answer at a load that is surely carried
_VARIED = 1.5  # ratio of two loads that are different ones
_QUICKEST = 0.1  # share of the answers at the lowest load ...
_QUICKER = 0.1  # ... and how much quicker they must be for the rest not to be slow from queueing
_FAR_BELOW = 3.0  # ratio of the highest load served to one at which nothing queues
_SERVED = 0.98  # share of good answers from which a load was served
_LONG_TAIL = 10.0  # P99 in medians that is more than an exponential service time's (7)
_NEAR = 0.5  # median of an endpoint, in the times of the tail, from which it may make it
_TICK = 0.001  # resolution of the generator's clock [s]
_FELT = 0.1  # response time below which a tail is nobody's concern [s]
_QUOTED = (0.95, 0.99)


def tail_by_endpoint(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """One endpoint with few of the answers makes the percentile of the whole test."""
    timed = _timed_endpoints(test)
    if len(timed) < 2:
        return
    laws = Mixture.of_summaries(timed)
    told: set[str] = set()
    for q in _QUOTED:
        name, part = _tail_maker(timed, laws, test.summary.get(f"p{100 * q:g}"))
        if name is not None and name not in told:
            told.add(name)
            yield from _tail_finding(test, timed, q, name, part)


def _tail_maker(timed: pd.DataFrame, laws: Mixture, time: float | None) -> tuple[str | None, float]:
    """Return the endpoint that makes the answers slower than a time nearly alone, and its share of them."""
    if time is None or not np.isfinite(time):
        return None, 0.0
    above = laws.weights * (1 - laws.cdf(time))
    most = int(above.argmax())
    decides = above[most] >= max(_CHANCE, _DECIDES * float(above.sum()))
    return (str(timed.index[most]), float(above[most] / above.sum())) if decides else (None, 0.0)


def _tail_finding(test: LoadTest, timed: pd.DataFrame, q: float, name: str, part: float) -> Iterator[Finding]:
    label = f"p{100 * q:g}"
    whole, share = float(test.summary[label] or 0), float(timed.loc[name, "count"] / timed["count"].sum())
    rest = Mixture.of_summaries(timed.drop(index=name)).quantile(q)
    if share > _MOST or rest > _SMALLER * whole:
        return
    yield Finding(
        "tail_by_endpoint",
        "weakens",
        "response time",
        f"The whole test's {label.upper()} of {seconds(whole)} is made by {named([name])}: {percent(share)} "
        f"of the answers, {percent(part)} of the slowest. Without it the {label.upper()} is about "
        f"{seconds(rest)}.",
        {"share": share, "share of the slowest": part, label: whole, f"{label} without it": rest},
        "Quote and plan response times by endpoint, and give this one an objective of its own.",
        test.name,
        endpoints=(name,),
    )


def slow_at_any_load(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """An endpoint slow already at the lowest load: something it waits for, not queueing."""
    lowest = _lowest_load(test, steps)
    if lowest is None:
        return
    limit = (slo.quantiles.get(0.95) if slo else None) or _SLOW
    pools = {good: test.mixture(lowest.timed_rows, good=good) for good in (True, False)}
    quick = pools[False].quantile(_QUICKEST) if pools[False].count else np.inf
    explained = {True: 0.0, False: 0.0}
    slow = test.endpoints[test.endpoints["p95"] >= max(limit, quick / _QUICKER)]
    for name, row in slow.sort_values("p50", ascending=False).iterrows():
        works = _succeeds(test, str(name)) and test.separates_success
        q = 0.5 if row["p50"] >= max(limit, quick / _QUICKER) else 0.95
        share = _share_of_pool(test, row, works)
        beyond = _slower(pools[works], row[f"p{100 * q:g}"], (1 - q) * share, explained[works])
        if beyond is not None:
            explained[works] += share
            yield _slow_finding(test, lowest, str(name), row, q, beyond)


def _slower(pool: Mixture, time: float, expected: float, explained: float) -> float | None:
    """Return the share of the answers at the lowest load slower than a time, where the endpoint makes it.

    If an endpoint's slowness has nothing to do with the load, it exceeds its q-quantile at the lowest load
    with (1 - q) times its share of the answers. Half of that is asked for, beyond all answers of slower ones.
    """
    if expected * pool.count < _CHANCE:
        return None
    beyond = 1 - float(np.average(pool.cdf(time), weights=pool.weights))
    return beyond if beyond - explained >= 0.5 * expected else None


def _slow_finding(
    test: LoadTest, lowest: Step, name: str, row: pd.Series, q: float, beyond: float
) -> Finding:
    label = f"p{100 * q:g}"
    return Finding(
        "slow_at_any_load",
        "weakens",
        "response time",
        f"{named([name])} is slow at any load ({label.upper()} {seconds(row[label])}): already at the "
        f"lowest, {lowest.offered:.3g} req/s, {percent(beyond)} of all answers took longer. It waits for "
        "something else, such as a dependency or a timer; more instances will not help.",
        {
            label: row[label],
            "p95": row["p95"],
            "offered": lowest.offered,
            "share": beyond,
            "responses": row["count"],
        },
        "Find what this endpoint waits for, and judge capacity by the response times of the others.",
        test.name,
        periods=lowest.rows,
        endpoints=(name,),
    )


def tail_without_queue(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """At a load far too low for queueing some answers are many times slower than the median."""
    lowest = _lowest_load(test, steps)
    if lowest is None or any(slow_at_any_load(test, steps, slo)):
        return
    served = max(step.offered for step in steps if step.good_share >= _SERVED or step is lowest)
    law = test.mixture(lowest.timed_rows)
    least = lowest.quantiles[0.99].low if 0.99 in lowest.quantiles else None
    if served < _FAR_BELOW * lowest.offered or least is None or not law.count:
        return
    median, tail = law.quantile(0.5), law.quantile(0.99)
    if least < max(_LONG_TAIL * median, _FELT):
        return
    makers = _slow_by_themselves(test, least)
    made = f" The likely cause is {named(makers)}, slow in the median of the whole run." if makers else ""
    yield Finding(
        "tail_without_queue",
        "notes",
        "response time",
        f"At {number(lowest.offered)} req/s, where nothing queues (the service carries {number(served)}), one "
        f"answer in a hundred takes {seconds(tail)} or more, {tail / max(median, _TICK):.0f} times the median: "
        f"queueing cannot make this tail, and more instances will not shorten it.{made}",
        {"offered": lowest.offered, "served": served, "p50": median, "p99": tail, "p99 at least": least},
        "Find what these answers wait for (a dependency, a timer, a lock, garbage collection).",
        test.name,
        periods=lowest.rows,
        endpoints=makers,
    )


def _slow_by_themselves(test: LoadTest, tail: float) -> tuple[str, ...]:
    """Return the few endpoints whose median is itself near a time that one answer in a hundred takes."""
    slow = test.endpoints[test.endpoints["p50"] >= _NEAR * tail]
    few = slow["count"].sum() <= (1 - _MOST) * test.endpoints["count"].sum()
    return tuple(map(str, slow.sort_values("count", ascending=False).index)) if few else ()


def _timed_endpoints(test: LoadTest) -> pd.DataFrame:
    """Return the endpoints with a whole summary, where they hold (nearly) all answers."""
    known = test.endpoints[["min", "max"]].notna().all(axis=1)
    rows = test.endpoints[known & (test.endpoints["count"] > 0)]
    whole = float(test.periods["responses"].sum())
    return rows if rows["count"].sum() >= 0.9 * whole else rows.iloc[:0]


def _lowest_load(test: LoadTest, steps: Sequence[Step]) -> Step | None:
    """Return the plateau of the lowest load, if far below the highest and (nearly) all of it answered."""
    plateaus = [step for step in steps if step.kind == "plateau" and step.throughput > 0]
    lowest = min(plateaus, key=lambda s: s.offered, default=None)
    if lowest is None or max(step.offered for step in steps) < _VARIED * lowest.offered:
        return None
    lost = float(test.unanswered.loc[list(lowest.rows)].sum())
    return None if lost > _TRACE * lowest.offered * lowest.duration else lowest


def _succeeds(test: LoadTest, name: str) -> bool:
    codes = test.endpoint_codes.get(name, {})
    return sum(n for code, n in codes.items() if 200 <= code < 300) > 0.5 * sum(codes.values())


def _share_of_pool(test: LoadTest, row: pd.Series, good: bool) -> float:
    pool = test.good_summary.get("count") if good else test.periods["responses"].sum()
    return min(float(row["count"]) / float(pool), 1.0) if pool and row["count"] > 0 else 0.0


CHECKS = (tail_by_endpoint, slow_at_any_load, tail_without_queue)
"""Checks of the endpoints of one test."""
