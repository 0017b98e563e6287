"""When a fleet is too small: the day by which it is exhausted, and the instances to add before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.planning.demand.demand import Demand

if TYPE_CHECKING:
    import pandas as pd

SHARES = (0.05, 0.20, 0.50, 0.80, 0.95)


def exhaustion(demand: Demand, safe: np.ndarray) -> pd.Series:
    """Share of worlds in which the peak has exceeded what a fleet may be given, by each day. [fraction]"""
    import pandas as pd

    return pd.Series(_exhausted(demand, safe), demand.dates, name="exhausted")


def runway(exhausted: pd.Series) -> pd.DataFrame:
    """When a fleet is exhausted: probability and the first date by which it has that; none beyond the horizon."""
    import pandas as pd

    dates = [_first(exhausted.index, exhausted.to_numpy() >= probability) for probability in SHARES]
    return pd.DataFrame({"probability": SHARES, "date": pd.Series(dates, dtype=object)})


def additions(
    demand: Demand, safe: np.ndarray, risk: float, running: int, recommended: int | None
) -> pd.DataFrame:
    """Fleet to have running from each date on, so that the chance of having missed stays within the risk."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for size in range(running, recommended or running):
        date = _first(demand.dates, _exhausted(demand, safe[:, size]) > risk)
        if rows and rows[-1]["date"] == date:
            rows[-1] = {"date": date, "instances": size + 1, "added": rows[-1]["added"] + 1}
        elif date is not None:
            rows.append({"date": date, "instances": size + 1, "added": 1})
    return pd.DataFrame(rows, columns=["date", "instances", "added"])


def _exhausted(demand: Demand, safe: np.ndarray) -> np.ndarray:
    """Share of worlds in which the fleet has been exceeded by each day."""
    return np.logical_or.accumulate(demand.paths > safe[:, None], axis=1).mean(axis=0)


def _first(dates: pd.DatetimeIndex, reached: np.ndarray) -> Any:
    where = np.flatnonzero(reached)
    return dates[where[0]].to_pydatetime() if where.size else None
