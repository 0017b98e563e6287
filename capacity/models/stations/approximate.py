"""Stations too large to solve or without phases to solve them by, approximated with an error that was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.distributions import Constant, Erlang, Exponential
from capacity.models.stations.ages import Ages, Every, decay_rate, transform
from capacity.models.stations.constant import ConstantService
from capacity.models.stations.matrixexponential import MatrixExponential
from capacity.models.stations.phasetype import PhaseType, with_mean
from capacity.models.stations.qbd import PHPHc
from capacity.models.stations.queueing import MMc
from capacity.models.stations.station import Station
from capacity.models.stations.twomoments import mean_wait

_FEW = 16  # servers up to which the first number of phases will do [servers]
_PHASES = 100, 200  # of the Erlang law that stands for a constant [phases]
MOST_EVEN_SERVERS = 64  # servers up to which it does [servers]


@dataclass(frozen=True)
class PHDc(ConstantService):
    """Phase-type arrivals to identical servers that all take the same time for every request.

    Requests then begin in turn at the servers, so each server is a queue of its own that every c-th request goes to,
    and all waits are those at one server. There the constant is replaced by Erlang's law of 100 phases (200 beyond
    16 servers) and the wait is stretched so that its tail decays as the constant lets it, which takes away most of
    the difference: percentiles of the response time from the 95th on are within 2% of exact M/D/c and within 4% of
    simulated E4/D/c for 1 to 64 servers.

    Parameters
    ----------
    arrival_rate : float
        Above 0. [req/s]
    service_rate : float
        The inverse of the constant service time. [req/s]
    servers : int
        At most 64. [servers]
    between : PhaseType
        Law of the times between arrivals, taken to the mean that the rate asks for.

    Raises
    ------
    Unstable
        If the arrival rate is not below `servers` times the service rate.
    DomainError
        If there are more than 64 servers; `GGc` takes another approximation there.

    Examples
    --------
    >>> bursts = PhaseType((0.9, 0.1), ((-1.8, 0.0), (0.0, -0.2)))
    >>> station = PHDc(arrival_rate=3.2, service_rate=1.0, servers=4, between=bursts)
    >>> round(station.waiting_time, 2), station.error
    (1.96, 0.05)
    """

    between: PhaseType

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.positive(arrival_rate=self.arrival_rate)
        if self.servers > MOST_EVEN_SERVERS:
            raise DomainError(
                f"{self.servers} servers are more than the {MOST_EVEN_SERVERS} PH/D/c is solved for; use GGc"
            )

    @property
    def method(self) -> str:
        """How the answers were found."""
        return "PH/D/c by Erlang service, tail of constant service"

    @property
    def error(self) -> float:
        """Largest relative error of a response-time quantile from 0.95 on, as measured [fraction]."""
        return 0.05

    @property
    def wait_probability(self) -> float:
        """Share of requests that find all servers busy [fraction]."""
        return self._waiting.at(0.0)

    @cached_property
    def waiting_time(self) -> float:
        """Mean time in the queue [s]."""
        return float(self._waiting.start @ self._ages.left(self._waiting.end)) * self._stretched

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return self._waiting.at(t / self._stretched)

    @cached_property
    def _ages(self) -> Ages:
        between = with_mean(self.between, 1 / self.arrival_rate)
        phases = _PHASES[self.servers > _FEW]
        return Ages(Every(between, self.servers), PhaseType.of(Erlang(1 / self.service_rate, phases)), 1)

    @cached_property
    def _waiting(self) -> MatrixExponential:
        """Of Erlang service; an arrival at one server finds it idle, or busy as the last arrival left it."""
        ages = self._ages
        stays, nothing = ages.busy.stays, np.zeros_like(ages.busy.stays)
        later = transform(ages.between, np.block([[ages.matrix, ages.replaced], [nothing, stays]]))
        phases = len(stays)
        again = np.eye(phases) - later[:phases, phases:]
        return ages.waits([np.linalg.solve(again.T, later[phases, phases:])[None, :]])

    @cached_property
    def _stretched(self) -> float:
        return self._waiting.decay / decay_rate(self._ages.between, Constant(1 / self.service_rate), 1)


@dataclass(frozen=True)
class ByDecay(Station):
    """Any phase-type or constant times at many servers: P(W > t) = min(1, η W_q exp(-η t)).

    The decay η is that of these very laws. The mean W_q is Whitt's (`mean_wait`), multiplied by what makes it exact
    for exponential service where that can be solved; up to 64 servers with more regular service it lies on a power
    curve through the means for constant, Erlang-2 and exponential service. The response time adds an independent
    service time. Percentiles of the response time from the 95th on were within 7% of exact ones for squared
    coefficients of variation from 0.03 to 9 at stations too large for a quick exact solution,
    in the median within 0.5%.

    Parameters
    ----------
    arrival_rate : float
        Above 0. [req/s]
    service_rate : float
        [req/s]
    servers : int
        [servers]
    between, service : PhaseType or Constant
        Laws of the times, taken to the means that the rates ask for.

    References
    ----------
    .. [1] Whitt, Approximations for the GI/G/m queue, Production and Operations Management 2(2), 1993.
    .. [2] Abate, Choudhury and Whitt, Exponential approximations for tail probabilities in queues, I,
       Operations Research 43(5), 1995, eq. 6.

    Examples
    --------
    >>> bursts = PhaseType((0.9, 0.1), ((-1.8, 0.0), (0.0, -0.2)))
    >>> station = ByDecay(990.0, 1.0, 1000, between=bursts, service=Constant(1.0))
    >>> round(station.response_time_quantile(0.99), 3), station.error
    (1.956, 0.07)
    """

    between: PhaseType | Constant
    service: PhaseType | Constant

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.positive(arrival_rate=self.arrival_rate)

    @property
    def method(self) -> str:
        """How the answers were found."""
        return "mean of Whitt 1993, tail of Abate, Choudhury and Whitt 1995"

    @property
    def error(self) -> float:
        """Largest relative error of a response-time quantile from 0.95 on, as measured; for more variation more.

        [fraction]
        """
        return 0.07 * max(1.0, self.between.scv / 9, self.service.scv / 9)

    @cached_property
    def waiting_time(self) -> float:
        """Mean time in the queue [s]."""
        if self._interpolates:
            return self._interpolated
        rates, arrival_scv = (self.arrival_rate, self.service_rate, self.servers), self.between.scv
        given = self.utilization, self.servers, MMc(*rates).waiting_time, arrival_scv
        found = float(mean_wait(*given, self.service.scv))
        exponential = PhaseType.of(Exponential(1 / self.service_rate))
        if not found or not PHPHc.solves(*rates, self.between, exponential):
            return found
        exact = PHPHc(*rates, between=self.between, service=exponential).waiting_time
        return found * exact / float(mean_wait(*given, 1.0))

    @property
    def _interpolates(self) -> bool:
        rates = self.arrival_rate, self.service_rate, self.servers
        regular = self.service.scv < 0.5 and self.servers <= MOST_EVEN_SERVERS
        return regular and PHPHc.solves(*rates, self.between, PhaseType.of(Erlang(1.0, 2)))

    @property
    def _interpolated(self) -> float:
        """Mean wait as constant + d (2 scv)^p, exact for service of scv 0.5 and 1 [s]."""
        rates, between = (self.arrival_rate, self.service_rate, self.servers), self.between
        constant = PHDc(*rates, between).waiting_time if isinstance(between, PhaseType) else 0.0
        halved, whole = (
            PHPHc(*rates, between, PhaseType.of(Erlang(1.0, phases))).waiting_time - constant
            for phases in (2, 1)
        )
        if not 0 < halved < whole:
            return constant
        return constant + halved * (2 * self.service.scv) ** math.log2(whole / halved)

    @property
    def wait_probability(self) -> float:
        """Share of requests that wait, from the mean and the tail of the waiting time [fraction]."""
        return min(1.0, self._scale)

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return min(1.0, self._scale * math.exp(-self._decay * t))

    def waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of requests; 0 up to 1 - P(wait) [s]."""
        domain.fraction(quantile=q)
        excess = self._scale / (1 - q)
        return math.log(excess) / self._decay if excess > 1 else 0.0

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        domain.not_negative(time=t)
        if isinstance(self.service, Constant):
            service = 1 / self.service_rate
            return 1.0 if t < service else self.waiting_time_survival(t - service)
        return 1.0 if t < self._least else self._response(self.service).survival(t - self._least)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests [s]."""
        domain.fraction(quantile=q)
        if isinstance(self.service, Constant):
            return self.waiting_time_quantile(q) + 1 / self.service_rate
        return self._response(self.service).quantile(q) + self._least

    @cached_property
    def _decay(self) -> float:
        between, service = with_mean(self.between, 1 / self.arrival_rate), self.service
        return decay_rate(between, with_mean(service, 1 / self.service_rate), self.servers)

    @property
    def _scale(self) -> float:
        """Factor of the exponential; above 1 where all wait at least `_least`."""
        return self._decay * self.waiting_time if self.waiting_time else 0.0

    @property
    def _least(self) -> float:
        return max(0.0, math.log(self._scale)) / self._decay if self._scale else 0.0

    def _response(self, service: PhaseType) -> PhaseType:
        """Law of the response time beyond `_least`."""
        service = with_mean(service, 1 / self.service_rate)
        wait = self.wait_probability
        return service.plus(PhaseType((wait,), ((-self._decay,),))) if wait else service
