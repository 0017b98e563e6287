"""Gates about operating a service: what the facts of a plan break."""

from types import SimpleNamespace as Make
from typing import Any

import numpy as np
import pytest

from capacity.planning.fleet.headroom import Policy
from capacity.planning.readiness import operation

BUDGET = 525.6  # min/y at 99.9%; levers D1 to D3 hold 800, 60 and 6 min/y against it


@pytest.mark.parametrize(
    ("minutes", "status"), [(800.0, "fail"), (60.0, "pass"), (6.0, "pass"), (BUDGET, "pass")]
)
def test_downtime_against_the_objective(make: Make, minutes: float, status: str) -> None:
    """The minutes of a year that an availability leaves decide."""
    today = make.evaluation(downtime={"deployments": minutes})
    assert operation.availability(make.known(availability=0.999, today=today)).status == status


def test_the_causes_that_break_it_are_named(make: Make) -> None:
    """The fewest causes without which the rest is within the objective, the largest first."""
    downtime = {"incidents": 400.0, "overload": 50.0, "deployments": 800.0}
    gate = operation.availability(make.known(availability=0.999, today=make.evaluation(downtime=downtime)))
    assert "1,250 min a year (deployments 800, incidents 400, overload 50)" in gate.measured
    assert gate.remedy == "cut the minutes lost to deployments"
    assert gate.lever == "blue_green"
    both = operation.availability(
        make.known(availability=0.999, today=make.evaluation(downtime=downtime | {"incidents": 600.0}))
    )
    assert "deployments and incidents" in both.remedy


def offered(then: Any, enough: tuple[str, ...] = (), budget: str | None = None) -> Any:
    """Work of a plan: what all of it leaves, and the fewest pieces that are enough."""
    return Make(worth=(), then=then, budget=budget, fewest_leaving=lambda minutes: enough)


def test_it_says_what_all_the_work_leaves(make: Make) -> None:
    """Whether the plan's own work reaches the objective is told beside what breaks it."""
    then = make.evaluation(downtime={"deployments": 60.0, "incidents": np.array([200.0, 300.0])})
    today = make.evaluation(downtime={"deployments": 800.0})
    gate = operation.availability(
        make.known(availability=0.999, today=today, investments=offered(then, ("blue_green", "apm")))
    )
    assert "all the work of the plan together leaves 310 min" in gate.measured
    assert gate.remedy == "do blue-green and APM: of the work of the plan the fewest that keep the objective"
    assert (gate.lever, gate.also) == ("blue_green", ("apm",))


def test_work_that_does_not_reach_the_objective_is_not_said_to(make: Make) -> None:
    """Where all of it leaves too much, other work is asked for, by cause."""
    today = make.evaluation(downtime={"deployments": 800.0})
    gate = operation.availability(make.known(availability=0.999, today=today, investments=offered(today)))
    assert gate.remedy == "add work against deployments: that of the plan does not keep the objective"


def test_a_budget_of_hours_is_told_with_what_the_work_leaves(make: Make) -> None:
    """What does not fit the budget is not done: not all the work of the plan is meant."""
    today = make.evaluation(downtime={"deployments": 800.0})
    within = offered(today, budget="3 hours")
    gate = operation.availability(make.known(availability=0.999, today=today, investments=within))
    assert "all the work of the plan within its budget of hours together leaves 800 min" in gate.measured


def test_three_causes_read_as_a_list(make: Make) -> None:
    """Commas, and one "and" before the last."""
    downtime = {"incidents": 700.0, "overload": 600.0, "deployments": 800.0}
    gate = operation.availability(make.known(availability=0.999, today=make.evaluation(downtime=downtime)))
    assert gate.remedy == "cut the minutes lost to deployments, incidents and overload"


def test_worlds_above_the_objective_are_counted(make: Make) -> None:
    """The mean decides, and the share of worlds above the objective is told with it."""
    downtime = {"incidents": np.array([100.0, 200.0, 300.0, 900.0])}
    gate = operation.availability(make.known(availability=0.999, today=make.evaluation(downtime=downtime)))
    assert gate.status == "pass"
    assert "probability of more than allowed: 25.0%" in gate.measured
    rare = make.evaluation(downtime={"incidents": np.array([100.0, 200.0, 300.0, 5000.0])})
    assert operation.availability(make.known(availability=0.999, today=rare)).status == "fail"


def test_without_facts_availability_is_unknown(make: Make) -> None:
    """An objective without a cause of downtime is unknown, and withholds READY of the first tier only."""
    found = {tier: operation.availability(make.known(availability=0.999, tier=tier)) for tier in (1, 2, 3)}
    assert {gate.status for gate in found.values()} == {"unknown"}
    assert [tier for tier, gate in found.items() if gate.needed] == [1]


def test_no_objective_no_gate(make: Make) -> None:
    """Who states no availability is not asked for it, but at tier 1."""
    assert operation.availability(make.known()) is None
    assert operation.availability(make.known(tier=1)).status == "unknown"


def test_the_first_tier_states_the_main_causes(make: Make) -> None:
    """Part of the downtime within the objective proves nothing of the whole."""
    today = make.evaluation(downtime={"deployments": 60.0})
    gates = {
        tier: operation.availability(make.known(availability=0.999, today=today, tier=tier))
        for tier in (1, 2)
    }
    assert (gates[1].status, gates[2].status) == ("unknown", "pass")
    assert "nothing is stated of incidents, overload" in gates[2].measured


@pytest.mark.parametrize(
    ("left", "status"), [(310.0, "pass"), (290.0, "fail"), (np.array([310.0, 290.0]), "fail")]
)
def test_what_is_left_while_deploying(make: Make, left: float, status: str) -> None:
    """The peak of 300 req/s has to be carried by what is left."""
    assert operation.deployment(make.known(today=make.evaluation(deploying_capacity=left))).status == status


@pytest.mark.parametrize(("out", "status"), [(0, None), (1, "pass"), (2, "fail")])
def test_the_policy_may_say_what_a_deployment_takes(make: Make, out: int, status: str | None) -> None:
    """Of three instances of 200 req/s one may be in deployment at 300 req/s, two may not."""
    policy = Policy(spare_instances=0, deploying_instances=out, dispersion=0.0)
    fleet = make.fleet(make.rate(200.0, 5.0), make.peaks(300.0), 3, policy)
    gate = operation.deployment(make.known(policy=policy, fleet=fleet))
    assert (gate and gate.status) == status


def test_caches_count_where_there_are_any(make: Make) -> None:
    """A cold capacity like the warm one means that no cache is stated."""
    same = make.evaluation(capacity=400.0, cold_capacity=400.0, metastable_safe_load=400.0)
    less = make.evaluation(capacity=400.0, cold_capacity=250.0, metastable_safe_load=400.0)
    assert operation.cold_caches(make.known(today=same)) is None
    assert operation.cold_caches(make.known(today=less)).status == "fail"
