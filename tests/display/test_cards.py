"""Key numbers as cards, and lists of terms."""

import pandas as pd
import pytest

from capacity.display import terms, tiles
from capacity.errors import DomainError
from capacity.estimate import Estimate

HOSTILE = "<img src=x onerror=alert(1)>&\"'"
PEAK = Estimate(252.0, 227.0, 305.0, unit="req/s", method="paths", provenance="assumed")


def numbers(estimate: object, **others: object) -> pd.DataFrame:
    """One key number."""
    row = {"quantity": "peak", "estimate": estimate, "method": "sampled paths", "provenance": "assumed"}
    return pd.DataFrame([row | others])


def test_a_card_tells_name_number_interval_and_remark() -> None:
    """In this order, as a description list."""
    html = tiles(numbers(PEAK))._repr_html_()
    parts = [">peak</dt>", ">252</span> req/s", ">227 to 305</span>", ">sampled paths; assumed</dd>"]
    places = [html.index(part) for part in parts]
    assert places == sorted(places)
    assert html.startswith('<dl class="tiles"')


def test_a_remark_stands_in_place_of_the_method() -> None:
    """What a reader needs to know is shorter than how it was computed."""
    assert tiles(numbers(PEAK, remark="within 180 days")).tiles[0].remark == "within 180 days; assumed"


@pytest.mark.parametrize(
    ("estimate", "large"),
    [
        ("93.3% with 2 instances, below 0.1% with 3", "93.3%"),
        (Estimate.at_least(180.0, unit="req/s", method="", provenance="measured"), "180"),
        (Estimate.between(11.0, 40.0, unit="days", method="", provenance="assumed"), "11 to 40"),
        (Estimate(0.045, 0.04, 0.05, unit="s", method="", provenance="measured"), "45"),
        (Estimate(-1200.0, -2000.0, 10.0, unit="USD", method="", provenance="assumed"), "-1,200"),
    ],
)
def test_the_number_is_what_stands_out(estimate: object, large: str) -> None:
    """Not the words around it."""
    assert f'font-weight:650">{large}</span>' in tiles(numbers(estimate))._repr_html_()


def test_what_is_not_known_does_not_shout() -> None:
    """Words in place of a number stay small."""
    assert "font-size:1.6em" not in tiles(numbers("not known"))._repr_html_()


@pytest.mark.parametrize("absent", ["", None, float("nan")])
def test_what_is_not_there_leaves_no_trace(absent: object) -> None:
    """No empty line for an interval or a remark."""
    html = tiles(numbers("not known", method=absent, provenance=None))._repr_html_()
    assert "remark" not in html
    assert "interval" not in html


def test_cards_are_readable_as_text() -> None:
    """A terminal gets a line for each."""
    assert str(tiles(numbers(PEAK))) == "peak: 252 req/s (227 to 305) – sampled paths; assumed"


def test_nothing_on_a_card_is_markup() -> None:
    """Neither label nor value nor remark."""
    html = tiles(numbers(HOSTILE, quantity=HOSTILE, method=HOSTILE, provenance=HOSTILE))._repr_html_()
    assert "<img" not in html


def test_numbers_without_their_columns_are_refused() -> None:
    """With the names of those that are missing."""
    with pytest.raises(DomainError, match="no column estimate, provenance"):
        tiles(pd.DataFrame({"quantity": ["peak"], "method": ["paths"]}))


def test_terms_are_a_description_list() -> None:
    """Each term with what is said of it, escaped; estimates as they are written everywhere."""
    shown = terms({"headroom": "1 < 2", HOSTILE: PEAK})
    assert ">headroom</dt><dd" in shown._repr_html_()
    assert ">1 &lt; 2</dd>" in shown._repr_html_()
    assert "<img" not in shown._repr_html_()
    assert str(shown).endswith(": 252 req/s (227 to 305)")


def test_no_terms_are_nothing() -> None:
    """An empty list would be announced as one."""
    assert terms({})._repr_html_() == ""
