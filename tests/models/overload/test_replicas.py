"""Autoscaler, zones, rolling updates. Numbers from levers.md and the Kubernetes documentation."""

import pytest

from capacity.errors import DomainError
from capacity.models.overload.replicas import (
    RollingUpdate,
    Zones,
    desired_replicas,
    fewest_replicas,
    most_after_scale_up,
    pool_per_replica,
    replicas_for,
    replicas_within,
    safe_load_per_replica,
)


@pytest.mark.parametrize(
    ("current", "metric", "target", "desired"),
    [
        (4, 90, 70, 6),
        (1, 200, 100, 2),
        (2, 50, 100, 1),
        (10, 55, 50, 10),
        (10, 45, 50, 10),
        (10, 55.01, 50, 12),
    ],
)
def test_the_autoscaler(current, metric, target, desired):
    """S8, and the documentation's examples; a ratio of 1.1 is still within the tolerance."""
    assert desired_replicas(current, metric, target) == desired


def test_decimals_are_taken_for_what_they_say():
    """10 x 0.7 / 0.5 is 14, 3 x 0.3 / 0.1 is 9, and 1.1 is within a tenth of 1; as binary numbers they are more."""
    assert desired_replicas(10, 0.7, 0.5) == 14
    assert desired_replicas(3, 0.3, 0.1) == 9
    assert desired_replicas(7, 1.1, 1.0) == 7


def test_scaling_up_is_limited():
    """Four more or twice as many within 15 s."""
    assert [most_after_scale_up(n) for n in (1, 4, 5)] == [5, 8, 10]


@pytest.mark.parametrize(("peak", "zones", "each"), [(900, 2, 9), (900.1, 2, 10), (900, 3, 5), (0.3, 2, 1)])
def test_without_one_zone_the_peak_is_served(peak, zones, each):
    """With one replica fewer in each zone it would not be."""
    fleet = Zones(peak, 100 if peak > 1 else 0.3, zones)
    assert fleet.replicas_per_zone == each
    assert fleet.utilization_after_loss <= 1 + 1e-12
    assert (each - 1) * (zones - 1) * fleet.replica_capacity < peak
    assert fleet.utilization == pytest.approx(fleet.utilization_after_loss * (zones - 1) / zones)


@pytest.mark.parametrize(
    ("given", "most", "least"),
    [
        ((10, 0.25, 0.25), 13, 8),
        ((3, 1, 0), 4, 3),
        ((10, 0.1, 0.3), 11, 7),
        ((4, 0, 1), 4, 3),
        ((1, 0.25, 0.25), 2, 1),
        ((5, 1.0, 1.0), 10, 0),
    ],
)
def test_rolling_updates(given, most, least):
    """Surge rounds up, unavailable down; whole numbers are replicas, fractions are shares, also 1.0."""
    update = RollingUpdate(*given)
    assert (update.most_pods, update.least_available) == (most, least)


def test_the_others_take_over():
    """S3, S4: at 4 replicas 225 each are safe; 250 each only from 6."""
    assert safe_load_per_replica(300, 4) == 225
    assert fewest_replicas(300, 250) == 6
    assert safe_load_per_replica(300, 6) == 250


@pytest.mark.parametrize(("load", "lost"), [(200.0, 1), (0.3, 2), (299.0, 1), (0.0, 3)])
def test_fewest_replicas_is_the_inverse(load, lost):
    """With these it is safe, with one fewer not, or none would be left."""
    fewest = fewest_replicas(300.0, load, lost)
    assert safe_load_per_replica(300.0, fewest, lost) >= load * (1 - 1e-12)
    assert fewest - 1 <= lost or safe_load_per_replica(300.0, fewest - 1, lost) < load


def test_two_versions_share_the_connections():
    """P6: 100 less 3 for 2 versions of 6 replicas are 8 each; pools of 10 are enough for 4 replicas only."""
    assert pool_per_replica(100, 3, replicas=6, environments=2) == 8
    assert replicas_within(100, 3, per_replica=10, environments=2) == 4
    assert pool_per_replica(100, 3, replicas=49, environments=2) == 0


@pytest.mark.parametrize("pool", [1, 7, 12, 50])
def test_the_connections_are_read_either_way(pool):
    """As many replicas as such pools allow get at least such pools; one more gets less."""
    replicas = replicas_within(200, 3, per_replica=pool, environments=2)
    assert pool_per_replica(200, 3, replicas=max(replicas, 1), environments=2) >= pool
    assert pool_per_replica(200, 3, replicas=replicas + 1, environments=2) < pool


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: desired_replicas(4, 90, 0), "target 0"),
        (lambda: desired_replicas(-1, 90, 70), "current -1"),
        (lambda: Zones(900, 100, 1), "1 zone cannot be done without"),
        (lambda: RollingUpdate(4, 0, 0), "no replica can be replaced"),
        (lambda: RollingUpdate(4, 1.5, 0), r"max_surge 1\.5 is not a fraction"),
        (lambda: RollingUpdate(0), "replicas 0"),
        (lambda: safe_load_per_replica(300, 2, 2), "2 of 2 replicas lost leaves none"),
        (lambda: fewest_replicas(300, 300), "leaves nothing to take over with"),
        (lambda: pool_per_replica(100, 3, replicas=0), "replicas 0"),
        (lambda: pool_per_replica(3, 5, replicas=1), "5 connections reserved of 3"),
        (lambda: replicas_within(100, 3, per_replica=0), "per replica 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        call()


def test_replicas_for_a_load():
    """S1: 700 req/s at 250 each are three; decimals count as written."""
    assert replicas_for(700, 250) == 3
    assert (replicas_for(0.3, 0.1), replicas_for(0, 250)) == (3, 1)
