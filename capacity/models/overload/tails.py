"""Slow answers among many: requests that fan out, and calls hedged by a second one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import time_when
from capacity.models.domain import Numbers, plain, within
from capacity.models.overload.curves import crossings
from capacity.models.stations.station import Station
from capacity.shown import Shown

_POINTS = 200  # rates at which hedging is tried


def any_exceeds(probability: Numbers, calls: Numbers) -> Numbers:
    """Chance that at least one of several independent calls is hit: 1 - (1 - p)ⁿ [fraction].

    Parameters
    ----------
    probability : float or ndarray
        That one call is: slow, failed, traced. [fraction]
    calls : float or ndarray
        [calls]

    Raises
    ------
    DomainError
        If the probability is outside 0..1 or the number negative.

    References
    ----------
    .. [1] Dean and Barroso, The tail at scale, CACM 56(2), 2013.

    Examples
    --------
    >>> round(any_exceeds(0.01, calls=100), 3)
    0.634
    """
    within(0, 1, probability=probability)
    within(0, math.inf, calls=calls)
    with np.errstate(divide="ignore", invalid="ignore"):
        spared = np.asarray(calls, dtype=float) * np.log1p(-np.asarray(probability, dtype=float))
    return plain(-np.expm1(np.where(np.asarray(calls) == 0, 0.0, spared)))


def calls_needed(probability: float, confidence: float) -> int:
    """Fewest independent calls of which at least one is hit with a given chance [calls].

    ceil(ln(1 - confidence) / ln(1 - p)), the inverse of `any_exceeds`.

    Parameters
    ----------
    probability : float
        That one call is: slow, failed, traced. [fraction]
    confidence : float
        [fraction]

    Raises
    ------
    DomainError
        If one of them is not between 0 and 1.

    Examples
    --------
    >>> calls_needed(0.10, confidence=0.99)
    44
    """
    domain.fraction(probability=probability, confidence=confidence)
    return math.ceil(math.log1p(-confidence) / math.log1p(-probability) * (1 - 1e-12))


def per_call_quantile(quantile: Numbers, calls: Numbers) -> Numbers:
    """Share of calls that must be in time so that a request that waits for all of them is: q^(1/n) [fraction].

    Parameters
    ----------
    quantile : float or ndarray
        Requests that are to be in time. [fraction]
    calls : float or ndarray
        Independent calls of each, at least 1. [calls]

    Raises
    ------
    DomainError
        If the quantile is outside 0..1 or there is no call.

    Examples
    --------
    >>> round(per_call_quantile(0.99, calls=10), 6)
    0.998995
    """
    within(0, 1, quantile=quantile)
    within(1, math.inf, calls=calls)
    return plain(np.asarray(quantile, dtype=float) ** (1 / np.asarray(calls, dtype=float)))


@dataclass(frozen=True)
class Hedged(Shown):
    """Calls to a station that are sent a second time when not answered after a delay; the first answer counts.

    The response time is min(T₁, delay + T₂), both drawn from the station's law independently (another replica, equally
    loaded). Both are served to the end, so the station sees λ (1 + P(T > delay)); that load is fed back until it
    reproduces itself.

    Parameters
    ----------
    station : Station
        With the load it has without hedging.
    delay : float
        After which the second call is sent, e.g. the P95. [s]

    Raises
    ------
    DomainError
        If the delay is negative, the station refuses requests, or the second calls saturate it.

    References
    ----------
    .. [1] Dean and Barroso, The tail at scale, CACM 56(2), 2013 (hedged requests).

    Examples
    --------
    >>> from capacity.models.stations.queueing import MMc
    >>> hedged = Hedged(MMc(100, service_rate=50, servers=4), delay=0.06)
    >>> round(hedged.extra_load, 3), round(hedged.response_time_quantile(0.99), 3)
    (0.061, 0.079)
    """

    station: Station
    delay: float

    def __post_init__(self) -> None:
        domain.not_negative(delay=self.delay)
        domain.positive(arrival_rate=self.station.arrival_rate)
        if self.station.blocking_probability > 0:
            raise DomainError(
                f"a station that refuses requests ({self.station.blocking_probability:.3g} of them) cannot be hedged "
                "here; give one with an unbounded queue"
            )
        _ = self.loaded

    @cached_property
    def loaded(self) -> Any:
        """The station with first and second calls."""
        fresh, limit = self.station.arrival_rate, self.station.servers * self.station.service_rate
        near = limit * (1 - np.geomspace(1e-9, 1, _POINTS))
        rates = np.union1d(np.linspace(0.999 * fresh, min(2.001 * fresh, limit), _POINTS), near)
        rates = rates[(rates >= 0.999 * fresh) & (rates <= 2.001 * fresh) & (rates < limit)]
        for rate, _ in crossings(lambda rate: rate / (1 + self._late(rate)), fresh, rates):
            return self._with(rate)
        raise DomainError(
            f"second calls after {self.delay:g} s saturate the station ({fresh:g} of {limit:g} req/s before them); "
            "hedge later or add servers"
        )

    @property
    def method(self) -> str:
        """How the answers were found."""
        return f"two independent calls, each: {self.loaded.method}"

    @property
    def extra_load(self) -> float:
        """Second calls per request, P(T > delay) under the load they make [fraction]."""
        return self.loaded.arrival_rate / self.station.arrival_rate - 1

    @property
    def response_time(self) -> float:
        """Mean time to the first answer [s]."""
        from scipy.integrate import quad

        far = time_when(self.response_time_survival, 1e-12, 0.0, 1 / self.station.service_rate)
        places = [self.delay] if 0 < self.delay < far else None
        return float(quad(self.response_time_survival, 0, far, points=places, limit=200, epsrel=1e-10)[0])

    def response_time_survival(self, t: float) -> float:
        """Requests without an answer after t seconds: P(T > t) P(T > t - delay) [fraction]."""
        domain.not_negative(time=t)
        first = self.loaded.response_time_survival(t)
        return first if t < self.delay else first * self.loaded.response_time_survival(t - self.delay)

    def response_time_quantile(self, q: float) -> float:
        """Time to the first answer not exceeded by the share q of requests [s]."""
        domain.fraction(quantile=q)
        return time_when(self.response_time_survival, 1 - q, 0.0, 1 / self.station.service_rate)

    def _with(self, rate: float) -> Any:
        return replace(self.station, arrival_rate=rate)

    def _late(self, rate: float) -> float:
        return self._with(rate).response_time_survival(self.delay)
