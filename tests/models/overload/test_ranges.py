"""Ranges of values."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.ranges import plain, within


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), np.array([0.5, 2.0])])
def test_what_lies_outside_is_refused(value):
    """Of an array, too, a single wrong number is enough."""
    with pytest.raises(DomainError, match=r"hit ratio .* is not allowed; give 0 to 1"):
        within(0, 1, hit_ratio=value)


def test_both_ends_are_allowed():
    """0 and 1 are shares."""
    within(0, 1, hit_ratio=np.array([0.0, 1.0]))


def test_numbers_stay_numbers_and_arrays_arrays():
    """One number in gives one number out."""
    assert type(plain(np.float64(0.5))) is float
    assert plain(np.array([0.5])).shape == (1,)
