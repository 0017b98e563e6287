"""What the loads that were held show at another one."""

import math
from types import SimpleNamespace

import pytest

from capacity.evidence.claimed.held import Bracket, Seen, is_at
from capacity.evidence.claimed.verdicts import NOT_SUPPORTED, Stated


def seen(offered, low, high, value=None, test="run", rows=(1, 2)):
    """Return an interval seen at a load."""
    step = SimpleNamespace(offered=offered, test=test, rows=rows)
    return Seen(SimpleNamespace(step=step), low, value, high)


def undecided(low, high):
    """Leave every interval open."""
    return NOT_SUPPORTED


def test_between_two_loads():
    """A response time lies between that of the load below and that of the load above, and no value is made up."""
    found = Bracket.at(200, [seen(100, 0.04, 0.06, 0.05), seen(300, 0.2, 0.3, 0.25)], undecided)
    assert (found.low, found.value, found.high, found.held) == (0.04, None, 0.3, False)


def test_beyond_the_loads():
    """Above the highest load it is only known to be no less, below the lowest only to be no more."""
    points = [seen(100, 0.04, 0.06), seen(300, 0.2, 0.3)]
    assert (Bracket.at(400, points, undecided).low, Bracket.at(400, points, undecided).high) == (
        0.2,
        math.inf,
    )
    assert (Bracket.at(50, points, undecided).low, Bracket.at(50, points, undecided).high) == (0.0, 0.06)


def test_at_a_load(claim):
    """A load that was held decides by itself, whatever the others say."""
    points = [seen(100, 0.3, 0.4, 0.35), seen(200, 0.1, 0.2, 0.15)]
    found = Bracket.at(201, points, Stated.of(claim("p95_ms", 250)).decide)
    assert (found.low, found.value, found.high, found.rows) == (0.1, 0.15, 0.2, (1, 2))


def test_at_a_load_that_leaves_it_open(claim):
    """Where the load itself is not enough, a higher one that was good enough is."""
    points = [seen(200, 0.1, math.inf, 0.15), seen(300, 0.15, 0.2, 0.17)]
    found = Bracket.at(200, points, Stated.of(claim("p95_ms", 250)).decide)
    assert (found.low, found.high, found.held) == (0.1, 0.2, True)


def test_runs_that_contradict_each_other():
    """Two runs at one load whose intervals exclude each other give no interval."""
    found = Bracket.at(200, [seen(200, 0.1, 0.2), seen(200, 0.3, 0.4, test="again")], undecided)
    assert found.low > found.high
    assert found.tests == {"run", "again"}
    assert found.rows == ()


@pytest.mark.parametrize(("offered", "same"), [(247, True), (252, True), (240, False), (260, False)])
def test_one_load(offered, same):
    """Rates within 2% are one load."""
    assert is_at(250, offered) is same
