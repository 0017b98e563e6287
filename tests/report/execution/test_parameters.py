"""Notebook parameters: closed, typed, checked before a kernel starts."""

import json
from pathlib import Path

import pytest

from capacity.errors import UsageError
from capacity.report.execution.parameters import Parameter, check, declared

TYPES = {name: Parameter(name, name, None, "") for name in ("str", "float", "int", "bool")}


def notebook(folder: Path, *sources: str) -> Path:
    """Notebook with these cells tagged as parameters."""
    cells = [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": text} for text in sources]
    path = folder / "n.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_a_cell_declares_name_type_default_and_meaning(tmp_path: Path) -> None:
    """The comment is the help."""
    found = declared(notebook(tmp_path, "p95_ms: float = None  # [ms] objective\nseed: int = 1"))
    assert found["p95_ms"] == Parameter("p95_ms", "float", None, "[ms] objective")
    assert found["seed"].default == 1


def test_a_notebook_may_have_no_parameters(tmp_path: Path) -> None:
    """Then every name is unknown."""
    assert declared(notebook(tmp_path)) == {}


@pytest.mark.parametrize("cell", ["x = 1", "x: list = 1", "x: int = f()", "import os", "x: int", "x: int ="])
def test_other_cells_are_refused(tmp_path: Path, cell: str) -> None:
    """A parameter without type or with a computed default cannot be checked."""
    with pytest.raises(UsageError, match=r"n\.ipynb: parameters cell, line 1"):
        declared(notebook(tmp_path, cell))


def test_two_parameters_cells_are_refused(tmp_path: Path) -> None:
    """Only the first would be filled."""
    with pytest.raises(UsageError, match="2 cells are tagged"):
        declared(notebook(tmp_path, "a: int = 1", "b: int = 1"))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"cells": 3}', '{"cells": [3]}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    """One line, no traceback."""
    path = tmp_path / "n.ipynb"
    path.write_text(content)
    with pytest.raises(UsageError, match="not a notebook"):
        declared(path)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("float", "250", 250.0),
        ("float", "-0.5e3", -500.0),
        ("float", 3, 3.0),
        ("int", "90", 90),
        ("int", "0", 0),
        ("int", "-7", -7),
        ("int", 5, 5),
        ("bool", "true", True),
        ("bool", False, False),
        ("str", "", ""),
        ("str", '");print(1)#\n', '");print(1)#\n'),
        ("str", "ünï", "ünï"),
    ],
)
def test_text_is_read_as_the_declared_type(name: str, given: object, value: object) -> None:
    """Also values that have the type already."""
    read = check({name: given}, TYPES)[name]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *[
            ("float", text)
            for text in ("", "nan", "inf", "-inf", "1e999", "1_000", "0x10", "010", " 1", "1 ", "1,5")
        ],
        *[("float", value) for value in (True, None, float("nan"), float("inf"), [1], 10**400, "١")],
        *[
            ("int", text)
            for text in ("", "1.0", "010", "1_000", "1e3", "+1", "0x1", "99999999999999999999", "-", "²")
        ],
        *[("int", value) for value in (True, 1.5, None, 2**60)],
        *[("bool", text) for text in ("", "True", "yes", "1", "on", "null")],
        *[("bool", value) for value in (1, 0, None)],
        *[("str", value) for value in ("x" * 1001, "nul\0", "esc\x1b", "\ud800", 3, None, ["a"])],
    ],
)
def test_anything_else_is_refused(name: str, given: object) -> None:
    """The line says what came and what is allowed."""
    with pytest.raises(UsageError, match=rf"^parameter {name}: .*; allowed: "):
        check({name: given}, TYPES)


@pytest.mark.parametrize(
    "name",
    [
        "p59_ms",
        "class",
        "a;print('x')#",
        "a b",
        "",
        "\0",
        "__import__",
        "p95_ms ",
        "P95_MS",
        "--x",
        "x" * 10_000,
    ],
)
def test_an_unknown_name_is_refused(name: str) -> None:
    """Names are looked up, never executed."""
    with pytest.raises(UsageError, match="unknown; allowed: p95_ms"):
        check({name: "1"}, {"p95_ms": TYPES["float"]})


def test_the_nearest_name_is_suggested() -> None:
    """A slip is told in one line."""
    with pytest.raises(UsageError) as refused:
        check({"p59_ms": "1"}, {"p95_ms": TYPES["float"], "seed": TYPES["int"]})
    assert str(refused.value) == (
        "parameter 'p59_ms': unknown; allowed: p95_ms, seed; did you mean 'p95_ms'?"
    )


def test_all_problems_are_told_at_once() -> None:
    """One line each."""
    with pytest.raises(UsageError) as refused:
        check({"x": "1", "int": "1.5"}, TYPES)
    assert len(str(refused.value).splitlines()) == 2
