"""Reports, scripts and their parts in a notebook."""

from pathlib import Path

from artillery_results_parser import Endpoint, Summary, Vusers, load, load_script

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e"


def test_a_part_shows_the_fields_it_has() -> None:
    """One a row; what the file does not say is left out."""
    assert Vusers(created=3, skipped=0)._repr_html_() == (
        "<table><tr><th>created</th><td>3</td></tr><tr><th>skipped</th><td>0</td></tr></table>"
    )
    assert "<th>p95</th><td>0.25</td>" in Summary(count=2, min=0.1, max=0.3, p95=0.25)._repr_html_()


def test_of_many_entries_the_number_is_told() -> None:
    """A test with a thousand status texts takes a line."""
    many = Endpoint("/", None, {}, {f"E{i}": 1 for i in range(1000)})
    assert "<th>errors</th><td>1,000</td>" in many._repr_html_()
    assert "<td>200: 7, 503: 1</td>" in Endpoint("/", None, {200: 7, 503: 1}, {})._repr_html_()


def test_a_report_and_a_script_show_their_tables(storefront: Path) -> None:
    """As the command line prints them."""
    assert "codes      200 43725" in load(storefront / "stress.json")._repr_html_()
    assert "warm-up   constant" in load_script(storefront / "stress.yml")._repr_html_()
    assert "<th>requests</th><td>58150</td>" in load(storefront / "stress.json").aggregate._repr_html_()


def test_hostile_names_are_shown_as_text() -> None:
    """No tag comes through, and nothing that turns a line."""
    page = Endpoint(HOSTILE, None, {}, {HOSTILE: 1})._repr_html_()
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") == 2
    assert "\x1b" not in page
    assert "\u202e" not in page
