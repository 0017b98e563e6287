"""Tables, sentences and figures as HTML."""

import re

import numpy as np
import pandas as pd
import pytest

from capacity.display import MAX_ROWS, banner, figure, prose, table
from capacity.errors import DomainError

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
HOSTILE = "<img src=x onerror=alert(1)>&\"'"


def test_a_table_has_caption_scopes_and_units() -> None:
    """Whoever cannot see it hears which header belongs to a value."""
    html = table(pd.DataFrame({"endpoint": ["/"], "p95": [0.0461]}), "Response times")._repr_html_()
    assert "<caption>Response times</caption>" in html
    assert '<th scope="col" style="text-align:right">P95 [ms]</th>' in html
    assert re.search(
        '<th scope="row" style="text-align:left[^"]*">/</th><td style="text-align:right[^"]*">46.1</td>', html
    )


def test_a_date_does_not_break_at_its_hyphens() -> None:
    """Short words stay in one piece; long ones may break."""
    html = table(pd.DataFrame({"when": ["2026-11-16", "x" * 21, "a b"]}), "Actions")._repr_html_()
    assert html.count("white-space:nowrap") == 2  # the heading and the date


def test_nothing_in_a_table_is_markup() -> None:
    """Values, headings, index, its name and the caption are all escaped."""
    frame = pd.DataFrame({HOSTILE: [HOSTILE]}, index=pd.Index([HOSTILE], name=HOSTILE))
    html = table(frame, HOSTILE)._repr_html_()
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#x27;") == 6


def test_a_missing_value_is_said_to_be_missing() -> None:
    """A dash for the eye, words for the ear."""
    html = table(pd.DataFrame({"endpoint": ["/"], "p95": [np.nan]}), "Times")._repr_html_()
    assert '<span role="img" aria-label="not available">–</span>' in html


def test_a_named_index_is_the_first_column() -> None:
    """A frame grouped by endpoint shows the endpoints."""
    shown = table(pd.DataFrame({"endpoint": ["/"], "p95": [0.1]}).set_index("endpoint"), "Times")
    assert shown.headings == ("endpoint", "P95 [ms]")


def test_an_index_that_only_counts_rows_is_left_out() -> None:
    """Also after filtering, when it has gaps."""
    frame = pd.DataFrame({"endpoint": ["/", "/cart"]})
    assert table(frame[frame["endpoint"] == "/cart"], "Times").headings == ("endpoint",)


def test_every_level_of_an_index_is_a_column() -> None:
    """Tests by endpoint: two levels, two columns."""
    frame = pd.DataFrame(
        {"p95": [0.1]}, index=pd.MultiIndex.from_tuples([("stress", "/")], names=["test", None])
    )
    assert table(frame, "Times").rows == (("stress", "/", "100.0"),)


def test_a_long_table_says_what_it_leaves_out() -> None:
    """Pages stay small."""
    shown = table(pd.DataFrame({"start": range(MAX_ROWS + 1)}), "Periods")
    assert len(shown.rows) == MAX_ROWS
    assert shown.caption == "Periods (the first 200 of 201 rows)"


def test_an_empty_table_keeps_its_headings() -> None:
    """No finding is a result too."""
    assert "P95 [ms]" in table(pd.DataFrame({"p95": []}), "Times")._repr_html_()


def test_a_table_without_columns_is_refused() -> None:
    """There is nothing to show."""
    with pytest.raises(DomainError, match="no column"):
        table(pd.DataFrame(), "Times")


def test_a_table_is_readable_as_text() -> None:
    """A terminal gets the same columns."""
    bundle = table(pd.DataFrame({"endpoint": ["/cart"], "p95": [0.1]}), "Times")._repr_mimebundle_()
    assert bundle["text/plain"] == "Times\nendpoint  P95 [ms]\n/cart        100.0"


def test_prose_is_paragraphs_of_escaped_sentences() -> None:
    """Computed sentences may hold names from an export; absent ones are left out."""
    shown = prose("298 < 300.", None, "", HOSTILE)
    assert shown._repr_html_().startswith("<p>298 &lt; 300.</p>\n<p>&lt;img")
    assert str(shown).startswith("298 < 300.\n\n<img")


def test_a_banner_says_its_tone_by_words_and_colour() -> None:
    """The headline carries the meaning; the class only colours it."""
    html = banner("NOT READY", HOSTILE, tone="bad")._repr_html_()
    assert html.startswith('<div class="banner bad" style="border-left:4px solid')
    assert ">NOT READY</p>" in html
    assert "<img" not in html


def test_an_unknown_tone_is_refused() -> None:
    """It would be a class name in the page."""
    with pytest.raises(DomainError, match="allowed: good, bad, neutral"):
        banner("READY", tone='"><script>')


def test_a_figure_is_an_image_with_its_text() -> None:
    """As an image no script in it runs; the text alternative cannot be forgotten."""
    html = figure(SVG, alt=f"rises {HOSTILE}", caption="Dots")._repr_html_()
    assert html.startswith('<figure style="margin:0"><img src="data:image/svg+xml;base64,')
    assert 'alt="rises &lt;img' in html
    assert "<figcaption>Dots</figcaption>" in html


@pytest.mark.parametrize(("svg", "alt"), [(SVG, " "), (b"\x89PNG", "rises")])
def test_a_figure_without_text_or_drawing_is_refused(svg: bytes, alt: str) -> None:
    """Both are needed."""
    with pytest.raises(DomainError):
        figure(svg, alt)
