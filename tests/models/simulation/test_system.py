"""What stations can be, and what is refused."""

import pytest

from capacity.errors import DomainError
from capacity.models.distributions import Exponential
from capacity.models.simulation.system import Cache, Deployment, Failures, Node, Scaling, Slowdown

LAW = Exponential(1.0)


def test_most():
    """There are as many replicas as at the start, or as scaling allows."""
    assert Node("app", LAW, replicas=2).most == 2
    assert Node("app", LAW, replicas=2, scaling=Scaling(5)).most == 5


def test_laws():
    """One law serves every kind of request."""
    assert Node("app", LAW).laws(2) == (LAW, LAW)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Node("app", LAW, servers=0), "whole number, 1 or above"),
        (lambda: Node("app", LAW, balancer="best"), "choose among shared, random"),
        (lambda: Node("app", 0.01), r"service of app is 0.01; give a law of times, such as Constant\(0.01\)"),
        (lambda: Node("app", LAW, queue_limit=-1), "0 or above"),
        (lambda: Node("app", LAW, queue_limit=1.5), "queue limit 1.5 is not allowed; give a whole number"),
        (lambda: Node("app", LAW, patience=0.0), "above 0"),
        (lambda: Node("app", LAW, replicas=9, scaling=Scaling(5)), "outside its scaling, 1 to 5"),
        (lambda: Node("app", LAW, servers=None, scaling=Scaling(5)), "no target"),
        (lambda: Scaling(2, least=3), "more than the most, 2"),
        (lambda: Cache(1.0, LAW, 10.0), "between 0 and 1"),
        (lambda: Failures(0.0, 1.0), "above 0"),
        (lambda: Slowdown("app", 5.0, 4.0, 2.0), "length of slowdown -1"),
        (lambda: Deployment("app", -1.0, 2.0), "0 or above"),
    ],
)
def test_refused(make, message):
    """What makes no sense is refused with what does."""
    with pytest.raises(DomainError, match=message):
        make()
