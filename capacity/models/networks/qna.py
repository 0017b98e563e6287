"""How variable the arrivals at the stations of a network are: the flow equations of Whitt's QNA."""

from __future__ import annotations

import numpy as np

_LEAST_SERVICE_SCV = 0.2  # below it departures from several servers get no smoother (Whitt 1983, eq. 39)


def arrival_scvs(
    rates: np.ndarray,
    routing: np.ndarray,
    external_rates: np.ndarray,
    utilization: np.ndarray,
    servers: np.ndarray,
    external_scv: np.ndarray,
    service_scv: np.ndarray,
) -> np.ndarray:
    """Squared coefficient of variation of the times between arrivals at each station.

    What departs has 1 + (1 - ρ²)(ca² - 1) + ρ² (max(cs², 0.2) - 1) / √c; a share q of it 1 + q (cd² - 1); where flows
    join, their mean by rate is drawn towards 1 the more of them there are and the idler the station. That is linear.

    Parameters
    ----------
    rates, external_rates : ndarray
        Arrivals at each station, in all and from outside. [req/s]
    routing : ndarray
        Share of what leaves a station (row) that goes to another (column). [fraction]
    utilization, servers : ndarray
        Of each station; 0 and inf where nobody waits. [fraction], [servers]
    external_scv, service_scv : ndarray
        Of the times between arrivals from outside, and of the service times.

    References
    ----------
    .. [1] Whitt, The Queueing Network Analyzer, Bell System Technical Journal 62(9), 1983, eqs. 24-29, 38-39.

    Examples
    --------
    >>> two = np.array([1.0, 1.0])
    >>> flows = np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([1.0, 0.0])
    >>> arrival_scvs(two, *flows, np.array([0.8, 0.5]), two, two, np.array([0.25, 1.0]))
    array([1.  , 0.52])
    """
    served = np.maximum(rates, 1e-300)
    flows = routing * rates[:, np.newaxis]
    shares, outside = flows / served, external_rates / served
    streams = 1 / np.maximum((shares**2).sum(axis=0) + outside**2, 1e-300)
    drawn = 1 / (1 + 4 * (1 - utilization) ** 2 * (streams - 1))
    squared = utilization[:, np.newaxis] ** 2
    smoothed = (1 + (np.maximum(service_scv, _LEAST_SERVICE_SCV) - 1) / np.sqrt(servers))[:, np.newaxis]
    joined = outside * external_scv + (shares * (1 - routing + routing * squared * smoothed)).sum(axis=0)
    constant = 1 + drawn * (joined - 1)
    linear = drawn * shares * routing * (1 - squared)
    return np.linalg.solve(np.eye(rates.size) - linear.T, constant)
