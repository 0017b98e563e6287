"""Chances of so many events in a time, where their mean is large and the far ends count as well."""

from __future__ import annotations

import math

import numpy as np

_REACH = 22.0  # standard deviations kept on either side: beyond, less than 1e-100 of all


def least_events(mean: float) -> int:
    """Fewest events whose chance counts, of a Poisson number with a given mean [events]."""
    return max(0, math.floor(mean - _REACH * math.sqrt(mean)))


def poisson_window(mean: float, last: int | None = None) -> tuple[int, np.ndarray]:
    """First number of events that counts, and the chances from there on; nothing is lost to rounding.

    From the likeliest number outwards, each chance a multiple of its neighbour.

    Parameters
    ----------
    mean : float
        Expected number of events. [events]
    last : int, optional
        Largest number looked for, by default as far as any chance counts. [events]

    Examples
    --------
    >>> first, chances = poisson_window(2.0)
    >>> first, round(float(chances[2]), 6)
    (0, 0.270671)
    """
    mode, first = math.floor(mean), least_events(mean)
    end = max(math.ceil(mean + _REACH * math.sqrt(mean)) + 60, last or 0)
    below = np.cumprod(np.arange(mode, first, -1) / mean)[::-1] if mode > first else np.empty(0)
    above = np.cumprod(mean / np.arange(mode + 1, end + 1))
    chances = np.concatenate([below, [1.0], above])
    return first, chances / chances.sum()
