"""The values a formula holds for, checked where they come in; units are part of the names in the messages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from capacity.errors import DomainError

if TYPE_CHECKING:
    import numpy as np

Numbers: TypeAlias = Union[float, "np.ndarray"]


def _number(name: str, value: Any) -> float:
    several = bool(getattr(value, "shape", ()))
    if isinstance(value, (bool, str, complex)) or several or not hasattr(value, "__float__"):
        raise DomainError(f"{_words(name)} {value!r} is not a number; give one, without quotes or unit")
    try:
        return float(value)
    except OverflowError:
        raise DomainError(f"{_words(name)} is larger than any number; give a finite one") from None


def not_negative(**values: float) -> None:
    """Refuse anything but finite numbers of at least 0."""
    for name, given in values.items():
        value = _number(name, given)
        if not (math.isfinite(value) and value >= 0):
            raise DomainError(f"{_words(name)} {value:g} is not allowed; give a finite number, 0 or above")


def positive(**values: float) -> None:
    """Refuse anything but finite numbers above 0."""
    for name, given in values.items():
        value = _number(name, given)
        if not (math.isfinite(value) and value > 0):
            raise DomainError(f"{_words(name)} {value:g} is not allowed; give a finite number above 0")


def fraction(**values: float) -> None:
    """Refuse anything not strictly between 0 and 1."""
    for name, given in values.items():
        value = _number(name, given)
        if not 0 < value < 1:
            raise DomainError(f"{_words(name)} {value:g} does not lie between 0 and 1; write 95% as 0.95")


def count(**values: float) -> None:
    """Refuse anything but whole numbers of at least 1."""
    for name, given in values.items():
        value = _number(name, given)
        if not (math.isfinite(value) and value >= 1 and value == int(value)):
            raise DomainError(f"{_words(name)} {value:g} is not allowed; give a whole number, 1 or above")


def whole(**values: float) -> None:
    """Refuse anything but whole numbers of at least 0."""
    for name, given in values.items():
        value = _number(name, given)
        if not (math.isfinite(value) and value >= 0 and value == int(value)):
            raise DomainError(f"{_words(name)} {value:g} is not allowed; give a whole number, 0 or above")


def within(low: float, high: float, **values: Numbers) -> None:
    """Refuse any number that is not finite or not from `low` to `high`, both allowed.

    Examples
    --------
    >>> within(0, 1, hit_ratio=1.2)
    Traceback (most recent call last):
    ...
    capacity.errors.DomainError: hit ratio 1.2 is not allowed; give 0 to 1
    """
    import numpy as np

    allowed = f"{low:g} to {high:g}" if math.isfinite(high) else f"a finite number, {low:g} or above"
    for name, value in values.items():
        given = np.asarray(value, dtype=float)
        wrong = given[~((given >= low) & (given <= high) & np.isfinite(given))]
        if wrong.size:
            raise DomainError(f"{_words(name)} {wrong.flat[0]:g} is not allowed; give {allowed}")


def listed(remedy: str = "", /, **values: object) -> None:
    """Refuse a value alone where a list of values is wanted, one for each class or station; say what else would do.

    Examples
    --------
    >>> listed(population=50)
    Traceback (most recent call last):
    ...
    capacity.errors.DomainError: population 50 is one value; give a list, such as [50]
    """
    for name, value in values.items():
        if isinstance(value, str) or not hasattr(value, "__len__"):
            raise DomainError(
                f"{_words(name)} {value!r} is one value; give a list, such as [{value!r}]{remedy}"
            )


def plain(value: Any) -> Any:
    """Return a float where there is one number, an array where there are several."""
    import numpy as np

    return float(value) if np.ndim(value) == 0 else np.asarray(value)


def _words(name: str) -> str:
    return name.replace("_", " ")
