"""What a plan says of the load: the demand, what production must survive, what instances share and come in."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from capacity import fields
from capacity.plan.tested import Section

BALANCERS = ("random", "round-robin", "least-connections")


class Event(Section):
    """A day with more traffic than usual, by a factor between low and high.

    Parameters
    ----------
    name : str
        Such as "Black Friday".
    date : date
        The day.
    multiplier : (low, likely, high)
        Its traffic over that of a usual day. [1]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> event = plan.demand.events[0]
    >>> event.name, event.multiplier  # low, likely, high [1]
    ('Black Friday', (1.2, 1.5, 2.0))
    """

    name: fields.Text
    date: fields.Day
    multiplier: fields.Factors


class Demand(Section):
    """The traffic history, or without one today's peak and its growth; how far ahead to plan.

    Parameters
    ----------
    history : path, optional
        File of past traffic.
    current_peak : float, optional
        Today's peak, where there is no history. [req/s]
    horizon_days : int
        How far ahead to plan. [days]
    growth_per_month : (low, likely, high), optional
        Needed where there is no history. [fraction per month]
    events : tuple of Event
        Days with more traffic than usual.

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.demand.history.name, plan.demand.horizon_days  # [days]
    ('traffic-synthetic.csv', 180)
    """

    history: fields.File | None = None
    current_peak: fields.Positive | None = None
    horizon_days: fields.Days = 180
    growth_per_month: fields.Growth | None = None
    events: fields.Many[Event] = ()

    @model_validator(mode="after")
    def _rests_on_something(self) -> Self:
        if self.history is None and self.growth_per_month is None:
            raise ValueError(
                "neither a history nor a growth; needed: history = a file of traffic, or growth_per_month = "
                "[low, likely, high] (and current_peak in req/s, else the highest rate tested is taken for it)"
            )
        if self.history is not None and self.current_peak is not None:
            raise ValueError(
                f"current_peak = {self.current_peak:g} beside a history; allowed: one of them, for the history shows "
                "the peak"
            )
        return self


class Policy(Section):
    """What the fleet must survive: lost instances, retries, slow scaling, bursts, a chance of missing the SLO.

    Parameters
    ----------
    spare_instances, deploying_instances : int
        That may be lost at the peak, and that are out of service while one version replaces another. [instances]
    zones : int, optional
        Over which instances are spread, one of which may be lost. [zones]
    balancer : {"random", "round-robin", "least-connections"}
        How requests are given to instances.
    retry_budget : float
        Repetitions as a share of first attempts. [fraction]
    scaling_lag_seconds : float
        From "too busy" to a new instance in service. [s]
    ramp_per_second : float, optional
        Steepest rise of the load. [req/s per s]
    burst_seconds, burst_quantile : float
        Interval in which arrivals may exceed the capacity in 1 - quantile of cases. [s], [fraction]
    dispersion : float, optional
        Variance over mean of the arrivals in that interval; measured where it is not given. [1]
    risk : float
        Accepted chance of missing the objectives at the peak. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.policy.retry_budget, plan.policy.scaling_lag_seconds  # [fraction], [s]
    (0.1, 90.0)
    """

    spare_instances: fields.Spare = 1
    deploying_instances: fields.Spare = 0
    zones: fields.Zones | None = None
    balancer: Annotated[str, fields.one_of(BALANCERS)] = "random"
    retry_budget: fields.Share = 0.10
    scaling_lag_seconds: fields.Seconds = 90.0
    ramp_per_second: fields.Positive | None = None
    burst_seconds: fields.Burst = 1.0
    burst_quantile: fields.Quantile = 0.999
    dispersion: fields.Positive | None = None
    risk: fields.Risk = 0.05


class Size(Section):
    """Another size of instance that could be had: its capacity over that of the tested one, and its price.

    Parameters
    ----------
    name : str
        Of the size.
    capacity_factor : (low, likely, high)
        Its capacity over that of the tested one. [1]
    instance_per_month : float
        Price of one. [money per month]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.size[0].capacity_factor, plan.size[0].instance_per_month  # [1], [money]
    ((1.7, 1.85, 2.0), 95.0)
    """

    name: fields.Text
    capacity_factor: fields.Factors
    instance_per_month: fields.Money


_KINDS_OF_LIMIT = (
    ({"rate"}, set[str]()),
    ({"utilization", "load"}, {"most"}),
    ({"available", "per_instance"}, {"environments"}),
)


class Limit(Section):
    """Something all instances share and that ends: a quota, a resource in use, or connections.

    Parameters
    ----------
    name : str
        Such as "payment provider".
    rate : float, optional
        At which it ends. [req/s]
    utilization, load, most : float, optional
        How busy it is, at which load, and the most allowed. [fraction], [req/s], [fraction]
    available, per_instance : float, optional
        Connections there are, and what one instance opens. [connections]
    environments : int, optional
        Versions of the service that run side by side. [versions]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.limit[0].name, plan.limit[0].rate  # [req/s]
    ('payment provider', 900.0)
    """

    name: fields.Text
    rate: fields.Positive | None = None
    utilization: fields.Chance | None = None
    load: fields.Positive | None = None
    most: fields.Chance | None = None
    available: fields.Positive | None = None
    per_instance: fields.Positive | None = None
    environments: fields.Environments | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None} - {"name"}
        if not any(needed <= given <= needed | more for needed, more in _KINDS_OF_LIMIT):
            raise ValueError(
                f"a limit by {', '.join(sorted(given)) or 'nothing'}; allowed: rate [req/s], or utilization [fraction] "
                "at load [req/s] (and the most allowed), or available and per_instance (and environments)"
            )
        return self
