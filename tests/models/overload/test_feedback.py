"""Where retries settle, tip and collapse."""

import heapq

import mpmath
import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.feedback import BlockedRetries, TimeoutRetries
from capacity.models.stations.bounded import MMcK
from capacity.models.stations.queueing import MMc


def rates(clients):
    """Attempt rates of all points."""
    return [point.attempt_rate for point in clients.points]


def test_operating_and_tipping_point():
    """60 req/s on a server of 100, 0.1 s, 3 attempts: 61.27 and 89.93 (models.md, section 3.4)."""
    clients = TimeoutRetries(60, 100, 1, timeout=0.1, max_attempts=3)
    assert clients.operating_point.attempt_rate == pytest.approx(61.27, abs=0.005)
    assert clients.tipping_point.attempt_rate == pytest.approx(89.93, abs=0.005)
    assert [point.stable for point in clients.points] == [True, False]
    assert clients.vulnerable


@pytest.mark.parametrize(
    ("fresh", "service", "timeout"),
    [(60, 100, 0.1), (30, 100, 0.05), (70.4, 100, 0.1), (5, 100, 0.001), (9e4, 1e5, 1.0), (0.9, 1.0, 100.0)],
)
def test_one_retry_on_one_server_in_closed_form(fresh, service, timeout):
    """L = λ (1 + exp(-(μ - L) τ)) has its roots on the two branches of Lambert's function."""
    argument = -fresh * timeout * mpmath.exp(-(service - fresh) * timeout)
    exact = [float(fresh - mpmath.lambertw(argument, branch).real / timeout) for branch in (0, -1)]
    found = rates(TimeoutRetries(fresh, service, 1, timeout, max_attempts=2))
    assert found == pytest.approx([rate for rate in exact if rate < service], rel=1e-12)


@pytest.mark.parametrize("fresh", [71, 90, 100, 1000])
def test_beyond_the_largest_fresh_rate_nothing_settles(fresh):
    """No point is an answer: the service collapses without any trigger."""
    clients = TimeoutRetries(fresh, 100, 1, timeout=0.1, max_attempts=2)
    assert clients.points == ()
    assert clients.operating_point is None
    assert clients.vulnerable


@pytest.mark.parametrize(
    ("servers", "attempts", "budget"), [(1, 3, None), (8, 3, None), (8, 3, 0.1), (40, 6, 0.5)]
)
def test_largest_fresh_rate_divides_settling_from_collapse(servers, attempts, budget):
    """Just below it there is a stable point, just above it none."""
    station = {"service_rate": 300 / servers, "servers": servers, "timeout": 1.0, "max_attempts": attempts}
    most = TimeoutRetries(1, **station, retry_budget=budget).largest_fresh_rate
    assert TimeoutRetries(most * (1 - 1e-6), **station, retry_budget=budget).points[0].stable
    assert not TimeoutRetries(most * (1 + 1e-6), **station, retry_budget=budget).points


@pytest.mark.parametrize("servers", [1, 8, 100])
def test_each_point_reproduces_itself(servers):
    """L = λ (1 + P + P²) with P the chance that M/M/c takes longer than the time-out."""
    clients = TimeoutRetries(0.5 * servers, 1.0, servers, timeout=6.0, max_attempts=3)
    assert clients.points
    for point in clients.points:
        late = MMc(point.attempt_rate, 1.0, servers).response_time_survival(6.0)
        assert point.attempt_rate == pytest.approx(clients.fresh_rate * (1 + late + late**2), rel=1e-12)
        assert point.goodput == pytest.approx(clients.fresh_rate * (1 - late**3), rel=1e-12)
        assert point.amplification == pytest.approx(point.attempt_rate / clients.fresh_rate)


def test_points_alternate_and_none_is_missed():
    """A scan of 100,000 rates between λ and the capacity finds as many changes of sign as points are given."""
    for fresh in (20.0, 33.0, 34.0, 69.4, 69.5, 80.0):
        clients = TimeoutRetries(fresh, 100, 1, timeout=0.1, max_attempts=3)
        rate = np.linspace(0.999 * fresh, 100 * (1 - 1e-9), 100_000)
        late = np.exp(-(100 - rate) * 0.1)
        changes = np.flatnonzero(np.diff(np.sign(fresh * (1 + late + late**2) - rate)))
        assert rates(clients) == pytest.approx(rate[changes], abs=2e-3)
        assert [point.stable for point in clients.points] == [True, False][: changes.size]


def test_safe_below_capacity_over_attempts():
    """R4: with C = 300 and 3 attempts nothing sustains an overload below 100 req/s, or below 272.7 with a budget."""
    assert TimeoutRetries(90, 300, 1, 1.0, 3).metastable_safe_load == pytest.approx(100)
    assert TimeoutRetries(90, 300, 1, 1.0, 3, retry_budget=0.1).metastable_safe_load == pytest.approx(
        272.73, abs=0.01
    )
    assert not TimeoutRetries(99, 300, 1, 1.0, 3).vulnerable
    assert TimeoutRetries(101, 300, 1, 1.0, 3).vulnerable


def simulated(clients, requests, seed):
    """Attempts a second and share of them timed out: first come first served, abandoned work served all the same."""
    rng = np.random.default_rng(seed)
    fresh = np.cumsum(rng.exponential(1 / clients.fresh_rate, requests)).tolist()
    service = iter(rng.exponential(1 / clients.service_rate, requests * clients.max_attempts).tolist())
    free, again, attempts, late = [0.0] * clients.servers, [], 0, 0
    fresh.append(np.inf)
    place = 0
    while place < requests or again:
        if again and again[0][0] < fresh[place]:
            time, number = heapq.heappop(again)
        else:
            time, number, place = fresh[place], 1, place + 1
        end = max(heapq.heappop(free), time) + next(service)
        heapq.heappush(free, end)
        attempts += 1
        if end - time > clients.timeout:
            late += 1
            if number < clients.max_attempts:
                heapq.heappush(again, (time + clients.timeout, number + 1))
    return attempts / requests * clients.fresh_rate, late / attempts


@pytest.mark.parametrize(
    ("clients", "factor"),
    [
        (TimeoutRetries(2, 1, 8, timeout=3.0, max_attempts=3), 1.05),
        (TimeoutRetries(10, 100, 1, timeout=0.03, max_attempts=2), 1.5),
        (TimeoutRetries(20, 100, 1, timeout=0.05, max_attempts=3), 2.5),
    ],
)
def test_simulated_clients_time_out_somewhat_more_often(clients, factor):
    """Repetitions follow busy times: as many time-outs as computed where service decides, more where waits do."""
    rate, late = simulated(clients, 60_000, seed=5)
    point = clients.operating_point
    assert 0.95 < late / point.failure_probability < factor
    assert rate == pytest.approx(point.attempt_rate, rel=0.03)


def test_a_vulnerable_service_collapses_by_chance():
    """60 of 100 req/s with three attempts has an operating point, and is stuck before 100,000 requests have come."""
    rate, late = simulated(TimeoutRetries(60, 100, 1, timeout=0.1, max_attempts=3), 100_000, seed=1)
    assert late > 0.9
    assert rate > 160


def test_without_a_second_attempt_the_station_is_as_it_is():
    """One attempt means L = λ."""
    assert rates(TimeoutRetries(60, 100, 1, 0.1, max_attempts=1)) == pytest.approx([60])
    assert rates(BlockedRetries(105, 10, 10, 20, max_attempts=1)) == pytest.approx([105])


@pytest.mark.parametrize("places", [10, 12, 40])
@pytest.mark.parametrize("fresh", [20, 95, 300])
def test_refused_attempts_reproduce_themselves(fresh, places):
    """L = λ (1 + B + B² + B³), and what is not refused is served."""
    point = BlockedRetries(fresh, 10, 10, places, max_attempts=4).operating_point
    station = MMcK(point.attempt_rate, 10, 10, places)
    full = station.blocking_probability
    assert point.attempt_rate == pytest.approx(fresh * (1 + full + full**2 + full**3), rel=1e-12)
    assert point.goodput == pytest.approx(station.throughput, rel=1e-12)


def test_a_budget_caps_the_attempts_at_a_full_station():
    """At ten times the capacity a budget of 10% makes 1.1 attempts of each request."""
    assert BlockedRetries(1000, 10, 10, 20, 4, retry_budget=0.1).points[0].amplification == pytest.approx(1.1)


@pytest.mark.parametrize(
    "build",
    [
        lambda: TimeoutRetries(0, 100, 1, 0.1, 3),
        lambda: TimeoutRetries(60, 100, 1, 0, 3),
        lambda: TimeoutRetries(60, 100, 1, 0.1, 0),
        lambda: TimeoutRetries(60, 100, 1.5, 0.1, 3),
        lambda: TimeoutRetries(60, 100, 1, 0.1, 3, retry_budget=-1),
        lambda: BlockedRetries(60, 10, 10, 5, 3),
        lambda: BlockedRetries(60, 10, 10, 20, 0),
    ],
)
def test_what_makes_no_sense_is_refused(build):
    """Rates, time-outs and numbers outside their domain."""
    with pytest.raises(DomainError, match=r"not allowed|leaves no place"):
        build()
