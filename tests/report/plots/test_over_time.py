"""Pictures over time: tests, an overload."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.display import Prose
from capacity.estimate import Estimate
from capacity.evidence.findings import Finding
from capacity.evidence.resilience import Resilience
from capacity.report import plots


def only(study, role):
    """One test of the study, under its role."""
    return {role: study.tests[role]}


def finding(test, periods, severity="voids"):
    """A finding about some periods of a test."""
    return Finding("generator_exhausted", severity, "capacity", "No ports.", {}, "Add ports.", test, periods)


def test_title_names_the_worst_test(study, words_of):
    """The message says which test lost the largest share of its requests."""
    lost = {name: 1 - test.good.sum() / test.periods["requests"].sum() for name, test in study.tests.items()}
    worst = max(lost, key=lost.get)
    title = plots.load_over_time(study.tests).alt
    assert worst in title.split(".")[0]
    assert f"{100 * lost[worst]:.0f}%" in title.split(".")[0]


def test_each_test_has_its_panel(study, words_of):
    """Every recording is drawn under its name."""
    shown = words_of(plots.load_over_time(study.tests))
    assert {f"{name} [req/s]" for name in study.tests} <= set(shown)


def test_of_many_tests_the_worst_are_drawn(study, words_of):
    """Of more than eight tests those that lost most have a panel; the others are told and counted."""
    calm, bad = study.tests["baseline"], study.tests["stress"]
    drawn = plots.load_over_time({**{f"calm {i}": calm for i in range(12)}, "late": bad})
    assert "late [req/s]" in words_of(drawn)
    assert sum(text.endswith("[req/s]") for text in words_of(drawn)) == 8
    assert "5 tests that lost less are not drawn" in drawn.caption
    assert "calm 11: " in drawn.alt


def test_one_load_is_named_once(study, words_of):
    """Small multiples repeat no label."""
    assert words_of(plots.load_over_time(study.tests)).count("offered") == 1


def test_doubted_periods_are_shaded_and_named(study):
    """Periods a finding doubts are shaded, and the caption says why."""
    plain = plots.load_over_time(only(study, "stress"))
    shaded = plots.load_over_time(only(study, "stress"), [finding("stress", (3, 4))])
    assert "generator exhausted" in shaded.caption
    assert "generator exhausted" in shaded.alt
    assert len(shaded.svg) > len(plain.svg)


@pytest.mark.parametrize(
    "other", [("spike", (3, 4), "voids"), ("stress", (), "voids"), ("stress", (3,), "notes")]
)
def test_other_findings_shade_nothing(study, other):
    """Findings about other tests, about no period, or without weight leave the picture alone."""
    test, periods, severity = other
    plain = plots.load_over_time(only(study, "stress"))
    assert plots.load_over_time(only(study, "stress"), [finding(test, periods, severity)]).svg == plain.svg


def test_a_day_of_periods_stays_small(study):
    """A test of 8,640 periods is thinned to a picture of at most 12 KB."""
    test = study.tests["stress"]
    rows = np.arange(8640) % len(test.periods)
    start = 10.0 * np.arange(8640)
    frames = {
        name: getattr(test, name).iloc[rows].reset_index(drop=True)
        for name in ("periods", "codes", "errors", "times", "good_times")
    }
    frames["periods"] = frames["periods"].assign(start=start, span=10.0)
    assert len(plots.load_over_time({"day": replace(test, **frames)}).svg) <= 12_000


def test_no_answers_no_picture(study):
    """A test without a period of answers gives a sentence."""
    test = study.tests["stress"]
    empty = replace(test, periods=test.periods.iloc[:0])
    assert isinstance(plots.load_over_time({"nothing": empty}), Prose)


def test_overload_shows_before_and_after(study, words_of):
    """The anatomy tells the share answered, how long recovery took, and where the objective lies."""
    picture = plots.spike(study.resilience, slo=study.slo)
    assert "of the overload got a good answer" in picture.alt
    assert "before: " in picture.alt
    assert {"P95 ≤", "180 ms"} <= set(words_of(picture))


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (
            Estimate.between(10.0, 20.0, unit="s", method="", provenance="measured"),
            "recovery took up to 20 s",
        ),
        (Estimate.at_least(40.0, unit="s", method="", provenance="measured"), "did not recover within 40 s"),
        (Estimate.exactly(0.0, unit="s", method="", provenance="measured"), "back at once"),
        (None, "got a good answer"),
    ],
)
def test_recovery_is_told_as_it_was_seen(study, back, words):
    """The message says how long recovery took, or that it did not happen while anyone looked."""
    assert words in plots.spike(replace(study.resilience, recovery_time=back)).alt.split(".")[0]


def test_overloads_too_many_to_be_seen_apart_stay_small(study):
    """A day with an overload every few minutes is shaded as far as it can be seen."""
    anatomy = study.resilience.anatomy
    rows = anatomy.iloc[np.arange(5000) % len(anatomy)].reset_index(drop=True)
    long = replace(study.resilience, anatomy=rows.assign(start=10.0 * np.arange(5000)))
    assert len(plots.spike(long, slo=study.slo).svg) <= 13_000


def test_unknown_response_times_leave_no_empty_panel(study, words_of):
    """Without response times only the rates are drawn."""
    blind = replace(study.resilience, anatomy=study.resilience.anatomy.assign(p95=np.nan))
    assert not any("P95" in text for text in words_of(plots.spike(blind, slo=study.slo)))


def test_no_overload_no_picture():
    """Without overload the picture is the sentence that says so."""
    untested = Resilience(None, pd.DataFrame(), None, pd.DataFrame(), "No test went beyond the limit.")
    assert "No test went beyond" in str(plots.spike(untested))
