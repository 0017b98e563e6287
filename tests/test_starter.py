"""The plan `capacity init` writes."""

from pathlib import Path

import pytest

from capacity.evidence.quantities import QUANTITIES
from capacity.plan import load_plan
from capacity.starter import starter


def written(folder: Path, *names: str) -> Path:
    """Plan file written for exports of these names."""
    for name in names:
        (folder / name).write_text("{}")
    plan = folder / "plan.toml"
    plan.write_text(starter([folder / name for name in names], plan), encoding="utf-8")
    return plan


def test_a_starter_is_a_plan(tmp_path: Path) -> None:
    """It loads as it is, with a role for each export."""
    plan = load_plan(written(tmp_path, "baseline.json", "stress.json.gz"))
    assert plan.tests["stress"].export == tmp_path / "stress.json.gz"
    assert list(plan.tests) == ["baseline", "stress"]


@pytest.mark.parametrize("other", ["history", "current_peak"])
def test_a_starter_without_its_comment_signs_is_a_plan(tmp_path: Path, other: str) -> None:
    """Every example in it is right once its files are there, with one of the two ways to know the traffic."""
    plan = written(tmp_path, "stress.json")
    for name in ("stress.yml", "fleet.json", "fleet.yml", "traffic.csv", "last-plan.json"):
        (tmp_path / name).write_text("")
    kept = ("# A capacity", "# Paths", f"# {other} =")
    lines = [
        line if line.startswith(kept) else line.removeprefix("# ") for line in plan.read_text().splitlines()
    ]
    plan.write_text("\n".join(lines))
    read = load_plan(plan)
    assert read.demand is not None
    assert read.cost is not None
    assert read.investment[0].parameters == {"connect_ms": (5.0, 10.0, 15.0)}
    assert [claim.run for claim in read.claim] == [None, "stress"]


def test_a_starter_names_every_quantity_to_claim(tmp_path: Path) -> None:
    """What can be claimed stands in the comments."""
    text = written(tmp_path, "stress.json").read_text()
    assert [name for name in QUANTITIES if name not in text] == []


@pytest.mark.parametrize(
    "name", ['quo"te.json', "script.json", "späce und.json", "...json", "back\\slash.json"]
)
def test_any_file_name_makes_a_role(tmp_path: Path, name: str) -> None:
    """Odd names are quoted and get a plain role."""
    (source,) = load_plan(written(tmp_path, name)).tests.values()
    assert source.export == tmp_path / name


def test_equal_names_get_numbers(tmp_path: Path) -> None:
    """Two exports of one name are two tests."""
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    plan = load_plan(written(tmp_path, "x/run.json", "y/run.json"))
    assert list(plan.tests) == ["run", "run-2"]
