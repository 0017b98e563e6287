"""Pictures of downtime against what the objective allows."""

from types import SimpleNamespace

import numpy as np
import pytest

from capacity.display import Prose
from capacity.report import plots


def portfolio(now, then=None, items=("apm",), budget=None):
    """Downtime today and with the work done. [min/y]"""
    sides = (SimpleNamespace(downtime=side) for side in (now, now if then is None else then))
    now, then = sides
    return SimpleNamespace(now=now, then=then, best=SimpleNamespace(items=items), budget=budget)


def test_too_much_is_held_against_what_is_allowed(study, words_of):
    """The message has the minutes of today, those allowed and those that are left; the rule is named."""
    drawn = plots.availability(study.investments, 0.999)
    now, then = (
        float(np.mean(side.downtime_minutes)) for side in (study.investments.now, study.investments.then)
    )
    assert (
        f"Down {now:,.0f} minutes a year where 526 are allowed; all the work of the plan leaves {then:,.0f}"
        in drawn.alt
    )
    assert "allowed 526" in words_of(drawn)


def test_every_cause_is_told_with_its_interval(study):
    """The alternative text has each cause, today and with the work done."""
    drawn = plots.availability(study.investments, 0.999)
    assert all(cause in drawn.alt for cause in study.investments.now.downtime)
    assert drawn.alt.count("with the work done") == len(study.investments.now.downtime) + 1


def test_within_the_objective():
    """Less than allowed is said as such."""
    drawn = plots.availability(portfolio({"incidents": 300.0}, {"incidents": 30.0}), 0.999)
    assert "Down 300 of the 526 minutes a year that are allowed" in drawn.alt


def test_without_objective_the_main_cause_is_named(words_of):
    """Without an objective there is no rule, and the message names the largest cause."""
    drawn = plots.availability(portfolio({"incidents": 300.0, "overload": 10.0}))
    assert "most by incidents" in drawn.alt
    assert not any("allowed" in text for text in words_of(drawn))


def test_without_work_only_today_is_drawn(words_of):
    """Where no work can be evaluated there is one bar a cause."""
    drawn = plots.availability(portfolio({"incidents": 300.0}, items=()), 0.999)
    assert "Today" in words_of(drawn)
    assert "leaves" not in drawn.alt


def test_a_budget_is_mentioned():
    """With a budget of hours the work is what fits it."""
    assert (
        "the work that fits the budget leaves"
        in plots.availability(portfolio({"a": 3.0}, {"a": 1.0}, budget=object())).alt
    )


def test_no_cause_no_picture():
    """Without a cause stated there is a sentence."""
    assert isinstance(plots.availability(portfolio({})), Prose)


@pytest.mark.parametrize("objective", [0.9, 1.0])
def test_ends_of_the_objective(objective):
    """Objectives that allow weeks or nothing are drawn."""
    assert plots.availability(portfolio({"a": 0.0}), objective).svg


def test_many_causes_are_cut():
    """Of more than twelve causes the smallest are counted."""
    drawn = plots.availability(portfolio({f"cause {i}": float(i) for i in range(20)}))
    assert "8 smaller causes" in drawn.caption
