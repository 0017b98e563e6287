"""What a closed network accepts, and how its answers hang together."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.networks.closed import ClosedNetwork
from capacity.models.networks.exact import solve


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), "at least one class of users and one station"),
        (([0.1, 0.2], 50), r"population 50 is one value; give a list, such as \[50\]; or for one class .*single"),
        (([0.1, 0.2], [50]), "demands of a class 0.1 is one value; .* use ClosedNetwork.single"),
        (([[0.1, 0.2]], [50], 1.0), "think time 1.0 is one value"),
        (([[1, 2], [1]], [1, 1]), r"demands of \[2, 1\] stations for 2 classes"),
        (([[1, 2]], [0]), "population 0 is not allowed; give a whole number, 1 or above"),
        (([[-1, 2]], [1]), "least service demand -1 is not allowed"),
        (([[0, 0]], [1]), "think time and demands 0 is not allowed"),
        (([[1]], [1], [1, 2]), "2 think times and 1 rate multipliers do not match 1 classes"),
        (([[1]], [1], (), ["fast"]), "servers 'fast' is not known; give a whole number, or 'delay'"),
        (([[1]], [1], (), [1, 2]), "2 server counts for 1 stations"),
        (([[1]], [1], (), [2], [[1, 2]]), "station 1 has 2 servers and 2 rate multipliers; give one or the other"),
        (([[1]], [1], (), (), [[0]]), "rate multiplier 0 is not allowed"),
    ],
)  # fmt: skip
def test_bad_networks_are_refused(arguments, message):
    """The message says what came and what is allowed."""
    with pytest.raises(DomainError, match=message):
        ClosedNetwork(*arguments)


@pytest.mark.parametrize("servers", [[1, 1, 1], [3, 1, "delay"], [1, 9, 2]])
def test_little_and_flow_balance(servers):
    """N = X (R + Z) for each class; the residence times add to the response time; ρ = Σ X D / c."""
    network = ClosedNetwork([[0.4, 0.1, 0.2], [0.1, 0.3, 0.2]], [6, 4], [3, 0.5], servers)
    solution = solve(network)
    inside = solution.throughput * (solution.response_time + np.array([3, 0.5]))
    assert inside == pytest.approx([6, 4], rel=1e-12)
    assert solution.residence_time.sum(axis=1) == pytest.approx(solution.response_time)
    busy = solution.throughput @ np.array(network.demands)
    counts = [1 if count == "delay" else count for count in servers]
    assert solution.utilization == pytest.approx(busy / counts)


def test_a_delay_keeps_nobody_waiting():
    """Its residence time is the demand."""
    solution = solve(ClosedNetwork([[0.4, 0.2], [0.1, 0.7]], [6, 4], [0, 0], [1, "delay"]))
    assert solution.residence_time[:, 1] == pytest.approx([0.2, 0.7])


def test_a_station_of_varying_rate_has_no_utilization():
    """There is no number of servers to divide by."""
    solution = solve(ClosedNetwork.single([0.4, 0.2], 5, rate_multipliers=[[1, 2, 2.5], None]))
    assert solution.utilization[0] is None
    assert solution.utilization[1] == pytest.approx(0.2 * solution.throughput[0])
