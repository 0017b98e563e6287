"""The same evidence under another plan."""

import math
from pathlib import Path

import pytest

from capacity.planning.what_if.variants import Variants
from capacity.study import Study


@pytest.fixture(scope="module")
def variants(storefront: Path) -> Variants:
    """Of one export without a plan around it."""
    study = Study.load(storefront / "steps-1.json")
    return Variants(study, study.what_if.setting)


def test_evidence_is_shared(variants: Variants):
    """No test is read, audited or fitted again for another plan."""
    other = variants.at(variants.plan.changed(instances=3, retry_budget=0.2))
    for part in ("tests", "steps", "findings", "service", "resilience"):
        assert getattr(other, part) is getattr(variants.study, part)
    assert other.plan.service.instances_running == 3
    assert other.plan.policy.retry_budget == 0.2


def test_the_plan_itself_is_left_alone(variants: Variants):
    """Turning a knob changes nothing of the study it was turned on."""
    before = variants.study.capacity
    variants.at(variants.plan.changed(hit_ratio=0.5, dispersion=4.0))
    assert variants.study.capacity is before
    assert variants.study.plan.policy.dispersion is None


def test_cache_scales_capacity_and_bursts_alike(variants: Variants):
    """Counted at the cache, the load is 1/(1 − h) of that behind it, and so is the variance over the mean."""
    cold, warm = (variants.at(variants.plan.changed(dispersion=2.0, hit_ratio=h)) for h in (0.0, 0.75))
    assert warm.capacity.slo["all"].low == pytest.approx(4 * cold.capacity.slo["all"].low)
    assert warm.dispersion.value == pytest.approx(4 * cold.dispersion.value)
    assert math.isclose(warm.instance_capacity.high, 4 * cold.instance_capacity.high)


def test_a_limit_before_the_cache_is_met_by_the_arrivals_as_they_come(storefront: Path, tmp_path: Path):
    """More hits never lower what may be promised, also where all that is left to end it is a shared limit."""
    plan = tmp_path / "plan.toml"
    export = storefront / "basic.json"
    plan.write_text(
        f'[tests]\nrun = "{export}"\n[service]\ninstances_running = 3\n[slo]\np95_ms = 250\n'
        '[[limit]]\nname = "quota"\nrate = 400\n'
    )
    what_if = Study.load(plan).what_if
    promised = [what_if.at(hit_ratio=ratio).now.promised.middle for ratio in (0.0, 0.5, 0.8, 0.95, 0.99)]
    assert promised == sorted(promised)
    assert promised[-1] == pytest.approx(promised[-2])
