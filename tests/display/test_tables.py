"""Tables as HTML and as text."""

import re

import numpy as np
import pandas as pd
import pytest

from capacity.display import MAX_ROWS, table
from capacity.errors import DomainError
from capacity.estimate import Estimate

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
    html = table(pd.DataFrame({"when": ["2026-11-16", "x" * 23, "a b"]}), "Actions")._repr_html_()
    assert html.count("white-space:nowrap") == 2  # the heading and the date


def test_a_number_breaks_before_its_interval_only() -> None:
    """A narrow column is two lines, the number and its interval."""
    rate = Estimate(298.0, 294.0, 303.0, unit="req/s", method="", provenance="measured")
    html = table(pd.DataFrame({"endpoint": ["/"], "throughput": [rate]}), "Rates")._repr_html_()
    assert 'white-space:nowrap">298 <wbr>(294 to 303)</td>' in html


def test_a_moment_breaks_between_day_and_time_only() -> None:
    """Not at the hyphens of the day."""
    html = table(pd.DataFrame({"when": ["2026-11-16 19:37:10"]}), "Actions")._repr_html_()
    assert 'white-space:nowrap">2026-11-16 <wbr>19:37:10</th>' in html


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


def test_an_empty_table_says_so() -> None:
    """No finding is a result too."""
    shown = table(pd.DataFrame({"endpoint": [], "p95": []}), "Times")
    assert 'P95 [ms]</th></tr></thead>\n<tbody>\n<tr><td colspan="2"' in shown._repr_html_()
    assert ">no rows</td>" in shown._repr_html_()
    assert str(shown).splitlines()[-1] == "no rows"


def test_a_table_without_columns_is_refused() -> None:
    """There is nothing to show."""
    with pytest.raises(DomainError, match="no column"):
        table(pd.DataFrame(), "Times")


def test_a_table_is_readable_as_text() -> None:
    """A terminal gets the same columns."""
    bundle = table(pd.DataFrame({"endpoint": ["/cart"], "p95": [0.1]}), "Times")._repr_mimebundle_()
    assert bundle["text/plain"] == "Times\nendpoint  P95 [ms]\n/cart        100.0"


def test_a_narrow_table_carries_no_labels() -> None:
    """What fits a phone is never stacked."""
    assert "data-label" not in table(pd.DataFrame({"endpoint": ["/"], "p95": [0.1]}), "Times")._repr_html_()


@pytest.mark.parametrize(("columns", "room"), [(5, 36), (7, 50), (10, 66), (14, 100)])
def test_a_wide_table_says_how_much_room_it_needs(columns: int, room: int) -> None:
    """Stacked, each cell shows its heading, and every role is written out."""
    html = table(
        pd.DataFrame([[f"name{i:06}" for i in range(columns)]]).add_prefix("c"), "Wide"
    )._repr_html_()
    assert html.startswith(f'<div class="table needs-{room}">\n<table role="table">')
    assert '<td role="cell" data-label="c1" style=' in html
    assert (
        html.count("role=") == 5 + 2 * columns
    )  # table, two groups, two rows, a heading and a cell a column


def test_the_first_cell_of_a_row_can_be_a_link() -> None:
    """A comparison leads to the page of each service; without a page there is no link."""
    frame = pd.DataFrame({"service": ["cart", "search"], "p95": [0.1, 0.2]})
    html = table(frame, "Services", links=["cart/index.html#gates", None])._repr_html_()
    assert '<a href="cart/index.html#gates">cart</a></th>' in html
    assert html.count("<a ") == 1


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "//evil.example/x", "http://evil.example", "/etc/passwd", "a/../../b", "a.html\n",
     "data:x", "../../x", "", 'x" onclick="y', "a/b/c", "./x", "#A b", "\uff41.html"],
)  # fmt: skip
def test_a_link_that_is_not_ours_is_refused(link: str) -> None:
    """Only pages of a report, and places on them."""
    with pytest.raises(DomainError, match="leads to no page of a report"):
        table(pd.DataFrame({"service": ["cart"]}), "Services", links=[link])


@pytest.mark.parametrize(
    "link", ["index.html", "../index.html", "cart/index.html", "02-capacity.html#why-2", "#gates"]
)
def test_a_link_of_ours_is_taken(link: str) -> None:
    """Beside this page, one folder down or up, or further down on it."""
    assert f'<a href="{link}">' in table(pd.DataFrame({"service": ["cart"]}), "S", links=[link])._repr_html_()


def test_links_are_one_a_row() -> None:
    """Else they would lead to the page of another row."""
    with pytest.raises(DomainError, match="1 links for 2 rows"):
        table(pd.DataFrame({"service": ["cart", "search"]}), "Services", links=["cart.html"])
