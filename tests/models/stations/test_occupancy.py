"""States of busy servers: all of them, with rates that balance."""

from math import comb

import numpy as np
import pytest

from capacity.models.distributions import Erlang, Exponential, Hyperexponential
from capacity.models.stations.occupancy import Occupancy
from capacity.models.stations.phasetype import PhaseType

LAWS = [
    PhaseType.of(Exponential(0.5)),
    PhaseType.of(Erlang(1.0, 4)),
    PhaseType.of(Hyperexponential.balanced(1.0, 4.0)),
    PhaseType((0.2, 0.3, 0.5), ((-3.0, 1.0, 0.5), (0.0, -4.0, 1.0), (2.0, 0.0, -2.5))),
]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("busy", [1, 2, 5])
def test_every_state_once(law, busy):
    """All ways to put the busy servers into phases, none twice."""
    states = Occupancy(busy, law).states
    assert len(states) == Occupancy(busy, law).size == comb(busy + len(law.initial) - 1, busy)
    assert len(np.unique(states, axis=0)) == len(states)
    assert (states.sum(axis=1) == busy).all()


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("busy", [1, 2, 5])
def test_rates_balance(law, busy):
    """What leaves a state arrives somewhere, and a service that begins is in some phase."""
    servers = Occupancy(busy, law)
    assert servers.stays.sum(axis=1) + servers.ends.sum(axis=1) == pytest.approx(
        np.zeros(servers.size), abs=1e-12
    )
    assert servers.begins.sum(axis=1) == pytest.approx(np.ones(servers.size))


@pytest.mark.parametrize("law", LAWS)
def test_moves_change_one_server(law):
    """A service that ends or begins takes or adds one server, a change of phase neither."""
    servers = Occupancy(3, law)
    for matrix, other, change in (
        (servers.ends, Occupancy(2, law), -1),
        (servers.begins, Occupancy(4, law), 1),
        (servers.stays - np.diag(np.diag(servers.stays)), servers, 0),
    ):
        for here, there in np.argwhere(matrix):
            moved = other.states[there] - servers.states[here]
            assert moved.sum() == change
            assert np.abs(moved).sum() == (2 if change == 0 else 1)


def test_independent_servers():
    """Two busy servers with exponential service: one of them ends at twice the rate."""
    assert Occupancy(2, LAWS[0]).ends.tolist() == [[4.0]]
