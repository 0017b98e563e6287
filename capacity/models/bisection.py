"""Where a condition stops holding, to the last digit."""

from __future__ import annotations

from collections.abc import Callable


def crossing(holds: Callable[[float], bool], low: float, high: float) -> tuple[float, float]:
    """Neighbouring numbers: at the first the condition still holds, at the second no longer.

    Parameters
    ----------
    holds : callable
        A condition that is true at `low`, false at `high`, and changes once between.
    low, high : float
        Where to look.

    Examples
    --------
    >>> low, high = crossing(lambda x: x * x < 2, 0.0, 2.0)
    >>> low, high
    (1.414213562373095, 1.4142135623730951)
    """
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low, high


def time_when(survival: Callable[[float], float], share: float, low: float, step: float) -> float:
    """Time at which a falling survival function reaches `share`, to the last digit.

    Parameters
    ----------
    survival : callable
        P(time > t), falling to 0.
    share : float
        Value looked for: 1 - q for the q-quantile. [fraction]
    low, step : float
        Known lower bound of the answer, and the scale on which to look further; it doubles. [s]

    Examples
    --------
    >>> import math
    >>> round(time_when(lambda t: math.exp(-t), share=0.5, low=0.0, step=1.0), 6)
    0.693147
    """
    if survival(low) <= share:
        return low
    while survival(low + step) > share:
        low, step = low + step, 2 * step
    return crossing(lambda time: survival(time) > share, low, low + step)[1]
