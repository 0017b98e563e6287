"""Response times through the stations of a system: distributions are added, never quantiles."""

import numpy as np
import pytest

import capacity as cap
from capacity.planning.system.parts import Station
from capacity.planning.system.sojourn import response_time

SERVICE = Station("instance", 8, 1 / 37.5, "instance")
DATABASE = Station("database", 4, 0.010)
RNG_DRAWS = 1_000_000


def drawn(rng: np.random.Generator, station: cap.MMc) -> np.ndarray:
    """Waits and services of independent requests."""
    spare = station.servers * station.service_rate - station.arrival_rate
    waits = rng.random(RNG_DRAWS) < station.wait_probability
    wait = waits * rng.exponential(1 / spare, RNG_DRAWS)
    return wait + rng.exponential(1 / station.service_rate, RNG_DRAWS)


def test_one_station_is_that_station() -> None:
    """Q3, Q4 to the last digit."""
    times, station = response_time([SERVICE], 250, 1), cap.MMc(250, 37.5, 8)
    assert times.mean == pytest.approx(station.response_time)
    assert times.p99 == pytest.approx(station.response_time_quantile(0.99), rel=1e-8)


def test_two_stations_are_a_tandem() -> None:
    """As the open network says, and less than the sum of quantiles."""
    times = response_time([SERVICE, DATABASE], 250, 1)
    alone = cap.MMc(250, 37.5, 8), cap.MMc(250, 100, 4)
    assert times.mean == pytest.approx(sum(station.response_time for station in alone))
    assert times.p95 < sum(station.response_time_quantile(0.95) for station in alone)
    draws = sum(drawn(np.random.default_rng(seed), station) for seed, station in enumerate(alone))
    assert [times.p50, times.p95, times.p99] == pytest.approx(np.quantile(draws, [0.5, 0.95, 0.99]), rel=0.01)


def test_hits_skip_the_database() -> None:
    """A mixture: 60% of requests go past it, which changes its load too."""
    times = response_time([SERVICE, Station("database", 4, 0.010, hit_ratio=0.6)], 250, 1)
    rng = np.random.default_rng(1)
    behind = drawn(rng, cap.MMc(100, 100, 4)) * (rng.random(RNG_DRAWS) < 0.4)
    draws = drawn(rng, cap.MMc(250, 37.5, 8)) + behind
    assert [times.p50, times.p95, times.p99] == pytest.approx(np.quantile(draws, [0.5, 0.95, 0.99]), rel=0.01)


def test_a_quantile_moves_only_with_the_misses() -> None:
    """C5: at 60% of hits the P99 of 20 ms misses is still 73.8 ms; at 96% the P95 is a hit."""
    behind = [Station("database", 1000, 0.020, hit_ratio=ratio) for ratio in (0.6, 0.96)]
    some, most = (response_time([station], 100, 1) for station in behind)
    assert 1000 * some.p99 == pytest.approx(73.8, rel=0.005)
    assert most.p95 == 0


def test_of_a_pool_only_the_wait_counts() -> None:
    """P3: a pool of nine adds its 8.5 ms of waiting, not the 25 ms it is held."""
    held = Station("pool", 9, 0.025, "instance", held=True)
    with_pool, without = (response_time(stations, 290, 1) for stations in ([held, SERVICE], [SERVICE]))
    assert with_pool.mean - without.mean == pytest.approx(cap.MMc(290, 40, 9).waiting_time)


def test_instances_share_the_load() -> None:
    """Four of them see a quarter each; what the scaling law takes makes service longer."""
    assert response_time([SERVICE], 1000, 4) == response_time([SERVICE], 250, 1)
    slower = response_time([SERVICE], 1000, 4, efficiency=0.95)
    assert slower.mean == pytest.approx(cap.MMc(250, 37.5 * 0.95, 8).response_time)


def test_saturation_has_no_response_time() -> None:
    """No steady state, no number."""
    assert response_time([SERVICE], 300, 1) is None
    assert response_time([SERVICE, Station("database", 1, 0.010)], 100, 1) is None


def test_nothing_reaches_a_station() -> None:
    """All hits take no time that is known."""
    assert response_time([Station("database", 4, 0.010, hit_ratio=1.0)], 100, 1).p99 == 0


def test_worlds_are_taken_at_their_medians() -> None:
    """Of arrays the median counts, as the method says."""
    worlds = Station("instance", 8, np.array([0.5, 1.0, 9.0]) / 37.5, "instance")
    assert response_time([worlds], 250, 1) == response_time([SERVICE], 250, 1)
