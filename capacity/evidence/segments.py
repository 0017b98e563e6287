"""Change points: a series of rates as constant and linear pieces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_LEVEL_NOISE = 0.01  # relative wobble of a held rate that is not a change of load
_ENOUGH = 10  # rates needed to tell how much they scatter


def change_points(
    rates: np.ndarray, *, span: float = 10.0, dispersion: tuple[float, float] = (1.0, 2.0)
) -> list[tuple[int, int, bool]]:
    """Split a series of offered rates into constant and linear pieces.

    Minimises the squared residuals in units of the noise plus a penalty for each piece (optimal partitioning with a
    Schwarz penalty: 3 ln n for a constant piece, 5 ln n for a slope). The noise has three parts: one count per
    period, one percent of the rate, and what independent arrivals would scatter, or more where second
    differences show it (`dispersion`).

    Parameters
    ----------
    rates : ndarray
        Offered rate of consecutive periods. [1/s]
    span : float
        Length of a period. [s]
    dispersion : (float, float)
        Least and largest ratio of the counts' variance to that of independent arrivals; more is a change of load.

    Returns
    -------
    list of (begin, end, sloped)
        Half-open index ranges that cover the series, and whether the piece is a ramp.

    References
    ----------
    .. [1] Jackson et al., An algorithm for optimal partitioning of data on an interval,
       IEEE Signal Processing Letters 12(2), 2005.

    Examples
    --------
    >>> change_points(np.array([5.0, 5, 5, 5, 20, 20, 20, 20]))
    [(0, 4, False), (4, 8, False)]
    """
    n = len(rates)
    if n == 0:
        return []
    price = np.log(max(n, _ENOUGH))
    cost = _PieceCost(rates, _variance(rates, span, dispersion))
    best = np.zeros(n + 1)
    choice: list[tuple[int, bool]] = [(0, False)] * (n + 1)
    for end in range(1, n + 1):
        flat, sloped = cost.ending(end)
        flat += best[:end] + 3 * price
        sloped += best[:end] + 5 * price
        sloped[-2:] = np.inf  # a line through two points is no evidence of a slope
        is_sloped = bool(sloped.min() < flat.min())
        best[end] = min(flat.min(), sloped.min())
        choice[end] = (int((sloped if is_sloped else flat).argmin()), is_sloped)
    return _walk_back(choice)


def _walk_back(choice: Sequence[tuple[int, bool]]) -> list[tuple[int, int, bool]]:
    pieces, end = [], len(choice) - 1
    while end:
        begin, is_sloped = choice[end]
        pieces.append((begin, end, is_sloped))
        end = begin
    return pieces[::-1]


def _variance(rates: np.ndarray, span: float, dispersion: tuple[float, float]) -> np.ndarray:
    """Return the variance of each rate that is not a change of load."""
    padded = np.pad(rates, 1, mode="edge")  # a rate that is low by chance is no more certain for it
    counted = np.maximum((padded[:-2] + padded[1:-1] + padded[2:]) / 3, 1 / span)
    floor = (1 / span) ** 2 + (_LEVEL_NOISE * rates) ** 2
    if len(rates) < _ENOUGH:
        return floor + dispersion[0] * counted / span
    bends = np.abs(np.diff(rates, 2)) / np.sqrt(counted[1:-1] / span)
    seen = (np.median(bends) / (0.6745 * np.sqrt(6))) ** 2
    return floor + np.clip(seen, *dispersion) * counted / span


class _PieceCost:
    """Weighted residual sums of squares of any piece of a series, from running sums."""

    def __init__(self, y: np.ndarray, variance: np.ndarray) -> None:
        x, w = np.arange(len(y), dtype=float) - len(y) / 2, 1 / variance
        moments = (w, w * y, w * y * y, w * x, w * x * x, w * x * y)
        self._sums = [np.concatenate([[0.0], np.cumsum(moment)]) for moment in moments]

    def ending(self, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Residuals of the pieces ``0:end``, ``1:end`` ..., about their means and about straight lines."""
        w, y, yy, x, xx, xy = (total[end] - total[:end] for total in self._sums)
        flat = np.maximum(yy - y * y / w, 0.0)
        sxx, sxy = xx - x * x / w, xy - x * y / w
        explained = np.divide(sxy * sxy, sxx, out=np.zeros_like(sxy), where=sxx > 1e-9)
        return flat, np.maximum(flat - explained, 0.0)
