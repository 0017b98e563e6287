"""Erlang A."""

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capacity.errors import DomainError
from capacity.models.stations.abandonment import ErlangA, abandonment_rate
from capacity.models.stations.erlang import erlang_b
from capacity.models.stations.queueing import MMc

stations = st.builds(
    lambda load, servers, rate: ErlangA(load * servers, 1.0, servers, rate),
    st.floats(0.01, 4),
    st.integers(1, 60),
    st.floats(0.02, 30),
)
# arrival rate, service rate, servers, abandonment rate: light, critical, overloaded, hasty, one server
CASES = [
    (48, 1, 50, 0.5),
    (900, 10, 100, 2),
    (30, 1, 3, 10),
    (20, 1, 10, 0.5),
    (5, 1, 2, 50),
    (1, 1, 1, 0.2),
]


def exact(station, t):
    """Birth and death and the regularised beta function in 40 digits; the survival of the wait of all at t."""
    with mpmath.workdps(40):
        rates = station.arrival_rate, station.service_rate, station.abandonment_rate, t
        arrivals, service, patience, t = map(mpmath.mpf, rates)
        full, weights = station.servers * service, [mpmath.mpf(1)]
        while len(weights) <= station.servers or weights[-1] > mpmath.mpf(10) ** -40 * max(weights):
            present = len(weights)
            waiting = max(present - station.servers, 0)
            weights.append(weights[-1] * arrivals / ((present - waiting) * service + waiting * patience))
        present = [weight / mpmath.fsum(weights) for weight in weights]
        queue = present[station.servers :]
        length = mpmath.fsum(n * p for n, p in enumerate(queue))
        left = mpmath.exp(-patience * t)
        outlast = [
            mpmath.betainc(full / patience, n + 1, 0, left, regularized=True) for n in range(len(queue))
        ]
        return {
            "wait_probability": mpmath.fsum(queue),
            "queue_length": length,
            "abandonment_probability": patience * length / arrivals,
            "waiting_time": length / arrivals,
            "throughput": arrivals - patience * length,
            "survival": left * mpmath.fsum(p * v for p, v in zip(queue, outlast, strict=True)),
        }


@pytest.mark.parametrize("case", CASES)
def test_against_forty_digits(case):
    """All means and the tail of the wait to eleven digits."""
    station = ErlangA(*case)
    for q in (0.9, 0.999999):
        t = station.waiting_time_quantile(q) or 0.1
        expected = exact(station, t)
        assert abs(station.waiting_time_survival(t) / expected.pop("survival") - 1) < 1e-11
        for name, value in expected.items():
            assert abs(getattr(station, name) / value - 1) < 1e-11, name


def test_call_centre_of_garnett_mandelbaum_and_reiman():
    """48 calls/min on 50 agents, patience of 2 min: 3.1% give up, P99 of 0.415 min (reference erla_48_1_0.5_50)."""
    station = ErlangA(arrival_rate=48, service_rate=1, servers=50, abandonment_rate=0.5)
    assert station.abandonment_probability == pytest.approx(0.0309122491621932, rel=1e-12)
    assert station.waiting_time_quantile(0.99) == pytest.approx(0.415288389366102, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(stations)
def test_flow_and_littles_law(station):
    """What arrives is served or gives up; the busy servers are those present who do not wait."""
    lost = station.arrival_rate * station.abandonment_probability
    assert station.throughput + lost == pytest.approx(station.arrival_rate, rel=1e-9)
    assert station.concurrency - station.queue_length == pytest.approx(station.throughput, rel=1e-9)
    assert station.queue_length == pytest.approx(station.arrival_rate * station.waiting_time, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(stations)
def test_all_waits_are_those_of_the_served_and_of_the_lost(station):
    """The served wait less than all that wait would; their share is the throughput's."""
    assert station._times.ahead.sum() == pytest.approx(1.0)
    served = station.state_probabilities[: station.servers].sum() / (1 - station.abandonment_probability)
    assert station._times.ahead[0] == pytest.approx(served, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(stations, st.floats(0.01, 0.9999))
def test_quantiles_invert_survival(station, q):
    """The share beyond the q-quantile is 1 - q, of the waits of all and of the responses of the served."""
    response = station.response_time_quantile(q)
    assert station.response_time_survival(response) == pytest.approx(1 - q, rel=1e-9)
    wait = station.waiting_time_quantile(q)
    assert station.waiting_time_survival(wait) == pytest.approx(1 - q, rel=1e-9) or wait == 0.0


def test_endless_patience_is_the_unbounded_queue():
    """At a patience of a hundred million seconds it is M/M/c."""
    patient, unbounded = ErlangA(9, 1, 10, 1e-8), MMc(9, 1, 10)
    for question in ("wait_probability", "waiting_time", "response_time", "utilization", "concurrency"):
        assert getattr(patient, question) == pytest.approx(getattr(unbounded, question), rel=1e-5)
    assert patient.response_time_quantile(0.99) == pytest.approx(
        unbounded.response_time_quantile(0.99), rel=1e-5
    )
    assert patient.waiting_time_quantile(0.99) == pytest.approx(
        unbounded.waiting_time_quantile(0.99), rel=1e-5
    )


def test_no_patience_is_erlangs_loss_system():
    """Who would wait goes at once: Erlang B."""
    assert ErlangA(9, 1, 10, 1e9).abandonment_probability == pytest.approx(erlang_b(10, 9.0), rel=1e-7)


def test_patience_as_long_as_service_is_the_infinite_server():
    """At θ = μ each one present leaves at the same rate: Poisson numbers, concurrency of the offered load."""
    station = ErlangA(30, 2, 10, 2)
    assert station.concurrency == pytest.approx(15, rel=1e-12)
    assert station.state_probabilities[0] == pytest.approx(float(mpmath.exp(-15)), rel=1e-12)


def test_overload_is_shed_by_impatience():
    """Twice what the servers can do: half give up; the offered wait is where half have lost patience."""
    station = ErlangA(2e4, 1, 10_000, 0.1)
    assert station.abandonment_probability == pytest.approx(0.5, rel=1e-6)
    assert station.utilization == pytest.approx(1.0, rel=1e-9)
    assert station.served_waiting_time == pytest.approx(10 * float(mpmath.log(2)), rel=1e-3)
    assert station.served_waiting_time_quantile(0.5) == pytest.approx(10 * float(mpmath.log(2)), rel=1e-3)


def test_patience_from_what_was_measured():
    """P(abandon) / W_q is the rate put in."""
    station = ErlangA(48, 1, 50, 0.5)
    assert abandonment_rate(station.abandonment_probability, station.waiting_time) == pytest.approx(0.5)


def test_without_arrivals_only_service_remains():
    """At rate zero nobody waits."""
    station = ErlangA(0.0, 2.0, 3, 1.0)
    assert (station.waiting_time, station.response_time, station.abandonment_probability) == (0.0, 0.5, 0.0)


def test_the_largest_rate_is_the_edge():
    """There the P95 of the served is the objective, or the share that gives up the one allowed."""
    station = ErlangA(0.0, 1.0, 20, 0.2)
    rate = station.max_arrival_rate(4.0, 0.95)
    assert ErlangA(rate, 1.0, 20, 0.2).response_time_quantile(0.95) == pytest.approx(4.0, rel=1e-9)
    fewer = station.max_arrival_rate(4.0, 0.95, abandonment=0.01)
    assert fewer < rate
    assert ErlangA(fewer, 1.0, 20, 0.2).abandonment_probability == pytest.approx(0.01, rel=1e-9)


def test_fewest_servers_are_the_edge():
    """One server less misses the share that may give up, the wait, or the response time."""

    def of(servers):
        return ErlangA(48, 1, servers, 0.5)

    servers = of(1).servers_for_abandonment(0.03)
    assert of(servers).abandonment_probability <= 0.03 < of(servers - 1).abandonment_probability
    servers = of(1).servers_for_wait(0.1, 0.9)
    assert of(servers).waiting_time_quantile(0.9) <= 0.1 < of(servers - 1).waiting_time_quantile(0.9)
    servers = of(1).servers_for(4.0, 0.95)
    assert of(servers).response_time_quantile(0.95) <= 4.0 < of(servers - 1).response_time_quantile(0.95)


def test_an_objective_below_the_service_time_is_infeasible():
    """The service alone takes longer."""
    with pytest.raises(DomainError, match="infeasible: the service time alone already exceeds"):
        ErlangA(1, 1, 2, 1).max_arrival_rate(0.5)


def test_patience_without_end_is_refused():
    """No abandonment is M/M/c; overload with almost none takes too long a queue."""
    with pytest.raises(DomainError, match="abandonment rate 0 is not allowed"):
        ErlangA(1, 1, 2, 0)
    with pytest.raises(DomainError, match=r"the queue would hold about 1e\+10 requests, at most 1e\+07"):
        ErlangA(20, 1, 10, 1e-9)


def test_served_requests_that_keep_the_objective_at_any_rate():
    """Where those served are never late, since the others give up, the share that may must be said."""
    with pytest.raises(DomainError, match="even at 1000 times what the servers can do"):
        ErlangA(1, 1, 2, 0.5).max_arrival_rate(slo=1e9, quantile=0.95)
