"""One reader per load generator; `read` recognises whose file it is."""

from __future__ import annotations

from pathlib import Path

from capacity.evidence.exports import artillery
from capacity.evidence.loadtest import LoadTest

__all__ = ["artillery", "read"]


def read(path: str | Path) -> LoadTest:
    """Read a load-test export, recognising the tool by the file's content.

    Parameters
    ----------
    path : str or Path
        Export, plain or gzip.

    Raises
    ------
    InputError
        If the file is no export of a supported tool, is damaged, or contradicts itself.

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/stress.json")
    >>> test.tool, round(test.duration), test.totals["requests"]  # duration in [s]
    ('artillery', 200, 58150)
    """
    return artillery.read(path)
