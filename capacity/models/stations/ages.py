"""How long the first in the queue has been waiting while all servers are busy: the key to the law of the wait.

That age grows with time and falls back by a time between arrivals when a service ends and the next in the queue is
first. Together with the phases of the busy servers it is a Markov process whose density at age x, seen from an arrival
at a queue that was empty, is exp(T x), T the solution of

    T = L + E[exp(T A)] D

with A the time between arrivals, L the rates between the states of the busy servers while no service ends and D
those at which one ends and the next begins. T has no phases of the arrivals, so it stays small, and A may be constant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models.distributions import Constant
from capacity.models.stations.matrixexponential import MatrixExponential
from capacity.models.stations.occupancy import Occupancy
from capacity.models.stations.phasetype import PhaseType

_SETTLED = 1e-14  # change relative to the fastest rate at which the iteration ends
_ROUNDS = 50_000  # it takes 20 to 2,000
_SLOW = 1e-4  # decay relative to the fastest rate below which a plain solution would lose digits
_NEAREST = 1e-15  # to the rate at which the service's tail decays, relative to it


@dataclass(frozen=True)
class Every:
    """Times between every so many arrivals: sums of that many times of a law.

    Parameters
    ----------
    law : PhaseType
        Of the times between arrivals. [s]
    number : int
        [requests]
    """

    law: PhaseType
    number: int


@dataclass(frozen=True)
class Ages:
    """The age of the first in the queue of identical servers, all of them busy.

    Parameters
    ----------
    between : PhaseType, Constant or Every
        Law of the times between arrivals. [s]
    service : PhaseType
        [s]
    servers : int
        [servers]

    References
    ----------
    .. [1] Sengupta, Markov processes whose steady state distribution is matrix-exponential with an application to the
       GI/PH/1 queue, Advances in Applied Probability 21(1), 1989, theorems 1 and 2.
    .. [2] Asmussen and Møller, Calculation of the steady state waiting time distribution in GI/PH/c and MAP/PH/c
       queues, Queueing Systems 37, 2001.

    Examples
    --------
    >>> poisson, exponential = PhaseType((1.0,), ((-8.0,),)), PhaseType((1.0,), ((-2.0,),))
    >>> Ages(poisson, exponential, servers=5).matrix.round(9)
    array([[-2.]])
    """

    between: PhaseType | Constant | Every
    service: PhaseType
    servers: int

    @cached_property
    def busy(self) -> Occupancy:
        """The states of the busy servers."""
        return Occupancy(self.servers, self.service)

    @cached_property
    def replaced(self) -> np.ndarray:
        """D: rates at which a service ends and the next begins [1/s]."""
        return self.busy.ends @ Occupancy(self.servers - 1, self.service).begins

    @cached_property
    def decay(self) -> float:
        """Rate at which long waits become rarer, η in P(W > t) ~ exp(-η t): E[exp(η S / c)] E[exp(-η A)] = 1 [1/s]."""
        return decay_rate(self.between, self.service, self.servers)

    @cached_property
    def matrix(self) -> np.ndarray:
        """T, by repeated substitution [1/s].

        From a start with the eigenvalue -η all iterates have it and its vector, which are those of T: what converges
        ever more slowly as the load grows is right from the first.
        """
        thinned = exponential_moment(self.between, -self.decay)
        found, scale = self.busy.stays + thinned * self.replaced, float(np.abs(self.busy.stays).max())
        for _ in range(_ROUNDS):
            following = self.busy.stays + transform(self.between, found) @ self.replaced
            if np.abs(following - found).max() <= _SETTLED * scale:
                return following
            found = following
        raise DomainError(
            f"the wait at {self.servers} servers was not found in {_ROUNDS} rounds; simulate this station"
        )

    def left(self, column: np.ndarray) -> np.ndarray:
        """(-T)^-1 v; at loads near 1 with the part along the slowest vector apart, which keeps the digits."""
        scale, one = float(np.abs(self.matrix).max()), np.eye(self.busy.size)
        if self.decay > _SLOW * scale:
            return np.linalg.solve(-self.matrix, column)
        near = self.matrix + (self.decay - 1e-12 * scale) * one
        right: np.ndarray = np.ones(len(one))
        left: np.ndarray = right
        for _ in range(3):
            right, left = np.linalg.solve(near, right), np.linalg.solve(near.T, left)
            right, left = right / np.abs(right).max(), left / np.abs(left).max()
        slow = right * (left @ column) / (left @ right)
        return slow / self.decay + np.linalg.solve(-self.matrix, column - slow)

    def waits(self, ratios: Iterable[np.ndarray]) -> MatrixExponential:
        """Return the survival of the wait, P(W > t) = a exp(T t) (-T)^-1 D 1.

        Parameters
        ----------
        ratios : iterable of ndarray
            What arrivals find with 1, 2, ... all servers busy, over what they find with one less: a is the product of
            all, for shares that add to 1. [1]
        """
        waiting = self.left(self.replaced.sum(axis=1))
        found: np.ndarray = np.ones(1)
        total = 1.0
        for ratio in ratios:
            found = found / total @ ratio
            total = 1.0 + found.sum()
        total += found @ waiting - found.sum()
        shifted = self.matrix + self.decay * np.eye(self.busy.size)
        return MatrixExponential(found / total, shifted, waiting, self.decay)


def transform(between: PhaseType | Constant | Every, matrix: np.ndarray) -> np.ndarray:
    """E[exp(M A)], A the time between arrivals [1]."""
    if isinstance(between, Every):
        return np.linalg.matrix_power(transform(between.law, matrix), between.number)
    if isinstance(between, Constant):
        from scipy.linalg import expm

        return np.asarray(expm(matrix * between.mean))
    return sum(part * end for part, end in zip(phases_between(between, matrix), between.ends, strict=True))


def phases_between(between: PhaseType, matrix: np.ndarray) -> list[np.ndarray]:
    """∫ exp(T x) a(x) dx for each phase of an arrival, a(x) the chance that it is in it at x [s].

    The solutions Y of T Y_j + Σ_i Y_i A_ij + α_j = 0, from the first phase on; phases that can be entered again are
    put in an order first (Schur).
    """
    starts, rates = between.starts, between.rates
    if one_way := not np.tril(rates, -1).any():
        turned = np.eye(len(starts))
    else:
        from scipy.linalg import schur

        rates, turned = schur(rates, output="complex")
        starts = starts @ turned
    one = np.eye(len(matrix))
    inverses: dict[complex, np.ndarray] = {}
    parts: list[np.ndarray] = []
    for phase, rate in enumerate(np.diag(rates)):
        if rate not in inverses:
            inverses[rate] = np.linalg.inv(-rate * one - matrix)
        entered = starts[phase] * one
        for earlier in np.flatnonzero(rates[:phase, phase]):
            entered = entered + rates[earlier, phase] * parts[earlier]
        parts.append(entered @ inverses[rate])
    if one_way:
        return parts
    back = turned.conj().T
    return [sum(part * share for part, share in zip(parts, column, strict=True)).real for column in back.T]


def exponential_moment(law: PhaseType | Constant | Every, rate: float) -> float:
    """E[exp(r T)] for r below the rate at which the law's tail decays [1]."""
    return math.exp(_cumulant(law, rate) * rate)


def decay_rate(between: PhaseType | Constant | Every, service: PhaseType | Constant, servers: int) -> float:
    """Rate at which the chance of waiting longer falls, η in P(W > t) ~ exp(-η t) [1/s].

    The positive root of E[exp(η S / c)] E[exp(-η A)] = 1; ``inf`` where both times are constant.

    References
    ----------
    .. [1] Abate, Choudhury and Whitt, Exponential approximations for tail probabilities in queues, I,
       Operations Research 43(5), 1995, eq. 8.

    Examples
    --------
    >>> round(decay_rate(PhaseType((1.0,), ((-0.8,),)), Constant(1.0), servers=1), 6)
    0.430842
    """
    from scipy.optimize import brentq

    def excess(rate: float) -> float:
        return _cumulant(service, rate / servers) / servers - _cumulant(between, -rate)

    low, high = 0.0, servers / service.mean
    if isinstance(service, PhaseType):
        pole, share = servers * slowest(service), 0.5
        while excess(pole * (1 - share)) < 0:
            share /= 2
            if share < _NEAREST:
                return pole
        low, high = pole * max(1 - 2 * share, 0.0), pole * (1 - share)
    elif isinstance(between, Constant):
        return math.inf
    while excess(high) < 0:
        low, high = high, 2 * high
    return float(brentq(excess, low, high, xtol=1e-300, rtol=1e-15))


def slowest(law: PhaseType) -> float:
    """Rate at which the tail of a phase-type law decays [1/s]."""
    if not np.tril(law.rates, -1).any():
        return float((-np.diag(law.rates)).min())
    return float((-np.linalg.eigvals(law.rates).real).min())


def _cumulant(law: PhaseType | Constant | Every, rate: float) -> float:
    """Return log E[exp(r T)] / r, the mean at r = 0 [s].

    Without cancellation, as E[exp(r T)] - 1 = r E[∫ exp(r t) dt], over t from 0 to T; far below 1 from the ends.
    """
    if isinstance(law, Constant):
        return law.mean
    if isinstance(law, Every):
        return law.number * _cumulant(law.law, rate)
    count = len(law.initial)
    inverse = np.linalg.inv(-law.rates - rate * np.eye(count))
    with np.errstate(over="ignore", invalid="ignore"):
        grown = float(law.starts @ inverse.sum(axis=1))
        moment = float(law.starts @ inverse @ law.ends)
    if not (math.isfinite(rate * grown) and 0 < moment < math.inf):
        return _log_moment(law, rate) / rate
    if rate * grown < -0.5:
        return math.log(moment) / rate
    return math.log1p(rate * grown) / rate if rate else grown


def _log_moment(law: PhaseType, rate: float) -> float:
    """Return log E[exp(r T)] of many phases in a row, where the moment itself is no number any more."""
    if np.tril(law.rates, -1).any():
        raise DomainError(
            f"the decay of waits at a rate of {rate:g} is not found for {len(law.starts)} phases that are entered "
            "again; take a law of fewer phases, or simulate this station"
        )
    with np.errstate(divide="ignore"):
        ways = np.log(np.column_stack([np.triu(law.rates, 1), law.ends]))
        starts = np.log(law.starts)
    logs = np.append(np.full(len(starts), -np.inf), 0.0)
    for phase in reversed(range(len(starts))):
        logs[phase] = np.logaddexp.reduce(ways[phase] + logs) - math.log(-law.rates[phase, phase] - rate)
    return float(np.logaddexp.reduce(starts + logs[:-1]))
