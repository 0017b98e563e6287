"""How results are shown: tables, key numbers, sentences and figures as HTML.

The only place that makes HTML from data: `capacity.wording` writes each value, and here it is escaped.
Every piece looks right by its own inline styles, as JupyterLab shows it; the style sheet of the pages does more.
"""

from capacity.display.cards import Terms, Tiles, terms, tiles
from capacity.display.figures import Figure, figure
from capacity.display.sentences import Banner, Note, Prose, banner, note, prose
from capacity.display.tables import MAX_ROWS, Table, result_html, table
from capacity.wording import visible

__all__ = [
    "MAX_ROWS",
    "Banner",
    "Figure",
    "Note",
    "Prose",
    "Table",
    "Terms",
    "Tiles",
    "banner",
    "figure",
    "note",
    "prose",
    "result_html",
    "table",
    "terms",
    "tiles",
    "visible",
]
