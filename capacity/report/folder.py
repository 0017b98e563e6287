"""A folder that is published whole or not at all.

The files are written into a hidden folder beside the target and brought to disk; then one rename puts them
in place. Whatever fails or is killed on the way, the old folder stays as it was; the next run clears up.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from capacity.errors import CapacityError, UsageError
from capacity.wording import visible

STATUS = "status.json"
MAKER = "capacity"
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
_OURS = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*/){0,2}[A-Za-z0-9][A-Za-z0-9._-]*")
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


class Busy(CapacityError):  # noqa: N818 - named after what is so
    """Another run is writing to the same folder."""

    exit_code = 75


def refuse_foreign(folder: Path) -> None:
    """Refuse a target that is something else than a report of ours, so that nothing of others is replaced.

    Raises
    ------
    UsageError
        If it is a link, a file, or a folder with anything that its own `status.json` does not list.
    """
    if folder.is_symlink():
        raise UsageError(f"{visible(folder, 300)}: is a link; give the folder itself")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{visible(folder, 300)}: is a file; give a folder, or a name that is free")
    foreign = next(_foreign(folder, _files_of(folder)), None)
    if foreign:
        raise UsageError(
            f"{visible(folder, 300)}: holds '{visible(foreign)}', which no report put there; "
            "give another folder, or move that file away"
        )


def _foreign(folder: Path, ours: set[str], within: str = "") -> Iterator[str]:
    """Yield what is not ours, in order; only folders that hold files of ours are looked into."""
    for entry in sorted(folder.iterdir()):
        name = f"{within}{entry.name}"
        inside = any(known.startswith(f"{name}/") for known in ours)
        if inside and entry.is_dir() and not entry.is_symlink():
            yield from _foreign(entry, ours, f"{name}/")
        elif name not in ours and entry.name not in _LITTER:
            yield name


def refuse_partial(folder: Path, pages: set[str]) -> None:
    """Refuse to replace a finished report by one with fewer pages.

    Raises
    ------
    UsageError
        If the folder holds pages that would not be made again.
    """
    lost = sorted(name for name in _files_of(folder) if name.endswith(".html") and name not in pages)
    if lost:
        raise UsageError(
            f"{visible(folder, 300)}: holds {visible(', '.join(lost), 300)}, which a run of some notebooks only would "
            f"take away; nothing was run. Add: -o {shlex.quote(f'{folder.name}-part')} (or any free name), or run all "
            "notebooks"
        )


def _files_of(folder: Path) -> set[str]:
    """List the files our own status says it wrote; none when the folder is not ours."""
    status = _status_of(folder)
    try:
        return {STATUS, *status["files"]} if status["made_by"] == MAKER else set()
    except (KeyError, TypeError):
        return set()


def _status_of(folder: Path) -> dict[str, Any]:
    try:
        status = json.loads((folder / STATUS).read_bytes())
    except (OSError, ValueError):
        return {}
    return status if isinstance(status, dict) else {}


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the right to write a folder, and clear away what a killed run left beside it.

    Raises
    ------
    Busy
        If another run holds it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = folder.parent / f".{folder.name}.lock"
    handle = _locked(lock, folder)
    try:
        _clear_leftovers(folder)
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(handle)


def _locked(lock: Path, folder: Path) -> int:
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise Busy(f"{visible(folder, 300)}: another run is writing it; wait for it to end") from None
        if _still_named(lock, handle):
            return handle
        os.close(handle)  # its holder removed it just before we got it: take the next one


def _still_named(lock: Path, handle: int) -> bool:
    try:
        return os.stat(lock, follow_symlinks=False).st_ino == os.fstat(handle).st_ino  # noqa: PTH116
    except FileNotFoundError:
        return False


def _clear_leftovers(folder: Path) -> None:
    """Put back a report that was being replaced when its run was killed; remove unfinished ones."""
    for aside in _beside(folder, "replaced"):
        if not folder.exists():
            aside.rename(folder)
    for leftover in [*_beside(folder, "replaced"), *_beside(folder, "building")]:
        shutil.rmtree(leftover, ignore_errors=True)


def _beside(folder: Path, purpose: str) -> list[Path]:
    entries = folder.parent.glob(f".{_literal(folder.name)}.{purpose}-*")
    return [entry for entry in entries if stat.S_ISDIR(entry.lstat().st_mode)]


def _literal(name: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)


def replace(folder: Path, files: Mapping[str, bytes], status: Mapping[str, Any]) -> None:
    """Put these files, and a status that lists them, in place of the folder.

    Parameters
    ----------
    folder : Path
        The target; what it held before is gone afterwards, or untouched if this raises.
    files : mapping of str to bytes
        Content by file name, such as "plan.json" or "limits/nginx.conf".
    status : mapping
        What `status.json` says besides.

    Raises
    ------
    ValueError
        If a name is not one of ours: letters, digits, dots, _ and -, at most two folders deep.
    OSError
        If anything cannot be written or renamed.
    """
    odd = sorted(name for name in files if not _OURS.fullmatch(name))
    if odd:
        raise ValueError(f"{odd[0]!r} is no name for a file of a report")
    told = {"made_by": MAKER, **status, "files": sorted(files)}
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.building-", dir=folder.parent))
    try:
        for name, content in {**files, STATUS: _json(told)}.items():
            _write(building / name, content)
        for made in (building, *filter(Path.is_dir, building.rglob("*"))):
            made.chmod(0o755)
            _to_disk(made)
        _swap(building, folder)
        _to_disk(folder.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)  # what is under this name now is not the report


def discard(folder: Path) -> None:
    """Remove a report of ours that is not complete, if there is one."""
    if folder.is_dir() and _files_of(folder) and _status_of(folder).get("status") != "complete":
        shutil.rmtree(folder, ignore_errors=True)


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode(
        "utf-8", "replace"
    )


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _swap(building: Path, folder: Path) -> None:
    if not folder.exists():
        building.rename(folder)
    elif not _exchanged(building, folder):
        aside = building.with_name(building.name.replace(".building-", ".replaced-"))
        folder.rename(aside)
        try:
            building.rename(folder)
        except BaseException:
            aside.rename(folder)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step where the system can, so that no moment is without a report."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    names = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    return rename(*names, _RENAME_EXCHANGE) == 0
