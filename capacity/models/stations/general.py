"""Several servers for any arrivals and any service times: G/G/c with the whole law of the waiting and response time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.distributions import Constant, Distribution, Exponential, of_moments
from capacity.models.stations.approximate import MOST_EVEN_SERVERS, ByDecay, PHDc
from capacity.models.stations.constant import MOST_SERVERS, ConstantService, DMc, MDc
from capacity.models.stations.occupancy import Occupancy
from capacity.models.stations.phasetype import PhaseType
from capacity.models.stations.qbd import PHPHc
from capacity.models.stations.queueing import MMc
from capacity.models.stations.station import Station

QUICK_STATES, QUICK_SERVERS = 300, 128  # of the busy servers: exact within about a second


@dataclass(frozen=True)
class GGc(Station):
    """Any arrivals to identical servers with one unbounded queue, first come first served.

    Solved exactly where the station is of moderate size, and by a decay rate and a mean beyond; `method` says which,
    `error` how far a percentile of the response time may be off. A law given by its mean and variation alone is the
    one usually taken for them (`of_moments`): other laws with the same moments have other percentiles.

    Parameters
    ----------
    arrival_rate : float
        Offered rate, all of it served in the end, above 0. [req/s]
    service_rate : float
        Rate of one busy server, the inverse of the mean service time. [req/s]
    servers : int
        Servers fed by the one queue. [servers]
    arrival_scv, service_scv : float
        Squared coefficient of variation of the times between arrivals (0 evenly spaced, 1 Poisson) and of the
        service times (0 constant, 1 exponential). [1]
    between, service : Distribution, optional
        The laws themselves, taken to the means that the rates ask for; see `of`.

    Raises
    ------
    Unstable
        If the arrival rate is not below `servers` times the service rate.
    DomainError
        If a law is neither constant nor made of exponential phases: heavy tails are for simulation.

    Examples
    --------
    >>> station = GGc(arrival_rate=250, service_rate=37.5, servers=8, arrival_scv=0, service_scv=4)
    >>> round(station.waiting_time, 4), round(station.response_time_quantile(0.95), 4)
    (0.0159, 0.1566)
    >>> station.method, station.error
    ('exact D/PH/c', 0.0)
    """

    arrival_scv: float = 1.0
    service_scv: float = 1.0
    between: Distribution | None = field(default=None, kw_only=True)
    service: Distribution | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        given = ("arrival", self.between, self.arrival_scv), ("service", self.service, self.service_scv)
        for name, law, scv in given:
            if law is not None and not math.isclose(_phases(law).scv, scv, rel_tol=1e-9, abs_tol=1e-12):
                raise DomainError(f"{name} scv {scv:g} is not that of the law given, {law.scv:g}; use GGc.of")
        domain.positive(arrival_rate=self.arrival_rate)
        domain.not_negative(arrival_scv=self.arrival_scv, service_scv=self.service_scv)

    @classmethod
    def of(cls, between: Distribution, service: Distribution, servers: int) -> GGc:
        """Return the station with these laws of the times between arrivals and of the service times [s].

        Examples
        --------
        >>> from capacity.models.distributions import Erlang, Hyperexponential
        >>> bursts = Hyperexponential.balanced(1 / 3.6, scv=4)
        >>> round(GGc.of(bursts, Erlang(1.0, phases=2), servers=4).waiting_time, 6)
        4.720941
        """
        rates = 1 / between.mean, 1 / service.mean
        return cls(*rates, servers, between.scv, service.scv, between=between, service=service)

    @property
    def method(self) -> str:
        """How the answers were found."""
        return self._solved.method

    @property
    def error(self) -> float:
        """Largest relative error of a response-time quantile; 0 where exact but for rounding [fraction]."""
        return self._solved.error

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue [s]."""
        return self._solved.waiting_time

    @property
    def wait_probability(self) -> float:
        """Share of requests that wait [fraction]."""
        return self._solved.wait_probability

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        return self._solved.waiting_time_survival(t)

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        return self._solved.response_time_survival(t)

    def waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of requests; 0 up to 1 - P(wait) [s]."""
        return self._solved.waiting_time_quantile(q)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests [s]."""
        return self._solved.response_time_quantile(q)

    @cached_property
    def _solved(self) -> MMc | MDc | DDc | PHDc | PHPHc | ByDecay:
        rates = self.arrival_rate, self.service_rate, self.servers
        between = self.between or of_moments(1.0, self.arrival_scv)
        service = self.service or of_moments(1.0, self.service_scv)
        match between, service:
            case Exponential(), Exponential():
                return MMc(*rates)
            case Constant(), Constant():
                return DDc(*rates)
            case Exponential(), Constant() if self.servers <= MOST_SERVERS:
                return MDc(*rates)
            case Constant(), Exponential() if self.servers <= MOST_SERVERS:
                return DMc(*rates)
        match _phases(between), _phases(service):
            case PhaseType() as arriving, Constant() if self.servers <= MOST_EVEN_SERVERS:
                return PHDc(*rates, arriving)
            case arriving, PhaseType() as served if _quick(*rates, arriving, served):
                return PHPHc(*rates, arriving, served)
            case arriving, served:
                return ByDecay(*rates, arriving, served)


@dataclass(frozen=True)
class DDc(ConstantService):
    """Evenly spaced arrivals of constant work: nobody waits.

    Parameters, Raises as in `GGc`.

    Examples
    --------
    >>> DDc(arrival_rate=11.9, service_rate=1.0, servers=12).response_time_quantile(0.99)
    1.0
    """

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue [s]."""
        return 0.0

    @property
    def wait_probability(self) -> float:
        """Share of requests that wait [fraction]."""
        return 0.0

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return 0.0


def _quick(
    arrival_rate: float, service_rate: float, servers: int, between: PhaseType | Constant, service: PhaseType
) -> bool:
    """Whether the exact solution takes no longer than about a second."""
    few = servers <= QUICK_SERVERS and Occupancy(servers, service).size <= QUICK_STATES
    return few and PHPHc.solves(arrival_rate, service_rate, servers, between, service)


def _phases(law: Distribution) -> PhaseType | Constant:
    """Law that can be solved, or refusal."""
    if law.heavy_tailed:
        raise DomainError(
            f"the tail of a {type(law).__name__} law is too heavy for a formula: long waits have no decay rate; "
            "simulate with cap.simulation.Queue"
        )
    return law if isinstance(law, Constant) else PhaseType.of(law)
