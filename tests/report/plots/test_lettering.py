"""Room for words, lines they are broken into, and labels that do not meet."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.report.plots.lettering import spread, width_of, wrapped


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


@given(st.text(st.characters(blacklist_characters="\n"), max_size=80), st.floats(40, 300))
def test_lines_fit(text, width):
    """No line is wider than asked for, unless a single character is."""
    assert all(width_of(line) <= width or len(line) == 1 for line in wrapped(text, width))


@given(st.text(st.characters(blacklist_categories=("Cs", "Zs", "Cc")), min_size=1, max_size=80))
def test_nothing_is_lost_but_spaces(text):
    """Words broken into lines are the same words."""
    assert "".join(wrapped(text, 60.0)) == text


@given(st.text(st.characters(blacklist_characters="\n"), max_size=80), st.integers(1, 3))
def test_no_more_lines_than_asked(text, most):
    """Of more lines the last says that something is left out."""
    whole, cut = wrapped(text, 60.0), wrapped(text, 60.0, most=most)
    assert len(cut) <= most
    assert cut == whole or cut[-1].endswith("…")


@pytest.mark.parametrize(("narrow", "wide"), [("illit", "mammo"), ("abcde", "日本語日本"), ("abc", "ABC")])
def test_wide_letters_take_more_room(narrow, wide):
    """The room of words depends on their letters, not on their number alone."""
    assert width_of(narrow) < width_of(wide)


def test_the_longest_line_counts():
    """Of several lines the longest takes the room."""
    assert width_of("a\nlonger line") == width_of("longer line")
