"""The verdict on one investment, and the measures of finance."""

import math
from dataclasses import replace

import numpy as np
import pytest

from capacity.estimate import Estimate
from capacity.models.finance import irr
from capacity.planning.portfolio.worth import Worth, mean_of, measures

MONEY = Estimate(500.0, -100.0, 900.0, "", "", "assumed")
ITEM = Worth(
    "apm", 1, 6.0, 900.0, 900.0, 900.0, 900.0, math.nan, math.nan, pays=True, npv=MONEY, probability_gain=0.9
)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "pays in 90% of worlds"),
        ({"pays": False}, "costs more than it saves"),
        ({"pays": False, "in_order": 0.0}, "saves nothing at its place"),
        ({"in_order": 0.0}, "worth doing with other work"),
        ({"pays": False, "beyond": True}, "beyond the budget of hours"),
        ({"npv": None}, "saves 900 minutes down a year"),
        ({"npv": None, "pays": False, "in_order": -120.0}, "adds 120 minutes down a year"),
        ({"pays": False, "in_order": -1200.0}, "costs more than it saves"),
        ({"npv": None, "pays": False, "in_order": 0.0}, "changes no time down that is known"),
        (
            {"lever": "security_hardening", "pays": False, "in_order": 0.0},
            "a gate of readiness: claims no figure of",
        ),
        (
            {"lever": "load_tests", "pays": False, "in_order": 0.0},
            "worth what is known better: see what to measure",
        ),
    ],
)
def test_verdicts(changes: dict[str, object], verdict: str) -> None:
    """Each in a few words."""
    assert replace(ITEM, **changes).verdict.startswith(verdict)  # type: ignore[arg-type]


def test_rows_in_money_and_in_minutes() -> None:
    """Without prices the columns say minutes, and there is no money."""
    assert {"npv", "stand_alone"} <= set(ITEM.row(priced=True))
    unpriced = replace(ITEM, npv=None).row(priced=False)
    assert "stand_alone_minutes" in unpriced
    assert not {"npv", "cost", "stand_alone"} & set(unpriced)


def test_a_mean_beyond_its_interval_is_not_moved() -> None:
    """One world in a hundred worth a million: the mean stays, and the interval reaches it."""
    sample = np.zeros(100)
    sample[0] = 1e6
    found = mean_of(sample, "mean")
    assert found.value == 1e4
    assert found.high == 1e4


def test_measures_of_levers_n4_to_n6() -> None:
    """5200 spent, 24 months of 600, 10% a year: worth 7858.74, paid back after 8.67 and, discounted, 9.0165 months."""
    flows = [-5200] + [600] * 24
    found = {row["quantity"]: row["value"] for row in measures(flows, 0.10)}
    assert found["net present value"] == pytest.approx(7858.74, abs=0.005)
    assert found["internal rate of return"] == pytest.approx(100 * irr(flows))
    assert found["payback"] == pytest.approx(5200 / 600)
    assert found["discounted payback"] == pytest.approx(9.0165, abs=5e-5)
    assert 10 / 12 < found["modified rate of return"] < found["internal rate of return"]


def test_every_measure_has_its_unit() -> None:
    """Money in its currency, rates in percent a month, times in months."""
    units = {row["quantity"]: row["unit"] for row in measures([-5200] + [600] * 24, 0.10, "USD")}
    assert units["net present value"] == "USD"
    assert units["internal rate of return"] == units["modified rate of return"] == "% a month"
    assert units["payback"] == units["discounted payback"] == "months"


def test_a_measure_without_a_value_has_a_reason() -> None:
    """Two changes of sign, two rates: none is given."""
    rows = {row["quantity"]: row for row in measures([-100, 230, -132], 0.0)}
    assert math.isnan(rows["internal rate of return"]["value"])
    assert "change sign 2 times (in periods 1, 2)" in rows["internal rate of return"]["reason"]
    assert rows["net present value"]["reason"] == ""
