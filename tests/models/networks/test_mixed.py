"""Open and closed classes together."""

import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.exact import solve
from capacity.models.networks.mixed import MixedNetwork, slowed_rates, solve_open_classes
from capacity.models.stations.queueing import MMc


def test_lazowska_p_147():
    """Lazowska et al., Quantitative System Performance, 1984, p. 147-148: two open and two closed classes."""
    closed = ClosedNetwork([[0.5, 1], [1, 4 / 3]], [1, 1])
    solution = MixedNetwork([1, 0.5], [[0.25, 1 / 6], [0.5, 1]], closed).solve()
    assert solution.closed.concurrency[:, 0] == pytest.approx([4 / 19, 5 / 19])
    present = solution.closed.concurrency.sum(axis=0)
    expected = np.array([[0.25, 1 / 6], [0.5, 1]]) * (1 + present) / (1 - np.array([0.5, 2 / 3]))
    assert solution.residence_time == pytest.approx(expected)


def shared_station(servers, open_rate, open_demand, users, think_time, demand, most=120):
    """Mean numbers of open and of closed requests at one shared station, from the Markov chain itself."""
    states = {(o, j): k for k, (o, j) in enumerate(np.ndindex(most + 1, users + 1))}
    flow = np.zeros((len(states), len(states)))
    for (o, j), k in states.items():
        share = min(o + j, servers) / max(o + j, 1)
        moves = {
            (o + 1, j): open_rate,
            (o, j + 1): (users - j) / think_time,
            (o - 1, j): o * share / open_demand,
            (o, j - 1): j * share / demand,
        }
        for to, rate in moves.items():
            if to in states:
                flow[k, states[to]] += rate
    flow -= np.diag(flow.sum(axis=1))
    flow[:, 0] = 1.0
    shares = np.linalg.solve(flow.T, np.eye(len(states))[0])
    return tuple(float(sum(shares[k] * state[axis] for state, k in states.items())) for axis in (0, 1))


@pytest.mark.parametrize("servers", [1, 2, 3])
def test_the_markov_chain_of_a_shared_station(servers):
    """Open requests and users share one station with several servers; both numbers present are exact."""
    opened, closed = shared_station(servers, 0.9, 0.5 * servers, 3, 2.0, 0.8)
    network = ClosedNetwork.single([0.8], 3, 2.0, [servers])
    solution = MixedNetwork([0.9], [[0.5 * servers]], network).solve()
    assert solution.closed.concurrency[0, 0] == pytest.approx(closed, rel=1e-9)
    assert solution.concurrency[0, 0] == pytest.approx(opened, rel=1e-9)
    work = 0.45 + solution.closed.throughput[0] * 0.8 / servers
    assert solution.utilization[0] == pytest.approx(work)


def test_without_open_requests_it_is_the_closed_network():
    """Rate 0 changes nothing."""
    closed = ClosedNetwork([[0.5, 0.1], [0.2, 0.3]], [4, 3], [1, 1], [3, "delay"])
    solution = MixedNetwork([0.0], [[0.5, 0.1]], closed).solve()
    assert solution.closed.concurrency == pytest.approx(solve(closed).concurrency)
    assert solution.closed.utilization == pytest.approx(solve(closed).utilization)


def test_without_open_classes_it_is_the_closed_network():
    """None changes nothing either."""
    closed = ClosedNetwork.single([0.5, 0.1], 4, 1.0, [3, 1])
    solution = MixedNetwork([], [], closed).solve()
    assert solution.closed.throughput == pytest.approx(solve(closed).throughput)
    assert solution.response_time.size == 0


def test_where_no_user_comes_it_is_the_open_station():
    """An M/M/c station and a delay that only open requests visit."""
    closed = ClosedNetwork.single([0.3, 0, 0], 4, 1.0, [1, 4, "delay"])
    solution = MixedNetwork([10.0], [[0.0, 0.3, 2.0]], closed).solve()
    assert solution.residence_time[0] == pytest.approx([0, MMc(10.0, 1 / 0.3, 4).response_time, 2.0])
    assert solution.response_time[0] == pytest.approx(solution.residence_time.sum())


@pytest.mark.parametrize("servers", [5, 200])
def test_many_servers_lose_no_digits(servers):
    """Behind the last server the rate is c - u; before it, it grows with the number present."""
    rates = slowed_rates([float(k) for k in range(1, servers + 1)], work=0.97 * servers)
    assert rates[-1] == pytest.approx(0.03 * servers, rel=1e-11)
    assert np.all(np.diff(rates) > -1e-10 * servers)
    idle = slowed_rates([float(k) for k in range(1, servers + 1)], work=1e-9)
    assert idle[:servers] == pytest.approx(range(1, servers + 1), rel=1e-6)


def test_a_saturated_station_is_named():
    """The open classes alone need more than it has."""
    closed = ClosedNetwork.single([0.3, 0.1], 4, 1.0, [1, 2])
    with pytest.raises(Unstable, match=r"station 2: arrival rate 7 req/s is not below .* 2 servers"):
        MixedNetwork([7.0], [[0.01, 0.3]], closed).solve()


def test_lists_that_do_not_match_are_refused():
    """A row per open class, a demand per station."""
    with pytest.raises(DomainError, match="one row per open class with 2 stations each"):
        MixedNetwork([7.0], [[0.01]], ClosedNetwork.single([0.3, 0.1], 4))


def test_open_classes_at_single_servers():
    """R = D / (1 - ρ), Lazowska et al., 1984, sec. 7.3; L = λ R."""
    demands = np.array([[0.25, 0.2], [0.5, 1.0]])
    solution = solve_open_classes([1.0, 0.5], demands.tolist())
    assert solution.residence_time == pytest.approx(demands / (1 - np.array([0.5, 0.7])))
    assert solution.concurrency.sum(axis=0) == pytest.approx([0.5 / 0.5, 0.7 / 0.3])
    assert solution.utilization == pytest.approx((0.5, 0.7))


@pytest.mark.parametrize("servers", [1, 4, 30])
def test_one_open_class_is_mmc(servers):
    """At several servers, and at a delay beside them."""
    rate, station = 0.9 * servers / 0.3, MMc(0.9 * servers / 0.3, 1 / 0.3, servers)
    solution = solve_open_classes([rate], [[0.3, 2.0]], [servers, "delay"])
    assert solution.response_time[0] == pytest.approx(station.response_time + 2)
    assert solution.utilization == pytest.approx((0.9, 2 * rate))


def test_open_classes_that_saturate_are_refused():
    """The station is named."""
    with pytest.raises(Unstable, match=r"station 2: arrival rate 3 req/s .* 2 servers \(2 req/s"):
        solve_open_classes([1.0, 2.0], [[0.1, 1.0], [0.1, 1.0]], [1, 2])
