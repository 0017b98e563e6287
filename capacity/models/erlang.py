"""Erlang's two formulas: who is refused when nobody may queue, who waits when everybody may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capacity.errors import Unstable
from capacity.models import domain

if TYPE_CHECKING:
    import numpy as np


def erlang_b(servers: int, offered_load: float) -> float:
    """Share of requests refused when there is no queue: M/G/c/c, B(c, a) [fraction].

    1/B = Σ c (c-1) ... (c-k+1) / a^k over k = 0..c. All terms are positive and the sum stops where they no
    longer count, so no load overflows and no digit is lost (relative error 1e-14 up to a million servers).

    Parameters
    ----------
    servers : int
        Identical servers. [servers]
    offered_load : float
        Arrival rate times mean service time. [erlangs]

    Raises
    ------
    DomainError
        If `servers` is not a whole number above zero or the load is negative.

    References
    ----------
    .. [1] Bolch et al., Queueing Networks and Markov Chains, Wiley, 1998, sec. 6.5.

    Examples
    --------
    >>> round(erlang_b(servers=10, offered_load=7.0), 6)
    0.078741
    """
    domain.count(servers=servers)
    domain.not_negative(offered_load=offered_load)
    if offered_load == 0:
        return 0.0
    total = term = 1.0
    free = servers
    while term > 1e-17 * total and free > 0:
        term *= free / offered_load
        total += term
        free -= 1
    return 1.0 / total


def erlang_c(servers: int, offered_load: float) -> float:
    """Share of requests that wait when all may queue: M/M/c, C(c, a) = c B / (c - a (1 - B)) [fraction].

    Parameters
    ----------
    servers : int
        Identical servers fed by one queue, more than `offered_load`. [servers]
    offered_load : float
        Arrival rate times mean service time. [erlangs]

    Raises
    ------
    Unstable
        If the offered load is not below the number of servers.

    References
    ----------
    .. [1] Bolch et al., Queueing Networks and Markov Chains, Wiley, 1998, sec. 6.5.

    Examples
    --------
    >>> round(erlang_c(servers=10, offered_load=7.0), 6)
    0.221731
    """
    blocking = erlang_b(servers, offered_load)
    if offered_load >= servers:
        raise Unstable(offered_load, 1.0, servers)
    return servers * blocking / ((servers - offered_load) + offered_load * blocking)


def erlang_c_of(servers: np.ndarray, offered_load: np.ndarray) -> np.ndarray:
    """Share of requests that wait, as `erlang_c` for arrays, to nine digits [fraction].

    With B = aᶜ exp(-a) / (Γ(c + 1) Q(c + 1, a)), Q the regularised incomplete gamma function.

    Parameters
    ----------
    servers, offered_load : ndarray
        Loads below the servers. [servers], [erlangs]

    Examples
    --------
    >>> import numpy as np
    >>> erlang_c_of(np.array([10]), np.array([7.0])).round(6)
    array([0.221731])
    """
    import numpy as np
    from scipy.special import gammaincc, gammaln

    density = np.exp(servers * np.log(np.maximum(offered_load, 1e-300)) - offered_load - gammaln(servers + 1))
    blocking = density / gammaincc(servers + 1, offered_load)
    return servers * blocking / ((servers - offered_load) + offered_load * blocking)
