"""Values tried in place of an input, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from capacity.estimate import Provenance, number
from capacity.wording import counted, percent

HALF, DOUBLE = 0.5, 2.0
_FIGURE = re.compile(r"(\D*?)(-?[\d.,]+%?)(.*)")  # what stands before a number, it, and what stands after


def around(value: float) -> tuple[float | None, float | None]:
    """Half and double; nothing is half of 0."""
    return (value * HALF, value * DOUBLE) if value > 0 else (None, None)


def source(section: Any, key: str) -> Provenance:
    """Where a key of the plan comes from: stated there, or a default because the plan is silent."""
    return "config" if key in section.model_fields_set else "assumed"


def told(section: Any, key: str, write: Callable[[Any], str]) -> str:
    """Write the value of a key of the plan, and say where it is the default."""
    words = write(getattr(section, key))
    return words if key in section.model_fields_set else f"{words}, the default"


def ranged(low: float, likely: float, high: float, write: Callable[[float], str] = number) -> str:
    """Write a value with its interval, where it has one; a unit or a currency once.

    Examples
    --------
    >>> ranged(1, 3, 6), ranged(2, 2, 2, instances), ranged(5, 10, 60, seconds)
    ('3 (1 to 6)', '2 instances', '10 s (5 to 60)')
    """
    if not low < high:
        return write(likely)
    words = [write(value) for value in (likely, low, high)]
    parts = [_FIGURE.fullmatch(word) for word in words]
    alike = len({part and (part[1], part[3]) for part in parts}) == 1
    _, start, end = (part[2] if part and alike else word for part, word in zip(parts, words, strict=True))
    return f"{words[0]} ({start} to {end})"


def times(of: str) -> Callable[[float], str]:
    """Write a factor on something."""
    return lambda factor: f"{number(factor)} times {of}"


def instances(n: float) -> str:
    """Write a number of instances."""
    return counted(n, "instance")


def days(n: float) -> str:
    """Write a number of days."""
    return counted(n, "day")


def rate(value: float) -> str:
    """Write a rate. [req/s]"""
    return f"{number(value)} req/s"


def rise(value: float) -> str:
    """Write how steeply a load rises. [req/s per s]"""
    return f"{number(value)} req/s per s"


def seconds(value: float) -> str:
    """Write a time. [s]"""
    return f"{number(value)} s"


def monthly(growth: float) -> str:
    """Write a growth. [fraction per month]"""
    return f"{growth:.1%} a month"


def of_requests(share: float) -> str:
    """Write a share of the requests. [fraction]"""
    return f"{percent(share)} of requests"
