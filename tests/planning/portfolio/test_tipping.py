"""What it would take, against systems whose answer is known."""

import numpy as np
import pytest

from capacity.errors import NotIdentified, UsageError
from capacity.plan import Cost, Investment
from capacity.planning.portfolio.tipping import tipping_point
from capacity.planning.portfolio.valuation import Case
from capacity.planning.system.baseline import base_system
from capacity.planning.system.parts.outages import MINUTES_PER_YEAR

FACTS = {
    "deploys_per_year": 100.0,
    "planned_minutes": 2.0,
    "change_failure_rate": 0.1,
    "restore_minutes": 60.0,
}
BLUE_GREEN = Investment(
    lever="blue_green", hours=(6, 8, 10), parameters={"planned_minutes_after": 0, "restore_minutes_after": 6}
)


def case(cost: Cost | None = None) -> Case:
    """Deployments, and what would spare their downtime."""

    def base(known, generator):
        return base_system(known, rng=generator, worlds=200)

    return Case(base, FACTS, [BLUE_GREEN], cost, 1, 200)


def test_availability() -> None:
    """99.9% allows 525.6 minutes: with 0.6 minutes a deployment, 876 deployments."""
    found = tipping_point(case(), ["blue_green"], "deploys_per_year", "availability", 0.999)
    assert found == pytest.approx(0.001 * MINUTES_PER_YEAR / 0.6)


def test_savings() -> None:
    """800 minutes become 60; to save 300 a failure rate of .1 must have been (3 - 2) / 54 per deployment."""
    found = tipping_point(case(), ["blue_green"], "change_failure_rate", "saving", 300.0)
    assert found == pytest.approx((3 - 2) / 54)


def test_break_even_price_of_an_hour() -> None:
    """At it the present value is zero, so it is what is saved over what is worked."""
    prices = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(10, 10, 10))
    hour = tipping_point(case(prices), ["blue_green"], "engineer_per_hour", "npv", 0.0)
    valuation = case(prices).valuation({"engineer_per_hour": hour})
    assert valuation.present_values(["blue_green"]).mean() == pytest.approx(0, abs=1e-6)
    assert hour > 100


def test_price_of_an_outage() -> None:
    """12 incidents of 90 minutes and 6 overloads of 60: 80 minutes each, so 5,000 an outage is 62.50 a minute."""
    facts = {
        "incidents_per_year": 12.0, "detect_minutes": 10.0, "triage_minutes": 15.0, "diagnose_minutes": 45.0,
        "fix_minutes": 20.0, "overloads_per_year": 6.0, "stuck_minutes": 60.0, "contained_minutes": 4.0,
    }  # fmt: skip
    prices = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(10, 10, 10))
    asked = Case(lambda known, rng: base_system(known, rng=rng, worlds=200), facts, [], prices, 1, 200)
    assert tipping_point(asked, [], "downtime_per_minute", "outage_cost", 5000.0) == pytest.approx(62.5)


def test_what_no_value_reaches() -> None:
    """No number of deployments saves less than nothing; no capacity is known here; nothing is priced."""
    for name, of, target in (
        ("deploys_per_year", "saving", -1.0),
        ("planned_minutes", "capacity_factor", 3.0),
        ("planned_minutes", "npv", 0.0),
    ):
        with pytest.raises(NotIdentified, match="no single break-even value from 0"):
            tipping_point(case(), ["blue_green"], name, of, target)


def test_unknown_questions() -> None:
    """The nearest name is offered."""
    with pytest.raises(UsageError, match="input 'deploys'; allowed: deploys_per_year"):
        tipping_point(case(), ["blue_green"], "deploys", "saving", 0.0)
    with pytest.raises(UsageError, match=r"result 'savings'.*did you mean 'saving'"):
        tipping_point(case(), ["blue_green"], "deploys_per_year", "savings", 0.0)


def test_impossible_values_are_passed_over() -> None:
    """A failure rate above 1 is never tried, and minutes that fill the year do not stop the search."""
    found = tipping_point(case(), ["blue_green"], "deploys_per_year", "availability", 0.9999)
    assert np.isfinite(found)


def test_a_value_that_contradicts_the_other_facts_is_no_answer() -> None:
    """Shedding that takes longer than being stuck would break even, and cannot be: stuck is 60 minutes."""
    facts = {"retries_today": 2.0, "overloads_per_year": 6.0, "stuck_minutes": 60.0, "contained_minutes": 4.0}
    facts |= {"incidents_per_year": 12.0, "detect_minutes": 10.0, "triage_minutes": 15.0}
    facts |= {"diagnose_minutes": 45.0, "fix_minutes": 20.0}
    work = [
        Investment(lever="retries", hours=(1, 1, 1), parameters={"retry_budget": 0.1}),
        Investment(
            lever="apm",
            hours=(1, 1, 1),
            parameters={"detect_factor": 0.3, "diagnose_factor": 0.5, "cpu_share": 0},
        ),
    ]
    prices = Cost(instance_per_month=0, engineer_per_hour=100, downtime_per_minute=(10, 10, 10))
    asked = Case(lambda known, rng: base_system(known, rng=rng, worlds=200), facts, work, prices, 1, 200)
    with pytest.raises(NotIdentified, match="no single break-even value"):
        tipping_point(asked, ["retries", "apm"], "contained_minutes", "npv", 0.0)
