"""Tables for people: headings with units, numbers right aligned, every value escaped."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from capacity.display.sentences import prose
from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.wording import KINDS, VOCABULARY, heading, is_missing, is_number, plain, visible

if TYPE_CHECKING:
    import pandas as pd

MAX_ROWS = 200
_NOT_AVAILABLE = '<span role="img" aria-label="not available">–</span>'
_NO_ROWS = "no rows"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_HREF = re.compile(rf"(?=.)((\.\./)?{_NAME}(/{_NAME})?)?(#[a-z0-9-]+)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?")
_ROOM = ((42, 0), (68, 36), (96, 50), (132, 66), (math.inf, 100))  # letters side by side: [em] they need
_LINE, _BETWEEN = 15, 3  # letters in the shortest line of a text, and between columns
_UNBROKEN = 22  # letters at most that stay on one line


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
    links : tuple of str or None
        Where the first cell of each row leads, on pages of ours.

    Notes
    -----
    The class of a table too wide for a phone says how much room it needs, ``needs-50`` for 50 em. With less the
    style sheet of the pages stacks the cells of each row, each beside its heading; the roles are written out
    because a browser may forget them then.

    Examples
    --------
    >>> import pandas as pd
    >>> shown = table(pd.DataFrame({"endpoint": ["/"], "p95": [0.0461]}), "Response times")  # [s]
    >>> shown.headings, shown.rows
    (('endpoint', 'P95 [ms]'), (('/', '46.1'),))
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    caption: str
    links: tuple[str | None, ...] = ()

    def _repr_html_(self) -> str:
        caption = html.escape(self.caption)
        head = "".join(self._heading(i, text) for i, text in enumerate(self.headings))
        links = self.links or (None,) * len(self.rows)
        lines = [self._row(row, link) for row, link in zip(self.rows, links, strict=True)]
        body = "\n".join(lines) or self._no_rows()
        wide = f" needs-{self._room}" if self._room else ""
        return (
            f'<div class="table{wide}">\n<table{self._role("table")}><caption>{caption}</caption>\n'
            f"<thead{self._role('rowgroup')}><tr{self._role('row')}>{head}</tr></thead>\n"
            f"<tbody{self._role('rowgroup')}>\n{body}\n</tbody></table></div>"
        )

    def _no_rows(self) -> str:
        cell = (
            f'<td{self._role("cell")} colspan="{len(self.headings)}" style="text-align:left">{_NO_ROWS}</td>'
        )
        return f"<tr{self._role('row')}>{cell}</tr>"

    @cached_property
    def _room(self) -> int:
        """The width the table needs to stand side by side; 0 if any will do. [em]"""
        if len(self.headings) == 1:
            return 0
        letters = sum(self._letters(i) + _BETWEEN for i in range(len(self.headings)))
        return next(room for most, room in _ROOM if letters <= most)

    def _letters(self, column: int) -> int:
        """The letters of a column in its longest line, or in the longest word of its heading."""
        words = self.headings[column].split()
        return max(len(line) for line in (*words, *(self._longest(column, row[column]) for row in self.rows)))

    def _longest(self, column: int, text: str) -> str:
        whole = self._stays_on_one_line("td", column, text)
        return max(_split(text), key=len) if whole else text[:_LINE]

    def _role(self, role: str) -> str:
        return f' role="{role}"' if self._room else ""

    def _row(self, row: tuple[str, ...], link: str | None) -> str:
        name, *values = row
        cells = [self._cell(i, text) for i, text in enumerate(values, start=1)]
        style, shown = self._style("th", 0, name), self._shown(0, name)
        shown = shown if link is None else f'<a href="{html.escape(link)}">{shown}</a>'
        first = f'<th scope="row"{self._role("rowheader")}{style}>{shown}</th>'
        return f"<tr{self._role('row')}>{''.join([first, *cells])}</tr>"

    def _heading(self, column: int, text: str) -> str:
        style = self._style("th", column, text)
        return f'<th scope="col"{self._role("columnheader")}{style}>{html.escape(text)}</th>'

    def _cell(self, column: int, text: str) -> str:
        label = f' data-label="{html.escape(self.headings[column])}"' if self._room else ""
        style = self._style("td", column, text)
        return f"<td{self._role('cell')}{label}{style}>{self._shown(column, text)}</td>"

    def _style(self, tag: str, column: int, text: str) -> str:
        side = "right" if self.numeric[column] else "left"
        line = ";white-space:nowrap" if self._stays_on_one_line(tag, column, text) else ""
        return f' style="text-align:{side}{line}"'

    def _shown(self, column: int, text: str) -> str:
        if text == "–":
            return _NOT_AVAILABLE
        whole = self._stays_on_one_line("td", column, text)
        return " <wbr>".join(map(html.escape, _split(text))) if whole else html.escape(text)

    def _stays_on_one_line(self, tag: str, column: int, text: str) -> bool:
        """Whether it is a number, or a moment or a short path, which break at hyphens."""
        if self.numeric[column]:
            return tag == "td" and max(map(len, _split(text))) <= _UNBROKEN
        return len(text) <= _UNBROKEN and (" " not in text or _MOMENT.fullmatch(text) is not None)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def __str__(self) -> str:
        lines = (self.headings, *self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        body = [self._line(line, widths) for line in lines]
        return "\n".join([self.caption, *body, *([] if self.rows else [_NO_ROWS])])

    def _line(self, texts: tuple[str, ...], widths: list[int]) -> str:
        columns = zip(texts, widths, self.numeric, strict=True)
        return "  ".join(f"{text:>{n}}" if right else f"{text:<{n}}" for text, n, right in columns).rstrip()


def _split(text: str) -> list[str]:
    """Return a number and its interval, or a day and its time, between which a line may end."""
    return text.split(" ") if _MOMENT.fullmatch(text) else re.split(r" (?=\()", text, maxsplit=1)


def table(frame: pd.DataFrame, caption: str, links: Sequence[str | None] | None = None) -> Table:
    """Show a frame: its columns under the headings of `VOCABULARY`, a named index as the first column.

    Parameters
    ----------
    frame : DataFrame
        Values in seconds, requests and fractions; `Estimate` cells print with their interval.
    caption : str
        What the table shows, in a sentence.
    links : sequence of str or None, optional
        One for each row: the page of ours, or the place on one, that its first cell leads to.

    Raises
    ------
    DomainError
        If the frame has no column, or a link is not one of ours.

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
    remark = f" (the first {MAX_ROWS} of {whole:,} rows)" if whole > MAX_ROWS else ""
    return Table(
        headings=tuple(heading(name) for name, _ in columns),
        rows=tuple(zip(*texts, strict=True)),
        numeric=tuple(_is_numeric(name, values) for name, values in columns),
        caption=visible(caption, 400) + remark,
        links=_links(links, whole)[:MAX_ROWS],
    )


def _links(links: Sequence[str | None] | None, rows: int) -> tuple[str | None, ...]:
    if links is None:
        return ()
    if len(links) != rows:
        raise DomainError(f"{len(links)} links for {rows} rows; give one, or None, for each row")
    wrong = [link for link in links if link is not None and not _HREF.fullmatch(link)]
    if wrong:
        allowed = "such as 02-capacity.html, checkout/index.html or #gates"
        raise DomainError(
            f"link {visible(wrong[0])!r} leads to no page of a report; give a relative one, {allowed}"
        )
    return tuple(links)


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


def result_html(frame: pd.DataFrame, caption: str, text: str) -> str:
    """Show a result as a notebook does: its table, then its sentences.

    Examples
    --------
    >>> import pandas as pd
    >>> result_html(pd.DataFrame({"p95": [0.1]}), "Times", "It rises.")[-30:]
    '</table></div><p>It rises.</p>'
    """
    return table(frame, caption)._repr_html_() + prose(text)._repr_html_()
