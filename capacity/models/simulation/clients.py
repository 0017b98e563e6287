"""Who sends the requests, how long they wait, and what they do when it goes wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.distributions import Distribution
from capacity.models.simulation.arrivals import Arrivals
from capacity.shown import Shown


@dataclass(frozen=True)
class Users(Shown):
    """A fixed number of users, each of whom thinks, sends a request, waits for its end and thinks again.

    Parameters
    ----------
    population : int
        [users]
    think_time : Distribution, optional
        From the end of a request to the next; none without it. [s]

    Examples
    --------
    >>> from capacity.models.distributions import Exponential
    >>> Users(50, think_time=Exponential(2.0)).population
    50
    """

    population: int
    think_time: Distribution | None = None

    def __post_init__(self) -> None:
        domain.count(population=self.population)


@dataclass(frozen=True)
class Backoff(Shown):
    """Pause before another attempt: base · factor^(attempt - 1), at most the cap.

    Parameters
    ----------
    base : float
        Pause after the first attempt. [s]
    factor : float
        At least 1. [1]
    cap : float
        Longest pause. [s]
    jitter : bool
        Full jitter: each pause is drawn evenly between 0 and the above.

    Examples
    --------
    >>> Backoff(0.5, factor=2, cap=3.0).delays(4)
    (0.5, 1.0, 2.0, 3.0)
    """

    base: float = 0.0
    factor: float = 1.0
    cap: float = math.inf
    jitter: bool = False

    def __post_init__(self) -> None:
        domain.not_negative(base_of_backoff=self.base)
        if not (math.isfinite(self.factor) and self.factor >= 1):
            raise DomainError(f"factor {self.factor:g} would shorten the pauses; give 1 or more")
        if not self.cap >= self.base:
            raise DomainError(f"cap {self.cap:g} s is below the base {self.base:g} s; give no less")

    def delays(self, attempts: int) -> tuple[float, ...]:
        """Return the longest pause after each of some attempts [s]."""
        delays = [self.base] * attempts
        for place in range(1, attempts):
            delays[place] = min(delays[place - 1] * self.factor, self.cap)
        return tuple(delays)


@dataclass(frozen=True)
class RetryBudget(Shown):
    """Token bucket of all clients together: a first attempt puts a share of a token in, a retry takes one out.

    Parameters
    ----------
    share : float
        Repetitions as a share of first attempts, in the long run. [fraction]
    burst : float
        Most tokens kept; the bucket is full at the start. [tokens]

    Examples
    --------
    >>> RetryBudget(share=0.1).burst
    10.0
    """

    share: float
    burst: float = 10.0

    def __post_init__(self) -> None:
        domain.not_negative(share_of_retry_budget=self.share)
        if not (math.isfinite(self.burst) and self.burst >= 1):
            raise DomainError(f"burst {self.burst:g} never holds a whole token; give 1 or more")


@dataclass(frozen=True)
class Breaker(Shown):
    """Circuit breaker of all clients together, over a window of the last calls.

    It opens when the window is full and the share of failures in it reaches the threshold. Then calls fail at once, and
    their requests end, until some probes are let through: it closes if all of these succeed, else opens again.

    Parameters
    ----------
    window : int
        [calls]
    threshold : float
        Above 0, at most 1. [fraction]
    open_for : float
        [s]
    probes : int
        [calls]

    Examples
    --------
    >>> Breaker(window=50, threshold=0.5).open_for
    30.0
    """

    window: int = 100
    threshold: float = 0.5
    open_for: float = 30.0
    probes: int = 5

    def __post_init__(self) -> None:
        domain.count(window=self.window, probes=self.probes)
        domain.positive(open_seconds=self.open_for)
        if not 0 < self.threshold <= 1:
            raise DomainError(
                f"threshold {self.threshold:g} is no share of failed calls; write 50% as 0.5, at most 1"
            )


@dataclass(frozen=True)
class RateLimit(Shown):
    """Token bucket at the entry: an attempt that finds less than one token is refused.

    Parameters
    ----------
    rate : float
        Tokens that come in. [1/s]
    burst : float
        Most tokens kept; the bucket is full at the start. [tokens]

    Examples
    --------
    >>> RateLimit(rate=250.0, burst=50.0).rate
    250.0
    """

    rate: float
    burst: float = 1.0

    def __post_init__(self) -> None:
        domain.positive(rate_limit=self.rate)
        if not (math.isfinite(self.burst) and self.burst >= 1):
            raise DomainError(f"burst {self.burst:g} lets nothing through; give 1 or more")


CANCELLATIONS = ("nothing", "waiting", "all")


@dataclass(frozen=True)
class Clients(Shown):
    """All who send requests.

    Parameters
    ----------
    arrivals : Arrivals or Users
        When new requests come, or the closed population that sends them.
    timeout : float or Distribution, optional
        Longest a client waits for one attempt; without it, for ever. [s]
    cancels : {"nothing", "waiting", "all"}
        What a time-out stops at the servers: nothing (they finish what nobody waits for), work that still waits in a
        queue, or also work being served.
    max_attempts : int
        First attempt and repetitions together: one more than `retries`. An attempt that fails in any way is
        repeated, but for an open breaker. [attempts]
    backoff : Backoff
        Pause before the next attempt.
    retry_budget : RetryBudget, optional
    breaker : Breaker, optional
    rate_limit : RateLimit, optional
    mix : tuple of float
        Share of each kind of request, adding to 1; in every queue the first kind goes first. [fraction]

    Examples
    --------
    >>> from capacity.models.simulation.arrivals import Poisson
    >>> Clients(Poisson(90.0), timeout=1.0, max_attempts=3, backoff=Backoff(0.5)).cancels
    'nothing'
    """

    arrivals: Arrivals | Users
    timeout: float | Distribution | None = None
    cancels: str = "nothing"
    max_attempts: int = 1
    backoff: Backoff = Backoff()
    retry_budget: RetryBudget | None = None
    breaker: Breaker | None = None
    rate_limit: RateLimit | None = None
    mix: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        domain.count(attempts=self.max_attempts)
        if not isinstance(self.arrivals, Users) and not hasattr(self.arrivals, "times"):
            raise DomainError(f"arrivals {self.arrivals!r} are neither Users nor such as Poisson(100.0)")
        if self.timeout is not None and not isinstance(self.timeout, Distribution):
            domain.positive(time_out=self.timeout)
        if self.cancels not in CANCELLATIONS:
            raise DomainError(
                f"cancels {self.cancels!r} is not known; choose among {', '.join(CANCELLATIONS)}"
            )
        if not self.mix or min(self.mix) < 0 or not math.isclose(sum(self.mix), 1, rel_tol=1e-9):
            raise DomainError(f"mix {self.mix} is no set of shares; give numbers from 0 up that add to 1")
