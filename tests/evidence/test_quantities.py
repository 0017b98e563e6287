"""What can be claimed."""

import pytest

from capacity.evidence import quantities
from capacity.evidence.quantities import ALIASES, QUANTITIES, quantity


def test_the_table_is_complete():
    """Every quantity stands in the table of the module, the percentiles as a range."""
    told = quantities.__doc__
    hidden = {"p75_ms", "p90_ms", "p95_ms", "p99_ms"}
    assert {name for name in (*QUANTITIES, *ALIASES) if name not in told} == hidden


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("p95_ms", 250, True),
        ("p95_ms", 0, False),
        ("p95_ms", True, False),
        ("success_rate", 1, True),
        ("success_rate", 99.9, False),
        ("instances", 2, True),
        ("instances", 2.5, False),
        ("recovers", True, True),
        ("recovers", 0, True),
        ("recovers", 0.5, False),
    ],
)
def test_values(name, value, allowed):
    """A value must be one that the quantity can have, in the unit of a plan file."""
    assert quantity(name).allows(value) is allowed


@pytest.mark.parametrize(
    ("name", "share"), [("p50_ms", 0.5), ("p95_ms", 0.95), ("p999_ms", 0.999), ("mean_ms", None)]
)
def test_share(name, share):
    """A percentile is about a share of the requests, a mean about none."""
    assert quantity(name).share == share
