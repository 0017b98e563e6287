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


def root(rising: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """Where a rising function crosses 0, by inverse quadratic steps where they are safe and by halving elsewhere.

    Parameters
    ----------
    rising : callable
        Negative at `low`, positive at `high`; costly, so it is asked as rarely as possible.
    low, high : float
        Where to look.
    tolerance : float
        Width of the interval at which to stop.

    References
    ----------
    .. [1] Chandrupatla, A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function
       without using derivatives, Advances in Engineering Software 28(3), 1997.

    Examples
    --------
    >>> round(root(lambda x: x * x - 2, 0.0, 2.0, 1e-12), 9)
    1.414213562
    """
    a, b, c = high, low, high
    at_a, at_b = rising(a), rising(b)
    at_c, share = at_a, 0.5
    while abs(b - a) > 2 * tolerance and at_a and at_b:
        x = a + share * (b - a)
        at_x = rising(x)
        if (at_x > 0) == (at_a > 0):
            c, at_c = a, at_a
        else:
            c, b, at_c, at_b = b, a, at_b, at_a
        a, at_a, share = x, at_x, 0.5
        xi, phi = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
        if phi**2 < xi and (1 - phi) ** 2 < 1 - xi:
            share = at_a / (at_b - at_a) * at_c / (at_b - at_c)
            share += (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
        least = tolerance / abs(b - a)
        share = min(max(share, least), 1 - least)
    return a if abs(at_a) < abs(at_b) else b
