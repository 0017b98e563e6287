"""PH/PH/64: all answers of one station against a plain numpy solution of its quasi-birth-death process.

Run as ``python benchmarks/stations.py``. Bursty arrivals and service (hyperexponential, scv 4 each) at 64 servers,
utilization 0.9. The yardstick is what anyone would write: logarithmic reduction (Latouche and Ramaswami 1993) of the
blocks of 130 states, levels below 64 one by one, for the chance to wait and the mean wait only. Ours also gives P99 of
the wait and of the response time. First the answers are compared, then the times (`paired.ratio`).
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from paired import ratio

from capacity.models.stations.general import GGc

SERVERS, UTILIZATION, SCV = 64, 0.9, 4.0
LIMIT = 5.0  # ours, with both percentiles, over the yardstick, without
SECONDS = 1.0  # that all answers of one station may take
SAME = 1e-9  # relative difference within which two answers are one
KNOWN = {"wait_probability": 0.494997225794562, "waiting_time": 0.237678764986767}  # another program's, exact


def two_kinds() -> tuple[np.ndarray, np.ndarray]:
    """Shares of the two kinds of times, and the rates at which they end, for a mean of 1."""
    share = (1 + math.sqrt((SCV - 1) / (SCV + 1))) / 2
    shares = np.array([share, 1 - share])
    return shares, 2 * shares


def level(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates up, within and down of the level with n present; a state is a kind of arrival and n1 of the busy."""
    shares, rates = two_kinds()
    arrivals = rates * SERVERS * UTILIZATION
    busy, more = min(n, SERVERS), min(n + 1, SERVERS)
    first = np.arange(busy + 1)
    up = np.eye(busy + 1, more + 1) if more == busy else np.zeros((busy + 1, more + 1))
    fewer = np.zeros((busy + 1, busy + (n > SERVERS)))
    for one in first:
        if more > busy:
            up[one, one + 1], up[one, one] = shares
        ends = one * rates[0], (busy - one) * rates[1]
        if n > SERVERS:  # the next in the queue begins
            fewer[one, one] += ends[0] * shares[0] + ends[1] * shares[1]
            if one:
                fewer[one, one - 1] += ends[0] * shares[1]
            if one < busy:
                fewer[one, one + 1] += ends[1] * shares[0]
        else:
            if one:
                fewer[one, one - 1] += ends[0]
            if one < busy:
                fewer[one, one] += ends[1]
    out = arrivals[:, None] + (first * rates[0] + (busy - first) * rates[1])[None, :]
    return np.kron(np.outer(arrivals, shares), up), np.diag(-out.ravel()), np.kron(np.eye(2), fewer)


def logarithmic_reduction(up: np.ndarray, within: np.ndarray, down: np.ndarray) -> np.ndarray:
    """First passage one level down."""
    one = np.eye(len(within))
    high, low = np.linalg.solve(-within, up), np.linalg.solve(-within, down)
    passage, above = low.copy(), high.copy()
    while above.max() > 1e-14:
        both = one - high @ low - low @ high
        high, low = np.linalg.solve(both, high @ high), np.linalg.solve(both, low @ low)
        passage, above = passage + above @ low, above @ high
    return passage


def by_hand() -> dict[str, float]:
    """Chance to wait and mean wait by the textbook."""
    up, within, down = level(SERVERS + 1)
    passage = logarithmic_reduction(up, within, down)
    growth = np.linalg.solve(-(within + up @ passage).T, up.T).T
    steps, below = [], passage
    for n in range(SERVERS, 0, -1):
        higher, inside, lower = level(n)
        censored = inside + higher @ below
        steps.append(np.linalg.solve(-censored.T, level(n - 1)[0].T).T)
        below = np.linalg.solve(-censored, lower)
    higher, inside, _ = level(0)
    balance = np.hstack([inside + higher @ below, np.ones((2, 1))])
    state = np.linalg.lstsq(balance.T, np.array([0.0, 0.0, 1.0]), rcond=None)[0]
    total, arrivals = state.sum(), state @ (two_kinds()[1])
    for step in steps[::-1]:
        last, state = state, state @ step
        total += state.sum()
        arrivals += state.reshape(2, -1).sum(axis=1) @ two_kinds()[1]
    del last
    one = np.eye(len(growth))
    later = np.linalg.solve((one - growth).T, state)
    queue = np.linalg.solve((one - growth).T, later @ growth)
    seen = later.reshape(2, -1).sum(axis=1) @ two_kinds()[1]
    total += (later - state).sum()
    arrivals += (later - state).reshape(2, -1).sum(axis=1) @ two_kinds()[1]
    rate = SERVERS * UTILIZATION
    return {"wait_probability": float(seen / arrivals), "waiting_time": float(queue.sum() / total / rate)}


def ours() -> dict[str, float]:
    """Every answer of the station."""
    station = GGc(SERVERS * UTILIZATION, 1.0, SERVERS, SCV, SCV)
    return {
        "wait_probability": station.wait_probability,
        "waiting_time": station.waiting_time,
        "waiting_time_p99": station.waiting_time_quantile(0.99),
        "response_time_p99": station.response_time_quantile(0.99),
    }


def compare() -> None:
    """Exit where ours, the yardstick and the published answers are not one."""
    found, plain = ours(), by_hand()
    for name, known in KNOWN.items():
        for value in (found[name], plain[name]):
            if abs(value / known - 1) > SAME:
                raise SystemExit(f"{name}: {value} for {known}")
    print(", ".join(f"{name} {value:.10g}" for name, value in found.items()))


def main() -> int:
    """Print the answers, the seconds and the ratio of the times; 1 where a limit is missed."""
    compare()
    before = time.perf_counter()
    ours()
    seconds = time.perf_counter() - before
    found = ratio(by_hand, ours)
    print(f"all answers of one station in {seconds:.2f} s, limit {SECONDS:g} s")
    print(found.line("PH/PH/64 over logarithmic reduction", LIMIT))
    return int(found.median > LIMIT or seconds > SECONDS)


if __name__ == "__main__":
    sys.exit(main())
