"""How a report, a script and their parts show themselves in a notebook. Names come from strangers: all are escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence, Sized
from typing import Any

from artillery_results_parser.errors import printable

_MOST = 8  # entries written out; of more their number is told


class Shown:
    """A part with its fields on show, one a row; what the file does not say is left out.

    Examples
    --------
    >>> from artillery_results_parser import Vusers
    >>> Vusers(created=3, completed=2)._repr_html_()
    '<table><tr><th>created</th><td>3</td></tr><tr><th>completed</th><td>2</td></tr></table>'
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        fields: Any = getattr(self, "__struct_fields__", None) or getattr(self, "__dataclass_fields__", ())
        told = ((name, getattr(self, name)) for name in fields)
        rows = "".join(_row(name, value) for name, value in told if value is not None)
        return f"<table>{rows}</table>"


def _row(name: str, value: object) -> str:
    return f"<tr><th>{name.replace('_', ' ')}</th><td>{html.escape(printable(_told(value)))}</td></tr>"


def _told(value: object) -> str:
    if isinstance(value, Mapping) and any(isinstance(item, Shown) for item in value.values()):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping) and len(value) <= _MOST:
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    many = isinstance(value, (Mapping, Sequence)) or hasattr(value, "__len__")
    if many and isinstance(value, Sized) and not isinstance(value, str):
        return f"{len(value):,}"
    return str(value)


def preformatted(text: str) -> str:
    """Show text as it stands, lines kept.

    Examples
    --------
    >>> preformatted("a < b")
    '<pre>a &lt; b</pre>'
    """
    return f"<pre>{html.escape(text)}</pre>"
