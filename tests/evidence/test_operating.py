"""Operating points: what was served, what was too much, what tells of neither."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.evidence.operating import operating_points
from capacity.evidence.steps import find_steps


def states(*tests):
    """Return (rounded rate offered, state) in time order."""
    points = operating_points(tests, [s for test in tests for s in find_steps(test)])
    return [(round(p.step.offered), p.state) for p in points]


def kinds(*tests):
    """Return the states that occur."""
    return {state for _, state in states(*tests)}


def steady(code, share):
    """Refuse a share of the requests, whatever the load."""
    return lambda arrivals, rng: np.where(rng.random(len(arrivals)) < share, code, 0)


def limited(share, per_second):
    """Answer 429 to a share of the requests beyond a rate of their own."""

    def refused(arrivals, rng):
        mine = np.flatnonzero(rng.random(len(arrivals)) < share)
        within = np.concatenate([[True], np.diff(np.floor(arrivals[mine] * per_second)) > 0])
        return np.bincount(mine[~within], minlength=len(arrivals)) * 429

    return refused


LOADS = [(30, 60), (30, 120), (30, 180), (30, 240)]


@pytest.mark.parametrize("code", [500, 503, 429])
@pytest.mark.parametrize("separates", [True, False])
def test_a_constant_share_of_errors_is_not_saturation(station, code, separates):
    """Errors that come at every load say nothing about how much can be carried."""
    run = station.run(station.Station(), LOADS, refused=steady(code, 0.2), separates=separates)
    assert kinds(run) == {"healthy"}


def test_a_rate_limit_on_one_endpoint_is_not_saturation(station):
    """A fifth of the traffic meets its limit; the service does not."""
    assert kinds(station.run(station.Station(), LOADS, refused=limited(0.2, 20))) == {"healthy"}


def test_a_rate_limit_on_everything_is_a_ceiling(station):
    """Where goodput stops rising with the load, refusing politely is a limit all the same."""
    run = station.run(station.Station(), [(60, rate) for _, rate in LOADS], refused=limited(1.0, 100))
    found = [state for _, state in states(run)]
    assert (found[0], found[-1]) == ("healthy", "saturated")


@pytest.mark.parametrize("law", ["deterministic", "exponential", "hyperexponential"])
def test_loads_beyond_capacity_are_saturated(station, law):
    """Of 150, 250, 360 and 450 req/s on a station for 300 the last two are too much."""
    found = states(station.run(station.Station(law=law), [(40, r) for r in (150, 250, 360, 450)], offset=0.0))
    assert [state for rate, state in found if rate in (150, 250)] == ["healthy", "healthy"]
    assert {state for rate, state in found if rate > 350} == {"saturated"}


def test_working_off_an_overload_is_no_operating_point(station):
    """After an overload whose clients time out, the periods until the queue is gone are draining, not saturated."""
    run = station.run(station.Station(queue=10**6), [(40, 150), (30, 450), (80, 200)], offset=0.0)
    after = [state for rate, state in states(run)][-2:]
    assert after == ["draining", "healthy"]


def test_a_ramp_is_cut_where_answers_begin_to_be_missing(station):
    """A ramp through the capacity is healthy up to it and saturated beyond; both loads lie around 300 req/s."""
    run = station.run(station.Station(), [(150, 20, 600)])
    healthy, saturated = [p for p in operating_points([run], find_steps(run)) if p.step.kind == "ramp"][:2]
    assert (healthy.state, saturated.state) == ("healthy", "saturated")
    assert 240 < healthy.load < 315
    assert 300 < saturated.load < 400


def test_time_outs_that_end_every_answer(station):
    """A ramp that ends in nothing but time-outs is still healthy at its beginning."""
    found = states(station.run(station.Station(queue=10**6), [(200, 10, 500)]))
    assert [state for _, state in found][:2] == ["healthy", "saturated"]


def test_slow_answers_under_way_are_not_missing(station):
    """With answers that take 3 s, requests in flight grow with a ramp; that is not a queue."""
    slow = station.Station(servers=400, service_time=0.1, delay=3.0)
    assert kinds(station.run(slow, [(100, 2, 60)])) == {"healthy"}


def test_overload_alone_is_seen_without_a_low_load(station):
    """Two loads, both too much: no answer may pass for healthy, though errors are not told apart."""
    run = station.run(station.Station(), [(40, 390), (40, 480)], separates=False, offset=0.0)
    assert kinds(run) == {"saturated"}


def test_a_period_that_reaches_into_the_next_load_does_not_decide(station):
    """One straddling period at the end of a plateau does not make the plateau saturated."""
    small = station.Station(servers=1, service_time=0.01, queue=100, law="hyperexponential")
    found = states(station.run(small, [(60, 50), (60, 150), (60, 70)], seed=4, poisson=True))
    assert found[0][1] == "healthy"


def test_few_requests_are_no_point(station):
    """Less than thirty requests make no share worth a verdict."""
    assert states(station.run(station.Station(), [(20, 1)], offset=0.0)) == []


def test_tests_with_other_endpoints_are_judged_on_their_own(station):
    """Two runs whose requests differ have different failures at low load."""

    def mixed(run, shares):
        requests = pd.DataFrame({"requests": shares, "failures": [0.0, 0.0]}, index=["/", "/health"])
        return replace(run, endpoints=requests)

    fine = mixed(station.run(station.Station(), [(30, 60), (30, 120)], name="a"), [900.0, 100.0])
    other = station.run(station.Station(), [(30, 60), (30, 120)], refused=steady(503, 0.6), name="b")
    assert kinds(fine, mixed(other, [400.0, 600.0])) == {"healthy"}
    assert "saturated" in kinds(fine, mixed(other, [900.0, 100.0]))


def test_a_short_spike_does_not_excuse_a_lasting_overload(station):
    """Where clients give up, a spike that ends before its queue is full is answered better than a lasting overload."""
    phases = [(60, 100), (60, 200), (60, 500), (90, 60), (20, 700), (90, 60)]
    found = states(station.run(station.Station(queue=100_000), phases, offset=3.0))
    assert [state for load, state in found[:2]] == ["healthy", "healthy"]
    assert "saturated" in [state for load, state in found if 450 < load < 550]
