"""What changes when an assumption is otherwise: the plan's own numbers, and those of a plan edited so."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from capacity.errors import DomainError, UsageError
from capacity.estimate import Estimate, number
from capacity.planning.readiness.gates import chance
from capacity.planning.recommendation import numbers
from capacity.planning.what_if.outcome import QUANTITIES, Outcome
from capacity.planning.what_if.what_if import WhatIf
from capacity.study import Missing, Study


@pytest.fixture(scope="module")
def study(storefront: Path) -> Study:
    """The storefront plan with one run and one piece of work, which states what failing calls lead to."""
    plan = Study.load(storefront / "plan.toml").plan
    retries = tuple(work for work in plan.investment if work.lever == "retries")
    tests = {role: plan.tests[role] for role in ("stress", "steps", "steps-4")}
    return Study(plan.model_copy(update={"investment": retries, "tests": tests, "promise": (), "claim": ()}))


@pytest.fixture(scope="module")
def what_if(study: Study) -> WhatIf:
    """What may be turned in it."""
    assert isinstance(study.what_if, WhatIf)
    return study.what_if


@pytest.fixture(scope="module")
def bare(storefront: Path) -> Study:
    """One export without a plan around it."""
    return Study.load(storefront / "steps-1.json")


def edited(study: Study, section: str, **values: object) -> Study:
    """A study of the plan with some keys of a section changed, computed from nothing but the files."""
    changed = getattr(study.plan, section).model_copy(update=values)
    return Study(study.plan.model_copy(update={section: changed}), seed=study.seed)


def same(one: Outcome, study: Study) -> None:
    """The outcome is what a study says, to the last bit."""
    assert one.slo_capacity == study.capacity.safe
    assert one.promised == study.fleet.safe_load_running
    assert one.peak == study.demand.peak
    assert one.chance == study.fleet.probability_missed_running
    assert one.fewest == study.fleet.recommended
    assert one.metastable_safe == replace(study.known, investments=None).metastable_at(
        study.known.amplification
    )
    assert one.lasts == numbers(study.known)["estimate"].iloc[3]


def test_base_is_the_plan(what_if: WhatIf, study: Study):
    """With every knob as planned, each number is that of the plan, computed again in the same worlds."""
    same(what_if.plan, study)
    same(what_if.at().now, study)
    assert what_if.at().text == "As planned."


def test_p95_is_that_of_an_edited_plan(what_if: WhatIf, study: Study):
    """Another objective gives what the plan file with that objective gives."""
    other = edited(study, "slo", p95_ms=216.0)
    shared = ("tests", "steps", "findings", "service", "resilience", "investments", "demand")
    vars(other).update({name: getattr(study, name) for name in shared})
    same(what_if.at(p95_ms=216.0).now, other)


@pytest.mark.parametrize(
    ("section", "key", "knob", "value"),
    [
        ("policy", "retry_budget", "retry_budget", 0.3),
        ("policy", "dispersion", "dispersion", 3.0),
        ("service", "instances_running", "instances", 4),
    ],
)
def test_knob_is_an_edited_plan(
    what_if: WhatIf, study: Study, section: str, key: str, knob: str, value: float
):
    """A knob that is a key of the plan file gives what the plan file with that value gives."""
    other = edited(study, section, **{key: value})
    shared = ("tests", "steps", "findings", "service", "_limits", "resilience", "investments", "demand")
    vars(other).update({name: getattr(study, name) for name in shared})
    same(what_if.at(**{knob: value}).now, other)


def test_demand_scales_every_world(what_if: WhatIf, study: Study):
    """One and a half times the demand is one and a half times the peak of each world."""
    now = what_if.at(demand=1.5).now
    assert now.peak.value == pytest.approx(1.5 * study.demand.peak.value)
    safe = study.fleet.safe_load_running
    assert now.promised == safe
    assert now.chance >= float(np.mean(1.5 * study.demand.peaks > safe.high))


def test_cache_takes_its_share(what_if: WhatIf):
    """Half the requests answered in front leave twice the load to be carried, up to what all instances share."""
    warm, plan = what_if.at(hit_ratio=0.5).now, what_if.plan
    assert warm.slo_capacity.value == pytest.approx(2 * plan.slo_capacity.value)
    assert warm.metastable_safe.value == pytest.approx(2 * plan.metastable_safe.value)
    assert plan.promised.value < warm.promised.value <= 2.2 * plan.promised.value
    assert what_if.at(hit_ratio=0.9).now.promised.value < 900  # the provider's contract is asked as before


def test_cold_cache_is_told(what_if: WhatIf, study: Study):
    """A cache that is cold leaves what there was without it, and the text says so."""
    change = what_if.at(hit_ratio=0.5)
    left = number(study.headroom.safe_load)
    assert change.notes == (
        f"While its cache is cold the fleet may be given about {left} req/s, no more than without it.",
    )
    assert change.notes[0] in change.text


def carried(outcome: Outcome) -> float:
    """The promised load, none where no objective can be kept."""
    return outcome.promised.value if outcome.promised else 0.0


def needed(outcome: Outcome) -> float:
    """The fewest instances, any number where none is enough."""
    return outcome.fewest or math.inf


@pytest.mark.parametrize(
    ("name", "positions", "sign"),
    [
        ("p95_ms", (90.0, 150.0, 180.0, 250.0, 360.0), 1),
        ("dispersion", (0.5, 1.0, 3.0, 8.0), -1),
        ("retry_budget", (0.0, 0.1, 0.5, 0.95), -1),
        ("hit_ratio", (0.0, 0.3, 0.9), 1),
        ("instances", (1, 2, 3, 5), 1),
    ],
)
def test_promise_goes_one_way(what_if: WhatIf, name: str, positions: tuple[float, ...], sign: int):
    """A tighter objective, burstier arrivals or more retries never promise more; hits and instances never less."""
    promised = [sign * carried(what_if.at(**{name: value}).now) for value in positions]
    assert promised == sorted(promised)
    assert promised[0] < promised[-1]


@pytest.mark.parametrize(
    ("name", "positions"),
    [("demand", (0.5, 1.0, 1.5, 2.0)), ("dispersion", (0.5, 1.0, 8.0)), ("retry_budget", (0.0, 0.1, 0.95))],
)
def test_need_never_falls(what_if: WhatIf, name: str, positions: tuple[float, ...]):
    """More demand, burstier arrivals and more retries never need fewer instances, nor miss more rarely."""
    outcomes = [what_if.at(**{name: value}).now for value in positions]
    assert [needed(o) for o in outcomes] == sorted(needed(o) for o in outcomes)
    assert [o.chance for o in outcomes] == sorted(o.chance for o in outcomes)


def test_impossible_objective_says_why(what_if: WhatIf):
    """An objective that no load keeps gives no number but the reason; what does not depend on it stays."""
    change = what_if.at(p95_ms=60.0)
    assert change.now.promised is None
    assert change.now.slo_capacity is None
    assert change.now.metastable_safe == what_if.plan.metastable_safe
    assert "P95 within 60 ms cannot be kept at any load" in change.text
    assert change.to_frame()["change"].tolist()[:2] == ["not known now"] * 2


def test_no_fleet_is_enough(what_if: WhatIf):
    """Where the shared limit ends all growth the answer is none, and what would be needed."""
    change = what_if.at(demand=6.0)
    assert change.now.told("fewest") == "none"
    assert "payment provider" in change.text


@pytest.mark.parametrize(
    ("turned", "message"),
    [
        ({"demand": 0.0}, "demand 0 is not allowed"),
        ({"instances": 1.5}, "instances 1.5 is not allowed"),
        ({"hit_ratio": 1.0}, "no request would reach an instance"),
        ({"retry_budget": -0.1}, "retry budget -0.1 is not allowed"),
        ({"retry_budget": 1.0}, "retry budget 1; allowed, as in a plan: 0 to below 1"),
        ({"p95_ms": 5000.0}, "P95 objective 5000 ms, the P99 objective is 1000 ms"),
        ({"dispersion": 0.0}, "dispersion 0 is not allowed"),
        ({"instances": 5000}, "5000 instances running; allowed: 1 to 1000"),
    ],
)
def test_refuses_what_cannot_be(what_if: WhatIf, turned: dict[str, float], message: str):
    """A position outside what a formula holds for is refused by its value, never clipped."""
    with pytest.raises(DomainError, match=message):
        what_if.at(**turned)


def test_unknown_knob_names_the_nearest(what_if: WhatIf):
    """A slip in a name is told."""
    with pytest.raises(UsageError, match=r"no knob 'instance'.*instances"):
        what_if.knob("instance")


def test_knobs_hold_the_plan(what_if: WhatIf):
    """Every knob has the plan's value among its positions, which rise."""
    assert [knob.name for knob in what_if.knobs] == [
        "demand", "instances", "p95_ms", "retry_budget", "hit_ratio", "dispersion"
    ]  # fmt: skip
    for knob in what_if.knobs:
        assert knob.plan in knob.positions
        assert list(knob.positions) == sorted(set(knob.positions))


def test_several_knobs_at_once(what_if: WhatIf):
    """Knobs turned together are one plan: three instances for the demand that needs them are enough."""
    change = what_if.at(instances=4, demand=1.5)
    assert change.now.chance < what_if.at(demand=1.5).now.chance
    assert change.text.startswith("With demand 1.5 × instead of 1 ×, 4 instances instead of 2: ")


def test_sweep_has_a_row_for_each_position(what_if: WhatIf):
    """The row of the plan's position is the plan."""
    frame = what_if.sweep("retry_budget").set_index("value")
    assert tuple(frame.index) == what_if.knob("retry_budget").positions
    assert frame.loc[0.1, "promised"] == what_if.plan.promised.value
    assert frame.loc[0.1, "chance"] == what_if.plan.chance


def test_bare_export_has_fewer_knobs(bare: Study):
    """Without a plan there is neither demand nor objective to turn, and the reasons are told."""
    what_if = bare.what_if
    assert [knob.name for knob in what_if.knobs] == ["instances", "retry_budget", "hit_ratio", "dispersion"]
    assert set(what_if.left_out) == {"demand", "p95_ms"}
    assert "Nothing to turn for demand: the plan has no [demand]" in what_if.text
    with pytest.raises(DomainError, match="the plan states nothing that the knob 'demand' could change"):
        what_if.at(demand=2.0)


def test_bare_export_promises_by_its_capacity(bare: Study):
    """Without a demand the promised load is what the headroom waterfall leaves."""
    change = bare.what_if.at(instances=3)
    assert isinstance(change.now.promised, Estimate)
    assert change.now.promised.value == edited(bare, "service", instances_running=3).headroom.safe_load
    assert change.now.told("fewest") == "not known"


def test_without_a_capacity_there_is_no_what_if(shared: Path):
    """Where no load is known to keep the objectives the reason stands in its place."""
    missing = Study.load(shared / "field-exports" / "stress.json").what_if
    assert isinstance(missing, Missing)
    assert "no load is known to keep the objectives" in missing.reason


def test_shown_as_a_table(what_if: WhatIf):
    """A change is a table of every quantity and its sentence."""
    change = what_if.at(instances=3)
    assert len(change.to_frame()) == len(QUANTITIES)
    assert "<caption>What changes against the plan</caption>" in change._repr_html_()
    assert f"chance of missing {chance(what_if.plan.chance)} → below 0.1%" in change.text
    assert "rent a month USD 100 → USD 150" in change.text
