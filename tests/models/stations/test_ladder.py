"""Sums of a geometric number of steps."""

import math

import numpy as np
import pytest

from capacity.models.stations.ladder import Ladder


def test_single_units_are_geometric():
    """Steps of one unit: P(N > n) = ρ^(n + 1), as the queue of M/M/1."""
    levels = np.array([-3, 0, 5, 400, 10_000])
    assert Ladder(np.array([0.0, 0.9]), 0.1).tail(levels) == pytest.approx(
        [1.0, 0.9, 0.9**6, 0.9**401, 0.0], rel=1e-11, abs=1e-300
    )


def test_mean_is_walds():
    """The mean sum is the mean number of steps times their mean size, also next to no end (Wald's equation)."""
    for none in (0.5, 1e-3, 1e-9):
        steps = np.array([0.0, 0.5, 0.3, 0.0, 0.2]) * (1 - none)
        assert Ladder(steps, none).mean == pytest.approx((1 - none) / none * 1.9, rel=1e-9)


def test_decay_solves_its_equation():
    """The factor from unit to unit is where the steps, weighted with it, have the sum 1."""
    ladder = Ladder(np.array([0.0, 0.2, 0.0, 0.5]), 0.3)
    assert 0.2 * math.exp(ladder.decay) + 0.5 * math.exp(3 * ladder.decay) == pytest.approx(1.0, rel=1e-13)
    far = ladder.tail(np.array([ladder.settled_at + 50, ladder.settled_at + 51]))
    assert far[1] / far[0] == pytest.approx(math.exp(-ladder.decay), rel=1e-9)


def test_two_sizes_by_hand():
    """Steps of one and two units: P(N > 0), P(N > 1) and P(N > 2) written out."""
    one, two, none = 0.3, 0.2, 0.5
    at_one, at_two = none * one, none * (two + one**2)
    expected = [1 - none, 1 - none - at_one, 1 - none - at_one - at_two]
    assert Ladder(np.array([0.0, one, two]), none).tail(np.arange(3)) == pytest.approx(expected, rel=1e-12)


def test_no_step_no_sum():
    """Without steps up the sum is 0."""
    assert Ladder(np.zeros(4), 1.0).tail(np.array([-1, 0, 7])).tolist() == [1.0, 0.0, 0.0]
