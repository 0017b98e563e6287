"""Where conditions stop holding, and quantiles from survival functions."""

import math

import pytest

from capacity.models.bisection import crossing, root, time_when


def test_the_crossing_is_between_neighbouring_numbers():
    """No number lies between the last at which it holds and the first at which it does not."""
    low, high = crossing(lambda x: x**3 < 5, 0.0, 5.0)
    assert low**3 < 5 <= high**3
    assert math.nextafter(low, math.inf) == high


@pytest.mark.parametrize("step", [1e-6, 1.0, 1e6])
def test_quantile_does_not_depend_on_the_first_step(step):
    """The P99 of an exponential is ln 100, wherever the search begins."""
    assert time_when(lambda t: math.exp(-t), 0.01, 0.0, step) == pytest.approx(math.log(100), rel=1e-15)


def test_lower_bound_that_is_the_answer():
    """Where the survival is already low enough the search does not start."""
    assert time_when(lambda t: 0.02, 0.05, 0.0, 1.0) == 0.0


@pytest.mark.parametrize("power", [1, 3, 9])
def test_root_is_found_within_the_tolerance(power: int) -> None:
    """Flat or steep, the zero of (x - 0.3)^n is met to the tolerance asked for."""
    assert root(lambda x: (x - 0.3) ** power, 0.0, 1.0, 1e-12) == pytest.approx(0.3, abs=2e-12)


def test_root_asks_rarely() -> None:
    """A smooth function is asked about ten times, where halving would ask forty."""
    asked = []

    def excess(x: float) -> float:
        asked.append(x)
        return math.log(1 / (1 - x) / 5)

    assert root(excess, 0.0, 0.999, 1e-12) == pytest.approx(0.8, abs=1e-11)
    assert len(asked) < 16


def test_root_at_an_end_is_that_end() -> None:
    """A zero where the search begins is returned as it is."""
    assert root(lambda x: x, 0.0, 1.0, 1e-12) == 0.0
