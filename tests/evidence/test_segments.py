"""Change points: plateaus and ramps found as they were, whatever the arrivals."""

import time
from itertools import pairwise

import numpy as np
import pytest

from capacity.evidence.segments import change_points, staircase

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


def stairs_of(duration, rates, *, offset=0.0, first=0.0, noise=None):
    """Return rates, starts and ends of periods of 10 s over stairs, the first `first` seconds after the clock's 0."""
    edges = np.arange(offset, first + duration * len(rates) + 1e-9, 10.0)
    grid = first + duration * np.arange(len(rates) + 1)
    sent = np.concatenate([[0.0], np.cumsum(duration * np.array(rates))])
    counts = np.diff(np.round(np.interp(edges, grid, sent)))
    if noise is not None:
        counts = noise.poisson(counts)
    return counts / 10, edges[:-1], edges[1:]


@pytest.mark.parametrize("duration", [15, 20, 25, 30])
@pytest.mark.parametrize("rates", [range(50, 301, 50), range(300, 49, -50)], ids=["up", "down"])
def test_short_stairs_are_told_from_a_ramp(duration, rates):
    """Stairs that begin with the load are found: periods inside one are apart from those that straddle two."""
    found = staircase(*stairs_of(duration, rates), 0.0)
    assert found[0][0] == 0
    assert all(end == begin for (_, end, _), (begin, _, _) in pairwise(found))
    for begin, end, straddling in found:
        stairs = {int(10 * row // duration) for row in range(begin, end)}
        stairs |= {int((10 * row + 9.99) // duration) for row in range(begin, end)}
        assert (len(stairs) > 1) is straddling


def test_stairs_that_begin_later_are_found():
    """Stairs of 25 s that begin 7 s after the load show by which periods are flat."""
    rates, starts, ends = stairs_of(25, range(50, 301, 50), offset=10.0, first=7.0)
    assert staircase(rates, starts, ends, -60.0)


@pytest.mark.parametrize("seconds", [120, 180, 600])
@pytest.mark.parametrize("offset", [0.0, 3.3])
def test_a_ramp_is_no_staircase(seconds, offset):
    """A load that moves evenly, counted in whole users, has no stairs."""
    edges = np.arange(offset, seconds + 1e-9, 10.0)
    sent = np.floor(20 * edges + 0.5 * edges**2 * 200 / seconds)
    assert staircase(np.diff(sent) / 10, edges[:-1], edges[1:], 0.0) == []


def test_arrivals_that_scatter_hide_stairs():
    """Independent arrivals on a ramp are never taken for stairs."""
    edges = np.arange(0, 181, 10.0)
    sent = np.diff(20 * edges + 0.5 * edges**2)
    runs = [np.random.default_rng(seed).poisson(sent) / 10 for seed in range(40)]
    assert not any(staircase(rates, edges[:-1], edges[1:], 0.0) for rates in runs)


def test_too_few_periods_are_no_staircase():
    """Five periods cannot tell stairs from a ramp."""
    assert staircase(*stairs_of(10, range(50, 251, 50)), 0.0) == []
