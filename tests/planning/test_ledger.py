"""Predictions of earlier plans."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from capacity.errors import InputError
from capacity.planning.demand.traffic import TrafficHistory
from capacity.planning.ledger import Ledger, Measured, score


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
    assert found.bias == {"capacity": pytest.approx(math.log(305 / 300))}
    assert "Capacity: what came was 1.7% more than predicted on average" in found.text
    assert "only if the service has not been changed" in found.text


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
    assert "Of 2 predictions of 1 earlier plan 1 came inside their 90% interval" in found.text
    assert "Predictions of one plan err together" in found.text
    assert "Capacities count" not in found.text


def with_horizon(folder: Path, last_day: str) -> Path:
    """An earlier plan.json that tells its horizon, from 2026-06-01 on."""
    weeks = [
        {"date": f"2026-06-{day:02}T00:00:00+00:00", "low": 90, "median": 100, "high": 110}
        for day in (1, 8, 15)
    ]
    days = {"first_day": "2026-06-01T00:00:00+00:00", "last_day": f"{last_day}T00:00:00+00:00"}
    return earlier(folder, demand={"peak": estimate(100, 120, 140), "weeks": weeks, **days})


def test_the_whole_horizon_is_scored_once_it_has_passed(tmp_path: Path) -> None:
    """Its peak is the largest of all its days; a day before the end nothing is said of it."""
    path = with_horizon(tmp_path, "2026-06-21")
    passed = scored(path, history=history(105, 130, 95)).scores
    assert passed["prediction"].tolist()[-1] == "peak from 2026-06-01 to 2026-06-21"
    assert passed[["came", "inside"]].to_numpy().tolist() == [
        [105, True],
        [130, False],
        [95, True],
        [130, True],
    ]
    under_way = scored(path, history=history(105, 130)).scores
    assert not under_way["prediction"].str.startswith("peak from").any()


def test_a_last_week_that_is_cut_is_scored_by_its_own_days(tmp_path: Path) -> None:
    """A horizon of 17 days ends with 3; what comes after them is not held against it."""
    rates = [*[105.0] * 17, *[500.0] * 11]
    index = pd.date_range("2026-06-01", periods=len(rates), tz="UTC")
    found = scored(
        with_horizon(tmp_path, "2026-06-17"), history=TrafficHistory("t", 86_400.0, pd.Series(rates, index))
    )
    assert found.scores["came"].tolist() == [105] * 4


def test_a_peak_among_unknown_days_is_not_known(tmp_path: Path) -> None:
    """A week without two of its days is left out; of three weeks one missing day in 21 is few enough."""
    whole = history(105, 130, 95)
    holes = TrafficHistory("t", 86_400.0, whole.rates.drop(whole.rates.index[[3]]))
    found = scored(with_horizon(tmp_path, "2026-06-21"), history=holes).scores
    assert found["prediction"].tolist() == [
        "peak of the week from 2026-06-08", "peak of the week from 2026-06-15", "peak from 2026-06-01 to 2026-06-21",
    ]  # fmt: skip


def test_too_little_and_too_much_are_told_apart(tmp_path: Path) -> None:
    """Bias is of each kind by itself: capacity above what was said does not make up for demand above it."""
    found = scored(earlier(tmp_path), rates={"saturation_throughput": 270.0}, history=history(125, 125))
    assert list(found.bias) == ["capacity", "demand"]
    assert "Capacity: what came was 10.0% less" in found.text
    assert "Demand: what came was 25.0% more" in found.text


def test_a_plan_named_twice_counts_once(tmp_path: Path) -> None:
    """A copy adds nothing."""
    path = earlier(tmp_path)
    now = Measured("shop", frozenset({"new"}), {"saturation_throughput": 305.0}, (), None)
    assert len(score([path, path], now).scores) == 1


def test_inputs_other_than_exports_do_not_hide_them(tmp_path: Path) -> None:
    """Files of other roles among the inputs change nothing: what is new is an export the earlier plan had not."""
    inputs = [
        {"role": "export", "sha256": "old"},
        {"role": "script", "sha256": "s"},
        {"role": "plan", "sha256": "p"},
    ]
    for exports, rows in ((frozenset({"old"}), 0), (frozenset({"old", "new"}), 1)):
        found = scored(
            earlier(tmp_path, inputs=inputs), exports=exports, rates={"saturation_throughput": 305.0}
        )
        assert len(found.scores) == rows


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


def test_a_plan_of_the_first_part_of_a_history_is_scored_by_the_whole(
    repository: Path, tmp_path: Path
) -> None:
    """Round trip with files: made from the first 80%, held against all of it, every week and the horizon's peak."""
    import capacity as cap

    source = repository / "data" / "storefront"
    lines = (source / "traffic-synthetic.csv").read_text().splitlines(keepends=True)
    (tmp_path / "part.csv").write_text("".join(lines[: int(0.8 * len(lines))]))
    (tmp_path / "whole.csv").write_text("".join(lines))
    days = int(0.2 * len(lines) / 24) - 1

    def study(history: str, more: str = "") -> cap.Study:
        file = tmp_path / f"{history}.toml"
        tests = f'[service]\nname = "shop"\n[tests]\nsteps = "{source}/steps-1.json"\n'
        file.write_text(f'{tests}[demand]\nhistory = "{history}.csv"\nhorizon_days = {days}\n{more}')
        return cap.Study.load(file)

    (tmp_path / "plan.json").write_text(json.dumps(study("part").to_dict()))
    found = study("whole", '[ledger]\nplans = ["plan.json"]\n').ledger
    assert isinstance(found, Ledger)
    assert set(found.scores["about"]) == {"demand"}  # the same export tells nothing new of capacity
    assert len(found.scores) == -(-days // 7) + 1
    assert found.scores["prediction"].iloc[-1].startswith("peak from")
    assert found.coverage > 0.5
    assert abs(found.bias["demand"]) < 0.3
    assert f"Of {len(found.scores)} predictions of 1 earlier plan" in found.text
    assert not study("part", '[ledger]\nplans = ["plan.json"]\n').ledger.scores.size
