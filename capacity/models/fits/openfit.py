"""What a scalability law fitted to an open test says: every interval from the likelihood contour."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from capacity.estimate import Estimate, number
from capacity.models import domain
from capacity.models.fits.contours import contour
from capacity.models.fits.curves import (
    ResponseCurve,
    peak_of,
    response_time_of,
    scaled,
    slope_of_scale,
    throughput_of,
    unscaled,
)
from capacity.models.fits.fitting import Fit, Prediction
from capacity.models.fits.regression import t_quantile

_TRUSTED_REACH = 1.2  # times the highest tested throughput; beyond, a number is an extrapolation
_GUARD = 0.97  # share κ from which the law as good as peaks at the highest tested throughput


@dataclass(frozen=True, eq=False, repr=False)
class OpenFit(Fit):
    """A scalability law fitted to the response times of an open test.

    Made by `Usl.fit_open`, `Amdahl.fit_open` and `Linear.fit_open`. Intervals are those of the profile
    likelihood, S <= S_min (1 + t² / (n - p)) with Student's t of n - p degrees of freedom [1]. A parameter at its
    bound 0 has an upper limit only, at the same t: taking the smaller t of a one-sided limit (chi-bar-square) just
    where the estimate falls on the bound covers too little (91.5% for 95% where it does so in one case of ten).

    Parameters
    ----------
    response_time : ndarray
        Measured mean response times. [s]
    response_time_error : ndarray or None
        Their standard errors, where known. [s]

    References
    ----------
    .. [1] Bates, Watts, Nonlinear Regression Analysis and Its Applications, Wiley, 1988, sec. 6.1.

    Examples
    --------
    >>> import capacity as cap
    >>> rates, times = [20, 35, 50, 60, 70, 80], [0.0126, 0.0152, 0.0203, 0.0246, 0.0338, 0.0497]  # [req/s], [s]
    >>> fit = cap.Amdahl.fit_open(rates, times)
    >>> print(fit.unit_throughput)
    50 req/s (49.6 to 50.3)
    >>> print(fit.predict_response_time(75))
    0.04 s (0.0392 to 0.0407)
    """

    response_time: np.ndarray = field(default_factory=lambda: np.empty(0))
    response_time_error: np.ndarray | None = None

    @property
    def load(self) -> np.ndarray:
        """What the test set: the throughput [req/s]."""
        return self.points.throughput

    @property
    def observed(self) -> np.ndarray:
        """What the noise is in: the response time [s]."""
        return self.response_time

    @property
    def degrees_of_freedom(self) -> float:
        """Points beyond the parameters, or ``inf`` where the errors are known [points]."""
        return self.observed.size - self.line.size if self.response_time_error is None else math.inf

    @cached_property
    def curve(self) -> ResponseCurve:
        """The law as fitted."""
        return ResponseCurve(self.load, self.line.size, self.noise, self._weight)

    @property
    def targets(self) -> np.ndarray:
        """Values the curve was fitted to [s]."""
        return scaled(self.response_time, self.noise) * self._weight

    def departure(self, values: np.ndarray) -> np.ndarray:
        """How far each response time lies above a law's [s], from the law's values on the scale of the residuals."""
        return self.response_time / unscaled(values / self._weight, self.noise) - 1

    def predict(self, concurrency: float) -> Prediction:
        """Throughput at a concurrency, with the interval of the law [req/s].

        `extrapolated` where it lies beyond 1.2 times the highest tested throughput, or past the peak at more
        than 1.2 times the largest concurrency.
        """
        domain.positive(concurrency=concurrency)
        at = np.array([concurrency], dtype=float)
        value, low, high = (float(bound[0]) for bound in self._band(at))
        return self._prediction(value, low, high, "req/s", bool(self._extrapolated(at)[0]))

    def predict_response_time(self, throughput: float) -> Prediction:
        """Mean response time at a throughput, with its interval, open where that may be above the peak [s].

        Raises
        ------
        DomainError
            If the fitted law never reaches the throughput.
        """
        value = self.law.concurrency_at(throughput) / throughput
        rates = np.array([throughput], dtype=float)
        reached = peak_of(self._region)[1] > throughput
        times = response_time_of(self._region, rates)[:, 0]
        high = float(times.max()) if reached.all() else math.inf
        beyond = throughput > _TRUSTED_REACH * self.load.max()
        return self._prediction(value, float(times[reached].min()), high, "s", beyond)

    @cached_property
    def peak_concurrency(self) -> Estimate:
        """Concurrency of the highest throughput; "at least" where the points do not show a peak [requests]."""
        if self.line.size < 3:
            return self._at_least(self.tested[1], "", f"{self._law} has no peak")
        places = peak_of(self._region)[0]
        if self._on_guard:
            return self._at_least(self.tested[1], "", "response time rises more steeply than the law can")
        if not np.isfinite(places).all():
            return self._at_least(min(float(places.min()), self.tested[1]), "", "peak not identified")
        value = self.law.peak_concurrency
        return Estimate(value, *_around(value, places), "", self._method, "measured", self.level)

    @cached_property
    def peak_throughput(self) -> Estimate:
        """Highest throughput the law allows, or the limit it approaches; else "at least" what was tested [req/s].

        A `Prediction`, `extrapolated` beyond 1.2 times the highest tested throughput.
        """
        tested = float(self.load.max())
        if self.line.size == 1:
            return self._at_least(tested, "req/s", f"{self._law} has no peak")
        rates = peak_of(self._region)[1]
        if self._on_guard or not np.isfinite(rates).all():
            return self._at_least(tested, "req/s", "peak not identified")
        if (
            self.line.size == 3
            and not self.peak_concurrency.bounded
            and rates.max() > _TRUSTED_REACH * tested
        ):
            return self._at_least(tested, "req/s", "peak not identified")
        value = self.law.peak_throughput
        return self._prediction(value, *_around(value, rates), "req/s", value > _TRUSTED_REACH * tested)

    @property
    def _on_guard(self) -> bool:
        """Whether only the rule that the peak is not below the highest load keeps the law from a lower one."""
        return self.line.size == 3 and bool(self.best[2] >= _GUARD)

    def _peak_text(self, most: float) -> str:
        peak, tested = self.peak_throughput, float(self.load.max())
        if not peak.bounded:
            steep = "Response time rises more steeply than the law can. " if self._on_guard else ""
            return f"{steep}The peak is not identified: {peak}; test above {number(tested)} req/s to see it."
        place = f" at a concurrency of {self.peak_concurrency}" if self.peak_concurrency.bounded else ""
        beyond = f", an extrapolation from at most {number(tested)} req/s" if _extrapolates(peak) else ""
        verb = "peaks" if place else "approaches its limit"
        return f"Throughput {verb} at {peak}{place}{beyond}."

    def _parameter(self, name: str, most: float, unit: str) -> Estimate:
        value, at_bound = getattr(self.law, name), name in self.at_bound
        a, b, c = self._region.T
        sampled = {"unit_throughput": 1 / (a + b), "contention": b / (a + b), "coherency": c / (a + b)}[name]
        method = f"{self._law}, one-sided: at its bound 0" if at_bound else self._method
        low, high = _around(value, sampled)
        return Estimate(value, low, min(high, most), unit, method, "measured", self.level)

    def _band(self, concurrency: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value = np.asarray(self.law.throughput_at(concurrency), dtype=float)
        region = throughput_of(self._region, concurrency)
        return value, np.minimum(value, region.min(axis=0)), np.maximum(value, region.max(axis=0))

    def _extrapolated(self, concurrency: np.ndarray) -> np.ndarray:
        far = np.asarray(self.law.throughput_at(concurrency)) > _TRUSTED_REACH * self.load.max()
        past = concurrency > max(self.law.peak_concurrency, _TRUSTED_REACH * self.tested[1])
        found: np.ndarray = far | past
        return found

    def _prediction(self, value: float, low: float, high: float, unit: str, beyond: bool) -> Prediction:
        method = self._method + (", extrapolated" if beyond else "")
        return Prediction(
            value, min(low, value), max(high, value), unit, method, "measured", self.level, beyond
        )

    @property
    def _method(self) -> str:
        return f"{self._law}, profile likelihood"

    @property
    def _weight(self) -> np.ndarray:
        if self.response_time_error is None:
            return np.ones(self.response_time.size)
        return 1 / (self._slope_of_scale * self.response_time_error)

    @property
    def _slope_of_scale(self) -> np.ndarray:
        return slope_of_scale(self.response_time, self.noise)

    @cached_property
    def _region(self) -> np.ndarray:
        """Parts a, b, c on the contour at the level."""
        spare = self.observed.size - self.line.size
        variance = self.misfit / spare if spare else 1.0
        if self.response_time_error is not None:
            variance = max(variance, 1.0)
        most = self.misfit + t_quantile(self.degrees_of_freedom, self.level) ** 2 * variance
        return self.curve.parts(contour(self.curve, self.targets, self.best, most))


def _around(value: float, sampled: np.ndarray) -> tuple[float, float]:
    """Extremes of a sample, holding the value itself against rounding."""
    return min(value, float(sampled.min())), max(value, float(sampled.max()))


def _extrapolates(estimate: Estimate) -> bool:
    return isinstance(estimate, Prediction) and estimate.extrapolated
