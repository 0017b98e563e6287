"""Pictures of the decision."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from capacity.display import Prose
from capacity.estimate import money
from capacity.report import plots
from capacity.study import Missing, Study
from capacity.wording import spoken


def test_work_stands_in_order(study, words_of):
    """Rows are in the recommended order, and what has no figure is named below."""
    picture = plots.investments(study.investments)
    names = [spoken(lever) for lever in study.investments.order]
    assert [text for text in words_of(picture) if text in names] == names
    assert "RFC 7807 errors" in picture.caption


def test_work_without_prices_is_told_in_words(study):
    """Without prices there is no present value to draw."""
    free = [replace(item, npv=None) for item in study.investments.worth]
    assert isinstance(plots.investments(replace(study.investments, worth=tuple(free))), Prose)


def test_calendar_adds_up(study, words_of):
    """The calendar has what is recommended in order, the value so far beside each, and the sum in the message."""
    found = study.investments
    drawn = plots.roadmap(found)
    starts = [text.split("  ")[0] for text in words_of(drawn) if re.match(r"\d+  ", text)]
    assert starts == [str(i + 1) for i in range(len(found.recommended))]
    total = sum(item.npv.value for item in found.worth if item.pays)
    assert f"worth {money(total, found.currency)}" in drawn.alt


def test_work_that_does_not_pay_is_not_in_the_calendar(study, words_of):
    """What is left out of the recommendation has no bar."""
    idle = {spoken(item.lever) for item in study.investments.worth if not item.pays}
    assert idle
    assert not any(name in text for name in idle for text in words_of(plots.roadmap(study.investments)))


def test_a_calendar_without_prices_counts_minutes(study):
    """Without prices the calendar adds up minutes of downtime."""
    free = tuple(replace(item, npv=None) for item in study.investments.worth)
    drawn = plots.roadmap(replace(study.investments, worth=free, recommended_npv=None))
    assert "minutes of downtime a year" in drawn.alt


def test_nothing_recommended_no_calendar(study):
    """Without recommended work there is a sentence."""
    empty = replace(study.investments.calendar, items=(), hours=np.zeros((0, 5)))
    assert "No work is recommended" in str(plots.roadmap(replace(study.investments, calendar=empty)))


def test_weeks_or_hours(study, words_of):
    """Work of days is drawn in hours, work of months in weeks."""
    calendar = study.investments.calendar
    long = replace(study.investments, calendar=replace(calendar, hours=40 * calendar.hours))
    assert "Work of the team [h]" in words_of(plots.roadmap(study.investments))
    assert "Work of the team [weeks]" in words_of(plots.roadmap(long))


def test_what_moves_the_result_most_comes_first(study, words_of):
    """Inputs stand by their swing; the first is the message, and what is not drawn is counted."""
    found = sorted(study.investments.information.influences, key=lambda item: -item.width)
    drawn = plots.sensitivity(study.investments)
    assert f"depends most on {spoken(found[0].name)}: from {study.investments.currency} " in drawn.alt
    assert words_of(drawn).index(f"{spoken(found[0].name)}: 63.6 to 302") < words_of(drawn).index(
        next(text for text in words_of(drawn) if text.startswith(spoken(found[1].name)))
    )
    assert "other inputs move it less" in drawn.caption


def test_nothing_uncertain_no_tornado(study):
    """Where nothing is uncertain the picture is the sentence that says so."""
    sure = replace(study.investments, information=replace(study.investments.information, influences=()))
    assert isinstance(plots.sensitivity(sure), Prose)


def test_ruler_compares_asked_and_carried(study, words_of):
    """The plan on one ruler: both peaks, what is promised, and both capacities."""
    picture = plots.ruler(study)
    assert f"peak over {study.demand.horizon_days} days" in words_of(picture)
    assert str(study.demand.peak) in picture.alt
    assert str(study.capacity.production["all"]) in picture.alt


def test_ruler_of_a_bare_export(storefront):
    """Without demand the ruler shows what is carried, and says that demand is not known."""
    picture = plots.ruler(Study.load(storefront / "stress.json"))
    assert "what will be asked is not known" in picture.alt


def test_ruler_without_any_rate():
    """Where nothing is known at all there is a sentence."""
    nothing = Missing("demand", "none")
    nowhere = {"slo": {}, "production": {}, "saturation_throughput": None, "safe": None}
    capacity = SimpleNamespace(**nowhere, text="Nothing was measured.")
    plan = SimpleNamespace(service=SimpleNamespace(instances_tested=1))
    study = SimpleNamespace(demand=nothing, fleet=nothing, capacity=capacity, plan=plan)
    assert "Nothing was measured." in str(plots.ruler(study))
