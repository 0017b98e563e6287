"""The region of parameters that the points do not rule out, by its boundary: the likelihood contour.

The extremes of any quantity over it are that quantity's profile-likelihood interval, however curved the model is
and whatever bounds its parameters have; one contour answers for all quantities.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, combinations, product

import numpy as np

from capacity.models.fits.leastsquares import Curve, minimise

_DIRECTIONS = {1: 2, 2: 240, 3: 1200}  # rays by dimension
_FIRST, _GROWTH, _FAR = 0.1, 1.3, 1e4  # radii tried, in radii of the region were the model linear
_HALVINGS = 20


def contour(curve: Curve, targets: np.ndarray, at: np.ndarray, most: float) -> np.ndarray:
    """Return parameters on the boundary of the region where the misfit does not exceed `most`, and `at` itself.

    Rays leave the best parameters in all directions, and those of every face of the bounds that the region
    reaches, so that what lies in its corners is met too.

    Parameters
    ----------
    curve, targets
        As in `leastsquares.minimise`, one row of targets.
    at : ndarray
        The best parameters.
    most : float
        Largest misfit not ruled out.

    References
    ----------
    .. [1] Bates, Watts, Nonlinear Regression Analysis and Its Applications, Wiley, 1988, ch. 6.
    """
    found = [at[np.newaxis]]
    for face, values in _faces(curve):
        start = at.copy()
        start[list(face)] = values
        if face:
            least = minimise(curve, targets, start[np.newaxis], held=face)
            if least.misfit[0] > most:
                continue
            start = least.parameters[0]
        free = [k for k in range(at.size) if k not in face]
        found += [start[np.newaxis], _trace(curve, targets, start, free, most)]
    return np.concatenate(found)


def _faces(curve: Curve) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
    """Which parameters lie on which bound: none, one, or several; the first parameter is never on one."""
    others = range(1, curve.lower.size)
    choices = chain.from_iterable(combinations(others, size) for size in range(curve.lower.size))
    return [
        (face, values)
        for face in choices
        for values in product(*({float(curve.lower[k]), float(curve.upper[k])} for k in face))
        if np.isfinite(values).all()
    ]


def _trace(curve: Curve, targets: np.ndarray, start: np.ndarray, free: list[int], most: float) -> np.ndarray:
    """Where rays in the free parameters meet the contour or a bound."""
    rays = np.zeros((_DIRECTIONS[len(free)], start.size))
    rays[:, free] = _sphere(len(free), len(rays)) @ _axes(curve, start, free, most)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(rays > 0, (curve.upper - start) / rays, (curve.lower - start) / rays)
    exits = np.minimum(np.where(rays == 0, np.inf, room).min(axis=1), _FAR)

    def ruled_out(radius: np.ndarray, some: np.ndarray) -> np.ndarray:
        reached = np.clip(start + radius[:, np.newaxis] * rays[some], curve.lower, curve.upper)
        return ((targets - curve.values(reached)) ** 2).sum(axis=1) > most

    inside, outside = _bracket(ruled_out, exits)
    some = np.flatnonzero(inside < outside)
    for _ in range(_HALVINGS):
        middle = (inside[some] + outside[some]) / 2
        beyond = ruled_out(middle, some)
        outside[some[beyond]], inside[some[~beyond]] = middle[beyond], middle[~beyond]
    return np.clip(start + inside[:, np.newaxis] * rays, curve.lower, curve.upper)


def _bracket(
    ruled_out: Callable[[np.ndarray, np.ndarray], np.ndarray], exits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Largest radius tried that is inside and the next one; both the exit where the ray never leaves the region."""
    inside, outside, radius = np.zeros(exits.size), exits.copy(), _FIRST
    going = np.flatnonzero(exits > 0)
    while going.size and radius < _GROWTH * _FAR:
        tried = np.minimum(radius, exits[going])
        beyond = ruled_out(tried, going)
        outside[going[beyond]], inside[going[~beyond]] = tried[beyond], tried[~beyond]
        going = going[~beyond & (tried < exits[going])]
        radius *= _GROWTH
    return inside, outside


def _axes(curve: Curve, start: np.ndarray, free: list[int], most: float) -> np.ndarray:
    """Half axes of the region, were the model linear."""
    slopes = curve.linearised(start[np.newaxis])[1][0][:, free]
    scale = np.sqrt(np.maximum((slopes**2).sum(axis=0), 1e-12))
    sizes, directions = np.linalg.eigh((slopes / scale).T @ (slopes / scale))
    lengths = np.sqrt(most / np.maximum(sizes, 1e-8 * sizes.max()))
    return np.asarray((directions * lengths / scale[:, np.newaxis]).T)


def _sphere(dimension: int, size: int) -> np.ndarray:
    """Evenly spread directions; on the sphere along Fibonacci's spiral."""
    turns = np.arange(size) + 0.5
    if dimension == 1:
        return np.array([[1.0], [-1.0]])
    if dimension == 2:
        return np.column_stack([np.cos(2 * np.pi * turns / size), np.sin(2 * np.pi * turns / size)])
    height, longitude = 1 - 2 * turns / size, np.pi * (1 + 5**0.5) * turns
    radius = np.sqrt(1 - height**2)
    return np.column_stack([radius * np.cos(longitude), radius * np.sin(longitude), height])
