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
from capacity.planning.traffic import TrafficHistory
from capacity.wording import counted, visible

if TYPE_CHECKING:
    import pandas as pd

_LAYOUT = 1  # of plan.json that is understood
_SAME_LOAD = 1.03  # ratio of rates that are one load
_WEEK = 7  # days
_COLUMNS = ("plan", "prediction", "unit", "low", "predicted", "high", "came", "inside")


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
        plan, prediction, unit, low, predicted, high, came, inside: one row each.
    plans : int
        Earlier plans looked at.
    """

    scores: pd.DataFrame
    plans: int

    @property
    def coverage(self) -> float:
        """Share of the predictions that came inside their interval [fraction]."""
        return float(self.scores["inside"].mean()) if len(self.scores) else math.nan

    @property
    def bias(self) -> float:
        """Mean logarithm of what came over what was predicted; above 0 where too little was predicted [1]."""
        known = self.scores.dropna(subset=["predicted"])
        return float(np.log(known["came"] / known["predicted"]).mean()) if len(known) else math.nan

    @property
    def text(self) -> str:
        """How the predictions did, in two sentences."""
        n = len(self.scores)
        if not n:
            return f"Nothing that {counted(self.plans, 'earlier plan')} predicted has been measured since."
        inside = int(self.scores["inside"].sum())
        low, high = share_interval(inside, n)
        sentence = (
            f"Of {n} predictions of {counted(self.plans, 'earlier plan')} {inside} came inside their 90% interval "
            f"({self.coverage:.0%}; {low:.0%} to {high:.0%} by what {n} can tell)."
        )
        if math.isfinite(self.bias):
            side = "more" if self.bias > 0 else "less"
            sentence += f" What came was {abs(math.expm1(self.bias)):.1%} {side} than predicted on average."
        return f"{sentence} Capacities count as predicted only if the service has not been changed since."

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

    different = {
        json.dumps(plan, sort_keys=True): (path, plan) for path, plan in ((p, _read(p)) for p in plans)
    }
    for path, plan in different.values():
        if plan.get("service") != now.service:
            told = visible(str(plan.get("service")), 40)
            raise InputError(
                f"is of the service '{told}', this plan is of '{visible(now.service, 40)}'", file=path
            )
    rows = [row for path, plan in different.values() for row in _scored(path, plan, now)]
    return Ledger(pd.DataFrame(rows, columns=list(_COLUMNS)), len(different))


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
            yield from _capacities(name, plan["capacity"], now)
            yield from _next_test(name, plan["next_test"] or [], now)
        if now.history is not None:
            yield from _weeks(name, (plan["demand"] or {}).get("weeks") or [], now.history)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        problem = f"{type(error).__name__}: {visible(str(error), 80)}"
        raise InputError(
            f"is no plan.json of a report ({problem}); give one as it was written", file=path
        ) from None


def _capacities(name: str, capacity: dict[str, Any], now: Measured) -> Iterator[dict[str, Any]]:
    of_slo = {f"slo {objective}": estimate for objective, estimate in capacity["slo"].items()}
    earlier = {"saturation_throughput": capacity["saturation_throughput"], **of_slo}
    for quantity, came in now.rates.items():
        if earlier.get(quantity):
            yield _row(name, quantity.replace("_", " "), "req/s", earlier[quantity], came)


def _next_test(name: str, rows: Any, now: Measured) -> Iterator[dict[str, Any]]:
    for row in rows if isinstance(rows, list) else []:
        for offered, quantile, came in now.quantiles:
            if row.get(quantile) and max(offered, row["offered"]) <= _SAME_LOAD * min(
                offered, row["offered"]
            ):
                yield _row(name, f"{quantile} at {row['offered']:g} req/s", "s", row[quantile], came)


def _weeks(name: str, weeks: Sequence[dict[str, Any]], history: TrafficHistory) -> Iterator[dict[str, Any]]:
    """Score each week that has passed, by its largest daily peak."""
    import pandas as pd

    peaks = history.daily_peak
    for week in weeks:
        start = pd.Timestamp(week["date"])
        days = peaks[start : start + pd.Timedelta(days=_WEEK - 1)]
        if len(days) == _WEEK:
            estimate = {"low": week["low"], "value": week["median"], "high": week["high"]}
            yield _row(name, f"peak of the week from {start:%Y-%m-%d}", "req/s", estimate, float(days.max()))


def _row(plan: str, prediction: str, unit: str, estimate: dict[str, Any], came: float) -> dict[str, Any]:
    low, high = estimate["low"], estimate["high"]
    inside = (low is None or came >= low) and (high is None or came <= high)
    values = (plan, prediction, unit, low, estimate["value"], high, came, inside)
    return dict(zip(_COLUMNS, values, strict=True))
