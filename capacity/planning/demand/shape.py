"""The shape of a week: what share of its day's peak is asked in each bucket, and for how long."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError, NotIdentified
from capacity.planning.demand.trend import WEEK

if TYPE_CHECKING:
    import pandas as pd

DAY = 86_400.0  # s
HOUR = 3600.0  # s
_FEWEST = 2  # complete days of each weekday
_HIGH = 0.9  # of the day's peak; a rate above is "near the peak" in the text


@dataclass(frozen=True, eq=False)
class WeekShape:
    """Rates of a day as shares of that day's peak, for each weekday.

    Parameters
    ----------
    history : str
        Name of the history.
    step : float
        Length of a bucket. [s]
    by_time : ndarray
        Median share in each bucket of the day, from midnight UTC (7 weekdays from Monday x buckets).
        [fraction]
    by_rank : ndarray
        Median of the largest share of a day, of the second largest and so on: the duration curve; its first column
        is 1. It keeps the peak where its hour wanders (7 x buckets). [fraction]
    day_level : ndarray
        Median peak of each weekday over the largest of the seven days around it. [fraction]
    days : int
        Complete days it rests on. [days]

    Notes
    -----
    Not modelled: public holidays, and changes of the clock (times are UTC: where local time changes, `by_time`
    mixes two hours; `by_rank`, and so every figure of hours and minutes, does not depend on the time of day).

    Examples
    --------
    >>> import pandas as pd
    >>> index = pd.date_range("2026-01-05", periods=14 * 24, freq="h", tz="UTC")
    >>> rates = pd.Series([100.0 if moment.hour in (10, 11) else 40.0 for moment in index], index)
    >>> shape = WeekShape.of("made.csv", 3600.0, rates)
    >>> float(shape.hours_above(0.5, weekday=0)), float(shape.short_minutes(0.5, weekday=0))
    (2.0, 60.0)
    """

    history: str
    step: float
    by_time: np.ndarray
    by_rank: np.ndarray
    day_level: np.ndarray
    days: int

    @classmethod
    def of(cls, name: str, step: float, rates: pd.Series) -> WeekShape:
        """Find the shape of complete days.

        Parameters
        ----------
        name : str
            Of the history.
        step : float
            Length of a bucket, which must divide a day. [s]
        rates : pandas.Series
            Of complete days, by start of the bucket in UTC; a bucket that is absent takes the median share of
            its weekday and time. [req/s]

        Raises
        ------
        NotIdentified
            If buckets are as long as a day or do not divide it, or a weekday has fewer than two days.
        """
        buckets = round(DAY / step)
        if buckets < 2 or abs(buckets * step - DAY) > 1e-6:
            raise NotIdentified(
                f"{name} has buckets of {step:g} s, which say nothing of the shape of a day; export buckets that "
                "divide a day, better an hour or less"
            )
        table, weekday, peak = _days(rates, step, buckets)
        _check_weekdays(name, weekday)
        share = table / table.max(axis=1, initial=0.0, where=~np.isnan(table))[:, None]
        by_time = np.array([_median(name, share[weekday == day]) for day in range(WEEK)])
        filled = np.where(np.isnan(share), by_time[weekday], share)
        ranked = -np.sort(-filled, axis=1)
        by_rank = np.array([np.median(ranked[weekday == day], axis=0) for day in range(WEEK)])
        around = (peak / peak.rolling(f"{WEEK}D", center=True).max()).to_numpy()
        level = np.array([np.median(around[weekday == day]) for day in range(WEEK)])
        return cls(name, step, by_time, by_rank, level, len(peak))

    def hours_above(self, share: np.ndarray | float, weekday: int) -> np.ndarray:
        """Hours of a day [h] in which the rate exceeds a share of that day's peak, exact at every share.

        Parameters
        ----------
        share : float or ndarray
            Of the day's peak, 0 or above. [fraction]
        weekday : int
            0 (Monday) to 6. [day of the week]
        """
        count, _ = self._above(share, weekday)
        return np.asarray(count * self.step / HOUR)

    def short_minutes(self, carried_over_peak: np.ndarray | float, weekday: int) -> np.ndarray:
        """Minutes' worth of a day's traffic that is not carried, Σ max(1 − x/share, 0) step/60 over its buckets [min].

        Each minute counts by the share of its own traffic that is lost; the sum is exact at every x.

        Parameters
        ----------
        carried_over_peak : float or ndarray
            Load that is carried over that day's peak, x, 0 or above. [fraction]
        weekday : int
            0 (Monday) to 6. [day of the week]
        """
        x = np.asarray(carried_over_peak, dtype=float)
        count, inverse = self._above(x, weekday)
        return np.asarray(np.maximum(count - x * inverse, 0.0) * self.step / 60)

    def _above(self, share: np.ndarray | float, weekday: int) -> tuple[np.ndarray, np.ndarray]:
        """How many buckets lie above a share, and the sum of 1/share over them."""
        x = np.asarray(share, dtype=float)
        if weekday not in range(WEEK) or not (x >= 0).all():
            raise DomainError(
                f"weekday {weekday} and shares from {np.min(x):g}; allowed: 0 (Monday) to 6, shares of 0 or more"
            )
        rising, inverse = self._sorted[weekday]
        at = np.searchsorted(rising, x, side="right")
        return len(rising) - at, inverse[at]

    @cached_property
    def _sorted(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each weekday the shares above 0, rising, and the sums of 1/share from each of them to the end."""
        rows = [row[::-1][row[::-1] > 0] for row in self.by_rank]
        return [(row, np.append(np.cumsum(1 / row[::-1])[::-1], 0.0)) for row in rows]

    @property
    def busiest_weekday(self) -> int:
        """Weekday with the highest peaks, 0 for Monday [day, from 0]."""
        return int(np.argmax(self.day_level))

    @property
    def busiest_hour(self) -> float:
        """Where the busiest hour of the busiest weekday begins, or its busiest bucket if longer. [h UTC]"""
        hour = np.floor(np.arange(self.by_time.shape[1]) * self.step / HOUR).astype(int)
        sums = np.bincount(hour, self.by_time[self.busiest_weekday])
        return float(np.argmax(sums / np.maximum(np.bincount(hour), 1)))

    @property
    def text(self) -> str:
        """When the week is busiest, how long a peak lasts and how deep the night is."""
        day = self.busiest_weekday
        name, long = calendar.day_name[day], float(self.hours_above(_HIGH, day)) * 60
        return (
            f"The busiest hour of the week begins on {name} at {self.busiest_hour:02.0f}:00 UTC; on a {name} the rate "
            f"stays above {_HIGH:.0%} of the day's peak for {long:.0f} minutes in buckets of {self.step:g} s, and "
            f"falls to {self.by_rank[day, -1]:.0%} of it."
        )

    def to_frame(self) -> pd.DataFrame:
        """Weekday (0 is Monday), start [h UTC], share of the day's peak and of the week's peak [fraction]."""
        import pandas as pd

        buckets = self.by_time.shape[1]
        return pd.DataFrame(
            {
                "weekday": np.repeat(np.arange(WEEK), buckets),
                "start": np.tile(np.arange(buckets) * self.step / HOUR, WEEK),
                "share_of_day": self.by_time.ravel(),
                "share_of_week": (self.by_time * self.day_level[:, None]).ravel(),
            }
        )

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        busiest = self.to_frame().nlargest(WEEK, "share_of_week").rename(columns={"start": "hour_utc"})
        return result_html(busiest, f"{self.history}: the busiest buckets of a week", self.text)


def _days(rates: pd.Series, step: float, buckets: int) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    """Rates by day and bucket (absent ones nan), the weekday of each day, and its peak."""
    day = rates.index.normalize()
    dates, row = np.unique(day, return_inverse=True)
    table = np.full((len(dates), buckets), np.nan)
    since = (rates.index - day).total_seconds().to_numpy()
    table[row, np.floor(since / step + 1e-9).astype(int)] = rates.to_numpy()
    peak = rates.groupby(day).max()
    return table, peak.index.day_of_week.to_numpy(), peak


def _check_weekdays(name: str, weekday: np.ndarray) -> None:
    seen = np.bincount(weekday, minlength=WEEK)
    if seen.min() < _FEWEST:
        short = calendar.day_name[int(seen.argmin())]
        raise NotIdentified(
            f"{name} has {seen.min()} complete days that are a {short}; the shape of a week needs {_FEWEST} of each "
            "weekday: export two whole weeks"
        )


def _median(name: str, share: np.ndarray) -> np.ndarray:
    if np.isnan(share).all(axis=0).any():
        raise NotIdentified(f"{name} never has some time of the day; export the missing buckets")
    return np.asarray(np.nanmedian(share, axis=0))
