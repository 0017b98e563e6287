"""The pieces of the event loop: heaps whose entries know their place, and lists. As plain Python, compiled or not."""

import heapq
import math

import numpy as np
import pytest

from capacity.models.simulation import engine as e


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    """Let the pieces call each other as plain Python."""
    for name in ("rise", "sink", "take_out", "link", "unlink"):
        piece = getattr(e, name)
        monkeypatch.setattr(e, name, getattr(piece, "py_func", piece))


class TestHeap:
    """Entries come out by time, and their items know where they lie."""

    SIZE = 200

    def fill(self, rng):
        """Return a heap of random times, with the places of its entries."""
        times, who, places = [math.inf] * (self.SIZE + 2), [0] * (self.SIZE + 2), [0] * self.SIZE
        for handle in range(self.SIZE):
            e.rise(times, who, places, handle, rng.random(), handle)
        return times, who, places

    def test_order(self):
        """Times come out in order."""
        times, who, places = self.fill(np.random.default_rng(1))
        expected = sorted(times[: self.SIZE])
        found = []
        for size in range(self.SIZE, 0, -1):
            found.append(times[0])
            e.take_out(times, who, places, 0, size)
        assert found == expected
        assert set(times) == {math.inf}

    def test_places(self):
        """Entries can be taken from anywhere, and the rest stays a heap whose items know their places."""
        rng = np.random.default_rng(2)
        times, who, places = self.fill(rng)
        left = set(range(self.SIZE))
        for size in range(self.SIZE, 0, -1):
            handle = int(rng.choice(sorted(left)))
            left.remove(handle)
            e.take_out(times, who, places, places[handle], size)
            assert all(who[places[one]] == one for one in left)
            assert all(times[(place - 1) // 2] <= times[place] for place in range(1, size - 1))

    def test_against_heapq(self):
        """Pushed and popped in turn, it gives what heapq gives."""
        rng = np.random.default_rng(3)
        times, who, places, other = [math.inf] * 66, [0] * 66, [0] * 64, []
        for handle in range(64):
            time = rng.random()
            e.rise(times, who, places, len(other), time, handle)
            heapq.heappush(other, time)
            if handle % 3 == 2:
                assert times[0] == other[0]
                e.take_out(times, who, places, 0, len(other))
                heapq.heappop(other)


class TestList:
    """Items leave from anywhere, and the rest keeps its order."""

    def test_order(self):
        """Whoever came first is first, whoever leaves."""
        places = [0] * (6 * e.RECORD)
        handles = [number * e.RECORD for number in range(1, 6)]
        for handle in handles:
            e.link(places, 0, handle, e.TIMER)
        e.unlink(places, handles[2], e.TIMER)
        e.unlink(places, handles[0], e.TIMER)
        found, item = [], places[e.TIMER]
        while item:
            found.append(item)
            item = places[item + e.TIMER]
        assert found == [handles[1], handles[3], handles[4]]

    def test_empty(self):
        """A list all have left begins and ends at its end."""
        places = [0] * (2 * e.RECORD)
        e.link(places, 0, e.RECORD, e.QUEUE)
        e.unlink(places, e.RECORD, e.QUEUE)
        assert places[e.QUEUE] == places[e.QUEUE + 1] == 0


def test_fields_apart():
    """No two fields of a record share a place, and all lie inside it."""
    item = [e.TIMER, e.TIMER + 1, e.QUEUE, e.QUEUE + 1, e.SERVICE_AT, e.TIMER_AT, e.PATIENCE_AT, e.REQUEST, e.ATTEMPT,
            e.KIND, e.REPLICA, e.STATE, e.HELD, e.CLOCKED, e.EPOCH]  # fmt: skip
    replica = [e.NODE, e.UP, e.BUSY, e.LINE, e.SERVERS, e.OWNER, e.SERVED, e.QUEUED, e.AVAILABLE]
    node = [e.FIRST, e.UPS, e.BALANCER, e.TURN, e.LIMIT, e.HOLDS, e.NEXT, e.LAWS, e.MISSES, e.CHANCES, e.RENEGES,
            e.CAME, e.REFUSED, e.LEFT_QUEUE, e.ROW]  # fmt: skip
    for fields in (item, replica, node):
        assert len(set(fields)) == len(fields)
        assert max(fields) < e.RECORD
    assert e.ATTEMPTS_BY + e.LOST < e.MIX_DRAWS
    assert e.THINK_DRAWS + 1 < e.TIMEOUTS
