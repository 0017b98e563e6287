"""Backlogs and the lag of scaling. Numbers from the test vectors of levers.md."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.backlog import Backlog, drain_seconds, rise_during, target_utilization


def test_a_step_while_new_instances_start():
    """S6, S7: 500 on 300 for 90 s leaves 18,000, worked off in 180 s at 600."""
    step = Backlog(500, 90, capacity_after=600, capacity_during=300)
    assert (step.requests, step.drain_seconds) == (18_000, 180)


def test_after_an_outage():
    """60 s at 950 req/s take 1140 s at 1000; who came first waited longest."""
    outage = Backlog(950, 60, 1000)
    assert (outage.requests, outage.drain_seconds, outage.longest_delay) == (57_000, 1140, 60)


@pytest.mark.parametrize("during", [0.0, 150.0, 300.0, 500.0])
def test_first_come_first_served_step_by_step(during):
    """Backlog, drain and longest delay agree with the curves of what came and what was served."""
    step = Backlog(500, 90, 600, during)
    came = np.arange(0.0, 90 + step.drain_seconds, 0.01)
    work = 500 * came
    served_at = np.where(work <= during * 90, work / max(during, 1e-9), 90 + (work - during * 90) / 600)
    assert (served_at - came).max() == pytest.approx(step.longest_delay, rel=1e-3, abs=1e-9)
    last = 500 * (90 + step.drain_seconds)
    assert last == pytest.approx(during * 90 + 600 * step.drain_seconds)


def test_reconnects_must_be_spread():
    """D6: 10,000 sockets beside 150 of 300 req/s need 66.7 s."""
    assert drain_seconds(10_000, 150, 300) == pytest.approx(66.7, rel=0.005)


def test_headroom_for_the_lag():
    """S5: a rise of 1 req/s each second over 90 s leaves 0.70 of 300."""
    assert target_utilization(300, 1, 90) == pytest.approx(0.7)
    assert rise_during(np.array([0.0, 1.0]), 90) == pytest.approx([0, 90])


def test_a_faster_image_frees_headroom():
    """B1, L13: 20.4 s less lag are 20.4 req/s at 1 req/s per s."""
    assert rise_during(1, 90) - rise_during(1, 90 - (1200 - 180) / 50) == pytest.approx(20.4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Backlog(1000, 60, 1000), "never works off a backlog beside 1000 req/s"),
        (
            lambda: Backlog(500, 60, 600, capacity_during=501),
            "capacity during 501 is not allowed; give 0 to 500",
        ),
        (lambda: Backlog(500, -1, 600), "seconds -1"),
        (lambda: drain_seconds(10, 300, 200), "a capacity of 200 req/s never"),
        (lambda: target_utilization(300, 10, 90), "rises by 900 req/s within 90 s"),
        (lambda: rise_during(-1, 90), "ramp per second -1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity, the value and what to do."""
    with pytest.raises(DomainError, match=message):
        call()


def test_worlds_drain_at_once():
    """Arrays give one answer each, and one that never drains is named."""
    assert drain_seconds(np.array([100.0, 200.0]), 10, 20) == pytest.approx([10, 20])
    assert target_utilization(np.array([300.0, 600.0]), 1, 90) == pytest.approx([0.7, 0.85])
    with pytest.raises(DomainError, match="a capacity of 5 req/s never works off a backlog beside 10"):
        drain_seconds(100, 10, np.array([20.0, 5.0]))
