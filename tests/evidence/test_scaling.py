"""Scaling with concurrency within one deployment, against stations whose capacity is known."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from capacity.errors import NotIdentified
from capacity.evidence.exports import read
from capacity.evidence.exports.artillery import read_script
from capacity.evidence.limits import find_limits
from capacity.evidence.scaling import fit_scaling
from capacity.evidence.steps import find_steps

RATES = (60, 120, 180, 210, 240, 255, 270, 285)


def script(rates):
    """A minute at each rate."""
    phases = [SimpleNamespace(kind="plateau", start=60 * i, duration=60) for i in range(len(rates))]
    return SimpleNamespace(phases=phases)


def points_of(station, rates=RATES, seed=1, **kinds):
    """Judged operating points of a simulated staircase."""
    served = station.Station(**{"service_time": 0.04 * kinds.get("servers", 12) / 12, **kinds})
    test = station.run(served, [(60, rate) for rate in rates], seed=seed, poisson=True)
    return find_limits([test], find_steps(test, script(rates))).points


@pytest.fixture(scope="module")
def single(station):
    """Scaling of an M/M/1 station of 300 req/s, tested to 95%."""
    return fit_scaling(points_of(station, servers=1))


def test_single_server_has_its_capacity_inside(single):
    """An exponential server is Amdahl's law with contention 1/2; the limit is its service rate."""
    assert type(single.fit.law).__name__ == "Amdahl"
    assert single.fit.law.contention == pytest.approx(0.5, abs=0.05)
    assert single.peak_throughput.low < 300 < single.peak_throughput.high
    assert single.peak_throughput.value == pytest.approx(300, rel=0.03)


def test_many_servers_claim_only_what_was_tested(station):
    """Twelve servers bend more sharply than the law can: no peak is read off it, up to 95% of the capacity."""
    found = fit_scaling(points_of(station))
    assert found.peak_throughput.value is None
    assert found.peak_throughput.low < 300
    assert found.peak_concurrency.value is None


def test_low_loads_show_no_peak(station):
    """Below half the capacity nothing but the highest load is claimed."""
    found = fit_scaling(points_of(station, (20, 40, 60, 80, 100, 120, 140)))
    assert found.peak_throughput.value is None
    assert found.peak_throughput.low == pytest.approx(140, rel=0.05)
    assert "not identified" in found.text


@pytest.mark.parametrize("seed", [1, 2])
def test_contended_station_does_not_claim_its_uncontended_capacity(station, seed):
    """Work slows by 0.2% per waiting request, so 300 req/s are never served: the claim stays open to less."""
    found = fit_scaling(points_of(station, seed=seed, contention=0.002))
    assert found.peak_throughput.low < 285
    assert found.saturated
    assert max(found.saturated) < 285


def test_overload_that_carried_more_contradicts_the_peak(single):
    """A goodput above the law's peak makes it at least that, and the text says why."""
    contradicted = type(single)(single.choice, (350.0,), ())
    assert contradicted.peak_throughput.low == 350
    assert "more than the law's peak" in contradicted.text


def test_ramps_alone_are_refused(shared):
    """The recorded stress run is one ramp: no steady step, and the message asks for some."""
    test = read(shared / "recorded" / "stress.json")
    with pytest.raises(NotIdentified, match="no points; test several loads below saturation"):
        fit_scaling(find_limits([test], find_steps(test)).points)


def test_recorded_steps_claim_no_more_than_was_served(storefront):
    """Our own staircase: at most the capacity its saturated steps show (294 req/s), from the steady ones."""
    test, phases = read(storefront / "steps-1.json"), read_script(storefront / "steps-1.yml")
    found = fit_scaling(find_limits([test], find_steps(test, phases)).points)
    assert found.peak_throughput.low <= 296
    assert found.saturated == pytest.approx((294, 294), abs=1.0)
    assert list(found.to_frame())[:3] == ["concurrency", "throughput", "response_time"]


@pytest.mark.parametrize("name", ["contended", "unsaturated"])
def test_recorded_station_shows_no_peak_below_its_own(name):
    """The contended station peaks at 222.6 req/s, beyond its steady steps; the other was never saturated."""
    folder = Path(__file__).parents[2] / "data" / "stations"
    test, phases = read(folder / f"{name}.json"), read_script(folder / f"{name}.yml")
    peak = fit_scaling(find_limits([test], find_steps(test, phases)).points).peak_throughput
    assert peak.low <= {"contended": 222.6, "unsaturated": 250.0}[name] <= peak.high
    assert peak.value is None
