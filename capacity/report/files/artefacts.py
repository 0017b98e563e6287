"""The files of a report for other programs: plan.json, actions.csv that no spreadsheet executes, next-test.yml."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capacity.report.files.manifests import manifests
from capacity.study import Missing
from capacity.wording import visible

_STARTS_FORMULA = "=+-@\t\r\n\0"


@dataclass(frozen=True)
class Artefacts:
    """Files besides the pages.

    Parameters
    ----------
    files : dict of str to bytes
        Content by name; at most one folder deep.
    left_out : dict of str to str
        What the plan or the evidence does not support, and why.
    """

    files: dict[str, bytes]
    left_out: dict[str, str]


def artefacts(study: Any) -> Artefacts:
    """Make the files besides the pages; the same study makes the same bytes.

    Parameters
    ----------
    study : Study
        What the plan leads to.
    """
    files = {"plan.json": plan_json(study), "actions.csv": actions_csv(study)}
    left_out = {} if study.next_test else {"next-test.yml": study.next_test.reason}
    for name, text in manifests(study).items():
        if isinstance(text, Missing):
            left_out[name] = text.reason
        else:
            files[name] = text.encode("utf-8", "replace")
    if study.next_test:
        files["next-test.yml"] = next_test_yml(study)
    return Artefacts(files, left_out)


def plan_json(study: Any) -> bytes:
    """Write the whole study as JSON."""
    text = json.dumps(study.to_dict(), indent=2, ensure_ascii=False, allow_nan=False, default=str)
    return f"{text}\n".encode("utf-8", "replace")


def actions_csv(study: Any) -> bytes:
    """Write the actions in order."""
    return csv_of(study.actions.columns, study.actions.itertuples(index=False))


def next_test_yml(study: Any) -> bytes:
    """Write the next test as an Artillery script, made from the one behind the tests where it is known."""
    tested = study.plan.service.instances_tested
    scripts = [s.script for s in study.plan.tests.values() if s.script and s.instances == tested]
    return study.next_test.script(Path(scripts[0]) if scripts else None).encode("utf-8", "replace")


def csv_of(names: Iterable[object], rows: Iterable[Iterable[object]]) -> bytes:
    r"""Write a table for a spreadsheet, which executes none of it.

    Examples
    --------
    >>> csv_of(["endpoint", "rate"], [["=1+1", 2.5]])
    b"endpoint,rate\r\n'=1+1,2.5\r\n"
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([inert(cell) for cell in row] for row in (names, *rows))
    return text.getvalue().encode("utf-8", "replace")


def inert(value: object) -> object:
    """Return a cell that a spreadsheet shows instead of executing; numbers stay numbers.

    Examples
    --------
    >>> inert("=1+1"), inert(-5), inert("/cart")
    ("'=1+1", -5, '/cart')
    """
    if value is None or value != value:
        return ""
    if isinstance(value, (int, float)):
        return value
    text = visible(value, None)
    first = unicodedata.normalize("NFKC", text.lstrip("\ufeff \u00a0\u3000"))[:1]
    starts = {first, text[:1]} - {""}
    return f"'{text}" if starts & set(_STARTS_FORMULA) else text
