"""Three stations with time-outs and retries: our simulator over a compiled event loop written for them alone.

Run as ``python benchmarks/network.py``. The yardstick knows this one system: one heap of future events, in which timers
that no longer hold are skipped, and one draw at a time. First the answers are compared, then the times.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numba import njit

sys.path.insert(0, str(Path(__file__).parent))
from paired import Ratio, ratio

from capacity.models.distributions import Exponential
from capacity.models.simulation.arrivals import Poisson
from capacity.models.simulation.clients import Backoff, Clients
from capacity.models.simulation.network import Network, Node

REQUESTS = 1_000_000
SERVERS = (4, 8, 3)
SYSTEMS = {  # arrival rate [req/s] and utilization of every station before retries
    "busy": (65.0, 0.8),  # one attempt in a thousand times out; many more, and this load would not be carried
    "impatient": (20.0, 0.5),  # one in forty
}
PATIENCE, PAUSE, ATTEMPTS = 1.0, 0.5, 4  # [s], [s], first attempt included
SAME = 0.02  # relative difference of the mean response that two seeds may make
LIMIT = 2.0

ARRIVAL, TIMEOUT, RETRY = -1, -2, -3  # kinds of events; 0 and above: end of a service at that station


@njit(cache=True)
def push(time, kind, who, stamp, size, t, k, w, s):
    """Put an event into the heap."""
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if time[parent] <= t:
            break
        time[i], kind[i], who[i], stamp[i] = time[parent], kind[parent], who[parent], stamp[parent]
        i = parent
    time[i], kind[i], who[i], stamp[i] = t, k, w, s


@njit(cache=True)
def pop(time, kind, who, stamp, size):
    """Take the first event off the heap of `size`."""
    last = size - 1
    t, k, w, s = time[last], kind[last], who[last], stamp[last]
    i, child = 0, 1
    while child < last:
        if child + 1 < last and time[child + 1] < time[child]:
            child += 1
        if time[child] >= t:
            break
        time[i], kind[i], who[i], stamp[i] = time[child], kind[child], who[child], stamp[child]
        i, child = child, 2 * child + 1
    time[i], kind[i], who[i], stamp[i] = t, k, w, s


@njit(cache=True)
def by_hand(requests, rate, servers, means, patience, pause, attempts, rng):
    """Play the network; return the mean response of the requests answered, their share, and attempts per request.

    A client that gives up leaves its queue at once if it waits there, and is served to the end if it is being served.
    """
    room, line = 1 << 16, 1 << 14
    time, kind, who, stamp = (
        np.empty(room),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
    )
    size, stations = 0, len(servers)
    slots = 1 << 14
    first, tries, epoch, gone = (
        np.zeros(slots),
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
    )
    at, serving = np.zeros(slots, np.int64), np.zeros(slots, np.int64)
    free, spare = np.arange(slots), slots
    queue, queue_epoch = np.zeros((stations, line), np.int64), np.zeros((stations, line), np.int64)
    head, tail, busy = (
        np.zeros(stations, np.int64),
        np.zeros(stations, np.int64),
        np.zeros(stations, np.int64),
    )
    started = finished = answered = made = 0
    total = 0.0
    push(time, kind, who, stamp, size, rng.exponential(1 / rate), ARRIVAL, 0, 0)
    size += 1
    while finished < requests:
        now, event, item, mark = time[0], kind[0], who[0], stamp[0]
        pop(time, kind, who, stamp, size)
        size -= 1
        entering, freed, failed = -1, -1, -1
        if event >= 0:
            freed = event
            serving[item] = 0
            if gone[item]:  # its client went while it was served
                spare += 1
                free[spare - 1] = item
            elif event + 1 < stations:
                entering, at[item] = item, event + 1
            else:
                total += now - first[item]
                answered += 1
                finished += 1
                epoch[item] += 1
                spare += 1
                free[spare - 1] = item
        elif event == ARRIVAL:
            spare -= 1
            item = free[spare]
            first[item], tries[item], gone[item] = now, 0, 0
            started += 1
            if started < requests:
                push(time, kind, who, stamp, size, now + rng.exponential(1 / rate), ARRIVAL, 0, 0)
                size += 1
            entering, event = item, RETRY
        elif event == RETRY:
            entering = item
        elif mark == epoch[item]:  # a time-out that still holds
            epoch[item] += 1
            failed = item
        if event == RETRY:
            tries[entering] += 1
            made += 1
            at[entering] = 0
            push(time, kind, who, stamp, size, now + patience, TIMEOUT, entering, epoch[entering])
            size += 1
        if failed >= 0:
            client = failed
            if serving[failed]:
                spare -= 1
                client = free[spare]
                first[client], tries[client], gone[client], gone[failed] = first[failed], tries[failed], 0, 1
                serving[client] = 0
            if tries[client] < attempts:
                push(time, kind, who, stamp, size, now + pause, RETRY, client, 0)
                size += 1
            else:
                finished += 1
                spare += 1
                free[spare - 1] = client
        if freed >= 0:
            busy[freed] -= 1
            while head[freed] < tail[freed]:
                place = head[freed] % line
                head[freed] += 1
                item = queue[freed, place]
                if queue_epoch[freed, place] == epoch[item]:
                    busy[freed] += 1
                    serving[item] = 1
                    push(
                        time,
                        kind,
                        who,
                        stamp,
                        size,
                        now + rng.exponential(means[freed]),
                        freed,
                        item,
                        0,
                    )
                    size += 1
                    break
        if entering >= 0:
            k = at[entering]
            if busy[k] < servers[k]:
                busy[k] += 1
                serving[entering] = 1
                push(time, kind, who, stamp, size, now + rng.exponential(means[k]), k, entering, 0)
                size += 1
            else:
                queue[k, tail[k] % line], queue_epoch[k, tail[k] % line] = entering, epoch[entering]
                tail[k] += 1
    return total / answered, answered / requests, made / requests


def yardstick(name: str, seed: int = 1) -> tuple[float, float, float]:
    """Run the loop written by hand."""
    rng = np.random.default_rng(seed)
    rate, utilization = SYSTEMS[name]
    means = utilization * np.array(SERVERS) / rate
    return by_hand(REQUESTS, rate, np.array(SERVERS), means, PATIENCE, PAUSE, ATTEMPTS, rng)


def ours(name: str, seed: int = 1) -> tuple[float, float, float]:
    """Run the general simulator."""
    rate, utilization = SYSTEMS[name]
    stations = tuple(Node(f"with {c}", Exponential(utilization * c / rate), c) for c in SERVERS)
    clients = Clients(
        Poisson(rate), timeout=PATIENCE, cancels="waiting", max_attempts=ATTEMPTS, backoff=Backoff(PAUSE)
    )
    run = Network(stations, clients).simulate(REQUESTS, seed=seed, warm_up=0.0)
    return run.response_time, run.shares["ok"], run.attempts_per_request


def compare(name: str) -> Ratio:
    """Compare answers and times; exit where the answers differ by more than two seeds make them."""
    hand, general = yardstick(name), ours(name)
    for what, theirs, our in zip(
        ("mean response [s]", "share answered", "attempts"), hand, general, strict=True
    ):
        print(f"{name}, {what}: by hand {theirs:.5f}, ours {our:.5f}")
        if abs(our / theirs - 1) > SAME:
            raise SystemExit("the answers differ by more than two seeds make them")
    found = ratio(lambda: yardstick(name), lambda: ours(name))
    print(found.line(f"{name}, {REQUESTS} requests", LIMIT))
    print(f"by hand {REQUESTS / found.yardstick:,.0f} requests/s, ours {REQUESTS / found.ours:,.0f}")
    return found


def main() -> int:
    """Print the comparisons; 1 where a limit is missed."""
    return int(max(compare(name).median for name in SYSTEMS) > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
