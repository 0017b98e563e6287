"""Where requests are worked on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from capacity.errors import DomainError
from capacity.planning.system.parts.ranges import Quantity, check_ranges
from capacity.shown import Shown


@dataclass(frozen=True, eq=False)
class Station(Shown):
    """A place where requests are worked on.

    Parameters
    ----------
    name : str
        Such as "instance" or "database".
    servers : float
        Processors, or connections, working in parallel. [servers]
    work : float
        Their time per request that gets there, without opening connections. [s]
    scope : {"instance", "shared"}
        Whether every instance has its own, or all share one.
    connect_time : float
        Processor time to open a connection. [s]
    reuse : float
        Requests that find an open connection. [fraction]
    hit_ratio : float
        Requests a cache answers before this station. [fraction]
    local_share : float
        Of these hits, those of caches that are lost with an instance. [fraction]
    agent_share : float
        Processor time that monitoring agents take. [fraction]
    held : bool
        Whether it is only held while other stations work, as a connection is: the wait for it counts, its work does
        not.

    Examples
    --------
    >>> database = Station("database", servers=32, work=0.012, connect_time=0.010, hit_ratio=0.7)
    >>> round(database.service_demand, 4)  # of a request, hits counted [s]
    0.0066
    """

    name: str
    servers: Quantity
    work: Quantity
    scope: Literal["instance", "shared"] = "shared"
    connect_time: Quantity = 0.0
    reuse: Quantity = 0.0
    hit_ratio: Quantity = 0.0
    local_share: Quantity = 1.0
    agent_share: Quantity = 0.0
    held: bool = False

    def __post_init__(self) -> None:
        check_ranges(
            f"station {self.name}",
            self,
            above=("servers", "work"),
            least=("connect_time",),
            fractions=("reuse", "hit_ratio", "local_share", "agent_share"),
        )
        if np.any(np.asarray(self.agent_share) >= 1):
            raise DomainError(f"agents take all of station {self.name}; agent_share must stay below 1")

    @cached_property
    def service_time(self) -> Quantity:
        """Time of a server per request that gets there, (work + (1 − reuse) connect)/(1 − agents). [s]"""
        return (self.work + (1 - self.reuse) * self.connect_time) / (1 - self.agent_share)

    @property
    def service_demand(self) -> Quantity:
        """Time of a server per request of the service, D = service_time (1 − hit_ratio). [s]"""
        return self.service_time * (1 - self.hit_ratio)

    @cached_property
    def capacity(self) -> Quantity:
        """Requests of the service it keeps up with, m/D; infinite if none reaches it. [req/s]"""
        return self.capacity_without(0.0)

    def capacity_without(self, cold_share: Quantity) -> Quantity:
        """Capacity while caches do not answer a share of their hits. [req/s]

        Parameters
        ----------
        cold_share : float
            That share. [fraction]
        """
        reaching = 1 - self.hit_ratio * (1 - cold_share)
        with np.errstate(divide="ignore"):
            return np.divide(self.servers, self.service_time * reaching)[()]
