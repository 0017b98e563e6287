"""Erlang C: one point and many at once, against the shortest code one would write by hand.

Run as ``python benchmarks/erlang.py``. The yardstick is the Poisson probability in its saddle-point form over
scipy's incomplete gamma function, without any checks, for one point in plain numbers and for many in numpy; beside
it, for one point, the backward sum. First the answers are compared with 50 digits, then the times
(`paired.ratio`).
"""

from __future__ import annotations

import math
import sys
import timeit
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np
from scipy.special import gammaincc

sys.path.insert(0, str(Path(__file__).parent))
from paired import ratio

from capacity.models.stations.erlang import erlang_c

CALLS = 5000  # of one point in a measured round
POINTS = 20_000
ERROR = 1e-12  # largest relative error allowed
LIMITS = {"scalar": 2.5, "sum": 0.5, "array": 1.2}


def square_root(servers: float) -> float:
    """Offered load at square-root staffing. [erlangs]"""
    return servers - 0.5 * math.sqrt(servers)


def by_hand(c: int, a: float) -> float:
    """Saddle-point form over the incomplete gamma function, for one point."""
    v = (c - a) / (c + a)
    total, term, square = (c - a) * v, 2 * c * v, v * v
    for j in range(1, 8):
        term *= square
        total += term / (2 * j + 1)
    last = math.exp(-total - 1 / (12 * c) + 1 / (360 * c**3)) / math.sqrt(2 * math.pi * c)
    blocking = last / gammaincc(c + 1, a)
    return float(c * blocking / ((c - a) + a * blocking))


def by_sum(c: int, a: float) -> float:
    """Backward sum, cut where its terms no longer count."""
    total = term = 1.0
    free = c
    while term > 1e-17 * total and free > 0:
        term *= free / a
        total += term
        free -= 1
    return c / ((c - a) * total + a)


def in_numpy(c: np.ndarray, a: np.ndarray) -> np.ndarray:
    """`by_hand` for arrays, the deviance by its logarithm where the series is too short."""
    v = (c - a) / (c + a)
    total, term, square = (c - a) * v, 2 * c * v, v * v
    for j in range(1, 8):
        term = term * square
        total = total + term / (2 * j + 1)
    far = np.abs(v) >= 0.1
    total[far] = (c * np.log(c / a) + a - c)[far]
    last = np.exp(-total - 1 / (12 * c) + 1 / (360 * c**3) - 1 / (1260 * c**5)) / np.sqrt(2 * np.pi * c)
    blocking = last / gammaincc(c + 1, a)
    waits: np.ndarray = c * blocking / ((c - a) + a * blocking)
    return waits


def exact(servers: int, load: float) -> mpmath.mpf:
    """Erlang C in 50 digits."""
    with mpmath.workdps(50):
        a = mpmath.mpf(load)
        last = mpmath.exp(servers * mpmath.log(a) - a - mpmath.loggamma(servers + 1))
        blocking = last / mpmath.gammainc(servers + 1, a, mpmath.inf, regularized=True)
        return servers * blocking / (servers - a * (1 - blocking))


def compare() -> str:
    """Largest relative error over servers and loads, one by one and as arrays; exit where it is too large."""
    rng = np.random.default_rng(1)
    servers = np.floor(np.exp(rng.uniform(0, math.log(1e6), 400)))
    load = np.maximum(servers - rng.uniform(0, 8, servers.size) * np.sqrt(servers), 0.3 * servers)
    together, worst = erlang_c(servers, load), 0.0
    for c, a, found in zip(servers.tolist(), load.tolist(), together.tolist(), strict=True):
        true = exact(int(c), a)
        worst = max(worst, *(float(abs(x / true - 1)) for x in (found, erlang_c(int(c), a))))
    line = f"largest relative error to a million servers {worst:.1e}, limit {ERROR:g}"
    if worst > ERROR:
        raise SystemExit(line)
    return line


def repeated(call: Callable[[int, float], float], servers: int) -> Callable[[], float]:
    """Many calls at one point, as one thing to time."""
    timer = timeit.Timer(lambda: call(servers, load))
    load = square_root(servers)
    return lambda: timer.timeit(CALLS)


def main() -> int:
    """Print the comparison, the times and the ratios; 1 where a limit is missed."""
    print(compare())
    for servers in (10, 40, 41, 1000, 10**6):
        took = min(repeated(erlang_c, servers)() for _ in range(7)) / CALLS * 1e6
        print(f"a call at {servers} servers: {took:.2f} us")
    rng = np.random.default_rng(2)
    many = np.floor(np.exp(rng.uniform(math.log(16), math.log(1e6), POINTS)))
    loads = many - 0.5 * np.sqrt(many)
    million = 10**6
    found = {
        "scalar": ratio(repeated(by_hand, million), repeated(erlang_c, million)),
        "sum": ratio(
            lambda: [by_sum(million, square_root(million)) for _ in range(CALLS // 50)],
            repeated(erlang_c, million),
        ),
        "array": ratio(lambda: in_numpy(many, loads), lambda: erlang_c(many, loads)),
    }
    names = {
        "scalar": "one of a million servers over by hand",
        "sum": "50 such calls over one backward sum",
        "array": f"{POINTS} points over plain numpy",
    }
    for case, part in found.items():
        print(part.line(names[case], LIMITS[case]))
    return int(any(part.median > LIMITS[case] for case, part in found.items()))


if __name__ == "__main__":
    sys.exit(main())
