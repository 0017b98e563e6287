"""Values formulas hold for, and how the rest is refused."""

import math
import re

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models import domain


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (domain.not_negative, -0.5, "service time -0.5 is not allowed; give a finite number, 0 or above"),
        (domain.not_negative, math.nan, "service time nan is not allowed"),
        (domain.positive, 0.0, "service time 0 is not allowed; give a finite number above 0"),
        (domain.positive, math.inf, "service time inf is not allowed"),
        (domain.fraction, 1.0, "service time 1 does not lie between 0 and 1; write 95% as 0.95"),
        (domain.count, 0, "service time 0 is not allowed; give a whole number, 1 or above"),
        (domain.count, math.inf, "service time inf is not allowed"),
        (domain.whole, 1.5, "service time 1.5 is not allowed; give a whole number, 0 or above"),
    ],
)
def test_refusal_names_the_quantity_and_what_is_allowed(check, value, message):
    """The keyword becomes words; the value and the remedy follow."""
    with pytest.raises(DomainError, match=message):
        check(service_time=value)


def test_allowed_values_pass():
    """Edges included."""
    domain.not_negative(a=0.0, b=1e300)
    domain.positive(a=1e-300)
    domain.fraction(a=1e-9, b=1 - 1e-9)
    domain.count(a=1, b=1e6)
    domain.whole(a=0, b=7.0)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), np.array([0.5, 2.0])])
def test_what_lies_outside_a_range_is_refused(value):
    """Of an array, too, a single wrong number is enough."""
    with pytest.raises(DomainError, match=r"hit ratio .* is not allowed; give 0 to 1"):
        domain.within(0, 1, hit_ratio=value)


def test_both_ends_of_a_range_are_allowed():
    """0 and 1 are shares."""
    domain.within(0, 1, hit_ratio=np.array([0.0, 1.0]))


def test_numbers_stay_numbers_and_arrays_arrays():
    """One number in gives one number out."""
    assert type(domain.plain(np.float64(0.5))) is float
    assert domain.plain(np.array([0.5])).shape == (1,)


@pytest.mark.parametrize("value", ["250", True, None, [1.0], 1j])
def test_what_is_no_number_is_refused_as_such(value):
    """Text, truth values and lists are told apart from numbers that are out of range."""
    with pytest.raises(DomainError, match=r"arrival rate .* is not a number"):
        domain.positive(arrival_rate=value)


def test_a_whole_number_beyond_all_floats_is_refused():
    """It is told, not an overflow of Python's."""
    with pytest.raises(DomainError, match="larger than any number"):
        domain.positive(arrival_rate=10**400)


@pytest.mark.parametrize("alone", [50, 1.5, "web", None])
def test_a_value_alone_is_no_list(alone):
    """It is refused with the list it would be."""
    with pytest.raises(
        DomainError, match=re.escape(f"population {alone!r} is one value; give a list, such as [{alone!r}]")
    ):
        domain.listed(population=alone)
    domain.listed(population=[50], demands=np.array([1.0]), servers=())
