"""What a run answers, and what it refuses to answer."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.distributions import Constant, Exponential
from capacity.models.simulation.arrivals import Even, Poisson
from capacity.models.simulation.clients import Clients, Users
from capacity.models.simulation.marks import OUTCOMES
from capacity.models.simulation.network import Network
from capacity.models.simulation.system import Node


@pytest.fixture(scope="module")
def run():
    """Return a run of a station that refuses and is waited for."""
    clients = Clients(Poisson(1.5), timeout=4.0)
    return Network((Node("app", Exponential(1.0), 2, queue_limit=4),), clients).simulate(20_000, seed=1)


def test_shares(run):
    """Shares add to 1 over all outcomes."""
    assert sum(run.shares.values()) == pytest.approx(1.0)
    assert tuple(run.shares) == OUTCOMES


def test_text(run):
    """A run says in a line what came of it."""
    assert str(run).startswith("18000 requests: ")


def test_survival(run):
    """Quantile and survival are each other's inverse."""
    assert run.response_time_survival(run.response_time_quantile(0.9)) == pytest.approx(0.1, abs=1e-3)
    assert run.waiting_time_survival(run.waiting_time_quantile(0.9)) == pytest.approx(0.1, abs=1e-3)


def test_rates(run):
    """Answers come at the rate of arrivals times their share."""
    assert run.throughput == pytest.approx(run.arrival_rate * run.shares["ok"], rel=0.01)
    times, rates = run.goodput_over_time(100.0)
    assert rates[10:-10].mean() == pytest.approx(run.throughput, rel=0.02)
    assert np.diff(times) == pytest.approx(100.0)


def test_wasted(run):
    """Service of those who gave up counts as wasted, and so lowers nothing of the utilization."""
    assert 0 < run.wasted < 1
    done = run.throughput / 2
    assert run.utilization["app"] * (1 - run.wasted) < done * 1.2


def test_estimate(run):
    """An interval holds its value, and other names are refused."""
    found = run.estimate("response_time", 0.9)
    assert found.low < found.value < found.high
    with pytest.raises(DomainError, match="choose among response_time, waiting_time"):
        run.estimate("utilization")


def test_kinds():
    """The requests of all kinds together are those of the run."""
    clients = Clients(Poisson(1.0), mix=(0.2, 0.8))
    run = Network((Node("app", (Constant(0.1), Constant(0.6))),), clients).simulate(5_000, seed=1)
    first, second = run.of_kind(0), run.of_kind(1)
    assert first.requests + second.requests == run.requests
    assert first.response_time - first.waiting_time == pytest.approx(0.1)
    assert second.throughput == pytest.approx(0.8, rel=0.05)
    with pytest.raises(DomainError, match="no kind 2; choose from 0 to 1"):
        run.of_kind(2)


def test_probabilities(run):
    """Who is refused is in the shares, who waits in the waits."""
    assert run.blocking_probability == run.shares["rejected"] > 0
    assert run.wait_probability == pytest.approx(run.waiting_time_survival(0.0))


def test_unknown_station(run):
    """A station that is not there is refused by name."""
    with pytest.raises(DomainError, match="'db' is no station; choose among app"):
        run.station("db")


def test_steady_queue_is_idle():
    """Even arrivals to short constant service never wait: utilization is λ S to the last digits."""
    run = Network((Node("app", Constant(0.05)),), Clients(Even(10.0))).simulate(1_000)
    assert run.waiting_time == 0
    assert run.utilization["app"] == pytest.approx(0.5, rel=1e-3)
    assert run.response_time_quantile(0.99) == pytest.approx(0.05)


def test_automatic_warm_up():
    """MSER-5 may choose the cut."""
    run = Network((Node("app", Exponential(0.05)),), Clients(Poisson(10.0))).simulate(5_000, warm_up="auto")
    assert 0 <= run.skipped < 2_500


@pytest.mark.parametrize("requests", [2, 7, 99, 250])
def test_short_run(requests):
    """The shortest of runs has its stations: a delay of 1 s at one request per second has one present."""
    network = Network((Node("app", Constant(1.0), servers=2),), Clients(Even(1.0)))
    run = network.simulate(requests, warm_up=0)
    assert run.marks[-1].started == requests
    assert run.station("app").arrival_rate == pytest.approx(1.0)
    assert network.simulate(2_000, warm_up=0.998).station("app").concurrency == pytest.approx(1.0)


def test_nobody_at_a_station():
    """A station that nobody came to has no times."""
    stations = (Node("app", Constant(0.1)), Node("db", Constant(0.1)))
    run = Network(stations, Clients(Even(1.0)), routing=((0, 0), (0, 0))).simulate(100)
    assert run.station("db").concurrency == 0
    with pytest.raises(DomainError, match="db let nobody in, so it has no times"):
        _ = run.station("db").response_time


def test_all_at_once():
    """Users who do not think all come at time 0; a run that ends with them has no rate."""
    run = Network((Node("app", Constant(0.1)),), Clients(Users(50))).simulate(20, warm_up=0)
    with pytest.raises(DomainError, match="all 20 requests came at one moment"):
        _ = run.arrival_rate
