"""The headroom waterfall."""

from dataclasses import replace

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.models.scalability import Linear, Usl
from capacity.plan import Limit
from capacity.planning.fleet.headroom import (
    STEPS,
    Policy,
    Waterfall,
    largest_mean,
    relative_capacity,
    safe_loads,
    waterfall,
)
from capacity.planning.fleet.shared import Shared, SharedLimit

LAW = Usl(300.0, 0.03, 0.0005)
POLICY = Policy(ramp_per_second=1.0)


def example(**changes: object) -> Waterfall:
    """Section 3 of the levers, unless changed."""
    arguments = {"instance_capacity": 300.0, "instances": 4, "scaling": LAW, "policy": POLICY} | changes
    return waterfall(**arguments)  # type: ignore[arg-type]


def test_worked_example() -> None:
    """Levers, section 3: 1200 -> 1094.9 -> 846.7 -> 769.7 -> 679.7 -> 603.8 req/s (S10: 604.0)."""
    loads = [example().nominal, *(step.load for step in example().steps)]
    assert loads == pytest.approx([1200, 1094.9, 846.7, 846.7, 769.7, 679.7, 603.8], abs=0.06)
    assert example().safe_load == pytest.approx(604.0, rel=0.005)
    assert example().safe_load / 1200 == pytest.approx(0.503, abs=0.0005)


@pytest.mark.parametrize("step", STEPS)
def test_each_step_can_be_switched_off(step: str) -> None:
    """A step switched off takes nothing, and the safe load rises."""
    shared = Shared((SharedLimit("database", 800.0, None, "as given"),)) if step == "shared limits" else None
    off = example(off=[step], shared=shared)
    assert off.safe_load > example(shared=shared).safe_load
    assert not next(s for s in off.steps if s.name == step).on


def test_all_off_is_nominal() -> None:
    """Without any policy everything is safe."""
    assert example(off=STEPS).safe_load == pytest.approx(1200.0)


def test_deployment_replaces_replica_loss_when_larger() -> None:
    """Two instances being deployed count, one spare does not add to them."""
    deploying = Policy(ramp_per_second=1.0, deploying_instances=2)
    assert example(policy=deploying).steps[1].load == pytest.approx(float(LAW.throughput_at(2)))


def test_a_zone_counts_its_instances_rounded_up() -> None:
    """Five instances in three zones: the largest zone has two, and they may be lost."""
    policy = Policy(zones=3)
    assert [policy.lost(n) for n in (1, 3, 4, 5, 6, 7)] == [1, 1, 2, 2, 2, 3]
    step = example(policy=Policy(zones=2)).steps[1]
    assert step.load == pytest.approx(float(LAW.throughput_at(2)))
    assert step.policy == "one of 2 zones may be lost: 2 instances"


def test_a_shared_limit_cuts_what_instances_carry() -> None:
    """A quota of 800 req/s takes what four instances with one lost carry beyond it, before retries."""
    cut = example(shared=Shared((SharedLimit("mail provider", 800.0, None, "as given"),)))
    by_name = {step.name: step for step in cut.steps}
    assert by_name["shared limits"].load == 800.0
    assert by_name["retry budget"].load == pytest.approx(800 / 1.1)
    assert by_name["shared limits"].on
    assert not {step.name: step for step in example().steps}["shared limits"].on


def test_dispersed_arrivals_leave_less() -> None:
    """Largest mean under 300 in 99.9% of seconds: 251.0 for Poisson, 220.5 with dispersion 3 (section 3)."""
    assert largest_mean(np.array(300.0), Policy()) == pytest.approx(251.0, abs=0.05)
    assert largest_mean(np.array(300.0), Policy(dispersion=3.0)) == pytest.approx(220.5, abs=0.05)


def test_target_utilization_of_a_ramp() -> None:
    """S5: a ramp of 1 req/s per s and a lag of 90 s leave 0.7 of an instance of 300 req/s."""
    policy = Policy(spare_instances=0, retry_budget=0.0, ramp_per_second=1.0)
    result = example(instances=1, policy=policy, off=["burst"])
    assert result.safe_load / result.nominal == pytest.approx(0.7)


def test_spare_instance_per_replica() -> None:
    """S3, S4: four instances of 300 keep 225 each with one lost; 250 each need six."""
    policy = Policy(retry_budget=0.0)
    per_replica = [
        example(instances=n, scaling=Linear(300.0), policy=policy, off=["burst"]).safe_load / n
        for n in (4, 5, 6)
    ]
    assert per_replica[0] == pytest.approx(225)
    assert per_replica[1] < 250 <= per_replica[2]


def test_policies_are_told_with_the_digits_stated() -> None:
    """A budget of one in eight and a quantile of four nines stay what they are."""
    frame = example(policy=Policy(retry_budget=0.125, burst_quantile=0.9999)).to_frame()
    told = " ".join(frame.astype(str).to_numpy().ravel())
    assert "up to 12.5% of requests" in told
    assert "in 99.99% of cases" in told


def test_retry_budget_divides() -> None:
    """R5: 300 req/s with a 10% budget are 272.7."""
    policy = Policy(spare_instances=0)
    assert example(instances=1, policy=policy, off=["burst"]).safe_load == pytest.approx(272.7, abs=0.05)


def test_one_instance_with_one_spare_has_nothing_safe() -> None:
    """A fleet that cannot lose its spare instance is told to be safe for nothing, not refused."""
    assert example(instances=1).safe_load == 0.0


def test_an_open_estimate_counts_with_its_bound() -> None:
    """Of "at least 300" 300 is used."""
    bound = Estimate.at_least(300.0, unit="req/s", method="", provenance="measured")
    assert example(instance_capacity=bound).safe_load == example().safe_load


def test_arrays_agree_with_the_waterfall() -> None:
    """The planner's arrays and the figure share one rule."""
    safe = safe_loads(np.array([300.0]), relative_capacity([LAW], 6), POLICY)
    assert safe[0, 4] == pytest.approx(example().safe_load)
    assert safe[0, 0] == safe[0, 1] == 0.0


def test_text_is_computed() -> None:
    """The sentence carries the first and the last number and each reduction."""
    text = example().text
    assert "Of 1,200 req/s nominal 604 req/s (50.3%) are safe on 4 instances" in text
    assert "retry budget 77" in text


def test_frame_starts_with_nominal() -> None:
    """Six rows, from nominal to burst."""
    frame = example().to_frame()
    assert list(frame["step"]) == ["nominal", *STEPS]
    assert "<table" in example()._repr_html_()


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"risk": 0.0}, "risk = 0"),
        ({"spare_instances": -1}, "spare_instances = -1"),
        ({"retry_budget": -0.1}, "retry_budget"),
        ({"burst_quantile": 1.0}, "burst_quantile"),
        ({"ramp_per_second": -1.0}, "ramp_per_second"),
    ],
)
def test_impossible_policies_are_refused(policy: dict[str, float], message: str) -> None:
    """Each names the value and the range."""
    with pytest.raises(DomainError, match=f"policy {message}"):
        Policy(**policy)  # type: ignore[arg-type]


def test_unknown_steps_are_refused() -> None:
    """A switch that does not exist is not ignored."""
    with pytest.raises(DomainError, match="no step 'bursts' in the waterfall; steps: contention"):
        example(off=["bursts"])


def test_bursts_are_not_counted_twice():
    """A capacity for irregular arrivals has nothing more taken off for bursts, and the table says why."""
    policy = Policy(dispersion=0.0, spare_instances=0, retry_budget=0.0)
    found = waterfall(300.0, 4, Usl(300.0, 0.0, 0.0), policy)
    assert found.safe_load == pytest.approx(1200)
    assert not found.steps[-1].on
    assert "irregular arrivals already" in found.steps[-1].policy


def test_what_is_shared_may_meet_calmer_arrivals() -> None:
    """A limit before a cache is met by arrivals as they come, whatever the irregularity behind it."""
    shared, rough = Shared.of([Limit(name="quota", rate=700.0)]), Policy(dispersion=20.0)
    alike = waterfall(300.0, 20, Linear(1.0), rough, shared=shared).safe_load
    calm = waterfall(300.0, 20, Linear(1.0), replace(rough, shared_dispersion=1.0), shared=shared).safe_load
    same = waterfall(300.0, 20, Linear(1.0), replace(rough, shared_dispersion=20.0), shared=shared).safe_load
    limit = waterfall(300.0, 20, Linear(1.0), Policy(), shared=shared).safe_load
    assert alike == pytest.approx(same)
    assert alike < calm == pytest.approx(limit)
