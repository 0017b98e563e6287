"""The daily peaks as a trend, a week and a rest: fitted once, drawn many times.

The logarithm of the daily peak is a straight line, with a step where the level jumped for good, plus a level for
each day of the week plus a rest that remembers the day before. What the fit does not know about the line is drawn
from its autocorrelation-aware distribution; the rest is drawn in whole weeks of what was seen, and the largest of a
week from a Pareto tail, since the future may hold larger ones than the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import NotIdentified

if TYPE_CHECKING:
    import pandas as pd

WEEK = 7
_TAIL = 0.9  # above this quantile the rest is drawn from a generalized Pareto tail
_SHAPES = (np.arange(20) - 9.5) / 20  # of that tail, on a grid without 0
_STEPS = np.linspace(-2.5, 2.5, 41)  # of the logarithm of its scale over the mean excess
_FEWEST_FREEDOM = 3.0  # degrees of freedom; fewer have no variance
_MOST_SHIFTS = 3
_APART = 14  # days between shifts, and from either end
_NOISELESS = 1e-9  # standard deviation of a logarithm
_MOST_MEMORY = 0.95  # autocorrelation from one day to the next


@dataclass(frozen=True, eq=False)
class Trend:
    """A log-linear trend with a weekly shape and an autocorrelated rest.

    Parameters
    ----------
    coefficients : ndarray
        Log level on the last day, slope [1/day], six contrasts between days of the week, and the jump at each
        shift.
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
    shifts : tuple of int
        Days on which the level jumped for good, counted from the last day. [days]
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    rest: np.ndarray
    memory: float
    freedom: float
    last_weekday: int
    shifts: tuple[int, ...] = ()

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
        took out of the residuals. Without the shifts a jump of the level would pass for growth.

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
        logs = np.log(peak)
        shifts = _shifts(logs, offset, _design(offset, weekday))
        design = np.column_stack([_design(offset, weekday), *((offset >= shift) - 1 for shift in shifts)])
        inverse = np.linalg.pinv(design)
        coefficients = inverse @ logs
        rest = logs - design @ coefficients
        memory = _memory(rest, offset)
        correlation = memory ** np.abs(np.subtract.outer(offset, offset)).astype(float)
        left = np.trace((np.eye(len(rest)) - design @ inverse) @ correlation)
        variance = float(rest @ rest) / left
        inflated = rest * np.sqrt(variance * len(rest) / max(float(rest @ rest), 1e-300))
        freedom = max(len(rest) * (1 - memory) / (1 + memory) - 2, _FEWEST_FREEDOM)
        covariance = inverse @ correlation @ inverse.T * variance
        return cls(coefficients, covariance, _weeks(offset, inflated), memory, freedom, last % WEEK, shifts)

    @classmethod
    def of(cls, peak: pd.Series) -> Trend:
        """Fit to daily peaks by date. [req/s]"""
        import pandas as pd

        monday = pd.Timestamp("1970-01-05", tz="UTC")
        return cls.fit(np.asarray((peak.index - monday).days), peak.to_numpy())

    def draw(self, rng: np.random.Generator, worlds: int) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients in each world, and by how much the rest is wider or narrower there (Student's t)."""
        spread = np.sqrt(self.freedom / rng.chisquare(self.freedom, worlds))
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal = rng.standard_normal((worlds, len(values)))
        return self.coefficients + (normal @ root.T) * spread[:, None], spread

    def ahead(self, coefficients: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Log of the expected daily peak `days` after the last one, in each world (worlds x days)."""
        design = _design(days, (self.last_weekday + days) % WEEK)
        return coefficients[:, : design.shape[1]] @ design.T

    def paths(self, coefficients: np.ndarray, rests: np.ndarray) -> np.ndarray:
        """Daily peaks after the last day in each world. [req/s] (worlds x days)"""
        return np.exp(self.ahead(coefficients, np.arange(1, rests.shape[1] + 1)) + rests)

    def rests(self, rng: np.random.Generator, spread: np.ndarray, days: int) -> np.ndarray:
        """Draw the rest in whole weeks, peaks above a threshold from a Pareto tail (worlds x days).

        The days of a campaign or of a slow swing are high together, so a week is one draw of the tail: its
        largest excess is drawn, and its other days keep their proportion to it (declustered peaks over a
        threshold [1]_). Each world knows a resample of the weeks, since how often campaigns come is uncertain.
        The excess is a share of the threshold, not a logarithm, which would have no mean in a heavy tail. The tail
        is uncertain by itself; only what is below it takes the `spread`.

        References
        ----------
        .. [1] Davison & Smith, Models for exceedances over high thresholds, Journal of the Royal Statistical
           Society B 52, 1990.
        """
        threshold = np.quantile(self.rest, _TAIL)
        usual = np.minimum(self.rest, threshold)
        excess = np.expm1(self.rest - usual)
        largest = excess.max(axis=1)
        seen = largest > 0
        known = rng.integers(0, len(self.rest), (len(spread), len(self.rest)))
        weeks = rng.integers(0, len(self.rest), (len(spread), -(-days // WEEK)))
        picked = np.take_along_axis(known, weeks, axis=1)
        drawn = usual[picked] * spread[:, None, None]
        if seen.any():
            share = excess / np.where(seen, largest, 1.0)[:, None]
            scale, shape = _tail(rng, largest[seen], len(spread))
            pareto = scale[:, None] * np.expm1(shape[:, None] * rng.standard_exponential(picked.shape))
            drawn += np.log1p(share[picked] * (pareto / shape[:, None])[:, :, None])
        return drawn.reshape(len(spread), -1)[:, :days]


def _tail(rng: np.random.Generator, excess: np.ndarray, worlds: int) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shape of the generalized Pareto tail in each world, drawn from their posterior on a grid.

    The excess of a few weeks hardly tells the shape, so it has the prior of Martins & Stedinger (Water Resources
    Research 36, 2000, eq. 15): a beta density between -0.5 and 0.5 with mean 0.1; the scale has 1/scale.
    """
    shape, step = (grid.ravel() for grid in np.meshgrid(_SHAPES, _STEPS, indexing="ij"))
    scale = excess.mean() * np.exp(step)
    inside = 1 + shape[:, None] * excess / scale[:, None]
    logs = np.log(np.maximum(inside, 1e-300)).sum(axis=1)
    prior = 5 * np.log(0.5 - shape) + 8 * np.log(0.5 + shape)
    fitness = prior - len(excess) * step - (1 + 1 / shape) * logs
    fitness[(inside <= 0).any(axis=1)] = -np.inf
    weight = np.exp(fitness - fitness.max())
    picked = rng.choice(weight.size, worlds, p=weight / weight.sum())
    smooth = np.exp((_STEPS[1] - _STEPS[0]) * (rng.random(worlds) - 0.5))
    return scale[picked] * smooth, shape[picked]


def _design(offset: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    contrasts = [(weekday == day) - 1 / WEEK for day in range(1, WEEK)]
    return np.column_stack([np.ones(len(offset)), offset, *contrasts]).astype(float)


def _shifts(logs: np.ndarray, offset: np.ndarray, design: np.ndarray) -> tuple[int, ...]:
    """Find days on which the level jumped for good, one after the other, as long as one is worth its while.

    A shift is worth it where it lowers n log(sum of squared AR(1) innovations) by more than 3 log n: the modified
    Bayes criterion for a change at an unknown time (Zhang & Siegmund, Biometrics 63, 2007).
    """
    found: list[int] = []
    while len(found) < _MOST_SHIFTS:
        near = [np.abs(offset - shift) < _APART for shift in found]
        open_to = ~np.any(near, axis=0) if near else np.ones(len(offset), dtype=bool)
        days = offset[open_to & (offset - offset[0] >= _APART) & (offset <= 1 - _APART)]
        columns = [(offset >= shift) - 1 for shift in found]
        shift = _shift(logs, offset, np.column_stack([design, *columns]), days)
        if shift is None:
            break
        found.append(shift)
    return tuple(sorted(found))


def _shift(logs: np.ndarray, offset: np.ndarray, design: np.ndarray, days: np.ndarray) -> int | None:
    """Return the day whose step explains most, if it explains enough."""
    inverse = np.linalg.pinv(design)
    rest = logs - design @ (inverse @ logs)
    if not days.size or rest.std() < _NOISELESS:
        return None
    steps = (offset[:, None] >= days) - 1.0
    left = steps - design @ (inverse @ steps)
    tried = rest[:, None] - left * (left.T @ rest / (left**2).sum(axis=0))
    neighbours = np.diff(offset) == 1
    gain = np.log(_innovations(rest[:, None], neighbours) / _innovations(tried, neighbours)) * len(rest)
    return int(days[gain.argmax()]) if gain.max() > 3 * np.log(len(rest)) else None


def _innovations(rest: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Sum of squares that the day before does not explain, for each column."""
    today, before = rest[1:][neighbours], rest[:-1][neighbours]
    return np.asarray((today**2).sum(axis=0) - (today * before).sum(axis=0) ** 2 / (before**2).sum(axis=0))


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
