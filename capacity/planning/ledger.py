"""What earlier plans predicted, against what came: so that nobody has to take the intervals on trust."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.display import result_html
from capacity.errors import InputError
from capacity.models.laws import share_interval
from capacity.planning.demand.traffic import TrafficHistory
from capacity.wording import counted, visible

if TYPE_CHECKING:
    import pandas as pd

_LAYOUT = 1  # of plan.json that is understood
_SAME_LOAD = 1.03  # ratio of rates that are one load
_WEEK = 7  # days
_ENOUGH = 0.95  # of the days of a stretch that must be known before its peak counts
_LEVEL = 0.9  # of the intervals of weeks
_COLUMNS = ("plan", "about", "prediction", "unit", "level", "low", "predicted", "high", "came", "inside")


@dataclass(frozen=True)
class Measured:
    """What is known now, to hold earlier predictions against.

    Parameters
    ----------
    service : str
        Name of the service; plans of others are refused.
    exports : frozenset of str
        SHA-256 of the exports that tell it; a plan made of the same ones predicted nothing of them.
    rates : dict of str to float
        Capacities by their name in plan.json. [req/s]
    quantiles : tuple of (float, str, float)
        Offered rate [req/s], quantile such as ``"p95"``, response time [s] of each load held.
    history : TrafficHistory or None
        Traffic up to now.
    """

    service: str
    exports: frozenset[str]
    rates: Mapping[str, float]
    quantiles: Sequence[tuple[float, str, float]]
    history: TrafficHistory | None


@dataclass(frozen=True, eq=False)
class Ledger:
    """Predictions of earlier plans whose truth is known by now.

    Parameters
    ----------
    scores : pandas.DataFrame
        plan, about ("demand", "capacity" or "response time"), prediction, unit, level, low, predicted, high, came,
        inside: one row each.
    plans : int
        Earlier plans looked at. [plans]

    Examples
    --------
    >>> import pandas as pd
    >>> peak = {"plan": "June", "about": "demand", "prediction": "peak", "unit": "req/s", "level": 0.9}
    >>> came = {"low": 227, "predicted": 252, "high": 305, "came": 261, "inside": True}  # [req/s]
    >>> found = Ledger(pd.DataFrame([peak | came]), plans=1)
    >>> found.coverage, round(found.bias["demand"], 3)  # [fraction], [1]
    (1.0, 0.035)
    """

    scores: pd.DataFrame
    plans: int

    @property
    def coverage(self) -> float:
        """Share of the predictions that came inside their interval [fraction]."""
        return float(self.scores["inside"].mean()) if len(self.scores) else math.nan

    @property
    def bias(self) -> dict[str, float]:
        """Mean logarithm of what came over what was predicted, by what it is about; above 0: too little [1]."""
        known = self.scores.dropna(subset=["predicted"])
        known = known[known["predicted"] > 0]
        return {
            str(about): float(np.log(rows["came"].astype(float) / rows["predicted"].astype(float)).mean())
            for about, rows in known.groupby("about", sort=False)
        }

    @property
    def text(self) -> str:
        """How the predictions did, in a few sentences."""
        n = len(self.scores)
        if not n:
            return f"Nothing that {counted(self.plans, 'earlier plan')} predicted has been measured since."
        low, high = share_interval(int(self.scores["inside"].sum()), n)
        sentences = [
            f"Of {counted(n, 'prediction')} of {counted(self.plans, 'earlier plan')} "
            f"{self.scores['inside'].sum()} came inside their {self._level} interval "
            f"({self.coverage:.0%}; {low:.0%} to {high:.0%} by what {n} can tell).",
            *(_biased(about, bias) for about, bias in self.bias.items()),
        ]
        if (self.scores.groupby("plan")["about"].value_counts() > 1).any():
            sentences.append(
                "Predictions of one plan err together, so they tell less than as many plans would."
            )
        if self.scores["about"].isin(["capacity", "response time"]).any():
            sentences.append("Capacities count as predicted only if the service has not been changed since.")
        return " ".join(sentences)

    @property
    def _level(self) -> str:
        levels = set(self.scores["level"])
        return f"{levels.pop():.0%}" if len(levels) == 1 else "own"

    def to_frame(self) -> pd.DataFrame:
        """One row a prediction."""
        return self.scores

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return result_html(self.scores, "What earlier plans predicted, and what came", self.text)


def score(plans: Sequence[Path], now: Measured) -> Ledger:
    """Hold what earlier plans predicted against what is known now.

    Parameters
    ----------
    plans : sequence of Path
        Their plan.json.
    now : Measured
        What the present plan measures.

    Raises
    ------
    InputError
        If a file is no plan.json, of another layout or of another service.
    """
    import pandas as pd

    earlier = read_plans(plans, now.service)
    rows = [row for path, plan in earlier for row in _scored(path, plan, now)]
    return Ledger(pd.DataFrame(rows, columns=list(_COLUMNS)), len(earlier))


def read_plans(plans: Sequence[Path], service: str) -> list[tuple[Path, dict[str, Any]]]:
    """Read earlier plans; one that is named twice, or copied, counts once.

    Raises
    ------
    InputError
        If a file is no plan.json, of another layout or of another service.
    """
    different = {
        json.dumps(plan, sort_keys=True): (path, plan) for path, plan in ((p, _read(p)) for p in plans)
    }
    for path, plan in different.values():
        if plan.get("service") != service:
            told = visible(str(plan.get("service")), 40)
            raise InputError(
                f"is of the service '{told}', this plan is of '{visible(service, 40)}'", file=path
            )
    return list(different.values())


def _read(path: Path) -> dict[str, Any]:
    try:
        plan = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check the path", file=path) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON ({type(error).__name__}); give a plan.json", file=path) from None
    layout = plan.get("schema") if isinstance(plan, dict) else None
    if layout != _LAYOUT or not isinstance(plan.get("capacity"), dict):
        told = "no layout ('schema')" if layout is None else f"layout '{visible(str(layout), 40)}'"
        raise InputError(f"has {told}, {_LAYOUT} is understood; give the plan.json of a report", file=path)
    return plan


def _scored(path: Path, plan: dict[str, Any], now: Measured) -> Iterator[dict[str, Any]]:
    name = visible(f"{path.parent.name}/{path.name}", 60)
    try:
        if now.exports - {row["sha256"] for row in plan["inputs"]}:
            yield from (_row(name, *found) for found in _capacities(plan["capacity"], now))
            yield from (_row(name, *found) for found in _next_test(plan["next_test"] or [], now))
        if now.history is not None:
            yield from (_row(name, *found) for found in _peaks(plan["demand"] or {}, now.history))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        problem = f"{type(error).__name__}: {visible(str(error), 80)}"
        raise InputError(
            f"is no plan.json of a report ({problem}); give one as it was written", file=path
        ) from None


_Found = tuple[str, str, str, dict[str, Any], float]  # about, prediction, unit, estimate, what came


def _capacities(capacity: dict[str, Any], now: Measured) -> Iterator[_Found]:
    of_slo = {f"slo {objective}": estimate for objective, estimate in capacity["slo"].items()}
    earlier = {"saturation_throughput": capacity["saturation_throughput"], **of_slo}
    for quantity, came in now.rates.items():
        if earlier.get(quantity):
            yield "capacity", quantity.replace("_", " "), "req/s", earlier[quantity], came


def _next_test(rows: Any, now: Measured) -> Iterator[_Found]:
    for row in rows if isinstance(rows, list) else []:
        for offered, quantile, came in now.quantiles:
            if row.get(quantile) and max(offered, row["offered"]) <= _SAME_LOAD * min(
                offered, row["offered"]
            ):
                told = f"{quantile} at {row['offered']:g} req/s"
                yield "response time", told, "s", row[quantile], came


def _peaks(demand: dict[str, Any], history: TrafficHistory) -> Iterator[_Found]:
    """Score each week that has passed, and the whole horizon once it has, by the largest daily peak."""
    import pandas as pd

    last = pd.Timestamp(demand["last_day"]) if "last_day" in demand else None
    weeks = demand.get("weeks") or []
    for week in weeks if last is not None else weeks[:-1]:  # the last may be shorter than a week
        start = pd.Timestamp(week["date"])
        end = start + pd.Timedelta(days=_WEEK - 1)
        came = _largest(history, start, end if last is None else min(end, last))
        if came is not None:
            estimate = {"low": week["low"], "value": week["median"], "high": week["high"], "level": _LEVEL}
            yield "demand", f"peak of the week from {start:%Y-%m-%d}", "req/s", estimate, came
    if last is not None:
        first = pd.Timestamp(demand["first_day"])
        came = _largest(history, first, last)
        if came is not None:
            told = f"peak from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
            yield "demand", told, "req/s", demand["peak"], came


def _largest(history: TrafficHistory, first: pd.Timestamp, last: pd.Timestamp) -> float | None:
    """Largest daily peak of a stretch of days; None before all have passed, or where too many are unknown."""
    peaks = history.daily_peak[first:last]
    days = (last - first).days + 1
    passed = len(history.daily_peak) and history.daily_peak.index[-1] >= last
    return float(peaks.max()) if passed and len(peaks) >= _ENOUGH * days else None


def _biased(about: str, bias: float) -> str:
    side = "more" if bias > 0 else "less"
    return (
        f"{about.capitalize()}: what came was {abs(math.expm1(bias)):.1%} {side} than predicted on average."
    )


def _row(
    plan: str, about: str, prediction: str, unit: str, estimate: dict[str, Any], came: float
) -> dict[str, Any]:
    low, high = estimate["low"], estimate["high"]
    inside = (low is None or came >= low) and (high is None or came <= high)
    level = estimate.get("level", _LEVEL)
    values = (plan, about, prediction, unit, level, low, estimate["value"], high, came, inside)
    return dict(zip(_COLUMNS, values, strict=True))
