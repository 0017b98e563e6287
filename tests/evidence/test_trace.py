"""From a number back to the periods of the export: which stretches decide."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from capacity.evidence.exports import read
from capacity.evidence.exports.artillery import read_script
from capacity.evidence.limits import Slo, find_limits
from capacity.evidence.operating import Point
from capacity.evidence.steps import find_steps
from capacity.evidence.trace import _shown, trace

DATA = Path(__file__).parents[2] / "data/storefront"


@pytest.fixture(scope="module")
def deciding() -> pd.DataFrame:
    """What decides the capacity of the recorded steps."""
    test = read(DATA / "steps-1.json")
    steps = find_steps(test, read_script(DATA / "steps-1.yml"))
    return trace(find_limits([test], steps, Slo({0.95: 0.25, 0.99: 1.0})), [test])


def told(frame: pd.DataFrame, word: str) -> pd.DataFrame:
    """The rows that show something."""
    return frame[frame["shows"].str.contains(word)]


def test_the_ends_of_the_interval_are_there(deciding: pd.DataFrame) -> None:
    """The held load that kept P95 and the one that missed it stand there once each, with the loads of the interval."""
    kept, missed = told(deciding, "P95 kept"), told(deciding, "P95 missed")
    assert (len(kept), len(missed)) == (1, 1)
    assert kept["offered"].iloc[0] < missed["offered"].iloc[0]


def test_a_ramp_that_passed_the_limit_decides() -> None:
    """Where no stretch held the load, the ramp that went through it is named, once for both ends."""
    test = read(DATA / "steps-1.json")
    found = told(trace(find_limits([test], find_steps(test), Slo({0.95: 0.25})), [test]), "P95")
    assert found["shows"].tolist() == ["P95 kept, P95 missed, error rate kept"]
    assert found["periods"].iloc[0] == "17 to 28"


def judged(state: str, **measured: object) -> Point:
    """A held load of 350 req/s in some state."""
    step = SimpleNamespace(kind="plateau", rows=(0, 1), test="run", throughput=300.0, error_rate=0.1)
    return Point(SimpleNamespace(**{**vars(step), **measured}), state, 350.0)


def shown(point: Point) -> list[str]:
    """What a stretch shows whose load is both ends of the interval of both objectives."""
    ends = SimpleNamespace(low=350.0, high=350.0)
    limits = SimpleNamespace(slo={"p95": ends, "error_rate": ends}, points=(point,))
    return _shown(point, limits, None)


def test_a_stretch_without_errors_missed_no_error_rate() -> None:
    """That its load is where another stretch failed does not make it fail."""
    assert shown(judged("healthy", error_rate=0.0)) == ["P95 kept", "P95 missed", "error rate kept"]


def test_only_what_was_served_kept_an_objective() -> None:
    """A saturated stretch whose load is where another kept the objectives kept none."""
    assert shown(judged("saturated")) == ["P95 missed", "error rate missed", "saturated"]


def test_a_stretch_that_got_no_answer_says_so() -> None:
    """Saturated would say that the service worked as fast as it could."""
    assert shown(judged("saturated", throughput=0.0))[-1] == "no answer"


def test_the_periods_are_those_of_the_file(deciding: pd.DataFrame) -> None:
    """Who counts the periods in the export finds the same requests and the same time of day."""
    test, row = read(DATA / "steps-1.json"), told(deciding, "P95 kept").iloc[0]
    first, last = (int(number) for number in row["periods"].split(" to "))
    inside = test.periods.iloc[first - 1 : last]
    assert inside["requests"].sum() / row["duration"] == pytest.approx(row["offered"])
    assert row["started"].timestamp() == pytest.approx(test.start.timestamp() + inside["start"].iloc[0])


def test_without_objectives_only_saturation_decides() -> None:
    """No objective, nothing kept or missed."""
    test = read(DATA / "steps-1.json")
    assert set(trace(find_limits([test], find_steps(test)), [test])["shows"]) == {"saturated"}


def test_a_test_that_shows_no_limit_still_shows_what_was_kept() -> None:
    """A run far below the limit has a highest load that kept the objective, and nothing that missed it."""
    test = read(DATA / "basic.json")
    found = trace(find_limits([test], find_steps(test), Slo({0.95: 0.25})), [test])
    assert found["shows"].str.contains("P95 kept").any()
    assert not found["shows"].str.contains("missed|saturated").any()
