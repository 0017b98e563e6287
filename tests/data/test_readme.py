"""data/README.md says of every file below data/ where it comes from, and tells its checksum."""

import hashlib
import re
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
SIZE_LIMIT = 3_000_000  # the data stay small enough to be cloned without a thought [bytes]
ROW = re.compile(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)
TABLE = dict(ROW.findall((DATA / "README.md").read_text()))


def files() -> set[str]:
    """Every file below data/ but the README itself and what Python leaves behind."""
    found = {path for path in DATA.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    return {path.relative_to(DATA).as_posix() for path in found} - {"README.md"}


def test_each_file_has_a_row_and_each_row_a_file() -> None:
    """The table and the folder name the same files, each once."""
    rows = ROW.findall((DATA / "README.md").read_text())
    assert len(rows) == len(TABLE)
    assert set(TABLE) == files()


@pytest.mark.parametrize("file", sorted(TABLE))
def test_the_checksum_is_the_files(file: str) -> None:
    """A file that changed without its row is caught; `python data/recording/checksums.py` renews the row."""
    assert hashlib.sha256((DATA / file).read_bytes()).hexdigest() == TABLE[file]


def test_every_cell_is_filled() -> None:
    """What, source, tool, units and licence are told of each file, with a dash where there is none."""
    lines = [line for line in (DATA / "README.md").read_text().splitlines() if line.startswith("| `")]
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 7, line
        assert all(cells), line


def test_the_data_stay_small() -> None:
    """All of it is below 3 MB."""
    assert sum((DATA / file).stat().st_size for file in files()) < SIZE_LIMIT
