"""The page that compares services: sorted by urgency, and what they cost; the same rows for a spreadsheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from capacity.display import prose, table
from capacity.estimate import Estimate
from capacity.report.exporting import page, synthetic
from capacity.report.files.artefacts import csv_of
from capacity.report.pages import links
from capacity.report.several.summary import Summary
from capacity.wording import counted, visible

if TYPE_CHECKING:
    import pandas as pd

    from capacity.report.pages import Making

Row = tuple[Summary, str | None]
_URGENT = ("service", "verdict", "peak", "promised", "instances", "probability_missed", "action")
_COST = ("service", "running", "needed", "rent_now", "rent_needed", "rent_more", "currency", "work_worth")
_ORDER = (
    "Order: first the plans without a complete report, then those whose evidence is void or not enough, then those "
    "that are not ready, then the rest. Among those alike, the one whose fleet is too small soonest comes first, then "
    "the one more likely to miss its objectives.",
    "Instances: today's, those that will do, and the first day by which the chance that today's have been too few is "
    "above the risk the plan accepts; a question mark stands where no number is known to do. Peaks, promises and "
    "chances of different services are never added, for they do not happen together; nor is money of two currencies.",
)


def files(rows: Sequence[Row], made: Making) -> dict[str, bytes]:
    """Make the comparison, as a page and as comparison.csv.

    Parameters
    ----------
    rows : sequence of (Summary, str or None)
        Each service with the address of its report, if there is one.
    made : Making
        How the page was made.
    """
    rows = sorted(rows, key=lambda row: row[0].urgency)
    return {"index.html": _page(rows, made), "comparison.csv": as_csv([({}, row) for row, _ in rows])}


def _page(rows: Sequence[Row], made: Making) -> bytes:
    from capacity.report import plots

    summaries = [row for row, _ in rows]
    what_for = (
        "One row a service, for whoever decides where to look first. A service links to its report.\n\n"
    )
    cells: list[object] = [
        f"# Which service first?\n\n{what_for}",
        prose(*told(summaries)),
        table(by_urgency(summaries), "Services, the most urgent first", links=[href for _, href in rows]),
        plots.services(drawn(summaries)),
    ]
    if any(row.answered for row in summaries):
        cells.append(
            table(by_cost(summaries), "Instances, their rent and the work, the dearest instances first")
        )
    cells += ["## How to read this", prose(*_ORDER)]
    about = made.about(
        "Which service first?",
        counted(len(rows), "service"),
        links({"All services": "index.html"}, "All services"),
    )
    return page(synthetic(*cells), about)


def told(rows: Sequence[Summary]) -> list[str]:
    """Say how the services stand, and what to do about the most urgent one."""
    standing: dict[str, int] = {}
    for row in rows:
        standing[row.status] = standing.get(row.status, 0) + 1
    first = next((row for row in rows if row.answered), None)
    return [
        f"{counted(len(rows), 'service')}: {', '.join(f'{n} {status}' for status, n in standing.items())}.",
        f"The most urgent is {visible(first.service)}, {first.headline}: {first.action}" if first else "",
    ]


def by_urgency(rows: Sequence[Summary]) -> pd.DataFrame:
    """Return what a manager wants to know, a row a service."""
    import pandas as pd

    facts = [row.flat | {"verdict": row.headline, "instances": instances(row)} for row in rows]
    return pd.DataFrame(facts, columns=list(_URGENT), dtype=object)


def instances(row: Summary) -> str | None:
    """Say how many instances there are, how many will do, and from when today's are too few.

    Examples
    --------
    >>> import datetime as dt
    >>> instances(Summary("shop", "NOT READY", "NOT READY", "", running=2, needed=5, short_from=dt.date(2026, 11, 27)))
    '2 → 5 from 2026‑11‑27'
    """
    if row.running is None or row.running == row.needed:
        return None if row.running is None else f"{row.running}"
    since = (
        f" from {row.short_from:%Y\u2011%m\u2011%d}" if row.short_from else ""
    )  # a hyphen that does not break
    return f"{row.running} → {'?' if row.needed is None else row.needed}{since}"


def by_cost(rows: Sequence[Summary]) -> pd.DataFrame:
    """Return instances and rent of the services that have an answer, the dearest first, and what may be added."""
    import pandas as pd

    answered = [row for row in rows if row.answered]
    answered.sort(key=lambda row: (-(row.rent_needed or row.rent_now or 0.0), row.service))
    whole = [row for row in answered if row.running is not None and row.needed is not None]
    shown = [*answered, *([_together(whole, len(answered))] if len(whole) > 1 else [])]
    facts = [row.flat | {"rent_more": _more(row), "currency": row.currency or None} for row in shown]
    return pd.DataFrame(facts, columns=list(_COST), dtype=object)


def _together(rows: Sequence[Summary], of: int) -> Summary:
    """Add instances, and rent where all of it is known and in one currency."""
    priced = all(row.rent_now is not None and row.rent_needed is not None for row in rows)
    currencies = {row.currency for row in rows}
    name = "together" if len(rows) == of else f"together, the {len(rows)} of {of} with both numbers"
    total = Summary(
        name, "", "", "", running=sum(r.running or 0 for r in rows), needed=sum(r.needed or 0 for r in rows)
    )
    if not priced or len(currencies) > 1:
        return total
    rent, needed = sum(r.rent_now or 0.0 for r in rows), sum(r.rent_needed or 0.0 for r in rows)
    return Summary(**{**total.flat, "rent_now": rent, "rent_needed": needed, "currency": currencies.pop()})


def _more(row: Summary) -> float | None:
    return None if row.rent_now is None or row.rent_needed is None else row.rent_needed - row.rent_now


def drawn(rows: Sequence[Summary]) -> pd.DataFrame:
    """Return what the figure of services shows."""
    import pandas as pd

    return pd.DataFrame(
        [row.flat for row in rows], columns=["service", "peak", "promised", "status"], dtype=object
    )


def as_csv(rows: Sequence[tuple[dict[str, Any], Summary]]) -> bytes:
    """Write rows for a spreadsheet: an estimate in three columns."""
    flat = [
        {**given, **{k: v for name, value in row.flat.items() for k, v in _columns(name, value)}}
        for given, row in rows
    ]
    return csv_of(flat[0], (row.values() for row in flat))


_ESTIMATES = ("peak", "capacity", "promised", "work_worth")


def _columns(name: str, value: Any) -> list[tuple[str, object]]:
    if name not in _ESTIMATES:
        return [(name, value)]
    bounds = (value.value, value.low, value.high) if isinstance(value, Estimate) else (None, None, None)
    known = [None if bound is None or math.isinf(bound) else bound for bound in bounds]
    return list(zip((name, f"{name}_low", f"{name}_high"), known, strict=True))
