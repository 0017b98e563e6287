"""Files as they lie about: packed, cut, in other encodings, or not files at all."""

import gzip
import hashlib
import json

import pytest

from artillery_results_parser import ArtilleryError, source
from artillery_results_parser.source import read_source

TEXT = '{"é": 1}'


def test_plain(write):
    """Text, size and checksum are those of the file."""
    content = TEXT.encode()
    found = read_source(write(content))
    assert (found.text, found.size, found.notes) == (content, len(content), ())
    assert found.checksum.hexdigest() == hashlib.sha256(content).hexdigest()


def test_gzip_by_content(write):
    """Gzip is known by its first bytes, not its name; size and checksum are of the packed file."""
    packed = gzip.compress(TEXT.encode())
    found = read_source(write(packed, "run.json"))
    assert (found.text, found.size) == (TEXT.encode(), len(packed))
    assert found.checksum.hexdigest() == hashlib.sha256(packed).hexdigest()


def test_name_says_nothing(write):
    """Plain text named .gz is plain text."""
    assert read_source(write(TEXT.encode(), "run.json.gz")).text == TEXT.encode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings(write, encoding):
    """What Windows tools write is converted, and said."""
    found = read_source(write(TEXT.encode(encoding)))
    assert found.text == TEXT.encode()
    assert len(found.notes) == 1
    assert "UTF" in found.notes[0]


@pytest.mark.parametrize("content", [b"", b" \n\t", gzip.compress(b"")])
def test_empty(write, content):
    """An empty file says when Artillery writes."""
    with pytest.raises(ArtilleryError, match="the file is empty; Artillery writes its report once"):
        read_source(write(content))


def test_cut_gzip(write):
    """A packed file that was cut is refused wherever the cut is."""
    packed = gzip.compress(json.dumps(list(range(3000))).encode())
    for cut in range(3, len(packed), 97):
        with pytest.raises(ArtilleryError, match="the gzip file was cut"):
            read_source(write(packed[:cut]))


def test_damaged_gzip(write):
    """A wrong checksum inside the packed file is refused."""
    packed = gzip.compress(TEXT.encode())
    with pytest.raises(ArtilleryError, match="the gzip file is damaged"):
        read_source(write(packed[:-8] + b"12345678"))


def test_gzip_bomb(write, monkeypatch):
    """Beyond a free amount, text may not be 200 times its packed size."""
    monkeypatch.setattr(source, "FREE_EXPANSION", 1 << 20)
    with pytest.raises(ArtilleryError, match="unpack to more than 1048576 bytes"):
        read_source(write(gzip.compress(bytes(4 << 20))))


def test_too_large(write):
    """A plain file over the limit is not even read."""
    with pytest.raises(ArtilleryError, match="8 bytes; at most 4 bytes are read"):
        read_source(write(b'"123456"'), largest=4)


def test_missing(tmp_path):
    """A missing file says that a killed run leaves none."""
    with pytest.raises(ArtilleryError, match="no such file") as caught:
        read_source(tmp_path / "nope.json")
    assert caught.value.file.endswith("nope.json")


def test_directory(tmp_path):
    """A directory is no report."""
    with pytest.raises(ArtilleryError, match="this is a directory"):
        read_source(tmp_path)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null"])
def test_device(name):
    """A device, endless or not, is not read."""
    with pytest.raises(ArtilleryError, match="not a regular file"):
        read_source(name)


def test_impossible_name():
    """A NUL in the name is refused, and not printed."""
    with pytest.raises(ArtilleryError, match="a file name cannot hold") as caught:
        read_source("a\0b")
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "denied"), "no permission to read"),
        (OSError(5, "I/O error"), "cannot be read: I/O error"),
    ],
)
def test_unreadable(write, monkeypatch, error, message):
    """Without permission, or from a failing disk, the message says which."""

    def fail(name):
        raise error

    monkeypatch.setattr(source, "_open", fail)
    with pytest.raises(ArtilleryError, match=message):
        read_source(write(b"1"))


def test_not_the_encoding_it_seems(write):
    """Half a character of UTF-16 is refused with its place."""
    with pytest.raises(ArtilleryError, match="looks like UTF-16 but is not") as caught:
        read_source(write(TEXT.encode("utf-16")[:-1]))
    assert caught.value.place.startswith("byte ")
