"""The values a formula holds for, checked for numbers and arrays alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from capacity.errors import DomainError

Numbers = float | np.ndarray


def within(low: float, high: float, **values: Numbers) -> None:
    """Refuse any number that is not finite or not from `low` to `high`, both allowed.

    Examples
    --------
    >>> within(0, 1, hit_ratio=1.2)
    Traceback (most recent call last):
    ...
    capacity.errors.DomainError: hit ratio 1.2 is not allowed; give 0 to 1
    """
    allowed = f"{low:g} to {high:g}" if math.isfinite(high) else f"a finite number, {low:g} or above"
    for name, value in values.items():
        given = np.asarray(value, dtype=float)
        wrong = given[~((given >= low) & (given <= high) & np.isfinite(given))]
        if wrong.size:
            raise DomainError(f"{name.replace('_', ' ')} {wrong.flat[0]:g} is not allowed; give {allowed}")


def plain(value: Any) -> Any:
    """Return a float where there is one number, an array where there are several."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)
