"""When a fleet is too small."""

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.planning.demand.demand import Demand
from capacity.planning.fleet.runway import SHARES, additions, exhaustion, runway

DATES = pd.date_range("2026-06-01", periods=100, tz="UTC")


def growing() -> Demand:
    """A hundred worlds; in world k the peak passes 100 req/s on day k, and 200 never."""
    paths = np.where(np.arange(100)[None, :] >= np.arange(100)[:, None], 150.0, 50.0)
    one = Estimate.exactly(1.0, unit="", method="", provenance="measured")
    return Demand(None, DATES, paths, one, one)


def test_each_share_has_the_first_day_it_is_reached() -> None:
    """World k is short from day k, so a share s is short from the day before 100 s."""
    found = runway(exhaustion(growing(), np.full(100, 100.0)))
    days = [(date - DATES[0]).days for date in found["date"]]
    assert days == [round(100 * share) - 1 for share in SHARES]


def test_beyond_the_horizon_there_is_no_date() -> None:
    """A fleet that always carries the peak is not exhausted."""
    assert runway(exhaustion(growing(), np.full(100, 200.0)))["date"].isna().all()


def test_additions_come_before_the_risk_is_passed() -> None:
    """With 5% accepted, the second instance is due on the day the sixth world is short."""
    safe = np.column_stack([np.zeros(100), np.full(100, 100.0), np.full(100, 200.0)])
    (row,) = additions(growing(), safe, 0.05, 1, 2).itertuples()
    assert (row.date - DATES[0]).days == 5
    assert (row.instances, row.added) == (2, 1)


@pytest.mark.parametrize("risk", [0.01, 0.05, 0.2])
def test_a_smaller_risk_is_never_due_later(risk: float) -> None:
    """Who accepts less adds earlier."""
    safe = np.column_stack([np.zeros(100), np.full(100, 100.0), np.full(100, 200.0)])
    more = additions(growing(), safe, 2 * risk, 1, 2)["date"].iloc[0]
    assert additions(growing(), safe, risk, 1, 2)["date"].iloc[0] <= more
