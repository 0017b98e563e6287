"""What a plan says of the work: what things cost, who does it, what is proposed, promised and stated."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from capacity import fields
from capacity.plan.tested import Section

MEASURES = ("npv", "saving", "capacity_factor", "availability", "outage_cost")


class Cost(Section):
    """Prices, all in one currency; `discount_rate` is a fraction a year.

    Parameters
    ----------
    currency : str, optional
        Three letters, such as "EUR".
    instance_per_month, engineer_per_hour : float
        Price of an instance, and of an hour of work. [money]
    downtime_per_minute : (low, likely, high), optional
        What a minute of downtime costs. [money]
    discount_rate : float
        A year. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.cost.currency, plan.cost.instance_per_month, plan.cost.downtime_per_minute  # [money]
    ('USD', 50.0, (50.0, 100.0, 500.0))
    """

    currency: fields.Currency | None = None
    instance_per_month: fields.Money
    engineer_per_hour: fields.Money | None = None
    downtime_per_minute: fields.Amounts | None = None
    discount_rate: fields.Share = 0.10


class Investment(Section):
    """One piece of work that could be done: its lever, its hours, and the lever's own parameters.

    Parameters
    ----------
    lever : str
        What is done, one of `capacity.levers`.
    hours : (low, likely, high)
        Of work. [h]
    monthly : float
        What it costs to run. [money per month]
    requires : tuple of str
        Levers that come first.
    parameters : dict
        The lever's own, each a number or low, likely, high; units as the lever says.

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> first = plan.investment[0]
    >>> first.lever, first.hours, first.parameters["reuse"]  # [h], [fraction]
    ('connection_pool', (2.0, 3.0, 4.0), (0.95, 0.98, 0.99))
    """

    lever: fields.Name
    hours: fields.Hours
    monthly: fields.Money = 0.0
    requires: fields.Many[fields.Name] = ()
    parameters: dict[str, fields.LeverParameter] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _collect_parameters(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("parameters", {}), dict):
            return given
        known = {key: value for key, value in given.items() if key in cls.model_fields}
        own = {key: value for key, value in given.items() if key not in cls.model_fields}
        return {**known, "parameters": {**given.get("parameters", {}), **own}}


class Team(Section):
    """Who does the work: its hours a week, the hours there are in all, how far its estimates err together.

    Parameters
    ----------
    hours_per_week : float
        Of work. [h]
    budget_hours : float, optional
        There are in all; None: as many as needed. [h]
    correlation : float
        Share of common cause in how far estimates err. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> from capacity.plan import Team
    >>> Team(hours_per_week=60).correlation  # how far estimates err together [fraction]
    0.3
    """

    hours_per_week: fields.WeeklyHours = 40.0
    budget_hours: fields.Positive | None = None
    correlation: fields.Share = 0.3


class Attestation(Section):
    """What somebody states about a gate that no load test sees, such as security, and where it is shown.

    Parameters
    ----------
    gate : str
        What is stated to hold, such as "backups".
    passed : bool
        Whether it does.
    link, note : str
        Where it is shown, and what to know.

    Examples
    --------
    >>> backups = Attestation(gate="backups", passed=True, link="https://wiki.example.com/restore-drill")
    >>> backups.passed
    True
    """

    gate: fields.Text
    passed: fields.Truth
    link: fields.Text
    note: fields.Text | None = None


class Promise(Section):
    """What somebody promises of all the work together: at least so much of a result (see `Portfolio.break_even`).

    Parameters
    ----------
    of : {"npv", "saving", "capacity_factor", "availability", "outage_cost"}
        The result.
    least : float
        At least so much. [unit of the result]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.promise[0].of, plan.promise[0].least
    ('capacity_factor', 3.0)
    """

    of: Annotated[str, fields.one_of(MEASURES)]
    least: fields.Finite
