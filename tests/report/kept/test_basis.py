"""What results depend on: each ingredient, changed in turn, makes another key."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from capacity import origin
from capacity.report.kept import basis as module
from capacity.report.kept.basis import Basis, of_notebook

PLAN = """
[service]
name = "shop"
[tests]
stress = "stress.json"
script = "stress.yml"
[demand]
history = "traffic.csv"
[ledger]
plans = ["old/plan.json"]
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan with every kind of input, and a package of two modules in place of ours."""
    (tmp_path / "old").mkdir()
    for name in ("stress.json", "stress.yml", "traffic.csv", "old/plan.json", "other.csv"):
        (tmp_path / name).write_text(name)
    (tmp_path / "plan.toml").write_text(PLAN)
    for package in ("capacity", "artillery_results_parser"):
        (tmp_path / package / "report").mkdir(parents=True)
        (tmp_path / package / "report" / "module.py").write_text("x = 1")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "capacity" / "report" / "kept" / "basis.py"))
    return tmp_path / "plan.toml"


def written(name: str, text: str = "changed") -> Callable[[Path, pytest.MonkeyPatch], None]:
    """Change a file beside the plan."""
    return lambda folder, patch: (folder / name).write_text(text) and None


CHANGES = {
    "an export": written("stress.json"),
    "a script": written("stress.yml"),
    "the traffic history": written("traffic.csv"),
    "a file of the ledger": written("old/plan.json"),
    "a value of the plan": written("plan.toml", PLAN.replace("shop", "shop2")),
    "our code": written("capacity/report/module.py", "x = 2"),
    "a new module": written("capacity/report/new.py"),
    "the parser": written("artillery_results_parser/report/module.py"),
    "a package": lambda folder, patch: patch.setattr(origin, "installed", lambda: ["numpy-0"]),
    "the build": lambda folder, patch: patch.setattr(origin, "software", lambda: "capacity 9"),
    "Python": lambda folder, patch: patch.setattr(sys, "version", "2.7"),
    "a setting": lambda folder, patch: patch.setenv("CAPACITY_COMPILE", "0"),
    "a file that is there no more": lambda folder, patch: (folder / "traffic.csv").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_ingredient_makes_another_key(plan: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """A key that forgets an input would recall a wrong report."""
    before = Basis.of(plan, {})
    assert before == Basis.of(plan, {})
    CHANGES[change](plan.parent, monkeypatch)
    after = Basis.of(plan, {})
    assert before
    assert after
    assert before.key("study") != after.key("study")


@pytest.mark.parametrize("given", [{"seed": 2}, {"seed": 1.5}, {"demand.history": "other.csv"}, {"x": None}])
def test_what_is_asked_makes_another_key(plan: Path, given: dict[str, object]) -> None:
    """Parameters, and values in place of the plan's."""
    keys = {found.key() for asked in ({}, {"seed": 1}, given) if (found := Basis.of(plan, asked))}
    assert len(keys) == 3


def test_a_file_given_in_place_of_one_is_an_input(plan: Path) -> None:
    """Its content counts, wherever it was named."""
    found = Basis.of(plan, {"given": {"demand.history": "other.csv"}})
    assert found
    assert str(plan.parent / "other.csv") in found.inputs


def test_the_same_content_in_another_place_is_another_key(plan: Path, tmp_path: Path) -> None:
    """Pages may show paths."""
    assert Basis.of(tmp_path / "stress.json", {}) != Basis.of(tmp_path / "stress.yml", {})


@pytest.mark.parametrize("name", ["template/page.j2", "report/__pycache__/module.pyc", "notebooks/own.py"])
def test_what_is_applied_anew_is_no_ingredient(plan: Path, name: str) -> None:
    """The template is applied to recalled notebooks as well."""
    before = Basis.of(plan, {})
    (plan.parent / "capacity" / name).parent.mkdir(exist_ok=True)
    (plan.parent / "capacity" / name).write_text("changed")
    assert Basis.of(plan, {}) == before


@pytest.mark.parametrize("content", [b"not toml = ", b"\xff", b"a = " + b"[" * 5000])
def test_a_plan_that_cannot_be_read_has_no_basis(plan: Path, content: bytes) -> None:
    """Nothing is kept of it; what is wrong with it is told elsewhere."""
    plan.write_bytes(content)
    assert Basis.of(plan, {}) is None
    assert Basis.of(plan.parent / "none.toml", {}) is None
    assert Basis.of(plan.parent, {}) is None


def test_texts_that_name_no_file_are_none(plan: Path) -> None:
    """However long or odd they are."""
    plan.write_text(PLAN.replace("shop", "x" * 5000) + '[x]\na = ".."\nb = "nul\\u0000"\n')
    found = Basis.of(plan, {})
    assert found
    assert len(found.inputs) == 5


def test_a_notebook_and_what_it_could_import_are_ingredients(tmp_path: Path) -> None:
    """Its name, its content, and modules beside it."""
    book = tmp_path / "a.ipynb"
    book.write_text(json.dumps({"cells": []}))
    told = [of_notebook(book)]
    book.write_text(json.dumps({"cells": [1]}))
    told.append(of_notebook(book))
    (tmp_path / "helper.py").write_text("x = 1")
    told.append(of_notebook(book))
    assert len({tuple(one) for one in told}) == 3
