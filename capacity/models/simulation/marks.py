"""Looks at a simulated system in the course of a run, from which means over time follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from capacity.models.simulation import engine as e
from capacity.models.simulation.controls import Controls
from capacity.models.simulation.system import Node
from capacity.shown import Shown

OUTCOMES = ("ok", "rejected", "timed out", "abandoned", "limited", "broken", "lost")
"""How a request can end: answered; refused by a full queue or for want of a replica; given up by its client; having
waited too long in a queue; refused by the rate limit; by the open breaker; lost in a crash."""


@dataclass(frozen=True, eq=False)
class Mark(Shown):
    """Sums since the start, at one moment of the run; an array has a value for each station.

    Parameters
    ----------
    time : float
        [s]
    started : int
        Requests begun. [requests]
    busy, queue, able : ndarray
        Servers busy, requests waiting and servers available, over time. [s]
    came, refused, gave_up, served : ndarray
        Requests that came, were refused, left the queue unserved, and were served. [requests]
    present : ndarray
        Requests waiting or served at this moment. [requests]
    wasted : float
        Service of attempts that failed. [s]
    attempts : ndarray
        Attempts that ended, for each outcome. [attempts]

    Examples
    --------
    >>> import capacity as cap
    >>> web = cap.simulation.Node("web", cap.distributions.Exponential(0.010), servers=4)
    >>> shop = cap.simulation.Network((web,), cap.simulation.Clients(cap.simulation.Poisson(320)))
    >>> last = shop.simulate(requests=2_000, seed=1).marks[-1]
    >>> last.started, last.served  # [requests]
    (2000, array([1989.]))
    """

    time: float
    started: int
    busy: np.ndarray
    queue: np.ndarray
    able: np.ndarray
    came: np.ndarray
    refused: np.ndarray
    gave_up: np.ndarray
    served: np.ndarray
    present: np.ndarray
    wasted: float
    attempts: np.ndarray

    @classmethod
    def of(cls, world: e.World, controls: Controls) -> Mark:
        """Read the sums off a world whose replicas are up to date."""
        n, x, now = world.n, world.x, float(world.x[e.CLOCK])
        nodes = [controls.layout.node(number) for number in range(len(controls.layout.nodes))]
        places = [controls.replicas(number) for number in range(len(nodes))]

        def total(values: Any, field: int) -> np.ndarray:
            return np.array(
                [sum(values[replica + field] for replica in some) for some in places], dtype=float
            )

        def able(node: Node, some: list[int]) -> float:
            up = sum(controls.up_time(replica, now) for replica in some)
            return np.inf if node.servers is None else up * node.servers

        def of_nodes(field: int) -> np.ndarray:
            return np.array([n[node + field] for node in nodes], dtype=float)

        return cls(
            now,
            int(n[e.STARTED]),
            total(x, e.BUSY_AREA),
            total(x, e.QUEUE_AREA),
            np.array([able(*pair) for pair in zip(controls.layout.nodes, places, strict=True)]),
            of_nodes(e.CAME),
            of_nodes(e.REFUSED),
            of_nodes(e.LEFT_QUEUE),
            total(n, e.SERVED),
            total(n, e.BUSY) + total(n, e.QUEUED),
            float(x[e.WASTED]),
            np.array(n[e.ATTEMPTS_BY : e.ATTEMPTS_BY + len(OUTCOMES)], dtype=float),
        )
