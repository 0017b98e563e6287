"""Fan-out and hedging."""

import mpmath
import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.tails import Hedged, any_exceeds, calls_needed, per_call_quantile
from capacity.models.stations.bounded import MMcK
from capacity.models.stations.queueing import MM1, MMc


def test_one_slow_call_in_a_hundred():
    """O8: 1% slow calls make 63.4% slow requests (Dean and Barroso 2013, p. 75)."""
    assert any_exceeds(0.01, 100) == pytest.approx(0.634, rel=0.0005)


def test_rare_events_keep_their_digits():
    """1 - (1 - 1e-18)^5 is 5e-18."""
    with mpmath.workdps(60):
        exact = 1 - (1 - mpmath.mpf(1e-18)) ** 5
    assert any_exceeds(1e-18, 5) == pytest.approx(float(exact), rel=1e-14)


def test_both_questions_are_inverse():
    """With the quantile needed of each call, as many requests are late as allowed; arrays too."""
    calls = np.array([1.0, 10.0, 2000.0])
    assert any_exceeds(1 - per_call_quantile(0.99, calls), calls) == pytest.approx(0.01, rel=1e-9)


def test_the_ends_of_the_range():
    """No call is never late; certain lateness stays certain."""
    assert any_exceeds(1.0, 0) == 0
    assert any_exceeds(1.0, 3) == 1


@pytest.mark.parametrize("station", [MM1(60, 100), MMc(250, 37.5, 8)])
def test_the_second_calls_feed_their_own_load(station):
    """The extra load is P(T > delay) under the load that it makes, and the smallest such load."""
    hedged = Hedged(station, delay=0.15)
    assert hedged.extra_load > station.response_time_survival(0.15)
    assert hedged.extra_load == pytest.approx(hedged.loaded.response_time_survival(0.15), rel=1e-9)


def test_drawn_times_follow_the_law():
    """min(T1, d + T2) with both exponential: mean and P99 of many draws."""
    hedged = Hedged(MM1(40, 100), delay=0.05)
    rng = np.random.default_rng(3)
    first, second = rng.exponential(1 / (100 - hedged.loaded.arrival_rate), (2, 300_000))
    times = np.minimum(first, 0.05 + second)
    assert hedged.response_time == pytest.approx(times.mean(), rel=0.005)
    assert hedged.response_time_quantile(0.99) == pytest.approx(np.quantile(times, 0.99), rel=0.01)
    assert hedged.response_time_survival(0.05) == pytest.approx((times > 0.05).mean(), rel=0.02)


def test_hedging_late_changes_nothing():
    """With a delay that nothing exceeds it is the station as it was."""
    station = MMc(100, 50, 4)
    hedged = Hedged(station, delay=2.0)
    assert hedged.extra_load == pytest.approx(0, abs=1e-9)
    assert hedged.response_time_quantile(0.99) == pytest.approx(
        station.response_time_quantile(0.99), rel=1e-9
    )
    assert hedged.response_time == pytest.approx(station.response_time, rel=1e-8)


def test_hedging_at_once_doubles_the_load():
    """Without delay every call is made twice; the faster counts."""
    hedged = Hedged(MM1(30, 100), delay=0.0)
    assert hedged.loaded.arrival_rate == pytest.approx(60)
    assert hedged.response_time == pytest.approx(1 / (2 * 40), rel=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Hedged(MM1(60, 100), 0.0), "second calls after 0 s saturate the station"),
        (lambda: Hedged(MM1(60, 100), -1), "delay -1"),
        (lambda: Hedged(MMcK(60, 100, 1, 5), 0.1), "a station that refuses requests"),
        (lambda: any_exceeds(1.2, 3), r"probability 1\.2"),
        (lambda: any_exceeds(0.2, -3), "calls -3"),
        (lambda: per_call_quantile(1.2, 3), r"quantile 1\.2"),
        (lambda: per_call_quantile(0.9, 0), "calls 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        call()


def test_calls_needed_for_a_trace():
    """O7: at 10% sampling 44 failing requests leave a trace with 99%, 43 do not."""
    assert calls_needed(0.10, 0.99) == 44
    assert any_exceeds(0.10, 43) < 0.99 <= any_exceeds(0.10, 44)
