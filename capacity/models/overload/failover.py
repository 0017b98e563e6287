"""A second provider when the first is down: what that is worth once they share causes, switches and quotas."""

from __future__ import annotations

import math
from collections.abc import Sequence

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.domain import within


def parallel_availability(unavailabilities: Sequence[float], common_cause: float = 0.0) -> float:
    """Availability of a service for which one of several providers is enough [fraction].

    1 - (β u + Π (1 - β) uᵢ), u the smallest unavailability; with β = 0 the product for independent ones.

    Parameters
    ----------
    unavailabilities : sequence of float
        Of each provider. [fraction]
    common_cause : float
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
    >>> round(parallel_availability([0.001] * 3), 9), round(parallel_availability([0.001] * 3, 0.05), 5)
    (0.999999999, 0.99995)
    """
    within(0, 1, common_cause=common_cause)
    if not unavailabilities:
        raise DomainError("there is no provider; give the unavailability of at least one")
    for unavailability in unavailabilities:
        within(0, 1, unavailability=unavailability)
    alone = math.prod((1 - common_cause) * unavailability for unavailability in unavailabilities)
    return 1 - (common_cause * min(unavailabilities) + alone)


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
    within(0, 1, first=first, second=second, coverage=coverage)
    return first + (1 - first) * second * coverage


def delivered_share(
    rate: float, seconds: float, quotas_per_second: float, quotas_at_all: float = 0.0
) -> float:
    """Share of an outage's requests that stand-bys with quotas can take [fraction].

    Parameters
    ----------
    rate : float
        Requests that come. [req/s]
    seconds : float
        Duration of the outage. [s]
    quotas_per_second, quotas_at_all : float
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
    domain.positive(rate=rate, seconds=seconds)
    domain.not_negative(quotas_per_second=quotas_per_second, quotas_at_all=quotas_at_all)
    return min((quotas_per_second * seconds + quotas_at_all) / (rate * seconds), 1.0)
