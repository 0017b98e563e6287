"""Where requests go."""

import numpy as np
import pytest

from capacity.models.networks.routing import comes_back, one_way, station_rates


def test_station_rates_with_feedback():
    """A geometric number of visits: λ / (1 - p)."""
    assert station_rates(np.array([3.0]), np.array([[0.25]])) == pytest.approx(4.0)


def test_coming_back_is_seen_at_any_length():
    """A loop of three, and the same without its last step."""
    loop = np.array([[0, 1, 0], [0, 0, 1], [0.1, 0, 0]])
    assert comes_back(loop)
    assert not comes_back(np.triu(loop))


def test_two_ways_let_requests_overtake():
    """A branch that joins again has two ways, a tandem and a tree one."""
    assert one_way(np.eye(3, k=1))
    assert one_way(np.array([[0, 0.5, 0.5], [0, 0, 0], [0, 0, 0]]))
    assert not one_way(np.array([[0, 0.5, 0.5], [0, 0, 1], [0, 0, 0]]))
