"""Calibration: servers, service time and delay from the plateaus, or a refusal."""

import numpy as np
import pytest

from capacity.errors import NotIdentified, Unstable
from capacity.evidence.calibration import calibrate
from capacity.evidence.limits import find_limits
from capacity.evidence.steps import find_steps

LOADS = (0.25, 0.5, 0.75, 0.9, 1.3)


def service_of(run):
    """Calibrate from a run alone."""
    steps = find_steps(run)
    return calibrate(steps, find_limits([run], steps))


@pytest.fixture(scope="module")
def calibrated(station):
    """A run with Poisson arrivals, calibrated."""
    service = station.Station(servers=12, service_time=0.04, delay=0.05)
    return service_of(station.run(service, [(60, f * 300) for f in LOADS], seed=3, poisson=True))


@pytest.mark.parametrize(
    ("servers", "service_time", "delay"), [(4, 0.02, 0.0), (12, 0.04, 0.05), (32, 0.1, 0.02)]
)
def test_recovers_an_mmc_station(station, servers, service_time, delay):
    """Poisson arrivals at exponential servers: c within a tenth, S and the delay within a few percent."""
    truth = station.Station(servers, service_time, queue=300, delay=delay)
    found = service_of(station.run(truth, [(60, f * truth.capacity) for f in LOADS], seed=1, poisson=True))
    assert found.servers.value == pytest.approx(servers, rel=0.1)
    assert found.service_time.value == pytest.approx(service_time, rel=0.1)
    assert found.delay == pytest.approx(delay, abs=0.1 * service_time)
    assert found.servers.low <= servers <= found.servers.high


def test_predicts_what_it_was_fitted_to(calibrated):
    """Mean response times of all steps are predicted within a tenth."""
    assert calibrated.worst_error < 0.1
    assert len(calibrated.to_frame()) == 4
    assert "in parallel" in calibrated.text


def test_predicts_between_the_steps(calibrated):
    """Response times at a load that was not tested follow from the model: delay plus M/M/c."""
    assert calibrated.response_time_at(150) == pytest.approx(0.09, rel=0.05)
    assert calibrated.response_time_quantile_at(150, 0.95) == pytest.approx(0.05 + 0.12, rel=0.1)
    assert calibrated.response_time_at(280) > calibrated.response_time_at(150)


def test_refuses_rates_beyond_saturation(calibrated):
    """At the saturation throughput and beyond there is no response time."""
    with pytest.raises(Unstable):
        calibrated.response_time_at(320)


def test_refuses_without_saturation(station):
    """A run that never saturated fixes no throughput to scale by."""
    with pytest.raises(NotIdentified, match="saturation throughput is at least"):
        service_of(station.run(station.Station(), [(30, 60), (30, 120), (30, 180)]))


@pytest.mark.parametrize("loads", [(0.5, 1.4), (0.1, 0.2, 0.3, 1.4)])
def test_refuses_with_too_few_or_too_low_loads(station, loads):
    """Two loads, or none near the limit, do not show waiting grow; the message says which would."""
    with pytest.raises(NotIdentified, match="hold at least 3, up to 80-90%"):
        service_of(station.run(station.Station(), [(40, f * 300) for f in loads]))


def test_checks_hold_percentiles_and_errors(calibrated):
    """Per step measured and predicted figures stand side by side."""
    checks = calibrated.checks
    assert {"mean", "predicted_mean", "p95", "predicted_p95", "p95_error"} <= set(checks.columns)
    assert np.isfinite(checks["p95_error"]).all()
