"""How throughput grows with concurrency or instances: linearly, by Amdahl's law, by the USL."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.shown import Shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from capacity.models.fits.fitting import Fit
    from capacity.models.fits.openfit import OpenFit
    from capacity.models.fits.points import Noise, OpenNoise

FloatOrArray = TypeVar("FloatOrArray", float, np.ndarray)


@dataclass(frozen=True)
class Usl(Shown):
    """Universal Scalability Law: X(N) = γ N / (1 + α (N - 1) + β N (N - 1)).

    Parameters
    ----------
    unit_throughput : float
        γ, throughput at a concurrency of one. [req/s]
    contention : float
        α, share of the work that only one can do at a time, below 1. [fraction]
    coherency : float
        β, cost of keeping each pair consistent, 0..1. [fraction]

    Raises
    ------
    DomainError
        If a parameter is outside its range.

    References
    ----------
    .. [1] Gunther, Guerrilla Capacity Planning, Springer, 2007, ch. 6.
    .. [2] Schwartz, Practical Scalability Analysis with the Universal Scalability Law, VividCortex, 2015.

    Examples
    --------
    >>> law = Usl(unit_throughput=300, contention=0.03, coherency=0.0005)
    >>> round(law.throughput_at(4), 1), round(law.peak_concurrency, 2)
    (1094.9, 44.05)
    """

    unit_throughput: float
    contention: float
    coherency: float

    levels_needed: ClassVar[int] = 6
    levels_needed_with_errors: ClassVar[int] = 6
    parameters: ClassVar[int] = 3

    def __post_init__(self) -> None:
        domain.positive(unit_throughput=self.unit_throughput)
        if not 0 <= self.contention < 1:
            raise DomainError(f"contention {self.contention:g} is not a fraction, 0 or above and below 1")
        if not 0 <= self.coherency <= 1:
            raise DomainError(f"coherency {self.coherency:g} is not a fraction between 0 and 1")

    def throughput_at(self, concurrency: FloatOrArray) -> FloatOrArray:
        """Throughput at a concurrency [req/s]."""
        return concurrency / self.response_time_at(concurrency)

    def response_time_at(self, concurrency: FloatOrArray) -> FloatOrArray:
        """Mean response time at a concurrency, N / X(N) [s]."""
        if np.min(concurrency) < 0:
            raise DomainError(f"concurrency {np.min(concurrency):g} is not allowed; give 0 or above")
        others = concurrency - 1
        return (1 + self.contention * others + self.coherency * concurrency * others) / self.unit_throughput

    def concurrency_at(self, throughput: float) -> float:
        """Concurrency at which a throughput is reached, where more load still gives more throughput [requests].

        The smaller root of β X N² - (γ - (α - β) X) N + (1 - α) X = 0, in the form that holds at β = 0.

        Raises
        ------
        DomainError
            If the throughput is above the peak.
        """
        domain.not_negative(throughput=throughput)
        free = 1 - self.contention
        linear = self.unit_throughput - (self.contention - self.coherency) * throughput
        root = math.sqrt(max(linear**2 - 4 * self.coherency * free * throughput**2, 0.0))
        if throughput > self.peak_throughput * (1 + 1e-12) or linear + root <= 0:
            raise DomainError(
                f"throughput {throughput:g} req/s is never reached: the law stays below "
                f"{self.peak_throughput:g} req/s; ask for less or add capacity"
            )
        return 2 * free * throughput / (linear + root)

    def concurrency_at_response_time(self, response_time: float) -> float:
        """Concurrency at which the mean response time is reached [requests].

        Raises
        ------
        DomainError
            If the law does not reach it: it is below the response time without load, or nothing slows down.
        """
        domain.positive(response_time=response_time)
        excess = self.unit_throughput * response_time - (1 - self.contention)
        linear = self.contention - self.coherency
        denominator = linear + math.sqrt(max(linear**2 + 4 * self.coherency * excess, 0.0))
        if excess < 0 or denominator <= 0:
            raise DomainError(
                f"response time {response_time:g} s is not on the law, which starts at "
                f"{self.response_time_at(0.0):g} s; ask for more"
            )
        return 2 * excess / denominator

    @property
    def peak_concurrency(self) -> float:
        """Concurrency of the highest throughput, √((1 - α) / β); ``inf`` if coherency is 0 [requests]."""
        return math.sqrt((1 - self.contention) / self.coherency) if self.coherency else math.inf

    @property
    def peak_throughput(self) -> float:
        """Highest throughput, or the limit γ / α it approaches without coherency cost [req/s]."""
        cost = self.contention - self.coherency + 2 * math.sqrt(self.coherency * (1 - self.contention))
        return self.unit_throughput / cost if cost else math.inf

    @classmethod
    def fit(
        cls,
        concurrency: ArrayLike,
        throughput: ArrayLike,
        level: float = 0.9,
        *,
        noise: Noise | Literal["auto"] = "relative",
        throughput_error: ArrayLike | None = None,
    ) -> Fit:
        """Fit the law to measured throughput, with the uncertainty of each parameter.

        Parameters
        ----------
        concurrency, throughput : array_like
            Measured points; repeat a level to use its replicates. [requests or instances], [req/s]
        level : float
            Confidence of the intervals. [fraction]
        noise : {"relative", "absolute", "auto"}
            Whether scatter grows with the throughput (log residuals) or not (plain least squares); "auto"
            is "relative" unless the points clearly speak for "absolute", and says so.
        throughput_error : array_like, optional
            Standard error of each throughput; the intervals then come from these errors, widened where the
            points scatter more than they say. [req/s]

        Raises
        ------
        NotIdentified
            If the points do not determine the law; the message says which would.

        Examples
        --------
        >>> fit = Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])
        >>> round(fit.contention.value, 3)
        0.055
        """
        from capacity.models.fits.regression import fit_law

        return fit_law(cls, concurrency, throughput, level, noise=noise, throughput_error=throughput_error)

    @classmethod
    def fit_open(
        cls,
        throughput: ArrayLike,
        response_time: ArrayLike,
        level: float = 0.9,
        *,
        noise: OpenNoise | Literal["auto"] = "auto",
        response_time_error: ArrayLike | None = None,
    ) -> OpenFit:
        """Fit the law to an open test, where the generator sets the throughput and the response time answers.

        Concurrency follows by Little's law, N = X R, so the noise is in R alone: R is regressed on the R(X) of
        the law, never on the branch beyond its peak. Leave out saturated steps: they have no steady R.

        Parameters
        ----------
        throughput, response_time : array_like
            Measured steps; repeat a load to use its replicates. [req/s], mean [s]
        level : float
            Confidence of the intervals. [fraction]
        noise : {"relative", "absolute", "queueing", "auto"}
            Whether scatter grows with the response time, does not, or grows with its square, as that of queues
            near saturation does; "auto" is "relative" unless the points clearly speak for "absolute", and says so.
        response_time_error : array_like, optional
            Standard error of each response time; the intervals then come from these errors, widened where the
            points scatter more than they say. [s]

        Raises
        ------
        NotIdentified
            If the steps do not determine the law; the message names loads that would help.

        Examples
        --------
        >>> fit = Amdahl.fit_open([20, 40, 60, 80], [0.0126, 0.0164, 0.0252, 0.0497])
        >>> print(fit.peak_throughput)
        100 req/s (98.8 to 102)
        """
        from capacity.models.fits.openload import fit_open

        return fit_open(
            cls, throughput, response_time, level, noise=noise, response_time_error=response_time_error
        )


@dataclass(frozen=True)
class Amdahl(Usl):
    """Amdahl's law: X(N) = γ N / (1 + α (N - 1)), the USL without coherency cost.

    References
    ----------
    .. [1] Amdahl, Validity of the single processor approach, AFIPS Spring Joint Computer Conference, 1967.

    Examples
    --------
    >>> Amdahl(unit_throughput=100, contention=0.05).peak_throughput
    2000.0
    """

    coherency: float = field(default=0.0, init=False)

    levels_needed: ClassVar[int] = 3
    levels_needed_with_errors: ClassVar[int] = 2
    parameters: ClassVar[int] = 2


@dataclass(frozen=True)
class Linear(Amdahl):
    """Proportional growth: X(N) = γ N, the USL without contention and coherency cost.

    Examples
    --------
    >>> Linear(unit_throughput=100).throughput_at(7)
    700.0
    """

    contention: float = field(default=0.0, init=False)

    levels_needed: ClassVar[int] = 2
    levels_needed_with_errors: ClassVar[int] = 2
    parameters: ClassVar[int] = 1
