"""The plan beside the recorded runs is complete and agrees with them."""

from functools import cache
from pathlib import Path

import pytest
import yaml

from capacity.evidence.claims import Judgements, judge
from capacity.plan import Plan
from capacity.planning.levers.catalogue import LEVERS
from capacity.study import Study

STOREFRONT = Path(__file__).parents[2] / "data" / "storefront"
PLAN = Plan.open(STOREFRONT / "plan.toml")
WITHOUT_MODEL = {"rfc7807_errors"}


def test_every_run_is_in_the_plan() -> None:
    """Each stored export has a role, with its own script."""
    exports = {path for path in STOREFRONT.glob("*.json*") if ".truth." not in path.name}
    assert {source.export for source in PLAN.tests.values()} == exports
    for source in PLAN.tests.values():
        assert source.script == source.export.with_name(source.export.name.split(".")[0] + ".yml")


@pytest.mark.parametrize("role", PLAN.tests)
def test_instances_are_those_of_the_truth(role: str) -> None:
    """The plan says of each test against how many instances it ran."""
    source = PLAN.tests[role]
    truth = yaml.safe_load(source.export.with_name(source.script.stem + ".truth.json").read_text())
    assert source.instances == truth["instances"]


def test_levers_are_known_and_fully_described() -> None:
    """Each investment has a model and all its parameters, but for the one that says it has none."""
    facts = {name: value for work in PLAN.investment for name, value in work.parameters.items()}
    for work in PLAN.investment:
        if work.lever not in WITHOUT_MODEL:
            assert not LEVERS[work.lever].missing(facts, work.parameters), work.lever


@pytest.mark.parametrize(
    ("number", "verdict", "because"),
    [
        (0, "supported", "At 250 req/s (steps) the P95 was 141 ms"),
        (1, "contradicted", "The capacity is 291 req/s"),
        (2, "contradicted", "100% is the share of virtual users that completed"),
        (3, "not supported by this evidence", "8 instances were not tested"),
    ],
)
def test_claims_are_answered(number: int, verdict: str, because: str) -> None:
    """The plan shows a claim of each kind: one that holds, two that do not, one that no test answers."""
    judgement = judgements()[number]
    assert (judgement.verdict, because in judgement.reason) == (verdict, True), judgement.reason


@cache
def judgements() -> Judgements:
    """What the runs say of the plan's claims."""
    study = Study(PLAN)
    return judge(
        PLAN.claim,
        tests=tuple(study.tests.values()),
        steps=study.steps,
        capacity=study.capacity,
        findings=study.findings,
        slo=study.slo,
    )
