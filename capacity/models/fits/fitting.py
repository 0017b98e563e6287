"""What a scalability law fitted to measured points says, each number with its interval.

Every interval but those of the parameters comes from the line R(N) = N / X(N) (see `regression`), where a
t(n - p) interval is nearly exact even when a parameter is hardly determined. Those of the throughput N / R
and of the peak follow from it, and open up ("at least") where the points do not bound them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.estimate import Estimate, number
from capacity.models import domain
from capacity.models.fits.fitted import Fitted
from capacity.models.fits.regression import design_of, t_quantile, told
from capacity.shown import Shown

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

_TRUSTED_REACH = 1.2  # times the largest tested concurrency; beyond, a prediction is an extrapolation


@dataclass(frozen=True)
class Prediction(Estimate):
    """A throughput read off a fitted law; `extrapolated` beyond 1.2 times the largest tested concurrency.

    Parameters
    ----------
    value, low, high : float
        Throughput. [req/s]
    extrapolated : bool
        Whether it lies beyond what the tests come near.

    Examples
    --------
    >>> import capacity as cap
    >>> fit = cap.Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])
    >>> ahead = fit.predict(8)
    >>> print(ahead, ahead.extrapolated)
    1,733 req/s (1,619 to 1,864) True
    """

    extrapolated: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Fitted, Shown):
    """A scalability law fitted to points, with the uncertainty of everything read off it.

    Made by `Usl.fit`, `Amdahl.fit` and `Linear.fit`; its fields are those of `Fitted`.

    Examples
    --------
    >>> import capacity as cap
    >>> fit = cap.Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])  # [instances], [req/s]
    >>> print(fit.contention, "|", fit.predict(3))
    0.0552 (0.0376 to 0.0727) | 811 req/s (794 to 829)
    """

    @property
    def at_bound(self) -> tuple[str, ...]:
        """Parameters whose best value lies on 0, so that only an upper limit is known."""
        names = ("contention", "coherency")[: self.line.size - 1]
        return tuple(name for name in names if getattr(self.law, name) == 0)

    @property
    def unit_throughput(self) -> Estimate:
        """Throughput at a concurrency of one [req/s]."""
        return self._parameter("unit_throughput", math.inf, "req/s")

    @property
    def contention(self) -> Estimate:
        """Share of the work that only one can do at a time [fraction]."""
        return self._parameter("contention", 1.0, "")

    @property
    def coherency(self) -> Estimate:
        """Cost of keeping each pair consistent [fraction]."""
        return self._parameter("coherency", 1.0, "")

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each parameter, 0 for one the law does not have."""
        slope = np.eye(self.line.size) / self.line[0]
        slope[:, 0] -= self.line / self.line[0] ** 2
        slope[0, 0] = -1 / self.line[0] ** 2
        errors = np.sqrt(np.diag(slope @ self.covariance @ slope.T))
        names = ("unit_throughput", "contention", "coherency")
        return dict(zip(names, [*errors.tolist(), 0.0, 0.0], strict=False))

    def predict(self, concurrency: float) -> Prediction:
        """Throughput at a concurrency, with the interval of the law, not of a single further test [req/s].

        Examples
        --------
        >>> from capacity.models.scalability import Amdahl
        >>> fit = Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])
        >>> print(fit.predict(3), fit.predict(8).extrapolated)
        811 req/s (794 to 829) True
        """
        domain.positive(concurrency=concurrency)
        value, low, high = (float(bound[0]) for bound in self._band(np.array([concurrency], dtype=float)))
        extrapolated = bool(self._extrapolated(np.array([concurrency]))[0])
        method = f"{self._law}" + (", extrapolated" if extrapolated else "")
        return Prediction(value, low, high, "req/s", method, "measured", self.level, extrapolated)

    @cached_property
    def peak_concurrency(self) -> Estimate:
        """Concurrency of the highest throughput; "at least" where the points do not show a peak [requests].

        Fieller's interval of the ratio (1 - α) / β.
        """
        if self.line.size < 3:
            return self._at_least(self.tested[1], "", f"{self._law} has no peak")
        low, high = self._squared_peak()
        if math.isinf(high) or self.law.coherency == 0:
            return self._at_least(math.sqrt(low), "", "peak not identified")
        value = self.law.peak_concurrency
        return Estimate(value, math.sqrt(low), math.sqrt(high), "", "USL, Fieller", "measured", self.level)

    @cached_property
    def peak_throughput(self) -> Estimate:
        """Highest throughput the law allows; "at least" where the points do not show a peak [req/s].

        The peaks of the lower and of the upper interval of the law.
        """
        peak = self.peak_concurrency
        if not peak.bounded:
            return self._at_least(float(self._band(self.points.concurrency)[1].max()), "req/s", peak.method)
        _, low, high = self._band(np.geomspace(peak.low, peak.high, 201))
        value = self.law.peak_throughput
        bounds = min(value, float(low.max())), max(value, float(high.max()))
        return Estimate(value, *bounds, "req/s", "USL, peak of its interval", "measured", self.level)

    @property
    def text(self) -> str:
        """The result in sentences."""
        return " ".join([self.law_text, self._peak_text(self.tested[1]), *self.notes, *self._doubts()])

    @property
    def law_text(self) -> str:
        """The parameters in a sentence."""
        least, most = self.tested
        costs = [
            f"{name} {getattr(self, name)}" for name in ("contention", "coherency")[: self.line.size - 1]
        ]
        known = "; ".join([f"one alone carries {self.unit_throughput}", *costs])
        levels = f"{self.points.levels} levels, {number(least)} to {number(most)}"
        return f"{self._law} over {levels}: {known}."

    def to_frame(self, concurrency: ArrayLike | None = None) -> pd.DataFrame:
        """Table of the law at the given concurrencies; by default at the tested ones.

        Columns: concurrency, throughput (measured; only by default), fitted, low, high [req/s], extrapolated.
        """
        import pandas as pd

        levels = self.points.concurrency if concurrency is None else np.array(concurrency, dtype=float)
        value, low, high = self._band(levels)
        frame = pd.DataFrame({"concurrency": levels, "fitted": value, "low": low, "high": high})
        frame["extrapolated"] = self._extrapolated(levels)
        if concurrency is None:
            frame.insert(1, "throughput", self.points.throughput)
        return frame

    def __str__(self) -> str:
        return f"{self._law}: {self.unit_throughput} alone, peak {self.peak_throughput}"

    __repr__ = __str__

    def _peak_text(self, most: float) -> str:
        if self.peak_concurrency.bounded:
            return f"Throughput peaks at {self.peak_throughput} at a concurrency of {self.peak_concurrency}."
        reached = self.peak_throughput
        return f"The peak is not identified: {reached}; test above {number(most)} to see where it lies."

    def _doubts(self) -> list[str]:
        """What the points themselves say against the fit."""
        from capacity.models.fits.influence import off_the_law

        doubts = [self.error_model.text(self)] if self.error_model else []
        if self.lack_of_fit and self.lack_of_fit.doubtful:
            doubts.append(self.lack_of_fit.text)
        return [*doubts, off_the_law(self)] if self.outliers else doubts

    @property
    def _law(self) -> str:
        return told(type(self.law))

    @cached_property
    def _t(self) -> float:
        return t_quantile(self.degrees_of_freedom, self.level)

    def _parameter(self, name: str, most: float, unit: str) -> Estimate:
        value, reach = getattr(self.law, name), self._t * self.standard_errors[name]
        method = f"{self._law}, " + ("one-sided: at its bound 0" if name in self.at_bound else "Wald")
        bounds = max(value - reach, 0.0), min(value + reach, most)
        return Estimate(value, *bounds, unit, method, "measured", self.level)

    def _band(self, concurrency: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Throughput with its interval, N / (R ± t s(R)); unbounded where R cannot be told from 0."""
        design = design_of(concurrency, self.line.size)
        response = design @ self.line
        reach = self._t * np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design))
        shortest = np.where(response > reach, response - reach, np.nan)
        high = np.where(np.isnan(shortest), np.inf, concurrency / shortest)
        return concurrency / response, concurrency / (response + reach), high

    def _extrapolated(self, concurrency: np.ndarray) -> np.ndarray:
        """Whether each concurrency is too far from what was tested."""
        return concurrency > _TRUSTED_REACH * self.tested[1]

    def _squared_peak(self) -> tuple[float, float]:
        """Fieller's interval of N*² = (1 - α) / β: all r with |a - r b| <= t s(a - r b)."""
        contrast = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
        a, b = contrast @ self.line
        (aa, ab), (_, bb) = self._t**2 * (contrast @ self.covariance @ contrast.T)
        square, linear, constant = b * b - bb, a * b - ab, a * a - aa
        root = math.sqrt(max(linear**2 - square * constant, 0.0))
        low = constant / (linear + root)
        return low, (linear + root) / square if square > 0 else math.inf

    def _at_least(self, low: float, unit: str, method: str) -> Estimate:
        return Estimate(None, low, math.inf, unit, method, "measured", self.level)
