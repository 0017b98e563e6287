"""The whole plan, read and checked; every problem is told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, PrivateAttr, ValidationError

from capacity import fields
from capacity.errors import UsageError
from capacity.fields import did_you_mean, shown
from capacity.plan.load import Demand, Event, Limit, Policy, Size
from capacity.plan.source import key_of, refused, spelled_out, toml_of, with_values
from capacity.plan.tested import Claim, Ledger, Section, Service, Slo, TestSource
from capacity.plan.work import Attestation, Cost, Investment, Promise, Team
from capacity.wording import visible

_MAX_PROBLEMS = 30


_ROLE = r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}"


class Plan(Section):
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
            raise refused(
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
        return _validated(with_values(raw, given or {}, file), file)

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
            raise refused(self.file, f"horizon_days: {horizon_days}; there is no [demand] to look ahead in")
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
    raw = with_values(toml_of(file), given or {}, file)
    service = raw.setdefault("service", {})
    if isinstance(service, dict):
        service.setdefault("name", _first_word(file.parent if file.stem == "plan" else file))
    written_as = spelled_out(raw)
    return _validated(raw, file, written_as)


def _first_word(path: Path) -> str:
    return visible(path.name.split(".")[0]) or "service"


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
    raise UsageError("\n".join(str(refused(file, problem)) for problem in problems))


def _role_problems(tests: object) -> list[str]:
    odd = [role for role in tests if not re.fullmatch(_ROLE, role)] if isinstance(tests, dict) else []
    return [f"tests: the role {shown(role)}; allowed: letters, digits, _ and -, at most 60" for role in odd]


def _problem(detail: Any, written_as: Mapping[str, str]) -> str:
    """Say one of pydantic's findings in the words of the plan file."""
    location = tuple(part for part in detail["loc"] if part != "parameters")
    key, section = key_of(location), key_of(location[:-1])
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
            owner = _owner_of(str(location[-1])) if section == "tests" else ""
            astray = f"; it belongs to [{owner}]: is that line still behind a #?" if owner else ""
            return f"{key}: {shown(detail['input'])}; allowed: {allowed}{astray}"


_SECTIONS: dict[str, type[BaseModel]] = {
    "service": Service,
    "tests": TestSource,
    "slo": Slo,
    "demand": Demand,
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


def _owner_of(key: str) -> str:
    """Return the first section that has a key; empty where none has."""
    return next((name for name, section in _SECTIONS.items() if key in section.model_fields), "")


def _keys_of(location: Sequence[int | str]) -> list[str]:
    """List the keys allowed at a place in the plan file."""
    if "events" in location:
        return list(Event.model_fields)
    section = _SECTIONS[str(location[0])] if location else Plan
    return list(section.model_fields)
