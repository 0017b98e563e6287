"""A second provider. Numbers from the test vectors of levers.md."""

import pytest

from capacity.errors import DomainError
from capacity.models.overload.failover import delivered_share, parallel_availability, switched_availability


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
