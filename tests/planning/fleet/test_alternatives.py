"""Other sizes of instance, and autoscaling, in the same worlds."""

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.models.scalability import Linear
from capacity.plan import Cost, Size
from capacity.planning.demand.demand import Demand, TrafficHistory
from capacity.planning.fleet.alternatives import Alternatives
from capacity.planning.fleet.fleet import FleetPlan, plan_fleet
from capacity.planning.fleet.headroom import Policy

PLAIN = Policy(spare_instances=0, retry_budget=0.0, dispersion=0.0, scaling_lag_seconds=60.0)
RISING = Policy(
    spare_instances=0, retry_budget=0.0, dispersion=0.0, scaling_lag_seconds=60.0, ramp_per_second=0.5
)
COST = Cost(instance_per_month=60.0, downtime_per_minute=(10.0, 10.0, 10.0))
DOUBLE = Size(name="double", capacity_factor=(2.0, 2.0, 2.0), instance_per_month=100.0)


def demand(level: float = 500.0) -> Demand:
    """Four weeks at one daily peak, of which half of each day runs at it and half at a tenth of it."""
    hours = pd.date_range("2026-06-01", periods=28 * 24, freq="h", tz="UTC")
    rates = pd.Series(np.where(hours.hour < 12, level / 10, level), hours)
    paths = np.full((300, 28), level)
    now = Estimate.exactly(level, unit="req/s", method="", provenance="measured")
    growth = Estimate.exactly(0.0, unit="", method="", provenance="measured")
    return Demand(
        TrafficHistory("made.csv", 3600.0, rates),
        pd.date_range("2026-06-29", periods=28, tz="UTC"),
        paths,
        now,
        growth,
    )


def planned(policy: Policy = PLAIN, *sizes: Size, worlds: Demand | None = None) -> FleetPlan:
    """A plan with instances of exactly 100 req/s."""
    return plan_fleet(
        Estimate.exactly(100.0, unit="req/s", method="", provenance="measured"),
        Linear(100.0),
        worlds or demand(),
        policy,
        cost=COST,
        sizes=sizes,
        instances_running=5,
        rng=np.random.default_rng(1),
    )


def row(alternatives: Alternatives, kind: str, operation: str) -> pd.Series:
    """Return one of the alternatives."""
    frame = alternatives.to_frame()
    return frame[(frame["kind"] == kind) & (frame["operation"] == operation)].iloc[0]


def test_an_autoscaled_fleet_runs_what_each_hour_needs() -> None:
    """Six for half a day (500 + 30 of rise), one for the other half (50 + 30): 3.5 on average, at 60 each."""
    found = row(planned(RISING).alternatives, "as tested", "autoscaled")
    assert found["instances"] == 6
    assert found["mean_instances"] == pytest.approx(3.5)
    assert found["rent_per_month"] == pytest.approx(210)


def test_a_fixed_fleet_sets_nothing_aside_for_the_lag() -> None:
    """All five run before the peak, so the rise does not count."""
    found = row(planned(RISING).alternatives, "as tested", "fixed")
    assert found["instances"] == found["mean_instances"] == 5
    assert found["rent_per_month"] == 300


def test_a_longer_lag_asks_an_autoscaled_fleet_for_more() -> None:
    """What may rise until a new instance serves must be there already."""
    slow = Policy(**{**RISING.__dict__, "scaling_lag_seconds": 600.0})
    assert row(planned(slow).alternatives, "as tested", "autoscaled")["instances"] == 8


def test_without_a_ramp_autoscaling_is_refused_with_the_reason() -> None:
    """What is not known is not assumed."""
    found = row(planned().alternatives, "as tested", "autoscaled")
    assert found["verdict"].startswith("refused: no ramp_per_second is given")
    assert np.isnan(found["instances"])


def test_without_a_history_autoscaling_is_refused_with_the_reason() -> None:
    """Without the shape of a day nobody knows how many run on average."""
    known = demand()
    bare = Demand(None, known.dates, known.paths, known.current_peak, known.growth_per_month)
    found = row(planned(RISING, worlds=bare).alternatives, "as tested", "autoscaled")
    assert found["verdict"].startswith("refused: how the load changes over a day is not known")


def test_the_cheapest_of_all_is_named() -> None:
    """Three double instances at 100 cost 300 as five do; a cheaper double wins."""
    cheap = Size(name="cheap double", capacity_factor=(2.0, 2.0, 2.0), instance_per_month=70.0)
    alternatives = planned(PLAIN, DOUBLE, cheap).alternatives
    assert row(alternatives, "double", "fixed")["cost_per_month"] == 300
    assert row(alternatives, "cheap double", "fixed")["verdict"] == "cheapest within the accepted risk"
    assert row(alternatives, "as tested", "fixed")["verdict"] == "90 a month dearer"
    assert "fixed, 3 instances cheap double, 210 a month on average" in planned(PLAIN, DOUBLE, cheap).text


def test_an_uncertain_size_is_drawn_in_the_same_worlds() -> None:
    """A range of factors widens the safe load; the demand is the same."""
    vague = Size(name="vague", capacity_factor=(1.5, 2.0, 2.5), instance_per_month=70.0)
    found = row(planned(PLAIN, vague).alternatives, "vague", "fixed")
    assert found["safe_load_low"] < found["safe_load"] < found["safe_load_high"]


def test_regret_is_none_where_one_way_is_best_in_every_world() -> None:
    """Without uncertainty the cheapest is never regretted, and the others by what they cost more."""
    alternatives = planned(RISING).alternatives
    assert row(alternatives, "as tested", "autoscaled")["regret_per_month"] == 0
    assert row(alternatives, "as tested", "fixed")["regret_per_month"] == pytest.approx(90)


def test_hostile_names_stay_text() -> None:
    """A size's name from a plan file is shown without control characters."""
    hostile = Size(name="<b>\u202ebig", capacity_factor=(2.0, 2.0, 2.0), instance_per_month=1.0)
    html = planned(PLAIN, hostile).alternatives._repr_html_()
    assert "<b>" not in html
    assert "\u202e" not in html
