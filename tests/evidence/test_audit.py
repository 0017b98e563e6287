"""The audit: all checks over all tests, on hand-made, simulated and public runs."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from artillery_results_parser import Script
from artillery_results_parser.phase import Phase
from capacity.errors import DomainError
from capacity.evidence import checks, exports
from capacity.evidence.audit import audit
from capacity.evidence.limits import Slo
from capacity.evidence.steps import find_steps

SLO = Slo({0.95: 0.25})
UNREADABLE = {"basic.truth.json", "stress.truth.json", "spike.truth.json", "workers.truth.json"}


def findings(*tests, slo=SLO):
    """Audit tests of one study."""
    return audit(tests, slo=slo)


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
    assert not audit([])


def test_two_tests_of_one_name(station):
    """Steps and scripts belong to tests by name, so a name stands for one test."""
    test = station.run(station.Station(), [(10, 10)], name="basic")
    with pytest.raises(DomainError, match=r"several tests are called basic; give each its own name"):
        audit([test, test])


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


def script(*loads):
    """Make a script of constant phases (seconds, rate) and ramps (seconds, rate, rate at the end)."""
    phases, start = [], 0.0
    for seconds, rate, *last in loads:
        kind, to = ("ramp", float(last[0])) if last else ("constant", None)
        phases.append(Phase(None, kind, start, float(seconds), float(rate), to))
        start += seconds
    return Script("test.yml", None, tuple(phases), (), ())


def test_a_script_for_each_test(station):
    """A script counts for the test it is given for; one given for all counts for those it fits."""
    low = station.run(station.Station(), [(60, 50)], offset=0.0, name="low")
    long = station.run(station.Station(), [(200, 50)], offset=0.0, name="long")
    for given in ({"low": script((60, 80))}, script((60, 80))):
        (kept,) = audit([low, long], given).about("offered load")
        assert (kept.code, kept.test) == ("rate_not_kept", "low")
    (other,) = audit([long], script((60, 80))).about("offered load")
    assert other.code == "script_differs"


def test_steps_of_the_script(station):
    """Steps are found with the script unless they are given."""
    test = station.run(station.Station(), [(30, 50), (30, 51), (30, 50)], offset=0.0)
    asked = script((30, 50), (30, 51), (30, 50))
    assert (
        audit([test], asked).items == audit([test], asked, steps={test.name: find_steps(test, asked)}).items
    )
    assert audit([test], steps={}).of("no_usable_step")


def test_public_scripts_were_kept(public):
    """The generator offered what the published scripts ask for; it only could not deliver it."""
    scripts = {
        "basic": script((60, 5), (120, 10, 50), (180, 50), (60, 100), (60, 10)),
        "stress": script((30, 10), (60, 50, 200), (120, 200, 500), (60, 500), (60, 500, 50)),
        "spike": script((60, 10), (30, 500), (60, 10), (30, 500), (60, 10)),
    }
    assert not audit(tuple(public.values()), scripts, slo=SLO).about("offered load")


def test_public_mixes(public):
    """The three public runs ask for different mixes, so a limit of one is not that of another."""
    assert findings(*public.values()).of("mixes_differ")


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
    """Every public run has something that voids or weakens the capacity it would be quoted for."""
    believed = [
        name
        for name, found in field.items()
        if not kinds(found.about("capacity")) - kinds(found.about("capacity"), "notes")
    ]
    assert not believed


def test_books_of_public_runs(field):
    """Of the public runs one lost answers, one counted answers twice; none contradicts Little's law."""
    assert [(n[:3], f.severity) for n, found in field.items() for f in found.of("answers_unaccounted")] == [
        ("010", "notes"), ("012", "weakens"),
    ]  # fmt: skip
    assert not [name for name, found in field.items() if found.of("littles_law")]


def test_a_public_run_on_its_way_down(field):
    """The one public run with a way up and down lost a fifth of the answers on its way down."""
    ((name, found),) = [(name, f) for name, all_ in field.items() for f in all_.of("hysteresis")]
    assert name[:3] == "009"
    assert found.evidence["good after"] < 0.85 < 0.99 < found.evidence["good before"]


def test_every_finding_is_complete(shared, public):
    """Each has sentences, numbers and a remedy; none is told twice."""
    recorded = [p for p in (shared / "recorded").glob("*.json") if p.name not in UNREADABLE]
    tests = [*public.values(), *(exports.read(path).named(f"recorded {path.stem}") for path in recorded)]
    found = findings(*tests)
    table = checks.__doc__.splitlines()
    for f in found:
        assert [
            line for line in table if line.startswith(f"{f.code:23} {f.claim:13} ") and f.severity in line
        ], f.code
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
