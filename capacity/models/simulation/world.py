"""The state of a running simulation, laid out for the loop, and given more room when it asks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from capacity.models.distributions import Distribution
from capacity.models.simulation import engine as e
from capacity.models.simulation import streams as s
from capacity.models.simulation.clients import CANCELLATIONS, Clients, Users
from capacity.models.simulation.seeds import generator
from capacity.models.simulation.system import BALANCERS, Node

SLOTS = 1024  # items there is room for at first, beside those of a closed population
ENDLESS = 2**62

Fields = dict[int, float]


class Layout:
    """Where the records of a network begin.

    Parameters
    ----------
    nodes : sequence of Node
    kinds : int
        Of requests.
    attempts : int
        Most of a request.
    """

    def __init__(self, nodes: Sequence[Node], kinds: int, attempts: int) -> None:
        self.nodes, self.kinds, self.attempts = nodes, kinds, attempts
        self.entry = e.FIRST_NODE + len(nodes) * e.RECORD
        starts = np.cumsum([0, *(node.most for node in nodes)]) * e.RECORD + self.entry + e.RECORD
        self.replicas, self.lines = starts[:-1].tolist(), int(starts[-1])
        total = (self.lines - self.entry) // e.RECORD - 1
        self.streams = self.lines + total * kinds * e.RECORD
        width = (len(nodes) + 1) * s.stream_width(kinds)
        self.items = self.streams + math.ceil(width / e.RECORD) * e.RECORD

    def node(self, number: int) -> int:
        """Return the handle of a node, by its number."""
        return e.FIRST_NODE + number * e.RECORD

    def line(self, replica: int) -> int:
        """Return the end of the first queue of a replica."""
        return self.lines + (replica - self.entry - e.RECORD) * self.kinds

    def stream(self, number: int) -> int:
        """Return the first stream of a node, by its number; the entry comes last."""
        return self.streams + number * s.stream_width(self.kinds)

    def row(self, number: int) -> int:
        """Return where the chances of a node's next one begin in the table."""
        return self.kinds + self.attempts + number * len(self.nodes)


def build(
    nodes: Sequence[Node], routes: np.ndarray, clients: Clients, requests: int, seed: int
) -> tuple[e.World, s.Streams]:
    """Lay out everything before the first event; `routes` has a row for each node, then one for the entry."""
    layout = Layout(nodes, len(clients.mix), clients.max_attempts)
    leads = [_leads(row) for row in routes]
    streams = s.streams_of(nodes, clients, [to == e.BY_CHANCE for to in leads], layout.streams, seed)
    slots = SLOTS + (clients.arrivals.population if isinstance(clients.arrivals, Users) else 0)
    n, x, held = _memory(layout.items + slots * e.RECORD, any(node.holds for node in nodes))
    _write(n, x, 0, *_run(clients, len(nodes), requests))
    for number in range(len(nodes)):
        _write_node(n, x, layout, number, leads[number])
    _write(n, x, layout.entry, {
        e.NEXT: leads[-1], e.CHANCES: layout.stream(len(nodes)), e.ROW: layout.row(len(nodes)),
    }, {})  # fmt: skip
    _ends(n, x, np.array([e.TIMEOUTS, e.RETRIES, *range(layout.lines, layout.streams, e.RECORD)]))
    _chain(n, layout.items)
    n[e.FREE], n[e.SPARE] = layout.items, slots
    streams.open(n)
    heaps = _heaps(len(n))
    if isinstance(clients.arrivals, Users):
        _all_think(n, heaps, np.sort(streams.take(e.THINK_DRAWS, clients.arrivals.population)))
    table = [
        np.cumsum(clients.mix),
        np.array(clients.backoff.delays(clients.max_attempts)),
        np.cumsum(routes, axis=1).ravel(),
    ]
    arrays = {
        "n": n, "x": x, "held": held, **heaps, "table": np.concatenate(table),
        "pending": np.zeros(e.MARGIN + (layout.lines - layout.entry) // e.RECORD, dtype=np.int64),
        "victims": np.zeros(1, dtype=np.int64),
        "arrivals": _arrivals(clients, requests, seed),
        "recent": np.zeros(clients.breaker.window if clients.breaker else 1, dtype=np.int64),
        "times": np.zeros(4 * requests),
        "ends": np.zeros(3 * requests, dtype=np.int32),
    }  # fmt: skip
    return e.World(draws=streams.draws, **{name: s.numbers(array) for name, array in arrays.items()}), streams


def grown(world: e.World) -> e.World:
    """Return the same state with room for more items; the last free one already points to the first new one."""
    old = len(world.n)
    n, x, held = _memory(2 * old, len(world.held) == old)
    _chain(n, old)
    longer = {"n": n, "x": x, **_heaps(len(n))} | ({"held": held} if len(held) > 1 else {})
    arrays = {name: s.numbers(array) for name, array in longer.items()}
    for name, array in arrays.items():
        former = getattr(world, name)
        array[: len(former)] = former
    arrays["n"][e.SPARE] += (len(n) - old) // e.RECORD
    return world._replace(**arrays)


def _memory(size: int, holding: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros(size, dtype=np.int64), np.zeros(size), np.zeros(size if holding else 1, dtype=np.int64)


def _write(n: np.ndarray, x: np.ndarray, handle: int, whole: Fields, real: Fields) -> None:
    """Fill fields of one record."""
    for field, value in whole.items():
        n[handle + field] = value
    for field, value in real.items():
        x[handle + field] = value


def _leads(row: np.ndarray) -> int:
    """Return where a row of the routing matrix leads: to a node, away, or somewhere by chance."""
    if not row.any():
        return e.LEAVE
    best = int(np.argmax(row))
    return e.FIRST_NODE + best * e.RECORD if row[best] == 1 else e.BY_CHANCE


def is_shared(node: Node) -> bool:
    """Say whether all replicas take from one queue."""
    return node.balancer == "shared"


def _write_node(n: np.ndarray, x: np.ndarray, layout: Layout, number: int, leads: int) -> None:
    """Fill the records of a node and of its replicas."""
    node, kinds, first = layout.nodes[number], layout.kinds, layout.replicas[number]
    stream = layout.stream(number)
    cache = node.cache
    whole: Fields = {
        e.FIRST: first, e.UPS: node.replicas, e.TURN: -1,
        e.BALANCER: e.SHARED if is_shared(node) else BALANCERS.index(node.balancer),
        e.LIMIT: ENDLESS if node.queue_limit is None else node.queue_limit,
        e.HOLDS: node.holds, e.RENEGES: node.patience is not None,
        e.NEXT: leads, e.ROW: layout.row(number),
        e.CHANCES: stream, e.LAWS: stream + e.LAW_DRAWS, e.MISSES: stream + e.LAW_DRAWS + 2 * kinds,
    }  # fmt: skip
    real: Fields = {e.SLOWNESS: 1.0}
    if cache:
        real |= {e.HIT: cache.hit, e.WARMING: math.exp(-1 / cache.warm_up)}
    _write(n, x, layout.node(number), whole, real)
    for place in range(node.most):
        replica = first + place * e.RECORD
        owner = first if is_shared(node) else replica
        whole = {
            e.NODE: layout.node(number), e.UP: place < node.replicas, e.AVAILABLE: replica,
            e.SERVERS: ENDLESS if node.servers is None else node.servers,
            e.OWNER: owner, e.LINE: layout.line(owner),
        }  # fmt: skip
        _write(n, x, replica, whole, {e.COLD: bool(cache and cache.cold)})


def _run(clients: Clients, nodes: int, requests: int) -> tuple[Fields, Fields]:
    """Return the settings of a run."""
    backoff, kinds = clients.backoff, len(clients.mix)
    whole: Fields = {
        e.REQUESTS: requests, e.KINDS: kinds, e.NODES: nodes, e.DELAYS: kinds,
        e.MAX_ATTEMPTS: clients.max_attempts, e.JITTER: backoff.jitter,
        e.CONSTANT_DELAY: not backoff.jitter and len(set(backoff.delays(clients.max_attempts - 1))) <= 1,
        e.CANCEL: CANCELLATIONS.index(clients.cancels), e.CLOSED: isinstance(clients.arrivals, Users),
    }  # fmt: skip
    real: Fields = {e.CONTROL_AT: math.inf}
    if isinstance(clients.timeout, Distribution):
        whole[e.TIMEOUT_KIND] = e.DRAWN_TIMEOUT
    elif clients.timeout is not None:
        whole[e.TIMEOUT_KIND], real[e.TIMEOUT] = e.CONSTANT_TIMEOUT, clients.timeout
    if budget := clients.retry_budget:
        whole[e.BUDGETED] = True
        real |= {e.BUDGET: budget.burst, e.BUDGET_SHARE: budget.share, e.BUDGET_BURST: budget.burst}
    if limit := clients.rate_limit:
        whole[e.LIMITING] = True
        real |= {e.TOKENS: limit.burst, e.RATE: limit.rate, e.BURST: limit.burst}
    if breaker := clients.breaker:
        whole |= {e.WINDOW: breaker.window, e.PROBES: breaker.probes}
        real |= {e.THRESHOLD: breaker.threshold, e.OPEN_FOR: breaker.open_for}
    return whole, real


def _ends(n: np.ndarray, x: np.ndarray, handles: np.ndarray) -> None:
    """Link the ends of lists to themselves; they are never due."""
    for field in (e.TIMER, e.TIMER + 1, e.QUEUE, e.QUEUE + 1):
        n[handles + field] = handles
    x[handles + e.DUE] = np.inf


def _chain(n: np.ndarray, start: int) -> None:
    """Let each free item point to the next, the last to where memory ends."""
    handles = np.arange(start, len(n), e.RECORD)
    n[handles + e.QUEUE] = handles + e.RECORD


def _heaps(size: int) -> dict[str, np.ndarray]:
    """Return empty heaps: an item is served once at a time, but may have two timers."""
    services, timers = size // e.RECORD + 2, 2 * size // e.RECORD + 2
    return {
        "service_time": np.full(services, np.inf), "service_who": np.zeros(services, dtype=np.int64),
        "timer_time": np.full(timers, np.inf), "timer_who": np.zeros(timers, dtype=np.int64),
    }  # fmt: skip


def _arrivals(clients: Clients, requests: int, seed: int) -> np.ndarray:
    if isinstance(clients.arrivals, Users):
        return np.array([np.inf])
    times = clients.arrivals.times(requests, generator(seed, s.OF_CLIENTS, s.ARRIVALS))
    return np.append(times, np.inf)


def _all_think(n: np.ndarray, heaps: dict[str, np.ndarray], times: np.ndarray) -> None:
    """Let every user begin with a pause for thought; sorted times are a heap."""
    items = n[e.FREE] + np.arange(times.size) * e.RECORD
    n[items + e.TIMER_AT], n[items + e.STATE] = np.arange(times.size), e.THINKING
    heaps["timer_time"][: times.size], heaps["timer_who"][: times.size] = times, items + e.TIMER_AT
    n[e.TIMERS] = times.size
    n[e.FREE] += times.size * e.RECORD
    n[e.SPARE] -= times.size
