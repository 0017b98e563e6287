"""A whole distribution of response times, where the file holds one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from artillery_results_parser.notebook import Shown

if TYPE_CHECKING:  # numpy is most of the import time, and most reports hold no distribution
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Distribution(Shown):
    """Response times with how often each occurred.

    Parameters
    ----------
    values : array of float
        Distinct values, rising. [s]
    counts : array of int
        How often each occurred. [responses]
    total : float
        Sum of all response times: of a sketch the exact one, not that of the rounded values. [s]
    exact : bool
        True for measured values; False for a sketch, whose values are within 1%.
    count : int
        Sum of `counts`. [responses]

    Examples
    --------
    >>> three = Distribution.of([0.3, 0.1, 0.1])
    >>> three.count, three.quantile(0.5), round(three.mean, 4)
    (3, 0.1, 0.1667)
    >>> (three + Distribution.of([0.5])).max
    0.5
    """

    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    total: float
    exact: bool = True
    count: int = field(init=False)

    def __post_init__(self) -> None:
        if not len(self.values) or len(self.values) != len(self.counts):
            raise ValueError(
                f"{len(self.values)} values with {len(self.counts)} counts: as many of each, and at least one"
            )
        self.values.setflags(write=False)
        self.counts.setflags(write=False)
        object.__setattr__(self, "count", int(self.counts.sum()))

    @classmethod
    def of(cls, values: ArrayLike) -> Distribution:
        """Count measured response times. [s]"""
        import numpy as np

        array = np.asarray(values, dtype=np.float64)
        distinct, counts = np.unique(array, return_counts=True)
        return cls(distinct, counts.astype(np.int64), float(array.sum()))

    @property
    def min(self) -> float:
        """Smallest response time. [s]"""
        return float(self.values[0])

    @property
    def max(self) -> float:
        """Largest response time. [s]"""
        return float(self.values[-1])

    @property
    def mean(self) -> float:
        """Mean response time. [s]"""
        return self.total / self.count

    def quantile(self, q: float) -> float:
        """Return the smallest value that at least a share `q` of the responses does not exceed [s].

        Parameters
        ----------
        q : float
            Share of the responses, 0 to 1. [fraction]

        Raises
        ------
        ValueError
            If `q` is outside 0 to 1.
        """
        import numpy as np

        if not 0 <= q <= 1:
            raise ValueError(f"quantile {q!r} is not a fraction from 0 to 1; write 0.95 for p95")
        rank = max(1, int(np.ceil(q * self.count - 1e-9)))
        return float(self.values[np.searchsorted(np.cumsum(self.counts), rank)])

    def merge(self, *others: Distribution) -> Distribution:
        """Return the distribution of all responses together."""
        return merged((self, *others))

    def __add__(self, other: Distribution) -> Distribution:
        return self.merge(other)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distribution):
            return NotImplemented
        import numpy as np

        same = np.array_equal(self.values, other.values) and np.array_equal(self.counts, other.counts)
        return same and self.exact == other.exact and self.total == other.total

    def __hash__(self) -> int:
        return hash((self.count, self.min, self.max))

    def __repr__(self) -> str:
        return f"Distribution({self.count} responses, {self.min:g} to {self.max:g} s, mean {self.mean:.4g} s)"


def merged(parts: Sequence[Distribution]) -> Distribution:
    """Return the distribution of all responses of `parts` together: what no mean of percentiles can give.

    Raises
    ------
    ValueError
        If there is nothing to merge.
    """
    import numpy as np

    if not parts:
        raise ValueError("no distribution to merge; give at least one")
    values, where = np.unique(np.concatenate([part.values for part in parts]), return_inverse=True)
    counts = np.zeros(len(values), dtype=np.int64)
    np.add.at(counts, where, np.concatenate([part.counts for part in parts]))
    return Distribution(values, counts, sum(part.total for part in parts), all(part.exact for part in parts))
