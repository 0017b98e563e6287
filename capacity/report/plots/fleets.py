"""What several instances carry: the scaling law, safe loads, risks, and what the policies take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from capacity.display import Figure, Prose, prose
from capacity.estimate import Estimate, number
from capacity.report.plots.canvas import Canvas, picture
from capacity.report.plots.panel import BLUE, GREEN, GREY, INK, RED, ROW, Panel
from capacity.report.plots.words import percent
from capacity.wording import counted, sentence

if TYPE_CHECKING:
    import pandas as pd

    from capacity.models.fits.fitting import Fit
    from capacity.planning.fleet.fleet import FleetPlan
    from capacity.planning.fleet.headroom import Waterfall


@picture
def scaling(points: pd.DataFrame, fit: Fit | None = None) -> Figure | Prose:
    """Draw the saturation throughput by number of instances: measured, fitted, and if nothing were lost.

    Parameters
    ----------
    points : DataFrame
        `instances` and `saturation_throughput` (an estimate), a row for each count tested.
    fit : Fit, optional
        The fitted law, dashed beyond the counts tested.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.scaling(study.scaling_points, study.scaling)).__name__  # a picture with its text alternative
    'Figure'
    """
    known = [
        (row.instances, row.saturation_throughput) for row in points.itertuples() if row.saturation_throughput
    ]
    known = [(n, e) for n, e in known if e.value is not None]
    if len(known) < 2:
        return prose("Saturation was reached at fewer than two numbers of instances: nothing to compare.")
    (first, one), (most, _) = known[0], known[-1]
    right = max(2 * most, 2)
    each = one.middle / first
    sheet = Canvas(_scaling_title(known))
    panel = sheet.panel.name_axes("Instances", "Saturation throughput [req/s]").whole_numbers()
    panel.limits(x=(0.0, right), y=(0.0, 1.05 * each * right))
    panel.model([0, right], [0, each * right], colour=GREY, width=1.0)
    panel.label(each * right, "nothing lost", GREY)
    if fit is not None:
        _law(panel, fit, most, right)
    panel.whiskers(
        [n for n, _ in known], [e.low for _, e in known], [min(e.high, 2 * e.middle) for _, e in known]
    )
    panel.measured([n for n, _ in known], [e.value for _, e in known], size=6)
    labelled = math.inf
    for n, estimate in reversed(known):
        if labelled - n > 0.07 * right:  # the numbers of neighbours would meet
            panel.say(n, estimate.middle, number(estimate.middle), up=-10)
            labelled = n
    alt = "; ".join(f"{counted(n, 'instance')}: {estimate}" for n, estimate in known)
    return sheet.done(
        alt + (f". {fit.text}" if fit is not None else ""),
        "Dots: measured. Line: fitted, dashed beyond the fleets tested.",
    )


def _law(panel: Panel, fit: Fit, most: float, right: float) -> None:
    for low, high in ((0.0, most), (most, right)):
        sizes = np.linspace(max(low, 0.25), high, 40)
        panel.model(sizes, fit.law.throughput_at(sizes), extrapolated=low > 0)
    beyond = np.linspace(most, right, 12)
    rows = [fit.predict(n) for n in beyond]
    panel.band(beyond, [row.low for row in rows], [row.high for row in rows])
    panel.label(float(fit.law.throughput_at(right)), "fitted", BLUE)


def _scaling_title(known: list[tuple[int, Estimate]]) -> str:
    (first, one), (most, last) = known[0], known[-1]
    share = percent(last.middle / (one.middle * most / first))
    carried = f"{counted(most, 'instance')} carry {number(last.middle)} req/s"
    return f"{carried}, {share} of what they would if nothing were lost"


@picture
def fleet_options(fleet: FleetPlan) -> Figure | Prose:
    """Draw what each fleet may safely be given, against the peak, and its chance of missing the objective.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.fleet_options(study.fleet)).__name__  # a picture with its text alternative
    'Figure'
    """
    options, risk = fleet.options, fleet.policy.risk
    peak, days = fleet.demand.peak, fleet.demand.horizon_days
    sheet = Canvas(_fleet_title(fleet), heights=(ROW * len(options),))
    panel = sheet.panel.rows([_option(size, fleet) for size in options["instances"]])
    panel.name_axes("Safe load [req/s]", f"At the right: chance to miss the objective in {days} days [%]")
    panel.limits(x=(0.0, 1.04 * max(float(options["safe_load_high"].max()), peak.high)))
    panel.upright(peak.low, peak.high, colour=RED)
    panel.upright_rule(peak.middle, colour=RED)
    right = peak.middle < panel.axes.get_xlim()[1] / 2
    panel.below(peak.middle, f"peak {number(peak.middle)}", colour=RED, side="left" if right else "right")
    for i, row in enumerate(options.itertuples()):
        colour, marker = (GREEN, "o") if row.probability_missed <= risk else (RED, "X")
        panel.bar(i, row.safe_load_low, row.safe_load_high, colour=colour, strength=0.3)
        panel.measured([row.safe_load], [i], colour=colour, marker=marker, size=6)
        panel.beside(i, percent(row.probability_missed), colour)
    caption = (
        "Bars and band: 90% intervals. Upright rule: the peak. "
        f"Crosses are beyond the accepted risk of {percent(risk)}, dots within it."
    )
    return sheet.done(
        "; ".join(_option_words(row) for row in options.itertuples()) + f". Peak {peak}", caption
    )


def _option(size: int, fleet: FleetPlan) -> str:
    words = [
        name
        for name, count in (("today", fleet.instances_running), ("needed", fleet.recommended))
        if count == size
    ]
    return f"{size:,}{': ' if words else ''}{' and '.join(words)}"


def _option_words(row: Any) -> str:
    safe = f"{number(row.safe_load)} req/s ({number(row.safe_load_low)} to {number(row.safe_load_high)})"
    missed = percent(row.probability_missed)
    return f"{counted(row.instances, 'instance')}: safe load {safe}, chance of missing {missed}"


def _fleet_title(fleet: FleetPlan) -> str:
    now = f"today's fleet misses it with a chance of {percent(fleet.probability_missed_running)}"
    if fleet.recommended is None:
        return f"No number of instances keeps the objective at the accepted risk; {now}"
    keeps = "keeps" if fleet.recommended == 1 else "are the fewest that keep"
    title = f"{counted(fleet.recommended, 'instance')} {keeps} the objective at the accepted risk"
    return title if fleet.recommended == fleet.instances_running else f"{title}; {now}"


@picture
def headroom(waterfall: Waterfall) -> Figure | Prose:
    """Draw how the nominal capacity of a fleet becomes the load it may be given, policy by policy.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> type(cap.plots.headroom(study.headroom)).__name__  # a picture with its text alternative
    'Figure'
    """
    steps = [step for step in waterfall.steps if step.reduction > 0]
    rows = [
        ("nominal", waterfall.nominal, 0.0),
        *((s.name, s.load, s.reduction) for s in steps),
        ("safe load", waterfall.safe_load, 0.0),
    ]
    sheet = Canvas(_promise(waterfall), heights=(ROW * len(rows),))
    panel = sheet.panel.rows([name for name, *_ in rows]).name_axes("Load [req/s]", "")
    panel.limits(x=(0.0, 1.02 * waterfall.nominal))
    for i, (_, load, taken) in enumerate(rows):
        panel.bar(i, 0.0, load, colour=GREEN if i == len(rows) - 1 else BLUE, strength=0.3 if taken else 0.75)
        panel.bar(i, load, load + taken, colour=RED, strength=0.75)
        words = f"−{number(taken)}" if taken else number(load)
        panel.beside(i, words, RED if taken else INK)
    return sheet.done(waterfall.text, sentence("; ".join(f"{step.name}: {step.policy}" for step in steps)))


def _promise(waterfall: Waterfall) -> str:
    """What is left of the nominal capacity, or who takes all of it."""
    if waterfall.safe_load <= 0:
        last = next(step.name for step in waterfall.steps if step.load <= 0)
        return f"{counted(waterfall.instances, 'instance')} can promise nothing: {last} take all"
    share = percent(waterfall.safe_load / waterfall.nominal)
    nominal = f"{number(waterfall.nominal)} req/s that {counted(waterfall.instances, 'instance')} could carry"
    return f"{share} of the {nominal} can be promised"
