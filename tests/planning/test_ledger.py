"""Predictions of earlier plans."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from capacity.errors import InputError
from capacity.planning.ledger import Ledger, Measured, score
from capacity.planning.traffic import TrafficHistory


def estimate(low: float | None, value: float | None, high: float | None, unit: str = "req/s") -> dict:
    """An estimate as plan.json has it."""
    return {
        "value": value,
        "low": low,
        "high": high,
        "level": 0.9,
        "unit": unit,
        "method": "",
        "provenance": "measured",
    }


def earlier(folder: Path, **changes: object) -> Path:
    """An earlier plan.json."""
    plan = {
        "schema": 1,
        "service": "shop",
        "inputs": [{"sha256": "old"}],
        "capacity": {
            "saturation_throughput": estimate(290, 300, 310),
            "slo": {"p95": estimate(240, None, 260), "all": estimate(240, None, None)},
        },
        "next_test": [
            {"offered": 100, "p95": estimate(0.02, 0.03, 0.04, "s"), "goodput": estimate(99, 100, 101)}
        ],
        "demand": {
            "weeks": [
                {"date": f"2026-06-{day:02}T00:00:00+00:00", "low": 90, "median": 100, "high": 110}
                for day in (1, 8, 15)
            ]
        },
    } | changes
    path = folder / "plan.json"
    path.write_text(json.dumps(plan))
    return path


def history(*weeks: float) -> TrafficHistory:
    """Daily buckets from Monday 2026-06-01, a level for each week."""
    rates = np.repeat(np.asarray(weeks, float), 7)
    return TrafficHistory(
        "t.csv", 86_400.0, pd.Series(rates, pd.date_range("2026-06-01", periods=rates.size, tz="UTC"))
    )


def scored(path: Path, **changes: object) -> Ledger:
    """Ledger of one plan, against nothing unless changed."""
    now = {
        "service": "shop",
        "exports": frozenset({"new"}),
        "rates": {},
        "quantiles": (),
        "history": None,
    } | changes
    return score([path], Measured(**now))  # type: ignore[arg-type]


def test_a_capacity_is_scored(tmp_path: Path) -> None:
    """A measured capacity inside the interval of the earlier plan counts as predicted."""
    found = scored(earlier(tmp_path), rates={"saturation_throughput": 305.0, "slo p95": 270.0})
    assert found.scores["inside"].tolist() == [True, False]
    assert found.coverage == 0.5
    assert found.bias == pytest.approx(math.log(305 / 300))


def test_the_same_exports_predict_nothing(tmp_path: Path) -> None:
    """A plan is not praised for what it was made of."""
    found = scored(earlier(tmp_path), exports=frozenset({"old"}), rates={"saturation_throughput": 305.0})
    assert found.scores.empty
    assert "Nothing that 1 earlier plan predicted has been measured since" in found.text


def test_an_open_bound_holds(tmp_path: Path) -> None:
    """At least 240 is kept by 270."""
    assert scored(earlier(tmp_path), rates={"slo all": 270.0}).scores["inside"].tolist() == [True]


def test_the_next_test_is_scored_at_its_load(tmp_path: Path) -> None:
    """A response time at the predicted rate counts, one at another rate does not."""
    found = scored(
        earlier(tmp_path), quantiles=((101.0, "p95", 0.05), (150.0, "p95", 0.03), (101.0, "p50", 0.01))
    )
    assert found.scores[["prediction", "came", "inside"]].to_numpy().tolist() == [
        ["p95 at 100 req/s", 0.05, False]
    ]


def test_weeks_that_passed_are_scored(tmp_path: Path) -> None:
    """Two whole weeks came, the third is under way."""
    found = scored(earlier(tmp_path), history=history(105, 120))
    assert found.scores["came"].tolist() == [105, 120]
    assert found.scores["inside"].tolist() == [True, False]
    assert "Of 2 predictions of 1 earlier plan 1 came inside" in found.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "has no layout .'schema'., 1 is understood"),
        ('{"schema": 2, "capacity": {}}', "has layout '2'"),
        ('{"schema": 1, "service": "shop", "capacity": {}}', "is no plan.json of a report .KeyError"),
        (
            '{"schema": 1, "service": "shop", "capacity": {"slo": 3}, "inputs": [], "next_test": [], "demand": null}',
            "AttributeError|KeyError",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """Each refusal names the file and what it should be."""
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        scored(path)


def test_a_plan_is_scored_by_the_next(repository: Path, tmp_path: Path) -> None:
    """From file to sentence: a report's plan.json, named under [ledger], is read and scored."""
    import capacity as cap

    source = repository / "data" / "storefront"
    first = cap.Study.load(source / "steps-1.json")
    (tmp_path / "plan.json").write_text(json.dumps(first.to_dict()))
    again = tmp_path / "again.toml"
    again.write_text(
        f'[service]\nname = "steps-1"\n[tests]\nsteps = "{source}/stress.json"\n[ledger]\nplans = ["plan.json"]\n'
    )
    found = cap.Study.load(again).ledger
    assert isinstance(found, Ledger)
    assert "1 earlier plan" in found.text
