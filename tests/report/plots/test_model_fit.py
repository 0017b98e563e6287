"""Pictures of the model against load levels it has not seen."""

from dataclasses import replace

from capacity.display import Prose
from capacity.report import plots


def test_the_worst_prediction_is_the_message(study):
    """The title has how far P95 is off at most, and where."""
    checks = study.service.checks
    worst = checks["p95_error"].abs().idxmax()
    drawn = plots.model_fit(study.service)
    assert f"off by {100 * abs(checks['p95_error'][worst]):.0f}% at most" in drawn.alt
    assert f"at {checks['offered'][worst]:.0f} req/s" in drawn.alt


def test_every_check_is_told(study):
    """The alternative text holds each measured quantile against its prediction."""
    assert plots.model_fit(study.service).alt.count("predicted;") + 1 >= 3 * len(study.service.checks) - 1


def test_one_load_level_is_enough(study):
    """A single check is drawn and said to be one."""
    drawn = plots.model_fit(replace(study.service, checks=study.service.checks.iloc[:1]))
    assert "The model meets P95 at" in drawn.alt


def test_no_check_no_picture(study):
    """Without a load level left over there is a sentence."""
    assert isinstance(plots.model_fit(replace(study.service, checks=study.service.checks.iloc[:0])), Prose)


def test_a_model_that_is_refused_is_called_too_far_off(study):
    """Where nothing rests on the model, the message says so."""
    checks = study.service.checks
    service = replace(study.service, checks=checks.assign(mean_error=2.0))
    assert "too far off to plan with: it misses the mean by up to 200%" in plots.model_fit(service).alt
