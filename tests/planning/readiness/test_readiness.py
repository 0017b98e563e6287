"""The verdict that the gates lead to, by tier."""

from collections.abc import Callable
from types import SimpleNamespace as Make
from typing import Any

import pytest

from capacity.planning.readiness.attestations import USUAL
from capacity.planning.readiness.readiness import Verdict, assess

Changes = Callable[[Make], dict[str, Any]]
ORDER = ("READY", "READY UP TO", "NOT READY")


def judged(make: Make, **changes: Any) -> Verdict:
    """A service that is ready, unless changed."""
    return assess(make.known(**changes))


def beyond(make: Make, peak: float) -> dict[str, Any]:
    """A peak, with the fleet of two that faces it."""
    demand = make.peaks(peak)
    return {"demand": demand, "fleet": make.fleet(make.rate(200.0, 5.0), demand, 2)}


def test_ready(make: Make) -> None:
    """All gates pass, and the load is the peak it was judged for."""
    verdict = judged(make)
    assert verdict.ready
    assert verdict.load == make.peaks(300.0).peak
    passed = "evidence, capacity, demand, fleet, overload, recovery, metastable margin"
    assert verdict.text.startswith(
        f"READY. Passed: {passed}. Not asked, because the plan says nothing about it"
    )


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        (lambda make: {"resilience": make.resilience(goodput="fail")}, {"overload"}),
        (lambda make: {"resilience": make.resilience(recovery="fail")}, {"overload", "recovery"}),
        (lambda make: beyond(make, 390.0), {"demand", "fleet"}),
        (lambda make: {"today": make.evaluation(capacity=400.0, metastable_safe_load=100.0)}, {"metastable margin"}),
        (lambda make: {"today": make.evaluation(deploying_capacity=200.0)}, {"capacity while deploying"}),
        (lambda make: {"today": make.evaluation(capacity=400.0, cold_capacity=100.0, metastable_safe_load=400.0)},
         {"capacity with cold caches"}),
        (lambda make: {"availability": 0.999, "today": make.evaluation(downtime={"deployments": 800.0})},
         {"availability"}),
        (lambda make: {"attestations": [make.attestation("TLS", passed=False)]}, {"TLS (stated)"}),
    ],
)  # fmt: skip
def test_one_failing_gate_is_enough(make: Make, change: Changes, gate: set[str]) -> None:
    """Gates are never averaged; what fails says what to do."""
    verdict = judged(make, **change(make))
    assert verdict.status == "NOT READY"
    failed = [found for found in verdict.failed if found.status == "fail"]
    assert {found.name for found in failed} == gate
    assert all(found.remedy and found.lever for found in failed)
    assert all(f"The gate {found.name} fails" in verdict.text for found in failed)


@pytest.mark.parametrize(
    "change",
    [
        lambda make: {"findings": make.voided()},
        lambda make: {"capacity": make.capacity(None, status="not established")},
        lambda make: {"capacity": make.capacity(make.rate(200.0), status="not established")},
        lambda make: {"capacity": make.capacity(make.rate(200.0), status="at most")},
        lambda make: {"capacity": make.capacity(make.rate(0.0)), "fleet": None},
    ],
)
def test_without_evidence_nothing_is_said(make: Make, change: Changes) -> None:
    """Void evidence, or capacity not bounded from below, gives no load."""
    verdict = judged(make, **change(make))
    assert verdict.status == "INSUFFICIENT EVIDENCE"
    assert verdict.load is None


def test_void_evidence_leaves_every_gate_on_it_unknown(make: Make) -> None:
    """Nothing is judged by a capacity that is not proven, neither for the better nor for the worse."""
    verdict = judged(make, findings=make.voided(), **beyond(make, 390.0))
    unknown = {gate.name for gate in verdict.gates if gate.status == "unknown"}
    assert unknown == {"capacity", "demand", "fleet", "metastable margin"}
    assert "It ran out of ports. Widen the range." in verdict.text


def test_only_a_bound_is_ready_up_to_it(make: Make) -> None:
    """Demand above a bound from below is not known to fail."""
    bound, demand = make.at_least(180.0), make.peaks(300.0)
    fleet = make.fleet(bound, demand, 1)
    verdict = judged(
        make, capacity=make.capacity(bound, bound, "at least"), fleet=fleet, demand=demand, fleet_factor=1.0
    )
    assert verdict.headline == f"READY UP TO {fleet.safe_load_running.low:.0f} req/s"
    assert {gate.name for gate in verdict.failed} == {"demand", "fleet", "metastable margin"}
    assert all("test beyond the highest load" in gate.remedy for gate in verdict.failed)


def test_a_bound_that_leaves_nothing_safe_fails(make: Make) -> None:
    """One instance that may be lost carries nothing, however much it carries: testing further would not help."""
    from capacity.planning.fleet.headroom import Policy

    bound, demand = make.at_least(180.0), make.peaks(20.0)
    fleet = make.fleet(bound, demand, 1, Policy(spare_instances=1, dispersion=0.0))
    verdict = judged(
        make, capacity=make.capacity(bound, bound, "at least"), fleet=fleet, demand=demand, fleet_factor=1.0
    )
    assert verdict.status == "NOT READY"
    assert {gate.name for gate in verdict.failed} == {"demand", "fleet"}


def test_an_objective_missed_below_saturation_fails(make: Make) -> None:
    """Where the limit of the objectives was found, a peak above it fails, though nothing saturated."""
    found = make.capacity(make.rate(200.0, 5.0), make.at_least(300.0), "at least")
    assert judged(make, capacity=found, **beyond(make, 390.0)).status == "NOT READY"


def test_a_bound_above_demand_is_ready(make: Make) -> None:
    """More is not needed."""
    bound, demand = make.at_least(180.0), make.peaks(100.0)
    known = make.capacity(bound, bound, "at least")
    fleet = make.fleet(bound, demand, 1)
    assert judged(make, capacity=known, demand=demand, fleet=fleet, fleet_factor=1.0).ready


def test_without_demand_up_to_capacity(make: Make) -> None:
    """Nothing to hold it against: ready up to the low end of what is known."""
    verdict = judged(make, demand=None, fleet=None)
    assert verdict.headline == "READY UP TO 195 req/s, as tested"
    assert "Not known: demand (no demand is known)." in verdict.text


def test_the_load_of_a_demand_without_a_fleet_is_what_was_tested(make: Make) -> None:
    """Without a fleet plan the peak is held against the deployment tested."""
    assert judged(make, fleet=None, demand=make.peaks(150.0)).ready
    assert judged(make, fleet=None, demand=make.peaks(250.0)).status == "NOT READY"


def test_risk_decides(make: Make) -> None:
    """Three in a hundred worlds above what is safe pass at a risk of 5%, ten do not."""
    for bad, status in ((3, "READY"), (10, "NOT READY")):
        demand = make.peaks(*[900.0] * bad, *[300.0] * (100 - bad))
        fleet = make.fleet(make.rate(200.0, 5.0), demand, 2)
        assert judged(make, demand=demand, fleet=fleet).status == status


def test_what_is_not_known_beyond_capacity_withholds_ready(make: Make) -> None:
    """Without a test beyond capacity the service is ready up to it; two gates with one remedy are told together."""
    unknown = dict.fromkeys(("goodput", "refusals", "accepted_requests", "recovery", "hysteresis"), "unknown")
    verdict = judged(make, resilience=make.resilience(**unknown))
    assert verdict.status == "READY UP TO"
    assert verdict.text.count("Offer 1.5 times the capacity") == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda make: {},
        lambda make: {"resilience": make.resilience(goodput="fail", recovery="unknown")},
        lambda make: {"attestations": [make.attestation("TLS")]},
        lambda make: {"attestations": [make.attestation("secrets", passed=False)]},
        lambda make: {"availability": 0.999},
        lambda make: {"availability": 0.999, "today": make.evaluation(downtime={"incidents": 100.0})},
        lambda make: {"today": make.evaluation(deploying_capacity=100.0)},
    ],
)
def test_a_more_critical_service_is_never_judged_milder(make: Make, change: Changes) -> None:
    """From tier 3 to tier 1 the verdict stays or gets worse."""
    verdicts = [judged(make, tier=tier, **change(make)).status for tier in (3, 2, 1)]
    assert sorted(verdicts, key=ORDER.index) == verdicts


def test_tier_three_takes_overload_as_advice(make: Make) -> None:
    """The least critical tier may fail under overload, is told so, and is ready."""
    verdict = judged(make, tier=3, resilience=make.resilience(goodput="fail"))
    assert verdict.ready
    assert "The gate overload fails, which this tier takes as advice" in verdict.text
    assert "fail, advice" in set(verdict.to_frame()["status"])


def test_tier_one_asks_for_everything(make: Make) -> None:
    """Nothing is left unasked; what nobody speaks of is unknown and withholds READY."""
    verdict = judged(make, tier=1)
    assert verdict.status == "READY UP TO"
    assert verdict.not_asked == ()
    unknown = {gate.name for gate in verdict.failed}
    assert unknown == {"availability", "capacity while deploying", "capacity with cold caches", *USUAL}


def test_tier_one_is_ready_when_everything_is_told(make: Make) -> None:
    """Tier 1 can be met."""
    today = make.evaluation(
        capacity=400.0,
        metastable_safe_load=363.0,
        cold_capacity=350.0,
        deploying_capacity=350.0,
        downtime={"deployments": 60.0, "incidents": 200.0, "overload": 5.0},
    )
    stated = [make.attestation(gate) for gate in USUAL]
    assert judged(make, tier=1, today=today, availability=0.999, attestations=stated).ready


def test_a_plan_that_states_nothing_more_is_not_asked(make: Make) -> None:
    """At tier 2 what the plan is silent about is named in one sentence and changes nothing."""
    verdict = judged(make)
    assert verdict.ready
    silent = ("availability", "capacity while deploying", "capacity with cold caches", *USUAL)
    assert verdict.not_asked == silent


def test_a_verdict_shows_itself(make: Make) -> None:
    """One row a gate, of all or of those named."""
    verdict = judged(make)
    assert set(verdict.to_frame()["status"]) == {"pass"}
    assert list(verdict.to_frame("recovery", "overload")["gate"]) == ["overload", "recovery"]
    assert list(verdict.to_frame("no such").columns) == list(verdict.to_frame().columns)
    assert "<table" in verdict._repr_html_()
    assert str(verdict) == "READY"
