"""Where requests go from station to station: shares of what leaves one (row) that go on to another (column)."""

from __future__ import annotations

import numpy as np

from capacity.errors import DomainError

_LEAK = 1e-12  # share that leaves below which a row counts as adding to 1


def check_routing(routing: np.ndarray) -> None:
    """Refuse shares out of range, and stations from which nobody gets out."""
    wrong = ~((routing >= 0) & (routing <= 1)) | (routing.sum(axis=1, keepdims=True) > 1 + _LEAK)
    if wrong.any():
        row = int(np.flatnonzero(wrong.any(axis=1))[0])
        raise DomainError(
            f"routing from station {row + 1} is {routing[row].tolist()}; give shares from 0 to 1 that add to 1 at most"
        )
    out = routing.sum(axis=1) < 1 - _LEAK
    for _ in routing:
        out |= (routing > 0) @ out
    if not out.all():
        stuck = [int(k) + 1 for k in np.flatnonzero(~out)]
        raise DomainError(f"requests never leave from stations {stuck}; let a share of them go out")


def station_rates(external_rates: np.ndarray, routing: np.ndarray) -> np.ndarray:
    """Rate at which requests reach each station, from outside and from others: λ = λ₀ + λ P [req/s].

    Examples
    --------
    >>> station_rates(np.array([5.0, 0.0]), np.array([[0.0, 1.0], [0.5, 0.0]]))
    array([10., 10.])
    """
    return np.maximum(np.linalg.solve(np.eye(len(routing)) - routing.T, external_rates), 0.0)


def comes_back(routing: np.ndarray) -> bool:
    """Whether a request can visit a station twice."""
    return bool(np.linalg.matrix_power((routing > 0).astype(float), len(routing)).any())


def one_way(routing: np.ndarray) -> bool:
    """Whether there is at most one way from any station to any other, so that nobody overtakes on another."""
    links = (routing > 0).astype(float)
    ways = sum(np.linalg.matrix_power(links, steps) for steps in range(len(links) + 1))
    return bool(np.max(ways) <= 1)
