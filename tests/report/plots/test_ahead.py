"""Pictures of what may come."""

import calendar
from dataclasses import replace

import pandas as pd

from capacity.report import plots


def test_demand_is_read_against_the_fleet(study, words_of):
    """With a fleet the message is when it runs out; without, how the peak grows."""
    assert "safe today" in words_of(plots.demand_fan(study.demand, study.fleet))
    assert "The peak goes from" in plots.demand_fan(study.demand).alt


def test_events_are_named(study, words_of):
    """Each event inside the horizon stands at its day."""
    assert {event.name for event in study.demand.events} <= set(words_of(plots.demand_fan(study.demand)))


def test_many_events_are_marked_and_the_largest_named(study, words_of):
    """Of more than four events those of the largest factors are named, the others counted."""
    first = study.demand.events[0]
    dates = study.demand.dates
    events = tuple(
        first.model_copy(
            update={"name": f"event {i}", "date": dates[5 + 9 * i].date(), "multiplier": (1.0, 1.1, 1.2 + i)}
        )
        for i in range(9)
    )
    drawn = plots.demand_fan(replace(study.demand, events=events), study.fleet)
    assert {f"event {i}" for i in range(5, 9)} <= set(words_of(drawn))
    assert "event 0" not in words_of(drawn)
    assert "5 events of smaller factors not named" in drawn.caption


def test_enough_is_said_too(study):
    """A fleet that is not exhausted at even odds is said to be enough, with the chance."""
    never = study.fleet.runway.assign(date=None)
    fleet = replace(study.fleet, runway=never, probability_missed_running=0.12)
    assert "with a chance of 88%" in plots.demand_fan(study.demand, fleet).alt


def test_past_forecasts_show_hits_and_misses(study, words_of):
    """The message counts the peaks inside, and the alternative text states every stretch."""
    tried = study.demand.backtest
    drawn = plots.past_forecasts(study.demand)
    assert f"{tried.inside} of {len(tried.stretches)} past peaks came within" in drawn.alt
    assert drawn.alt.count("came") == len(tried.stretches) + 1


def test_without_a_past_nothing_is_drawn(study):
    """A history too short to look back says so."""
    assert "too short" in str(plots.past_forecasts(replace(study.demand, backtest=None)))


def test_the_runway_names_the_day(study, words_of):
    """The message has the day of even odds; each addition stands at its date."""
    drawn = plots.runway(study.fleet)
    assert f"{study.fleet.exhausted:%d %B %Y}" in drawn.alt
    assert f"{study.fleet.additions['instances'].iloc[0]} instances" in words_of(drawn)


def test_many_additions_are_marked_and_the_first_named(study, words_of):
    """Of more than four dates the first are named, and the caption counts the others."""
    dates = study.demand.dates
    rows = [{"date": dates[8 * i], "instances": 3 + i, "added": 1} for i in range(12)]
    drawn = plots.runway(replace(study.fleet, additions=pd.DataFrame(rows)))
    assert "6 instances" in words_of(drawn)
    assert "7 instances" not in words_of(drawn)
    assert "the other 8 dates" in drawn.caption


def test_a_fleet_that_lasts_is_said_to(study):
    """Without a day of even odds the message is the chance to last."""
    never = study.fleet.runway.assign(date=None)
    lasting = pd.Series(0.1, study.fleet.exhaustion.index)
    fleet = replace(study.fleet, runway=never, exhaustion=lasting)
    assert "with a chance of 90%" in plots.runway(fleet).alt


def test_the_busiest_day_and_the_quietest_are_named(study, words_of):
    """The message names both, and each stands at its line."""
    shape = study.demand.shape
    drawn = plots.week(study.demand)
    assert calendar.day_name[shape.busiest_weekday] in drawn.alt
    assert calendar.day_abbr[shape.busiest_weekday] in words_of(drawn)


def test_a_scenario_has_no_week(study):
    """Without a history nothing is drawn."""
    assert "not known" in str(plots.week(replace(study.demand, history=None)))
