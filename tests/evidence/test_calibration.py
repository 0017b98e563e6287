"""Calibration: workers, service times and delay from the plateaus, predictions of loads left out, or a refusal."""

from dataclasses import replace

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.evidence.calibration import calibrate
from capacity.evidence.limits import find_limits
from capacity.evidence.steps import find_steps

LOADS = (0.2, 0.4, 0.6, 0.8, 0.93, 1.3)


def service_of(run):
    """Calibrate from a run alone."""
    steps = find_steps(run)
    return calibrate([run], steps, find_limits([run], steps))


def recorded(station, truth, *, loads=LOADS, seconds=100, seed=1, poisson=False):
    """Record a run; Poisson arrivals are another tool's."""
    phases = [(seconds, f * truth.capacity) for f in loads]
    run = station.run(truth, phases, seed=seed, poisson=poisson, offset=0.0)
    return replace(run, tool="k6") if poisson else run


def long_run(station, truth, load, *, poisson=False, count=150_000):
    """Response times of a long simulation at a share of the capacity. [s]"""
    rng = np.random.default_rng(99)
    seconds = count / (load * truth.capacity)
    arrivals = station.arrivals_of([(seconds, load * truth.capacity)], rng if poisson else None)
    ends, _ = replace(truth, queue=10**9, timeout=np.inf).serve(arrivals, rng)
    return (ends - arrivals)[count // 10 :]


@pytest.fixture(scope="module")
def truth(station):
    """Twelve exponential workers and a delay."""
    return station.Station(servers=12, service_time=0.04, delay=0.02)


@pytest.fixture(scope="module")
def calibrated(station, truth):
    """A run with evenly spaced arrivals, calibrated."""
    return service_of(recorded(station, truth))


@pytest.mark.parametrize(
    ("servers", "service_time", "delay", "law"),
    [
        (4, 0.02, 0.015, "exponential"),
        (12, 0.04, 0.02, "exponential"),
        (8, 0.03, 0.0, "hyperexponential"),
        (6, 0.03, 0.01, "deterministic"),
    ],
)
def test_predicts_a_load_that_was_not_tested(station, servers, service_time, delay, law):
    """P95 at 85% of the capacity, which no step had, is within 15% of a long simulation, and inside its interval."""
    station_truth = station.Station(servers, service_time, delay=delay, law=law)
    service = service_of(recorded(station, station_truth, seconds=150))
    expected = float(np.quantile(long_run(station, station_truth, 0.85), 0.95))
    found = service.predict(0.85 * station_truth.capacity, 0.95)
    assert found.value == pytest.approx(expected, rel=0.15)
    assert 0.95 * found.low <= expected <= 1.05 * found.high


def test_knows_what_it_does_not_know(calibrated, truth):
    """Evenly spaced tests tell the number of workers only roughly, and the interval says so."""
    assert truth.servers / 2 <= calibrated.servers.value <= 1.5 * truth.servers
    assert calibrated.servers.high > 1.3 * calibrated.servers.low
    assert calibrated.delay.low <= 2 * truth.delay <= 2 * calibrated.delay.high
    assert calibrated.saturation_throughput.value == pytest.approx(300, rel=0.03)


def test_slo_capacity_against_a_long_simulation(station, truth, calibrated):
    """The rate that keeps a P95 of 200 ms is within 5% of a long simulation's."""
    found = calibrated.slo_capacity({0.95: 0.2})["p95"]
    kept, missed = (np.quantile(long_run(station, truth, found.value / 300 * f), 0.95) for f in (0.95, 1.05))
    assert kept <= 0.2 < missed or found.value * 1.05 > 300
    assert found.low < found.value < found.high < 1.05 * 300


def test_production_waits_longer(station, truth, calibrated):
    """Poisson arrivals lower the SLO capacity to that of a long simulation with them; burstier ones lower it more."""
    objective = {0.95: 0.2}
    tested = calibrated.slo_capacity(objective)["p95"].value
    poisson = calibrated.in_production().slo_capacity(objective)["p95"].value
    bursty = calibrated.in_production(dispersion=4.0).slo_capacity(objective)["p95"].value
    assert bursty < poisson < tested
    kept, missed = (
        np.quantile(long_run(station, truth, poisson / 300 * f, poisson=True), 0.95) for f in (0.94, 1.06)
    )
    assert kept < 0.2 < missed


def test_poisson_tests_need_no_correction(station, truth):
    """A test by independent users predicts production as it is."""
    service = service_of(recorded(station, truth, poisson=True, seed=3))
    assert service.predict(240, 0.95) == service.in_production().predict(240, 0.95)


def test_a_shared_processor(station):
    """Service that slows down with every request present is told from waiting in a queue."""
    rng, rates = np.random.default_rng(5), (20, 40, 60, 75, 85, 130)
    times, codes, arrivals = [], [], station.arrivals_of([(100, rate) for rate in rates])
    for k, rate in enumerate(rates):
        inside = arrivals[(arrivals >= 100 * k) & (arrivals < 100 * (k + 1))]
        slow = 0.03 / (1 - min(rate / 100, 0.97))
        times.append(rng.gamma(4.0, slow / 4, len(inside)))
        codes.append(np.where(rng.random(len(inside)) < min(1.0, 100 / rate), 200, 503))
    ends = arrivals + np.concatenate(times)
    run = station.record(arrivals, ends, np.concatenate(codes))
    service = service_of(run)
    assert service.response_time_at(70) == pytest.approx(0.03 / 0.3, rel=0.1)


def test_steps_are_predicted_from_the_others(calibrated):
    """Per step above the calm ones measured and predicted figures stand side by side."""
    checks = calibrated.checks
    assert {"mean", "predicted_mean", "p95", "predicted_p95", "p95_error"} <= set(checks.columns)
    assert np.isfinite(checks["p95_error"]).all()
    assert calibrated.worst_error < 0.15
    assert "in parallel" in calibrated.text
    assert list(calibrated.to_frame()["offered"]) == list(checks["offered"])


def test_response_times_grow(calibrated):
    """More load, longer times; a higher percentile, a longer time."""
    times = [calibrated.response_time_quantile_at(rate, 0.95) for rate in (60, 150, 240, 280, 295)]
    assert times == sorted(times)
    assert calibrated.response_time_quantile_at(240, 0.99) > calibrated.response_time_quantile_at(240, 0.95)


@pytest.mark.parametrize(
    ("rate", "q", "said"),
    [
        (0.0, 0.95, "no steady state at 0 req/s"),
        (320.0, 0.95, "below the saturation throughput, 30"),
        (float("nan"), 0.95, "no steady state at nan"),
        (100.0, 95, "write 95% as 0.95"),
    ],
)
def test_refuses_rates_without_a_steady_state(calibrated, rate, q, said):
    """At the saturation throughput and beyond there is no response time, and no 9500th percentile at all."""
    with pytest.raises(DomainError, match=said):
        calibrated.predict(rate, q)


def test_refuses_an_objective_missed_without_load(calibrated):
    """An objective below the service time alone is said to be infeasible, with the time it would take."""
    with pytest.raises(
        DomainError, match="P95 within 50 ms cannot be kept at any load: without load it is 1"
    ):
        calibrated.slo_capacity({0.95: 0.05})


def test_refuses_without_saturation(station):
    """A run that never saturated fixes no throughput to scale by."""
    with pytest.raises(NotIdentified, match="The tests never saturated the service"):
        service_of(station.run(station.Station(), [(30, 60), (30, 120), (30, 180)]))


@pytest.mark.parametrize(
    ("loads", "held"),
    [
        ((0.5, 1.4), "1 load below saturation was held, the highest at 5.%"),
        ((0.1, 0.2, 0.3, 1.4), "3 loads below saturation were held, the highest at [23].%"),
    ],
)
def test_refuses_with_too_few_or_too_low_loads(station, loads, held):
    """One load, or none near the limit, does not show waiting grow; the message says which would."""
    with pytest.raises(NotIdentified, match=f"{held} of it; hold at least 3, up to 80-90%"):
        service_of(station.run(station.Station(), [(40, f * 300) for f in loads], offset=0.0))
