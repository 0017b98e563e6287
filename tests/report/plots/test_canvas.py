"""The rules every picture keeps: bytes, size, words, and nothing left behind."""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from capacity.display import Figure, Prose
from capacity.report import plots
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.lettering import BOLD, TITLE, width_of
from capacity.report.plots.panel import TEXT
from capacity.study import Missing


def drawing(title: str = "A message", alt: str = "1 of 2", name: str = "x") -> Figure:
    """Draw a picture of three dots with a name from data."""

    @picture
    def draw(values):
        sheet = Canvas(title)
        sheet.panel.name_axes("Load [req/s]", "Time [ms]").limits(x=(0, 3), y=(0, 3))
        sheet.panel.measured([0, 1, 2], values)
        sheet.panel.label(values[-1], name)
        return sheet.done(alt, "A caption")

    return draw([1.0, 2.0, 3.0])


def test_every_figure_is_covered(pictures):
    """The pictures tested here are all that the package offers; those of another answer have their own tests."""
    assert {*pictures, "what_if", "change"} == set(plots.__all__)


def test_every_storefront_part_is_drawn(pictures):
    """With a full plan no figure falls back to words."""
    assert {type(picture) for picture in pictures.values()} == {Figure}


def test_same_input_same_bytes(study, pictures):
    """Drawing again gives the same bytes."""
    assert plots.offered_achieved(study.capacity).svg == pictures["offered_achieved"].svg
    assert plots.demand_fan(study.demand, study.fleet).svg == pictures["demand_fan"].svg


def test_bytes_do_not_depend_on_the_process():
    """No date, no hash of a process, no memory address, no language and no time zone enters a picture."""
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r}); import test_canvas; print(test_canvas.drawing().svg)"
    elsewhere = {"PYTHONHASHSEED": "7", "LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo"}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=elsewhere
    )
    assert result.stdout.strip() == str(drawing().svg)
    assert b"date" not in drawing().svg


def test_nothing_of_matplotlib_is_left(study):
    """Drawing changes no setting of the process."""
    settings = [name for name in mpl.rcParams if name != "backend"]  # looking at it chooses one
    before = [mpl.rcParams[name] for name in settings]
    plots.headroom(study.headroom)
    assert [mpl.rcParams[name] for name in settings] == before


def test_pyplot_is_never_imported():
    """Figures know no global state: pyplot stays out of the process."""
    code = "import sys, capacity.report.plots; print('matplotlib.pyplot' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_pictures_are_small(pictures):
    """No picture is larger than 13 KB: nine of them fit a page of 150 KB with its words."""
    assert max(len(picture.svg) for picture in pictures.values()) <= 13_000


def test_text_alternatives_state_numbers(pictures):
    """Whoever cannot see a picture still gets its message and its numbers."""
    for name, each in pictures.items():
        assert len(re.findall(r"\d+", each.alt)) >= 3, name
        assert not re.search(r"nan|None|inf\b", each.alt), name


def test_axes_have_units(pictures, words_of):
    """Every picture names a quantity with its unit in brackets."""
    for name, each in pictures.items():
        assert any(re.search(r"\[[^\]]+\]", text) for text in words_of(each)), name


def test_title_is_the_message(pictures, words_of):
    """The first words of the text alternative are those in the title."""
    for name, each in pictures.items():
        assert words_of(each)[-1].split()[-1].strip(".,;") in each.alt, name


def test_nothing_is_loaded_and_nothing_runs(pictures):
    """A picture holds no script and refers to nothing outside itself."""
    for each in pictures.values():
        assert b"<script" not in each.svg
        assert not re.search(rb"(href|url)\W+https?:", each.svg)


def test_missing_part_gives_its_reason():
    """A figure of a missing part is the sentence that says why."""
    shown = plots.fleet_options(Missing("number of instances", "the plan has no [demand]"))
    assert isinstance(shown, Prose)
    assert "the plan has no [demand]" in shown._repr_html_().lower()


def test_missing_extra_is_left_out(study):
    """A missing second part leaves the picture of the first."""
    without = plots.demand_fan(study.demand, Missing("number of instances", "no capacity"))
    assert without.svg == plots.demand_fan(study.demand).svg


@pytest.mark.parametrize(
    "name",
    [
        "$x^2$ $\\frac{",
        "<script>alert(1)</script>",
        "a\x1b[31m\u202eb\x00",
        "\ud800",
        "]]>&amp;",
        "日本語 🚀 עברית",
    ],
)
def test_hostile_names_are_shown_as_text(name, words_of):
    """A name from data is neither a formula nor markup, and the picture stays well formed."""
    from capacity.report.plots.words import name_of

    shown = words_of(drawing(title=f"{name_of(name)} is slow", name=name_of(name)))
    assert name_of(name) in shown
    assert not {"\x1b", "\u202e", "\x00"} & set("".join(shown))


def test_a_long_title_is_broken_into_lines(words_of):
    """No line of a title is wider than the picture, whatever the words."""
    for title in ("word " * 40, "x" * 200, "日本語" * 60, "W" * 100):
        lines = [text for text in words_of(drawing(title=title)) if text not in {"A caption", "x"}]
        assert all(BOLD * width_of(line, TITLE) <= TEXT + 0.1 for line in lines)


def test_names_beside_rows_keep_the_panel_wide(words_of):
    """A name of 40 characters takes two lines beside its row, not the room of the picture."""

    @picture
    def draw(names):
        sheet = Canvas("A message")
        sheet.panel.rows(names).limits(x=(0, 1))
        drawn = sheet.done("1", "")
        assert sheet.panel.axes.get_position().width > 0.55
        return drawn

    assert "a name of forty" in words_of(draw(["a name of forty characters, more or less"]))


def test_numbers_of_an_axis_stand_apart():
    """Ticks with long numbers become fewer, until they do not meet."""

    @picture
    def draw(most):
        sheet = Canvas("A message")
        sheet.panel.name_axes("Load [req/s]", "").limits(x=(0, most))
        sheet.done("1", "")
        return len(sheet.panel.axes.get_xticks())

    assert draw(3e12) < draw(3.0)


def test_large_numbers_fit_beside_their_axis():
    """The numbers of the vertical axis get the room they take."""

    @picture
    def draw(most):
        sheet = Canvas("A message")
        sheet.panel.limits(y=(0, most))
        sheet.done("1", "")
        return 72 * 4.8 * sheet.panel.axes.get_position().x0

    assert draw(5e8) > width_of("500,000,000") > draw(5.0) - 30


def test_long_names_are_cut():
    """A name from data takes at most 40 characters."""
    from capacity.report.plots.words import name_of

    assert name_of("x" * 1000) == "x" * 39 + "…"


def test_number_and_unit_stay_together(words_of):
    """A line of the title never ends between a number and its unit."""
    words = words_of(drawing(title="Up to the limit of this service it answers within 250 ms or so"))
    assert not any(
        re.search(r"\d$", text) for text in words if text.startswith(("Up to", "within", "answers"))
    )
