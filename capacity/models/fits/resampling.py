"""What a fit would be had the same law made other points: the parametric bootstrap, all resamples at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate
from capacity.models import domain
from capacity.models.fits.curves import peak_of, throughput_of
from capacity.models.fits.leastsquares import minimise
from capacity.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

    from capacity.models.fits.fitted import Fitted

_METHOD = "parametric bootstrap"


@dataclass(frozen=True, eq=False)
class Bootstrap(Shown):
    """Laws fitted to resampled points.

    Parameters
    ----------
    parts : ndarray
        A row a resample: a, b, c of R(N) = a + b N + c N (N - 1). [s]
    misfit : ndarray
        Sum of squared residuals of each. [1]
    level : float
        Confidence of the intervals. [fraction]

    Examples
    --------
    >>> import numpy as np
    >>> import capacity as cap
    >>> fit = cap.Amdahl.fit([1, 2, 3, 4, 6, 8], [300, 570, 810, 1030, 1380, 1690])
    >>> again = fit.bootstrap(200, rng=np.random.default_rng(1))
    >>> round(again.unit_throughput.low), round(again.unit_throughput.high)  # [req/s]
    (298, 305)
    """

    parts: np.ndarray
    misfit: np.ndarray
    level: float

    @property
    def unit_throughput(self) -> Estimate:
        """Throughput at a concurrency of one [req/s]."""
        return self._estimate(self.to_frame()["unit_throughput"].to_numpy(), "req/s")

    @property
    def contention(self) -> Estimate:
        """Share of the work that only one can do at a time [fraction]."""
        return self._estimate(self.to_frame()["contention"].to_numpy(), "")

    @property
    def coherency(self) -> Estimate:
        """Cost of keeping each pair consistent [fraction]."""
        return self._estimate(self.to_frame()["coherency"].to_numpy(), "")

    @property
    def peak_concurrency(self) -> Estimate:
        """Concurrency of the highest throughput; "at least" where too many resamples have none [requests]."""
        return self._estimate(peak_of(self.parts)[0], "")

    @property
    def peak_throughput(self) -> Estimate:
        """Highest throughput, or the limit it approaches; "at least" where too many have neither [req/s]."""
        return self._estimate(peak_of(self.parts)[1], "req/s")

    def predict(self, concurrency: float) -> Estimate:
        """Throughput at a concurrency [req/s]."""
        domain.positive(concurrency=concurrency)
        return self._estimate(throughput_of(self.parts, np.array([concurrency]))[:, 0], "req/s")

    def to_frame(self) -> pd.DataFrame:
        """One row a resample: unit_throughput [req/s], contention, coherency [fractions]."""
        import pandas as pd

        a, b, c = self.parts.T
        return pd.DataFrame(
            {"unit_throughput": 1 / (a + b), "contention": b / (a + b), "coherency": c / (a + b)}
        )

    def _estimate(self, sample: np.ndarray, unit: str) -> Estimate:
        tail = (1 - self.level) / 2
        low, value, high = np.quantile(sample, [tail, 0.5, 1 - tail], method="inverted_cdf").tolist()
        if math.isinf(low):
            raise NotIdentified(
                "the resampled laws have no peak; test higher loads, or fit a law that has one"
            )
        known = value if math.isfinite(high) else None
        return Estimate(known, low, high, unit, _METHOD, "measured", self.level)


def resample(fit: Fitted, size: int, rng: np.random.Generator) -> Bootstrap:
    """Fit again to points drawn from the fit; see `Fitted.bootstrap`.

    The scatter of each set has its own size, s √(ν / χ²), because s itself is known from ν = n - p residuals only.

    Raises
    ------
    DomainError
        If `size` is not a whole number, 1 or above, or there is no residual to take the scatter from.

    References
    ----------
    .. [1] Davison, Hinkley, Bootstrap Methods and Their Application, Cambridge, 1997, sec. 2.2 and 7.3.
    """
    domain.count(size=size)
    if not fit.observed.size > fit.line.size and math.isfinite(fit.degrees_of_freedom):
        raise DomainError("as many points as parameters leave no scatter to draw from; test more levels")
    fitted = fit.curve.values(fit.best[np.newaxis])
    freedom = fit.degrees_of_freedom
    spread = np.ones(size)
    if math.isfinite(freedom):
        spread = fit.residual_error * np.sqrt(freedom / rng.chisquare(freedom, size))
    targets = fitted + spread[:, np.newaxis] * rng.standard_normal((size, fit.observed.size))
    found = minimise(fit.curve, targets, fit.best)
    return Bootstrap(fit.curve.parts(found.parameters), found.misfit, fit.level)
