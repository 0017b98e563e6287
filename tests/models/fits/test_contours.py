"""The likelihood contour gives exact intervals where those are known."""

import numpy as np
import pytest

from capacity.models.fits.contours import contour
from capacity.models.fits.curves import ThroughputCurve
from capacity.models.fits.leastsquares import minimise

LEVELS = np.array([1.0, 2, 4, 8, 12, 16, 24, 32])


class Straight(ThroughputCurve):
    """Values that are linear in their parameters, so that the region is an ellipsoid."""

    def linearised(self, parameters):
        """Values and constant slopes."""
        slopes = np.broadcast_to(self._design, (len(parameters), *self._design.shape))
        return parameters @ self._design.T, slopes


def found(truth, most=4.0):
    """Contour of a linear problem, its best parameters and their curvature."""
    curve = Straight(LEVELS, 3, "absolute", np.ones(8))
    targets = curve._design @ np.array(truth) + np.random.default_rng(5).standard_normal(8)
    least = minimise(curve, targets, np.array(truth, dtype=float))
    limit = float(least.misfit[0]) + most
    return contour(curve, targets, least.parameters[0], limit), least, curve._design, targets, limit


def test_linear_problem_has_the_interval_of_the_textbook():
    """Inside the bounds each extreme is ± √(4 (JᵀJ)⁻¹)."""
    points, least, design, *_ = found([1000.0, 100.0, 10.0])
    reach = np.sqrt(4 * np.diag(np.linalg.inv(design.T @ design)))
    assert points.max(axis=0) - least.parameters[0] == pytest.approx(reach, rel=5e-3)
    assert least.parameters[0] - points.min(axis=0) == pytest.approx(reach, rel=5e-3)


def test_every_point_is_inside_the_region_and_the_bounds():
    """No point has more misfit than allowed, also at a corner of the bounds."""
    points, _, design, targets, limit = found([1000.0, 0.0, 0.0])
    assert (((targets - points @ design.T) ** 2).sum(axis=1) <= limit * (1 + 1e-9)).all()
    assert (points >= 0).all()


def test_faces_of_the_bounds_are_reached():
    """Where the region meets a bound, some points lie on it: in the corner both."""
    points, *_ = found([1000.0, 0.0, 0.0])
    assert ((points[:, 1] == 0) & (points[:, 2] == 0)).any()
    assert ((points[:, 1] > 0) & (points[:, 2] == 0)).any()
