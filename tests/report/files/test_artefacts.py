"""Files for other programs."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from capacity.report.files.artefacts import actions_csv, artefacts, inert, next_test_yml, plan_json
from capacity.study import Missing
from capacity.wording import visible


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r=1",
        "\n=1",
        "\0=1",
        " =1",
        "\ufeff=1",
        "＝1",
        "＠x",
        "\u3000=1",
        "\u00a0-1",
    ],
)
def test_no_spreadsheet_executes_a_name(text: str) -> None:
    """Whatever could start a formula gets an apostrophe."""
    assert inert(text) == f"'{visible(text, None)}"


@pytest.mark.parametrize("value", [-5, 2.5, "/cart", "a=b", "", "x-y", True])
def test_numbers_and_plain_names_stay_as_they_are(value: object) -> None:
    """A negative number is no formula."""
    assert inert(value) == value


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_missing_value_is_an_empty_cell(value: object) -> None:
    """Not the text nan."""
    assert inert(value) == ""


def test_actions_are_quoted_as_csv_asks() -> None:
    """Commas and quotes come back as they were, a line break as a space."""
    study = SimpleNamespace(actions=pd.DataFrame({"=head": ['a,"b"\nc'], "cost": [-5]}))
    rows = list(csv.reader(io.StringIO(actions_csv(study).decode(), newline="")))
    assert rows == [["'=head", "cost"], ['a,"b" c', "-5"]]


def test_plan_json_is_strict_json() -> None:
    """UTF-8, surrogates replaced; a number that is none is an error here, not in who reads it."""
    study = SimpleNamespace(
        to_dict=lambda: {"name": "ü\ud800"},
    )
    assert json.loads(plan_json(study)) == {"name": "ü?"}
    study.to_dict = lambda: {"value": float("nan")}
    with pytest.raises(ValueError, match="not JSON compliant"):
        plan_json(study)


def a_study(next_test: object, **tests: object) -> SimpleNamespace:
    """A study with these runs and this next test."""
    plan = SimpleNamespace(service=SimpleNamespace(instances_tested=1), tests=tests)
    return SimpleNamespace(plan=plan, next_test=next_test)


def test_the_next_test_starts_from_the_script_of_the_deployment() -> None:
    """Not from that of a run against other instances, and none is made up where a script is known."""
    two = SimpleNamespace(script="two.yml", instances=2)
    one = SimpleNamespace(script="one.yml", instances=1)
    next_test = SimpleNamespace(script=lambda base: f"from {base!s} of {type(base).__name__}")
    assert (
        next_test_yml(a_study(next_test, two=two, one=one))
        == f"from one.yml of {type(Path()).__name__}".encode()
    )


def test_the_next_test_without_a_script_is_made_from_the_export() -> None:
    """Runs without a script leave the base out."""
    one = SimpleNamespace(script=None, instances=1)
    assert next_test_yml(a_study(SimpleNamespace(script=str), one=one)) == b"None"


def test_what_is_left_out_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be made has a reason in place of a file."""
    monkeypatch.setattr(
        "capacity.report.files.artefacts.manifests", lambda study: {"a": "A", "b": Missing("b", "no B")}
    )
    study = SimpleNamespace(
        to_dict=dict, actions=pd.DataFrame({"action": []}), next_test=Missing("next test", "no test")
    )
    made = artefacts(study)
    assert set(made.files) == {"plan.json", "actions.csv", "a"}
    assert made.left_out == {"b": "no B", "next-test.yml": "no test"}


PROGRAM = """
import hashlib, os, sys
from capacity.report.files.artefacts import artefacts
from capacity.study import Study
study = Study.load(sys.argv[1], seed=7)
for first in sys.argv[2:]:
    getattr(study, first)
made = artefacts(study)
assert not [name for name, content in made.files.items() if os.path.dirname(sys.argv[1]).encode() in content]
for name, content in sorted(made.files.items()):
    print(name, hashlib.sha256(content).hexdigest())
print(sorted(made.left_out.items()))
"""


PLAN = """
[tests]
steps = { export = "steps-1.json", script = "steps-1.yml" }
[demand]
history = "traffic-synthetic.csv"
horizon_days = 60
[policy]
ramp_per_second = 0.1
[cost]
instance_per_month = 50
engineer_per_hour = 100
downtime_per_minute = [50, 100, 500]
[[investment]]
lever = "connection_pool"
hours = [2, 3, 4]
database_cores = 32
query_ms = [10, 12, 15]
connect_ms = [5, 10, 15]
max_connections = 200
reuse = [0.95, 0.98, 0.99]
pool_size = 12
"""


def test_one_seed_makes_the_same_bytes_in_another_process(repository: Path, tmp_path: Path) -> None:
    """Another hash seed, time zone, folder, order of work: every file is the same, and tells no path and no clock."""
    source = repository / "data" / "storefront"
    told = []
    for folder, first, environment in [
        ("a", [], {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata"}),
        ("b \u00e4", ["investments", "verdict"], {"PYTHONHASHSEED": "2", "TZ": "UTC", "LC_ALL": "C"}),
    ]:
        place = tmp_path / folder
        place.mkdir()
        for name in ("traffic-synthetic.csv", "steps-1.json", "steps-1.yml"):
            (place / name).symlink_to(source / name)
        (place / "plan.toml").write_text(f'[service]\nname = "shop"\n{PLAN}')
        command = [sys.executable, "-c", PROGRAM, str(place / "plan.toml"), *first]
        ran = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        told.append(ran.stdout)
    assert told[0] == told[1]
    assert all(name in told[0] for name in ("hpa.yaml", "limits/pgbouncer.ini", "next-test.yml", "plan.json"))
