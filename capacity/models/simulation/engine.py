"""The event loop: one source that numba compiles and that runs as plain Python, draw for draw the same.

All state lies in a few flat arrays (lists where the loop runs as Python). A *record* is a stretch of `RECORD` places;
its handle is the index of the first, so that field `DUE` of an item is ``x[item + DUE]``. Items are attempts on
their way, or users who wait to try again or who think; replicas are the servers behind one queue; nodes are stations.

Only running services, and timers of differing length, lie in heaps. Timers of one constant length expire in the order
in which they were set, so a linked list holds them: its ends cost the same at any load, and nothing in it is stale.
The loop stops wherever it needs something of Python (`STOP`): random numbers, room, a change in the system, a snapshot.

All compiled code is in this one module, because numba's cache on disk looks only at the file of the function it calls.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from capacity.models.simulation.compiled import inlined

Numbers: TypeAlias = Any  # an array where the loop is compiled, else a list


RECORD = 16
INF = float("inf")
NOBODY = 0

# Records: those of the run, the ends of the two lists of timers, nodes and the entry, replicas, ends of queues, items.
TIMEOUTS, RETRIES, FIRST_NODE = 64, 80, 96

# items, in n: links of the timers and queues (forwards, then backwards), places in the heaps, what it is; in x
TIMER, QUEUE, SERVICE_AT, TIMER_AT, PATIENCE_AT = 0, 2, 4, 5, 6
REQUEST, ATTEMPT, KIND, REPLICA, STATE, HELD, CLOCKED, EPOCH = range(7, 15)
DUE, BEGAN, ENTERED, WAITED, SPENT = range(5)
MOVING, WAITING, SERVING, BACKING_OFF, THINKING = range(5)  # values of STATE
GIVEN_UP = -1  # value of REQUEST: work whose client has gone

# replicas, in n and in x
NODE, UP, BUSY, LINE, SERVERS, OWNER, SERVED, QUEUED, AVAILABLE = range(9)
SINCE, BUSY_AREA, QUEUE_AREA, COLD = range(4)
CRASHED, DRAINING, TAKING = -1, 0, 1  # values of UP

# nodes, in n and in x; the entry follows them as one whose NEXT is where requests come in
FIRST, UPS, BALANCER, TURN, LIMIT, HOLDS, NEXT, LAWS, MISSES, CHANCES = range(10)
RENEGES, CAME, REFUSED, LEFT_QUEUE, ROW = range(10, 15)
SLOWNESS, HIT, WARMING = 0, 1, 2
SHARED, RANDOM_REPLICA, ROUND_ROBIN, TWO_CHOICES, SHORTEST_QUEUE = range(5)  # values of BALANCER
LEAVE, BY_CHANCE = -1, -2  # values of NEXT

# the run, in n and in x
STOP, FREE, SPARE, SERVICES, TIMERS, PENDING, VICTIMS, NEXT_ARRIVAL = range(8)
STARTED, PAUSE, FINISHED, REQUESTS, KINDS, NODES, DELAYS = range(8, 15)
TIMEOUT_KIND, MAX_ATTEMPTS, CONSTANT_DELAY, JITTER, CANCEL, BUDGETED, LIMITING, CLOSED = range(15, 23)
WINDOW, BREAKER, SEEN, FAILURES, TURN_OF_RING, PROBES, PROBES_SENT, PROBES_GOOD = range(23, 31)
RUN_EPOCH, ATTEMPTS_BY = 31, 32  # the latter, and what follows, for each outcome
CLOCK, CONTROL_AT, TIMEOUT, BUDGET, BUDGET_SHARE, BUDGET_BURST, WASTED = range(7)
TOKENS, TOKENS_AT, RATE, BURST, THRESHOLD, OPEN_FOR, OPEN_UNTIL = range(7, 14)
NO_TIMEOUT, CONSTANT_TIMEOUT, DRAWN_TIMEOUT = 0, 1, 2  # values of TIMEOUT_KIND and CLOCKED
CANCEL_NOTHING, CANCEL_WAITING, CANCEL_ALL = 0, 1, 2
SHUT, OPEN, HALF_OPEN = 0, 1, 2  # values of BREAKER: calls pass while it is shut

# streams of random numbers, two places of n each (the next and where to ask for more): of the clients, of each node
MIX_DRAWS, TIMEOUT_DRAWS, JITTER_DRAWS, THINK_DRAWS = 48, 50, 52, 54
ROUTE_DRAWS, BALANCE_DRAWS, HIT_DRAWS, PATIENCE_DRAWS, LAW_DRAWS = 0, 2, 4, 6, 8  # from CHANCES on
MARGIN = 64  # draws of a stream, or items, that are left when the loop stops for more
TOKEN = 1.0 - 1e-9  # what counts as a whole one: sums of its parts, as of evenly spaced requests, round

FIRST_TRY, RESPONSE, LAST, WAIT = range(4)  # of each request, in times
OK, REJECTED, TIMED_OUT, ABANDONED, LIMITED, BROKEN, LOST = range(7)  # outcomes
COMPLETION, EXPIRY, TIMER_RINGS, RETRY, ARRIVAL, CONTROL, VICTIM, NOTHING = range(8)  # events


class World(NamedTuple):
    """All that the loop reads and writes."""

    n: Numbers  # records of whole numbers
    x: Numbers  # records of real ones, at the same handles
    held: Numbers  # replicas whose servers an item keeps, from its handle on
    pending: Numbers  # replicas that may have a server free
    victims: Numbers  # items lost in a crash
    service_time: Numbers  # heap of the running services
    service_who: Numbers
    timer_time: Numbers  # heap of the timers of differing length
    timer_who: Numbers
    draws: Numbers
    arrivals: Numbers
    table: Numbers  # cumulative shares of the kinds, pauses before retries, cumulative chances of the next node by node
    recent: Numbers  # failures among the last calls the breaker has seen
    times: Numbers  # four of each request
    ends: Numbers  # outcome, attempts and kind of each request


# --- random numbers, lists, heaps -------------------------------------------------------------------------------------


@inlined
def draw(w: World, stream: int) -> float:
    """Return the next number of a stream; ask for more in time."""
    place = w.n[stream]
    w.n[stream] = place + 1
    if place >= w.n[stream + 1]:
        w.n[STOP] = 1
    return w.draws[place]


@inlined
def link(n: Numbers, end: int, item: int, field: int) -> None:
    """Put an item last in the list that begins and ends at the item `end`."""
    last = n[end + field + 1]
    n[last + field] = item
    n[item + field] = end
    n[item + field + 1] = last
    n[end + field + 1] = item


@inlined
def unlink(n: Numbers, item: int, field: int) -> None:
    """Take an item out of its list."""
    after, before = n[item + field], n[item + field + 1]
    n[before + field] = after
    n[after + field + 1] = before


@inlined
def rise(times: Numbers, who: Numbers, n: Numbers, place: int, time: float, handle: int) -> None:
    """Put an entry into a heap at a free place or above; `handle` is where items keep their place."""
    while place > 0:
        parent = (place - 1) >> 1
        if times[parent] <= time:
            break
        times[place] = times[parent]
        who[place] = who[parent]
        n[who[place]] = place
        place = parent
    times[place] = time
    who[place] = handle
    n[handle] = place


@inlined
def sink(times: Numbers, who: Numbers, n: Numbers, place: int, size: int, time: float, handle: int) -> None:
    """Put an entry into a heap at a free place or below."""
    child = 2 * place + 1
    while child < size:
        if times[child + 1] < times[child]:  # past the end lies infinity
            child += 1
        if times[child] >= time:
            break
        times[place] = times[child]
        who[place] = who[child]
        n[who[place]] = place
        place = child
        child = 2 * place + 1
    times[place] = time
    who[place] = handle
    n[handle] = place


@inlined
def take_out(times: Numbers, who: Numbers, n: Numbers, place: int, size: int) -> None:
    """Remove an entry from a heap that had `size`."""
    last = size - 1
    time, handle = times[last], who[last]
    times[last] = INF
    if place == last:
        return
    if place > 0 and times[(place - 1) >> 1] > time:
        rise(times, who, n, place, time, handle)
    else:
        sink(times, who, n, place, last, time, handle)


@inlined
def set_timer(w: World, handle: int, time: float) -> None:
    """Wake an item, or end its patience, at a time."""
    rise(w.timer_time, w.timer_who, w.n, w.n[TIMERS], time, handle)
    w.n[TIMERS] += 1


@inlined
def drop_timer(w: World, place: int) -> None:
    """Forget a timer."""
    take_out(w.timer_time, w.timer_who, w.n, place, w.n[TIMERS])
    w.n[TIMERS] -= 1


@inlined
def take_slot(w: World) -> int:
    """Return a free item; ask for room in time."""
    item = w.n[FREE]
    w.n[FREE] = w.n[item + QUEUE]
    w.n[SPARE] -= 1
    if w.n[SPARE] < MARGIN:
        w.n[STOP] = 1
    return item


@inlined
def give_back(w: World, item: int) -> None:
    """Free an item."""
    w.n[item + QUEUE] = w.n[FREE]
    w.n[FREE] = item
    w.n[SPARE] += 1


# --- servers ----------------------------------------------------------------------------------------------------------


@inlined
def tick(w: World, replica: int, now: float) -> None:
    """Add up the time since the last change at a replica, weighted by who was there."""
    n, x = w.n, w.x
    span = now - x[replica + SINCE]
    x[replica + SINCE] = now
    x[replica + BUSY_AREA] += span * n[replica + BUSY]
    x[replica + QUEUE_AREA] += span * n[replica + QUEUED]


@inlined
def hits(w: World, node: int, replica: int) -> bool:
    """Draw whether the replica's cache has what is asked; each service makes it warmer."""
    cold = w.x[replica + COLD]
    w.x[replica + COLD] = cold * w.x[node + WARMING]
    return draw(w, w.n[node + CHANCES] + HIT_DRAWS) < w.x[node + HIT] * (1.0 - cold)


@inlined
def serve(w: World, item: int, replica: int, now: float) -> None:
    """Give an item a free server."""
    node = w.n[replica + NODE]
    law = w.n[node + LAWS]
    if w.x[node + HIT] > 0.0 and not hits(w, node, replica):
        law = w.n[node + MISSES]
    time = draw(w, law + 2 * w.n[item + KIND]) * w.x[node + SLOWNESS]
    tick(w, replica, now)
    w.n[replica + BUSY] += 1
    w.n[item + REPLICA] = replica
    w.n[item + STATE] = SERVING
    w.x[item + WAITED] += now - w.x[item + ENTERED]
    w.x[item + SPENT] += time
    rise(w.service_time, w.service_who, w.n, w.n[SERVICES], now + time, item + SERVICE_AT)
    w.n[SERVICES] += 1


@inlined
def vacate(w: World, replica: int, now: float) -> None:
    """Free a server; whoever is next gets it when the event is over."""
    tick(w, replica, now)
    w.n[replica + BUSY] -= 1
    w.pending[w.n[PENDING]] = replica
    w.n[PENDING] += 1


@inlined
def release(w: World, item: int, now: float) -> None:
    """Free all servers that an item kept while others worked for it."""
    for place in range(item, item + w.n[item + HELD]):
        vacate(w, w.held[place], now)
    w.n[item + HELD] = 0


@inlined
def leave_queue(w: World, item: int, now: float) -> None:
    """Take an item out of the queue it waits in."""
    owner = w.n[item + REPLICA]
    unlink(w.n, item, QUEUE)
    tick(w, owner, now)
    w.n[owner + QUEUED] -= 1
    if w.n[w.n[owner + NODE] + RENEGES] != 0:
        drop_timer(w, w.n[item + PATIENCE_AT])


@inlined
def first_in_line(w: World, owner: int) -> int:
    """Return the item that is next: the longest waiting of the most urgent kind."""
    line = w.n[owner + LINE]
    item = w.n[line + QUEUE]
    while item == line:
        line += RECORD
        item = w.n[line + QUEUE]
    return item


@inlined
def may_serve(w: World, replica: int) -> bool:
    """Say whether a replica works; one that is drained still works off a queue of its own."""
    up = w.n[replica + UP]
    return up == TAKING or (up == DRAINING and w.n[w.n[replica + NODE] + BALANCER] != SHARED)


@inlined
def offer(w: World, now: float) -> None:
    """Let the replica that was freed last take from its queue, as long as it can."""
    replica = w.pending[w.n[PENDING] - 1]
    n = w.n
    owner = n[replica + OWNER]
    room = n[replica + SERVERS] - n[replica + BUSY] if may_serve(w, replica) else 0
    if room > 0 and n[owner + QUEUED] > 0:
        item = first_in_line(w, owner)
        leave_queue(w, item, now)
        serve(w, item, replica, now)
        room -= 1
    if room <= 0 or n[owner + QUEUED] == 0:
        w.n[PENDING] -= 1


# --- stations ---------------------------------------------------------------------------------------------------------


@inlined
def present(w: World, replica: int) -> int:
    """Count who is at a replica, waiting or served."""
    return w.n[replica + BUSY] + w.n[replica + QUEUED]


@inlined
def up_at(w: World, first: int, place: int) -> int:
    """Return one of a node's replicas that take work."""
    return w.n[first + place * RECORD + AVAILABLE]


@inlined
def two_choices(w: World, node: int, first: int, ups: int) -> int:
    """Draw two replicas and return the one with fewer present."""
    stream = w.n[node + CHANCES] + BALANCE_DRAWS
    one = int(draw(w, stream) * ups)
    other = int(draw(w, stream) * (ups - 1))
    if other >= one:
        other += 1
    if ups == 1:
        other = one
    one, other = up_at(w, first, one), up_at(w, first, other)
    return one if present(w, one) <= present(w, other) else other


@inlined
def shortest(w: World, first: int, ups: int) -> int:
    """Return the replica with the fewest present."""
    best = up_at(w, first, 0)
    for place in range(1, ups):
        other = up_at(w, first, place)
        if present(w, other) < present(w, best):
            best = other
    return best


@inlined
def with_room(w: World, first: int, ups: int) -> int:
    """Return a replica with a free server, or the first of all."""
    for place in range(ups):
        replica = up_at(w, first, place)
        if w.n[replica + BUSY] < w.n[replica + SERVERS]:
            return replica
    return up_at(w, first, 0)


@inlined
def balance(w: World, node: int, first: int, ups: int) -> int:
    """Choose among the replicas that take work."""
    how = w.n[node + BALANCER]
    if how == SHARED:
        return with_room(w, first, ups)
    if how == RANDOM_REPLICA:
        return up_at(w, first, int(draw(w, w.n[node + CHANCES] + BALANCE_DRAWS) * ups))
    if how == ROUND_ROBIN:
        w.n[node + TURN] += 1
        return up_at(w, first, w.n[node + TURN] % ups)
    return two_choices(w, node, first, ups) if how == TWO_CHOICES else shortest(w, first, ups)


@inlined
def join(w: World, item: int, owner: int, node: int, now: float) -> int:
    """Wait in a queue, unless it is full."""
    n = w.n
    if n[owner + QUEUED] >= w.n[node + LIMIT]:
        w.n[node + REFUSED] += 1
        return REJECTED
    tick(w, owner, now)
    n[owner + QUEUED] += 1
    link(n, n[owner + LINE] + n[item + KIND] * RECORD, item, QUEUE)
    n[item + REPLICA] = owner
    n[item + STATE] = WAITING
    if w.n[node + RENEGES] != 0:
        patience = draw(w, w.n[node + CHANCES] + PATIENCE_DRAWS)
        set_timer(w, item + PATIENCE_AT, now + patience)
    return OK


@inlined
def enter(w: World, item: int, node: int, now: float) -> int:
    """Bring an item to a station: to a free server, into a queue, or to a refusal."""
    n = w.n
    n[node + CAME] += 1
    w.x[item + ENTERED] = now
    ups = n[node + UPS]
    shared = n[node + BALANCER] == SHARED
    if ups == 0 and not shared:
        n[node + REFUSED] += 1
        return REJECTED
    first = n[node + FIRST]
    replica = balance(w, node, first, ups) if ups > 0 else first
    if ups > 0 and n[replica + BUSY] < n[replica + SERVERS]:
        serve(w, item, replica, now)
        return OK
    return join(w, item, n[replica + OWNER], node, now)


@inlined
def next_node(w: World, node: int) -> int:
    """Return where an item goes from a node."""
    goes = w.n[node + NEXT]
    if goes != BY_CHANCE:
        return goes
    chance = draw(w, w.n[node + CHANCES] + ROUTE_DRAWS)
    row = w.n[node + ROW]
    for place in range(w.n[NODES]):
        if chance < w.table[row + place]:
            return FIRST_NODE + place * RECORD
    return LEAVE


@inlined
def complete(w: World, now: float) -> int:
    """End the service that is due; return its item."""
    item = w.service_who[0] - SERVICE_AT
    take_out(w.service_time, w.service_who, w.n, 0, w.n[SERVICES])
    w.n[SERVICES] -= 1
    w.n[item + STATE] = MOVING
    replica = w.n[item + REPLICA]
    w.n[replica + SERVED] += 1
    if w.n[w.n[replica + NODE] + HOLDS] != 0:
        w.held[item + w.n[item + HELD]] = replica
        w.n[item + HELD] += 1
    else:
        vacate(w, replica, now)
        if w.n[item + HELD] > 0:
            release(w, item, now)
    return item


@inlined
def withdraw(w: World, item: int, now: float) -> None:
    """Take an item out of the station it is at."""
    if w.n[item + STATE] == WAITING:
        w.n[w.n[w.n[item + REPLICA] + NODE] + LEFT_QUEUE] += 1
        leave_queue(w, item, now)
    else:
        place = w.n[item + SERVICE_AT]
        w.x[item + SPENT] -= w.service_time[place] - now
        take_out(w.service_time, w.service_who, w.n, place, w.n[SERVICES])
        w.n[SERVICES] -= 1
        vacate(w, w.n[item + REPLICA], now)
    w.n[item + STATE] = MOVING


# --- clients ----------------------------------------------------------------------------------------------------------


@inlined
def begin(w: World, item: int, now: float) -> None:
    """Start a new request."""
    n, request = w.n, w.n[STARTED]
    n[STARTED] += 1
    if n[STARTED] == n[PAUSE]:
        n[STOP] = 1
    w.times[4 * request] = now
    w.n[item + REQUEST] = request
    w.n[item + ATTEMPT] = 0
    kind = 0
    if n[KINDS] > 1:
        chance = draw(w, MIX_DRAWS)
        while kind < n[KINDS] - 1 and chance >= w.table[kind]:
            kind += 1
    w.n[item + KIND] = kind
    if n[BUDGETED] != 0:
        w.x[BUDGET] = min(w.x[BUDGET] + w.x[BUDGET_SHARE], w.x[BUDGET_BURST])


@inlined
def breaker_lets(w: World, now: float) -> bool:
    """Ask the circuit breaker; when it has been open for long enough some calls probe."""
    n = w.n
    if n[BREAKER] == OPEN and now >= w.x[OPEN_UNTIL]:
        n[BREAKER] = HALF_OPEN
        n[PROBES_SENT] = n[PROBES_GOOD] = 0
    if n[BREAKER] == SHUT:
        return True
    if n[BREAKER] == OPEN or n[PROBES_SENT] >= n[PROBES]:
        return False
    n[PROBES_SENT] += 1
    return True


@inlined
def trip(w: World, now: float) -> None:
    """Open the breaker; what was under way no longer counts."""
    w.n[BREAKER] = OPEN
    w.n[RUN_EPOCH] += 1
    w.x[OPEN_UNTIL] = now + w.x[OPEN_FOR]
    w.n[SEEN] = w.n[FAILURES] = w.n[TURN_OF_RING] = 0


@inlined
def record(w: World, failed: int, now: float) -> None:
    """Tell the breaker how a call went."""
    n = w.n
    if n[BREAKER] == HALF_OPEN:
        n[PROBES_GOOD] += 1 - failed
        if failed != 0:
            trip(w, now)
        elif n[PROBES_GOOD] == n[PROBES]:
            n[BREAKER] = SHUT
        return
    turn = n[TURN_OF_RING]
    if n[SEEN] == n[WINDOW]:
        n[FAILURES] -= w.recent[turn]
    else:
        n[SEEN] += 1
    w.recent[turn] = failed
    n[FAILURES] += failed
    n[TURN_OF_RING] = (turn + 1) % n[WINDOW]
    if n[SEEN] == n[WINDOW] and n[FAILURES] >= w.x[THRESHOLD] * n[WINDOW]:
        trip(w, now)


@inlined
def limiter_lets(w: World, now: float) -> bool:
    """Take a token at the entry, if there is one."""
    x = w.x
    x[TOKENS] = min(x[TOKENS] + (now - x[TOKENS_AT]) * x[RATE], x[BURST])
    x[TOKENS_AT] = now
    if x[TOKENS] < TOKEN:
        return False
    x[TOKENS] -= 1.0
    return True


@inlined
def admit(w: World, item: int, now: float) -> int:
    """Begin an attempt: past the breaker and the rate limit, with the clock running."""
    n, x = w.n, w.x
    n[item + ATTEMPT] += 1
    n[item + STATE] = MOVING
    n[item + HELD] = 0
    n[item + EPOCH] = n[RUN_EPOCH]
    x[item + BEGAN] = now
    x[item + WAITED] = 0.0
    x[item + SPENT] = 0.0
    if n[WINDOW] > 0 and not breaker_lets(w, now):
        return BROKEN
    if n[LIMITING] != 0 and not limiter_lets(w, now):
        return LIMITED
    n[item + CLOCKED] = n[TIMEOUT_KIND]
    if n[TIMEOUT_KIND] == CONSTANT_TIMEOUT:
        x[item + DUE] = now + w.x[TIMEOUT]
        link(n, TIMEOUTS, item, TIMER)
    elif n[TIMEOUT_KIND] == DRAWN_TIMEOUT:
        set_timer(w, item + TIMER_AT, now + draw(w, TIMEOUT_DRAWS))
    return OK


@inlined
def stop_clock(w: World, item: int) -> None:
    """Take away an attempt's time-out."""
    if w.n[item + CLOCKED] == CONSTANT_TIMEOUT:
        unlink(w.n, item, TIMER)
    elif w.n[item + CLOCKED] == DRAWN_TIMEOUT:
        drop_timer(w, w.n[item + TIMER_AT])
    w.n[item + CLOCKED] = NO_TIMEOUT


@inlined
def abandon(w: World, item: int) -> int:
    """Leave an attempt to servers that do not know its client has gone; return the item the client goes on with."""
    heir = take_slot(w)
    n = w.n
    for field in range(REQUEST, KIND + 1):
        n[heir + field] = n[item + field]
    n[heir + EPOCH] = n[item + EPOCH]
    w.x[heir + BEGAN] = w.x[item + BEGAN]
    w.x[heir + WAITED] = w.x[item + WAITED]
    n[heir + STATE] = MOVING
    n[heir + HELD] = 0
    n[heir + CLOCKED] = NO_TIMEOUT
    n[item + REQUEST] = GIVEN_UP
    return heir


@inlined
def may_retry(w: World, item: int, outcome: int) -> bool:
    """Ask whether attempts and budget are left; an open breaker ends a request."""
    if outcome in (OK, BROKEN) or w.n[item + ATTEMPT] >= w.n[MAX_ATTEMPTS]:
        return False
    if w.n[BUDGETED] == 0:
        return True
    if w.x[BUDGET] < TOKEN:
        return False
    w.x[BUDGET] -= 1.0
    return True


@inlined
def back_off(w: World, item: int, now: float) -> None:
    """Wait before the next attempt."""
    delay = w.table[w.n[DELAYS] + w.n[item + ATTEMPT] - 1]
    w.n[item + STATE] = BACKING_OFF
    if w.n[CONSTANT_DELAY] != 0:
        w.x[item + DUE] = now + delay
        link(w.n, RETRIES, item, TIMER)
        return
    if w.n[JITTER] != 0:
        delay *= draw(w, JITTER_DRAWS)
    set_timer(w, item + TIMER_AT, now + delay)


@inlined
def finish(w: World, item: int, outcome: int, now: float) -> None:
    """Write down how a request ended; a user of a closed population thinks, then comes again."""
    request = w.n[item + REQUEST]
    w.times[4 * request + RESPONSE] = now - w.times[4 * request]
    w.times[4 * request + LAST] = now - w.x[item + BEGAN]
    w.times[4 * request + WAIT] = w.x[item + WAITED]
    w.ends[3 * request] = outcome
    w.ends[3 * request + 1] = w.n[item + ATTEMPT]
    w.ends[3 * request + 2] = w.n[item + KIND]
    w.n[FINISHED] += 1
    if w.n[FINISHED] == w.n[REQUESTS]:
        w.n[STOP] = 1
    if w.n[CLOSED] != 0:
        w.n[item + STATE] = THINKING
        set_timer(w, item + TIMER_AT, now + draw(w, THINK_DRAWS))
    else:
        give_back(w, item)


@inlined
def settle(w: World, item: int, outcome: int, now: float) -> None:
    """End an attempt: stop its work if that can be, and let its client try again or be done."""
    n = w.n
    state = n[item + STATE]
    gone = n[item + REQUEST] == GIVEN_UP
    if outcome == TIMED_OUT and n[CANCEL] < state:
        n[ATTEMPTS_BY + outcome] += 1
        if n[WINDOW] > 0 and n[item + EPOCH] == n[RUN_EPOCH]:
            record(w, 1, now)
        item = abandon(w, item)
    else:
        if state != MOVING:
            withdraw(w, item, now)
        if n[item + HELD] > 0:
            release(w, item, now)
        if gone or outcome != OK:
            w.x[WASTED] += w.x[item + SPENT]
        if gone:
            give_back(w, item)
            return
        stop_clock(w, item)
        n[ATTEMPTS_BY + outcome] += 1
        if n[WINDOW] > 0 and outcome != BROKEN and n[item + EPOCH] == n[RUN_EPOCH]:
            record(w, 0 if outcome == OK else 1, now)
    if may_retry(w, item, outcome):
        back_off(w, item, now)
    else:
        finish(w, item, outcome, now)


# --- the loop ---------------------------------------------------------------------------------------------------------


@inlined
def soonest(w: World) -> tuple[float, int]:
    """Return the time and the kind of the next event."""
    if w.n[PENDING] + w.n[VICTIMS] > 0:
        return w.x[CLOCK], NOTHING if w.n[PENDING] > 0 else VICTIM
    time, event = w.service_time[0], COMPLETION
    other = w.x[w.n[TIMEOUTS + TIMER] + DUE]
    if other < time:
        time, event = other, EXPIRY
    if w.timer_time[0] < time:
        time, event = w.timer_time[0], TIMER_RINGS
    other = w.x[w.n[RETRIES + TIMER] + DUE]
    if other < time:
        time, event = other, RETRY
    other = w.arrivals[w.n[NEXT_ARRIVAL]]
    if other < time:
        time, event = other, ARRIVAL
    if w.x[CONTROL_AT] <= time:
        time, event = w.x[CONTROL_AT], CONTROL
    return time, event


@inlined
def ring(w: World, now: float) -> tuple[int, int, int]:
    """Act on the timer that rings; return the item that starts an attempt, the one that ends one, and how."""
    handle = w.timer_who[0]
    field = handle % RECORD
    item = handle - field
    if field == PATIENCE_AT:
        return NOBODY, item, ABANDONED
    drop_timer(w, 0)
    state = w.n[item + STATE]
    if state == BACKING_OFF:
        return item, NOBODY, OK
    if state != THINKING:
        w.n[item + CLOCKED] = NO_TIMEOUT
        return NOBODY, item, TIMED_OUT
    if w.n[STARTED] == w.n[REQUESTS]:
        give_back(w, item)
        return NOBODY, NOBODY, OK
    begin(w, item, now)
    return item, NOBODY, OK


@inlined
def run(w: World) -> None:
    """Go from event to event until Python is needed."""
    n = w.n
    while n[STOP] == 0:
        now, event = soonest(w)
        w.x[CLOCK] = now
        starting = moving = ended = node = NOBODY
        outcome = OK
        if event == COMPLETION:
            moving = complete(w, now)
            node = next_node(w, w.n[n[moving + REPLICA] + NODE])
        elif event == ARRIVAL:
            n[NEXT_ARRIVAL] += 1
            starting = take_slot(w)
            begin(w, starting, now)
        elif event == EXPIRY:
            ended, outcome = n[TIMEOUTS + TIMER], TIMED_OUT
            unlink(n, ended, TIMER)
            n[ended + CLOCKED] = NO_TIMEOUT
        elif event == RETRY:
            starting = n[RETRIES + TIMER]
            unlink(n, starting, TIMER)
        elif event == TIMER_RINGS:
            starting, ended, outcome = ring(w, now)
        elif event == VICTIM:
            n[VICTIMS] -= 1
            ended, outcome = w.victims[n[VICTIMS]], LOST
        elif event == CONTROL:
            n[STOP] = 1
        while n[PENDING] > 0:
            offer(w, now)
            if event == NOTHING:  # one at a time, for a replica that comes up may start any number
                break
        if starting != NOBODY:
            outcome = admit(w, starting, now)
            if outcome == OK:
                moving, node = starting, next_node(w, FIRST_NODE + n[NODES] * RECORD)
            else:
                ended = starting
        if moving != NOBODY:
            if node != LEAVE:
                outcome = enter(w, moving, node, now)
            if node == LEAVE or outcome != OK:
                ended = moving
        if ended != NOBODY:
            settle(w, ended, outcome, now)
