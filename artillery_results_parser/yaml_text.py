"""YAML as scripts use it, read safely: no objects, aliases or repeated keys; only the types of JSON."""

from __future__ import annotations

import re
from typing import Any

import yaml

from artillery_results_parser.errors import ArtilleryError, shown

LARGEST_SCRIPT = 1 << 20
"""No script larger than this is read. [bytes]"""
MOST_NODES = 10_000
"""Values in a script. [values]"""
DEEPEST = 20
"""Levels of nesting in a script. [levels]"""


def parse(text: bytes) -> Any:
    """Return the value of YAML (or JSON, which is YAML) text.

    Raises
    ------
    ArtilleryError
        With the line and column of what is wrong.
    """
    try:
        decoded = text.decode()
        return _Loader(decoded).get_single_data()
    except UnicodeDecodeError as error:
        raise ArtilleryError(
            "not UTF-8 text; save the script as UTF-8", place=f"byte {error.start}"
        ) from None
    except yaml.MarkedYAMLError as error:
        raise ArtilleryError(_explained(error), place=_place(error.problem_mark)) from None
    except yaml.YAMLError as error:
        raise ArtilleryError(f"not YAML: {str(error).splitlines()[0]}; mend the script there") from None
    except ValueError as error:
        raise ArtilleryError(f"not YAML: {str(error)[:60]}; write plain numbers and texts") from None
    except RecursionError:
        raise ArtilleryError(f"nested deeper than {DEEPEST} levels; write the script flatter") from None


def _explained(error: yaml.MarkedYAMLError) -> str:
    problem = (error.problem or "unreadable").splitlines()[0]
    if "unhashable key" in problem:
        return (
            "a template without quotes is read as an object; write the number, or put quotes around {{ ... }}"
        )
    return problem if ";" in problem else f"not YAML: {problem}; mend the script there"


def _place(mark: yaml.Mark | None) -> str | None:
    return None if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"


class _Loader(yaml.SafeLoader):
    """A safe loader that knows only the types of JSON and counts what it reads."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._nodes = 0
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(event, "aliases (& and *) are not read; write the value where it is used")
        if getattr(event, "tag", None):
            self._refuse(event, "tags (!) are not read; write plain texts and numbers")
        self._nodes += 1
        self._depth += 1
        if self._nodes > MOST_NODES:
            self._refuse(event, f"more than {MOST_NODES} values; keep the data in a CSV payload")
        if self._depth > DEEPEST:
            self._refuse(event, f"nested deeper than {DEEPEST} levels; write the script flatter")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        known = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in known:
                self._refuse(key, f"the key {shown(key.value)} comes twice; remove one of them")
            known.add(key.value)
        return super().construct_mapping(node, deep)

    @staticmethod
    def _refuse(where: yaml.Event | yaml.Node, message: str) -> None:
        raise yaml.MarkedYAMLError(problem=message, problem_mark=where.start_mark)  # type: ignore[arg-type]


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)
