"""Reading a report of any dialect."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from artillery_results_parser import v1, v2
from artillery_results_parser.decode import decode
from artillery_results_parser.errors import ArtilleryError, shown
from artillery_results_parser.model import Report
from artillery_results_parser.names import DEFAULT_NAMESPACE, Vocabulary
from artillery_results_parser.phase import Phase, read_phases
from artillery_results_parser.recognise import other_tool
from artillery_results_parser.source import Source, read_source
from artillery_results_parser.usual import UnusualError, read_usual

_V1 = {"latency", "requestsCompleted", "scenariosCreated"}
_V2 = {"counters", "summaries", "histograms"}


def load(path: str | os.PathLike[str], *, metrics_namespace: str = DEFAULT_NAMESPACE) -> Report:
    """Read an Artillery report: any version from 1.5 to now, plain or gzip.

    Parameters
    ----------
    path : str or PathLike
        What ``artillery run --output`` wrote. Compression and encoding are recognised by content.
    metrics_namespace : str
        Prefix of the metrics-by-endpoint plugin's names, if the script set its option ``metricsNamespace``.

    Returns
    -------
    Report
        Typed, frozen, in seconds; what the file does not say is None.

    Raises
    ------
    ArtilleryError
        If the file is missing, damaged, or not an Artillery report; the message says where and what to do.

    Examples
    --------
    >>> import json, pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "run.json"
    >>> counters = {"vusers.created": 2, "http.requests": 2, "http.responses": 2, "http.codes.200": 2}
    >>> one = {"period": "1700000000000", "counters": counters, "summaries": {}}
    >>> _ = file.write_text(json.dumps({"aggregate": one, "intermediate": [one]}))
    >>> report = load(file)
    >>> report.dialect, report.aggregate.responses, report.aggregate.codes[200], report.duration
    ('v2', 2, 2, 10.0)
    """
    source = read_source(path)
    with _uncollected():
        tree, found = _tree(source)
        notes = {note: note for note in (*source.notes, *found)}
        try:
            return _report(source, _checked(tree), metrics_namespace, notes)
        except ArtilleryError as error:
            raise ArtilleryError(error.reason, file=source.path, place=error.place) from None


def _tree(source: Source) -> tuple[Any, tuple[str, ...]]:
    try:
        return read_usual(source.text), ()
    except UnusualError:
        return decode(source)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Hold the garbage collector back: it would walk a growing tree that holds no garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _checked(tree: Any) -> dict[str, Any]:
    """Refuse what is not shaped like a report, saying what it is instead."""
    if not isinstance(tree, dict):
        kind = "a list" if isinstance(tree, list) else shown(tree)
        raise ArtilleryError(
            f"the file holds {kind}; a report is an object with `aggregate` and `intermediate`: "
            "give the file `artillery run --output` wrote"
        )
    missing = [f"`{key}`" for key in ("aggregate", "intermediate") if key not in tree]
    if missing:
        guess = other_tool(tree)
        advice = f"this looks like a {guess}" if guess else "give the file `artillery run --output` wrote"
        raise ArtilleryError(f"no key {' nor '.join(missing)}; keys found: {_some(tree)}; {advice}")
    if not isinstance(tree["aggregate"], dict):
        message = f"{shown(tree['aggregate'])} is not an object; is this an Artillery report?"
        raise ArtilleryError(message, place="aggregate")
    if not isinstance(tree["intermediate"], list | None):
        message = f"{shown(tree['intermediate'])} is not a list of periods; is this an Artillery report?"
        raise ArtilleryError(message, place="intermediate")
    return tree


def _some(tree: dict[str, Any]) -> str:
    keys = [shown(key).strip("'") for key in list(tree)[:8]]
    return ", ".join(keys + (["..."] if len(tree) > 8 else [])) or "none"


def _report(source: Source, tree: dict[str, Any], namespace: str, notes: dict[str, str]) -> Report:
    whole = tree["aggregate"]
    if _V1 & whole.keys() and "summaries" not in whole:
        read = v1.read
    elif _V2 & whole.keys():
        read = v2.read
    else:
        message = "no key `counters` or `summaries` (version 2) nor `latency` (version 1)"
        advice = f"keys found: {_some(whole)}; is this an Artillery report?"
        raise ArtilleryError(f"{message}; {advice}", place="aggregate")
    dialect, aggregate, periods = read(tree, Vocabulary(namespace), notes)
    phases = _phases(tree, notes)
    return Report(
        path=source.path,
        dialect=dialect,
        sha256=source.checksum.hexdigest(),
        size=source.size,
        aggregate=aggregate,
        periods=periods,
        phases=phases,
        notes=tuple(notes.values()),
    )


def _phases(tree: dict[str, Any], notes: dict[str, str]) -> tuple[Phase, ...]:
    place = "phases" if "phases" in tree else "aggregate.phases"
    specs = tree.get("phases", tree["aggregate"].get("phases"))
    try:
        return read_phases(specs, place)
    except ArtilleryError as error:
        notes.setdefault("phases", f"the scripted phases were left out: {error}")
        return ()
