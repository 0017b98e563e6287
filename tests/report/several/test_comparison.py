"""The page that compares services."""

import csv
import datetime as dt
import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from capacity.estimate import Estimate
from capacity.report.pages import Making
from capacity.report.several.comparison import as_csv, by_cost, by_urgency, files, told
from capacity.report.several.summary import Summary

MADE = Making(
    "capacity report a b",
    (("Plans", "a, b"),),
    frozenset(["ab" * 32]),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
)


def rate(value: float) -> Estimate:
    """Some rate."""
    return Estimate(value, 0.9 * value, 1.1 * value, "req/s", "m", "measured")


def a_row(name: str = "shop", **parts: Any) -> Summary:
    """Row of a service that needs more than it has."""
    usual = {"running": 2, "needed": 5, "rent_now": 100.0, "rent_needed": 250.0, "currency": "EUR"}
    return Summary(
        **{"service": name, "status": "NOT READY", "headline": "NOT READY", "action": "add"} | usual | parts
    )


BAD = Summary.none("bad.toml", "bad.toml: slo: nothing came")


@pytest.fixture(scope="module")
def page() -> str:
    """The page of three services, given in no order."""
    ready = a_row("<b>cart", status="READY", headline="READY", peak=rate(100), promised=rate(200))
    rows = [
        (ready, "cart/index.html"),
        (BAD, None),
        (a_row(peak=rate(300), promised=rate(200)), "shop/index.html"),
    ]
    return files(rows, MADE)["index.html"].decode()


def test_the_most_urgent_is_the_first_row(page: str) -> None:
    """Failures on top, then what is not ready; the sentence names the most urgent that has an answer."""
    places = [page.index(text) for text in (">bad.toml</th>", ">shop</a>", ">&lt;b&gt;cart</a>")]
    assert places == sorted(places)
    assert "3 services: 1 NO REPORT, 1 NOT READY, 1 READY." in page
    assert "The most urgent is shop, NOT READY: add" in page


def test_a_service_leads_to_its_report(page: str) -> None:
    """One without a report leads nowhere, and tells why."""
    assert '<a href="shop/index.html">shop</a>' in page
    assert "bad.toml: slo: nothing came" in page
    assert page.count("index.html") == 3  # two reports, and the page itself


def test_the_page_is_one_of_ours(page: str) -> None:
    """The same policy, no script, one first heading, and how it was made."""
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert page.count("<h1") == 1
    assert "capacity report a b" in page
    assert "<b>cart" not in page


def test_instances_and_money_of_one_currency_are_added() -> None:
    """In a last row; peaks and chances are not."""
    frame = by_cost([a_row(), a_row("cart", running=4, needed=3, rent_now=40.0, rent_needed=30.0)])
    assert list(frame["service"]) == ["shop", "cart", "together"]
    assert frame.iloc[-1].tolist() == ["together", 6, 8, 140.0, 280.0, 140.0, "EUR", None]
    assert frame.iloc[1]["rent_more"] == -10.0


@pytest.mark.parametrize(
    "other", [{"currency": "USD"}, {"currency": ""}, {"rent_now": None, "rent_needed": None, "currency": ""}]
)
def test_money_that_may_not_be_added_is_not(other: dict[str, object]) -> None:
    """Two currencies, one that is not stated, or rent that is not known."""
    total = by_cost([a_row(), a_row("cart", **other)]).iloc[-1]
    assert (total["running"], total["needed"]) == (4, 10)
    assert (total["rent_now"], total["rent_needed"], total["currency"]) == (None, None, None)


def test_a_sum_says_what_it_leaves_out() -> None:
    """A service of which no number is known is in no sum, and a sum of one is none."""
    frame = by_cost([a_row(), a_row("cart"), a_row("search", needed=None, rent_needed=None), BAD])
    assert frame.iloc[-1]["service"] == "together, the 2 of 3 with both numbers"
    assert frame.iloc[-1]["needed"] == 10
    assert list(by_cost([a_row(), BAD])["service"]) == ["shop"]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"short_from": dt.date(2026, 11, 27)}, "2 → 5 from 2026‑11‑27"),
        ({"needed": 1}, "2 → 1"),
        ({"needed": 2}, "2"),
        ({"needed": None}, "2 → ?"),
        ({"running": None}, None),
    ],
)
def test_instances_in_a_few_words(parts: dict[str, Any], text: str | None) -> None:
    """Today's, those that will do, and from when."""
    assert by_urgency([a_row(**parts)])["instances"].tolist() == [text]


def test_services_without_any_answer_are_told() -> None:
    """There is no most urgent one."""
    assert told([BAD]) == ["1 service: 1 NO REPORT.", ""]


def test_a_spreadsheet_executes_nothing() -> None:
    """Names from plans; numbers stay numbers, and an open bound is empty."""
    peak = Estimate.at_least(3.0, unit="req/s", method="", provenance="measured")
    (row,) = csv.DictReader(io.StringIO(as_csv([({"key": "=1"}, a_row("=cmd|x", peak=peak))]).decode()))
    assert (row["key"], row["service"]) == ("'=1", "'=cmd|x")
    assert (row["peak"], row["peak_low"], row["peak_high"], row["needed"]) == ("", "3.0", "", "5")


HOSTILE = (
    "<script>alert(1)</script>",
    "\u202egnp.exe\x1b[31m",
    "=HYPERLINK(1)",
    "' onmouseover='x",
    "{{ 7 * 7 }} {% raw %}",
    "x" * 5000,
    "\ud800",
    "# not a title\n[a](javascript:1)",
)


class Tags(HTMLParser):
    """What a browser takes for markup."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a tag."""
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}


def test_names_from_plans_are_shown_as_text() -> None:
    """They come from files of others: nothing in them is markup, a formula or an instruction."""
    rows = [(a_row(name, action=name, headline=name), "a/index.html") for name in HOSTILE]
    made = files(rows, MADE)
    page = made["index.html"].decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7 * 7 }}" in page
    assert not [text for text in ("\u202e", "\x1b") if text in page]
    tags = Tags()
    tags.feed(page)
    assert "a" in tags.names
    assert not {"script", "iframe", "object"} & tags.names
    assert not [link for link in tags.links if not re.fullmatch(r"(#[a-z0-9-]+)|((a/)?index\.html)", link)]
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert len(page) < 150_000
    assert b"\n=" not in made["comparison.csv"]
