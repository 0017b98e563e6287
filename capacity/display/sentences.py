"""Computed sentences: plain ones, a verdict on top of a page, a quiet note where nothing can be shown."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from capacity.errors import DomainError
from capacity.wording import visible

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b", re.ASCII)
_EDGES = {"good": "#2e7d4f", "bad": "#a4221a", "neutral": "#5b6472"}


def escaped(text: object, limit: int | None = 60) -> str:
    """Return text from outside as HTML that shows it and does nothing else."""
    return html.escape(visible(text, limit), quote=True)


def flowing(text: object, limit: int | None = None) -> str:
    """Return the same for running text: a date stays on one line."""
    return _DATE.sub(r'<span style="white-space:nowrap">\g<0></span>', escaped(text, limit))


@dataclass(frozen=True)
class Prose:
    """Paragraphs of computed sentences.

    Examples
    --------
    >>> print(prose("Three instances carry 449 req/s.", None, "Two do not."))
    Three instances carry 449 req/s.
    <BLANKLINE>
    Two do not.
    """

    paragraphs: tuple[str, ...]

    def _repr_html_(self) -> str:
        return "\n".join(f"<p>{flowing(paragraph)}</p>" for paragraph in self.paragraphs)

    def __str__(self) -> str:
        return "\n\n".join(visible(paragraph, None) for paragraph in self.paragraphs)

    def __repr__(self) -> str:
        return str(self)


def prose(*sentences: object) -> Prose:
    """Show computed sentences, a paragraph each or more where they hold blank lines; None and empty ones are left out.

    Examples
    --------
    >>> prose("Two instances carry 298 < 300 req/s.")._repr_html_()
    '<p>Two instances carry 298 &lt; 300 req/s.</p>'
    """
    told = (part for text in sentences if text is not None for part in str(text).split("\n\n"))
    return Prose(tuple(part for part in told if part.strip()))


@dataclass(frozen=True, repr=False)
class Note(Prose):
    """Sentences set apart and quiet: why there is nothing to show at this place."""

    def _repr_html_(self) -> str:
        style = "border-left:3px solid #7c8694;padding-left:1em;font-size:0.95em"
        return f'<div class="note" style="{style}">{super()._repr_html_()}</div>'


def note(*sentences: object) -> Note:
    """Say quietly why there is nothing to show at this place.

    Examples
    --------
    >>> print(note("Demand: left out. The plan has no [demand] with a traffic history."))
    Demand: left out. The plan has no [demand] with a traffic history.
    """
    return Note(prose(*sentences).paragraphs)


@dataclass(frozen=True)
class Banner:
    """A verdict on top of a page: its tone, its headline, the sentences below it and a quiet last line.

    Examples
    --------
    >>> print(banner("NOT READY", "The peak exceeds the safe load.", tone="bad"))
    NOT READY
    <BLANKLINE>
    The peak exceeds the safe load.
    """

    tone: str
    headline: str
    paragraphs: tuple[str, ...]
    remark: str = ""

    def _repr_html_(self) -> str:
        headline = f'<p class="headline" style="font-weight:650">{escaped(self.headline, 300)}</p>'
        remark = f'<p class="remark" style="font-size:0.85em">{escaped(self.remark, 400)}</p>'
        below = [Prose(self.paragraphs)._repr_html_(), *([remark] if self.remark else [])]
        edge = f"border-left:4px solid {_EDGES[self.tone]};padding:0.5em 1em"
        return "\n".join([f'<div class="banner {self.tone}" style="{edge}">{headline}', *below]) + "</div>"

    def __str__(self) -> str:
        parts = (visible(self.headline, 300), str(Prose(self.paragraphs)), visible(self.remark, 400))
        return "\n\n".join(part for part in parts if part)

    def __repr__(self) -> str:
        return str(self)


def banner(headline: str, *sentences: object, tone: str = "neutral", remark: str = "") -> Banner:
    """Show a verdict before everything else.

    Parameters
    ----------
    headline : str
        The verdict in a few words.
    sentences : object
        What follows from it, a paragraph each.
    tone : {"good", "bad", "neutral"}
        Colours its edge; the headline carries the meaning.
    remark : str
        A quiet last line: of which day it is, and from what it was made.

    Raises
    ------
    DomainError
        If the tone is another one.

    Examples
    --------
    >>> print(banner("shop: NOT READY", "Have 3 instances running.", tone="bad", remark="As of 2026-11-16."))
    shop: NOT READY
    <BLANKLINE>
    Have 3 instances running.
    <BLANKLINE>
    As of 2026-11-16.
    """
    if tone not in _EDGES:
        raise DomainError(f"tone {tone!r}; allowed: good, bad, neutral")
    return Banner(tone, headline, prose(*sentences).paragraphs, remark)
