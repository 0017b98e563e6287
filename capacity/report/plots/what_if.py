"""What changes when an assumption is otherwise: every knob in a panel of its own, and one change as it is made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import Figure, Prose
from capacity.estimate import Estimate, number
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import BLUE, GREEN, INK, RED, ROW, WIDTH, Panel
from capacity.report.plots.words import percent

if TYPE_CHECKING:
    import pandas as pd

    from capacity.planning.what_if.knobs import Knob
    from capacity.planning.what_if.outcome import Change
    from capacity.planning.what_if.what_if import WhatIf

_HEIGHT, _HEAD, _GAP = (
    0.95,
    0.36,
    0.22,
)  # of a small panel, of its title, between two beside each other [inch]
_TOP = 2.6  # times what the plan promises or is asked for, beyond which a line leaves its panel


class _Grid(Canvas):
    """Small panels two by two, on one vertical scale."""

    def __init__(self, title: str, count: int) -> None:
        super().__init__(title, heights=(_HEIGHT,) * math.ceil(count / 2))
        self.beside = [
            Panel(self._sheet.add_axes((0, 0, 1, 1), label=f"beside {i}")) for i in range(count // 2)
        ]
        for panel in (*self.panels, *self.beside):
            panel.head = _HEAD

    @property
    def all_panels(self) -> list[Panel]:
        """Every panel, in the order of reading."""
        pairs = [panel for pair in zip(self.panels, self.beside, strict=False) for panel in pair]
        return pairs if len(self.panels) == len(self.beside) else [*pairs, self.panels[-1]]

    def _lay_out(self) -> None:
        super()._lay_out()
        for i, panel in enumerate(self.panels):
            place = panel.axes.get_position()
            width = (place.width - _GAP / WIDTH) / 2
            panel.axes.set_position((place.x0, place.y0, width, place.height))
            if i < len(self.beside):
                right = self.beside[i]
                right.axes.set_position((place.x1 - width, place.y0, width, place.height))
                right.axes.tick_params(labelleft=False)
                right.write_words()


@picture
def what_if(asked: WhatIf) -> Figure | Prose:
    """Draw what each knob does to the promised load and to the peak, the others as planned.

    Parameters
    ----------
    asked : WhatIf
        As `Study.what_if` gives it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/steps-1.json")
    >>> type(cap.plots.what_if(study.what_if)).__name__  # a picture with its text alternative
    'Figure'
    """
    sweeps = {knob: asked.sweeps[knob.name] for knob in asked.knobs}
    sheet = _Grid(_title(sweeps), len(sweeps))
    top = _TOP * max(
        _of(asked.plan.promised),
        _of(asked.plan.peak),
        0.4 * max(float(np.nanmax([0.0, *f["promised"]])) for f in sweeps.values()) * (not asked.plan.peak),
    )
    for panel, (knob, frame) in zip(sheet.all_panels, sweeps.items(), strict=True):
        panel.limits(y=(0.0, top or 1.0))
        _draw(panel, knob, frame)
    _name_lines(sheet.panel, *next(iter(sweeps.items())))
    sheet.panel.name_axes("", "req/s")
    sheet.panel.head = _HEAD
    return sheet.done(_alt(asked, sweeps), _caption(asked, sweeps))


def _draw(panel: Panel, knob: Knob, frame: pd.DataFrame) -> None:
    x = np.array([_shown(knob, value) for value in frame["value"]])
    room = 0.04 * (x[-1] - x[0] or 1.0)
    panel.limits(x=(x[0] - room, x[-1] + room))
    unit = f" [{knob.unit}]" if knob.unit else ""
    panel.axes.set_title(f"{knob.title}{unit}", loc="left", fontsize=10.5, color=INK, pad=7)
    for name, colour, width in (("peak", RED, 1.2), ("promised", GREEN, 2.0)):
        if frame[name].notna().any():
            panel.band(x, frame[f"{name}_low"], frame[f"{name}_high"], colour=colour)
            panel.model(x, frame[name], colour=colour, width=width)
    unknown = frame["promised"].isna().to_numpy()
    panel.measured(x[unknown], np.zeros(unknown.sum()), colour=RED, marker="x", size=5)
    planned = frame["value"].to_numpy() == knob.plan
    panel.upright_rule(float(x[planned][0]))
    panel.measured(x[planned], frame["promised"][planned], colour=GREEN, marker="D", size=6)


def _name_lines(panel: Panel, knob: Knob, frame: pd.DataFrame) -> None:
    """Name the lines in one panel, at its right end, the upper above and the lower below."""
    last = frame.iloc[-1]
    lines = [(last[name], name, colour) for name, colour in (("peak", RED), ("promised", GREEN))]
    known = sorted(line for line in lines if not math.isnan(line[0]))
    for (y, name, colour), up in zip(known, (-9, 9) if len(known) > 1 else (9,), strict=True):
        panel.say(_shown(knob, last["value"]), y, name, colour=colour, side="right", up=up)


def _shown(knob: Knob, value: float) -> float:
    """Return where a position lies on its axis: shares as percent."""
    return 100 * value if knob.unit == "%" else value


def _of(estimate: Estimate | None) -> float:
    return 0.0 if estimate is None else estimate.middle


def _margins(frame: pd.DataFrame) -> np.ndarray:
    """Return how far the promised load exceeds the peak, at each position; without a peak the promised load."""
    return frame["promised"].fillna(0.0).to_numpy() - frame["peak"].fillna(0.0).to_numpy()


def _title(sweeps: dict[Knob, pd.DataFrame]) -> str:
    spans = {knob: np.ptp(_margins(frame)) for knob, frame in sweeps.items()}
    knob = max(spans, key=lambda each: spans[each])
    frame = sweeps[knob]
    if spans[knob] < 1e-6:
        return "None of this moves the answer"
    moves = "Instances move" if knob.name == "instances" else f"{knob.title} moves"
    ends = (
        f"{_margin(frame, i)} {'with' if knob.name == 'instances' else 'at'} {knob.told(frame['value'].iloc[i])}"
        for i in (0, -1)
    )
    return f"{moves} the answer most: {', '.join(ends)}"


def _margin(frame: pd.DataFrame, i: int) -> str:
    margin, asked = _margins(frame)[i], frame["peak"].notna().any()
    if not asked:
        return f"{number(margin)} req/s promised"
    return f"{number(abs(margin))} req/s {'to spare' if margin >= 0 else 'short'}"


def _caption(asked: WhatIf, sweeps: dict[Knob, pd.DataFrame]) -> str:
    crosses = any(frame["promised"].isna().any() for frame in sweeps.values())
    peak = "" if asked.plan.peak is None else " Thin red line: the largest peak asked for."
    return (
        f"Thick green line: load that may be promised.{peak} Bands: 90% intervals. Upright line and diamond: the plan."
        + (" Crosses: no load keeps the objective." if crosses else "")
    )


def _alt(asked: WhatIf, sweeps: dict[Knob, pd.DataFrame]) -> str:
    plan = [f"promised {asked.plan.told('promised')}", f"peak {asked.plan.told('peak')}"]
    return ". ".join([f"As planned: {', '.join(plan)}", *(_words(knob, f) for knob, f in sweeps.items())])


def _words(knob: Knob, frame: pd.DataFrame) -> str:
    ends = [frame.iloc[0], frame.iloc[-1]]
    told = [f"promised {_range([row['promised'] for row in ends])}"]
    if frame["peak"].notna().any():
        told.append(f"peak {_range([row['peak'] for row in ends])}")
    if frame["chance"].notna().all():
        told.append(f"chance of missing {percent(ends[0]['chance'])} to {percent(ends[1]['chance'])}")
    low, high = (knob.told(row["value"]) for row in ends)
    return f"{knob.title} {knob.told(knob.plan)} in the plan, from {low} to {high}: {', '.join(told)}"


def _range(ends: list[float]) -> str:
    low, high = ("nothing" if math.isnan(value) else number(value) for value in ends)
    return f"{low} req/s" if low == high else f"{low} to {high} req/s"


@picture
def change(changed: Change) -> Figure | Prose:
    """Draw the peak, the promised and the metastable-safe load as they are now, the plan's beside them.

    Parameters
    ----------
    changed : Change
        As `WhatIf.at` gives it.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.change(study.what_if.at(instances=3))).__name__  # a picture with its text alternative
    'Figure'
    """
    rows = [(name, before, after) for name, before, after in _pairs(changed) if after or before]
    sheet = Canvas(_now(changed), heights=(ROW * len(rows),))
    panel = sheet.panel.rows([name for name, *_ in rows]).name_axes("Load [req/s]", "")
    panel.limits(x=(0.0, 1.1 * max(_far(e) for _, *pair in rows for e in pair if e is not None) or 1.0))
    for i, (name, before, after) in enumerate(rows):
        colour = RED if name == "largest peak" else GREEN if name == "promised" else BLUE
        if after is not None:
            panel.bar(i, 0.0, after.middle, colour=colour, strength=0.35)
        if before is not None:
            panel.measured([before.middle], [i], colour=INK, marker="D", size=6)
        panel.beside(i, "not known" if after is None else number(after.middle), colour)
    told = "; ".join(
        f"{name} {after or 'not known'}, in the plan {before or 'not known'}" for name, before, after in rows
    )
    return sheet.done(told, "Bars: now. Diamonds: the plan.")


def _pairs(changed: Change) -> list[tuple[str, Estimate | None, Estimate | None]]:
    names = {"peak": "largest peak", "promised": "promised", "metastable_safe": "metastable-safe"}
    return [(words, getattr(changed.plan, name), getattr(changed.now, name)) for name, words in names.items()]


def _far(estimate: Estimate) -> float:
    return max(value for value in (estimate.middle, estimate.low) if math.isfinite(value))


def _now(changed: Change) -> str:
    promised, peak = changed.now.promised, changed.now.peak
    if promised is None:
        return "No load may be promised"
    told = f"{number(promised.middle)} req/s may be promised"
    return told if peak is None else f"{told} for a peak of {number(peak.middle)} req/s"
