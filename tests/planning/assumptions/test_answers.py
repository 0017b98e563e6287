"""The answer with one input replaced is what the planner would say of it."""

from dataclasses import replace

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.planning.assumptions.answers import Answer, Sizing, last_the_same, tried
from capacity.planning.fleet.fleet import plan_fleet
from capacity.planning.fleet.headroom import waterfall

DEMAND = "[demand]\ncurrent_peak = 200\ngrowth_per_month = [0.0, 0.02, 0.1]\n"


@pytest.fixture
def basis(study):
    """What the number of instances is computed from."""
    return study(DEMAND)._basis


def planned(basis, instances=None):
    """What the planner recommends, and misses with it or another size, for the same basis."""
    plan = plan_fleet(
        basis.capacity, basis.scaling, basis.demand, basis.policy, shared=basis.shared,
        instances_running=instances or basis.running, rng=np.random.default_rng(basis.seed),
    )  # fmt: skip
    return plan.recommended, plan.option(instances or plan.recommended)["probability_missed"]


def test_unchanged_answer_is_the_plans(study, basis):
    """With nothing replaced the answer is the recommended fleet, and its chance of missing to the last digit."""
    fleet = study(DEMAND).fleet
    found = Sizing(basis, fleet.recommended).answer(basis)
    assert found.instances == found.size == fleet.recommended
    assert found.missed == fleet.option(fleet.recommended)["probability_missed"]


@pytest.mark.parametrize(
    "change",
    [{"spare_instances": 2}, {"retry_budget": 0.9}, {"ramp_per_second": 3.0}, {"risk": 0.4}, {"zones": 2}],
)
def test_changed_policy_is_answered_as_the_planner_does(basis, change):
    """For any policy the answer is what `plan_fleet` recommends under it, in the same worlds."""
    sizing = Sizing(basis, 3)
    other = replace(basis, policy=replace(basis.policy, **change))
    found = sizing.answer(other)
    assert (found.instances, found.missed) == (planned(other)[0], planned(other, 3)[1])


def test_answer_without_demand_is_a_load(basis):
    """Without a demand the answer is what the smallest fleet may be given that survives the policy."""
    alone = replace(basis, demand=None)
    found = Sizing(alone).answer(alone)
    expected = waterfall(basis.capacity, 2, basis.scaling, basis.policy, shared=basis.shared).safe_load
    assert (found.size, found.load, found.instances, found.missed) == (2, expected, None, None)


def test_no_fleet_is_told_as_none(basis):
    """Where no fleet looked at is enough the answer says up to how many were looked at."""
    much = replace(basis, demand=replace(basis.demand, paths=basis.demand.paths * 1e4))
    found = Sizing(much).answer(much)
    assert found.instances is None
    assert found.text.startswith("none of up to 128 instances")


def test_away_counts_instances():
    """One instance more is another decision; another chance of missing with the same fleet is not."""
    base = Answer(3, 400.0, 0.01, 3, 28)
    assert base.differs(replace(base, instances=4))
    assert base.differs(replace(base, instances=None))
    assert not base.differs(replace(base, missed=0.04))
    assert base != replace(base, missed=0.04)


def test_away_is_a_share_of_a_load():
    """Without a demand a tenth of the load is another answer."""
    base = Answer(2, 200.0)
    assert base.differs(replace(base, load=179.0))
    assert not base.differs(replace(base, load=185.0))
    assert Answer(2, 0.0).differs(replace(base, load=1.0))


def test_break_even_is_next_to_the_change():
    """Halving finds the value up to which the decision stays."""
    base = Answer(3, 400.0, 0.0, 3, 28)
    found = last_the_same(lambda v: replace(base, instances=3 if v <= 1.37 else 4), base, 1.0, 2.0)
    assert found == pytest.approx(1.37, abs=1e-3)
    assert found <= 1.37


def test_impossible_value_says_why():
    """A value that cannot be tried is told with the reason, not left out."""

    def refuse(value: float) -> Answer:
        raise DomainError(f"{value} is too much")

    trial, found = tried("2 times", refuse, 2.0)
    assert found is None
    assert trial.answer == "not computed: 2.0 is too much"
