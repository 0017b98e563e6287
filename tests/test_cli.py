"""The command line: what it prints, and the exit code it leaves with."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from artillery_results_parser import load_script
from capacity import cli
from capacity.errors import InputError, UsageError
from capacity.planning.readiness.gates import Gate
from capacity.planning.readiness.readiness import Verdict
from capacity.report.folder import Busy
from capacity.report.kept.cache import Cache
from capacity.report.publish import EXIT_CODES, Outcome, Run, worst

EXPORT = {"aggregate": {}, "intermediate": []}


def run(*arguments: str) -> int:
    """Exit code of a command."""
    return cli._exit_code(arguments)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the user's cache alone."""
    monkeypatch.setenv("CAPACITY_NO_CACHE", "1")


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """Path of some plan file."""
    (tmp_path / "plan.toml").write_text("")
    return str(tmp_path / "plan.toml")


def test_help_needs_nothing_heavy() -> None:
    """It answers at once: neither numpy nor pandas nor a notebook library is loaded."""
    program = (
        "import sys; from capacity.cli import _exit_code; _exit_code(['--help'])\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'matplotlib', 'papermill', 'nbformat', 'pydantic', 'zmq'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.endswith("[]\n")
    assert all(command in shown for command in ("report", "sweep", "inspect", "check", "init", "lab"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reprot"], "error: No such command 'reprot'"),
        (["report"], "error: Missing argument 'PLAN...'."),
        (["report", "--colour", "x"], "error: No such option"),
        (["report", "none.toml"], "error: none.toml: there is no such file"),
        (["report", "nul\0.toml"], "error: nul.toml: there is no such file"),
        (["sweep", "none.toml", "-p", "a=1"], "error: none.toml: there is no such file"),
        (["sweep", __file__], "error: Missing option '-p'"),
        (["sweep", __file__, "-p", "slo.p95_ms=["], "error: values '['; allowed: 90,180,360"),
        (["sweep", __file__, "-p", "slo.p95=1"], "error: test_cli.py: slo.p95: no such key in slo; allowed"),
        (["inspect", "a.json", "b.json"], "error: a.json: there is no such file"),
        (["check", "none.toml"], "error: none.toml: there is no such file"),
        (["init", "none.json"], "error: none.json: there is no such file"),
        (["lab", "none.toml"], "error: none.toml: there is no such file"),
        (["report", __file__, "--jobs", "0"], "error: Invalid value for '--jobs'"),
        (
            ["report", __file__, "-p", "seed"],
            "error: parameter 'seed': without a value; allowed: -p key=value",
        ),
        (["report", __file__, "-p", "a=1", "-p", "a=2"], "error: parameter 'a': given twice; allowed"),
        (["report", __file__, "--only", "02-capasity"], "error: notebook '02-capasity': there is none"),
        (["report", __file__, "-p", "p59_ms=3"], "error: parameter 'p59_ms': unknown; allowed"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    """The line says what came and what is allowed."""
    write_notebooks(tmp_path)
    monkeypatch.setattr("capacity.report.pages.notebooks_folder", lambda: tmp_path)
    assert run(*arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith(message)
    assert all(line.startswith("error: ") for line in told.err.splitlines())
    assert "Traceback" not in told.err
    assert told.out == ""


def write_notebooks(folder: Path) -> None:
    """Notebook with the usual parameters."""
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "p95_ms: float = None"}
    (folder / "02-capacity.ipynb").write_text(json.dumps({"cells": [cell]}))


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("cut off", file="a.json", place="byte 9"), 3, "error: a.json: byte 9: cut off\n"),
        (UsageError("one\ntwo"), 2, "error: one\nerror: two\n"),
        (Busy("in use"), 75, "error: in use\n"),
        (OSError(28, "No space left on device", "report"), 74, "error: report: No space left on device\n"),
        (KeyError("x"), 1, "error: fault in capacity, please report it: KeyError: 'x'\n"),
        (RecursionError("deep"), 1, "error: fault in capacity, please report it: RecursionError: deep\n"),
        (MemoryError(), 1, "error: fault in capacity, please report it: MemoryError:\n"),
        (UsageError("bad \x1b[31m\u202ename"), 2, "error: bad [31mname\n"),
        (click.Abort(), 130, ""),
        (cli._Interrupted(2), 130, "error: interrupted; nothing was replaced\n"),
        (cli._Interrupted(15), 143, "error: interrupted; nothing was replaced\n"),
    ],
)
def test_every_problem_has_its_code_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    plan: str,
    error: BaseException,
    code: int,
    message: str,
) -> None:
    """Whatever happens inside, a terminal sees one clean line a problem."""

    def raising(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("capacity.report.publish.publish", raising)
    assert run("report", plan) == code
    assert capsys.readouterr().err == message


def publishing(monkeypatch: pytest.MonkeyPatch, *runs: Run) -> dict[str, object]:
    """Stand in for publishing; return what it was asked."""
    asked: dict[str, object] = {}

    def publish(plan: str, output: str, **options: object) -> Outcome:
        asked.update(options, plan=plan, output=output)
        problems = tuple(run.text for run in runs if run.status != "complete")
        code = EXIT_CODES[worst(runs)] if runs else 0
        return Outcome(Path("report-failed" if problems else "report"), not problems, problems, code)

    monkeypatch.setattr("capacity.report.publish.publish", publish)
    return asked


def test_report_hands_on_what_it_is_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], plan: str
) -> None:
    """Options, and values with an equals sign in them; it prints the page to open."""
    asked = publishing(monkeypatch, Run("n", "complete", 1.0))
    assert run("report", plan, "-o", "out", "--only", "a", "--only", "b", "-p", "x=1=2", "--jobs", "4") == 0
    assert asked["parameters"] == {"x": "1=2"}
    assert (asked["only"], asked["jobs"], asked["output"]) == (("a", "b"), 4, "out")
    assert capsys.readouterr().out == "out/index.html\n"


@pytest.mark.parametrize(("status", "code"), [("failed", 1), ("timeout", 5), ("died", 6)])
def test_a_failed_report_says_where_its_pages_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], plan: str, status: str, code: int
) -> None:
    """And that the earlier one is untouched."""
    publishing(monkeypatch, Run("good", "complete", 1.0), Run("bad", status, 1.0, 4, "reason"))
    assert run("report", plan) == code
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("error: Notebook bad")
    assert "cell 4: reason" in first
    assert second == "error: report is as it was; the pages of this run are in report-failed"


def test_a_shell_can_complete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As the help says."""
    for name, value in {
        "COMP_WORDS": "capacity sw",
        "COMP_CWORD": "1",
        "_CAPACITY_COMPLETE": "bash_complete",
    }.items():
        monkeypatch.setenv(name, value)
    assert run() == 0
    assert capsys.readouterr().out == "plain,sweep\n"


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own."""
    monkeypatch.delenv("CAPACITY_NO_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "capacity"


def test_results_are_kept_unless_not_wanted(
    monkeypatch: pytest.MonkeyPatch, plan: str, private: Path
) -> None:
    """By the option or the environment."""
    asked = publishing(monkeypatch)
    run("report", plan)
    assert asked["cache"] == Cache(private)
    run("report", plan, "--no-cache")
    assert asked["cache"] == Cache()
    monkeypatch.setenv("CAPACITY_NO_CACHE", "1")
    run("report", plan)
    assert asked["cache"] == Cache()


def many(monkeypatch: pytest.MonkeyPatch, name: str, outcome: Outcome) -> list[tuple[Any, ...]]:
    """Stand in for a run of many; return what it was asked."""
    asked: list[tuple[Any, ...]] = []

    def stub(*arguments: Any, **options: Any) -> Outcome:
        asked.append((*arguments, options))
        return outcome

    monkeypatch.setattr(name, stub)
    return asked


def test_several_plans_are_a_run_of_many(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], private: Path, plan: str
) -> None:
    """One that is missing is one of them; the worst decides, and the page to open is told nevertheless."""
    outcome = Outcome(Path("report"), True, ("none.toml: there is no such file",), 2)
    asked = many(monkeypatch, "capacity.report.several.batch.publish_many", outcome)
    assert run("report", plan, "none.toml", "-p", "seed=2", "--jobs", "3") == 2
    assert asked[0][:2] == ((plan, "none.toml"), "report")
    assert (asked[0][2]["parameters"], asked[0][2]["jobs"]) == ({"seed": "2"}, 3)
    told = capsys.readouterr()
    assert told.out == "report/index.html\n"
    assert told.err == "error: none.toml: there is no such file\n"


def test_one_plan_given_twice_is_one(monkeypatch: pytest.MonkeyPatch, private: Path, plan: str) -> None:
    """However it is written."""
    asked = publishing(monkeypatch)
    assert run("report", plan, str(Path(plan).parent / ".." / Path(plan).parent.name / "plan.toml")) == 0
    assert asked["plan"] == plan


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        (None, "error: report is as it was; nothing was written\n"),
        (Path("report-failed"), "error: report is as it was; the pages of this run are in report-failed\n"),
    ],
)
def test_a_run_of_many_without_a_report_says_so(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    private: Path,
    plan: str,
    folder: Path | None,
    message: str,
) -> None:
    """And that the earlier one is untouched."""
    many(monkeypatch, "capacity.report.several.batch.publish_many", Outcome(folder, False, ("a: why",), 6))
    assert run("report", plan, "b.toml") == 6
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "error: a: why\n" + message)


def test_a_sweep_hands_on_its_values(monkeypatch: pytest.MonkeyPatch, private: Path, plan: str) -> None:
    """Each key with its values."""
    asked = many(monkeypatch, "capacity.report.several.sweep.sweep", Outcome(Path("sweep"), True, (), 0))
    assert (
        run("sweep", plan, "-p", "demand.horizon_days=90,180", "-p", "slo.p95_ms=100..300:100", "--seed", "4")
        == 0
    )
    keys = {"demand.horizon_days": [90, 180], "slo.p95_ms": [100, 200, 300]}
    assert asked[0][:3] == (plan, keys, "sweep")
    assert asked[0][3]["seed"] == 4


@pytest.mark.parametrize(("ready", "code"), [(True, 0), (False, 4)])
def test_check_tells_the_gates_and_leaves_with_4_unless_ready(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], plan: str, ready: bool, code: int
) -> None:
    """For pipelines that deploy."""
    gate = Gate("spare", "2", "1", "fail", "tests", "add \x1bone")
    verdict = Verdict("READY" if ready else "NOT READY", None, (gate,))
    study = SimpleNamespace(load=lambda path: SimpleNamespace(verdict=verdict))
    monkeypatch.setitem(sys.modules, "capacity.study", SimpleNamespace(Study=study))
    monkeypatch.setitem(
        sys.modules, "capacity.document", SimpleNamespace(read_every_input=lambda study: None)
    )
    assert run("check", plan) == code
    assert capsys.readouterr().out.splitlines() == [
        "failed: spare",
        "READY" if ready else "NOT READY",
        "  FAIL     spare",
        "           found: 1",
        "           needed: 2",
        "           to do: add one",
    ]


def test_check_passes_over_no_bad_input(
    capsys: pytest.CaptureFixture[str], repository: Path, tmp_path: Path
) -> None:
    """A ledger that cannot be read has nothing to do with the verdict, and is told all the same."""
    export = repository / "data" / "stations" / "unsaturated.json"
    (tmp_path / "plan.json").write_text("{}")
    file = tmp_path / "plan.toml"
    file.write_text(f'[tests]\nstress = "{export}"\n[ledger]\nplans = ["plan.json"]\n')
    assert run("check", str(file)) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {tmp_path}/plan.json: has no layout")


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two exports, the second of which cannot be read."""

    def read(path: Path) -> SimpleNamespace:
        if path.name == "bad.json":
            raise InputError("not JSON; give an export", file="bad.json", place="byte 0")
        return SimpleNamespace(name=path.name, file=str(path))

    monkeypatch.setattr("capacity.evidence.exports.read", read)
    monkeypatch.chdir(tmp_path)
    for name in ("good.json", "bad.json"):
        (tmp_path / name).write_text("{}")
    return ["good.json", "bad.json"]


def test_a_bad_export_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], exports: list[str]
) -> None:
    """The good one is shown, the bad one is told, and the code says there was one."""

    def shown_of(runs, script):
        return SimpleNamespace(to_dict=lambda: {"tests": {run.name: {} for run in runs}})

    shown = SimpleNamespace(Inspection=shown_of)
    monkeypatch.setitem(sys.modules, "capacity.inspection", shown)
    assert run("inspect", "--json", *exports) == 3
    told = capsys.readouterr()
    assert json.loads(told.out) == {"tests": {"good.json": {}}}
    assert told.err == "error: bad.json: byte 0: not JSON; give an export\n"


def test_inspect_writes_the_next_test(
    capsys: pytest.CaptureFixture[str], repository: Path, tmp_path: Path
) -> None:
    """A script that the parser reads, from the one given, to a file that was not there."""
    station, file = repository / "data" / "stations" / "unsaturated", tmp_path / "next.yml"
    command = ["inspect", f"{station}.json", "--script", f"{station}.yml", "--next-test", str(file)]
    assert run(*command) == 0
    told = capsys.readouterr()
    assert "Next test: The service was never saturated" in told.out
    assert "artillery run" in told.err
    assert max(phase.arrival_rate or 0 for phase in load_script(file).phases) > 250
    assert run(*command) == 2
    assert "exists already" in capsys.readouterr().err


def test_init_writes_a_plan_that_loads(capsys: pytest.CaptureFixture[str], exports: list[str]) -> None:
    """And says what to do next."""
    from capacity.plan import load_plan

    assert run("init", "good.json") == 0
    assert list(load_plan("plan.toml").tests) == ["good"]
    assert capsys.readouterr().out == "plan.toml: written; next: capacity report plan.toml\n"


def test_init_overwrites_nothing(capsys: pytest.CaptureFixture[str], exports: list[str]) -> None:
    """A plan somebody edited stays."""
    Path("plan.toml").write_text("mine")
    assert run("init", "good.json") == 2
    assert "exists already" in capsys.readouterr().err
    assert Path("plan.toml").read_text() == "mine"


def test_init_refuses_what_is_no_export(exports: list[str]) -> None:
    """Before a plan names it."""
    assert run("init", *exports) == 3
    assert not Path("plan.toml").exists()


def test_lab_without_jupyterlab_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is an extra."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run("lab") == 2
    assert capsys.readouterr().err == "error: JupyterLab is not installed here; run: make lab\n"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been executed in place of this process."""
    command: list[Any] = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr(os, "execve", lambda *words: command.extend(words))
    return command


def test_lab_starts_this_interpreter_s_jupyterlab(started: list[Any]) -> None:
    """On the notebooks; options that are not ours go to JupyterLab."""
    assert run("lab", "--no-browser") == 0
    program, arguments, _ = started
    assert program == sys.executable
    assert arguments[1:3] == ["-m", "jupyterlab"]
    assert arguments[3].endswith("notebooks")
    assert arguments[4:] == ["--no-browser"]


def test_lab_with_a_plan_opens_copies_made_for_it(started: list[Any], plan: str) -> None:
    """The copies name the plan in their parameters; what the user changed in one stays."""
    folder = Path(plan).parent / f"{Path(plan).stem}-notebooks"
    assert run("lab", plan, "--allow-root") == 0
    assert started[1][3:] == [f"--ServerApp.root_dir={folder}", "--allow-root"]
    copy = folder / "02-capacity.ipynb"
    assert json.loads(copy.read_text())["cells"][1]["source"][0].startswith(f'plan: str = "{plan}"')
    copy.write_text("mine")
    assert run("lab", plan) == 0
    assert copy.read_text() == "mine"


def test_a_reader_that_stops_reading_is_no_fault() -> None:
    """`capacity ... | head` leaves no traceback."""
    command = f"{sys.executable} -m capacity.cli --help | sleep 0; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert ended.stdout == "74\n"
