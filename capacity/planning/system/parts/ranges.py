"""What every part of a system refuses."""

from __future__ import annotations

import math

import numpy as np

from capacity.errors import DomainError

Quantity = float | np.ndarray
Flags = bool | np.ndarray


def check_ranges(
    what: str,
    part: object,
    *,
    above: tuple[str, ...] = (),
    least: tuple[str, ...] = (),
    fractions: tuple[str, ...] = (),
) -> None:
    """Refuse a part with a number outside its range.

    Raises
    ------
    DomainError
        Naming the part, the field and the value.

    Examples
    --------
    >>> from capacity.planning.system.parts import Calls
    >>> check_ranges("calls", Calls(retries=2), least=("retries",), fractions=("share",))  # nothing to refuse
    """
    for names, low, high, allowed in (
        (above, math.ulp(0.0), math.inf, "above zero"),
        (least, 0.0, math.inf, "zero or more"),
        (fractions, 0.0, 1.0, "0 to 1"),
    ):
        for name in names:
            value = np.asarray(getattr(part, name), dtype=float)
            wrong = value[~((value >= low) & (value <= high) & np.isfinite(value))]
            if wrong.size:
                raise DomainError(f"{what}: {name} = {wrong.flat[0]:g}; allowed: {allowed}")
