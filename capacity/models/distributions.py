"""Laws of service times and of times between arrivals: what a queue is fed with, by name or as measured."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.shown import Shown

__all__ = [
    "Constant",
    "Distribution",
    "Empirical",
    "Erlang",
    "Exponential",
    "Gamma",
    "Hyperexponential",
    "Lognormal",
    "MixedErlang",
    "Pareto",
    "of_moments",
]


@dataclass(frozen=True)
class Distribution(Shown):
    """A law of positive times, in seconds or in whatever unit all times of a model have.

    Parameters
    ----------
    mean : float
        Mean time. [s]

    Examples
    --------
    >>> import capacity as cap
    >>> query = cap.distributions.Lognormal(mean=0.027, variation=1.5)  # [s], [1]
    >>> query.scaled(2.0).mean, query.heavy_tailed  # on a server half as fast
    (0.054, True)
    """

    mean: float

    def __post_init__(self) -> None:
        domain.positive(mean=self.mean)

    @property
    def scv(self) -> float:
        """Squared coefficient of variation, variance over squared mean; 0 constant, 1 exponential [1]."""
        raise NotImplementedError

    @property
    def heavy_tailed(self) -> bool:
        """Whether the tail falls slower than any exponential, so that waits have no decay rate."""
        return False

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        raise NotImplementedError

    def scaled(self, factor: float) -> Distribution:
        """Return the same law for a server that is slower by a factor, or in another unit [1]."""
        return replace(self, mean=self.mean * factor)


@dataclass(frozen=True)
class Constant(Distribution):
    """Every time the same: evenly spaced arrivals, fixed work.

    Parameters
    ----------
    mean : float
        Mean time. [s]

    Examples
    --------
    >>> Constant(0.02).scv
    0.0
    """

    @property
    def scv(self) -> float:
        """Squared coefficient of variation: 0 [1]."""
        return 0.0

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Return `size` times the same [s]."""
        return np.full(size, float(self.mean))


@dataclass(frozen=True)
class Exponential(Distribution):
    """Without memory: Poisson arrivals, the service of M/M/c.

    Parameters
    ----------
    mean : float
        Mean time. [s]

    Examples
    --------
    >>> Exponential(0.02).scv
    1.0
    """

    @property
    def scv(self) -> float:
        """Squared coefficient of variation: 1 [1]."""
        return 1.0

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        return rng.standard_exponential(size) * self.mean


@dataclass(frozen=True)
class Erlang(Distribution):
    """Sum of equal exponential phases: more regular than exponential.

    Parameters
    ----------
    mean : float
        [s]
    phases : int
        [phases]

    Examples
    --------
    >>> Erlang(0.02, phases=4).scv
    0.25
    """

    phases: int

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.count(phases=self.phases)

    @property
    def scv(self) -> float:
        """Squared coefficient of variation: 1 / phases [1]."""
        return 1 / self.phases

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        return rng.standard_gamma(self.phases, size) * (self.mean / self.phases)


@dataclass(frozen=True)
class Hyperexponential(Distribution):
    """A share of the times from one exponential law, the rest from another: more variable than exponential.

    Parameters
    ----------
    mean : float
        Of all. [s]
    share : float
        Of the first kind. [fraction]
    first : float
        Mean of the first kind, as a part of `mean`; below 1 / `share`. [1]

    Examples
    --------
    >>> law = Hyperexponential.balanced(mean=0.02, scv=4)
    >>> round(law.share, 4), round(law.scv, 6)
    (0.8873, 4.0)
    """

    share: float
    first: float

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.fraction(share=self.share)
        domain.positive(first=self.first)
        if self.first * self.share >= 1:
            raise DomainError(
                f"first {self.first:g} leaves no time for the other kind; give less than {1 / self.share:g}"
            )

    @classmethod
    def balanced(cls, mean: float, scv: float) -> Hyperexponential:
        """Return the law with balanced means: both kinds take the same part of all time.

        Parameters
        ----------
        mean : float
            Mean time. [s]
        scv : float
            Squared coefficient of variation, above 1. [1]

        References
        ----------
        .. [1] Whitt, Approximating a point process by a renewal process, Operations Research 30(1), 1982, eq. 3.7.
        """
        if not (math.isfinite(scv) and scv > 1):
            raise DomainError(f"scv {scv:g} is not that of a hyperexponential law; give more than 1")
        share = (1 + math.sqrt((scv - 1) / (scv + 1))) / 2
        return cls(mean, share, 1 / (2 * share))

    @property
    def second(self) -> float:
        """Mean of the second kind, as a part of the mean of all [1]."""
        return (1 - self.share * self.first) / (1 - self.share)

    @property
    def scv(self) -> float:
        """Squared coefficient of variation [1]."""
        return 2 * (self.share * self.first**2 + (1 - self.share) * self.second**2) - 1

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        part = np.where(rng.random(size) < self.share, self.first, self.second)
        return rng.standard_exponential(size) * (part * self.mean)


@dataclass(frozen=True)
class MixedErlang(Distribution):
    """Sum of equal exponential phases, by chance one fewer: any squared coefficient of variation up to 1.

    Parameters
    ----------
    mean : float
        [s]
    variation : float
        Squared coefficient of variation, above 0, at most 1. [1]

    References
    ----------
    .. [1] Tijms, Stochastic Models: An Algorithmic Approach, Wiley, 1994, sec. A.4.

    Examples
    --------
    >>> law = MixedErlang(0.02, 0.4)
    >>> law.phases, round(law.fewer, 4)
    (3, 0.3039)
    """

    variation: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.variation <= 1:
            raise DomainError(
                f"variation {self.variation:g} is not above 0 and at most 1; see Hyperexponential"
            )

    @property
    def scv(self) -> float:
        """Squared coefficient of variation [1]."""
        return self.variation

    @property
    def phases(self) -> int:
        """Phases of the longer kind: the least whole number of at least 1 / scv [phases]."""
        return math.ceil(1 / self.variation - 1e-12)

    @property
    def fewer(self) -> float:
        """Chance of one phase fewer [fraction]."""
        k, scv = self.phases, self.variation
        return max(k * scv - math.sqrt(max(k * (1 + scv) - k**2 * scv, 0.0)), 0.0) / (1 + scv)

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        phases = self.phases - (rng.random(size) < self.fewer)
        return rng.standard_gamma(phases) * (self.mean / (self.phases - self.fewer))


@dataclass(frozen=True)
class Gamma(Distribution):
    """Gamma law with a given squared coefficient of variation [1].

    Parameters
    ----------
    mean : float
        Mean time. [s]
    variation : float
        Squared coefficient of variation, variance over squared mean. [1]

    Examples
    --------
    >>> Gamma(mean=0.027, variation=0.5).scv
    0.5
    """

    variation: float

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.positive(variation=self.variation)

    @property
    def scv(self) -> float:
        """Squared coefficient of variation [1]."""
        return self.variation

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        return rng.standard_gamma(1 / self.variation, size) * (self.mean * self.variation)


@dataclass(frozen=True)
class Lognormal(Distribution):
    """Lognormal law with a given squared coefficient of variation [1]; its tail has no decay rate.

    Parameters
    ----------
    mean : float
        Mean time. [s]
    variation : float
        Squared coefficient of variation, variance over squared mean. [1]

    Examples
    --------
    >>> Lognormal(0.02, 4).heavy_tailed
    True
    """

    variation: float

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.positive(variation=self.variation)

    @property
    def scv(self) -> float:
        """Squared coefficient of variation [1]."""
        return self.variation

    @property
    def heavy_tailed(self) -> bool:
        """True."""
        return True

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        variance = math.log1p(self.variation)
        return np.exp(rng.standard_normal(size) * math.sqrt(variance) + (math.log(self.mean) - variance / 2))


@dataclass(frozen=True)
class Pareto(Distribution):
    """Power law above a least value, P(T > t) = (least / t)^shape.

    Parameters
    ----------
    mean : float
        [s]
    shape : float
        Above 1; at 2 or below the variance is infinite. [1]

    Examples
    --------
    >>> tail = Pareto(mean=0.1, shape=2.5)
    >>> round(tail.scv, 2), tail.heavy_tailed
    (0.8, True)
    """

    shape: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (math.isfinite(self.shape) and self.shape > 1):
            raise DomainError(f"shape {self.shape:g} gives an infinite mean; give more than 1")

    @property
    def scv(self) -> float:
        """Squared coefficient of variation; ``inf`` up to a shape of 2 [1]."""
        return 1 / (self.shape * (self.shape - 2)) if self.shape > 2 else math.inf

    @property
    def heavy_tailed(self) -> bool:
        """True."""
        return True

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        least = self.mean * (self.shape - 1) / self.shape
        return least * (1 - rng.random(size)) ** (-1 / self.shape)


@dataclass(frozen=True)
class Empirical(Distribution):
    """Times as they were measured, each as likely as its weight; drawn with replacement.

    Parameters
    ----------
    mean : float
        Weighed mean of the values. [s]
    values : tuple of float
        Above 0. [s]
    weights : tuple of float, optional
        One for each value; all alike by default. [1]

    Examples
    --------
    >>> Empirical.of([0.010, 0.012, 0.038]).mean
    0.02
    """

    values: tuple[float, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(
        cls, values: np.ndarray | list[float], weights: np.ndarray | list[float] | None = None
    ) -> Empirical:
        """Return the law of some measured times [s]."""
        points = np.asarray(values, dtype=float)
        shares = np.ones(points.size) if weights is None else np.asarray(weights, dtype=float)
        if points.size == 0 or points.shape != shares.shape:
            raise DomainError(
                f"{points.size} times and {shares.size} weights; give as many weights as times, at least one"
            )
        for wrong in points[~(np.isfinite(points) & (points > 0))][:1]:
            raise DomainError(f"time {wrong:g} is not allowed; give finite times above 0")
        if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
            raise DomainError("weights must be finite, 0 or above, and not all 0")
        shares = shares / shares.sum()
        return cls(float(points @ shares), tuple(points.tolist()), tuple(shares.tolist()))

    @property
    def scv(self) -> float:
        """Squared coefficient of variation [1]."""
        return float((self._points / self.mean - 1) ** 2 @ np.asarray(self.weights))

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        place = np.searchsorted(self._ends, rng.random(size), side="right")
        return self._points[np.minimum(place, self._points.size - 1)]

    def scaled(self, factor: float) -> Empirical:
        """Return the same times, each longer by a factor, or in another unit [1]."""
        return Empirical.of(self._points * factor, np.asarray(self.weights))

    @cached_property
    def _points(self) -> np.ndarray:
        return np.asarray(self.values)

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self.weights)


def of_moments(mean: float, scv: float) -> Distribution:
    """Law usually taken for a mean and a squared coefficient of variation: of exponential phases, never heavy-tailed.

    Constant at 0, mixed Erlang below 1 (Erlang at 1/2, 1/3 ...), exponential at 1, balanced hyperexponential above.

    Parameters
    ----------
    mean : float
        [s]
    scv : float
        [1]

    Examples
    --------
    >>> of_moments(0.02, 0.25)
    Erlang(mean=0.02, phases=4)
    """
    domain.not_negative(scv=scv)
    if scv == 0:
        return Constant(mean)
    if scv == 1:
        return Exponential(mean)
    if scv > 1:
        return Hyperexponential.balanced(mean, scv)
    phases = round(1 / scv)
    return Erlang(mean, phases) if math.isclose(phases * scv, 1, rel_tol=1e-9) else MixedErlang(mean, scv)


def __dir__() -> list[str]:
    return __all__
