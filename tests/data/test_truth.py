"""The truth files say what capacity the service has; the arithmetic is done here once more."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

DATA = Path(__file__).parents[2] / "data"
RUNS = {"basic": 1, "stress": 1, "spike": 1, "steps-1": 1, "steps-2": 2, "steps-4": 4}
SATURATED = {"steps-1": 1, "steps-2": 2, "steps-4": 4}


def truth(run: str) -> dict[str, Any]:
    """Return the truth of a run."""
    return json.loads((DATA / "storefront" / f"{run}.truth.json").read_text())


@pytest.mark.parametrize(("run", "instances"), RUNS.items())
def test_capacity_is_workers_over_mean_demand(run: str, instances: int) -> None:
    """C(n) = n c / E[S] / (1 + 0.03 (n - 1)): 296.3, 575.3 and 1087.3 req/s."""
    known = truth(run)
    mean = sum(e["share"] * e["service_mean_ms"] for e in known["endpoints"].values()) / 1000
    capacity = instances * known["workers"] / mean / (1 + known["alpha"] * (instances - 1))
    assert known["instances"] == instances
    assert known["nominal"]["capacity"] == pytest.approx(capacity, abs=1e-5)
    assert capacity == pytest.approx({1: 296.296, 2: 575.333, 4: 1087.326}[instances], abs=0.001)


@pytest.mark.parametrize("run", RUNS)
def test_shares_of_the_endpoints_follow_from_the_scripts(run: str) -> None:
    """The weights of the scenarios give the shares the capacity is computed from."""
    scenarios = yaml.safe_load((DATA / "storefront" / f"{run}.yml").read_text())["scenarios"]
    weights: dict[str, float] = {}
    for scenario in scenarios:
        for step in scenario["flow"][0].get("loop", scenario["flow"]):
            ((method, request),) = step.items()
            name = f"{method.upper()} {request['url'].split('?')[0]}"
            weights[name] = weights.get(name, 0) + scenario["weight"]
    total = sum(weights.values())
    shares = {name: endpoint["share"] for name, endpoint in truth(run)["endpoints"].items()}
    assert {name: weight / total for name, weight in weights.items()} == pytest.approx(shares)


@pytest.mark.parametrize("run", RUNS)
def test_what_was_drawn_is_near_what_was_meant(run: str) -> None:
    """Capacity as drawn (n c / mean of the service times drawn) is within 3% of the nominal one."""
    known = truth(run)
    drawn = 1000 * known["instances"] * known["workers"] / known["drawn"]["service_mean_ms"]
    assert known["drawn"]["capacity"] == pytest.approx(drawn, rel=1e-4)
    assert drawn == pytest.approx(known["nominal"]["capacity"], rel=0.03)


@pytest.mark.parametrize("run", RUNS)
def test_seconds_add_up(run: str) -> None:
    """The counts by the second are the totals."""
    known = truth(run)
    for what in ("arrived", "served", "refused", "rate_limited"):
        assert sum(known["per_second"][what]) == known["drawn"][what]


@pytest.mark.parametrize("run", RUNS)
def test_nothing_disappeared(run: str) -> None:
    """Every request was served, refused, limited or left waiting by its client."""
    drawn = truth(run)["drawn"]
    ends = sum(drawn[what] for what in ("served", "refused", "rate_limited", "client_gone"))
    assert drawn["arrived"] == ends == sum(drawn["arrived_per_instance"])


@pytest.mark.parametrize("run", SATURATED)
def test_saturated_seconds_serve_the_capacity(run: str) -> None:
    """While the queues are full the service answers as many a second as its capacity says."""
    known = truth(run)
    columns = known["per_second"]
    full = [i for i, refused in enumerate(columns["refused"]) if refused and i + 1 < len(columns["refused"])]
    served = sum(columns["served"][i] for i in full) / len(full)
    assert len(full) > 20
    assert served == pytest.approx(known["nominal"]["capacity"], rel=0.05)


def test_basic_stays_below_saturation() -> None:
    """The basic run refuses nothing."""
    assert truth("basic")["drawn"]["refused"] == 0


@pytest.mark.parametrize("run", ["stress", "spike", "steps-1", "steps-2", "steps-4"])
def test_the_others_go_past_it(run: str) -> None:
    """Every other run fills the queue, so that capacity is seen and not extrapolated."""
    assert truth(run)["drawn"]["refused"] > 100
