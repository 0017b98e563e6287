"""The page of the levers is the one their docstrings make."""

import re
from pathlib import Path

import pytest

from capacity.planning.levers.catalogue import LEVERS, Lever
from capacity.planning.levers.manual import manual


def test_the_page_is_up_to_date(repository: Path) -> None:
    """Write it anew with: python -m capacity.planning.levers.manual > docs/levers.md."""
    assert (repository / "docs" / "levers.md").read_text(encoding="utf-8") == manual()


@pytest.mark.parametrize("lever", LEVERS.values(), ids=LEVERS)
def test_each_lever_is_told_in_full(lever: Lever) -> None:
    """What it changes, its parameters with units, harm, interactions and source."""
    page = manual().split(f"\n## {lever.name}\n")[1].split("\n## ")[0]
    assert all(f"| `{item.name}` | {item.unit} |" in page for item in (*lever.parameters, *lever.facts))
    assert lever.harm in page
    assert lever.interactions in page
    assert re.search(r"\*\*Source\.\*\* \[1\] .{15,}", page)
    assert "------" not in page
    assert len(page.split("\n\n")) >= 6
