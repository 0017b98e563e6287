"""What each size of fleet costs in all: its rent, and what falling short at the peaks would lose, world by world."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.estimate import money
from capacity.models.decisions import evpi, evppi
from capacity.planning.demand.demand import DAYS_PER_MONTH, Demand
from capacity.planning.fleet.options import Fleets
from capacity.wording import counted, in_currency

if TYPE_CHECKING:
    import pandas as pd

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
        Fewest instances within the accepted risk. [instances]
    worth_knowing : pandas.DataFrame
        quantity, worth: the most that knowing it before choosing the size would save over the horizon (expected
        value of perfect information, in all and of each quantity alone). [money]
    currency : str or None
        Of the money.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.choices)  # [instances]
    least cost 2, least regret 2
    """

    sizes: pd.DataFrame
    recommended: int | None
    worth_knowing: pd.DataFrame
    currency: str | None = None

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
        if not self.sizes["cost_per_month"].any():
            return (
                "Neither an instance nor a miss costs anything here, so money does not tell the sizes apart."
            )
        sentences = [
            f"{counted(cheapest, 'instance')} {_verb(cheapest, 'costs', 'cost')} least on average, "
            f"{self._money(row['cost_per_month'])} a month, of which {self._money(row['loss_per_month'])} is what "
            f"short peaks would lose; {counted(calmest, 'instance')} {_verb(calmest, 'is', 'are')} regretted least."
        ]
        if self.recommended is not None and self.recommended != cheapest:
            more = self.sizes["cost_per_month"][self.recommended] - row["cost_per_month"]
            side = "more" if self.recommended > cheapest else "fewer"
            sentences.append(
                f"The accepted risk asks for {side}: {counted(self.recommended, 'instance')}, {self._money(more)} a "
                f"month dearer on average."
            )
        sentences.append(self._next_to_measure())
        sentences.append(
            "A loss is the traffic that all instances together would not carry, at the price of downtime; an instance "
            "lost at the peak is left to the accepted risk."
        )
        return " ".join(sentences)

    def _money(self, amount: float) -> str:
        return money(amount, self.currency)

    def _next_to_measure(self) -> str:
        alone = self.worth_knowing.iloc[1:]
        best = alone.loc[alone["worth"].idxmax()]
        if best["worth"] <= 0:
            return "Knowing more beforehand would change no choice of size."
        return (
            f"What is most worth measuring first is {best['quantity']}: up to {self._money(best['worth'])}."
        )

    def __str__(self) -> str:
        return f"least cost {self.least_cost}, least regret {self.least_regret}"

    def _repr_html_(self) -> str:
        caption = in_currency("Rent, and what short peaks would lose", self.currency)
        return result_html(self.to_frame(), caption, self.text)


def weigh(
    fleets: Fleets, price: np.ndarray, *, recommended: int | None, currency: str | None = None
) -> Choices:
    """Weigh the sizes of fleet in money.

    Parameters
    ----------
    fleets : Fleets
        Of one kind of instance, with its price.
    price : ndarray
        Of a minute of downtime in each world. [money per min]
    recommended : int or None
        Fewest instances within the accepted risk.
    currency : str, optional
        Of the prices.
    """
    import pandas as pd

    sizes = np.arange(1, _largest(fleets, recommended) + 1)
    lost = np.column_stack([losses(fleets.demand, fleets.all_up[:, n], price) for n in sizes])
    rent = (fleets.instance_per_month or 0.0) * sizes
    frame = pd.DataFrame(in_money(rent, lost), index=pd.Index(sizes, name="instances"))
    return Choices(frame, recommended, _worth_knowing(fleets, lost + rent, price), currency)


def in_money(rent: np.ndarray, lost: np.ndarray) -> dict[str, np.ndarray]:
    """Rent, expected loss, both together, and the regret exceeded in 1 of 20 worlds, of each option.

    Parameters
    ----------
    rent : ndarray
        Of each option. [money per month]
    lost : ndarray
        In each world by each option. [money per month] (worlds x options)
    """
    total = lost + rent
    regret = total - total.min(axis=1, keepdims=True)
    return {
        "rent_per_month": rent,
        "loss_per_month": lost.mean(axis=0),
        "cost_per_month": total.mean(axis=0),
        "regret_per_month": np.quantile(regret, _REGRET, axis=0),
    }


def _verb(n: int, one: str, many: str) -> str:
    return one if n == 1 else many


def _largest(fleets: Fleets, recommended: int | None) -> int:
    """Largest size to weigh: well beyond the recommended or the strongest, but no more than can be had."""
    most = fleets.available
    strongest = int(np.argmax(np.median(fleets.all_up[:, : most + 1], axis=0)))
    return max(min(most, math.ceil(_BEYOND * (recommended or strongest)) + 1), 1)


def _worth_knowing(fleets: Fleets, total: np.ndarray, price: np.ndarray) -> pd.DataFrame:
    """What perfect knowledge would save over the horizon. [money]"""
    import pandas as pd

    months = fleets.demand.horizon_days / DAYS_PER_MONTH
    known = {
        "the peak over the horizon": fleets.demand.peaks,
        "what one instance carries": fleets.all_up[:, 1],
        "the price of downtime": price,
    }
    worth = {"all of it": evpi(total), **{name: evppi(total, values) for name, values in known.items()}}
    return pd.DataFrame({"quantity": list(worth), "worth": [months * value for value in worth.values()]})


def losses(demand: Demand, carried: np.ndarray, price: np.ndarray) -> np.ndarray:
    """What a fleet would lose in each world by what it does not carry. [money per month]

    Parameters
    ----------
    demand : Demand
        Paths of daily peaks; the shape of a day is that of its history.
    carried : ndarray
        By the fleet in each world. [req/s]
    price : ndarray
        Of a minute in which nothing is carried, in each world. [money per min]
    """
    months = demand.horizon_days / DAYS_PER_MONTH
    return lost_minutes(demand, carried) * price / months


def lost_minutes(demand: Demand, carried: np.ndarray) -> np.ndarray:
    """Minutes' worth of traffic that a fleet would not carry, in each world over the horizon. [min]"""
    lost = np.zeros(len(demand.paths))
    short = np.flatnonzero(demand.peaks > carried)
    weekdays = demand.dates.day_of_week.to_numpy()
    for weekday in range(7):
        peaks = demand.paths[np.ix_(short, np.flatnonzero(weekdays == weekday))]
        share = carried[short, None] / peaks
        if demand.shape is None:
            minutes = np.maximum(1 - share, 0.0) * _PEAK / 60
        else:
            minutes = demand.shape.short_minutes(share, weekday)
        lost[short] += minutes.sum(axis=1)
    return lost
