"""Where results come from: the software, its packages and the data, each in a few characters."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

SOFTWARE = "CAPACITY_SOFTWARE"
"""Environment variable by which a report tells its notebooks what `software` is."""
_SHORT = 12  # characters of a checksum, as tables show it
_SOURCES = ("capacity", "artillery_results_parser", "notebooks", "requirements", "pyproject.toml")


def data_checksum(checksums: Iterable[str]) -> str:
    """Return one short checksum over those of all input files, whatever their order.

    It is the beginning of the SHA-256 of the sorted checksums, one a line:
    ``sha256sum FILES | cut -c -64 | sort | sha256sum | cut -c -12``.

    Parameters
    ----------
    checksums : iterable of str
        SHA-256 of each file, such as ``study.inputs["sha256"]``.

    Examples
    --------
    >>> data_checksum(["cd" * 32, "ab" * 32])
    'a84bba32fbb4'
    """
    lines = "".join(f"{checksum}\n" for checksum in sorted(checksums))
    return hashlib.sha256(lines.encode()).hexdigest()[:_SHORT]


@cache
def software() -> str:
    """Return the version and, of a checkout, the commit and whether its sources differ from it.

    A notebook is told by the run that it belongs to, so that a report says one thing throughout.
    """
    if told := os.environ.get(SOFTWARE):
        return told
    commit = _git("rev-parse", "--short=12", "HEAD")
    changed = ", changed" if commit and _git("status", "--porcelain", "--", *_SOURCES) else ""
    return f"capacity {version('capacity')}" + (f" ({commit}{changed})" if commit else "")


def _checkout() -> Path | None:
    root = Path(__file__).resolve().parents[1]
    return root if (root / ".git").exists() and (root / "pyproject.toml").is_file() else None


def _git(*arguments: str) -> str:
    root = _checkout()
    if root is None:
        return ""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        told = subprocess.run(  # noqa: S603 - our own checkout, fixed arguments
            ["git", "-C", str(root), *arguments],  # noqa: S607 - the user's git
            capture_output=True,
            env=environment,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.decode("utf-8", "replace").strip()


def packages() -> str:
    """Return short checksums of what is installed and, of a checkout, of its lock."""
    told = [f"installed {_short(chr(10).join(installed()).encode())}"]
    root = _checkout()
    lock = root / "requirements" / "run.txt" if root else None
    return ", ".join([*told, *([f"lock {_short(lock.read_bytes())}"] if lock and lock.is_file() else [])])


def installed() -> list[str]:
    """List the distributions this interpreter finds, each with its version."""
    places = [Path(entry or ".") for entry in sys.path]
    return sorted({found.stem for place in places if place.is_dir() for found in place.glob("*.dist-info")})


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_SHORT]


def now() -> dt.datetime:
    """Return the time, or that of SOURCE_DATE_EPOCH, which makes reports comparable."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return dt.datetime.fromtimestamp(int(epoch), dt.UTC) if epoch.isdecimal() else dt.datetime.now(dt.UTC)
