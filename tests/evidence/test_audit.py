"""The audit: all checks over all tests, on hand-made, simulated and public runs."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from capacity.evidence import exports
from capacity.evidence.audit import audit
from capacity.evidence.limits import Slo
from capacity.evidence.steps import find_steps

SLO = Slo({0.95: 0.25})
UNREADABLE = {"basic.truth.json", "stress.truth.json", "spike.truth.json", "workers.truth.json"}


def findings(*tests, slo=SLO):
    """Audit tests of one study."""
    return audit(tests, {test.name: find_steps(test) for test in tests}, slo)


def kinds(found, severity=None):
    """Return the codes found."""
    return {f.code for f in found if severity in (None, f.severity)}


@pytest.fixture(scope="module")
def public(shared):
    """The three public exports and what they were called."""
    folder = shared / "field-exports"
    return {name: exports.read(folder / f"{name}.json").named(name) for name in ("basic", "stress", "spike")}


@pytest.fixture(scope="module")
def field(shared):
    """Findings about each public run, by the name of its file."""
    files = sorted((shared / "field" / "artillery").glob("*.json*"))
    return {path.name: findings(exports.read(path)) for path in files}


def test_a_good_study(station):
    """A service tested by long steps below and beyond its capacity is not doubted."""
    levels = [(100, rate) for rate in (50, 100, 150, 200, 250, 400)]
    test = station.run(station.Station(queue=30), levels, offset=0.0)
    found = findings(replace(test, start=datetime(2026, 1, 28, tzinfo=UTC)), slo=Slo({0.95: 0.5}))
    assert not found.voids("capacity")
    assert kinds(found, "weakens") == set()


def test_no_tests():
    """No tests, no findings."""
    assert not audit([], {})


def test_an_empty_run(station):
    """A run without a single period has no request, and raises nothing."""
    run = station.run(station.Station(), [(10, 10)])
    tables = {
        name: getattr(run, name).iloc[:0] for name in ("periods", "codes", "errors", "times", "good_times")
    }
    empty = replace(run, totals={"requests": None, "responses": None}, summary={}, good_summary={}, **tables)
    assert kinds(findings(empty)) == {"no_http"}


def test_tests_together(station):
    """Two runs that enclose the limit together are not blamed for seeing one side each."""
    low = station.run(station.Station(), [(60, 100), (60, 200)], offset=0.0, name="low")
    high = station.run(station.Station(), [(60, 400), (60, 500)], offset=0.0, name="high")
    assert "never_saturated" in kinds(findings(low))
    assert "no_baseline" in kinds(findings(high))
    assert not kinds(findings(low, high)) & {"never_saturated", "no_baseline", "single_load"}


def test_deployments_apart(station):
    """Runs against different numbers of instances do not enclose a limit together."""
    low = station.run(station.Station(), [(60, 100), (60, 200)], offset=0.0, name="low")
    high = station.run(station.Station(), [(60, 400), (60, 500)], offset=0.0, name="high")
    assert "never_saturated" in kinds(findings(low, replace(high, instances=2)))


def test_public_stress(public):
    """The published 'capacity about 300 req/s' comes from the generator running out of ports at 110 s."""
    found = findings(public["stress"])
    (exhausted,) = found.of("generator_exhausted")
    assert exhausted in found.voids("capacity")
    assert exhausted.evidence["start"] == pytest.approx(110, abs=2)
    assert exhausted.evidence["EADDRINUSE"] == 43924
    assert found.voids("response time", test="stress").of("survivors_only")


def test_public_basic(public):
    """The published 'P95 46 ms, 100% success' hides 29% errors and a P95 of 4.77 s made by one endpoint."""
    found = findings(public["basic"])
    (rate, _) = found.of("errors_count_as_success")
    assert rate.evidence["share"] == pytest.approx((5730 + 3920) / 33102)
    (tail,) = found.of("tail_by_endpoint")
    assert (tail.endpoints, round(tail.evidence["p95"], 2)) == (("/api/health",), 4.77)
    assert found.of("slow_at_any_load")[0].endpoints == ("/api/health",)


def test_public_fast_endpoints(public):
    """'Contacts P95 22 ms' is that of 429s, 'static assets P95 4 ms' is that of 404s."""
    fast = {f.endpoints[0]: f.evidence for f in findings(public["basic"]).of("fast_failures")}
    assert fast["/api/contacts/list"]["p95"] == pytest.approx(0.022)
    assert fast["/api/contacts/list"]["429"] / fast["/api/contacts/list"]["responses"] == pytest.approx(
        0.983, abs=1e-3
    )
    assert fast["/_next/static/css/app.css"]["404"] == 7772


def test_public_spike(public):
    """Of the published spike two thirds of the requests got no answer at all."""
    (survivors,) = findings(public["spike"]).of("survivors_only")
    assert survivors.severity == "voids"
    assert survivors.evidence["share"] == pytest.approx((23605 + 1760) / (23605 + 1760 + 12170))


def test_generator_failures_in_the_field(field):
    """Only the run with port errors (EAGAIN on connect) is said to have exhausted the generator."""
    assert [name[:3] for name, found in field.items() if found.of("generator_exhausted")] == ["027"]


def test_no_public_run_is_beyond_doubt(field):
    """Every public run has something that voids or weakens what it would be quoted for."""
    assert not [name for name, found in field.items() if not kinds(found) - kinds(found, "notes")]


def test_every_finding_is_complete(shared, public):
    """Each has sentences, numbers and a remedy; none is told twice."""
    recorded = [p for p in (shared / "recorded").glob("*.json") if p.name not in UNREADABLE]
    tests = [*public.values(), *(exports.read(path).named(f"recorded {path.stem}") for path in recorded)]
    found = findings(*tests)
    for f in found:
        assert f.evidence, f.code
        assert f.message.endswith("."), f.message
        assert f.remedy[0].isupper()
        assert f.remedy.endswith(".")
    assert max(Counter((f.code, f.test, f.claim, f.endpoints) for f in found).values()) == 1


def test_healthy_recorded_runs(shared):
    """Runs that were served without an error void nothing."""
    for name in ("basic", "workers"):
        found = findings(exports.read(shared / "recorded" / f"{name}.json"))
        assert not kinds(found, "voids"), name
