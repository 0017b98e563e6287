"""Whole distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artillery_results_parser import Distribution
from artillery_results_parser.distribution import merged
from artillery_results_parser.sketch import distribution

TIMES = st.lists(st.floats(0, 1000), min_size=1, max_size=60)


@given(TIMES, st.floats(0, 1))
def test_quantile_is_the_nearest_rank(times, q):
    """At least a share q does not exceed the quantile, and less than q is below it."""
    found = Distribution.of(times)
    value = found.quantile(q)
    assert value in times
    assert sum(t <= value for t in times) >= q * len(times) - 1e-6
    assert sum(t < value for t in times) < max(q * len(times) + 1e-6, 1)


@given(TIMES, TIMES)
def test_parts_merge_to_the_whole(one, two):
    """Merging two distributions is the distribution of all values."""
    both, whole = Distribution.of(one) + Distribution.of(two), Distribution.of(one + two)
    assert np.array_equal(both.values, whole.values)
    assert np.array_equal(both.counts, whole.counts)
    assert (both.count, both.min, both.max) == (whole.count, min(one + two), max(one + two))
    assert both.mean == pytest.approx(whole.mean)


def test_is_read_only():
    """Arrays cannot be changed."""
    with pytest.raises(ValueError, match="read-only"):
        Distribution.of([1.0]).values[0] = 2


def test_equality_and_text():
    """Equal values make equal distributions; the text says the size."""
    assert Distribution.of([1, 2]) == Distribution.of([2, 1])
    assert Distribution.of([1, 2]) != Distribution.of([1])
    assert Distribution.of([1]) != 1
    assert hash(Distribution.of([1, 2])) == hash(Distribution.of([2, 1]))
    assert repr(Distribution.of([1, 2])) == "Distribution(2 responses, 1 to 2 s, mean 1.5 s)"


@pytest.mark.parametrize("q", [-0.1, 1.1, 95, float("nan")])
def test_quantile_outside(q):
    """A quantile is a fraction; 95 is not p95."""
    with pytest.raises(ValueError, match=r"write 0.95 for p95"):
        Distribution.of([1]).quantile(q)


def test_nothing():
    """No values, no distribution."""
    with pytest.raises(ValueError, match="at least one"):
        Distribution.of([])
    with pytest.raises(ValueError, match="no distribution to merge"):
        merged([])


@given(st.lists(st.floats(0.001, 1e7), min_size=1, max_size=80), st.integers(0, 5))
def test_sketch_is_within_one_percent(times, zeros):
    """A sketch made as the tool makes it gives back every quantile within its accuracy."""
    gamma = 1.01 / 0.99
    keys = np.ceil(np.log(times) / np.log(gamma)).astype(int)
    bins = np.bincount(keys - keys.min(), minlength=300)
    values = [0.0] * zeros + times
    found = distribution(
        {
            "mapping": {"gamma": gamma, "_offset": 0},
            "store": {"bins": bins.tolist(), "offset": int(keys.min())},
            "zeroCount": zeros,
            "count": len(values),
            "min": min(values),
            "max": max(values),
            "sum": sum(values),
        }
    )
    exact = Distribution.of(np.array(values) / 1000)
    assert found.count == exact.count
    assert found.mean == pytest.approx(exact.mean)
    for q in (0, 0.25, 0.5, 0.95, 1):
        assert found.quantile(q) == pytest.approx(exact.quantile(q), rel=0.0101)


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 3},
        {"zeroCount": -1},
        {"min": None},
        {"max": 0.5},
        {"sum": 1e9},
        {"mapping": {"gamma": 1.0}},
        {"mapping": None},
        {"store": {"bins": [-1, 2], "offset": 1}},
        {"store": {"bins": [0.5, 0.5], "offset": 1}},
        {"store": {"bins": "x", "offset": 1}},
        {"store": {"bins": [1], "offset": 1e300}},
        {"store": {"bins": [1], "offset": 10**7}},
    ],
)
def test_inconsistent_sketch(changes):
    """A sketch that contradicts itself is no distribution."""
    whole = {"mapping": {"gamma": 1.02}, "store": {"bins": [1], "offset": 1}, "zeroCount": 0, "count": 1}
    whole |= {"min": 1.01, "max": 1.02, "sum": 1.015}
    assert distribution(whole) is not None
    assert distribution(whole | changes) is None
