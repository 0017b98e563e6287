"""Points that do not belong to the law of the others, and laws that do not belong to their points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from capacity.estimate import number
from capacity.models.fits.leastsquares import Minimum, minimise
from capacity.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

    from capacity.models.fits.fitted import Fitted

_CHANCE = 0.02  # that a set of good points has one called an outlier
_DOUBTFUL = 0.05  # chance of a departure from the law below which it is named
_PAIRS = 60  # points up to which two are left out at a time
_SAME_LOAD = 1.01  # ratio of loads that count as repeats of one


@dataclass(frozen=True)
class LackOfFit(Shown):
    """Departure of the levels from the law, against the scatter of repeats within a level.

    Parameters
    ----------
    ratio : float
        Mean square about the law over mean square within levels, F. [1]
    chance : float
        Of a ratio as large where the law holds. [fraction]
    repeats : int
        Points beyond the first of their level. [points]

    References
    ----------
    .. [1] Draper, Smith, Applied Regression Analysis, 3rd ed., Wiley, 1998, sec. 2.1.

    Examples
    --------
    >>> import capacity as cap
    >>> fit = cap.Amdahl.fit([1, 1, 2, 2, 4, 4], [298, 302, 566, 574, 1022, 1038])
    >>> fit.lack_of_fit.repeats, fit.lack_of_fit.doubtful
    (3, False)
    """

    ratio: float
    chance: float
    repeats: int

    @property
    def doubtful(self) -> bool:
        """Whether the law's shape is in doubt."""
        return self.chance < _DOUBTFUL

    @property
    def text(self) -> str:
        """The finding in a sentence."""
        return (
            f"The levels lie off the law more than their repeats scatter (F = {self.ratio:.2g}, "
            f"p = {self.chance:.2g}): the law's shape is in doubt."
        )


def lack_of_fit(fit: Fitted) -> LackOfFit | None:
    """Compare the departures from the law with the scatter of repeated levels; see `Fitted.lack_of_fit`."""
    from scipy.special import fdtrc

    level = _levels(fit)
    residuals = fit.targets - fit.curve.values(fit.best[np.newaxis])[0]
    means = np.bincount(level, residuals) / np.bincount(level)
    within = float(((residuals - means[level]) ** 2).sum())
    repeats, spare = residuals.size - means.size, means.size - fit.line.size
    if not repeats or spare <= 0 or within <= 0:
        return None
    ratio = max(fit.misfit - within, 0.0) / spare / (within / repeats)
    return LackOfFit(ratio, float(fdtrc(spare, repeats, ratio)), repeats)


def influence(fit: Fitted) -> pd.DataFrame:
    """Leave each point out in turn and fit again; see `Fitted.influence`.

    Columns: concurrency, throughput, residual (in the error model's terms), studentized (residual about the law
    of the others, over its standard deviation), cook (Cook's distance), contention and coherency without it.
    """
    import pandas as pd

    size, count = fit.observed.size, fit.line.size
    without = _leave_out(fit, [(i,) for i in range(size)])
    here = fit.curve.values(fit.best[np.newaxis])[0]
    there = fit.curve.values(without.parameters)
    saved = np.maximum(fit.misfit - without.misfit, 0.0)
    spread = without.misfit / (size - count - 1) if size > count + 1 else np.full(size, np.nan)
    a, b, c = fit.curve.parts(without.parameters).T
    return pd.DataFrame(
        {
            "concurrency": fit.points.concurrency,
            "throughput": fit.points.throughput,
            "residual": fit.targets - here,
            "studentized": np.sign(fit.targets - here) * np.sqrt(saved / spread),
            "cook": ((there - here) ** 2).sum(axis=1) / (count * fit.misfit / (size - count)),
            "contention": b / (a + b),
            "coherency": c / (a + b),
        }
    )


def outliers(fit: Fitted) -> tuple[int, ...]:
    """Return the one or two points whose removal lowers the misfit beyond chance, by F tests with Bonferroni's limit.

    Two are tried together because each hides the other.

    References
    ----------
    .. [1] Cook, Weisberg, Residuals and Influence in Regression, Chapman and Hall, 1982, sec. 2.2.2.
    """
    from scipy.special import fdtrc

    size, count = fit.observed.size, fit.line.size
    found: tuple[int, ...] = ()
    least = _CHANCE
    for left_out in (1, 2):
        spare = size - count - left_out
        if spare < 2 or (left_out == 2 and size > _PAIRS):
            break
        sets = list(combinations(range(size), left_out))
        misfits = _leave_out(fit, sets).misfit
        best = int(np.argmin(misfits))
        ratio = (fit.misfit - misfits[best]) / left_out / max(misfits[best] / spare, 1e-300)
        chance = len(sets) * float(fdtrc(left_out, spare, max(ratio, 0.0)))
        if chance < least:
            found, least = sets[best], chance
    return found


def off_the_law(fit: Fitted) -> str:
    """Say which points lie off the law and what it would be without them."""
    without = _leave_out(fit, [fit.outliers])
    a, b, c = fit.curve.parts(without.parameters)[0]
    shares = fit.departure(fit.curve.values(without.parameters)[0])
    places = []
    for i in fit.outliers:
        level = f"{number(fit.points.throughput[i])} req/s at concurrency {number(fit.points.concurrency[i])}"
        places.append(f"{level} ({100 * shares[i]:+.0f}%)")
    verb = "lies" if len(places) == 1 else "lie"
    costs = [f"contention would be {b / (a + b):.3g}", f"coherency {c / (a + b):.3g}"][: fit.line.size - 1]
    rest = f"; without {'it' if len(places) == 1 else 'them'} {', '.join(costs)}" if costs else ""
    return f"{' and '.join(places)} {verb} off the law of the other points{rest}: measure again."


def _leave_out(fit: Fitted, sets: list[tuple[int, ...]]) -> Minimum:
    """Fit again without each of the sets of points."""
    kept = np.ones((len(sets), fit.observed.size))
    for row, points in enumerate(sets):
        kept[row, list(points)] = 0.0
    return minimise(fit.curve, fit.targets, fit.best, kept=kept)


def _levels(fit: Fitted) -> np.ndarray:
    """Number the levels of the load: what follows the next lower within 1% is a repeat of it."""
    order = np.argsort(fit.load)
    steps = np.diff(np.log(fit.load[order])) > math.log(_SAME_LOAD)
    level = np.empty(order.size, dtype=int)
    level[order] = np.concatenate([[0], np.cumsum(steps)])
    return level
