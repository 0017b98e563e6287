"""What a claim states, which values make it true, and how findings and several runs bear on a verdict."""

import math

import pytest

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.evidence.claimed.verdicts import (
    CONTRADICTED,
    NOT_SUPPORTED,
    SUPPORTED,
    Answer,
    Stated,
    reading,
    together,
    weighed,
    written,
)
from capacity.evidence.findings import Finding, Findings
from capacity.evidence.quantities import quantity


def estimate(low, value, high):
    """Return a response time."""
    return Estimate(value, low, high, unit="s", method="", provenance="measured")


def finding(severity):
    """Return a finding about response times."""
    return Finding("odd", severity, "response time", "Something is odd.", {}, "Do it again.", "run")


@pytest.mark.parametrize(
    ("sense", "low", "high", "verdict"),
    [
        (None, 0.1, 0.2, SUPPORTED),
        (None, 0.1, 0.3, NOT_SUPPORTED),
        (None, 0.3, 0.4, CONTRADICTED),
        (None, 0.3, math.inf, CONTRADICTED),
        (None, 0.0, math.inf, NOT_SUPPORTED),
        ("at least", 0.3, math.inf, SUPPORTED),
        ("at least", 0.1, 0.2, CONTRADICTED),
        ("about", 0.24, 0.26, SUPPORTED),
        ("about", 0.22, 0.26, NOT_SUPPORTED),
        ("about", 0.1, 0.2, CONTRADICTED),
        ("about", 0.3, 0.4, CONTRADICTED),
    ],
)
def test_intervals_decide(claim, sense, low, high, verdict):
    """Wholly on the right side, wholly on the wrong side, or neither; a response time is claimed as at most."""
    assert Stated.of(claim("p95_ms", 250, sense=sense)).decide(low, high) == verdict


def test_a_tolerance_widens_about(claim):
    """30% either way instead of a tenth."""
    assert Stated.of(claim("capacity", 300, sense="about", tolerance=0.3)).decide(220, 380) == SUPPORTED


def test_units(claim):
    """Milliseconds become seconds, another name of a quantity its own."""
    assert Stated.of(claim("p95_ms", 250)).value == 0.25
    assert Stated.of(claim("saturation_throughput", 300)).quantity.name == "capacity"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("p95_ms", 250, 100.0, None, "stress"), "P95 at most 250 ms at 100 req/s (stress)"),
        (("success_rate", 1.0, None, "/a\x1b[2J", None), "success rate of /a[2J at least 100%"),
        (("instances", 3, 750.0), "3 instances for 750 req/s"),
        (("recovers", 1), "recovery after overload: yes"),
    ],
)
def test_words(claim, given, words):
    """A claim reads as a clause, and what came from outside can be read safely."""
    assert Stated.of(claim(*given)).words == words


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("p59_ms", 250), "'p59_ms' is no quantity to claim; allowed: p50_ms, "),
        (
            ("capacity", 250, None, None, None, "over"),
            "'over' is no sense of a claim; allowed: at most, at least, about",
        ),
        (("instances", 2), "a claim of instances has no load; give the rate that is carried"),
    ],
)
def test_refusals(claim, given, message):
    """What cannot be claimed is refused with what can."""
    with pytest.raises(DomainError, match=message):
        Stated.of(claim(*given))


@pytest.mark.parametrize(
    ("verdict", "severity", "weighed_verdict"),
    [
        (SUPPORTED, "voids", NOT_SUPPORTED),
        (SUPPORTED, "weakens", SUPPORTED),
        (CONTRADICTED, "voids", CONTRADICTED),
        (NOT_SUPPORTED, "weakens", NOT_SUPPORTED),
    ],
)
def test_findings(verdict, severity, weighed_verdict):
    """What voids a claim leaves it unsupported unless contradicted outright; every finding is told."""
    answer = weighed(Answer(verdict, "So it is."), Findings((finding(severity),)))
    assert answer.verdict == weighed_verdict
    assert answer.findings == ("odd",)
    assert answer.reason.endswith("Something is odd.")
    assert ("There is doubt" in answer.reason) == (weighed_verdict == SUPPORTED)


@pytest.mark.parametrize(
    ("verdicts", "unanimous", "verdict"),
    [
        ([SUPPORTED, SUPPORTED], True, SUPPORTED),
        ([SUPPORTED, NOT_SUPPORTED], False, SUPPORTED),
        ([SUPPORTED, NOT_SUPPORTED], True, NOT_SUPPORTED),
        ([CONTRADICTED, NOT_SUPPORTED], True, CONTRADICTED),
        ([CONTRADICTED, SUPPORTED], False, NOT_SUPPORTED),
        ([NOT_SUPPORTED, NOT_SUPPORTED], False, NOT_SUPPORTED),
    ],
)
def test_several_runs(verdicts, unanimous, verdict):
    """Runs that differ decide nothing; one that contradicts is enough where none supports."""
    answers = [Answer(v, "So it is.", test=f"run {i}") for i, v in enumerate(verdicts)]
    assert together(answers, unanimous=unanimous).verdict == verdict


def test_runs_that_differ_are_told():
    """The answer says which run says what."""
    answers = [Answer(SUPPORTED, "Fast.", test="low"), Answer(CONTRADICTED, "Slow.", test="high")]
    reason = together(answers, unanimous=True).reason
    assert "supported by low; contradicted by high" in reason
    assert "high: Slow." in reason


def test_reading_says_what_would_decide(claim):
    """An interval four times too wide needs about sixteen times the data, and some for the estimate itself."""
    stated = Stated.of(claim("p95_ms", 250))
    told = reading(stated, estimate(0.16, 0.24, 0.28))
    assert told == "That leaves at most 250 ms open; a test about 17 times as long would decide."
    assert reading(stated, estimate(0.1, None, 0.3)) == "That leaves at most 250 ms open."


def test_reading_says_how_it_decides(claim):
    """The interval agrees with the claim or contradicts it."""
    stated = Stated.of(claim("capacity", 300, sense="about"))
    assert reading(stated, estimate(290, 300, 310)) == (
        "The whole 90% interval agrees with about 300 req/s give or take 10%."
    )
    assert "contradicts about 300 req/s" in reading(stated, estimate(90, 100, 110))


@pytest.mark.parametrize(
    ("name", "interval", "text"),
    [
        ("p95_ms", (0.1, None, math.inf), "at least 100 ms"),
        ("p95_ms", (0.0, 0.2, 0.3), "200 ms (at most 300 ms)"),
        ("p95_ms", (1.5, 1.5, 1.5), "1.5 s"),
        ("success_rate", (0.9999, 1.0, 1.0), "100% (at least 99.99%)"),
        ("success_rate", (0.0, None, 1.0), "anything"),
    ],
)
def test_written(name, interval, text):
    """Open sides are said as such, and a share cannot exceed one."""
    assert written(quantity(name), estimate(*interval)) == text
