"""How a result shows itself: in a notebook as a table of its quantities, in a terminal as a line of them.

The unit of a quantity is the one its docstring names in brackets, so that the two cannot disagree.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, cached_property
from typing import Any, ClassVar

import numpy as np

from capacity.display import result_html
from capacity.errors import CapacityError
from capacity.estimate import Estimate, number
from capacity.wording import is_missing, is_number, plain, spoken

MOST = 8  # numbers written out; of more their range is told
LONGEST = 160  # of a part told in a line [characters]
_QUANTILES = {"P50": 0.50, "P95": 0.95, "P99": 0.99}
_UNIT = re.compile(r"\[([^\[\]]*)\]")
_OTHERS = re.compile(r"unit|money| or |,|^as ")  # a unit given by something else is not written
_ENTRY = re.compile(r"^([a-z_]\w*(?:, [a-z_]\w*)*)(?: :.*)?\n((?:[ \t]+.*\n?)+)", re.MULTILINE)


class Shown:
    """A result with its quantities on show: its fields, what follows from them, and quantiles where it has some.

    A result with `to_frame` shows that table, one with `text` its sentences. The caption is `_caption`, or what the
    class is.

    Examples
    --------
    >>> from capacity.models.overload.limiters import TokenBucket
    >>> print(TokenBucket(refill_rate=100, burst=20))
    TokenBucket: refill rate 100 req/s, burst 20 requests
    """

    __slots__ = ()
    _caption: ClassVar[str] = ""

    def _quantities(self) -> dict[str, str]:
        """Each quantity in words with its unit; what cannot be said in a line is left out."""
        kind: Any = type(self)
        found = {spoken(name): _told(value, _unit(kind, name)) for name, value in _values(self, _names(kind))}
        return {name: text for name, text in found.items() if text} | dict(_quantiles(self))

    def _repr_html_(self) -> str:
        import pandas as pd

        if hasattr(self, "to_frame"):
            frame = self.to_frame()
        else:
            found = self._quantities()
            frame = pd.DataFrame({"quantity": list(found), "value": list(found.values())})
        kind: Any = type(self)
        text = getattr(self, "text", "")
        return result_html(frame, self._caption or _summary(kind), text if isinstance(text, str) else "")

    def __str__(self) -> str:
        text = getattr(self, "text", None)
        if isinstance(text, str):
            return text
        return f"{type(self).__name__}: {', '.join(f'{k} {v}' for k, v in self._quantities().items())}"


def _values(result: object, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Names with their values; what is not defined for this result is left out."""
    for name in names:
        with suppress(CapacityError, NotImplementedError):
            yield name, getattr(result, name)


def _quantiles(result: object) -> Iterator[tuple[str, str]]:
    """Quantiles of the response time, of what answers for them."""
    if not hasattr(result, "response_time_quantile"):
        return
    for name, q in _QUANTILES.items():
        with suppress(CapacityError, NotImplementedError):
            yield f"response time {name}", _told(result.response_time_quantile(q), "s")


@cache
def _names(cls: type) -> tuple[str, ...]:
    """Fields in their order, then properties in theirs, those of a base first."""
    keys = [field.name for field in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else _keys(cls)
    names = dict.fromkeys(keys)
    for base in reversed(cls.__mro__):
        if not base.__module__.startswith("pydantic"):
            kinds = (property, cached_property)
            names |= dict.fromkeys(name for name, value in vars(base).items() if isinstance(value, kinds))
    return tuple(name for name in names if name != "text" and not name.startswith("_"))


def _keys(cls: type) -> Iterable[str]:
    """Fields of a section of the plan, or of a named tuple."""
    return (*getattr(cls, "model_fields", ()), *getattr(cls, "_fields", ()))


@cache
def _unit(cls: type, name: str) -> str:
    """The unit to write after a quantity: nothing where its name says it."""
    unit = _documented_unit(cls, name)
    return "" if unit in name.split("_") or _OTHERS.search(unit) else unit


def _documented_unit(cls: type, name: str) -> str:
    """The unit in brackets at the end of what a docstring says of a quantity; nothing where it has none."""
    for base in cls.__mro__:
        own = vars(base).get(name)
        if isinstance(own, (property, cached_property)):
            found = _UNIT.findall((own.__doc__ or "").partition("\n\n")[0])
            return _joined(found[-1]) if found else ""
        for names, text in _ENTRY.findall(inspect.cleandoc(base.__doc__ or "")):
            each, found = names.split(", "), _UNIT.findall(text)
            if name in each and found:
                return _joined(found[each.index(name)] if len(found) == len(each) else found[-1])
    return ""


def _joined(text: str) -> str:
    return " ".join(text.split())


def _told(value: Any, unit: str) -> str:
    """One quantity in words; empty where a line cannot hold it."""
    if value is None or callable(value) or hasattr(value, "columns"):
        return ""
    if isinstance(value, Mapping):
        return _by_key(value, unit)
    if isinstance(value, (tuple, list)) or (hasattr(value, "__len__") and not isinstance(value, str)):
        return _several(value, unit)
    if is_number(value) and not isinstance(value, Estimate):
        return _number(value, unit)
    text = plain(value)
    return text if len(text) <= LONGEST or isinstance(value, str) else ""


def _by_key(values: Mapping[Any, Any], unit: str) -> str:
    if any(isinstance(value, Shown) for value in values.values()) or len(values) > MOST:
        return ", ".join(map(plain, values))
    told = {plain(key): _told(value, unit) for key, value in values.items()}
    return "; ".join(f"{key}: {text}" for key, text in told.items() if text)


def _several(values: Any, unit: str) -> str:
    nested = any(isinstance(value, (Shown, tuple, list, np.ndarray)) for value in values)
    if len(values) <= MOST and not nested:
        return ", ".join(filter(None, (_told(value, unit) for value in values)))
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu" and values.size:
        return f"{values.size:,} values, {_number(values.min(), unit)} to {_number(values.max(), unit)}"
    return f"{len(values):,}"


def _number(value: Any, unit: str) -> str:
    if unit == "s" and 0 < abs(value) < 10:
        return f"{number(1000 * value)} ms"
    if unit == "fraction":
        return f"{plain(value, 'share')}%"
    return plain(value) if is_missing(value) or unit in {"", "1"} else f"{plain(value)} {unit}"


@cache
def _summary(cls: type) -> str:
    """What the class is, as its docstring says first."""
    first = inspect.cleandoc(cls.__doc__ or cls.__name__).partition("\n\n")[0]
    return _joined(_UNIT.sub("", first)).rstrip(".")
