"""Survival functions of the form u exp(M t) v, for any time and without cancelling digits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_TERMS = (
    25  # of the exponential series over one step, in which the matrix moves by at most 2: 2^25 / 25! < 1e-17
)
_SETTLED = 1e-10  # relative change on squaring from which a power has one row left that counts


@dataclass(frozen=True, eq=False)
class MatrixExponential:
    """The function exp(-r t) · u exp(M t) v of the time t, for a matrix M that is not negative off its diagonal.

    All terms are positive: exp(M t) over one short step is summed as a series of powers of I + M / |M| (uniformised),
    over 2, 4, 8 ... steps by squaring. Where `decay` is that of the slowest part, M has eigenvalue 0 and its powers
    settle; they are kept then, so the longest times are as exact as short ones.

    Parameters
    ----------
    start, end : ndarray
        Row u and column v, not negative.
    generator : ndarray
        M. [1/s]
    decay : float
        r. [1/s]

    References
    ----------
    .. [1] Jensen, Markoff chains as an aid in the study of Markoff processes, Skandinavisk Aktuarietidskrift 36, 1953.

    Examples
    --------
    >>> import numpy as np
    >>> two_phases = MatrixExponential(np.array([1, 0]), np.array([[-2.0, 2.0], [0.0, -2.0]]), np.ones(2))
    >>> round(two_phases.at(1.0), 9)  # 3 / e²
    0.40600585
    """

    start: np.ndarray
    generator: np.ndarray
    end: np.ndarray
    decay: float = 0.0

    def at(self, t: float) -> float:
        """Value at a time [s]."""
        steps = int(t / self._step)
        row = self._after(t - steps * self._step, self.start)
        for number in range(steps.bit_length()):
            if steps >> number & 1:
                row = row @ self._power(number)
        return float(row @ self.end) * math.exp(-self.decay * t)

    @cached_property
    def _step(self) -> float:
        return 1 / float(np.abs(self.generator).sum(axis=1).max() or 1.0)

    @cached_property
    def _jumps(self) -> np.ndarray:
        return np.eye(len(self.generator)) + self.generator * self._step

    @cached_property
    def _powers(self) -> list[np.ndarray]:
        return [self._after(self._step, np.eye(len(self.generator)))]

    @cached_property
    def _limit(self) -> list[np.ndarray]:
        return []

    def _after(self, t: float, rows: np.ndarray) -> np.ndarray:
        """Return rows · exp(M t) for a time of at most one step."""
        share = t / self._step
        total = term = rows
        for number in range(1, _TERMS + 1):
            term = term @ self._jumps * (share / number)
            total = total + term
        return total * math.exp(-share)

    def _power(self, number: int) -> np.ndarray:
        """Return exp(M t) over 2^number steps."""
        while len(self._powers) <= number and not self._limit:
            last = self._powers[-1]
            squared = last @ last
            if np.abs(squared - last).max() <= _SETTLED * last.max():
                self._limit.append(squared / np.trace(squared))
            self._powers.append(squared)
        return self._powers[number] if number < len(self._powers) else self._limit[0]
