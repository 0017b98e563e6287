"""Results as plain data."""

import math
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from capacity.estimate import Estimate
from capacity.plain import plain_data


def test_open_interval_is_null():
    """JSON has no infinity: an open side is null."""
    estimate = Estimate.at_least(180.0, unit="req/s", method="never saturated", provenance="measured")
    assert plain_data(estimate)["low"] == 180
    assert plain_data(estimate)["high"] is None


def test_not_a_number_is_null():
    """Absent measurements are null, wherever they stand."""
    frame = pd.DataFrame({"a": [1.0, math.nan], "b": [pd.NaT, pd.Timestamp("2026-11-22", tz="UTC")]})
    assert plain_data(frame) == [{"a": 1, "b": None}, {"a": None, "b": "2026-11-22T00:00:00+00:00"}]


def test_numpy_and_dates_become_plain():
    """Arrays' scalars and instants become what JSON knows."""
    assert plain_data({"n": np.int64(3), "x": np.float64(0.5), "t": datetime(2026, 11, 22, tzinfo=UTC)}) == {
        "n": 3,
        "x": 0.5,
        "t": "2026-11-22T00:00:00+00:00",
    }
