"""Every set of investments, from the few of them that each part of the loss depends on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from capacity.planning.portfolio.ordering import members

DIRECT = 8  # items up to which every set is evaluated
CHECKS = 64  # random sets on which the parts are compared with a whole evaluation
_SAME = 1e-9  # relative

Parts = Mapping[str, float]


class Combinations:
    """Losses of all sets of items, where the loss is a sum of parts that each depend on some of the items.

    Downtime by deployments does not depend on the database's pool, so the 2ⁿ sets need not all be evaluated: a
    part is evaluated for the sets of the items it depends on. Which those are is found by adding each item to
    nothing and taking it from everything, and by comparing random sets with what the parts say of them; an item
    that was missed shows there, and joins, until 64 sets in a row show nothing new. Up to 8 items every set is
    evaluated.

    Parameters
    ----------
    count : int
        Items.
    parts : callable
        Parts of the loss of a set, by name; a part may be absent. Asked once for each set.
    rng : numpy.random.Generator
        Of the sets compared.

    Examples
    --------
    >>> parts = lambda done: {"one": 3.0 - (done & 1), "both": 0.0 if done & 3 == 3 else 5.0}
    >>> Combinations(2, parts, np.random.default_rng(1)).losses.tolist()
    [8.0, 7.0, 8.0, 2.0]
    """

    def __init__(self, count: int, parts: Callable[[int], Parts], rng: np.random.Generator) -> None:
        self.count = count
        self._evaluate = parts
        self._rng = rng
        self._known: dict[int, Parts] = {}

    @property
    def evaluated(self) -> int:
        """Sets evaluated so far."""
        return len(self._known)

    def parts(self, done: int) -> Parts:
        """Parts of the loss of a set."""
        if done not in self._known:
            self._known[done] = dict(self._evaluate(done))
        return self._known[done]

    def loss(self, done: int) -> float:
        """Loss of a set, its parts together."""
        return math.fsum(self.parts(done).values())

    @cached_property
    def losses(self) -> np.ndarray:
        """Loss of each of the 2ⁿ sets."""
        if self.count <= DIRECT:
            whole = list(range(self.count))
            return self._spread(whole, [self.loss(done) for done in subsets(whole)])
        total = np.zeros(1 << self.count)
        for name, touched in self.depends.items():
            items = members(touched)
            total += self._spread(items, [self.parts(done).get(name, 0.0) for done in subsets(items)])
        return total

    @cached_property
    def depends(self) -> dict[str, int]:
        """Set of the items each part depends on."""
        whole = (1 << self.count) - 1
        found: dict[str, int] = {}
        for item in range(self.count):
            for done in (0, whole & ~(1 << item)):
                for name in self._differing(done, done | 1 << item):
                    found[name] = found.get(name, 0) | 1 << item
        for name in (*self.parts(0), *self.parts(whole)):
            found.setdefault(name, 0)
        before: dict[str, int] = {}
        while found != before:  # until as many sets in a row show nothing new
            before = dict(found)
            for done in self._rng.integers(whole + 1, size=CHECKS):
                self._compare(int(done), found)
        return found

    def _compare(self, done: int, found: dict[str, int]) -> None:
        """Let the items join that a part is seen to depend on in one set."""
        for name in sorted({*self.parts(done), *found}):
            touched = found.setdefault(name, 0)
            rest = done
            for item in members(done & ~touched):
                if not self._differs(name, rest, done & touched):
                    break
                if self._differs(name, rest, rest & ~(1 << item)):
                    touched |= 1 << item
                else:
                    rest &= ~(1 << item)
            found[name] = touched

    def _differing(self, one: int, other: int) -> list[str]:
        names = {*self.parts(one), *self.parts(other)}
        return [name for name in sorted(names) if self._differs(name, one, other)]

    def _differs(self, name: str, one: int, other: int) -> bool:
        a, b = self.parts(one).get(name, 0.0), self.parts(other).get(name, 0.0)
        return not math.isclose(a, b, rel_tol=_SAME, abs_tol=1e-12)

    def _spread(self, items: Sequence[int], values: Sequence[float]) -> np.ndarray:
        """Table over all sets of a value that depends on some items, given for their subsets in order."""
        table = np.empty(1 << len(items))
        index = {item: place for place, item in enumerate(items)}
        for done, value in zip(subsets(items), values, strict=True):
            table[sum(1 << index[item] for item in members(done))] = value
        sets, own = np.arange(1 << self.count), np.zeros(1 << self.count, dtype=np.int64)
        for place, item in enumerate(items):
            own |= (sets >> item & 1) << place
        return table[own]


def subsets(items: Sequence[int], done: int = 0) -> Iterator[int]:
    """Every set of some items, each right after the one it adds an item to or one of its extensions.

    Examples
    --------
    >>> list(subsets([0, 1, 2]))
    [0, 1, 3, 7, 5, 2, 6, 4]
    """
    yield done
    for place, item in enumerate(items):
        yield from subsets(items[place + 1 :], done | 1 << item)
