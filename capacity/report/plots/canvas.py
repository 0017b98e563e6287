"""The paper the figures are drawn on: one look, the message on top, the same bytes for the same input.

It draws on `matplotlib.figure.Figure` inside its own settings, so that nothing of it is left in the process,
and text from data is never taken for a formula.
"""

from __future__ import annotations

import functools
import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.figure import Figure as Sheet

from capacity.display import Figure, Prose, figure, note
from capacity.report.plots.lettering import BOLD, SIZE, TITLE, wrapped
from capacity.report.plots.panel import GREY, INK, MARGIN, TEXT, WIDTH, Panel
from capacity.report.plots.slim import slim
from capacity.study import Missing
from capacity.wording import visible

STYLE: Any = {
    "text.parse_math": False,
    "text.color": INK,
    "font.family": ["DejaVu Sans"],
    "font.size": SIZE,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.formatter.use_mathtext": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "figure.facecolor": "#ffffff",
    "svg.fonttype": "none",
    "svg.hashsalt": "capacity",
}
_ANONYMOUS = {"Date": None, "Creator": None, "Format": None, "Type": None}
_TOP, _LINE = 0.1, 0.22  # margin over the title, height of one of its lines [inch]
_UNIT = re.compile(r"(?<=\d) (?=(?:req/s|ms|s|days|instances?)\b|%)")  # stays on the line of its number

Options = ParamSpec("Options")
Result = TypeVar("Result")


def picture(
    draw: Callable[Concatenate[Result, Options], Figure | Prose],
) -> Callable[Concatenate[Result | Missing, Options], Figure | Prose]:
    """Let a figure be asked for what is `Missing`: the first says its reason instead, others are left out."""

    @functools.wraps(draw)
    def drawn(result: Any, /, *rest: Any, **options: Any) -> Figure | Prose:
        if isinstance(result, Missing):
            return note(result.text)
        with mpl.rc_context(STYLE):
            return draw(
                result, *map(_present, rest), **{name: _present(value) for name, value in options.items()}
            )

    return drawn


def _present(argument: Any) -> Any:
    return None if isinstance(argument, Missing) else argument


class Canvas:
    """A sheet with a message on top and panels below each other.

    Parameters
    ----------
    title : str
        The message, computed from the data.
    heights : sequence of float
        Height of each panel. [inch]
    """

    def __init__(self, title: str, *, heights: Sequence[float] = (2.6,)) -> None:
        self.title = visible(title, 240)
        self._heights = heights
        self._sheet = Sheet(figsize=(WIDTH, 1.0), dpi=72)
        self.panels = [Panel(self._sheet.add_axes((0, 0, 1, 1), label=str(i))) for i in range(len(heights))]

    @property
    def panel(self) -> Panel:
        """The first panel."""
        return self.panels[0]

    def done(self, alt: str, caption: str) -> Figure:
        """Return the picture with the words that go with it; `alt` states the numbers."""
        self._lay_out()
        for panel in self.panels:
            panel.write_words()
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the reader's font draws it
            self._sheet.savefig(buffer, format="svg", metadata=_ANONYMOUS)
        svg = slim(buffer.getvalue())
        return figure(svg, f"{self.title}. {visible(alt, None)}", caption)

    def _lay_out(self) -> None:
        """Give the title its lines, each panel its height, and the words beside the panels their room."""
        for panel in self.panels:
            panel.make_room()
        lines = wrapped(_UNIT.sub("\u00a0", self.title), TEXT, BOLD * TITLE)
        tops = [_TOP + _LINE * len(lines)]
        for panel, size in zip(self.panels, self._heights, strict=True):
            tops.append(tops[-1] + panel.head + size + panel.foot)
        height = tops[-1]
        self._sheet.set_size_inches(WIDTH, height)
        left = max(panel.left for panel in self.panels)
        width = WIDTH - left - max(panel.right for panel in self.panels)
        for panel, size, top in zip(self.panels, self._heights, tops, strict=False):
            bottom = height - top - panel.head - size
            panel.axes.set_position((left / WIDTH, bottom / height, width / WIDTH, size / height))
        for i, line in enumerate(lines):
            y = 1 - (_TOP + _LINE * (i + 0.75)) / height
            self._sheet.text(MARGIN / WIDTH, y, line, fontsize=TITLE, fontweight="bold")
