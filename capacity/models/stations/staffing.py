"""Erlang's formulas asked backwards: the load, or the servers, for a share of refusals or of waits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from capacity.models import domain
from capacity.models.bisection import crossing
from capacity.models.inverse import fewest_servers
from capacity.models.stations.erlang import erlang_b, erlang_c


def offered_load_for(servers: int, blocking_probability: float) -> float:
    """Largest load of which no more than a share is refused: the inverse of `erlang_b` [erlangs].

    Parameters
    ----------
    servers : int
        Identical servers. [servers]
    blocking_probability : float
        Share of requests that may be refused. [fraction]

    Raises
    ------
    DomainError
        If the share does not lie between 0 and 1.

    Examples
    --------
    >>> round(offered_load_for(servers=10, blocking_probability=0.01), 6)
    4.461177
    """
    domain.count(servers=servers)
    domain.fraction(blocking_probability=blocking_probability)
    lightest = math.exp((math.log(blocking_probability) + math.lgamma(servers + 1)) / servers)  # B < aᶜ / c!
    return crossing(
        lambda load: erlang_b(servers, load) <= blocking_probability,
        lightest * (1 - 1e-6),
        servers / (1 - blocking_probability),
    )[0]


def servers_for_blocking(offered_load: float, blocking_probability: float) -> int:
    """Fewest servers that refuse no more than a share of the requests when there is no queue [servers].

    Examples
    --------
    >>> servers_for_blocking(offered_load=84.06, blocking_probability=0.01)
    100
    """
    domain.not_negative(offered_load=offered_load)
    domain.fraction(blocking_probability=blocking_probability)
    busy = offered_load * (1 - blocking_probability)
    return fewest_servers(lambda n: erlang_b(n, offered_load), busy, blocking_probability)


def servers_for_wait_probability(offered_load: float, wait_probability: float) -> int:
    """Fewest servers with which no more than a share of the requests wait when all may queue [servers].

    Examples
    --------
    >>> servers_for_wait_probability(offered_load=1000, wait_probability=0.5)
    1017
    """
    domain.fraction(wait_probability=wait_probability)
    return fewest_servers(lambda n: erlang_c(n, offered_load), offered_load, wait_probability)


@dataclass(frozen=True)
class SquareRootStaffing:
    """Servers for a wait probability by the square-root rule a + β √a, beside the exact number.

    β solves 1 / (1 + β Φ(β) / φ(β)) = wait probability, the limit of Erlang C with many servers.

    Parameters
    ----------
    offered_load : float
        Arrival rate times mean service time. [erlangs]
    wait_probability : float
        Share of requests that may wait. [fraction]

    References
    ----------
    .. [1] Halfin and Whitt, Heavy-traffic limits for queues with many exponential servers, Operations Research
       29(3), 1981, prop. 1.

    Examples
    --------
    >>> staffing = SquareRootStaffing(offered_load=1000, wait_probability=0.5)
    >>> round(staffing.beta, 4), round(staffing.servers_by_rule, 2), staffing.servers
    (0.5061, 1016.0, 1017)
    """

    offered_load: float
    wait_probability: float

    def __post_init__(self) -> None:
        domain.positive(offered_load=self.offered_load)
        domain.fraction(wait_probability=self.wait_probability)

    @cached_property
    def beta(self) -> float:
        """Spare servers per square root of the offered load, β [1]."""
        most = math.sqrt(-2 * math.log(self.wait_probability)) + 1
        return crossing(lambda beta: _halfin_whitt(beta) >= self.wait_probability, 0.0, most)[0]

    @property
    def servers_by_rule(self) -> float:
        """Servers by the rule, a + β √a, not rounded [servers]."""
        return self.offered_load + self.beta * math.sqrt(self.offered_load)

    @cached_property
    def servers(self) -> int:
        """Fewest servers by Erlang C itself [servers]."""
        return servers_for_wait_probability(self.offered_load, self.wait_probability)


def _halfin_whitt(beta: float) -> float:
    density = math.exp(-beta * beta / 2) / math.sqrt(2 * math.pi)
    return density / (density + beta * math.erfc(-beta / math.sqrt(2)) / 2)
