"""One pair of axes, and the few marks every figure is made of.

Dots are measured, lines are models, bands are intervals, dashes are extrapolation, a horizontal rule is the
objective. Lines are named where they end, not in a legend.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from matplotlib.transforms import Affine2D

from capacity.report.plots.lettering import LINE, spread, wrapped
from capacity.report.plots.scales import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    INK,
    LANES,
    MARGIN,
    PAPER,
    RED,
    ROW,
    STRIP,
    TEXT,
    WIDTH,
    Scales,
    room_for,
)

__all__ = [
    "AMBER",
    "BLUE",
    "DOTS",
    "GREEN",
    "GREY",
    "INK",
    "LANES",
    "MARGIN",
    "RED",
    "ROW",
    "STRIP",
    "TEXT",
    "VERTICES",
    "WIDTH",
    "Label",
    "Panel",
    "thin",
]

VERTICES = 400  # points of a line, about two a pixel; of more the picture would be larger, not clearer
DOTS = 150  # the same of dots, which would meet
_AWAY = {"left": 6, "right": -6, "center": 0}  # of words from their place, by the end that is at it [points]


class Label(NamedTuple):
    """Words beside the end of a line: where, what, in which colour."""

    y: float
    text: str
    colour: str = INK


class Panel(Scales):
    """One pair of axes of a canvas, which lays it out by the room it asks for.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn on.
    """

    def __init__(self, axes: Any) -> None:
        super().__init__(axes)
        self._labels: list[Label] = []
        self._moments: list[tuple[Any, str]] = []

    def measured(
        self,
        x: Any,
        y: Any,
        *,
        colour: str = BLUE,
        marker: str = "o",
        size: float = 4.5,
        hollow: bool = False,
    ) -> None:
        """Draw what was measured: dots."""
        x, y = thin(x, y, DOTS)
        edge = 1.4 if marker == "x" or hollow else 0
        fill = {"markerfacecolor": PAPER} if hollow else {}
        self.axes.plot(
            x, y, marker, color=colour, markersize=size, markeredgewidth=edge, clip_on=False, **fill
        )

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

    def bar(
        self,
        row: float,
        low: float,
        high: float,
        *,
        colour: str = BLUE,
        strength: float = 0.75,
        height: float = 0.6,
    ) -> None:
        """Draw a stretch of the horizontal quantity in a row, `height` of its room high."""
        self.axes.barh(row, high - low, left=low, height=height, color=colour, alpha=strength, linewidth=0)

    def across_row(self, row: float, low: float, high: float, *, colour: str = INK) -> None:
        """Draw an interval of the horizontal quantity in a row."""
        self.axes.hlines(row, low, high, color=colour, linewidth=1.0)

    def across(self, low: float, high: float, *, colour: str = GREEN) -> None:
        """Draw an interval of the vertical quantity over the whole width."""
        self.axes.axhspan(low, high, color=colour, alpha=0.16, linewidth=0)

    def upright(self, low: float, high: float, *, colour: str = GREEN, strength: float = 0.16) -> None:
        """Draw an interval of the horizontal quantity over the whole height."""
        self.axes.axvspan(low, high, color=colour, alpha=strength, linewidth=0)

    def rule(self, y: float, *, colour: str = RED) -> None:
        """Draw an objective: a horizontal rule."""
        self.axes.axhline(y, color=colour, linewidth=1.2)

    def upright_rule(self, x: float, *, colour: str = INK) -> None:
        """Draw the line two sides are told apart by, or an objective for the horizontal quantity."""
        if self._names:  # between the names of the rows
            rows = np.arange(len(self._names))
            self.axes.vlines([x] * len(rows), rows - LANES / 2, rows + LANES / 2, color=colour, linewidth=1.2)
        else:
            self.axes.axvline(x, color=colour, linewidth=1.2)

    def moment(self, x: Any, text: str = "") -> None:
        """Mark a moment by a dotted line; those with a name are named at the top, each a line lower."""
        self.axes.axvline(x, color=GREY, linewidth=1.0, linestyle=":")
        if text:
            self._moments.append((x, text))

    def _name_moment(self, x: Any, text: str, line: int) -> None:
        """Write the name of a moment on the side with more room, cut where it would leave the panel."""
        at = self.axes.transData.transform((self.axes.convert_xunits(x), 0))
        share = self.axes.transAxes.inverted().transform(at)[0]
        side = "right" if share > 0.5 else "left"
        room = 72 * WIDTH * self.axes.get_position().width * max(share, 1 - share) - _AWAY["left"]
        place = self.axes.get_xaxis_transform() + _shift(_AWAY[side], -LINE * (line + 0.6))
        self.axes.text(x, 1, wrapped(text, room, most=1)[0], transform=place, color=INK, ha=side, va="center")

    def say(
        self, x: Any, y: float, text: str, *, colour: str = INK, side: str = "left", up: float = 0.0
    ) -> None:
        """Write words at a point; `side` is their end that the point is at, `up` lifts them. [points]"""
        place = self.axes.transData + _shift(_AWAY[side], up)
        self.axes.text(x, y, text, transform=place, color=colour, ha=side, va="center")

    def below(self, x: float, text: str, *, colour: str = INK, side: str = "right") -> None:
        """Write words at the foot of the panel; `side` is their end that the place on the horizontal axis is at."""
        place = self.axes.get_xaxis_transform() + _shift(_AWAY[side], 4)
        self.axes.text(x, 0, text, transform=place, color=colour, va="bottom", ha=side)

    def beside(self, row: int, text: str, colour: str = INK) -> None:
        """Write words at the right end of a row."""
        self.right = max(self.right, room_for([text]))
        place = self.axes.get_yaxis_transform() + _shift(6, 0)
        self.axes.text(1, row, text, transform=place, color=colour, va="center")

    def label(self, y: float, text: str, colour: str = INK) -> None:
        """Name a line at the right edge; labels that would meet move apart."""
        self.right = max(self.right, room_for([text]))
        self._labels.append(Label(y, text, colour))

    def _over(self, row: int, name: str) -> None:
        """Write the name of a row above its marks, from the edge of the picture on."""
        across = _shift(72 * (MARGIN - self.axes.get_position().x0 * WIDTH), 15)
        name = wrapped(name, TEXT, most=1)[0]
        self.axes.text(0, row, name, transform=self.axes.get_yaxis_transform() + across, va="center")

    def write_words(self) -> None:
        """Write what depends on where the panel lies: the upper quantity, and the labels of the lines."""
        self._fewer_ticks()
        corner = self.axes.transAxes + _shift(72 * (MARGIN - self.axes.get_position().x0 * WIDTH), 8)
        self.axes.text(0, 1, self._quantity, transform=corner, color=GREY, va="bottom")
        for row, name in enumerate(self._names):
            self._over(row, name)
        for line, (x, name) in enumerate(self._moments):
            self._name_moment(x, name, line)
        labels = sorted(
            (label for label in self._labels if math.isfinite(label.y)), key=lambda label: label.y
        )
        heights = [self.axes.transData.transform((self.axes.get_xlim()[0], label.y))[1] for label in labels]
        sizes = [LINE * (1 + label.text.count("\n")) for label in labels]
        bottom, top = self.axes.transAxes.transform([(0, 0), (0, 1)])[:, 1]
        for label, y in zip(labels, spread(heights, sizes, bottom, top), strict=True):
            at = self.axes.transAxes.inverted().transform((0, y))[1]
            place = self.axes.transAxes + _shift(6, 0)
            self.axes.text(1, at, label.text, transform=place, color=label.colour, va="center")


def thin(x: Any, y: Any, most: int = VERTICES) -> tuple[np.ndarray, np.ndarray]:
    """Return at most so many points of a series: of each stretch its smallest and its largest value."""
    x, y = np.asarray(x), np.asarray(y, dtype=float)
    if len(y) <= most:
        return x, y
    parts = np.array_split(np.arange(len(y)), most // 2)
    known = np.nan_to_num(y, nan=0.0)
    kept = sorted({int(part[pick(known[part])]) for part in parts for pick in (np.argmin, np.argmax)})
    return x[kept], y[kept]


def _shift(x: float, y: float) -> Any:
    """Return a move on paper. [points]"""
    return Affine2D().translate(x, y)
