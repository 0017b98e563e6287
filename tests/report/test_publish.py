"""From notebooks to a published folder, with real kernels: few and small."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from capacity.errors import UsageError
from capacity.plan import Slo
from capacity.report import publish as module
from capacity.report.execution import running
from capacity.report.folder import Busy, only_writer
from capacity.report.kept.cache import Cache
from capacity.report.kept.studied import Question
from capacity.report.publish import Outcome, Run, publish
from capacity.study import Missing

PARAMETERS = "plan: str = 'none'  # plan file\nseed: int = 1  # of every draw"
STUDY = SimpleNamespace(
    name="shop <b>",
    seed=7,
    inputs=pd.DataFrame({"role": ["stress"], "file": ["stress.json"], "sha256": ["ab" * 32]}),
    actions=pd.DataFrame({"when": ["now"], "action": ["buy"]}),
    to_dict=lambda: {"schema": 1},
    next_test=Missing("next test", "nothing to test"),
    slo=SimpleNamespace(quantiles={0.95: 0.2}),
    fleet=Missing("fleet", "no demand"),
    plan=SimpleNamespace(slo=Slo(), service=SimpleNamespace(name="shop <b>", instances_running=2), cost=None),
    known=SimpleNamespace(void=False),
    verdict=SimpleNamespace(status="READY", headline="READY"),
    demand=None,
    instance_capacity=None,
    investments=None,
)
DRIVER = """
import sys
from pathlib import Path
from types import SimpleNamespace
import pandas as pd
from capacity.report import pages, publish
from capacity.report.kept.studied import Studied
from capacity.report.several.summary import Summary
study = SimpleNamespace(name="shop", seed=1, inputs=pd.DataFrame({"sha256": ["ab"]}))
row = Summary("shop", "READY", "READY", "now: nothing")
publish.Question.study = lambda question: study
publish.Studied.of = lambda study: Studied("shop", 1, [{"sha256": "ab"}], row, {}, {})
pages.notebooks_folder = lambda: Path(sys.argv[1])
from capacity.cli import main
main(["report", sys.argv[2], "-o", sys.argv[3]])
"""


def write_notebook(folder: Path, name: str, *sources: str) -> None:
    """Notebook with a title, parameters and these cells; a cell that starts with # is prose."""
    folder.mkdir(exist_ok=True)
    title = "# What about it?\n\nText."
    cells = [(title, []), (PARAMETERS, ["parameters"]), *((text, []) for text in sources)]
    written = [
        {"cell_type": "markdown", "id": f"c{n}", "metadata": {}, "source": source}
        if source.startswith("#")
        else {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {"tags": tags},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for n, (source, tags) in enumerate(cells)
    ]
    content = {"cells": written, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(content))


@pytest.fixture(autouse=True)
def study(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the study: these tests are about what surrounds it."""
    monkeypatch.setattr(Question, "study", lambda question: STUDY)


def install_foreign_kernel(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let another environment's python3 be the one Jupyter finds, for a user without a home."""
    specification = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    specification.parent.mkdir(parents=True)
    specification.write_text('{"argv": ["/bin/false"], "display_name": "theirs", "language": "python"}')
    patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
    patch.delenv("HOME", raising=False)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outcome, list[str]]]:
    """A report of two notebooks that succeed, made once, and the progress that was told."""
    folder = tmp_path_factory.mktemp("re port {x}")
    html = "<script>alert(1)</script>"
    write_notebook(
        folder / "notebooks",
        "capacity-plan",
        "## Why?",
        f"print(plan, seed, {html!r})",
        "import sys; print(sys.executable)",
    )
    write_notebook(folder / "notebooks", "01-evidence", "import sys; print('noise', file=sys.stderr)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Question, "study", lambda question: STUDY)
        patch.setenv("SOURCE_DATE_EPOCH", "86400")
        install_foreign_kernel(folder, patch)
        told: list[str] = []
        outcome = publish(
            folder / "plan.toml",
            folder / "out" / "report",
            notebooks=folder / "notebooks",
            parameters={"seed": "7"},
            progress=lambda run, done, total: told.append(f"{run.name} {done} {total}"),
        )
        yield outcome, told


@pytest.fixture(scope="module")
def index(published: tuple[Outcome, list[str]]) -> str:
    """The first page."""
    return (published[0].folder / "index.html").read_text()


def test_a_report_has_its_pages_and_files(published: tuple[Outcome, list[str]]) -> None:
    """The plan is index.html; nothing else is left beside the folder."""
    outcome, told = published
    assert (outcome.complete, outcome.problems, outcome.exit_code) == (True, (), 0)
    assert sorted(file.name for file in outcome.folder.iterdir()) == [
        "01-evidence.html",
        "actions.csv",
        "alerts.yml",
        "index.html",
        "plan.json",
        "status.json",
    ]
    status = json.loads((outcome.folder / "status.json").read_text())
    assert status["left_out"]["limits/pgbouncer.ini"] == "no demand"
    assert [entry.name for entry in outcome.folder.parent.iterdir()] == ["report"]
    assert sorted(text.split()[0] for text in told) == ["01-evidence", "capacity-plan"]


def test_parameters_reach_the_notebook(index: str, published: tuple[Outcome, list[str]]) -> None:
    """Typed, and the plan as an absolute path: the working folder does not matter."""
    plan = published[0].folder.parents[1] / "plan.toml"
    assert f"<pre>{plan} 7 &lt;script&gt;" in index


def test_the_kernel_is_this_interpreter(index: str) -> None:
    """Whatever kernels are installed, and without a home."""
    assert f"<pre>{sys.executable}" in index


def test_a_page_loads_and_runs_nothing(index: str) -> None:
    """The policy is the first thing it says; there is no script, no address and no style from elsewhere."""
    assert re.search(r"<head>\s*<meta [^>]*Content-Security-Policy", index)
    assert "default-src 'none'" in index
    assert "<script" not in index
    assert "http://" not in index
    assert "https://" not in index
    assert "<link" not in index


def test_a_page_is_a_small_complete_document(index: str) -> None:
    """Language, title, skip link, one first heading, contents, navigation and less than 150 KB."""
    assert index.startswith("<!DOCTYPE html>")
    assert '<html lang="en">' in index
    assert "<title>What about it? – shop &lt;b&gt;</title>" in index
    assert '<a class="skip" href="#content">' in index
    assert index.count("<h1") == 1
    assert '<a aria-current="page" href="index.html">Capacity plan</a>' in index
    assert '<a href="01-evidence.html">Evidence</a>' in index
    assert len(index) < 150_000


def test_a_page_tells_how_it_was_made(index: str) -> None:
    """Command, parameters, checksums, version and time, but no path of this machine."""
    assert "capacity report plan.toml -p seed=7" in index
    assert "1970-01-02 00:00 UTC" in index
    assert "abababababab" in index
    assert index.count("/plan.toml") == 1


def test_code_and_messages_are_folded(index: str, published: tuple[Outcome, list[str]]) -> None:
    """A reader sees what came out; the code is a click away."""
    assert '<details class="code"><summary>Code' in index
    evidence = (published[0].folder / "01-evidence.html").read_text()
    assert re.search(r'<details class="messages">.*noise', evidence)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A run in which one notebook fails, one dies and one hangs, over an earlier report."""
    folder = tmp_path_factory.mktemp("troubled")
    write_notebook(folder / "notebooks", "01-fails", "print('before')", "1 / 0", "print('after')")
    write_notebook(folder / "notebooks", "02-dies", "import os; os._exit(9)")
    write_notebook(folder / "notebooks", "03-hangs", "import time; time.sleep(60)")
    write_notebook(folder / "notebooks", "04-good", "1 + 1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Question, "study", lambda question: STUDY)
        module.folder.replace(folder / "report", {"index.html": b"earlier"}, {"status": "complete"})
        return publish(folder / "p.toml", folder / "report", notebooks=folder / "notebooks", cell_timeout=2)


def notebooks_of(report: Path) -> list[dict[str, Any]]:
    """How the notebooks of a report ended, as its status file says."""
    return json.loads((report / "status.json").read_text())["notebooks"]


def test_each_ending_is_told_as_it_was(troubled: Outcome) -> None:
    """The files of the dead and the hanging one say completed; we do not."""
    assert [(run["name"], run["status"], run["cell"]) for run in notebooks_of(troubled.folder)] == [
        ("01-fails", "failed", 5),
        ("02-dies", "died", 4),
        ("03-hangs", "timeout", 4),
        ("04-good", "complete", None),
    ]
    assert troubled.problems[0] == "Notebook 01-fails failed in cell 5: ZeroDivisionError: division by zero"
    assert troubled.exit_code == 6


def test_a_failed_run_leaves_the_earlier_report(troubled: Outcome) -> None:
    """Its pages are kept beside it."""
    report = troubled.folder.with_name("report")
    assert troubled.folder.name == "report-failed"
    assert (report / "index.html").read_bytes() == b"earlier"


def test_a_failed_page_says_so_first(troubled: Outcome) -> None:
    """Notebook, cell and error, before what came out until then."""
    page = (troubled.folder / "index.html").read_text()
    assert page.index("Notebook 01-fails failed in cell 5") < page.index("<pre>before")
    assert page.index("<pre>before") < page.index("ZeroDivisionError</span>")
    assert "papermill" not in page


def test_a_status_tells_the_truth(troubled: Outcome) -> None:
    """For programs that look at the folder."""
    status = json.loads((troubled.folder / "status.json").read_text())
    assert status["status"] == "died"
    assert [run["status"] for run in status["notebooks"]] == ["failed", "died", "timeout", "complete"]


def test_a_report_takes_no_longer_than_allowed(tmp_path: Path) -> None:
    """The limit on everything ends the kernel, whatever it does."""
    write_notebook(tmp_path / "notebooks", "01-hangs", "while True: pass")
    started = time.monotonic()
    outcome = publish(tmp_path / "p.toml", tmp_path / "report", notebooks=tmp_path / "notebooks", timeout=3)
    assert (outcome.complete, outcome.exit_code) == (False, 5)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(("status", "code"), [("complete", 0), ("failed", 1), ("timeout", 5), ("died", 6)])
def test_each_status_has_its_exit_code(status: str, code: int) -> None:
    """As the command line promises."""
    assert running.EXIT_CODES[running.worst([Run("good", "complete", 1.0), Run("n", status, 1.0)])] == code


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of one notebook that must not be started."""

    def started(*arguments: object) -> None:
        pytest.fail("a kernel was started")

    monkeypatch.setattr(running, "run", started)
    write_notebook(tmp_path / "notebooks", "capacity-plan")
    return tmp_path / "notebooks"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sed": "1"}, "did you mean 'seed'"),
        ({"seed": "1.5"}, "a whole number"),
        ({"plan": "other.toml"}, "parameter 'plan': unknown"),
    ],
)
def test_a_bad_parameter_starts_nothing(
    notebooks: Path, tmp_path: Path, given: dict[str, str], message: str
) -> None:
    """Neither a kernel nor a folder."""
    with pytest.raises(UsageError, match=message):
        publish(tmp_path / "p.toml", tmp_path / "report", notebooks=notebooks, parameters=given)
    assert not (tmp_path / "report").exists()


def test_a_folder_of_others_starts_nothing(notebooks: Path, tmp_path: Path) -> None:
    """It is refused before the work, not after."""
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match="thesis"):
        publish(tmp_path / "p.toml", tmp_path / "report", notebooks=notebooks)


def test_a_second_run_starts_nothing(notebooks: Path, tmp_path: Path) -> None:
    """Two runs never mix their pages."""
    with only_writer(tmp_path / "report"), pytest.raises(Busy):
        publish(tmp_path / "p.toml", tmp_path / "report", notebooks=notebooks)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Outcome], list[dict[str, bytes]]]]:
    """The same report made twice with a cache, and once more after a notebook was changed; which notebooks ran."""
    folder = tmp_path_factory.mktemp("twice")
    (folder / "p.toml").write_text("[service]")
    (folder / "cache").mkdir(mode=0o700)
    write_notebook(folder / "notebooks", "capacity-plan", "print(plan, '<b>')", "{'a': 1}")
    write_notebook(folder / "notebooks", "01-evidence", "import sys; print('noise', file=sys.stderr)")
    outcomes, pages = [], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Question, "study", lambda question: STUDY)
        for _ in range(3):
            patch.setenv("SOURCE_DATE_EPOCH", str(86400 + 60 * len(outcomes)))
            outcomes.append(
                publish(
                    folder / "p.toml",
                    folder / "report",
                    notebooks=folder / "notebooks",
                    cache=Cache(folder / "cache"),
                )
            )
            pages.append({file.name: file.read_bytes() for file in (folder / "report").iterdir()})
            if len(outcomes) == 2:
                write_notebook(folder / "notebooks", "01-evidence", "print('changed')")
        yield outcomes, pages


def test_unchanged_notebooks_are_not_run_again(twice: tuple[list[Outcome], list[dict[str, bytes]]]) -> None:
    """The second report says so of each; of a changed one the third does not."""
    statuses = [json.loads(files["status.json"]) for files in twice[1]]
    told = [[(run["name"], run["unchanged"]) for run in status["notebooks"]] for status in statuses]
    assert told == [
        [("capacity-plan", False), ("01-evidence", False)],
        [("capacity-plan", True), ("01-evidence", True)],
        [("capacity-plan", True), ("01-evidence", False)],
    ]


def test_a_recalled_page_is_the_same_apart_from_the_time(
    twice: tuple[list[Outcome], list[dict[str, bytes]]],
) -> None:
    """Byte for byte, and so are the other files; the status tells which were recalled."""
    first, second, _ = twice[1]
    assert {
        name: content.replace(b"00:00 UTC", b"00:01 UTC")
        for name, content in first.items()
        if name != "status.json"
    } == {name: content for name, content in second.items() if name != "status.json"}
    assert first["index.html"] != second["index.html"]


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    """What failed may succeed the next time."""
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "p.toml").write_text("")
    write_notebook(tmp_path / "notebooks", "capacity-plan", "1 / 0")
    for _ in range(2):
        outcome = publish(
            tmp_path / "p.toml",
            tmp_path / "report",
            notebooks=tmp_path / "notebooks",
            cache=Cache(tmp_path / "cache"),
        )
        runs = notebooks_of(outcome.folder)
        assert [(run["status"], run["unchanged"]) for run in runs] == [("failed", False)]


def test_what_was_left_out_is_told_on_the_first_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason, and on no other page."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "capacity.report.exporting.page", lambda notebook, about, plan: asked.append(about) or b""
    )
    studied = module.Studied.of(STUDY)
    report = module.Report(
        module.Question("/x/p.toml", {}, {}), [Path("capacity-plan.ipynb"), Path("b.ipynb")], studied
    )
    for name in ("capacity-plan", "b"):
        report.add(Run(name, "complete", 1.0), SimpleNamespace(cells=[]))
    assert [sorted(about["left_out"])[:1] for about in asked] == [["hpa.yaml"], []]


def kernels_of(folder: Path) -> list[str]:
    """Command lines of kernels whose sockets are in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes()
        except OSError:
            continue
        if b"ipykernel_launcher" in command and os.fsencode(folder) in command:
            found.append(command.decode())
    return found


@pytest.fixture
def sockets() -> Iterator[Path]:
    """Folder for temporary files, of a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


def test_a_terminated_run_leaves_nothing_behind(tmp_path: Path, sockets: Path) -> None:
    """SIGTERM: exit code 143, no kernel, no temporary file, one line."""
    write_notebook(tmp_path / "notebooks", "capacity-plan", "import time; time.sleep(60)")
    (tmp_path / "p.toml").write_text("")
    command = [sys.executable, "-c", DRIVER, *map(str, (tmp_path / "notebooks", tmp_path / "p.toml"))]
    environment = {**os.environ, "TMPDIR": str(sockets)}
    with subprocess.Popen(
        [*command, str(tmp_path / "report")], stderr=subprocess.PIPE, env=environment
    ) as run:
        watchdog = threading.Timer(30, run.kill)
        watchdog.start()
        while run.poll() is None and not kernels_of(sockets):
            time.sleep(0.05)
        time.sleep(0.3)
        run.send_signal(signal.SIGTERM)
        _, messages = run.communicate()
        watchdog.cancel()
    assert (run.returncode, messages.decode()) == (143, "error: interrupted; nothing was replaced\n")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["notebooks", "p.toml"]
    assert not list(sockets.iterdir())
    assert not kernels_of(sockets)
