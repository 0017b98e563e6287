"""Pictures against the load: response times, and good answers."""

import pandas as pd
import pytest

from capacity.display import Prose
from capacity.estimate import Estimate
from capacity.evidence.limits import Capacity, Slo
from capacity.report import plots

COLUMNS = ["test", "kind", "start", "duration", "offered", "goodput", "error_rate", "state"]


def rate(value=None, low=0.0, high=0.0):
    """A rate with its interval."""
    return Estimate(value, low, high, unit="req/s", method="", provenance="measured")


def at_least(low):
    """A rate known from below."""
    return Estimate.at_least(low, unit="req/s", method="", provenance="measured")


def at_most(high):
    """A rate known from above."""
    return Estimate.at_most(high, unit="req/s", method="", provenance="measured")


def capacity(status, limit=None, slo=None, rows=None):
    """Two judged steps and what they prove."""
    rows = rows or [
        ["t", "plateau", 0.0, 60.0, 100.0, 100.0, 0.0, "healthy"],
        ["t", "plateau", 60.0, 60.0, 400.0, 290.0, 0.3, "saturated"],
    ]
    return Capacity(status, "Because.", limit, None, slo or {}, pd.DataFrame(rows, columns=COLUMNS))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (capacity("established", rate(290.0, 285.0, 295.0)), "no more than 290 req/s"),
        (capacity("at least", at_least(180.0)), "never found the limit: 180 req/s"),
        (capacity("at most", at_most(90.0)), "too much, from 90 req/s on"),
        (capacity("not established"), "No step shows"),
    ],
)
def test_message_fits_what_was_proven(found, message):
    """The title claims no more than the status of the capacity."""
    assert message in plots.offered_achieved(found).alt.split(".")[0]


def test_saturation_is_a_band_with_a_label(words_of):
    """An established limit is named beside its band."""
    picture = plots.offered_achieved(capacity("established", rate(290.0, 285.0, 295.0)))
    assert {"saturation", "290 req/s"} <= set(words_of(picture))


def test_marks_differ_in_shape(words_of):
    """Served and unserved loads are told apart by words and shape, not by colour alone."""
    picture = plots.offered_achieved(capacity("established", rate(290.0, 285.0, 295.0)))
    assert {"served", "too much"} <= set(words_of(picture))
    assert "crosses" in picture.caption


def test_nothing_judged_no_picture():
    """Without a step there is a sentence in place of the picture."""
    nothing = Capacity("not established", "No requests.", None, None, {}, pd.DataFrame([], columns=COLUMNS))
    assert "No requests." in str(plots.offered_achieved(nothing))
    assert isinstance(plots.response_times(nothing, {}), Prose)


def test_only_the_deployment_judged_is_drawn(study):
    """Steps against other numbers of instances do not enter the response times of one."""
    picture = plots.response_times(study.capacity, study.steps)
    own = {role: steps for role, steps in study.steps.items() if study.tests[role].instances == 1}
    assert picture.svg == plots.response_times(study.capacity, own).svg


def test_objectives_are_rules(study, words_of):
    """Each objective is drawn and named; without objectives none is."""
    with_goals = words_of(plots.response_times(study.capacity, study.steps, slo=study.slo))
    assert {f"goal for P{100 * q:g}" for q in study.slo.quantiles} <= set(with_goals)
    assert not any("goal" in text for text in words_of(plots.response_times(study.capacity, study.steps)))


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (rate(265.0, 250.0, 285.0), "within 180 ms up to about 265 req/s"),
        (rate(None, 250.0, 285.0), "within 180 ms up to about 250 req/s"),
        (at_least(285.0), "at every load tested, up to 285 req/s"),
        (at_most(20.0), "at no load tested, from 20 req/s on"),
    ],
)
def test_response_time_message_fits_what_was_proven(study, limit, message):
    """The title states the SLO capacity as what it is: a value, a bracket or a bound."""
    found = Capacity("established", "", None, None, {"p95": limit, "all": limit}, study.capacity.judged)
    picture = plots.response_times(found, study.steps, slo=Slo({0.95: 0.18}))
    assert message in picture.alt.split(". ")[0]


def test_model_is_drawn_when_calibrated(study):
    """The calibrated station adds its line, and the caption says what dashes mean."""
    with_model = plots.response_times(study.capacity, study.steps, service=study.service)
    assert "dashed" in with_model.caption
    assert "dashed" not in plots.response_times(study.capacity, study.steps).caption
