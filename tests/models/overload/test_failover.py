"""A second provider. Numbers from the test vectors of levers.md."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.failover import (
    delivered_share,
    enough_availability,
    failover_availability,
    parallel_availability,
    serial_availability,
    switched_availability,
)


def test_independent_providers():
    """F1: three at 0.001."""
    assert 1 - parallel_availability([0.001] * 3) == pytest.approx(1e-9, rel=1e-6)


def test_common_causes_decide():
    """F2: 5% of failures in common leave 0.99995."""
    assert parallel_availability([0.001] * 3, common_cause=0.05) == pytest.approx(0.99995, abs=5e-9)


def test_one_provider_is_as_available_as_it_is():
    """Whatever share is called common."""
    assert parallel_availability([0.01], common_cause=0.3) == pytest.approx(0.99)


def test_a_switch_that_may_fail():
    """F4; with a perfect switch it is two in parallel."""
    assert switched_availability(0.99, 0.99, 0.95) == pytest.approx(0.999405)
    assert switched_availability(0.99, 0.9, 1.0) == pytest.approx(parallel_availability([0.01, 0.1]))


def test_quotas_bound_what_is_delivered():
    """F3: 2 a second and 2000 a day take 51% of 5 a second for an hour; never more than all."""
    assert delivered_share(5, 3600, 2, 2000) == pytest.approx(0.5111, rel=0.0005)
    assert delivered_share(5, 10, 10) == 1


def test_parts_in_a_row():
    """A1: all of three are needed."""
    assert serial_availability([0.9999, 0.9995, 0.99]) == pytest.approx(0.989406, abs=5e-7)


@pytest.mark.parametrize(("needed", "of"), [(1, 1), (3, 4), (2, 5), (5, 5)])
def test_enough_of_many_by_counting(needed, of):
    """S2 and others: simulated, part by part."""
    up = np.random.default_rng(1).random((400_000, of)) < 0.9
    assert enough_availability(0.9, needed, of) == pytest.approx((up.sum(axis=1) >= needed).mean(), abs=0.002)


def test_common_causes_set_a_floor():
    """L4: MTTF 30 d and 20 min repair make 3 of 4 lose 0.67 min a year, and 12.2 with 5% common causes."""
    up = 1 - 20 / (30 * 1440 + 20)
    alone, common = ((1 - enough_availability(up, 3, 4, beta)) * 525_600 for beta in (0.0, 0.05))
    assert alone == pytest.approx(0.67, abs=0.01)
    assert common - alone == pytest.approx(12.2, abs=0.15)


def test_failover_has_its_limits():
    """A perfect switch is two in parallel, none is the first alone, quotas deliver their share."""
    both = [0.01, 0.02]
    assert failover_availability(both) == pytest.approx(parallel_availability(both))
    assert failover_availability(both, coverage=0) == pytest.approx(0.99)
    assert failover_availability([0.01, 0.0], delivered=0.5) == pytest.approx(0.995)
    assert failover_availability(both, coverage=np.array([0.0, 1.0])) == pytest.approx([0.99, 0.9998])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: enough_availability(0.9, 4, 3), "4 parts needed of 3"),
        (lambda: enough_availability(1.1, 1, 3), r"availability 1\.1"),
        (lambda: serial_availability([0.9, -1]), "availability -1"),
    ],
)
def test_impossible_parts_are_refused(call, message):
    """With the value."""
    with pytest.raises(DomainError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parallel_availability([1.2]), r"unavailability 1\.2"),
        (lambda: parallel_availability([]), "no provider"),
        (lambda: switched_availability(0.9, 0.9, -1), "coverage -1"),
        (lambda: delivered_share(0, 10, 1), "rate 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        call()
