"""The table of codes in the package's docstring against what the checks can say."""

import ast
import importlib
import inspect
import pkgutil
from typing import get_args

import pytest

from capacity.evidence import checks
from capacity.evidence.findings import Claim, Severity

MODULES = sorted(module.name for module in pkgutil.iter_modules(checks.__path__))
SEVERITIES, CLAIMS = set(get_args(Severity)), set(get_args(Claim))


def table():
    """Return (code, claim, severities, module) of each row of the table."""
    _, _, body, *_ = [part.strip("\n ") for part in checks.__doc__.split("\n=======")]
    lines = [line for line in body.splitlines() if not line.startswith("=")]
    return [(line[:24].strip(), line[24:38].strip(), set(line[38:60].replace(",", " ").split()), line[60:73].strip())
            for line in lines]  # fmt: skip


def strings(node):
    """Return all strings in a piece of source."""
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def source(module):
    """Return the parsed source of a module of checks."""
    return ast.parse(inspect.getsource(importlib.import_module(f"capacity.evidence.checks.{module}")))


def findings_made(module):
    """Return (code, claims, severities) of each finding a module makes, as far as it spells them out."""
    calls = (
        n
        for n in ast.walk(source(module))
        if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Finding"
    )
    for call in calls:
        code, severity, claim = (strings(argument) for argument in call.args[:3])
        if code:
            yield code.pop(), claim & CLAIMS, severity & SEVERITIES


def test_the_table_is_read():
    """The table has rows, with claims and severities that exist, in modules that exist."""
    rows = table()
    assert len(rows) > 40
    assert {claim for _, claim, _, _ in rows} <= CLAIMS
    assert set.union(*(severities for _, _, severities, _ in rows)) == SEVERITIES
    assert {module for _, _, _, module in rows} == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_finding_is_in_the_table(module):
    """A finding that a check makes stands in the table under its module, with its claim and severities."""
    for code, claims, severities in findings_made(module):
        rows = [row for row in table() if row[0] == code]
        assert {row[3] for row in rows} == {module}, code
        assert claims <= {row[1] for row in rows}, code
        assert severities <= set.union(*(row[2] for row in rows)), code


@pytest.mark.parametrize("module", MODULES)
def test_the_table_has_no_other_codes(module):
    """A code of the table is spelt out in the source of its module, and so are its severities."""
    spelt = strings(source(module))
    for code, claim, severities, _ in (row for row in table() if row[3] == module):
        assert {code, claim} <= spelt, code
        assert severities <= spelt, code


@pytest.mark.parametrize("module", MODULES)
def test_every_check_is_listed(module):
    """Each public check of a module stands in one of its lists, but for those that hold for any test."""
    loaded = importlib.import_module(f"capacity.evidence.checks.{module}")
    listed = {
        check.__name__ for name in dir(loaded) if name.startswith("CHECKS") for check in getattr(loaded, name)
    }
    functions = [node for node in source(module).body if isinstance(node, ast.FunctionDef) and node.returns]
    checks_here = {node.name for node in functions if ast.unparse(node.returns) == "Iterator[Finding]"}
    public = {name for name in checks_here if not name.startswith("_")}
    assert public
    assert public - listed <= {"generator_exhausted", "users_dropped"}
