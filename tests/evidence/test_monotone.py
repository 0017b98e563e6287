"""The crossing of a rising quantity with its limit, without a model."""

import math

import numpy as np
import pytest

from capacity.evidence.monotone import WORLDS, Level, crossing


def level(load, measured, scatter=0.01, seed=1):
    """A measurement with worlds that scatter about it."""
    rng = np.random.default_rng([seed, int(load)])
    return Level(load, measured, measured + scatter * rng.standard_normal(WORLDS))


def crossed(levels, limit, ceiling=math.inf):
    """Return the crossing at a confidence of 90%."""
    return crossing(levels, limit, ceiling, method="curve", level=0.9)


def test_on_a_straight_line_the_crossing_is_exact():
    """Measurements on a line are joined by that line."""
    found = crossed([level(load, load / 100) for load in (100, 200, 300)], 2.5)
    assert found.value == pytest.approx(250, rel=1e-3)
    assert found.low < 250 < found.high
    assert found.high - found.low < 10


def test_the_order_of_the_levels_does_not_matter():
    """Levels come in the order of time; the curve is along the load."""
    levels = [level(load, load / 100) for load in (300, 100, 200)]
    assert crossed(levels, 2.5) == crossed(levels[::-1], 2.5)


def test_measurements_that_fall_are_averaged():
    """Two loads measured the wrong way round count as one height: the mean, equally weighted."""
    levels = [level(100, 1.0), level(200, 2.2), level(300, 1.8), level(400, 4.0)]
    found = crossed(levels, 2.5)
    assert 300 < found.value < 400
    assert crossed(levels, 1.9).value < 200


def test_a_precise_measurement_outweighs_a_vague_one():
    """Where neighbours contradict each other the one that scatters less decides."""
    levels = [level(100, 1.0), level(200, 2.5, 0.5), level(300, 1.5, 0.001), level(400, 4.0)]
    assert crossed(levels, 1.6).value > 300


def test_the_same_load_twice_is_one_measurement():
    """Two measurements at one load are averaged, not joined by a vertical line."""
    levels = [level(100, 1.0), level(200, 1.8), level(200.5, 2.2, seed=2), level(300, 3.0)]
    assert crossed(levels, 2.5).value == pytest.approx(250, rel=0.02)


def test_kept_everywhere_is_open_above():
    """A limit above all that was measured: at least the highest load, up to what is known to be too much."""
    levels = [level(load, load / 100) for load in (100, 200, 300)]
    open_ended, bounded = crossed(levels, 9.0), crossed(levels, 9.0, ceiling=350.0)
    assert (open_ended.value, open_ended.low, open_ended.high) == (None, 300, math.inf)
    assert (bounded.value, bounded.low, bounded.high) == (None, 300, 350)


def test_missed_everywhere_is_open_below():
    """A limit below all that was measured: at most the lowest load."""
    found = crossed([level(load, load / 100) for load in (100, 200, 300)], 0.5)
    assert (found.value, found.low, found.high) == (None, 0, 100)


@pytest.mark.parametrize(("limit", "expected"), [(2.0, (None, 100, math.inf)), (0.5, (None, 0, 100))])
def test_one_load_gives_a_bound_only(limit, expected):
    """A single level tells on which side the limit lies."""
    found = crossed([level(100, 1.0)], limit)
    assert (found.value, found.low, found.high) == expected


def test_the_interval_covers():
    """Over repeated measurements nine in ten intervals hold the true crossing (83 of 100 at the least)."""
    inside = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        loads = (100, 150, 200, 250, 300)
        levels = [level(x, x / 100 + 0.15 * rng.standard_normal(), 0.15, seed) for x in loads]
        found = crossed(levels, 2.25)
        inside += found.low <= 225 <= found.high
    assert inside >= 83
