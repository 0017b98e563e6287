"""The same plan with other values: every combination studied, and a page that compares the variants."""

from __future__ import annotations

import itertools
import json
import math
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity import origin
from capacity.errors import CapacityError, UsageError, worst
from capacity.fields import shown
from capacity.report import folder, pages
from capacity.report.execution.running import Run
from capacity.report.kept.cache import NO_CACHE, Cache
from capacity.report.kept.memory import Memory
from capacity.report.kept.studied import Question, Studied
from capacity.report.publish import CELL_TIMEOUT, TIMEOUT, Outcome, Progress, refuse, workers
from capacity.report.several import variants
from capacity.report.several.batch import told_without
from capacity.report.several.summary import Summary

if TYPE_CHECKING:
    from capacity.report.execution.kernels import Kernels

MOST_VARIANTS = 200
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?")
_WORDS = re.compile(r"[A-Za-z][\w-]*(,[A-Za-z][\w-]*)*", re.ASCII)
_EXAMPLES = "90,180,360 or 100..500:50 or [0.01,0.02,0.03],[0.02,0.04,0.06] or random,round-robin"


def values_of(text: str) -> list[Any]:
    """Read the values of a key as they are written on the command line.

    Values are those of TOML, with commas between them: numbers, ``true``, days, lists in ``[ ]``, text in quotes.
    Words need no quotes. ``100..500:50`` is every 50th number from 100 to 500, both included; without a step it is
    every whole one.

    Raises
    ------
    UsageError
        If the text is none of these.

    Examples
    --------
    >>> values_of("90,180"), values_of("0.1..0.3:0.1"), values_of("random,round-robin")
    ([90, 180], [0.1, 0.2, 0.3], ['random', 'round-robin'])
    >>> values_of("[0.01,0.02,0.03]")
    [[0.01, 0.02, 0.03]]
    """
    if found := _RANGE.fullmatch(text):
        return _between(*found.groups())
    if _WORDS.fullmatch(text) and text not in ("true", "false", "true,false", "false,true", "inf", "nan"):
        return list(text.split(","))
    try:
        read = tomllib.loads(f"values = [{text}\n]") if "\n" not in text else {}
    except (ValueError, RecursionError):
        read = {}
    if list(read) != ["values"] or not read["values"]:
        raise UsageError(f"values {shown(text)}; allowed: {_EXAMPLES}")
    return read["values"]


def _between(first: str, last: str, step: str | None) -> list[Any]:
    low, high, by = Decimal(first), Decimal(last), Decimal(step or 1)
    count = math.floor((high - low) / by) + 1 if by else 0
    if not 1 <= count <= MOST_VARIANTS:
        raise UsageError(
            f"values {first}..{last}:{by}; allowed: 1 to {MOST_VARIANTS} values, upwards, such as 100..500:50"
        )
    numbers = [low + i * by for i in range(count)]
    whole = all("." not in text for text in (first, last, str(by)))
    return [int(number) if whole else float(number) for number in numbers]


def combinations(keys: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Combine every value of a key with every value of the others.

    Raises
    ------
    UsageError
        If there are more than `MOST_VARIANTS`.

    Examples
    --------
    >>> combinations({"slo.p95_ms": [200, 300], "policy.risk": [0.05]})
    [{'slo.p95_ms': 200, 'policy.risk': 0.05}, {'slo.p95_ms': 300, 'policy.risk': 0.05}]
    """
    count = math.prod(len(values) for values in keys.values())
    if count > MOST_VARIANTS:
        product = " x ".join(str(len(values)) for values in keys.values())
        raise UsageError(f"{product} = {count} variants; allowed: at most {MOST_VARIANTS}; give fewer values")
    return [dict(zip(keys, chosen, strict=True)) for chosen in itertools.product(*keys.values())]


@dataclass(frozen=True)
class Variant:
    """One combination of values, and what came of it."""

    number: str
    given: dict[str, Any]
    studied: Studied | None
    reason: str = ""
    exit_code: int = 0

    @property
    def summary(self) -> Summary:
        """Its row in the comparison."""
        return self.studied.summary if self.studied else Summary.none(f"variant {self.number}", self.reason)


def sweep(
    plan: str | Path,
    keys: Mapping[str, Sequence[Any]],
    out: str | Path,
    *,
    seed: int = 1,
    jobs: int = 2,
    progress: Progress | None = None,
    cache: Cache = NO_CACHE,
) -> Outcome:
    """Study a plan with every combination of some values, and write a page that compares the variants.

    Parameters
    ----------
    plan : str or Path
        Plan file or export.
    keys : mapping of str to sequence
        Values by key of the plan, such as ``demand.horizon_days``.
    out : str or Path
        Folder of the page; an earlier one of ours is replaced.
    seed : int
        Of every random draw.
    jobs : int
        Variants studied at the same time, at most one a core.
    progress : callable, optional
        Called with each finished variant, the number finished and the number of all.
    cache : Cache
        Where results are kept; by default nothing is kept or recalled.

    Returns
    -------
    Outcome
        A variant that was refused is in the comparison with its reason.

    Raises
    ------
    UsageError
        If there are too many combinations, or every one is refused: then with the first reason.
    Busy
        If another run writes the same folder.
    """
    from capacity.report.execution.kernels import Kernels

    plan, out = Path(plan).absolute(), Path(out).absolute()
    asked = [_checked(plan, given) for given in combinations(keys)]
    if all(reason for _, reason in asked):
        raise UsageError(asked[0][1])
    refuse(out)
    with folder.only_writer(out), Kernels(TIMEOUT * len(asked), CELL_TIMEOUT) as kernels:
        found = _studied(plan, asked, seed, kernels, cache, jobs, progress)
        if not any(variant.studied for variant in found):
            return Outcome(None, False, _problems(found), worst(v.exit_code for v in found))
        command = shlex.join(["capacity", "sweep", plan.name, *as_options(keys)])
        return _put(plan, keys, found, out, command, seed)


def _checked(plan: Path, given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Check the values of one variant; return them and why they are refused."""
    from capacity.plan import Plan

    try:
        Plan.open(plan, given)
    except UsageError as problem:
        return given, told_without(plan.parent, problem)[0]
    return given, ""


def _studied(
    plan: Path,
    asked: Sequence[tuple[dict[str, Any], str]],
    seed: int,
    kernels: Kernels,
    cache: Cache,
    jobs: int,
    progress: Progress | None,
) -> list[Variant]:
    """Study the variants side by side, each in a process of its own."""
    numbers = [f"{i:0{len(str(len(asked)))}d}" for i in range(1, len(asked) + 1)]
    found = {
        number: Variant(number, given, None, reason, 2)
        for number, (given, reason) in zip(numbers, asked, strict=True)
    }
    good = [variant for variant in found.values() if not variant.reason]

    def study(variant: Variant) -> tuple[Variant, Run]:
        question = Question(str(plan), {"seed": seed}, variant.given)
        try:
            studied, run = Memory(cache, question).study_apart(kernels)
        except CapacityError as problem:
            refused = Variant(variant.number, variant.given, None, *told_without(plan.parent, problem))
            return refused, Run("study", "failed", 0.0)
        return Variant(variant.number, variant.given, studied), run

    with kernels.pool(workers(jobs)) as pool:
        for done, future in enumerate(as_completed([pool.submit(study, one) for one in good]), 1):
            variant, run = future.result()
            found[variant.number] = variant
            if progress:
                progress(replace(run, name=f"variant {variant.number}"), done, len(good))
    return [found[number] for number in numbers]


def _put(
    plan: Path,
    keys: Mapping[str, Sequence[Any]],
    found: Sequence[Variant],
    out: Path,
    command: str,
    seed: int,
) -> Outcome:
    known = [variant.studied for variant in found if variant.studied]
    checksums = frozenset(row["sha256"] for studied in known for row in studied.inputs)
    varied = "; ".join(f"{key} = {written(values)}" for key, values in keys.items())
    terms = (("Plan", plan.name), ("Varied", varied), ("Seed", str(seed)))
    made = pages.Making(command, terms, checksums, origin.now())
    rows = [(variant.given, variant.summary) for variant in found]
    files = variants.files(rows, [variant.number for variant in found], known[0].service, made, plan)
    for variant in found:
        if variant.studied:
            files[f"variants/{variant.number}.json"] = variant.studied.files["plan.json"].encode("utf-8")
    code = worst(variant.exit_code for variant in found)
    told = {"status": "complete" if not code else "incomplete", "exit_code": code, **made.told}
    folder.replace(out, files, told | {"variants": [_told(variant) for variant in found]})
    return Outcome(out, True, _problems(found), code)


def _told(variant: Variant) -> dict[str, Any]:
    given = json.loads(json.dumps(variant.given, default=str), parse_constant=str)  # JSON has no inf
    status = "complete" if variant.studied else "refused"
    return {"number": variant.number, "given": given, "status": status, "reason": variant.reason}


def _problems(found: Sequence[Variant]) -> tuple[str, ...]:
    lines = [f"variant {v.number}: {line}" for v in found if v.reason for line in v.reason.splitlines()]
    return tuple(lines)


def as_options(keys: Mapping[str, Sequence[Any]]) -> list[str]:
    """Write the values as on the command line."""
    return [part for key, values in keys.items() for part in ("-p", f"{key}={written(values)}")]


def written(values: Sequence[Any]) -> str:
    """Write values as TOML does, with commas between."""
    return ",".join(map(_toml, values))


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{','.join(f'{json.dumps(str(key))}={_toml(item)}' for key, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{written(value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return (
        json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, (str, bool)) else str(value)
    )
