"""What to refuse, and what is served in time then."""

import pytest

from capacity.errors import DomainError
from capacity.models.overload.shedding import (
    Tier,
    admit_alike,
    admit_by_tier,
    goodput,
    places_for,
    queue_limit,
)
from capacity.models.stations.bounded import MMcK

SPIKE = [Tier("paid", 100, 0.02), Tier("free", 250, 0.001), Tier("bots", 150, 0.0)]


def test_tiers_protect_what_is_worth_most():
    """T3, T4: 2.15 a second against 1.125 without tiers."""
    tiered, alike = admit_by_tier(SPIKE, 250), admit_alike(SPIKE, 250)
    assert (tiered.value, alike.value) == pytest.approx((2.15, 1.125))
    assert tiered.admitted == (100, 150, 0)
    assert tiered.throughput == alike.throughput == 250


def test_below_capacity_all_are_admitted():
    """Neither way refuses anything then."""
    offered = tuple(tier.arrival_rate for tier in SPIKE)
    assert admit_by_tier(SPIKE, 600).admitted == admit_alike(SPIKE, 600).admitted == offered


def test_queue_limit_from_a_latency_budget():
    """levers.md L5: half a second at 300 req/s is 150; 0.3 s x 10 are 3 in spite of rounding."""
    assert queue_limit(300, 0.5) == 150
    assert queue_limit(10, 0.3) == 3


def test_the_last_place_still_keeps_the_slo():
    """Of c + c μ (SLO - s): the mean wait of who takes the last place is within the budget, one more is not."""
    places = places_for(37.5, 8, slo=0.5, service_time=0.1)
    assert (places - 8) / 300 <= 0.4 < (places + 1 - 8) / 300


def test_a_short_queue_keeps_goodput_in_overload():
    """At 500 req/s on 300, half a second of queue serves at least 270 in time; a long queue serves nothing."""
    assert goodput(MMcK(500, 37.5, 8, 8 + 150), deadline=1.0) >= 270
    assert goodput(MMcK(500, 37.5, 8, 1000), deadline=1.0) < 1


def test_without_a_deadline_goodput_is_throughput():
    """In the limit everything served counts."""
    station = MMcK(500, 300, 1, 10)
    assert goodput(station, deadline=1e3) == pytest.approx(station.throughput)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Tier("paid", -1, 0.02), "arrival rate -1"),
        (lambda: admit_by_tier([], 250), "no tier"),
        (lambda: admit_alike(SPIKE, -1), "capacity -1"),
        (lambda: queue_limit(300, 0), "wait 0"),
        (
            lambda: places_for(37.5, 8, 0.5, 0.6),
            r"service time of 0\.6 s leaves no time to wait within 0\.5 s",
        ),
        (lambda: goodput(MMcK(500, 300, 1, 10), 0), "deadline 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        call()
