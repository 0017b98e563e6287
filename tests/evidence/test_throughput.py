"""Rates over periods and their intervals."""

import numpy as np
import pytest

from capacity.evidence.throughput import Run, mean_rate


def run(rates, span=10.0):
    """Periods of equal length."""
    return Run(np.asarray(rates, float), np.full(len(rates), span))


def covered(draw, truth, seeds=200):
    """Share of the intervals that hold the truth."""
    inside = []
    for seed in range(seeds):
        found = mean_rate(draw(np.random.default_rng(seed)), "m")
        inside.append(found.low <= truth <= found.high)
    return np.mean(inside)


@pytest.mark.parametrize("periods", [1, 2, 5, 20])
def test_interval_of_independent_counts_covers_nine_in_ten(periods):
    """Poisson counts in few or many periods: the mean lies inside about 90% of the intervals."""
    assert 0.84 <= covered(lambda rng: [run(rng.poisson(3000, periods) / 10)], 300) <= 0.99


def test_interval_of_bursty_counts():
    """Counts with four times that variance are covered too once there are six periods."""
    assert 0.82 <= covered(lambda rng: [run(rng.normal(300, 2 * np.sqrt(30), 6))], 300) <= 0.97


def test_spans_weigh():
    """The mean rate is requests over time, whatever the periods' lengths; noise is counted over the true spans."""
    both = Run(np.array([100.0, 200.0]), np.array([30.0, 10.0]))
    assert mean_rate([both], "m").value == pytest.approx(125)
    assert mean_rate([run([100.0], span=40)], "m").low > mean_rate([run([100.0], span=10)], "m").low


def test_autocorrelation_widens():
    """Rates that stay up or down for long tell less about their mean than as many independent ones."""
    slow = np.repeat([290.0, 310.0, 295.0, 305.0], 8)
    shuffled = np.random.default_rng(1).permutation(slow)
    width = [
        found.high - found.low for found in (mean_rate([run(slow)], "m"), mean_rate([run(shuffled)], "m"))
    ]
    assert width[0] > 1.5 * width[1]


def test_nothing_counted():
    """No answers at all: the rate is zero and its upper bound is not."""
    found = mean_rate([run([0.0, 0.0])], "m")
    assert found.value == found.low == 0
    assert 0 < found.high < 0.5
