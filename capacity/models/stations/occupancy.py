"""Several busy servers as one chain: how many of them are in each phase of their service."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np

from capacity.models.stations.phasetype import PhaseType


@dataclass(frozen=True)
class Occupancy:
    """The states of some busy servers that serve independently: so many in the first phase, so many in the second ...

    Parameters
    ----------
    busy : int
        [servers]
    service : PhaseType
        [s]

    Examples
    --------
    >>> pair = Occupancy(2, PhaseType((1.0, 0.0), ((-2.0, 2.0), (0.0, -2.0))))
    >>> pair.states.tolist()
    [[2, 0], [1, 1], [0, 2]]
    >>> pair.ends.tolist()
    [[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]]
    """

    busy: int
    service: PhaseType

    @property
    def size(self) -> int:
        """Number of states [1]."""
        phases = len(self.service.initial)
        return comb(self.busy + phases - 1, phases - 1)

    @cached_property
    def states(self) -> np.ndarray:
        """Servers in each phase, a row a state [servers]."""
        return _compositions(self.busy, len(self.service.initial))

    @cached_property
    def stays(self) -> np.ndarray:
        """Rates from state to state while nobody ends; minus the rate of leaving a state on the diagonal [1/s]."""
        rates = self.service.rates
        matrix = np.diag(self.states @ np.diag(rates))
        for first, second in np.argwhere(rates).tolist():
            if first != second:
                change = _unit(second, len(rates)) - _unit(first, len(rates))
                matrix += self._moved(self, change, self.states[:, first] * rates[first, second])
        return matrix

    @cached_property
    def ends(self) -> np.ndarray:
        """Rates to the states of one busy server less: a service ends and nobody waits [1/s]."""
        fewer, ends = Occupancy(self.busy - 1, self.service), self.service.ends
        parts = [
            self._moved(fewer, -_unit(phase, len(ends)), self.states[:, phase] * ends[phase])
            for phase in np.flatnonzero(ends).tolist()
        ]
        return sum(parts[1:], parts[0])

    @cached_property
    def begins(self) -> np.ndarray:
        """Chances of the states of one busy server more when a service begins [fraction]."""
        more, starts = Occupancy(self.busy + 1, self.service), self.service.starts
        every = np.ones(self.size)
        parts = [
            self._moved(more, _unit(phase, len(starts)), every * starts[phase])
            for phase in np.flatnonzero(starts).tolist()
        ]
        return sum(parts[1:], parts[0])

    def _moved(self, target: Occupancy, change: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Weights in the places of the states that differ from ours by a change."""
        matrix = np.zeros((self.size, target.size))
        rows = np.flatnonzero(weights)
        matrix[rows, _place(self.states[rows] + change)] = weights[rows]
        return matrix


def _compositions(total: int, parts: int) -> np.ndarray:
    """All ways to write a number as an ordered sum, falling in the first part, then the second ..."""
    if parts == 1:
        return np.array([[total]])
    blocks = [
        np.insert(_compositions(total - first, parts - 1), 0, first, axis=1) for first in range(total, -1, -1)
    ]
    return np.concatenate(blocks)


def _place(states: np.ndarray) -> np.ndarray:
    """Row of each state among all of its number of servers: the states that have more servers further right."""
    parts = states.shape[1] - 1
    right = np.cumsum(states[:, :0:-1], axis=1)[:, ::-1]  # servers right of each part but the last
    place = np.zeros(len(states), dtype=int)
    for part in range(parts):
        before = [comb(count + parts - 1 - part, parts - part) for count in range(right.max(initial=0) + 1)]
        place += np.array(before)[right[:, part]]
    return place


def _unit(place: int, size: int) -> np.ndarray:
    return np.eye(size, dtype=int)[place]
