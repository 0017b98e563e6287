"""How good such forecasts would have been before: each stretch of the history predicted from what came before it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import NotIdentified
from capacity.planning.demand.demand import FARTHEST, FEWEST_DAYS, LEVEL
from capacity.planning.demand.traffic import TrafficHistory
from capacity.planning.demand.trend import Trend

if TYPE_CHECKING:
    import pandas as pd

_STRETCHES = 6  # wanted at least, so that they say something
_SHORTEST = 7  # days of a stretch
_WORLDS = 500
_BY_CHANCE = 0.05  # chance of as many misses by a right interval, below which it is widened
_LEAST_WIDTH = 1e-6  # of an interval, in logarithms
_WIDEST = 5.0  # factor; beyond it the model does not describe the traffic at all


@dataclass(frozen=True, eq=False)
class Backtest:
    """Peaks of past stretches against what was predicted for them.

    Parameters
    ----------
    history : str
        Name of the history.
    days : int
        Length of each stretch. [days]
    stretches : pandas.DataFrame
        `start`, `low`, `median`, `high` (90% interval) and `actual` peak of each. [req/s]

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.demand.backtest)
    4 of 6 past peaks in their 90% interval
    """

    history: str
    days: int
    stretches: pd.DataFrame

    @cached_property
    def inside(self) -> int:
        """Stretches whose peak lay in its interval. [stretches]"""
        frame = self.stretches
        return int(frame["actual"].between(frame["low"], frame["high"]).sum())

    @property
    def coverage(self) -> float:
        """Share of the peaks that lay in their 90% interval. [fraction]"""
        return self.inside / len(self.stretches)

    @property
    def bias(self) -> float:
        """Mean logarithm of actual over predicted peak: above 0 where too little was predicted. [1]"""
        return float(np.log(self.stretches["actual"] / self.stretches["median"]).mean())

    @cached_property
    def widening(self) -> float:
        """Factor on the width of a forecast, in logarithms; above 1 only where the misses are more than chance [1].

        Then it is what would have made the intervals hold nine tenths of the peaks.
        """
        n, missed = len(self.stretches), len(self.stretches) - self.inside
        by_chance = 1 - sum(math.comb(n, k) * (1 - LEVEL) ** k * LEVEL ** (n - k) for k in range(missed))
        if by_chance >= _BY_CHANCE:
            return 1.0
        needed = np.sort(self._needed)[math.ceil(LEVEL * n) - 1]
        return float(min(max(needed, 1.0), _WIDEST))

    @property
    def _needed(self) -> np.ndarray:
        """Factor on each interval that would just hold its peak."""
        frame = self.stretches
        off = np.log(frame["actual"] / frame["median"]).to_numpy()
        end = np.where(off > 0, frame["high"], frame["low"])
        return np.abs(off) / np.maximum(np.abs(np.log(end / frame["median"])), _LEAST_WIDTH)

    @property
    def text(self) -> str:
        """What it showed, and what was made of it."""
        n = len(self.stretches)
        sentences = [
            f"Predicted from the days before, {self.inside} of the peaks of {n} past stretches of {self.days} days lay "
            "inside their 90% interval."
        ]
        if abs(self.bias) > 0.05:
            side = "higher" if self.bias > 0 else "lower"
            sentences.append(f"They were {abs(math.expm1(self.bias)):.0%} {side} than predicted on average.")
        if self.widening > 1:
            sentences.append(f"That is too few: the forecast was widened by the factor {self.widening:.2g}.")
        elif self.coverage < LEVEL:
            sentences.append("So few may be chance, and the forecast was not widened.")
        return " ".join(sentences)

    def to_frame(self) -> pd.DataFrame:
        """The stretches: start, interval, median and actual peak. [req/s]"""
        return self.stretches

    def __str__(self) -> str:
        return f"{self.inside} of {len(self.stretches)} past peaks in their 90% interval"

    def _repr_html_(self) -> str:
        shown = self.stretches.rename(columns={"start": "date", "median": "forecast"})
        return result_html(shown, f"Past peaks of {self.history} and their forecasts [req/s]", self.text)


def backtest(history: TrafficHistory, *, horizon_days: int, rng: np.random.Generator) -> Backtest:
    """Predict past stretches of a history, one after the other, from nothing but the days before each.

    Parameters
    ----------
    history : TrafficHistory
        Long enough for four weeks and two stretches of a week.
    horizon_days : int
        Length wanted of a stretch; shorter where the history is, so that there are six. [days]
    rng : numpy.random.Generator
        Of every random draw.

    Raises
    ------
    NotIdentified
        If fewer than two stretches of a week remain after the first four weeks.

    References
    ----------
    .. [1] Tashman, Out-of-sample tests of forecasting accuracy, International Journal of Forecasting 16, 2000.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> found = cap.backtest(study.history, horizon_days=28, rng=study.rng())
    >>> found.days, found.inside, len(found.stretches)  # [days], stretches inside their interval, of so many
    (25, 4, 6)
    """
    import pandas as pd

    spare = history.days - FEWEST_DAYS
    days = max(_SHORTEST, min(horizon_days, spare // _STRETCHES))
    if spare < 2 * days:
        raise NotIdentified(
            f"{history.name} has {history.days} days; a backtest needs {FEWEST_DAYS} days and two stretches of "
            f"{days} days after them: {FEWEST_DAYS + 2 * days} days"
        )
    peak = history.daily_peak
    last = peak.index[-1]
    starts = [last - pd.Timedelta(days=days * (k + 1) - 1) for k in range(spare // days)][::-1]
    rows = [row for start in starts if (row := _stretch(peak, start, days, rng))]
    if len(rows) < 2:
        raise NotIdentified(
            f"{history.name} has too many incomplete days for a backtest of {days}-day stretches"
        )
    return Backtest(history.name, days, pd.DataFrame(rows))


def _stretch(
    peak: pd.Series, start: pd.Timestamp, days: int, rng: np.random.Generator
) -> dict[str, object] | None:
    """Return one stretch; None where the days before or inside are too few."""
    import pandas as pd

    actual = peak[start : start + pd.Timedelta(days=days - 1)]
    past = peak[peak.index < start]
    known = (past.index[-1] - past.index[0]).days + 1 if len(past) else 0
    if len(past) < FEWEST_DAYS or len(actual) < days / 2 or days > FARTHEST * known:
        return None
    try:
        trend = Trend.of(past)
    except NotIdentified:
        return None
    coefficients, spread = trend.draw(rng, _WORLDS)
    rests = trend.rests(rng, spread, (actual.index[-1] - past.index[-1]).days)
    ahead = trend.paths(coefficients, rests)[:, -days:].max(axis=1)
    low, median, high = np.quantile(ahead, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    return {"start": start, "low": low, "median": median, "high": high, "actual": float(actual.max())}
