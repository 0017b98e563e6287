"""Phase-type laws: times spent in a chain of exponential phases, which stand in for any law and can be solved."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar, cast

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import time_when
from capacity.models.distributions import Distribution, Erlang, Exponential, Hyperexponential, MixedErlang
from capacity.models.stations.matrixexponential import MatrixExponential

FloatOrArray = TypeVar("FloatOrArray", float, np.ndarray)
Timed = TypeVar("Timed", bound=Distribution)

MOST_PHASES = 1000  # of a law: squared coefficients of variation down to 0.001 [phases]
_ROUNDING = 1e-9  # by which shares may miss their sum, and rates a row's


@dataclass(frozen=True)
class PhaseType(Distribution):
    """Time until a Markov chain that starts in one of its phases has left them all.

    Parameters
    ----------
    initial : tuple of float
        Shares that start in each phase; what is missing to 1 takes no time at all. [fraction]
    generator : tuple of tuple of float
        Rates from phase to phase; on the diagonal minus the rate at which a phase ends. [1/s]

    Raises
    ------
    DomainError
        If these are no shares and rates, or some phase is never left.

    References
    ----------
    .. [1] Neuts, Matrix-Geometric Solutions in Stochastic Models, Johns Hopkins University Press, 1981, ch. 2.

    Examples
    --------
    >>> law = PhaseType((1.0, 0.0), ((-100.0, 50.0), (0.0, -20.0)))
    >>> round(law.mean, 6), round(law.quantile(0.95), 4)
    (0.035, 0.1263)
    """

    mean: float = field(init=False)
    initial: tuple[float, ...]
    generator: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        _check(self.starts, self.rates)
        object.__setattr__(self, "mean", self.moment(1))
        super().__post_init__()

    @classmethod
    def of(cls, law: Distribution) -> PhaseType:
        """Return a law that is made of exponential phases, as one.

        Parameters
        ----------
        law : Distribution
            Exponential, Erlang, mixed Erlang, hyperexponential, or phase-type already. [s]

        Raises
        ------
        DomainError
            If the law has no such phases.

        Examples
        --------
        >>> from capacity.models.distributions import Erlang
        >>> PhaseType.of(Erlang(0.02, phases=2)).generator
        ((-100.0, 100.0), (0.0, -100.0))
        """
        match law:
            case PhaseType():
                return law
            case Exponential():
                return cls((1.0,), ((-1 / law.mean,),))
            case Erlang():
                return cls._chain(law.phases, law.phases / law.mean, 0.0)
            case MixedErlang():
                return cls._chain(law.phases, (law.phases - law.fewer) / law.mean, law.fewer)
            case Hyperexponential():
                ends = 1 / (law.mean * law.first), 1 / (law.mean * law.second)
                return cls((law.share, 1 - law.share), ((-ends[0], 0.0), (0.0, -ends[1])))
        raise DomainError(
            f"a {type(law).__name__} law is not made of exponential phases; take one with the same moments, "
            f"of_moments({law.mean:g}, {law.scv:g}), or simulate with cap.simulation.Queue"
        )

    @classmethod
    def _chain(cls, phases: int, rate: float, skipped: float) -> PhaseType:
        if phases > MOST_PHASES:
            raise DomainError(
                f"{phases:.4g} phases are more than the {MOST_PHASES} that can be solved for; "
                "take a constant, or simulate with cap.simulation.Queue"
            )
        rates = np.diag(np.full(phases, -rate)) + np.diag(np.full(phases - 1, rate), 1)
        starts = np.zeros(phases)
        starts[0] = 1 - skipped
        if skipped:
            starts[1] = skipped
        return cls._of_arrays(starts, rates)

    @classmethod
    def _of_arrays(cls, starts: np.ndarray, rates: np.ndarray) -> PhaseType:
        return cls(tuple(starts.tolist()), tuple(map(tuple, rates.tolist())))

    @cached_property
    def starts(self) -> np.ndarray:
        """`initial` as an array [fraction]."""
        return np.array(self.initial, dtype=float)

    @cached_property
    def rates(self) -> np.ndarray:
        """`generator` as an array [1/s]."""
        return np.array(self.generator, dtype=float)

    @cached_property
    def ends(self) -> np.ndarray:
        """Rates at which the whole time ends, by phase [1/s]."""
        ends = -self.rates.sum(axis=1)
        return np.where(ends > _ROUNDING * -np.diag(self.rates), ends, 0.0)

    def moment(self, order: int) -> float:
        """Mean of a power of the time, E[T^k] = k! α (-G)^-k 1 [s^k]."""
        domain.count(order=order)
        times = np.ones(len(self.initial))
        for _ in range(order):
            times = np.linalg.solve(-self.rates, times)
        return math.factorial(order) * float(self.starts @ times)

    @property
    def scv(self) -> float:
        """Squared coefficient of variation [1]."""
        return self.moment(2) / self.mean**2 - 1

    def survival(self, t: FloatOrArray) -> FloatOrArray:
        """Share of the times that is longer than t seconds [fraction]."""
        if isinstance(t, np.ndarray):
            return np.array([self._survival.at(float(time)) for time in t.flat]).reshape(t.shape)
        return self._survival.at(t)

    def quantile(self, q: float) -> float:
        """Time not exceeded by the share q [s]."""
        domain.fraction(quantile=q)
        return time_when(self._survival.at, 1 - q, 0.0, self.mean)

    def plus(self, other: PhaseType) -> PhaseType:
        """Return the law of the sum of this time and another, independent one: their convolution.

        Examples
        --------
        >>> PhaseType((1.0,), ((-4.0,),)).plus(PhaseType((0.5,), ((-2.0,),))).mean
        0.5
        """
        starts = np.concatenate([self.starts, (1 - self.starts.sum()) * other.starts])
        below = np.zeros((len(other.starts), len(self.starts)))
        rates = np.block([[self.rates, np.outer(self.ends, other.starts)], [below, other.rates]])
        return self._of_arrays(starts, rates)

    def scaled(self, factor: float) -> PhaseType:
        """Return the same law for a server that is slower by a factor, or in another unit."""
        return replace(self, generator=tuple(map(tuple, (self.rates / factor).tolist())))

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Draw independent times [s]."""
        lasting = -1 / np.diag(self.rates)
        following = np.cumsum(self.rates * lasting[:, None] + np.eye(len(lasting)), axis=1)
        times = np.zeros(size)
        phase = np.searchsorted(np.cumsum(self.starts), rng.random(size), side="right")
        going = np.flatnonzero(phase < len(lasting))
        while going.size:
            times[going] += rng.standard_exponential(going.size) * lasting[phase[going]]
            phase[going] = (rng.random(going.size)[:, None] >= following[phase[going]]).sum(axis=1)
            going = going[phase[going] < len(lasting)]
        return times

    @cached_property
    def _survival(self) -> MatrixExponential:
        one_way = not np.tril(self.rates, -1).any()
        decay = float((-np.diag(self.rates)).min()) if one_way else 0.0
        shifted = self.rates + decay * np.eye(len(self.initial))
        return MatrixExponential(self.starts, shifted, np.ones(len(self.initial)), decay)


def with_mean(law: Timed, mean: float) -> Timed:
    """Return a law of the same shape with another mean [s].

    Examples
    --------
    >>> from capacity.models.distributions import Constant
    >>> with_mean(Constant(0.02), 0.05)
    Constant(mean=0.05)
    """
    return cast("Timed", law.scaled(mean / law.mean))


def _check(starts: np.ndarray, rates: np.ndarray) -> None:
    """Refuse what is no law of a time."""
    count = starts.size
    if not count or rates.shape != (count, count):
        raise DomainError(
            f"{count} phases need {count} rows of {count} rates; the generator is {rates.shape}"
        )
    if not (starts >= 0).all() or not 0 < starts.sum() <= 1 + _ROUNDING:
        raise DomainError(
            f"initial {starts.tolist()} are no shares; give numbers of at least 0 that add to 1"
        )
    ends, between = np.diag(rates), rates - np.diag(np.diag(rates))
    if not np.isfinite(rates).all() or not (ends < 0).all() or not (between >= 0).all():
        raise DomainError("rates between phases must be 0 or above, and those on the diagonal negative")
    if not (rates.sum(axis=1) <= -_ROUNDING * ends).all():
        raise DomainError("a phase is entered from another more often than that one ends; lower its rates")
    if np.tril(rates, -1).any() and np.linalg.matrix_rank(rates / -ends[:, None]) < count:
        raise DomainError("some phases are never left, so the time has no end; give each a way out")


def of_three_moments(mean: float, scv: float, third: float) -> Hyperexponential:
    """Hyperexponential law with three given moments: the tail, too, is that of the data.

    The two kinds' means are the roots of a quadratic whose coefficients follow from E[T^k] / k!.

    Parameters
    ----------
    mean : float
        [s]
    scv : float
        Squared coefficient of variation, above 1. [1]
    third : float
        Third moment over the cubed mean, E[T³] / E[T]³, above 1.5 (1 + scv)². [1]

    Raises
    ------
    DomainError
        Where no such law has these moments; the message names the third moment it needs.

    References
    ----------
    .. [1] Whitt, Approximating a point process by a renewal process, Operations Research 30(1), 1982, sec. 3.1.
    .. [2] Bobbio, Horváth and Telek, Matching three moments with minimal acyclic phase type distributions,
       Stochastic Models 21(2-3), 2005.

    Examples
    --------
    >>> law = of_three_moments(0.02, scv=4, third=60)
    >>> round(law.mean, 6), round(law.scv, 6)
    (0.02, 4.0)
    """
    domain.positive(mean=mean, third=third)
    if not (math.isfinite(scv) and scv > 1):
        raise DomainError(
            f"scv {scv:g} is not that of a hyperexponential law; give more than 1, or use of_moments"
        )
    second, least = (1 + scv) / 2, 1.5 * (1 + scv) ** 2
    if third <= least:
        raise DomainError(
            f"third moment {third:g} (over the cubed mean) is too low for a hyperexponential law of scv {scv:g}: "
            f"it must be above {least:g}; use two moments, of_moments"
        )
    both = (third / 6 - second) / (second - 1)
    product = (third / 6 - second**2) / (second - 1)
    longer = (both + math.sqrt(both**2 - 4 * product)) / 2
    shorter = product / longer
    return Hyperexponential(mean, (longer - 1) / (longer - shorter), shorter)
