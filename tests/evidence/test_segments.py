"""Change points: plateaus and ramps found as they were, whatever the arrivals."""

import time
from itertools import pairwise

import numpy as np
import pytest

from capacity.evidence.segments import change_points

LEVELS = {
    "one load": [50] * 30,
    "staircase of 5 to 500": [r for r in (5, 10, 50, 100, 200, 350, 500) for _ in range(6)],
    "close steps": [r for r in (100, 150, 200, 250, 300) for _ in range(6)],
    "spike": [60] * 3 + [500] * 2 + [60] * 4,
}


def pieces(levels):
    """Return where a list of levels changes."""
    cuts = [0, *(i for i in range(1, len(levels)) if levels[i] != levels[i - 1]), len(levels)]
    return [(a, b, False) for a, b in pairwise(cuts)]


@pytest.mark.parametrize("name", LEVELS)
def test_evenly_spaced_arrivals_are_cut_where_the_load_changed(name):
    """Rates that wobble by a count a period give exactly the plateaus scripted."""
    for seed in range(10):
        counts = np.array(LEVELS[name]) * 10 + np.random.default_rng(seed).integers(-1, 2, len(LEVELS[name]))
        assert change_points(counts / 10) == pieces(LEVELS[name])


@pytest.mark.parametrize("name", LEVELS)
def test_poisson_arrivals_are_not_split_further(name):
    """Independent arrivals scatter; in at least nine of ten runs no piece is invented or lost."""
    right = 0
    for seed in range(30):
        counts = np.random.default_rng(seed).poisson(np.array(LEVELS[name]) * 10)
        right += change_points(counts / 10) == pieces(LEVELS[name])
    assert right >= 27


@pytest.mark.parametrize(("first", "last"), [(5, 500), (1, 10), (500, 50)])
def test_a_steady_change_is_one_ramp(first, last):
    """A load that moves evenly is one sloped piece, not a staircase."""
    assert change_points(np.linspace(first, last, 18)) == [(0, 18, True)]


def test_ramp_between_plateaus():
    """A ramp between two plateaus begins and ends with them."""
    rates = np.array([5.0] * 6 + list(np.linspace(7, 98, 12)) + [100.0] * 6)
    assert change_points(rates) == [(0, 6, False), (6, 18, True), (18, 24, False)]


@pytest.mark.parametrize(
    ("rates", "expected"), [([], []), ([3.0], [(0, 1, False)]), ([0.0, 0.0], [(0, 2, False)])]
)
def test_short_series(rates, expected):
    """None, one or two periods are a plateau at most."""
    assert change_points(np.array(rates)) == expected


def test_a_day_of_periods_takes_seconds():
    """8,640 periods are cut within 2 s of processor time."""
    rates = np.random.default_rng(1).poisson(500, 8640) / 10
    before = time.process_time()
    assert len(change_points(rates)) < 5
    assert time.process_time() - before < 4  # 1.1 s measured; doubled and more for a busy machine
