"""What each size of fleet costs in all: its rent, and what falling short at the peaks would lose, world by world."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.estimate import number
from capacity.models.finance import pert_sample
from capacity.planning.demand import DAYS_PER_MONTH, Demand
from capacity.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from capacity.plan import Cost

_PEAK = 3600.0  # how long the peak of a day lasts where no history says it [s]
_REGRET = 0.95  # quantile of the worlds in which a choice is regretted
_BEYOND = 2.0  # sizes looked at, over the recommended one


@dataclass(frozen=True, eq=False)
class Choices:
    """The sizes of fleet that different readings of the same worlds would choose.

    Parameters
    ----------
    sizes : pandas.DataFrame
        By instances: rent_per_month, loss_per_month, cost_per_month (expected, both together), regret_per_month
        (what the size costs more than the best one for each world, exceeded in 1 of 20 worlds), reading (which
        readings choose it). [money per month]
    recommended : int or None
        Fewest instances within the accepted risk.
    minutes : float
        How long the peak of a day is taken to last. [min]
    """

    sizes: pd.DataFrame
    recommended: int | None
    minutes: float

    @property
    def least_cost(self) -> int:
        """Size with the least expected cost. [instances]"""
        return int(self.sizes["cost_per_month"].idxmin())

    @property
    def least_regret(self) -> int:
        """Size that is regretted least in all but 1 of 20 worlds. [instances]"""
        return int(self.sizes["regret_per_month"].idxmin())

    def to_frame(self) -> pd.DataFrame:
        """One row a size, up to one beyond the largest that a reading chooses."""
        readings = {
            "least cost": self.least_cost,
            "least regret": self.least_regret,
            "accepted risk": self.recommended,
        }
        frame = self.sizes.loc[: max(size for size in readings.values() if size) + 1].reset_index()
        chosen = [", ".join(name for name, size in readings.items() if size == n) for n in frame["instances"]]
        return frame.assign(reading=chosen)

    @property
    def text(self) -> str:
        """The readings side by side, and what separates them."""
        cheapest, calmest = self.least_cost, self.least_regret
        row = self.sizes.loc[cheapest]
        sentences = [
            f"{counted(cheapest, 'instance')} cost least on average, {number(row['cost_per_month'])} a month, of which "
            f"{number(row['loss_per_month'])} is what short peaks would lose; {counted(calmest, 'instance')} are "
            f"regretted least."
        ]
        if self.recommended is not None and self.recommended != cheapest:
            more = self.sizes["cost_per_month"][self.recommended] - row["cost_per_month"]
            side = "more" if self.recommended > cheapest else "fewer"
            sentences.append(
                f"The accepted risk asks for {side}: {counted(self.recommended, 'instance')}, {number(more)} a month "
                f"dearer on average."
            )
        sentences.append(
            f"A loss is the share of a day's peak, {self.minutes:g} minutes long, that all instances together would "
            "not carry, at the price of downtime; an instance lost at the peak is left to the accepted risk."
        )
        return " ".join(sentences)

    def __str__(self) -> str:
        return f"least cost {self.least_cost}, least regret {self.least_regret}"

    def _repr_html_(self) -> str:
        return result_html(self.to_frame(), "Rent, and what short peaks would lose", self.text)


def weigh(
    demand: Demand, safe: np.ndarray, cost: Cost, *, recommended: int | None, rng: np.random.Generator
) -> Choices | None:
    """Weigh the sizes of fleet in money; None where the plan has no price of downtime.

    Parameters
    ----------
    demand : Demand
        Paths of daily peaks.
    safe : ndarray
        What a fleet of 0, 1, 2 ... instances carries in each world with all of them up. [req/s] (worlds x sizes)
    cost : Cost
        Prices of an instance and of downtime.
    recommended : int or None
        Fewest instances within the accepted risk.
    rng : numpy.random.Generator
        Of the price of downtime.
    """
    if cost.downtime_per_minute is None:
        return None
    import pandas as pd

    most = min(safe.shape[1] - 1, math.ceil(_BEYOND * (recommended or safe.shape[1])) + 1)
    minutes = (demand.history.step if demand.history else _PEAK) / 60
    months = demand.horizon_days / DAYS_PER_MONTH
    price = pert_sample(rng, *cost.downtime_per_minute, len(demand.paths))
    sizes = np.arange(1, most + 1)
    lost = (
        np.column_stack([_short_days(demand.paths, safe[:, n]) for n in sizes])
        * minutes
        * price[:, None]
        / months
    )
    rent = cost.instance_per_month * sizes
    total = lost + rent
    regret = total - total.min(axis=1, keepdims=True)
    frame = pd.DataFrame(
        {
            "rent_per_month": rent,
            "loss_per_month": lost.mean(axis=0),
            "cost_per_month": total.mean(axis=0),
            "regret_per_month": np.quantile(regret, _REGRET, axis=0),
        },
        index=pd.Index(sizes, name="instances"),
    )
    return Choices(frame, recommended, minutes)


def _short_days(paths: np.ndarray, safe: np.ndarray) -> np.ndarray:
    """Days' worth of peaks that a fleet would not carry, in each world: the share above what it may be given."""
    lost = np.zeros(len(paths))
    short = paths.max(axis=1) > safe
    lost[short] = np.maximum(1 - safe[short, None] / paths[short], 0.0).sum(axis=1)
    return lost
