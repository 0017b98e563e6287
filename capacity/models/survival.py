"""From the chance of taking longer than t to the time a share of requests does not exceed."""

from __future__ import annotations

from collections.abc import Callable


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
    high = low + step
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if survival(middle) > share else (low, middle)
    return high
