"""Classes of different urgency, against what is known for one server and by hand."""

import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.distributions import Constant, Exponential
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.priority import PriorityQueue, Traffic, _interrupted, _overtaken
from capacity.models.stations.queueing import MMc

CLASSES = (Traffic(Poisson(0.2), Exponential(1.0)), Traffic(Poisson(0.5), Exponential(1.0)))


def inside(estimate, value):
    """Whether a value lies in an interval."""
    return estimate.low <= value <= estimate.high


def test_waits_without_interruption():
    """Cobham 1954: W0 / (1 - s1) and W0 / ((1 - s1) (1 - s2)), with W0 = 0.7, s1 = 0.2, s2 = 0.7."""
    first, second = PriorityQueue(CLASSES).simulate(400_000, seed=1)
    assert inside(first.estimate("waiting_time"), 0.7 / 0.8)
    assert inside(second.estimate("waiting_time"), 0.7 / (0.8 * 0.3))


def test_waits_with_interruption():
    """The urgent class sees M/M/1 alone; the other 1 / 0.8 + 0.7 / (0.8 * 0.3) in all."""
    first, second = PriorityQueue(CLASSES, preemptive=True).simulate(400_000, seed=1)
    assert inside(first.estimate("response_time"), 1 / 0.8)
    assert inside(first.estimate("wait_probability"), 0.2)
    assert inside(second.estimate("response_time"), 1 / 0.8 + 0.7 / (0.8 * 0.3))


def test_order_does_not_change_all_waiting():
    """With one law of service for all, the mean over both classes is that of M/M/c without classes."""
    classes = (Traffic(Poisson(1.0), Exponential(1.0)), Traffic(Poisson(1.4), Exponential(1.0)))
    paths = PriorityQueue(classes, servers=3).simulate(300_000, seed=2)
    mean = sum(path.waiting_time * path.requests for path in paths) / sum(path.requests for path in paths)
    assert mean == pytest.approx(MMc(2.4, 1.0, 3).waiting_time, rel=0.05)
    assert paths[0].waiting_time < paths[1].waiting_time


def test_paths_by_hand():
    """A long request, then one of its class, then an urgent one."""
    times, work, kind = np.array([0.0, 1.0, 2.0]), np.array([4.0, 1.0, 1.0]), np.array([1, 1, 0])
    assert _overtaken(times, work, kind, 1) == pytest.approx([0.0, 4.0, 2.0])
    assert _interrupted(times, work, kind) == pytest.approx([1.0, 4.0, 0.0])


def test_one_class_is_first_come_first_served():
    """Without a second class interruption changes nothing."""
    waits = [
        PriorityQueue(CLASSES[1:], preemptive=cut).simulate(2_000, seed=3)[0].waiting for cut in (False, True)
    ]
    assert waits[0] == pytest.approx(waits[1], abs=1e-9)


def test_classes_keep_their_counts():
    """Each class has its share of the requests."""
    first, second = PriorityQueue(CLASSES).simulate(70_000, seed=4, warm_up=0.0)
    assert first.requests == pytest.approx(20_000, rel=0.05)
    assert second.requests == pytest.approx(50_000, rel=0.05)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: PriorityQueue(()), "0 classes give no requests"),
        (lambda: PriorityQueue(CLASSES, 2, preemptive=True), "preemption is simulated for 1 server, not 2"),
    ],
)
def test_refusals(build, message):
    """What is not simulated is refused."""
    with pytest.raises(DomainError, match=message):
        build()


def test_overload_of_all_classes_is_refused():
    """The work of all classes counts."""
    with pytest.raises(Unstable, match="use at least 2 servers"):
        PriorityQueue((*CLASSES, Traffic(Poisson(0.3), Constant(1.0))))
