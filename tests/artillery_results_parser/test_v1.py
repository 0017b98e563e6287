"""The dialects shaped like version 1."""

import pytest

from artillery_results_parser import ArtilleryError

NOON = 1_612_180_800.0
NOTHING = {"min": None, "max": None, "median": None, "p95": None, "p99": None}


def spans(report) -> list[tuple[float, float]]:
    """Spans relative to noon."""
    return [(round(p.start - NOON, 3), round(p.end - NOON, 3)) for p in report.periods]


def test_counts_are_understood(read_v1, v1_slice):
    """Sent requests are rps.count, answers requestsCompleted; failures of virtual users are not counted."""
    period = read_v1(v1_slice(10, scenariosAvoided=3)).periods[0]
    users = period.vusers
    assert (users.created, users.completed, users.failed, users.skipped) == (2, 2, None, 3)
    assert (period.requests, period.responses) == (5, 4)
    assert (period.codes, period.errors, period.scenarios) == ({200: 4}, {"ETIMEDOUT": 1}, {"0": 2})
    assert (period.response_time.p50, period.response_time.count, period.response_time.mean) == (
        0.01,
        None,
        None,
    )
    assert period.session_length is None
    assert period.counters["codes.200"] == 4


def test_dialect_current(read_v1, v1_slice):
    """Scripted phases in the aggregate are those of 1.6 to 1.7."""
    report = read_v1(v1_slice(), aggregate={"phases": [{"duration": 5, "arrivalRate": 2}, {"pause": 3}]})
    assert report.dialect == "v1"
    assert [(phase.kind, phase.start, phase.duration) for phase in report.phases] == [
        ("constant", 0, 5),
        ("pause", 5, 3),
    ]


def test_dialect_old(read_v1, v1_slice):
    """Up to 1.5 phases stand at the top and every answer is a list of four."""
    raw = [[1612180801000, "id", 250_000_000, 200], [1612180801500, "id", 750_000_000, 500]]
    report = read_v1(
        v1_slice(latencies=raw), aggregate={"latencies": raw}, phases=[{"duration": 9, "arrivalRate": 1}]
    )
    assert report.dialect == "v1-old"
    assert report.phases[0].duration == 9
    assert report.periods[0].latencies.values.tolist() == [0.25, 0.75]
    assert report.aggregate.latencies.count == 2


def test_latencies_are_nanoseconds(read_v1, v1_slice):
    """The raw response times of slices make the whole distribution, that of the aggregate too."""
    report = read_v1(
        v1_slice(10, latencies=[2_000_000, 1_000_000]), v1_slice(15, latencies=[1_000_000, None])
    )
    assert report.periods[0].latencies.values.tolist() == [0.001, 0.002]
    whole = report.aggregate.latencies
    assert (whole.counts.tolist(), whole.exact, whole.mean) == ([2, 1], True, pytest.approx(0.004 / 3))


def test_no_latencies_is_none(read_v1, v1_slice):
    """An empty list is no distribution."""
    assert read_v1(v1_slice(latencies=[])).periods[0].latencies is None


@pytest.mark.parametrize("wrong", [["a"], [-5], [[1, 2, 3]], {"a": 1}, [True]])
def test_impossible_latencies(read_v1, v1_slice, wrong):
    """Anything but nanoseconds, alone or third of four, is refused."""
    with pytest.raises(ArtilleryError, match="is not a"):
        read_v1(v1_slice(latencies=wrong))


def test_timestamp_is_the_end(read_v1, v1_slice):
    """A slice starts where the one before ends, the first ten seconds before its end; the last is shorter."""
    assert spans(read_v1(v1_slice(10), v1_slice(20.1), v1_slice(30), v1_slice(33))) == [
        (0, 10),
        (10, 20.1),
        (20.1, 30),
        (30, 33),
    ]


def test_two_slices(read_v1, v1_slice):
    """With two slices the first is taken as ten seconds, for the second is short."""
    assert spans(read_v1(v1_slice(10), v1_slice(12))) == [(0, 10), (10, 12)]


def test_own_interval(read_v1, v1_slice):
    """A script's statsInterval shows in the distance of slices."""
    assert spans(read_v1(*map(v1_slice, (21, 22, 23, 23.5))))[0] == (20, 21)


def test_single_slice_by_its_rate(read_v1, v1_slice):
    """The start of an only slice comes from its rate: requests over the time since the first."""
    report = read_v1(v1_slice(10, rps={"count": 12, "mean": 3}))
    assert spans(report) == [(6, 10)]
    assert "estimated" in report.notes[0]


def test_single_slice_without_rate(read_v1, v1_slice):
    """Without requests the start of an only slice is unknown."""
    report = read_v1(v1_slice(10, rps={"count": 0, "mean": None}))
    assert (report.periods[0].start, report.duration) == (None, None)


def test_out_of_order(read_v1, v1_slice):
    """Slices are sorted by their end."""
    report = read_v1(v1_slice(20, scenariosCreated=7), v1_slice(10))
    assert [period.vusers.created for period in report.periods] == [2, 7]
    assert "sorted" in report.notes[0]


def test_in_flight(read_v1, v1_slice):
    """Requests waiting at the end of a slice come from pendingRequests, else from concurrency."""
    first, second = v1_slice(10, pendingRequests=30, concurrency=40), v1_slice(20, concurrency=7)
    assert [period.in_flight for period in read_v1(first, second).periods] == [30, 7]


def test_all_null(read_v1, v1_slice):
    """A slice without answers has nulls for latency and rate."""
    period = read_v1(v1_slice(latency=NOTHING, rps={"count": 0, "mean": None}, codes={})).periods[0]
    assert (period.response_time, period.codes, period.requests) == (None, {}, 0)


def test_older_without_avoided(read_v1, v1_slice):
    """Early 1.6 does not count avoided scenarios: unknown, not none."""
    one = v1_slice()
    del one["scenariosAvoided"]
    assert read_v1(one, aggregate={"scenariosAvoided": None}).aggregate.vusers.skipped is None


def test_not_http(read_v1, v1_slice):
    """Answers of socket.io have code 0: no HTTP requests, and no response time of HTTP."""
    whole = read_v1(v1_slice(codes={"0": 4}), aggregate={"codes": {"0": 4}}).aggregate
    assert (whole.requests, whole.responses, whole.response_time, dict(whole.codes)) == (None, None, None, {})
    assert whole.summaries["latency"].p50 == 0.01
    assert whole.counters["rps.count"] == 5


def test_custom_metrics(read_v1, v1_slice, block):
    """Own statistics keep their unit; own counters their name, prefixed."""
    stats = {"basket": {"min": 1, "max": 9, "median": 3, "p95": 8, "p99": 9}}
    period = read_v1(v1_slice(customStats=stats, counters={"sold": 3})).periods[0]
    assert (period.summaries["basket"].max, period.summaries["basket"].unit) == (9, "")
    assert period.counters["counters.sold"] == 3


def legacy(v1_slice, **changes):
    """A slice in the shape of version 1, written by version 2."""
    time = {
        "min": 1,
        "max": 9,
        "count": 4,
        "mean": 3,
        "p50": 3,
        "median": 3,
        "p75": 4,
        "p90": 5,
        "p95": 6,
        "p99": 8,
    }
    one = v1_slice(
        timestamp=None, latency=time | {"p999": 9}, scenarioDuration={}, rps={"count": 4, "mean": 0}
    )
    del one["matches"]
    return one | changes


def test_legacy_has_no_times(read_v1, v1_slice):
    """Version 2 in the shape of version 1 writes null for times, and answers for requests."""
    one = legacy(v1_slice)
    report = read_v1(one, one, aggregate=one | {"timestamp": "2026-11-22T18:16:40.000Z"})
    assert report.dialect == "v2-legacy"
    assert (report.start, report.duration, report.periods[0].start) == (None, None, None)
    assert (report.aggregate.requests, report.aggregate.responses) == (None, 4)
    assert (report.periods[0].response_time.count, report.periods[0].response_time.mean) == (4, 0.003)
    assert "no times" in report.notes[0]


def test_legacy_without_answers(read_v1, v1_slice):
    """There, a run without answers has empty blocks, not nulls."""
    one = legacy(v1_slice, latency={}, requestsCompleted=0, codes={})
    report = read_v1(one, aggregate=one)
    assert (report.dialect, report.aggregate.response_time, report.aggregate.responses) == (
        "v2-legacy",
        None,
        0,
    )


@pytest.mark.parametrize("time", ["yesterday", 12, "1970-01-01T00:00:00Z", "+275760-09-13T00:00:00Z"])
def test_impossible_timestamp(read_v1, v1_slice, time):
    """Times are ISO 8601 of this century."""
    with pytest.raises(ArtilleryError, match="is not"):
        read_v1(v1_slice(timestamp=time))


def test_unreadable_phases_are_left_out(read_v1, v1_slice):
    """Phases a report cannot spell are noted; the measurements stand."""
    report = read_v1(v1_slice(), aggregate={"phases": [{"duration": "{{ x }}", "arrivalRate": 1}]})
    assert report.phases == ()
    assert "template" in report.notes[-1]


@pytest.mark.parametrize("phases", [None, []])
def test_no_phases(read_v1, v1_slice, phases):
    """Phases may be null or none."""
    assert read_v1(v1_slice(), aggregate={"phases": phases}).phases == ()
