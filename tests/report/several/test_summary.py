"""One plan in one row."""

import datetime as dt
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.report.several.summary import INCOMPLETE, NO_ANSWER, Summary
from capacity.study import Study


def rate(low: float, value: float | None = None, high: float = math.inf) -> Estimate:
    """Some rate."""
    return Estimate(value, low, high, "req/s", "m", "measured")


def a_study(**parts: Any) -> SimpleNamespace:
    """Study of a fleet of two that is too small from the third day on."""
    days = pd.date_range("2026-11-25", periods=4)
    fleet = SimpleNamespace(
        exhaustion=pd.Series([0.0, 0.05, 0.06, 0.9], days),
        policy=SimpleNamespace(risk=0.05),
        safe_load_running=rate(90.0, 100.0, 110.0),
        recommended=3,
        probability_missed_running=np.float64(0.9),
    )
    usual: dict[str, Any] = {
        "name": "shop",
        "known": SimpleNamespace(void=False),
        "verdict": SimpleNamespace(status="NOT READY", headline="NOT READY"),
        "plan": SimpleNamespace(
            service=SimpleNamespace(instances_running=2),
            cost=SimpleNamespace(instance_per_month=50.0, currency="EUR"),
        ),
        "actions": pd.DataFrame({"when": ["now"], "action": ["add one"]}),
        "demand": SimpleNamespace(peak=rate(150.0, 160.0, 170.0)),
        "instance_capacity": rate(50.0),
        "fleet": fleet,
        "investments": None,
    }
    return SimpleNamespace(**usual | parts)


def test_a_row_is_taken_from_the_study() -> None:
    """Today's fleet, the one needed and from when, its rent, and the first action."""
    row = Summary.of(a_study())
    assert (row.running, row.needed, row.short_from) == (2, 3, dt.date(2026, 11, 27))
    assert (row.rent_now, row.rent_needed, row.currency) == (100.0, 150.0, "EUR")
    assert (row.probability_missed, row.action) == (0.9, "now: add one")
    assert row.promised == rate(90.0, 100.0, 110.0)


def test_of_void_evidence_nothing_is_told_that_rests_on_it() -> None:
    """The peak is known nevertheless: it comes from the traffic."""
    row = Summary.of(a_study(known=SimpleNamespace(void=True)))
    assert (row.capacity, row.promised, row.needed, row.probability_missed, row.short_from) == (None,) * 5
    assert row.peak == rate(150.0, 160.0, 170.0)
    assert (row.rent_now, row.rent_needed) == (100.0, None)


def test_a_bare_export_has_a_row(storefront: Path) -> None:
    """No demand, no fleet, no price; the verdict and the capacity of what was tested."""
    row = Summary.of(Study.load(storefront / "basic.json"))
    assert (row.service, row.peak, row.needed, row.rent_now, row.work_worth) == (
        "basic",
        None,
        None,
        None,
        None,
    )
    assert row.capacity is not None
    assert row.running == 1


@pytest.mark.parametrize(
    "row", [Summary.of(a_study()), Summary.none("x", "why"), Summary.of(a_study(fleet=None))]
)
def test_a_row_survives_json(row: Summary) -> None:
    """Dates, and bounds that are open."""
    assert Summary.from_dict(json.loads(json.dumps(row.to_dict(), allow_nan=False))) == row


def a_row(name: str, status: str, day: int | None = None, missed: float | None = None) -> Summary:
    """Row of some urgency."""
    return Summary(
        name, status, status, "", short_from=day and dt.date(2027, 1, day), probability_missed=missed
    )


def test_the_order_of_urgency() -> None:
    """What has no answer, what has no evidence, what is not ready by day and chance, and the rest."""
    wanted = [
        a_row("refused", NO_ANSWER),
        a_row("failed", INCOMPLETE),
        a_row("void", "INSUFFICIENT EVIDENCE"),
        a_row("soon", "NOT READY", 1, 0.1),
        a_row("later", "NOT READY", 2, 0.9),
        a_row("later too", "NOT READY", 2, 0.2),
        a_row("never", "NOT READY", None, 0.01),
        a_row("unknown", "NOT READY"),
        a_row("ready soon", "READY", 1, 0.06),
        a_row("a", "READY", None, 0.0),
        a_row("b", "READY UP TO", None, 0.0),
    ]
    mixed = [*wanted[1::2], *wanted[::2]]
    assert sorted(mixed, key=lambda row: row.urgency) == wanted
