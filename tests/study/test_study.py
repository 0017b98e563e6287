"""A plan file and everything computed from it, on the recorded storefront whose capacity is known."""

import json
from pathlib import Path

import pytest

import capacity as cap
from capacity.errors import InputError
from capacity.study import Missing

TRUE_CAPACITY = {1: 296.3, 2: 575.3, 4: 1087.3}  # req/s, by construction: data/README.md


@pytest.fixture(scope="module")
def study(storefront: Path) -> cap.Study:
    """The recorded example."""
    return cap.Study.load(storefront / "plan.toml")


def test_saturation_throughput_is_the_constructed_one(study: cap.Study):
    """At each number of instances the estimate is within 3% of the capacity the service was built with."""
    for row in study.scaling_points.itertuples():
        assert row.status == "established"
        assert row.saturation_throughput.value == pytest.approx(TRUE_CAPACITY[row.instances], rel=0.03)


def test_slo_capacity_lies_below_saturation(study: cap.Study):
    """What keeps the objectives is bracketed, and below what saturates."""
    safe = study.capacity.slo["all"]
    assert 150 < safe.low <= safe.high < study.capacity.saturation_throughput.value


def test_scaling_contention_covers_the_constructed_one(study: cap.Study):
    """The interval of the contention across instances holds the 0.03 the service was built with."""
    contention = study.scaling.contention
    assert contention.low <= 0.03 <= contention.high


def test_more_demand_never_needs_fewer_instances(study: cap.Study, storefront: Path):
    """A longer horizon, with growing traffic, asks for at least as many instances."""
    longer = cap.Study.load(storefront / "plan.toml", horizon_days=300)
    assert longer.fleet.recommended >= study.fleet.recommended


def test_a_tighter_objective_never_raises_capacity(study: cap.Study, storefront: Path):
    """A smaller P95 objective gives no larger SLO capacity."""
    tighter = cap.Study.load(storefront / "plan.toml", p95_ms=150)
    assert tighter.capacity.slo["p95"].low <= study.capacity.slo["p95"].low


def test_more_spares_never_need_fewer_instances(study: cap.Study, storefront: Path):
    """A further instance that may be lost asks for at least as many instances."""
    safer = cap.Study.load(storefront / "plan.toml", spare_instances=2)
    assert safer.fleet.recommended >= study.fleet.recommended


def test_same_seed_same_plan(study: cap.Study, storefront: Path):
    """Two studies with one seed agree to the last digit, whatever was computed first."""
    again = cap.Study.load(storefront / "plan.toml")
    assert again.fleet.to_frame().equals(study.fleet.to_frame())
    assert json.dumps(again.to_dict()) == json.dumps(study.to_dict())


def test_bare_export_leaves_out_what_it_cannot_know(storefront: Path):
    """An export alone gives a capacity; demand, fleet and investments are missing and say why."""
    study = cap.Study.load(storefront / "steps-1.json")
    assert study.capacity.status == "established"
    for part in (study.demand, study.fleet, study.investments):
        assert isinstance(part, Missing)
        assert not part
        assert "plan" in part.reason
    assert "demand" in study.missing
    assert study.verdict.status in {"READY UP TO", "NOT READY"}


def test_recommendation_is_three_sentences_of_numbers_that_agree(study: cap.Study):
    """The first sentence names the fleet the options table recommends."""
    what_to_do, what_it_buys, what_would_change = study.recommendation.values()
    assert f"{study.fleet.recommended} instances" in what_to_do
    assert "%" in what_it_buys
    assert f"then {study.fleet.recommended} instances are too few" in what_would_change
    assert len(study.numbers) == 5


def test_inspection_of_a_run_without_http(shared: Path):
    """A websocket run is read, and no capacity is claimed from it."""
    from capacity.inspection import Inspection

    result = Inspection([cap.read(shared / "recorded" / "ws.json")]).to_dict()
    assert result["capacity"]["status"] == "not established"
    assert "no_http" in {finding["code"] for finding in result["findings"]}


def test_inspection_reproduces_the_field_exports(shared: Path):
    """Per-endpoint figures are those of the export, in seconds."""
    from capacity.inspection import Inspection

    (test,) = Inspection([cap.read(shared / "field-exports" / "basic.json")]).to_dict()["tests"]
    assert test["endpoints"]["/"]["p95"] == pytest.approx(0.0461)
    assert test["endpoints"]["/"]["p99"] == pytest.approx(0.4242)
    assert test["endpoints"]["/api/contacts/list"]["p99"] == pytest.approx(0.1252)
    assert test["totals"]["requests"] == 33102


@pytest.mark.parametrize("name", ["basic", "stress", "spike"])
def test_no_capacity_is_claimed_where_the_field_exports_support_none(shared: Path, name: str):
    """The published 300 req/s does not follow: no run brackets a saturation throughput of good answers near it."""
    study = cap.Study.load(shared / "field-exports" / f"{name}.json")
    limit = study.capacity.saturation_throughput
    assert limit is None or limit.low < 200
    assert study.capacity.slo["error_rate"].low == 0


def test_damaged_export_is_one_message(tmp_path: Path):
    """A cut export is refused with its name and what to do."""
    path = tmp_path / "cut.json"
    path.write_text('{"aggregate": {"counters"')
    with pytest.raises(InputError, match=r"cut\.json"):
        _ = cap.Study.load(path).tests


def test_a_burst_longer_than_any_history_tells_is_taken_for_poisson(study: cap.Study):
    """Two minutes are no burst that counts per minute could show, and the plan goes on without."""
    policy = study.plan.policy.model_copy(update={"burst_seconds": 120.0})
    long = cap.Study(study.plan.model_copy(update={"policy": policy}))
    assert long.dispersion.value == 1
    assert long.dispersion.provenance == "assumed"
