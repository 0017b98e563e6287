"""A phase of scripted load, and how a script spells it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from artillery_results_parser.errors import ArtilleryError, shown
from artillery_results_parser.notebook import Shown

LONGEST = 366 * 86400.0
"""No phase is longer than this. [s]"""
FASTEST = 1e7
"""No scripted rate is higher than this. [1/s]"""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_LONG = r"milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w"
_DURATION = re.compile(rf"\s*(\d+(?:\.\d*)?|\.\d+)\s*({_LONG})?\s*", re.IGNORECASE | re.ASCII)

Kind = Literal["constant", "ramp", "count", "pause"]


@dataclass(frozen=True, slots=True)
class Phase(Shown):
    """One phase of the scripted load: so many arrivals a second for so long.

    Parameters
    ----------
    name : str or None
        The script's name for it.
    kind : str
        ``constant`` rate, ``ramp`` between two rates, a ``count`` of arrivals spread evenly, or ``pause``.
    start : float
        Offset from the start of the test. [s]
    duration : float
        Length. [s]
    arrival_rate : float or None
        Virtual users started a second, at the start of a ramp; None for a pause or a count. [1/s]
    ramp_to : float or None
        Rate at the end of a ramp. [1/s]
    arrival_count : int or None
        Virtual users started in all, of a ``count`` phase. [virtual users]
    max_vusers : int or None
        Active virtual users beyond which arrivals are dropped. [virtual users]

    Examples
    --------
    >>> Phase("warm up", "ramp", start=10, duration=20, arrival_rate=0, ramp_to=10).rate_at(20)
    5.0
    """

    name: str | None
    kind: Kind
    start: float
    duration: float
    arrival_rate: float | None = None
    ramp_to: float | None = None
    arrival_count: int | None = None
    max_vusers: int | None = None

    @property
    def end(self) -> float:
        """Offset of the end from the start of the test. [s]"""
        return self.start + self.duration

    def rate_at(self, offset: float) -> float:
        """Return the scripted arrival rate at `offset` from the start of the test, 0 outside. [1/s]"""
        if not self.start <= offset < self.end or self.kind == "pause":
            return 0.0
        if self.kind == "count":
            return (self.arrival_count or 0) / self.duration
        rate = self.arrival_rate or 0.0
        if self.ramp_to is None:
            return float(rate)
        return rate + (self.ramp_to - rate) * (offset - self.start) / self.duration


def seconds(value: Any, place: str) -> float:
    """Return a duration of a script: a number, or text such as ``"90"``, ``"30s"``, ``"2m"``, ``"1h"``. [s]

    Raises
    ------
    ArtilleryError
        If it is neither, is templated, negative, or longer than a year.

    Examples
    --------
    >>> seconds("1.5m", "phases[0].duration")
    90.0
    """
    number = value
    if isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        unit = (found[2] or "s").lower()
        number = float(found[1]) * _UNITS["ms" if unit.startswith(("ms", "milli")) else unit[0]]
    return _within(number, value, LONGEST, "a duration; seconds or text such as 30s, 2m, 1h", place)


def _rate(value: Any, place: str) -> float:
    return _within(_numeric(value), value, FASTEST, "a rate; virtual users per second from 0", place)


def _whole(value: Any, place: str) -> int:
    number = _within(
        _numeric(value), value, 2.0**53, "a number of virtual users; whole numbers from 0", place
    )
    if number != int(number):
        raise ArtilleryError(
            f"{shown(value)} is not whole; whole numbers of virtual users are allowed", place=place
        )
    return int(number)


def _numeric(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _within(number: Any, value: Any, largest: float, what: str, place: str) -> float:
    if isinstance(value, str) and ("{{" in value or "${" in value):
        message = (
            f"{shown(value)} is a template; only Artillery knows its value: write the number in its place"
        )
        raise ArtilleryError(message, place=place)
    if type(number) not in (int, float) or not math.isfinite(number) or not 0 <= number <= largest:
        raise ArtilleryError(f"{shown(value)} is not {what} up to {largest:g} are allowed", place=place)
    return float(number)


def read_phases(specs: Any, place: str) -> tuple[Phase, ...]:
    """Return the phases of a script, each starting where the one before ends.

    Raises
    ------
    ArtilleryError
        If an entry is not a phase.
    """
    if specs is None:
        return ()
    if not isinstance(specs, list):
        raise ArtilleryError(f"{shown(specs)} is not a list of phases; write one entry a phase", place=place)
    phases: list[Phase] = []
    for i, spec in enumerate(specs):
        start = phases[-1].end if phases else 0.0
        phases.append(_phase(spec, f"{place}[{i}]", start))
    return tuple(phases)


def _phase(spec: Any, place: str, start: float) -> Phase:
    if not isinstance(spec, dict):
        raise ArtilleryError(f"{shown(spec)} is not a phase; write an object with `duration`", place=place)

    def given(key: str, read: Any) -> Any:
        return None if spec.get(key) is None else read(spec[key], f"{place}.{key}")

    name = None if spec.get("name") is None else str(spec["name"])
    limit = given("maxVusers", _whole)
    pause, length = given("pause", seconds), given("duration", seconds)
    if pause is not None:
        return Phase(name, "pause", start, pause, max_vusers=limit)
    count, rate, to = given("arrivalCount", _whole), given("arrivalRate", _rate), given("rampTo", _rate)
    if count is None and rate is None:
        keys = ", ".join(shown(key) for key in list(spec)[:8]) or "none"
        message = (
            f"no key `arrivalRate`, `arrivalCount` or `pause`; keys found: {keys}; a phase has one of them"
        )
        raise ArtilleryError(message, place=place)
    if length is None and (count is not None or to is None):
        raise ArtilleryError(
            "no key `duration`; say how long the phase lasts, e.g. duration: 60", place=place
        )
    if count is not None:
        return Phase(name, "count", start, length, arrival_count=count, max_vusers=limit)
    if to is not None:
        return Phase(name, "ramp", start, length or 1.0, rate, to, max_vusers=limit)
    if rate == 0:
        return Phase(name, "pause", start, length, max_vusers=limit)
    return Phase(name, "constant", start, length, rate, max_vusers=limit)
