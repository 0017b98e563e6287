"""One server for any law of service times: M/G/1, with the whole law of the waiting and of the response time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import time_when
from capacity.models.distributions import (
    Constant,
    Distribution,
    Erlang,
    Exponential,
    Hyperexponential,
    MixedErlang,
)
from capacity.models.stations.constant import MDc
from capacity.models.stations.ladder import Ladder
from capacity.models.stations.lattice import LEAST_SURVIVAL, LatticeTimes
from capacity.models.stations.phasetype import PhaseType
from capacity.models.stations.poisson import least_events, poisson_window
from capacity.models.stations.station import Station, idle_share

MOST_PHASES = 2000  # more take too long to follow one by one


class Times(Protocol):
    """Waiting and response time of a station, as one law of service solves for them."""

    @property
    def method(self) -> str:
        """How they are found."""

    @property
    def error(self) -> float:
        """Largest relative error of a quantile [fraction]."""

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""


@dataclass(frozen=True)
class SingleServer(Station):
    """One server with any law of service times; `MG1` and `MG1PS` say what they take, and how it serves."""

    service_rate: float = field(init=False, repr=False)
    servers: int = field(default=1, init=False, repr=False)
    service: Distribution

    def __post_init__(self) -> None:
        object.__setattr__(self, "service_rate", 1 / self.service.mean)
        super().__post_init__()

    @property
    def wait_probability(self) -> float:
        """Share of requests that find the server busy: ρ [fraction]."""
        return self.utilization

    @cached_property
    def _idle(self) -> float:
        """1 - ρ [fraction]."""
        return idle_share(self.arrival_rate, self.service.mean)


@dataclass(frozen=True)
class MG1(SingleServer):
    """Poisson arrivals to one server with one unbounded queue, first come first served, any law of service times.

    The wait is a geometric number of times, each distributed as what is left of a service that is met under way
    (Pollaczek and Khinchine). Summed exactly where the service is constant or made of exponential phases; for any
    other law, heavy tails included, on a lattice that is refined until quantiles no longer change.

    Parameters
    ----------
    arrival_rate : float
        Offered rate, all of it served in the end. [req/s]
    service : Distribution
        Law of the service times. [s]

    Raises
    ------
    Unstable
        If the arrival rate is not below the service rate.

    References
    ----------
    .. [1] Kleinrock, Queueing Systems I, Wiley, 1975, sec. 5.6 and 5.7, eqs. 5.69 and 5.111.

    Examples
    --------
    >>> station = MG1(arrival_rate=0.8, service=Erlang(1.0, phases=2))
    >>> round(station.waiting_time, 6), round(station.response_time_quantile(0.99), 6)
    (3.0, 17.205864)
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        idle_share(self.arrival_rate, self.service.mean)

    @property
    def method(self) -> str:
        """How the answers were found; means are closed forms."""
        return self._times.method

    @property
    def error(self) -> float:
        """Largest relative error of a quantile; 0 where exact but for rounding [fraction]."""
        return self._times.error

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue, W_q = ρ (1 + scv) / (2 μ (1 - ρ)) [s].

        Raises
        ------
        DomainError
            If the service times have an infinite variance: so has the wait an infinite mean.
        """
        scv = self.service.scv
        if math.isinf(scv):
            raise DomainError(
                f"{self.service} has an infinite variance, so the mean wait is infinite; "
                "ask for quantiles, or give a law with a largest time"
            )
        return self.utilization * self.service.mean * (1 + scv) / (2 * self._idle)

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return self._times.waiting_time_survival(t)

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        domain.not_negative(time=t)
        return self._times.response_time_survival(t)

    def waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of requests; 0 up to 1 - ρ [s]."""
        domain.fraction(quantile=q)
        if self.utilization <= 1 - q:
            return 0.0
        return self._quantile(self._times.waiting_time_survival, q)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests [s]."""
        return self._quantile(self._times.response_time_survival, q)

    def _quantile(self, survival: Callable[[float], float], q: float) -> float:
        domain.fraction(quantile=q)
        if self.error and 1 - q < LEAST_SURVIVAL:
            raise DomainError(
                f"quantile {q:g} lies too far out for {type(self.service).__name__} service; "
                f"ask up to {1 - LEAST_SURVIVAL:g}, or simulate this station"
            )
        return time_when(survival, 1 - q, 0.0, self.service.mean)

    def servers_for(self, slo: float, quantile: float | None = None) -> int:
        """Refused: this is one server [servers]."""
        raise DomainError("M/G/1 is one server; ask MMc, MDc or GGc how many servers keep an SLO")

    @cached_property
    def _times(self) -> Times:
        law = self.service
        if isinstance(law, Constant):
            return MDc(self.arrival_rate, self.service_rate, 1)
        if isinstance(law, Exponential):
            return PhaseTimes(self._idle, 1 / law.mean, phases=1)
        if isinstance(law, Erlang):
            return PhaseTimes(self._idle, law.phases / law.mean, law.phases)
        if isinstance(law, MixedErlang):
            return PhaseTimes(self._idle, (law.phases - law.fewer) / law.mean, law.phases, law.fewer)
        if isinstance(law, Hyperexponential):
            return TwoExponentials(self._idle, law)
        if isinstance(law, PhaseType):
            return MatrixTimes(self.utilization, law)
        return LatticeTimes(self.utilization, law)


@dataclass(frozen=True)
class PhaseTimes:
    """M/G/1 for a service of `phases` equal exponential phases, by the chance `fewer` one fewer: exact.

    What waits ahead is counted in phases; t seconds end a Poisson number of them.
    """

    idle: float
    phase_rate: float
    phases: int
    fewer: float = 0.0

    method = "exact M/PH/1 (phases ahead)"
    error = 0.0

    def __post_init__(self) -> None:
        if self.phases > MOST_PHASES:
            raise DomainError(
                f"{self.phases} phases are more than the {MOST_PHASES} that are followed one by one; "
                f"take Gamma with scv {1 / self.phases:.4g}, the law of their sum"
            )

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        return self._lasting(t, 0)

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        shorter = self._lasting(t, self.phases - 1) if self.fewer else 0.0
        return self.fewer * shorter + (1 - self.fewer) * self._lasting(t, self.phases)

    def _lasting(self, t: float, own: int) -> float:
        """Chance that the phases ahead and `own` more are not all ended within t."""
        ahead, ended = self._ahead, self.phase_rate * t
        settled = ahead.settled_at
        if least_events(ended) - own > settled:
            geometric = ended * math.expm1(-ahead.decay) + ahead.decay * (own + settled)
            return float(ahead.tail(np.array(settled))) * math.exp(geometric)
        first, chances = poisson_window(ended)
        return float(chances @ ahead.tail(np.arange(first, first + chances.size) - own))

    @cached_property
    def _ahead(self) -> Ladder:
        """Phases ahead of an arrival: those of services under way, 1, 2, ... left with equal chance."""
        left = np.ones(self.phases + 1)
        left[0], left[-1] = 0.0, 1 - self.fewer
        return Ladder(left * ((1 - self.idle) / (self.phases - self.fewer)), self.idle)


@dataclass(frozen=True)
class TwoExponentials:
    """M/G/1 for a hyperexponential service: both times are mixtures of the same two exponential terms, exact."""

    idle: float
    service: Hyperexponential

    method = "exact M/H2/1 (two exponential terms)"
    error = 0.0

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        busy = 1 - self.idle
        return self._survival(t, busy, self.idle * busy / self.service.mean)

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        first, second = self._rates
        density = self.service.share * first + (1 - self.service.share) * second
        return self._survival(t, 1.0, self.idle * density)

    def _survival(self, t: float, start: float, density: float) -> float:
        """Return the mixture that begins at `start` and falls with `density` there."""
        slow, fast = self._decays
        ended = (density - start * slow) / (fast - slow) * -math.expm1(-(fast - slow) * t)
        return math.exp(-slow * t) * (start - ended)

    @property
    def _rates(self) -> tuple[float, float]:
        law = self.service
        return 1 / (law.first * law.mean), 1 / (law.second * law.mean)

    @property
    def _decays(self) -> tuple[float, float]:
        """Roots r of 1 = ρ Σ e_i μ_i / (μ_i - r), e_i the part of all time that kind i takes."""
        law, (first, second) = self.service, self._rates
        busy = 1 - self.idle
        part = law.share * law.first
        total = first * (1 - busy * part) + second * (1 - busy * (1 - part))
        product = first * second * self.idle
        fast = (total + math.sqrt(max(total**2 - 4 * product, 0.0))) / 2
        return product / fast, fast


@dataclass(frozen=True)
class MatrixTimes:
    """M/G/1 for a phase-type service: the wait is phase-type too, each service under way followed by another by ρ."""

    utilization: float
    service: PhaseType

    method = "exact M/PH/1 (phase-type wait)"
    error = 0.0

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        return self._wait.survival(t)

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        return self._response.survival(t)

    @cached_property
    def _wait(self) -> PhaseType:
        law = self.service
        met = self.utilization * np.linalg.solve(-law.rates.T, law.starts) / law.mean
        again = law.rates + np.outer(law.ends, met)
        return PhaseType(tuple(met.tolist()), tuple(map(tuple, again.tolist())))

    @cached_property
    def _response(self) -> PhaseType:
        return self._wait.plus(self.service)
