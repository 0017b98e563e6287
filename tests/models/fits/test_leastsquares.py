"""Bounded least squares of many data sets at once, against scipy."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from capacity.models.fits.curves import ResponseCurve, ThroughputCurve
from capacity.models.fits.leastsquares import minimise
from capacity.models.scalability import Usl

LEVELS = np.array([1.0, 2, 4, 8, 12, 16, 24, 32, 48, 64])
LAWS = {"inside": Usl(1000, 0.03, 0.0005), "no contention": Usl(1000, 0.0, 0.0005), "linear": Usl(1000, 0, 0)}


def throughputs(law, share, size=40):
    """Rows of noisy throughput."""
    return law.throughput_at(LEVELS) * (1 + share * np.random.default_rng(2).standard_normal((size, 10)))


def by_scipy(curve, targets, start):
    """Least misfit of one row by scipy's bounded least squares."""
    scale = np.abs(start) + 1e-9

    def residuals(scaled):
        return targets - curve.values((scaled * scale)[np.newaxis])[0]

    bounds = curve.lower / scale, curve.upper / scale
    inside = np.clip(start / scale, bounds[0] + 1e-6, bounds[1] - 1e-6)
    return 2 * least_squares(residuals, inside, bounds=bounds, xtol=1e-14, ftol=1e-14, gtol=1e-14).cost


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("noise", ["relative", "absolute"])
def test_never_worse_than_scipy(name, noise):
    """Row by row the misfit is that of scipy's trust region, or less; bounds hold."""
    curve = ThroughputCurve(LEVELS, 3, noise, np.ones(10))
    rows = throughputs(LAWS[name], 0.1)
    targets = np.log(rows) if noise == "relative" else rows
    start = np.array([0.9, 0.05, 0.001]) / 900
    found = minimise(curve, targets, start)
    theirs = np.array([by_scipy(curve, row, start) for row in targets])
    assert (found.misfit <= theirs * (1 + 1e-6)).all()
    assert (found.parameters >= 0).all()


def test_points_left_out_do_not_count():
    """A point with weight 0 changes nothing, whatever its value."""
    curve = ThroughputCurve(LEVELS, 3, "relative", np.ones(10))
    rows = np.log(throughputs(LAWS["inside"], 0.05, 2))
    kept = np.ones(10)
    kept[4] = 0
    rows[1] = rows[0]
    rows[1, 4] += 3
    first, second = minimise(curve, rows, np.array([0.9, 0.05, 0.001]) / 900, kept=kept).parameters
    assert first == pytest.approx(second, rel=1e-5)


def test_held_parameters_stay():
    """A parameter that is held keeps its start value exactly."""
    curve = ThroughputCurve(LEVELS, 3, "relative", np.ones(10))
    start = np.array([1e-3, 3e-5, 7e-7])
    found = minimise(curve, np.log(throughputs(LAWS["inside"], 0.05, 3)), start, held=(2,))
    assert (found.parameters[:, 2] == 7e-7).all()


@pytest.mark.parametrize("noise", ["relative", "absolute", "queueing"])
def test_slopes_of_the_response_curve(noise):
    """They agree with differences, at the highest throughput too."""
    curve = ResponseCurve(np.linspace(1000.0, 13000, 8), 3, noise, np.linspace(1, 2, 8))
    at = np.array([[np.log(30.0), 0.4, 0.7]])
    _, slopes = curve.linearised(at)
    for k, step in enumerate(1e-6 * np.eye(3)):
        numeric = (curve.values(at + step) - curve.values(at - step)) / 2e-6
        assert slopes[:, :, k] == pytest.approx(numeric, rel=1e-6, abs=1e-9 * np.abs(slopes[:, :, k]).max())
