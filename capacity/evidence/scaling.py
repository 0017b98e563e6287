"""How throughput grows with concurrency within one deployment: a scalability law from its judged operating points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.errors import NotIdentified
from capacity.estimate import Estimate, number
from capacity.evidence.operating import Point
from capacity.models.fits.openfit import OpenFit
from capacity.models.fits.selection import LawChoice, choose_law
from capacity.models.scalability import Amdahl, Linear, Usl
from capacity.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

_LAWS = (Linear, Amdahl, Usl)
_HELD = 20.0  # time a load must have been held for its mean response time to tell of it [s]
_MORE = 1.01  # ratio of throughputs from which one contradicts a peak


@dataclass(frozen=True, eq=False)
class Scaling(Shown):
    """How one deployment's throughput grows with the requests in it.

    Parameters
    ----------
    choice : LawChoice
        The laws its steady steps determine, weighed by the evidence.
    saturated : tuple of float
        Successful answers per second of the overloaded stretches, which no law was fitted to. [req/s]
    refused : tuple of str
        Why laws were left out.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.concurrency_law.fit.unit_throughput)
    28.1 req/s (26.8 to 29.9)
    """

    choice: LawChoice
    saturated: tuple[float, ...]
    refused: tuple[str, ...]

    @property
    def fit(self) -> OpenFit:
        """The law with the largest weight."""
        assert isinstance(self.choice.fit, OpenFit)  # noqa: S101 - fit_scaling makes no others
        return self.choice.fit

    @cached_property
    def peak_throughput(self) -> Estimate:
        """Highest throughput; "at least" what was carried where the law shows none or overload carried more [req/s]."""
        peak = self.choice.peak_throughput
        if not self._contradicted:
            return peak
        return Estimate.at_least(
            self._carried,
            unit="req/s",
            method="overload carried more than the law's peak",
            provenance="measured",
        )

    @property
    def peak_concurrency(self) -> Estimate:
        """Concurrency of the peak; "at least" what was tested where there is none to see [requests]."""
        peak = self.fit.peak_concurrency
        if self.peak_throughput.bounded or not peak.bounded:
            return peak
        return Estimate.at_least(
            self.fit.tested[1], unit="", method="peak not identified", provenance="measured"
        )

    @property
    def text(self) -> str:
        """The answer in sentences."""
        if self.peak_throughput.bounded:
            parts = [self.fit.text, self.choice.text]
        else:
            unknown = f"The peak is not identified: {self.peak_throughput}."
            parts = [self.fit.law_text, unknown, self.choice.text, *self.fit.notes]
        if self._contradicted:
            parts.append(
                f"Overload carried {number(self._carried)} req/s, more than the law's peak: it does not hold there."
            )
        return " ".join([*parts, *self.refused])

    def to_frame(self) -> pd.DataFrame:
        """One row a steady step: throughput, response time, concurrency, and the law with its interval."""
        frame = self.fit.to_frame()
        frame.insert(2, "response_time", self.fit.response_time)
        return frame.sort_values("throughput", ignore_index=True)

    @property
    def _carried(self) -> float:
        return max([*self.saturated, float(self.fit.load.max())])

    @property
    def _contradicted(self) -> bool:
        peak = self.choice.peak_throughput
        return peak.bounded and self._carried > _MORE * peak.high


def fit_scaling(points: Sequence[Point], level: float = 0.9) -> Scaling:
    """Fit Linear, Amdahl and USL to the steady steps of one deployment and weigh them.

    Healthy plateaus of 20 s or more count, each with its throughput X and the mean response time R = N / X of all
    answers. Overloaded stretches have no steady response time and are left out; what they carried is held against
    the law's peak. Scatter is taken to grow with R², as that of a queue's mean over a fixed time does near
    saturation [1]. This is about concurrency within one deployment; for instance counts see `Study.scaling`.

    Parameters
    ----------
    points : sequence of Point
        Judged operating points, such as `Capacity.points`.
    level : float
        Confidence of the intervals. [fraction]

    Raises
    ------
    NotIdentified
        If the steps determine none of the laws; the message names loads that would help.

    References
    ----------
    .. [1] Whitt, Planning queueing simulations, Management Science 35, 1989, sec. 3.

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> steps = cap.find_steps(test, cap.read_script("data/storefront/steps-1.yml"))
    >>> law = cap.fit_scaling(cap.find_limits([test], steps).points)
    >>> print(law.peak_throughput)
    at least 285 req/s
    """
    steps = [p.step for p in points if p.state == "healthy" and _steady(p)]
    throughput = np.array([step.throughput for step in steps])
    response_time = np.array([step.concurrency / step.throughput for step in steps])
    fits, refusals = [], []
    for law in _LAWS:
        try:
            fits.append(law.fit_open(throughput, response_time, level, noise="queueing"))
        except NotIdentified as refusal:
            refusals.append(str(refusal))
    if not fits:
        raise NotIdentified(refusals[0])
    overload = tuple(p.step.goodput for p in points if p.state == "saturated" and p.step.goodput > 0)
    refused = tuple(f"{reason[:1].upper()}{reason[1:]}." for reason in refusals)
    return Scaling(choose_law(fits), overload, refused)


def _steady(point: Point) -> bool:
    """Whether a point is a load held long enough, with response times."""
    step = point.step
    held = step.kind == "plateau" and step.duration >= _HELD
    return held and step.throughput > 0 and bool(np.isfinite(step.concurrency)) and step.concurrency > 0
