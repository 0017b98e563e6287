"""Where a quantity that rises with the load passes its limit, read off the measurements without a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capacity.estimate import Estimate

WORLDS = 300
"""Times the measurements are resampled."""

_SAME_LOAD = 1.01  # ratio of rates that are one load
_LEAST_VARIANCE = 1e-8  # of a measurement that no resampling moved
_GRID = 513  # points at which the curve is read


@dataclass(frozen=True, eq=False)
class Level:
    """A quantity measured at one held load.

    Parameters
    ----------
    load : float
        Offered rate. [req/s]
    measured : float
        The quantity, on a scale on which it scatters evenly: the logarithm of a response time, a share.
    worlds : ndarray
        The same resampled, `WORLDS` times.
    """

    load: float
    measured: float
    worlds: np.ndarray


def crossing(levels: Sequence[Level], limit: float, ceiling: float, *, method: str, level: float) -> Estimate:
    """Return the largest load that keeps a quantity within its limit, by a curve that only rises. [req/s]

    Isotonic regression (weights: one over the resampled variance) makes the measurements rise with the load; a
    monotone cubic joins them. The value is where it passes the limit; there is none where the limit lies outside what
    was measured. The interval is that of the same over all worlds, widened by what may happen between two loads: its
    lower end is read off straight lines through the measurements, its upper end off the lines before, extended; a
    curve that bends upwards, as queues do, lies between them. A world that keeps the limit at every load counts as
    anything from the highest load to `ceiling`; one that misses it at every load as anything below the lowest.

    Parameters
    ----------
    levels : sequence of Level
        At least one.
    limit : float
        On the scale of the measurements.
    ceiling : float
        Lowest load known to be too much, infinite where there is none. [req/s]

    References
    ----------
    .. [1] Barlow et al., Statistical Inference under Order Restrictions, Wiley, 1972, sec. 1.2 (pool adjacent
       violators, max-min formula).
    .. [2] Fritsch and Carlson, Monotone piecewise cubic interpolation, SIAM J. Numer. Anal. 17(2), 1980.
    """
    ordered = sorted(levels, key=lambda one: one.load)
    loads, values, weights = _merged(
        np.array([one.load for one in ordered]),
        np.array([[one.measured, *one.worlds] for one in ordered]),
        1 / np.maximum([one.worlds.var() for one in ordered], _LEAST_VARIANCE),
    )
    rising = _isotonic(values, weights)
    chord, extended = _between(loads, rising[:, 1:], limit)
    tail = int((1 - level) / 2 * chord.shape[0])
    lows = np.sort(np.where(np.isinf(chord), loads[-1], chord))
    highs = np.where(extended == 0, loads[0], extended)
    highs = np.sort(np.where(np.isinf(highs), max(ceiling, loads[-1]), highs))
    value = _passed(loads, rising[:, 0], limit)
    low, high = float(lows[tail]), float(highs[-1 - tail])
    if value is not None:
        low, high = min(low, value), max(high, value)
    return Estimate(value, low, high, unit="req/s", method=method, provenance="measured", level=level)


def _merged(
    loads: np.ndarray, values: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the measurements with those at (nearly) the same load averaged."""
    group = np.cumsum(np.concatenate([[0], loads[1:] > _SAME_LOAD * loads[:-1]])).astype(int)
    total = np.bincount(group, weights)
    merged = np.zeros((len(total), values.shape[1]))
    np.add.at(merged, group, values * weights[:, None])
    return np.bincount(group, weights * loads) / total, merged / total[:, None], total


def _passed(loads: np.ndarray, rising: np.ndarray, limit: float) -> float | None:
    """Return where the monotone cubic passes the limit, None where it does not between the first and last load."""
    from scipy.interpolate import PchipInterpolator

    if not rising[0] <= limit < rising[-1]:
        return None
    grid = np.linspace(loads[0], loads[-1], _GRID)
    curve = PchipInterpolator(loads, rising)(grid)
    at = max(int((curve > limit).argmax()), 1)
    share = (limit - curve[at - 1]) / (curve[at] - curve[at - 1])
    return float(grid[at - 1] + share * (grid[1] - grid[0]))


def _between(loads: np.ndarray, rising: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Return for each column where straight lines pass the limit, and the lines before, extended to the next load.

    0 where the limit is missed at all loads, infinite where it is kept at all.
    """
    above = (rising > limit).argmax(axis=0)
    outside = np.where(rising[-1] <= limit, math.inf, 0.0)
    i, column, inside = np.maximum(above, 1), np.arange(rising.shape[1]), (above > 0)
    i = np.minimum(i, len(loads) - 1)
    y, x = rising[i, column], loads[i]
    y0, x0 = rising[i - 1, column], loads[i - 1]
    y00, x00 = rising[np.maximum(i - 2, 0), column], loads[np.maximum(i - 2, 0)]
    chord = x0 + _ratio((limit - y0) * (x - x0), y - y0, 0.0)
    extended = np.where(i > 1, x0 + _ratio((limit - y0) * (x0 - x00), y0 - y00, math.inf), x)
    return np.where(inside, chord, outside), np.where(inside, np.clip(extended, chord, x), outside)


def _ratio(over: np.ndarray, under: np.ndarray, otherwise: float) -> np.ndarray:
    return np.divide(over, under, out=np.full_like(over, otherwise), where=under > 0)


def _isotonic(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the nearest columns that only rise: the largest, over a start, of the smallest mean up to an end."""
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values * weights[:, None], axis=0)])
    total = np.concatenate([[0.0], np.cumsum(weights)])
    best = np.full_like(values, -np.inf)
    for start in range(len(values)):
        means = (sums[start + 1 :] - sums[start]) / (total[start + 1 :] - total[start])[:, None]
        least = np.minimum.accumulate(means[::-1])[::-1]
        best[start:] = np.maximum(best[start:], least)
    return best
