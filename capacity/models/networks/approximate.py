"""Closed networks with too many users of too many classes for exact answers: Linearizer, and the older Bard-Schweitzer.

Both guess how the queue looks to an arriving request from the queues at full population. Against exact solutions of
4,500 random networks (1 to 3 classes of 1 to 12 users, 2 to 5 stations, demands over two decades, with and without
think time) the response times of Bard-Schweitzer were off by 3% (median), 10% (90% of them) and 32% (worst), those of
Linearizer by 0.1%, 0.6% and 3.1%. Where about half of the stations had 2 to 8 servers (3,000 networks), Seidmann's
delay made that 4%, 13% and 30%, and 0.6%, 7% and 24%.
"""

from __future__ import annotations

import numpy as np

from capacity.errors import DomainError
from capacity.models.networks.closed import ClosedNetwork, ClosedSolution

_BARD_SCHWEITZER_ERROR = 0.35  # largest relative errors of a class's response time in the measurement above
_LINEARIZER_ERROR = 0.035
_SEVERAL_SERVERS_ERROR = 0.25
_UPDATES = 500  # of the shifts; three are usual, until they settle gets closer
_SETTLED = 1e-9  # change of the shifts that counts as none
_ROUNDS = 200_000
_STILL = 1e-14  # relative change of the queues that counts as none


def bard_schweitzer(network: ClosedNetwork) -> ClosedSolution:
    """Approximate answers, an arriving request of class c seeing Q_k - Q_ck / N_c: fast, and usually pessimistic.

    Several servers are taken as one faster server after a delay (Seidmann), which `method` says.

    Parameters
    ----------
    network : ClosedNetwork
        Without rate multipliers.

    Raises
    ------
    DomainError
        If a station has rate multipliers, or no fixed point is found.

    References
    ----------
    .. [1] Schweitzer, Approximate analysis of multiclass closed networks of queues, Int. Conf. on Stochastic Control
       and Optimization, Amsterdam, 1979.
    .. [2] Seidmann, Schweitzer and Shalev-Oren, Computerized closed queueing network models of flexible
       manufacturing systems, Large Scale Systems 12, 1987.

    Examples
    --------
    >>> network = ClosedNetwork.single([0.605, 2.1, 1.35], population=3, think_time=15)
    >>> round(float(bard_schweitzer(network).throughput[0]), 6)
    0.150986
    """
    users = np.array([network.population], dtype=float)
    model = _Stations(network)
    classes, stations = model.demands.shape
    no_shifts = np.zeros((classes, stations, classes))
    throughput, present = model.settle(users, model.start(users), no_shifts)
    return model.solution(throughput[0], present[0], "Bard-Schweitzer", _BARD_SCHWEITZER_ERROR)


def linearizer(network: ClosedNetwork) -> ClosedSolution:
    """Approximate answers that also take in how the queues shift when one user is away.

    The shares of each class at each station are solved for with all users and with one less of each class, until
    their differences settle. In sums over the classes, so that memory grows with their square only.

    Parameters, Raises as in `bard_schweitzer`.

    References
    ----------
    .. [1] Chandy and Neuse, Linearizer: a heuristic algorithm for queueing network models of computing systems,
       Comm. ACM 25(2), 1982.
    .. [2] de Souza e Silva and Muntz, A note on the computational cost of the linearizer algorithm, IEEE Trans.
       Computers 39(6), 1990.

    Examples
    --------
    >>> network = ClosedNetwork.single([0.605, 2.1, 1.35], population=3, think_time=15)
    >>> round(float(linearizer(network).throughput[0]), 6)
    0.151522
    """
    model = _Stations(network)
    classes, stations = model.demands.shape
    everyone = np.array(network.population, dtype=float)
    users = np.concatenate([everyone[np.newaxis], everyone - np.eye(classes)])
    present, shifts = model.start(users), np.zeros((classes, stations, classes))
    for _ in range(_UPDATES):
        throughput, present = model.settle(users, present, shifts)
        shares = present / np.maximum(users, 1)[:, :, np.newaxis]
        moved = np.where(users[1:, :, np.newaxis] > 0, shares[1:] - shares[0], 0.0).transpose(1, 2, 0)
        if np.abs(moved - shifts).max() <= _SETTLED:
            return model.solution(throughput[0], present[0], "Linearizer", _LINEARIZER_ERROR)
        shifts = moved
    raise DomainError(f"the approximation did not settle in {_UPDATES} updates; simulate this network")


class _Stations:
    """A network as one-server stations and delays, in arrays."""

    def __init__(self, network: ClosedNetwork) -> None:
        if any(rates is not None for rates in network.rate_multipliers):
            raise DomainError(
                "an approximation of stations whose rate depends on the number present is not offered; "
                "solve such networks exactly, with fewer users or classes"
            )
        self.network = network
        counts = np.array([np.inf if count == "delay" else float(count) for count in network.servers])
        demands = np.array(network.demands)
        self.demands = demands / counts
        self.delays = demands - self.demands
        self.outside = np.array(network.think_time) + self.delays.sum(axis=1)
        self.several = bool(((counts > 1) & np.isfinite(counts)).any())

    def start(self, users: np.ndarray) -> np.ndarray:
        """Everybody spread over the stations in proportion to the demands."""
        total = self.outside + self.demands.sum(axis=1)
        return users[:, :, np.newaxis] * self.demands / total[:, np.newaxis]

    def settle(
        self, users: np.ndarray, present: np.ndarray, shifts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Throughput and numbers present that solve the mean value equations for rows of users."""
        shifted = np.einsum("bi,ikc->bck", users, shifts) - np.einsum("ckc->ck", shifts)
        somebody = np.maximum(users, 1)[:, :, np.newaxis]
        for _ in range(_ROUNDS):
            seen = present.sum(axis=1, keepdims=True) - present / somebody + shifted
            residence = self.demands * (1 + seen)
            throughput = users / (self.outside + residence.sum(axis=2))
            following = throughput[:, :, np.newaxis] * residence
            change = np.abs(following - present).max()
            present = following
            if change <= _STILL * users.sum():
                return throughput, present
        raise DomainError(
            f"the approximation did not settle in {_ROUNDS} rounds (the last moved {change:.2g} requests); "
            "simulate this network"
        )

    def solution(
        self, throughput: np.ndarray, present: np.ndarray, method: str, error: float
    ) -> ClosedSolution:
        """Answers from those of the one-server stations."""
        if self.several:
            method, error = f"{method}, several servers by Seidmann", max(error, _SEVERAL_SERVERS_ERROR)
        concurrency = present + throughput[:, np.newaxis] * self.delays
        return ClosedSolution(self.network, throughput, concurrency, method, error)
