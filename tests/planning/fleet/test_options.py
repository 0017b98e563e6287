"""Fleets of one kind of instance."""

import numpy as np
import pandas as pd

from capacity.estimate import Estimate
from capacity.plan import Limit
from capacity.planning.demand.demand import Demand
from capacity.planning.fleet.headroom import Policy
from capacity.planning.fleet.options import Fleets
from capacity.planning.fleet.shared import Shared


def fleets(*peaks: float, policy: Policy | None = None, shared: Shared | None = None) -> Fleets:
    """Fleets of up to nine that carry 100 req/s an instance, in worlds of one day each."""
    one = Estimate.exactly(1.0, unit="", method="", provenance="measured")
    demand = Demand(
        None, pd.date_range("2026-06-01", periods=1, tz="UTC"), np.array(peaks)[:, None], one, one
    )
    safe = np.tile(100.0 * np.arange(10), (len(peaks), 1))
    return Fleets(safe, safe, demand, policy or Policy(spare_instances=0), shared or Shared(), 10.0)


def test_missed_is_the_share_of_worlds_above() -> None:
    """Of four worlds two are above 200 req/s."""
    assert fleets(150, 190, 210, 390).missed[2] == 0.5


def test_the_fewest_keep_the_accepted_risk() -> None:
    """A quarter accepted drops the largest world."""
    accepting = Policy(spare_instances=0, risk=0.25)
    assert fleets(150, 190, 210, 390).fewest == 4
    assert fleets(150, 190, 210, 390, policy=accepting).fewest == 3


def test_what_cannot_be_had_is_not_recommended() -> None:
    """Connections for three instances leave nothing to recommend, and the strongest is the third."""
    three = Shared.of([Limit(name="connections", available=3.0, per_instance=1.0)])
    limited = fleets(390.0, shared=three)
    assert limited.fewest is None
    assert limited.strongest == 3


def test_the_smallest_that_can_lose_a_zone_is_shown() -> None:
    """With two zones and one spare the smallest is two, for one zone of two instances has one."""
    assert fleets(650.0, policy=Policy(zones=2)).around(7, 7)[0] == 2


def test_the_newsvendor_ratio_belongs_to_what_is_missed() -> None:
    """A fleet short in a quarter of the worlds is right when a miss is worth three idle ones."""
    frame = fleets(150, 190, 210, 390).to_frame([3], None)
    assert frame["shortage_over_surplus"].iloc[0] == 3.0
