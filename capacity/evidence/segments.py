"""Change points: a series of rates as constant and linear pieces, and stairs too short to show as such."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

_LEVEL_NOISE = 0.01  # relative wobble of a held rate that is not a change of load
_ENOUGH = 10  # rates needed to tell how much they scatter
_DURATIONS = range(10, 61, 5)  # how long a stair may last [s]
_SHIFT = 0.1  # resolution of where the first stair begins [s]
_STAIRS = 3  # stairs that make a staircase
_BETTER = 30.0  # by how much the squared residuals of a ramp exceed those of a staircase
_COUNTS = 2.0  # by how many users a period's rate may be off its staircase
_WHOLE = 0.98  # share of a period inside one stair from which it shows that load


def change_points(
    rates: np.ndarray, *, span: float = 10.0, dispersion: tuple[float, float] = (0.1, 2.0)
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


def staircase(
    rates: np.ndarray, starts: np.ndarray, ends: np.ndarray, origin: float
) -> list[tuple[int, int, bool]]:
    """Return the stairs of a load that rises (or falls) by equal steps of equal duration, where it is surely one.

    Stairs of 15 to 30 s look like a ramp in periods of 10 s. Yet a period inside a stair shows its rate exactly, and
    one that straddles two the rate between them in proportion; a ramp never does. Durations are tried in steps of 5 s,
    beginnings in steps of 0.1 s, unless the first stair begins with the load itself. Stairs of 10 or 20 s are found in
    that case only, as in periods of 10 s they fit in two ways. Arrivals that scatter hide the difference: then no
    staircase is found.

    Parameters
    ----------
    rates, starts, ends : ndarray
        Offered rate of consecutive periods, and when each begins and ends. [1/s, s, s]
    origin : float
        When the test's load began. [s]

    Returns
    -------
    list of (begin, end, straddling)
        Half-open index ranges that cover the series: periods inside one stair, or one that straddles two. Empty where
        a ramp explains the rates as well.
    """
    if len(rates) < 2 * _STAIRS:
        return []
    anchored = min(_stair_fit(rates, starts, ends, d, np.array([origin])) for d in _DURATIONS)
    free = min(
        _stair_fit(rates, starts, ends, d, starts[0] - np.arange(0, d, _SHIFT))
        for d in _DURATIONS[1:]
        if d != 20
    )
    off, duration, first = anchored if math.isfinite(anchored[0]) else free
    line = np.polynomial.Polynomial.fit(starts + ends, rates, 1)
    ramp = float(((rates - line(starts + ends)) ** 2).sum())
    begins, lasts = (starts - first) / duration, (ends - first) / duration
    stairs = np.floor((begins + lasts) / 2).astype(int)
    if not math.isfinite(off) or len(set(stairs)) < _STAIRS or ramp < _BETTER * max(off, 1e-12):
        return []
    inside = np.minimum(lasts, stairs + 1) - np.maximum(begins, stairs)
    return _runs(stairs, inside < _WHOLE * (lasts - begins))


def _stair_fit(
    rates: np.ndarray, starts: np.ndarray, ends: np.ndarray, duration: float, firsts: np.ndarray
) -> tuple[float, float, float]:
    """Return the squared residuals of the best staircase of that duration, infinite where any is large."""
    mean = (
        _climbed((ends - firsts[:, None]) / duration) - _climbed((starts - firsts[:, None]) / duration)
    ) * (duration / (ends - starts))
    x, y = mean - mean.mean(axis=1, keepdims=True), rates - rates.mean()
    slopes = (x @ y) / np.maximum((x * x).sum(axis=1), 1e-12)
    residuals = y - slopes[:, None] * x
    allowed = _COUNTS / (ends - starts) + _LEVEL_NOISE * rates
    squares = np.where((abs(residuals) <= allowed).all(axis=1), (residuals**2).sum(axis=1), np.inf)
    best = int(squares.argmin())
    return float(squares[best]), float(duration), float(firsts[best])


def _climbed(stairs: np.ndarray) -> np.ndarray:
    """Integral of a staircase of unit steps from 0."""
    whole = np.floor(stairs)
    return whole * (stairs - whole) + whole * (whole - 1) / 2


def _runs(stairs: np.ndarray, straddling: np.ndarray) -> list[tuple[int, int, bool]]:
    new = (np.diff(stairs) != 0) | straddling[1:] | straddling[:-1]
    cuts = [0, *(int(i) + 1 for i in np.flatnonzero(new)), len(stairs)]
    return [(a, b, bool(straddling[a])) for a, b in pairwise(cuts)]


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
        return floor + max(dispersion[0], 1.0) * counted / span
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
