"""Erlang's two formulas: who is refused when nobody may queue, who waits when everybody may."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, overload

from capacity.errors import Unstable
from capacity.models import domain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

_FEW = 40  # servers up to which a plain sum is as quick as the gamma function, which takes scipy [servers]
_FAR = 4.0  # distance of load and servers beyond which fractions are used, in square roots of the servers [1]
_LEVELS = 40  # of the fraction in overload; 1e-17 at _FAR with a million servers [1]
_LIGHT_LEVELS = 12  # of the fraction in light load; 4e-14 at _FAR with a million servers [1]
_NEAR = 0.4  # |c - a| / (c + a) up to which the series of the deviance is used [1]
_SMALL = 0.1  # the same up to which its last eight terms are enough [1]
_SERIES = tuple(1 / (2 * j + 1) for j in range(19, 0, -1))  # atanh(v) - v, over v³
_FIRST = 16  # servers from which the series of Stirling's remainder is used; the table below ends there
_REMAINDERS = [
    math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - math.log(2 * math.pi) / 2 for n in range(1, _FIRST)
]


@overload
def erlang_b(servers: int, offered_load: float) -> float: ...
@overload
def erlang_b(servers: ArrayLike, offered_load: ArrayLike) -> np.ndarray: ...
def erlang_b(servers: Any, offered_load: Any) -> Any:
    """Share of requests refused when there is no queue: M/G/c/c, B(c, a) [fraction].

    B is a Poisson probability over an incomplete gamma function, exp(-a) aᶜ / c! / Q(c + 1, a). The probability is
    written about its saddle point, where no digits cancel; overload takes a continued fraction, few servers a
    sum. The relative error is at most 1e-12 for up to a million servers.

    Parameters
    ----------
    servers : int or array_like
        Identical servers. [servers]
    offered_load : float or array_like
        Arrival rate times mean service time. [erlangs]

    Raises
    ------
    DomainError
        If `servers` is not a whole number above zero or the load is negative.

    References
    ----------
    .. [1] Bolch et al., Queueing Networks and Markov Chains, Wiley, 1998, sec. 6.5.
    .. [2] Loader, Fast and accurate computation of binomial probabilities, 2000, sec. 3.
    .. [3] NIST Digital Library of Mathematical Functions, eq. 8.9.2 (the continued fraction).

    Examples
    --------
    >>> round(erlang_b(servers=10, offered_load=7.0), 6)
    0.078741
    >>> erlang_b(10, [7.0, 70.0]).round(6)
    array([0.078741, 0.859437])
    """
    if hasattr(servers, "__len__") or hasattr(offered_load, "__len__"):
        return _blocking_of(*_checked(servers, offered_load))
    domain.count(servers=servers)
    domain.not_negative(offered_load=offered_load)
    return _blocking(servers, offered_load)


@overload
def erlang_c(servers: int, offered_load: float) -> float: ...
@overload
def erlang_c(servers: ArrayLike, offered_load: ArrayLike) -> np.ndarray: ...
def erlang_c(servers: Any, offered_load: Any) -> Any:
    """Share of requests that wait when all may queue: M/M/c, C(c, a) = c B / (c - a (1 - B)) [fraction].

    Parameters
    ----------
    servers : int or array_like
        Identical servers fed by one queue, more than `offered_load`. [servers]
    offered_load : float or array_like
        Arrival rate times mean service time. [erlangs]

    Raises
    ------
    Unstable
        If an offered load is not below its number of servers.

    References
    ----------
    .. [1] Bolch et al., Queueing Networks and Markov Chains, Wiley, 1998, sec. 6.5.

    Examples
    --------
    >>> round(erlang_c(servers=10, offered_load=7.0), 6)
    0.221731
    >>> erlang_c([10, 20], [7.0, 14.0]).round(6)
    array([0.221731, 0.093561])
    """
    if hasattr(servers, "__len__") or hasattr(offered_load, "__len__"):
        servers, offered_load = _checked(servers, offered_load)
        over = offered_load >= servers
        if over.any():
            raise Unstable(offered_load[over][0], 1.0, int(servers[over][0]))
        blocking: Any = _blocking_of(servers, offered_load)
    else:
        domain.count(servers=servers)
        domain.not_negative(offered_load=offered_load)
        blocking = _blocking(servers, offered_load)
        if offered_load >= servers:
            raise Unstable(offered_load, 1.0, servers)
    return servers * blocking / ((servers - offered_load) + offered_load * blocking)


def _blocking(servers: int, load: float) -> float:
    if servers <= _FEW:
        return _by_sum(servers, load)
    far = _FAR * math.sqrt(servers)
    if load > servers + far:
        return _by_fraction(servers, load)
    last = _poisson(servers, load)
    if load < servers - far:
        return last / (1 - last * _beyond(servers, load))
    from scipy.special import gammaincc

    return last / float(gammaincc(servers + 1, load))


def _by_sum(servers: int, load: float) -> float:
    """1/B = Σ c (c-1) ... (c-k+1) / aᵏ over k = 0..c, positive terms."""
    total = term = 1.0
    for free in range(int(servers), 0, -1):
        term *= free / load if load else math.inf
        total += term
        if term < 1e-17 * total:
            break
    return 1.0 / total


def _by_fraction(servers: Any, load: Any) -> Any:
    """B = (d + c / (d + 2 + 2 (c - 1) / (d + 4 + 3 (c - 2) / ...))) / a, d = a - c; numbers or arrays."""
    over = load - servers
    value = over + 2 * _LEVELS
    for level in range(_LEVELS, 0, -1):
        value = over + 2 * (level - 1) + level * (servers + 1 - level) / value
    return value / load


def _beyond(servers: Any, load: Any) -> Any:
    """P(N > c) / P(N = c) = c / (d + a / (d + 1 + 2 a / (d + 2 + ...))) - 1, d = c - a; numbers or arrays.

    Far below the servers the incomplete gamma function of scipy is off by up to 1e-10.
    """
    spare = servers - load
    value = spare + _LIGHT_LEVELS
    for level in range(_LIGHT_LEVELS, 0, -1):
        value = spare + (level - 1) + level * load / value
    return servers / value - 1


def _deviance(v: Any, largest: float) -> Any:
    """(atanh(v) - v) / v for small v, at most `largest`; numbers or arrays."""
    square, total = v * v, 0.0
    for term in _SERIES if largest > _SMALL else _SERIES[-8:]:
        total = (total + term) * square
    return total


def _poisson(servers: int, load: float) -> float:
    """P(N = c) at a mean of a, from `_FIRST` servers: exp(-deviance - Stirling's remainder) / √(2π c)."""
    if not load:
        return 0.0
    spare = servers - load
    v = spare / (servers + load)
    if abs(v) < _NEAR:
        deviance = v * (spare + 2 * servers * _deviance(v, abs(v)))
    else:
        deviance = servers * math.log(servers / load) - spare
    return math.exp(-deviance - _remainder(servers)) / math.sqrt(2 * math.pi * servers)


def _remainder(servers: Any) -> Any:
    """ln(c!) less Stirling's approximation, from `_FIRST` servers; numbers or arrays."""
    square = servers * servers * 1.0
    return (
        1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square
    ) / servers


def _checked(servers: ArrayLike, load: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    c, a = np.broadcast_arrays(np.atleast_1d(servers).astype(float), np.atleast_1d(load).astype(float))
    for wrong in c[~((c >= 1) & (c == np.floor(c)) & (c < np.inf))][:1]:
        domain.count(servers=wrong)
    for wrong in a[~((a >= 0) & (a < np.inf))][:1]:
        domain.not_negative(offered_load=wrong)
    return c, a


def _blocking_of(servers: np.ndarray, load: np.ndarray) -> np.ndarray:
    """Erlang B of arrays: Poisson probability over incomplete gamma function, or the fraction in overload."""
    import numpy as np
    from scipy.special import gammaincc

    far = _FAR * np.sqrt(servers)
    over, light = load > servers + far, load < servers - far
    near = np.where(over, servers, load)
    last = _poisson_of(servers, near)
    room = gammaincc(servers + 1, near)
    room[light] = 1 - last[light] * _beyond(servers[light], load[light])
    blocking = last / room
    blocking[over] = _by_fraction(servers[over], load[over])
    return blocking


def _poisson_of(servers: np.ndarray, load: np.ndarray) -> np.ndarray:
    """`_poisson` of arrays, and from one server on."""
    import numpy as np

    spare = servers - load
    v = spare / (servers + load)
    size = np.abs(v)
    deviance = v * (spare + 2 * servers * _deviance(v, size.max(initial=0.0)))
    far = size >= _NEAR
    if far.any():
        with np.errstate(divide="ignore", over="ignore"):  # no load at all: infinitely far
            deviance[far] = servers[far] * np.log(servers[far] / load[far]) - spare[far]
    remainder = _remainder(servers)
    few = servers < _FIRST
    if few.any():
        remainder[few] = np.array(_REMAINDERS)[servers[few].astype(int) - 1]
    return np.exp(-deviance - remainder) / np.sqrt(2 * np.pi * servers)
