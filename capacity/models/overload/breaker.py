"""Circuit breakers, client throttles and back-off: how a client spares a dependency that fails."""

from __future__ import annotations

import math

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.domain import Numbers, plain, within


def false_trip_probability(window: int, threshold: int, failure_probability: Numbers) -> Numbers:
    """Chance that a breaker opens on failures as frequent as usual: P(Binomial(n, p) >= k) [fraction].

    Parameters
    ----------
    window : int
        Calls it counts failures in. [calls]
    threshold : int
        Failures at which it opens. [calls]
    failure_probability : float or ndarray
        Calls that fail anyway, independently. [fraction]

    Raises
    ------
    DomainError
        If the threshold is larger than the window or the probability outside 0..1.

    Examples
    --------
    >>> round(false_trip_probability(window=20, threshold=10, failure_probability=0.3), 3)
    0.048
    """
    from scipy.special import betainc

    domain.count(window=window, threshold=threshold)
    within(0, 1, failure_probability=failure_probability)
    if threshold > window:
        raise DomainError(f"{threshold} failures never happen in {window} calls; lower the threshold")
    return plain(betainc(threshold, window - threshold + 1, failure_probability))


def held_calls(
    call_rate: Numbers, timeout: Numbers, fail_fast_time: Numbers = 0.0, open_share: Numbers = 0.0
) -> Numbers:
    """Calls that wait at once for a dependency that hangs: λ times the time each is held [calls].

    Parameters
    ----------
    call_rate : float or ndarray
        [calls/s]
    timeout : float or ndarray
        Time a call is held while the breaker is closed, or without one. [s]
    fail_fast_time : float or ndarray
        Time a call is held while it is open. [s]
    open_share : float or ndarray
        Calls that find it open. [fraction]

    Raises
    ------
    DomainError
        If a value is outside its range.

    Examples
    --------
    >>> held_calls(call_rate=5, timeout=60), held_calls(5, 60, fail_fast_time=0.01, open_share=1.0)
    (300.0, 0.05)
    """
    within(0, 1, open_share=open_share)
    within(0, math.inf, call_rate=call_rate, timeout=timeout, fail_fast_time=fail_fast_time)
    return plain(call_rate * ((1 - open_share) * timeout + open_share * fail_fast_time))


def throttle_probability(requests: float, accepts: float, multiplier: float = 2.0) -> float:
    """Share of requests a client refuses itself: max(0, (requests - K accepts) / (requests + 1)) [fraction].

    Parameters
    ----------
    requests, accepts : float
        Sent, and accepted by the dependency, in the last minutes. [requests]
    multiplier : float
        K, at least 1: requests sent for each one accepted before the client throttles. [1]

    Raises
    ------
    DomainError
        If more is accepted than sent, or the multiplier is below 1.

    References
    ----------
    .. [1] Beyer et al., Site Reliability Engineering, O'Reilly, 2016, ch. 21, eq. 21-1.

    Examples
    --------
    >>> round(throttle_probability(requests=100, accepts=30), 3)
    0.396
    """
    domain.not_negative(requests=requests)
    within(0, requests, accepts=accepts)
    within(1, math.inf, multiplier=multiplier)
    return max(0.0, (requests - multiplier * accepts) / (requests + 1))


def backoff_ceilings(
    base: float, retries: int, *, factor: float = 2.0, most: float = math.inf
) -> list[float]:
    """Longest wait before each repetition: base, base x factor, ... up to `most` [s].

    Raises
    ------
    DomainError
        If the base is not above 0 or the waits would shrink.

    Examples
    --------
    >>> backoff_ceilings(0.5, retries=4, most=3)
    [0.5, 1.0, 2.0, 3]
    """
    domain.positive(base=base)
    domain.not_negative(retries=retries)
    within(1, math.inf, factor=factor)
    ceilings = [min(base, most)] * int(retries)
    for number in range(1, len(ceilings)):
        ceilings[number] = min(ceilings[number - 1] * factor, most)
    return ceilings


def mean_backoff(
    base: float, retries: int, *, factor: float = 2.0, most: float = math.inf, jitter: bool = True
) -> float:
    """Mean wait before all repetitions together; with full jitter half the sum of the ceilings [s].

    Parameters
    ----------
    base : float
        Longest wait before the first repetition. [s]
    retries : int
        Repetitions, all of them used: one less than `max_attempts`. [retries]
    factor, most : float
        Growth of the ceilings, and what they do not exceed. [1], [s]
    jitter : bool
        Whether each wait is drawn evenly between 0 and its ceiling.

    References
    ----------
    .. [1] Brooker, Exponential backoff and jitter, AWS Architecture Blog, 2015.

    Examples
    --------
    >>> mean_backoff(0.5, retries=2)
    0.75
    """
    total = sum(backoff_ceilings(base, retries, factor=factor, most=most))
    return total / 2 if jitter else total
