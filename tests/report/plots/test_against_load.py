"""Pictures against the load: response times, and good answers."""

from dataclasses import replace

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
        (capacity("established", rate(290.0, 285.0, 295.0)), "about 290 req/s are answered well"),
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
    assert "crosses: the load was not served" in picture.caption
    served = [["t", "plateau", 0.0, 60.0, 100.0, 100.0, 0.0, "healthy"]]
    assert "crosses" not in plots.offered_achieved(capacity("at least", at_least(180.0), rows=served)).caption


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
    """Each objective is drawn and named with its value; without objectives none is."""
    with_goals = words_of(plots.response_times(study.capacity, study.steps, slo=study.slo))
    assert {"P95 ≤ 180 ms", "P99 ≤ 1,000 ms"} <= set(with_goals)
    assert not any("≤" in text for text in words_of(plots.response_times(study.capacity, study.steps)))


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (rate(265.0, 250.0, 285.0), "within 180 ms up to about 265 req/s"),
        (rate(None, 250.0, 285.0), "within 180 ms up to 250 req/s at least, 285 at most"),
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


def test_production_decides_where_it_is_known(study):
    """The message speaks of production, whose arrivals are irregular, where the model tells of it."""
    title = plots.response_times(study.capacity, study.steps, slo=study.slo).alt.split(". ")[0]
    assert f"in production up to about {study.capacity.production['all'].value:.0f} req/s" in title


def test_an_objective_that_is_no_response_time_is_said_to_decide(study):
    """Where errors decide, the title does not speak of milliseconds."""
    limits = {"p95": rate(280.0, 270.0, 290.0), "error_rate": rate(250.0, 240.0, 260.0)}
    found = replace(study.capacity, slo={**limits, "all": limits["error_rate"]}, production={})
    assert (
        "All objectives are kept up to about 250 req/s"
        in plots.response_times(found, study.steps, slo=study.slo).alt
    )


def test_a_model_that_is_refused_is_not_drawn(study):
    """A model that is too far off leaves the measurements alone."""
    wrong = replace(study.service, checks=study.service.checks.assign(mean_error=2.0))
    plain = plots.response_times(study.capacity, study.steps, slo=study.slo)
    assert plots.response_times(study.capacity, study.steps, slo=study.slo, service=wrong).svg == plain.svg


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_any_size_is_drawn(factor, words_of):
    """Rates of any size leave the panel its room."""
    rows = [
        ["t", "plateau", 0.0, 60.0, 100.0 * factor, 100.0 * factor, 0.0, "healthy"],
        ["t", "plateau", 60.0, 60.0, 400.0 * factor, 290.0 * factor, 0.3, "saturated"],
    ]
    found = capacity("established", rate(290.0 * factor, 285.0 * factor, 295.0 * factor), rows=rows)
    assert {"served", "too much"} <= set(words_of(plots.offered_achieved(found)))
