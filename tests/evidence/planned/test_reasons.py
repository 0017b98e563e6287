"""Why the next test looks as it does."""

from types import SimpleNamespace

import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.evidence.findings import Finding
from capacity.evidence.limits import Capacity
from capacity.evidence.next_test import Held
from capacity.evidence.objectives import Slo
from capacity.evidence.planned.known import Known
from capacity.evidence.planned.reasons import reasons

PHASES = (Held(20.0, 20.0, 70.0, "baseline"), Held(120.0, 120.0, 70.0, "limit"))


def rate(value):
    """Return an estimate of a rate."""
    return Estimate(value, 0.9 * value, 1.1 * value, unit="req/s", method="", provenance="measured")


def told(known, *findings, status=None, slo=None, steps=(), phases=PHASES):
    """Return all reasons as one text."""
    capacity = Capacity(status or known.status, "It was too short.", known.limit, None, {}, pd.DataFrame())
    return " ".join(reasons(capacity, known, slo, findings, steps, phases, 1200.0))


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (Known("at least", served=90.0), "never saturated: 90 req/s were served"),
        (Known("at most", refused=90.0), "Every load tested was too much, from 90 req/s on"),
        (Known("not established", start=90.0), "Nothing is known of the limit. It was too short."),
        (Known("established", limit=rate(90.0)), "The saturation throughput is 90 req/s (81 to 99)."),
    ],
)
def test_what_is_known_of_the_limit_comes_first(known: Known, sentence: str) -> None:
    """For each status its own sentence."""
    assert sentence in told(known)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"bracket": (60.0, 96.0)}, "kept at 60 req/s and missed from 96 req/s on: 38% are open. No model"),
        ({"bracket": (0.0, 96.0)}, "not known to be kept at any load and missed from 96 req/s on"),
        ({"bracket": (60.0, float("inf"))}, "kept up to 60 req/s, and no load tested is known to miss them"),
        (
            {"bracket": (0.0, float("inf"))},
            "No load tested is known to keep the objectives, or to miss them.",
        ),
        ({"bracket": (0.0, 10.0)}, "no load will keep them before the service is faster"),
        (
            {"bracket": (60.0, 96.0), "crossings": (rate(70.0), rate(80.0), rate(85.0))},
            "the crossing at 80 req/s (72",
        ),
        ({"bracket": (60.0, 96.0), "crossings": (rate(20.0), rate(30.0), rate(35.0))}, "outside of that"),
    ],
)
def test_what_is_known_of_the_objectives(changes: dict, sentence: str) -> None:
    """How wide the bracket is and who places the loads in it."""
    assert sentence in told(Known("established", limit=rate(100.0), **changes), slo=Slo({0.95: 0.1}))


def finding(code, **evidence):
    """Return a finding of that code."""
    return Finding(code, "voids", "capacity", "", evidence, "", "run")


def test_a_generator_that_failed_is_replaced_by_several() -> None:
    """As many as four fifths of what it sent ask for; a load of 120 req/s after 50 takes three."""
    text = told(
        Known("not established", start=25.0), finding("generator_exhausted", **{"offered before": 50.0})
    )
    assert "from 3 machines or more" in text
    assert "http.pool" in text
    assert "2 machines" in told(Known("not established", start=25.0), finding("generator_exhausted"))


def test_each_weakness_is_answered_once() -> None:
    """Two findings with one remedy make one sentence; unknown ones make none."""
    text = told(
        Known("at least", served=9.0), finding("burst"), finding("no_usable_step"), finding("whatever")
    )
    assert text.count("too short to show") == 1


def test_loads_held_too_briefly_are_counted() -> None:
    """Of the plateaus; a ramp is not held at all."""
    held = [
        SimpleNamespace(kind=kind, rows=range(n)) for kind, n in [("plateau", 3), ("plateau", 6), ("ramp", 2)]
    ]
    assert "1 of 2 loads held so far lasted fewer than 6 whole" in told(
        Known("at least", served=9.0), steps=held
    )
    assert "held so far" not in told(Known("at least", served=9.0), steps=held[1:])


def test_the_load_wanted_is_compared_with_what_was_served() -> None:
    """Below or above it."""
    assert "wanted, 50 req/s, is below" in told(Known("at least", served=90.0, target=50.0))
    assert "wanted, 500 req/s, is above" in told(Known("at least", served=90.0, target=500.0))


def test_a_way_up_says_when_to_stop() -> None:
    """But not a test that only narrows a bracket."""
    assert "two loads in a row are clearly not served" in told(Known("at least", served=90.0))
    narrow = told(Known("established", limit=rate(90.0)), phases=(Held(80.0, 80.0, 70.0, "objective"),))
    assert "two loads in a row" not in narrow
    assert "An overload is left out to keep the test within 20 minutes." in narrow
