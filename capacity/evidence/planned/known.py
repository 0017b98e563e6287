"""What is known before the next test, in the few numbers that place its loads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.evidence.limits import Capacity, Status
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.objectives import Slo
from capacity.evidence.steps import whole_periods

if TYPE_CHECKING:
    from capacity.evidence.calibration import Service

LOW = 0.35
"""Share of the limit up to which hardly any request waits. [fraction]"""

_WELL_HELD = 3  # whole periods of a load that can be calibrated with
_NOISE = 0.12  # half the interval of a percentile measured over some minutes [fraction]
_FAILING = 0.5  # of the rate at which a generator failed, to begin from


@dataclass(frozen=True)
class Known:
    """What is known before the next test, in the numbers that place its loads.

    Parameters
    ----------
    status : str
        Of the saturation throughput.
    served, refused : float
        Highest load known to be served, lowest known to be too much; 0 and infinite where there is none. [req/s]
    limit : Estimate or None
        Saturation throughput where two-sided, measured or by the model. [req/s]
    bracket : tuple of float or None
        Loads between which the objectives are first missed. [req/s]
    crossings : tuple of Estimate
        By the model, the loads that would just be seen to keep them, that just keep them, and that would just be
        seen to miss them; empty without a model. [req/s]
    start : float
        A rate that was offered, where nothing else is known. [req/s]
    target : float
        Load the service is wanted for, 0 where unknown. [req/s]
    levels : tuple of float
        Loads served and held well enough to calibrate with. [req/s]
    quantile : float
        Highest percentile that has an objective. [fraction]
    response_time : float
        Response time at low load, 0 where unknown. [s]
    """

    status: Status
    served: float = 0.0
    refused: float = math.inf
    limit: Estimate | None = None
    bracket: tuple[float, float] | None = None
    crossings: tuple[Estimate, ...] = ()
    start: float = 0.0
    target: float = 0.0
    levels: tuple[float, ...] = ()
    quantile: float = 0.95
    response_time: float = 0.0

    @property
    def reference(self) -> float:
        """The best single number for the limit: known, or the most that is known to be served. [req/s]"""
        if self.limit is not None and self.limit.value is not None:
            return self.limit.value
        return self.served or min(self.refused, self.start)

    @property
    def predicted(self) -> bool:
        """Whether a model predicts where the objectives are first missed, and within what was measured."""
        if self.bracket is None or len(self.crossings) != 3 or self.crossings[1].value is None:
            return False
        return self.bracket[0] < self.crossings[1].value < self.bracket[1]

    @property
    def hopeless(self) -> bool:
        """Whether the objectives are missed where hardly any request waits, so that no load keeps them."""
        return self.bracket is not None and self.bracket[1] <= LOW * self.reference


def gather(
    capacity: Capacity, service: Service | None, slo: Slo | None, tests: Sequence[LoadTest], target: float
) -> Known:
    """Return what matters for the next test of what capacity, model and tests say; see `plan_next_test`."""
    healthy = [p for p in capacity.points if p.state == "healthy" and p.step.goodput > 0]
    saturated = [p.load for p in capacity.points if p.state == "saturated"]
    limit, overall = capacity.saturation_throughput, capacity.slo.get("all") if slo else None
    refused = min(saturated, default=math.inf)
    most = max((p.load for p in healthy if p.load < refused), default=0.0)
    return Known(
        status=capacity.status,
        served=limit.low if capacity.status == "at least" and limit else most,
        refused=limit.high if capacity.status == "at most" and limit else refused,
        limit=_two_sided(limit) or _two_sided(service.saturation_throughput if service else None),
        bracket=None if overall is None else _bracket(overall, _two_sided(limit)),
        crossings=_crossings(service, slo),
        start=_start(capacity, tests),
        target=target,
        levels=tuple(p.load for p in healthy if p.step.kind == "plateau" and len(p.step.rows) >= _WELL_HELD),
        quantile=max(slo.quantiles, default=0.95) if slo else 0.95,
        response_time=min((p.step.mean for p in healthy if p.step.mean > 0), default=0.0),
    )


def _two_sided(estimate: Estimate | None) -> Estimate | None:
    return estimate if estimate is not None and estimate.bounded and estimate.value is not None else None


def _bracket(overall: Estimate, limit: Estimate | None) -> tuple[float, float]:
    """Return where the objectives are first missed, at the saturation throughput at the latest. [req/s]"""
    high = overall.high if limit is None else min(overall.high, limit.high)
    return min(overall.low, high), high


def _crossings(service: Service | None, slo: Slo | None) -> tuple[Estimate, ...]:
    """Return the loads at which, by the model, objectives tighter, as they are, and looser are first missed. [req/s]"""
    if service is None or slo is None or not slo.quantiles:
        return ()
    shares = (1 / (1 + _NOISE), 1.0, 1 + _NOISE)
    try:
        each = [service.slo_capacity({q: s * limit for q, limit in slo.quantiles.items()}) for s in shares]
    except DomainError:
        return ()  # missed even without load, or not to be told
    return tuple(min(found.values(), key=lambda e: e.high if e.value is None else e.value) for found in each)


def _start(capacity: Capacity, tests: Sequence[LoadTest]) -> float:
    """Return a rate to begin from: what an overload gave, else what a generator sent before it failed. [req/s]"""
    if capacity.status == "at most" and capacity.goodput is not None and capacity.goodput.value:
        return capacity.goodput.value
    if capacity.status != "not established":
        return 0.0
    failed = any(test.generator_errors.sum() for test in tests)
    return max((_highest_sent(test) for test in tests), default=0.0) * (_FAILING if failed else 1.0)


def _highest_sent(test: LoadTest) -> float:
    """Return the most a generator sent over a period in which it did not fail itself. [req/s]"""
    periods = test.periods[(test.generator_errors == 0) & (test.periods["span"] > 0)]
    whole = periods.loc[periods.index.intersection(whole_periods(test))]
    chosen = whole if len(whole) else periods
    rates = (chosen["requests"] / chosen["span"]).dropna()
    return float(rates.max()) if len(rates) else 0.0
