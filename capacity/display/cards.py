"""Key numbers as cards, and terms with what is said of each."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.display.sentences import flowing
from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.wording import is_missing, plain, visible

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = re.compile(r"[−-]?(?:\d[\d,.]*(?:e[+-]?\d+)?|∞)%?(?: to [−-]?\d[\d,.]*%?)?")
_PLAIN = "margin:0;padding:0;float:none"  # JupyterLab has a style of its own for description lists
_CARD = "border:1px solid;border-color:color-mix(in srgb,currentColor 25%,transparent);padding:0.7em 0.9em"
_SHEET = "grid;gap:0.4em 2em;grid-template-columns:repeat(auto-fit,minmax(14em,1fr))"
_GRID = "display:grid;gap:0.7em;grid-template-columns:var(--tiles,repeat(auto-fit,minmax(11em,1fr)))"


@dataclass(frozen=True)
class Tile:
    """One key number: what it is, its value with unit, its interval and a remark.

    Examples
    --------
    >>> print(Tile("peak demand", "252 req/s", "227 to 305", "over 180 days"))
    peak demand: 252 req/s (227 to 305) – over 180 days
    """

    label: str
    value: str
    interval: str
    remark: str

    def _repr_html_(self) -> str:
        interval = f'<span class="interval" style="display:block">{html.escape(self.interval)}</span>'
        remark = f'<dd class="remark" style="{_PLAIN};font-size:0.8em">{flowing(self.remark)}</dd>'
        return (
            f'<div style="{_CARD}"><dt style="{_PLAIN};font-weight:500">{html.escape(self.label)}</dt>'
            f'<dd class="value" style="{_PLAIN}">{self._emphasised()}{interval if self.interval else ""}</dd>'
            f"{remark if self.remark else ''}</div>"
        )

    def _emphasised(self) -> str:
        """The value, its first number large."""
        number = _NUMBER.search(self.value)
        if not number:
            return f'<span style="font-weight:600">{html.escape(self.value)}</span>'
        start, end = number.span()
        texts = (self.value[:start], self.value[start:end], self.value[end:])
        before, large, after = map(html.escape, texts)
        return f'{before}<span class="number" style="font-size:1.6em;font-weight:650">{large}</span>{after}'

    def __str__(self) -> str:
        interval = f" ({self.interval})" if self.interval else ""
        remark = f" – {self.remark}" if self.remark else ""
        return f"{self.label}: {self.value}{interval}{remark}"


@dataclass(frozen=True)
class Tiles:
    """The key numbers as cards.

    Examples
    --------
    >>> print(Tiles((Tile("peak demand", "252 req/s", "227 to 305", "over 180 days"),)))
    peak demand: 252 req/s (227 to 305) – over 180 days
    """

    tiles: tuple[Tile, ...]

    def _repr_html_(self) -> str:
        cards = "\n".join(tile._repr_html_() for tile in self.tiles)
        return f'<dl class="tiles" style="{_GRID}">\n{cards}\n</dl>'

    def __str__(self) -> str:
        return "\n".join(map(str, self.tiles))

    def __repr__(self) -> str:
        return str(self)


def tiles(frame: pd.DataFrame) -> Tiles:
    """Show the key numbers as cards: what each is, its value with unit, its interval, where it comes from.

    Parameters
    ----------
    frame : DataFrame
        Columns ``quantity``, ``estimate`` (an `Estimate`, or text where there is none), ``method`` and
        ``provenance``; a column ``remark`` is told in place of the method.

    Raises
    ------
    DomainError
        If a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> peak = Estimate(298.0, 294.0, 303.0, unit="req/s", method="batch means", provenance="measured")
    >>> row = {"quantity": "peak", "estimate": peak, "method": peak.method, "provenance": peak.provenance}
    >>> print(tiles(pd.DataFrame([row])))
    peak: 298 req/s (294 to 303) – batch means; measured
    """
    told = "remark" if "remark" in frame else "method"
    wanted = ["quantity", "estimate", told, "provenance"]
    missing = [name for name in wanted if name not in frame]
    if missing:
        raise DomainError(f"the numbers have no column {', '.join(missing)}; give {', '.join(wanted)}")
    return Tiles(tuple(_tile(*row) for row in frame[wanted].itertuples(index=False)))


def _tile(quantity: object, estimate: object, remark: object, provenance: object) -> Tile:
    value, interval = plain(estimate), ""
    if isinstance(estimate, Estimate) and value.endswith(")"):
        value, _, interval = value[:-1].rpartition(" (")
    remarks = [visible(text, 200) for text in (remark, provenance) if text and not is_missing(text)]
    return Tile(visible(quantity, 120), value, interval, "; ".join(remarks))


@dataclass(frozen=True)
class Terms:
    """Terms and what is said of each.

    Examples
    --------
    >>> terms({"headroom": "what is left below the capacity"}).pairs
    (('headroom', 'what is left below the capacity'),)
    """

    pairs: tuple[tuple[str, str], ...]

    def _repr_html_(self) -> str:
        pairs = "\n".join(
            f'<div><dt style="{_PLAIN};font-weight:600">{html.escape(term)}</dt>'
            f'<dd style="{_PLAIN}">{flowing(text)}</dd></div>'
            for term, text in self.pairs
        )
        return f'<dl class="terms" style="display:{_SHEET}">\n{pairs}\n</dl>' if self.pairs else ""

    def __str__(self) -> str:
        return "\n".join(f"{term}: {text}" for term, text in self.pairs)

    def __repr__(self) -> str:
        return str(self)


def terms(mapping: Mapping[str, object]) -> Terms:
    """Show a list of terms, each with what is said of it: a glossary, or what a model leaves out.

    Examples
    --------
    >>> print(terms({"headroom": "what is left below the largest rate that keeps the objectives"}))
    headroom: what is left below the largest rate that keeps the objectives
    """
    return Terms(tuple((visible(term, 120), _said(text)) for term, text in mapping.items()))


def _said(text: object) -> str:
    return visible(text, None) if isinstance(text, str) else plain(text)
