"""Periods that are made when asked for."""

import pytest

from artillery_results_parser.periods import Periods


@pytest.fixture
def made() -> list[int]:
    """Indices asked for."""
    return []


@pytest.fixture
def periods(made, read_v2):
    """Three periods, noting which were made."""
    one = read_v2().periods[0]

    def make(index: int):
        made.append(index)
        return one

    return Periods(3, make)


def test_each_is_made_once(periods, made):
    """Only what is asked for is made, and kept."""
    assert periods[1] is periods[-2]
    assert made == [1]
    assert len(list(periods)) == len(periods) == 3
    assert sorted(made) == [0, 1, 2]


def test_like_a_tuple(periods):
    """Slices are tuples, equal periods are equal, and there is nothing after the last."""
    assert periods[1:] == (periods[1], periods[2])
    assert periods == tuple(periods)
    assert periods != ()
    with pytest.raises(IndexError):
        periods[3]
