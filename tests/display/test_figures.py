"""Figures as HTML and as text."""

import base64
import re
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import pytest

from capacity.display import figure
from capacity.errors import DomainError

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
HOSTILE = "<img src=x onerror=alert(1)>&\"'"
TRICKY = """<svg xmlns="http://www.w3.org/2000/svg" data-a='say="yes"' data-b="it's">
<style>text{font-family:"A B";fill:#17588a}</style>
<text x="1" y="2">50% of a="b" &amp; &lt;c> # é ∞</text><path d="M0 0
L1 1" fill="url(#x)"/></svg>"""


def source(html: str) -> str:
    """Address of the image."""
    return re.findall(r'src="([^"]*)"', html)[0]


def test_a_figure_is_an_image_with_its_text() -> None:
    """As an image no script in it runs; the text alternative cannot be forgotten."""
    html = figure(SVG, alt=f"rises {HOSTILE}", caption="Dots")._repr_html_()
    assert html.startswith('<figure style="margin:0"><img alt="rises &lt;img src=x')
    assert source(html).startswith("data:image/svg+xml,%3C?xml")
    assert "<figcaption>Dots</figcaption>" in html


def test_the_drawing_arrives_as_it_was() -> None:
    """Quotes, percent signs, references and letters of all kinds survive the address."""
    address = source(figure(TRICKY.encode(), alt="A line")._repr_html_())
    arrived = unquote_to_bytes(address.partition(",")[2])
    assert ElementTree.canonicalize(arrived) == ElementTree.canonicalize(TRICKY)


def test_an_address_has_nothing_that_markup_could_mistake() -> None:
    """Neither quote nor bracket nor ampersand stands in it, so the attribute ends where it should."""
    assert not set("<>&#\n") & set(source(figure(TRICKY.encode(), alt="A line")._repr_html_()))


def test_a_drawing_that_is_not_utf_8_is_kept_byte_by_byte() -> None:
    """In base64, which takes a third more."""
    svg = '<?xml version="1.0" encoding="latin-1"?><svg><text>é</text></svg>'.encode("latin-1")
    encoded = source(figure(svg, alt="A line")._repr_html_()).partition("base64,")[2]
    assert base64.b64decode(encoded) == svg


@pytest.mark.parametrize(("svg", "alt"), [(SVG, " "), (b"\x89PNG", "rises")])
def test_a_figure_without_text_or_drawing_is_refused(svg: bytes, alt: str) -> None:
    """Both are needed."""
    with pytest.raises(DomainError):
        figure(svg, alt)
