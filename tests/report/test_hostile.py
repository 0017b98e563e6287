"""Names from outside in the files for other programs: each is still read by its own parser, and says the same."""

import copy
import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from capacity.report.files.artefacts import Artefacts, actions_csv, artefacts, plan_json
from capacity.report.files.manifests import _Range, manifests
from capacity.study import Study
from capacity.wording import visible

NAMES = json.loads(Path(__file__).with_name("hostile.json").read_text())
FORMULAS = NAMES["formulas"]
PAYLOADS = [name for subject, names in NAMES.items() if subject != "formulas" for name in names]


@pytest.fixture(scope="module")
def study(repository: Path) -> Study:
    """The example plan, its fleet computed."""
    study = Study.load(repository / "data" / "storefront" / "plan.toml")
    assert study.fleet
    return study


def called(study: Study, name: str) -> Study:
    """The same study of a service of another name."""
    other = copy.copy(study)
    other.plan = study.plan.model_copy(
        update={"service": study.plan.service.model_copy(update={"name": name})}
    )
    return other


def test_there_are_enough_of_them() -> None:
    """Of each subject: markup, templates, mathematics, terminals, directions, paths, formulas, YAML and so on."""
    assert len({*PAYLOADS, *FORMULAS}) >= 180
    assert len(NAMES) >= 18


@pytest.fixture(scope="module")
def made(study: Study) -> dict[str, dict[str, str]]:
    """Manifests for each name; the numbers in them, which are the same, are worked out once."""
    found = _Range.of(study)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_Range, "of", lambda study: found)
        return {name: manifests(called(study, name)) for name in [*PAYLOADS, *FORMULAS]}


def test_a_name_adds_nothing_to_a_manifest(study: Study, made: dict[str, dict[str, str]]) -> None:
    """The YAML has the same content but for names and labels; so have the settings but for comments."""
    plain = manifests(study)
    alerts = yaml.safe_load(plain["alerts.yml"])["groups"][0]["rules"]
    spec = yaml.safe_load(plain["hpa.yaml"])["spec"]
    for name, files in made.items():
        found = yaml.safe_load(files["hpa.yaml"])
        assert {**found["spec"], "scaleTargetRef": 0} == {**spec, "scaleTargetRef": 0}, name
        rules = yaml.safe_load(files["alerts.yml"])["groups"][0]["rules"]
        assert [{**rule, "expr": 0} for rule in rules] == [{**rule, "expr": 0} for rule in alerts], name
        for file in ("limits/nginx.conf", "limits/pgbouncer.ini"):
            assert settings(files[file]) == settings(plain[file]), name


def settings(text: str) -> list[str]:
    """Lines that are no comment."""
    return [line for line in text.split("\n") if not line.startswith(("#", ";"))]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_every_name(made: dict[str, dict[str, str]], tmp_path: Path) -> None:
    """As a label value and nothing else."""
    files = []
    for number, rules in enumerate(made.values()):
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_bytes(rules["alerts.yml"].encode("utf-8", "replace"))
    ran = subprocess.run(["promtool", "check", "rules", *files], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("SUCCESS: 7 rules found") == len(files)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_takes_every_name(made: dict[str, dict[str, str]], tmp_path: Path) -> None:
    """As a comment: the comments of all, before the settings of one."""
    comments = [
        line for files in made.values() for line in files["limits/nginx.conf"].split("\n") if line[:1] == "#"
    ]
    text = "\n".join([*comments, *settings(made["*"]["limits/nginx.conf"])])
    (tmp_path / "limits.conf").write_bytes(text.encode("utf-8", "replace"))
    (tmp_path / "nginx.conf").write_text(
        f"error_log {tmp_path}/e.log;\npid {tmp_path}/n.pid;\nevents {{}}\n"
        f"http {{ access_log off; include {tmp_path}/limits.conf; server {{ listen 127.0.0.1:8099; }} }}\n"
    )
    command = ["nginx", "-t", "-c", f"{tmp_path}/nginx.conf", "-p", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", [*PAYLOADS, *FORMULAS])
def test_a_table_of_names_executes_nothing(name: str) -> None:
    """A cell is read back as pages show it, or with an apostrophe before what a spreadsheet would execute."""
    frame = pd.DataFrame({"action": [f"{name}"], "why": [f"because of {name}"]})
    (_, row) = csv.reader(io.StringIO(actions_csv(SimpleNamespace(actions=frame)).decode(), newline=""))
    expected = visible(name, None)
    assert row[0].removeprefix("'") == expected.removeprefix("'")
    assert row[0].lstrip("\ufeff \u00a0\u3000")[:1] not in tuple("=+-@\t\r\n\0＝＋－＠")
    assert row[0] == f"'{expected}" or expected[:1] not in tuple("=+-@")


def test_plan_json_keeps_the_name() -> None:
    """Whatever it is, JSON holds it; only what is no character at all is replaced."""
    for name in [*PAYLOADS, *FORMULAS]:
        study = SimpleNamespace(to_dict=lambda name=name: {"service": name, name: 1})
        read = json.loads(plan_json(study))
        assert read["service"] == name.encode("utf-8", "replace").decode()


@pytest.fixture(scope="module")
def whole(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefacts:
    """Everything made of a plan whose tests, endpoints and events have such names."""
    folder = tmp_path_factory.mktemp("whole")
    export = (repository / "data" / "storefront" / "steps-1.json").read_text()
    for endpoint, name in (("/api/login", PAYLOADS[0]), ("/api/checkout", "=1+1"), ("/", 'x"}\n- y')):
        export = export.replace(
            f"metrics-by-endpoint.{endpoint}.", f"metrics-by-endpoint.{json.dumps(name)[1:-1]}."
        )
    (folder / "a b=1;#.json").write_text(export)
    events = ", ".join(
        f'{{ name = {json.dumps(name)}, date = "2026-12-{day:02}", multiplier = [1, 1.1, 1.2] }}'
        for day, name in enumerate(["=1+1", "<b>{{x}}", "a\nb: c", '"}) or vector(1)'], start=1)
    )
    history = repository / "data" / "storefront" / "traffic-synthetic.csv"
    (folder / "plan.toml").write_text(
        '[service]\nname = "-1+x\\"}"\n[tests]\nbaseline = "a b=1;#.json"\n[slo]\np95_ms = 500\n'
        f'[demand]\nhistory = "{history}"\nhorizon_days = 60\nevents = [{events}]\n'
    )
    return artefacts(Study.load(folder / "plan.toml"))


def test_a_whole_plan_of_such_names_is_read_by_every_parser(whole: Artefacts) -> None:
    """Tests, endpoints and events with such names lead to files that say what they should."""
    assert set(whole.left_out) == {"limits/pgbouncer.ini"}
    plan = json.loads(whole.files["plan.json"])
    assert plan["service"] == '-1+x"}'
    for name in ("hpa.yaml", "alerts.yml", "next-test.yml"):
        assert isinstance(yaml.safe_load(whole.files[name]), dict)
    for row in csv.reader(io.StringIO(whole.files["actions.csv"].decode(), newline="")):
        assert not [cell for cell in row if cell[:1] in "=+-@" and cell]
