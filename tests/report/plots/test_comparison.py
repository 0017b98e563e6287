"""Pictures of several services on one scale."""

import re

import pandas as pd
import pytest

from capacity.display import Prose
from capacity.estimate import Estimate
from capacity.report import plots


def rate(value, spread=0.1):
    """A rate with its interval."""
    ends = value * (1 - spread), value * (1 + spread)
    return Estimate(value, *ends, unit="req/s", method="", provenance="assumed")


AT_LEAST = Estimate.at_least(180.0, unit="req/s", method="", provenance="measured")


def frame(*rows):
    """Services with what is asked and promised."""
    return pd.DataFrame(
        [(*row, "ready")[:4] for row in rows], columns=["service", "peak", "promised", "status"]
    )


def test_the_one_furthest_short_is_named():
    """The message counts who falls short and names the worst with its numbers."""
    drawn = plots.services(
        frame(["a", rate(300), rate(250)], ["b", rate(90), rate(30)], ["c", rate(1), rate(9)])
    )
    assert (
        "2 of 3 services fall short of the peak; b may be asked for 90 req/s and can promise 30" in drawn.alt
    )


def test_enough_is_said_too():
    """Where all can promise the peak the message says so."""
    assert (
        "Each of 2 services can promise"
        in plots.services(frame(["a", rate(1), rate(9)], ["b", rate(2), rate(9)])).alt
    )


def test_rows_keep_their_order(words_of):
    """Services stand in the order given, each with its status."""
    shown = words_of(plots.services(frame(["b", rate(1), rate(9)], ["a", rate(9), rate(1)])))
    assert [text for text in shown if text.endswith(": ready")] == ["b: ready", "a: ready"]


def test_many_rows_are_cut_and_counted(words_of):
    """Of more than 30 the rest is counted in the caption, and still in the message."""
    drawn = plots.services(frame(*([f"s{i}", rate(10 + i), rate(5)] for i in range(42))))
    assert sum(text.startswith("s") for text in words_of(drawn) if text[1:].isdigit()) == 30
    assert "12 services more are in the table" in drawn.caption
    assert "42 of 42" in drawn.alt


def test_many_rows_fit_a_page(words_of):
    """Thirty services take no more than the height of a page."""
    drawn = plots.services(frame(*([f"s{i}", rate(10 + i), rate(5)] for i in range(30))))
    assert float(re.search(rb'height="([\d.]+)pt"', drawn.svg)[1]) < 72 * 25 / 2.54


def test_unknown_is_counted_not_drawn(words_of):
    """A service of which nothing is known has no row; one of which half is known has."""
    drawn = plots.services(frame(["a", None, None], ["b", None, AT_LEAST], ["c", rate(1), rate(2)]))
    assert "of 1 service neither is known" in drawn.caption
    assert "≥ 180" in words_of(drawn)
    assert "(2 more not known)" in drawn.alt


def test_nothing_known_no_picture():
    """Without any rate there is a sentence."""
    assert isinstance(plots.services(frame(["a", None, None])), Prose)


@pytest.mark.parametrize(("most", "logarithmic"), [(100.0, False), (1e5, True)])
def test_sizes_that_differ_much_are_drawn_as_ratios(words_of, most, logarithmic):
    """Services of very different size share a scale of equal ratios; others a plain one from zero."""
    shown = words_of(plots.services(frame(["a", rate(20.0), rate(50.0)], ["b", rate(most), rate(most)])))
    assert ("0" in shown) != logarithmic


def test_variants_are_called_so():
    """A sweep speaks of variants."""
    assert (
        "Each of 2 variants"
        in plots.services(frame(["a", rate(1), rate(2)], ["b", rate(1), rate(2)]), noun="variant").alt
    )


@pytest.mark.parametrize(
    "name", ["$x^2$ %s", "<script>", "a\nb\x00", "\u202eabc", "x" * 1_000_000, "日本語 🚀"]
)
def test_hostile_names_are_text(name, words_of):
    """Names are shown as text, cut, and crash nothing."""
    shown = "".join(words_of(plots.services(frame([name, rate(1), rate(2), name]))))
    assert not {"\x00", "\u202e"} & set(shown)
    assert len(shown) < 400
