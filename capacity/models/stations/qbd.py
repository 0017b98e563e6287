"""Several servers with phase-type service, solved exactly: PH/PH/c and D/PH/c, first come first served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import time_when
from capacity.models.distributions import Constant
from capacity.models.stations.ages import Ages, phases_between, slowest
from capacity.models.stations.matrixexponential import MatrixExponential
from capacity.models.stations.occupancy import Occupancy
from capacity.models.stations.phasetype import PhaseType, with_mean
from capacity.models.stations.poisson import poisson_window
from capacity.models.stations.station import Station

MOST_STATES = 1000  # of the busy servers: about 10 s
MOST_SERVERS = 500  # whose levels are solved one by one [servers]
MOST_TERMS = 10**7  # numbers in the series of a level, for evenly spaced arrivals


@dataclass(frozen=True)
class PHPHc(Station):
    """Phase-type or evenly spaced arrivals to identical servers with phase-type service and one unbounded queue.

    The numbers an arrival finds, with the phases of the busy servers, follow level by level from those at one
    request less (a quasi-birth-death process at its arrivals); the wait of those who find all servers busy has
    density exp(T x), see `Ages`. Exact for these laws, but for rounding: about ten digits.

    Parameters
    ----------
    arrival_rate : float
        Above 0. [req/s]
    service_rate : float
        Rate of one server. [req/s]
    servers : int
        [servers]
    between : PhaseType or Constant
        Law of the times between arrivals, taken to the mean that the rate asks for.
    service : PhaseType
        Law of the service times, likewise.

    Raises
    ------
    Unstable
        If the arrival rate is not below `servers` times the service rate.
    DomainError
        If the busy servers have more states than can be solved; `GGc` approximates there.

    References
    ----------
    .. [1] Latouche and Ramaswami, Introduction to Matrix Analytic Methods in Stochastic Modeling, SIAM, 1999, ch. 10.
    .. [2] Asmussen and Møller, Calculation of the steady state waiting time distribution in GI/PH/c and MAP/PH/c
       queues, Queueing Systems 37, 2001.

    Examples
    --------
    >>> from capacity.models.distributions import Erlang, Hyperexponential
    >>> bursts = PhaseType.of(Hyperexponential.balanced(1.0, scv=4))
    >>> station = PHPHc(3.6, 1.0, 4, between=bursts, service=PhaseType.of(Erlang(1.0, phases=2)))
    >>> round(station.waiting_time, 6), round(station.response_time_quantile(0.99), 6)
    (4.720941, 24.405648)
    """

    between: PhaseType | Constant
    service: PhaseType

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.positive(arrival_rate=self.arrival_rate)
        given = self.arrival_rate, self.service_rate, self.servers, self.between, self.service
        if not self.solves(*given):
            raise DomainError(
                f"{self.servers} servers with {len(self.service.initial)} phases each, {self.between.scv:g} the scv of "
                f"the times between arrivals, are too many states for an exact solution (more than {MOST_STATES}, "
                f"{MOST_SERVERS} servers, or {MOST_TERMS:.0e} terms); use GGc, which approximates"
            )

    @staticmethod
    def solves(
        arrival_rate: float,
        service_rate: float,
        servers: int,
        between: PhaseType | Constant,
        service: PhaseType,
    ) -> bool:
        """Whether a station with these parameters is small enough to be solved."""
        size = Occupancy(servers, service).size
        if size > MOST_STATES or servers > MOST_SERVERS:
            return False
        fastest = float(np.abs(service.rates).max()) * service.mean * service_rate
        return isinstance(between, PhaseType) or (servers * fastest / arrival_rate) * size**2 <= MOST_TERMS

    @property
    def method(self) -> str:
        """How the answers were found."""
        return "exact D/PH/c" if isinstance(self.between, Constant) else "exact PH/PH/c"

    @cached_property
    def wait_probability(self) -> float:
        """Share of requests that find all servers busy [fraction]."""
        return self._waiting.at(0.0)

    @cached_property
    def waiting_time(self) -> float:
        """Mean time in the queue [s]."""
        return float(self._waiting.start @ self._ages.left(self._waiting.end))

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return self._waiting.at(t)

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        domain.not_negative(time=t)
        return self._response.at(t)

    def waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of requests; 0 up to 1 - P(wait) [s]."""
        domain.fraction(quantile=q)
        return time_when(self._waiting.at, 1 - q, 0.0, 1 / self.service_rate)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests [s]."""
        domain.fraction(quantile=q)
        return time_when(self._response.at, 1 - q, 0.0, 1 / self.service_rate)

    @cached_property
    def _ages(self) -> Ages:
        between = with_mean(self.between, 1 / self.arrival_rate)
        return Ages(between, with_mean(self.service, 1 / self.service_rate), self.servers)

    @cached_property
    def _waiting(self) -> MatrixExponential:
        ages, between = self._ages, with_mean(self.between, 1 / self.arrival_rate)
        if isinstance(between, PhaseType):
            return ages.waits(list(_ratios_of_phases(ages, between))[::-1])
        return ages.waits(list(_ratios_of_constant(ages, between))[::-1])

    @cached_property
    def _response(self) -> MatrixExponential:
        """P(R > t) = P(S > t) + ∫ P(W > t - x) dP(S ≤ x): first the phases of the service, then those of the wait."""
        service, waiting = self._ages.service, self._waiting
        decay = min(waiting.decay, slowest(service))
        phases, states = len(service.initial), len(waiting.start)
        slower = (decay - waiting.decay) * np.eye(states)
        generator = np.block(
            [
                [service.rates + decay * np.eye(phases), np.outer(service.ends, waiting.start)],
                [np.zeros((states, phases)), waiting.generator + slower],
            ]
        )
        start = np.concatenate([service.starts, np.zeros(states)])
        return MatrixExponential(start, generator, np.concatenate([np.ones(phases), waiting.end]), decay)


def _ratios_of_phases(ages: Ages, between: PhaseType) -> Iterator[np.ndarray]:
    """Yield, from all servers busy down, what arrivals find at a level over what they find one level lower.

    States are pairs of the phase of the next arrival and the state of the busy servers. With C_n the rates within
    level n, excursions above it included, a_n = a_(n-1) (α ⊗ begins) (-C_n)^-1 (t ⊗ 1).
    """
    busy = ages.busy
    ends, one = between.ends[:, None], np.eye(len(between.initial))
    waited = [part @ ages.replaced for part in phases_between(between, ages.matrix)]
    returned = np.kron(ends, np.hstack(waited))
    while busy.busy:
        fewer = Occupancy(busy.busy - 1, ages.service)
        within = np.kron(between.rates, np.eye(busy.size)) + np.kron(one, busy.stays) + returned
        entered = np.kron(between.starts, fewer.begins)
        visits = np.linalg.solve(-within.T, entered.T).T
        yield visits @ np.kron(ends, np.eye(busy.size))
        returned = np.kron(ends, visits @ np.kron(one, busy.ends))
        busy = fewer


def _ratios_of_constant(ages: Ages, between: Constant) -> Iterator[np.ndarray]:
    """Yield the same for evenly spaced arrivals.

    V_n(t) is what remains at level n, a time t after the last arrival, of those who found n or more, over those who
    found n; it is kept as the coefficients of a series in the Poisson chances of k jumps at a common rate.
    """
    busy, service = ages.busy, ages.service
    jump = busy.busy * float(np.abs(np.diag(service.rates)).max())
    first, window = poisson_window(jump * between.mean)
    chances = np.concatenate([np.zeros(first), window])
    level = _driven(_series(ages.matrix / jump, len(chances)) @ ages.replaced / jump, busy.stays / jump)
    while busy.busy:
        fewer = Occupancy(busy.busy - 1, service)
        alone = fewer.begins @ _series(busy.stays / jump, len(chances))
        lasting = np.tensordot(chances, level, 1)
        ratio = np.linalg.solve((np.eye(busy.size) - lasting).T, np.tensordot(chances, alone, 1).T).T
        yield ratio
        level = _driven((alone + ratio @ level) @ busy.ends / jump, fewer.stays / jump)
        busy = fewer


def _series(matrix: np.ndarray, terms: int) -> np.ndarray:
    """Powers 0, 1, ... of I + M, M the rates over that of the jumps."""
    powers = [np.eye(len(matrix))]
    for _ in range(terms - 1):
        powers.append(powers[-1] + powers[-1] @ matrix)
    return np.array(powers)


def _driven(source: np.ndarray, stays: np.ndarray) -> np.ndarray:
    """Series of what came in by the source at some jump and stayed since."""
    found = np.zeros_like(source)
    for jump in range(len(source) - 1):
        found[jump + 1] = found[jump] + found[jump] @ stays + source[jump]
    return found
