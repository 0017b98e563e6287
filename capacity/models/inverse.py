"""The questions asked backwards: the largest rate, and the fewest servers, that keep a time within its objective."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable

from capacity.errors import DomainError, Unstable
from capacity.models import domain
from capacity.models.bisection import root

IDLE = 2.0**-40  # utilization that counts as no load, and distance from the limit that is not told from it


_NOTHING = 1e-300  # stands for a quantile of 0, which has no logarithm


def check_feasible(alone: float, slo: float) -> None:
    """Refuse an objective that is missed even without load."""
    domain.positive(slo=slo)
    if alone > slo * (1 + 1e-9):
        raise DomainError(
            f"infeasible: the service time alone already exceeds the SLO of {slo:g} s "
            f"({alone:.4g} s without any load); speed it up or relax the SLO"
        )


def largest_rate(time_at: Callable[[float], float], limit: float, slo: float) -> float:
    """Largest arrival rate at which a time that grows with the rate is still within the objective [req/s].

    Parameters
    ----------
    time_at : callable
        Time at an arrival rate below `limit`, rising with it: a mean or a quantile. [req/s] -> [s]
    limit : float
        Rate below which all rates are allowed; the saturation throughput. [req/s]
    slo : float
        Longest time allowed. [s]

    Raises
    ------
    DomainError
        If the time exceeds the objective even without load.

    Examples
    --------
    >>> round(largest_rate(lambda rate: 1 / (10 - rate), limit=10, slo=0.5), 9)
    8.0
    """
    domain.positive(limit=limit, slo=slo)
    low = limit * IDLE
    check_feasible(time_at(low), slo)

    def excess(rate: float) -> float:
        return math.log(max(time_at(rate) / slo, _NOTHING))

    spare = 0.5
    while (high := limit * (1 - spare)) and excess(high) <= 0:
        if spare < 2 * IDLE:
            return high
        low, spare = high, spare / 4
    return root(excess, low, high, limit * 1e-13)


def fewest_servers(
    time_with: Callable[[int], float], offered_load: float, slo: float, most: int = 10**7
) -> int:
    """Fewest servers with which a time that falls with their number is within the objective.

    Parameters
    ----------
    time_with : callable
        Time with a number of servers above the offered load: a mean or a quantile. [servers] -> [s]
    offered_load : float
        Servers that are busy on average. [erlangs]
    slo : float
        Longest time allowed. [s]
    most : int
        Number beyond which no more servers are tried. [servers]

    Raises
    ------
    DomainError
        If not even `most` servers keep the objective.

    Examples
    --------
    >>> fewest_servers(lambda servers: 1 / (servers - 7.5), offered_load=7.5, slo=0.5)
    10
    """
    domain.positive(slo=slo)
    domain.not_negative(offered_load=offered_load)

    def kept(servers: int) -> bool:
        try:
            return time_with(servers) <= slo * (1 + 1e-12)
        except Unstable:
            return False

    least, spare = math.floor(offered_load) + 1, 1
    while least + spare > most or not kept(least + spare):
        spare *= 2
        if least + spare > most:
            raise DomainError(
                f"infeasible: not even {most} servers keep {slo:g} with {offered_load:.6g} busy on average; "
                "relax the objective, or speed the service up"
            )
    choices = range(least, least + spare + 1)
    return choices[bisect_left(choices, True, key=kept)]
