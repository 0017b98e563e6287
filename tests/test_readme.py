"""What the README says is run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


def blocks(repository: Path, language: str, name: str = "README.md") -> list[str]:
    """Code blocks of one language."""
    text = (repository / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["README.md", "docs/models.md"])
def test_python_examples_run(repository: Path, name: str):
    """Every Python block runs from the repository's root."""
    found = blocks(repository, "python", name)
    assert found
    for code in found:
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code], cwd=repository, check=True, capture_output=True
        )


def test_make_targets_exist(repository: Path):
    """Every `make` command of the README is a target of the Makefile."""
    makefile = (repository / "Makefile").read_text()
    named = re.findall(r"^make ([a-z]+)", "\n".join(blocks(repository, "console")), re.MULTILINE)
    assert {"report", "test", "lab"} <= set(named)
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_commands_exist(repository: Path):
    """Every command the README prints answers --help."""
    console = "\n".join(blocks(repository, "console"))
    commands = set(re.findall(r"\.venv/bin/((?:capacity [a-z]+)|artillery-results)", console))
    assert {"capacity inspect", "capacity init", "capacity report", "capacity check"} <= commands
    folder = Path(sys.executable).parent
    for command in commands:
        program, *words = command.split()
        subprocess.run([folder / program, *words, "--help"], check=True, capture_output=True)


@pytest.mark.parametrize(
    "name", ["docs/plan.png", "docs/models.md", "docs/plan.schema.json", "data/storefront/plan.toml"]
)
def test_files_named_exist(repository: Path, name: str):
    """The picture and the example plan the README points to are there."""
    assert (repository / name).stat().st_size > 500
