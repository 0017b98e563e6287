"""Series that are thinned without losing their extremes, and axes that can be read."""

import numpy as np
import pytest

from capacity.report.plots.canvas import Canvas
from capacity.report.plots.panel import DOTS, VERTICES, thin


def test_thinning_keeps_extremes():
    """A spike of one point among ten thousand stays visible."""
    y = np.zeros(10_000)
    y[7777] = 5.0
    x, thinned = thin(np.arange(10_000), y)
    assert len(thinned) <= VERTICES
    assert x[thinned.argmax()] == 7777


def test_short_series_are_drawn_whole():
    """A series within the limit is not touched."""
    x, y = thin([1, 2, 3], [3.0, np.nan, 1.0])
    assert list(x) == [1, 2, 3]
    assert np.isnan(y[1])


def test_dots_are_thinned_more():
    """Dots take more bytes than vertices, so fewer are drawn."""
    panel = Canvas("x").panel
    panel.measured(np.arange(5000), np.arange(5000))
    assert len(panel.axes.lines[0].get_xdata()) <= DOTS


def test_pause_opens_the_line():
    """Where time is missing between two periods, the line of what was offered is open."""
    panel = Canvas("x").panel
    panel.held([0, 10, 60], [10, 20, 70], [5, 6, 7])
    assert np.isnan(panel.axes.lines[0].get_ydata()).sum() == 1


def test_extrapolation_is_dashed():
    """What goes beyond the evidence is dashed, what does not is solid."""
    panel = Canvas("x").panel
    panel.model([0, 1], [0, 1])
    panel.model([1, 2], [1, 2], extrapolated=True)
    assert [line.get_linestyle() for line in panel.axes.lines] == ["-", "--"]


@pytest.mark.parametrize(("low", "high"), [(8, 40), (10, 2000), (0.5, 90_000), (1e-6, 1e5)])
def test_logarithmic_axis_has_a_handful_of_ticks(low, high):
    """Whatever the range, a logarithmic axis has two to seven ticks inside it."""
    ticks = Canvas("x").panel.logarithmic(low, high).axes.get_yticks()
    assert 2 <= len(ticks) <= 7
    assert all(low <= tick <= high for tick in ticks)


def test_moments_are_named_below_each_other():
    """Each named moment has a line of its own, on the side of its rule with more room, cut where that ends."""
    sheet = Canvas("x")
    sheet.panel.limits(x=(0, 10), y=(0, 1))
    for x, name in ((1, "first"), (9, "a name that is longer than the room there is for it " * 2), (5, "")):
        sheet.panel.moment(x, name)
    sheet.done("1", "")
    named = {text.get_text(): text for text in sheet.panel.axes.texts}
    assert named["first"].get_horizontalalignment() == "left"
    assert any(
        text.endswith("…") and written.get_horizontalalignment() == "right" for text, written in named.items()
    )
