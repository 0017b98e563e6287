"""How long requests take from station to station, if the times at the stations are independent."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from capacity.errors import DomainError
from capacity.models.networks.stations import Delay, NetworkStation, TwoMoment

_ORDER = 17  # of the inversion: about 1e-10 of the probability
_RAREST = 1e-6  # share of requests beyond a quantile that the inversion still resolves
_NEARLY_CONSTANT = 0.04  # service times that vary less than this (scv) are too sharp for the inversion


def sojourn_survival(
    stations: Sequence[NetworkStation], entry: np.ndarray, routing: np.ndarray, t: float
) -> float:
    """Share of requests that take longer than t seconds through a network none comes back in [fraction].

    The transform of the time from a station on is that of its own response time times what follows; it is inverted
    by Euler summation.

    Parameters
    ----------
    stations : sequence
        Stations with their answers.
    entry : ndarray
        Share of requests that enter at each.
    routing : ndarray
        Share of what leaves a station (row) that goes to another (column).
    t : float
        [s]

    References
    ----------
    .. [1] Abate and Whitt, A unified framework for numerically inverting Laplace transforms, INFORMS J. Computing
       18(4), 2006, sec. 5.

    Examples
    --------
    >>> from capacity.models.stations.queueing import MMc
    >>> round(sojourn_survival([MMc(1, 3, 1)], np.array([1.0]), np.zeros((1, 1)), 0.5), 9)
    0.367879441
    """
    if t <= 0:
        return 1.0
    s = _NODES / t
    own = np.array([_transform(station, s) for station in stations]).T
    leaving = 1 - routing.sum(axis=1)
    onward = np.eye(len(stations)) - own[:, :, np.newaxis] * routing
    total = np.linalg.solve(onward, (own * leaving)[:, :, np.newaxis])[:, :, 0] @ entry
    return float(_WEIGHTS @ ((1 - total) / s).real / t)


def sojourn_quantile(
    stations: Sequence[NetworkStation], entry: np.ndarray, routing: np.ndarray, q: float, mean: float
) -> float:
    """Time that the share q of requests stays within [s]; `mean` is the scale on which to look for it.

    Parameters otherwise as in `sojourn_survival`.

    Raises
    ------
    DomainError
        If the quantile is too rare to resolve.
    """
    if 1 - q < _RAREST:
        raise DomainError(f"quantile {q:g} is beyond what the inversion resolves (1 - {_RAREST:g}); simulate")
    from scipy.optimize import brentq

    def excess(t: float) -> float:
        return sojourn_survival(stations, entry, routing, t) - (1 - q)

    low, high = 0.0, mean
    while excess(high) > 0:
        low, high = high, 2 * high
    return float(brentq(excess, low, high, xtol=1e-13 * mean, rtol=1e-12))


def _transform(station: NetworkStation, s: np.ndarray) -> np.ndarray:
    """E[exp(-s T)] of the response time: no wait or an exponential one, then a gamma-distributed service time."""
    scv = 1.0 if not isinstance(station, TwoMoment | Delay) else station.service_scv
    if scv < _NEARLY_CONSTANT:
        raise DomainError(
            f"service times with a squared coefficient of variation of {scv:g} make steps in the law of the whole "
            f"(at least {_NEARLY_CONSTANT:g} is needed); ask for the mean, or simulate the network"
        )
    served = (1 + s * scv / station.service_rate) ** (-1 / scv)
    chance = station.wait_probability
    if not chance or isinstance(station, Delay):
        return served
    decay = (
        station.decay_rate
        if isinstance(station, TwoMoment)
        else station.servers * station.service_rate - station.arrival_rate
    )
    return served * (1 - chance + chance * decay / (decay + s))


def _euler(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the Euler summation."""
    tail = np.cumsum([math.comb(order, k) for k in range(order)]) / 2.0**order
    sizes = np.concatenate([[0.5], np.ones(order), tail[::-1]])
    number = np.arange(2 * order + 1)
    weights = 10 ** (order / 3) * (-1.0) ** number * sizes
    return order * math.log(10) / 3 + 1j * math.pi * number, weights


_NODES, _WEIGHTS = _euler(_ORDER)
