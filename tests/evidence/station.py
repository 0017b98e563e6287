"""An independent witness: a FIFO station by the Kiefer-Wolfowitz recursion, recorded as Artillery would record it."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heapify, heapreplace

import numpy as np
import pandas as pd

from capacity.evidence.loadtest import SUMMARY, LoadTest

SLICE = 10.0  # length of a reporting period [s]
GAMMA = 1.01 / 0.99  # ratio of neighbouring values of a DDSketch with 1% accuracy
SHARES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True)
class Station:
    """`servers` equal workers behind one bounded queue; a full queue answers 503, a client waits `timeout` seconds."""

    servers: int = 12
    service_time: float = 0.04  # mean [s]
    law: str = "exponential"  # or "deterministic", "hyperexponential" (squared coefficient of variation 4)
    queue: int = 600
    delay: float = 0.0  # spent elsewhere, no worker held [s]
    contention: float = 0.0  # growth of the service time per waiting request [1/request]
    timeout: float = 10.0

    @property
    def capacity(self):
        """Saturation throughput without contention. [req/s]"""
        return self.servers / self.service_time

    def service_times(self, n, rng):
        """Draw `n` service times. [s]"""
        if self.law == "deterministic":
            return np.full(n, self.service_time)
        if self.law == "exponential":
            return rng.exponential(self.service_time, n)
        share = (1 + np.sqrt(3 / 5)) / 2  # balanced means, scv 4
        fast = rng.random(n) < share
        return rng.exponential(np.where(fast, 0.5 / share, 0.5 / (1 - share)) * self.service_time, n)

    def serve(self, arrivals, rng):
        """Return when each request's answer comes (inf: the client gave up) and whether it was accepted."""
        free = [0.0] * self.servers
        heapify(free)
        waiting = deque()
        ends, accepted = np.empty(len(arrivals)), np.ones(len(arrivals), bool)
        for i, (now, work) in enumerate(zip(arrivals, self.service_times(len(arrivals), rng), strict=True)):
            while waiting and waiting[0] <= now:
                waiting.popleft()
            if len(waiting) >= self.queue:
                ends[i], accepted[i] = now + 0.001, False
                continue
            begin = max(now, free[0])
            end = begin + work * (1 + self.contention * len(waiting))
            heapreplace(free, end)
            waiting.append(begin)
            ends[i] = end + self.delay
        ends[ends - arrivals > self.timeout] = np.inf
        return ends, accepted


def arrivals_of(phases, rng=None):
    """Return arrival times under phases (seconds, rate[, rate at the end]): evenly spaced, or Poisson with `rng`."""
    edges, total = [(0.0, 0.0)], 0.0
    for seconds, first, *last in phases:
        rates = np.linspace(first, (last or [first])[0], 101)
        grid = edges[-1][0] + np.linspace(0, seconds, 101)
        counts = total + np.concatenate([[0], np.cumsum((rates[1:] + rates[:-1]) / 2) * seconds / 100])
        edges += list(zip(grid[1:], counts[1:], strict=True))
        total = counts[-1]
    even = np.arange(int(total)) + 0.5
    targets = even if rng is None else np.sort(rng.uniform(0, total, rng.poisson(total)))
    times, counts = np.array(edges).T
    return np.interp(targets, counts + 1e-9 * np.arange(len(counts)), times)


def run(station, phases, *, seed=1, poisson=False, offset=None, refused=None, name="run", separates=True):
    """Simulate a load test; `refused(arrivals, rng)` gives requests a status (0: none) before the station."""
    rng = np.random.default_rng(seed)
    arrivals = arrivals_of(phases, rng if poisson else None)
    codes = np.zeros(len(arrivals), int) if refused is None else refused(arrivals, rng)
    ends = arrivals + 0.001
    ends[codes == 0], accepted = station.serve(arrivals[codes == 0], rng)
    codes[codes == 0] = np.where(accepted, 200, 503)
    return record(arrivals, ends, codes, offset=rng.uniform(0, SLICE) if offset is None else offset,
                  timeout=station.timeout, name=name, separates=separates)  # fmt: skip


def record(arrivals, ends, codes, *, offset=0.0, timeout=10.0, name="run", separates=True):
    """Count sent requests when sent and answers when answered, in slices of a clock `offset` seconds into a slice."""
    times = np.round(1000 * (ends - arrivals)) / 1000
    answered = np.isfinite(ends)
    over = np.where(answered, ends, arrivals + timeout)
    rows = int((over.max() + offset) // SLICE) + 1
    sent_in, over_in = ((t + offset) // SLICE for t in (arrivals, over))
    begins = np.maximum(np.arange(rows) * SLICE - offset, 0.0)
    lasts = np.minimum((np.arange(rows) + 1) * SLICE - offset, over.max())
    each = [answered & (over_in == row) for row in range(rows)]
    sent = np.bincount(sent_in.astype(int), minlength=rows).astype(float)
    got = np.array([float(mask.sum()) for mask in each])
    periods = {"start": begins, "span": lasts - begins, "arrivals": sent, "requests": sent, "responses": got}
    good = [summarise(times[mask & (codes == 200)]) for mask in each] if separates else [summarise([])] * rows
    lost = np.bincount(over_in[~answered].astype(int), minlength=rows)
    return LoadTest(
        name=name, file=f"{name}.json", tool="artillery", dialect="v2", sha256="", size=0,
        start=datetime(2026, 1, 28, tzinfo=UTC),
        periods=pd.DataFrame({**periods, "dropped": 0.0}),
        codes=pd.DataFrame({c: [int((mask & (codes == c)).sum()) for mask in each] for c in sorted(set(codes))}),
        errors=pd.DataFrame({"ETIMEDOUT": lost}),
        times=pd.DataFrame([summarise(times[mask]) for mask in each], columns=list(SUMMARY), dtype=float),
        good_times=pd.DataFrame(good, columns=list(SUMMARY), dtype=float),
        endpoints=pd.DataFrame(columns=[*SUMMARY, "requests", "failures"]),
        summary=summarise(times[answered]), good_summary=summarise(times[answered & (codes == 200)]),
        totals={"requests": len(arrivals), "responses": int(answered.sum()), "arrivals": len(arrivals)},
    )  # fmt: skip


def summarise(times):
    """Summarise as Artillery does: exact mean and extremes, percentiles on the grid of a sketch, tenths of a ms."""
    if not len(times):
        return dict.fromkeys(SUMMARY)
    ms = np.sort(1000 * np.asarray(times))
    ranks = {name: ms[int(q * (len(ms) - 1))] for name, q in SHARES.items()}
    sketched = {
        name: 2 * GAMMA ** np.ceil(np.log(max(v, 1e-3)) / np.log(GAMMA)) / (GAMMA + 1)
        for name, v in ranks.items()
    }
    exact = {"min": ms[0], "mean": ms.mean(), "max": ms[-1]}
    clamped = {name: min(max(v, ms[0]), ms[-1]) for name, v in sketched.items()}
    return {"count": len(ms), **{k: round(float(v), 1) / 1000 for k, v in {**exact, **clamped}.items()}}
