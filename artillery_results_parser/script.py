"""An Artillery test script: the load that was asked for, which version 2 does not repeat in its report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from artillery_results_parser.decode import decode
from artillery_results_parser.errors import ArtilleryError, shown
from artillery_results_parser.notebook import Shown, preformatted
from artillery_results_parser.phase import Phase, read_phases
from artillery_results_parser.source import Source, read_source
from artillery_results_parser.yaml_text import LARGEST_SCRIPT, parse


@dataclass(frozen=True, slots=True)
class ScenarioShare(Shown):
    """A scenario and how often it is chosen.

    Parameters
    ----------
    name : str
        The script's name for it, or its index, as in the report.
    weight : float
        Chosen in proportion to this. [1]

    Examples
    --------
    >>> from artillery_results_parser import load_script
    >>> [(scenario.name, scenario.weight) for scenario in load_script("data/storefront/stress.yml").scenarios]
    [('browse', 40.0), ('catalogue', 26.0), ('search', 24.0), ('buy', 6.0), ('sign in', 4.0)]
    """

    name: str
    weight: float = 1.0


@dataclass(frozen=True)
class Script:
    """What a script asks for.

    Parameters
    ----------
    path : str
        The file.
    target : str or None
        Base URL or address under test.
    phases : tuple of Phase
        The load, with start offsets.
    scenarios : tuple of ScenarioShare
        What virtual users do.
    environments : tuple of str
        Names of the script's overlays.
    timeout : float or None
        How long virtual users wait for an answer; None where the script leaves it to the tool. [s]

    Examples
    --------
    >>> from artillery_results_parser import load_script
    >>> script = load_script("data/storefront/stress.yml")
    >>> [scenario.name for scenario in script.scenarios], script.duration  # [s]
    (['browse', 'catalogue', 'search', 'buy', 'sign in'], 200.0)
    """

    path: str
    target: str | None
    phases: tuple[Phase, ...]
    scenarios: tuple[ScenarioShare, ...]
    environments: tuple[str, ...]
    timeout: float | None = None

    @property
    def duration(self) -> float:
        """Length of all phases. [s]"""
        return self.phases[-1].end if self.phases else 0.0

    def __str__(self) -> str:
        return f"{self.path}: {len(self.phases)} phases, {self.duration:g} s"

    def _repr_html_(self) -> str:
        from artillery_results_parser.printing import as_table

        return preformatted(as_table([self]))


def load_script(path: str | os.PathLike[str], *, environment: str | None = None) -> Script:
    """Read the phases and scenarios of an Artillery script, YAML or JSON.

    Parameters
    ----------
    path : str or PathLike
        What was given to ``artillery run``.
    environment : str, optional
        Overlay of ``config.environments`` to apply, as ``artillery run --environment`` does: objects and
        lists are merged entry by entry, so a shorter list of phases keeps the later phases of the script.

    Raises
    ------
    ArtilleryError
        If the file is no script, uses aliases or repeated keys, holds a template (``{{ ... }}``) where a
        number is needed, or has no such environment.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "test.yml"
    >>> _ = file.write_text("config: {target: 'http://localhost', phases: [{duration: 2m, arrivalRate: 5}]}")
    >>> load_script(file).phases[0].rate_at(30)
    5.0
    """
    source = read_source(path, largest=LARGEST_SCRIPT)
    try:
        config, scenarios = _config(script_value(source), environment)
        return Script(
            source.path,
            None if config.get("target") is None else str(config["target"]),
            read_phases(config.get("phases"), "config.phases"),
            _shares(scenarios),
            tuple(map(str, _object(config.get("environments"), "config.environments"))),
            _timeout(_object(config.get("http"), "config.http").get("timeout")),
        )
    except ArtilleryError as error:
        raise ArtilleryError(error.reason, file=source.path, place=error.place) from None


def script_value(source: Source) -> Any:
    """Return the values of a script: decode JSON where it is JSON, whose tabs YAML does not allow; else YAML."""
    if source.text.lstrip()[:1] == b"{":
        with suppress(ArtilleryError):
            return decode(source)[0]
    return parse(source.text)


def _config(tree: Any, environment: str | None) -> tuple[Mapping[str, Any], Any]:
    if not isinstance(tree, dict) or not isinstance(tree.get("config"), dict):
        keys = ", ".join(map(shown, list(tree)[:8])) if isinstance(tree, dict) else shown(tree)
        if isinstance(tree, dict) and "aggregate" in tree:
            raise ArtilleryError(
                "this is a report, not a script; give the file that was given to `artillery run`"
            )
        raise ArtilleryError(
            f"no object `config`; found: {keys or 'nothing'}; a script has `config` and `scenarios`"
        )
    config = tree["config"]
    if environment is None:
        return config, tree.get("scenarios")
    overlays = _object(config.get("environments"), "config.environments")
    if environment not in overlays:
        known = ", ".join(map(shown, overlays)) or "none"
        message = f"no environment {shown(environment)}; the script has: {known}; choose one of them"
        raise ArtilleryError(message, place="config.environments")
    return _merged(config, overlays[environment] or {}), tree.get("scenarios")


def _merged(below: Any, above: Any) -> Any:
    """Lay `above` over `below` as the tool does: entry by entry, in objects and in lists."""
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _merged(below.get(key), value) for key, value in above.items()}
    if isinstance(below, list) and isinstance(above, list):
        return [_merged(*pair) for pair in zip(below, above, strict=False)] + [
            *below[len(above) :],
            *above[len(below) :],
        ]
    return above


def _object(value: Any, place: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ArtilleryError(f"{shown(value)} is not an object; write names and values", place=place)
    return value


def _timeout(value: Any) -> float | None:
    """Return a time in seconds; a template or anything else the tool would have to work out is not known."""
    if isinstance(value, str) and value.strip().replace(".", "", 1).isdecimal():
        value = float(value)
    return float(value) if type(value) in (int, float) and 0 < value <= 86_400 else None


def _shares(scenarios: Any) -> tuple[ScenarioShare, ...]:
    if scenarios is None:
        return ()
    if not isinstance(scenarios, list):
        raise ArtilleryError(f"{shown(scenarios)} is not a list of scenarios", place="scenarios")
    return tuple(_share(_object(one, f"scenarios[{i}]"), i) for i, one in enumerate(scenarios))


def _share(scenario: dict[str, Any], index: int) -> ScenarioShare:
    weight = scenario.get("weight", 1)
    if isinstance(weight, str) and weight.strip().replace(".", "", 1).isdecimal():
        weight = float(weight)
    if type(weight) not in (int, float) or not 0 <= weight <= 1e9:
        message = (
            f"{shown(weight)} is not a weight; a number from 0 is allowed: write it in place of a template"
        )
        raise ArtilleryError(message, place=f"scenarios[{index}].weight")
    return ScenarioShare(str(scenario.get("name") or index), float(weight))
