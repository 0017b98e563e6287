"""The truth files of the stations say what capacity each has; the arithmetic is done here once more."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

STATIONS = Path(__file__).parents[2] / "data" / "stations"
CAPACITY = {
    "deterministic": 200.0,
    "hyperexponential": 250.0,
    "delayed": 200.0,
    "contended": 222.6,
    "time-outs": 200.0,
    "unsaturated": 250.0,
}  # [req/s]
UNCONTENDED = [run for run in CAPACITY if run != "contended"]


@cache
def truth(run: str) -> dict[str, Any]:
    """Return the truth of a run."""
    return json.loads((STATIONS / f"{run}.truth.json").read_text())


def steps(run: str) -> list[float]:
    """Return the steps of a script, by the name of each. [req/s]"""
    phases = yaml.safe_load((STATIONS / f"{run}.yml").read_text())["config"]["phases"]
    return [float(phase["name"].removeprefix("step ")) for phase in phases]


@pytest.mark.parametrize(("run", "capacity"), CAPACITY.items())
def test_capacity_is_as_promised(run: str, capacity: float) -> None:
    """The truth file and the table in data/README.md say the same."""
    assert truth(run)["nominal"]["capacity"] == pytest.approx(capacity, abs=0.05)


@pytest.mark.parametrize("run", UNCONTENDED)
def test_capacity_is_workers_over_mean_service_time(run: str) -> None:
    """C = c / E[S], whatever the law, the delay, the queue and the patience of the clients."""
    known = truth(run)
    capacity = known["workers"] / (known["nominal"]["service_mean_ms"] / 1000)
    assert known["nominal"]["capacity"] == pytest.approx(capacity, abs=1e-5)


def test_contended_capacity_is_the_peak_of_its_curve() -> None:
    """X(n) = n / (E[S] (1 + a (n - 1) + b n (n - 1))) is highest with 30 in progress and falls to 64% when full."""
    known = truth("contended")
    a, b, mean = (known["nominal"][name] for name in ("contention", "coherency", "service_mean_ms"))
    curve = {n: 1000 * n / mean / (1 + a * (n - 1) + b * n * (n - 1)) for n in range(1, known["workers"] + 1)}
    peak = max(curve, key=curve.__getitem__)
    assert known["nominal"]["throughput_at"] == pytest.approx(list(curve.values()), abs=1e-3)
    assert peak == known["nominal"]["peak_in_progress"] == round(math.sqrt((1 - a) / b)) == 30
    assert known["nominal"]["capacity"] == pytest.approx(curve[peak])
    assert known["nominal"]["capacity_full"] == pytest.approx(curve[known["workers"]])
    assert curve[known["workers"]] == pytest.approx(0.64 * curve[peak], rel=0.005)


@pytest.mark.parametrize("run", CAPACITY)
def test_what_was_drawn_is_near_what_was_meant(run: str) -> None:
    """Mean, variation and so capacity of the service times drawn are those of the law, within four standard errors."""
    known = truth(run)
    nominal, drawn = known["nominal"], known["drawn"]
    error = math.sqrt(nominal["service_scv"] / (drawn["arrived"] - drawn["refused"]))
    assert drawn["service_mean_ms"] == pytest.approx(nominal["service_mean_ms"], rel=max(4 * error, 1e-6))
    assert drawn["service_scv"] == pytest.approx(nominal["service_scv"], rel=0.1, abs=1e-6)
    capacity = nominal["capacity"] * nominal["service_mean_ms"] / drawn["service_mean_ms"]
    assert drawn["capacity"] == pytest.approx(capacity, rel=1e-4)


@pytest.mark.parametrize("run", CAPACITY)
def test_seconds_add_up_and_nothing_disappeared(run: str) -> None:
    """The counts by the second are the totals, and every request was served, refused or left by its client."""
    known = truth(run)
    for what in ("arrived", "served", "refused"):
        assert sum(known["per_second"][what]) == known["drawn"][what]
    ends = sum(known["drawn"][what] for what in ("served", "refused", "client_gone"))
    assert known["drawn"]["arrived"] == ends


@pytest.mark.parametrize("run", ["deterministic", "hyperexponential", "delayed"])
def test_full_queues_serve_the_capacity(run: str) -> None:
    """While the queue is full the station answers as many a second as its capacity says."""
    assert served_while_full(run) == pytest.approx(truth(run)["nominal"]["capacity"], rel=0.05)


def test_the_contended_station_falls_below_its_peak() -> None:
    """Full, it answers what its curve says for all workers in progress, far below the peak."""
    assert served_while_full("contended") == pytest.approx(142.3, rel=0.03)


def served_while_full(run: str) -> float:
    """Return the mean throughput over the seconds with refusals, the first five and the last left out. [req/s]"""
    columns = truth(run)["per_second"]
    full = [served for served, refused in zip(columns["served"], columns["refused"], strict=True) if refused]
    assert len(full) > 20
    return sum(full[5:-1]) / len(full[5:-1])


def test_clients_leave_only_the_station_made_for_it() -> None:
    """Time-outs bite in one run, and hardly anything is refused in it: its queue is full in the last seconds only."""
    gone = {run: truth(run)["drawn"]["client_gone"] for run in CAPACITY}
    assert [run for run, count in gone.items() if count] == ["time-outs"]
    assert gone["time-outs"] > 10_000
    assert truth("time-outs")["drawn"]["refused"] < 1000


def test_unsaturated_never_has_more_than_seven_tenths() -> None:
    """The highest step is 70% of the capacity, and nothing is refused."""
    assert max(steps("unsaturated")) == 0.7 * CAPACITY["unsaturated"]
    assert truth("unsaturated")["drawn"]["refused"] == 0


@pytest.mark.parametrize("run", [run for run in CAPACITY if run != "unsaturated"])
def test_the_others_are_offered_more_than_their_capacity(run: str) -> None:
    """From a fifth of the capacity, with a step at 0.8 to 0.9 of it to be held back, to beyond it."""
    loads = [rate / CAPACITY[run] for rate in steps(run)]
    assert loads == sorted(loads)
    assert loads[0] < 0.21
    assert any(0.8 <= load <= 0.9 for load in loads)
    assert loads[-1] > 1.24
