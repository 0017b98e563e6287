"""Version 2, early and current."""

import pytest

from artillery_results_parser import ArtilleryError, load

START = 1_700_000_000.0


def test_counters_are_understood(read_v2, slice_of):
    """Virtual users, requests, codes, errors and scenarios are found among the counters."""
    counters = {
        "vusers.created": 9,
        "vusers.created_by_name.sad: path, with.dots": 9,
        "vusers.completed": 5,
        "vusers.failed": 4,
        "vusers.skipped": 2,
        "http.requests": 20,
        "http.responses": 18,
        "http.codes.200": 17,
        "http.codes.503": 1,
        "errors.connect ECONNREFUSED 1.2.3.4:80": 2,
        "errors.Error: errors.twice": 1,
        "my own": 3,
    }
    period = read_v2(slice_of(counters=counters)).periods[0]
    users = period.vusers
    assert (users.created, users.completed, users.failed, users.skipped) == (9, 5, 4, 2)
    assert (period.requests, period.responses) == (20, 18)
    assert period.codes == {200: 17, 503: 1}
    assert period.errors == {"connect ECONNREFUSED 1.2.3.4:80": 2, "Error: errors.twice": 1}
    assert period.scenarios == {"sad: path, with.dots": 9}
    assert period.counters == counters


def test_missing_in_a_slice_is_zero(read_v2, slice_of):
    """A counter that another slice has is 0 where it is missing."""
    report = read_v2(slice_of(0), slice_of(1, counters={"http.responses": 3}))
    assert [period.requests for period in report.periods] == [3, 0]
    assert [period.responses for period in report.periods] == [0, 3]


def test_missing_in_the_file_is_none(read_v2):
    """A counter that the file never has is not 0 but unknown."""
    report = read_v2()
    assert report.aggregate.responses is None
    assert report.aggregate.vusers.skipped is None


def test_early_names(read_v2, slice_of, block):
    """The first versions 2 write core. and engine. before the names."""
    counters = {
        "core.vusers.created.total": 5,
        "core.vusers.created_by_name.a": 5,
        "core.vusers.completed": 4,
        "core.vusers.failed": 1,
        "engine.http.requests": 7,
        "engine.http.responses": 6,
        "engine.http.codes.200": 6,
        "errors.ETIMEDOUT": 1,
    }
    summaries = {"engine.http.response_time": block(), "core.vusers.session_length": block(max=200)}
    report = read_v2(slice_of(counters=counters, summaries=summaries))
    whole = report.aggregate
    assert report.dialect == "v2-dev"
    assert (whole.vusers.created, whole.vusers.completed, whole.vusers.failed) == (5, 4, 1)
    assert (whole.requests, whole.responses, whole.codes, whole.scenarios) == (7, 6, {200: 6}, {"a": 5})
    assert (whole.response_time.max, whole.session_length.max) == (0.1, 0.2)


def test_summaries_are_sorted_out(read_v2, slice_of, block):
    """Response time, its classes, session length, endpoints and the rest each have their place."""
    summaries = {
        "http.response_time": block(),
        "http.response_time.2xx": block(count=9),
        "vusers.session_length": block(),
        "http.dns": block(),
        "browser.page.CLS./home": block(max=100.5),
        "plugins.metrics-by-endpoint.response_time./a b": block(count=4),
        "basket": block(),
    }
    period = read_v2(slice_of(summaries=summaries)).periods[0]
    assert period.response_time_by_class["2xx"].count == 9
    assert set(period.summaries) == {"http.dns", "browser.page.CLS./home", "basket"}
    assert [period.summaries[name].unit for name in ("http.dns", "browser.page.CLS./home", "basket")] == [
        "s",
        "1",
        "",
    ]
    assert period.summaries["browser.page.CLS./home"].max == 100.5
    assert period.endpoints["/a b"].response_time.count == 4


def test_rates_are_not_read(read_v2, slice_of):
    """Rates, and the null rates beside them, change nothing."""
    with_rates = slice_of(rates={"http.request_rate": "nonsense"}, **{"websocket.send_rate": None})
    assert read_v2(with_rates).aggregate.requests == 3


def test_sketch_becomes_a_distribution(read_v2, slice_of, block):
    """Up to 2.0.0-14 the histogram is a raw sketch: the whole distribution, with the exact mean."""
    gamma = 1.02
    store = {"bins": [0, 2, 0, 1], "count": 3, "minKey": 99, "maxKey": 102, "offset": 99, "chunkSize": 128}
    sketch = {
        "mapping": {"gamma": gamma, "_offset": 0},
        "store": store,
        "negativeStore": {"bins": [], "count": 0},
    }
    low, high = 2 * gamma**100 / (gamma + 1), 2 * gamma**102 / (gamma + 1)
    sketch |= {"zeroCount": 1, "count": 4, "min": 0, "max": high, "sum": 2 * low + high}
    report = read_v2(
        slice_of(summaries={"http.response_time": block()}, histograms={"http.response_time": sketch})
    )
    found = report.periods[0].latencies
    assert found.counts.tolist() == [1, 2, 1]
    assert found.values.tolist() == pytest.approx([0, low / 1000, high / 1000])
    assert (found.count, found.exact, found.mean) == (4, False, pytest.approx((2 * low + high) / 4000))


def test_sketch_alone_gives_the_summary(read_v2, slice_of):
    """Where only the sketch was written, the summary is computed from it."""
    store = {"bins": [4], "count": 4, "offset": 50}
    value = 2 * 1.02**50 / 2.02
    sketch = {"mapping": {"gamma": 1.02}, "store": store, "zeroCount": 0, "count": 4}
    sketch |= {"min": value, "max": value, "sum": 4 * value}
    one = slice_of(histograms={"http.response_time": sketch})
    del one["summaries"]
    time = read_v2(one, aggregate={"summaries": None}).periods[0].response_time
    assert (time.count, time.p95) == (4, pytest.approx(value / 1000))


def test_inconsistent_sketch_is_noted(read_v2, slice_of):
    """A sketch whose bins do not sum to its count is left out."""
    sketch = {"mapping": {"gamma": 1.02}, "store": {"bins": [4], "offset": 50}, "zeroCount": 0, "count": 9}
    report = read_v2(slice_of(histograms={"http.response_time": sketch | {"min": 1, "max": 2, "sum": 10}}))
    assert report.periods[0].latencies is None
    assert "sketch" in report.notes[0]


def stamps(n: int, first: float, last: float) -> dict[str, int]:
    """First and last counter of a slice, in seconds after the start of the first."""
    at = {"firstCounterAt": first, "lastCounterAt": last}
    return {key: int(1000 * (START + value)) for key, value in at.items()}


def spans(report) -> list[tuple[float, float]]:
    """Spans relative to the start of the first slice."""
    return [(round(p.start - START, 3), round(p.end - START, 3)) for p in report.periods]


def test_first_and_last_slice_are_partial(read_v2, slice_of):
    """The test starts at its first event and ends at its last; slices between are whole."""
    report = read_v2(
        slice_of(0, **stamps(0, 4, 9)), slice_of(1, **stamps(1, 11, 19)), slice_of(2, **stamps(2, 20.5, 23))
    )
    assert spans(report) == [(4, 10), (10, 20), (20, 23)]
    assert report.duration == 19
    assert report.start.timestamp() == START + 4


def test_slices_beside_a_gap_are_partial(read_v2, slice_of):
    """A pause leaves slices out: what is before ends, and what is after starts, with an event."""
    report = read_v2(
        slice_of(0, **stamps(0, 1, 9)), slice_of(1, **stamps(1, 10, 12)), slice_of(4, **stamps(4, 47, 49))
    )
    assert spans(report) == [(1, 10), (10, 12), (47, 49)]


def test_one_slice(read_v2, slice_of):
    """A test of one slice spans its events; of one event, nothing."""
    assert spans(read_v2(slice_of(0, **stamps(0, 3, 5)))) == [(3, 5)]
    assert read_v2(slice_of(0, **stamps(0, 3, 3))).duration == 0


def test_without_stamps_the_span_is_nominal(read_v2, slice_of):
    """Stamps may be absent or 0; then the slice is ten seconds."""
    assert spans(read_v2(slice_of(0))) == [(0, 10)]
    assert spans(read_v2(slice_of(0, firstCounterAt=0, lastCounterAt=0))) == [(0, 10)]


def test_metric_stamps_stand_in(read_v2, slice_of):
    """A slice with summaries only has no counter stamps, but metric stamps."""
    one = slice_of(0, firstMetricAt=int(1000 * START) + 2000, lastMetricAt=int(1000 * START) + 4000)
    assert spans(read_v2(one)) == [(2, 4)]


def test_clock_set_back_inside_a_slice(read_v2, slice_of):
    """Stamps that run backwards are not used."""
    report = read_v2(slice_of(0, **stamps(0, 8, 2)))
    assert spans(report) == [(0, 10)]
    assert "clock" in report.notes[0]


def test_aggregate_knows_lost_slices(read_v2, slice_of):
    """The span of the whole includes events whose slice was lost."""
    report = read_v2(slice_of(0, **stamps(0, 1, 9)), aggregate=stamps(0, 1, 17))
    assert report.duration == 16


def test_periods_out_of_order_are_sorted(read_v2, slice_of):
    """The order of the file is not that of time; it is put right, with a note."""
    report = read_v2(slice_of(1, counters={"vusers.created": 7}), slice_of(0))
    assert [period.vusers.created for period in report.periods] == [2, 7]
    assert "sorted" in report.notes[0]


def test_repeated_period_counts_once(read_v2, slice_of):
    """Of two batches for one period the first counts, as in the tool; the totals then disagree."""
    report = read_v2(slice_of(0), slice_of(0, counters={"vusers.created": 5}))
    assert [period.vusers.created for period in report.periods] == [2]
    assert "repeats the period" in report.notes[0]
    assert [str(d) for d in report.disagreements] == [
        "vusers.created: the periods sum to 2, the aggregate says 7"
    ]


def test_periods_that_overlap_are_cut(read_v2, slice_of):
    """Should a slice start within ten seconds of another, the earlier ends there."""
    near = slice_of(0) | {"period": str(int(1000 * START) + 4000)}
    assert spans(read_v2(slice_of(0), near)) == [(0, 4), (4, 14)]


def test_disagreement_is_reported_not_fatal(read_v2, slice_of):
    """A lost slice makes sums differ from totals; zeros that slices omit do not."""
    counters = {"vusers.created": 10, "http.requests": 3, "vusers.failed": 0}
    report = read_v2(slice_of(), aggregate={"counters": counters})
    assert [(d.counter, d.periods, d.aggregate) for d in report.disagreements] == [("vusers.created", 2, 10)]


@pytest.mark.parametrize("period", ["1700000000", "abc", 17, -1, True, [], "٣" * 13, 1e300])
def test_impossible_period(read_v2, slice_of, period):
    """Periods are epoch milliseconds of this century."""
    with pytest.raises(ArtilleryError, match="is not a time; epoch milliseconds") as caught:
        read_v2(slice_of() | {"period": period})
    assert caught.value.place == "intermediate[0].period"


def test_slice_without_period(read_v2, slice_of):
    """A slice that does not say when it was is made up."""
    without = slice_of()
    del without["period"]
    with pytest.raises(ArtilleryError, match="no key `period`; keys found: counters"):
        read_v2(without)


def test_period_may_be_a_number(read_v2, slice_of):
    """A number does as well as the tool's string."""
    assert read_v2(slice_of() | {"period": 1_700_000_000_000}).periods[0].start == START


def test_null_slice_is_left_out(read_v2, slice_of, write):
    """Null among the slices is skipped, with a note."""
    one = slice_of()
    report = load(write({"aggregate": one, "intermediate": [None, one]}))
    assert len(report.periods) == 1
    assert "null" in report.notes[0]


def test_run_without_any_counter(write, slice_of):
    """A run in which nothing happened loads, with totals of nothing."""
    report = load(write({"aggregate": {"counters": {}, "summaries": {}, "period": 0}, "intermediate": []}))
    assert (report.periods, report.duration, report.aggregate.vusers.created) == ((), None, None)


def test_names_of_another_tool(write):
    """Right keys with strange names below are not Artillery's."""
    tree = {"aggregate": {"counters": {"foo": 1}, "summaries": {}}, "intermediate": []}
    with pytest.raises(ArtilleryError, match=r"no metric is one of Artillery's .* found: 'foo'"):
        load(write(tree))


def test_own_namespace(write, slice_of, block):
    """The plugin's namespace can be said where a script changed it."""
    one = slice_of(
        summaries={"perf.response_time./a": block()}, counters={"perf./a.codes.200": 4, "vusers.created": 1}
    )
    endpoint = load(
        write({"aggregate": one, "intermediate": [one]}), metrics_namespace="perf"
    ).aggregate.endpoints["/a"]
    assert (endpoint.response_time.max, endpoint.codes) == (0.1, {200: 4})
