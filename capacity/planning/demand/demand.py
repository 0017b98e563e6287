"""How much will be asked: from a traffic history to the distribution of the peak over a horizon."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError, InputError, NotIdentified
from capacity.estimate import Estimate, Provenance
from capacity.models.finance import pert_sample
from capacity.planning.demand.growth import DAYS_PER_MONTH, fitted, stated, weighed
from capacity.planning.demand.traffic import TrafficHistory, read_history
from capacity.planning.demand.trend import WEEK, Trend
from capacity.wording import counted, paragraphs

if TYPE_CHECKING:
    import pandas as pd

    from capacity.plan import Event
    from capacity.planning.demand.backtest import Backtest
    from capacity.planning.demand.shape import WeekShape

__all__ = ["Demand", "TrafficHistory", "forecast", "read_history"]

FEWEST_DAYS = 28
LEVEL = 0.9
FARTHEST = 2.0  # horizon over history; beyond it a fitted trend says nothing
_LONGEST = 3660  # days
_HOUR = 3600.0  # longest bucket whose mean is near the peak [s]
_NO_HISTORY = "Days differ from each other more than that; a traffic history would show by how much."


@dataclass(frozen=True, eq=False)
class Demand:
    """What may be asked over the horizon: one path of daily peaks in each sampled world.

    Parameters
    ----------
    history : TrafficHistory or None
        What it rests on; None for a scenario that rests on assumptions alone.
    dates : pandas.DatetimeIndex
        Days of the horizon; the first follows the last complete day of the history.
    paths : ndarray
        Daily peak in each world. [req/s] (worlds x days)
    current_peak : Estimate
        Largest daily peak of a week at the level of the last day, before growth and events. [req/s]
    growth_per_month : Estimate
        Growth of the peak. [fraction per month]
    events : tuple of Event
        Those inside the horizon.
    notes : tuple of str
        What to know before believing it.
    backtest : Backtest or None
        How good such forecasts were in the past of this history, where it was looked at.
    growth_source : str
        Where the growth comes from: fitted, given, or both weighed.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.demand.peak, "|", study.demand.current_peak)
    252 req/s (227 to 305) | 171 req/s (163 to 191)
    """

    history: TrafficHistory | None
    dates: pd.DatetimeIndex
    paths: np.ndarray
    current_peak: Estimate
    growth_per_month: Estimate
    events: tuple[Event, ...] = ()
    notes: tuple[str, ...] = field(default=())
    backtest: Backtest | None = None
    growth_source: str = "as given"

    not_modelled = (
        "Not modelled: bursts inside a bucket, changes of the trend, jumps of the level to come or in the last two "
        "weeks, seasons longer than a week, campaigns other than the events given (past ones recur at random), traffic "
        "lost to overload in the past."
    )

    @property
    def horizon_days(self) -> int:
        """Days ahead. [days]"""
        return self.paths.shape[1]

    @cached_property
    def shape(self) -> WeekShape | None:
        """How a day of the history runs by weekday; None where nothing tells it."""
        with suppress(NotIdentified):
            return None if self.history is None else self.history.shape
        return None

    @cached_property
    def peaks(self) -> np.ndarray:
        """Largest daily peak over the horizon in each world. [req/s]"""
        return self.paths.max(axis=1)

    @property
    def peak(self) -> Estimate:
        """Largest daily peak over the horizon. [req/s]"""
        method = f"maximum over {self.horizon_days} days in {len(self.paths)} sampled paths"
        provenance: Provenance = "assumed" if self.events else self.growth_per_month.provenance
        return Estimate.of_sample(self.peaks, unit="req/s", method=method, provenance=provenance)

    def fan(self, days: int = 1) -> pd.DataFrame:
        """Largest rate of each stretch of days: its first date and the 5%, 50% and 95% quantile. [req/s]"""
        import pandas as pd

        starts = range(0, self.horizon_days, days)
        peaks = np.column_stack([self.paths[:, start : start + days].max(axis=1) for start in starts])
        low, median, high = np.quantile(peaks, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], axis=0)
        return pd.DataFrame({"date": self.dates[::days], "low": low, "median": median, "high": high})

    def to_frame(self) -> pd.DataFrame:
        """The three estimates: quantity, estimate, method and provenance."""
        import pandas as pd

        rows = {
            "peak of a week now": self.current_peak,
            f"peak over {self.horizon_days} days": self.peak,
            "growth": replace(self.growth_per_month.scaled(100), unit="% a month"),
        }
        return pd.DataFrame(
            [
                {
                    "quantity": name,
                    "estimate": estimate,
                    "method": estimate.method,
                    "provenance": estimate.provenance,
                }
                for name, estimate in rows.items()
            ]
        )

    @property
    def text(self) -> str:
        """The forecast in sentences."""
        growth, peak = self.growth_per_month, self.peak
        sentences = [
            f"The peak of a week is {self.current_peak} now.",
            f"The largest daily peak until {self.dates[-1]:%Y-%m-%d} is {peak} (90% interval), "
            f"with growth of {_percent(growth)} per month ({self.growth_source}).",
            *(_announce(event) for event in self.events),
            f"It rests on {len(self.history.daily_peak)} complete days of {self.history.name}."
            if self.history
            else f"It rests on no traffic history: today's peak is {self.current_peak.method}, the growth is assumed.",
        ]
        past = [part.text for part in (self.shape, self.backtest) if part]
        return paragraphs(sentences, past, [*self.notes, self.not_modelled])

    def __str__(self) -> str:
        return f"peak over {counted(self.horizon_days, 'day')}: {self.peak}"

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), f"Demand over {self.horizon_days} days", self.text)


def forecast(
    history: TrafficHistory,
    *,
    horizon_days: int,
    growth_per_month: Sequence[float] | None = None,
    events: Sequence[Event] = (),
    rng: np.random.Generator,
    worlds: int = 2000,
    backtest: Backtest | None = None,
) -> Demand:
    """Sample what may be asked on each day of the horizon, and so the distribution of the peak.

    Parameters
    ----------
    history : TrafficHistory
        At least four weeks of complete days.
    horizon_days : int
        How far ahead, up to twice the history; further only with `growth_per_month`. [days]
    growth_per_month : three floats, optional
        Low, likely, high growth, weighed with the fitted trend (see `planning.growth`). [fraction per month]
    events : sequence of Event
        Days on which the peak is multiplied; those outside the horizon are noted.
    rng : numpy.random.Generator
        Of every random draw.
    worlds : int
        Sampled futures. [worlds]
    backtest : Backtest, optional
        Of the same history; where its intervals held too few peaks, this forecast is widened as it says.

    Returns
    -------
    Demand
        Paths of daily peaks, from which every figure is computed.

    Raises
    ------
    InputError
        If the history has fewer than 28 complete days.
    DomainError
        If the horizon or the growth is outside what is allowed.

    Notes
    -----
    The daily peak follows exp(level + slope t + weekday + rest), see `trend`; growth stated is weighed with the
    slope as `growth` says. With the backtest, on fresh hourly histories of 22 kinds, 150 of each (AR(1) noise of
    memory 0.3 to 0.8, Gaussian, lognormal and Student's t with 4 degrees of freedom; campaigns of 1 to 3 days;
    growth of -3 to 6% a month; jumps of the level in the past; 8 to 60 weeks, 28 to 365 days ahead) the 90%
    interval covered 91% of the peaks on average, and 85 to 95% in 16 kinds. It was too narrow (83%) where 8 or 16
    weeks had shown few or no campaigns and after a jump of twice the noise, which is not always found; it was too
    wide (99%) for campaigns at fixed intervals, which are taken to come at random: give them as events.

    References
    ----------
    .. [1] Hamilton, Time Series Analysis, Princeton, 1994.
    .. [2] Politis, The impact of bootstrap methods on time series analysis, Statistical Science 18, 2003.
    .. [3] Coles, An Introduction to Statistical Modeling of Extreme Values, Springer, 2001, ch. 4 (Pareto
       tails).

    Examples
    --------
    >>> import pandas as pd
    >>> index = pd.date_range("2026-01-05", periods=56 * 24, freq="h", tz="UTC")
    >>> rates = pd.Series([100.0 + 10 * (moment.hour == 12) for moment in index], index)
    >>> flat = TrafficHistory("flat.csv", 3600.0, rates)
    >>> print(forecast(flat, horizon_days=30, rng=np.random.default_rng(1)).peak)
    110 req/s (110 to 110)
    """
    import pandas as pd

    _check(history, horizon_days, growth_per_month, worlds)
    peak = history.daily_peak
    trend = Trend.of(peak)
    coefficients, spread = trend.draw(rng, worlds)
    growth = fitted(coefficients)
    if growth_per_month is not None:
        growth, coefficients = weighed(rng, trend, coefficients, growth_per_month)
    rests = trend.rests(rng, spread, max(horizon_days, WEEK))
    dates = pd.date_range(peak.index[-1] + pd.Timedelta(days=1), periods=horizon_days, freq="D")
    factors, inside, notes = multipliers(events, dates, rng, worlds)
    widening = backtest.widening if backtest else 1.0
    paths = trend.paths(coefficients, rests[:, :horizon_days])
    paths *= _widening(paths.max(axis=1), widening)[:, None] * factors
    return Demand(
        history=history,
        dates=dates,
        paths=paths,
        current_peak=_current_peak(trend, coefficients, rests[:, :WEEK], widening),
        growth_per_month=growth.estimate,
        growth_source=growth.source,
        events=inside,
        notes=(*history.notes, *notes, *_caveats(history, horizon_days, trend), *filter(None, [growth.note])),
        backtest=backtest,
    )


def scenario(
    current_peak: Estimate,
    *,
    starts: dt.date,
    horizon_days: int,
    growth_per_month: Sequence[float],
    events: Sequence[Event] = (),
    rng: np.random.Generator,
    worlds: int = 2000,
) -> Demand:
    """Demand without a history: today's peak, as far as it is known, growing as assumed.

    Parameters
    ----------
    current_peak : Estimate
        Largest rate of a day now. [req/s]
    starts : date
        First day of the horizon.
    horizon_days : int
        How far ahead. [days]
    growth_per_month : sequence of float
        Low, likely, high. [fraction per month]
    events : sequence of Event
        Days with more traffic than usual.
    rng : numpy.random.Generator
        Of every random draw.
    worlds : int
        Sampled paths. [worlds]

    Raises
    ------
    DomainError
        If the horizon or the growth is outside what is allowed, or the peak is only bounded.

    Examples
    --------
    >>> peak = Estimate.exactly(100.0, unit="req/s", method="given in the plan", provenance="config")
    >>> print(scenario(peak, starts=dt.date(2027, 1, 1), horizon_days=365, growth_per_month=(0.05, 0.05, 0.05),
    ...                rng=np.random.default_rng(1)).peak)
    180 req/s
    """
    import pandas as pd

    _check_wanted(horizon_days, worlds)
    growth = stated(rng, growth_per_month, worlds)
    now = current_peak.sample(rng, worlds)
    dates = pd.date_range(starts, periods=horizon_days, freq="D", tz="UTC")
    factors, inside, notes = multipliers(events, dates, rng, worlds)
    months = np.arange(1, horizon_days + 1) / DAYS_PER_MONTH
    paths = now[:, None] * (1 + growth.worlds[:, None]) ** months * factors
    return Demand(
        history=None,
        dates=dates,
        paths=paths,
        current_peak=current_peak,
        growth_per_month=growth.estimate,
        growth_source=growth.source,
        events=inside,
        notes=(*notes, _NO_HISTORY),
    )


def _widening(peaks: np.ndarray, widening: float) -> np.ndarray:
    """Factor on each world that spreads the logarithms of the peaks out around their median."""
    return (peaks / np.median(peaks)) ** (widening - 1)


def _check(history: TrafficHistory, horizon_days: int, growth: Sequence[float] | None, worlds: int) -> None:
    complete = len(history.daily_peak)
    if complete < FEWEST_DAYS:
        raise InputError(
            f"has {complete} complete days with traffic; a trend with a weekly shape needs at least "
            f"{FEWEST_DAYS}: export {FEWEST_DAYS - complete} days more, or plan without a history",
            file=history.name,
        )
    _check_wanted(horizon_days, worlds)
    if growth is None and horizon_days > FARTHEST * history.days:
        needed = math.ceil(horizon_days / FARTHEST)
        raise DomainError(
            f"a horizon of {horizon_days} days is more than twice the {history.days} days of "
            f"{history.name}; shorten it to {int(FARTHEST * history.days)}, export {needed - history.days} days "
            "more, or state growth_per_month = [low, likely, high]"
        )


def _check_wanted(horizon_days: int, worlds: int) -> None:
    if not 1 <= horizon_days <= _LONGEST or worlds < 100:
        raise DomainError(
            f"a horizon of {horizon_days} days in {worlds} worlds; allowed: 1 to {_LONGEST} days, 100 "
            f"worlds or more"
        )


def multipliers(
    events: Sequence[Event], dates: pd.DatetimeIndex, rng: np.random.Generator, worlds: int
) -> tuple[np.ndarray, tuple[Event, ...], list[str]]:
    """Factor on each day in each world; events of one day multiply."""
    factors = np.ones((worlds, len(dates)))
    inside, notes = [], []
    for event in events:
        where = np.flatnonzero(dates.date == event.date)
        if where.size:
            factors[:, where[0]] *= pert_sample(rng, *event.multiplier, worlds)
            inside.append(event)
        else:
            notes.append(
                f"The event {event.name} on {event.date} lies outside the horizon and changes nothing."
            )
    return factors, tuple(inside), notes


def _current_peak(trend: Trend, coefficients: np.ndarray, rests: np.ndarray, widening: float) -> Estimate:
    now = coefficients.copy()
    now[:, 1] = 0.0
    peaks = trend.paths(now, rests).max(axis=1)
    peaks *= _widening(peaks, widening)
    method = "largest of seven daily peaks at the level of the last day"
    return Estimate.of_sample(peaks, unit="req/s", method=method, provenance="measured")


def _caveats(history: TrafficHistory, horizon_days: int, trend: Trend) -> list[str]:
    import pandas as pd

    notes = [f"Peaks are means over {history.step:g} s; inside that they may be higher."]
    if history.step > _HOUR:
        notes.append(
            f"Buckets of {history.step / _HOUR:g} h hide the busiest hour: unless the load is even all day long, the "
            "peak is higher than this and the fleet planned for it is too small; export buckets of an hour or less."
        )
    jumps = np.expm1(trend.coefficients[len(trend.coefficients) - len(trend.shifts) :])
    for shift, jump in zip(trend.shifts, jumps, strict=True):
        date = history.daily_peak.index[-1] + pd.Timedelta(days=shift)
        notes.append(f"About {date:%Y-%m-%d} the level jumped by {jump:+.0%}; this was not taken for growth.")
    if horizon_days > history.days:
        notes.append(
            f"The horizon is {horizon_days / history.days:.1f} times as long as the {history.days} days of "
            "history, so most of the width comes from the growth."
        )
    return notes


def _announce(event: Event) -> str:
    low, likely, high = event.multiplier
    return f"On {event.date} {event.name} multiplies the peak by {likely:g} ({low:g} to {high:g})."


def _percent(growth: Estimate) -> str:
    return f"{growth.value:.1%} ({growth.low:.1%} to {growth.high:.1%})"
