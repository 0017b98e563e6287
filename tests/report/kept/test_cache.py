"""Results kept between runs."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from capacity.report.kept import cache as module
from capacity.report.kept.cache import Cache

KEY, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty one."""
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    return Cache(folder)


def entry(cache: Cache, key: str = KEY) -> Path:
    """File of an entry."""
    assert cache.folder
    return cache.folder / key


def test_what_was_written_is_read(cache: Cache) -> None:
    """Under its key only; the last one counts."""
    cache.write(KEY, b"one")
    cache.write(KEY, b"two\n\x00")
    assert (cache.read(KEY), cache.read(OTHER)) == (b"two\n\x00", None)
    assert entry(cache).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "foreign", "renamed"])
def test_a_damaged_entry_is_no_result(cache: Cache, damage: str) -> None:
    """It is computed again, and the entry goes."""
    cache.write(KEY, b"content")
    whole = entry(cache).read_bytes()
    cache.write(OTHER, b"content")
    entry(cache).write_bytes(
        {
            "cut": whole[:-1],
            "changed": whole[:-1] + b"X",
            "empty": b"",
            "foreign": b"<html>",
            "renamed": entry(cache, OTHER).read_bytes(),
        }[damage]
    )
    assert cache.read(KEY) is None
    assert not entry(cache).exists()


def test_an_entry_that_is_a_link_is_not_followed(cache: Cache, tmp_path: Path) -> None:
    """It may lead anywhere."""
    cache.write(KEY, b"content")
    entry(cache).rename(tmp_path / "elsewhere")
    entry(cache).symlink_to(tmp_path / "elsewhere")
    assert cache.read(KEY) is None


def test_an_entry_that_is_no_file_is_no_result(cache: Cache) -> None:
    """A pipe would block, a folder cannot be read."""
    os.mkfifo(entry(cache))
    entry(cache, OTHER).mkdir()
    assert cache.read(KEY) is None
    assert cache.read(OTHER) is None


def test_an_entry_of_somebody_else_is_not_believed(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can write it could make any report."""
    cache.write(KEY, b"content")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert cache.read(KEY) is None


def test_the_folder_is_made_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In XDG_CACHE_HOME, else in ~/.cache."""
    monkeypatch.delenv(module.NEVER, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert Cache.of_user().folder == tmp_path / "xdg" / "capacity"
    assert (tmp_path / "xdg" / "capacity").stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Cache.of_user().folder == tmp_path / "home" / ".cache" / "capacity"


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_can_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    """Nor is one that is somebody else's, or a link."""
    monkeypatch.delenv(module.NEVER, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "capacity").mkdir()
    (tmp_path / "capacity").chmod(mode)
    assert Cache.of_user().folder is None
    (tmp_path / "capacity").chmod(0o700)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: 12345)
        assert Cache.of_user().folder is None
    (tmp_path / "capacity").rename(tmp_path / "moved")
    (tmp_path / "capacity").symlink_to(tmp_path / "moved")
    assert Cache.of_user().folder is None


def test_without_a_place_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that is not there, cannot be written or is a file, and a user who wants none: no error."""
    monkeypatch.delenv(module.NEVER, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert Cache.of_user() == Cache()
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert Cache.of_user() == Cache()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(module.NEVER, "1")
    assert Cache.of_user() == Cache()
    Cache().write(KEY, b"x")
    assert Cache().read(KEY) is None


def test_a_full_disk_is_no_error(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report is what counts; nothing half written stays."""

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    cache.write(KEY, b"content")
    assert cache.folder
    assert not list(cache.folder.iterdir())


def test_too_large_an_entry_is_not_kept(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """One result does not fill the cache."""
    monkeypatch.setattr(module, "_LARGEST", 10)
    cache.write(KEY, b"x" * 11)
    assert cache.read(KEY) is None


def test_old_entries_go_and_then_the_least_used(cache: Cache) -> None:
    """Neither age nor size grows without end; files of others in the folder stay."""
    assert cache.folder
    now = time.time()
    for place, key in enumerate("abcd"):
        cache.write(key * 64, b"x" * 1000)
        os.utime(cache.folder / (key * 64), (now - 100 * place, now - 100 * place))
    (cache.folder / "notes.txt").write_text("theirs")
    (cache.folder / ".new-x").write_text("abandoned")
    os.utime(cache.folder / ".new-x", (0, 0))
    cache.tidy(most=2500, oldest=1e9)
    assert sorted(path.name[:9] for path in cache.folder.iterdir()) == ["a" * 9, "b" * 9, "notes.txt"]
    cache.tidy(most=10**9, oldest=50)
    assert sorted(path.name[:9] for path in cache.folder.iterdir()) == ["a" * 9, "notes.txt"]


def test_an_entry_of_use_is_young_again(cache: Cache) -> None:
    """Reading counts."""
    cache.write(KEY, b"x")
    os.utime(entry(cache), (0, 0))
    cache.read(KEY)
    cache.tidy()
    assert cache.read(KEY) == b"x"


HAMMER = """
import sys
from pathlib import Path
from capacity.report.kept.cache import Cache
cache = Cache(Path(sys.argv[1]))
for _ in range(200):
    cache.write("a" * 64, sys.argv[2].encode() * 5000)
    assert cache.read("a" * 64) in (b"1" * 5000, b"2" * 5000)
"""


def test_writers_at_the_same_time_leave_a_whole_entry(cache: Cache) -> None:
    """Two runs never mix their bytes."""
    command = [sys.executable, "-c", HAMMER, str(cache.folder)]
    both = [subprocess.Popen([*command, digit]) for digit in "12"]
    assert [process.wait() for process in both] == [0, 0]
    assert cache.folder
    assert [path.name for path in cache.folder.iterdir()] == [KEY]
