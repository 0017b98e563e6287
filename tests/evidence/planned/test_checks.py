"""What `ensure` is told to check: counts of the whole run, and its pooled response time."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.evidence.next_test import Held, NextTest
from capacity.evidence.planned.checks import ensure, metric_of, predicted
from capacity.models.stations.queueing import MMc


class Exponential:
    """One worker of rate 100 a second, known exactly or with some doubt."""

    def __init__(self, doubt=1.0):
        self.doubt = doubt

    def response_time_quantile_at(self, rate, q):
        """As `Service` does."""
        return MMc(arrival_rate=rate, service_rate=100.0, servers=1).response_time_quantile(q)

    def predict(self, rate, q):
        """As `Service` does."""
        value = self.response_time_quantile_at(rate, q)
        return Estimate(
            value, value / self.doubt, value * self.doubt, unit="s", method="", provenance="measured"
        )


def plan(*loads, service=None, per_user=1.0, seconds=100.0, limit=100.0):
    """Plan some loads, of which those below the limit are predicted."""
    phases = tuple(Held(load, load / per_user, seconds, "limit") for load in loads)
    good = [min(load, limit) for load in loads]
    told = [service.predict(load, 0.95) if service and load < limit else None for load in loads]
    good = [
        Estimate(g, 0.99 * g if g == limit else g, g, unit="req/s", method="", provenance="measured")
        for g in good
    ]
    frame = pd.DataFrame({"offered": loads, "goodput": good, "p95": told, "p99": told}, dtype=object)
    return NextTest(phases, (), frame, per_user, service=service)


def expressions(plan, per_user=1.0):
    """Return what is checked beside response times."""
    return [condition["expression"] for condition in ensure(plan, per_user)["conditions"]]


def test_users_answers_and_failures_are_counted_over_the_run() -> None:
    """98% of the users, 97% of the answers that are sure; 1% of the users may fail where all is served."""
    assert expressions(plan(20.0, 60.0)) == [
        "vusers.created >= 7840", "http.responses >= 7760", "vusers.failed <= 80"
    ]  # fmt: skip


def test_users_of_several_requests() -> None:
    """Half as many users as requests."""
    assert expressions(plan(20.0, 60.0, per_user=2.0), 2.0)[0] == "vusers.created >= 3920"


def test_an_overload_may_fail_its_users() -> None:
    """And answers no more than the limit."""
    checks = expressions(plan(40.0, 60.0, 70.0, 130.0))
    assert checks[1:] == [f"http.responses >= {math.floor(0.97 * (17000 + 9900))}", "vusers.failed <= 13170"]


def test_where_most_may_fail_nothing_is_said_of_failures() -> None:
    """A check that hardly can fail is none."""
    assert len(expressions(plan(20.0, 130.0))) == 2


def test_successful_answers_are_counted_where_they_are_separated(station) -> None:
    """Answers 503 count among all responses, so that an overload would pass; not where others than 2xx are good."""
    run = station.run(station.Station(), [(30, 50)])
    mixed = station.run(station.Station(), [(30, 50)], separates=False)
    redirected = replace(run, codes=run.codes.rename(columns={200: 302}))
    assert metric_of([run]) == "http.response_time.2xx"
    assert {metric_of(runs) for runs in ([run, mixed], [], [redirected])} == {"http.response_time"}


def test_one_load_gives_the_model_s_own_quantile() -> None:
    """The P99 of M/M/1, ln(100) / (μ - λ), with the 1% that Artillery's percentiles may be off."""
    most = predicted(plan(50.0, service=Exponential()))
    assert most == {"http.response_time.p99": math.ceil(1010 * math.log(100) / 50)}


def test_several_loads_are_pooled() -> None:
    """The quantile of the mixture of two exponential laws, not a mean of percentiles."""
    loads = np.array([20.0, 80.0])
    rng = np.random.default_rng(1)
    drawn = np.concatenate([rng.exponential(1 / (100 - load), int(4000 * load)) for load in loads])
    assert predicted(plan(*loads, service=Exponential()))["http.response_time.p99"] == pytest.approx(
        1010 * np.quantile(drawn, 0.99), rel=0.02
    )


def test_answers_of_an_overload_count_as_slower_than_any() -> None:
    """Where they are a third of all, the median of the run is the third quartile of the others."""
    found = predicted(plan(65.0, 65.0, 65.0, service=Exponential(), limit=66.0))
    assert list(found) == ["http.response_time.p99"]
    found = predicted(plan(65.0, 65.0, 65.0 + 1e-9, service=Exponential(), limit=65.0 + 1e-9))
    assert found == {"http.response_time.p50": math.ceil(1010 * math.log(4) / 35)}


def test_too_many_of_them_leave_nothing_to_predict() -> None:
    """With more than half of the answers at an overload not even the median is told."""
    assert predicted(plan(40.0, 130.0, service=Exponential())) == {}


def test_the_doubt_of_the_model_widens_the_check() -> None:
    """By the upper end of its interval."""
    sure, unsure = (predicted(plan(50.0, service=Exponential(doubt))) for doubt in (1.0, 1.5))
    assert unsure["http.response_time.p99"] == pytest.approx(1.5 * sure["http.response_time.p99"], rel=0.02)


def test_without_a_model_no_response_time_is_checked() -> None:
    """A number that nothing predicts is no check."""
    assert ensure(plan(20.0, 60.0), 1.0)["thresholds"] == []
