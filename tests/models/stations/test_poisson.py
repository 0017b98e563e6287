"""Poisson chances, to the far ends."""

import mpmath
import pytest

from capacity.models.stations.poisson import least_events, poisson_window


@pytest.mark.parametrize("mean", [0.003, 1.0, 37.5, 5e3, 2e5])
@pytest.mark.parametrize("deviations", [-15, -5, 0, 4, 15])
def test_agrees_with_fifty_digits(mean, deviations):
    """Every chance has eleven digits, however small it is."""
    number = max(0, round(mean + deviations * mean**0.5))
    first, chances = poisson_window(mean)
    with mpmath.workdps(50):
        exact = mpmath.exp(number * mpmath.log(mean) - mean - mpmath.loggamma(number + 1))
    assert chances[number - first] == pytest.approx(float(exact), rel=1e-11)


def test_nothing_happens_in_no_time():
    """With mean 0 there are no events."""
    first, chances = poisson_window(0.0)
    assert (first, chances[0], chances[1:].sum()) == (0, 1.0, 0.0)


def test_reaches_as_far_as_asked():
    """The largest number looked for is in the window, and the window starts at the fewest that count."""
    first, chances = poisson_window(1e4, last=30_000)
    assert first == least_events(1e4) == 7800
    assert first + chances.size == 30_001
