"""The parameters of a notebook: a closed, typed list, checked before any kernel starts.

papermill lets a misspelt parameter pass and runs code put into a parameter's name; here the names and types
are those of the cell tagged ``parameters``, and anything else is refused with the nearest name.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capacity.errors import UsageError
from capacity.fields import did_you_mean, shown

_WHOLE = r"-?(0|[1-9][0-9]{0,15})"
_DECIMAL = rf"{_WHOLE}(\.[0-9]{{1,20}})?([eE][+-]?[0-9]{{1,3}})?"
_MAX_TEXT = 1000


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook, as its ``parameters`` cell declares it."""

    name: str
    type: str
    default: object
    meaning: str


def declared(notebook: Path) -> dict[str, Parameter]:
    """Read the parameters a notebook declares.

    Raises
    ------
    UsageError
        If the notebook cannot be read, or a parameter is not ``name: type = constant  # meaning`` with one of
        the types str, float, int and bool.

    Examples
    --------
    >>> declared(Path("notebooks/02-capacity.ipynb"))["p95_ms"].type  # doctest: +SKIP
    'float'
    """
    source = _parameters_cell(notebook)
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise UsageError(f"{notebook.name}: parameters cell, line {error.lineno}: not Python") from None
    parameters = [_parameter(notebook, statement, source) for statement in statements]
    return {parameter.name: parameter for parameter in parameters}


def _parameters_cell(notebook: Path) -> str:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
        sources = ["".join(cell["source"]) for cell in tagged]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{notebook.name}: not a notebook; expected the JSON of nbformat 4") from None
    if len(sources) > 1:
        raise UsageError(f"{notebook.name}: {len(sources)} cells are tagged 'parameters'; allowed: one")
    return sources[0] if sources else ""


def _parameter(notebook: Path, statement: ast.stmt, source: str) -> Parameter:
    match statement:
        case ast.AnnAssign(
            target=ast.Name(id=name),
            annotation=ast.Name(id=kind),
            value=ast.Constant(value=default),
            lineno=line,
        ) if kind in _READERS:
            comment = source.splitlines()[line - 1].partition("#")[2].strip()
            return Parameter(name, kind, default, comment)
    raise UsageError(
        f"{notebook.name}: parameters cell, line {statement.lineno}: {shown(ast.unparse(statement))}; "
        f"allowed: name: type = constant, with type {', '.join(_READERS)}"
    )


def check(given: Mapping[str, object], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Turn what came into typed values.

    Parameters
    ----------
    given : mapping
        Values by name; text, as from a command line, is read as the declared type.
    parameters : mapping
        What the notebooks declare.

    Raises
    ------
    UsageError
        With a line for each unknown name or ill-typed value.

    Examples
    --------
    >>> check({"p95_ms": "300"}, {"p95_ms": Parameter("p95_ms", "float", None, "[ms]")})
    {'p95_ms': 300.0}
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in parameters:
            near = did_you_mean(str(name), parameters)
            problems.append(f"parameter {shown(str(name))}: unknown; allowed: {', '.join(parameters)}{near}")
            continue
        try:
            values[name] = _read(value, parameters[name].type)
        except ValueError as error:
            problems.append(f"parameter {name}: {shown(value)}; allowed: {error}")
    if problems:
        raise UsageError("\n".join(problems))
    return values


def _read(value: object, kind: str) -> Any:
    allowed, read = _READERS[kind]
    try:
        return read(value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(allowed) from None


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}[_matching(value, "true|false")]


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return _within(value)
    return _within(int(_matching(value, _WHOLE)))


def _decimal(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(_within(value))
    return float(_within(float(_matching(value, _DECIMAL))))


def _text(value: object) -> str:
    text = _matching(value, rf"[^\x00-\x08\x0b-\x1f\x7f]{{0,{_MAX_TEXT}}}")
    text.encode("utf-8")  # refuses lone surrogates
    return text


def _matching(value: object, pattern: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(value)
    return value


def _within(number: float) -> Any:
    if not math.isfinite(number) or abs(number) > 2**53:
        raise ValueError(number)
    return number


_READERS: dict[str, tuple[str, Callable[[object], Any]]] = {
    "str": (f"text of at most {_MAX_TEXT} characters", _text),
    "float": ("a finite number such as 250 or 0.5", _decimal),
    "int": ("a whole number such as 90, without leading zeros", _whole),
    "bool": ("true or false", _truth),
}
