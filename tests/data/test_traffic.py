"""The made-up traffic history comes from its seeded script, byte for byte."""

import runpy
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
FILE = DATA / "storefront" / "traffic-synthetic.csv"


def test_the_script_writes_the_same_bytes() -> None:
    """Nobody edited the file, and the script was not changed without it."""
    script = runpy.run_path(str(DATA / "recording" / "traffic.py"))
    assert script["csv"]().encode() == FILE.read_bytes()


def test_it_covers_26_weeks_hour_by_hour() -> None:
    """A header and 26 weeks of hours, up to the last one of 2026-11-15."""
    lines = FILE.read_text().splitlines()
    assert lines[0] == "timestamp,requests"
    assert len(lines) == 1 + 26 * 7 * 24
    assert lines[-1].startswith("2026-11-15T23:00:00Z,")
