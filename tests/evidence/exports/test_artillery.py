"""Artillery's JSON as a LoadTest: counts over true spans, what is absent is absent, bad files are one message."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from capacity.errors import InputError
from capacity.evidence import exports
from capacity.evidence.exports import artillery

CLOCK = 1_795_369_410_000  # epoch of the first slice [ms]
TIMES = {"min": 1, "max": 90, "count": 100, "mean": 20.1, "p50": 18.2, "p75": 25.3, "p90": 40.1, "p95": 50.2,
         "p99": 80.1, "p999": 90}  # fmt: skip
ENDPOINT = "plugins.metrics-by-endpoint"


def counters(requests, *, responses=None, bad=0, lost=0):
    """Counters of one slice, endpoint by endpoint."""
    found = {
        "vusers.created": requests,
        "http.requests": requests,
        "http.responses": responses or requests - lost,
    }
    found |= {"http.codes.200": requests - lost - bad}
    found |= {"http.codes.503": bad, f"{ENDPOINT}./slow.codes.503": bad} if bad else {}
    found |= {"errors.ETIMEDOUT": lost, f"{ENDPOINT}./slow.errors.ETIMEDOUT": lost} if lost else {}
    return found | {f"{ENDPOINT}./.codes.200": requests - lost - bad, f"{ENDPOINT}./slow.codes.404": 5}


def period(index, count, first=1, last=9_999, **summaries):
    """One slice of the clock; its `rates` are wrong on purpose."""
    start = CLOCK + index * 10_000
    return {"period": str(start), "firstCounterAt": start + first, "lastCounterAt": start + last, "counters": count,
            "rates": {"http.request_rate": 999}, "summaries": summaries}  # fmt: skip


def report(periods, **summaries):
    """A whole report whose aggregate is the sum of its slices."""
    total = {}
    for part in periods:
        for name, n in part["counters"].items():
            total[name] = total.get(name, 0) + n
    whole = {"period": CLOCK, "counters": total, "rates": {"http.request_rate": 1}, "summaries": summaries}
    return {"aggregate": whole, "intermediate": periods}


@pytest.fixture
def write(tmp_path):
    """Write an export and return its path."""

    def written(content, name="run.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return written


@pytest.fixture
def run(write):
    """Three periods: the first starts 4 s into its slice, the last ends after 5 s."""
    times = {"http.response_time": TIMES, "http.response_time.2xx": {**TIMES, "count": 90, "p95": 60.4}}
    slow = {f"{ENDPOINT}.response_time./slow": {**TIMES, "p95": 77.7}}
    content = report(
        [
            period(0, counters(60), first=4_000, **times),
            period(1, counters(100, bad=10, lost=5), **times),
            period(2, counters(50), last=5_000, **times),
        ],
        **times,
        **slow,
    )
    return artillery.read(write(content))


def test_spans_are_true(run):
    """The outer slices last as long as something happened in them; rates follow from them, not from the export's."""
    assert run.periods["start"].tolist() == [0.0, 6.0, 16.0]
    assert run.periods["span"].tolist() == [6.0, 10.0, 5.0]
    assert run.rates()["offered"].tolist() == [10.0, 10.0, 10.0]


def test_times_are_seconds(run):
    """Milliseconds end at the reader."""
    assert run.summary["p95"] == 0.0502
    assert run.good_summary["p95"] == 0.0604
    assert run.times["p95"].tolist() == [0.0502] * 3
    assert run.endpoints.loc["/slow", "p95"] == 0.0777


def test_what_is_good_and_what_is_lost(run):
    """Failing codes and time-outs are kept apart, per period and per endpoint."""
    assert run.good.tolist() == [60.0, 85.0, 50.0]
    assert run.unanswered.tolist() == [0, 5, 0]
    assert run.endpoints.loc["/slow", ["requests", "failures"]].tolist() == [30.0, 15.0]
    assert run.endpoints.loc["/", "failures"] == 0


def test_failures_of_endpoints_follow_the_error_codes(run):
    """A plan that counts 404 as an error sees it at the endpoint too."""
    assert run.named("run", error_codes=("4xx", "5xx")).endpoints.loc["/slow", "failures"] == 30


def test_totals_are_the_tools_own(run):
    """Totals come from the aggregate."""
    assert run.totals["requests"] == 210
    assert run.totals["codes"] == {200: 195, 503: 10}
    assert (run.dialect, run.name, run.tool) == ("v2", "run", "artillery")


def test_gzip_is_read_alike(write, run):
    """A compressed export is the same run under the same name."""
    content = report([period(0, counters(60), **{"http.response_time": TIMES})])
    packed = exports.read(write(gzip.compress(json.dumps(content).encode()), "packed.json.gz"))
    assert (packed.name, packed.totals["requests"]) == ("packed", 60)


def test_missing_summaries_are_absent(write):
    """A period without an answer has no response times, not zeros."""
    found = artillery.read(write(report([period(0, counters(60, lost=60) | {"http.responses": 0})])))
    assert found.times.isna().all(axis=None)
    assert not found.separates_success
    assert found.summary["p95"] is None


def test_a_slice_with_one_event_has_no_rate(write):
    """A slice of no length does not divide by zero."""
    times = {"http.response_time": TIMES}
    found = artillery.read(
        write(report([period(0, counters(60), **times), period(1, counters(1), 7, 7, **times)]))
    )
    assert found.periods["span"].iloc[1] < 0.01
    assert np.isfinite(found.rates()["offered"].dropna()).all()


def test_sums_that_disagree_are_told(write):
    """A lost period shows in the notes."""
    content = report([period(0, counters(60)), period(1, counters(60))])
    content["aggregate"]["counters"]["http.requests"] = 180
    assert any("http.requests" in note and "180" in note for note in artillery.read(write(content)).notes)


def test_a_run_without_http(write):
    """Websocket runs have users but no requests; what they did is kept beside."""
    count = {"vusers.created": 10, "vusers.completed": 10, "websocket.messages_sent": 40}
    found = artillery.read(write(report([period(0, count)])))
    assert not found.has_http
    assert found.periods["requests"].isna().all()
    assert found.periods["arrivals"].tolist() == [10.0]
    assert found.other["websocket"] == {"messages_sent": 40}


def test_version_one_counts_and_raw_times(write):
    """Version 1 has raw times in nanoseconds, and no count in its summaries."""
    latency = {"min": 10, "max": 40, "median": 20, "p95": 40, "p99": 40}
    base = {"scenariosCreated": 4, "scenariosCompleted": 4, "requestsCompleted": 4, "latency": latency,
            "rps": {"count": 4, "mean": 4}, "scenarioDuration": latency, "scenarioCounts": {"0": 4}, "errors": {},
            "codes": {"200": 4}, "matches": 0, "customStats": {}, "counters": {}}  # fmt: skip
    part = {**base, "timestamp": "2026-01-28T10:00:10.000Z", "latencies": [10_000_000, 20_000_000] * 2,
            "concurrency": 1, "pendingRequests": 0}  # fmt: skip
    whole = {**base, "timestamp": "2026-01-28T10:00:10.100Z", "phases": [{"duration": 10, "arrivalRate": 1}]}
    found = artillery.read(write({"aggregate": whole, "intermediate": [part]}))
    assert found.dialect == "v1"
    assert found.times["count"].tolist() == [4.0]
    assert found.mixture([0]).exact
    assert found.mixture([0]).quantile(0.5) == pytest.approx(0.01)


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[]", b'{"aggregate": {}}', b'{"metrics": {}, "root_group": {}}', b"\xff\xfe{\x00"],
)
def test_other_files_are_one_message(write, content):
    """What is no export is refused with the file's name, in one line."""
    with pytest.raises(InputError) as refused:
        exports.read(write(content))
    assert "run.json" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 3


def test_no_such_file(tmp_path):
    """A missing file is an error of the same kind."""
    with pytest.raises(InputError, match=r"nowhere\.json"):
        exports.read(tmp_path / "nowhere.json")


def test_scripts(write):
    """Phases are read from the script; what is no script is refused."""
    good = write(b"config:\n  phases:\n    - {duration: 60, arrivalRate: 5}\n", "load.yml")
    assert artillery.read_script(good).duration == 60
    with pytest.raises(InputError, match=r"bad\.yml"):
        artillery.read_script(write(b"config: [", "bad.yml"))


@pytest.mark.parametrize(
    ("path", "quantile", "seconds"),
    [("/", "p95", 0.0461), ("/", "p99", 0.4242), ("/api/contacts/list", "p99", 0.1252)],
)
def test_published_figures_of_the_field_run(shared, path, quantile, seconds):
    """Per-endpoint percentiles of the public basic run are reproduced exactly."""
    endpoints = artillery.read(shared / "field-exports" / "basic.json").endpoints
    assert endpoints.loc[path, quantile] == seconds


def test_recorded_totals(shared):
    """What real Artillery counted equals what the station saw."""
    run = artillery.read(shared / "recorded" / "stress.json")
    truth = json.loads((shared / "recorded" / "stress.truth.json").read_text())["measured"]
    assert run.totals["requests"] == truth["arrived"]
    assert run.good.sum() == truth["served"]
    assert run.totals["codes"][503] == truth["refused"]


def test_every_shared_export_is_read(shared):
    """All recorded and public files become load tests whose tables fit together."""
    files = [p for p in (shared / "recorded").glob("*.json") if ".truth" not in p.name]
    for path in files + list((shared / "field" / "artillery").iterdir()):
        run = exports.read(path)
        assert isinstance(run.good, pd.Series)
        assert len(run.times) == len(run.codes) == len(run.errors) == len(run.periods), path.name


def test_endpoints_by_period_add_up():
    """Where an export times its endpoints by period, the answers of all periods are those of the whole run."""
    run = artillery.read(Path(__file__).parents[3] / "data" / "storefront" / "steps-1.json")
    assert "endpoint_times" not in vars(run)  # nothing is put together before it is asked for
    assert set(run.endpoint_times) == set(run.endpoints.index)
    for name, times in run.endpoint_times.items():
        assert len(times) == len(run.periods)
        assert times["count"].sum() == run.endpoints["count"][name]
        assert times["max"].max() == run.endpoints["max"][name]


def test_endpoints_that_are_not_timed_by_period_are_absent(run):
    """Endpoints of which the export gives counts only have no response times."""
    assert run.endpoint_times == {}
