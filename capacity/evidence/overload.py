"""Where a test went beyond capacity: its periods before, in and after the overload."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from capacity.evidence.limits import Capacity, Slo
from capacity.evidence.loadtest import LoadTest, matches
from capacity.evidence.steps import Step, whole_periods

REFUSALS = ("429", "503")
"""Status codes by which a service refuses work on purpose."""

_BEYOND = 1.1  # demand, relative to the best goodput of any period, from which a period is overload
_SHORT = 0.03  # relative difference of goodputs, or difference of error rates, that is more than chance
_ENOUGH = 100  # requests under overload that say something about it
_WHOLE = 0.8  # share of the usual span from which a period is whole
_HEAVIEST = 0.8  # offered load, relative to the highest, of the periods that overload is judged by
_SAME_MIX = 0.05  # difference of the shares answered successfully between tests of the same requests
_SAME_LOAD = 1.25  # ratio of two loads that count as the same
_SLOWER = 2.0  # P95 relative to the same load before, up to which a period counts as recovered
_MORE_ERRORS = 0.01  # difference between two error rates that matters
_NOT_JUDGED = ("partial", "generator")


@dataclass(frozen=True, eq=False)
class Overload:
    """One test that went beyond capacity.

    Parameters
    ----------
    test : LoadTest
        The run.
    frame : DataFrame
        One row a period: `test`, `start`, `span` [s], `offered`, `throughput`, `goodput`, `unanswered`,
        `refused` [req/s], `error_rate`, `p95` [s], `in_flight`, and `state`: before, overload, recovery,
        after; or partial (not a whole period) or generator (which failed then or before).
    best : float
        Most goodput that any load sustained. [req/s]
    slo : Slo or None
        Objectives.
    """

    test: LoadTest
    frame: pd.DataFrame
    best: float
    slo: Slo | None

    def periods(self, *states: str) -> pd.DataFrame:
        """Return the periods in some states."""
        return self.frame[self.frame["state"].isin(states)]

    @cached_property
    def heaviest(self) -> pd.DataFrame:
        """Periods of (nearly) the highest load."""
        over = self.periods("overload")
        return over[over["offered"] >= _HEAVIEST * over["offered"].max()]

    @property
    def offered(self) -> float:
        """Mean load of the heaviest periods. [req/s]"""
        return float(np.average(self.heaviest["offered"], weights=self.heaviest["span"]))

    def same_load(self, offered: float) -> pd.DataFrame:
        """Return the periods before the overload with about this load."""
        before = self.periods("before")
        return before[before["offered"].between(offered / _SAME_LOAD, offered * _SAME_LOAD)]

    def episodes(self) -> Iterator[tuple[pd.Series, pd.DataFrame]]:
        """Yield the last period of each overload with the whole periods up to the next one."""
        over = np.flatnonzero(self.frame["state"] == "overload")
        for last, following in zip(over, [*over[1:], len(self.frame)], strict=True):
            later = self.frame.iloc[last + 1 : following]
            later = later[~later["state"].isin(_NOT_JUDGED)]
            if len(later):
                yield self.frame.iloc[last], later

    def is_back(self, period: pd.Series) -> bool | None:
        """Whether a period is as good as the same load before, or within the objectives; None if unknown."""
        same = self.same_load(period["offered"])
        objective = self.slo.quantiles.get(0.95, 0.0) if self.slo else 0.0
        if same.empty and not objective:
            return None
        usual = float(same["p95"].median()) if same["p95"].notna().any() else 0.0
        errors = float(same["error_rate"].max()) if len(same) else self.slo.error_rate if self.slo else 0.0
        slow = period["p95"] > max(objective, _SLOWER * usual)
        return bool(not slow and not more_errors(errors, period["error_rate"], ended(period)))


def find_overload(
    test: LoadTest, steps: Sequence[Step], capacity: Capacity, slo: Slo | None
) -> Overload | None:
    """Return where a test went beyond capacity, or None where it did not.

    A load is overload when, answered like the loads that were served, it would bring more goodput than was
    ever sustained: a plateau judged saturated, or a period well beyond the goodput of any other.
    """
    judged = capacity.judged[capacity.judged["test"] == test.name]
    if capacity.goodput is None or "saturated" not in set(judged["state"]):
        return None
    share, frame = _usual_share(judged, _usual_share(capacity.judged)), _anatomy(test)
    best = _best(capacity, judged, share)
    over = _overloaded_rows(steps, judged, share, frame, best)
    if (frame["offered"] * frame["span"]).loc[over].sum() < _ENOUGH:
        return None
    frame.loc[over[0] :, "state"] = frame["state"].replace("before", "after")
    frame.loc[over, "state"] = "overload"
    found = Overload(test, frame, best, slo)
    for _, later in found.episodes():
        frame.loc[_recovering(found, later), "state"] = "recovery"
    return found


def error_rate(periods: pd.DataFrame) -> float:
    """Return the failed share of all requests that ended in some periods."""
    weights = (periods["throughput"] + periods["unanswered"]) * periods["span"]
    good = periods["goodput"] * periods["span"]
    return float(1 - good.sum() / weights.sum()) if weights.sum() > 0 else 0.0


def ended(periods: pd.DataFrame | pd.Series) -> float:
    """Return the requests that ended in a period, or in several."""
    return float(np.sum((periods["throughput"] + periods["unanswered"]) * periods["span"]))


def more_errors(before: float, now: float, n: float) -> bool:
    """Whether an error rate of n requests exceeds another by more than chance and by what matters."""
    chance = 3 * math.sqrt(max(before * (1 - before), 0.0) / max(n, 1.0))
    return now - before > max(_MORE_ERRORS, chance)


def _anatomy(test: LoadTest) -> pd.DataFrame:
    rates = test.rates()
    frame = rates[["start", "span", "offered", "throughput", "goodput", "error_rate", "in_flight"]].copy()
    frame.insert(0, "test", test.name)
    span = frame["span"].where(frame["span"] > 0)
    refused = [code for code in test.codes.columns if matches(int(code), REFUSALS)]
    frame["refused"] = test.codes[refused].sum(axis=1) / span
    frame["unanswered"] = test.unanswered / span
    frame["p95"] = test.service_times["p95"].reindex(frame.index).astype(float)
    whole = (frame["span"] >= _WHOLE * frame["span"].median()) & (frame["offered"] > 0)
    frame["state"] = np.where(whole, "generator", "partial")
    frame.loc[whole_periods(test), "state"] = "before"
    return frame


def _overloaded_rows(
    steps: Sequence[Step], judged: pd.DataFrame, share: float, frame: pd.DataFrame, best: float
) -> list[int]:
    """Return the periods of overloaded plateaus, and those whose demand is beyond any period's goodput.

    On a ramp answers lag behind the load, so a period whose goodput is the highest yet is overload only if it
    also brought more errors than usual.
    """
    starts = set(judged.loc[judged["state"] == "saturated", "start"])
    plateaus = [step for step in steps if step.kind == "plateau" and step.start in starts]
    held = [s for s in plateaus if share * s.offered > max(best, (1 + _SHORT) * s.goodput)]
    whole = frame[frame["state"] == "before"]
    rising = whole["goodput"] > (1 + _SHORT) * whole["goodput"].cummax().shift(fill_value=0.0)
    failing = whole["error_rate"] > 1 - share + _SHORT
    beyond = share * whole["offered"] > _BEYOND * max(best, whole["goodput"].max())
    return sorted(
        {row for step in held for row in step.rows} | set(whole.index[beyond & (failing | ~rising)])
    )


def _usual_share(judged: pd.DataFrame, otherwise: float = 1.0) -> float:
    """Return the share of requests answered successfully at the loads that were served."""
    healthy = judged[judged["state"] == "healthy"]
    return float((healthy["goodput"] / healthy["offered"]).median()) if len(healthy) else otherwise


def _best(capacity: Capacity, judged: pd.DataFrame, share: float) -> float:
    """Return the best goodput of all tests, or of this one where its mix of requests is another.

    Mixes differ where the share answered successfully at low load does.
    """
    sustained = judged.loc[judged["state"] != "draining", "goodput"]
    if abs(share - _usual_share(capacity.judged)) > _SAME_MIX or capacity.goodput is None:
        return float(sustained.max())
    return capacity.goodput.value or capacity.goodput.low


def _recovering(found: Overload, later: pd.DataFrame) -> list[int]:
    """Return the periods after an overload until the first that is back."""
    back = [bool(found.is_back(period)) for _, period in later.iterrows()]
    return list(later.index[: back.index(True) if True in back else len(later)])
