"""What Artillery's metric names mean. They hold free text with dots: only known prefixes and suffixes count.

| Artillery's name | here |
| --- | --- |
| ``vusers.created``, ``core.vusers.created.total`` | `Period.vusers` |
| ``vusers.created_by_name.<scenario>`` | `Period.scenarios` |
| ``http.requests``, ``http.responses`` | `Period.requests`, `Period.responses` |
| ``http.codes.<code>``, ``errors.<text>`` | `Period.codes`, `Period.errors` |
| ``http.response_time``, ``vusers.session_length`` | `Period.response_time`, `Period.session_length` |
| ``http.response_time.2xx`` | `Period.response_time_by_class` |
| ``plugins.metrics-by-endpoint.response_time.<endpoint>`` | `Endpoint.response_time` |
| ``plugins.metrics-by-endpoint.<endpoint>.codes.<code>`` | `Endpoint.codes` |

Early versions 2 write ``core.`` before ``vusers.`` and ``engine.`` before ``http.``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from artillery_results_parser.model import Endpoint, Summary
from artillery_results_parser.values import Block, in_unit

_TIMES, _SERVER_TIMINGS = "response_time.", "server-timing."
DEFAULT_NAMESPACE = "plugins.metrics-by-endpoint"

CREATED = ("vusers.created", "core.vusers.created.total", "core.vusers.created")
COMPLETED = ("vusers.completed", "core.vusers.completed")
FAILED = ("vusers.failed", "core.vusers.failed")
SKIPPED = ("vusers.skipped", "core.vusers.skipped")
REQUESTS = ("http.requests", "engine.http.requests")
RESPONSES = ("http.responses", "engine.http.responses")
RESPONSE_TIME = ("http.response_time", "engine.http.response_time")
SESSION_LENGTH = ("vusers.session_length", "core.vusers.session_length")
CLASSES = {f"{engine}http.response_time.{n}xx": f"{n}xx" for engine in ("", "engine.") for n in range(1, 6)}

_OWN = re.compile(r"(core\.)?vusers\.|(engine\.)?(http|socketio|websocket|ws)\.|errors\.|plugins\.|browser\.")
_EARLY = ("core.vusers.", "engine.http.")
_COUNTED = (
    "http.codes.",
    "errors.",
    "vusers.created_by_name.",
    "engine.http.codes.",
    "core.vusers.created_by_name.",
)
_CODE = re.compile(r"(?:engine\.)?http\.codes\.(\d{1,3})", re.ASCII)
_SCENARIO = re.compile(r"(?:core\.)?vusers\.created_by_name\.(.*)", re.DOTALL)
_ENDPOINT_CODE = re.compile(r"(.*)\.codes\.(\d{1,3})", re.DOTALL | re.ASCII)
_MILLISECONDS = re.compile(
    r"((engine\.)?\w+\.response_time|(engine\.)?http\.(dns|tcp|tls|total)|(core\.)?vusers\.session_length"
    r"|browser\.page\.(FCP|LCP|TTFB|FID|INP|dominteractive)|browser\.step)(\.|$)"
)


def is_own(name: str) -> bool:
    """Whether only Artillery writes a metric of this name."""
    return _OWN.match(name) is not None


def is_early(name: str) -> bool:
    """Whether this is a name of the first versions 2 (up to 2.0.0-10)."""
    return name.startswith(_EARLY)


def unit_of(name: str) -> str:
    """Return the unit a summary of this name has here; nothing for metrics of the user's own.

    Examples
    --------
    >>> unit_of("http.response_time.2xx"), unit_of("browser.page.CLS./home"), unit_of("basket size")
    ('s', '1', '')
    """
    if _MILLISECONDS.match(name):
        return "s"
    if name.startswith("browser.page.CLS"):
        return "1"
    return "MB" if name.startswith("browser.memory_used_mb") else ""


class Vocabulary:
    """The names of one report, each understood once however many periods repeat it.

    Parameters
    ----------
    namespace : str
        Prefix of the metrics-by-endpoint plugin's names; its option ``metricsNamespace`` changes it.

    Examples
    --------
    >>> Vocabulary().parts({"http.codes.200": 3, "errors.a.b": 1, "vusers.created": 4})
    (mappingproxy({200: 3}), mappingproxy({'a.b': 1}), mappingproxy({}))
    """

    def __init__(self, namespace: str = DEFAULT_NAMESPACE) -> None:
        self.namespace = namespace
        self._about = (f"{namespace}.{_TIMES}", f"{namespace}.{_SERVER_TIMINGS}")
        self.unit = _Memo(self._unit).__getitem__
        """Return the unit of the summary of a name (see `unit_of`)."""
        self._kinds = _Memo(_kind)

    def _unit(self, name: str) -> str:
        return "s" if name.startswith(self._about) else unit_of(name)

    def parts(
        self, counters: Mapping[str, int]
    ) -> tuple[Mapping[int, int], Mapping[str, int], Mapping[str, int]]:
        """Return the codes, errors and scenarios among the counters of one period."""
        codes: dict[int, int] = {}
        errors: dict[str, int] = {}
        scenarios: dict[str, int] = {}
        into: dict[str, dict[Any, int]] = {"code": codes, "error": errors, "scenario": scenarios}
        kinds = self._kinds
        for name, number in counters.items():
            if name.startswith(_COUNTED) and (kind := kinds[name]) is not None:
                into[kind[0]][kind[1]] = number
        return MappingProxyType(codes), MappingProxyType(errors), MappingProxyType(scenarios)

    def endpoints(
        self, counters: Mapping[str, int], blocks: Mapping[str, Block | Summary]
    ) -> tuple[Mapping[str, Endpoint], dict[str, Summary]]:
        """Return the endpoints of one period, and the summaries that are not about an endpoint."""
        rest = {
            name: in_unit(block, self.unit(name))
            for name, block in blocks.items()
            if not name.startswith(self._about)
        }
        return Endpoints(self.namespace, counters, lambda prefix: _under(prefix, blocks)), rest


def _under(prefix: str, blocks: Mapping[str, Block | Summary]) -> dict[str, Summary]:
    return {
        name[len(prefix) :]: in_unit(block, "s") for name, block in blocks.items() if name.startswith(prefix)
    }


class _Memo(dict[str, Any]):
    """A function of a name, remembered."""

    def __init__(self, function: Callable[[str], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, name: str) -> Any:
        self[name] = value = self._function(name)
        return value


def _kind(name: str) -> tuple[str, int | str] | None:
    if found := _CODE.fullmatch(name):
        return "code", int(found[1])
    if name.startswith("errors."):
        return "error", name[len("errors.") :]
    found = _SCENARIO.fullmatch(name)
    return ("scenario", found[1]) if found else None


class Endpoints(Mapping[str, Endpoint]):
    """The endpoints of one period, put together when first asked for.

    Parameters
    ----------
    namespace : str
        Prefix of the plugin's names.
    counters : Mapping[str, int]
        All counters of the period.
    under : callable
        Return the summaries of a prefix by the rest of their names.
    """

    def __init__(
        self, namespace: str, counters: Mapping[str, int], under: Callable[[str], dict[str, Summary]]
    ) -> None:
        self._namespace, self._counters, self._under = namespace, counters, under
        self._found: dict[str, Endpoint] | None = None

    def _all(self) -> dict[str, Endpoint]:
        if self._found is None:
            times = self._under(f"{self._namespace}.{_TIMES}")
            server_timings = self._under(f"{self._namespace}.{_SERVER_TIMINGS}")
            self._found = _endpoints(self._namespace, self._counters, times, server_timings)
        return self._found

    def __getitem__(self, name: str) -> Endpoint:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return f"Endpoints({self._all()!r})"


def _endpoints(
    namespace: str,
    counters: Mapping[str, int],
    times: Mapping[str, Summary],
    server_timings: Mapping[str, Summary],
) -> dict[str, Endpoint]:
    codes: dict[str, dict[int, int]] = {}
    errors: dict[str, dict[str, int]] = {}
    rest: list[tuple[str, int]] = []
    prefix = namespace + "."
    for full, number in counters.items():
        if full.startswith(prefix):
            name = full[len(prefix) :]
            if found := _ENDPOINT_CODE.fullmatch(name):
                codes.setdefault(found[1], {})[int(found[2])] = number
            elif ".errors." in name:
                rest.append((name, number))
    known = times.keys() | codes.keys()
    for name, number in rest:
        endpoint, text = _split_error(name, known)
        errors.setdefault(endpoint, {})[text] = number
    nothing: dict[int, int] = {}
    return {
        name: Endpoint(
            name,
            times.get(name),
            MappingProxyType(codes.get(name, nothing)),
            MappingProxyType(errors.get(name, {})),
            server_timings.get(name),
        )
        for name in dict.fromkeys((*times, *codes, *errors, *server_timings))
    }


def _split_error(name: str, known: set[str]) -> tuple[str, str]:
    """Split ``<endpoint>.errors.<text>``; either may hold ``.errors.``: at a known endpoint, or last."""
    parts = name.split(".errors.")
    heads = (".errors.".join(parts[:n]) for n in range(1, len(parts)))
    endpoint = next((head for head in heads if head in known), name.rpartition(".errors.")[0])
    return endpoint, name[len(endpoint) + len(".errors.") :]
