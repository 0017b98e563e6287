"""Simulated queues against a hand-written recursion and against Ciw, the answers checked first.

Run as ``python benchmarks/simulation.py``. M/M/12 at utilization 0.83, every wait kept. The yardstick is the
Kiefer-Wolfowitz recursion with a heap and its draws in one compiled loop, as one would write it for this one question.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import ciw
import numpy as np
from numba import njit

sys.path.insert(0, str(Path(__file__).parent))
from paired import Ratio, ratio

from capacity.models.distributions import Exponential
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.queue import Queue
from capacity.models.simulation.replication import replicate
from capacity.models.stations.queueing import MMc

COMPILED = os.environ.get("CAPACITY_COMPILE") != "0"
SERVERS, RATE = 12, 0.83 * 12
REQUESTS = 1_000_000
BY_CIW = 20_000  # its time for REQUESTS is that of these by proportion
OVER_LOOP, OVER_CIW, OVER_ONE = 2.5, 1 / 50, 1 / 1.8
SAME = 0.05  # mean waits of one run each that count as equal, relative
STATION = Queue(Poisson(RATE), Exponential(1.0), SERVERS)
EXACT = MMc(RATE, 1.0, SERVERS)


@njit(cache=True, nogil=True)
def by_loop(requests: int, rate: float, servers: int, rng: np.random.Generator) -> np.ndarray:
    """Waits, every draw where it is needed."""
    free, waits, now = np.zeros(servers), np.empty(requests), 0.0
    for i in range(requests):
        now += rng.standard_exponential() / rate
        start = max(now, free[0])
        waits[i] = start - now
        end = start + rng.standard_exponential()
        k = 0
        while 2 * k + 1 < servers:
            child = 2 * k + 1
            if child + 1 < servers and free[child + 1] < free[child]:
                child += 1
            if free[child] >= end:
                break
            free[k] = free[child]
            k = child
        free[k] = end
    return waits


def loop() -> np.ndarray:
    """Run the yardstick."""
    return by_loop(REQUESTS, RATE, SERVERS, np.random.default_rng(1))


def ours(requests: int = REQUESTS) -> Any:
    """Run the station."""
    return STATION.simulate(requests, seed=1)


def by_ciw() -> float:
    """Mean wait by Ciw."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[SERVERS],
    )
    ciw.seed(1)
    run = ciw.Simulation(network)
    run.simulate_until_max_customers(BY_CIW, method="Finish")
    return float(np.mean([record.waiting_time for record in run.get_all_records()]))


def check() -> None:
    """Refuse to compare times of different answers."""
    waits = {"formula": EXACT.waiting_time, "ours": ours().waiting_time, "loop": float(loop().mean())}
    estimate = ours().estimate("waiting_time")
    print(", ".join(f"{name} {wait:.4f}" for name, wait in waits.items()), f"Ciw {by_ciw():.4f}", estimate)
    if any(abs(wait / EXACT.waiting_time - 1) > SAME for wait in waits.values()):
        raise SystemExit("mean waits differ: the ratios would mean nothing")


def scaled(found: Ratio, share: float) -> Ratio:
    """Ratio where the yardstick did only a share of the work."""
    return replace(
        found,
        median=found.median * share,
        low=found.low * share,
        high=found.high * share,
        yardstick=found.yardstick / share,
    )


def replications(workers: int) -> float:
    """Wall time of sixteen replications of ten million requests in all, processes already started. [s]"""
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(abs, range(workers)))
        began = time.perf_counter()
        replicate(STATION, ["response_time"], requests=625_000, seed=1, replications=16, executor=pool)
        return time.perf_counter() - began


def over_one_process(rounds: int = 5) -> Ratio:
    """Two processes over one, in turns."""
    replications(2)
    pairs = [(replications(1), replications(2)) for _ in range(rounds)]
    ratios = sorted(two / one for one, two in pairs)
    fastest = [min(side) for side in zip(*pairs, strict=True)]
    return Ratio(ratios[rounds // 2], ratios[0], ratios[-1], "wall", *fastest)


def main() -> int:
    """Print one line for each yardstick; 1 where a limit is missed."""
    if not COMPILED:
        found = [("plain Python over Ciw", ratio(by_ciw, lambda: ours(BY_CIW), 3), 1.0)]
    else:
        check()
        found = [
            ("M/M/12 over the compiled loop", ratio(loop, ours), OVER_LOOP),
            ("M/M/12 over Ciw", scaled(ratio(by_ciw, ours, 3), BY_CIW / REQUESTS), OVER_CIW),
            ("two processes over one", over_one_process(), OVER_ONE),
        ]
    for name, one, limit in found:
        print(one.line(name, limit), flush=True)
    missed = any(one.median > limit for _, one, limit in found)
    return int(missed | (COMPILED and without_numba()))


def without_numba() -> bool:
    """Run this file again as plain Python; whether its limit is missed."""
    command = [sys.executable, __file__]
    done = subprocess.run(command, env=os.environ | {"CAPACITY_COMPILE": "0"}, check=False)  # noqa: S603
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
