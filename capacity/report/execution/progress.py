"""How far a run is: a bar on a terminal, plain lines anywhere else, both with the time that is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from capacity.report.execution.running import Run


def progress(at_once: int = 1) -> Callable[[Run, int, int], None]:
    """Show a bar on a terminal, a plain line for each finished piece anywhere else.

    Parameters
    ----------
    at_once : int
        Pieces that are worked on at the same time.
    """
    clock = Clock(at_once)
    return Bar(clock) if sys.stderr.isatty() else Lines(clock)


@dataclass
class Clock:
    """Tells the time that is left from the pace so far; what was recalled from an earlier run sets no pace.

    Of the pieces that are worked on besides the one that has just ended, half is taken to be done.
    """

    at_once: int = 1
    now: Callable[[], float] = time.monotonic
    _started: float | None = None
    _computed: int = 0

    def __post_init__(self) -> None:
        self._started = self.now()

    def left(self, run: Run, done: int, all_of_them: int) -> str:
        """Say how much time is left; nothing where that is not known, or none is.

        Examples
        --------
        >>> from capacity.report.execution.running import Run
        >>> times = iter([0.0, 10.0])
        >>> Clock(now=lambda: next(times)).left(Run("02-capacity", "complete", 5.0), 1, 7)
        'about 60 s left'
        """
        self._computed += not run.unchanged
        remaining = all_of_them - done
        if not self._computed or not remaining:
            return ""
        begun = min(self.at_once - 1, remaining) / 2
        seconds = (self.now() - (self._started or 0.0)) / (self._computed + begun) * (remaining - begun)
        return f"about {rounded(seconds)} left"


def rounded(seconds: float) -> str:
    """Write a time as precisely as it is known.

    Examples
    --------
    >>> rounded(3.2), rounded(48), rounded(200)
    ('5 s', '50 s', '3 min')
    """
    return f"{max(5, 5 * round(seconds / 5))} s" if seconds < 97.5 else f"{seconds / 60:.0f} min"


@dataclass
class Lines:
    """A plain line for each finished piece."""

    clock: Clock

    def __call__(self, run: Run, done: int, all_of_them: int) -> None:
        """Tell of a finished piece."""
        took = "unchanged" if run.unchanged else f"{run.status}, {run.seconds:.1f} s"
        left = self.clock.left(run, done, all_of_them)
        click.echo(f"{done} of {all_of_them}: {run.name} {took}{left and f'; {left}'}", err=True)


class Bar:
    """A bar that shows the last finished piece."""

    def __init__(self, clock: Clock) -> None:
        from tqdm import tqdm

        self._clock = clock
        self._bar = tqdm(total=1, leave=False, bar_format="{desc} {bar:20} {n_fmt} of {total_fmt}{postfix}")

    def __call__(self, run: Run, done: int, all_of_them: int) -> None:
        """Show a finished piece."""
        self._bar.total = all_of_them
        self._bar.set_description_str(run.name, refresh=False)
        self._bar.set_postfix_str(self._clock.left(run, done, all_of_them), refresh=False)
        self._bar.update(done - self._bar.n)
        self._bar.refresh()
        if done == all_of_them:
            self._bar.close()
