"""Measured points of a scalability law, and the error models they are fitted under, checked where they come in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from capacity.errors import DomainError
from capacity.shown import Shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Noise = Literal["relative", "absolute"]
OpenNoise = Literal["relative", "absolute", "queueing"]

_LARGEST = 1e12  # req/s or requests; more is a wrong unit


@dataclass(frozen=True, eq=False)
class Points(Shown):
    """Measured throughput at several concurrencies, checked.

    Parameters
    ----------
    concurrency, throughput : ndarray
        [requests or instances], [req/s]
    error : ndarray or None
        Standard error of each throughput, if known. [req/s]

    Examples
    --------
    >>> import numpy as np
    >>> Points(np.array([1.0, 2.0, 4.0]), np.array([300.0, 570.0, 1030.0])).levels  # [instances], [req/s]
    3
    """

    concurrency: np.ndarray
    throughput: np.ndarray
    error: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("concurrency", "throughput", "error"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, self._checked(name))

    def _checked(self, name: str) -> np.ndarray:
        return measured(name, getattr(self, name), np.size(self.concurrency))

    @property
    def levels(self) -> int:
        """Distinct concurrencies [levels]."""
        return int(np.unique(self.concurrency).size)


def check_noise(noise: str, known: tuple[str, ...]) -> None:
    """Refuse an error model that is not known."""
    if noise not in known:
        raise DomainError(f"noise {noise!r} is not known; it is one of {', '.join(known)}, auto")


def measured(name: str, given: ArrayLike, size: int) -> np.ndarray:
    """Return one positive number a point, read-only, or refuse."""
    values = np.array(given, dtype=float)
    if values.ndim != 1 or values.size != size:
        raise DomainError(f"{name} has shape {values.shape}; give one value per point ({size})")
    wrong = values[~((values > 0) & (values <= _LARGEST))]
    if wrong.size:
        raise DomainError(
            f"{wrong.size} of {values.size} values of {name} are not usable, such as {wrong[0]:g}; "
            f"give finite numbers above 0 (up to {_LARGEST:g}; check the unit) and leave failed steps out"
        )
    values.flags.writeable = False
    return values
