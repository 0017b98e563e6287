"""What piles up while less is served than comes, and how long it takes to work off: fluids, without chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.domain import Numbers, plain, within
from capacity.shown import Shown


@dataclass(frozen=True)
class Backlog(Shown):
    """Requests that came at a constant rate while a service was down or too small, and are served later.

    Parameters
    ----------
    arrival_rate : float
        [req/s]
    seconds : float
        Duration of the outage, or of the lag until more is served. [s]
    capacity_after : float
        Served from then on, above the arrival rate. [req/s]
    capacity_during : float
        Served until then, at most the arrival rate. [req/s]

    Raises
    ------
    DomainError
        If the capacity afterwards is not above the arrival rate, so that the backlog never drains.

    Examples
    --------
    >>> step = Backlog(arrival_rate=500, seconds=90, capacity_after=600, capacity_during=300)
    >>> step.requests, step.drain_seconds, step.longest_delay
    (18000, 180.0, 36.0)
    """

    arrival_rate: float
    seconds: float
    capacity_after: float
    capacity_during: float = 0.0

    def __post_init__(self) -> None:
        domain.positive(arrival_rate=self.arrival_rate)
        domain.not_negative(seconds=self.seconds, capacity_during=self.capacity_during)
        drain_seconds(0.0, self.arrival_rate, self.capacity_after)
        within(0, self.arrival_rate, capacity_during=self.capacity_during)

    @property
    def requests(self) -> float:
        """Waiting when the outage ends: (λ - c) d [requests]."""
        return (self.arrival_rate - self.capacity_during) * self.seconds

    @property
    def drain_seconds(self) -> float:
        """From the end of the outage until nobody waits [s]."""
        return float(drain_seconds(self.requests, self.arrival_rate, self.capacity_after))

    @property
    def longest_delay(self) -> float:
        """Longest wait, of who would have been served just when the outage ends: d (1 - c / λ) [s]."""
        return self.seconds * (1 - self.capacity_during / self.arrival_rate)


def drain_seconds(backlog: Numbers, arrival_rate: Numbers, capacity: Numbers) -> Numbers:
    """Time to work off a backlog beside what keeps coming: B / (C - λ) [s].

    Also the time over which so many clients must spread their return for the service to keep up.

    Parameters
    ----------
    backlog : float or ndarray
        Requests waiting, or clients coming back. [requests]
    arrival_rate, capacity : float or ndarray
        What keeps coming, and what can be served, which must be more. [req/s]

    Raises
    ------
    DomainError
        If the capacity is not above the arrival rate.

    Examples
    --------
    >>> round(drain_seconds(backlog=10_000, arrival_rate=150, capacity=300), 1)
    66.7
    """
    within(0, math.inf, backlog=backlog, arrival_rate=arrival_rate, capacity=capacity)
    served, coming = np.broadcast_arrays(capacity, arrival_rate)
    short = served <= coming
    if short.any():
        raise DomainError(
            f"a capacity of {served[short].flat[0]:g} req/s never works off a backlog beside "
            f"{coming[short].flat[0]:g} req/s; raise the capacity or refuse requests"
        )
    return plain(backlog / (served - np.asarray(coming, dtype=float)))


def rise_during(ramp_per_second: Numbers, lag: Numbers) -> Numbers:
    """Load that is added before a new instance serves, to be held free: ramp x lag [req/s].

    Parameters
    ----------
    ramp_per_second : float or ndarray
        Steepest rise of the load. [req/s per s]
    lag : float or ndarray
        From "too busy" to a new instance in service. [s]

    Examples
    --------
    >>> rise_during(1.0, lag=90)
    90.0
    """
    within(0, math.inf, ramp_per_second=ramp_per_second, lag=lag)
    return plain(np.asarray(ramp_per_second, dtype=float) * lag)


def target_utilization(capacity: Numbers, ramp_per_second: Numbers, lag: Numbers) -> Numbers:
    """Utilization at which to add an instance so that it serves in time: 1 - ramp x lag / C [fraction].

    Parameters
    ----------
    capacity : float or ndarray
        [req/s]
    ramp_per_second, lag : float or ndarray
        As in `rise_during`. [req/s per s], [s]

    Raises
    ------
    DomainError
        If the load rises by more than the capacity within the lag.

    Examples
    --------
    >>> round(target_utilization(capacity=300, ramp_per_second=1, lag=90), 3)
    0.7
    """
    within(0, math.inf, capacity=capacity)
    rise, served = np.broadcast_arrays(rise_during(ramp_per_second, lag), capacity)
    ahead = rise >= served
    if ahead.any():
        raise DomainError(
            f"the load rises by {rise[ahead].flat[0]:g} req/s within {np.max(lag):g} s, not less than the capacity of "
            f"{served[ahead].flat[0]:g} req/s; shorten the lag or run the instances before the rise"
        )
    return plain(1 - rise / served)
