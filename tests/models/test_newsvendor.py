"""How much to hold against an uncertain demand."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.newsvendor import LognormalDemand, implied_ratio

PEAK = LognormalDemand(220, 0.25)


def test_worked_numbers() -> None:
    """N2 and N7 to N11 of the worked examples."""
    assert LognormalDemand.between(5_000, 50_000).mean == pytest.approx(20_200, rel=0.005)
    assert PEAK.exceedance(300) == pytest.approx(0.1074, abs=5e-5)
    assert PEAK.expected_shortfall(300) == pytest.approx(4.3178, abs=5e-5)
    assert PEAK.expected_shortfall(350) == pytest.approx(1.1838, abs=5e-5)
    assert PEAK.capacity_for(9, 1) == pytest.approx(303.1, abs=0.05)
    assert implied_ratio(PEAK.exceedance(300)) == pytest.approx(8.31, abs=0.005)


def test_shortfall_is_the_integral_of_the_exceedance() -> None:
    """E[(D - C)+] = ∫ P(D > x) dx from C."""
    grid = np.linspace(300, 3000, 20_001)
    chances = [PEAK.exceedance(x) for x in grid]
    assert PEAK.expected_shortfall(300) == pytest.approx(np.trapezoid(chances, grid), rel=1e-5)


def test_nothing_held_misses_everything() -> None:
    """Near a capacity of 0 the shortfall is the mean."""
    assert PEAK.expected_shortfall(1e-9) == pytest.approx(PEAK.mean)


def test_what_is_held_implies_the_ratio_it_was_chosen_for() -> None:
    """Ratio and capacity undo each other."""
    assert implied_ratio(PEAK.exceedance(PEAK.capacity_for(7, 2))) == pytest.approx(3.5)
    assert implied_ratio(0.0) == math.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LognormalDemand(0, 0.25), "median 0 is not allowed"),
        (lambda: LognormalDemand(220, -1), "sigma -1 is not allowed"),
        (lambda: LognormalDemand(220, 1e9), "sigma 1e.09 spreads the demand"),
        (lambda: LognormalDemand.between(5, 6, 1 - 1e-16), "level 1 is too near 0 or 1"),
        (lambda: LognormalDemand.between(5, 5), "interval 5 to 5 is empty or reversed"),
        (lambda: PEAK.capacity_for(0, 1), "under cost 0 is not allowed"),
        (lambda: PEAK.quantile(1), "quantile 1 does not lie between 0 and 1"),
        (lambda: implied_ratio(1.2), "chance 1.2 is not allowed"),
    ],
)
def test_impossible_values_are_refused(call, message: str) -> None:
    """Each refusal says what came and what is allowed."""
    with pytest.raises(DomainError, match=message):
        call()


def test_remote_chances_keep_their_digits() -> None:
    """P(Z > 9) = 1.12859e-19 (Abramowitz and Stegun, table 26.2), not 0; and the shortfall is positive."""
    far = PEAK.median * math.exp(9 * PEAK.sigma)
    assert PEAK.exceedance(far) == pytest.approx(1.12859e-19, rel=1e-5)
    assert 0 < PEAK.expected_shortfall(far) < 1e-16
