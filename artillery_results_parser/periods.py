"""The periods of a report, put together when first asked for: a long report has thousands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from artillery_results_parser.model import Period


class Periods(Sequence[Period]):
    """A read-only sequence of periods that are already checked, and made one by one.

    Parameters
    ----------
    number : int
        How many there are.
    make : callable
        Return the period of an index from 0.
    """

    def __init__(self, number: int, make: Callable[[int], Period]) -> None:
        self._made: list[Period | None] = [None] * number
        self._make = make

    @overload
    def __getitem__(self, index: int) -> Period: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Period, ...]: ...
    def __getitem__(self, index: int | slice) -> Period | tuple[Period, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        index = range(len(self))[index]
        if (found := self._made[index]) is None:
            found = self._made[index] = self._make(index)
        return found

    def __len__(self) -> int:
        return len(self._made)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Periods | tuple) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))
