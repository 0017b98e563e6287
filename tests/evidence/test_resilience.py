"""Resilience: services that degrade well and badly, simulated, and what is known of public runs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from capacity.evidence import exports
from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.resilience import assess_resilience
from capacity.evidence.steps import find_steps

SPIKE = [(60, 100), (60, 500), (120, 100)]
SLO = Slo({0.95: 0.5})


def assess(*tests, slo=SLO):
    """Assess tests of one deployment."""
    steps = {test.name: find_steps(test) for test in tests}
    capacity = find_limits(tests, [step for found in steps.values() for step in found], slo)
    return assess_resilience(tests, steps, capacity, slo)


def statuses(found):
    """Return the status of each criterion."""
    return dict(zip(found.criteria["criterion"], found.criteria["status"], strict=True))


@pytest.fixture(scope="module")
def shedding(station):
    """A service that queues at most 60 requests (0.2 s of work) and refuses the rest at once."""
    return station.run(station.Station(queue=60), SPIKE, offset=3.0)


@pytest.fixture(scope="module")
def hoarding(station):
    """A service that queues everything until clients give up after 10 s."""
    return station.run(station.Station(queue=100_000), SPIKE, offset=3.0)


def test_shedding_is_graceful(shedding):
    """A short queue with fast refusals keeps goodput, times and recovery: all five criteria pass."""
    found = assess(shedding)
    assert statuses(found) == dict.fromkeys(
        ["goodput", "refusals", "accepted requests", "recovery", "hysteresis"], "pass"
    )
    assert found.graceful is True
    assert found.text.startswith("The service degrades gracefully at 500 req/s offered")


def test_hoarding_is_not(hoarding):
    """A queue without limit answers too late and fails by time-outs."""
    found = assess(hoarding)
    assert found.graceful is False
    assert statuses(found)["refusals"] == "fail"
    assert statuses(found)["accepted requests"] == "fail"
    assert "ETIMEDOUT" in found.text


def test_each_number_is_of_the_test_named_with_it(shedding, hoarding):
    """A criterion that another test failed names that test, so that no number is read as of the wrong one."""
    found = assess(shedding.named("shed"), hoarding.named("hoard"))
    spoken_of, other = ("shed", "hoard") if "(shed)." in found.text else ("hoard", "shed")
    for row in found.criteria[found.criteria["status"] == "fail"].itertuples():
        assert (f"{row.criterion.capitalize()} ({other})" in found.text) is (row.test != spoken_of)


def test_recovery_takes_as_long_as_the_backlog(hoarding):
    """12,000 requests too many at 300 req/s drain at 200 req/s within 60 s, and the interval holds that."""
    found = assess(hoarding)
    assert found.recovery_time.low <= 60 <= found.recovery_time.high
    assert found.recovery_time.high - found.recovery_time.low <= 20


def test_quick_recovery_is_bounded_by_a_period(shedding):
    """A service that is itself again at once is so within the resolution of the periods."""
    assert assess(shedding).recovery_time.low == 0
    assert assess(shedding).recovery_time.high <= 20


def test_a_lull_between_two_overloads_is_no_recovery_that_failed(station):
    """Ten seconds at a lower load are too short for a queue of seven; what follows the last overload decides."""
    phases = [(60, 100), (40, 500), (10, 200), (40, 500), (120, 100)]
    found = assess(station.run(station.Station(queue=2000), phases, offset=3.0))
    assert statuses(found)["recovery"] == "pass"
    assert found.recovery_time.high <= 30


def test_anatomy_tells_the_states(shedding):
    """Each period is before, in or after the overload, in this order; the first and last are partial."""
    states = assess(shedding).anatomy["state"]
    order = list(dict.fromkeys(states))
    assert [state for state in order if state not in {"partial", "recovery"}] == [
        "before",
        "overload",
        "after",
    ]
    assert states.iloc[0] == "partial"


def test_lasting_damage_is_hysteresis(shedding):
    """Errors that stay after the overload at a load that was served before are hysteresis, or no recovery."""
    late = shedding.periods["start"] > 150
    lost = np.where(late, (0.3 * shedding.periods["requests"]).fillna(0), 0).astype(int)
    broken = replace(
        shedding,
        errors=pd.DataFrame({"ECONNRESET": lost}),
        codes=shedding.codes.assign(**{"200": 0})
        .drop(columns="200")
        .sub(pd.DataFrame({200: lost}), fill_value=0)
        .astype(int),
        periods=shedding.periods.assign(responses=shedding.periods["responses"] - lost),
    )
    assert statuses(assess(broken))["hysteresis"] == "fail"


def test_load_that_never_falls(station):
    """Without a lower load after the overload recovery and hysteresis are unknown, and so is the verdict."""
    found = assess(station.run(station.Station(queue=60), [(60, 100), (60, 500)], offset=3.0))
    assert (statuses(found)["recovery"], statuses(found)["hysteresis"]) == ("unknown", "unknown")
    assert found.graceful is None
    assert "not all are known" in found.text


def test_no_objective(shedding):
    """Without objectives accepted requests cannot be judged."""
    assert statuses(assess(shedding, slo=None))["accepted requests"] == "unknown"


def test_times_not_told_apart(station):
    """Where fast refusals may hide slow answers, the bounds decide only if both lie on one side."""
    spike = station.run(station.Station(queue=600), SPIKE, offset=3.0, separates=False)
    assert statuses(assess(spike))["accepted requests"] == "fail"
    assert statuses(assess(spike, slo=Slo({0.95: 60.0})))["accepted requests"] == "pass"
    criteria = assess(spike).criteria.set_index("criterion")
    assert " to " in criteria.loc["accepted requests", "measured"]


def test_no_overload(station):
    """A service that was never overloaded is neither graceful nor not."""
    found = assess(station.run(station.Station(), [(60, 50), (60, 100)], offset=3.0))
    assert found.graceful is None
    assert found.anatomy.empty
    assert "no overload was tested" in found.text
    assert set(found.criteria["status"]) == {"unknown"}


def test_the_worst_test_counts(shedding, hoarding):
    """A criterion failed in one test is failed."""
    found = assess(replace(shedding, name="short queue"), replace(hoarding, name="long queue"))
    criteria = found.criteria.set_index("criterion")
    assert criteria.loc["refusals", "test"] == "long queue"
    assert found.graceful is False


def test_shown_as_a_table(shedding):
    """A notebook shows the criteria with their requirement and what was measured."""
    shown = assess(shedding)._repr_html_()
    assert "at least 90% of the best goodput" in shown
    assert assess(shedding).to_frame().shape == (5, 5)


def test_public_spike(shared):
    """The published spike was called graceful; most of it was refused connections."""
    spike = exports.read(shared / "field-exports" / "spike.json").named("spike")
    found = assess(spike, slo=Slo({0.95: 1.0}))
    assert found.graceful is False
    assert statuses(found)["refusals"] == "fail"
    assert "ECONNREFUSED" in found.criteria.set_index("criterion").loc["refusals", "measured"]


def test_public_stress(shared):
    """In the published stress test the generator failed first, so nothing follows for the service."""
    found = assess(exports.read(shared / "field-exports" / "stress.json").named("stress"))
    assert found.graceful is None
    assert "the load generator failed before the service did (stress)" in found.text


def test_recorded_spike(shared):
    """A queue of 600 at 300 req/s keeps goodput and refuses with 503, but makes 2 s of waiting."""
    found = assess(exports.read(shared / "recorded" / "spike.json").named("spike"))
    assert [name for name, status in statuses(found).items() if status != "pass"] == ["accepted requests"]
