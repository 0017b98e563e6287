"""Inputs of the demand: growth, today's peak, events, and how far ahead is planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from capacity.plan import Demand as Wanted
from capacity.planning.assumptions.answers import Basis
from capacity.planning.assumptions.inputs import Input
from capacity.planning.assumptions.stated import Stated
from capacity.planning.assumptions.values import (
    DOUBLE,
    HALF,
    around,
    days,
    monthly,
    ranged,
    rate,
    source,
    times,
    told,
)  # fmt: skip
from capacity.planning.demand.demand import Demand
from capacity.wording import visible

_OTHERWISE = 0.02  # growth a month tried on either side of one that has no interval and is not above 0
_BIG_EVENT = 2.0  # factor of an event nobody thought of


def of_demand(stated: Stated) -> Iterator[Input]:
    """What may be asked; nothing where the plan asks for no demand."""
    wanted, demand = stated.plan.demand, stated.basis.demand
    if wanted is None or demand is None:
        return

    def all_of_it(factor: float) -> Basis:
        return replace(stated.basis, demand=replace(demand, paths=demand.paths * factor))

    yield Input(
        "demand", "the largest peak is as the sampled worlds have it", "demand", str(demand.peak),
        demand.peak.provenance, all_of_it, (HALF, DOUBLE), 1.0, times("the peaks"),
    )  # fmt: skip
    yield _growth(stated, wanted, demand)
    if demand.history is None:
        yield _current_peak(stated, demand)
    yield from (_event(stated, wanted, demand, place) for place in range(len(wanted.events)))
    if not wanted.events:
        yield _no_event(stated, demand)
    yield Input(
        "demand", "how far ahead to plan", "demand.horizon_days", told(wanted, "horizon_days", days),
        source(wanted, "horizon_days"), lambda n: stated.changed("demand", horizon_days=round(n)),
        (wanted.horizon_days // 2 or None, wanted.horizon_days * 2), None, days,
    )  # fmt: skip


def _growth(stated: Stated, wanted: Wanted, demand: Demand) -> Input:
    given, found = wanted.growth_per_month, demand.growth_per_month
    fitted = (found.low, found.known_low, found.high)
    low, likely, high = fitted if given is None else given
    ends: tuple[float | None, float | None] = (low, high)
    if not low < high:
        ends = around(likely) if likely > 0 else (likely - _OTHERWISE, likely + _OTHERWISE)
    name = "growth of the history goes on" if given is None else "growth of the peak"
    return Input(
        "demand", name, "demand.growth_per_month", ranged(low, likely, high, monthly),
        "measured" if given is None else "config",
        lambda growth: stated.changed("demand", growth_per_month=(growth,) * 3), ends, None, monthly,
    )  # fmt: skip


def _current_peak(stated: Stated, demand: Demand) -> Input:
    now = demand.current_peak
    words = f"{now}, {now.method}" if now.provenance == "assumed" else str(now)
    return Input(
        "demand", "the largest rate of a day now", "demand.current_peak", words, now.provenance,
        lambda peak: stated.changed("demand", current_peak=peak), around(now.known_low), None, rate,
    )  # fmt: skip


def _event(stated: Stated, wanted: Wanted, demand: Demand, place: int) -> Input:
    event = wanted.events[place]
    low, likely, high = event.multiplier
    named = ("demand", f"traffic on the day of {visible(event.name)}, {event.date}", "demand.events")
    value = ranged(low, likely, high, lambda factor: f"{factor:g} times")
    if event not in demand.events:
        return Input(*named, value, "config", idle="the day lies outside the horizon")

    def at(factor: float) -> Basis:
        changed = event.model_copy(update={"multiplier": (factor,) * 3})
        return stated.changed("demand", events=(*wanted.events[:place], changed, *wanted.events[place + 1 :]))

    ends = (low, high) if low < high else (1 + (likely - 1) * HALF, 1 + (likely - 1) * DOUBLE)
    return Input(*named, value, "config", at, ends, None, times("the usual"), "other days are higher")


def _no_event(stated: Stated, demand: Demand) -> Input:
    def at(factor: float) -> Basis:
        paths = demand.paths.copy()
        paths[:, -1] *= factor
        return replace(stated.basis, demand=replace(demand, paths=paths))

    return Input(
        "demand", "no day to come is out of the ordinary", "demand.events", "no event, the default", "assumed", at,
        (None, _BIG_EVENT), 1.0, times("the usual on the last day"),
    )  # fmt: skip
