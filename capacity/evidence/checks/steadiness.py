"""Did anything still move while a load was held: a queue, the response times, a service warming up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from capacity.estimate import number
from capacity.evidence.findings import Finding, percent, seconds
from capacity.evidence.limits import Slo
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.operating import operating_points
from capacity.evidence.steadiness import Steadiness, steadiness
from capacity.evidence.steps import Step
from capacity.wording import counted

_REJECTED = 0.005  # failed share above the least of any load, from which a queue is full and does not grow
_TIMES = 1.0  # relative change from which it is written as so many times


def drift(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """Response times or the queue were still moving when a load ended, though it was served."""
    moved = [(s, steadiness(test, s.rows)) for s in _served(test, steps) if s.steady is False]
    if not moved:
        return
    step, worst = max(moved, key=lambda pair: (pair[1].growing, pair[1].queue, abs(pair[1].drift)))
    yield Finding(
        "drift",
        "weakens",
        "response time",
        f"At {number(step.offered)} req/s offered, held for {step.duration:.0f} s, {_how(worst)}: a longer test "
        f"would give other response times.{_others(len(moved) - 1)}",
        {
            "offered": step.offered, "duration": step.duration, "drift": worst.drift, "doubt": worst.doubt,
            "queue": worst.queue, "rise": worst.rise, "steps": len(moved),
        },
        "Hold this load several times as long, or quote response times of lower loads only.",
        test.name,
        periods=tuple(row for s, _ in moved for row in s.rows),
    )  # fmt: skip


def warm_up(test: LoadTest, steps: Sequence[Step], slo: Slo | None) -> Iterator[Finding]:
    """The beginning of a load differed from the rest and was left out of its response times."""
    cut = [(s, steadiness(test, s.rows)) for s in _served(test, steps) if s.warm_up]
    if not cut:
        return
    step, most = max(cut, key=lambda pair: abs(pair[1].warm_up_change))
    rows = step.rows[: step.warm_up]
    lasted, change = float(test.periods["span"].loc[list(rows)].sum()), most.warm_up_change
    yield Finding(
        "warm_up",
        "notes",
        "response time",
        f"In the first {lasted:.0f} s at {number(step.offered)} req/s offered the mean response time was "
        f"{_against(change)} that of the rest ({seconds(step.mean)}): "
        f"a warm-up, left out of this load's percentiles.{_others(len(cut) - 1)}",
        {"duration": lasted, "change": change, "mean": step.mean, "offered": step.offered, "steps": len(cut)},
        "Warm the service up before the first load that is to be measured.",
        test.name,
        periods=tuple(row for s, _ in cut for row in s.rows[: s.warm_up]),
    )


def _served(test: LoadTest, steps: Sequence[Step]) -> list[Step]:
    """Return the held loads that were served: not too much, nor working off an overload, nor rejecting more.

    A full queue that rejects what it cannot hold has come to rest, however long its answers take.
    """
    states = {point.step.rows: point.state for point in operating_points([test], steps)}
    held = [s for s in steps if s.kind == "plateau" and states.get(s.rows) == "healthy"]
    least = min((s.error_rate for s in steps), default=0.0)
    return [s for s in held if s.error_rate <= least + _REJECTED]


def _how(moved: Steadiness) -> str:
    if moved.growing:
        return "its queue grew as it does close to saturation, where it does not come to rest in that time"
    return f"the mean response time {_changed(moved.drift)} in its course, more than chance explains"


def _changed(change: float) -> str:
    if change >= _TIMES:
        return f"rose to {number(1 + change)} times what it was"
    return f"{'rose' if change > 0 else 'fell'} by {percent(abs(change))}"


def _against(change: float) -> str:
    if change >= _TIMES:
        return f"{number(1 + change)} times"
    return f"{percent(abs(change))} {'above' if change > 0 else 'below'}"


def _others(count: int) -> str:
    return f" So it was at {counted(count, 'other load')}." if count else ""


CHECKS = (drift, warm_up)
"""Checks of what moved under one load."""
