"""The exact law of a full station with an orbit of the refused."""

import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.overload.orbit import RetrialOrbit
from capacity.models.stations.bounded import MMcK


def solved(fresh, service, servers, capacity, retry, persistence, most):
    """Stationary law of the whole truncated chain: rows orbit, columns station."""
    size = capacity + 1
    rates = np.zeros((most + 1, size, most + 1, size))
    for orbit in range(most + 1):
        for present in range(size):
            here = rates[orbit, present]
            if present:
                here[orbit, present - 1] += min(present, servers) * service
            if present < capacity:
                here[orbit, present + 1] += fresh
                if orbit:
                    here[orbit - 1, present + 1] += orbit * retry
            else:
                if orbit < most:
                    here[orbit + 1, present] += fresh * persistence
                if orbit:
                    here[orbit - 1, present] += orbit * retry * (1 - persistence)
    flow = rates.reshape((most + 1) * size, -1)
    balance = (flow - np.diag(flow.sum(axis=1))).T
    balance[0] = 1
    law = np.linalg.solve(balance, np.eye(len(balance))[0])
    return law.reshape(most + 1, size)


@pytest.mark.parametrize(
    "given",
    [
        (1.5, 1, 2, 3, 0.7, 0.9),
        (3, 1, 2, 2, 2.0, 0.5),
        (0.5, 1, 1, 1, 1.0, 1.0),
        (0.5, 1, 1, 1, 1.0, 0.5),
        (4, 1, 3, 6, 5.0, 0.8),
    ],
)
def test_the_whole_chain_solved_at_once_agrees(given):
    """Goodput, orbit, blocking and concurrency to ten digits."""
    clients, law = RetrialOrbit(*given), solved(*given, most=110)
    station = np.arange(given[3] + 1)
    assert clients.goodput == pytest.approx(
        given[1] * float((law @ np.minimum(station, given[2])).sum()), rel=1e-10
    )
    assert clients.mean_orbit == pytest.approx(float(np.arange(111) @ law.sum(axis=1)), rel=1e-10)
    assert clients.blocking_probability == pytest.approx(law[:, -1].sum(), rel=1e-10)
    assert clients.concurrency == pytest.approx(float((law @ station).sum()), rel=1e-10)


@pytest.mark.parametrize("load", [0.3, 0.9, 0.98])
def test_one_server_without_queue_in_closed_form(load):
    """M/M/1 retrial queue: mean orbit (ρ² + λ ρ / θ) / (1 - ρ) (Falin and Templeton 1997, sec. 1.2)."""
    exact = (load**2 + load * load / 0.5) / (1 - load)
    assert RetrialOrbit(load, 1, 1, 1, 0.5, 1.0).mean_orbit == pytest.approx(exact, rel=1e-9)


def test_who_never_tries_again_leaves_a_plain_station():
    """Without persistence it is M/M/c/K, and one attempt a request."""
    clients, plain = RetrialOrbit(120, 10, 10, 20, 1.0, 0.0), MMcK(120, 10, 10, 20)
    assert clients.goodput == pytest.approx(plain.throughput, rel=1e-12)
    assert clients.concurrency == pytest.approx(plain.concurrency, rel=1e-12)
    assert (clients.mean_orbit, clients.amplification) == (0, 1)


def test_who_never_gives_up_is_served_at_last():
    """With full persistence all requests are answered, however long the orbit."""
    clients = RetrialOrbit(99, 10, 10, 12, 0.5, 1.0)
    assert clients.success_probability == pytest.approx(1, rel=1e-10)
    assert clients.mean_orbit > 300


def test_a_large_orbit_keeps_its_digits():
    """In deep overload all servers are busy and all but the capacity is refused: persons who give up balance."""
    clients = RetrialOrbit(200, 10, 10, 20, 0.1, 0.95)
    assert clients.goodput == pytest.approx(100, rel=1e-9)
    assert 0.05 * (clients.attempt_rate - clients.goodput) == pytest.approx(100, rel=1e-9)


def test_persistent_overload_is_refused():
    """Nobody gives up and more comes than can be served: the orbit grows for ever."""
    with pytest.raises(Unstable, match="use at least 11 servers"):
        RetrialOrbit(100, 10, 10, 20, 1.0, 1.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0, 10, 10, 20, 1.0, 0.5), "fresh rate 0"),
        ((80, 10, 10, 20, 0.0, 0.5), "retry rate 0"),
        ((80, 10, 10, 20, 1.0, 1.5), r"persistence 1\.5"),
        ((80, 10, 10, 5, 1.0, 0.5), "capacity 5 leaves no place"),
    ],
)
def test_what_makes_no_sense_is_refused(given, message):
    """Each refusal names the quantity."""
    with pytest.raises(DomainError, match=message):
        RetrialOrbit(*given)


def test_an_orbit_too_large_to_count_is_refused():
    """Millions of clients in orbit are not counted one by one."""
    with pytest.raises(DomainError, match="clients would be in orbit"):
        _ = RetrialOrbit(2e5, 10, 10, 20, 0.01, 0.99).goodput
