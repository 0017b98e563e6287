"""Where a curve passes a level, and where it turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np


def crossings(
    curve: Callable[[float], float], level: float, grid: Sequence[float] | np.ndarray
) -> Iterator[tuple[float, bool]]:
    """Yield where a smooth curve passes a level between the ends of a grid, and whether it rises there.

    Pairs of crossings between neighbours of the grid are found by way of the extreme between them.

    Parameters
    ----------
    curve : callable
        [x] -> [y]
    level : float
        [y]
    grid : sequence of float
        Rising places, dense enough to show every bend of the curve. [x]

    Examples
    --------
    >>> [(round(x, 3), rises) for x, rises in crossings(lambda x: x * (10 - x), 24.99, [0, 4.9, 5.1, 11])]
    [(4.9, True), (5.1, False)]
    """
    from scipy.optimize import brentq

    places = [float(x) for x in grid]
    looked_at = {x: curve(x) for x in places}
    for sign in (1.0, -1.0):
        looked_at.update(_turns(curve, places, sign))
    rising = sorted(looked_at.items())
    for (low, below), (high, above) in pairwise(rising):
        if (below >= level) != (above >= level):
            root = brentq(lambda x: curve(x) - level, low, high, xtol=1e-300, rtol=1e-14)
            yield float(root), above >= level


def extremes(curve: Callable[[float], float], grid: np.ndarray, sign: float) -> list[float]:
    """Return the values of the local maxima (sign 1) or minima (sign -1) of a curve inside a grid.

    Examples
    --------
    >>> import numpy as np
    >>> [round(y, 6) for y in extremes(lambda x: x * (10 - x), np.array([0, 3, 6, 9]), sign=1.0)]
    [25.0]
    """
    return [value for _, value in _turns(curve, [float(x) for x in grid], sign)]


def _turns(curve: Callable[[float], float], places: list[float], sign: float) -> list[tuple[float, float]]:
    """Local maxima (sign 1) or minima (sign -1) between neighbours of a grid, and their values."""
    from scipy.optimize import minimize_scalar

    values = [sign * curve(x) for x in places]
    found = []
    for i in range(1, len(places) - 1):
        if values[i] >= values[i - 1] and values[i] > values[i + 1]:
            best = minimize_scalar(
                lambda x: -sign * curve(x), bounds=(places[i - 1], places[i + 1]), method="bounded",
                options={"xatol": 1e-12 * places[i + 1]},
            )  # fmt: skip
            place, value = (best.x, -best.fun) if -best.fun > values[i] else (places[i], values[i])
            found.append((float(place), sign * float(value)))
    return found
