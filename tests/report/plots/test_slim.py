"""Small pictures that show the same."""

import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure as Sheet

from capacity.report.plots.slim import Path, slim


def svg(draw) -> tuple[bytes, bytes]:
    """Draw on axes; return the picture as matplotlib writes it, and slim."""
    sheet = Sheet(figsize=(4, 3), dpi=72)
    axes = sheet.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    draw(axes)
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        sheet.savefig(buffer, format="svg")
    return buffer.getvalue(), slim(buffer.getvalue())


def commands(picture: bytes, colour: str) -> list[str]:
    """Return the paths of a colour."""
    paths = ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}path")  # noqa: S314
    return [path.get("d") for path in paths if colour in {path.get("stroke"), path.get("fill")}]


def test_half_the_bytes_are_gone():
    """A picture of lines, dots and words takes less than half of what it took."""
    whole, small = svg(lambda axes: axes.plot(np.arange(10), np.arange(10), "o-", label="x"))
    assert len(small) < 0.5 * len(whole)


def test_a_straight_line_is_two_points():
    """Points on the line between their neighbours are left out, corners are not."""
    assert str(Path.of("M 0 0 L 1 1 L 2 2 L 3 3")) == "m0 0l3 3"
    assert str(Path.of("M 0 0 L 1 0 L 2 0 L 2 5")) == "m0 0h2v5"


def test_a_way_back_is_kept():
    """A line that turns back on itself shows how far it went."""
    assert str(Path.of("M 0 0 L 5 0 L 2 0")) == "m0 0h5h-3"


def test_rounding_does_not_add_up():
    """Steps are between rounded points, so that a line of many steps ends where it should."""
    points = " L ".join(f"{0.04 * i} {(i % 2) * 1.0}" for i in range(1001))
    steps = [float(x) for x, _ in re.findall(r"[ml](-?[.0-9]+)[ ]?(-?[.0-9]+)", str(Path.of(f"M {points}")))]
    assert sum(steps) + sum(
        float(x) for x in re.findall(r"h(-?[.0-9]+)", str(Path.of(f"M {points}")))
    ) == pytest.approx(40.0)


def test_dots_of_a_series_are_one_path():
    """Two hundred dots of one colour are one element, each still there."""
    _, small = svg(
        lambda axes: axes.plot(np.linspace(1, 9, 50), np.linspace(1, 8, 50), "o", color="#123456", mew=0)
    )
    (path,) = commands(small, "#123456")
    assert path.count("h0") == 50


@pytest.mark.parametrize("marker", ["s", "^", "D", "X", "x"])
def test_shapes_stay_different(marker):
    """Marks other than discs keep their outline."""
    _, small = svg(lambda axes: axes.plot([2, 5], [2, 5], marker, color="#123456"))
    (path,) = commands(small, "#123456")
    assert path.count("m") >= 2
    assert "h0" not in path


def test_a_hollow_dot_keeps_its_rim():
    """A disc with a rim is not a dot of a pen."""
    _, small = svg(lambda axes: axes.plot([2], [2], "o", color="#123456", mfc="#fefefe"))
    assert b'fill="#fefefe"' in small
    assert b'stroke="#123456"' in small


def test_what_leaves_the_panel_is_clipped():
    """Only what reaches beyond the axes is clipped."""
    _, inside = svg(lambda axes: axes.plot([1, 9], [1, 9]))
    _, beyond = svg(lambda axes: axes.plot([1, 19], [1, 9]))
    assert b"clipPath" not in inside
    assert (
        re.search(rb'clip-path="url\(#(\w+)\)"', beyond)[1] in re.search(rb'clipPath id="(\w+)"', beyond)[1]
    )


def test_words_are_kept_as_they_are():
    """Markup in words stays words."""
    _, small = svg(lambda axes: axes.text(1, 1, "<b> & ]]> \" '", parse_math=False))
    texts = ElementTree.fromstring(small).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
    assert "<b> & ]]> \" '" in [text.text for text in texts]
