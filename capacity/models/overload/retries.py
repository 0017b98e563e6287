"""What repeating failed calls does to success and to load; numbers or arrays in, the same out."""

from __future__ import annotations

import math

import numpy as np

from capacity.models.domain import Numbers, plain, within


def mean_attempts(failure_probability: Numbers, max_attempts: Numbers) -> Numbers:
    """Attempts per request when each fails independently: A = (1 - pᵐ) / (1 - p), m where every one fails [1].

    Parameters
    ----------
    failure_probability : float or ndarray
        Attempts that fail. [fraction]
    max_attempts : float or ndarray
        First attempt and repetitions together, at least 1: one more than `retries`. [attempts]

    Raises
    ------
    DomainError
        If the probability is outside 0..1 or fewer than one attempt is allowed.

    References
    ----------
    .. [1] Beyer et al., Site Reliability Engineering, O'Reilly, 2016, ch. 22.

    Examples
    --------
    >>> round(mean_attempts(0.05, 3), 4)
    1.0525
    """
    within(0, 1, failure_probability=failure_probability)
    within(1, math.inf, max_attempts=max_attempts)
    success = 1 - np.asarray(failure_probability, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        attempts = -np.expm1(max_attempts * np.log1p(-success)) / success
    return plain(np.where(success > 0, attempts, max_attempts))


def residual_failure(
    failure_probability: Numbers, max_attempts: Numbers, persistent_share: Numbers = 0.0
) -> Numbers:
    """Requests that fail in spite of repetition: p (s + (1 - s) pᵐ⁻¹) with persistent share s [fraction].

    Parameters
    ----------
    failure_probability : float or ndarray
        Attempts that fail. [fraction]
    max_attempts : float or ndarray
        First attempt and repetitions together, at least 1: one more than `retries`. [attempts]
    persistent_share : float or ndarray
        Failures that no repetition cures. [fraction]

    Raises
    ------
    DomainError
        If a share is outside 0..1 or fewer than one attempt is allowed.

    Examples
    --------
    >>> round(residual_failure(0.05, 3), 6)
    0.000125
    """
    within(0, 1, failure_probability=failure_probability, persistent_share=persistent_share)
    within(1, math.inf, max_attempts=max_attempts)
    p, persistent = np.asarray(failure_probability, dtype=float), persistent_share
    return plain(p * (persistent + (1 - persistent) * p ** (max_attempts - 1)))


def layered_amplification(max_attempts: Numbers, layers: Numbers) -> Numbers:
    """Calls at the bottom per request at the top when every layer repeats and the bottom fails: mˡ [1].

    Raises
    ------
    DomainError
        If there is not at least one layer and one attempt.

    References
    ----------
    .. [1] Brooker, Timeouts, retries, and backoff with jitter, Amazon Builders' Library, 2019: 3⁵ = 243.

    Examples
    --------
    >>> layered_amplification(4, layers=3)
    64.0
    """
    within(1, math.inf, max_attempts=max_attempts, layers=layers)
    return plain(np.asarray(max_attempts, dtype=float) ** layers)


def worst_amplification(max_attempts: Numbers, retry_budget: Numbers | None = None) -> Numbers:
    """Attempts per request when every one fails: m, or 1 + budget if that is less [1].

    Parameters
    ----------
    max_attempts : float or ndarray
        First attempt and repetitions together, at least 1: one more than `retries`. [attempts]
    retry_budget : float or ndarray, optional
        Repetitions as a share of first attempts at which they stop. [fraction]

    Raises
    ------
    DomainError
        If fewer than one attempt is allowed or the budget is negative.

    Examples
    --------
    >>> worst_amplification(3), worst_amplification(3, retry_budget=0.1)
    (3.0, 1.1)
    """
    within(1, math.inf, max_attempts=max_attempts)
    if retry_budget is None:
        return plain(max_attempts)
    within(0, math.inf, retry_budget=retry_budget)
    return plain(np.minimum(max_attempts, 1 + np.asarray(retry_budget, dtype=float)))


def metastable_safe_load(capacity: Numbers, amplification: Numbers) -> Numbers:
    """Largest load that retries cannot hold above capacity once every attempt fails: C / A [req/s].

    Above it one trigger can leave a service stuck after the trigger has ended.

    Parameters
    ----------
    capacity : float or ndarray
        Attempts served per second. [req/s]
    amplification : float or ndarray
        Attempts per request when every one fails, from `worst_amplification`. [1]

    Raises
    ------
    DomainError
        If the capacity is negative or the amplification below 1.

    References
    ----------
    .. [1] Bronson et al., Metastable failures in distributed systems, HotOS 2021.

    Examples
    --------
    >>> metastable_safe_load(300, worst_amplification(3))
    100.0
    >>> round(metastable_safe_load(300, worst_amplification(3, retry_budget=0.1)), 1)
    272.7
    """
    within(0, math.inf, capacity=capacity)
    within(1, math.inf, amplification=amplification)
    return plain(np.asarray(capacity, dtype=float) / amplification)
