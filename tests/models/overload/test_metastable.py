"""A service hit by a trigger. The numbers of levers.md L2: capacity 300, cut to 100 for 30 s."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.metastable import Metastability


def hit(arrival_rate, **given):
    """Run the service of L2 through its trigger."""
    return Metastability(arrival_rate, capacity=300, trigger_capacity=100, **given).run()


def test_below_the_threshold_it_recovers_at_once():
    """90 req/s with 3 attempts stays below C / 3."""
    assert hit(90).recovery_seconds == 0


def test_nobody_comes_for_a_time():
    """A trigger that keeps everybody away, with nothing left to repeat, does no harm."""
    assert hit(90, trigger_arrival_rate=0, retries=0).recovery_seconds == 0


@pytest.mark.parametrize("load", [110, 150, 200, 250])
def test_above_the_threshold_it_never_recovers(load):
    """Goodput is 0 to the end, and the queue grows by 3 λ - C each second."""
    result = hit(load)
    assert result.recovery_seconds == math.inf
    assert result.stuck
    assert result.goodput[-1] == 0
    growth = (result.queue_length[-1] - result.queue_length[-201]) / 10
    assert growth == pytest.approx(3 * load - 300, rel=1e-6)


def test_a_budget_brings_it_back():
    """10% bring 250 req/s back 206 s after the trigger (within 3%), and 270 not in 510 s."""
    assert hit(250, retry_budget=0.1).recovery_seconds == pytest.approx(206, rel=0.03)
    late = hit(270, retry_budget=0.1)
    assert not late.recovered
    assert not late.stuck


def test_without_retries_only_the_backlog_is_worked_off():
    """4500 requests less the 300 that still are in time, at 50 req/s: 84 s."""
    assert hit(250, retries=0).recovery_seconds == pytest.approx(84, abs=0.1)


@pytest.mark.parametrize("remedy", [{"queue_limit": 150}, {"drop_expired": True}])
def test_a_bounded_queue_or_dropping_expired_work_recovers_at_once(remedy):
    """In spite of two retries without a budget."""
    assert hit(250, **remedy).recovery_seconds < 0.2


def test_admission_within_the_capacity_during_the_trigger_keeps_the_queue_short():
    """What is let in is served in time all along; all of it afterwards if the limit is lifted by hand."""
    limited = hit(250, admission_limit=100, retries=0)
    assert limited.queue_length.max() < 1e-6
    assert limited.goodput[-1] == pytest.approx(100)


def test_a_rush_can_be_the_trigger():
    """Ten seconds of 900 req/s leave 250 stuck with two retries, and a backlog of 6000 to work off without."""
    rush = {"capacity": 300, "trigger_capacity": 300, "trigger_seconds": 10, "trigger_arrival_rate": 900}
    assert Metastability(250, **rush).run().stuck
    alone = Metastability(250, retries=0, **rush).run()
    assert alone.recovery_seconds == pytest.approx((6000 - 300) / 50, abs=0.1)
    assert list(alone.to_frame()) == ["time", "goodput", "queue_length"]


def test_an_unhurt_service_answers_everything():
    """Without a cut every request is answered in every step."""
    result = Metastability(250, capacity=300, trigger_capacity=300).run()
    assert result.goodput == pytest.approx(np.full(result.time.size, 250.0))
    assert result.recovery_seconds == 0


@pytest.mark.parametrize(
    ("given", "safe"), [({}, 100), ({"retry_budget": 0.2}, 250), ({"retries": 1}, 150), ({"retries": 0}, 299)]
)
def test_bisection_finds_the_load_that_the_formula_gives(given, safe):
    """C / A_max, to a hundredth of the capacity."""
    service = Metastability(
        1, capacity=300, trigger_capacity=0, trigger_seconds=20, after=200, step=0.1, **given
    )
    assert service.largest_recovering_load() == pytest.approx(safe, abs=3.01)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"arrival_rate": 0}, "arrival rate 0"),
        ({"retries": 1.5}, r"retries 1\.5 is not allowed; give a whole number"),
        ({"retry_budget": -0.1}, r"retry budget -0\.1"),
        ({"step": 0.5}, r"step 0\.5 s is too long for a time-out of 1 s"),
    ],
)
def test_what_makes_no_sense_is_refused(given, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        Metastability(**{"arrival_rate": 90, "capacity": 300, "trigger_capacity": 100} | given)
