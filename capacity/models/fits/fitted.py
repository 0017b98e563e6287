"""A law and the points it was fitted to: how well it fits, which points do not, and what other points would give."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import NotIdentified
from capacity.models.fits.curves import ResponseCurve, ThroughputCurve
from capacity.models.fits.points import OpenNoise, Points

if TYPE_CHECKING:
    import pandas as pd

    from capacity.models.fits.influence import LackOfFit
    from capacity.models.fits.resampling import Bootstrap
    from capacity.models.fits.selection import ErrorModel
    from capacity.models.scalability import Usl


@dataclass(frozen=True, eq=False, repr=False)
class Fitted:
    """A law, the points it was fitted to, and how well it fits them; `Fit` reads answers off it.

    Parameters
    ----------
    law : Usl
        The fitted law: Linear, Amdahl or Usl.
    points : Points
        What was measured.
    level : float
        Confidence of the intervals. [fraction]
    noise : {"relative", "absolute"}
        The error model.
    misfit : float
        Sum of squared residuals; in units of the errors where those are known. [1]
    line, covariance : ndarray
        Estimate of (1, α, β) / γ as far as the law has them, and its covariance. [s]
    notes : tuple of str
        What the reader must know besides.
    error_model : ErrorModel, optional
        How the error model was chosen, where it was.
    """

    law: Usl
    points: Points
    level: float
    noise: OpenNoise
    misfit: float
    line: np.ndarray
    covariance: np.ndarray
    notes: tuple[str, ...] = ()
    error_model: ErrorModel | None = None

    @property
    def tested(self) -> tuple[float, float]:
        """Smallest and largest tested concurrency [requests or instances]."""
        return float(self.points.concurrency.min()), float(self.points.concurrency.max())

    @property
    def degrees_of_freedom(self) -> float:
        """Points beyond the parameters, or ``inf`` where the errors are known."""
        return self.points.throughput.size - self.line.size if self.points.error is None else math.inf

    @property
    def residual_error(self) -> float:
        """Standard deviation of a point about the law: a fraction for relative noise, else req/s."""
        spare = self.points.throughput.size - self.line.size
        if not spare:
            raise NotIdentified(
                f"{self.line.size} points on a law of as many parameters show no scatter; test more"
            )
        return math.sqrt(self.misfit / spare)

    @property
    def load(self) -> np.ndarray:
        """What the test set: the concurrency [requests or instances]."""
        return self.points.concurrency

    @property
    def observed(self) -> np.ndarray:
        """What the noise is in: the throughput of a test that sets the concurrency [req/s]."""
        return self.points.throughput

    @property
    def curve(self) -> ThroughputCurve | ResponseCurve:
        """The law as fitted, for least squares of many data sets at once."""
        return ThroughputCurve(self.points.concurrency, self.line.size, self.noise, self._weight)

    @property
    def targets(self) -> np.ndarray:
        """Values the curve was fitted to."""
        return (np.log(self.observed) if self.noise == "relative" else self.observed) * self._weight

    @property
    def best(self) -> np.ndarray:
        """Parameters of the curve at the fit."""
        a, b, c = np.pad(self.line, (0, 3 - self.line.size))
        return self.curve.parameters_of(np.array([[a - b, b, c]]))[0]

    @property
    def aicc(self) -> float:
        """Akaike's criterion for few points, of the observed values themselves under either error model [1].

        Compare fits of one set of points by it: smaller is better, by 2 hardly, by 10 clearly. ``inf`` where
        there are too few points for the parameters. It is n ln(S / n) + 2 k + 2 k (k + 1) / (n - k - 1), less
        twice the log of the slopes of the scale on which residuals are taken (the Jacobian).

        References
        ----------
        .. [1] Burnham, Anderson, Model Selection and Multimodel Inference, 2nd ed., Springer, 2002, sec. 2.4, 6.7.
        """
        size, unknown = self.observed.size, self.line.size + math.isfinite(self.degrees_of_freedom)
        if size <= unknown + 1:
            return math.inf
        return self.deviance + 2 * unknown * (1 + (unknown + 1) / (size - unknown - 1))

    @property
    def deviance(self) -> float:
        """Minus twice the largest log-likelihood of the observed values, but for a constant."""
        if math.isinf(self.degrees_of_freedom):
            return self.misfit
        size = self.observed.size
        return size * math.log(self.misfit / size) - 2 * float(np.log(self._slope_of_scale).sum())

    @cached_property
    def outliers(self) -> tuple[int, ...]:
        """Up to two points that lie off the law the others make; `influence` has all of them."""
        from capacity.models.fits.influence import outliers

        return outliers(self)

    @cached_property
    def influence(self) -> pd.DataFrame:
        """One row a point: how far it lies off the law of the others, and what it does to this one."""
        from capacity.models.fits.influence import influence

        return influence(self)

    @cached_property
    def lack_of_fit(self) -> LackOfFit | None:
        """Whether the points depart from the law more than repeated levels scatter; None without repeats."""
        from capacity.models.fits.influence import lack_of_fit

        return lack_of_fit(self)

    def bootstrap(self, size: int = 2000, *, rng: np.random.Generator) -> Bootstrap:
        """Fit the law again to `size` sets of points that it might have made: parameters and their intervals.

        Parameters
        ----------
        size : int
            Sets drawn, each with its own scatter from the uncertainty of the residual error.
        rng : Generator
            Source of randomness.
        """
        from capacity.models.fits.resampling import resample

        return resample(self, size, rng)

    @property
    def _slope_of_scale(self) -> np.ndarray:
        """Slope, at each observed value, of the scale on which residuals are taken."""
        return 1 / self.observed if self.noise == "relative" else np.ones_like(self.observed)

    def departure(self, values: np.ndarray) -> np.ndarray:
        """How far each observed value lies above a law's, from the law's values on the scale of the residuals."""
        fitted = values / self.curve.weight
        found: np.ndarray = self.observed / (np.exp(fitted) if self.noise == "relative" else fitted) - 1
        return found

    @property
    def _weight(self) -> np.ndarray:
        if self.points.error is None:
            return np.ones(self.points.throughput.size)
        return (self.points.throughput if self.noise == "relative" else 1.0) / self.points.error
