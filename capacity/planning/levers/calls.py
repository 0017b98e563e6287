"""What keeps a failing dependency from becoming an outage: retries on a budget, breakers, other providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from capacity.errors import NotIdentified
from capacity.planning.system.parts import Breaker, Calls, Quantity
from capacity.planning.system.system import System


def retries(
    system: System,
    *,
    retry_budget: Quantity,
    retries: Quantity | None = None,
    fallback_coverage: Quantity | None = None,
    breaker_window: Quantity | None = None,
    breaker_threshold: Quantity | None = None,
    breaker_seconds: Quantity | None = None,
) -> System:
    """Repeat failed calls within a budget, so that they cannot multiply an overload, and break the circuit.

    Worst amplification is 1 + budget instead of 1 + retries; what still fails is p (s + (1 − s) pʳ). While a
    dependency hangs, λ T calls are held; if that leaves no place for other requests, all fail. With a breaker the
    calls fail fast, but it also opens on failures as frequent as usual, with the chance of a binomial tail.

    Parameters
    ----------
    system : System
        With calls to a dependency; the policy holds for all of them.
    retry_budget : float
        Repetitions as a share of first attempts at which they stop. [fraction]
    retries : float, optional
        Repetitions of a failed call from now on: one less than `max_attempts` of the models. [retries]
    fallback_coverage : float, optional
        Failed calls answered in another way. [fraction]
    breaker_window, breaker_threshold : float, optional
        Calls the breaker counts failures in, and failures at which it opens. [calls]
    breaker_seconds : float, optional
        Time it stays open. [s]

    Raises
    ------
    NotIdentified
        If the system says nothing about its calls, or the breaker is given in part.

    References
    ----------
    .. [1] Google, Site Reliability Engineering, 2016, ch. 21-22.
    .. [2] Bronson et al., Metastable failures in distributed systems, HotOS 2021.
    .. [3] Brooker, Fixing retries with token buckets and circuit breakers, 2022.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> today = cap.System(calls=(parts.Calls(retries=2, failure_probability=0.01),))
    >>> then = cap.levers.retries(today, retry_budget=0.10)  # [fraction of first attempts]
    >>> [system.calls[0].worst_amplification for system in (today, then)]  # attempts per request [1]
    [3.0, 1.1]
    """
    if not system.calls:
        raise NotIdentified("lever 'retries' needs the calls of today; state retries_today")
    breaker = _breaker(breaker_window, breaker_threshold, breaker_seconds)
    changed = {
        "retry_budget": retry_budget,
        "retries": retries,
        "fallback_coverage": fallback_coverage,
        "breaker": breaker,
    }
    return replace(system, calls=tuple(_changed(calls, changed) for calls in system.calls))


def failover(
    system: System,
    *,
    standbys: Quantity,
    standby_unavailability: Quantity,
    switch_coverage: Quantity,
    common_cause: Quantity,
    standby_per_second: Quantity | None = None,
    standby_per_day: Quantity | None = None,
) -> System:
    """Let other providers, such as of e-mail, stand by for the first.

    Down βu + v(1 − c d (1 − Πvᵢ)), v = (1 − β)u: common causes β stay, the switch works with c, and of an outage's
    requests the quotas let d through.

    Parameters
    ----------
    system : System
        With a provider.
    standbys : float
        Providers that stand by; of a range the mean, rounded. [providers]
    standby_unavailability : float
        Of each. [fraction]
    switch_coverage : float
        Failures that are noticed and switched. [fraction]
    common_cause : float
        Failures that hit all of them at once. [fraction]
    standby_per_second, standby_per_day : float, optional
        What those standing by take together. [1/s], [1/day]

    Raises
    ------
    NotIdentified
        If the system has no provider.

    References
    ----------
    .. [1] Fleming, A reliability model for common mode failures, General Atomic GA-A13284, 1974.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> mail = parts.Providers(unavailability=0.002, impact=0.1, rate=2, outage_hours=3, name="e-mail")
    >>> today = cap.System(providers=(mail,))
    >>> then = cap.levers.failover(
    ...     today, standbys=1, standby_unavailability=0.002, switch_coverage=0.95, common_cause=0.05
    ... )
    >>> [round(float(cap.evaluate(system).downtime_minutes), 1) for system in (today, then)]  # [min/y]
    [105.1, 10.4]
    """
    if not system.providers:
        raise NotIdentified(
            "lever 'failover' needs the provider of today; state provider_unavailability, provider_impact, "
            "provider_rate and provider_outage_hours"
        )
    first, *others = system.providers
    backed = replace(
        first,
        standbys=round(float(np.mean(standbys))),
        standby_unavailability=standby_unavailability,
        coverage=switch_coverage,
        common_cause=common_cause,
        per_second=standby_per_second,
        per_day=standby_per_day,
    )
    return replace(system, providers=(backed, *others))


def _changed(calls: Calls, changed: Mapping[str, object]) -> Calls:
    given = {name: value for name, value in changed.items() if value is not None}
    return replace(calls, **given)  # type: ignore[arg-type]


def _breaker(window: Quantity | None, threshold: Quantity | None, seconds: Quantity | None) -> Breaker | None:
    if window is None and threshold is None and seconds is None:
        return None
    if window is None or threshold is None or seconds is None:
        raise NotIdentified(
            "a breaker needs breaker_window [calls], breaker_threshold [calls] and breaker_seconds [s]; give all "
            "three or none"
        )
    return Breaker(round(float(np.mean(window))), round(float(np.mean(threshold))), seconds)
