"""Growth as the history shows it, as the plan states it, or both."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.planning.demand.growth import DAYS_PER_MONTH, Growth, fitted, stated, weighed
from capacity.planning.demand.trend import Trend

RANGE = (0.0, 0.05, 0.10)


def trend(days: int, noise: float, per_month: float = 0.03) -> Trend:
    """Fitted to growth with noise."""
    day = np.arange(days)
    error = noise * np.random.default_rng(5).standard_normal(days)
    return Trend.fit(day, np.exp(5 + np.log1p(per_month) / DAYS_PER_MONTH * day + error))


def both(of: Trend, triple: tuple[float, float, float] = RANGE) -> tuple[Growth, Growth, np.ndarray]:
    """What the history shows, what comes out with the range given, and the coefficients that go with it."""
    rng = np.random.default_rng(1)
    coefficients, _ = of.draw(rng, 4000)
    growth, changed = weighed(rng, of, coefficients, triple)
    return fitted(coefficients), growth, changed


def test_a_short_noisy_history_changes_little() -> None:
    """Five weeks with 20% noise leave the range as it was stated."""
    _, found, _ = both(trend(35, 0.2))
    prior = stated(np.random.default_rng(1), RANGE, 4000).estimate
    assert found.estimate.value == pytest.approx(prior.value, abs=0.01)
    assert found.estimate.high - found.estimate.low > 0.85 * (prior.high - prior.low)


def test_a_long_clean_history_decides() -> None:
    """A year with 2% noise leaves the fitted trend."""
    shown, found, _ = both(trend(365, 0.02))
    assert found.estimate.value == pytest.approx(shown.estimate.value, abs=0.001)
    assert found.estimate.high - found.estimate.low < 0.01
    assert "weighed with the fitted trend" in found.source


def test_a_range_that_says_nothing_leaves_the_fit() -> None:
    """The limit of a wide prior is the likelihood."""
    shown, found, _ = both(trend(120, 0.1), (-0.9, 0.0, 2.0))
    for ours, theirs in zip(
        (found.estimate.low, found.estimate.high), (shown.estimate.low, shown.estimate.high), strict=True
    ):
        assert ours == pytest.approx(theirs, abs=0.006)


def test_weighing_two_normals_gives_their_precision() -> None:
    """Between a bell of a range and a bell of a fit the middle is the mean weighted by 1/variance."""
    of, triple = trend(90, 0.15), (-0.12, 0.0, 0.12)
    shown, found, _ = both(of, triple)
    prior = stated(np.random.default_rng(2), triple, 20_000).worlds
    weights = np.array([1 / prior.var(), 1 / shown.worlds.var()])
    expected = weights @ [prior.mean(), shown.worlds.mean()] / weights.sum()
    assert found.worlds.mean() == pytest.approx(expected, abs=0.005)
    assert found.worlds.var() == pytest.approx(1 / weights.sum(), rel=0.2)


def test_the_answer_stays_in_the_range() -> None:
    """What the plan rules out never comes back."""
    _, found, _ = both(trend(365, 0.02), (0.0, 0.01, 0.031))
    assert 0 <= found.worlds.min() <= found.worlds.max() <= 0.031


def test_a_contradiction_is_told_and_the_plan_kept() -> None:
    """Growth of 3% a month and a range from 20% cannot be about the same thing."""
    _, found, changed = both(trend(365, 0.02), (0.2, 0.25, 0.3))
    assert found.estimate.value == pytest.approx(0.25, abs=0.01)
    assert "contradicts the range given" in found.note
    assert "in place of the fitted trend" in found.source
    np.testing.assert_allclose(changed[:, 1], np.log1p(found.worlds) / DAYS_PER_MONTH)


def test_a_range_of_one_value_is_that_value() -> None:
    """Nothing is left to weigh."""
    _, found, _ = both(trend(120, 0.1), (0.03, 0.03, 0.03))
    assert np.ptp(found.worlds) == 0
    assert found.worlds[0] == 0.03


def test_a_history_without_noise_decides() -> None:
    """A line to the digit is known to the digit, inside the range."""
    _, found, changed = both(trend(120, 0.0))
    assert found.estimate.value == pytest.approx(0.03, abs=2e-4)
    assert np.isfinite(changed).all()


def test_the_level_follows_the_slope() -> None:
    """A line through the same days that rises faster ends higher."""
    of = trend(60, 0.1)
    _, slow, low = both(of, (-0.05, -0.03, 0.0))
    _, fast, high = both(of, (0.06, 0.08, 0.10))
    assert slow.worlds.mean() < fast.worlds.mean()
    if "weighed" in slow.source and "weighed" in fast.source:
        assert low[:, 0].mean() < high[:, 0].mean()


@pytest.mark.parametrize("triple", [(0.1, 0.05, 0.2), (-1.0, 0.0, 0.1), (0.0, 0.1)])
def test_impossible_ranges_are_refused(triple: tuple[float, ...]) -> None:
    """Three fractions in order, above -1."""
    with pytest.raises(DomainError, match="allowed: three fractions, low <= likely <= high, above -1"):
        stated(np.random.default_rng(1), triple, 100)
