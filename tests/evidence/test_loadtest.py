"""One load test: what counts as good, unanswered, the generator's fault; balance and rates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.evidence.loadtest import (
    SUMMARY,
    empty_times,
    failing,
    is_generator,
    is_timeout,
    is_unanswered,
    matches,
)


@pytest.fixture
def run(station):
    """A minute at 420 req/s on a station for 300."""
    return station.run(station.Station(), [(60, 420)], offset=4.0)


@pytest.mark.parametrize(
    ("error", "unanswered", "generator", "timeout"),
    [
        ("ETIMEDOUT", True, False, True),
        ("ESOCKETTIMEDOUT", True, False, True),
        ("ECONNRESET", True, False, False),
        ("connect ECONNREFUSED 1.2.3.4:80", True, False, False),
        ("EADDRNOTAVAIL", True, True, False),
        ("connect EAGAIN ::1:3000 - Local (:::0)", True, True, False),
        ("EMFILE", True, True, False),
        ("page.fill: Timeout 30000ms exceeded.", True, False, True),
        ("Failed capture or match", False, False, False),
        ("Error: JWT token no provided..", False, False, False),
    ],
)
def test_what_an_error_name_means(error, unanswered, generator, timeout):
    """Error names tell a missing answer from a failed check, and the service's fault from the generator's."""
    assert (is_unanswered(error), is_generator(error), is_timeout(error)) == (unanswered, generator, timeout)


@pytest.mark.parametrize(
    ("code", "patterns", "expected"),
    [
        (503, ("429", "5xx"), True),
        (429, ("429", "5XX"), True),
        (404, ("429", "5xx"), False),
        (404, ("4xx",), True),
    ],
)
def test_status_code_patterns(code, patterns, expected):
    """`5xx` stands for a class, in either case."""
    assert matches(code, patterns) is expected
    assert failing({code: 7, 200: 3}, patterns) == (7 if expected else 0)


def test_good_answers_leave_out_the_failing_codes(run):
    """Answers less those with a failing code are good; which codes fail is the plan's choice."""
    assert run.good.sum() == run.codes[200].sum()
    assert replace(run, error_codes=("429",)).good.sum() == run.periods["responses"].sum()


def test_endpoint_failures_follow_the_error_codes(run):
    """Naming other error codes changes what failed at each endpoint, and keeps what was never answered."""
    frame = pd.DataFrame([[10.0, 5.0]], columns=["requests", "failures"], index=["/"])
    named = replace(run, endpoints=frame, endpoint_codes={"/": {200: 4, 404: 2, 503: 3}})
    assert named.named("x").endpoints.loc["/", "failures"] == 5
    assert named.named("x", error_codes=("4xx", "5xx")).endpoints.loc["/", "failures"] == 7
    assert named.named("x", error_codes=()).endpoints.loc["/", "failures"] == 2
    assert frame.loc["/", "failures"] == 5


def test_requests_in_flight_balance(run):
    """Sent less answered less given up is in flight, and nothing is left at the end."""
    assert run.in_flight.iloc[-1] == 0
    assert run.in_flight.max() > 500


def test_rates_are_counts_over_time(run):
    """Per-period rates use each period's own span; concurrency is throughput times response time."""
    rates = run.rates()
    whole = rates[rates["span"] == 10].iloc[:5]
    assert whole["offered"].to_numpy() == pytest.approx(420, rel=0.01)
    assert (rates["concurrency"] - rates["throughput"] * rates["mean"]).abs().max() == 0


def test_a_period_of_no_length_has_no_rate(run):
    """A slice with a single event spans no time: its rates are unknown, not infinite."""
    periods = run.periods.assign(span=[0.0, *run.periods["span"].iloc[1:]])
    rates = replace(run, periods=periods).rates()
    assert rates.loc[0, ["offered", "throughput", "goodput"]].isna().all()


def test_error_rate_of_ended_requests(run):
    """Failed answers and time-outs over all that ended; unknown where nothing ended."""
    rate = run.error_rate(run.periods.index)
    assert 0.2 < rate.iloc[2] < 0.35
    nothing = replace(run, periods=run.periods.assign(responses=0.0), codes=run.codes * 0)
    assert nothing.error_rate([1]).isna().all()


def test_service_times_prefer_successful_answers(station):
    """Where the tool separates successes their times are used: fast refusals do not make a service fast."""
    apart = station.run(station.Station(), [(60, 420)], offset=4.0)
    mixed = station.run(station.Station(), [(60, 420)], offset=4.0, separates=False)
    assert (apart.separates_success, mixed.separates_success) == (True, False)
    assert apart.mixture([3, 4]).quantile(0.1) > 3 * mixed.mixture([3, 4]).quantile(0.1)


def test_raw_times_are_used_where_no_summary_is_purer(station):
    """Raw values give exact quantiles, unless only the summaries tell successes apart."""
    mixed = station.run(station.Station(), [(20, 50)], offset=0.0, separates=False)
    raw = type("Raw", (), {"values": np.array([0.01, 0.02]), "counts": np.array([3, 1])})()
    assert replace(mixed, samples=(raw, raw, raw)).mixture([0, 1]).exact
    assert not replace(mixed, samples=(raw, None, raw)).mixture([0, 1]).exact


def test_named_keeps_the_rest(run):
    """A role, an instance count and error codes are all that naming changes."""
    named = run.named("stress", instances=2, error_codes=["5xx"])
    assert (named.name, named.instances, named.error_codes, named.file) == ("stress", 2, ("5xx",), run.file)


def test_length_and_emptiness(run):
    """The run lasts to the end of its last period; without periods it lasts no time."""
    assert run.duration == pytest.approx(62, abs=3)
    assert replace(run, periods=run.periods.iloc[:0]).duration == 0
    assert run.has_http
    assert not replace(run, totals={"requests": None, "responses": 0}).has_http
    assert list(empty_times(2).columns) == list(SUMMARY)
