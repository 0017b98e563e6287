"""Drawings as images: no script in them can run, and their text alternative goes with them."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from capacity.display.sentences import escaped
from capacity.errors import DomainError
from capacity.wording import visible

_MEDIA_TYPE = "data:image/svg+xml"
_TAG = re.compile(r"<[^<>']*>")
_ATTRIBUTE = re.compile(r'="([^"]*)"')
_RESERVED = {ord(character): f"%{ord(character):02X}" for character in '%#"<>&\t\n\r'}


@dataclass(frozen=True)
class Figure:
    """A drawing as an image: no script in it can run, and its text alternative goes with it.

    Examples
    --------
    >>> print(figure(b"<svg></svg>", alt="Load rises from 100 to 200 req/s.", caption="Load"))
    Figure: Load rises from 100 to 200 req/s.
    Load
    """

    svg: bytes
    alt: str
    caption: str

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{escaped(self.caption, 600)}</figcaption>" if self.caption else ""
        image = f'<img alt="{escaped(self.alt, None)}" src="{_address(self.svg)}" style="max-width:100%">'
        return f'<figure style="margin:0">{image}{caption}</figure>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def __str__(self) -> str:
        return "\n".join(
            part for part in (f"Figure: {visible(self.alt, None)}", visible(self.caption, 600)) if part
        )


def _address(svg: bytes) -> str:
    """Return the address that holds the drawing: percent-encoded, a fifth shorter than base64, where it is text."""
    encoded = f"{_MEDIA_TYPE};base64,{base64.b64encode(svg).decode('ascii')}"
    try:
        text = svg.decode("utf-8")
    except UnicodeDecodeError:
        return encoded
    if "<![" not in text:
        text = _TAG.sub(lambda tag: _ATTRIBUTE.sub(r"='\1'", tag[0]), text)
    return min(f"{_MEDIA_TYPE},{text.translate(_RESERVED)}", encoded, key=len)


def figure(svg: bytes, alt: str, caption: str = "") -> Figure:
    """Show a drawing.

    Parameters
    ----------
    svg : bytes
        The drawing.
    alt : str
        What it says, with its numbers, for who cannot see it.
    caption : str
        The line under it.

    Raises
    ------
    DomainError
        If the text alternative is empty or the bytes are not SVG.

    Examples
    --------
    >>> print(figure(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Load over time: 300 req/s at most."))
    Figure: Load over time: 300 req/s at most.
    """
    if not alt.strip():
        raise DomainError("the figure has no text alternative; say in `alt` what it shows, with its numbers")
    if b"<svg" not in svg[:2000]:
        raise DomainError(f"{len(svg)} bytes without an <svg> element; save the figure as SVG")
    return Figure(svg, alt, caption)
