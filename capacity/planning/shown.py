"""How a planning result shows itself in a notebook: its table, then its sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def html(frame: pd.DataFrame, caption: str, text: str) -> str:
    """Table and paragraph as HTML, made and escaped by `capacity.display`."""
    from capacity.display import prose, table

    return table(frame, caption)._repr_html_() + prose(text)._repr_html_()
