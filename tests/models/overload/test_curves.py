"""Where a curve passes a level, and where it turns."""

import math

import numpy as np
import pytest

from capacity.models.overload.curves import crossings, extremes


def test_crossings_between_two_places_of_the_grid():
    """Both are found by way of the extreme between them, above and below."""
    found = list(crossings(lambda x: -((x - 1) ** 2), -1e-6, [0, 0.9, 1.2, 2]))
    assert [x for x, _ in found] == pytest.approx([0.999, 1.001])
    assert [rises for _, rises in crossings(lambda x: (x - 1) ** 2, 1e-6, [0, 0.9, 1.2, 2])] == [False, True]


def test_all_crossings_of_a_wave_to_the_last_digits():
    """The sine passes a half twice a turn, rising and falling in turns."""
    found = list(crossings(math.sin, 0.5, np.linspace(0, 12, 30)))
    exact = [math.pi / 6, 5 * math.pi / 6, 13 * math.pi / 6, 17 * math.pi / 6]
    assert [x for x, _ in found] == pytest.approx(exact, rel=1e-13)
    assert [rises for _, rises in found] == [True, False, True, False]


def test_a_curve_that_stays_below_has_none():
    """Nothing is found where there is nothing."""
    assert list(crossings(math.sin, 1.5, np.linspace(0, 12, 30))) == []
    assert extremes(lambda x: x, np.linspace(0, 1, 9), sign=1.0) == []


def test_highest_and_lowest_values():
    """Of a cosine 1 and -1."""
    grid = np.linspace(0.1, 9, 20)
    assert extremes(math.cos, grid, sign=1.0) == pytest.approx([1.0])
    assert extremes(math.cos, grid, sign=-1.0) == pytest.approx([-1.0])
