"""Prices of a fleet as inputs of the register."""

from types import SimpleNamespace

import pandas as pd
import pytest

from capacity.planning.assumptions.inputs import Assumption
from capacity.planning.assumptions.rent import of_rent

SIZES = pd.DataFrame(
    {"rent_per_month": [100.0, 200.0, 300.0], "loss_per_month": [390.0, 160.0, 10.0]}, [1, 2, 3]
)


def rows(losses: float = 1.0, downtime: tuple[float, float, float] | None = None) -> list[Assumption]:
    """Of fleets of one, two and three instances, of which three cost least as long as losses are dear."""
    sizes = SIZES.assign(loss_per_month=SIZES["loss_per_month"] * losses)
    least = int((sizes["rent_per_month"] + sizes["loss_per_month"]).idxmin())
    choices = SimpleNamespace(sizes=sizes, least_cost=least, currency="USD")
    cost = SimpleNamespace(instance_per_month=100.0, downtime_per_minute=downtime, currency="USD")
    return list(of_rent(choices, SimpleNamespace(cost=cost, investment=())))  # type: ignore[arg-type]


@pytest.mark.parametrize(("losses", "effect"), [(1.0, "moves"), (100.0, "none")])
def test_rent_moves_the_least_cost_at_most(losses: float, effect: str) -> None:
    """At twice the rent one instance fewer costs least, but not where losses outweigh any rent."""
    (rent,) = rows(losses)
    assert rent.effect == effect
    assert [trial.instances for trial in (rent.low, rent.high)] == ([3, 2] if effect == "moves" else [3, 3])


@pytest.mark.parametrize(
    ("stated", "told"), [((5.0, 5.0, 5.0), "USD 5"), ((5.0, 10.0, 60.0), "USD 10 (5 to 60)")]
)
def test_a_fixed_price_has_no_interval(stated: tuple[float, float, float], told: str) -> None:
    """A price stated as one number is written as one."""
    assert rows(downtime=stated)[1].value == told
