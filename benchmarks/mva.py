"""Exact mean value analysis of one class of users: ours against the loop anyone would write, plain and compiled.

Run as ``python benchmarks/mva.py``. All solve the same network of 5 stations with 100,000 users; first the
answers are compared, then the times (`paired.ratio`). The limit is 1.1 times the plain loop: ours keeps the whole
curve and checks its input. It is no compiled code: the ratios to a compiled loop, and to one over 1.03 million
populations of three classes, are reported only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from paired import ratio

from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.exact import solve

USERS, THINK_TIME = 100_000, 5.0
DEMANDS = [0.1, 0.07, 0.09, 0.08, 0.02]
CLASSES, EACH = 3, 100
LIMIT, AIM = 1.1, 1.5
SAME = 1e-10


def plain(demands: list[float], users: int, think_time: float) -> float:
    """Throughput by the textbook loop over lists. [req/s]"""
    queues = [0.0] * len(demands)
    throughput = 0.0
    for n in range(1, users + 1):
        residence = [demand * (1 + queue) for demand, queue in zip(demands, queues, strict=True)]
        throughput = n / (think_time + sum(residence))
        queues = [throughput * time for time in residence]
    return throughput


@numba.njit
def compiled(demands: np.ndarray, users: int, think_time: float) -> float:
    """The same, compiled."""
    queues = np.zeros(demands.size)
    residence = np.empty(demands.size)
    throughput = 0.0
    for n in range(1, users + 1):
        total = 0.0
        for k in range(demands.size):
            residence[k] = demands[k] * (1 + queues[k])
            total += residence[k]
        throughput = n / (think_time + total)
        for k in range(demands.size):
            queues[k] = throughput * residence[k]
    return throughput


@numba.njit
def three_classes(demands: np.ndarray, each: int, think_time: float) -> np.ndarray:
    """Throughput of three equal classes, the queues of all populations in memory, compiled. [req/s]"""
    stations = demands.shape[1]
    size = each + 1
    queues = np.zeros((size, size, size, stations))
    throughput, residence, seen = np.zeros(3), np.empty((3, stations)), np.zeros(stations)
    for i in range(size):
        for j in range(size):
            for m in range(size):
                here = (i, j, m)
                for c in range(3):
                    throughput[c] = 0.0
                    if here[c] == 0:
                        continue
                    seen[:] = queues[i - (c == 0), j - (c == 1), m - (c == 2)]
                    total = 0.0
                    for k in range(stations):
                        residence[c, k] = demands[c, k] * (1 + seen[k])
                        total += residence[c, k]
                    throughput[c] = here[c] / (think_time + total)
                for k in range(stations):
                    for c in range(3):
                        if here[c] > 0:
                            queues[i, j, m, k] += throughput[c] * residence[c, k]
    return throughput


def agree(name: str, found: np.ndarray, expected: np.ndarray) -> None:
    """Stop where two answers differ."""
    gap = float(np.max(np.abs(found / expected - 1)))
    print(f"{name}: largest relative difference {gap:.1e}")
    if gap > SAME:
        raise SystemExit(f"{name}: the answers differ")


def main() -> int:
    """Print the comparisons and the ratios; 1 where the limit is missed."""
    array = np.array(DEMANDS)

    def ours() -> np.ndarray:
        return solve(ClosedNetwork.single(DEMANDS, USERS, THINK_TIME)).throughput

    several = np.random.default_rng(1).uniform(0.01, 0.1, (CLASSES, len(DEMANDS)))
    network = ClosedNetwork(several.tolist(), [EACH] * CLASSES, [THINK_TIME] * CLASSES)
    agree("one class", ours(), np.array([plain(DEMANDS, USERS, THINK_TIME)]))
    agree("three classes", solve(network).throughput, three_classes(several, EACH, THINK_TIME))
    missed = report("MVA over a plain loop", lambda: plain(DEMANDS, USERS, THINK_TIME), ours, LIMIT)
    report("MVA over a compiled loop", lambda: compiled(array, USERS, THINK_TIME), ours, AIM)
    report(
        "3 x 100 users over a compiled loop",
        lambda: three_classes(several, EACH, THINK_TIME),
        lambda: solve(network),
        AIM,
    )
    return int(missed)


def report(name: str, yardstick: Callable[[], object], ours: Callable[[], object], limit: float) -> bool:
    """Print one ratio, and return whether it is over the limit."""
    found = ratio(yardstick, ours)
    print(found.line(name, limit))
    return found.median > limit


if __name__ == "__main__":
    sys.exit(main())
