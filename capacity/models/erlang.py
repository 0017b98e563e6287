"""Erlang's two formulas: who is refused when nobody may queue, who waits when everybody may."""

from __future__ import annotations

from capacity.errors import Unstable
from capacity.models import domain


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
