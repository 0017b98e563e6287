"""Bounds and target of an autoscaler."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.planning.fleet.autoscaling import Autoscaling, autoscaling, instances_for

SPARE = [0, *(300.0 * (size - 1) for size in range(1, 7))]
"""Safe load of 0 to 6 instances of 300 req/s of which one may be lost (S3: 225 each at 4, S4: 250 from 6)."""


def test_no_size_is_given_more_than_is_safe() -> None:
    """Whatever the load up to the whole fleet's, the instances that run may lose one."""
    chosen = autoscaling(SPARE, loads=[400, 900, 1300], rare_peak=1600)
    for load in np.linspace(1, chosen.target * 6, 200):
        assert SPARE[min(chosen.instances(load), 6)] >= load * (1 - 1e-9)


def test_the_least_number_has_the_fewest_instance_hours() -> None:
    """Steady load wants the whole fleet and its larger share; a quiet service few instances; worked by hand."""
    assert autoscaling(SPARE, [1300] * 10, 1500) == Autoscaling(6, 6, 250.0)
    assert autoscaling(SPARE, [100] * 99 + [1300], 1500) == Autoscaling(2, 10, 150.0)
    assert autoscaling(SPARE, [400, 900, 1300], 1600) == Autoscaling(4, 8, 225.0)


def test_without_loads_the_whole_fleet_runs() -> None:
    """And the largest number is for the rare peak."""
    assert autoscaling(SPARE, [], 1600) == Autoscaling(6, 7, 250.0)


def test_nothing_to_lose_lets_one_instance_do() -> None:
    """Where each may be given the same, the least number is one and the target that load."""
    assert autoscaling([0, 100, 200, 300], [10] * 9 + [250], 250) == Autoscaling(1, 3, 100.0)


@pytest.mark.parametrize(("load", "instances"), [(0.0, 1), (70.0, 1), (70.1, 2), (360.0, 6)])
def test_instances_are_counted_as_the_autoscaler_does(load: float, instances: int) -> None:
    """S8: 360 req/s at a target of 70 are 6 instances."""
    assert instances_for(load, 70.0) == instances


def test_a_fleet_that_may_be_given_nothing_is_refused() -> None:
    """One instance that may be lost carries nothing."""
    with pytest.raises(DomainError, match="a fleet of 1 instances may be given nothing"):
        autoscaling([0, 0], [1], 1)
