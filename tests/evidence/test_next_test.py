"""The next test: what it consists of, and that it narrows the answer."""

import math

import pandas as pd
import pytest

from artillery_results_parser import load_script
from capacity.errors import NotIdentified
from capacity.estimate import Estimate
from capacity.evidence.calibration import calibrate
from capacity.evidence.limits import Capacity, find_limits
from capacity.evidence.next_test import plan_next_test
from capacity.evidence.objectives import Slo
from capacity.evidence.steps import find_steps

LIMIT = Estimate(100.0, 98.0, 102.0, unit="req/s", method="", provenance="measured")
SERVED = Estimate.at_least(100.0, unit="req/s", method="", provenance="measured")


def capacity(status="established", limit=LIMIT, **slo):
    """Return a capacity made by hand."""
    return Capacity(status, "It was too short.", limit, None, slo, pd.DataFrame())


def test_without_any_rate_there_is_nothing_to_begin_at() -> None:
    """But the load wanted is a beginning."""
    with pytest.raises(
        NotIdentified, match="no load can be planned to begin at: It was too short; give the load"
    ):
        plan_next_test(capacity("not established", None))
    plan = plan_next_test(capacity("not established", None), target_load=50.0)
    assert max(phase.offered for phase in plan.phases) == pytest.approx(50)


def test_users_without_requests_are_no_beginning(station) -> None:
    """A test of sockets alone has no request rate to plan with."""
    test = station.run(station.Station(), [(60, 40)])
    test.periods["requests"] = math.nan
    with pytest.raises(NotIdentified, match="no load can be planned"):
        plan_next_test(capacity("not established", None), tests=[test])


def test_the_time_allowed_is_kept() -> None:
    """Ten minutes when asked for, at most twenty otherwise."""
    bracket = Estimate.between(60.0, 96.0, unit="req/s", method="", provenance="measured")
    known = capacity(all=bracket)
    assert plan_next_test(known, slo=Slo({0.99: 0.2}), longest=600).duration <= 600
    assert 600 < plan_next_test(known, slo=Slo({0.99: 0.2})).duration <= 1200


def test_what_is_expected_of_each_load() -> None:
    """Goodput up to the limit, at most what is offered beyond what is known; no response time without a model."""
    known = plan_next_test(capacity()).expected
    assert [e.value for e in known["goodput"]] == pytest.approx([min(o, 100) for o in known["offered"]])
    unknown = plan_next_test(capacity("at least", SERVED)).expected
    assert [e.high for e in unknown["goodput"]] == pytest.approx(list(unknown["offered"]))
    assert [e.low for e in unknown["goodput"]][1:-1] == [0.0] * 5
    assert list(unknown["p95"]) == [None] * 7


def test_the_table_says_how_much_how_long_and_why() -> None:
    """One row a load."""
    plan = plan_next_test(capacity("at least", SERVED))
    frame = plan.to_frame()
    assert list(frame.columns) == ["offered", "arrival_rate", "duration", "purpose", "goodput", "p95", "p99"]
    assert frame["duration"].sum() == plan.duration
    assert str(plan) == f"7 loads in {plan.duration / 60:.3g} minutes"
    assert "<table" in plan._repr_html_()
    assert "125, 155, 193, 241 and 300 req/s for 70 s each (served or too much" in plan.text


def test_users_are_fewer_than_requests(station) -> None:
    """Requests per user are those of the tests; a script from an export alone sends one request a user."""
    test = station.run(station.Station(), [(60, 40)])
    test.periods["arrivals"] /= 2
    steps = find_steps(test)
    plan = plan_next_test(find_limits([test], steps), tests=[test], steps=steps)
    assert plan.requests_per_user == pytest.approx(2)
    assert all(phase.arrival_rate == pytest.approx(phase.offered / 2) for phase in plan.phases)


# Station, limit of P95, true SLO capacity: 600,000 evenly spaced arrivals through Station.serve with an unbounded
# queue and no time-out, rng(5), the first 1% dropped, the rate bisected to 0.2 req/s.
STATIONS = {
    "exponential, 4 workers": ({"servers": 4, "service_time": 0.04}, 0.15, 82.9),
    "hyperexponential, 12 workers": ({"servers": 12, "service_time": 0.08, "law": "hyper"}, 0.5, 135.0),
    "exponential, 1 worker": ({"servers": 1, "service_time": 0.01}, 0.1, 84.0),
}
FIRST_TESTS = {
    "an unsaturated ramp": [(120, 0.05, 0.5)],
    "short bursts": [(25, 0.3), (25, 0.6), (25, 1.2)],
    "only an overload": [(120, 1.3)],
}


class Planner:
    """Plays tests against a simulated station, each as the one before leads to."""

    def __init__(self, station, built, slo, folder):
        self.station, self.built, self.slo, self.folder = station, built, slo, folder
        self.tests, self.steps = [], []

    def play(self, phases, script=None):
        """Play a test and return what all so far prove."""
        name = f"test {len(self.tests)}"
        self.tests.append(self.station.run(self.built, phases, seed=len(self.tests) + 1, name=name))
        self.steps += find_steps(self.tests[-1], script)
        return find_limits(self.tests, self.steps, self.slo)

    def play_next(self, known):
        """Plan the next test, play its script and return what all so far prove."""
        file = self.folder / "next-test.yml"
        plan = plan_next_test(
            known, service=self.service(known), slo=self.slo, tests=self.tests, steps=self.steps
        )
        file.write_text(plan.script())
        script = load_script(file)
        return self.play([(phase.duration, phase.rate_at(phase.start)) for phase in script.phases], script)

    def service(self, known):
        """Return the model where the tests support one."""
        try:
            return calibrate(self.tests, self.steps, known)
        except NotIdentified:
            return None


def width(estimate):
    """Relative width of an interval; infinite where a side is open."""
    return math.inf if not estimate.bounded or estimate.low <= 0 else estimate.high / estimate.low - 1


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("exponential, 4 workers", "an unsaturated ramp"),
        ("exponential, 4 workers", "only an overload"),
        ("hyperexponential, 12 workers", "short bursts"),
        ("exponential, 1 worker", "an unsaturated ramp"),
    ],
)
def test_two_more_tests_narrow_the_answer(name: str, first: str, station, tmp_path) -> None:
    """From a test that proves little: saturation within 6%, the objective within 45%, around the truth to 5%."""
    built, limit, truth = STATIONS[name]
    built = station.Station(**built)
    planner = Planner(station, built, Slo({0.95: limit}, error_rate=0.01), tmp_path)
    known = planner.play(
        [(phase[0], *(built.capacity * r for r in phase[1:])) for phase in FIRST_TESTS[first]]
    )
    widths = [width(known.slo["all"])]
    for _ in range(2):
        known = planner.play_next(known)
        widths.append(width(known.slo["all"]))
    saturation, kept = known.saturation_throughput, known.slo["all"]
    assert known.status == "established"
    assert saturation.low <= 1.01 * built.capacity
    assert saturation.high >= 0.99 * built.capacity
    assert width(saturation) < 0.06
    assert kept.low <= 1.05 * truth
    assert kept.high >= 0.95 * truth
    assert widths[0] > 0.4
    assert widths[2] < 0.45
