"""The simulated station, for all tests of evidence."""

import pytest


@pytest.fixture(scope="session")
def station():
    """Module `station` of this folder: simulate a load test on a service whose capacity is known."""
    import station

    return station
