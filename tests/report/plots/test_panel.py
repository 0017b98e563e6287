"""Labels that do not meet, and series that are thinned without losing their extremes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.report.plots.canvas import Canvas
from capacity.report.plots.panel import DOTS, VERTICES, spread, thin


@given(st.lists(st.floats(-50, 250), min_size=1, max_size=8))
def test_labels_do_not_meet(heights):
    """Labels keep their order, the distance they need and, where they fit, the panel."""
    placed = spread(sorted(heights), [14.0] * len(heights), 0.0, 200.0)
    assert all(high - low >= 14.0 - 1e-6 for low, high in pairwise(placed))
    assert min(placed) >= -1e-6
    assert max(placed) <= 200 + 1e-6


def test_labels_with_room_stay():
    """Labels that do not meet are written where their lines end."""
    assert spread([10.0, 50.0, 90.0], [14.0] * 3, 0.0, 100.0) == pytest.approx([10.0, 50.0, 90.0])


def test_no_labels():
    """A panel without labels is left alone."""
    assert spread([], [], 0.0, 100.0) == []


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


@pytest.mark.parametrize(("low", "high"), [(8, 40), (10, 2000), (0.5, 90_000)])
def test_logarithmic_axis_has_a_handful_of_ticks(low, high):
    """Whatever the range, a logarithmic axis has two to seven ticks inside it."""
    ticks = Canvas("x").panel.logarithmic(low, high).axes.get_yticks()
    assert 2 <= len(ticks) <= 7
    assert all(low <= tick <= high for tick in ticks)
