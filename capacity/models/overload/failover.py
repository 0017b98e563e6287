"""A second provider when the first is down: what that is worth once they share causes, switches and quotas."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.domain import Numbers, plain, within


def failover_availability(
    unavailabilities: Sequence[Numbers],
    *,
    coverage: Numbers = 1.0,
    delivered: Numbers = 1.0,
    common_cause: Numbers = 0.0,
) -> Numbers:
    """Availability of a first provider with stand-bys that take over, as far as switch and quotas go [fraction].

    1 - (β min uᵢ + v₁ (1 - c d (1 - Π vᵢ))), vᵢ = (1 - β) uᵢ, the product over the stand-bys.

    Parameters
    ----------
    unavailabilities : sequence of float or ndarray
        Of each provider, the first one first. [fraction]
    coverage : float or ndarray
        c, failures of the first that are noticed and switched. [fraction]
    delivered : float or ndarray
        d, share of an outage's requests that the stand-bys take, from `delivered_share`. [fraction]
    common_cause : float or ndarray
        β, failures that hit all of them at once. [fraction]

    Raises
    ------
    DomainError
        If a value is outside 0..1 or there is no provider.

    References
    ----------
    .. [1] Fleming, A reliability model for common mode failures, General Atomic GA-A13284, 1974 (beta factor).

    Examples
    --------
    >>> round(failover_availability([0.01, 0.01], coverage=0.95), 6)
    0.999405
    >>> round(failover_availability([0.001] * 3, delivered=0.5), 6)
    0.9995
    """
    within(0, 1, coverage=coverage, delivered=delivered, common_cause=common_cause)
    if not unavailabilities:
        raise DomainError("there is no provider; give the unavailability of at least one")
    for unavailability in unavailabilities:
        within(0, 1, unavailability=unavailability)
    given = [np.asarray(unavailability, dtype=float) for unavailability in unavailabilities]
    first, *rest = [(1 - common_cause) * unavailability for unavailability in given]
    takes_over = coverage * delivered * (1 - math.prod(rest)) if rest else 0.0
    smallest = functools.reduce(np.minimum, given)
    return plain(1 - (common_cause * smallest + first * (1 - takes_over)))


def parallel_availability(unavailabilities: Sequence[float], common_cause: float = 0.0) -> float:
    """Availability of a service for which one of several providers is enough [fraction].

    `failover_availability` with a perfect switch: 1 - (β u + Π (1 - β) uᵢ), u the smallest unavailability; with β = 0
    the product for independent ones.

    Parameters, Raises as in `failover_availability`.

    Examples
    --------
    >>> round(parallel_availability([0.001] * 3), 9), round(parallel_availability([0.001] * 3, 0.05), 5)
    (0.999999999, 0.99995)
    """
    return float(failover_availability(unavailabilities, common_cause=common_cause))


def switched_availability(first: float, second: float, coverage: float) -> float:
    """Availability with a stand-by that takes over when the switch works: a₁ + (1 - a₁) a₂ c [fraction].

    Parameters
    ----------
    first, second : float
        Availability of each provider. [fraction]
    coverage : float
        Failures of the first that are noticed and switched. [fraction]

    Raises
    ------
    DomainError
        If a value is outside 0..1.

    Examples
    --------
    >>> round(switched_availability(0.99, 0.99, coverage=0.95), 6)
    0.999405
    """
    within(0, 1, first=first, second=second)
    return float(failover_availability([1 - first, 1 - second], coverage=coverage))


def serial_availability(availabilities: Sequence[Numbers]) -> Numbers:
    """Availability of a service that needs all of its parts, which fail independently: Π aᵢ [fraction].

    Raises
    ------
    DomainError
        If an availability is outside 0..1.

    Examples
    --------
    >>> round(serial_availability([0.9999, 0.9995, 0.99]), 6)
    0.989406
    """
    for availability in availabilities:
        within(0, 1, availability=availability)
    return plain(math.prod(np.asarray(availability, dtype=float) for availability in availabilities))


def enough_availability(availability: Numbers, needed: int, of: int, common_cause: Numbers = 0.0) -> Numbers:
    """Availability of a service that needs some of its equal parts: 1 - (β u + P(Bin(n, v) > n - k)) [fraction].

    u = 1 - a is the unavailability of one, v = (1 - β) u what of it hits one alone.

    Parameters
    ----------
    availability : float or ndarray
        Of one part. [fraction]
    needed, of : int
        k of n parts. [parts]
    common_cause : float or ndarray
        β, failures that hit all of them at once. [fraction]

    Raises
    ------
    DomainError
        If a share is outside 0..1, or more are needed than there are.

    References
    ----------
    .. [1] Barlow and Heidtmann, Computing k-out-of-n system reliability, IEEE Trans. Reliability 33, 1984.

    Examples
    --------
    >>> round(enough_availability(0.99, needed=3, of=4), 6)
    0.999408
    """
    from scipy.special import betainc

    within(0, 1, availability=availability, common_cause=common_cause)
    domain.count(needed=needed, of=of)
    if needed > of:
        raise DomainError(f"{needed} parts needed of {of}; give at least as many as are needed")
    down = 1 - np.asarray(availability, dtype=float)
    too_many = betainc(of - needed + 1, needed, (1 - common_cause) * down)
    return plain(1 - np.minimum(common_cause * down + too_many, 1.0))


def delivered_share(
    rate: Numbers, seconds: Numbers, quotas_per_second: Numbers, quotas_at_all: Numbers = 0.0
) -> Numbers:
    """Share of an outage's requests that stand-bys with quotas can take [fraction].

    Parameters
    ----------
    rate : float or ndarray
        Requests that come. [req/s]
    seconds : float or ndarray
        Duration of the outage. [s]
    quotas_per_second, quotas_at_all : float or ndarray
        What the stand-bys take per second, and in a whole day at once. [req/s], [requests]

    Raises
    ------
    DomainError
        If a value is negative, or nothing comes.

    Examples
    --------
    >>> round(delivered_share(5, seconds=3600, quotas_per_second=2, quotas_at_all=2000), 4)
    0.5111
    """
    within(math.ulp(0.0), math.inf, rate=rate, seconds=seconds)
    within(0, math.inf, quotas_per_second=quotas_per_second, quotas_at_all=quotas_at_all)
    taken = quotas_per_second * np.asarray(seconds, dtype=float) + quotas_at_all
    return plain(np.minimum(taken / (rate * np.asarray(seconds, dtype=float)), 1.0))
