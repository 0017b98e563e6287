"""Kernels that never outlive their run; whole runs are in test_publish."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from capacity import origin
from capacity.report.execution import kernels as module
from capacity.report.execution.kernels import MAX_OUTPUT, Execution, Kernels


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Folder for temporary files of its own, with a short path."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_the_folder_of_a_run_is_private_and_temporary(temporary: Path) -> None:
    """Nobody else can reach the sockets, and none stays."""
    with Kernels(60, 60) as kernels:
        assert kernels.folder.parent == temporary
        assert kernels.folder.stat().st_mode & 0o777 == 0o700
    assert list(temporary.iterdir()) == []


def test_a_long_temporary_path_is_avoided(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket's path may have 107 characters."""
    long = temporary / ("x" * 80)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with Kernels(60, 60) as kernels:
        assert len(str(kernels.folder)) < 40


def test_a_kernel_is_this_interpreter_on_private_sockets() -> None:
    """No installed specification, no TCP port, no profile of the user."""
    with Kernels(60, 60) as kernels:
        manager = kernels.manager_for(Execution())(kernel_name="python3")
        assert manager.kernel_spec is not None
        assert manager.kernel_spec.argv[0] == sys.executable
        assert manager.transport == "ipc"
        assert manager.ip.startswith(str(kernels.folder))
        assert manager.kernel_spec.env["IPYTHONDIR"].startswith(str(kernels.folder))


def test_every_kernel_has_sockets_of_its_own() -> None:
    """Simultaneous starts cannot race."""
    with Kernels(60, 60) as kernels:
        files = {kernels.manager_for(Execution())(kernel_name="python3").connection_file for _ in range(3)}
    assert len(files) == 3


def until(holds: str | None, execution: Execution) -> bool:
    """Wait a moment for an execution to be ended for a reason."""
    for _ in range(30):
        if execution.ended == holds:
            return True
        time.sleep(0.05)
    return False


def test_a_flood_of_output_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it fills memory and disk."""
    with Kernels(60, 60) as kernels:
        execution = Execution()
        kernels.manager_for(execution)
        execution.enter(cell={"outputs": [{"text": "x" * (MAX_OUTPUT + 1)}]}, cell_index=3)
        assert until("output", execution)


def test_everything_is_ended_when_time_is_up() -> None:
    """Also kernels that start afterwards."""
    with Kernels(0, 60) as kernels:
        for _ in range(2):
            execution = Execution()
            kernels.manager_for(execution)
            assert until("timeout", execution)


def test_the_folder_of_a_killed_run_is_removed(temporary: Path) -> None:
    """It is old, and nobody holds its lock; a folder without a lock is not ours."""
    for name, files in (("cap-killed", ["lock", "1.json"]), ("cap-theirs", ["file"])):
        (temporary / name).mkdir()
        for file in files:
            (temporary / name / file).write_text("")
        os.utime(temporary / name, (0, 0))
    with Kernels(60, 60):
        pass
    assert [entry.name for entry in temporary.iterdir()] == ["cap-theirs"]


def test_the_folder_of_a_run_at_work_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes."""
    monkeypatch.setattr(module, "_ABANDONED_AFTER", -1)
    with Kernels(60, 60) as one:
        with Kernels(60, 60):
            pass
        assert one.folder.is_dir()


@pytest.mark.parametrize(
    ("program", "answer", "ended"),
    [
        ("import sys; print(sys.stdin.read().upper())", b"WHY\n", ""),
        ("import sys; sys.stdin.close(); sys.exit(3)", b"", "died"),
        ("import os; os.kill(os.getpid(), 9)", b"", "died"),
        ("import time; time.sleep(60)", b"", "slow"),
    ],
)
def test_a_program_answers_or_it_is_told_how_it_ended(program: str, answer: bytes, ended: str) -> None:
    """By itself, dead, or after the time a cell may take; it is forgotten, for its number is free again."""
    with Kernels(60, 1) as kernels:
        assert kernels.answer_of(["-c", program], b"why") == (answer, ended)
        assert not kernels.executions


def test_a_program_is_told_our_version() -> None:
    """Git is asked once for a whole report."""
    with Kernels(60, 30) as kernels:
        told, _ = kernels.answer_of(["-c", f"import os; print(os.environ['{origin.SOFTWARE}'])"], b"")
    assert told.decode().strip() == origin.software()


def test_a_pool_that_fails_ends_what_is_running() -> None:
    """Its failure is told, and a program that would answer later does not."""
    answers: list[Future[tuple[bytes, str]]] = []

    def fail(kernels: Kernels) -> None:
        with kernels.pool(2) as pool:
            answers.append(pool.submit(kernels.answer_of, ["-c", "import time; time.sleep(60)"], b""))
            raise KeyError

    with Kernels(60, 60) as kernels:
        with pytest.raises(KeyError):
            fail(kernels)
        assert answers[0].cancelled() or answers[0].result() == (b"", "interrupted")


def test_a_program_is_ended_with_everything_else() -> None:
    """With all that it started."""
    with Kernels(1, 60) as kernels:
        started = time.monotonic()
        assert kernels.answer_of(["-c", "import time; time.sleep(60)"], b"") == (b"", "timeout")
    assert time.monotonic() - started < 20


def test_a_program_finds_no_module_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file named like a module would be run in its place."""
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    with Kernels(60, 30) as kernels:
        assert kernels.answer_of(["-c", "import json; print(1)"], b"") == (b"1\n", "")


def test_notebooks_have_files_of_their_own() -> None:
    """Two of one name run at the same time, of different plans."""
    with Kernels(60, 60) as kernels:
        assert kernels.place() != kernels.place()
