"""Counts and summaries of a report."""

import pytest

from artillery_results_parser.errors import ArtilleryError
from artillery_results_parser.values import counts, summary


def read(raw: object, unit: str = "s"):
    """Read one summary block, with the notes it made."""
    notes: dict[str, str] = {}
    return summary(raw, "aggregate.summaries", "http.response_time", unit, notes), notes


def test_times_become_seconds(block):
    """Milliseconds of the file are seconds afterwards, for every field."""
    found, _ = read(block())
    assert (found.min, found.max, found.mean, found.p95) == (0.001, 0.1, 0.0205, 0.0603)
    assert (found.count, found.unit) == (10, "s")


def test_other_units_stay(block):
    """A quantity that is no time keeps its number, negative ones too."""
    found, notes = read(block(min=-5), unit="")
    assert (found.min, found.max, found.unit, notes) == (-5, 100, "", {})


@pytest.mark.parametrize(
    "raw", [None, {}, {"min": None, "max": None, "median": None, "p95": None, "p99": None}]
)
def test_nothing_observed(raw):
    """Absent, empty and all-null blocks are no summary."""
    assert read(raw) == (None, {})


def test_poisoned_summary_is_no_data(block):
    """Undefined values leave min null, a count and percentiles of 0: nothing was measured."""
    zeros = dict.fromkeys(("p50", "median", "p75", "p90", "p95", "p99", "p999"), 0)
    assert read(block(min=None, max=None, mean=None, **zeros))[0] is None


def test_count_of_zero_is_no_data(block):
    """A block that counts nothing has no percentiles, whatever it says."""
    assert read(block(count=0))[0] is None


def test_mean_is_optional(block):
    """Versions before 2.0.0-38 write no mean; a not-a-number mean comes as null."""
    without = block()
    del without["mean"]
    assert read(without)[0].mean is None
    assert read(block(mean=None))[0].mean is None
    assert read(without)[0].p99 == 0.0909


def test_version_1_has_fewer_fields():
    """Version 1 writes min, max, median, p95 and p99; what it lacks is None, never 0."""
    found, _ = read({"min": 2.1, "max": 2.1, "median": 2.1, "p95": None, "p99": None})
    assert (found.count, found.p50, found.p95, found.mean, found.p90) == (None, 0.0021, None, None, None)


def test_percentiles_are_held_in_the_range(block):
    """A sketch of 1% may put p999 above the exact maximum, and p50 below the exact minimum."""
    found, _ = read(block(min=10.2, p50=10.1, p999=100.9))
    assert (found.p50, found.p999) == (0.0102, 0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p95": 95}, "p99 90.9 is not between 95"),
        ({"p999": 150}, "p999 150 is not between 90.9"),
        ({"min": 200}, "min 200 is above max 100"),
        ({"mean": 500}, "mean 500 is not between min 1 and max 100"),
        ({"p75": "20"}, "'20' is not a number"),
        ({"count": -1}, "-1 is not a count"),
        ({"count": 2.5}, "2.5 is not a count"),
    ],
)
def test_impossible_summaries_are_refused(block, changes, message):
    """What the sketch's accuracy cannot explain was edited or damaged."""
    with pytest.raises(ArtilleryError, match=message) as caught:
        read(block(**changes))
    assert caught.value.place.startswith("aggregate.summaries['http.response_time']")


def test_negative_time_is_zero_with_a_note(block):
    """A clock set back makes a negative minimum; it is read as 0 and said."""
    found, notes = read(block(min=-3, mean=None))
    assert found.min == 0
    assert "negative time (-3 ms)" in notes["negative"]


def test_only_negative_times_are_no_data(block):
    """Unparsable Server-Timing headers are -1 ms each: nothing was measured."""
    values = dict.fromkeys(block(), -1) | {"count": 3}
    found, notes = read(values)
    assert found is None
    assert "-1 ms" in notes["negative"]


def test_undefined_values_spoil_percentiles_only(block):
    """Undefined values count as 0 in percentiles, below the minimum: these are left out, and the count."""
    found, notes = read(block(min=5, p50=0, median=0, mean=None))
    assert (found.min, found.max, found.p50, found.p99, found.count) == (0.005, 0.1, None, None, None)
    assert "undefined" in notes


def test_counts_pass():
    """Counts are taken as they are; a whole float is one, null is none."""
    assert counts({"a": 1, "b": 2**53}, "x") == {"a": 1, "b": 2**53}
    assert counts({"a": 3.0, "b": None}, "x") == {"a": 3}
    assert counts(None, "x") == {}


@pytest.mark.parametrize("wrong", [-1, 1.5, 2**53 + 1, True, "3", [], {}, 10**400])
def test_what_is_no_count(wrong):
    """Counts are whole numbers from 0 to 2^53; the message names the counter."""
    with pytest.raises(ArtilleryError, match=r"is not a count; whole numbers from 0 to 2\^53") as caught:
        counts({"fine": 1, "http.requests": wrong}, "aggregate.counters")
    assert caught.value.place == "aggregate.counters['http.requests']"


def test_counters_must_be_an_object():
    """A list of counters is refused."""
    with pytest.raises(ArtilleryError, match="is not an object"):
        counts([1], "aggregate.counters")
