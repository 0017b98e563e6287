"""Exponentials of matrices that are not negative off the diagonal: against scipy, and over very long times."""

import math

import numpy as np
import pytest
from scipy.linalg import expm

from capacity.models.stations.matrixexponential import MatrixExponential


@pytest.mark.parametrize("t", [0.0, 1e-9, 0.3, 7.77, 60.0])
def test_agrees_with_scipy(t):
    """A row times exp(M t) times a column for a random chain of 12 states."""
    rng = np.random.default_rng(5)
    matrix = rng.random((12, 12))
    matrix -= np.diag(matrix.sum(axis=1) + 0.2)
    start, end = rng.random(12), rng.random(12)
    found = MatrixExponential(start, matrix + 0.15 * np.eye(12), end, decay=0.15).at(t)
    assert found == pytest.approx(float(start @ expm(matrix * t) @ end), rel=1e-11)


def test_long_times_stay_exact():
    """A chain in balance stays there: after a billion jumps the value is the stationary one."""
    balance = np.array([0.75, 0.25])
    chain = MatrixExponential(
        np.array([0.0, 1.0]), np.array([[-1.0, 1.0], [3.0, -3.0]]), np.array([1.0, 5.0]), 1e-9
    )
    assert chain.at(1e9) == pytest.approx(float(balance @ [1.0, 5.0]) * math.exp(-1), rel=1e-12)


def test_a_matrix_of_nothing():
    """Without any rate the value fades by the decay alone."""
    assert MatrixExponential(np.ones(1), np.zeros((1, 1)), np.ones(1), 2.0).at(1.5) == pytest.approx(
        math.exp(-3)
    )
