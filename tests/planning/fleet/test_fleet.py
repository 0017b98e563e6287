"""Fleet plans."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.errors import NotIdentified
from capacity.estimate import Estimate
from capacity.models.scalability import Amdahl, Linear, Usl
from capacity.plan import Cost, Event, Limit
from capacity.planning.demand.demand import Demand
from capacity.planning.fleet.fleet import FleetPlan, plan_fleet
from capacity.planning.fleet.headroom import Policy
from capacity.planning.fleet.scaling import AssumedScaling
from capacity.planning.fleet.shared import Shared
from capacity.wording import plain

BARE = Policy(spare_instances=0, retry_budget=0.0, burst_quantile=0.5)
ONE = Estimate(300.0, 290.0, 310.0, "req/s", "measured here", "measured")


def demand(
    start: float = 500.0, growth: float = 0.0, width: float = 0.05, days: int = 100, worlds: int = 500
) -> Demand:
    """Worlds that differ in level only."""
    rng = np.random.default_rng(5)
    level = start * np.exp(growth * np.arange(days)) * np.exp(width * rng.standard_normal((worlds, 1)))
    dates = pd.date_range("2026-06-01", periods=days, freq="D", tz="UTC")
    peak = Estimate(start, start, start, "req/s", "", "measured")
    return Demand(None, dates, level, peak, Estimate(0.0, 0.0, 0.0, "", "", "measured"))


def planned(**changes: object) -> FleetPlan:
    """Two instances of 300 req/s at 500 req/s, no policies, unless changed."""
    arguments = {
        "instance_capacity": ONE,
        "scaling": Linear(300.0),
        "demand": demand(),
        "policy": BARE,
        "cost": Cost(instance_per_month=50.0),
        "instances_running": 2,
        "rng": np.random.default_rng(1),
    } | changes
    return plan_fleet(**arguments)  # type: ignore[arg-type]


def test_fewest_within_the_risk() -> None:
    """The recommended fleet keeps the risk, one instance fewer does not."""
    plan = planned(demand=demand(1000))
    missed = plan.options.set_index("instances")["probability_missed"]
    assert plan.recommended == 4
    assert missed[4] <= 0.05 < missed[3]


def test_linear_case_is_division_rounded_up() -> None:
    """S1: 700 req/s on instances of 250 need three."""
    exact = Estimate.exactly(250.0, unit="req/s", method="", provenance="config")
    plan = planned(demand=demand(700, width=0.0), instance_capacity=exact)
    assert plan.recommended == 3


def test_spare_instances_add_up() -> None:
    """N+1 on a linear fleet is one more."""
    spare = Policy(spare_instances=1, retry_budget=0.0, burst_quantile=0.5)
    assert planned(policy=spare).recommended == planned().recommended + 1  # type: ignore[operator]


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        ({"demand": demand(2000)}, 1),
        ({"policy": Policy(spare_instances=0, retry_budget=0.5, burst_quantile=0.5)}, 1),
        ({"policy": Policy(spare_instances=0, retry_budget=0.0, risk=0.001, burst_quantile=0.5)}, 0),
        ({"scaling": Usl(300.0, 0.1, 0.0)}, 1),
        ({"instance_capacity": Estimate(900.0, 890.0, 910.0, "req/s", "", "measured")}, -1),
    ],
)
def test_the_plan_moves_the_right_way(change: dict[str, object], direction: int) -> None:
    """More demand, retries or contention ask for more instances, stronger ones for fewer."""
    base = planned(demand=demand(1500)).recommended
    moved = planned(**({"demand": demand(1500)} | change)).recommended
    assert base is not None
    assert moved is not None
    assert (moved - base) * direction > 0 or (direction == 0 and moved >= base)


def test_shortfall_and_risk_fall_with_instances() -> None:
    """In the same worlds a larger fleet never misses more."""
    options = planned(demand=demand(1000, width=0.3)).options
    assert options["probability_missed"].is_monotonic_decreasing
    assert options["expected_shortfall"].is_monotonic_decreasing


def test_cost_only_with_a_price() -> None:
    """Without prices there is no column of money."""
    assert "cost_per_month" not in planned(cost=None).options
    options = planned().options
    assert (options["cost_per_month"] == 50 * options["instances"]).all()


def test_zero_price_is_a_price() -> None:
    """Instances may be free, not paid for being run."""
    assert (planned(cost=Cost(instance_per_month=0.0)).options["cost_per_month"] == 0).all()


def test_runway_dates_follow_growth() -> None:
    """With known growth the fleet is exhausted on the day it passes the capacity."""
    exact = Estimate.exactly(300.0, unit="req/s", method="", provenance="config")
    growing = demand(500, growth=0.01, width=0.0)
    plan = planned(demand=growing, instance_capacity=exact)
    day = int(np.ceil(np.log(600 / 500) / 0.01))
    assert [date.date() for date in plan.runway["date"]] == [growing.dates[day].date()] * 5
    assert plan.additions["date"].iloc[0] == growing.dates[day]


def test_runway_beyond_the_horizon_has_no_date() -> None:
    """Enough instances are said to last."""
    plan = planned(instances_running=5)
    assert plan.runway["date"].isna().all()
    assert "last beyond 2026-09-08" in plan.text
    assert plan.additions.empty


def test_an_exhausted_fleet_is_told() -> None:
    """Today's fleet below today's demand has run out already."""
    assert "more likely than not it is exhausted already" in planned(instances_running=1).text


def test_one_instance_is_spoken_of_in_the_singular() -> None:
    """Several are exhausted, one is."""
    assert "it lasts beyond" in planned(instances_running=1, demand=demand(20)).text
    assert "they last beyond" in planned(instances_running=5).text


def test_sentence_and_table_tell_the_same_chance() -> None:
    """A chance of a two-thousandth is not rounded to twice as much in the sentence."""
    plan = planned()
    missed = float(plan.option(plan.recommended)["probability_missed"])
    assert f"with probability {plain(missed, 'probability_missed')}%;" in plan.text
    seldom = plan.options.assign(probability_missed=0.0005)
    assert "with probability 0.05%;" in replace(plan, options=seldom).text


def test_additions_lead_to_the_recommended_fleet() -> None:
    """The calendar ends with the recommended size, in order of time."""
    plan = planned(demand=demand(500, growth=0.01))
    assert plan.additions["instances"].iloc[-1] == plan.recommended
    assert plan.additions["date"].is_monotonic_increasing
    assert plan.additions["added"].sum() == plan.recommended - 2  # type: ignore[operator]


def test_open_capacity_is_used_at_its_bound() -> None:
    """A bound of 300 plans with 300 and says so."""
    bound = Estimate.at_least(300.0, unit="req/s", method="", provenance="measured")
    plan = planned(instance_capacity=bound)
    assert plan.recommended == 2
    assert "its limit was not reached, so the plan uses 300 req/s" in plan.text


def test_unbounded_capacity_is_refused() -> None:
    """Without a bound from below there is nothing to plan with."""
    with pytest.raises(NotIdentified, match="not bounded from below; run a test"):
        planned(instance_capacity=Estimate.at_most(300.0, unit="req/s", method="", provenance="measured"))


def test_demand_beyond_any_fleet_is_told() -> None:
    """Contention caps what instances add; the plan says what would be needed."""
    plan = planned(demand=demand(20_000), scaling=Amdahl(300.0, 0.05))
    assert plan.recommended is None
    assert "No fleet of up to 1000 instances meets the demand" in plan.text
    assert "Needed: instances of about" in plan.text
    assert plan.options["verdict"].str.startswith("refused").all()


def test_a_fleet_past_its_peak_is_not_recommended() -> None:
    """With coherency cost more instances carry less; the best size is the one at the peak."""
    law = Usl(300.0, 0.03, 0.0005)
    plan = planned(demand=demand(20_000), scaling=law)
    assert plan.recommended is None
    assert f"{round(law.peak_concurrency)} instances, may be given" in plan.text


def test_extrapolation_of_scaling_is_told() -> None:
    """Beyond 1.2 times the tested instances a fit is an extrapolation."""
    fit = Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])
    assert "is an extrapolation" in planned(scaling=fit, demand=demand(2500)).text
    assert "is an extrapolation" not in planned(scaling=fit, demand=demand(700)).text


def test_a_peak_made_by_an_event_is_told() -> None:
    """Instances for one day may be returned."""
    base = demand()
    paths = base.paths.copy()
    paths[:, 30] *= 3
    event = Event(name="sale", date=base.dates[30].date(), multiplier=(3.0, 3.0, 3.0))
    busy = Demand(base.history, base.dates, paths, base.current_peak, base.growth_per_month, (event,))
    assert "In 100% of worlds the peak falls on the day of sale" in planned(demand=busy).text
    assert planned(demand=busy).additions["date"].iloc[0].date() == dt.date(2026, 7, 1)


def test_refused_options_keep_their_reason() -> None:
    """Each option says why it is not recommended."""
    spare = Policy(spare_instances=1, retry_budget=0.0, burst_quantile=0.5)
    verdicts = planned(policy=spare, instances_running=1).options.set_index("instances")["verdict"]
    assert verdicts[1] == "refused: cannot do without 1 of 1"
    assert verdicts[2].startswith("refused: misses the objective with probability")
    assert verdicts[3] == "recommended: fewest within the accepted risk"
    assert verdicts[4] == "enough, 1 more than needed"


def test_what_all_share_ends_the_growth_of_a_fleet() -> None:
    """Connections for three instances refuse the fourth, which the demand needs; the plan says what is needed."""
    shared = Shared.of([Limit(name="connections", available=30.0, per_instance=10.0)])
    plan = planned(demand=demand(1000), shared=shared)
    assert plan.recommended is None
    assert "connections: 30 for 10 an instance, enough for 3 instances" in plan.options["verdict"].iloc[-1]
    assert "Needed: more room where connections ends at 3 instances (30 for 10 an instance)" in plan.text


def test_a_quota_below_the_peak_is_the_bottleneck() -> None:
    """No number of instances passes what the provider allows."""
    shared = Shared.of([Limit(name="mail provider", rate=450.0)])
    plan = planned(shared=shared)
    assert plan.recommended is None
    assert "mail provider ends at 450 req/s" in plan.text
    assert plan.options["safe_load"].max() == pytest.approx(450)


def test_a_quota_above_the_peak_is_named_and_changes_nothing() -> None:
    """The next bottleneck stands in the text."""
    plan = planned(shared=Shared.of([Limit(name="mail provider", rate=5000.0)]))
    assert plan.recommended == planned().recommended
    assert "Next bottlenecks: mail provider ends at 5,000 req/s" in plan.text


def test_what_is_assumed_of_scaling_is_told() -> None:
    """Without tests at several counts the plan rests on an assumption, and its interval is wider."""
    plan = planned(scaling=AssumedScaling(), demand=demand(1500))
    assert "How instances scale was not measured: contention 0% to 8%, likely 3%" in plan.text
    assert plan.recommended >= planned(demand=demand(1500)).recommended  # type: ignore[operator]
    assert plan.safe_load_running.provenance == "assumed"
    assert planned().safe_load_running.provenance == "measured"


def test_a_plan_shows_itself() -> None:
    """Table, sentences and one line."""
    plan = planned()
    assert plan.to_frame() is plan.options
    assert "<table" in plan._repr_html_()
    assert str(plan).startswith("2 instances at 100 a month carry 600 req/s safely")


def test_connections_for_no_instance_are_what_is_needed() -> None:
    """Three connections at ten an instance are enough for none: larger instances would not help."""
    shared = Shared.of([Limit(name="connections", available=3.0, per_instance=10.0)])
    plan = planned(shared=shared)
    assert plan.recommended is None
    assert "No fleet of up to 0 instances" in plan.what_is_needed
    assert (
        "Needed: more room where connections ends at 0 instances (3 for 10 an instance)."
        in plan.what_is_needed
    )


def test_a_quota_is_not_all_that_is_needed_when_the_instances_fall_short_as_well() -> None:
    """Contention ends the fleet before the demand does, whatever the provider allows."""
    shared = Shared.of([Limit(name="mail provider", rate=450.0)])
    plan = planned(demand=demand(20_000), scaling=Amdahl(300.0, 0.05), shared=shared)
    assert "more room where mail provider ends at 450 req/s" in plan.what_is_needed
    assert "and also instances of about" in plan.what_is_needed


def test_losing_more_than_any_fleet_is_the_policy_s_doing() -> None:
    """Larger instances do not help a policy that loses all of them."""
    plan = planned(policy=Policy(spare_instances=5000))
    assert plan.what_is_needed == (
        "No fleet of up to 1000 instances can do without 5,000 of them. Needed: losing fewer."
    )


def test_a_ramp_that_takes_all_there_is_is_named() -> None:
    """Where all capacity is set aside for the scaling lag, the lag is what to shorten."""
    steep = Policy(spare_instances=0, ramp_per_second=1e5)
    plan = planned(policy=steep, scaling=Amdahl(300.0, 0.05))
    assert "Needed: a shorter scaling lag" in plan.what_is_needed


def test_a_risk_below_one_world_is_not_shown() -> None:
    """No miss in 500 worlds shows 0.60% at best; the sentences do not round the risk to 0%."""
    text = planned(policy=Policy(spare_instances=0, retry_budget=0.0, risk=1e-6)).text
    assert "0.0001% is accepted" in text
    assert "less than one of 500 sampled worlds" in text
    assert "misses with a probability below 0.60%" in text
    assert "sampled worlds:" not in planned().text


def test_a_running_fleet_beyond_the_tests_is_an_extrapolation() -> None:
    """What today's hundred instances carry was not tested either."""
    fit = Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])
    text = planned(scaling=fit, demand=demand(700), instances_running=100).text
    assert "tested up to 4 instances; 100 is an extrapolation" in text


def test_no_recommendation_is_weighed_no_further_than_the_strongest_fleet() -> None:
    """Beyond a quota more instances lose the same: a thousand sizes are not worth their time."""
    priced = Cost(instance_per_month=50.0, downtime_per_minute=(50.0, 100.0, 500.0))
    plan = planned(cost=priced, shared=Shared.of([Limit(name="mail provider", rate=450.0)]))
    assert plan.recommended is None
    assert plan.choices is not None
    assert len(plan.choices.sizes) <= 5


def test_what_is_kept_ready_for_scaling_is_no_loss() -> None:
    """Instances that all run carry the peak: a steep ramp asks for reserve, it does not turn traffic away."""
    priced = Cost(instance_per_month=50.0, downtime_per_minute=(100.0, 100.0, 100.0))
    steep = Policy(spare_instances=0, retry_budget=0.0, ramp_per_second=10.0)
    losses = planned(policy=steep, cost=priced, demand=demand(500)).choices.sizes["loss_per_month"]  # type: ignore[union-attr]
    assert losses[4] == 0
