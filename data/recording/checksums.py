"""Bring the checksum column of data/README.md up to date: `python data/recording/checksums.py`."""

import hashlib
import re
from pathlib import Path

DATA = Path(__file__).parents[1]
ROW = re.compile(r"^\| `(?P<file>[^`]+)` \|.*\| `(?P<sum>[0-9a-f]{64}|\?)` \|$")


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows(readme: str) -> dict[str, str]:
    """Return file -> checksum from the table of the README."""
    return {found["file"]: found["sum"] for line in readme.splitlines() if (found := ROW.match(line))}


def updated(readme: str) -> str:
    """Return the README with the checksum of each row recomputed from the file."""
    for file, old in rows(readme).items():
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{file}` |"))
        readme = readme.replace(row, row.replace(f"`{old}`", f"`{checksum(DATA / file)}`"))
    return readme


def main() -> None:
    """Rewrite data/README.md in place."""
    path = DATA / "README.md"
    path.write_text(updated(path.read_text()))


if __name__ == "__main__":
    main()
