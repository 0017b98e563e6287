"""A plan file as it is written: its TOML, values put at keys, and how a problem in it is told."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from capacity.errors import UsageError
from capacity.fields import shown
from capacity.wording import visible

MAX_BYTES = 1_000_000


_PATH = re.compile(r"[\w-]+(?:\.[\w-]+|\[[0-9]{1,4}\])*", re.ASCII)


_STEP = re.compile(r"\[([0-9]{1,4})\]|([\w-]+)", re.ASCII)


def refused(file: Path, problem: str) -> UsageError:
    """Name the file in front of a problem."""
    return UsageError(f"{visible(file, 300)}: {problem}")


def toml_of(file: Path) -> dict[str, Any]:
    """Read the tables of a plan file, of at most `MAX_BYTES`."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise refused(file, f"cannot be read ({reason}); give a plan file or an export") from None
    if len(content) > MAX_BYTES:
        raise refused(file, f"more than {MAX_BYTES:,} bytes; allowed: a plan of at most 1 MB")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise refused(file, f"byte {error.start}: not UTF-8; save the plan as UTF-8 text") from None
    except RecursionError:
        raise refused(file, "nested too deeply; allowed: the sections that `capacity init` writes") from None
    except ValueError as error:
        reason = visible(error, 200)
        raise refused(file, f"not TOML: {reason}; allowed: [section] and key = value, each once") from None


def with_values(raw: dict[str, Any], given: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Put values at their keys; which keys and values there may be is checked later, with all the others."""
    for key, value in given.items():
        if not _PATH.fullmatch(key):
            raise refused(
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
            _refuse_astray(place, step, f"{visible(key, 100)}: {key_of(steps[:at])}", file)
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
        raise refused(file, f"{before} is {shown(place)}; allowed: {allowed}")


def spelled_out(raw: dict[str, Any]) -> dict[str, str]:
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


def key_of(location: Sequence[int | str]) -> str:
    """Write a place in the plan as its key: ``investment[0].hours``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{visible(part)}" for part in location)
    return "".join(parts).removeprefix(".")
