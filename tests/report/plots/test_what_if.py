"""The pictures of a what-if: small multiples, and one change."""

import re
from dataclasses import replace

import pytest

from capacity.display import Figure, Prose
from capacity.estimate import number
from capacity.planning.what_if.what_if import WhatIf
from capacity.report import plots
from capacity.study import Missing, Study


@pytest.fixture(scope="module")
def asked(study: Study) -> WhatIf:
    """The same knobs with few positions, for the picture is what is tried here."""
    lean = WhatIf(study._otherwise(study.plan.model_copy(update={"size": ()}), dispersion=study.dispersion))
    few = [replace(k, positions=tuple(sorted({k.positions[0], k.plan, k.positions[-1]}))) for k in lean.knobs]
    vars(lean)["knobs"] = tuple(few)
    return lean


@pytest.fixture(scope="module")
def picture(asked: WhatIf) -> Figure:
    """The small multiples."""
    return plots.what_if(asked)


def test_a_panel_for_each_knob(asked: WhatIf, picture: Figure, words_of):
    """Each knob is named with its unit, and the two lines once."""
    shown = words_of(picture)
    for knob in asked.knobs:
        assert f"{knob.title} [{knob.unit}]" in shown or knob.title in shown
    assert shown.count("promised") == shown.count("peak") == 1


def test_title_names_what_moves_most(asked: WhatIf, picture: Figure):
    """The message is of the knob whose ends lie farthest apart, with what is left or lacking there."""

    def span(name: str) -> float:
        margins = asked.sweeps[name]["promised"].fillna(0) - asked.sweeps[name]["peak"]
        return margins.max() - margins.min()

    widest = max(asked.knobs, key=lambda knob: span(knob.name))
    assert picture.alt.startswith(f"{widest.title} move")
    assert re.match(r".*? moves? the answer most: [\d,]+ req/s (short|to spare) (at|with) ", picture.alt)


def test_alternative_states_the_numbers(asked: WhatIf, picture: Figure):
    """Who cannot see it reads the plan's values and both ends of every knob."""
    assert f"promised {asked.plan.promised}" in picture.alt
    for knob in asked.knobs:
        ends = f"from {knob.told(knob.positions[0])} to {knob.told(knob.positions[-1])}"
        assert f"{knob.title} {knob.told(knob.plan)} in the plan, {ends}" in picture.alt
    assert f"peak {number(asked.sweeps['demand']['peak'].iloc[0])} to " in picture.alt


def test_impossible_positions_are_crossed(asked: WhatIf, picture: Figure):
    """An objective that no load keeps has no line but a cross, and the caption says so."""
    assert asked.sweeps["p95_ms"]["promised"].isna().iloc[0]
    assert "Crosses: no load keeps the objective." in picture.caption
    assert "promised nothing to" in picture.alt


def test_small_and_the_same_again(asked: WhatIf, picture: Figure):
    """Less than 15 KB, and the same bytes for the same input."""
    assert len(picture.svg) < 15_000
    assert plots.what_if(asked).svg == picture.svg


def test_without_demand_there_is_no_peak(storefront, words_of):
    """A bare export has four panels, an odd number of knobs none too few; no peak is drawn."""
    what_if = Study.load(storefront / "steps-1.json").what_if
    picture = plots.what_if(what_if)
    assert "peak" not in words_of(picture)
    assert "red line" not in picture.caption
    vars(what_if)["knobs"] = what_if.knobs[:3]
    assert "Burstiness" not in words_of(plots.what_if(what_if))


def test_missing_says_why():
    """What is missing is told in its place."""
    assert isinstance(plots.what_if(Missing("what-if", "no load is known")), Prose)


def test_change_is_drawn_against_the_plan(asked: WhatIf, words_of):
    """Bars are now, diamonds the plan; the title says what may be promised for which peak."""
    change = asked.at(instances=3, demand=1.5)
    picture = plots.change(change)
    promised, peak = number(change.now.promised.value), number(change.now.peak.value)
    assert picture.alt.startswith(f"{promised} req/s may be promised for a peak of {peak} req/s")
    assert f"promised {change.now.promised}, in the plan {asked.plan.promised}" in picture.alt
    assert {"largest peak", "promised", "metastable-safe", promised} <= set(words_of(picture))


def test_change_without_a_promise(asked: WhatIf):
    """Where nothing may be promised the picture says that."""
    picture = plots.change(asked.at(p95_ms=asked.knob("p95_ms").positions[0]))
    assert picture.alt.startswith("No load may be promised")
    assert "promised not known, in the plan" in picture.alt
