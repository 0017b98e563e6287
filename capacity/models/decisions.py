"""Decisions under uncertainty: what it is worth to know more, and where the balance tips."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.models import domain
from capacity.models.bisection import root

_LEAST = 5  # draws in each half of a bin
_PLACES = (0.0, 1e-6, 1e-4, 0.01, 0.1, 0.3, 0.6, 0.9, 0.99, 1.0)  # of the range, scanned for changes of sign


def evpi(losses: np.ndarray) -> float:
    """Most that knowing everything before choosing is worth, min E[L] - E[min L].

    Parameters
    ----------
    losses : array (worlds, actions)
        What each action loses in each world; gains are negative. [$]

    Raises
    ------
    DomainError
        If the losses are no such table of finite numbers.

    References
    ----------
    .. [1] Raiffa and Schlaifer, Applied Statistical Decision Theory, Harvard, 1961, sec. 4.5.

    Examples
    --------
    >>> evpi(np.array([[0.0, 10.0], [30.0, 10.0]]))
    5.0
    """
    table = _losses(losses)
    return float((table[:, _best(table)] - table.min(axis=1)).mean())


def evppi(losses: np.ndarray, parameter: np.ndarray, bins: int | None = None) -> float:
    """Most that knowing one parameter before choosing is worth, min E[L] - E[min E[L | parameter]].

    Parameters
    ----------
    losses : array (worlds, actions)
        What each action loses in each world. [$]
    parameter : array (worlds,)
        Its value in each world. [unit of the parameter]
    bins : int, optional
        Bins of equally many worlds, in the order of the parameter; half the cube root of the number of worlds
        when absent (6 for 2,000 worlds). More bins follow a choice that switches often, fewer have
        less noise. [bins]

    Returns
    -------
    float
        0 or more. [$]

    Raises
    ------
    DomainError
        If the shapes do not fit, a number is not finite, or a bin would hold fewer than 10 worlds.

    Notes
    -----
    Taking the smallest mean of each bin rewards noise: with few worlds a bin, a parameter that tells nothing
    seems worth something. So each half of a bin chooses the action, and the other half says what it loses
    (cross-validation). The noise then costs instead of paying: the answer is biased slightly downwards, by what a
    choice from half a bin loses near a tie, and a parameter that tells nothing is worth about 0. A mean below 0
    is given as 0, which is the least an EVPPI can be.

    References
    ----------
    .. [1] Strong and Oakley, An efficient method for computing single-parameter partial expected value of perfect
       information, Medical Decision Making 33(6), 2013 (bins, and their bias).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> demand, noise = rng.normal(size=(2, 4000))
    >>> losses = np.column_stack([demand, np.zeros(4000)])
    >>> round(evppi(losses, demand), 2), round(evppi(losses, noise), 2)  # the first is E|Z|/2 = 0.4
    (0.39, 0.0)
    """
    table, values = _losses(losses), np.asarray(parameter, dtype=float)
    worlds = len(table)
    if values.shape != (worlds,) or not np.isfinite(values).all():
        raise DomainError(
            f"a parameter of shape {values.shape} beside {worlds} worlds of losses; give one finite number a world"
        )
    bins = max(1, round(worlds ** (1 / 3) / 2)) if bins is None else bins
    domain.count(bins=bins)
    if worlds < 2 * _LEAST * bins:
        raise DomainError(
            f"{bins} bins of {worlds} worlds; give at most {worlds // (2 * _LEAST)}, or {2 * _LEAST * bins} worlds"
        )
    if values.min() == values.max():
        return 0.0
    ranked = table[np.argsort(values, kind="stable")]
    gain = sum(_gained(half) for half in np.array_split(ranked - ranked[:, [_best(table)]], bins))
    return max(0.0, float(gain) / worlds)


def break_even(worth: Callable[[float], float], low: float, high: float) -> float:
    """Value of one input at which something is worth nothing: where a function crosses 0 [as the input].

    Parameters
    ----------
    worth : callable
        Such as the mean net present value as a function of the input; rising or falling, NaN where the input is
        impossible. [$]
    low, high : float
        Values the input may take. [unit of the input]

    Raises
    ------
    NotIdentified
        If the worth has the same sign everywhere, or changes it more than once.

    Examples
    --------
    >>> saving, price = 20_200, 52 * 100  # of one outage, of the work
    >>> round(break_even(lambda outages: outages * saving - price, 0, 12), 4)
    0.2574
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DomainError(f"{low:g} to {high:g} is no range; give the smaller value first")
    places = [low + (high - low) * share for share in _PLACES]
    values = [float(worth(x)) for x in places]
    known = [(x, value) for x, value in zip(places, values, strict=True) if math.isfinite(value)]
    changes = [(left, right) for (left, one), (right, other) in pairwise(known) if (one > 0) != (other > 0)]
    if len(changes) != 1:
        raise NotIdentified(
            f"no single break-even value from {low:g} to {high:g}: the worth "
            f"{_course([value for _, value in known], len(changes))}"
        )
    left, right = changes[0]
    rising = 1.0 if worth(right) > 0 else -1.0
    return root(lambda x: rising * float(worth(x)), left, right, 1e-12 * (right - left))


def _course(values: list[float], changes: int) -> str:
    if not values:
        return "is not known anywhere"
    if changes:
        return f"changes sign {changes} times"
    return f"stays {'above 0' if values[0] > 0 else '0 or below'} ({min(values):g} to {max(values):g})"


def _gained(half_and_half: np.ndarray) -> float:
    """Loss avoided in a bin by the action that its other half would choose; the first column is the default."""
    one, other = half_and_half[::2], half_and_half[1::2]
    return -float(one[:, _best(other)].sum() + other[:, _best(one)].sum())


def _best(losses: np.ndarray) -> int:
    return int(losses.mean(axis=0).argmin())


def _losses(losses: np.ndarray) -> np.ndarray:
    table = np.asarray(losses, dtype=float)
    if table.ndim != 2 or 0 in table.shape or not np.isfinite(table).all():
        raise DomainError(
            f"losses of shape {table.shape} are no table of finite numbers; give one row a world, one column an action"
        )
    return table
