"""How many instances, from when, at what cost: options judged in the same sampled worlds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate, number, weakest
from capacity.models.fits.fitting import Fit
from capacity.models.newsvendor import implied_ratio
from capacity.models.scalability import Usl
from capacity.planning.choices import Choices, weigh
from capacity.planning.demand import LEVEL, Demand
from capacity.planning.headroom import Policy, relative_capacity, safe_loads, sampled_laws
from capacity.wording import counted

if TYPE_CHECKING:
    import pandas as pd

    from capacity.plan import Cost

MOST_INSTANCES = 1000
RUNWAY = (0.05, 0.20, 0.50)
_USUALLY_ENOUGH = 64  # sizes looked at before all of them
_RARE = 0.05  # share of worlds not worth a sentence
_AROUND = 2  # options shown on either side of the recommended one


@dataclass(frozen=True, eq=False)
class FleetPlan:
    """How many instances carry the demand, and when they are needed.

    Parameters
    ----------
    recommended : int or None
        Fewest instances that miss the objective with no more than the accepted risk; None when no fleet does.
    instances_running : int
        Today's fleet. [instances]
    options : pandas.DataFrame
        instances, safe_load_low, safe_load, safe_load_high [req/s], probability_missed [fraction],
        expected_shortfall [req/s], shortage_over_surplus (how many times an idle req/s a missed one is worth to
        whoever holds this fleet), cost_per_month (where a price is known), verdict.
    runway : pandas.DataFrame
        probability, date: when today's fleet is exhausted with that probability; no date when beyond the
        horizon.
    additions : pandas.DataFrame
        date, instances, added: the fleet to have running from that date on.
    demand : Demand
        The worlds it was judged in.
    policy : Policy
        What the fleet must survive.
    safe_load_running : Estimate
        What today's fleet may be given. [req/s]
    probability_missed_running : float
        Chance that today's fleet misses the objective within the horizon. [fraction]
    what_is_needed : str
        What would be needed when no fleet is enough, else empty.
    choices : Choices or None
        What other readings of the same worlds would hold; None without a price of downtime.
    notes : tuple of str
        What to know before believing it.
    """

    recommended: int | None
    instances_running: int
    options: pd.DataFrame
    runway: pd.DataFrame
    additions: pd.DataFrame
    demand: Demand
    policy: Policy
    safe_load_running: Estimate
    probability_missed_running: float
    what_is_needed: str = ""
    choices: Choices | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        """The recommendation, today's fleet, the options refused and why."""
        return " ".join(
            [
                self._headline(),
                self._today(),
                *self._refusals(),
                *self._calendar(),
                *self._implied(),
                *self.notes,
            ]
        )

    def option(self, instances: int) -> pd.Series:
        """Return the row of `options` for a fleet of this size, which must be among them."""
        return self.options.set_index("instances").loc[instances]

    @property
    def exhausted(self) -> Any:
        """Day by which today's fleet is more likely than not too small; None when beyond the horizon."""
        return self.runway.loc[self.runway["probability"] == 0.5, "date"].iloc[0]

    def _headline(self) -> str:
        if self.recommended is None:
            return self.what_is_needed
        chosen = self.option(self.recommended)
        cost = f" at {number(chosen['cost_per_month'])} a month" if "cost_per_month" in chosen else ""
        return (
            f"{counted(self.recommended, 'instance')}{cost} carry {number(chosen['safe_load'])} req/s safely "
            f"({number(chosen['safe_load_low'])} to {number(chosen['safe_load_high'])}) and miss the "
            f"objective at the peak over {self.demand.horizon_days} days with probability "
            f"{chosen['probability_missed']:.1%}; {self.policy.risk:.0%} is accepted."
        )

    def _today(self) -> str:
        return (
            f"Today's {counted(self.instances_running, 'instance')} may be given {self.safe_load_running}; "
            f"{self._lasting()} (chance of missing within the horizon "
            f"{self.probability_missed_running:.1%})."
        )

    def _lasting(self) -> str:
        if self.exhausted is None:
            return f"more likely than not they last beyond {self.demand.dates[-1]:%Y-%m-%d}"
        if self.exhausted == self.demand.dates[0]:
            return "more likely than not they are exhausted already"
        return f"more likely than not they are exhausted by {self.exhausted:%Y-%m-%d}"

    def _refusals(self) -> list[str]:
        refused = self.options[self.options["verdict"].str.startswith("refused")]
        return [
            f"{counted(row.instances, 'instance')}: {row.verdict}." for row in refused.tail(2).itertuples()
        ]

    def _implied(self) -> list[str]:
        """What holding the recommended fleet says about the value of a miss."""
        ratio = self.option(self.recommended)["shortage_over_surplus"] if self.recommended else math.inf
        if not math.isfinite(ratio):
            return []
        return [f"Holding {self.recommended} means valuing a missed req/s {number(ratio)} times an idle one."]

    def _calendar(self) -> list[str]:
        return [
            f"Have {counted(row.instances, 'instance')} running from {row.date:%Y-%m-%d}."
            for row in self.additions.itertuples()
        ]

    def to_frame(self) -> pd.DataFrame:
        """Every option considered, the refused ones with their reason."""
        return self.options

    def __str__(self) -> str:
        return self._headline()

    def _repr_html_(self) -> str:
        shown = self.options.drop(columns="shortage_over_surplus")
        return result_html(shown, "Fleet sizes judged in the same sampled worlds", self.text)


def plan_fleet(
    instance_capacity: Estimate,
    scaling: Usl | Fit,
    demand: Demand,
    policy: Policy,
    *,
    cost: Cost | None = None,
    instances_running: int,
    rng: np.random.Generator,
) -> FleetPlan:
    """Find the fewest instances that carry the demand with the accepted risk, and when each is needed.

    Parameters
    ----------
    instance_capacity : Estimate
        What one instance carries within its objective; a bound from below is used as if it were the value.
        [req/s]
    scaling : Usl or Fit
        Law of scaling across instances; a fit is sampled with its covariance.
    demand : Demand
        Sampled paths of daily peaks.
    policy : Policy
        What the fleet must survive, and the accepted risk.
    cost : Cost, optional
        Price of an instance; without it there is no cost column. [money per month]
    instances_running : int
        Today's fleet. [instances]
    rng : numpy.random.Generator
        Of every random draw.

    Raises
    ------
    NotIdentified
        If the capacity of an instance has no bound from below.
    DomainError
        If no instance runs, or more than `MOST_INSTANCES`.

    Notes
    -----
    A world is a capacity of one instance, a scaling law and a path of demand; every option faces the same
    worlds. An option misses in a world when the largest daily peak exceeds its safe load.
    """
    _check(instance_capacity, instances_running)
    worlds = len(demand.peaks)
    one, notes = _instance_capacities(instance_capacity, rng, worlds)
    laws = sampled_laws(scaling, rng, worlds)
    for most in (_USUALLY_ENOUGH, MOST_INSTANCES):
        relative = relative_capacity(laws, max(most, instances_running))
        safe = safe_loads(one, relative, policy)
        missed = (demand.peaks[:, None] > safe).mean(axis=0)
        recommended = _fewest(missed, policy.risk)
        if recommended is not None:
            break
    top = int(np.argmax(np.median(safe, axis=0))) if recommended is None else recommended
    sizes = _sizes(top, instances_running, policy, safe.shape[1] - 1)
    running = safe[:, instances_running]
    all_up = safe_loads(one, relative, replace(policy, spare_instances=0, deploying_instances=0))
    provenance = weakest(instance_capacity.provenance, demand.peak.provenance)
    return FleetPlan(
        recommended=recommended,
        instances_running=instances_running,
        options=_options(sizes, safe, missed, demand, policy, recommended, cost),
        runway=_runway(demand, running),
        additions=_additions(demand, safe, policy, instances_running, recommended),
        demand=demand,
        policy=policy,
        safe_load_running=Estimate.of_sample(
            running, unit="req/s", method="headroom policies on sampled capacities", provenance=provenance
        ),
        probability_missed_running=float((demand.peaks > running).mean()),
        choices=weigh(demand, all_up, cost, recommended=recommended, rng=rng) if cost else None,
        what_is_needed="" if recommended else _what_is_needed(demand, safe, policy, top),
        notes=(*notes, *_extrapolation(scaling, recommended), *_ramp(policy), *_peak_days(demand)),
    )


def _check(instance_capacity: Estimate, instances_running: int) -> None:
    if not instance_capacity.low > 0:
        raise NotIdentified(
            f"the capacity of an instance is {instance_capacity}, not bounded from below; run a test at a "
            f"load it carries"
        )
    if not 1 <= instances_running <= MOST_INSTANCES:
        raise DomainError(f"{instances_running} instances running; allowed: 1 to {MOST_INSTANCES}")


def _instance_capacities(
    capacity: Estimate, rng: np.random.Generator, worlds: int
) -> tuple[np.ndarray, list[str]]:
    if capacity.bounded:
        return capacity.sample(rng, worlds), []
    note = (
        f"One instance carries {capacity}; its limit was not reached, so the plan uses "
        f"{number(capacity.low)} req/s and may ask for more instances than needed."
    )
    return np.full(worlds, capacity.low), [note]


def _fewest(missed: np.ndarray, risk: float) -> int | None:
    enough = np.flatnonzero(missed[1:] <= risk)
    return int(enough[0]) + 1 if enough.size else None


def _sizes(top: int, running: int, policy: Policy, most: int) -> list[int]:
    """Around the recommended fleet, today's fleet, and the smallest that can lose its spare instances."""
    around = range(top - _AROUND, top + _AROUND + 1)
    return [n for n in sorted({*around, running, policy.lost + 1}) if 1 <= n <= most]


def _options(
    sizes: Sequence[int],
    safe: np.ndarray,
    missed: np.ndarray,
    demand: Demand,
    policy: Policy,
    recommended: int | None,
    cost: Cost | None,
) -> pd.DataFrame:
    import pandas as pd

    low, median, high = np.quantile(safe[:, sizes], [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], axis=0)
    shortfall = np.maximum(demand.peaks[:, None] - safe[:, sizes], 0.0).mean(axis=0)
    frame = pd.DataFrame(
        {
            "instances": sizes,
            "safe_load_low": low,
            "safe_load": median,
            "safe_load_high": high,
            "probability_missed": missed[sizes],
            "expected_shortfall": shortfall,
            "shortage_over_surplus": [implied_ratio(float(share)) for share in missed[sizes]],
        }
    )
    if cost is not None:
        frame["cost_per_month"] = cost.instance_per_month * frame["instances"]
    frame["verdict"] = [_verdict(n, float(missed[n]), policy, recommended) for n in sizes]
    return frame


def _verdict(instances: int, missed: float, policy: Policy, recommended: int | None) -> str:
    if instances <= policy.lost:
        return f"refused: cannot do without {policy.lost} of {instances}"
    if missed > policy.risk:
        return f"refused: misses the objective with probability {missed:.1%}, {policy.risk:.0%} is accepted"
    if instances == recommended:
        return "recommended: fewest within the accepted risk"
    return f"enough, {instances - (recommended or 0)} more than needed"


def _exhausted(demand: Demand, safe: np.ndarray) -> np.ndarray:
    """Share of worlds in which the fleet has been exceeded by each day."""
    return np.logical_or.accumulate(demand.paths > safe[:, None], axis=1).mean(axis=0)


def _first(dates: pd.DatetimeIndex, reached: np.ndarray) -> Any:
    where = np.flatnonzero(reached)
    return dates[where[0]].to_pydatetime() if where.size else None


def _runway(demand: Demand, safe: np.ndarray) -> pd.DataFrame:
    import pandas as pd

    share = _exhausted(demand, safe)
    dates = [_first(demand.dates, share >= probability) for probability in RUNWAY]
    return pd.DataFrame({"probability": RUNWAY, "date": pd.Series(dates, dtype=object)})


def _additions(
    demand: Demand, safe: np.ndarray, policy: Policy, running: int, recommended: int | None
) -> pd.DataFrame:
    """Fleet to have on each date so that the chance of having missed stays within the risk."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for size in range(running, recommended or running):
        date = _first(demand.dates, _exhausted(demand, safe[:, size]) > policy.risk)
        if rows and rows[-1]["date"] == date:
            rows[-1] = {"date": date, "instances": size + 1, "added": rows[-1]["added"] + 1}
        elif date is not None:
            rows.append({"date": date, "instances": size + 1, "added": 1})
    return pd.DataFrame(rows, columns=["date", "instances", "added"])


def _what_is_needed(demand: Demand, safe: np.ndarray, policy: Policy, best: int) -> str:
    need = float(np.quantile(demand.peaks, 1 - policy.risk))
    most = float(np.quantile(safe[:, best], policy.risk))
    more = f"instances of about {need / most:.2g} times the capacity" if most > 0 else "larger instances"
    return (
        f"No fleet of up to {MOST_INSTANCES} instances meets the demand: it stays below {number(need)} "
        f"req/s in {1 - policy.risk:.0%} of worlds, and the fleet that carries most, {counted(best, 'instance')}, may "
        f"be given {number(most)} req/s. Needed: {more}, or less contention between them."
    )


def _peak_days(demand: Demand) -> list[str]:
    """How often the peak is an event's doing."""
    days = demand.dates.date[demand.paths.argmax(axis=1)]
    shares = {event.name: float(np.mean(days == event.date)) for event in demand.events}
    return [
        f"In {share:.0%} of worlds the peak falls on the day of {name}; instances for it may be returned "
        f"afterwards."
        for name, share in shares.items()
        if share > _RARE
    ]


def _extrapolation(scaling: Usl | Fit, recommended: int | None) -> list[str]:
    if not isinstance(scaling, Fit):
        return ["The scaling law across instances was given, not measured."]
    if recommended is None or not scaling.predict(recommended).extrapolated:
        return []
    largest = scaling.tested[1]
    return [
        f"Scaling was tested up to {largest:g} instances; {recommended} is an extrapolation, test near it."
    ]


def _ramp(policy: Policy) -> list[str]:
    if policy.ramp_per_second is not None:
        return []
    return [
        "No ramp is given, so all instances must run before the peak: nothing is set aside for scaling lag."
    ]
