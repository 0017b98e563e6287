"""What the tests support saying about capacity: established, at least, at most, or nothing."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from capacity.evidence import exports
from capacity.evidence.limits import Slo, _status, find_limits
from capacity.evidence.operating import Point
from capacity.evidence.steps import find_steps

DESIGNS = {
    "steps of 30 s": [(30, 120), (30, 210), (30, 270), (30, 360), (30, 450)],
    "steps of 15 s": [(15, r) for r in range(200, 501, 50)],
    "ramp": [(150, 30, 600)],
    "up and down": [(40, 150), (40, 450), (40, 150)],
}


def limits(*tests, **slo):
    """Capacity from runs alone."""
    return find_limits(tests, [s for t in tests for s in find_steps(t)], Slo(**slo) if slo else None)


@pytest.mark.parametrize("design", DESIGNS)
def test_saturated_runs_give_the_capacity(station, design):
    """Over service laws and arrivals: established, right within 3%, and nine in ten intervals hold the truth."""
    errors, inside = [], []
    for seed, law in enumerate(["deterministic", "exponential", "hyperexponential"] * 2):
        run = station.run(station.Station(law=law), DESIGNS[design], seed=seed, poisson=seed > 2)
        found = limits(run)
        assert found.status == "established"
        errors.append(found.saturation_throughput.value / 300 - 1)
        inside.append(found.saturation_throughput.low <= 300 <= found.saturation_throughput.high)
    assert np.abs(errors).max() < 0.03
    assert np.mean(inside) >= 4 / 6


@pytest.mark.parametrize(
    "phases", [[(60, 210)], [(40, 60), (40, 150), (40, 240)], [(120, 30, 250)], [(60, 285)]], ids=str
)
@pytest.mark.parametrize("poisson", [True, False])
def test_unsaturated_runs_give_a_lower_bound(station, phases, poisson):
    """Below capacity nothing but "at least" follows, near the highest load served and never above the truth."""
    found = limits(station.run(station.Station(), phases, poisson=poisson))
    assert found.status == "at least"
    assert found.saturation_throughput.value is None
    highest = max(rate for _, *rates in phases for rate in rates)
    assert 0.8 * highest < found.saturation_throughput.low < 303


@pytest.mark.parametrize("separates", [True, False])
@pytest.mark.parametrize("queue", [50, 600, 10**6])
def test_a_constant_overload_gives_an_upper_bound(station, queue, separates):
    """One load, too high: "at most" that load, whether it was refused, queued or timed out."""
    found = limits(station.run(station.Station(queue=queue), [(60, 420)], separates=separates))
    assert found.status == "at most"
    assert found.saturation_throughput.high == pytest.approx(420, rel=0.01)


def test_clients_that_give_up_do_not_lower_the_capacity(station):
    """When everything times out in the end, the capacity is what was answered before."""
    found = limits(station.run(station.Station(queue=10**6), [(200, 30, 500)]))
    assert found.saturation_throughput.value == pytest.approx(300, rel=0.03)


def test_throughput_that_falls_past_a_peak(station):
    """Where overload costs throughput, the capacity is the peak and its interval reaches to the first load too much."""
    contended = station.Station(contention=0.002)
    found = limits(station.run(contended, [(40, r) for r in (90, 180, 240, 330, 450)]))
    assert found.status == "established"
    assert found.saturation_throughput.value == pytest.approx(
        300, rel=0.1
    )  # 12 workers of 40 ms, nobody waiting
    assert 230 < found.saturation_throughput.low < 250
    assert found.saturation_throughput.high == pytest.approx(330, rel=0.02)
    assert "throughput falls beyond" in found.saturation_throughput.method


def test_two_runs_together_bracket_the_capacity(station):
    """One run below capacity and one above establish what neither does alone."""
    low = station.run(station.Station(), [(60, 150)], name="baseline")
    high = station.run(station.Station(), [(60, 420)], name="stress", seed=2)
    assert (limits(low).status, limits(high).status) == ("at least", "at most")
    assert limits(low, high).status == "established"
    assert limits(low, high).saturation_throughput.value == pytest.approx(300, rel=0.03)


def test_nothing_is_established_without_a_good_answer(station):
    """When every answer is an error no capacity follows, not even a bound."""
    run = station.run(station.Station(), [(40, 60), (40, 120)], refused=lambda a, rng: np.full(len(a), 500))
    found = limits(run, quantiles={0.95: 0.25})
    assert (found.status, found.saturation_throughput, found.slo) == ("not established", None, {})
    assert found.why == "No request was answered successfully."


def test_nothing_is_established_without_http(station):
    """A run over websockets has no request rate to speak of."""
    run = station.run(station.Station(), [(40, 60)])
    periods = run.periods.assign(requests=np.nan, responses=np.nan)
    silent = replace(run, periods=periods, codes=pd.DataFrame(index=periods.index), totals={})
    assert limits(silent).why == "No HTTP requests were measured, so there is no request rate to speak of."


def test_two_requests_establish_nothing(station):
    """Two requests are no load."""
    found = limits(station.run(station.Station(), [(1, 2)]))
    assert found.status == "not established"
    assert "at least 30 requests" in found.why


def test_no_tests_at_all():
    """Without any test there is an answer, not a crash."""
    assert find_limits([], []).status == "not established"


def test_a_generator_that_ran_out_is_no_capacity(station):
    """Requests that never left the generator are not refused by the service."""
    run = station.run(station.Station(), [(40, 60), (40, 120), (40, 240)], offset=0.0)
    lost = np.where(run.periods["start"] >= 80, 0.5 * run.periods["requests"], 0).astype(int)
    broken = replace(run, errors=run.errors.assign(EADDRNOTAVAIL=lost))
    found = limits(broken)
    assert found.status == "at least"
    assert found.saturation_throughput.low == pytest.approx(120, rel=0.02)


def test_a_ramp_is_told_as_one():
    """Its answers are those over all of it, so they do not stand beside the load where it became too much."""
    step = SimpleNamespace(test="run", kind="plateau", goodput=290.0, offered=350.0)
    held = Point(step, "saturated", 350.0)
    ramp = Point(SimpleNamespace(**{**vars(step), "kind": "ramp", "offered": 316.0}), "saturated", 350.0)
    served = Point(SimpleNamespace(**{**vars(step), "test": "served"}), "healthy", 250.0)
    assert "(run, on a ramp: on average 290 of 316 req/s answered" in _status([served], [ramp])[1]
    assert "(run, 290 of 350 req/s answered" in _status([served], [ramp, held])[1]


def test_text_and_table(station):
    """The answer reads as sentences, and as a table of one row a quantity."""
    found = limits(station.run(station.Station(), DESIGNS["steps of 30 s"]), quantiles={0.95: 0.25})
    assert found.text.startswith("Saturation throughput: established. All load up to 2")
    assert list(found.to_frame()["quantity"])[:2] == ["saturation throughput", "highest goodput"]
    assert found.safe == found.slo["all"]
    assert set(found.judged["state"]) == {"healthy", "saturated"}


@pytest.mark.parametrize(("name", "truth"), [("stress", 298.0), ("spike", 297.4)])
def test_recorded_runs_beyond_capacity(shared, name, truth):
    """Real Artillery against a station of known capacity: established, within 3% and inside the interval."""
    found = limits(exports.read(shared / "recorded" / f"{name}.json"))
    assert found.status == "established"
    assert found.saturation_throughput.value == pytest.approx(truth, rel=0.03)
    assert found.saturation_throughput.low <= truth <= found.saturation_throughput.high


@pytest.mark.parametrize(("name", "rate"), [("basic", 100), ("workers", 41)])
def test_recorded_runs_below_capacity(shared, name, rate):
    """Real Artillery that never saturated the station proves its highest load only."""
    found = limits(exports.read(shared / "recorded" / f"{name}.json"))
    assert found.status == "at least"
    assert found.saturation_throughput.low == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("name", ["allfail", "v1_allfail", "ws", "socketio", "tiny"])
def test_recorded_runs_that_prove_nothing(shared, name):
    """Nobody listening, no HTTP, two requests: not established."""
    assert limits(exports.read(shared / "recorded" / f"{name}.json")).status == "not established"


def test_field_run_whose_generator_ran_out(shared):
    """The published 300 req/s come from periods after the generator ran out of ports; what is proved is less."""
    run = exports.read(shared / "field-exports" / "stress.json")
    found = limits(run, quantiles={0.95: 0.5})
    first = run.generator_errors.to_numpy().nonzero()[0][0]
    assert found.status == "at least"
    assert max(row for point in found.points for row in point.step.rows) < first
    assert found.saturation_throughput.low < 150


def test_every_field_export_gets_an_answer(shared):
    """All public exports are read and judged without an exception; an open bound is never a value."""
    folder = shared / "field" / "artillery"
    for path in sorted(folder.iterdir()):
        found = limits(exports.read(path), quantiles={0.95: 0.25})
        value = found.saturation_throughput and found.saturation_throughput.value
        assert (value is not None) == (found.status == "established"), path.name


def test_model_free_capacity_lies_between_the_loads_around_it(station):
    """A curve through held loads finds where the P95 passes its limit, inside what was measured, with an interval."""
    run = station.run(station.Station(), [(60, r) for r in (150, 240, 270, 291, 330)], poisson=True, seed=3)
    found = limits(run, quantiles={0.95: 0.16})
    free = found.model_free["p95"]
    assert 240 < free.value < 291
    assert 150 <= free.low <= free.value <= free.high <= 331
    assert found.slo["p95"].value in (None, free.value)


def test_model_free_capacity_beyond_what_was_held_is_a_bound(station):
    """A limit that no held load reaches gives no value, only the highest of them."""
    free = limits(station.run(station.Station(), [(60, 100), (60, 150)]), quantiles={0.95: 2.0}).model_free[
        "p95"
    ]
    assert (free.value, free.high) == (None, np.inf)
    assert free.low == pytest.approx(150, rel=0.02)


def test_a_ramp_has_no_model_free_capacity(station):
    """Where no load was held there is no curve to draw."""
    assert limits(station.run(station.Station(), [(120, 10, 150)]), quantiles={0.95: 0.2}).model_free == {}


def test_model_free_capacity_is_repeatable(station):
    """Resampling is seeded: the same run gives the same interval."""
    run = station.run(station.Station(), [(60, 150), (60, 270)], poisson=True)
    one, other = (limits(run, quantiles={0.95: 0.12}).model_free for _ in range(2))
    assert one == other
