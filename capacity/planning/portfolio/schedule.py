"""When work is finished, and which month its costs and savings fall in."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError
from capacity.estimate import Estimate, number
from capacity.wording import spoken

if TYPE_CHECKING:
    import pandas as pd

MONTHS = 36  # from today, over which savings count
WEEKS_PER_YEAR = 52
_MONTHS_PER_WEEK = 12 / WEEKS_PER_YEAR
_MOST_MONTHS = 1200
_SLACK = 0.02  # of a week: less than this begins no new one
_MOST_HOURS = 168 * 1000  # a week of a thousand people who never sleep [h]


@dataclass(frozen=True, eq=False)
class Schedule:
    """Work done by one team, one piece after the other.

    Parameters
    ----------
    items : tuple of str
        In order of work.
    hours : array (items, worlds)
        What each takes in each world. [h]
    hours_per_week : float
        Of the team. [h]

    Raises
    ------
    DomainError
        If hours are not above 0.

    Examples
    --------
    >>> print(Schedule(("apm", "tracing", "caching"), np.array([[6.0], [8.0], [30.0]]), hours_per_week=20))
    Week 1: APM, tracing; weeks 1 to 3: caching.
    """

    items: tuple[str, ...]
    hours: np.ndarray
    hours_per_week: float = 40.0

    def __post_init__(self) -> None:
        check_week(self.hours_per_week)
        if not (np.isfinite(self.hours).all() and (self.hours > 0).all()):
            raise DomainError("hours of work that are not above 0; give each piece of work its hours")
        if self.months > _MOST_MONTHS:
            raise DomainError(
                f"work that takes {self.months / 12:,.0f} years at {self.hours_per_week:g} hours a week; allowed: at "
                f"most {_MOST_MONTHS // 12} years"
            )

    @cached_property
    def finish(self) -> np.ndarray:
        """When each piece is finished in each world. [months from today]"""
        return np.cumsum(self.hours, axis=0) / self.hours_per_week * _MONTHS_PER_WEEK

    @cached_property
    def months(self) -> int:
        """Months looked at: those over which savings count, or until the last work is done [months]."""
        return max(MONTHS, math.ceil(float(self.finish.max(initial=0.0))))

    def cash_flows(self, place: int, saving: np.ndarray, price: float) -> np.ndarray:
        """Monthly cash flows of a piece of work [money], the first now: hours paid as they are spent, then savings.

        Hours count at the start of the month in which they are spent, savings at the end of that in which they
        come, from the moment the work is finished until month 36.

        Parameters
        ----------
        place : int
            Of the work in the order, from 0. [1]
        saving : array (worlds,)
            Once it is finished. [$ per year]
        price : float
            Of an hour. [$]

        Returns
        -------
        ndarray
            One row a world, one column a month. [$]
        """
        finish, hours = self.finish[place][:, None], self.hours[place][:, None]
        start = finish - hours / self.hours_per_week * _MONTHS_PER_WEEK
        ends = np.arange(self.months + 1)
        flows = np.zeros((finish.size, self.months + 1))
        flows[:, :-1] -= price * hours * np.diff(np.clip((ends - start) / (finish - start), 0, 1), axis=1)
        flows[:, 1 : MONTHS + 1] += saving[:, None] / 12 * np.clip(ends[1 : MONTHS + 1] - finish, 0, 1)
        return flows

    def weighed(self, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Worth of each piece of work's savings and hours [money], its flows weighed by a factor for each month [1].

        Parameters
        ----------
        factors : array (months + 1,)
            Such as discount factors; 1 for the first 12 months and 0 after says what the first year earns. [1]

        Returns
        -------
        saved, spent : arrays (items, worlds)
            For each unit of money saved a year, and for each unit of money an hour costs.
        """
        ones, nothing = np.ones(self.hours.shape[-1]), np.zeros(self.hours.shape[-1])
        places = range(len(self.items))
        saved = [self.cash_flows(place, ones, 0.0) @ factors for place in places]
        spent = [-self.cash_flows(place, nothing, 1.0) @ factors for place in places]
        return np.reshape(saved, self.hours.shape), np.reshape(spent, self.hours.shape)

    def to_frame(self) -> pd.DataFrame:
        """One row a piece of work: mean hours, the weeks it takes, and when it is finished with its interval."""
        import pandas as pd

        rows = [
            {
                "lever": item,
                "hours": float(self.hours[i].mean()),
                "when": self._when(i),
                "finished": self._finished(i),
            }
            for i, item in enumerate(self.items)
        ]
        return pd.DataFrame(rows, columns=["lever", "hours", "when", "finished"])

    @property
    def text(self) -> str:
        """Which work in which weeks, by mean hours."""
        if not self.items:
            return "No work is planned."
        weeks = [(self._when(i), spoken(item)) for i, item in enumerate(self.items)]
        grouped = [
            (when, ", ".join(item for _, item in same)) for when, same in groupby(weeks, lambda row: row[0])
        ]
        written = "; ".join(f"{when}: {items}" for when, items in grouped)
        return f"{written[:1].upper()}{written[1:]}."

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        frame["finished"] = [self._in_hours(finished) for finished in frame["finished"]]
        return result_html(frame, f"Calendar at {number(self.hours_per_week)} hours a week", self.text)

    def _when(self, place: int) -> str:
        done = float(self.hours[: place + 1].mean(axis=1).sum()) / self.hours_per_week
        begun = done - float(self.hours[place].mean()) / self.hours_per_week
        first, last = math.floor(begun + _SLACK) + 1, math.ceil(done - _SLACK)
        return f"week {first}" if first >= last else f"weeks {first} to {last}"

    def _in_hours(self, finished: Estimate) -> Estimate:
        """Return a time under a week in hours of work: a quarter of a week says little. [weeks]"""
        if finished.known_low >= 1:
            return finished
        return replace(finished.scaled(self.hours_per_week), unit="h")

    def _finished(self, place: int) -> Estimate:
        weeks = self.finish[place] / _MONTHS_PER_WEEK
        return Estimate.of_sample(
            weeks, unit="weeks", method="hours of all work before it", provenance="assumed"
        )


def check_week(hours: float) -> None:
    """Refuse hours a week that no team works.

    Raises
    ------
    DomainError
        If they are not above 0, or more than a thousand people have.
    """
    if not 0 < hours <= _MOST_HOURS:
        raise DomainError(
            f"{hours!r} hours a week; allowed: above 0, at most {_MOST_HOURS:,} for the whole team"
        )
