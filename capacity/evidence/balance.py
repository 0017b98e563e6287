"""Requests against answers: what a test's periods miss of what low load leads to expect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from capacity.evidence.loadtest import LoadTest
from capacity.evidence.steps import Step

State = Literal["healthy", "saturated", "draining"]

ENOUGH = 30
"""Requests a stretch needs before its shares mean anything."""

SHORTFALL = 0.02
"""Missing share of the answers that low load gave, from which a load counts as too much."""

DOUBT = 3.0
"""Standard deviations from which a difference is believed."""

_FAILING = 0.1  # share of failures from which a period was not served
_MOSTLY = 0.5  # share of failures that a full queue near saturation does not reach
_LASTING = 2  # periods in which a load must be served again
_ACCIDENTS = 0.01  # share of requests that may go astray at any load
_SLOWER = 3.0  # the fastest answer of a period against the fastest of the run, when a queue never empties
_NARROW = 0.3  # the fastest answer against the median, when waiting outweighs service
_QUEUED = 0.1  # requests waiting, as a share of a period's answers, that keep the service busy


@dataclass(frozen=True, eq=False)
class Balance:
    """Requests against answers, period by period.

    Parameters
    ----------
    test : LoadTest
        The run.
    base : float
        Share of requests answered as intended at low load. [fraction]
    known : float
        Requests that share was seen on. [requests]
    """

    test: LoadTest
    base: float
    known: float = math.inf

    @cached_property
    def requests(self) -> np.ndarray:
        """Requests sent per period. [requests]"""
        return self.test.periods["requests"].fillna(0).to_numpy(float)

    @cached_property
    def served(self) -> np.ndarray:
        """Answers as intended per period: successful, or refused by a rate limit. [responses]"""
        refused = self.test.codes[[code for code in self.test.codes if code == 429]].sum(axis=1)
        return self.test.good.to_numpy(float) + refused.reindex(
            self.test.periods.index, fill_value=0
        ).to_numpy(float)

    @cached_property
    def rates(self) -> np.ndarray:
        """Requests sent per second. [req/s]"""
        span = self.test.periods["span"].to_numpy(float)
        return np.divide(self.requests, span, out=np.zeros_like(span), where=span > 0)

    @cached_property
    def under_way(self) -> np.ndarray:
        """Requests that would be in flight after each period if none had to wait, by Little's law. [requests]"""
        return self.rates * self._fastest

    @cached_property
    def waiting(self) -> np.ndarray:
        """Requests in flight after each period beyond those. [requests]"""
        return self.test.in_flight.to_numpy(float) - self.under_way

    @cached_property
    def _fastest(self) -> float:
        """Mean response time of the fastest period with answers. [s]"""
        times = self.test.times
        typical = times["mean"].fillna(times["p50"])[times["count"] >= 5]
        return float(typical.min()) if typical.notna().any() else 0.0

    def unusual(self, rows: Sequence[int]) -> int:
        """Compare some periods with low load: 1 answers are missing, -1 there are too many, 0 neither.

        The rate before and after lies between those of the neighbouring periods, and so do the requests under way.
        """
        rows = list(rows)
        if not rows:
            return 0
        before, after = (
            self.under_way[max(rows[0] - 1, 0) : rows[0] + 1],
            self.under_way[rows[-1] : rows[-1] + 2],
        )
        before = before if rows[0] else np.zeros(1)
        sent, served = float(self.requests[rows].sum()), float(self.served[rows].sum())
        variance = max(self.base * (1 - self.base), _ACCIDENTS) * sent * (1 + sent / self.known)
        variance += before.max() + after.max()
        doubt = max(SHORTFALL * self.base * sent, DOUBT * math.sqrt(variance))
        missing = self.base * (sent - (after.max() - before.min())) - served > doubt
        return int(missing) - int(served - self.base * (sent - (after.min() - before.max())) > doubt)

    def verdict(self, rows: Sequence[int]) -> State:
        """Whether the load of some periods was served or too much."""
        return "saturated" if self.unusual(rows) > 0 else "healthy"

    def onset(self, rows: Sequence[int]) -> int:
        """Return how many of the periods come before answers begin to be missing for good."""
        rows = list(rows)
        grown = np.diff(self.under_way, prepend=0.0)[rows]
        short = self.base * (self.requests[rows] - grown) - self.served[rows]
        excess = np.cumsum(short - SHORTFALL * self.base * self.requests[rows])
        start = int(np.argmin(np.concatenate([[0.0], excess])))
        return start if start < len(rows) and self.unusual(rows[start:]) > 0 else len(rows)

    def settled(self, rows: Sequence[int]) -> int:
        """Return how many periods pass before two in a row are as at low load."""
        calm = [
            self.unusual([row]) == 0 and self.answered_well([row]) > self.base - 2 * SHORTFALL for row in rows
        ]
        return next((i for i, two in enumerate(pairwise(calm)) if all(two)), len(calm))

    def busy(self, row: int) -> bool:
        """Whether so many requests waited before and after a period that the service never paused in it."""
        least = _QUEUED * self.served[row]
        return row > 0 and min(self.waiting[row - 1], self.waiting[row]) >= max(least, ENOUGH)

    def queued(self, rows: Sequence[int]) -> bool:
        """Whether requests piled up over some periods, or in most all answers had waited long or none was good."""
        rows = list(rows)
        grown = self.waiting[rows[-1]] - (self.waiting[rows[0] - 1] if rows[0] else 0.0)
        times = self.test.service_times
        least, inside = max(times["min"].min(), 0.001), times.reindex(rows)
        waited = (inside["min"] > _SLOWER * least) & (inside["min"] > _NARROW * inside["p50"])
        waited |= self.test.good.reindex(rows) <= 0
        return bool(grown > max(SHORTFALL * self.requests[rows].sum(), ENOUGH) or waited.mean() > 0.5)

    def answered_well(self, rows: Sequence[int]) -> float:
        """Share of the requests that ended in some periods which were answered as intended. [fraction]"""
        rows = list(rows)
        ended = float((self.test.periods["responses"].fillna(0) + self.test.unanswered).iloc[rows].sum())
        return float(self.served[rows].sum()) / ended if ended else 0.0

    def lost(self, rows: Sequence[int]) -> float:
        """Share of the requests sent in some periods that got no answer. [fraction]"""
        sent = float(self.requests[list(rows)].sum())
        return float(self.test.unanswered.iloc[list(rows)].sum()) / sent if sent else 0.0

    def rate(self, rows: Sequence[int]) -> float:
        """Requests sent per second over some periods, taken as equally long. [req/s]"""
        return float(self.rates[list(rows)].mean())

    def goodput(self, rows: Sequence[int]) -> float:
        """Successful answers per second over some periods, taken as equally long. [req/s]"""
        periods = self.test.periods.loc[list(rows)]
        return float(self.test.good.loc[list(rows)].sum() / periods["span"].sum())

    def rises(self, rows: Sequence[int]) -> bool:
        """Whether the load grows over some periods."""
        return bool(self.rates[rows[-1]] >= self.rates[rows[0]])

    def load(self, step: Step, state: State) -> float:
        """Rate a state is about: a plateau's; the highest a ramp was served at, the first that was surely too much."""
        if step.kind == "plateau":
            return step.offered
        first, last = step.rows[0], step.rows[-1]
        return float(
            self.rates[max(first - 1, 0) : first + 2].max() if state == "saturated" else self.rates[last]
        )


def lacking(test: LoadTest) -> pd.Series:
    """Share of each period's requests without a good answer in it, or of what ended in it that failed."""
    share = 1 - test.good / test.periods["requests"].where(test.periods["requests"] > 0)
    return np.maximum(share, test.error_rate(test.periods.index)).fillna(0.0).clip(0, 1)


def interrupted(test: LoadTest, rows: Sequence[int]) -> list[int]:
    """Return the periods of one load in which requests failed that did not before and after, if most did in one.

    Such a load was served: what failed it for a while was a restart, a pause or the network, not the limit.
    """
    share = lacking(test)[list(rows)]
    bad = share.index[share >= _FAILING]
    if not len(bad) or share.max() < _MOSTLY:
        return []
    hit = [row for row in rows if bad[0] <= row <= bad[-1]]
    before, after = sum(row < bad[0] for row in rows), sum(row > bad[-1] for row in rows)
    return hit if before and after >= max(_LASTING, len(hit)) else []
