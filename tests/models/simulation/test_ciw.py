"""Ours against another simulator, Ciw: the means of independent runs differ no more than both intervals allow."""

import ciw
import numpy as np
import pytest

from capacity.models.distributions import Exponential, Lognormal
from capacity.models.simulation.arrivals import Poisson, Renewal
from capacity.models.simulation.queue import Queue
from capacity.models.simulation.replication import student

REQUESTS = 5_000
RUNS = 8


def lognormal(law):
    """Ciw's law by the parameters of the logarithm."""
    variance = np.log1p(law.variation)
    return ciw.dists.Lognormal(np.log(law.mean) - variance / 2, variance**0.5)


def by_ciw(arrivals, service, servers, seed):
    """Mean wait and response time of one run, a tenth of it left out."""
    network = ciw.create_network(
        arrival_distributions=[arrivals], service_distributions=[service], number_of_servers=[servers]
    )
    ciw.seed(seed)
    run = ciw.Simulation(network)
    run.simulate_until_max_customers(REQUESTS, method="Finish")
    records = sorted(run.get_all_records(), key=lambda record: record.arrival_date)[REQUESTS // 10 :]
    waits = [record.waiting_time for record in records]
    return np.mean(waits), np.mean(waits) + np.mean([record.service_time for record in records])


CASES = {
    "M/M/3": (
        Queue(Poisson(2.1), Exponential(1.0), 3),
        ciw.dists.Exponential(2.1),
        ciw.dists.Exponential(1.0),
    ),
    "G/G/4": (
        Queue(Renewal(Lognormal(1 / 2.4, 1.0)), Lognormal(1.0, 1.5), 4),
        lognormal(Lognormal(1 / 2.4, 1.0)),
        lognormal(Lognormal(1.0, 1.5)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_means_agree(name):
    """Mean wait and response time over eight runs of each lie within their 99 % intervals together."""
    station, arrivals, service = CASES[name]
    theirs = np.array([by_ciw(arrivals, service, station.servers, seed) for seed in range(RUNS)])
    paths = [station.simulate(10 * REQUESTS, seed) for seed in range(RUNS)]
    ours = np.array([(path.waiting_time, path.response_time) for path in paths])
    for one, other in zip(ours.T, theirs.T, strict=True):
        mine, other_mean = (student(sample, level=0.99, unit="s") for sample in (one, other))
        allowed = np.hypot(mine.high - mine.value, other_mean.high - other_mean.value)
        assert mine.value == pytest.approx(other_mean.value, abs=allowed)
        assert allowed < 0.4 * mine.value
