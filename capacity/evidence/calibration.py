"""The service behind the measurements: one M/M/c station and a fixed delay, checked against every step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capacity.errors import NotIdentified
from capacity.estimate import Estimate, number
from capacity.evidence.limits import Capacity
from capacity.evidence.steps import QUANTILES, Step
from capacity.models.queueing import MMc

_ACCEPTED = 0.25  # relative error of the mean up to which the model describes the service [fraction]
_TOO_FAR = " That is too far off to plan with: nothing in this study rests on it."
_LOADS = 3  # distinct loads below saturation needed to see waiting grow
_FITTED = (0.5, 0.95)  # quantiles fitted beside the mean, which is taken to be as sure as the last
_CHI2 = 2.71  # 90% quantile of the chi-squared law with one degree of freedom
_DELAYS = 101  # delays tried
_SURE, _UNSURE = 0.01, 0.3  # least and unknown standard deviation of a logarithm
_REACH = 0.5  # share of the saturation throughput the highest of them must reach


@dataclass(frozen=True, eq=False)
class Service:
    """A service as `servers` equal workers behind one queue, plus a delay no worker is held for.

    Response time = delay + M/M/c response time. The saturation throughput fixes servers / service time; the spread of
    the response times at low load, and how waiting grows with it, tell how many servers share it.

    Parameters
    ----------
    servers : Estimate
        Effective parallelism; not the core count. [servers]
    service_time : Estimate
        Mean time a request holds a worker. [s]
    delay : float
        Mean time spent elsewhere: network, slow dependencies. [s]
    saturation_throughput : Estimate
        Largest throughput. [req/s]
    checks : DataFrame
        Per step measured and predicted mean and quantiles, and the relative error of each.

    Notes
    -----
    The model assumes Poisson arrivals and exponential service; a test with evenly spaced arrivals waits less, which
    shows as more servers than there are. `checks` tells what the simplification costs on the data at hand.
    """

    servers: Estimate
    service_time: Estimate
    delay: float
    saturation_throughput: Estimate
    checks: pd.DataFrame

    def station(self, arrival_rate: float) -> MMc:
        """Return the station at an arrival rate. [req/s]

        Raises
        ------
        Unstable
            If the rate is not below the saturation throughput.
        """
        return _station(
            arrival_rate, int(self.servers.value or 1), float(self.saturation_throughput.value or 0)
        )

    def response_time_at(self, arrival_rate: float) -> float:
        """Mean response time at an arrival rate [req/s]. [s]"""
        return self.delay + self.station(arrival_rate).response_time

    def response_time_quantile_at(self, arrival_rate: float, q: float) -> float:
        """Response time that a share `q` of requests stays within at an arrival rate [req/s]. [s]"""
        return self.delay + self.station(arrival_rate).response_time_quantile(q)

    @property
    def worst_error(self) -> float:
        """Largest relative error of the mean response time over the measured steps. [fraction]"""
        return float(self.checks["mean_error"].abs().max())

    @property
    def text(self) -> str:
        """The calibration in a sentence."""
        return (
            f"The steps behave like {self.servers} in parallel, each request holding one for "
            f"{number(1000 * (self.service_time.value or 0))} ms and spending {number(1000 * self.delay)} ms "
            "elsewhere; "
            f"over the measured steps the mean response time is predicted within {100 * self.worst_error:.0f}%."
            f"{_TOO_FAR if self.worst_error > _ACCEPTED else ''}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return mean and P95, measured against predicted, per step; `checks` has the other quantiles."""
        shown = [c for c in self.checks.columns if "p50" not in c and "p99" not in c]
        return self.checks[shown]


def calibrate(steps: Sequence[Step], capacity: Capacity) -> Service:
    """Fit servers, service time and delay to the unsaturated plateaus of a test.

    Raises
    ------
    NotIdentified
        If the saturation throughput is only bounded, or fewer than three loads lie below it, or none comes near.
    """
    limit = capacity.saturation_throughput
    if capacity.status != "established" or limit is None or limit.value is None:
        raise NotIdentified(
            f"the service cannot be calibrated: its saturation throughput is {capacity.status}"
        )
    below = _below(steps, capacity, limit.value)
    fits = {c: _fit(below, c, limit.value) for c in _candidates(below, limit.value)}
    best = min(fits, key=lambda c: fits[c][0])
    misfit = max(1.0, fits[best][0] / (len(below) * (1 + len(_FITTED)) - 2))
    inside = [c for c, (loss, _) in fits.items() if loss <= fits[best][0] + _CHI2 * misfit]
    low, high = min(inside), max(inside)
    service_time = Estimate(
        best / limit.value, low / limit.high, high / limit.low, unit="s",
        method="servers / saturation throughput", provenance="measured",
    )  # fmt: skip
    return Service(
        servers=Estimate(
            best,
            low,
            high,
            unit="workers",
            method="spread and growth of response times",
            provenance="measured",
        ),
        service_time=service_time,
        delay=fits[best][1],
        saturation_throughput=limit,
        checks=_checks(below, best, limit.value, fits[best][1]),
    )


def _below(steps: Sequence[Step], capacity: Capacity, limit: float) -> list[Step]:
    healthy = {(p.step.test, row) for p in capacity.points if p.state == "healthy" for row in p.step.rows}
    below = [
        s
        for s in steps
        if s.kind == "plateau"
        and all((s.test, row) in healthy for row in s.rows)
        and s.throughput < limit
        and s.mean > 0
    ]
    loads = {round(s.throughput / limit, 2) for s in below}
    if len(loads) < _LOADS or max(loads) < _REACH:
        raise NotIdentified(
            f"the service cannot be calibrated: {len(loads)} loads below saturation were held, the highest at "
            f"{100 * max(loads, default=0):.0f}% of it; hold at least {_LOADS}, up to 80-90% of "
            f"{number(limit)} req/s"
        )
    return below


def _candidates(below: Sequence[Step], limit: float) -> list[int]:
    """Return the numbers of servers to try: more than saturation throughput x smallest response time cannot be busy."""
    most = max(1, math.ceil(limit * min(s.mean for s in below)))
    return sorted(
        {round(c) for c in np.geomspace(1, most, min(most, 120))} | set(range(1, min(most, 64) + 1))
    )


def _station(arrival_rate: float, servers: int, limit: float) -> MMc:
    return MMc(arrival_rate=arrival_rate, service_rate=limit / servers, servers=servers)


def _fit(below: Sequence[Step], servers: int, limit: float) -> tuple[float, float]:
    """Return the smallest weighted squared error of the logarithms of means and quantiles, and its delay."""
    stations = [_station(s.throughput, servers, limit) for s in below]
    queued = np.array([[s.response_time, *map(s.response_time_quantile, _FITTED)] for s in stations])
    measured = np.array([[s.mean, *(_quantile(s, q) for q in _FITTED)] for s in below])
    doubt = np.array([[_doubt(s, _FITTED[-1]), *(_doubt(s, q) for q in _FITTED)] for s in below])
    delays = np.linspace(0.0, float(measured[:, 0].min()), _DELAYS)
    errors = (np.log(delays[:, None, None] + queued) - np.log(measured)) / doubt
    losses = np.nansum(errors**2, axis=(1, 2))
    return float(losses.min()), float(delays[losses.argmin()])


def _quantile(step: Step, q: float) -> float:
    estimate = step.quantiles.get(q)
    return estimate.value if estimate and estimate.value else math.nan


def _doubt(step: Step, q: float) -> float:
    """Return the standard deviation of a measured quantile's logarithm, by its 90% interval."""
    estimate = step.quantiles.get(q)
    if estimate is None or not estimate.bounded or estimate.low <= 0:
        return _UNSURE
    return max(math.log(estimate.high / estimate.low) / 3.29, _SURE)


def _checks(below: Sequence[Step], servers: int, limit: float, delay: float) -> pd.DataFrame:
    rows = []
    for step in sorted(below, key=lambda s: s.offered):
        station = _station(step.throughput, servers, limit)
        mean = delay + station.response_time
        row = {"test": step.test, "offered": step.offered, "mean": step.mean, "predicted_mean": mean}
        row["mean_error"] = mean / step.mean - 1
        for q in QUANTILES:
            measured = step.quantiles.get(q)
            predicted = delay + station.response_time_quantile(q)
            row[f"p{100 * q:g}"] = measured
            row[f"predicted_p{100 * q:g}"] = predicted
            row[f"p{100 * q:g}_error"] = (
                predicted / measured.value - 1 if measured and measured.value else math.nan
            )
        rows.append(row)
    return pd.DataFrame(rows)
