"""Settings for other programs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from capacity.report.manifests import manifests
from capacity.study import Study

HOSTILE = 'shop"}[1m]))\n- alert: x; limit_rate 1; {{ .Labels }} <b>\u202e'


@pytest.fixture(scope="module")
def study(repository: Path) -> Study:
    """The example plan."""
    return Study.load(repository / "data" / "storefront" / "plan.toml")


@pytest.fixture(scope="module")
def made(study: Study) -> dict[str, bytes]:
    """Its manifests."""
    return manifests(study)


@pytest.fixture(scope="module")
def hostile(repository: Path) -> dict[str, bytes]:
    """The manifests of a service with a hostile name."""
    other = Study.load(repository / "data" / "storefront" / "plan.toml")
    service = other.plan.service.model_copy(update={"name": HOSTILE})
    return manifests(Study(other.plan.model_copy(update={"service": service})))


def test_the_autoscaler_holds_what_the_plan_says(made: dict[str, bytes], study: Study) -> None:
    """Least and most instances lie around the recommended fleet, and each gets its share of the safe load."""
    spec = yaml.safe_load(made["hpa.yaml"])["spec"]
    chosen = study.fleet.option(study.fleet.recommended)
    target = spec["metrics"][0]["pods"]["target"]["averageValue"]
    assert spec["minReplicas"] == study.fleet.recommended <= spec["maxReplicas"]
    assert int(target.removesuffix("m")) / 1000 == pytest.approx(
        chosen["safe_load_low"] / study.fleet.recommended, abs=0.001
    )


def test_the_autoscaler_has_the_fields_of_its_version(made: dict[str, bytes]) -> None:
    """Every key is one of autoscaling/v2."""
    manifest = yaml.safe_load(made["hpa.yaml"])
    assert (manifest["apiVersion"], manifest["kind"]) == ("autoscaling/v2", "HorizontalPodAutoscaler")
    assert manifest["spec"].keys() == {
        "scaleTargetRef", "minReplicas", "maxReplicas", "metrics", "behavior"
    }  # fmt: skip
    assert manifest["spec"]["behavior"].keys() == {"scaleUp", "scaleDown"}
    assert all(
        policy.keys() == {"type", "value", "periodSeconds"}
        for policy in manifest["spec"]["behavior"]["scaleUp"]["policies"]
    )


def test_alerts_burn_the_budget_at_their_rate(made: dict[str, bytes]) -> None:
    """At 99.9% the fastest alert fires at 14.4 times 0.1% errors, over an hour and over five minutes (O1)."""
    rules = yaml.safe_load(made["alerts.yml"])["groups"][0]["rules"]
    first = rules[0]["expr"]
    assert "[1h]" in first
    assert "[5m]" in first
    assert re.findall(r"> ([0-9.]+)", first) == ["0.0144", "0.0144"]
    assert {rule["alert"] for rule in rules} >= {"SlowP95", "LoadBeyondSafe"}
    assert all(rule.keys() == {"alert", "expr", "for", "labels", "annotations"} for rule in rules)


def test_a_hostile_name_stays_a_name(hostile: dict[str, bytes]) -> None:
    """It becomes one quoted label, one DNS label, one comment line; never a rule, a directive or a template."""
    rules = yaml.safe_load(hostile["alerts.yml"])["groups"][0]["rules"]
    assert {rule["alert"] for rule in rules} & {"x"} == set()
    assert all('service="shop\\"}' in rule["expr"] for rule in rules)
    assert re.fullmatch(r"[a-z0-9-]{1,63}", yaml.safe_load(hostile["hpa.yaml"])["metadata"]["name"])
    directives = [line for line in hostile["nginx-limits.conf"].decode().splitlines() if line[:1] != "#"]
    assert len(directives) == 3
    assert all(line.startswith("limit_req") for line in directives)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.parametrize("which", ["made", "hostile"])
def test_nginx_accepts_the_limit(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """`nginx -t` takes the snippet inside an http block."""
    (tmp_path / "limits.conf").write_bytes(request.getfixturevalue(which)["nginx-limits.conf"])
    (tmp_path / "nginx.conf").write_text(
        f"error_log {tmp_path}/e.log;\npid {tmp_path}/n.pid;\nevents {{}}\n"
        f"http {{ access_log off; include {tmp_path}/limits.conf; server {{ listen 127.0.0.1:8099; }} }}\n"
    )
    ran = subprocess.run(
        ["nginx", "-t", "-c", f"{tmp_path}/nginx.conf", "-p", str(tmp_path)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr


def test_without_a_fleet_nothing_is_scaled(repository: Path) -> None:
    """A bare export supports no autoscaler and no limit."""
    bare = Study.load(repository / "data" / "storefront" / "steps-1.json")
    assert not {"hpa.yaml", "nginx-limits.conf"} & manifests(bare).keys()
