"""Files for other programs."""

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from capacity.report.artefacts import actions_csv, artefacts, inert


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
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("value", [-5, 2.5, "/cart", "a=b", "", "x-y", True])
def test_numbers_and_plain_names_stay_as_they_are(value: object) -> None:
    """A negative number is no formula."""
    assert inert(value) == value


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_missing_value_is_an_empty_cell(value: object) -> None:
    """Not the text nan."""
    assert inert(value) == ""


def test_actions_are_quoted_as_csv_asks() -> None:
    """Commas, quotes and line breaks come back as they were."""
    study = SimpleNamespace(actions=pd.DataFrame({"=head": ['a,"b"\nc'], "cost": [-5]}))
    rows = list(csv.reader(io.StringIO(actions_csv(study).decode(), newline="")))
    assert rows == [["'=head", "cost"], ['a,"b"\nc', "-5"]]


def test_plan_json_is_strict_json() -> None:
    """UTF-8, surrogates replaced; a number that is none is an error here, not in who reads it."""
    study = SimpleNamespace(
        to_dict=lambda: {"name": "ü\ud800"},
        actions=pd.DataFrame({"action": []}),
        next_test=None,
        slo=None,
        fleet=None,
    )
    assert json.loads(artefacts(study)["plan.json"]) == {"name": "ü?"}
    study.to_dict = lambda: {"value": float("nan")}
    with pytest.raises(ValueError, match="not JSON compliant"):
        artefacts(study)


def _study(next_test, **tests):
    plan = SimpleNamespace(service=SimpleNamespace(instances_tested=1), tests=tests)
    frame = pd.DataFrame({"action": []})
    return SimpleNamespace(
        to_dict=dict,
        actions=frame,
        plan=plan,
        next_test=next_test,
        slo=None,
        fleet=None,
    )


def test_the_next_test_starts_from_the_script_of_the_deployment() -> None:
    """Not from that of a run against other instances, and none is made up where a script is known."""
    two = SimpleNamespace(script="two.yml", instances=2)
    one = SimpleNamespace(script="one.yml", instances=1)
    study = _study(
        SimpleNamespace(script=lambda base: f"from {base!s} of {type(base).__name__}"),
        two=two,
        one=one,
    )
    assert artefacts(study)["next-test.yml"].decode() == f"from one.yml of {type(Path()).__name__}"


def test_the_next_test_without_a_script_is_made_from_the_export() -> None:
    """Runs without a script leave the base out."""
    study = _study(
        SimpleNamespace(script=lambda base: str(base)),
        one=SimpleNamespace(script=None, instances=1),
    )
    assert artefacts(study)["next-test.yml"] == b"None"


def test_no_next_test_no_file() -> None:
    """What could not be planned is left out, as everything missing is."""
    assert set(artefacts(_study(None))) == {"plan.json", "actions.csv"}
