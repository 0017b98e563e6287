"""Servers that share themselves among all requests present: event loops, time slices, bandwidth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import time_when
from capacity.models.distributions import Exponential
from capacity.models.stations.erlang import erlang_c
from capacity.models.stations.poisson import poisson_window
from capacity.models.stations.single_server import SingleServer
from capacity.models.stations.station import Station

MOST_PRESENT = 40_000  # requests followed; enough for quantiles up to a utilization of 0.999
_MOST_WORK = 1e10  # events times requests followed: about half a minute
_MOST_EVENTS = 10**6  # and events however few are followed
_NOBODY = 1e-30  # share of requests that counts as none


@dataclass(frozen=True)
class MMcPS(Station):
    """Poisson arrivals to servers shared equally by all present, at most one server each; exponential service.

    Nobody queues: up to c requests run at full speed, n > c at c / n of it each. As many are present as in M/M/c, so
    means agree; quantiles do not. They come from the chain of a tagged request and the n others present, which
    arrive at λ, leave at n μ min(1, c / (n + 1)), until it leaves at μ min(1, c / (n + 1)).

    Parameters
    ----------
    arrival_rate : float
        Offered rate, all of it served in the end. [req/s]
    service_rate : float
        Rate of one server busy with one request, the inverse of the mean service time. [req/s]
    servers : int
        Servers, or processors, shared by all. [servers]

    Raises
    ------
    Unstable
        If the arrival rate is not below `servers` times the service rate.

    References
    ----------
    .. [1] Coffman, Muntz and Trotter, Waiting time distributions for processor-sharing systems, Journal of the ACM
       17(1), 1970.
    .. [2] Braband, Waiting time distributions for closed and open M/M/N processor sharing queues, Queueing Systems
       19, 1995.

    Examples
    --------
    >>> station = MMcPS(arrival_rate=7.6, service_rate=1.0, servers=8)
    >>> round(station.response_time, 6), round(station.response_time_quantile(0.99), 6)
    (3.110422, 22.002519)
    """

    @property
    def method(self) -> str:
        """How quantiles were found; means are closed forms."""
        return "tagged request, uniformised"

    @property
    def error(self) -> float:
        """Largest relative error of a response-time quantile [fraction]."""
        return 1e-9

    @property
    def wait_probability(self) -> float:
        """Share of requests that find all servers busy, hence start slowed down [fraction]."""
        return erlang_c(self.servers, self.arrival_rate / self.service_rate)

    @property
    def waiting_time(self) -> float:
        """Mean time lost to sharing: response time beyond the own service [s]."""
        return self.wait_probability / self._spare_rate

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds [fraction]."""
        domain.not_negative(time=t)
        return self._chain.survival(t)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests [s]."""
        domain.fraction(quantile=q)
        least = -math.log1p(-q) / self.service_rate
        return time_when(self._chain.survival, 1 - q, least, 1 / self.service_rate)

    def waiting_time_survival(self, t: float) -> float:
        """Refused: nobody queues [fraction]."""
        raise _nobody_queues()

    def waiting_time_quantile(self, q: float) -> float:
        """Refused: nobody queues [s]."""
        raise _nobody_queues()

    @cached_property
    def _chain(self) -> _Tagged:
        others = 60 + self.servers
        if self.arrival_rate:
            others += math.ceil(36 / -math.log(self.utilization))  # more are present less often than 1e-15
        if others > MOST_PRESENT:
            raise DomainError(
                f"utilization {self.utilization:.6g} would need {others} requests to be followed, {MOST_PRESENT} "
                "are allowed; ask for the mean, or lower the rate"
            )
        return _Tagged(self.arrival_rate, self.service_rate, self.servers, others)


class _Tagged:
    """How long a request stays, counted in the events of a Poisson process as fast as the chain ever is."""

    def __init__(self, arrival_rate: float, service_rate: float, servers: int, others: int) -> None:
        number = np.arange(others + 1)
        offered_load = arrival_rate / service_rate
        self._rate = arrival_rate + servers * service_rate
        speed = np.minimum(1.0, servers / (number + 1)) * service_rate / self._rate
        self._up = arrival_rate / self._rate
        self._down = (number * speed)[1:]
        self._stay = 1 - self._up - (number + 1) * speed
        self._stay[-1] += self._up
        with np.errstate(divide="ignore"):
            growth = np.log(offered_load / np.minimum(np.maximum(number[1:], 1), servers))
        present = np.append(0.0, np.cumsum(growth))
        present = np.exp(present - present.max())
        self._state = present / present.sum()
        self._lasting = [1.0]

    def survival(self, t: float) -> float:
        """Share of requests that stay longer than t [fraction]."""
        first, chances = poisson_window(self._rate * t)
        while len(self._lasting) < first + chances.size and self._lasting[-1] > _NOBODY:
            self._advance(t)
        lasting = np.array(self._lasting[first : first + chances.size])
        return float(chances[: lasting.size] @ lasting)

    def _advance(self, t: float) -> None:
        if len(self._lasting) > min(_MOST_EVENTS, _MOST_WORK / self._state.size):
            raise DomainError(
                f"{t:.4g} s are {self._rate * t:.4g} arrivals and ends, more than are followed with up to "
                f"{self._state.size} requests present; ask for shorter times, or lower the rate"
            )
        state = self._state
        following = state * self._stay
        following[1:] += state[:-1] * self._up
        following[:-1] += state[1:] * self._down
        self._state = following
        self._lasting.append(float(following.sum()))


@dataclass(frozen=True)
class MG1PS(SingleServer):
    """Poisson arrivals to one server shared equally by all present, any law of service times.

    The mean depends on the law only by its mean: R = S / (1 - ρ), and x / (1 - ρ) for a request of x seconds of work.
    Quantiles do depend on the law; they are known here for exponential service.

    Parameters
    ----------
    arrival_rate : float
        Offered rate, all of it served in the end. [req/s]
    service : Distribution
        Law of the service times, as without sharing. [s]

    Raises
    ------
    Unstable
        If the arrival rate is not below the service rate.

    References
    ----------
    .. [1] Kleinrock, Queueing Systems II, Wiley, 1976, sec. 4.4, eqs. 4.17 and 4.18.

    Examples
    --------
    >>> station = MG1PS(arrival_rate=180.0, service=Exponential(0.005))
    >>> round(station.response_time, 9), round(station.response_time_of(0.015), 9)
    (0.05, 0.15)
    """

    @property
    def waiting_time(self) -> float:
        """Mean time lost to sharing: response time beyond the own service [s]."""
        return self.utilization * self.service.mean / self._idle

    def response_time_of(self, service_time: float) -> float:
        """Mean response time of requests that take `service_time` without sharing [s]."""
        domain.positive(service_time=service_time)
        return service_time / self._idle

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds; exponential service only [fraction]."""
        return self._exponential.response_time_survival(t)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests; exponential service only [s].

        Raises
        ------
        DomainError
            If the service is not exponential.
        """
        return self._exponential.response_time_quantile(q)

    def waiting_time_survival(self, t: float) -> float:
        """Refused: nobody queues [fraction]."""
        raise _nobody_queues()

    def waiting_time_quantile(self, q: float) -> float:
        """Refused: nobody queues [s]."""
        raise _nobody_queues()

    def servers_for(self, slo: float, quantile: float | None = None) -> int:
        """Refused: this is one server [servers]."""
        raise DomainError("M/G/1-PS is one server; ask MMcPS how many servers keep an SLO")

    @cached_property
    def _exponential(self) -> MMcPS:
        if not isinstance(self.service, Exponential):
            raise DomainError(
                f"quantiles of a shared server depend on the law, and are not known for {type(self.service).__name__} "
                "service; ask for the mean, which does not, or simulate this station"
            )
        return MMcPS(self.arrival_rate, self.service_rate, 1)


def _nobody_queues() -> DomainError:
    return DomainError("nobody queues at a shared server; ask for the response time")
