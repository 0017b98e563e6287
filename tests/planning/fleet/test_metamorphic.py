"""A change of one input moves the plan the right way, and what should not matter does not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.models.scalability import Usl
from capacity.plan import Cost, Event, Limit
from capacity.planning.demand.demand import Demand, forecast
from capacity.planning.demand.traffic import TrafficHistory
from capacity.planning.fleet.fleet import FleetPlan, plan_fleet
from capacity.planning.fleet.headroom import Policy
from capacity.planning.fleet.shared import Shared

POLICY = Policy(spare_instances=1, ramp_per_second=0.2)
ONE = Estimate(100.0, 92.0, 108.0, "req/s", "measured here", "measured")
COST = Cost(instance_per_month=50.0, downtime_per_minute=(50.0, 100.0, 200.0))


def history(factor: float = 1.0, noise: float = 0.05) -> TrafficHistory:
    """Twelve weeks by the hour: a day's shape, a quiet weekend, noise."""
    hours = pd.date_range("2026-03-02", periods=84 * 24, freq="h", tz="UTC")
    rng = np.random.default_rng(3)
    day = 1 + np.sin((hours.hour - 8) / 24 * 2 * np.pi)
    weekend = np.where(hours.day_of_week >= 5, 0.6, 1.0)
    rates = 100 * factor * day * weekend * np.exp(noise * rng.standard_normal(len(hours)))
    return TrafficHistory("made.csv", 3600.0, pd.Series(rates, hours))


def demand(factor: float = 1.0, noise: float = 0.05, **changes: object) -> Demand:
    """Ninety days ahead of that history."""
    wanted = {"horizon_days": 90, "rng": np.random.default_rng(1), "worlds": 1000} | changes
    return forecast(history(factor, noise), **wanted)  # type: ignore[arg-type]


BASE_DEMAND = demand()


def planned(**changes: object) -> FleetPlan:
    """The plan with some inputs changed."""
    arguments = {
        "instance_capacity": ONE,
        "scaling": Usl(100.0, 0.03, 0.0002),
        "demand": BASE_DEMAND,
        "policy": POLICY,
        "cost": COST,
        "instances_running": 4,
        "rng": np.random.default_rng(1),
    } | changes
    return plan_fleet(**arguments)  # type: ignore[arg-type]


BASE = planned()
SALE = Event(name="sale", date=BASE_DEMAND.dates[40].date(), multiplier=(1.5, 2.0, 3.0))
WORSE = {
    "more traffic": {"demand": demand(1.5)},
    "growth": {"demand": demand(growth_per_month=(0.1, 0.2, 0.3))},
    "an event": {"demand": demand(events=(SALE,))},
    "a longer horizon of growing traffic": {
        "demand": demand(growth_per_month=(0.08, 0.08, 0.08), horizon_days=150)
    },
    "noisier traffic": {"demand": demand(noise=0.25)},
    "weaker instances": {"instance_capacity": ONE.scaled(0.7)},
    "more contention": {"scaling": Usl(100.0, 0.15, 0.0002)},
    "more coherency": {"scaling": Usl(100.0, 0.03, 0.02)},
    "another spare": {"policy": replace(POLICY, spare_instances=2)},
    "a deployment": {"policy": replace(POLICY, deploying_instances=2)},
    "zones": {"policy": replace(POLICY, zones=2)},
    "more retries": {"policy": replace(POLICY, retry_budget=0.5)},
    "a longer lag": {"policy": replace(POLICY, scaling_lag_seconds=300.0)},
    "a steeper ramp": {"policy": replace(POLICY, ramp_per_second=0.6)},
    "dispersed arrivals": {"policy": replace(POLICY, dispersion=9.0)},
    "rarer bursts counted": {"policy": replace(POLICY, burst_quantile=0.999999)},
    "shorter bursts counted": {"policy": replace(POLICY, burst_seconds=0.1)},
    "a quota": {"shared": Shared.of([Limit(name="mail", rate=200.0)])},
}


@pytest.mark.parametrize("change", WORSE)
def test_what_makes_it_harder_asks_for_more(change: str) -> None:
    """Today's fleet misses at least as often, and never are fewer instances enough."""
    harder = planned(**WORSE[change])
    assert harder.probability_missed_running >= BASE.probability_missed_running
    most = 10**9
    assert (harder.recommended or most) >= (BASE.recommended or most)
    assert harder.probability_missed_running > BASE.probability_missed_running or (
        harder.safe_load_running.value < BASE.safe_load_running.value  # type: ignore[operator]
        or harder.demand.peak.value > BASE.demand.peak.value  # type: ignore[operator]
    )


@pytest.mark.parametrize("change", WORSE)
def test_what_makes_it_harder_is_due_no_later(change: str) -> None:
    """Today's fleet is exhausted on the same day or before."""
    horizon = len(BASE_DEMAND.dates)
    before, after = (
        [horizon if pd.isna(date) else (date - BASE_DEMAND.dates[0]).days for date in plan.runway["date"]]
        for plan in (BASE, planned(**WORSE[change]))
    )
    slack = horizon if change == "a longer horizon of growing traffic" else 0
    assert all(late <= early + slack for late, early in zip(after, before, strict=True))


def test_units_do_not_matter() -> None:
    """Ten times the traffic on instances of ten times the capacity need as many, without bursts and ramps."""
    plain = Policy(spare_instances=1, dispersion=0.0)
    small = planned(policy=plain)
    large = planned(policy=plain, demand=demand(10.0), instance_capacity=ONE.scaled(10))
    assert large.recommended == small.recommended
    assert large.probability_missed_running == pytest.approx(small.probability_missed_running, abs=0.002)


def test_currencies_do_not_matter() -> None:
    """Prices in cents choose as prices in dollars do."""
    cents = Cost(instance_per_month=5000.0, downtime_per_minute=(5000.0, 10000.0, 20000.0))
    dollars, converted = BASE.choices, planned(cost=cents).choices
    assert dollars is not None
    assert converted is not None
    assert (dollars.least_cost, dollars.least_regret) == (converted.least_cost, converted.least_regret)
    assert np.allclose(100 * dollars.sizes, converted.sizes)


def test_dearer_misses_hold_more_and_dearer_instances_fewer() -> None:
    """The least costly size follows the prices; the accepted risk does not look at them."""
    dear = planned(cost=Cost(instance_per_month=50.0, downtime_per_minute=(5e3, 1e4, 2e4)))
    rent = planned(cost=Cost(instance_per_month=5e5, downtime_per_minute=(50.0, 100.0, 200.0)))
    assert BASE.choices is not None
    assert dear.choices is not None
    assert rent.choices is not None
    assert rent.choices.least_cost < BASE.choices.least_cost <= dear.choices.least_cost
    assert rent.recommended == BASE.recommended == dear.recommended


def test_more_risk_accepted_never_asks_for_more() -> None:
    """The fewest instances fall as the accepted risk rises."""
    sizes = [planned(policy=replace(POLICY, risk=risk)).recommended for risk in (0.001, 0.01, 0.05, 0.2, 0.5)]
    assert sizes == sorted(sizes, reverse=True)  # type: ignore[type-var]


def test_the_order_of_what_is_given_does_not_matter() -> None:
    """Two limits in either order are the same bottleneck."""
    limits = [Limit(name="mail", rate=300.0), Limit(name="CPU", utilization=0.5, load=100.0)]
    one, other = (planned(shared=Shared.of(given)) for given in (limits, limits[::-1]))
    assert one.options.equals(other.options)


def test_the_same_seed_gives_the_same_plan() -> None:
    """Nothing depends on anything but what was given."""
    assert planned().text == BASE.text
    assert planned().options.equals(BASE.options)
