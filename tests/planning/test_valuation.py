"""Worth of sets in the same sampled worlds."""

import numpy as np
import pytest

from capacity.plan import Cost, Investment
from capacity.planning.parts import Incidents
from capacity.planning.system import System
from capacity.planning.valuation import Valuation

SYSTEM = System(incidents=Incidents(12, 10, 15, 45, 20))
ITEMS = [
    Investment(
        lever="apm",
        hours=(1, 2, 3),
        monthly=10.0,
        parameters={"detect_factor": (0.2, 0.3, 0.4), "diagnose_factor": 0.5, "cpu_share": 0},
    ),
    Investment(
        lever="tracing",
        hours=(1, 2, 3),
        parameters={"diagnose_factor": 0.6, "sampling": 1, "failing_requests": 1, "cpu_share": 0},
    ),
]


def valued(cost: Cost | None) -> Valuation:
    """Two investments in 200 worlds."""
    return Valuation(SYSTEM, ITEMS, cost, np.random.default_rng(1), 200)


def test_worlds_are_common() -> None:
    """The same draw of a parameter holds in every set that has the investment."""
    valuation = valued(None)
    apm, both = valuation.loss(0b01), valuation.loss(0b11)
    assert np.ptp(apm) > 0
    assert np.ptp(apm - both) == pytest.approx(0.0, abs=1e-9)


def test_running_costs_are_yearly() -> None:
    """Ten a month are 120 a year, on top of the minutes."""
    prices = Cost(instance_per_month=0, downtime_per_minute=(0, 0, 0), engineer_per_hour=1)
    assert np.allclose(valued(prices).loss(0b01), 120)


def test_without_prices_nothing_is_spent() -> None:
    """No price of downtime or of hours, no cost."""
    assert valued(None).spent([0]) is None
    assert valued(Cost(instance_per_month=0, downtime_per_minute=(1, 1, 1))).spent([0]) is None


def test_payback_is_simple_without_discount() -> None:
    """1200 spent and 100 a month saved take 12 months."""
    valuation = valued(
        Cost(instance_per_month=0, downtime_per_minute=(1, 1, 1), engineer_per_hour=1, discount_rate=0.0)
    )
    assert valuation.payback(np.array([1200.0]), np.array([1200.0])) == pytest.approx(12)
    assert valuation.present_value(np.array([1200.0]), np.array([1200.0])) == pytest.approx([2400])
