"""Sentences, verdicts and notes as HTML and as text."""

import pytest

from capacity.display import banner, note, prose
from capacity.errors import DomainError

HOSTILE = "<img src=x onerror=alert(1)>&\"'"


def test_prose_is_paragraphs_of_escaped_sentences() -> None:
    """Computed sentences may hold names from an export; absent ones are left out."""
    shown = prose("298 < 300.", None, "", HOSTILE)
    assert shown._repr_html_().startswith("<p>298 &lt; 300.</p>\n<p>&lt;img")
    assert str(shown).startswith("298 < 300.\n\n<img")


def test_a_note_is_set_apart_and_escaped() -> None:
    """Where nothing can be shown this looks deliberate."""
    html = note(f"Demand: left out. {HOSTILE}")._repr_html_()
    assert html.startswith('<div class="note" style="border-left:')
    assert "<p>Demand: left out. &lt;img" in html


def test_a_banner_says_its_tone_by_words_and_colour() -> None:
    """The headline carries the meaning; the class only colours it."""
    html = banner("NOT READY", HOSTILE, tone="bad")._repr_html_()
    assert html.startswith('<div class="banner bad" style="border-left:4px solid')
    assert ">NOT READY</p>" in html
    assert "<img" not in html


def test_a_banner_ends_with_a_quiet_remark() -> None:
    """Date, build and data in one line, when there is one."""
    html = banner("READY", remark=f"2026-11-16 {HOSTILE}")._repr_html_()
    assert html.endswith("onerror=alert(1)&gt;&amp;&quot;&#x27;</p></div>")
    assert 'class="remark"' not in banner("READY")._repr_html_()


def test_an_unknown_tone_is_refused() -> None:
    """It would be a class name in the page."""
    with pytest.raises(DomainError, match="allowed: good, bad, neutral"):
        banner("READY", tone='"><script>')
