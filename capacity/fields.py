"""The kinds of value a plan file holds: what each accepts, and the sentence it is refused with.

Every refusal reads ``what came; allowed: what is allowed``; `capacity.plan` adds the file and the key.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, WrapValidator

from capacity.wording import visible

Three = tuple[float, float, float]


def shown(value: object) -> str:
    """Say what came, in the words of a plan file and on one short line.

    Examples
    --------
    >>> shown("fast"), shown(True), shown([1, 2])
    ("'fast'", 'true', 'the list [1, 2]')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{visible(value)}'"
    if isinstance(value, dict):
        return f"a table of {len(value)} keys"
    if isinstance(value, (list, tuple)):
        return f"the list [{visible(', '.join(shown(item) for item in value[:9]))}]"
    return "a number of more than 15 digits" if _is_huge(value) else visible(value)


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and abs(value) >= 10**15


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest allowed name, or nothing when none is near.

    Examples
    --------
    >>> did_you_mean("p59_ms", ["p50_ms", "p95_ms", "error_rate"])
    "; did you mean 'p95_ms'?"
    >>> did_you_mean("colour", ["p95_ms"])
    ''
    """
    near = difflib.get_close_matches(name[:80], list(allowed), n=1, cutoff=0.6)
    return f"; did you mean '{visible(near[0])}'?" if near else ""


def _refusal(came: object, allowed: str) -> ValueError:
    return ValueError(f"{shown(came)}; allowed: {allowed}")


def _allowed(text: str, holds: Callable[[Any], bool] = lambda value: True) -> WrapValidator:
    """Accept a value of the annotated type for which `holds`; else say what came and what is allowed."""

    def check(value: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            read = handler(value)
        except ValidationError as error:
            raise _refusal(value, text) from error
        if not holds(read):
            raise _refusal(value, text)
        return read

    return WrapValidator(check)


def _in_order(value: Any, low: float, high: float, allowed: str) -> Three:
    given = value if isinstance(value, (list, tuple)) else [value] * 3
    numbers = [float(x) for x in given if type(x) in (int, float) and low <= x <= high]
    if len(given) != 3 or len(numbers) != 3 or numbers != sorted(numbers):
        raise _refusal(value, f"{allowed}; one number, or [low, likely, high] in that order")
    return numbers[0], numbers[1], numbers[2]


def _three(allowed: str, low: float, high: float) -> BeforeValidator:
    """Low, likely and high; one number stands for a value known exactly."""
    return BeforeValidator(lambda value: _in_order(value, low, high, allowed))


def _number_or_three(value: Any) -> float | Three:
    three = _in_order(value, -1e15, 1e15, "finite numbers")
    return three if isinstance(value, (list, tuple)) else three[0]


def _as_day(value: Any) -> dt.date:
    if isinstance(value, dt.date):
        return value.date() if isinstance(value, dt.datetime) else value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _refusal(value, "a day such as 2027-03-01") from None


def _as_list(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        raise _refusal(value, "a list in [ ]")
    return value


def one_of(names: Iterable[str]) -> WrapValidator:
    """Accept one of some names; refuse another with the nearest."""
    allowed = list(names)

    def check(value: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(value, str) and value in allowed:
            return handler(value)
        raise _refusal(value, f"{', '.join(allowed)}{did_you_mean(str(value), allowed)}")

    return WrapValidator(check)


def _role(value: Any, info: ValidationInfo) -> Any:
    roles = (info.context or {}).get("roles", [])
    if value in roles:
        return value
    near = did_you_mean(str(value), roles)
    raise _refusal(value, f"a test of this plan: {visible(', '.join(roles), 300)}{near}")


def _existing(value: Any, info: ValidationInfo) -> Path:
    if not isinstance(value, (str, Path)) or not str(value):
        raise _refusal(value, "the path of a file, relative to the plan's folder")
    path = Path((info.context or {})["folder"]) / value
    try:
        found = path.exists()
    except OSError:  # such as a name that is too long
        found = False
    if not found:
        raise ValueError(no_such_file(path))
    return path


def no_such_file(path: Path) -> str:
    """Say that a file is missing, with the nearest name in its folder."""
    near = did_you_mean(path.name, _names_beside(path))
    return f"{visible(path, 300)}: there is no such file; allowed: a file that exists{near}"


def _names_beside(path: Path) -> list[str]:
    try:
        return [entry.name for entry in path.parent.iterdir()]
    except (OSError, ValueError):
        return []


_Item = TypeVar("_Item")
Many = Annotated[tuple[_Item, ...], Field(strict=False), BeforeValidator(_as_list)]

Text = Annotated[
    str,
    _allowed(
        "text of 1 to 200 characters that can be seen",
        lambda text: bool(visible(text, None).strip()) and len(text) <= 200,
    ),
]
Name = Annotated[
    str,
    _allowed(
        "a name of letters, digits, _ and -, at most 60",
        lambda text: re.fullmatch("[A-Za-z][A-Za-z0-9_-]{0,59}", text) is not None,
    ),
]
ErrorCode = Annotated[
    str,
    _allowed(
        'a status code in quotes, such as "429" or "5xx"',
        lambda text: re.fullmatch("[1-5]([0-9][0-9]|xx)", text) is not None,
    ),
]
Value = Annotated[float | bool, _allowed("a finite number, or true or false", math.isfinite)]
Finite = Annotated[float, _allowed("a finite number", math.isfinite)]
Role = Annotated[str, BeforeValidator(_role)]
Positive = Annotated[float, _allowed("a number above 0", lambda x: 0 < x <= 1e15)]
Milliseconds = Annotated[float, _allowed("milliseconds above 0, at most 3600000", lambda ms: 0 < ms <= 3.6e6)]
Seconds = Annotated[float, _allowed("seconds from 0 to 86400 (a day)", lambda s: 0 <= s <= 86400)]
Money = Annotated[float, _allowed("an amount of money, 0 or more", lambda x: 0 <= x <= 1e12)]
Share = Annotated[float, _allowed("a fraction from 0 to below 1 (0.01 is 1%)", lambda x: 0 <= x < 1)]
Chance = Annotated[float, _allowed("a fraction between 0 and 1 (0.05 is 5%)", lambda x: 0 < x < 1)]
Running = Annotated[int, _allowed("a whole number of instances, 1 to 1000", lambda n: 1 <= n <= 1000)]
Risk = Annotated[float, _allowed("a fraction from 0.000001 to 0.5 (0.05 is 5%)", lambda x: 1e-6 <= x <= 0.5)]
Quantile = Annotated[float, _allowed("a fraction from 0.5 to below 1", lambda x: 0.5 <= x <= 1 - 1e-9)]
Burst = Annotated[float, _allowed("seconds from 0.001 to 86400 (a day)", lambda s: 1e-3 <= s <= 86400)]
Instances = Annotated[int, _allowed("a whole number of instances, 1 to 100000", lambda n: 1 <= n <= 100_000)]
Spare = Annotated[int, _allowed("a whole number of instances, 0 to 100000", lambda n: 0 <= n <= 100_000)]
Tier = Annotated[int, _allowed("1, 2 or 3; 1 is the most critical", lambda n: 1 <= n <= 3)]
Zones = Annotated[int, _allowed("a whole number of zones, 2 to 100", lambda n: 2 <= n <= 100)]
Environments = Annotated[
    int, _allowed("a whole number of versions up at once, 1 to 10", lambda n: 1 <= n <= 10)
]
WeeklyHours = Annotated[float, _allowed("hours a week, above 0, at most 100000", lambda h: 0 < h <= 100_000)]
Truth = Annotated[bool, _allowed("true or false")]
Currency = Annotated[
    str,
    _allowed(
        'the three capital letters of a currency, such as "EUR"',
        lambda text: re.fullmatch("[A-Z]{3}", text) is not None,
    ),
]
Days = Annotated[int, _allowed("a whole number of days from 1 to 3650", lambda n: 1 <= n <= 3650)]
File = Annotated[Path, Field(strict=False), BeforeValidator(_existing)]
Day = Annotated[dt.date, BeforeValidator(_as_day)]
Amounts = Annotated[Three, _three("amounts of money, 0 or more", 0, 1e12)]
Hours = Annotated[Three, _three("hours of work, 0.01 or more", 0.01, 1e6)]
Growth = Annotated[Three, _three("growth a month as fractions from -0.9 to 1 (0.06 is 6%)", -0.9, 1)]
Factors = Annotated[Three, _three("factors on the usual traffic from 0.01 to 1000", 0.01, 1000)]
LeverParameter = Annotated[float | Three, BeforeValidator(_number_or_three)]
