"""A folder published whole or not at all."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from capacity.errors import UsageError
from capacity.report import folder
from capacity.report.folder import Busy, discard, only_writer, refuse_foreign, refuse_partial, replace

OLD = {"index.html": b"old", "limits/old.ini": b"old", "plan.json": b"{}"}
NEW = {"index.html": b"new", "limits/nginx.conf": b"rate", "extra.html": b"page"}


def content(path: Path) -> dict[str, bytes]:
    """Files of a folder, without its status."""
    files = [file for file in path.rglob("*") if file.is_file() and file.name != "status.json"]
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in files}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Folder with a report of ours."""
    replace(tmp_path / "report", OLD, {"status": "complete"})
    return tmp_path / "report"


def test_a_report_is_replaced_as_a_whole(report: Path) -> None:
    """Files of the old one do not stay behind, nor anything beside it."""
    replace(report, NEW, {"status": "complete"})
    assert content(report) == NEW
    assert [entry.name for entry in report.parent.iterdir()] == ["report"]


def test_the_status_lists_the_files(report: Path) -> None:
    """So that the next run knows what is ours."""
    assert json.loads((report / "status.json").read_text()) == {
        "made_by": "capacity",
        "status": "complete",
        "files": ["index.html", "limits/old.ini", "plan.json"],
    }


def test_others_may_read_a_report(report: Path) -> None:
    """It is written in a private folder and opened when complete."""
    for folder_of_ours in (report, report / "limits"):
        assert folder_of_ours.stat().st_mode & 0o777 == 0o755


def failing(at: int) -> Callable[[str], None]:
    """Make a hook that fails at its n-th call, as a full disk would."""
    calls = []

    def hook(what: str) -> None:
        calls.append(what)
        if len(calls) == at:
            raise OSError(28, "No space left on device", what)

    return hook


def count_calls(monkeypatch: pytest.MonkeyPatch, hook: Callable[[str], None]) -> None:
    """Call the hook before each write, flush to disk and rename."""
    write, fsync, rename = Path.open, os.fsync, Path.rename

    def opened(path: Path, *mode: str, **options: object) -> object:
        hook(f"open {path.name}")
        return write(path, *mode, **options)  # type: ignore[call-overload]

    def flushed(handle: int) -> None:
        hook("fsync")
        fsync(handle)

    def renamed(path: Path, target: Path) -> Path:
        hook(f"rename {path.name}")
        return rename(path, target)

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "rename", renamed)


@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("at", range(1, 16))
def test_a_failure_anywhere_leaves_one_whole_report(
    report: Path, monkeypatch: pytest.MonkeyPatch, at: int, exchange: bool
) -> None:
    """Whichever write, flush or rename fails: old or new, complete, and nothing left beside it."""
    if not exchange:
        monkeypatch.setattr(folder, "_exchanged", lambda *names: False)
    with monkeypatch.context() as patch:
        count_calls(patch, failing(at))
        try:
            replace(report, NEW, {"status": "complete"})
            failed = False
        except OSError:
            failed = True
    assert content(report) in ([OLD, NEW] if failed else [NEW])
    assert [entry.name for entry in report.parent.iterdir()] == ["report"]


def test_a_killed_run_is_cleared_away(report: Path) -> None:
    """What it was building goes at the next start."""
    (report.parent / ".report.building-x").mkdir()
    with only_writer(report):
        pass
    assert [entry.name for entry in report.parent.iterdir()] == ["report"]


def test_a_report_moved_aside_by_a_killed_run_comes_back(report: Path) -> None:
    """Killed between two renames, where the system cannot exchange names in one step."""
    report.rename(report.parent / ".report.replaced-x")
    with only_writer(report):
        assert content(report) == OLD


def test_clearing_follows_no_link(report: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link named like a leftover does not lead us to delete somebody's files."""
    precious = tmp_path_factory.mktemp("precious")
    (precious / "file").write_text("x")
    (report.parent / ".report.building-x").symlink_to(precious)
    with only_writer(report):
        pass
    assert (precious / "file").exists()


def test_a_second_writer_is_sent_away(report: Path) -> None:
    """One run at a time; afterwards the folder is free again."""
    with only_writer(report), pytest.raises(Busy, match="another run is writing it"), only_writer(report):
        pass
    with only_writer(report):
        pass


def test_a_killed_writer_does_not_block_the_next(tmp_path: Path) -> None:
    """The right to write ends with the process, whatever files it leaves."""
    program = (
        "import os, sys; from pathlib import Path; from capacity.report.folder import only_writer\n"
        "with only_writer(Path(sys.argv[1])): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "report")], check=False)
    with only_writer(tmp_path / "report"):
        pass


def test_names_with_wildcards_are_names(tmp_path: Path) -> None:
    """A folder called [a]* clears only its own leftovers."""
    (tmp_path / ".a.building-x").mkdir()
    (tmp_path / ".[a]*.building-x").mkdir()
    with only_writer(tmp_path / "[a]*"):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == [".a.building-x"]


def test_a_report_of_ours_and_an_empty_folder_are_accepted(report: Path) -> None:
    """Also with what a file manager leaves in every folder."""
    (report / ".DS_Store").write_text("")
    (report.parent / "empty").mkdir()
    for target in (report, report.parent / "empty", report.parent / "none"):
        refuse_foreign(target)


@pytest.mark.parametrize(
    "status", [None, "{}", "[]", "not json", '{"made_by": "other", "files": ["index.html"]}']
)
def test_a_folder_of_others_is_refused(tmp_path: Path, status: str | None) -> None:
    """Nothing of others is ever replaced."""
    (tmp_path / "index.html").write_text("theirs")
    if status is not None:
        (tmp_path / "status.json").write_text(status)
    with pytest.raises(UsageError, match=r"holds 'index\.html', which no report put there"):
        refuse_foreign(tmp_path)


def test_a_file_added_to_a_report_is_not_lost(report: Path) -> None:
    """Somebody's notes in the folder stop the run instead of vanishing."""
    (report / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds 'notes\.txt'"):
        refuse_foreign(report)


def test_links_and_files_are_refused(report: Path) -> None:
    """Only a real folder is replaced."""
    (report.parent / "link").symlink_to(report)
    (report.parent / "file").write_text("")
    with pytest.raises(UsageError, match="is a link"):
        refuse_foreign(report.parent / "link")
    with pytest.raises(UsageError, match="is a file"):
        refuse_foreign(report.parent / "file")


def test_only_a_report_of_ours_is_discarded(report: Path) -> None:
    """Anything else stays, and so does one that is complete: somebody may have asked for that name."""
    (report.parent / "other").mkdir()
    for status in ("complete", "failed"):
        replace(report, {"index.html": b"x"}, {"status": status})
        for target in (report, report.parent / "other", report.parent / "none"):
            discard(target)
        assert report.exists() is (status == "complete")
    assert (report.parent / "other").exists()


@pytest.mark.parametrize(
    "name",
    ["../x", "/x", "a/../b", "a/b/c/d", "a//b", ".hidden", "a/.b", "a\\b", "", "a/", "x\ny", "é", "-x"],
)
def test_names_from_outside_reach_no_other_place(report: Path, name: str) -> None:
    """A name that is not ours is refused before anything is written."""
    with pytest.raises(ValueError, match="is no name for a file of a report"):
        replace(report, {**NEW, name: b""}, {})
    assert content(report) == OLD
    assert [entry.name for entry in report.parent.iterdir()] == ["report"]


@pytest.mark.parametrize("name", ["limits/mine.conf", "limits/deeper/x", "mine/x", "mine"])
def test_what_was_added_in_a_folder_is_not_lost(report: Path, name: str) -> None:
    """A file beside ours, a folder in ours, a folder of others: each is named and left alone."""
    added = report / name
    added.parent.mkdir(exist_ok=True, parents=True)
    added.write_text("x")
    with pytest.raises(UsageError, match="which no report put there"):
        refuse_foreign(report)


def test_a_link_in_place_of_a_folder_of_ours_is_refused(report: Path, tmp_path: Path) -> None:
    """It may lead to files of others."""
    (tmp_path / "elsewhere").mkdir()
    (report / "limits" / "old.ini").unlink()
    (report / "limits").rmdir()
    (report / "limits").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="'limits', which no report put there"):
        refuse_foreign(report)


def test_fewer_pages_are_told_where_to_go(report: Path) -> None:
    """The message has the option to add."""
    with pytest.raises(UsageError, match=r"holds index.html, .* nothing was run. Add: -o report-part"):
        refuse_partial(report, {"02-capacity.html"})
    refuse_partial(report, {"index.html"})
