"""Fleets weighed in money."""

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.plan import Limit
from capacity.planning.demand.demand import Demand
from capacity.planning.fleet.choices import weigh
from capacity.planning.fleet.headroom import Policy
from capacity.planning.fleet.options import Fleets
from capacity.planning.fleet.shared import Shared

DAYS = 30


def demand(*levels: float) -> Demand:
    """Worlds that stay at one level of daily peaks for thirty days."""
    dates = pd.date_range("2026-06-01", periods=DAYS, freq="D", tz="UTC")
    paths = np.repeat(np.asarray(levels, float)[:, None], DAYS, axis=1)
    now = Estimate.exactly(levels[0], unit="req/s", method="", provenance="config")
    return Demand(None, dates, paths, now, Estimate.exactly(0.0, unit="", method="", provenance="config"))


def weighed(worlds: Demand, per_instance: float = 100.0, recommended: int | None = 3, price: float = 100.0):
    """Choices for fleets that carry a multiple of one instance, at 50 a month each."""
    carried = np.tile(per_instance * np.arange(12.0), (len(worlds.paths), 1))
    fleets = Fleets(carried, carried, worlds, Policy(), Shared(), 50.0)
    return weigh(fleets, np.full(len(worlds.paths), price), recommended=recommended)


def test_a_loss_is_the_share_above_for_an_hour_a_day() -> None:
    """Two instances of 100 at 250 req/s lose a fifth of an hour a day at 100 a minute."""
    sizes = weighed(demand(*[250.0] * 40)).sizes
    per_month = 365.25 / 12
    assert sizes.loc[2, "loss_per_month"] == pytest.approx(0.2 * 60 * 100 * per_month)
    assert sizes.loc[3, "loss_per_month"] == 0
    assert sizes.loc[2, "cost_per_month"] == pytest.approx(100 + sizes.loc[2, "loss_per_month"])


def test_costly_misses_hold_the_largest_demand() -> None:
    """When a minute is dear, the fleet for the worst world costs least."""
    assert weighed(demand(*[150.0, 150.0, 450.0] * 20)).least_cost == 5


def test_cheap_misses_hold_little() -> None:
    """When a minute costs next to nothing, the least costly fleet is the smallest."""
    assert weighed(demand(*[150.0, 450.0] * 20), price=1e-6).least_cost == 1


def test_the_readings_stand_side_by_side() -> None:
    """Each reading has its row, and the text prices what the accepted risk asks for on top."""
    found = weighed(demand(*[150.0] * 40), recommended=3)
    frame = found.to_frame()
    assert frame["instances"].tolist() == [1, 2, 3, 4]
    assert frame["reading"].tolist() == ["", "least cost, least regret", "accepted risk", ""]
    assert "asks for more: 3 instances, 50 a month dearer" in found.text


def test_what_is_uncertain_is_worth_knowing() -> None:
    """Where only the demand differs between worlds, knowing it is worth all that anything is, and the rest nothing."""
    rng = np.random.default_rng(2)
    found = weighed(demand(*rng.uniform(50, 900, 400))).worth_knowing.set_index("quantity")["worth"]
    assert found["all of it"] > 0
    assert found["the peak over the horizon"] == pytest.approx(found["all of it"], rel=0.35)
    assert found["what one instance carries"] == found["the price of downtime"] == 0


def test_certain_worlds_leave_nothing_to_know() -> None:
    """With one demand in every world no knowledge changes the choice."""
    found = weighed(demand(*[250.0] * 200))
    assert (found.worth_knowing["worth"] == 0).all()
    assert "would change no choice" in found.text


def test_one_instance_is_spoken_of_as_one() -> None:
    """Singular for one."""
    text = weighed(demand(*[50.0] * 40), recommended=1).text
    assert text.startswith("1 instance costs least on average")
    assert "1 instance is regretted least" in text


def test_without_any_cost_money_chooses_nothing() -> None:
    """Free instances and free misses leave every size alike, so none is called the cheapest."""
    worlds = demand(*[250.0] * 40)
    carried = np.tile(100.0 * np.arange(12.0), (40, 1))
    free = weigh(Fleets(carried, carried, worlds, Policy(), Shared(), 0.0), np.zeros(40), recommended=3)
    assert free.text.startswith("Neither an instance nor a miss costs anything here")


def test_what_cannot_be_had_is_not_weighed() -> None:
    """Connections for two instances leave two sizes, though three would cost less."""
    worlds = demand(*[250.0] * 40)
    carried = np.tile(100.0 * np.arange(12.0), (40, 1))
    shared = Shared.of([Limit(name="connections", available=20.0, per_instance=10.0)])
    found = weigh(
        Fleets(carried, carried, worlds, Policy(), shared, 50.0), np.full(40, 100.0), recommended=None
    )
    assert found.sizes.index.tolist() == [1, 2]
    assert found.least_cost == 2
