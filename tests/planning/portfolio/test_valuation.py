"""Worth of sets in the same sampled worlds."""

import numpy as np
import pytest

from capacity.estimate import Estimate
from capacity.models.finance import discount_factors, npv, pert_mean
from capacity.plan import Cost, Investment
from capacity.planning.portfolio.schedule import MONTHS
from capacity.planning.portfolio.valuation import Case, Valuation
from capacity.planning.system.baseline import base_system
from capacity.planning.system.parts import Incidents
from capacity.planning.system.system import System

SYSTEM = System(incidents=Incidents(12, 10, 15, 45, 20))
ITEMS = [
    Investment(
        lever="apm",
        hours=(1, 2, 3),
        monthly=10.0,
        parameters={"detect_factor": (0.2, 0.3, 0.4), "diagnose_factor": 0.5, "cpu_share": 0},
    ),
    Investment(
        lever="tracing",
        hours=(1, 2, 3),
        parameters={"diagnose_factor": 0.6, "sampling": 1, "failing_requests": 1, "cpu_share": 0},
    ),
]
PRICES = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(50, 100, 200))


def case(cost: Cost | None = PRICES, **changes: object) -> Case:
    """Two investments in 200 worlds, on a system that is given."""
    return Case(lambda known, generator: SYSTEM, {}, ITEMS, cost, 1, 200, **changes)  # type: ignore[arg-type]


def valued(cost: Cost | None = PRICES, **changes: object) -> Valuation:
    """The same, drawn."""
    return case(cost, **changes).valuation()


def test_worlds_are_common() -> None:
    """The same draw of a parameter holds in every set that has the investment."""
    valuation = valued(None)
    apm, both = valuation.loss(0b01), valuation.loss(0b11)
    assert np.ptp(apm) > 0
    assert np.ptp(apm - both) == pytest.approx(0.0, abs=1e-9)


def test_running_costs_are_yearly() -> None:
    """Ten a month are 120 a year, on top of the minutes."""
    free = Cost(instance_per_month=0, downtime_per_minute=(0, 0, 0), engineer_per_hour=1)
    assert np.allclose(valued(free).loss(0b01), 120)


def test_means_of_sets_are_means_of_worlds() -> None:
    """What the combinations hold is the mean of what each world loses."""
    valuation = valued()
    for done in range(4):
        assert valuation.mean_loss(done) == pytest.approx(float(valuation.loss(done).mean()))


def test_without_prices_nothing_is_paid() -> None:
    """No price of downtime or of hours, no cost."""
    assert valued(None).hour is None
    assert valued(Cost(instance_per_month=0, downtime_per_minute=(1, 1, 1))).hour is None
    assert not valued(Cost(instance_per_month=0, engineer_per_hour=5)).priced


def test_present_values_are_those_of_the_flows() -> None:
    """Mean of the worlds' present values = present value of the mean flows, and all of the hours are paid."""
    valuation = valued()
    order = ["apm", "tracing"]
    flows = valuation.cash_flows(order)
    assert [npv(0.10, flow) for flow in flows] == pytest.approx(
        valuation.present_values(order).mean(axis=1).tolist()
    )
    assert -flows[:, 0] == pytest.approx(100 * valuation.case.hours.mean(axis=1))


def test_savings_depend_on_the_place_but_not_their_sum() -> None:
    """What comes first saves more of what both save."""
    valuation = valued()
    one, other = valuation.savings(["apm", "tracing"]), valuation.savings(["tracing", "apm"])
    assert one.sum(axis=0) == pytest.approx(other.sum(axis=0))
    assert one[1].mean() < other[0].mean()


def test_first_year_counts_twelve_months() -> None:
    """Savings of the months after the work is done, less its hours."""
    valuation = valued()
    flows = valuation.cash_flows(["apm"])
    assert valuation.first_year(["apm"]).mean() == pytest.approx(flows[0, :13].sum())


def test_worthwhile_weighs_hours_against_three_years() -> None:
    """At a price of hours above what 36 months save, nothing is worthwhile."""
    years = discount_factors(0.10, MONTHS + 1)[1:].sum() / 12
    saved = valued().roadmap.saving(["apm", "tracing"]) * years
    dear = PRICES.model_copy(update={"engineer_per_hour": 1.01 * saved / 2})
    assert set(valued().worthwhile().items) == {"apm", "tracing"}
    assert valued(dear).worthwhile().items == ()
    assert valued().worthwhile(budget=2.5).items == ("apm",)


def test_hours_of_the_roadmap_are_the_means_of_the_guesses() -> None:
    """Not of the draws: the same order whatever the seed."""
    assert list(valued().roadmap.hours.values()) == [pert_mean(1, 2, 3)] * 2
    assert valued(hours_per_week=20.0).roadmap.hours_per_year == 1040


def test_inputs_are_what_is_uncertain() -> None:
    """Ranges and hours by name; what is one number is none."""
    assert set(valued().inputs) == {
        "apm.detect_factor",
        "downtime_per_minute",
        "hours",
    }


def test_a_changed_input_leaves_the_others_as_they_were() -> None:
    """The same worlds, but for one number."""
    one, other = case().valuation(), case().valuation({"apm.detect_factor": 0.9})
    assert np.array_equal(one.draws["downtime_per_minute"], other.draws["downtime_per_minute"])
    assert other.draws["apm.detect_factor"] == 0.9
    assert other.loss(0b01).mean() > one.loss(0b01).mean()
    assert np.array_equal(one.loss(0), other.loss(0))


def test_hours_may_be_held() -> None:
    """All of the work takes what is said, each piece in proportion; more hours are worth less."""
    held = case().valuation({"hours": 10.0})
    assert held.case.hours == pytest.approx(np.full((2, 200), 5.0))
    assert held.present_values(["apm"]).mean() < valued().present_values(["apm"]).mean()
    assert np.array_equal(held.draws["downtime_per_minute"], valued().draws["downtime_per_minute"])


def test_capacity_may_be_held() -> None:
    """What an instance carries is the same in all worlds."""
    measured = Estimate(300.0, 280.0, 320.0, "req/s", "", "measured")
    facts = {"incidents_per_year": 12.0, "detect_minutes": 10.0, "triage_minutes": 15.0, "diagnose_minutes": 45.0,
             "fix_minutes": 20.0}  # fmt: skip
    made = Case(
        lambda known, rng: base_system(known, instance_capacity=measured, rng=rng, worlds=200),
        facts, ITEMS, PRICES, 3, 200,
    )  # fmt: skip
    assert np.ptp(made.valuation().inputs["instance_capacity"]) > 10
    assert made.valuation({"instance_capacity": 250.0}).evaluation(0).capacity == pytest.approx(250)


def test_facts_are_the_draws_of_the_system() -> None:
    """The facts shown as inputs are, world by world, the numbers that the system of today was built from."""
    facts = {"overloads_per_year": (2, 6, 9), "incidents_per_year": (6, 12, 30), "detect_minutes": 10.0,
             "triage_minutes": (10, 15, 20), "diagnose_minutes": (20, 45, 90), "fix_minutes": 20.0}  # fmt: skip
    made = Case(
        lambda known, generator: base_system(known, rng=generator, worlds=200), facts, ITEMS, PRICES, 3, 200
    ).valuation()
    assert made.system.incidents is not None
    assert np.array_equal(made.system.incidents.per_year, made.draws["incidents_per_year"])
    assert np.array_equal(made.system.incidents.diagnose_minutes, made.draws["diagnose_minutes"])
    assert {"incidents_per_year", "diagnose_minutes", "overloads_per_year"} <= set(made.inputs)
