"""Limits on what may come in: token and leaky buckets, limits on concurrency."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.stations.erlang import erlang_b
from capacity.shown import Shown

_MOST_BURST = 200_000  # tokens up to which the exact law is computed
_OVERFLOW = 1e280  # weight from which its inverse no longer counts
_LARGEST_LOAD = 600.0  # arrivals per token beyond which W passes all bounds


@dataclass(frozen=True)
class TokenBucket(Shown):
    """A bucket that refills evenly; each request takes a token, without a whole one it is refused.

    Parameters
    ----------
    refill_rate : float
        [req/s]
    burst : float
        Tokens it holds, at least 1. [requests]

    Raises
    ------
    DomainError
        If the rate is not above 0 or the bucket holds less than one token.

    Examples
    --------
    >>> TokenBucket(refill_rate=10, burst=20).most_admitted(seconds=10)
    120
    >>> round(TokenBucket(refill_rate=100, burst=5).rejection_probability(arrival_rate=95), 4)
    0.0828
    """

    method = "exact for Poisson arrivals"

    refill_rate: float
    burst: float

    def __post_init__(self) -> None:
        domain.positive(refill_rate=self.refill_rate)
        if not (math.isfinite(self.burst) and self.burst >= 1):
            raise DomainError(f"burst {self.burst:g} never lets a request in; give at least 1 token")

    @classmethod
    def nginx(cls, rate: float, burst: int = 0) -> TokenBucket:
        """Return the bucket that ``limit_req`` with ``nodelay`` is: one token more than its ``burst``.

        Parameters
        ----------
        rate : float
            [req/s]
        burst : int
            As in nginx; 0 refuses whatever follows another within 1 / rate. [requests]

        References
        ----------
        .. [1] nginx documentation, Module ngx_http_limit_req_module.

        Examples
        --------
        >>> round(TokenBucket.nginx(rate=10).rejection_probability(arrival_rate=5), 4)
        0.3333
        """
        domain.not_negative(burst=burst)
        return cls(rate, burst + 1)

    def most_admitted(self, seconds: float) -> int:
        """Most requests let in within a span, whatever comes: burst + rate t [requests]."""
        domain.not_negative(seconds=seconds)
        return math.floor(self.burst + self.refill_rate * seconds + 1e-9)

    def rejection_probability(self, arrival_rate: float) -> float:
        """Share of Poisson arrivals that find no whole token; exact [fraction].

        The tokens missing are the work in an M/D/1 station that turns away what finds more than burst - 1 waiting.
        With W(x) the measure of the work of M/D/1, W(0) = 1, the share let in is W / (1 + ρ W) at x = burst - 1.

        Parameters
        ----------
        arrival_rate : float
            [req/s]

        Raises
        ------
        DomainError
            If the burst is above 200,000 tokens.

        References
        ----------
        .. [1] Tijms, A First Course in Stochastic Models, Wiley, 2003, sec. 9.2 (M/G/1 with bounded work).
        .. [2] Franx, A simple solution for the M/D/c waiting time distribution, OR Letters 29, 2001 (parts of a token).
        """
        domain.not_negative(arrival_rate=arrival_rate)
        if self.burst > _MOST_BURST:
            raise DomainError(f"burst {self.burst:g} is above {_MOST_BURST} tokens; simulate or take a fluid")
        load = arrival_rate / self.refill_rate
        if load == 0:
            return 0.0
        inverse, tail = _work_measure(load, self.burst - 1)
        return tail / (inverse + load)


def _work_measure(load: float, work: float) -> tuple[float, float]:
    """1 / W and (1 - (1 - ρ) W) / W at an amount of work n + f, where W is a sum of positive terms.

    Work is at most n + f if 1 - f of a service later at most n are present: one fewer than before, and who came since.
    """
    from scipy.special import gammaln, pdtrc, xlogy

    whole = math.floor(work)
    if whole == 0:
        return math.exp(-load * work), math.expm1(-load * work) + load
    weights = _number_measure(load, whole + 1) if load < _LARGEST_LOAD else None
    if weights is None:
        return 0.0, load - 1
    rest = load * (1 - (work - whole))
    came = np.arange(whole + 1)
    chance = np.exp(xlogy(came, rest) - rest - gammaln(came + 1))
    inverse = 1 / float(chance @ np.cumsum(weights[: whole + 2])[:0:-1])
    if inverse > 2 * (1 - load):
        return inverse, inverse - (1 - load)
    more = _sum_beyond(weights) + np.cumsum(weights[:0:-1])[::-1]
    beyond = (1 - load) * float(chance @ more[whole + 1 : 0 : -1]) + float(pdtrc(whole, rest))
    return inverse, beyond * inverse


def _number_measure(load: float, most: int) -> np.ndarray | None:
    """Probabilities of 0, 1, ... in M/D/1 relative to that of 0: up to `most`, below load 1 until they fall evenly.

    The rate down from n + 1 equals the rate up across it: a₀ p(n+1) = p(0) A(n) + Σ p(i) A(n+1-i), A(k) the chance of
    more than k arrivals in a service. None where they pass all bounds.
    """
    from scipy.special import gammainc

    window = math.ceil(load + 12 * math.sqrt(load) + 40)
    more = gammainc(np.arange(1, window + 2), load)
    weights = [1.0]
    while len(weights) <= most or (load < 1 and not (len(weights) > most + 1 and _even(weights))):
        n = len(weights) - 1
        recent = np.array(weights[max(n - window + 1, 1) :])
        up = float(recent @ more[recent.size : 0 : -1]) + (float(more[n]) if n <= window else 0.0)
        weights.append(up * math.exp(load))
        if weights[-1] > _OVERFLOW:
            return None
    return np.array(weights)


def _even(weights: list[float]) -> bool:
    if len(weights) < 4:
        return False
    if weights[-1] == 0:
        return True
    before, last = weights[-2] / weights[-3], weights[-1] / weights[-2]
    return abs(last / before - 1) < 1e-13


def _sum_beyond(weights: np.ndarray) -> float:
    """Sum of all that follows weights that have come to fall evenly."""
    ratio = weights[-1] / weights[-2] if weights[-2] > 0 else 0.0
    return float(weights[-1]) * ratio / (1 - ratio)


@dataclass(frozen=True)
class ConcurrencyLimit(Shown):
    """At most so many requests at once, whatever their service law; the rest is refused: M/G/c/c.

    Parameters
    ----------
    places : int
        Requests served at once. [requests]
    response_time : float
        Mean time each holds its place. [s]

    Examples
    --------
    >>> limit = ConcurrencyLimit(places=10, response_time=0.1)
    >>> round(limit.rejection_probability(arrival_rate=70), 6), round(limit.throughput(70), 2)
    (0.078741, 64.49)
    """

    places: int
    response_time: float

    def __post_init__(self) -> None:
        domain.count(places=self.places)
        domain.positive(response_time=self.response_time)

    def rejection_probability(self, arrival_rate: float) -> float:
        """Share of Poisson arrivals refused: Erlang's B of λ R, which the service law does not change [fraction]."""
        domain.not_negative(arrival_rate=arrival_rate)
        return erlang_b(self.places, arrival_rate * self.response_time)

    def throughput(self, arrival_rate: float) -> float:
        """Requests served [req/s]."""
        return arrival_rate * (1 - self.rejection_probability(arrival_rate))
