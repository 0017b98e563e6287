"""The next test as an Artillery script: its phases, what users do, and `ensure` checks from what is expected.

Names from an export reach the script as percent-encoded paths in double quotes: neither YAML nor Artillery's
templates (``{{ }}``) can see anything in them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import yaml

from artillery_results_parser import ArtilleryError, Script
from artillery_results_parser.script import script_value
from artillery_results_parser.source import Source, Sum, read_source
from artillery_results_parser.yaml_text import LARGEST_SCRIPT
from capacity.errors import InputError
from capacity.estimate import number
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.planned.checks import ensure
from capacity.evidence.planned.loads import startable
from capacity.shown import Shown
from capacity.wording import visible

if TYPE_CHECKING:
    from capacity.evidence.next_test import Held, NextTest

PLACEHOLDER = "http://127.0.0.1:3000"
"""Target of a script made without one to start from."""

_MOST_ENDPOINTS = 50  # scenarios in a script made from an export
_PATH = re.compile(r"(/.*?)(?: \([^()]*\))?", re.DOTALL)  # the request's name may follow in brackets
_SECRET = re.compile(r"authorization|cookie|token|secret|passw|^pass$|api[-_]?key", re.IGNORECASE)
_WRAPPED = 110  # length of a line of comment


@dataclass(frozen=True)
class Endpoint(Shown):
    """Something a test asked for, and how often.

    Parameters
    ----------
    path : str
        Percent-encoded.
    share : float
        Of the requests. [fraction]

    Examples
    --------
    >>> print(Endpoint("/api/products", share=0.25))
    Endpoint: path /api/products, share 25.0%
    """

    path: str
    share: float


def endpoints_of(tests: Sequence[LoadTest]) -> tuple[Endpoint, ...]:
    """Return the paths that tests asked for, the most frequent first; names that are no path are left out.

    Parameters
    ----------
    tests : sequence of LoadTest
        Exports name endpoints by path, ``"/path (request name)"``, or name alone; methods and bodies are not in them.
    """
    counts: dict[str, float] = {}
    for test in tests:
        for name, requests in test.endpoints["requests"].items():
            found = _PATH.fullmatch(str(name))
            if found and requests > 0:
                raw = found[1].encode("utf-8", "replace")
                path = "/" + quote(raw, safe="/-._~").lstrip("/")
                counts[path] = counts.get(path, 0.0) + float(requests)
    total = sum(counts.values())
    ordered = sorted(counts, key=lambda path: -counts[path])[:_MOST_ENDPOINTS]
    return tuple(Endpoint(path, counts[path] / total) for path in ordered)


def write_script(plan: NextTest, base: str | os.PathLike[str] | Script | None = None) -> str:
    """Return a plan as YAML text for ``artillery run``; see `NextTest.script`."""
    tree = _template(plan) if base is None else _read(base)
    per_user = 1.0 if base is None else plan.requests_per_user
    config = dict(tree["config"])
    plugins = config.pop("plugins", None) or {}
    config.pop("ensure", None)
    config["phases"] = [_phase(held, per_user) for held in plan.phases]
    config["plugins"] = {**plugins, "ensure": ensure(plan, per_user)}
    if isinstance(config.get("environments"), dict):
        config["environments"] = {name: _overlay(o) for name, o in config["environments"].items()}
    body = yaml.dump(
        _without_secrets({**tree, "config": config}), Dumper=_Dumper, sort_keys=False, width=10**6
    )
    return "\n".join([*_comments(plan, base is None), body])


def _read(base: str | os.PathLike[str] | Script) -> dict[str, Any]:
    """Return a script's values; text is the script itself, anything else names its file."""
    try:
        if isinstance(base, str):
            text = base.encode("utf-8", "replace")
            return _script(Source("", text, Sum(text), len(text)))
        path = base.path if isinstance(base, Script) else base
        return _script(read_source(path, largest=LARGEST_SCRIPT))
    except ArtilleryError as error:
        raise InputError(str(error)) from None


def _script(source: Source) -> dict[str, Any]:
    tree, file = script_value(source), source.path or None
    if not isinstance(tree, dict) or not isinstance(tree.get("config"), dict):
        raise InputError(
            "no Artillery script: it has no object `config`; give the one that was run", file=file
        )
    if not isinstance(tree["config"].get("plugins") or {}, dict):
        raise InputError("`config.plugins` is not an object; write the name of each plugin", file=file)
    return tree


def _without_secrets(value: Any, key: str = "") -> Any:
    """Return a script in which passwords and tokens are names of environment variables: reports are sent around."""
    if isinstance(value, dict):
        return {name: _without_secrets(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner, key) for inner in value]
    if isinstance(value, str) and _SECRET.search(key) and "{{" not in value:
        return "{{ $env." + re.sub(r"[^A-Z0-9]+", "_", key.upper()).strip("_") + " }}"
    return value


def _overlay(environment: Any) -> Any:
    """Return an environment without what it would lay over the planned phases and checks."""
    if not isinstance(environment, dict):
        return environment
    kept = {key: value for key, value in environment.items() if key not in ("phases", "ensure")}
    if isinstance(kept.get("plugins"), dict):
        kept["plugins"] = {key: value for key, value in kept["plugins"].items() if key != "ensure"}
    return kept


def _template(plan: NextTest) -> dict[str, Any]:
    """Return a script that asks for the endpoints seen, one request a user, in the shares seen."""
    endpoints = plan.endpoints or (Endpoint("/", 1.0),)
    flows = [(e, [{"get": {"url": e.path}}]) for e in endpoints]
    scenarios = [{"weight": max(round(1000 * e.share), 1), "flow": flow} for e, flow in flows]
    return {"config": {"target": PLACEHOLDER}, "scenarios": scenarios}


def _phase(held: Held, per_user: float) -> dict[str, Any]:
    """Return a phase: users a second where they are whole, else users in all, which one worker starts alone."""
    rate = startable(held.offered / per_user, held.duration)
    name, duration = f"{number(held.offered).replace(',', '')} req/s, {held.role}", round(held.duration)
    if abs(rate - round(rate)) < 1e-9:
        return {"name": name, "duration": duration, "arrivalRate": round(rate)}
    return {"name": name, "duration": duration, "arrivalCount": round(rate * duration)}


def _comments(plan: NextTest, made_up: bool) -> Iterator[str]:
    """Yield what a reader of the script should know, as comments: every line of it begins with #."""
    told = [f"Next load test: {plan}.", *plan.why]
    told += [
        "The checks of `ensure` are about the run as a whole: users started, answers and failures predicted for all "
        "loads together, and the pooled response time predicted where the model knows it, answers at other loads "
        "counted as slower. A failed check says that the prediction was wrong, not that the service is bad.",
        "Afterwards read the export beside the earlier ones: capacity inspect OLD.json NEW.json --script next-test.yml",
    ]
    if made_up:
        told += [
            "Made without a script to start from: put your own target, and methods and bodies, which an export does "
            "not hold. Every user sends one request."
        ]
    lines = TextWrapper(_WRAPPED, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
    for sentence in told:
        yield from lines.wrap(visible(sentence, 1000))


class _Dumper(yaml.SafeDumper):
    """Writes texts in double quotes, so that no reader of YAML takes them for anything else, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_PLAIN_KEY = re.compile(r"(?!(?:true|false|null|yes|no|on|off|y|n)\Z)[A-Za-z][A-Za-z0-9_.-]*", re.IGNORECASE)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"')


def _mapping(dumper: yaml.SafeDumper, value: dict[Any, Any]) -> yaml.MappingNode:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", value)
    for key, _ in node.value:
        if key.tag.endswith(":str") and _PLAIN_KEY.fullmatch(key.value):
            key.style = None
    node.flow_style = all(isinstance(item, yaml.ScalarNode) for _, item in node.value)
    return node


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)
