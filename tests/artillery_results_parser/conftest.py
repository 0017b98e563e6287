"""Reports written by hand, one quirk each."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from artillery_results_parser import Report, load

START = 1_700_000_000_000
"""Start of the first slice. [epoch ms]"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write an object as JSON, or bytes as they are, and return the file."""

    def write(content: Any, name: str = "run.json") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


@pytest.fixture
def block() -> Callable[..., dict[str, Any]]:
    """Make a summary as version 2 writes it, in milliseconds."""

    def block(**changes: Any) -> dict[str, Any]:
        values = {"min": 1, "max": 100, "count": 10, "mean": 20.5, "p50": 10.1, "median": 10.1}
        return values | {"p75": 20.1, "p90": 40.4, "p95": 60.3, "p99": 90.9, "p999": 100} | changes

    return block


@pytest.fixture
def slice_of() -> Callable[..., dict[str, Any]]:
    """Make a slice of version 2, the nth after the start."""

    def slice_of(n: int = 0, **changes: Any) -> dict[str, Any]:
        values = {"counters": {"vusers.created": 2, "http.requests": 3}, "summaries": {}, "rates": {}}
        return values | {"period": str(START + 10_000 * n), "http.request_rate": None} | changes

    return slice_of


@pytest.fixture
def read_v2(write: Callable[..., Path], slice_of: Callable[..., dict[str, Any]]) -> Callable[..., Report]:
    """Read a report of version 2 with these slices; the aggregate counts what they count."""

    def read_v2(*slices: dict[str, Any], aggregate: dict[str, Any] | None = None) -> Report:
        slices = slices or (slice_of(),)
        counters: dict[str, int] = {}
        for one in slices:
            for name, number in (one.get("counters") or {}).items():
                counters[name] = counters.get(name, 0) + number
        whole = {"counters": counters, "summaries": slices[0].get("summaries"), "period": START}
        return load(write({"aggregate": whole | (aggregate or {}), "intermediate": list(slices)}))

    return read_v2


@pytest.fixture
def v1_slice() -> Callable[..., dict[str, Any]]:
    """Make a slice of version 1 that ended so many seconds after noon."""
    nothing = {"min": None, "max": None, "median": None, "p95": None, "p99": None}

    def v1_slice(end: float = 10, **changes: Any) -> dict[str, Any]:
        minute, second = divmod(end, 60)
        values = {"scenariosCreated": 2, "scenariosCompleted": 2, "requestsCompleted": 4, "codes": {"200": 4}}
        values |= {"rps": {"count": 5, "mean": 0.5}, "errors": {"ETIMEDOUT": 1}, "scenarioCounts": {"0": 2}}
        values |= {
            "timestamp": f"2021-02-01T12:{int(minute):02}:{second:06.3f}Z",
            "customStats": {},
            "counters": {},
        }
        values |= {"latency": {"min": 1.5, "max": 40, "median": 10, "p95": 30, "p99": 40}, "matches": 0}
        return values | {"scenarioDuration": nothing, "scenariosAvoided": 0} | changes

    return v1_slice


@pytest.fixture
def read_v1(write: Callable[..., Path], v1_slice: Callable[..., dict[str, Any]]) -> Callable[..., Report]:
    """Read a report of version 1 with these slices and this aggregate."""

    def read_v1(*slices: dict[str, Any], aggregate: dict[str, Any] | None = None, **top: Any) -> Report:
        whole = v1_slice() | (aggregate or {})
        return load(write({"aggregate": whole, "intermediate": list(slices), **top}))

    return read_v1
