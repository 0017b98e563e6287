"""M/M/c and its sizing."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.errors import DomainError, Unstable
from capacity.models.stations.abandonment import ErlangA
from capacity.models.stations.bounded import MMcK
from capacity.models.stations.finite import FiniteSource
from capacity.models.stations.queueing import MM1, MMc, max_arrival_rate, servers_for, servers_for_wait

stations = st.builds(
    lambda servers, rho, rate: MMc(rho * servers * rate, rate, servers),
    st.integers(1, 60),
    st.floats(0.01, 0.98),
    st.floats(0.01, 1e4),
)


def test_gateway_of_jain():
    """Jain, Art of Computer Systems Performance Analysis, ch. 31: 125 packets/s of 2 ms take 2.66 ms."""
    station = MM1(arrival_rate=125, service_rate=500)
    assert station.utilization == 0.25
    assert station.response_time == pytest.approx(0.00266, abs=1e-5)


def test_assessment_station():
    """8 workers of 37.5/s at 250/s (levers Q1 to Q4)."""
    station = MMc(arrival_rate=250, service_rate=37.5, servers=8)
    assert station.wait_probability == pytest.approx(0.5327, rel=0.005)
    assert station.waiting_time * 1000 == pytest.approx(10.654, rel=0.005)
    assert station.response_time_quantile(0.95) * 1000 == pytest.approx(100.2, rel=0.005)
    assert station.response_time_quantile(0.99) * 1000 == pytest.approx(145.5, rel=0.005)


@settings(max_examples=60, deadline=None)
@given(stations)
def test_littles_law_and_the_utilization_law(station):
    """N = X R, L_q = X W_q, and the busy servers are N - L_q."""
    assert station.concurrency == pytest.approx(station.throughput * station.response_time)
    assert station.queue_length == pytest.approx(station.throughput * station.waiting_time)
    busy = station.concurrency - station.queue_length
    assert busy == pytest.approx(station.utilization * station.servers, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(stations, st.floats(0.001, 0.9999))
def test_quantile_inverts_survival(station, q):
    """The share beyond the q-quantile is 1 - q."""
    assert station.response_time_survival(station.response_time_quantile(q)) == pytest.approx(1 - q, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(stations)
def test_quantiles_are_ordered(station):
    """P50 <= P95 <= P99, for waits and responses, and a response takes longer than its wait."""
    for quantile in (station.response_time_quantile, station.waiting_time_quantile):
        assert quantile(0.5) <= quantile(0.95) <= quantile(0.99)
    assert station.waiting_time_quantile(0.95) < station.response_time_quantile(0.95)


@settings(max_examples=60, deadline=None)
@given(stations, st.integers(1, 5))
def test_more_servers_never_raise_waiting(station, more):
    """At the same load, added servers shorten the wait and the response tail."""
    larger = MMc(station.arrival_rate, station.service_rate, station.servers + more)
    assert larger.waiting_time <= station.waiting_time
    assert larger.response_time_quantile(0.99) <= station.response_time_quantile(0.99) * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(stations, st.floats(0.01, 100))
def test_slower_clock_scales_all_times(station, factor):
    """Rates divided by k multiply every time by k."""
    slow = MMc(station.arrival_rate / factor, station.service_rate / factor, station.servers)
    assert slow.waiting_time == pytest.approx(station.waiting_time * factor, rel=1e-6)
    assert slow.response_time_quantile(0.9) == pytest.approx(
        station.response_time_quantile(0.9) * factor, rel=1e-6
    )


def test_one_server_is_mm1():
    """M/M/1: the response time is exponential with rate mu - lambda."""
    station = MM1(3.0, 4.0)
    assert station.response_time == pytest.approx(1.0)
    assert station.response_time_quantile(0.95) == pytest.approx(-math.log(0.05))
    assert station.response_time_quantile(0.95) == MMc(3.0, 4.0, 1).response_time_quantile(0.95)


def test_without_load_only_service_remains():
    """At rate zero nobody waits and the response time is the service time."""
    station = MMc(0.0, 2.0, 3)
    assert (station.waiting_time, station.response_time, station.waiting_time_quantile(0.99)) == (
        0.0,
        0.5,
        0.0,
    )


@pytest.mark.parametrize("shift", [0.0, 1e-12, 1e-6, -1e-6])
def test_survival_where_the_queue_drains_as_fast_as_one_serves(shift):
    """At c mu - lambda = mu the two exponentials meet; the value is smooth there: e^-t (1 + C t)."""
    station = MMc(arrival_rate=2.0 + shift, service_rate=1.0, servers=3)
    expected = math.exp(-1.5) * (1 + station.wait_probability * 1.5)
    assert station.response_time_survival(1.5) == pytest.approx(expected, rel=2 * abs(shift) + 1e-14)


def test_wait_percentile_is_zero_below_the_share_that_does_not_wait():
    """Where 60% do not wait, the median wait is zero."""
    station = MMc(800, 100, 10)
    assert station.wait_probability < 0.5
    assert station.waiting_time_quantile(0.5) == 0.0


def test_overload_is_refused_with_the_servers_it_takes():
    """1200 req/s on ten servers of 100 has no steady state."""
    with pytest.raises(
        Unstable, match=r"not below the capacity of 10 servers \(1000 req/s.*at least 13 servers"
    ):
        MMc(1200, 100, 10)


def test_quantile_outside_the_unit_interval_is_refused():
    """95 is not a quantile."""
    with pytest.raises(DomainError, match=r"quantile 95 does not lie between 0 and 1; write 95% as 0\.95"):
        MMc(1, 2, 1).response_time_quantile(95)


def test_slo_capacity_of_the_assessment_station():
    """P95 within 150 ms: 275.3 req/s (levers Q5), and the quantile there is the SLO."""
    rate = max_arrival_rate(service_rate=37.5, servers=8, slo=0.150, quantile=0.95)
    assert rate == pytest.approx(275.3, rel=0.0005)
    assert MMc(rate, 37.5, 8).response_time_quantile(0.95) == pytest.approx(0.150, rel=1e-9)
    assert MMc(1.0, 37.5, 8).max_arrival_rate(0.150, 0.95) == rate


def test_slo_capacity_of_one_server_in_closed_form():
    """M/M/1: mu - ln(1 / (1 - q)) / T."""
    assert max_arrival_rate(100, 1, 0.05, 0.99) == pytest.approx(100 - math.log(100) / 0.05, rel=1e-12)


def test_lax_slo_allows_almost_all_of_the_capacity():
    """With hours to answer, the limit is the capacity of the servers."""
    assert max_arrival_rate(100, 4, 3600.0, 0.99) == pytest.approx(400, rel=1e-4)


def test_slo_below_the_service_time_is_infeasible():
    """The message gives the quantile of the bare service time (reference cap_infeasible: 46.05 ms)."""
    with pytest.raises(DomainError, match=r"infeasible: the service time alone already exceeds .*0\.04605 s"):
        max_arrival_rate(service_rate=100, servers=8, slo=0.04, quantile=0.99)
    with pytest.raises(DomainError, match="infeasible"):
        servers_for(arrival_rate=1, service_rate=100, slo=0.04, quantile=0.99)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 5000), st.floats(5, 500), st.floats(1.05, 4))
def test_fewest_servers_keep_the_slo_and_one_less_does_not(arrival_rate, service_rate, slack):
    """The answer is the edge."""
    slo = slack * math.log(20) / service_rate
    servers = servers_for(arrival_rate, service_rate, slo, 0.95)
    assert MMc(arrival_rate, service_rate, servers).response_time_survival(slo) <= 0.05
    fewer = servers - 1
    if fewer and arrival_rate < fewer * service_rate:
        assert MMc(arrival_rate, service_rate, fewer).response_time_survival(slo) > 0.05


def test_call_centre_staffing():
    """360 calls an hour of 4 minutes, 80% within 20 s: 29 agents (reference staff_360_15.0_0.8)."""
    assert servers_for_wait(arrival_rate=0.1, service_rate=1 / 240, wait=20, quantile=0.8) == 29


def test_every_station_answers_the_same_questions():
    """One loop compares an unbounded and a bounded station, one with patience, one with its own users."""
    for station in (
        MM1(50, 100),
        MMc(50, 100, 2),
        MMcK(50, 100, 2, 20),
        ErlangA(50, 100, 2, 1e-6),
        FiniteSource(10**4, 200 - 0.01067, 100, 2),
    ):
        assert (station.method, station.error) == ("closed form", 0.0)
        assert station.arrival_rate == pytest.approx(50, rel=1e-6)
        assert station.throughput == pytest.approx(50, rel=1e-6)
        assert station.concurrency == pytest.approx(50 * station.response_time, rel=1e-5)
        assert station.queue_length == pytest.approx(50 * station.waiting_time, rel=1e-5)
        assert station.response_time_survival(station.response_time_quantile(0.9)) == pytest.approx(0.1)
        assert station.response_time_quantile(0.95) > station.response_time > station.waiting_time
        assert 0 <= station.blocking_probability < station.wait_probability < station.utilization * 1.01


def of_high_precision(station):
    """Wait probability and drain rate c μ - λ in 40 digits."""
    arrivals, service = mpmath.mpf(station.arrival_rate), mpmath.mpf(station.service_rate)
    load = arrivals / service
    last = mpmath.exp(station.servers * mpmath.log(load) - load - mpmath.loggamma(station.servers + 1))
    blocking = last / mpmath.gammainc(station.servers + 1, load, mpmath.inf, regularized=True)
    waits = station.servers * blocking / (station.servers - load * (1 - blocking))
    return waits, station.servers * service - arrivals


def response_survival(station, waits, drain, t):
    """P(T > t) in 40 digits, with the limit where the queue drains as fast as one serves."""
    service = mpmath.mpf(station.service_rate)
    alone, drained = mpmath.exp(-service * t), mpmath.exp(-drain * t)
    spread = (drained - alone) / (service - drain) if service != drain else t * alone
    return alone + waits * service * spread


def random_stations(number, seed):
    """Up to 1e5 servers; utilization spread, near 1 (to 1 - 1e-9), at square-root staffing, and confluent."""
    rng = np.random.default_rng(seed)
    for kind in rng.integers(0, 4, number).tolist():
        servers = int(math.exp(rng.uniform(0, math.log(1e5))))
        rate = math.exp(rng.uniform(-7, 7))
        spare = [
            rng.uniform(0.01, 0.95),
            10 ** rng.uniform(-9, -2),
            rng.uniform(0.1, 5) / math.sqrt(servers + 30),
            1 / servers,
        ][kind]
        yield MMc(max(1 - spare, 0.01) * servers * rate, rate, servers)


def test_every_answer_of_a_thousand_stations():
    """Probability, means and waiting quantiles to eleven digits, up to 1 - 1e-9 and 100,000 servers."""
    for station in random_stations(1000, seed=5):
        with mpmath.workdps(40):
            waits, drain = of_high_precision(station)
            if waits < 1e-290:
                continue
            wait, service = waits / drain, 1 / mpmath.mpf(station.service_rate)
            expected = {
                "wait_probability": waits,
                "waiting_time": wait,
                "queue_length": wait * mpmath.mpf(station.arrival_rate),
                "response_time": wait + service,
                "concurrency": (wait + service) * mpmath.mpf(station.arrival_rate),
            }
            for name, value in expected.items():
                assert abs(getattr(station, name) / value - 1) < 1e-11, (station, name)
            for q in (0.5, 0.99):
                excess = mpmath.log(waits / (1 - mpmath.mpf(q)))
                if abs(excess) > 1e-2:
                    found, true = station.waiting_time_quantile(q), max(excess, 0) / drain
                    assert abs(found - true) <= 1e-11 * true, (station, q)


def test_the_response_law_of_a_thousand_stations():
    """Survival to eleven digits at the quantile, and the quantile by the slope there, confluent stations included."""
    for number, station in enumerate(random_stations(1000, seed=6)):
        q = (0.5, 0.95, 0.999)[number % 3]
        found = station.response_time_quantile(q)
        with mpmath.workdps(40):
            waits, drain = of_high_precision(station)
            t = mpmath.mpf(found)
            true, further = (
                response_survival(station, waits, drain, x) for x in (t, t * (1 + mpmath.mpf(10) ** -12))
            )
            assert abs(station.response_time_survival(found) / true - 1) < 1e-11, station
            slope = (true - further) * mpmath.mpf(10) ** 12  # of the survival, for one of ln t
            assert abs((true - (1 - mpmath.mpf(q))) / slope) < 1e-11, station


def test_near_full_load_the_spare_rate_keeps_its_digits():
    """100,000 servers of 1/3 at 1 - 1e-9: rounding c μ would cost the wait its digits from the eighth on."""
    station = MMc(1e5 / 3 * (1 - 1e-9), 1 / 3, 100_000)
    with mpmath.workdps(40):
        waits, drain = of_high_precision(station)
        assert abs(station.waiting_time / (waits / drain) - 1) < 1e-13


@pytest.mark.parametrize(("service_rate", "servers"), [(0.1, 3), (1 / 3, 100_000), (0.7, 7)])
def test_the_last_rate_below_the_capacity_is_served(service_rate, servers):
    """One rounding below c μ, the spare rate is small and above zero, and the wait long and finite."""
    station = MMc(math.nextafter(servers * service_rate, 0.0), service_rate, servers)
    assert 0 < station.waiting_time < math.inf


@pytest.mark.parametrize(
    ("servers", "slo"), [(1, 0.06), (8, 0.05), (64, 0.05), (5000, 0.0461), (10_000, 0.05)]
)
def test_the_largest_rate_to_nine_digits(servers, slo):
    """A billionth below the answer the exact survival at the SLO is within the share allowed, above it is not."""
    rate = max_arrival_rate(100.0, servers, slo, 0.99)
    with mpmath.workdps(40):
        below, above = (
            response_survival(station, *of_high_precision(station), mpmath.mpf(slo))
            for station in (MMc(rate * factor, 100.0, servers) for factor in (1 - 1e-9, 1 + 1e-9))
        )
        assert below < 1 - mpmath.mpf(0.99) < above


def test_one_server_says_how_many_would_do():
    """M/M/1 asked for servers answers as M/M/c."""
    assert MM1(5.0, 10.0).servers_for(0.15) == MMc(5.0, 10.0, 1).servers_for(0.15) == 2


def test_more_servers_than_formulas_hold_for():
    """They are refused at once."""
    with pytest.raises(DomainError, match=r"1e\+10 servers are more than the 1e\+09"):
        MMc(1.0, 1.0, 10**10)


def test_nobody_is_present_as_often_as_one_server_rests():
    """With one server the idle probability is 1 - ρ; beyond what numbers hold it is 0, not an error."""
    assert MM1(125, 500).idle_probability == pytest.approx(0.75)
    assert MMc(0.0, 1.0, 5).idle_probability == 1
    assert MMc(990.0, 1.0, 1000).idle_probability == 0


def test_two_servers_rest_together():
    """M/M/2: p0 = (1 - ρ) / (1 + ρ) (Gross et al., sec. 2.4)."""
    assert MMc(7.2, 4.0, 2).idle_probability == pytest.approx((1 - 0.9) / (1 + 0.9))
