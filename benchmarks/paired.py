"""How many times as long one thing takes as another, on a machine that is busy with other things too."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_CLOCKS: dict[str, Callable[[], float]] = {"cpu": time.process_time, "wall": time.perf_counter}


@dataclass(frozen=True)
class Ratio:
    """Time of ours over time of the yardstick; of CPU and wall time, the one with the larger median.

    Parameters
    ----------
    median, low, high : float
        Median, smallest and largest of the rounds' ratios. [1]
    clock : str
        ``"cpu"`` or ``"wall"``.
    yardstick, ours : float
        Shortest time of each on that clock. [s]
    """

    median: float
    low: float
    high: float
    clock: str
    yardstick: float
    ours: float

    def line(self, name: str, limit: float) -> str:
        """Return one line: name, ratio (low to high), limit, and whether it is kept."""
        verdict = "ok" if self.median <= limit else "over"
        return (
            f"{name:<40} {self.median:.3g} ({self.low:.3g} to {self.high:.3g})  limit {limit:g}  {verdict}"
            f"  [{self.clock} {self.ours * 1000:.1f} ms over {self.yardstick * 1000:.1f} ms]"
        )


def ratio(yardstick: Callable[[], Any], ours: Callable[[], Any], rounds: int = 7) -> Ratio:
    """Run both in turns, once unmeasured and then `rounds` times, and compare them round by round.

    A neighbour who slows the machine slows both halves of a round, so the ratio of a round is steadier than
    the ratio of two means. What a call returns is thrown away outside the measured time.
    """
    yardstick(), ours()
    pairs = [(_timed(yardstick), _timed(ours)) for _ in range(rounds)]
    return max((_ratio(pairs, clock) for clock in _CLOCKS), key=lambda found: found.median)


def _timed(call: Callable[[], Any]) -> dict[str, float]:
    gc.collect()
    before = {name: clock() for name, clock in _CLOCKS.items()}
    _result = call()
    return {name: clock() - before[name] for name, clock in _CLOCKS.items()}


def _ratio(pairs: list[tuple[dict[str, float], dict[str, float]]], clock: str) -> Ratio:
    ratios = [ours[clock] / yardstick[clock] for yardstick, ours in pairs]
    fastest = [min(side[clock] for side in sides) for sides in zip(*pairs, strict=True)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios), clock, *fastest)
