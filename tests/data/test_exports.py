"""The recorded exports are whole, hold nothing but the loopback, and were not held back by the generator."""

import gzip
import json
import re
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

DATA = Path(__file__).parents[2] / "data"
STOREFRONT = ("basic", "stress", "spike", "steps-1", "steps-2", "steps-4")
STATIONS = ("deterministic", "hyperexponential", "delayed", "contended", "time-outs", "unsaturated")
RUNS = (*STOREFRONT, *STATIONS)
VERIFY = runpy.run_path(str(DATA / "recording" / "verify.py"))
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


def home(run: str) -> Path:
    """Return the folder of a run."""
    return DATA / ("stations" if run in STATIONS else "storefront")


def text(run: str) -> str:
    """Return an export as text, stored plain or compressed."""
    plain = home(run) / f"{run}.json"
    return plain.read_text() if plain.exists() else gzip.decompress(Path(f"{plain}.gz").read_bytes()).decode()


@cache
def export(run: str) -> dict[str, Any]:
    """Return a parsed export."""
    return json.loads(text(run))


@cache
def truth(run: str) -> dict[str, Any]:
    """Return what the service or the station did in a run."""
    return json.loads((home(run) / f"{run}.truth.json").read_text())


def script(run: str) -> dict[str, Any]:
    """Return the script of a run."""
    return yaml.safe_load((home(run) / f"{run}.yml").read_text())


@pytest.mark.parametrize("run", RUNS)
def test_only_loopback_addresses(run: str) -> None:
    """Neither export nor script nor truth names a host, a token or a person."""
    files = [
        text(run),
        (home(run) / f"{run}.yml").read_text(),
        (home(run) / f"{run}.truth.json").read_text(),
    ]
    for content in files:
        assert set(ADDRESS.findall(content)) <= {"127.0.0.1"}
        assert not re.search(r"https?://(?!127\.0\.0\.1[:/])", content)
        assert not re.search(r"(?i)bearer|token|secret|passw|@|/home/|/root/|/tmp/", content)


@pytest.mark.parametrize("run", RUNS)
def test_every_request_arrived(run: str) -> None:
    """What the generator sent is what the service saw: nothing was lost on the way."""
    sent = export(run)["aggregate"]["counters"]["http.requests"]
    assert sent == truth(run)["drawn"]["arrived"]


@pytest.mark.parametrize("run", RUNS)
def test_every_user_of_the_script_came(run: str) -> None:
    """As many users came as scripted, each with all its requests: offered load is scripted load."""
    counters = export(run)["aggregate"]["counters"]
    scripted = VERIFY["users_by"](script(run)["config"]["phases"], 3600)
    per_user = VERIFY["requests_in"](script(run)["scenarios"][0]["flow"])
    assert counters["vusers.created"] == pytest.approx(scripted, rel=0.001)
    assert counters["http.requests"] == per_user * counters["vusers.created"]


@pytest.mark.parametrize("run", [run for run in RUNS if run != "time-outs"])
def test_answers_are_as_the_service_counted_them(run: str) -> None:
    """200, 429 and 503 in the export are served, rate-limited and refused in the truth, and there are no errors."""
    counters, drawn = export(run)["aggregate"]["counters"], truth(run)["drawn"]
    counted = [counters.get(f"http.codes.{code}", 0) for code in (200, 429, 503)]
    assert counted == [drawn["served"], drawn.get("rate_limited", 0), drawn["refused"]]
    assert drawn["client_gone"] == 0
    assert not [name for name in counters if name.startswith("errors.")]


def test_time_outs_are_the_clients_who_left() -> None:
    """A time-out in the export is a client that the station saw go, but for a few who left while they were answered."""
    counters, drawn = export("time-outs")["aggregate"]["counters"], truth("time-outs")["drawn"]
    answered, timed_out = counters["http.codes.200"], counters["errors.ETIMEDOUT"]
    assert counters["http.codes.503"] == drawn["refused"]
    assert answered + timed_out == drawn["served"] + drawn["client_gone"]
    assert 0 <= drawn["served"] - answered <= 5
    assert {name for name in counters if name.startswith("errors.")} == {"errors.ETIMEDOUT"}


@pytest.mark.parametrize("run", RUNS)
def test_slices_add_up_to_the_aggregate(run: str) -> None:
    """No slice is missing from an export."""
    parsed = export(run)
    slices = [period["counters"].get("http.requests", 0) for period in parsed["intermediate"]]
    assert sum(slices) == parsed["aggregate"]["counters"]["http.requests"]


@pytest.mark.parametrize("run", RUNS)
def test_the_clock_was_quiet(run: str) -> None:
    """Below saturation the mean answer of a slice is as constructed, to 5 ms and mostly to 1.5 ms."""
    constructed = {row["period"]: row for row in truth(run)["slices"]}
    late = [
        measured["mean"] - constructed[int(period["period"])]["mean"]
        for period in export(run)["intermediate"]
        if (measured := period["summaries"].get("http.response_time.2xx"))
        and measured["count"] == constructed[int(period["period"])]["count"]
        and measured["mean"] < 150
    ]
    assert len(late) > 4
    assert -0.5 < sorted(late)[len(late) // 2] < 1.5
    assert max(late) < 5


@pytest.mark.parametrize("run", RUNS)
def test_users_came_when_the_script_says(run: str) -> None:
    """At the end of each slice the generator is at most half a second off its script."""
    assert VERIFY["off_schedule"](export(run), script(run)["config"]["phases"]) < 0.5


def test_scenarios_are_the_same_in_every_script_of_the_storefront() -> None:
    """Every run asks for the same pages in the same proportions, so that their capacities compare."""
    flows = {
        run: [(s["name"], s["weight"], s["flow"][0].get("loop", s["flow"])) for s in script(run)["scenarios"]]
        for run in STOREFRONT
    }
    assert all(flow == flows["basic"] for flow in flows.values())
