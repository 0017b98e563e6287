"""The flow equations of the Queueing Network Analyzer."""

import numpy as np
import pytest

from capacity.models.networks.qna import arrival_scvs

ONE = np.ones(1)
TANDEM = np.array([[0.0, 1.0], [0.0, 0.0]])


def tandem(utilization, servers, arrival, service):
    """Variation of the arrivals at the second of two stations in a row."""
    found = arrival_scvs(
        np.ones(2), TANDEM, np.array([1.0, 0.0]), np.array([utilization, 0.5]), np.array([servers, 1.0]),
        np.array([arrival, 1.0]), np.array([service, 1.0]),
    )  # fmt: skip
    return found[1]


def test_marshalls_departures():
    """cd² = ρ² cs² + (1 - ρ²) ca² from one server (Whitt 1983, eq. 38)."""
    assert tandem(0.8, 1.0, 0.25, 3.0) == pytest.approx(0.64 * 3 + 0.36 * 0.25)


def test_departures_of_several_servers():
    """cd² = 1 + (1 - ρ²)(ca² - 1) + ρ² (cs² - 1) / √c (Whitt 1983, eq. 39)."""
    assert tandem(0.8, 4.0, 0.25, 3.0) == pytest.approx(1 + 0.36 * -0.75 + 0.64 * 2 / 2)


def test_very_even_service_smooths_no_further():
    """A service scv below 0.2 counts as 0.2."""
    assert tandem(0.8, 1.0, 1.0, 0.0) == tandem(0.8, 1.0, 1.0, 0.2)


def test_an_idle_station_passes_its_arrivals_on():
    """cd² = ca² at utilization 0, a busy one its services."""
    assert tandem(0.0, np.inf, 0.25, 4.0) == pytest.approx(0.25)
    assert tandem(1 - 1e-12, 1.0, 0.25, 4.0) == pytest.approx(4.0)


def test_splitting_thins_towards_poisson():
    """A share q of a flow has 1 + q (c² - 1)."""
    routing = np.array([[0.0, 0.3], [0.0, 0.0]])
    found = arrival_scvs(
        np.array([1.0, 0.3]), routing, np.array([1.0, 0.0]), np.array([0.0, 0.5]), np.ones(2),
        np.array([4.0, 1.0]), np.ones(2),
    )  # fmt: skip
    assert found[1] == pytest.approx(1 + 0.3 * 3)


def test_joining_draws_towards_poisson():
    """Two equal flows of scv 4 into a station at utilization 0.5: w = 1 / (1 + 4 · 0.25 · 1), 1 + w · 3."""
    routing = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    found = arrival_scvs(
        np.array([1.0, 1.0, 2.0]), routing, np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.0, 0.5]), np.ones(3),
        np.array([4.0, 4.0, 1.0]), np.ones(3),
    )  # fmt: skip
    assert found[2] == pytest.approx(2.5)


def test_poisson_stays_poisson():
    """Jackson networks have 1 everywhere, with feedback too; so has a station nobody reaches."""
    routing = np.array([[0.2, 0.5, 0.0], [0.3, 0.0, 0.0], [0.0, 1.0, 0.0]])
    outside = np.array([1.0, 0.5, 0.0])
    rates = np.linalg.solve(np.eye(3) - routing.T, outside)
    found = arrival_scvs(
        rates, routing, outside, np.array([0.7, 0.6, 0.0]), np.ones(3), np.ones(3), np.ones(3)
    )
    assert found == pytest.approx(np.ones(3))
