"""Estimates: intervals that cannot be inconsistent, print themselves and can be drawn from."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate, money, number, weakest


def estimate(value, low, high, unit="req/s", **more):
    """An estimate of this test."""
    return Estimate(value, low, high, unit=unit, method="by hand", provenance="measured", **more)


def bound(kind, *values):
    """An open or exact estimate by its constructor."""
    return getattr(Estimate, kind)(*values, unit="req/s", method="by hand", provenance="measured")


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (estimate(298.0, 294.0, 303.0), "298 req/s (294 to 303)"),
        (bound("at_least", 180.0), "at least 180 req/s"),
        (bound("at_most", 450.0), "at most 450 req/s"),
        (bound("between", 250.0, 300.0), "250 to 300 req/s"),
        (bound("exactly", 3.0), "3 req/s"),
        (estimate(0.0123, 0.01, 0.02, unit=""), "0.0123 (0.01 to 0.02)"),
    ],
)
def test_prints_what_is_known(made, text):
    """A point with its interval, a bound as a bound, a bracket as a bracket."""
    assert str(made) == text


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((1.0, 3.0, 2.0), "3.0 to 2.0 is no interval"),
        ((1.0, math.nan, 2.0), "nan to 2.0 is no interval"),
        ((5.0, 1.0, 2.0), "5.0 lies outside its interval 1.0 to 2.0"),
        ((math.nan, 1.0, 2.0), "nan lies outside its interval"),
    ],
)
def test_refuses_inconsistency(values, message):
    """Reversed bounds, bounds that are no numbers, values outside: the numbers are in the message."""
    with pytest.raises(DomainError, match=message):
        estimate(*values)


def test_refuses_a_level_that_is_no_probability():
    """A confidence of 95 is 0.95."""
    with pytest.raises(DomainError, match="confidence level 95 is not between 0 and 1"):
        estimate(1.0, 0.0, 2.0, level=95)


def test_rounding_is_not_an_error():
    """A value outside its interval by the last digit widens it instead."""
    third = 0.1 + 0.2
    assert estimate(third, 0.0, 0.3).high == third
    assert estimate(0.3, third, 1.0).low == 0.3


def test_draws_respect_the_interval():
    """Nine in ten draws lie inside a 90% interval, half of them on each side; none is negative."""
    drawn = estimate(10.0, 8.0, 20.0).sample(np.random.default_rng(1), 20_000)
    assert np.mean((drawn >= 8) & (drawn <= 20)) == pytest.approx(0.9, abs=0.01)
    assert np.mean(drawn < 10) == pytest.approx(0.5, abs=0.02)
    assert estimate(1.0, 0.0, 9.0).sample(np.random.default_rng(1), 1000).min() >= 0


def test_a_bracket_is_drawn_evenly():
    """Between two tested loads every rate is as likely as another."""
    drawn = bound("between", 250.0, 300.0).sample(np.random.default_rng(1), 10_000)
    assert drawn.mean() == pytest.approx(275, abs=1)
    assert (drawn.min(), drawn.max()) == (pytest.approx(250, abs=0.1), pytest.approx(300, abs=0.1))


def test_an_open_bound_cannot_be_drawn_from():
    """What is only bounded from one side has no distribution."""
    with pytest.raises(NotIdentified, match="at least 180 req/s has no distribution"):
        bound("at_least", 180.0).sample(np.random.default_rng(1), 10)


def test_scaling_keeps_the_interval():
    """Per instance, or in other units, value and bounds move together; an open side stays open."""
    halved = estimate(298.0, 294.0, 303.0).scaled(0.5, method="per instance")
    assert (halved.value, halved.low, halved.high, halved.method) == (149.0, 147.0, 151.5, "per instance")
    assert bound("at_least", 180.0).scaled(2).high == math.inf


def test_json_has_no_infinity():
    """An open side is null in JSON."""
    data = bound("at_least", 180.0).to_dict()
    assert json.loads(json.dumps(data, allow_nan=False))["high"] is None


@pytest.mark.parametrize(
    "made",
    [
        estimate(298.0, 294.0, 303.0, level=0.8),
        bound("at_least", 180.0),
        bound("between", 250.0, 300.0),
        estimate(None, -math.inf, 3.0),
    ],
)
def test_json_gives_back_the_estimate(made):
    """What was made plain and read again is equal, open sides included."""
    assert Estimate.from_dict(json.loads(json.dumps(made.to_dict()))) == made


@pytest.mark.parametrize(
    ("made", "middle", "known_low"),
    [
        (estimate(298.0, 290.0, 303.0), 298.0, 298.0),
        (estimate(0.0, -1.0, 3.0), 0.0, 0.0),
        (bound("between", 250.0, 300.0), 275.0, 250.0),
        (bound("at_least", 180.0), 180.0, 180.0),
        (bound("at_most", 450.0), 225.0, 0.0),
        (estimate(None, -math.inf, 3.0), 3.0, -math.inf),
    ],
)
def test_one_number_of_an_estimate(made, middle, known_low):
    """The value where there is one, 0 too; else the middle of the bracket or its bound, and its low end."""
    assert (made.middle, made.known_low) == (middle, known_low)


def test_weakest_provenance_decides():
    """A number computed from measured and assumed inputs is assumed."""
    assert weakest("measured", "assumed", "vendor") == "assumed"
    assert weakest("config", "measured") == "config"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234.5, "1,234"), (298.04, "298"), (99.96, "100"), (0.04612, "0.0461"), (0.0, "0"), (-5.0, "-5")],
)
def test_three_significant_digits(value, text):
    """Numbers print with three digits, or all of their integer part."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (172580.4, "USD 173,000"),
        (66810.0, "USD 66,800"),
        (0.0, "USD 0"),
        (-699.6, "USD -700"),
        (12.345, "USD 12"),
        (3.234, "USD 3.23"),
        (1e9, "USD 1,000,000,000"),
    ],
)
def test_money_has_three_digits(amount: float, text: str) -> None:
    """No more than an estimate carries, with separators."""
    assert money(Estimate.exactly(amount, unit="USD", method="", provenance="assumed")) == text


def test_money_shows_its_interval_once() -> None:
    """The currency is told once; the interval where it is wanted; without a currency none is guessed."""
    amount = Estimate(172580.0, 122580.0, 222580.0, "EUR", "", "assumed")
    assert money(amount) == "EUR 173,000 (123,000 to 223,000)"
    assert money(amount, interval=False) == "EUR 173,000"
    assert money(replace(amount, unit=""), interval=False) == "173,000"
