"""Bootstrap of a bounded USL fit: all resamples at once against a loop of `scipy.optimize.curve_fit`.

Run as ``python benchmarks/fitting.py``. Both get the same resampled throughput, the same start and bounds; first the
answers are compared (ours never worse, the same optimum for nearly all), then the times (`paired.ratio`).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

sys.path.insert(0, str(Path(__file__).parent))
from paired import ratio

from capacity.models.fits.curves import ThroughputCurve
from capacity.models.fits.leastsquares import Minimum, minimise
from capacity.models.scalability import Usl

RESAMPLES = 2000
IN_LOOP = 100  # of them, in the timed loop of curve_fit: its time is that of all by proportion
SAME = 1e-6  # relative misfit within which two optima are one
LIMIT = 1 / 50
LEVELS = np.array([1.0, 2, 4, 8, 12, 16, 24, 32, 48, 64])
DESIGNS = {  # truth and relative noise; the last two have a cost on its bound
    "peak inside": (Usl(1000, 0.03, 0.0005), 0.03),
    "20% noise": (Usl(1000, 0.03, 0.0005), 0.2),
    "no contention": (Usl(1000, 0.0, 0.0005), 0.05),
    "no coherency": (Usl(1000, 0.05, 0.0), 0.05),
}
BOUNDS = ([0, 0, 0], [np.inf, 1, 1])


def resampled(law: Usl, share: float, size: int) -> np.ndarray:
    """Throughput of the law with relative noise, a row a resample. [req/s]"""
    rng = np.random.default_rng(1)
    ideal: np.ndarray = law.throughput_at(LEVELS)
    return ideal * (1 + share * rng.standard_normal((size, LEVELS.size)))


def usl(n: np.ndarray, unit: float, contention: float, coherency: float) -> np.ndarray:
    """Throughput at a concurrency, as one would write it for curve_fit. [req/s]"""
    return unit * n / (1 + contention * (n - 1) + coherency * n * (n - 1))


def start_of(law: Usl) -> list[float]:
    """Start values strictly inside the bounds, as curve_fit wants them."""
    return [law.unit_throughput, max(law.contention, 1e-3), max(law.coherency, 1e-5)]


def by_loop(rows: np.ndarray, law: Usl) -> np.ndarray:
    """Least misfit of each row by curve_fit."""
    misfit = np.empty(len(rows))
    for i, row in enumerate(rows):
        found, _ = curve_fit(usl, LEVELS, row, p0=start_of(law), bounds=BOUNDS)
        misfit[i] = ((row - usl(LEVELS, *found)) ** 2).sum()
    return misfit


def at_once(rows: np.ndarray, law: Usl) -> Minimum:
    """Minimum of all rows by the batched least squares behind `Fit.bootstrap`."""
    curve = ThroughputCurve(LEVELS, 3, "absolute", np.ones_like(LEVELS))
    unit, contention, coherency = start_of(law)
    return minimise(curve, rows, np.array([1 - contention, contention, coherency]) / unit)


def compare(size: int) -> list[str]:
    """Compare the optima of every design; one line each, or exit at one that is worse."""
    lines = []
    for name, (law, share) in DESIGNS.items():
        rows = resampled(law, share, size)
        excess = at_once(rows, law).misfit / by_loop(rows, law) - 1
        same, worse = float((np.abs(excess) <= SAME).mean()), int((excess > SAME).sum())
        lines.append(f"{name}: same optimum {same:.2%}, ours better {(excess < -SAME).sum()}, worse {worse}")
        if worse:
            raise SystemExit(lines[-1])
    return lines


def main() -> int:
    """Print the comparison and the ratio of the times; 1 where the limit is missed."""
    print(*compare(RESAMPLES), sep="\n")
    law, share = DESIGNS["peak inside"]
    rows = resampled(law, share, RESAMPLES)
    part = ratio(lambda: by_loop(rows[:IN_LOOP], law), lambda: at_once(rows, law))
    scale = IN_LOOP / RESAMPLES
    found = replace(
        part,
        median=part.median * scale,
        low=part.low * scale,
        high=part.high * scale,
        yardstick=part.yardstick / scale,
    )
    print(found.line(f"{RESAMPLES} fits at once over curve_fit", LIMIT))
    return int(found.median > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
