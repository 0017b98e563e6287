"""What happens to a running system from outside: slowdowns, deployments, crashes, repairs, scaling.

Rare enough to be plain Python: the loop stops at the time of each, this changes its state, the loop goes on.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from capacity.models.simulation import engine as e
from capacity.models.simulation import streams as s
from capacity.models.simulation.seeds import generator
from capacity.models.simulation.system import Deployment, Failures, Node, Scaling, Slowdown
from capacity.models.simulation.world import Layout, is_shared

TOLERANCE = 0.1  # of the target utilization, within which a rule of scaling does nothing


def tick(world: e.World, replica: int) -> None:
    """Add up the time since the last change at a replica, as the loop does."""
    now, (n, x) = world.x[e.CLOCK], (world.n, world.x)
    span = now - x[replica + e.SINCE]
    x[replica + e.SINCE] = now
    x[replica + e.BUSY_AREA] += span * n[replica + e.BUSY]
    x[replica + e.QUEUE_AREA] += span * n[replica + e.QUEUED]


class Controls:
    """The schedule of what will happen, and the changes it makes.

    Parameters
    ----------
    layout : Layout
    changes : sequence of Slowdown or Deployment
        Planned.
    seed : int
        Of the run, for the crashes.
    """

    def __init__(self, layout: Layout, changes: Sequence[Slowdown | Deployment], seed: int) -> None:
        self.layout, self.seed = layout, seed
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._set = 0
        self._away: dict[int, int] = {}  # reasons why a replica takes no work
        self._up_since: dict[int, float] = {}
        self._up_area: dict[int, float] = {}
        self._number = {node.name: number for number, node in enumerate(layout.nodes)}
        for number, node in enumerate(layout.nodes):
            for place, replica in enumerate(self.replicas(number)):
                self._away[replica] = int(place >= node.replicas)
                self._up_since[replica] = 0.0 if place < node.replicas else math.nan
                self._up_area[replica] = 0.0
                if node.failures:
                    self._await_crash(number, place, node.failures)
            if node.scaling:
                self.scale_every(number, node.scaling)
        for change in changes:
            self._plan(change)

    def replicas(self, number: int) -> list[int]:
        """Return the replicas there may be at a node."""
        first = self.layout.replicas[number]
        return [first + place * e.RECORD for place in range(self.layout.nodes[number].most)]

    @property
    def everywhere(self) -> list[int]:
        """All replicas."""
        return list(self._away)

    @property
    def next_time(self) -> float:
        """When the next change is due [s]."""
        return self._due[0][0] if self._due else math.inf

    def apply(self, world: e.World) -> e.World:
        """Make the changes that are due."""
        self.world = world
        while self.next_time <= world.x[e.CLOCK]:
            heapq.heappop(self._due)[2]()
        return self.world

    def up_time(self, replica: int, now: float) -> float:
        """Return how long a replica has taken work until now [s]."""
        since = self._up_since[replica]
        return self._up_area[replica] + (0.0 if math.isnan(since) else now - since)

    def at(self, time: float, act: Callable[[], None]) -> None:
        """Let something happen at a time [s]."""
        self._set += 1
        heapq.heappush(self._due, (time, self._set, act))

    @property
    def now(self) -> float:
        """Time of the change being made [s]."""
        return float(self.world.x[e.CLOCK])

    def _plan(self, change: Slowdown | Deployment) -> None:
        number = self._number[change.station]
        if isinstance(change, Slowdown):
            self.at(change.start, partial(self._slow, number, change.factor))
            self.at(change.end, partial(self._slow, number, 1 / change.factor))
            return
        for place, replica in enumerate(self.replicas(number)[: self.layout.nodes[number].replicas]):
            start = change.start + place * change.downtime
            self.at(start, partial(self.down, replica))
            self.at(start + change.downtime, partial(self.up, replica))

    def _slow(self, number: int, factor: float) -> None:
        """Make all services at a node longer, those under way included."""
        w, node = self.world, self.layout.node(number)
        w.x[node + e.SLOWNESS] *= factor
        running = []
        for place in range(w.n[e.SERVICES]):
            time, item = w.service_time[place], w.service_who[place] - e.SERVICE_AT
            if w.n[w.n[item + e.REPLICA] + e.NODE] == node:
                more = (time - self.now) * (factor - 1)
                w.x[item + e.SPENT] += more
                time += more
            running.append((time, item))
        for place, (time, item) in enumerate(sorted(running)):
            w.service_time[place], w.service_who[place] = time, item + e.SERVICE_AT
            w.n[item + e.SERVICE_AT] = place

    def down(self, replica: int) -> None:
        """Give a replica no more work."""
        self._away[replica] += 1
        if self._away[replica] == 1:
            self.world.n[replica + e.UP] = e.DRAINING
            self._up_area[replica] = self.up_time(replica, self.now)
            self._up_since[replica] = math.nan
            self._list(replica)

    def up(self, replica: int) -> None:
        """Let a replica take work again, with its cache cold, once nothing keeps it away."""
        self._away[replica] -= 1
        if self._away[replica] == 0:
            n = self.world.n
            n[replica + e.UP] = e.TAKING
            self.world.x[replica + e.COLD] = 1.0
            self._up_since[replica] = self.now
            self._list(replica)
            self.world.pending[n[e.PENDING]] = replica
            n[e.PENDING] += 1

    def _list(self, replica: int) -> None:
        """List anew which replicas of a node take work."""
        n = self.world.n
        number = (n[replica + e.NODE] - e.FIRST_NODE) // e.RECORD
        every = self.replicas(number)
        ups = [one for one in every if n[one + e.UP] == e.TAKING]
        n[self.layout.node(number) + e.UPS] = len(ups)
        for place, one in zip(every, ups, strict=False):
            n[place + e.AVAILABLE] = one

    def _await_crash(self, number: int, place: int, law: Failures) -> None:
        rng = generator(self.seed, s.OF_STATIONS, number, s.CRASHES, place)
        replica = self.replicas(number)[place]

        def crash() -> None:
            self.down(replica)
            self.world.n[replica + e.UP] = e.CRASHED
            self._lose(replica, is_shared(self.layout.nodes[number]))
            self.at(self.now + rng.exponential(law.time_to_repair), repair)

        def repair() -> None:
            self.up(replica)
            self.at(self.now + rng.exponential(law.time_to_failure), crash)

        self.at(rng.exponential(law.time_to_failure), crash)

    def _lose(self, replica: int, shared: bool) -> None:
        """Let all be lost that a replica serves, holds or keeps waiting; a queue shared by several stays."""
        n, held = np.asarray(self.world.n), self.world.held
        items = np.arange(self.layout.items, len(n), e.RECORD)
        waiting, serving = (n[items + e.STATE] == state for state in (e.WAITING, e.SERVING))
        here = n[items + e.REPLICA] == replica
        lost = here & serving if shared else here & (waiting | serving)
        for place in np.flatnonzero((waiting | serving) & (n[items + e.HELD] > 0)).tolist():
            item = int(items[place])
            lost[place] |= replica in list(held[item : item + n[item + e.HELD]])
        known = list(dict.fromkeys([*self.world.victims[: n[e.VICTIMS]], *items[lost].tolist()]))
        self.world = self.world._replace(victims=s.numbers(np.array([*known, 0], dtype=np.int64)))
        self.world.n[e.VICTIMS] = len(known)

    def scale_every(self, number: int, rule: Scaling) -> None:
        """Look at the utilization of a node every interval."""
        scaler = Scaler(self, self.replicas(number), self.layout.nodes[number], rule)

        def look() -> None:
            scaler.look()
            self.at(self.now + rule.interval, look)

        self.at(rule.interval, look)


class Scaler:
    """Keeps as many replicas of a node on duty as its rule wants; the first ones, so many of them."""

    def __init__(self, controls: Controls, replicas: list[int], node: Node, rule: Scaling) -> None:
        self.controls, self.replicas, self.rule = controls, replicas, rule
        self.servers = node.servers or 1
        self.duty = node.replicas
        self.started = set(range(node.replicas))
        self.ordered: dict[int, float] = {}  # when a replica starts by the last order
        self.before = 0.0, 0.0

    def look(self) -> None:
        """Order replicas, or send some away, where utilization is off the target."""
        used, rule = self._used(), self.rule
        if abs(used / rule.target - 1) <= TOLERANCE:
            return
        wanted = min(max(math.ceil(len(self.started) * used / rule.target), rule.least), rule.most)
        for place in range(self.duty, wanted):
            self.ordered[place] = self.controls.now + rule.lag
            self.controls.at(self.ordered[place], partial(self._start, place))
        for place in self.started & set(range(wanted, self.duty)):
            self.started.remove(place)
            self.controls.down(self.replicas[place])
        self.duty = wanted

    def _start(self, place: int) -> None:
        if place < self.duty and place not in self.started and self.controls.now >= self.ordered[place]:
            self.started.add(place)
            self.controls.up(self.replicas[place])

    def _used(self) -> float:
        """Return the utilization since the last look; the target where no replica was up."""
        world, now = self.controls.world, self.controls.now
        for replica in self.replicas:
            tick(world, replica)
        busy = sum(world.x[replica + e.BUSY_AREA] for replica in self.replicas)
        able = sum(self.controls.up_time(replica, now) for replica in self.replicas) * self.servers
        (busy_before, able_before), self.before = self.before, (busy, able)
        return (busy - busy_before) / (able - able_before) if able > able_before else self.rule.target
