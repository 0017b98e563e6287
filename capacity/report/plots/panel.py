"""One pair of axes, and the few marks every figure is made of.

Dots are measured, lines are models, bands are intervals, dashes are extrapolation, a horizontal rule is the
objective. Lines are named where they end, not in a legend.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import Affine2D

from capacity.estimate import number

INK, GREY, RULE = "#1b1f24", "#5b6470", "#d9dde2"
BLUE, GREEN, RED, AMBER = "#1f5fa8", "#0f766e", "#b3261e", "#9a5b00"
"""Each has a contrast of at least 4.5:1 on white; shape and words say the same as the colour."""

WIDTH, MARGIN = 5.2, 0.1  # of the whole picture [inch]
ROW = 0.36  # height of a row that stands for one thing [inch]
VERTICES = 800  # points of a line; of more the picture would be larger, not clearer
DOTS = 200  # the same of dots, each of which takes more bytes

_LEFT, _HEAD, _FOOT, _CALENDAR = 0.64, 0.38, 0.58, 0.33  # room for ticks and names of the axes [inch]
_CHARACTER, _LABEL = 0.082, 14.5  # width of a character [inch], height of a line of a label [points]
_STEPS = [1, 2, 2.5, 5, 10]  # between ticks, times a power of ten


class Label(NamedTuple):
    """Words beside the end of a line: where, what, in which colour."""

    y: float
    text: str
    colour: str = INK


class Panel:
    """One pair of axes of a canvas, which lays it out by the room it asks for.

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
        self._labels: list[Label] = []
        axes.grid(axis="y", color=RULE, linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=_STEPS))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(_tick))

    def name_axes(self, x: str, y: str) -> Panel:
        """Name both quantities with their units; the upright one stands over its axis, to be read first."""
        self.axes.set_xlabel(x, labelpad=4)
        self._quantity = y
        self.foot = (_FOOT if x else _CALENDAR) + 0.17 * (self._lines - 1)
        self.head = _HEAD if y else self.head
        return self

    def limits(self, *, x: tuple[Any, Any] | None = None, y: tuple[float, float] | None = None) -> Panel:
        """Fix what is shown."""
        if x is not None:
            self.axes.set_xlim(*x)
        if y is not None:
            self.axes.set_ylim(*y)
        return self

    def logarithmic(self, low: float, high: float) -> Panel:
        """Give the vertical axis equal steps for equal ratios."""
        self.axes.set_yscale("log")
        self.axes.yaxis.set_major_formatter(FuncFormatter(_tick))
        self.axes.yaxis.set_major_locator(FixedLocator(_log_ticks(low, high)))
        self.axes.yaxis.set_minor_locator(NullLocator())
        return self.limits(y=(low, high))

    def calendar(self) -> Panel:
        """Name the months on the horizontal axis."""
        locator = AutoDateLocator(minticks=3, maxticks=6)
        self.axes.xaxis.set_major_locator(locator)
        self.axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
        return self

    def whole_numbers(self) -> Panel:
        """Put ticks of the horizontal axis at whole numbers only."""
        self.axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
        return self

    def choices(self, names: Sequence[str]) -> Panel:
        """Give each of a few things a place on the horizontal axis, named below it."""
        self._lines = 1 + max(name.count("\n") for name in names)
        self.axes.xaxis.set_major_locator(FixedLocator(range(len(names))))
        self.axes.xaxis.set_major_formatter(FuncFormatter(lambda i, _: names[int(i)]))
        return self.limits(x=(-0.7, len(names) - 0.3))

    def rows(self, names: Sequence[str]) -> Panel:
        """Give each thing a row, the first on top, named at the left."""
        self.left = _room(names)
        self.axes.set_ylim(len(names) - 0.5, -0.5)
        self.axes.yaxis.set_major_locator(FixedLocator(range(len(names))))
        self.axes.yaxis.set_major_formatter(FuncFormatter(lambda i, _: names[int(i)]))
        self.axes.tick_params(axis="y", labelcolor=INK, pad=7)
        self.axes.grid(visible=False, axis="y")
        self.axes.grid(visible=True, axis="x", color=RULE, linewidth=0.8)
        return self

    def measured(self, x: Any, y: Any, *, colour: str = BLUE, marker: str = "o", size: float = 4.5) -> None:
        """Draw what was measured: dots."""
        x, y = thin(x, y, DOTS)
        edge = 1.4 if marker == "x" else 0
        self.axes.plot(x, y, marker, color=colour, markersize=size, markeredgewidth=edge, clip_on=False)

    def model(
        self, x: Any, y: Any, *, colour: str = BLUE, extrapolated: bool = False, width: float = 1.8
    ) -> None:
        """Draw what was computed: a line, dashed where it goes beyond the evidence."""
        x, y = thin(x, y)
        self.axes.plot(x, y, "--" if extrapolated else "-", color=colour, linewidth=width)

    def held(self, start: Any, end: Any, values: Any, *, colour: str = GREY) -> None:
        """Draw what was held over each period, as steps; open where time is missing between two periods."""
        start, end, values = (np.asarray(each, dtype=float) for each in (start, end, values))
        apart = np.append(start[1:] - end[:-1] > 0.5 * np.median(end - start), False)
        x = np.column_stack([start, end, end]).ravel()
        y = np.column_stack([values, values, np.where(apart, np.nan, values)]).ravel()
        self.model(x, y, colour=colour, width=1.6)

    def band(self, x: Any, low: Any, high: Any, *, colour: str = BLUE) -> None:
        """Draw an interval along a line."""
        self.axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)

    def whiskers(self, x: Any, low: Any, high: Any, *, colour: str = BLUE) -> None:
        """Draw the interval of each of a few points upright."""
        self.axes.vlines(x, low, high, color=colour, linewidth=5, alpha=0.25)

    def stems(self, x: Any, y: Any, *, colour: str, marker: str) -> None:
        """Draw a few values as marks on stems."""
        self.axes.vlines(x, 0, y, color=colour, linewidth=1.4)
        self.measured(x, y, colour=colour, marker=marker, size=6)

    def bar(self, row: int, low: float, high: float, *, colour: str = BLUE, strength: float = 0.75) -> None:
        """Draw a stretch of the horizontal quantity in a row."""
        self.axes.barh(row, high - low, left=low, height=0.6, color=colour, alpha=strength, linewidth=0)

    def across(self, low: float, high: float, *, colour: str = GREEN) -> None:
        """Draw an interval of the vertical quantity over the whole width."""
        self.axes.axhspan(low, high, color=colour, alpha=0.16, linewidth=0)

    def upright(self, low: float, high: float, *, colour: str = GREEN, strength: float = 0.16) -> None:
        """Draw an interval of the horizontal quantity over the whole height."""
        self.axes.axvspan(low, high, color=colour, alpha=strength, linewidth=0)

    def rule(self, y: float, *, colour: str = RED) -> None:
        """Draw an objective: a horizontal rule."""
        self.axes.axhline(y, color=colour, linewidth=1.2)

    def upright_rule(self, x: float) -> None:
        """Draw the line two sides are told apart by."""
        self.axes.axvline(x, color=INK, linewidth=1.0)

    def say(
        self, x: Any, y: float, text: str, *, colour: str = INK, side: str = "left", up: float = 0.0
    ) -> None:
        """Write words at a point; `side` is their end that the point is at, `up` lifts them. [points]"""
        away = {"left": 6, "right": -6, "center": 0}[side]
        place = self.axes.transData + _shift(away, up)
        self.axes.text(x, y, text, transform=place, color=colour, ha=side, va="center")

    def below(self, x: float, text: str, *, colour: str = INK) -> None:
        """Write words at the foot of the panel, left of a place on the horizontal axis."""
        place = self.axes.get_xaxis_transform() + _shift(-6, 4)
        self.axes.text(x, 0, text, transform=place, color=colour, va="bottom", ha="right")

    def beside(self, row: int, text: str, colour: str = INK) -> None:
        """Write words at the right end of a row."""
        self.right = max(self.right, _room([text]))
        place = self.axes.get_yaxis_transform() + _shift(6, 0)
        self.axes.text(1, row, text, transform=place, color=colour, va="center")

    def label(self, y: float, text: str, colour: str = INK) -> None:
        """Name a line at the right edge; labels that would meet move apart."""
        self.right = max(self.right, _room([text]))
        self._labels.append(Label(y, text, colour))

    def write_words(self) -> None:
        """Write what depends on where the panel lies: the upper quantity, and the labels of the lines."""
        corner = self.axes.transAxes + _shift(72 * (MARGIN - self.axes.get_position().x0 * WIDTH), 8)
        self.axes.text(0, 1, self._quantity, transform=corner, color=GREY, va="bottom")
        labels = sorted(
            (label for label in self._labels if math.isfinite(label.y)), key=lambda label: label.y
        )
        heights = [self.axes.transData.transform((self.axes.get_xlim()[0], label.y))[1] for label in labels]
        sizes = [_LABEL * (1 + label.text.count("\n")) for label in labels]
        bottom, top = self.axes.transAxes.transform([(0, 0), (0, 1)])[:, 1]
        for label, y in zip(labels, spread(heights, sizes, bottom, top), strict=True):
            at = self.axes.transAxes.inverted().transform((0, y))[1]
            place = self.axes.transAxes + _shift(6, 0)
            self.axes.text(1, at, label.text, transform=place, color=label.colour, va="center")


def spread(heights: Sequence[float], sizes: Sequence[float], bottom: float, top: float) -> list[float]:
    """Move rising positions apart, as little as possible, until labels of these sizes do not meet. [points]

    Labels that would meet are stacked about where they belong, from `bottom` to `top` as far as they fit.

    Examples
    --------
    >>> spread([10.0, 12.0, 80.0], [14.0, 14.0, 14.0], 0.0, 200.0)
    [4.0, 18.0, 80.0]
    >>> spread([198.0, 199.0], [14.0, 14.0], 0.0, 200.0)
    [186.0, 200.0]
    """
    between = [(low + high) / 2 for low, high in pairwise(sizes)]
    room = np.concatenate([[0.0], np.cumsum(between)])[: len(heights)]
    stacks: list[list[float]] = []  # where each label of a stack would want the first of all to be
    for wish in np.clip(heights, bottom, top) - room:
        stacks.append([float(wish)])
        while len(stacks) > 1 and np.mean(stacks[-2]) > np.mean(stacks[-1]):
            stacks[-2:] = [stacks[-2] + stacks[-1]]
    placed = np.array([np.mean(stack) for stack in stacks for _ in stack]) + room
    placed = np.maximum(placed, bottom + room)
    return [float(y) for y in np.minimum(placed, top - room[-1:].sum() + room)]


def thin(x: Any, y: Any, most: int = VERTICES) -> tuple[np.ndarray, np.ndarray]:
    """Return at most so many points of a series: of each stretch its smallest and its largest value."""
    x, y = np.asarray(x), np.asarray(y, dtype=float)
    if len(y) <= most:
        return x, y
    parts = np.array_split(np.arange(len(y)), most // 2)
    known = np.nan_to_num(y, nan=0.0)
    kept = sorted({int(part[pick(known[part])]) for part in parts for pick in (np.argmin, np.argmax)})
    return x[kept], y[kept]


def _room(texts: Iterable[str]) -> float:
    """Return the width of the longest line of some words, with its margins. [inch]"""
    return (
        MARGIN + 0.1 + _CHARACTER * max((len(line) for text in texts for line in text.split("\n")), default=0)
    )


def _shift(x: float, y: float) -> Any:
    """Return a move on paper. [points]"""
    return Affine2D().translate(x, y)


def _tick(value: float, _position: object = None) -> str:
    return number(value).replace("-", "−")


def _log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5 or 1, 3 times the powers of ten, or these alone, whichever gives a handful."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    width = math.log10(high / low)
    leading = (1, 2, 5) if width < 1.5 else (1, 3) if width < 2.5 else (1,)
    return [m * 10.0**k for k in decades for m in leading if low <= m * 10.0**k <= high]
