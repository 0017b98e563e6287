"""Replications: the same whoever runs them, stopped where they are precise, paired where two are compared."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from capacity.errors import CapacityError, DomainError, NotIdentified
from capacity.models.distributions import Exponential
from capacity.models.simulation import replication
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.clients import Clients
from capacity.models.simulation.network import Network
from capacity.models.simulation.queue import Queue
from capacity.models.simulation.replication import compare, replicate, student
from capacity.models.simulation.seeds import child
from capacity.models.simulation.sharing import SharedServers
from capacity.models.simulation.system import Node

STATION = Queue(Poisson(7.0), Exponential(0.1))
ASKED = ["response_time", ("response_time_quantile", 0.95), ("waiting_time_survival", 0.5)]


@dataclass(frozen=True)
class Drawn:
    """One draw: its value, or a failure at one seed."""

    response_time: float


@dataclass(frozen=True)
class Dice:
    """A model whose every run is one normal draw about a mean."""

    mean: float
    spread: float
    breaks_at: int = -1

    def simulate(self, requests, *, seed):
        """Draw; `requests` draws make no difference."""
        if seed == self.breaks_at:
            raise ValueError("the die fell off the table")
        return Drawn(self.mean + self.spread * float(np.random.default_rng(seed).standard_normal()))


class Backwards:
    """An executor that runs the last job first."""

    def map(self, job, numbers):
        """Return results in the order of the numbers all the same."""
        numbers = list(numbers)
        found = {number: job(number) for number in reversed(numbers)}
        return [found[number] for number in numbers]


def runs(**how):
    """Values of six replications."""
    return replicate(STATION, ASKED, requests=3_000, seed=1, replications=6, **how).values


def test_result_does_not_depend_on_who_runs_it():
    """One process, threads, and an executor that turns the order round give the same numbers."""
    alone = runs(workers=1)
    with ThreadPoolExecutor(3) as threads:
        assert (runs(executor=threads) == alone).all()
    assert (runs(executor=Backwards()) == alone).all()


def test_process_pool_gives_the_same(monkeypatch):
    """Processes get pickled models and the same seeds."""
    monkeypatch.setattr(replication, "WORTH_A_POOL", 0.0)
    assert (runs(workers=2) == runs(workers=1)).all()


def test_small_work_starts_no_pool(monkeypatch):
    """Where the rest takes less than a second no process is started."""

    def refuse(workers):
        raise AssertionError("a pool was started")

    monkeypatch.setattr(replication, "ProcessPoolExecutor", refuse)
    assert runs(workers=2).shape == (6, 3)


def test_replication_is_a_run_with_the_seed_of_its_number():
    """Replication 2 of seed 1 is the run with child 2."""
    path = STATION.simulate(3_000, child(1, 2))
    assert runs(workers=1)[2].tolist() == [
        path.response_time,
        path.response_time_quantile(0.95),
        path.waiting_time_survival(0.5),
    ]


def test_more_replications_begin_with_the_fewer():
    """Runs are numbered, so more of them only add."""
    more = replicate(STATION, ASKED, requests=3_000, seed=1, replications=8, workers=1)
    assert (more.values[:6] == runs(workers=1)).all()


def test_stops_at_the_precision_asked():
    """The half width asked is reached, with no more rounds than needed."""
    found = replicate(Dice(10.0, 1.0), ["response_time"], requests=1, seed=3, precision=0.03, level=0.95)
    estimate = found.estimate("response_time", level=0.95)
    assert found.replications % replication.ROUND == 0
    assert estimate.high - estimate.value <= 0.03 * estimate.value
    fewer = student(found.values[: -replication.ROUND, 0], level=0.95, unit="")
    assert fewer.high - fewer.value > 0.03 * fewer.value


def test_unreached_precision_is_refused():
    """So many replications and no more."""
    with pytest.raises(NotIdentified, match="16 replications reach a precision of"):
        replicate(Dice(1.0, 5.0), ["response_time"], requests=1, seed=3, precision=0.001, most=16)


def test_interval_is_students():
    """Over 300 seeds 90 % of the intervals of 5 replications hold the mean, within 3 standard errors."""
    inside = []
    for seed in range(300):
        found = replicate(Dice(10.0, 1.0), ["response_time"], requests=1, seed=seed, replications=5)
        estimate = found.estimate("response_time", level=0.9)
        inside.append(estimate.low <= 10.0 <= estimate.high)
    assert 0.84 <= np.mean(inside) <= 0.96


def test_mean_of_mm1():
    """Replications of M/M/1 hold its mean response time."""
    found = replicate(STATION, ["response_time"], requests=30_000, seed=5, replications=20)
    estimate = found.estimate("response_time", unit="s")
    assert estimate.low <= 1 / 3 <= estimate.high
    assert estimate.unit == "s"


def test_common_draws_narrow_the_difference():
    """One more server under the same luck: the difference is far more precise than from independent runs."""
    pair = (Queue(Poisson(7.0), Exponential(0.5), servers) for servers in (5, 6))
    found = compare(*pair, ["response_time"], requests=5_000, seed=1, replications=10)
    assert found.difference("response_time").high < 0
    assert found.variance_reduction("response_time") > 2


def test_two_kinds_of_station_can_be_compared():
    """A queue and sharing servers draw the same arrivals and work; exponential work gives them one mean."""
    pair = Queue(Poisson(7.0), Exponential(0.1)), SharedServers(Poisson(7.0), Exponential(0.1))
    found = compare(*pair, ["response_time"], requests=20_000, seed=2, replications=10)
    difference = found.difference("response_time")
    assert difference.low <= 0 <= difference.high


def test_same_model_has_no_difference():
    """Against itself nothing differs."""
    found = compare(STATION, STATION, ["response_time"], requests=1_000, seed=1, replications=3)
    assert found.difference("response_time").high == 0
    assert found.variance_reduction("response_time") == np.inf


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor])
def test_failing_replication_is_named(executor):
    """The first in order that fails is raised with its number and seed."""
    seed = child(1, 3)
    how = {} if executor is None else {"executor": executor(2)}
    with pytest.raises(
        CapacityError, match=f"replication 3 failed: ValueError: the die fell .*simulate\\(9, seed={seed}\\)"
    ):
        replicate(Dice(1.0, 1.0, seed), ["response_time"], requests=9, seed=1, replications=6, **how)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "either replications or precision"),
        ({"replications": 3, "precision": 0.1}, "either replications or precision"),
        ({"replications": 1}, "1 replication gives no interval"),
        ({"precision": 0.0}, "precision 0 is not allowed"),
        ({"replications": 3, "workers": 0}, "workers 0 is not allowed"),
    ],
)
def test_refusals(how, message):
    """What cannot be run is refused."""
    with pytest.raises(DomainError, match=message):
        replicate(STATION, ["response_time"], requests=10, seed=1, **how)


def test_answers_must_be_asked_first():
    """Only what was kept of the runs can be estimated."""
    found = replicate(STATION, ["response_time"], requests=1_000, seed=1, replications=2)
    with pytest.raises(DomainError, match="waiting_time was not asked"):
        found.estimate("waiting_time")
    with pytest.raises(DomainError, match="is no list"):
        replicate(STATION, "response_time", requests=1_000, seed=1, replications=2)
    with pytest.raises(DomainError, match="give replications"):
        compare(STATION, STATION, ["response_time"], requests=1_000, seed=1, precision=0.1)


def test_network_is_replicated_too():
    """Whatever answers can be replicated: a network of one station is the queue, within both intervals."""
    shop = Network((Node("app", Exponential(0.1)),), Clients(Poisson(7.0)))
    found = [
        replicate(model, ["response_time"], requests=10_000, seed=3, replications=10).estimate(
            "response_time"
        )
        for model in (shop, STATION)
    ]
    assert found[0].low <= found[1].high
    assert found[1].low <= found[0].high
