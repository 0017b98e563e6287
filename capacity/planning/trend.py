"""The daily peaks as a trend, a week and a rest: fitted once, drawn many times.

The logarithm of the daily peak is a straight line plus a level for each day of the week plus a rest that
remembers the day before. What the fit does not know about the line is drawn from its autocorrelation-aware
distribution; the rest is drawn in whole weeks of what was seen, and its largest values from a Pareto tail,
since the future may hold larger ones than the past.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from capacity.errors import NotIdentified

WEEK = 7
_TAIL = 0.9  # above this quantile the rest is drawn from a generalized Pareto tail
_SHAPE = 0.2  # of that tail: heavier than exponential, as campaigns make it
_FEWEST_FREEDOM = 3.0  # degrees of freedom; fewer have no variance
_MOST_MEMORY = 0.95  # autocorrelation from one day to the next


@dataclass(frozen=True, eq=False)
class Trend:
    """A log-linear trend with a weekly shape and an autocorrelated rest.

    Parameters
    ----------
    coefficients : ndarray
        Log level on the last day, slope [1/day], and six contrasts between days of the week.
    covariance : ndarray
        Their covariance, with the rest taken as AR(1).
    rest : ndarray
        Weeks of what the line and the week do not explain, in logarithms (weeks x 7), oldest first; the
        last column has the weekday of the last day.
    memory : float
        Autocorrelation of the rest from one day to the next, corrected for its bias in a short series.
    freedom : float
        Independent days less the two parameters of the line. [days]
    last_weekday : int
        Weekday of the last day.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    rest: np.ndarray
    memory: float
    freedom: float
    last_weekday: int

    @classmethod
    def fit(cls, day: np.ndarray, peak: np.ndarray) -> Trend:
        """Fit by least squares.

        Parameters
        ----------
        day : ndarray of int
            Number of each day, increasing, counted from any Monday; gaps are allowed. [days]
        peak : ndarray
            Largest rate of each day, above zero. [req/s]

        Raises
        ------
        NotIdentified
            If a day of the week does not occur in whole weeks counted back from the last day.

        Notes
        -----
        The coefficients vary with covariance P R Pᵀ σ², P the pseudo-inverse of the design, R the AR(1)
        correlation and σ² the residual sum of squares over trace((I − XP) R), which undoes what fitting
        took out of the residuals.

        References
        ----------
        .. [1] Hamilton, Time Series Analysis, Princeton, 1994, sec. 8.2 (least squares with autocorrelated
           errors).
        .. [2] Kendall, Note on bias in the estimation of autocorrelation, Biometrika 41, 1954.
        """
        weekday = day % WEEK
        last = int(day[-1])
        offset = day - last
        if len(set(weekday[offset > -WEEK * ((1 - int(offset[0])) // WEEK)].tolist())) < WEEK:
            raise NotIdentified(
                "some days of the week are missing from the history; use one that covers all seven"
            )
        design = _design(offset, weekday)
        inverse = np.linalg.pinv(design)
        coefficients = inverse @ np.log(peak)
        rest = np.log(peak) - design @ coefficients
        memory = _memory(rest, offset)
        correlation = memory ** np.abs(np.subtract.outer(offset, offset)).astype(float)
        left = np.trace((np.eye(len(rest)) - design @ inverse) @ correlation)
        variance = float(rest @ rest) / left
        inflated = rest * np.sqrt(variance * len(rest) / max(float(rest @ rest), 1e-300))
        freedom = max(len(rest) * (1 - memory) / (1 + memory) - 2, _FEWEST_FREEDOM)
        covariance = inverse @ correlation @ inverse.T * variance
        return cls(coefficients, covariance, _weeks(offset, inflated), memory, freedom, last % WEEK)

    def draw(self, rng: np.random.Generator, worlds: int) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients in each world, and by how much the rest is wider or narrower there (Student's t)."""
        spread = np.sqrt(self.freedom / rng.chisquare(self.freedom, worlds))
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal = rng.standard_normal((worlds, len(values)))
        return self.coefficients + (normal @ root.T) * spread[:, None], spread

    def ahead(self, coefficients: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Log of the expected daily peak `days` after the last one, in each world (worlds x days)."""
        return coefficients @ _design(days, (self.last_weekday + days) % WEEK).T

    def rests(self, rng: np.random.Generator, worlds: int, days: int) -> np.ndarray:
        """Draw the rest in whole weeks, its largest values from a Pareto tail (worlds x days).

        The mean of the tail is known from few values; in each world it is drawn from what they say about it,
        their sum over a gamma variable of their number. Its shape is assumed: daily peaks do not tell it.
        """
        weeks = -(-days // WEEK)
        drawn = self.rest[rng.integers(0, len(self.rest), (worlds, weeks))].reshape(worlds, -1)[:, :days]
        threshold = np.quantile(self.rest, _TAIL)
        above = self.rest[self.rest > threshold] - threshold
        if not above.size:
            return drawn
        mean = above.sum() / rng.gamma(above.size, size=(worlds, 1))
        pareto = np.expm1(_SHAPE * rng.standard_exponential(drawn.shape)) / _SHAPE * (1 - _SHAPE)
        return np.where(drawn > threshold, threshold + mean * pareto, drawn)


def _design(offset: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    contrasts = [(weekday == day) - 1 / WEEK for day in range(1, WEEK)]
    return np.column_stack([np.ones(len(offset)), offset, *contrasts]).astype(float)


def _memory(rest: np.ndarray, offset: np.ndarray) -> float:
    """First autocorrelation over pairs of neighbouring days, with Kendall's correction for a fitted line."""
    neighbours = np.diff(offset) == 1
    power = float(rest @ rest)
    if not neighbours.any() or power <= 0:
        return 0.0
    pairs = int(neighbours.sum())
    raw = float((rest[1:] * rest[:-1])[neighbours].sum()) / pairs * len(rest) / power
    return float(np.clip((pairs * raw + 2) / (pairs - 4), 0.0, _MOST_MEMORY)) if pairs > 4 else 0.0


def _weeks(offset: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Whole weeks counted back from the last day; a missing day takes the median rest of its weekday."""
    weeks = (1 - int(offset[0])) // WEEK
    table = np.full((weeks, WEEK), np.nan)
    inside = offset > -weeks * WEEK
    position = offset[inside] + weeks * WEEK - 1
    table[position // WEEK, position % WEEK] = rest[inside]
    return np.where(np.isnan(table), np.nanmedian(table, axis=0), table)
