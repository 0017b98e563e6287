"""Bounded least squares for many data sets at once: the workhorse of resampling, deletion and contours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

_ROUNDS = 200
_STILL = 1e-12  # relative gain of a step below which a minimum is reached
_FIRST_DAMPING, _MOST_DAMPING, _LEAST_DAMPING = 1e-4, 1e10, 1e-12


class Curve(Protocol):
    """What least squares needs to know of a model: its values and their slopes, for many parameter sets at once."""

    @property
    def lower(self) -> np.ndarray:
        """Least value of each parameter."""

    @property
    def upper(self) -> np.ndarray:
        """Largest value of each parameter."""

    def values(self, parameters: np.ndarray) -> np.ndarray:
        """Values (sets x points) at parameters (sets x parameters)."""

    def linearised(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (sets x points) and slopes (sets x points x parameters) at parameters (sets x parameters)."""


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where each data set's sum of squares is least.

    Parameters
    ----------
    parameters : ndarray
        A row a data set.
    misfit : ndarray
        Sum of squared residuals of each.
    """

    parameters: np.ndarray
    misfit: np.ndarray

    @property
    def best(self) -> int:
        """Row of the least misfit, where the rows are starts of one problem."""
        return int(np.argmin(self.misfit))


def minimise(
    curve: Curve,
    targets: np.ndarray,
    start: np.ndarray,
    *,
    kept: np.ndarray | None = None,
    held: tuple[int, ...] = (),
) -> Minimum:
    """Fit a curve to every row of targets by Levenberg and Marquardt's method, projected onto the bounds.

    Each step solves (JᵀJ + λ diag JᵀJ) δ = Jᵀr for the parameters that are not pressed against a bound; what
    would leave the bounds stops there. Steps that do not lower the misfit are taken back and damped more.

    Parameters
    ----------
    curve : Curve
        The model.
    targets : ndarray
        Sets x points, or one row for all.
    start : ndarray
        Sets x parameters, or one row for all.
    kept : ndarray, optional
        Sets x points, 1 for points that count and 0 for those left out.
    held : tuple of int
        Parameters that stay at their start value.

    References
    ----------
    .. [1] Marquardt, J. SIAM 11, 1963. Kanzow, Yamashita, Fukushima, J. Comput. Appl. Math. 172, 2004 (bounds).
    """
    kept = np.ones(1) if kept is None else kept
    sets = np.broadcast_shapes(*(np.atleast_2d(given).shape[:1] for given in (targets, start, kept)))
    targets = np.broadcast_to(targets, (*sets, np.shape(targets)[-1]))
    parameters = np.clip(np.broadcast_to(start, (*sets, np.shape(start)[-1])), curve.lower, curve.upper)
    weights = np.broadcast_to(kept, targets.shape)
    misfit, found = np.empty(sets), parameters.copy()
    rows = np.arange(*sets)  # those not finished
    damping = np.full(sets, _FIRST_DAMPING)
    values, slopes = curve.linearised(parameters)
    residuals = (targets - values) * weights
    squares = np.einsum("ij,ij->i", residuals, residuals)
    for _ in range(_ROUNDS):
        step, downhill = _step(curve, parameters, residuals, slopes * weights[:, :, None], damping, held)
        trial = np.clip(parameters + step, curve.lower, curve.upper)
        promised = np.einsum("ij,ij->i", step, downhill)
        values, trial_slopes = curve.linearised(trial)
        trial_residuals = (targets - values) * weights
        trial_squares = np.einsum("ij,ij->i", trial_residuals, trial_residuals)
        better = trial_squares < squares
        gain = np.where(better, squares - trial_squares, 0.0)
        done = np.where(better, gain <= _STILL * squares, damping >= _MOST_DAMPING) | (squares == 0)
        parameters = np.where(better[:, None], trial, parameters)
        slopes = np.where(better[:, None, None], trial_slopes, slopes)
        residuals = np.where(better[:, None], trial_residuals, residuals)
        squares = np.where(better, trial_squares, squares)
        damping = np.where(better, np.maximum(damping / 10, _LEAST_DAMPING), damping * 10)
        done |= ~better & (promised <= _STILL * squares)
        if done.any():
            found[rows[done]], misfit[rows[done]] = parameters[done], squares[done]
            rows, targets, weights = rows[~done], targets[~done], weights[~done]
            parameters, slopes, damping = parameters[~done], slopes[~done], damping[~done]
            residuals, squares = residuals[~done], squares[~done]
        if not rows.size:
            break
    found[rows], misfit[rows] = parameters, squares
    return Minimum(found, misfit)


def _step(
    curve: Curve,
    parameters: np.ndarray,
    residuals: np.ndarray,
    slopes: np.ndarray,
    damping: np.ndarray,
    held: tuple[int, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Damped Gauss-Newton step of the parameters that are free to move, and the direction downhill."""
    downhill = np.einsum("ijk,ij->ik", slopes, residuals)
    stuck = (parameters <= curve.lower) & (downhill <= 0) | (parameters >= curve.upper) & (downhill >= 0)
    stuck[:, list(held)] = True
    curvature = np.einsum("ijk,ijl->ikl", slopes, slopes)
    steepness = np.einsum("ikk->ik", curvature).copy()
    steepness[stuck | (steepness <= 0)] = 1.0
    scale = 1 / np.sqrt(steepness)
    movable = (~stuck).astype(float)
    curvature *= (scale * movable)[:, :, None] * (scale * movable)[:, None, :]
    diagonal = np.arange(parameters.shape[1])
    curvature[:, diagonal, diagonal] = 1 + damping[:, None]
    step = np.linalg.solve(curvature, (downhill * scale * movable)[:, :, None])[:, :, 0] * scale
    return step, downhill
