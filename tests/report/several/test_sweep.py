"""The same plan with other values."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from capacity.errors import UsageError
from capacity.report.execution.running import Run
from capacity.report.folder import Busy, only_writer
from capacity.report.kept import memory
from capacity.report.kept.cache import Cache
from capacity.report.kept.studied import NoStudy, Question, Studied
from capacity.report.publish import Outcome
from capacity.report.several.summary import Summary
from capacity.report.several.sweep import MOST_VARIANTS, combinations, sweep, values_of, written

PLAN = """
[service]
name = "shop"
[tests]
stress = "../tests/stress.json"
[demand]
growth_per_month = 0.01
"""


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("90,180,360", [90, 180, 360]),
        ("0.05", [0.05]),
        ("1e3,-2", [1000.0, -2]),
        ("[0.01,0.02,0.03],[1,2,3]", [[0.01, 0.02, 0.03], [1, 2, 3]]),
        ("100..200:50", [100, 150, 200]),
        ("1..4", [1, 2, 3, 4]),
        ("1..4:2", [1, 3]),
        ("-1..1", [-1, 0, 1]),
        ("0.1..0.4:0.1", [0.1, 0.2, 0.3, 0.4]),
        ("random,round-robin", ["random", "round-robin"]),
        ('"a b","c,d"', ["a b", "c,d"]),
        ("true,false", [True, False]),
        ("{ a = 1 }", [{"a": 1}]),
    ],
)
def test_values_are_written_as_in_the_plan(text: str, values: list[Any]) -> None:
    """As TOML does, with commas between; words and ranges besides."""
    assert values_of(text) == values
    assert [type(value) for value in values_of(text)] == [type(value) for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "90,,180",
        "[1",
        "1]\nx = [2",
        "1] #",
        "1]",
        "9..1",
        "1..2:0",
        "1..1000",
        "a b",
        "=1",
        "[" * 5000,
    ],
)
def test_what_is_no_value_is_refused(text: str) -> None:
    """With examples of what is."""
    with pytest.raises(UsageError, match=r"values .*; allowed: .*100\.\.500:50"):
        values_of(text)


def test_every_combination_is_a_variant() -> None:
    """The first key changes slowest; too many are refused with their number."""
    assert combinations({"a": [1, 2], "b": [3, 4]}) == [
        {"a": 1, "b": 3},
        {"a": 1, "b": 4},
        {"a": 2, "b": 3},
        {"a": 2, "b": 4},
    ]
    assert len(combinations({"a": range(MOST_VARIANTS)})) == MOST_VARIANTS
    with pytest.raises(UsageError, match="20 x 11 = 220 variants; allowed: at most 200"):
        combinations({"a": range(20), "b": range(11)})


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan that names its test by a relative path; studies are stood in for."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "plans").mkdir()
    (tmp_path / "tests" / "stress.json").write_text("{}")
    (tmp_path / "plans" / "plan.toml").write_text(PLAN)
    monkeypatch.chdir(tmp_path)

    def studied(question: Question, kernels: object) -> Studied:
        days = question.given["demand.horizon_days"]
        if days == 13:
            raise NoStudy(f"{question.plan}: its process ended", 6)
        row = Summary("shop", "READY", "READY", "now: nothing", running=2, needed=2 + days // 100)
        return Studied(
            "shop", question.options["seed"], [{"sha256": "ab"}], row, {"plan.json": f"{days}"}, {}
        )

    monkeypatch.setattr(memory, "study_apart", studied)
    return tmp_path / "plans" / "plan.toml"


def swept(plan: Path, days: list[Any], **options: Any) -> Outcome:
    """Sweep the horizon."""
    return sweep(plan, {"demand.horizon_days": days}, plan.parent / "out", **options)


def test_a_sweep_has_its_page_and_files(plan: Path) -> None:
    """The comparison, a table for spreadsheets, and plan.json of each variant; progress counts the variants."""
    told: list[tuple[Run, int, int]] = []
    outcome = swept(plan, [90, 180], seed=3, progress=lambda *how: told.append(how))
    assert outcome == Outcome(plan.parent / "out", True, (), 0)
    out = plan.parent / "out"
    assert sorted(file.relative_to(out).as_posix() for file in out.rglob("*.*")) == [
        "index.html",
        "status.json",
        "sweep.csv",
        "variants/1.json",
        "variants/2.json",
    ]
    assert (out / "variants" / "2.json").read_text() == "180"
    assert sorted((run.name, done, total) for run, done, total in told)[1][1:] in [(1, 2), (2, 2)]
    page = (out / "index.html").read_text()
    assert "capacity sweep plan.toml -p demand.horizon_days=90,180" in page
    assert "demand.horizon_days moves the answer most: the instances needed differ by up to 1" in page
    assert str(plan.parent) not in page


def test_a_refused_variant_has_a_row_with_its_reason(plan: Path) -> None:
    """Refused by the plan, or dead on the way: the others are there, and the exit code is that of the worst."""
    outcome = swept(plan, [90, -1, 13])
    assert (outcome.complete, outcome.exit_code) == (True, 6)
    assert outcome.problems == (
        "variant 2: plan.toml: demand.horizon_days: -1; allowed: a whole number of days from 1 to 3650",
        "variant 3: plan.toml: its process ended",
    )
    status = json.loads((plan.parent / "out" / "status.json").read_text())
    assert [one["status"] for one in status["variants"]] == ["complete", "refused", "refused"]
    assert status["variants"][1]["given"] == {"demand.horizon_days": -1}
    with (plan.parent / "out" / "sweep.csv").open() as stream:
        assert [row["status"] for row in csv.DictReader(stream)] == ["READY", "NO REPORT", "NO REPORT"]
    assert (
        "Refused: variant 2, for plan.toml: demand.horizon_days: -1"
        in (plan.parent / "out" / "index.html").read_text()
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("demand.horizon_day", "no such key in demand; .* did you mean 'horizon_days'"),
        ("demnd.horizon_days", "no such key in a plan; .* did you mean 'demand'"),
        ("demand.horizon_days.x", "is no|allowed"),
        ("demand horizon", "no key; allowed: such as demand.horizon_days"),
    ],
)
def test_an_unknown_key_starts_nothing(plan: Path, key: str, message: str) -> None:
    """The whole sweep is refused, with the nearest key."""
    with pytest.raises(UsageError, match=message):
        sweep(plan, {"demand.horizon_days": [90], key: [1, 2]}, plan.parent / "out")
    assert not (plan.parent / "out").exists()


def test_when_every_variant_comes_to_nothing_nothing_is_written(plan: Path) -> None:
    """Refused with the first reason, or told of each."""
    with pytest.raises(UsageError, match=r"demand\.horizon_days: -1; allowed"):
        swept(plan, [-1, -2])
    assert swept(plan, [13]).folder is None
    assert not (plan.parent / "out").exists()


def test_a_folder_of_others_is_refused(plan: Path) -> None:
    """As for a report; two sweeps never mix; an earlier one of ours is replaced."""
    swept(plan, [90, 180])
    swept(plan, [90])
    assert not (plan.parent / "out" / "variants" / "2.json").exists()
    with only_writer(plan.parent / "out"), pytest.raises(Busy):
        swept(plan, [90])
    (plan.parent / "out" / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match=r"holds 'mine\.txt'"):
        swept(plan, [90])


def test_a_variant_that_is_known_is_not_studied_again(plan: Path) -> None:
    """One more value studies one more variant."""
    (plan.parent / "cache").mkdir(mode=0o700)
    told: list[Run] = []
    for days in ([90, 180], [90, 180, 360]):
        swept(
            plan, days, cache=Cache(plan.parent / "cache"), progress=lambda run, done, total: told.append(run)
        )
    assert sum(not run.unchanged for run in told) == 3


def test_a_real_sweep_of_an_export(storefront: Path, tmp_path: Path) -> None:
    """Relative paths, a process for each variant, and an objective that changes the capacity."""
    outcome = sweep(storefront / "basic.json", {"slo.p95_ms": [60, 300]}, tmp_path / "out")
    assert outcome.exit_code == 0, outcome.problems
    with (tmp_path / "out" / "sweep.csv").open() as stream:
        first, second = csv.DictReader(stream)
    assert (first["slo.p95_ms"], second["slo.p95_ms"]) == ("60", "300")
    assert first["capacity_low"] != second["capacity_low"]


@pytest.mark.parametrize(
    "text",
    [
        "90,180",
        "true,false",
        "2027-01-01",
        '[{name="db, x",rate=900},{name="b",rate=1.5}]',
        "[0.1,0.2],[0.3]",
    ],
)
def test_values_are_written_so_that_they_are_read_again(text: str) -> None:
    """The command on the page makes the same page."""
    values = values_of(text)
    assert values_of(written(values)) == values
