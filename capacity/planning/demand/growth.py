"""How fast the peak grows: as the history shows it, as the plan states it, or both weighed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from capacity.errors import DomainError
from capacity.estimate import Estimate, Provenance
from capacity.models.finance import pert_sample
from capacity.planning.demand.trend import Trend

DAYS_PER_MONTH = 365.25 / 12  # [days]
_LEVEL = 0.9
_CANDIDATES = 20_000
_FINEST = 1e-3  # of the range stated: a fitted slope is not taken to be known better than that


@dataclass(frozen=True, eq=False)
class Growth:
    """Growth in each sampled world.

    Parameters
    ----------
    worlds : ndarray
        Growth in each world. [fraction per month]
    source : str
        Where it comes from, for a sentence.
    method : str
        How it was obtained, for its estimate.
    stated : bool
        Whether the plan has a part in it.
    note : str
        What the history shows by itself, where the plan states something.
    """

    worlds: np.ndarray
    source: str
    method: str
    stated: bool
    note: str = ""

    @property
    def estimate(self) -> Estimate:
        """Median and 90% interval. [fraction per month]"""
        provenance: Provenance = "assumed" if self.stated else "measured"
        return Estimate.of_sample(self.worlds, unit="", method=self.method, provenance=provenance)

    @property
    def slopes(self) -> np.ndarray:
        """Of the logarithm. [1/day]"""
        return np.asarray(np.log1p(self.worlds) / DAYS_PER_MONTH)


def stated(rng: np.random.Generator, triple: Sequence[float], worlds: int) -> Growth:
    """Growth that rests on the plan alone."""
    return Growth(
        pert_sample(rng, *_checked(triple), worlds), "as given in the plan", "PERT of the range given", True
    )


def fitted(coefficients: np.ndarray) -> Growth:
    """Growth that rests on the history alone."""
    growth = np.expm1(coefficients[:, 1] * DAYS_PER_MONTH)
    return Growth(growth, "fitted", "log-linear trend, AR(1) errors", False)


def weighed(
    rng: np.random.Generator, trend: Trend, coefficients: np.ndarray, triple: Sequence[float]
) -> tuple[Growth, np.ndarray]:
    """Growth as the plan states it, weighed with what the history shows.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of every random draw.
    trend : Trend
        Fitted to the history.
    coefficients : ndarray
        Drawn from it (worlds x 8).
    triple : three floats
        Low, likely, high. [fraction per month]

    Returns
    -------
    growth : Growth
        In each world, always inside the range given.
    coefficients : ndarray
        Those of the trend with that growth.

    Notes
    -----
    Bayes: growth drawn from the PERT distribution of the range is drawn again in proportion to the likelihood
    of its slope, Student's t about the fitted one with the standard error that autocorrelated rests leave.
    A short or noisy history has a wide likelihood and changes little; a long and clean one decides within
    the range, and a range so wide that it says nothing leaves the fitted trend. The level of the last day
    follows the slope as the fit relates them.

    Where the 90% interval of the history and the range do not meet, they cannot be about the same growth. The
    plan's is then about the future (a launch, a market), which no history knows: it is kept as given, from the
    fitted level of the last day, and a note tells of the contradiction.
    """
    alone = fitted(coefficients)
    low, median, high = np.quantile(alone.worlds, [(1 - _LEVEL) / 2, 0.5, (1 + _LEVEL) / 2])
    shown = f"The history by itself shows growth of {median:.1%} ({low:.1%} to {high:.1%}) per month"
    given = stated(rng, triple, _CANDIDATES).worlds
    worlds, changed = len(coefficients), coefficients.copy()
    if low > triple[2] or high < triple[0]:
        growth = Growth(
            given[:worlds],
            "as given in the plan, in place of the fitted trend",
            "PERT of the range given",
            True,
            f"{shown}, which contradicts the range given: it was kept, as only the plan can know what changes.",
        )
        changed[:, 1] = growth.slopes
        return growth, changed
    weights = _likelihood(trend, given)
    growth = Growth(
        rng.choice(given, worlds, p=weights / weights.sum()),
        "as given in the plan, weighed with the fitted trend",
        "PERT of the range given, weighed with the log-linear trend",
        True,
        f"{shown}.",
    )
    step = growth.slopes - changed[:, 1]
    return growth, changed + step[:, None] * _follows(trend)


def _likelihood(trend: Trend, growth: np.ndarray) -> np.ndarray:
    slopes = np.log1p(growth) / DAYS_PER_MONTH
    finest = _FINEST * float(np.ptp(slopes)) or 1.0
    error = max(math.sqrt(trend.covariance[1, 1]), finest)
    off = (slopes - np.clip(trend.coefficients[1], slopes.min(), slopes.max())) / error
    return np.asarray((1 + off**2 / trend.freedom) ** (-(trend.freedom + 1) / 2))


def _follows(trend: Trend) -> np.ndarray:
    """Change of each coefficient with one of the slope."""
    variance = float(trend.covariance[1, 1])
    if variance <= 0:
        return np.eye(len(trend.coefficients))[1]
    return np.asarray(trend.covariance[1] / variance)


def _checked(triple: Sequence[float]) -> tuple[float, float, float]:
    if not (len(triple) == 3 and -1 < triple[0] <= triple[1] <= triple[2] < math.inf):
        raise DomainError(
            f"growth per month {list(triple)}; allowed: three fractions, low <= likely <= high, above -1"
        )
    low, likely, high = triple
    return low, likely, high
