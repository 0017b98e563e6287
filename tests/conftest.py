"""Fixtures all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of shared reference material, or skip."""
    folder = os.environ.get("CAPACITY_SHARED")
    if not folder:
        pytest.skip("CAPACITY_SHARED does not name the folder of shared reference exports")
    return Path(folder)


@pytest.fixture(scope="session")
def storefront(repository: Path) -> Path:
    """Folder of our own recorded exports."""
    return repository / "data" / "storefront"
