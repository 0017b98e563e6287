"""Closed networks solved exactly: mean value analysis for one class of users, convolution for all else."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from capacity.errors import DomainError
from capacity.models.inverse import check_feasible
from capacity.models.networks.closed import ClosedNetwork, ClosedSolution
from capacity.models.networks.convolution import Factor, Populations, presence_of, weights_of
from capacity.shown import Shown

_MOST_WORK = 500_000_000  # terms of the convolution beyond which it takes too long, some ten seconds
_MOST_CELLS = 5_000_000  # populations kept at once


@dataclass(frozen=True, eq=False)
class Curve(Shown):
    """What one class of users gets with 1, 2, ... of them, for plots and for the question asked backwards.

    Parameters
    ----------
    population : ndarray
        1 to N. [users]
    throughput, response_time : ndarray
        With so many users. [req/s], [s]

    Examples
    --------
    >>> import capacity as cap
    >>> shop = cap.networks.ClosedNetwork.single([0.005, 0.030], population=50, think_time=1.0)
    >>> found = cap.networks.curve(shop)
    >>> int(found.population[-1]), round(float(found.throughput[-1]), 1)  # [users], [req/s]
    (50, 33.3)
    """

    population: np.ndarray
    throughput: np.ndarray
    response_time: np.ndarray


def solve(network: ClosedNetwork) -> ClosedSolution:
    """Throughput, response times and numbers present of a closed network, exactly.

    One class and stations of constant rate by mean value analysis; several classes, several servers, or a rate that
    depends on the number present by convolution in logarithms, which cancels nothing (relative error below 1e-9).

    Parameters
    ----------
    network : ClosedNetwork
        What to solve.

    Raises
    ------
    DomainError
        If there are too many combinations of users to enumerate; `approximate.linearizer` still answers.

    References
    ----------
    .. [1] Reiser and Lavenberg, Mean-value analysis of closed multichain queueing networks, J. ACM 27(2), 1980.
    .. [2] Bruell and Balbo, Computational Algorithms for Closed Queueing Networks, North-Holland, 1980.

    Examples
    --------
    >>> solution = solve(ClosedNetwork.single([0.605, 2.1, 1.35], population=3, think_time=15))
    >>> round(float(solution.throughput[0]), 4), round(float(solution.response_time[0]), 2)
    (0.1515, 4.8)
    """
    if _is_plain(network):
        throughputs, _, residence = _mean_values(network)
        throughput = np.array(throughputs[-1:])
        return ClosedSolution(network, throughput, throughput * residence[np.newaxis], "exact MVA", 0.0)
    return _convolved(network)


def curve(network: ClosedNetwork) -> Curve:
    """Throughput and response time of one class of users with 1, 2, ... up to its population, exactly.

    Parameters, Raises as in `solve`.

    Examples
    --------
    >>> found = curve(ClosedNetwork.single([0.022], population=60, think_time=1, servers=[8]))
    >>> found.throughput[[0, 59]].round(2)
    array([ 0.98, 58.71])
    """
    if len(network.population) != 1:
        raise DomainError(
            f"a curve over the population needs one class of users, not {len(network.population)}; "
            "solve the mixes of interest one by one"
        )
    users = np.arange(1, network.population[0] + 1)
    if _is_plain(network):
        throughputs, responses, _ = _mean_values(network)
        return Curve(users, np.array(throughputs), np.array(responses))
    model, populations = _Model.of(network), Populations(tuple(network.population))
    weights = weights_of(populations, model.thinking, model.factors)
    relative = np.exp(weights[:-1] - weights[1:])
    response = np.full(users.size, model.delayed[0])
    found = presence_of(populations, model.thinking, model.factors, weights)
    for factor, sums in zip(model.factors, found, strict=True):
        present = factor.demands[0] * np.exp(sums[:-1] - weights[1:])
        response += present / (relative * model.scale[0])
    return Curve(users, relative * model.scale[0], response)


def slowdown(network: ClosedNetwork) -> np.ndarray:
    """How many times its service demand a request from outside would take at each station, among these users.

    E[(J + 1) / α(J + 1)], J users being present and the station α times as fast as with one: 1 + Q for one server.

    Parameters, Raises as in `solve`.

    Examples
    --------
    >>> network = ClosedNetwork.single([0.605, 2.1, 1.35], population=3, think_time=15)
    >>> (slowdown(network) - 1).round(3)  # the users present
    array([0.098, 0.395, 0.235])
    """
    model = _Model.of(network)
    populations = Populations(tuple(network.population[c] for c in model.order))
    weights = weights_of(populations, model.thinking, model.factors)
    alone = [network.rates(station) for station in range(network.stations)]
    result = np.array([1.0 if rates is None else 1 / rates[0] for rates in alone])
    found = presence_of(populations, model.thinking, model.factors, weights)
    for station, sums in zip(model.stations, found, strict=True):
        result[station] = math.exp(sums[populations.population] - weights[populations.population])
    return result


def largest_population(
    network: ClosedNetwork,
    slo: float,
    of_class: int = 0,
    solver: Callable[[ClosedNetwork], ClosedSolution] = solve,
) -> int:
    """Most users of one class with whom its mean response time is within the objective [users].

    The response time has to grow with the number of users, as it does unless a station works faster the more it has.

    Parameters
    ----------
    network : ClosedNetwork
        Whose population of `of_class` is replaced.
    slo : float
        Longest mean response time allowed. [s]
    of_class : int
        The class that grows, counted from 0; the others stay. [class, from 0]
    solver : callable
        `solve`, or `approximate.linearizer` for many users of several classes.

    Raises
    ------
    DomainError
        If one user already misses the objective, or no number of them does.

    Examples
    --------
    >>> largest_population(ClosedNetwork.single([0.022], 1, think_time=1, servers=[8]), slo=0.05)
    361
    """

    def response(users: int) -> float:
        return float(solver(network.with_population(users, of_class)).response_time[of_class])

    check_feasible(response(1), slo)
    most = (slo + network.think_time[of_class]) * _capacity(network, of_class)
    choices = range(1, int(most) + 2)
    return choices[bisect_left(choices, True, key=lambda users: response(users) > slo * (1 + 1e-12)) - 1]


def _capacity(network: ClosedNetwork, of_class: int) -> float:
    """Throughput of a class that no number of its users exceeds."""
    demands = network.demands[of_class]
    limits = [
        max(network.rate_multipliers[k] or (float(network.servers[k]),)) / demand
        for k, demand in enumerate(demands)
        if demand and network.servers[k] != "delay"
    ]
    if not limits:
        raise DomainError("nobody ever waits in this network, so no number of users misses the objective")
    return min(limits)


def _is_plain(network: ClosedNetwork) -> bool:
    constant = all(rates is None for rates in network.rate_multipliers)
    return len(network.population) == 1 and constant and set(network.servers) <= {1, "delay"}


def _mean_values(network: ClosedNetwork) -> tuple[list[float], list[float], np.ndarray]:
    """Throughput and response time with 1, 2, ... users, and the residence times with all; a plain loop is fastest."""
    stations = list(zip(network.demands[0], network.servers, strict=True))
    queueing = [demand for demand, count in stations if count == 1]
    delayed = math.fsum(demand for demand, count in stations if count != 1)
    outside = network.think_time[0] + delayed
    throughputs, responses = [], []
    residence, throughput = [0.0] * len(queueing), 0.0
    for users in range(1, network.population[0] + 1):
        pairs = zip(queueing, residence, strict=True)
        residence = [demand * (1 + throughput * time) for demand, time in pairs]
        response = sum(residence)
        throughput = users / (outside + response)
        throughputs.append(throughput)
        responses.append(response + delayed)
    times = np.array(network.demands[0])
    times[[count == 1 for count in network.servers]] = residence
    return throughputs, responses, times


@dataclass(frozen=True, eq=False)
class _Model:
    """A network as the convolution wants it: the largest class last, times in units that keep the weights near 1."""

    order: np.ndarray
    scale: np.ndarray
    delayed: np.ndarray
    thinking: np.ndarray
    factors: list[Factor]
    stations: list[int]

    @classmethod
    def of(cls, network: ClosedNetwork) -> _Model:
        """Return the model, refusing what would take too long."""
        order = np.argsort(network.population, kind="stable")
        demands = np.array(network.demands)[order]
        rates = [network.rates(station) for station in range(network.stations)]
        users = np.array(network.population)[order]
        outside = np.array(network.think_time)[order]
        delayed = demands[:, [rate is None for rate in rates]].sum(axis=1)
        fastest = [math.inf if rate is None else max(rate) for rate in rates]
        scale = 1 / np.maximum((demands / fastest).max(axis=1), (outside + demands.sum(axis=1)) / users)
        kept = [k for k, rate in enumerate(rates) if rate is not None and demands[:, k].any()]
        factors = [Factor(demands[:, k] * scale, rate) for k in kept if (rate := rates[k]) is not None]
        _check_work(network, [len(factor.rates) for factor in factors])
        return cls(order, scale, delayed, (outside + delayed) * scale, factors, kept)


def _check_work(network: ClosedNetwork, lengths: list[int]) -> None:
    cells = math.prod(users + 1 for users in network.population)
    varying = sum(length > 1 for length in lengths)
    passes = sum(length * (1 + varying) if length > 1 else 2 + varying for length in lengths)
    work = cells * passes * len(network.population)
    if cells > _MOST_CELLS or work > _MOST_WORK:
        varies = any(rates is not None for rates in network.rate_multipliers)
        remedy = "simulate" if varies else "use approximate.linearizer"
        raise DomainError(
            f"{cells} combinations of users ({work:.2g} terms) are too many to enumerate "
            f"(at most {_MOST_CELLS} and {_MOST_WORK:.2g}); {remedy}, or take fewer users"
        )


def _convolved(network: ClosedNetwork) -> ClosedSolution:
    model = _Model.of(network)
    users = [network.population[c] for c in model.order]
    populations = Populations(tuple(users))
    weights = weights_of(populations, model.thinking, model.factors)
    one_less = [tuple(n - (c == other) for other, n in enumerate(users)) for c in range(len(users))]
    all_present = weights[tuple(users)]
    demands = np.array(network.demands)
    throughput = np.empty(len(users))
    for c, place in zip(model.order, one_less, strict=True):
        throughput[c] = math.exp(weights[place] - all_present)
    throughput[model.order] *= model.scale
    concurrency = throughput[:, np.newaxis] * demands
    found = presence_of(populations, model.thinking, model.factors, weights)
    for station, factor, sums in zip(model.stations, model.factors, found, strict=True):
        for c, demand, place in zip(model.order, factor.demands, one_less, strict=True):
            concurrency[c, station] = demand * math.exp(sums[place] - all_present)
    return ClosedSolution(network, throughput, concurrency, "exact convolution", 0.0)
