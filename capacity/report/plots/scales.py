"""The paper of a picture, and the axes of a panel: what is shown of each quantity, and what stands beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Self

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from capacity.estimate import number
from capacity.report.plots.lettering import width_of, wrapped

INK, GREY, RULE, PAPER = "#1b1f24", "#5b6470", "#d9dde2", "#fefefe"
BLUE, GREEN, RED, AMBER = "#1f5fa8", "#0f766e", "#b3261e", "#9a5b00"
"""Each has a contrast of at least 4.5:1 on white; shape and words say the same as the colour."""

WIDTH, MARGIN = 4.8, 0.1  # of the whole picture, which a telephone shows at its own size [inch]
TEXT = 72 * (WIDTH - 2 * MARGIN)  # the width between the margins [points]
ROW = 0.38  # height of a row that stands for one thing: two lines of its name [inch]
STRIP, LANES = 0.52, 0.4  # height of a row under its name [inch], and the share of it that marks take

_LEFT, _HEAD, _FOOT, _CALENDAR = 0.64, 0.38, 0.58, 0.33  # room for ticks and names of the axes [inch]
_NAME = 124.0  # most that the name of a row takes beside it [points]
_STEPS = [1, 2, 2.5, 5, 10]  # between ticks, times a power of ten


class Scales:
    """Both axes of a panel: their ranges, their ticks and their names.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn on.
    """

    def __init__(self, axes: Any) -> None:
        self.axes = axes
        self.left, self.right, self.head, self.foot = _LEFT, MARGIN, MARGIN, _CALENDAR
        self._quantity = ""
        self._lines = 1
        self._names: list[str] = []
        self._whole = False
        axes.grid(axis="y", color=RULE, linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=_STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(_tick))

    def name_axes(self, x: str, y: str) -> Self:
        """Name both quantities with their units; the upright one stands over its axis, to be read first."""
        self.axes.set_xlabel(x, labelpad=4)
        self._quantity = y
        self.foot = (_FOOT if x else _CALENDAR) + 0.17 * (self._lines - 1)
        self.head = _HEAD if y else self.head
        return self

    def make_room(self) -> None:
        """Ask for the room that the numbers of the vertical axis take, now that its range is known."""
        low, high = sorted(self.axes.get_ylim())
        ticks = [tick for tick in self.axes.get_yticks() if low <= tick <= high]
        write = self.axes.yaxis.get_major_formatter()
        self.left = max(self.left, room_for([write(tick) for tick in ticks]))
        if isinstance(self.axes.xaxis.get_major_locator(), MaxNLocator):  # half of the last number
            self.right = max(self.right, MARGIN / 2 + width_of(_tick(max(self.axes.get_xlim()))) / 144)

    def limits(self, *, x: tuple[Any, Any] | None = None, y: tuple[float, float] | None = None) -> Self:
        """Fix what is shown."""
        if x is not None:
            self.axes.set_xlim(*x)
        if y is not None:
            self.axes.set_ylim(*y)
        return self

    def logarithmic(self, low: float, high: float) -> Self:
        """Give the vertical axis equal steps for equal ratios."""
        self.axes.set_yscale("log")
        self.axes.yaxis.set_major_formatter(FuncFormatter(_tick))
        self.axes.yaxis.set_major_locator(FixedLocator(_log_ticks(low, high)))
        self.axes.yaxis.set_minor_locator(NullLocator())
        return self.limits(y=(low, high))

    def calendar(self) -> Self:
        """Name the months on the horizontal axis."""
        locator = AutoDateLocator(minticks=3, maxticks=6)
        self.axes.xaxis.set_major_locator(locator)
        self.axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
        return self

    def ticks(self, *values: float) -> Self:
        """Put ticks of the vertical axis at these values only."""
        self.axes.yaxis.set_major_locator(FixedLocator(values))
        return self

    def whole_numbers(self) -> Self:
        """Put ticks of the horizontal axis at whole numbers only."""
        self._whole = True
        return self

    def choices(self, names: Sequence[str]) -> Self:
        """Give each of a few things a place on the horizontal axis, named below it."""
        self._lines = 1 + max(name.count("\n") for name in names)
        self.axes.xaxis.set_major_locator(FixedLocator(range(len(names))))
        self.axes.xaxis.set_major_formatter(FuncFormatter(lambda i, _: names[int(i)]))
        return self.limits(x=(-0.7, len(names) - 0.3))

    def rows(self, names: Sequence[str], *, lines: int = 2, gap: float = 0.0) -> Self:
        """Give each thing a row, the first on top, named at the left in so many lines; marks keep a gap [points]."""
        names = ["\n".join(wrapped(name, _NAME, most=lines)) for name in names]
        self.left = room_for(names) + gap / 72
        self.axes.set_ylim(len(names) - 0.5, -0.5)
        self.axes.yaxis.set_major_locator(FixedLocator(range(len(names))))
        self.axes.yaxis.set_major_formatter(FuncFormatter(lambda i, _: names[int(i)]))
        self.axes.tick_params(axis="y", labelcolor=INK, pad=7 + gap)
        self.axes.grid(visible=False, axis="y")
        self.axes.grid(visible=True, axis="x", color=RULE, linewidth=0.8)
        return self

    def strips(self, names: Sequence[str], *, left: str = "", right: str = "") -> Self:
        """Give each thing a row over the whole width, its name above its marks; the widest words beside marks fit."""
        self.left, self.right = room_for([left]), room_for([right])
        self.foot = _FOOT
        self.axes.set_ylim(len(names) - 0.65, -0.65)
        self.axes.yaxis.set_major_locator(NullLocator())
        self.axes.grid(visible=True, axis="x", color=RULE, linewidth=0.8)
        self._names = [*names]
        return self

    def ratios(self, low: float, high: float) -> Self:
        """Give the horizontal axis equal steps for equal ratios."""
        self.axes.set_xscale("log")
        self.axes.xaxis.set_major_formatter(FuncFormatter(_tick))
        self.axes.xaxis.set_major_locator(FixedLocator(_log_ticks(low, high)))
        self.axes.xaxis.set_minor_locator(NullLocator())
        return self.limits(x=(low, high))

    def within(self, *values: float) -> list[float]:
        """Return values of the horizontal quantity, those beyond what is shown at its edge."""
        low, high = self.axes.get_xlim()
        return [min(max(value, low), high) for value in values]

    def _fewer_ticks(self) -> None:
        """Leave out ticks of the horizontal axis until their numbers stand apart."""
        if not isinstance(self.axes.xaxis.get_major_locator(), MaxNLocator):
            return
        room = 72 * WIDTH * self.axes.get_position().width
        low, high = sorted(self.axes.get_xlim())
        for most in (6, 5, 4, 3, 2):
            whole = self._whole
            self.axes.xaxis.set_major_locator(MaxNLocator(most + 2 * whole, steps=_STEPS, integer=whole))
            shown = [tick for tick in self.axes.get_xticks() if low <= tick <= high]
            if sum(width_of(f"{_tick(tick)}00") for tick in shown) <= room:
                return


def room_for(texts: Iterable[str]) -> float:
    """Return the width of the longest line of some words, with its margins. [inch]"""
    return MARGIN + 0.13 + max(map(width_of, texts), default=0.0) / 72


def _tick(value: float, _position: object = None) -> str:
    return number(value).replace("-", "−")


def _log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5 or 1, 3 times the powers of ten, or these alone, whichever gives a handful."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    width = math.log10(high / low)
    leading = (1, 2, 5) if width < 1.5 else (1, 3) if width < 2.5 else (1,)
    every = -(-len(decades) // 7)
    return [m * 10.0**k for k in decades[::every] for m in leading if low <= m * 10.0**k <= high]
