"""What is asked of a path: means over time, quantiles, intervals and the inverse questions."""

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.distributions import Exponential
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.priority import PriorityQueue, Traffic
from capacity.models.simulation.queue import Queue
from capacity.models.simulation.simulated import Simulated
from capacity.models.stations.queueing import MMc

PATH = Queue(Poisson(40.0), Exponential(0.1), 5).simulate(300_000, seed=3)
EXACT = MMc(40.0, 10.0, 5)
MEANS = [
    "waiting_time", "response_time", "wait_probability", "utilization", "throughput", "queue_length", "concurrency",
]  # fmt: skip


def by_hand():
    """Three requests of 2 s at one server, the second in the queue for 1 s."""
    return Simulated(np.array([0.0, 1.0, 10.0]), np.array([0.0, 1.0, 0.0]), np.full(3, 2.0), 1, 0)


@pytest.mark.parametrize("name", MEANS)
def test_means_agree_with_the_closed_form(name):
    """Each mean of M/M/c lies in its own 99 % interval and is the value of that interval."""
    found = PATH.estimate(name)
    assert found.low <= getattr(EXACT, name) <= found.high
    assert found.value == getattr(PATH, name)


@pytest.mark.parametrize("name", ["waiting_time", "response_time"])
@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_quantiles_agree_with_the_closed_form(name, q):
    """Quantiles lie in their intervals."""
    found = PATH.estimate(name, q)
    assert found.low <= getattr(EXACT, f"{name}_quantile")(q) <= found.high
    assert found.value == pytest.approx(getattr(PATH, f"{name}_quantile")(q))


@pytest.mark.parametrize("name", ["waiting_time", "response_time"])
def test_survival_is_the_other_side_of_the_quantile(name):
    """Beyond the 0.9 quantile lies a tenth."""
    quantile = getattr(PATH, f"{name}_quantile")(0.9)
    assert getattr(PATH, f"{name}_survival")(quantile) == pytest.approx(0.1, abs=1e-4)


def test_path_by_hand():
    """Present for 2 + 3 of 10 seconds, busy for 4 of them, waiting for 1."""
    path = by_hand()
    assert path.concurrency == pytest.approx(0.5)
    assert path.utilization == pytest.approx(0.4)
    assert path.queue_length == pytest.approx(0.1)
    assert path.throughput == pytest.approx(0.2)
    assert path.wait_probability == pytest.approx(1 / 3)
    assert path.response_time == pytest.approx(7 / 3)


def test_warm_up_is_left_out():
    """A start far from the rest does not show in the answers."""
    path = Simulated(np.arange(1000.0), np.r_[np.full(10, 99.0), np.zeros(990)], np.full(1000, 0.1), 1, 10)
    assert path.waiting_time == 0
    assert path.requests == 990


def test_mser_finds_a_short_warm_up():
    """From empty a station needs little warming up, so MSER-5 leaves most of the run."""
    path = Queue(Poisson(7.0), Exponential(0.1)).simulate(20_000, seed=2, warm_up="auto")
    assert 0 <= path.skipped < 10_000


def test_answer_carries_its_method_and_error():
    """The method says how many requests and which seed; the error is that of the 99th percentile."""
    assert PATH.method == "simulation of 270000 requests, seed 3"
    assert 0.001 < PATH.error < 0.2
    assert PATH.blocking_probability == 0


def test_largest_rate_for_an_objective():
    """At the rate found the path keeps the SLO, and it is near the closed form's."""
    path = Queue(Poisson(40.0), Exponential(0.1), 5).simulate(50_000, seed=1)
    rate = path.max_arrival_rate(0.5, 0.95)
    again = Queue(Poisson(rate), Exponential(0.1), 5).simulate(50_000, seed=1)
    assert again.response_time_quantile(0.95) == pytest.approx(0.5, rel=1e-6)
    assert rate == pytest.approx(EXACT.max_arrival_rate(0.5, 0.95), rel=0.03)


def test_fewest_servers_for_an_objective():
    """As many servers as the closed form wants where that is not a close call."""
    path = Queue(Poisson(40.0), Exponential(0.1), 5).simulate(50_000, seed=1)
    assert path.servers_for(0.14) == EXACT.servers_for(0.14)


def test_impossible_objective_is_refused():
    """The service time alone is longer."""
    with pytest.raises(DomainError, match="infeasible"):
        PATH.max_arrival_rate(0.05)


def test_class_has_no_inverse():
    """The largest rate of one class depends on the others."""
    classes = (Traffic(Poisson(1.0), Exponential(0.1)), Traffic(Poisson(2.0), Exponential(0.1)))
    first, _ = PriorityQueue(classes).simulate(1_000, seed=1)
    with pytest.raises(DomainError, match="vary the whole model"):
        first.max_arrival_rate(1.0)


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("latency", None),
        ("latency", 0.9),
        ("response_time_quantile", 0.9),
        ("utilization", 0.9),
    ],
)
def test_unknown_answers_are_refused(name, q):
    """What has no interval is named together with what has."""
    with pytest.raises(DomainError, match=r"no interval for .*; ask for waiting_time, response_time"):
        PATH.estimate(name, q)


def test_run_too_short_is_refused():
    """Fifty requests give no interval, and an extreme quantile needs more than its mean."""
    with pytest.raises(NotIdentified, match="45 values give no interval"):
        Queue(Poisson(1.0), Exponential(0.1)).simulate(50, 1).estimate("response_time")
    with pytest.raises(NotIdentified, match=r"do not bound their 0\.999 quantile"):
        Queue(Poisson(1.0), Exponential(0.1)).simulate(1_000, 1).estimate("response_time", 0.999)


def test_warm_up_must_be_a_share():
    """All of the run cannot be warm-up."""
    for share in (1.0, -0.1, float("nan"), "mser"):
        with pytest.raises(DomainError, match="is no share of the run; give 0 or more, below 1, or 'auto'"):
            Queue(Poisson(1.0), Exponential(0.1)).simulate(1_000, 1, warm_up=share)
