"""Gates and verdicts."""

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.planning.readiness import Verdict, assess

CAPACITY = Estimate(500.0, 480.0, 520.0, "req/s", "steps", "measured")
PEAK = Estimate(300.0, 280.0, 330.0, "req/s", "forecast", "measured")
BOUND = Estimate.at_least(180.0, unit="req/s", method="", provenance="measured")


def judged(**changes: object) -> Verdict:
    """A service that is ready, unless changed."""
    arguments = {
        "capacity_status": "established",
        "capacity_why": "two steps saturated",
        "slo_capacity": CAPACITY,
        "peak_demand": PEAK,
        "graceful": True,
        "recommended": 2,
        "running": 2,
    } | changes
    return assess(**arguments)  # type: ignore[arg-type]


def test_ready() -> None:
    """All gates pass."""
    verdict = judged()
    assert verdict.ready
    assert verdict.load == PEAK
    assert verdict.text == "READY. Passed: evidence, capacity, demand, fleet, overload."


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"graceful": False, "graceful_text": "goodput fell to 10%"}, "overload"),
        ({"peak_demand": Estimate(600.0, 550.0, 650.0, "req/s", "forecast", "measured")}, "demand"),
        ({"recommended": 3}, "fleet"),
        ({"recommended": None}, "fleet"),
        ({"peaks": np.array([600.0] * 10 + [100.0] * 90)}, "demand"),
    ],
)
def test_one_failing_gate_is_enough(change: dict[str, object], gate: str) -> None:
    """Gates are never averaged."""
    verdict = judged(**change)
    assert verdict.status == "NOT READY"
    assert [failed.name for failed in verdict.failed] == [gate]
    assert verdict.failed[0].remedy
    assert f"The gate {gate} fails" in verdict.text


@pytest.mark.parametrize(
    "change",
    [
        {"voiding": ["the generator ran out of ports"]},
        {"capacity_status": "not established", "slo_capacity": None},
        {"capacity_status": "not established"},
        {
            "capacity_status": "at most",
            "slo_capacity": Estimate.at_most(90, unit="req/s", method="", provenance="measured"),
        },
        {"slo_capacity": None},
    ],
)
def test_without_evidence_nothing_is_said(change: dict[str, object]) -> None:
    """Void evidence, or capacity not bounded from below, gives no load."""
    verdict = judged(**change)
    assert verdict.status == "INSUFFICIENT EVIDENCE"
    assert verdict.load is None


def test_only_a_bound_is_ready_up_to_it() -> None:
    """Demand above a bound from below is not known to fail."""
    verdict = judged(capacity_status="at least", slo_capacity=BOUND, recommended=4)
    assert verdict.headline == "READY UP TO 180 req/s"
    assert {gate.name for gate in verdict.failed} == {"demand", "fleet"}
    assert "test beyond the highest load" in verdict.failed[0].remedy


def test_a_bound_above_demand_is_ready() -> None:
    """More is not needed."""
    low = Estimate(100.0, 90.0, 110.0, "req/s", "forecast", "measured")
    assert judged(capacity_status="at least", slo_capacity=BOUND, peak_demand=low).ready


def test_without_demand_up_to_capacity() -> None:
    """Nothing to hold it against: ready up to the low end of what is known."""
    verdict = judged(peak_demand=None)
    assert verdict.headline == "READY UP TO 480 req/s"
    assert "no demand is known" in verdict.text


def test_untested_overload_limits_readiness() -> None:
    """Without a test beyond capacity the service is ready up to it."""
    assert judged(graceful=None).status == "READY UP TO"


def test_the_fleet_counts_when_given() -> None:
    """What today's fleet may be given replaces what was tested."""
    safe = Estimate(250.0, 240.0, 260.0, "req/s", "fleet", "measured")
    assert judged(safe_load=safe).status == "NOT READY"


def test_risk_decides() -> None:
    """Ten percent of worlds above capacity pass at a risk of 10%, not at 5%."""
    peaks = np.array([600.0] * 10 + [100.0] * 90)
    assert judged(peaks=peaks, risk=0.10).ready
    with pytest.raises(DomainError, match="risk 0; allowed"):
        judged(risk=0.0)


def test_a_verdict_shows_itself() -> None:
    """One row a gate."""
    verdict = judged(graceful=None)
    assert list(verdict.to_frame()["status"]) == ["pass", "pass", "pass", "pass", "unknown"]
    assert "<table>" in verdict._repr_html_()
    assert str(verdict) == "READY UP TO 480 req/s"


def test_a_fleet_with_nothing_safe_fails() -> None:
    """One instance that may be lost carries nothing safely: known, and not enough."""
    nothing = Estimate.exactly(0.0, unit="req/s", method="fleet", provenance="measured")
    verdict = judged(safe_load=nothing)
    assert [gate.name for gate in verdict.failed] == ["demand"]
    assert verdict.status == "NOT READY"
