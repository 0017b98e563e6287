"""The simulated station, for all tests of evidence."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def station():
    """Module `station` of this folder: simulate a load test on a service whose capacity is known."""
    spec = importlib.util.spec_from_file_location("station", Path(__file__).with_name("station.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["station"] = module
    spec.loader.exec_module(module)
    return module
