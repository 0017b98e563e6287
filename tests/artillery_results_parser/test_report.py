"""Whole reports: recognised, damaged, generated, and public ones."""

import csv
import gzip
import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artillery_results_parser import ArtilleryError, Report, load

START = 1_700_000_000_000


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (
            {"metrics": {}, "root_group": {}},
            "no key `aggregate` nor `intermediate`; keys found: metrics, root_group; this looks like a k6",
        ),
        ({"summary": {}, "responseTimeHistogram": {}}, "looks like a oha result"),
        ({"latencies": {}, "status_codes": {}}, "looks like a Vegeta report"),
        ({"connections": 1, "latency": {}, "throughput": {}}, "looks like a autocannon result"),
        ({"Total": {}}, "looks like a JMeter statistics.json"),
        ({"config": {}, "scenarios": []}, "looks like a Artillery script"),
        ({"counters": {}, "summaries": {}}, "part of an Artillery report"),
        ({"aggregate": {"counters": {}}}, "no key `intermediate`; keys found: aggregate"),
        ({}, "keys found: none"),
        ([], "the file holds a list"),
        (3, "the file holds 3"),
        ({"aggregate": [], "intermediate": []}, r"aggregate: \[\] is not an object"),
        (
            {"aggregate": {"counters": {}}, "intermediate": {}},
            "intermediate: an object is not a list of periods",
        ),
        ({"aggregate": {}, "intermediate": []}, "aggregate: no key `counters` or `summaries`"),
        ({"aggregate": {"counters": {}}, "intermediate": [3]}, r"intermediate\[0\]: 3 is not an object"),
        ({"aggregate": {"latency": 3}, "intermediate": []}, "3 is not an object"),
        (
            {"aggregate": {"latency": {}, "codes": {"200": -1}}, "intermediate": []},
            r"aggregate.codes\['200'\]: -1",
        ),
    ],
)
def test_what_is_no_report(write, tree, message):
    """The refusal names the keys found and, where known, the tool."""
    with pytest.raises(ArtilleryError, match=message):
        load(write(tree))


def test_intermediate_may_be_null(write, slice_of):
    """Without periods the totals are read."""
    report = load(write({"aggregate": slice_of(), "intermediate": None}))
    assert (report.periods, report.aggregate.requests, report.disagreements) == ((), 3, ())
    assert "no periods" in report.notes[0]


def test_million_endpoint_names(write, slice_of):
    """A name for every user is slow to write, not to read."""
    names = {f"plugins.metrics-by-endpoint./user/{i}.codes.200": 1 for i in range(20_000)}
    one = slice_of(counters={"vusers.created": 1} | names)
    assert len(load(write({"aggregate": one, "intermediate": [one]})).aggregate.endpoints) == 20_000


def example() -> bytes:
    """A small report of version 2 with everything in it."""
    block = {
        "min": 1,
        "max": 9,
        "count": 4,
        "mean": 4.5,
        "p50": 4,
        "median": 4,
        "p75": 5,
        "p90": 6,
        "p95": 7,
        "p99": 8.9,
    }
    summaries = {"http.response_time": block | {"p999": 9}, "vusers.session_length": block | {"p999": 9}}
    counters = {
        "vusers.created": 4,
        "http.requests": 4,
        "http.responses": 4,
        "http.codes.200": 4,
        'errors.é \\" x': 1,
    }
    one = {
        "counters": counters,
        "rates": {},
        "http.request_rate": None,
        "summaries": summaries,
        "histograms": summaries,
    }
    stamps = {"firstCounterAt": START + 5, "lastCounterAt": START + 9000, "period": str(START)}
    return json.dumps(
        {"aggregate": one | {"period": START}, "intermediate": [one | stamps]}, indent=1
    ).encode()


def test_cut_anywhere(write):
    """No beginning of a report is a report, but one that lacks only final whitespace."""
    whole = example() + b"\n"
    for cut in range(0, len(whole) - 1, 7):
        with pytest.raises(ArtilleryError):
            load(write(whole[:cut]))
    assert load(write(whole[:-1])).aggregate.requests == 4


def accepted(path: Path) -> bool:
    """Whether a damaged report is read, with its invariants, or else refused."""
    try:
        report = load(path)
    except ArtilleryError:
        return False
    for period in (report.aggregate, *report.periods):
        assert all(number >= 0 for number in period.counters.values())
        assert period.duration is None or period.duration >= 0
        if period.response_time:
            assert period.response_time.min <= period.response_time.max
        list(period.endpoints)
    str(report)
    return True


def test_single_bytes_flipped(write):
    """A damaged byte gives a report that still keeps its invariants, or an error; never anything else."""
    whole, chance = example(), random.Random(7)  # noqa: S311 - not for secrets
    results = set()
    for _ in range(600):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] = chance.randrange(256)
        results.add(accepted(write(bytes(damaged))))
    packed = gzip.compress(whole)
    for _ in range(200):
        damaged = bytearray(packed)
        damaged[chance.randrange(len(packed))] ^= 1 << chance.randrange(8)
        results.add(accepted(write(bytes(damaged))))
    assert results == {True, False}


COUNTS = st.integers(0, 2**40)
NAMES = st.text(min_size=1, max_size=12)


@st.composite
def v2_trees(draw):
    """A valid report of version 2 and its totals."""
    present = {
        "http.requests": COUNTS,
        "http.responses": COUNTS,
        "vusers.created": COUNTS,
        "vusers.failed": COUNTS,
    }
    counters = st.fixed_dictionaries({"vusers.completed": COUNTS}, optional=present)
    errors = st.dictionaries(NAMES.map("errors.{}".format), COUNTS, max_size=3)
    codes = st.dictionaries(st.integers(100, 599).map("http.codes.{}".format), COUNTS, max_size=3)
    periods = draw(st.lists(st.integers(0, 200), min_size=1, max_size=6, unique=True))
    slices, totals = [], {}
    for n in sorted(periods):
        found = draw(counters) | draw(errors) | draw(codes)
        for name, number in found.items():
            totals[name] = totals.get(name, 0) + number
        first, last = sorted(draw(st.tuples(st.integers(0, 9999), st.integers(0, 9999))))
        period = START + 10_000 * n
        stamps = {"firstCounterAt": period + first, "lastCounterAt": period + last, "period": str(period)}
        slices.append({"counters": found, "summaries": {}, "rates": {}, **stamps})
    return {
        "aggregate": {"counters": totals, "summaries": {}, "period": START},
        "intermediate": slices,
    }, totals


@given(v2_trees(), st.booleans())
@settings(max_examples=80)
def test_generated_reports(tmp_path_factory, generated, packed):
    """Totals are the generator's, periods sum to them, and spans follow each other."""
    tree, totals = generated
    path = tmp_path_factory.getbasetemp() / "generated.json"
    content = json.dumps(tree).encode()
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    report = load(path)
    assert report.aggregate.counters == totals
    assert report.disagreements == ()
    assert report.aggregate.vusers.completed == totals["vusers.completed"]
    for name, value in (
        ("http.requests", report.aggregate.requests),
        ("http.responses", report.aggregate.responses),
    ):
        assert value == totals.get(name)
    if report.aggregate.requests is not None:
        assert sum(period.requests for period in report.periods) == report.aggregate.requests
    assert sum(report.aggregate.codes.values()) == sum(
        n for name, n in totals.items() if name.startswith("http.codes.")
    )
    assert len(report.aggregate.errors) == sum(name.startswith("errors.") for name in totals)
    ends = [(period.start, period.end) for period in report.periods]
    assert all(start <= end for start, end in ends)
    assert all(before[1] <= after[0] for before, after in pairwise(ends))


def public(shared: Path) -> list[Path]:
    """All Artillery reports among the shared reference files."""
    folders = (shared / "field" / "artillery", shared / "field-exports", shared / "recorded")
    return [path for folder in folders for path in sorted(folder.glob("*.json*")) if "truth" not in path.name]


def test_public_reports_are_read(shared):
    """Every one loads; totals are the aggregate's raw numbers."""
    for path in public(shared):
        report = load(path)
        raw = path.read_bytes()
        tree = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        whole = tree["aggregate"]
        counters = (
            whole["counters"] if "summaries" in whole else {"requestsCompleted": whole["requestsCompleted"]}
        )
        assert counters.items() <= report.aggregate.counters.items(), path.name
        assert len(report.periods) == len(tree["intermediate"]), path.name
        sums = sum(sum(period.codes.values()) for period in report.periods)
        assert sums == sum(report.aggregate.codes.values()) or report.disagreements, path.name


def manifest(shared: Path) -> list[tuple[Report, dict[str, str]]]:
    """Reports of the public survey with what it says about them."""
    with (shared / "field" / "manifest.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tool"] == "artillery"]
    return [(load(shared / "field" / row["file"]), row) for row in rows]


def test_survey(shared):
    """Generation, checksum, duration, disagreements and distributions are those of the survey."""
    for report, row in manifest(shared):
        name = row["file"]
        assert report.dialect == row["schema_generation"].replace("v2beta", "v2-dev"), name
        assert report.sha256 == row["sha256"] or name.endswith(".gz"), name
        assert report.duration == pytest.approx(float(row["duration_s"]), abs=0.2), name
        assert bool(report.disagreements) == ("sum(intermediate) != aggregate" in row["highlights"]), name
        sketched = "DDSketch" in row["highlights"] or "latencies[] of ints" in row["highlights"]
        assert (report.aggregate.latencies is not None) == (
            sketched and "no http" not in row["highlights"]
        ), name


def test_distributions_agree_with_summaries(shared):
    """A whole distribution has the minimum, maximum and percentiles that the tool wrote beside it."""
    for report, row in manifest(shared):
        for period in report.periods:
            if period.latencies is not None:
                time, whole = period.response_time, period.latencies
                assert whole.min == pytest.approx(time.min, rel=0.011, abs=1e-3), row["file"]
                assert whole.max == pytest.approx(time.max, rel=0.011, abs=1e-3), row["file"]
                assert 0.98 * whole.quantile(0.4) <= time.p50 <= 1.02 * whole.quantile(0.6), row["file"]
                if whole.count >= 50:
                    assert 0.98 * whole.quantile(0.9) <= time.p95 <= 1.02 * whole.quantile(0.99), row["file"]


@pytest.mark.parametrize("name", ["basic", "stress", "spike", "workers"])
def test_recorded_truth(shared, name):
    """What the station under test saw is what the report says; answers took up to 10 ms more on the way."""
    truth = json.loads((shared / "recorded" / f"{name}.truth.json").read_text())["measured"]
    whole = load(shared / "recorded" / f"{name}.json").aggregate
    assert (whole.requests, whole.codes[200], whole.codes.get(503, 0)) == tuple(
        truth[key] for key in ("arrived", "served", "refused")
    )
    served = (truth["mean_wait_ms"] + truth["mean_ms"]) / 1000
    assert served < whole.response_time_by_class["2xx"].mean < served + 0.01
