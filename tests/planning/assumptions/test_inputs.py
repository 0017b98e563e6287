"""Every input is judged by what becomes of the answer."""

from dataclasses import replace

import pytest

from capacity.planning.assumptions.answers import Sizing
from capacity.planning.assumptions.inputs import Input

DEMAND = "[demand]\ncurrent_peak = 200\ngrowth_per_month = [0.0, 0.02, 0.1]\n"


@pytest.fixture
def judge(study):
    """Judge an input of so many times the demand, or of what else is given."""
    basis = study(DEMAND)._basis
    sizing = Sizing(basis, study(DEMAND).fleet.recommended)

    def times(factor):
        return replace(basis, demand=replace(basis.demand, paths=basis.demand.paths * factor))

    def make(**changes):
        kind = {"group": "demand", "name": "peaks", "key": "demand", "value": "1", "provenance": "assumed"}
        one = Input(**(kind | {"at": times, "ends": (0.5, 2.0), "now": 1.0} | changes))
        return one.judged(sizing, sizing.answer(basis)), lambda factor: sizing.answer(times(factor))

    return make


def test_stays_up_to_the_value_told(judge):
    """The answer is the same at the bound told, and another one a little beyond it."""
    found, answer = judge()
    assert found.effect == "changes"
    bound = float(found.verdict.rsplit(" ", 1)[1])
    assert answer(bound).instances == answer(1.0).instances != answer(bound * 1.02).instances


def test_what_moves_without_changing_moves_little(judge):
    """An end at which the fleet stays the same moves it little."""
    assert judge(ends=(0.99, 1.01))[0].effect == "little"


def test_what_does_nothing_cannot_act(judge, study):
    """An input that the answer does not contain cannot act, for the reason given."""
    basis = study(DEMAND)._basis
    found, _ = judge(at=lambda _: basis, idle="nothing contains it")
    assert (found.effect, found.verdict) == ("none", "cannot act here: nothing contains it")


def test_one_end_may_fail(judge):
    """Where one end cannot be computed the other decides."""

    def at(value):
        from capacity.errors import DomainError

        raise DomainError("too far")

    found, _ = judge(at=at)
    assert found.effect == "unknown"
    assert found.low.answer == found.high.answer == "not computed: too far"


def test_without_a_number_nothing_is_tried(judge):
    """What cannot be replaced by a number is listed with the reason."""
    found, _ = judge(at=None, idle="it is a name")
    assert (found.effect, found.low, found.high) == ("none", None, None)
