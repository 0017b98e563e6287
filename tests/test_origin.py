"""Where results come from, in a few characters."""

import datetime as dt
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from capacity import origin


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Ask git anew in each test."""
    origin.software.cache_clear()
    yield
    origin.software.cache_clear()


def test_the_checksum_of_the_data_can_be_made_with_usual_tools() -> None:
    """Sorted, one a line: whoever has the files can check it without us, in any order."""
    sums = [hashlib.sha256(text).hexdigest() for text in (b"b", b"a")]
    lines = "".join(sorted(f"{line}\n" for line in sums))
    assert origin.data_checksum(sums) == hashlib.sha256(lines.encode()).hexdigest()[:12]
    assert origin.data_checksum(sums) == origin.data_checksum(reversed(sums))
    assert origin.data_checksum(sums) != origin.data_checksum(sums[:1])


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clean checkout of some version."""
    (tmp_path / "capacity").mkdir()
    (tmp_path / "capacity" / "origin.py").write_text("x = 1\n")
    (tmp_path / "pyproject.toml").write_text("")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True)
    monkeypatch.setattr(origin, "__file__", str(tmp_path / "capacity" / "origin.py"))
    return tmp_path


def test_a_checkout_tells_its_commit(checkout: Path) -> None:
    """Twelve characters of it, and nothing else while the sources are those of the commit."""
    head = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout
    (checkout / "report").mkdir()
    (checkout / "report" / "index.html").write_text("a report is no source")
    assert origin.software().endswith(f"({head[:12]})")


@pytest.mark.parametrize("name", ["capacity/origin.py", "capacity/new.py"])
def test_a_changed_checkout_says_so(checkout: Path, name: str) -> None:
    """A module that was changed, or is not known to git yet."""
    (checkout / name).write_text("x = 2\n")
    assert origin.software().endswith(", changed)")


def test_a_notebook_is_told_by_its_run(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The foot of a page and what stands above it cannot differ."""
    monkeypatch.setenv(origin.SOFTWARE, "capacity 9 (abc)")
    assert origin.software() == "capacity 9 (abc)"


def test_an_installation_tells_its_version_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no commit, and no lock, where there is no checkout."""
    monkeypatch.setattr(origin, "__file__", str(tmp_path / "capacity" / "origin.py"))
    assert origin.software() == "capacity 0.1.0"
    assert "lock" not in origin.packages()


def test_a_machine_without_git_tells_its_version(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout may be a copy on a machine that knows no git."""
    monkeypatch.setenv("PATH", str(checkout))
    assert origin.software() == "capacity 0.1.0"


def test_packages_are_those_installed() -> None:
    """Each with its version."""
    assert any(name.startswith("numpy-") for name in origin.installed())


def test_the_time_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH makes two runs comparable; nonsense in it is ignored."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert origin.now() == dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert origin.now().year > 2000
