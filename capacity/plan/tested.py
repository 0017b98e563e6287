"""What a plan says of the service and its tests: exports, objectives, claims, earlier plans."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, model_validator

from capacity import fields
from capacity.evidence.quantities import ALIASES, QUANTITIES, SENSES, Sense, quantity
from capacity.fields import shown
from capacity.shown import Shown


class Section(Shown, BaseModel):
    """A table of the plan file; a key it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def __dir__(self) -> list[str]:
        return [
            name for name in super().__dir__() if not hasattr(BaseModel, name)
        ]  # Tab offers the keys alone


class Service(Section):
    """What was tested, how many instances were up in the tests and are now, how critical it is (1 most).

    Parameters
    ----------
    name : str
        Of the service.
    instances_tested, instances_running : int
        Behind the address the tests were sent to, and in production today. [instances]
    tier : {1, 2, 3}
        How critical it is; 1 the most. [1]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> print(plan.service)
    Service: name storefront, instances tested 1, instances running 2, tier 2
    """

    name: fields.Text
    instances_tested: fields.Instances = 1
    instances_running: fields.Running = 1
    tier: fields.Tier = 2


class TestSource(Section):
    """One export, the script that made it (if known) and the instances it was run against.

    Parameters
    ----------
    export, script : path
        What the tool wrote, and the script it ran, if known.
    instances : int
        That took the load. [instances]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.tests["steps-2"].export.name, plan.tests["steps-2"].instances  # [instances]
    ('steps-2.json', 2)
    """

    __test__ = False  # no test class, in spite of its name

    export: fields.File
    script: fields.File | None = None
    instances: fields.Instances = 1


class Slo(Section):
    """Objectives: latency quantiles [ms], error rate and availability [fraction]; which codes are errors.

    Parameters
    ----------
    p50_ms, p95_ms, p99_ms : float, optional
        Within which 50, 95 and 99 % of the answers must come. [ms]
    error_rate : float
        Requests that may fail. [fraction]
    availability : float, optional
        Of the year. [fraction]
    error_codes : tuple of str
        Status codes that count as failures.

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.slo.quantiles, plan.slo.error_rate  # [s], [fraction]
    ({0.95: 0.18, 0.99: 1.0}, 0.01)
    """

    p50_ms: fields.Milliseconds | None = None
    p95_ms: fields.Milliseconds | None = None
    p99_ms: fields.Milliseconds | None = None
    error_rate: fields.Share = 0.01
    availability: fields.Chance | None = None
    error_codes: fields.Many[fields.ErrorCode] = ("429", "5xx")

    @property
    def quantiles(self) -> dict[float, float]:
        """The latency objectives given, as quantile [fraction] -> response time [s]."""
        given = {0.50: self.p50_ms, 0.95: self.p95_ms, 0.99: self.p99_ms}
        return {quantile: ms / 1000 for quantile, ms in given.items() if ms is not None}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        times = list(self.quantiles.values())
        if times != sorted(times):
            given = ", ".join(f"p{100 * q:.0f}_ms = {1000 * t:g}" for q, t in self.quantiles.items())
            raise ValueError(f"{given}; allowed: p50_ms <= p95_ms <= p99_ms, for P99 is never below P95")
        return self


class Claim(Section):
    """A number somebody states about the service, to be held against the evidence.

    What can be claimed, in which unit and sense, is the table of `capacity.evidence.quantities`.

    Parameters
    ----------
    quantity : str
        What is claimed, such as "p95_ms".
    value : float
        How much. [unit of the quantity]
    load : float, optional
        At which rate. [req/s]
    endpoint, run : str, optional
        Of what it is claimed, where not of the whole service, or of one test alone.
    sense : {"at most", "at least", "about"}, optional
        On which side of the value the truth is claimed to lie.
    tolerance : float, optional
        Of "about": how far off the truth may be. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> claim = plan.claim[0]
    >>> claim.quantity, claim.value, claim.load  # [ms], [req/s]
    ('p95_ms', 500.0, 250.0)
    """

    quantity: Annotated[str, fields.one_of((*QUANTITIES, *ALIASES))]
    value: fields.Value
    load: fields.Positive | None = None
    endpoint: fields.Text | None = None
    run: fields.Role | None = None
    sense: Annotated[Sense, fields.one_of(SENSES)] | None = None
    tolerance: fields.Chance | None = None

    @model_validator(mode="after")
    def _can_be_claimed(self) -> Self:
        about = quantity(self.quantity)
        if not about.allows(self.value):
            came = shown(self.value) if isinstance(self.value, bool) else f"{self.value:g}"
            raise ValueError(f"{about.name} = {came}; allowed: {about.allowed}")
        if about.load == "needed" and self.load is None:
            raise ValueError(f"{about.name} without a load; needed: load = the rate to be carried [req/s]")
        if about.load == "none" and self.load is not None:
            raise ValueError(f"{about.name} with a load; allowed: no load, for it belongs to none")
        if self.endpoint is not None and not about.by_endpoint:
            raise ValueError(
                f"{about.name} of an endpoint; allowed: no endpoint, for it is of the whole service"
            )
        if self.tolerance is not None and (self.sense or about.sense) != "about":
            raise ValueError('a tolerance without "about"; allowed: sense = "about", or no tolerance')
        return self


class Ledger(Section):
    """The plan.json of earlier reports, whose predictions are held against what came.

    Parameters
    ----------
    plans : tuple of path
        The plan.json files.

    Examples
    --------
    >>> Ledger(plans=()).plans
    ()
    """

    plans: fields.Many[fields.File]
