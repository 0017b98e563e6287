"""How many instances, from when, at what cost: options judged in the same sampled worlds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.display import result_html
from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate, Provenance, money, number, weakest
from capacity.models.finance import pert_sample
from capacity.models.fits.fitting import Fit
from capacity.models.laws import share_interval
from capacity.planning.demand.demand import Demand
from capacity.planning.fleet.alternatives import Alternatives, Kind, compare
from capacity.planning.fleet.choices import Choices, weigh
from capacity.planning.fleet.headroom import Policy, relative_capacity, safe_loads
from capacity.planning.fleet.options import Fleets
from capacity.planning.fleet.runway import additions, exhaustion, runway
from capacity.planning.fleet.scaling import AssumedScaling, Scaling, sampled_laws
from capacity.planning.fleet.shared import Shared
from capacity.wording import counted, in_currency, paragraphs, percent, plain

if TYPE_CHECKING:
    import pandas as pd

    from capacity.plan import Cost, Size

MOST_INSTANCES = 1000
_LOOKED_AT = (64, 256, MOST_INSTANCES)  # sizes, the next where the largest is too small
_RARE = 0.05  # share of worlds not worth a sentence


@dataclass(frozen=True, eq=False)
class FleetPlan:
    """How many instances carry the demand, and when they are needed.

    Parameters
    ----------
    recommended : int or None
        Fewest instances that miss the objective with no more than the accepted risk; None when no
        fleet does. [instances]
    instances_running : int
        Today's fleet. [instances]
    options : pandas.DataFrame
        instances, safe_load_low, safe_load, safe_load_high [req/s], probability_missed [fraction],
        expected_shortfall [req/s], room (factor on the peaks up to which the risk is kept),
        shortage_over_surplus (how many times an idle req/s a missed one is worth to whoever holds this fleet),
        cost_per_month (where a price is known), verdict.
    exhaustion : pandas.Series
        Chance that the peak has exceeded what today's fleet may be given, by each day. [fraction]
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
    alternatives : Alternatives
        Other sizes of instance, and autoscaling, each with the fewest instances that carry the same demand.
    shared : Shared
        What all instances share: the next bottlenecks.
    currency : str or None
        Of the money.
    notes : tuple of str
        What to know before believing it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> study.fleet.recommended  # [instances]
    3
    >>> print(study.fleet.safe_load_running)
    226 req/s (213 to 238)
    """

    recommended: int | None
    instances_running: int
    options: pd.DataFrame
    exhaustion: pd.Series
    runway: pd.DataFrame
    additions: pd.DataFrame
    demand: Demand
    policy: Policy
    safe_load_running: Estimate
    probability_missed_running: float
    alternatives: Alternatives
    shared: Shared = field(default=Shared())
    currency: str | None = None
    what_is_needed: str = ""
    choices: Choices | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        """The recommendation, today's fleet, the options refused and why."""
        return paragraphs(
            [self._headline(), self._today(), *self._calendar()],
            [*self._refusals(), *self._implied(), *self.alternatives.sentences],
            self.notes,
        )

    def option(self, instances: int) -> pd.Series:
        """Return the row of `options` for a fleet of this size [instances], which must be among them."""
        return self.options.set_index("instances").loc[instances]

    @property
    def exhausted(self) -> Any:
        """Day by which today's fleet is more likely than not too small; None when beyond the horizon."""
        return self.runway.loc[self.runway["probability"] == 0.5, "date"].iloc[0]

    def _headline(self) -> str:
        if self.recommended is None:
            return self.what_is_needed
        chosen = self.option(self.recommended)
        cost = (
            f" at {money(chosen['cost_per_month'], self.currency)} a month"
            if "cost_per_month" in chosen
            else ""
        )
        return (
            f"{counted(self.recommended, 'instance')}{cost} carry {number(chosen['safe_load'])} req/s safely "
            f"({number(chosen['safe_load_low'])} to {number(chosen['safe_load_high'])}) and miss the "
            f"objective at the peak over {counted(self.demand.horizon_days, 'day')} with probability "
            f"{_chance(chosen['probability_missed'])}; {percent(self.policy.risk)} is accepted."
        )

    def _today(self) -> str:
        return (
            f"Today's {counted(self.instances_running, 'instance')} may be given {self.safe_load_running}; "
            f"more likely than not {self._lasting()} (chance of missing within the horizon "
            f"{_chance(self.probability_missed_running)})."
        )

    def _lasting(self) -> str:
        one = self.instances_running == 1
        if self.exhausted is None:
            return f"{'it lasts' if one else 'they last'} beyond {self.demand.dates[-1]:%Y-%m-%d}"
        run_out = "it is exhausted" if one else "they are exhausted"
        if self.exhausted == self.demand.dates[0]:
            return f"{run_out} already"
        return f"{run_out} by {self.exhausted:%Y-%m-%d}"

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
        caption = in_currency("Fleet sizes judged in the same sampled worlds", self.currency)
        return result_html(shown, caption, self.text)


def plan_fleet(
    instance_capacity: Estimate,
    scaling: Scaling,
    demand: Demand,
    policy: Policy,
    *,
    cost: Cost | None = None,
    sizes: Sequence[Size] = (),
    shared: Shared | None = None,
    instances_running: int,
    rng: np.random.Generator,
) -> FleetPlan:
    """Find the fewest instances that carry the demand with the accepted risk, and when each is needed.

    Parameters
    ----------
    instance_capacity : Estimate
        What one instance carries within its objective; a bound from below is used as if it were the value.
        [req/s]
    scaling : Usl, Fit or AssumedScaling
        Law of scaling across instances; a fit is sampled with its covariance, what is assumed from its ranges.
    demand : Demand
        Sampled paths of daily peaks.
    policy : Policy
        What the fleet must survive, and the accepted risk.
    cost : Cost, optional
        Price of an instance; without it there is no cost column. [money per month]
    sizes : sequence of Size
        Other sizes of instance that could be had.
    shared : Shared, optional
        What all instances share.
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

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> fleet = cap.plan_fleet(
    ...     study.instance_capacity, study.scaling, study.demand, study.policy, instances_running=2, rng=study.rng()
    ... )
    >>> fleet.recommended, fleet.instances_running  # [instances]
    (3, 2)
    """
    _check(instance_capacity, instances_running)
    shared = shared or Shared()
    one, notes = _instance_capacities(instance_capacity, rng, len(demand.peaks))
    laws = sampled_laws(scaling, rng, len(demand.peaks))
    relative = cache(partial(relative_capacity, laws))

    @cache
    def fleets_of(kind: Kind, policy: Policy) -> Fleets:
        return _fleets(
            one * kind.factor, kind.instance_per_month, relative, demand, policy, shared, instances_running
        )

    tested = Kind("as tested", 1.0, None if cost is None else cost.instance_per_month)
    price = _downtime_price(cost, rng, len(demand.peaks))
    currency = None if cost is None else cost.currency
    kinds = [tested, *Kind.drawn(sizes, rng, len(demand.peaks))]
    fleets = fleets_of(tested, policy)
    recommended = fleets.fewest
    safe = fleets.safe[:, instances_running]
    exhausted = exhaustion(demand, safe)
    believed: Provenance = "assumed" if isinstance(scaling, AssumedScaling) else "measured"
    provenance = weakest(instance_capacity.provenance, demand.peak.provenance, believed)
    return FleetPlan(
        recommended=recommended,
        instances_running=instances_running,
        options=fleets.to_frame(
            fleets.around(recommended or fleets.strongest, instances_running), recommended
        ),
        exhaustion=exhausted,
        runway=runway(exhausted),
        additions=additions(demand, fleets.safe, policy.risk, instances_running, recommended),
        demand=demand,
        policy=policy,
        safe_load_running=Estimate.of_sample(
            safe, unit="req/s", method="headroom policies on sampled capacities", provenance=provenance
        ),
        probability_missed_running=float(fleets.missed[instances_running]),
        choices=None if price is None else weigh(fleets, price, recommended=recommended, currency=currency),
        alternatives=compare(kinds, fleets_of, policy, price, currency),
        currency=currency,
        shared=shared,
        what_is_needed=""
        if recommended
        else _what_is_needed(
            fleets, _fleets(one, None, relative, demand, policy, Shared(), instances_running)
        ),
        notes=(
            *notes,
            *_extrapolation(scaling, recommended, instances_running),
            *_rarer_than_worlds(policy, demand),
            *_bottleneck(shared, demand),
            *_ramp(policy),
            *_peak_days(demand),
        ),
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


def _downtime_price(cost: Cost | None, rng: np.random.Generator, worlds: int) -> np.ndarray | None:
    """Price of a minute of downtime in each world. [money per min]"""
    given = None if cost is None else cost.downtime_per_minute
    return None if given is None else pert_sample(rng, *given, worlds)


def _fleets(
    one: np.ndarray,
    price: float | None,
    relative_to: Callable[[int], np.ndarray],
    demand: Demand,
    policy: Policy,
    shared: Shared,
    running: int,
) -> Fleets:
    """Return fleets of up to the first size that is enough, or of all sizes looked at."""
    all_run = replace(policy, spare_instances=0, deploying_instances=0, zones=None, ramp_per_second=None)
    for most in _LOOKED_AT:
        relative = relative_to(max(most, running))
        safe, all_up = (safe_loads(one, relative, rules, shared.rate) for rules in (policy, all_run))
        fleets = Fleets(safe, all_up, demand, policy, shared, price)
        if fleets.fewest is not None:
            break
    return fleets


def _what_is_needed(fleets: Fleets, unlimited: Fleets) -> str:
    """Say what stands in the way: the policy, what all instances share, or the instances themselves."""
    policy, shared, best = fleets.policy, fleets.shared, fleets.strongest
    most = MOST_INSTANCES if shared.instances is None else shared.instances
    lost = policy.lost(unlimited.most)
    if lost >= unlimited.most:
        return f"No fleet of up to {MOST_INSTANCES} instances can do without {lost:,} of them. Needed: losing fewer."
    need = float(np.quantile(fleets.demand.peaks, 1 - policy.risk))
    given = float(np.quantile(fleets.safe[:, best], policy.risk))
    sentence = (
        f"No fleet of up to {most} instances meets the demand: it stays below {number(need)} req/s in "
        f"{percent(1 - policy.risk)} of worlds, and the fleet that carries most, {counted(best, 'instance')}, may be "
        f"given {number(given)} req/s. Needed: "
    )
    tight = [
        limit
        for limit in shared.limits
        if limit.instances is not None or limit.rate < need * (1 + policy.retry_budget)
    ]
    if unlimited.fewest is not None:
        return f"{sentence}more room where {'; '.join(map(str, tight or shared.limits))}."
    room = f"more room where {'; '.join(map(str, tight))}; and also " if tight else ""
    alone = float(np.quantile(unlimited.safe[:, unlimited.strongest], policy.risk))
    if alone > 0:
        larger = f"instances of about {number(need / alone)} times the capacity"
    elif policy.ramp_per_second is not None:
        larger = "a shorter scaling lag, for the rise until a new instance serves takes all there is, larger instances"
    else:
        larger = "larger instances"
    return f"{sentence}{room}{larger}, or less contention between them."


def _rarer_than_worlds(policy: Policy, demand: Demand) -> list[str]:
    """Say that so many worlds cannot show so small a risk."""
    worlds = len(demand.peaks)
    if policy.risk * worlds >= 1:
        return []
    _, shown = share_interval(0, worlds, level=0.9)
    return [
        f"A risk of {percent(policy.risk)} is less than one of {worlds:,} sampled worlds: a fleet that misses in none "
        f"of them misses with a probability below {shown:.2%}, and more is not shown."
    ]


def _bottleneck(shared: Shared, demand: Demand) -> list[str]:
    """Where the next bottleneck lies, beside the peak."""
    if not shared.limits:
        return []
    return [f"Next bottlenecks: {shared}; the peak over the horizon is {demand.peak}."]


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


def _extrapolation(scaling: Scaling, recommended: int | None, running: int) -> list[str]:
    if isinstance(scaling, AssumedScaling):
        return [f"How instances scale was not measured: {scaling}."]
    if not isinstance(scaling, Fit):
        return ["The scaling law across instances was given, not measured."]
    beyond = [n for n in (recommended, running) if n is not None and scaling.predict(n).extrapolated]
    if not beyond:
        return []
    largest = scaling.tested[1]
    return [
        f"Scaling was tested up to {largest:g} instances; {max(beyond):,} is an extrapolation, test near it."
    ]


def _ramp(policy: Policy) -> list[str]:
    if policy.ramp_per_second is not None:
        return []
    return [
        "No ramp is given, so all instances must run before the peak: nothing is set aside for scaling lag."
    ]


def _chance(share: float) -> str:
    """Write a chance as the table of the sizes does."""
    return f"{plain(share, 'probability_missed')}%"
