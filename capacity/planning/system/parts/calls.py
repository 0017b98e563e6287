"""Calls to what the service depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models.overload.breaker import false_trip_probability, held_calls
from capacity.models.overload.retries import layered_amplification, residual_failure, worst_amplification
from capacity.planning.system.parts.ranges import Flags, Quantity, check_ranges
from capacity.shown import Shown


@dataclass(frozen=True, eq=False)
class Breaker(Shown):
    """A circuit breaker: it opens at so many failures among the last calls, and refuses at once while open.

    Parameters
    ----------
    window, threshold : int
        Calls it counts failures in, and failures at which it opens. [calls]
    open_seconds : float
        Time it stays open. [s]
    fail_fast_seconds : float
        Time a call is held while it is open. [s]

    Examples
    --------
    >>> breaker = Breaker(window=20, threshold=5, open_seconds=30)  # [calls], [calls], [s]
    >>> round(float(breaker.open_share(call_rate=50, failure_probability=0.05)), 3)  # [fraction]
    0.162
    """

    window: int
    threshold: int
    open_seconds: Quantity
    fail_fast_seconds: Quantity = 0.0

    def __post_init__(self) -> None:
        check_ranges("breaker", self, least=("open_seconds", "fail_fast_seconds"), above=("threshold",))
        if self.threshold > self.window:
            raise DomainError(
                f"a breaker of {self.threshold} failures in {self.window} calls never opens; allowed: "
                "breaker_threshold at most breaker_window"
            )

    def open_share(self, call_rate: Quantity, failure_probability: Quantity) -> Quantity:
        """Share of the time it is open on failures as frequent as usual, window after window [fraction].

        r o / (1 + r o), r = P(trip) calls per second / window the rate of false trips, o the time each lasts.

        Parameters
        ----------
        call_rate : float
            Calls. [1/s]
        failure_probability : float
            Calls that fail. [fraction]
        """
        tripped = false_trip_probability(self.window, self.threshold, failure_probability)
        opened = tripped * call_rate / self.window * self.open_seconds
        return opened / (1 + opened)


@dataclass(frozen=True, eq=False)
class Calls(Shown):
    """How calls to one dependency are repeated, and how often they fail.

    Parameters
    ----------
    retries : float
        Repetitions of a failed call, in each layer: one less than `max_attempts` of the models. [retries]
    retry_budget : float, optional
        Repetitions as a share of first attempts at which they stop; None: no budget. [fraction]
    failure_probability : float
        Calls that fail. [fraction]
    persistent_share : float
        Failures that a repetition cannot cure. [fraction]
    fallback_coverage : float
        Failed calls answered in another way. [fraction]
    share : float
        Requests that need the dependency. [fraction]
    layers : float
        Layers that repeat, one on top of the other, such as a library and a loop around it. [layers]
    call_rate, timeout : float, optional
        Calls, and the time each is held while the dependency hangs. [calls/s], [s]
    breaker : Breaker, optional
        What spares the dependency, and the service.
    name : str
        The dependency.

    Examples
    --------
    >>> payment = Calls(retries=2, failure_probability=0.01, name="payment")
    >>> payment.worst_amplification, round(payment.residual_failure, 8)  # attempts per request [1], [fraction]
    (3.0, 1e-06)
    """

    retries: Quantity = 0.0
    retry_budget: Quantity | None = None
    failure_probability: Quantity = 0.0
    persistent_share: Quantity = 0.0
    fallback_coverage: Quantity = 0.0
    share: Quantity = 1.0
    layers: Quantity = 1.0
    call_rate: Quantity | None = None
    timeout: Quantity | None = None
    breaker: Breaker | None = None
    name: str = "dependency"

    def __post_init__(self) -> None:
        shares = ("failure_probability", "persistent_share", "fallback_coverage", "share")
        known = tuple(
            name for name in ("retry_budget", "call_rate", "timeout") if getattr(self, name) is not None
        )
        check_ranges(f"calls to the {self.name}", self, fractions=shares, least=("retries", *known))

    @cached_property
    def residual_failure(self) -> Quantity:
        """Calls that fail in spite of repetition, p (s + (1 − s) pʳ) with persistent share s. [fraction]"""
        return residual_failure(self.failure_probability, self.retries + 1, self.persistent_share)

    @cached_property
    def worst_amplification(self) -> Quantity:
        """Attempts per call when every call fails: retries + 1, or 1 + budget if that is less; of all layers. [1]"""
        each = worst_amplification(self.retries + 1, self.retry_budget)
        return layered_amplification(each, self.layers)

    @cached_property
    def bounded(self) -> Flags:
        """Whether repetitions cannot feed an overload: there are none, or a budget stops them."""
        attempts = np.asarray(self.retries) + 1
        return (attempts == 1) | np.less(worst_amplification(attempts, self.retry_budget), attempts)

    @cached_property
    def held_calls(self) -> Quantity | None:
        """Calls that wait at once while the dependency hangs; None if rate or time-out is not known. [calls]"""
        if self.call_rate is None or self.timeout is None:
            return None
        if self.breaker is None:
            return held_calls(self.call_rate, self.timeout)
        return held_calls(self.call_rate, self.timeout, self.breaker.fail_fast_seconds, open_share=1.0)

    def unanswered(self, places: Quantity | None = None) -> Quantity:
        """Requests that fail because of it. [fraction]

        Those that need it and find neither it nor a fallback, false trips of the breaker included; all requests,
        for the persistent share of its failures, when the calls held leave no place for others.

        Parameters
        ----------
        places : float, optional
            Requests the service works on at once. [requests]
        """
        usual = self._usually_unanswered
        if places is None or self.held_calls is None:
            return usual
        hanging = self.failure_probability * self.persistent_share
        return np.where(self.held_calls >= places, np.maximum(hanging, usual), usual)[()]

    @cached_property
    def _usually_unanswered(self) -> Quantity:
        transient = self.failure_probability * (1 - self.persistent_share)
        tripped: Quantity = 0.0
        if self.breaker is not None and self.call_rate is not None:
            tripped = self.breaker.open_share(self.call_rate, transient)
        failing = 1 - (1 - self.residual_failure) * (1 - tripped)
        return failing * (1 - self.fallback_coverage) * self.share
