"""M/M/c/K."""

import math

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from capacity.errors import DomainError
from capacity.models.stations.bounded import MMcK
from capacity.models.stations.erlang import erlang_b
from capacity.models.stations.queueing import MMc

stations = st.builds(
    lambda load, servers, places: MMcK(load * servers, 1.0, servers, servers + places),
    st.floats(0.01, 4),
    st.integers(1, 30),
    st.integers(0, 80),
)


def exact_states(load, servers, capacity):
    """Birth and death in 50 digits."""
    with mpmath.workdps(50):
        weights = [mpmath.mpf(1)]
        for n in range(1, capacity + 1):
            weights.append(weights[-1] * mpmath.mpf(load) / min(n, servers))
        return [weight / mpmath.fsum(weights) for weight in weights]


def test_overloaded_single_server():
    """M/M/1/10 at rho 5/3 refuses 0.4015 (levers Q6)."""
    assert MMcK(500, 300, 1, 10).blocking_probability == pytest.approx(0.4015, rel=0.0005)


@pytest.mark.parametrize("load", [1e-3, 3.0, 9.999, 10.0, 25.0, 1e4])
def test_state_probabilities_to_twelve_digits(load):
    """No state is lost to overflow or cancellation, in light load, at rho = 1, in heavy overload."""
    found = MMcK(load, 1.0, 10, 60).state_probabilities
    for state, exact in enumerate(exact_states(load, 10, 60)):
        assert abs(found[state] / exact - 1) < 1e-12


@settings(max_examples=60, deadline=None)
@given(stations)
def test_littles_law(station):
    """N = X R and L_q = X W_q hold for the accepted requests."""
    assert station.concurrency == pytest.approx(station.throughput * station.response_time, rel=1e-9)
    assert station.queue_length == pytest.approx(
        station.throughput * station.waiting_time, rel=1e-9, abs=1e-15
    )


@settings(max_examples=60, deadline=None)
@given(stations)
def test_flow_is_conserved(station):
    """What is accepted is what the busy servers complete."""
    assert station.throughput == pytest.approx(station.utilization * station.servers * station.service_rate)
    accepted = station.arrival_rate * (1 - station.blocking_probability)
    assert station.throughput == pytest.approx(accepted, rel=1e-9)


@pytest.mark.parametrize(("load", "servers", "capacity"), [(8.0, 10, 14), (3.0, 1, 6), (20.0, 4, 30)])
def test_survival_integrates_to_the_mean(load, servers, capacity):
    """The area under the survival function is the mean, of the wait and of the response."""
    station = MMcK(load, 1.0, servers, capacity)
    response, _ = quad(station.response_time_survival, 0, 80, limit=200)
    waiting, _ = quad(station.waiting_time_survival, 0, 80, limit=200)
    assert (response, waiting) == pytest.approx((station.response_time, station.waiting_time), rel=1e-6)


def test_response_of_one_server_is_a_mixture_of_erlangs():
    """With c = 1 a request that finds n present takes n + 1 services."""
    station = MMcK(1.3, 1.0, 1, 8)
    accepted = station.state_probabilities[:-1] / station.state_probabilities[:-1].sum()
    tails = [sum(math.exp(-4.0) * 4.0**k / math.factorial(k) for k in range(n + 1)) for n in range(8)]
    assert station.response_time_survival(4.0) == pytest.approx(float(accepted @ tails), rel=1e-12)


def test_without_queue_it_is_erlangs_loss_system():
    """Capacity equal to the servers: Erlang B, and no one waits."""
    station = MMcK(7.0, 1.0, 10, 10)
    assert station.blocking_probability == pytest.approx(erlang_b(10, 7.0), rel=1e-13)
    assert station.wait_probability == station.waiting_time == station.waiting_time_quantile(0.99) == 0.0
    assert station.response_time_quantile(0.95) == pytest.approx(-math.log(0.05))


def test_large_capacity_is_the_unbounded_queue():
    """With 2000 places at rho 0.9 nothing is refused and the tail is that of M/M/c."""
    bounded, unbounded = MMcK(9.0, 1.0, 10, 2000), MMc(9.0, 1.0, 10)
    for question in ("utilization", "waiting_time", "response_time", "wait_probability", "concurrency"):
        assert getattr(bounded, question) == pytest.approx(getattr(unbounded, question), rel=1e-9)
    assert bounded.response_time_quantile(0.999) == pytest.approx(
        unbounded.response_time_quantile(0.999), rel=1e-9
    )
    assert bounded.waiting_time_quantile(0.95) == pytest.approx(
        unbounded.waiting_time_quantile(0.95), rel=1e-9
    )


def test_bounded_queue_bounds_the_wait_in_overload():
    """Ten times overloaded, an accepted request waits for about the whole queue and not for ever."""
    station = MMcK(10_000, 100, 10, 50)
    assert station.utilization == pytest.approx(1.0, abs=1e-9)
    assert station.waiting_time == pytest.approx(39.9 / 1000, rel=0.01)


def test_a_very_long_time_is_answered():
    """Asked about a day, the survival is zero and takes no memory."""
    assert MMcK(900, 1000, 8, 40).response_time_survival(86_400.0) == 0.0


def test_without_arrivals_it_is_idle():
    """At rate zero nothing is present."""
    station = MMcK(0.0, 1.0, 2, 5)
    assert (station.throughput, station.concurrency, station.response_time) == (0.0, 0.0, 1.0)


def test_capacity_below_the_servers_is_refused():
    """Capacity counts requests in service too."""
    with pytest.raises(DomainError, match="capacity 5 leaves no place for some of the 8 servers"):
        MMcK(1, 1, 8, 5)


def exact_survivals(station, t):
    """Of the wait and of the response of accepted requests: Erlang mixtures in 40 digits."""
    with mpmath.workdps(40):
        states = exact_states(station.arrival_rate, station.servers, station.capacity)[:-1]
        t, full, others = mpmath.mpf(t), station.servers, station.servers - 1
        waits = responses = mpmath.mpf(0)
        for present, share in enumerate(states):
            if share < 1e-40:
                continue
            ahead = max(present - full + 1, 0)
            waiting = mpmath.gammainc(ahead, full * t, mpmath.inf, regularized=True) if ahead else 0
            in_service = mpmath.exp(-t)
            if ahead and others:
                done = mpmath.gammainc(ahead, 0, others * t, regularized=True)
                in_service *= (mpmath.mpf(full) / others) ** ahead * done
            elif ahead:
                in_service *= t**ahead / mpmath.factorial(ahead)
            waits += share * waiting
            responses += share * (waiting + in_service)
        return waits / mpmath.fsum(states), responses / mpmath.fsum(states)


@pytest.mark.parametrize(
    ("load", "servers", "capacity"),
    [
        (5.0, 4, 12),
        (0.9, 1, 40),
        (30.0, 2, 700),
        (1.0, 2, 300),
        (100.0, 100, 250),
        (0.5, 1, 5),
        (500.0, 400, 400),
    ],
)
def test_survivals_against_forty_digits(load, servers, capacity):
    """To eleven digits in light load, at utilization 1 and in overload, and where the tail outgrows a float."""
    station = MMcK(load, 1.0, servers, capacity)
    for q in (0.1, 0.95, 1 - 1e-9):
        t = station.response_time_quantile(q)
        waits, responses = exact_survivals(station, t)
        assert abs(station.response_time_survival(t) / responses - 1) < 1e-11
        assert abs(station.waiting_time_survival(t) - waits) <= 1e-11 * waits + 1e-300


def test_a_hundred_thousand_servers_at_utilization_one():
    """At rho 1 the places of the queue are equally likely: B = p_c, 1 / (1/B(c) + K - c) by Erlang B."""
    station = MMcK(1e5, 1.0, 100_000, 200_000)
    alone = 1 / erlang_b(100_000, 1e5)
    assert station.blocking_probability == pytest.approx(1 / (alone + 100_000), rel=1e-10)
    assert station.queue_length == pytest.approx(
        100_000 * 100_001 / 2 * station.blocking_probability, rel=1e-10
    )


@pytest.mark.parametrize("utilization", [0.9999, 1 - 1e-9, 1 + 1e-9, 1.0001, 1.5])
def test_a_hundred_thousand_servers_about_utilization_one(utilization):
    """B = p_c rho^(K-c), with the sum of the geometric queue in 40 digits."""
    station = MMcK(1e5 * utilization, 1.0, 100_000, 200_000)
    with mpmath.workdps(40):
        rho = mpmath.mpf(1e5 * utilization) / 100_000
        last = rho**100_000
        expected = last / (
            1 / mpmath.mpf(erlang_b(100_000, 1e5 * utilization)) + rho * (last - 1) / (rho - 1)
        )
    assert abs(station.blocking_probability / expected - 1) < 1e-10
    assert station.concurrency == pytest.approx(station.throughput * station.response_time, rel=1e-9)


def test_the_largest_rate_is_the_edge():
    """There the P95 of accepted requests is the objective, or the share refused the one allowed."""
    station = MMcK(0.0, 10.0, 4, 12)
    rate = station.max_arrival_rate(0.4, 0.95)
    assert MMcK(rate, 10.0, 4, 12).response_time_quantile(0.95) == pytest.approx(0.4, rel=1e-9)
    fewer = station.max_arrival_rate(0.4, 0.95, blocking=0.001)
    assert fewer < rate
    assert MMcK(fewer, 10.0, 4, 12).blocking_probability == pytest.approx(0.001, rel=1e-9)
    mean = station.max_arrival_rate(0.2)
    assert MMcK(mean, 10.0, 4, 12).response_time == pytest.approx(0.2, rel=1e-9)


def test_without_a_queue_the_largest_rate_is_that_of_the_refusals():
    """Accepted requests never wait, so the share of refusals decides: Erlang B's inverse."""
    assert MMcK(0.0, 1.0, 10, 10).max_arrival_rate(4.0, 0.95, blocking=0.01) == pytest.approx(
        4.46117685757769, rel=1e-9
    )


def test_a_queue_too_short_to_miss_the_objective_has_no_largest_rate():
    """Refusing more keeps the accepted fast at every rate; the message says how long they take at most."""
    station = MMcK(0.0, 10.0, 4, 6)
    longest = MMcK(1e9, 10.0, 4, 6).response_time_quantile(0.95)
    with pytest.raises(DomainError, match=f"every rate keeps 1 s: .* never take longer than {longest:.4g} s"):
        station.max_arrival_rate(1.0, 0.95)


def test_an_objective_below_the_service_time_is_infeasible():
    """Whatever is refused, the accepted take the service time."""
    for ask in (
        MMcK(1, 10, 4, 6).max_arrival_rate,
        MMcK(1, 10, 4, 6).servers_for,
        MMcK(1, 10, 4, 6).capacity_for,
    ):
        with pytest.raises(DomainError, match="infeasible: the service time alone already exceeds"):
            ask(0.1, 0.95)


def test_fewest_servers_are_the_edge():
    """With the same queue, one server less misses the objective or refuses too many."""

    def of(servers):
        return MMcK(50, 10, servers, servers + 8)

    servers = of(4).servers_for(0.4, 0.95)
    assert of(servers).response_time_quantile(0.95) <= 0.4 < of(servers - 1).response_time_quantile(0.95)
    servers = of(4).servers_for(0.4, 0.95, blocking=1e-6)
    assert of(servers).blocking_probability <= 1e-6 < of(servers - 1).blocking_probability


def test_the_most_places_are_the_edge():
    """One place more and accepted requests miss the objective."""
    places = MMcK(50, 10, 4, 4).capacity_for(0.4, 0.95)
    at, beyond = (MMcK(50, 10, 4, n).response_time_quantile(0.95) for n in (places, places + 1))
    assert at <= 0.4 < beyond


def test_where_the_unbounded_queue_keeps_the_objective_no_bound_is_needed():
    """At 20 req/s on four servers of 10 the P95 is 0.35 s whatever the places."""
    with pytest.raises(DomainError, match=r"any number of places keeps 0\.4 s: even with an unbounded queue"):
        MMcK(20, 10, 4, 4).capacity_for(0.4, 0.95)


def test_too_many_places_are_refused():
    """Before any memory is asked for."""
    with pytest.raises(DomainError, match=r"up to 1e\+09 requests present are more than the 1e\+07"):
        MMcK(1.0, 1.0, 1, 10**9)
