"""What all instances share."""

import math

import pytest

from capacity.plan import Limit
from capacity.planning.fleet.shared import Shared


def test_a_resource_ends_by_the_utilization_law() -> None:
    """35% at 200 req/s is 1.75 ms a request: 80% is reached at 457 req/s."""
    shared = Shared.of([Limit(name="database CPU", utilization=0.35, load=200.0)])
    assert shared.rate == pytest.approx(0.8 / (0.35 / 200))
    assert shared.instances is None
    assert not shared.refusal(1000)


def test_connections_end_at_a_number_of_instances() -> None:
    """Levers L1: 97 connections, 8 an instance, two versions at once: six instances and no more."""
    shared = Shared.of([Limit(name="connections", available=97.0, per_instance=8.0, environments=2)])
    assert shared.instances == 6
    assert not shared.refusal(6)
    assert shared.refusal(7) == (
        "connections: 97 for 8 an instance and 2 versions at once, enough for 6 instances"
    )
    assert math.isinf(shared.rate)


def test_a_pool_of_ten_fits_only_without_a_deployment() -> None:
    """Levers L1: 10 x 6 is within 97, 10 x 2 x 6 = 120 is not."""
    each = {"name": "connections", "available": 97.0, "per_instance": 10.0}
    assert not Shared.of([Limit(**each)]).refusal(6)
    assert Shared.of([Limit(**each, environments=2)]).refusal(6)


def test_the_first_to_end_is_the_bottleneck() -> None:
    """Of several the smallest counts, each kind for itself."""
    quota = Limit(name="mail", rate=300.0)
    shared = Shared.of([Limit(name="CPU", utilization=0.5, load=400.0), quota])
    assert shared.rate == 300
    assert shared.of_rate is not None
    assert shared.of_rate.name == "mail"


def test_nothing_given_limits_nothing() -> None:
    """Absent is unknown, and does not refuse."""
    assert math.isinf(Shared().rate)
    assert Shared().instances is None
    assert str(Shared()) == "no shared limit is given"
