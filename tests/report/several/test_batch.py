"""Many plans in one run, with real kernels where notebooks run: few and small."""

import json
from collections.abc import Callable
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
from capacity.report.several import batch as module
from capacity.report.several.batch import publish_many
from capacity.report.several.summary import Summary

PARAMETERS = "plan: str = 'none'  # plan file\nseed: int = 1  # of every draw"
FAULTY = (
    "import os; os._exit(9) if 'dies' in plan else None; assert 'fails' not in plan; print(seed, plan[-8:])"
)
BOOKS = {"capacity-plan": "1", "01-evidence": FAULTY}


def write_notebooks(folder: Path) -> Path:
    """One that fails for a plan named so, and one that dies."""
    folder.mkdir()
    for name, source in BOOKS.items():
        cells = [
            {
                "cell_type": "code",
                "id": f"c{n}",
                "metadata": {"tags": tags},
                "source": text,
                "outputs": [],
                "execution_count": None,
            }
            for n, (text, tags) in enumerate([(PARAMETERS, ["parameters"]), (source, [])])
        ]
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{name}.ipynb").write_text(json.dumps(content))
    return folder


def write_plan(folder: Path, name: str, service: str) -> Path:
    """A plan of one test."""
    (folder / "test.json").write_text("{}")
    (folder / name).write_text(f'[service]\nname = "{service}"\n[tests]\nstress = "test.json"\n')
    return folder / name


def studied(question: Question, kernels: object) -> Studied:
    """Stand in for a study in a process of its own."""
    name = Path(question.plan).stem
    if name == "killed":
        raise NoStudy("killed.toml: its process ended; look for a lack of memory", 6)
    row = Summary(name, "READY", "READY", "now: nothing", running=2, needed=2)
    files = {"plan.json": "{}", "limits/nginx.conf": "# é"}
    return Studied(
        name, 1, [{"role": "plan", "file": name, "sha256": "ab"}], row, files, {"hpa.yaml": "no demand"}
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, list[str]]:
    """Two good plans of one name, and four that are refused, killed, fail or die; and the progress told."""
    folder = tmp_path_factory.mktemp("many")
    notebooks = write_notebooks(folder / "notebooks")
    plans = [
        write_plan(folder, f"{name}.toml", "Web <b>shop")
        for name in ("one", "two", "fails", "dies", "killed")
    ]
    bad = folder / "bad.toml"
    bad.write_text("[service]\nnme = 1")
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "study_apart", studied)
        module.folder.replace(folder / "out", {"index.html": b"earlier"}, {"status": "complete"})
        outcome = publish_many(
            [*plans, bad, folder / "none.toml", plans[0]],
            folder / "out",
            notebooks=notebooks,
            only=["evidence"],
            parameters={"seed": "7"},
            progress=lambda run, done, total: told.append(f"{run.name} {run.status} {done}/{total}"),
        )
    return outcome, told


def test_each_report_has_its_folder(many: tuple[Outcome, list[str]]) -> None:
    """Plans of one service have one each, named after their files; a plan given twice has one."""
    folder = many[0].folder
    assert folder
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "comparison.csv",
        "index.html",
        "status.json",
        "web-b-shop-dies",
        "web-b-shop-fails",
        "web-b-shop-one",
        "web-b-shop-two",
    ]
    report = folder / "web-b-shop-one"
    assert (report / "limits" / "nginx.conf").read_text() == "# é"
    assert sorted(entry.name for entry in report.iterdir()) == ["index.html", "limits", "plan.json"]
    assert "<pre>7 one.toml" in (report / "index.html").read_text()


def test_a_report_leads_back_to_the_comparison(many: tuple[Outcome, list[str]]) -> None:
    """And its first page tells what was left out."""
    assert many[0].folder
    page = (many[0].folder / "web-b-shop-two" / "index.html").read_text()
    assert '<a href="../index.html">All services</a>' in page
    assert "hpa.yaml" in page


def test_one_that_fails_takes_no_other_with_it(many: tuple[Outcome, list[str]]) -> None:
    """It has a row with its reason; the exit code is that of the worst; no path of this machine is told."""
    outcome = many[0]
    assert (outcome.complete, outcome.exit_code) == (True, 6)
    assert outcome.folder
    page = (outcome.folder / "index.html").read_text()
    for text in (
        "service.nme: no such key",
        "none.toml: there is no such file",
        "killed.toml: its process ended",
        "Notebook 01-evidence failed in cell 3",
        "Notebook 01-evidence lost its kernel in cell 3",
        "REPORT INCOMPLETE (READY)",
    ):
        assert text in page
    assert str(outcome.folder.parent) not in page
    assert [text.partition(":")[0] for text in outcome.problems] == [
        "fails.toml",
        "dies.toml",
        "killed.toml",
        "bad.toml",
        "bad.toml",
        "none.toml",
    ]


def test_services_of_one_name_are_told_apart(many: tuple[Outcome, list[str]]) -> None:
    """By the names of their folders."""
    assert many[0].folder
    page = (many[0].folder / "index.html").read_text()
    assert '<a href="web-b-shop-one/index.html">Web &lt;b&gt;shop (web-b-shop-one)</a>' in page


def test_the_status_tells_of_each_plan(many: tuple[Outcome, list[str]]) -> None:
    """For programs that look at the folder."""
    assert many[0].folder
    status = json.loads((many[0].folder / "status.json").read_text())
    assert (status["status"], status["exit_code"]) == ("incomplete", 6)
    assert {one["plan"]: (one["status"], one["exit_code"], one["folder"]) for one in status["reports"]} == {
        "one.toml": ("complete", 0, "web-b-shop-one/"),
        "two.toml": ("complete", 0, "web-b-shop-two/"),
        "fails.toml": ("failed", 1, "web-b-shop-fails/"),
        "dies.toml": ("died", 6, "web-b-shop-dies/"),
        "killed.toml": ("refused", 6, None),
        "bad.toml": ("refused", 2, None),
        "none.toml": ("refused", 2, None),
    }
    assert status["parameters"] == "seed = 7"


def test_progress_counts_what_can_still_be_done(many: tuple[Outcome, list[str]]) -> None:
    """Studies and notebooks of the plans that are not refused; the last is all of them."""
    told = many[1]
    assert "web-b-shop-two study complete" in " ".join(told)
    done, total = told[-1].split()[-1].split("/")
    assert done == total == str(len(told))


@pytest.fixture
def stubbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Publish two plans with stand-ins for studies and notebooks."""
    write_notebooks(tmp_path / "notebooks")
    plans = [write_plan(tmp_path, name, name) for name in ("a.toml", "b.toml")]
    monkeypatch.setattr(memory, "study_apart", studied)

    def run(path: Path, question: Any, memory: Any, kernels: Any) -> tuple[Run, Any]:
        from nbformat import v4

        return Run(path.stem, "complete", 1.0), v4.new_notebook()

    monkeypatch.setattr(module, "run_and_keep", run)
    return lambda **options: publish_many(
        plans, tmp_path / "out", notebooks=tmp_path / "notebooks", **options
    )


def test_when_no_report_is_complete_the_earlier_stays(
    stubbed: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made is beside it."""
    stubbed()
    earlier = (tmp_path / "out" / "index.html").read_bytes()
    monkeypatch.setattr(module, "run_and_keep", lambda path, *rest: (Run(path.stem, "failed", 1.0), _empty()))
    outcome = stubbed()
    assert (outcome.folder, outcome.complete, outcome.exit_code) == (tmp_path / "out-failed", False, 1)
    assert (tmp_path / "out" / "index.html").read_bytes() == earlier


def _empty() -> Any:
    from nbformat import v4

    return v4.new_notebook()


def test_when_every_plan_is_refused_nothing_is_written(
    stubbed: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is told, and there is no folder."""

    def refused(*arguments: object) -> None:
        raise NoStudy("cut off", 3)

    monkeypatch.setattr(memory, "study_apart", refused)
    outcome = stubbed()
    assert outcome == Outcome(None, False, ("a.toml: cut off", "b.toml: cut off"), 3)
    assert not (tmp_path / "out").exists()


def test_a_fault_is_that_of_one_plan(
    stubbed: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens with a notebook of the first, the second is complete."""
    good = module.run_and_keep

    def faulty(path: Path, question: Question, *rest: Any) -> Any:
        if question.plan.endswith("a.toml"):
            raise KeyError("x")
        return good(path, question, *rest)

    monkeypatch.setattr(module, "run_and_keep", faulty)
    outcome = stubbed()
    assert (outcome.complete, outcome.exit_code) == (True, 1)
    assert outcome.problems == ("a.toml: fault in capacity, please report it: KeyError: 'x'",)


def test_an_earlier_run_is_replaced_and_others_are_not(
    stubbed: Callable[..., Outcome], tmp_path: Path
) -> None:
    """A folder of ours goes as a whole; anything that no report put there stops the run."""
    stubbed()
    stubbed()
    (tmp_path / "out" / "a-toml" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds 'a-toml/notes\.txt'"):
        stubbed()


def test_fewer_notebooks_take_no_page_away(stubbed: Callable[..., Outcome], tmp_path: Path) -> None:
    """As with one plan."""
    stubbed()
    with pytest.raises(UsageError, match=r"holds a-toml/01-evidence\.html"):
        stubbed(only=["capacity-plan"])


def test_a_second_run_is_sent_away(stubbed: Callable[..., Outcome], tmp_path: Path) -> None:
    """Two runs never mix their pages."""
    with only_writer(tmp_path / "out"), pytest.raises(Busy):
        stubbed()


def test_a_bad_parameter_starts_nothing(stubbed: Callable[..., Outcome]) -> None:
    """It would be bad for every plan."""
    with pytest.raises(UsageError, match="did you mean 'seed'"):
        stubbed(parameters={"sed": "1"})


def test_what_has_not_changed_is_recalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Studies and notebooks; with one plan changed, those of the other."""
    notebooks = write_notebooks(tmp_path / "notebooks")
    plans = [write_plan(tmp_path, name, name) for name in ("a.toml", "b.toml")]
    (tmp_path / "cache").mkdir(mode=0o700)
    monkeypatch.setattr(memory, "study_apart", studied)

    def computed() -> list[str]:
        told: list[Run] = []
        publish_many(
            plans,
            tmp_path / "out",
            notebooks=notebooks,
            only=["evidence"],
            cache=Cache(tmp_path / "cache"),
            progress=lambda run, done, total: told.append(run),
        )
        return sorted(run.name for run in told if not run.unchanged)

    assert len(computed()) == 4
    assert computed() == []
    plans[1].write_text(plans[1].read_text() + "# changed")
    assert computed() == ["b-toml 01-evidence", "b-toml study"]
