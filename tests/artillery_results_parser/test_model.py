"""The typed report."""

import dataclasses

import pytest

from artillery_results_parser import Disagreement, Report, Summary


def test_nothing_can_be_changed(read_v2):
    """Reports, periods, summaries and mappings are read-only."""
    report = read_v2()
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.dialect = "v1"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.aggregate.requests = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Summary(1, 0, 1).min = 2  # type: ignore[misc]
    for name in (
        "counters",
        "codes",
        "errors",
        "scenarios",
        "summaries",
        "response_time_by_class",
        "endpoints",
    ):
        with pytest.raises(TypeError):
            getattr(report.aggregate, name)["x"] = 1


def test_texts(read_v2):
    """A report and a disagreement say themselves in a line."""
    report = read_v2()
    assert str(report).endswith("run.json: Artillery v2, 1 periods, 10.0 s")
    assert str(Disagreement("a", 1, 2)) == "a: the periods sum to 1, the aggregate says 2"


def test_no_times(read_v2):
    """Without times there is neither start nor duration."""
    bare = dataclasses.replace(read_v2().aggregate, start=None, end=None)
    report = Report("x", "v2-legacy", "", 0, bare, ())
    assert (report.start, report.end, report.duration, str(report)) == (
        None,
        None,
        None,
        "x: Artillery v2-legacy, 0 periods, no times",
    )


def test_summary_as_a_dict():
    """A summary gives its fields by name."""
    assert Summary(3, 0.1, 0.2, p95=0.15).to_dict() == {
        "count": 3,
        "min": 0.1,
        "max": 0.2,
        "p95": 0.15,
        "unit": "s",
    } | dict.fromkeys(("mean", "p50", "p75", "p90", "p99", "p999"))
