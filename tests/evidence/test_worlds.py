"""Worlds: stations that agree with what was seen at a low load, and what they say of others."""

import numpy as np
import pytest

from capacity.evidence.worlds import Worlds
from capacity.models.stations.general import GGc
from capacity.models.stations.queueing import MMc
from capacity.models.stations.twomoments import Law


def worlds(servers=8, limit=320.0, *, rate=32.0, service_scv=1.0, arrival_scv=1.0, contention=0.0, seen=None):
    """One world, seen at a low rate: exponential service of servers / limit unless said."""
    seen = seen or Law.gamma(servers / limit, 1.0)
    stations = {
        "servers": servers, "limit": limit, "service_scv": service_scv,
        "arrival_scv": arrival_scv, "contention": contention,
    }  # fmt: skip
    arrays = {name: np.array([float(value)]) for name, value in stations.items()}
    return Worlds.seen_at(rate, seen, float(seen.points @ seen.weights), **arrays)


@pytest.mark.parametrize("rate", [160.0, 250.0, 300.0])
def test_is_mmc_for_exponential_times(rate):
    """Poisson arrivals at exponential workers: mean and P95 of M/M/c."""
    exact = MMc(rate, 40.0, 8)
    assert worlds().mean(np.array([rate]))[0, 0] == pytest.approx(exact.response_time, rel=5e-3)
    assert worlds().quantile(np.array([rate]), 0.95)[0, 0] == pytest.approx(
        exact.response_time_quantile(0.95), rel=0.01
    )


def test_waiting_is_taken_off_what_was_seen():
    """One worker seen at 40% load: without its waiting the service time remains, and both loads come out right."""
    seen = Law.gamma(MMc(40.0, 100.0, 1).response_time, 1.0)  # the response time of M/M/1 is exponential
    found = worlds(1, 100.0, rate=40.0, seen=seen)
    assert found.alone_mean[0] == pytest.approx(0.01, rel=0.01)
    assert found.quantile(np.array([40.0]), 0.95)[0, 0] == pytest.approx(seen.quantile(0.95), rel=0.02)
    exact = MMc(80.0, 100.0, 1).response_time_quantile(0.95)
    assert found.quantile(np.array([80.0]), 0.95)[0, 0] == pytest.approx(exact, rel=0.05)


def test_one_worker_with_full_contention_is_a_shared_processor():
    """S / (1 - ρ), whatever the service times are."""
    found = worlds(1, 100.0, rate=1.0, service_scv=1.0, contention=0.999, seen=Law.gamma(0.01 / 0.99, 4.0))
    assert found.mean(np.array([70.0]))[0, 0] == pytest.approx(0.01 / 0.3, rel=0.02)


def test_the_rate_that_keeps_an_objective():
    """At the rate found the quantile is the objective; below the time without load there is no rate."""
    found = worlds(arrival_scv=0.0)
    rate = found.rate_keeping(0.95, np.array([0.1]))[0, 0]
    assert found.quantile(np.array([rate]), 0.95)[0, 0] == pytest.approx(0.1, rel=0.01)
    assert found.rate_keeping(0.95, np.array([0.01]))[0, 0] == 0


def test_agrees_with_the_station_of_the_models():
    """Evenly spaced arrivals: the same mean as GGc."""
    station = GGc(280.0, 40.0, 8, 0.0, 1.0)
    assert worlds(arrival_scv=0.0).mean(np.array([280.0]))[0, 0] == pytest.approx(
        station.response_time, rel=5e-3
    )


def test_only_worlds_that_count_are_kept():
    """Worlds without weight are dropped, the others' weights add to one."""
    two = worlds().chosen(np.array([0, 0]))
    assert len(two.weighed(np.array([1.0, 1e-9])).weights) == 1
    assert two.weighed(np.array([3.0, 1.0])).weights.tolist() == [0.75, 0.25]
