"""Results kept between runs, in a private folder of the user, so that what has not changed is not computed again.

An entry is found by the checksum of everything it depends on (`capacity.report.kept.basis`) and is believed only if
its own checksum fits. A folder that somebody else can write to is not used; without a folder nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEVER = "CAPACITY_NO_CACHE"
"""Environment variable that, when set to anything, lets nothing be kept or recalled."""
_HEAD = b"capacity result "
_ENTRY = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".new-"
_LARGEST = 20_000_000  # of one entry [bytes]
_ALL = 300_000_000  # of all entries [bytes]
_OLDEST = 30 * 86_400.0  # since an entry was last of use [s]
_ABANDONED = 3600.0  # since an unfinished entry was begun [s]


@dataclass(frozen=True)
class Cache:
    """Results by key.

    Parameters
    ----------
    folder : Path or None
        Where they are kept; None keeps nothing.
    """

    folder: Path | None = None

    @classmethod
    def of_user(cls) -> Cache:
        """Open the user's own: ``$XDG_CACHE_HOME/capacity``, else ``~/.cache/capacity``; tidied up."""
        cache = cls(_private(_wanted()))
        cache.tidy()
        return cache

    def read(self, key: str) -> bytes | None:
        """Return what is kept under a key; None if there is nothing, or nothing that can be believed."""
        if self.folder is None:
            return None
        path = self.folder / key
        try:
            whole = _own(path)
        except OSError:
            return None
        head, content = whole[: len(_HEAD) + 64], whole[len(_HEAD) + 64 :]
        with contextlib.suppress(OSError):
            if head == _head(key, content):
                os.utime(path)  # it has been of use
                return content
            path.unlink()
        return None

    def write(self, key: str, content: bytes) -> None:
        """Keep a result, whole or not at all; a cache that cannot be written is no error."""
        if self.folder is None or len(content) > _LARGEST:
            return
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(_head(key, content) + content)
                Path(name).replace(self.folder / key)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise

    def tidy(self, most: int = _ALL, oldest: float = _OLDEST) -> None:
        """Remove what has not been of use for long, and of the rest the oldest beyond a size [bytes]."""
        now, size = time.time(), 0
        for path, status in sorted(self._entries(), key=lambda entry: -entry[1].st_mtime):
            limit = oldest if _ENTRY.fullmatch(path.name) else _ABANDONED
            size += status.st_size
            if size > most or now - status.st_mtime > limit:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Yield files that were written here; anything else in the folder is left alone."""
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir() if self.folder else ():
                if _ENTRY.fullmatch(path.name) or path.name.startswith(_UNFINISHED):
                    with contextlib.suppress(OSError):
                        yield path, path.lstat()


NO_CACHE = Cache()
"""Keeps nothing."""


def _wanted() -> Path | None:
    if os.environ.get(NEVER):
        return None
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    except RuntimeError:  # nobody's home
        return None
    return base / "capacity"


def _private(folder: Path | None) -> Path | None:
    """Return the folder if it is there or can be made, is ours, and nobody else can write to it."""
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except (OSError, ValueError):
        return None
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return folder if ours and not status.st_mode & 0o022 else None


def _own(path: Path) -> bytes:
    """Read a file of ours, and follow no link.

    Raises
    ------
    OSError
        If it is not there, or is something else.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
            raise PermissionError(f"{path} is not a file of this user")
        return stream.read(_LARGEST + len(_HEAD) + 65)


def _head(key: str, content: bytes) -> bytes:
    return _HEAD + hashlib.sha256(key.encode() + content).hexdigest().encode()
