"""The register lists what the answer rests on, with where it comes from, most important first."""

import json
import re

import pytest

from capacity.plain import plain_data

DEMAND = "[demand]\ncurrent_peak = 200\ngrowth_per_month = [0.0, 0.02, 0.1]\n"
WORK = """
[[investment]]
lever = "apm"
hours = [1, 2, 3]
incidents_per_year = [4, 8, 14]
detect_minutes = [3, 8, 20]
triage_minutes = 5
diagnose_minutes = 30
fix_minutes = 10
detect_factor = 0.5
diagnose_factor = 0.5
cpu_share = 0.01
"""
PRICES = "[cost]\ninstance_per_month = 50\ndowntime_per_minute = [1, 5, 100]\nengineer_per_hour = 100\n"
ODD = {
    "bare": "",
    "still": "[demand]\ngrowth_per_month = 0.0\nhorizon_days = 1\n[policy]\nspare_instances = 0\nretry_budget = 0.0\n"
    "scaling_lag_seconds = 0\n",
    "far too much": "[demand]\ncurrent_peak = 100000\ngrowth_per_month = 0.1\n[[limit]]\nname = 'q'\nrate = 500\n",
    "beyond any number": "[demand]\ncurrent_peak = 30000\ngrowth_per_month = 0.48\nhorizon_days = 3650\n",
    "limits": DEMAND + "[[limit]]\nname = 'db'\nutilization = 0.3\nload = 100\n"
    "[[limit]]\nname = 'connections'\navailable = 97\nper_instance = 10\n",
    "prices, no work": DEMAND + PRICES,
    "all": DEMAND + PRICES + WORK,
    "demand and event": DEMAND
    + "events = [{ name = '<b>sale</b>', date = '2040-01-01', multiplier = 2.0 }]\n",
}


def row(found, key):
    """The only assumption with a key of the plan."""
    (one,) = [row for row in found.rows if row.key == key]
    return one


@pytest.mark.parametrize("name", sorted(ODD))
def test_any_plan_has_a_register(study, name):
    """Whatever the plan says or leaves out, the register is complete, sorted, shown and written."""
    found = study(ODD[name]).assumptions
    order = ["changes", "moves", "little", "unknown", "none"]
    ranks = [order.index(one.effect) for one in found.rows]
    assert ranks == sorted(ranks)
    assert all(one.verdict and one.value and one.name for one in found.rows)
    assert len(found.to_frame()) == len(found.rows)
    assert json.dumps(plain_data(found.to_frame()), allow_nan=False)
    assert "<b>" not in found._repr_html_()
    assert found.text


def test_defaults_are_named_as_such(study):
    """What the plan states is of its own; what it is silent about is assumed, and says that it is the default."""
    found = study(DEMAND + "[policy]\nrisk = 0.05\n").assumptions
    assert row(found, "policy.risk").provenance == "config"
    assert row(found, "policy.risk").value == "5%"
    spare = row(found, "policy.spare_instances")
    assert (spare.provenance, spare.value) == ("assumed", "1 instance, the default")


def test_a_range_is_tried_at_its_ends(study):
    """A growth given as low, likely, high is tried low and high."""
    growth = row(study(DEMAND).assumptions, "demand.growth_per_month")
    assert (growth.low.value, growth.high.value) == ("0.0% a month", "10.0% a month")
    assert growth.low.instances <= growth.high.instances


def test_spare_instances_are_tried_one_by_one(study):
    """One instance less and one more to lose need one instance less and one more."""
    study_ = study(DEMAND)
    spare = row(study_.assumptions, "policy.spare_instances")
    needed = study_.fleet.recommended
    assert (spare.low.instances, spare.high.instances) == (needed - 1, needed + 1)


def test_a_lag_without_a_ramp_cannot_act(study):
    """The lag counts only with a ramp, and the register says which key is missing."""
    lag = row(study(DEMAND).assumptions, "policy.scaling_lag_seconds")
    assert lag.effect == "none"
    assert "policy.ramp_per_second is not given" in lag.verdict


def test_zero_is_tried_at_the_usual_value(study):
    """Nothing is half or double of zero; such a policy is tried at its default."""
    retries = row(study(ODD["still"]).assumptions, "policy.retry_budget")
    assert (retries.low, retries.high.value) == (None, "10% of requests")


def test_an_event_outside_the_horizon_cannot_act(study):
    """An event that no day of the horizon has changes nothing, and is shown as text."""
    event = row(study(ODD["demand and event"]).assumptions, "demand.events")
    assert "outside the horizon" in event.verdict


def test_scaling_is_assumed_where_no_test_tells_it(study):
    """With one instance count tested, contention and coherency are beliefs, tried at both ends of their ranges."""
    found = [one for one in study(DEMAND).assumptions.rows if one.group == "scaling"]
    assert [one.provenance for one in found] == ["assumed", "assumed"]
    assert {one.low.value for one in found} == {"0"}


def test_facts_are_never_called_measured(study):
    """The plan cannot say that a fact was measured, so none is, and the share that rests on guesses is not computed."""
    found = study(ODD["all"]).assumptions
    facts = [one for one in found.rows if one.key.startswith("investment.")]
    assert {one.provenance for one in facts} == {"config", "assumed"}
    assert "is not computed: the plan file has no key" in found.text


def test_worth_is_the_portfolios(study):
    """Trying a fact gives what the portfolio says when that fact is held there."""
    study_ = study(ODD["all"])
    diagnose = row(study_.assumptions, "investment.diagnose_minutes")
    assert diagnose.low.value == "15 min"
    assert diagnose.low.worth < study_.investments.result("npv") < diagnose.high.worth


def test_without_prices_work_is_told_in_minutes(study):
    """Without prices the result is minutes of downtime saved a year."""
    diagnose = row(study(WORK).assumptions, "investment.diagnose_minutes")
    assert re.fullmatch(r"saves [0-9.,]+ min a year", diagnose.low.answer)


def test_rent_decides_nothing_but_the_least_cost(study):
    """The price of an instance cannot change a number of instances that the accepted risk decides."""
    prices = ODD["prices, no work"].replace("[1, 5, 100]", "[1000, 5000, 9000]")
    cheap, dear = study(prices), study(re.sub(r"(instance_per_month = )(\d+)", r"\g<1>\g<2>000", prices))
    assert dear.plan.cost.instance_per_month == 1000 * cheap.plan.cost.instance_per_month
    assert dear.fleet.recommended == cheap.fleet.recommended
    assert dear.choices.least_cost < cheap.choices.least_cost
    assert "the accepted risk decides" in row(dear.assumptions, "cost.instance_per_month").verdict


def test_text_names_what_decides(study):
    """The sentences name the first assumptions of the table and count the others."""
    found = study(DEMAND).assumptions
    changing = [one for one in found.rows if one.effect == "changes"]
    assert found.text.startswith(f"{len(changing)} assumptions change the answer")
    assert changing[0].name in found.text
    assert f"{len([o for o in found.rows if o.effect == 'none'])} cannot act here" in found.text


def test_void_evidence_answers_nothing(shared, tmp_path):
    """Where the evidence is void there is no answer to be sensitive, and the register says why."""
    from capacity.plan import Plan
    from capacity.study import Study

    plan = tmp_path / "plan.toml"
    export = (shared / "field-exports" / "stress.json").as_posix()
    plan.write_text(f'[tests]\ns = "{export}"\n{DEMAND}')
    found = Study(Plan.open(plan)).assumptions
    assert found.base is None
    assert "a finding voids the evidence for the capacity" in found.text
    assert not [one for one in found.rows if one.effect == "changes"]


def test_register_is_the_same_each_time(study):
    """The same plan and seed give the same register."""
    first = study(DEMAND)
    again = first._otherwise(first.plan, capacity=first.capacity)
    assert again.assumptions.to_frame().equals(first.assumptions.to_frame())
