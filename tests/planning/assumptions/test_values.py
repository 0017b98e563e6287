"""How values and their intervals are written."""

import pytest

from capacity.estimate import money
from capacity.planning.assumptions.values import around, monthly, ranged, rate


@pytest.mark.parametrize(
    ("three", "write", "words"),
    [
        ((0.038, 0.043, 0.048), monthly, "4.3% a month (3.8% to 4.8%)"),
        ((50, 100, 500), lambda x: money(x, "USD"), "USD 100 (50 to 500)"),
        ((1, 10, 2000), rate, "10 req/s (1 to 2,000)"),
        ((7, 7, 7), rate, "7 req/s"),
        ((1, 12, 13), lambda x: f"{x:g}", "12 (1 to 13)"),
    ],
)
def test_unit_is_written_once(three, write, words):
    """A unit or a currency stands once, whichever side it is on."""
    assert ranged(*three, write) == words


def test_nothing_is_half_of_nothing():
    """Half and double of a value; zero has neither."""
    assert around(3.0) == (1.5, 6.0)
    assert around(0.0) == (None, None)
