"""The type that holds findings: order, selection, plain evidence, words."""

import json

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.evidence.findings import Finding, Findings, named


def finding(severity="weakens", claim="capacity", code="burst", test="stress", **changes):
    """Make a finding."""
    fields = {
        "message": "The run was short.",
        "evidence": {"duration": 12.0},
        "remedy": "Test longer.",
    } | changes
    return Finding(code, severity, claim, test=test, **fields)


def test_gravest_first():
    """Findings are ordered voids, weakens, notes; those of one severity keep their order."""
    found = Findings(
        (finding("notes"), finding("weakens", code="a"), finding("voids"), finding("weakens", code="b"))
    )
    assert [(f.severity, f.code) for f in found] == [
        ("voids", "burst"), ("weakens", "a"), ("weakens", "b"), ("notes", "burst"),
    ]  # fmt: skip


def test_voids_asks_for_a_claim():
    """A claim is void by findings of that severity about it, and of that test where one is named."""
    found = Findings((finding("voids", "capacity"), finding("weakens", "error rate")))
    assert found.voids("capacity")
    assert not found.voids("error rate")
    assert not found.voids("capacity", test="basic")


def test_evidence_is_plain():
    """Evidence can be written as JSON: numpy scalars become Python's, what is not known is left out."""
    numbers = finding(
        evidence={"n": np.int64(3), "p95": np.float64(0.25), "p99": float("nan"), "mean": None}
    ).evidence
    assert json.dumps(numbers) == '{"n": 3, "p95": 0.25}'


def test_unknown_claim_is_refused():
    """A claim nobody makes is a mistake, answered with those allowed."""
    with pytest.raises(
        DomainError, match="'speed' in finding 'burst'; allowed: capacity, response time, error rate"
    ):
        finding(claim="speed")


def test_no_findings():
    """Without findings the answer is false, says so, and still has all columns."""
    assert not Findings()
    assert Findings().text == "Nothing in the tests speaks against what they show."
    assert "severity" in Findings().to_frame()


def test_text_names_what_is_not_proven():
    """The text names each void claim with its first reason and counts the rest."""
    found = Findings(
        (finding("voids"), finding("voids"), finding("weakens"), finding("notes"), finding("notes"))
    )
    assert found.text == (
        "Not proven as it stands: capacity. "
        "Capacity, stress: The run was short. (1 more finding voids this claim.) "
        "1 finding weakens a claim and 2 are notes."
    )


def test_slices_stay_findings():
    """A part of the findings has the same methods."""
    assert isinstance(Findings((finding(), finding()))[:1], Findings)


def test_html_escapes_names():
    """Names from an export do nothing in a notebook."""
    shown = Findings((finding(test="<script>alert(1)</script>"),))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_names_are_readable():
    """Names lose control characters and are cut, and of many names the first few are told."""
    assert named(["\x1b[31m/a\u202e", "b" * 100]) == "[31m/a and " + "b" * 59 + "…"
    assert named("abcdef") == "a, b, c and 3 more"
