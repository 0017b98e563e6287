"""Stations whose number present changes by one: how many are present, and how long those take who come first."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import crossing, time_when

MOST_PRESENT = 10**7  # requests told apart: seconds, and less than a gigabyte [requests]
_NONE = 46.0  # exponent of a share that counts as none, exp(-46) = 1e-20 [1]
_STEEP = 300.0  # exponent up to which the tail of the response time is in closed form [1]


def stationary(ratios: np.ndarray) -> np.ndarray:
    """Probabilities of 0, 1, ... from the ratio of each to the one before [fraction].

    They are multiplied up from the most likely number outwards, so that none that counts is lost to overflow.

    Parameters
    ----------
    ratios : ndarray
        p₁/p₀, p₂/p₁, ..., falling. [1]

    Examples
    --------
    >>> stationary(np.array([2.0, 1.0, 0.5])).round(4)
    array([0.1667, 0.3333, 0.3333, 0.1667])
    """
    mode = int(np.count_nonzero(ratios > 1))
    below = np.cumprod(1 / ratios[:mode][::-1])[::-1]
    weights = np.concatenate([below, [1.0], np.cumprod(ratios[mode:])])
    return weights / weights.sum()


def check_present(most: float) -> None:
    """Refuse a station at which more requests can be present than are told apart."""
    if most > MOST_PRESENT:
        raise DomainError(
            f"up to {most:.4g} requests present are more than the {MOST_PRESENT:g} that are told apart; "
            "use MMc, whose queue has no bound, or bounds for a closed system"
        )


def largest(kept: Callable[[float], bool], start: float) -> float:
    """Largest number for which a condition holds that holds at 0 and stops holding somewhere.

    Examples
    --------
    >>> largest(lambda x: x * x < 2, start=0.1)
    1.414213562373095
    """
    high = start
    while kept(high):
        high *= 2
    return crossing(kept, 0.0, high)[0]


def most(kept: Callable[[int], bool], limit: int = MOST_PRESENT // 4) -> int:
    """Largest whole number for which a condition holds that holds at 0 and stops holding somewhere.

    Raises
    ------
    DomainError
        If it still holds beyond the limit.

    Examples
    --------
    >>> most(lambda n: n * n < 50)
    7
    """
    high = 1
    while kept(high):
        high *= 2
        if high > limit:
            raise DomainError(f"the objective is kept up to {limit} and more; a tighter one has an answer")
    return bisect_left(range(1, high), True, key=lambda number: not kept(number))


@dataclass(frozen=True)
class FirstCome:
    """Times of requests that wait for those ahead of them to leave and then take an exponential service.

    With k ahead the next one leaves at the rate d + (k - 1) θ: d from the busy servers, θ from each that loses
    patience. The departures within a time t then are negative binomial (Poisson if θ = 0), and all sums are of
    positive terms.

    Parameters
    ----------
    ahead : ndarray
        Probability that 0, 1, ... departures must come before the service begins. [fraction]
    departure_rate : float
        Rate d of departures with one ahead. [req/s]
    service_rate : float
        Rate of the request's own service. [req/s]
    abandonment_rate : float
        Rate θ by which each further one ahead adds to the departures. [1/s]

    Examples
    --------
    >>> times = FirstCome(np.array([0.5, 0.5]), departure_rate=2.0, service_rate=1.0)
    >>> times.waiting_time, round(times.response_time_quantile(0.95), 4)
    (0.25, 3.3899)
    """

    ahead: np.ndarray
    departure_rate: float
    service_rate: float
    abandonment_rate: float = 0.0

    @classmethod
    def finding(cls, present: np.ndarray, servers: int, service_rate: float) -> FirstCome:
        """Those who find 0, 1, ... present with the probabilities given, at identical servers."""
        ahead = np.concatenate([[present[:servers].sum()], np.trim_zeros(present[servers:], "b")])
        return cls(ahead / ahead.sum(), servers * service_rate, service_rate)

    @property
    def wait_probability(self) -> float:
        """Share that waits at all [fraction]."""
        return float(self.ahead[1:].sum())

    @property
    def waiting_time(self) -> float:
        """Mean time before the service begins [s]."""
        return float(self.ahead[1:] @ np.cumsum(1 / self._rates(self.ahead.size)))

    def waiting_time_survival(self, t: float) -> float:
        """Share that waits longer than t seconds [fraction]."""
        return self._counted(t, self._waiting[: self.ahead.size])

    def response_time_survival(self, t: float) -> float:
        """Share that takes longer than t seconds in all [fraction]."""
        return self._counted(t, self._waiting + self._serving) + self._later(t)

    def waiting_time_quantile(self, q: float) -> float:
        """Time before the service begins not exceeded by the share q [s]."""
        domain.fraction(quantile=q)
        return time_when(self.waiting_time_survival, 1 - q, 0.0, 1 / self.departure_rate)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q [s]."""
        domain.fraction(quantile=q)
        alone = -math.log1p(-q) / self.service_rate
        return time_when(self.response_time_survival, 1 - q, alone, 1 / self.service_rate)

    @cached_property
    def _size(self) -> int:
        """Departures told apart: as many as can be needed, and so many more where the closed tail would underflow."""
        needed = self.ahead.size
        if not self._others or self._held(needed) < _STEEP:
            return needed
        patience = self.abandonment_rate / self.service_rate
        services = math.expm1(_NONE * patience) / patience if patience else _NONE
        return needed + math.ceil(services * self._rates(needed + 1)[-1] / self.service_rate)

    @property
    def _others(self) -> float:
        """Rate of departures of others than a request in service."""
        return self.departure_rate - self.service_rate

    def _rates(self, size: int) -> np.ndarray:
        """Rate of the 1st, 2nd, ... departure, counted from the head of the queue."""
        return self.departure_rate + self.abandonment_rate * np.arange(size - 1)

    def _held(self, size: int) -> float:
        """Exponent of the chance that none of so many departures is the request's own."""
        return -float(np.log1p(-self.service_rate / self._rates(size)).sum())

    @cached_property
    def _waiting(self) -> np.ndarray:
        """Probability that a request still waits after 0, 1, ... departures."""
        beyond = np.cumsum(self.ahead[:0:-1])[::-1]
        return np.concatenate([beyond, np.zeros(self._size - beyond.size)])

    @cached_property
    def _serving(self) -> np.ndarray:
        """Probability that it is in service after 0, 1, ...: each departure may be its own."""
        begins = np.concatenate([self.ahead, np.zeros(self._size - self.ahead.size)]).tolist()
        stays = (1 - self.service_rate / self._rates(self._size)).tolist()
        serving = begins[:1]
        for stay, begin in zip(stays, begins[1:], strict=True):
            serving.append(serving[-1] * stay + begin)
        return np.array(serving)

    @cached_property
    def _steps(self) -> np.ndarray:
        return self._rates(self._size) / np.arange(1, self._size)

    def _counted(self, t: float, weights: np.ndarray) -> float:
        """Mean of the weights of 0, 1, ... departures within t, those beyond the weights left out."""
        domain.not_negative(time=t)
        patience = self.abandonment_rate
        passed = -math.expm1(-patience * t) / patience if patience else t
        departed = stationary(passed * self._steps[: weights.size - 1])
        return self._fewer_and_more(weights.size, self.departure_rate, t)[0] * float(departed @ weights)

    def _later(self, t: float) -> float:
        """Share still in service after more departures than are told apart."""
        last = float(self._serving[-1])
        if not (self._others and last):
            return 0.0
        more = self._fewer_and_more(self._size, self._others, t)[1]
        exponent = math.log(last) + self._held(self._size) - self.service_rate * t
        return math.exp(exponent + math.log(more)) if more else 0.0

    def _fewer_and_more(self, number: int, rate: float, t: float) -> tuple[float, float]:
        """Probability of fewer, and of at least so many departures within t, the first at the rate given."""
        from scipy.special import betainc, betaincc, gammainc, gammaincc

        patience = self.abandonment_rate
        if not patience:
            return float(gammaincc(number, rate * t)), float(gammainc(number, rate * t))
        gone, left, size = -math.expm1(-patience * t), math.exp(-patience * t), rate / patience
        if gone < left:
            return float(betaincc(number, size, gone)), float(betainc(number, size, gone))
        return float(betainc(size, number, left)), float(betaincc(size, number, left))


@dataclass(frozen=True)
class InTurn:
    """What stations have in common that serve in order of arrival; `_times` says what an arrival finds."""

    method: ClassVar[str] = "closed form"
    error: ClassVar[float] = 0.0

    @cached_property
    def _times(self) -> FirstCome:
        raise NotImplementedError

    @property
    def blocking_probability(self) -> float:
        """Share of requests refused: none where the queue has no bound [fraction]."""
        return 0.0

    @property
    def wait_probability(self) -> float:
        """Share of the requests let in that find all servers busy [fraction]."""
        return self._times.wait_probability

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue, W_q [s]."""
        return self._times.waiting_time

    @property
    def response_time(self) -> float:
        """Mean time in the station, R = W_q + 1 / μ, of the requests served [s]."""
        return self._times.waiting_time + 1 / self._times.service_rate

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction]."""
        return self._times.waiting_time_survival(t)

    def response_time_survival(self, t: float) -> float:
        """Share of the requests served that take longer than t seconds in all [fraction]."""
        return self._times.response_time_survival(t)

    def waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of requests [s]."""
        return self._times.waiting_time_quantile(q)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of the requests served [s]."""
        return self._times.response_time_quantile(q)

    def _answer(self, quantile: float | None) -> float:
        return self.response_time if quantile is None else self.response_time_quantile(quantile)

    def _keeps(self, slo: float, quantile: float | None) -> bool:
        if quantile is None:
            return self.response_time <= slo
        return self.response_time_survival(slo) <= 1 - quantile
