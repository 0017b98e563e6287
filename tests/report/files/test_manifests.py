"""Settings for an autoscaler and for alerts."""

import copy
import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from capacity.plan import Limit, Slo
from capacity.planning.fleet.shared import Shared
from capacity.report.files.manifests import manifests
from capacity.study import Missing, Study


@pytest.fixture(scope="module")
def study(repository: Path) -> Study:
    """The example plan, its fleet computed."""
    study = Study.load(repository / "data" / "storefront" / "plan.toml")
    assert study.fleet
    return study


@pytest.fixture(scope="module")
def made(study: Study) -> dict[str, str | Missing]:
    """Its manifests."""
    return manifests(study)


def changed(study: Study, **parts: object) -> Study:
    """The study with parts of it replaced and the rest as computed."""
    other = copy.copy(study)
    other.__dict__.update(parts)
    return other


def with_policy(study: Study, **values: object) -> Study:
    """The study with another policy behind its fleet."""
    fleet = copy.copy(study.fleet)
    policy = copy.copy(fleet.policy)
    for owner, name, value in [(fleet, "policy", policy), *((policy, *item) for item in values.items())]:
        object.__setattr__(owner, name, value)
    return changed(study, fleet=fleet)


def with_facts(study: Study, **facts: object) -> Study:
    """The study with these facts stated in its connection_pool investment."""
    pool = next(one for one in study.plan.investment if one.lever == "connection_pool")
    pool = pool.model_copy(update={"parameters": {**pool.parameters, **facts}})
    return changed(study, plan=study.plan.model_copy(update={"investment": (pool,)}))


def spec_of(study: Study) -> dict:
    """What its autoscaler is to do."""
    return yaml.safe_load(manifests(study)["hpa.yaml"])["spec"]


def target_of(spec: dict) -> float:
    """Load of an instance that it holds. [req/s]"""
    return int(spec["metrics"][0]["pods"]["target"]["averageValue"].removesuffix("m")) / 1000


def test_without_a_ramp_the_whole_fleet_runs(study: Study) -> None:
    """The least number is the recommended fleet, and each instance gets its share of the safe load."""
    still = with_policy(study, ramp_per_second=None)
    spec, fleet = spec_of(still), study.fleet
    share = fleet.option(fleet.recommended)["safe_load_low"] / fleet.recommended
    assert spec["minReplicas"] == fleet.recommended <= spec["maxReplicas"]
    assert target_of(spec) == pytest.approx(share, abs=0.001)
    assert "no ramp is given" in manifests(still)["hpa.yaml"]


def test_with_a_ramp_every_size_may_lose_what_is_set_aside(study: Study) -> None:
    """Fewer instances may be given less each: the target is what the least number can lose an instance at."""
    moving = with_policy(study, ramp_per_second=0.1)
    spec, fleet = spec_of(moving), moving.fleet
    share = fleet.option(fleet.recommended)["safe_load_low"] / fleet.recommended
    assert fleet.policy.lost(2) < spec["minReplicas"] < fleet.recommended
    assert target_of(spec) < share
    assert f"from {spec['minReplicas']} on every number can lose" in manifests(moving)["hpa.yaml"]


def sharing(study: Study, *limits: Limit) -> Study:
    """The study whose instances share these, with twice the demand."""
    demand = dataclasses.replace(study.fleet.demand, paths=2 * study.fleet.demand.paths)
    return changed(study, fleet=dataclasses.replace(study.fleet, shared=Shared.of(limits), demand=demand))


def test_what_all_instances_share_ends_the_autoscaler(study: Study) -> None:
    """The largest number is never above what a shared limit allows or a quota can use, and the file says so."""
    still = with_policy(study, ramp_per_second=None)
    free, target = spec_of(sharing(still))["maxReplicas"], target_of(spec_of(still))
    counted = sharing(still, Limit(name="leases", available=float(free - 1), per_instance=1.0))
    assert spec_of(counted)["maxReplicas"] == free - 1
    assert f"leases: {free - 1} for 1 an instance" in manifests(counted)["hpa.yaml"]
    quota = sharing(still, Limit(name="quota", rate=target * (free - 1.5)))
    assert spec_of(quota)["maxReplicas"] == free - 1 > study.fleet.recommended
    assert "more would not help: quota ends at" in manifests(quota)["hpa.yaml"]
    none = sharing(study, Limit(name="leases", available=1.0, per_instance=2.0))
    assert "not one instance can be had: leases" in manifests(none)["hpa.yaml"].reason


def test_the_database_ends_the_autoscaler(study: Study) -> None:
    """Two versions of the largest number open no more connections than there are, even if that is too few to serve."""
    crowded = with_facts(study, max_connections=63, reserved_connections=3, connections_per_instance=15)
    assert (spec_of(crowded)["minReplicas"], spec_of(crowded)["maxReplicas"]) == (2, 2)
    assert "FEWER THAN THE" in manifests(crowded)["hpa.yaml"]
    full = with_facts(study, max_connections=10, reserved_connections=3, connections_per_instance=15)
    assert "not one instance" in manifests(full)["hpa.yaml"].reason


@pytest.mark.parametrize("ramp", [None, 0.01, 1.0])
@pytest.mark.parametrize("connections", [20, 70, 100, 1000])
@pytest.mark.parametrize("name", ["shop", "-ÄÖ-", "9 lives", "x" * 200])
def test_kubernetes_accepts_the_autoscaler(
    study: Study, repository: Path, ramp: float | None, connections: int, name: str
) -> None:
    """Every plan's manifest keeps the strict schema of autoscaling/v2, and its bounds are in order."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((repository / "tests" / "report" / "files" / "hpa-v2.schema.json").read_text())
    plan = with_facts(study, max_connections=connections, connections_per_instance=5).plan
    plan = plan.model_copy(update={"service": plan.service.model_copy(update={"name": name})})
    manifest = yaml.safe_load(
        manifests(changed(with_policy(study, ramp_per_second=ramp), plan=plan))["hpa.yaml"]
    )
    jsonschema.Draft202012Validator(schema).validate(manifest)
    assert 1 <= manifest["spec"]["minReplicas"] <= manifest["spec"]["maxReplicas"]
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", manifest["metadata"]["name"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(manifest | {"more": 1})


def test_alerts_burn_the_budget_at_their_rate(made: dict[str, str]) -> None:
    """At 99.9% the fastest alert fires at 14.4 times 0.1% errors, over an hour and over five minutes (O1)."""
    rules = yaml.safe_load(made["alerts.yml"])["groups"][0]["rules"]
    first = rules[0]["expr"]
    assert "[1h]" in first
    assert "[5m]" in first
    assert re.findall(r"> ([0-9.]+)", first) == ["0.0144", "0.0144"]
    assert {rule["alert"] for rule in rules} >= {"SlowP95", "LoadBeyondSafe"}
    assert all(rule.keys() == {"alert", "expr", "for", "labels", "annotations"} for rule in rules)


def test_no_alert_waits_for_more_errors_than_requests(study: Study) -> None:
    """With a budget of 10% errors, 14.4 times that is no share; the slower alerts remain."""
    loose = study.plan.model_copy(update={"slo": Slo(error_rate=0.1)})
    rules = yaml.safe_load(manifests(changed(study, plan=loose))["alerts.yml"])["groups"][0]["rules"]
    assert [rule["alert"] for rule in rules][:4] == [
        "ErrorBudgetBurn6h", "ErrorBudgetBurn1d", "ErrorBudgetBurn3d", "SlowP95",
    ]  # fmt: skip


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("objectives", [{}, {"p50_ms": 0.5, "p95_ms": 1e6, "availability": 0.99999}])
def test_prometheus_accepts_the_alerts(study: Study, tmp_path: Path, objectives: dict[str, float]) -> None:
    """`promtool check rules` takes the file."""
    slo = Slo(**objectives)
    times = SimpleNamespace(quantiles=slo.quantiles)
    other = changed(study, plan=study.plan.model_copy(update={"slo": slo}), slo=times)
    (tmp_path / "alerts.yml").write_text(manifests(other)["alerts.yml"])
    ran = subprocess.run(
        ["promtool", "check", "rules", f"{tmp_path}/alerts.yml"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_without_a_fleet_nothing_is_scaled(repository: Path) -> None:
    """A bare export supports no autoscaler and no limit, and each says why."""
    bare = manifests(Study.load(repository / "data" / "storefront" / "steps-1.json"))
    assert all("the plan has no [demand]" in bare[name].reason for name in bare if name != "alerts.yml")
    assert bare["alerts.yml"]
