"""M/M/c/K."""

import math

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from capacity.errors import DomainError
from capacity.models.bounded import MMcK
from capacity.models.erlang import erlang_b
from capacity.models.queueing import MMc

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
