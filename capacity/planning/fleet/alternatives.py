"""Other ways to carry the same demand: other sizes of instance, fixed or autoscaled, in the same sampled worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from capacity.display import result_html
from capacity.estimate import money
from capacity.models.finance import pert_sample
from capacity.planning.demand.demand import Demand
from capacity.planning.demand.shape import WeekShape
from capacity.planning.fleet.choices import in_money, losses
from capacity.planning.fleet.headroom import Policy
from capacity.planning.fleet.options import Fleets
from capacity.wording import counted, in_currency, visible

if TYPE_CHECKING:
    import pandas as pd

    from capacity.plan import Size

OPERATIONS = ("fixed", "autoscaled")
_SHOWN = (
    *("kind", "operation", "instances", "mean_instances", "safe_load", "probability_missed"),
    *("cost_per_month", "regret_per_month", "verdict"),
)
_RENT_WORLDS = 200  # in which the instances of an autoscaled fleet are counted
_HOURS = 24.0  # of a day
_NO_RAMP = "no ramp_per_second is given, so what must be ready while instances start is not known"
_NO_SHAPE = "how the load changes over a day is not known; a traffic history by the hour would tell"


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of instance: its name, its capacity over that of the tested one in each world, its price."""

    name: str
    factor: float | np.ndarray
    instance_per_month: float | None

    @classmethod
    def drawn(cls, sizes: Sequence[Size], rng: np.random.Generator, worlds: int) -> list[Kind]:
        """Draw the sizes of a plan."""
        return [
            cls(visible(size.name), pert_sample(rng, *size.capacity_factor, worlds), size.instance_per_month)
            for size in sizes
        ]


@dataclass(frozen=True, eq=False)
class Alternatives:
    """The fewest instances of each kind that carry the demand, fixed and autoscaled.

    Parameters
    ----------
    options : pandas.DataFrame
        kind, operation ("fixed" or "autoscaled"), instances (most at once), mean_instances, safe_load_low, safe_load,
        safe_load_high [req/s], probability_missed [fraction], expected_shortfall [req/s], and where prices are known
        rent_per_month, loss_per_month, cost_per_month (expected, both), regret_per_month (more than the best one for
        each world, exceeded in 1 of 20) [money per month]; verdict.
    cheapest : int or None
        Row with the least expected cost. [row]
    currency : str or None
        Of the money.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.alternatives)
    Cheapest within the accepted risk: autoscaled, 3 instances as tested, USD 100 a month on average.
    """

    options: pd.DataFrame
    cheapest: int | None
    currency: str | None = None

    @property
    def sentences(self) -> list[str]:
        """The cheapest way within the accepted risk, where there is a choice."""
        if self.cheapest is None or len(self.options) < 2:
            return []
        row = self.options.loc[self.cheapest]
        return [
            f"Cheapest within the accepted risk: {row['operation']}, {counted(int(row['instances']), 'instance')} "
            f"{row['kind']}, {money(row['cost_per_month'], self.currency)} a month on average."
        ]

    @property
    def text(self) -> str:
        """The cheapest way, and why others are refused."""
        refused = [
            f"{row.kind}, {row.operation}: {row.verdict}."
            for row in self.options.itertuples()
            if row.verdict.startswith("refused")
        ]
        return " ".join([*self.sentences, *refused]) or "No prices are known, so none is called the cheapest."

    def to_frame(self) -> pd.DataFrame:
        """One row a kind of instance and operation."""
        return self.options

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        shown = [name for name in _SHOWN if name in self.options]
        caption = in_currency("Other ways to carry the same demand", self.currency)
        return result_html(self.options[shown], caption, self.text)


def compare(
    kinds: Sequence[Kind],
    fleets_of: Callable[[Kind, Policy], Fleets],
    policy: Policy,
    price: np.ndarray | None,
    currency: str | None = None,
) -> Alternatives:
    """Compare kinds of instance, each fixed and autoscaled, by the fewest that miss no more than the accepted risk.

    A fixed fleet runs in full before the peak, so nothing is set aside for scaling lag; an autoscaled one runs what
    each hour needs and keeps ready what the load may rise by until a new instance serves.

    Parameters
    ----------
    kinds : sequence of Kind
        The first is the one tested.
    fleets_of : callable
        Fleets of a kind under a policy, in the same worlds.
    policy : Policy
        Of the plan.
    price : ndarray or None
        Of a minute of downtime in each world. [money per min]
    currency : str, optional
        Of the prices.
    """
    import pandas as pd

    ways = [_way(kind, operation, fleets_of, policy) for kind in kinds for operation in OPERATIONS]
    frame = pd.DataFrame([row for row, _ in ways])
    priced = {place: fleet for place, (_, fleet) in enumerate(ways) if fleet is not None}
    if not priced or price is None:
        return Alternatives(frame, None)
    lost = np.column_stack([losses(fleet.demand, fleet.carried, price) for fleet in priced.values()])
    columns = in_money(np.array([fleet.rent for fleet in priced.values()]), lost)
    for name, values in columns.items():
        frame.loc[list(priced), name] = values
    cheapest = list(priced)[int(np.argmin(columns["cost_per_month"]))]
    frame["verdict"] = [_verdict(place, frame, cheapest, currency) for place in range(len(ways))]
    order = [name for name in frame.columns if name != "verdict"]
    return Alternatives(frame[[*order, "verdict"]], cheapest, currency)


class _Fleet(NamedTuple):
    """The fewest instances of one kind: their rent [money per month], and what they carry in each world. [req/s]"""

    rent: float
    demand: Demand
    carried: np.ndarray


def _way(
    kind: Kind, operation: str, fleets_of: Callable[[Kind, Policy], Fleets], policy: Policy
) -> tuple[dict[str, Any], _Fleet | None]:
    """Return the row of one kind in one operation, and its fleet unless it is refused or has no price."""
    named = {"kind": kind.name, "operation": operation}
    autoscaled = operation == "autoscaled"
    if autoscaled and policy.ramp_per_second is None:
        return _refused(named, _NO_RAMP)
    fleets = fleets_of(kind, policy if autoscaled else replace(policy, ramp_per_second=None))
    shape, size = fleets.demand.shape, fleets.fewest
    if autoscaled and shape is None:
        return _refused(named, _NO_SHAPE)
    if size is None:
        why = fleets.shared.refusal(fleets.most) or f"none of up to {fleets.most} instances is enough"
        return _refused(named, why)
    running = mean_running(fleets, shape, size) if autoscaled and shape is not None else float(size)
    row = fleets.judged([size]).iloc[0].to_dict() | {"instances": size, "mean_instances": running}
    told = {name: row[name] for name in ("instances", "mean_instances", *row)}
    fleet = None
    if kind.instance_per_month is not None:
        fleet = _Fleet(kind.instance_per_month * running, fleets.demand, fleets.all_up[:, size])
    return {**named, **told, "verdict": "within the accepted risk"}, fleet


def _refused(named: dict[str, str], why: str) -> tuple[dict[str, Any], None]:
    return {**named, "verdict": f"refused: {why}"}, None


def mean_running(fleets: Fleets, shape: WeekShape, most: int) -> float:
    """Instances that an autoscaled fleet runs on average: at each hour what it needs, at most `most`. [instances]"""
    demand, least = fleets.demand, fleets.policy.lost(1) + 1
    paths, safe = demand.paths[:_RENT_WORLDS], fleets.safe[:_RENT_WORLDS]
    weekdays = demand.dates.day_of_week.to_numpy()
    hours = float(min(least, most)) * _HOURS * paths.size
    for weekday in range(7):
        peaks = paths[:, weekdays == weekday]
        for size in range(least, most):
            hours += float(shape.hours_above(safe[:, size, None] / peaks, weekday).sum())
    return hours / (_HOURS * paths.size)


def _verdict(place: int, frame: pd.DataFrame, cheapest: int, currency: str | None) -> str:
    if place == cheapest:
        return "cheapest within the accepted risk"
    more = frame["cost_per_month"][place] - frame["cost_per_month"][cheapest]
    return f"{money(more, currency)} a month dearer" if more == more else frame["verdict"][place]
