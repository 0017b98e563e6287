"""The plan file: one TOML file that says which tests belong to a service and what is wanted of it.

Every key is checked, every problem is reported at once, and nothing absent is guessed: a section that is not
there is None. `starter.toml` beside this module shows and explains the whole file. Latency objectives are
milliseconds in the file and seconds in `Slo.quantiles`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from capacity import fields
from capacity.errors import UsageError
from capacity.evidence.quantities import ALIASES, QUANTITIES, SENSES, Sense, quantity
from capacity.fields import did_you_mean, shown
from capacity.shown import Shown
from capacity.wording import visible

MAX_BYTES = 1_000_000
MEASURES = ("npv", "saving", "capacity_factor", "availability", "outage_cost")
BALANCERS = ("random", "round-robin", "least-connections")
_MAX_PROBLEMS = 30
_ROLE = r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}"
_PATH = re.compile(r"[\w-]+(?:\.[\w-]+|\[[0-9]{1,4}\])*", re.ASCII)
_STEP = re.compile(r"\[([0-9]{1,4})\]|([\w-]+)", re.ASCII)


class _Section(Shown, BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def __dir__(self) -> list[str]:
        return [
            name for name in super().__dir__() if not hasattr(BaseModel, name)
        ]  # completed: the keys alone


class Service(_Section):
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


class TestSource(_Section):
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


class Slo(_Section):
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


class Event(_Section):
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


class Demand(_Section):
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


class Policy(_Section):
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


class Size(_Section):
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


class Limit(_Section):
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


_KINDS_OF_LIMIT = (
    ({"rate"}, set[str]()),
    ({"utilization", "load"}, {"most"}),
    ({"available", "per_instance"}, {"environments"}),
)


class Cost(_Section):
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


class Investment(_Section):
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
    parameters: dict[str, fields.LeverParameter] = {}

    @model_validator(mode="before")
    @classmethod
    def _collect_parameters(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("parameters", {}), dict):
            return given
        known = {key: value for key, value in given.items() if key in cls.model_fields}
        own = {key: value for key, value in given.items() if key not in cls.model_fields}
        return {**known, "parameters": {**given.get("parameters", {}), **own}}


class Team(_Section):
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


class Attestation(_Section):
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


class Promise(_Section):
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


class Claim(_Section):
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


class Ledger(_Section):
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


class Plan(_Section):
    """A study as its plan file states it; every path is absolute.

    Parameters
    ----------
    service, slo, policy, cost, team, demand, ledger : section
        One each; None where the file has none of it.
    tests : dict of str to TestSource
        By role.
    limit, size, investment, promise, attestation, claim : tuple of section
        Any number of each.

    Raises
    ------
    UsageError
        From `load_plan`, `open`, `for_export` and `overridden`, with every problem on a line of its own:
        ``FILE: key: what came; what is allowed; the nearest name``.

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.service.name, sorted(plan.tests)[:2], plan.slo.p95_ms  # [ms]
    ('storefront', ['baseline', 'spike'], 180.0)
    """

    service: Service
    tests: Annotated[dict[str, TestSource], Field(min_length=1)]
    slo: Slo = Slo()
    demand: Demand | None = None
    policy: Policy = Policy()
    limit: fields.Many[Limit] = ()
    size: fields.Many[Size] = ()
    cost: Cost | None = None
    team: Team = Team()
    investment: fields.Many[Investment] = ()
    promise: fields.Many[Promise] = ()
    attestation: fields.Many[Attestation] = ()
    claim: fields.Many[Claim] = ()
    ledger: Ledger | None = None
    _file: Path = PrivateAttr()

    @property
    def file(self) -> Path:
        """The plan file, or the export when there is none."""
        return self._file

    def model_post_init(self, context: Any, /) -> None:
        """Remember which file this came from."""
        self._file = context["file"]

    @classmethod
    def open(cls, path: str | Path, given: Mapping[str, Any] | None = None) -> Plan:
        """Read a plan file (``.toml``), or make the plan of a bare export (any other file).

        Parameters
        ----------
        path : str or Path
            Plan file or export.
        given : mapping, optional
            Keys such as ``demand.horizon_days`` or ``investment[0].hours``, and values in place of the file's own.
        """
        if not Path(path).exists():
            raise _refused(
                Path(path).absolute(), "there is no such file; give a plan file (.toml) or an export"
            )
        if Path(path).suffix.lower() == ".toml":
            return load_plan(path, given)
        return cls.for_export(path, given)

    @classmethod
    def for_export(cls, path: str | Path, given: Mapping[str, Any] | None = None) -> Plan:
        """Make the plan of a bare export: one test, default objectives, no demand and no money."""
        file = Path(path).absolute()
        raw: dict[str, Any] = {"service": {"name": _first_word(file)}, "tests": {"test": {"export": file}}}
        return _validated(_with(raw, given or {}, file), file)

    def overridden(
        self,
        *,
        p95_ms: float | None = None,
        horizon_days: int | None = None,
        spare_instances: int | None = None,
    ) -> Plan:
        """Return this plan with the values given, `p95_ms` [ms], `horizon_days` [days], `spare_instances` [instances].

        Raises
        ------
        UsageError
            If a value is not allowed, or `horizon_days` is given to a plan without demand.
        """
        if horizon_days is not None and self.demand is None:
            raise _refused(self.file, f"horizon_days: {horizon_days}; there is no [demand] to look ahead in")
        wanted: dict[str, dict[str, float | None]] = {
            "slo": {"p95_ms": p95_ms},
            "demand": {"horizon_days": horizon_days},
            "policy": {"spare_instances": spare_instances},
        }
        raw = self.model_dump(exclude_unset=True)
        for section, values in wanted.items():
            given = {key: value for key, value in values.items() if value is not None}
            raw.update({section: {**raw.get(section, {}), **given}} if given else {})
        return _validated(raw, self.file)


def load_plan(path: str | Path, given: Mapping[str, Any] | None = None) -> Plan:
    """Read and check a plan file.

    Parameters
    ----------
    path : str or Path
        A TOML file of at most 1 MB; the paths in it are relative to its folder.
    given : mapping, optional
        Keys such as ``demand.horizon_days``, and values that count as if they stood in the file.

    Raises
    ------
    UsageError
        If anything in it is not as documented; the message has one line for each problem.

    Examples
    --------
    >>> import capacity as cap
    >>> plan = cap.load_plan("data/storefront/plan.toml")
    >>> plan.policy.spare_instances, plan.demand.horizon_days  # [instances], [days]
    (1, 180)
    """
    file = Path(path).absolute()
    raw = _with(_toml(file), given or {}, file)
    service = raw.setdefault("service", {})
    if isinstance(service, dict):
        service.setdefault("name", _first_word(file.parent if file.stem == "plan" else file))
    written_as = _spell_out_tests(raw)
    return _validated(raw, file, written_as)


def _first_word(path: Path) -> str:
    return visible(path.name.split(".")[0]) or "service"


def _refused(file: Path, problem: str) -> UsageError:
    return UsageError(f"{visible(file, 300)}: {problem}")


def _toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _refused(file, f"cannot be read ({reason}); give a plan file or an export") from None
    if len(content) > MAX_BYTES:
        raise _refused(file, f"more than {MAX_BYTES:,} bytes; allowed: a plan of at most 1 MB")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refused(file, f"byte {error.start}: not UTF-8; save the plan as UTF-8 text") from None
    except RecursionError:
        raise _refused(file, "nested too deeply; allowed: the sections that `capacity init` writes") from None
    except ValueError as error:
        reason = visible(error, 200)
        raise _refused(file, f"not TOML: {reason}; allowed: [section] and key = value, each once") from None


def _with(raw: dict[str, Any], given: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Put values at their keys; which keys and values there may be is checked later, with all the others."""
    for key, value in given.items():
        if not _PATH.fullmatch(key):
            raise _refused(
                file, f"{shown(key)}: no key; allowed: such as demand.horizon_days or investment[0].hours"
            )
        steps = [int(number) if number else name for number, name in _STEP.findall(key)]
        tests = raw.get("tests")
        if (
            steps[0] == "tests"
            and len(steps) > 2
            and isinstance(tests, dict)
            and isinstance(tests.get(steps[1]), str)
        ):
            tests[steps[1]] = {"export": tests[steps[1]]}  # it was written short
        place: Any = raw
        for at, step in enumerate(steps):
            _refuse_astray(place, step, f"{visible(key, 100)}: {_key(steps[:at])}", file)
            if at == len(steps) - 1:
                place[step] = value
            else:
                place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
    return raw


def _refuse_astray(place: Any, step: int | str, before: str, file: Path) -> None:
    """Refuse a step of a key that leads nowhere from where it is taken."""
    if isinstance(place, list):
        fits, allowed = isinstance(step, int) and step < len(place), f"[0] to [{len(place) - 1}] after it"
    else:
        fits, allowed = (
            isinstance(place, dict) and isinstance(step, str),
            "a key after a dot, where a table is",
        )
    if not fits:
        raise _refused(file, f"{before} is {shown(place)}; allowed: {allowed}")


def _spell_out_tests(raw: dict[str, Any]) -> dict[str, str]:
    """Make every role a table, and give `tests.script` to its test; return how moved keys were written."""
    tests = raw.get("tests")
    if not isinstance(tests, dict):
        return {}
    script = tests.pop("script", None)
    short = [role for role, value in tests.items() if isinstance(value, str)]
    tests.update({role: {"export": tests[role]} for role in short})
    instances = raw["service"].get("instances_tested") if isinstance(raw["service"], dict) else None
    for source in tests.values():
        if isinstance(source, dict) and instances is not None:
            source.setdefault("instances", instances)
    owner = "stress" if "stress" in tests else next(iter(tests), "")
    if script is not None and isinstance(tests.get(owner), dict):
        tests[owner].setdefault("script", script)
    inherited = {f"tests.{role}.instances": "service.instances_tested" for role in short}
    return (
        {f"tests.{role}.export": f"tests.{role}" for role in short}
        | inherited
        | {f"tests.{owner}.script": "tests.script"}
    )


def _validated(raw: dict[str, Any], file: Path, written_as: Mapping[str, str] | None = None) -> Plan:
    problems = _role_problems(raw.get("tests"))
    try:
        roles = [str(role) for role in raw["tests"]] if isinstance(raw.get("tests"), dict) else []
        plan = Plan.model_validate(raw, context={"file": file, "folder": file.parent, "roles": roles})
    except ValidationError as error:
        problems += [_problem(detail, written_as or {}) for detail in error.errors(include_url=False)]
    if not problems:
        return plan
    problems = list(dict.fromkeys(problems))
    if len(problems) > _MAX_PROBLEMS:
        problems[_MAX_PROBLEMS:] = [f"and {len(problems) - _MAX_PROBLEMS} more problems"]
    raise UsageError("\n".join(str(_refused(file, problem)) for problem in problems))


def _role_problems(tests: object) -> list[str]:
    odd = [role for role in tests if not re.fullmatch(_ROLE, role)] if isinstance(tests, dict) else []
    return [f"tests: the role {shown(role)}; allowed: letters, digits, _ and -, at most 60" for role in odd]


def _problem(detail: Any, written_as: Mapping[str, str]) -> str:
    """Say one of pydantic's findings in the words of the plan file."""
    location = tuple(part for part in detail["loc"] if part != "parameters")
    key, section = _key(location), _key(location[:-1])
    match detail["type"]:
        case "extra_forbidden":
            names = _keys_of(location[:-1])
            near = did_you_mean(str(location[-1]), names)
            return f"{key}: no such key in {section or 'a plan'}; allowed: {', '.join(names)}{near}"
        case "missing" | "too_short":
            example = (
                ' at least one test, such as [tests] stress = "stress.json"' if key == "tests" else " a value"
            )
            return f"{key}: nothing came; needed:{example}"
        case "value_error":
            return f"{written_as.get(key, key)}: {detail['ctx']['error']}"
        case _:
            allowed = "an export's path or a table of keys" if section == "tests" else "a table of keys"
            return f"{key}: {shown(detail['input'])}; allowed: {allowed}"


def _key(location: Sequence[int | str]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{visible(part)}" for part in location)
    return "".join(parts).removeprefix(".")


def _keys_of(location: Sequence[int | str]) -> list[str]:
    """List the keys allowed at a place in the plan file."""
    sections: dict[str, type[BaseModel]] = {
        "service": Service,
        "tests": TestSource,
        "slo": Slo,
        "demand": Event if "events" in location else Demand,
        "policy": Policy,
        "limit": Limit,
        "size": Size,
        "cost": Cost,
        "team": Team,
        "investment": Investment,
        "promise": Promise,
        "attestation": Attestation,
        "claim": Claim,
        "ledger": Ledger,
    }
    section = sections[str(location[0])] if location else Plan
    return list(section.model_fields)
