"""The model places an SLO capacity inside what was measured, and says what is left of it in production."""

from dataclasses import dataclass, replace

import pytest

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.refined import refine
from capacity.evidence.steps import find_steps


def estimate(value, low, high, unit="req/s"):
    """Return a measured estimate."""
    return Estimate(value, low, high, unit=unit, method="test", provenance="measured")


@dataclass
class Model:
    """A calibrated service that answers what it is told to."""

    capacity: Estimate
    accepted: bool = True
    infeasible: bool = False

    def slo_capacity(self, quantiles):
        """Answer, or refuse."""
        if self.infeasible:
            raise DomainError("P95 within 1 ms cannot be kept at any load")
        return {f"p{100 * q:g}": self.capacity for q in quantiles}

    def production_share(self, q, limit, dispersion):
        """Nine tenths."""
        return estimate(0.9, 0.85, 0.95, "")


@pytest.fixture(scope="module")
def bracketed(station):
    """A P95 objective kept at 240 and missed at 300 req/s."""
    run = station.run(station.Station(), [(60, f * 300) for f in (0.4, 0.8, 1.0, 1.3)], offset=0.0)
    slo = Slo({0.95: 0.16})
    capacity = find_limits([run], find_steps(run), slo)
    bracket = replace(capacity.slo["p95"], value=None, low=240.0, high=300.0)
    return replace(capacity, slo=capacity.slo | {"p95": bracket}), slo


def test_the_model_narrows_the_bracket(bracketed):
    """The value is the model's, the interval what both allow."""
    found = refine(bracketed[0], Model(estimate(270, 255, 310)), bracketed[1]).slo["p95"]
    assert (found.value, found.low, found.high) == (270, 255, 300)


def test_the_measurement_comes_first(bracketed):
    """Where the model contradicts what was measured, the bracket stands and the model is named."""
    found = refine(bracketed[0], Model(estimate(200, 190, 210)), bracketed[1]).slo["p95"]
    assert (found.value, found.low, found.high) == (None, 240, 300)
    assert "which this excludes" in found.method


def test_production_has_less(bracketed):
    """Nine tenths of the tested capacity, with the doubts of both."""
    refined = refine(bracketed[0], Model(estimate(270, 255, 310)), bracketed[1])
    found = refined.production["p95"]
    assert found.value == pytest.approx(243)
    assert (found.low, found.high) == (pytest.approx(0.85 * 255), pytest.approx(0.95 * 300))
    assert refined.safe == refined.production["all"]
    assert refined.production["error_rate"] == refined.slo["error_rate"]


def test_an_impossible_objective_is_called_so(bracketed):
    """An objective missed without load has no capacity, and the reason is told."""
    found = refine(bracketed[0], Model(estimate(1, 1, 1), infeasible=True), bracketed[1])
    assert found.slo["p95"].value is None
    assert "cannot be kept at any load" in found.slo["p95"].method


def test_a_model_that_is_off_is_left_aside(bracketed):
    """Nothing changes."""
    capacity, slo = bracketed
    assert refine(capacity, Model(estimate(270, 255, 310), accepted=False), slo) is capacity
