"""The examples in the docstrings give what they print."""

import doctest
import importlib
from pathlib import Path
from typing import Any

import pytest

from capacity.study import Study

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("capacity", "artillery_results_parser")
    for path in (ROOT / package).rglob("*.py")
)


@pytest.fixture(scope="session")
def studies() -> dict[str, Study]:
    """Studies that examples have loaded, by file: their parts are computed once for all examples."""
    return {}


@pytest.fixture
def loaded_once(monkeypatch: pytest.MonkeyPatch, studies: dict[str, Study]) -> None:
    """Let `Study.load` give the study that was loaded before from the same file."""
    load = Study.load

    def once(path: str | Path, **given: Any) -> Study:
        return studies.setdefault(f"{path} {given}", load(path, **given))

    monkeypatch.setattr(Study, "load", once)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.usefixtures("loaded_once")
def test_examples(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example runs from the repository's root."""
    monkeypatch.chdir(ROOT)
    assert doctest.testmod(importlib.import_module(name)).failed == 0
