"""The largest level a random walk on whole numbers ever reaches: what is waited for, counted in units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.models.bisection import crossing

_SETTLED = 1e-12  # relative change at which a ratio counts as constant
_NOTHING = 1e-280  # chance below which the rest is not followed

_NEVER = 700.0  # decay of what never happens: exp(-700) is nothing


@dataclass(frozen=True, eq=False)
class Ladder:
    """Sum of a geometric number of independent steps up, each of 1, 2, ... units.

    All sums have positive terms, so the chances are right to nearly all digits however small they are; where they
    have become geometric they are continued so.

    Parameters
    ----------
    steps : ndarray
        Chance that there is another step and that it is of 0, 1, 2, ... units; that of 0 units is 0,
        that of 1 is not, unless all are. [fraction]
    none : float
        Chance that there is no further step, 1 less the sum of `steps`: given, because it may be small. [fraction]

    Examples
    --------
    >>> import numpy as np
    >>> Ladder(np.array([0.0, 0.8]), none=0.2).tail(np.array([-1, 0, 1])).round(6)
    array([1.  , 0.8 , 0.64])
    """

    steps: np.ndarray
    none: float

    def tail(self, levels: np.ndarray) -> np.ndarray:
        """Chance that the sum exceeds each level; 1 below zero [fraction]."""
        known = self._tails.size
        inside = self._tails[np.clip(levels, 0, known - 1).astype(int)]
        beyond = np.exp(-self.decay * np.maximum(levels - known + 1, 0))
        return np.where(levels < 0, 1.0, inside * beyond)

    @property
    def mean(self) -> float:
        """Mean of the sum [units]."""
        return float(self._tails.sum() + self._tails[-1] / math.expm1(self.decay))

    @property
    def settled_at(self) -> int:
        """Level from which on each further unit is less likely by the same factor exp(-decay) [units]."""
        return self._tails.size - 1

    @cached_property
    def decay(self) -> float:
        """Positive root s of Σ steps[k] (exp(k s) - 1) = none."""
        sizes = np.flatnonzero(self.steps)
        if not sizes.size:
            return _NEVER
        chances = self.steps[sizes]
        low = math.log1p(self.none / float(chances.sum())) / float(sizes[-1])  # were all of the largest size
        with np.errstate(over="ignore"):
            high = float(np.min(np.log1p(self.none / chances) / sizes))  # were there one size alone
            return crossing(lambda s: float(chances @ np.expm1(sizes * s)) < self.none, low / 2, high * 2)[0]

    @cached_property
    def _tails(self) -> np.ndarray:
        chances = self._chances()
        rest = chances[-1] / math.expm1(self.decay)
        return np.append(np.cumsum(chances[:0:-1])[::-1], 0.0) + rest

    def _chances(self) -> np.ndarray:
        """Chance that the sum is 0, 1, ... until it is geometric."""
        reach = self.steps.size - 1
        backwards = self.steps[:0:-1]
        chances = np.concatenate([np.zeros(reach), [self.none]])
        while chances[-1] > _NOTHING and not self._geometric(chances[-reach - 1 :]):
            grown = np.concatenate([chances, np.empty(4 * reach + 64)])
            for place in range(chances.size, grown.size):
                grown[place] = backwards @ grown[place - reach : place]
            chances = grown
        return chances[reach:]

    def _geometric(self, latest: np.ndarray) -> bool:
        if not (latest[:-1] > 0).all():
            return False
        ratios = latest[1:] / latest[:-1]
        return bool(np.ptp(ratios) <= _SETTLED * ratios[-1] and abs(math.log(ratios[-1]) + self.decay) < 1e-9)
