"""From a path to UTF-8 text: compression, encoding and size, and nothing about what the text says."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import stat
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from artillery_results_parser.errors import ArtilleryError
from artillery_results_parser.recognise import other_format

LARGEST_TEXT = 8 << 30
"""No text larger than this is read. [bytes]"""
FREE_EXPANSION = 64 << 20
"""Up to this size a compressed file may expand at any ratio. [bytes]"""
LARGEST_RATIO = 200
"""Beyond that, text may be this many times its compressed size; JSON compresses 10 to 40 times. [1]"""

_CHUNK = 1 << 20


class Sum(threading.Thread):
    """The SHA-256 of some bytes, computed beside other work: hashlib lets other threads run."""

    def __init__(self, content: bytes) -> None:
        super().__init__(daemon=True)
        self._content = content
        self._found = ""
        self.start()

    def run(self) -> None:
        """Compute it, and let the bytes go."""
        self._found = hashlib.sha256(self._content).hexdigest()
        del self._content

    def hexdigest(self) -> str:
        """Return it, waiting for it if need be."""
        self.join()
        return self._found


@dataclass(frozen=True)
class Source:
    """The text of a file and where it came from.

    Parameters
    ----------
    path : str
        The file.
    text : bytes
        What it says, in UTF-8 without a byte-order mark.
    checksum : Sum
        Of the file as stored.
    size : int
        Size as stored. [bytes]
    notes : tuple of str
        What had to be converted.
    """

    path: str
    text: bytes
    checksum: Sum
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
            if size > largest:
                raise ArtilleryError(
                    f"{size} bytes; at most {largest} bytes are read: is this a report?", file=name
                )
            raw = file.read()
    except OSError as error:
        raise ArtilleryError(_cannot_read(error), file=name) from None
    checksum = Sum(raw)
    text, notes = _utf8(name, _unpacked(name, raw, largest) if raw[:2] == b"\x1f\x8b" else raw)
    if not text or text.isspace():
        raise ArtilleryError(
            "the file is empty; Artillery writes its report once, at the end of a run", file=name
        )
    return Source(name, text, checksum, size, notes)


def _open(name: str) -> BinaryIO:
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


def _unpacked(name: str, packed: bytes, largest: int) -> bytes:
    cap = min(largest, max(FREE_EXPANSION, LARGEST_RATIO * len(packed)))
    stream = gzip.GzipFile(fileobj=io.BytesIO(packed))
    content = bytearray()
    try:
        while chunk := stream.read(_CHUNK):
            content += chunk
            if len(content) > cap:
                raise ArtilleryError(
                    f"{len(packed)} bytes unpack to more than {cap} bytes; beyond {FREE_EXPANSION} bytes at most "
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
