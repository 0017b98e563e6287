"""From a path to UTF-8 text: compression, encoding and size, and nothing about what the text says."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artillery_results_parser.errors import ArtilleryError
from artillery_results_parser.recognise import other_format

LARGEST_TEXT = 8 << 30
"""No text larger than this is read. [bytes]"""
FREE_EXPANSION = 64 << 20
"""Up to this size a compressed file may expand at any ratio. [bytes]"""
LARGEST_RATIO = 200
"""Beyond that, text may be this many times its compressed size; JSON compresses 10 to 40 times. [1]"""

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """The text of a file and where it came from.

    Parameters
    ----------
    path : str
        The file.
    text : bytes
        What it says, in UTF-8 without a byte-order mark.
    sha256 : str
        Checksum of the file as stored.
    size : int
        Size as stored. [bytes]
    notes : tuple of str
        What had to be converted.
    """

    path: str
    text: bytes
    sha256: str
    size: int
    notes: tuple[str, ...] = ()


def read_source(path: str | os.PathLike[str], *, largest: int = LARGEST_TEXT) -> Source:
    """Read a file, plain or gzip, in any encoding of JSON.

    Raises
    ------
    ArtilleryError
        If there is no such file, it cannot be read, is empty, cut, damaged, or larger than `largest` bytes.
    """
    name = os.fspath(path)
    try:
        with _open(name) as file:
            size = os.fstat(file.fileno()).st_size
            raw, sha256 = _content(name, file, size, largest)
    except OSError as error:
        raise ArtilleryError(_cannot_read(error), file=name) from None
    text, notes = _utf8(name, raw)
    if not text.strip():
        raise ArtilleryError(
            "the file is empty; Artillery writes its report once, at the end of a run", file=name
        )
    return Source(name, text, sha256, size, notes)


def _open(name: str) -> Any:
    try:
        mode = Path(name).stat().st_mode
    except ValueError:
        raise ArtilleryError(
            "a file name cannot hold this character; give the path of a report", file=name
        ) from None
    if stat.S_ISDIR(mode):
        raise ArtilleryError("this is a directory; give the path of one report file", file=name)
    if not stat.S_ISREG(mode):
        raise ArtilleryError("this is not a regular file; save the report to a file first", file=name)
    return Path(name).open("rb")


def _cannot_read(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file; check the path (a run that was killed leaves no report)"
    if isinstance(error, PermissionError):
        return "no permission to read the file; change its mode or copy it"
    return f"cannot be read: {error.strerror or error}; copy the file to a local disk and try again"


def _content(name: str, file: Any, size: int, largest: int) -> tuple[bytes, str]:
    """Return what the file says and the checksum of the file as it is."""
    if file.read(2) != b"\x1f\x8b":
        if size > largest:
            raise ArtilleryError(
                f"{size} bytes; at most {largest} bytes are read: is this a report?", file=name
            )
        file.seek(0)
        raw = file.read()
        return raw, hashlib.sha256(raw).hexdigest()
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    cap = min(largest, max(FREE_EXPANSION, LARGEST_RATIO * size))
    return _unpacked(name, gzip.GzipFile(fileobj=file), size, cap), sha256


def _unpacked(name: str, stream: gzip.GzipFile, size: int, cap: int) -> bytes:
    content = bytearray()
    try:
        while chunk := stream.read(_CHUNK):
            content += chunk
            if len(content) > cap:
                raise ArtilleryError(
                    f"{size} bytes unpack to more than {cap} bytes; beyond {FREE_EXPANSION} bytes at most "
                    f"{LARGEST_RATIO} times the packed size is read: is this a report?",
                    file=name,
                )
    except EOFError:
        raise ArtilleryError(
            "the gzip file was cut; copy it again from where it was made", file=name
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ArtilleryError(f"the gzip file is damaged ({error}); copy it again", file=name) from None
    return bytes(content)


def _utf8(name: str, raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    encoding = json.detect_encoding(raw)
    if encoding == "utf-8":
        return raw, ()
    if encoding == "utf-8-sig":
        return raw[3:], ("the file starts with a UTF-8 byte-order mark, which was skipped",)
    try:
        text = raw.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeError as error:
        if guess := other_format(raw):
            raise ArtilleryError(f"not an Artillery report: {guess}", file=name) from None
        place = f"byte {getattr(error, 'start', 0)}"
        message = f"looks like {encoding.upper()} but is not; save the file as UTF-8"
        raise ArtilleryError(message, file=name, place=place) from None
    return text, (f"the file is {encoding.upper()}, which was converted to UTF-8",)
