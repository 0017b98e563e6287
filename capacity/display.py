"""How results are shown: tables, sentences and figures as HTML.

The only place that makes HTML from data: `capacity.wording` writes each value, and here it is escaped.
"""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.wording import KINDS, VOCABULARY, heading, is_missing, is_number, plain, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Banner",
    "Figure",
    "Prose",
    "Table",
    "banner",
    "figure",
    "prose",
    "result_html",
    "table",
    "visible",
]

MAX_ROWS = 200
_NOT_AVAILABLE = '<span role="img" aria-label="not available">–</span>'


def _escaped(text: object, limit: int | None = 60) -> str:
    return html.escape(visible(text, limit), quote=True)


@dataclass(frozen=True, eq=False)
class Table:
    """A table for people: headings with units, numbers right aligned, every value escaped.

    Parameters
    ----------
    headings : tuple of str
        One for each column.
    rows : tuple of tuple of str
        The text of each cell; the first of each row names the row.
    numeric : tuple of bool
        Which columns are aligned right.
    caption : str
        What the table shows, in a sentence.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    caption: str

    def _repr_html_(self) -> str:
        caption = html.escape(self.caption)
        head = "".join(self._cell("th", i, text, ' scope="col"') for i, text in enumerate(self.headings))
        body = "\n".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        return (
            f'<div class="table" role="region" tabindex="0" aria-label="{caption}">\n'
            f"<table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody></table></div>"
        )

    def _row(self, row: tuple[str, ...]) -> str:
        name, *values = row
        cells = (self._cell("td", i, text) for i, text in enumerate(values, start=1))
        return self._cell("th", 0, name, ' scope="row"') + "".join(cells)

    def _cell(self, tag: str, column: int, text: str, scope: str = "") -> str:
        style = "text-align:right" if self.numeric[column] else "text-align:left"
        if self._stays_on_one_line(tag, column, text):
            style += ";white-space:nowrap"
        shown = _NOT_AVAILABLE if text == "–" else html.escape(text)
        return f'<{tag}{scope} style="{style}">{shown}</{tag}>'

    def _stays_on_one_line(self, tag: str, column: int, text: str) -> bool:
        """Whether it is a number with its interval, or a date or a short path, which break at hyphens."""
        if self.numeric[column]:
            return tag == "td" and len(text) <= 34
        return len(text) <= 20 and " " not in text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def __str__(self) -> str:
        lines = (self.headings, *self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join([self.caption, *(self._line(line, widths) for line in lines)])

    def _line(self, texts: tuple[str, ...], widths: list[int]) -> str:
        columns = zip(texts, widths, self.numeric, strict=True)
        return "  ".join(f"{text:>{n}}" if right else f"{text:<{n}}" for text, n, right in columns).rstrip()


def table(frame: pd.DataFrame, caption: str) -> Table:
    """Show a frame: its columns under the headings of `VOCABULARY`, a named index as the first column.

    Parameters
    ----------
    frame : DataFrame
        Values in seconds, requests and fractions; `Estimate` cells print with their interval.
    caption : str
        What the table shows, in a sentence.

    Raises
    ------
    DomainError
        If the frame has no column.

    Notes
    -----
    Of more than `MAX_ROWS` rows the first are shown, and the caption says so.

    Examples
    --------
    >>> import pandas as pd
    >>> print(table(pd.DataFrame({"endpoint": ["/"], "p95": [0.0461]}), "Response times"))
    Response times
    endpoint  P95 [ms]
    /             46.1
    """
    whole = len(frame)
    shown = frame.head(MAX_ROWS)
    columns = _columns(shown)
    if not columns:
        raise DomainError(f"the frame for {caption!r} has no column to show; give at least one")
    texts = [[plain(value, name) for value in values] for name, values in columns]
    note = f" (the first {MAX_ROWS} of {whole:,} rows)" if whole > MAX_ROWS else ""
    return Table(
        headings=tuple(heading(name) for name, _ in columns),
        rows=tuple(zip(*texts, strict=True)),
        numeric=tuple(_is_numeric(name, values) for name, values in columns),
        caption=visible(caption, 400) + note,
    )


def _columns(frame: pd.DataFrame) -> list[tuple[object, list[Any]]]:
    """Name and values of each column, the index first unless it only counts the rows."""
    columns = [(name, list(frame.iloc[:, i])) for i, name in enumerate(frame.columns)]
    if frame.index.names == [None] and frame.index.dtype.kind == "i":
        return columns
    levels = enumerate(frame.index.names)
    return [
        ("" if name is None else name, list(frame.index.get_level_values(i))) for i, name in levels
    ] + columns


def _is_numeric(column: object, values: list[Any]) -> bool:
    kind = VOCABULARY.get(str(column), ("", ""))[1]
    if kind and not KINDS[kind].numeric:
        return False
    present = [value for value in values if not is_missing(value)]
    return all(is_number(value) or isinstance(value, Estimate) for value in present) and bool(present or kind)


@dataclass(frozen=True)
class Prose:
    """Paragraphs of computed sentences."""

    paragraphs: tuple[str, ...]

    def _repr_html_(self) -> str:
        return "\n".join(f"<p>{_escaped(paragraph, None)}</p>" for paragraph in self.paragraphs)

    def __str__(self) -> str:
        return "\n\n".join(visible(paragraph, None) for paragraph in self.paragraphs)

    def __repr__(self) -> str:
        return str(self)


def prose(*sentences: object) -> Prose:
    """Show computed sentences, a paragraph each; None and empty ones are left out.

    Examples
    --------
    >>> prose("Two instances carry 298 < 300 req/s.")._repr_html_()
    '<p>Two instances carry 298 &lt; 300 req/s.</p>'
    """
    return Prose(
        tuple(str(sentence) for sentence in sentences if sentence is not None and str(sentence).strip())
    )


def result_html(frame: pd.DataFrame, caption: str, text: str) -> str:
    """Show a result as a notebook does: its table, then its sentences."""
    return table(frame, caption)._repr_html_() + prose(text)._repr_html_()


_EDGES = {"good": "#2e7d4f", "bad": "#a4221a", "neutral": "#5b6472"}


@dataclass(frozen=True)
class Banner:
    """A verdict on top of a page: its tone, its headline and the sentences below it."""

    tone: str
    headline: str
    paragraphs: tuple[str, ...]

    def _repr_html_(self) -> str:
        below = Prose(self.paragraphs)._repr_html_()
        headline = f'<p class="headline" style="font-weight:650">{_escaped(self.headline, 300)}</p>'
        edge = f"border-left:4px solid {_EDGES[self.tone]};padding:0.5em 1em"  # JupyterLab has no style sheet of ours
        return f'<div class="banner {self.tone}" style="{edge}">{headline}\n{below}</div>'

    def __str__(self) -> str:
        return "\n\n".join([visible(self.headline, 300), str(Prose(self.paragraphs))]).strip()

    def __repr__(self) -> str:
        return str(self)


def banner(headline: str, *sentences: object, tone: str = "neutral") -> Banner:
    """Show a verdict before everything else; the tone ("good", "bad" or "neutral") colours its edge.

    Raises
    ------
    DomainError
        If the tone is another one.
    """
    if tone not in {"good", "bad", "neutral"}:
        raise DomainError(f"tone {tone!r}; allowed: good, bad, neutral")
    return Banner(tone, headline, prose(*sentences).paragraphs)


@dataclass(frozen=True)
class Figure:
    """A drawing as an image: no script in it can run, and its text alternative goes with it."""

    svg: bytes
    alt: str
    caption: str

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.svg).decode("ascii")
        caption = f"<figcaption>{_escaped(self.caption, 600)}</figcaption>" if self.caption else ""
        source = f"data:image/svg+xml;base64,{data}"
        image = f'<img src="{source}" alt="{_escaped(self.alt, None)}" style="max-width:100%">'
        return f'<figure style="margin:0">{image}{caption}</figure>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def __str__(self) -> str:
        return "\n".join(
            part for part in (f"Figure: {visible(self.alt, None)}", visible(self.caption, 600)) if part
        )


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
    """
    if not alt.strip():
        raise DomainError("the figure has no text alternative; say in `alt` what it shows, with its numbers")
    if b"<svg" not in svg[:2000]:
        raise DomainError(f"{len(svg)} bytes without an <svg> element; save the figure as SVG")
    return Figure(svg, alt, caption)
