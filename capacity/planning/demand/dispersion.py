"""How irregular requests arrive inside a bucket: the index of dispersion of counts, from a fine history."""

from __future__ import annotations

import math

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate
from capacity.planning.demand.traffic import DAY, TrafficHistory

COARSEST = 60.0
"""Longest bucket from which a burst is judged, and longest burst. [s]"""
_WINDOW = 720.0  # s in which the level is a straight line
_FEWEST = 12  # intervals in a window
_FEWEST_WINDOWS = 20
_PARTS = 16  # of a day: 90 minutes each
_BUSY = 4  # of them are its busy times, those with the most requests
_Z = 1.6449  # standard errors on either side of a 90% interval
_MEDIAN = 1.2533  # standard error of a median over that of a mean, sqrt(pi/2)
_MAD = 1.4826  # standard deviation over median absolute deviation of a normal variable


def dispersion(history: TrafficHistory, burst_seconds: float) -> Estimate:
    """Estimate the variance over the mean of the requests counted in a burst, at busy times.

    Parameters
    ----------
    history : TrafficHistory
        Counts in buckets of 60 s or less, read from CSV.
    burst_seconds : float
        Length of the burst, up to 60 s. [s]

    Returns
    -------
    Estimate
        Dispersion, 1 for Poisson arrivals; its interval is what a burst shorter than the buckets leaves open,
        with the error of the sample. Where a bucket is no longer than the burst it is that error alone. [1]

    Raises
    ------
    NotIdentified
        If the buckets are coarser, hold no whole counts, or are too few; the message says what is needed.
    DomainError
        If the burst is not between 0 and 60 s.

    Notes
    -----
    In windows of 12 minutes the level is a straight line fitted by least squares to the counts of intervals of t
    seconds (a bucket, or as many as the burst needs); I(t) is their residual variance over their mean. Differences
    of neighbouring counts, which need no level, would say less where these are positively correlated. A day is
    judged at its busiest six hours (four of its 16 parts), the history by the median of its days, so that one
    incident says nothing.

    For arrivals whose rate varies by itself (Cox processes, MMPP, batches) with a covariance that is not
    negative and falls with time, I(t) rises and (I(t) − 1)/t falls, hence for a burst b up to t
    1 + (I(t) − 1) b/t ≤ I(b) ≤ I(t), which is the interval (below 1 both turn round). The value lies between:
    1 + (I(t) − 1) (b/t)^h, with h as I − 1 grows from t to 2 t, the law of self-similar traffic [3]_. Swings
    longer than the windows belong to the level: the buckets show them. Where the rate swings by shares of itself, I − 1
    grows with the traffic.

    References
    ----------
    .. [1] Cox & Lewis, The Statistical Analysis of Series of Events, Methuen, 1966, ch. 4 (variance-time curve).
    .. [2] Gusella, Characterizing the variability of arrival processes with indexes of dispersion, IEEE
       Journal on Selected Areas in Communications 9, 1991.
    .. [3] Leland, Taqqu, Willinger & Wilson, On the self-similar nature of Ethernet traffic, IEEE/ACM
       Transactions on Networking 2, 1994.

    Examples
    --------
    >>> import pandas as pd
    >>> index = pd.date_range("2026-01-05", periods=2 * 8640, freq="10s", tz="UTC")
    >>> counts = np.random.default_rng(1).poisson(500, len(index))
    >>> print(dispersion(TrafficHistory("fine.csv", 10.0, pd.Series(counts / 10, index)), 1.0))
    0.958 (0.926 to 0.999)
    """
    counts, seconds = _counts(history, burst_seconds)
    found, error = _of_days(history, counts, seconds)
    shortened = burst_seconds / seconds
    low, high = found - _Z * error, found + _Z * error
    value = 1 + (found - 1) * shortened ** _growth(found, counts, seconds)
    return Estimate(
        value,
        max(min(low, 1 + (low - 1) * shortened, value), 0.0),
        max(high, 1 + (high - 1) * shortened),
        unit="",
        method=f"counts of {seconds:g} s about their local level at busy times, for bursts of {burst_seconds:g} s",
        provenance="measured",
    )


def _growth(once: float, counts: np.ndarray, seconds: float) -> float:
    """Power of t with which I(t) − 1 grows from one interval to two: 0 for batches, 1 for slow swings."""
    pairs = counts[:, : counts.shape[1] // 2 * 2].reshape(len(counts), -1, 2).sum(axis=2)
    twice = [_ratio(*found.T)[0] for row in pairs if len(found := _busy(row, 2 * seconds))]
    ratio = (float(np.median(twice)) - 1) / (once - 1) if twice and once != 1 else 1.0
    return min(math.log2(ratio), 1.0) if ratio > 1 else 0.0


def _counts(history: TrafficHistory, burst: float) -> tuple[np.ndarray, float]:
    """Counts on a gapless grid from midnight (absent: nan), one row a day, and their interval. [requests], [s]"""
    if not 0 < burst <= COARSEST:
        raise DomainError(f"a burst of {burst:g} s; allowed: above 0, up to {COARSEST:g} s")
    step = history.step
    if step > COARSEST:
        raise NotIdentified(
            f"{history.name} has buckets of {step:g} s; the burstiness needs counts per {COARSEST:g} s or less, better "
            f"{burst:g} s, for a day or more"
        )
    together = math.ceil(burst / step - 1e-9)
    seconds = together * step
    buckets = round(DAY / step)
    if abs(buckets * step - DAY) > 1e-6:
        raise NotIdentified(
            f"{history.name} has buckets of {step:g} s, which do not divide a day; export such"
        )
    day = history.rates.index.normalize()
    dates, row = np.unique(day, return_inverse=True)
    table = np.full((len(dates), buckets), np.nan)
    since = (history.rates.index - day).total_seconds().to_numpy()
    table[row, np.floor(since / step + 1e-9).astype(int)] = _whole(history)
    used = buckets // together * together
    return table[:, :used].reshape(len(dates), -1, together).sum(axis=2), seconds


def _whole(history: TrafficHistory) -> np.ndarray:
    """The counts, which must be whole and not all multiples of one number, as those of a sample are."""
    counts = history.rates.to_numpy() * history.step
    whole = np.round(counts)
    if (np.abs(counts - whole) > 1e-6 * np.maximum(counts, 1)).any():
        raise NotIdentified(
            f"{history.name} holds no whole counts; averages over a window hide bursts: export the requests counted "
            f"per {COARSEST:g} s or less as CSV"
        )
    factor = int(np.gcd.reduce(whole.astype(np.int64)))
    if factor > 1:
        raise NotIdentified(
            f"{history.name} holds only multiples of {factor}, as a sample that was scaled up does; the burstiness "
            "needs every request counted"
        )
    return np.asarray(whole)


def _of_days(history: TrafficHistory, counts: np.ndarray, seconds: float) -> tuple[float, float]:
    """Median over days of the dispersion at busy times, and its standard error."""
    days = [found for row in counts if len(found := _busy(row, seconds))]
    windows = sum(len(found) for found in days)
    if windows < _FEWEST_WINDOWS:
        long = max(_WINDOW, _FEWEST * seconds)
        raise NotIdentified(
            f"{history.name} has {windows} gapless busy stretches of {long:g} s; the burstiness needs "
            f"{_FEWEST_WINDOWS}: a day or more of counts"
        )
    found, errors = np.array([_ratio(*day.T) for day in days]).T
    between = _MAD * float(np.median(np.abs(found - np.median(found))))
    factor = 1.0 if len(days) < 3 else _MEDIAN
    return float(np.median(found)), factor * max(float(np.median(errors)), between) / math.sqrt(len(days))


def _ratio(variance: np.ndarray, mean: np.ndarray) -> tuple[float, float]:
    """Ratio of the sums, and its standard error."""
    ratio = float(variance.sum() / mean.sum())
    return ratio, float(np.sqrt(((variance - ratio * mean) ** 2).sum()) / mean.sum())


def _busy(counts: np.ndarray, seconds: float) -> np.ndarray:
    """Variance about a straight line and mean of each gapless window in the busiest parts of a day."""
    length = max(_FEWEST, round(_WINDOW / seconds))
    windows = counts[: len(counts) // length * length].reshape(-1, length)
    part = np.arange(len(windows)) * _PARTS // max(len(windows), 1)
    gapless = ~np.isnan(windows).any(axis=1)
    windows, part = windows[gapless], part[gapless]
    mean = windows.mean(axis=1)
    level = np.bincount(part, mean, _PARTS) / np.maximum(np.bincount(part, minlength=_PARTS), 1)
    busy = np.isin(part, np.argsort(level)[-_BUSY:]) & (level[part] > 0)
    time = np.arange(length) - (length - 1) / 2
    centred = windows[busy] - mean[busy, None]
    slope = centred @ time / (time @ time)
    residual = ((centred - slope[:, None] * time) ** 2).sum(axis=1)
    return np.column_stack([residual / (length - 2), mean[busy]])
