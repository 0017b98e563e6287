"""Several services, or variants of one plan, on one scale: what may be asked of each, and what it can promise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from capacity.display import Figure, Prose, prose
from capacity.estimate import Estimate, number
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.lettering import width_of, wrapped
from capacity.report.plots.panel import GREEN, RED, STRIP, TEXT, Panel
from capacity.report.plots.scales import room_for
from capacity.report.plots.words import name_of, short
from capacity.wording import counted, visible

if TYPE_CHECKING:
    import pandas as pd

MOST = 30  # rows that still fit on a page
_FEW = 10  # rows with room for a name above their marks and its status
_DENSE = 0.27  # height of one of more rows [inch]
_LINEAR = 20.0  # largest rate over the smallest from which on equal ratios are drawn as equal steps
_STATUS = 24  # characters of a status


class Row(NamedTuple):
    """A service: what may be asked of it, what it can promise; None where that is not known."""

    name: str
    status: str
    peak: Estimate | None
    promised: Estimate | None

    @property
    def shortage(self) -> float:
        """Peak over what can be promised; NaN where one is not known."""
        if self.peak is None or self.promised is None:
            return math.nan
        peak, promised = self.peak.middle, self.promised.middle
        return peak / promised if promised > 0 else math.inf if peak > 0 else 1.0

    @property
    def heading(self) -> str:
        """Name and status, the name cut so that both fit."""
        status = f": {self.status}" if self.status else ""
        return wrapped(self.name, TEXT - width_of(status), most=1)[0] + status


@picture
def services(frame: pd.DataFrame, *, noun: str = "service") -> Figure | Prose:
    """Draw what may be asked of each service against what it can promise, in the order given.

    Parameters
    ----------
    frame : DataFrame
        `service` and `status` (text), `peak` and `promised` (`Estimate` or None) [req/s]; the most urgent first.
    noun : str
        What a row stands for, such as ``"variant"``.

    Notes
    -----
    Of more than 30 rows the first are drawn, and the caption says how many are left out.

    Examples
    --------
    >>> import capacity as cap
    >>> import pandas as pd
    >>> peak, promised = (
    ...     cap.Estimate(value, low, high, unit="req/s", method="plan", provenance="assumed")
    ...     for value, low, high in [(252, 227, 305), (226, 213, 238)]
    ... )
    >>> shop = {"service": "shop", "status": "NOT READY", "peak": peak, "promised": promised}
    >>> type(cap.plots.services(pd.DataFrame([shop]))).__name__  # a picture with its text alternative
    'Figure'
    """
    every = [_row(record) for record in frame.to_dict("records")]
    rows = [row for row in every if row.peak or row.promised]
    if not rows:
        return prose(f"Of no {noun} is it known what may be asked or what can be promised.")
    shown = rows[:MOST]
    dense = len(shown) > _FEW
    sheet = Canvas(_services_title(every, noun), heights=((_DENSE if dense else STRIP) * len(shown),))
    panel = sheet.panel.name_axes(
        "Requests per second [req/s]", "◆ may be asked at the peak   ● can be promised today"
    )
    if dense:
        panel.rows([row.name for row in shown], lines=1, gap=width_of("1,234"))
        panel.right = room_for(["≥ 1,234"])
    else:
        panel.strips([row.heading for row in shown], left="1,234", right="≥ 1,234")
    _scale(panel, [e for row in shown for e in (row.peak, row.promised) if e is not None])
    for i, row in enumerate(shown):
        _compared(panel, i, row, lane=0.2 if dense else 0.1)
    alt = "; ".join(f"{row.name}: asked {_told(row.peak)}, promised {_told(row.promised)}" for row in shown)
    return sheet.done(alt, f"Bars: intervals.{_left_out(len(every), len(rows), len(shown), noun)}")


def _row(record: dict[Any, Any]) -> Row:
    known = [
        e if isinstance(e, Estimate) and math.isfinite(e.middle) else None
        for e in (record["peak"], record["promised"])
    ]
    return Row(name_of(record["service"]), visible(record.get("status") or "", _STATUS), *known)


def _scale(panel: Panel, estimates: Sequence[Estimate]) -> None:
    """Show every middle; the same ratio has the same length where services differ much in size."""
    middles = [e.middle for e in estimates if e.middle > 0]
    low, high = min(middles, default=1.0), max(middles, default=1.0)
    ends = [end for e in estimates for end in (e.low, e.high) if low / 2 < end < 2 * high]
    low, high = min([low, *ends]), max([high, *ends])
    if high / low > _LINEAR:
        panel.ratios(0.8 * low, 1.25 * high)
    else:
        panel.limits(x=(0.0, 1.02 * high))


def _compared(panel: Panel, row: int, values: Row, lane: float) -> None:
    """Draw both quantities of a row, one above the other, each with its number at the side where the other is not."""
    more = values.shortage > 1
    drawn = ((values.peak, RED, "D", more, -lane), (values.promised, GREEN, "o", not more, lane))
    for estimate, colour, marker, right, at in drawn:
        if estimate is None:
            continue
        low, high = panel.within(estimate.low, estimate.high)
        panel.bar(row + at, low, high, colour=colour, strength=0.3, height=2 * lane)
        if estimate.value is not None:
            panel.measured(panel.within(estimate.value), [row + at], colour=colour, marker=marker, size=5.5)
        side, end = ("left", high) if right else ("right", low)
        panel.say(end, row, short(estimate), colour=colour, side=side)


def _told(estimate: Estimate | None) -> str:
    return "not known" if estimate is None else str(estimate)


def _services_title(every: Sequence[Row], noun: str) -> str:
    known = [row for row in every if not math.isnan(row.shortage)]
    if not known:
        return f"Of no {noun} are both known: what may be asked, and what can be promised"
    missing = f" ({len(every) - len(known)} more not known)" if len(known) < len(every) else ""
    lacking = [row for row in known if row.shortage > 1]
    if not lacking:
        all_of_them = f"The {noun}" if len(known) == 1 else f"Each of {counted(len(known), noun)}"
        return f"{all_of_them} can promise what may be asked at the peak{missing}"
    worst = _worst(max(lacking, key=lambda row: row.shortage))
    if len(known) == 1:
        return worst + missing
    verb = "falls" if len(lacking) == 1 else "fall"
    return f"{len(lacking)} of {counted(len(known), noun)} {verb} short of the peak{missing}; {worst}"


def _worst(row: Row) -> str:
    asked, safe = (number(e.middle) for e in (row.peak, row.promised) if e is not None)
    return f"{row.name} may be asked for {asked} req/s and can promise {safe}"


def _left_out(every: int, known: int, shown: int, noun: str) -> str:
    parts = [f"{counted(known - shown, noun)} more are in the table"] if known > shown else []
    parts += [f"of {counted(every - known, noun)} neither is known"] if every > known else []
    return f" Not drawn: {'; '.join(parts)}." if parts else ""
