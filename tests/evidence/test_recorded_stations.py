"""Real Artillery runs against stations of known capacity: what is concluded from them is true."""

import json

import pytest

from capacity.errors import NotIdentified
from capacity.evidence import exports
from capacity.evidence.calibration import calibrate
from capacity.evidence.exports import artillery
from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.refined import refine
from capacity.evidence.steps import find_steps

SATURATED = ("deterministic", "hyperexponential", "delayed", "contended", "time-outs")


@pytest.fixture(scope="module")
def read(repository):
    """Read a run, its steps (by its script or without) and its truth."""

    def reader(name, *, scripted=True):
        folder = repository / "data" / "stations"
        run = exports.read(folder / f"{name}.json")
        script = artillery.read_script(folder / f"{name}.yml") if scripted else None
        return run, find_steps(run, script), json.loads((folder / f"{name}.truth.json").read_text())

    return reader


@pytest.mark.parametrize("scripted", [True, False])
@pytest.mark.parametrize("name", SATURATED)
def test_saturation(read, name, scripted):
    """The saturation throughput is within 3% of the truth, and its interval contains it."""
    run, steps, truth = read(name, scripted=scripted)
    capacity = truth["nominal"]["capacity"]
    found = find_limits([run], steps).saturation_throughput
    assert found.value == pytest.approx(capacity, rel=0.03)
    assert found.low <= capacity <= found.high


def test_a_run_that_never_saturated(read):
    """70% of the capacity was offered: at least that, no point, and no model."""
    run, steps, _ = read("unsaturated")
    capacity = find_limits([run], steps)
    assert (capacity.status, capacity.saturation_throughput.value) == ("at least", None)
    assert capacity.saturation_throughput.low == pytest.approx(175, rel=0.01)
    with pytest.raises(NotIdentified):
        calibrate([run], steps, capacity)


def test_the_next_test_narrowed_the_answer(read):
    """The script that the unsaturated run led to, played by real Artillery: from "at least" to the truth."""
    slo = Slo({0.95: 0.16})  # kept up to 224.0 req/s, by a simulation of two million requests
    first, steps, truth = read("unsaturated")
    second, more, _ = read("unsaturated-next")
    before, found = find_limits([first], steps, slo), [*steps, *more]
    assert before.slo["p95"].value is None
    after = find_limits([first, second], found, slo)
    assert after.saturation_throughput.value == pytest.approx(truth["nominal"]["capacity"], rel=0.02)
    assert after.saturation_throughput.low <= 250 <= after.saturation_throughput.high
    refined = refine(after, calibrate([first, second], found, after), slo)
    assert refined.slo["p95"].value == pytest.approx(224.0, rel=0.05)
    assert 0.995 * refined.slo["p95"].low <= 224.0 <= refined.slo["p95"].high


@pytest.mark.parametrize("name", SATURATED)
def test_steps_held_back_are_predicted(read, name):
    """Every load between 35% and 90% of saturation is predicted by the others: P95 within 15% of what was measured."""
    run, steps, _ = read(name)
    capacity = find_limits([run], steps)
    limit = capacity.saturation_throughput.value
    held_back = [s for s in steps if s.kind == "plateau" and 0.35 < s.offered / limit < 0.9]
    assert len(held_back) >= 3
    errors = []
    for step in held_back:
        service = calibrate([run], [s for s in steps if s is not step], capacity)
        errors.append(service.predict(step.offered, 0.95).value / step.quantiles[0.95].value - 1)
    assert sorted(map(abs, errors))[-2] < 0.15
    assert (
        max(map(abs, errors)) < 0.16
    )  # one step of 36 s measured 11% below what its station does in the long run
