"""What a recording is checked for before it is believed: leaks, the schedule kept, the noise of the clock."""

import json
import re
from pathlib import Path

import yaml

# What an export must not hold: an address other than loopback, a URL, a token, a person, a path.
LEAKS = re.compile(
    r"(?!127\.0\.0\.1)\b\d{1,3}(?:\.\d{1,3}){3}\b|://|(?i:bearer|token|secret|passw|@)|/(?:home|root|tmp)/"
)

SHORT_QUEUE = 150  # mean answer below which the clock's noise is looked at [ms]


def refuse_leaks(export: Path) -> None:
    """Raise if the export holds an address, a token, a person or a path."""
    if found := LEAKS.search(export.read_text()):
        raise ValueError(
            f"{export.name} holds {found[0]!r}: nothing was stored; change the script and record again"
        )


def requests_in(flow: list[dict]) -> int:
    """Return how many requests one pass through a flow makes."""
    return sum(step.get("count", 1) * requests_in(step["loop"]) if "loop" in step else 1 for step in flow)


def users_by(phases: list[dict], elapsed: float) -> float:
    """Return how many virtual users a script starts in its first `elapsed` seconds."""
    users = 0.0
    for phase in phases:
        part = min(max(elapsed, 0), phase["duration"]) / phase["duration"]
        rise = phase.get("rampTo", phase["arrivalRate"]) - phase["arrivalRate"]
        users += phase["duration"] * part * (phase["arrivalRate"] + rise * part / 2)
        elapsed -= phase["duration"]
    return users


def off_schedule(export: dict, phases: list[dict]) -> float:
    """Return how far [s] the generator was off its script at most: users started against users scripted."""
    started, worst = 0, 0.0
    begin = export["aggregate"]["firstCounterAt"]
    for period in export["intermediate"]:
        started += period["counters"].get("vusers.created", 0)
        elapsed = (int(period["period"]) + 10_000 - begin) / 1000
        second = max(elapsed, 1)
        rate = users_by(phases, second) - users_by(phases, second - 1)
        worst = max(worst, abs(started - users_by(phases, elapsed)) / rate) if rate else worst
    return worst


def noise(export: dict, truth: dict) -> float:
    """Return by how much [ms] the mean answer came later than constructed.

    Over the slices that both sides know in full and where the queues were short; not a number without any.
    """
    constructed = {row["period"]: row for row in truth["slices"]}
    pairs = [
        (measured["mean"] - known["mean"], measured["count"])
        for period in export["intermediate"]
        if (measured := period["summaries"].get("http.response_time.2xx"))
        and (known := constructed.get(int(period["period"])))
        and measured["count"] == known["count"]
        and known["mean"] < SHORT_QUEUE
    ]
    answers = sum(count for _, count in pairs)
    return sum(late * count for late, count in pairs) / answers if answers else float("nan")


def told(script: Path, export: Path, truth: Path) -> str:
    """Return a line on what was offered, what the service saw, and how noisy generator and clock were."""
    scripted, measured, known = (
        yaml.safe_load(script.read_text()),
        json.loads(export.read_text()),
        json.loads(truth.read_text()),
    )
    phases, counters, drawn = scripted["config"]["phases"], measured["aggregate"]["counters"], known["drawn"]
    users = users_by(phases, sum(phase["duration"] for phase in phases))
    errors = {name: count for name, count in counters.items() if name.startswith("errors.")}
    return (
        f"{script.stem}: scripted {users * requests_in(scripted['scenarios'][0]['flow']):.0f},"
        f" sent {counters['http.requests']}, arrived {drawn['arrived']}, served {drawn['served']},"
        f" 503 {drawn['refused']}, 429 {drawn.get('rate_limited', 0)}, left {drawn['client_gone']}, errors {errors};"
        f" capacity {known['nominal']['capacity']:.1f} (as drawn {drawn['capacity']:.1f}) req/s;"
        f" at most {off_schedule(measured, phases):.2f} s off schedule,"
        f" answers {noise(measured, known):+.2f} ms later than constructed"
    )
