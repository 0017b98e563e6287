"""The months in which work is paid and saves."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.finance import discount_factors, npv
from capacity.planning.portfolio.schedule import Schedule

ONE = np.array([1.0])


def test_weeks() -> None:
    """40 hours a week: the first 40 hours are week 1, what goes on ends in the week it ends in."""
    hours = np.array([[16.0], [24.0], [90.0], [10.0]])
    schedule = Schedule(("a", "b", "c", "d"), hours, 40)
    assert schedule.to_frame()["when"].tolist() == ["week 1", "week 1", "weeks 2 to 4", "week 4"]
    assert str(schedule) == "Week 1: a, b; weeks 2 to 4: c; week 4: d."
    assert schedule.to_frame()["finished"][3].value == pytest.approx(3.5)


def test_half_the_team_takes_twice_the_time() -> None:
    """Work is finished later in proportion."""
    hours = np.array([[16.0], [24.0]])
    assert Schedule(("a", "b"), hours, 20).finish == pytest.approx(2 * Schedule(("a", "b"), hours, 40).finish)


def test_flows_by_hand() -> None:
    """A month and a half of work: two thirds paid in the first month, savings from the middle of the second."""
    hours = 1.5 * 52 / 12 * 40
    flows = Schedule(("a",), np.array([[hours]]), 40).cash_flows(0, 1200 * ONE, 100.0)[0]
    assert flows[0] == pytest.approx(-100 * hours * 2 / 3)
    assert flows[1] == pytest.approx(-100 * hours / 3)
    assert flows[2] == pytest.approx(50)
    assert flows[3:] == pytest.approx(np.full(34, 100.0))


def test_work_of_no_time_is_an_investment_today() -> None:
    """Levers N4, over three years: 5200 spent now, 600 a month from then on."""
    flows = Schedule(("a",), np.array([[52.0]]), 1e5).cash_flows(0, 7200 * ONE, 100.0)[0]
    assert npv(0.10, flows) == pytest.approx(npv(0.10, [-5200] + [600] * 36), abs=0.2)


def test_all_hours_are_paid_and_no_saving_comes_early() -> None:
    """Whenever the work is done, its hours are paid once; savings last 36 months less the time until it is finished."""
    rng = np.random.default_rng(1)
    hours = rng.uniform(20, 900, (4, 50))
    schedule = Schedule(tuple("abcd"), hours, 30)
    saved, spent = schedule.weighed(np.ones(schedule.months + 1))
    assert spent == pytest.approx(hours)
    assert saved == pytest.approx(np.clip(36 - schedule.finish, 0, None) / 12)


def test_weights_are_the_present_value_of_the_flows() -> None:
    """Linear in what is saved and in the price of an hour."""
    rng = np.random.default_rng(2)
    schedule, saving = Schedule(("a", "b"), rng.uniform(50, 200, (2, 20)), 40), rng.uniform(-100, 900, 20)
    factors = discount_factors(0.2, schedule.months + 1)
    saved, spent = schedule.weighed(factors)
    expected = schedule.cash_flows(1, saving, 80.0) @ factors
    assert saving * saved[1] - 80 * spent[1] == pytest.approx(expected)


def test_work_beyond_the_three_years_is_paid_but_saves_nothing() -> None:
    """Savings count for 36 months from today; the months go on until the work is done."""
    schedule = Schedule(("a",), np.array([[40 * 52 * 4.0]]), 40)
    assert schedule.months == 48
    flows = schedule.cash_flows(0, 1200 * ONE, 1.0)[0]
    assert math.fsum(flows) == pytest.approx(-40 * 52 * 4)


def test_no_work() -> None:
    """A calendar of nothing has a text and no rows."""
    empty = Schedule((), np.zeros((0, 5)), 40)
    assert empty.text == "No work is planned."
    assert empty.to_frame().empty
    assert empty.weighed(np.ones(37))[0].shape == (0, 5)


def test_a_calendar_shows_itself() -> None:
    """Table and sentence."""
    html = Schedule(("blue_green",), np.array([[8.0, 9.0]]), 40)._repr_html_()
    assert "Calendar at 40 hours a week" in html
    assert "Week 1: blue-green." in html


def test_what_takes_less_than_a_week_is_told_in_hours() -> None:
    """The table says 8 h, not a fifth of a week; the frame keeps weeks, and so does what takes longer."""
    schedule = Schedule(("a", "b"), np.array([[8.0], [80.0]]), 40)
    assert "8 h" in schedule._repr_html_()
    assert "2.2 weeks" in schedule._repr_html_()
    assert schedule.to_frame()["finished"][0].unit == "weeks"


@pytest.mark.parametrize("hours", [0, -5, math.nan, 1e9])
def test_impossible_weeks_are_refused(hours: float) -> None:
    """No team works none, or more than there is."""
    with pytest.raises(
        DomainError, match="hours a week; allowed: above 0, at most 168,000 for the whole team"
    ):
        Schedule(("a",), np.array([[1.0]]), hours)


def test_impossible_hours_are_refused() -> None:
    """Work takes time."""
    with pytest.raises(DomainError, match="hours of work that are not above 0"):
        Schedule(("a",), np.array([[0.0]]), 40)
    with pytest.raises(
        DomainError, match="work that takes 192 years at 1 hours a week; allowed: at most 100 years"
    ):
        Schedule(("a",), np.array([[9999.0]]), 1)
