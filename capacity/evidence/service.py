"""The service behind the measurements: equal workers, their service times, a delay; and what it does at any load."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from capacity.errors import DomainError
from capacity.estimate import Estimate, number
from capacity.evidence.worlds import Worlds
from capacity.models import domain
from capacity.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

FloatOrArray = TypeVar("FloatOrArray", float, np.ndarray)

_ACCEPTED = 0.25  # relative error of a prediction up to which the model describes the service [fraction]
_TOO_FAR = " That is too far off to plan with: nothing in this study rests on it."
_NODES = np.array(
    [-1.645, -1.036, -0.674, -0.385, -0.126, 0.126, 0.385, 0.674, 1.036, 1.645]
)  # equally likely
_ENDS = (0.05, 0.5, 0.95)
_SHARES = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True, eq=False)
class Service(Shown):
    """A service as equal workers behind one queue, plus a delay no worker is held for.

    Response time = time without waiting, as measured at low load, plus the waiting time of a G/G/c station. The
    saturation throughput fixes workers / service time; how waiting grows with the load tells how many workers
    share it and how much their service times vary. What the data leave open stays open: a prediction is a
    mixture over all `worlds` that agree with the measurements, widened by the error at steps left out.

    Parameters
    ----------
    worlds : Worlds
        Workers, variability and limit, with the weight the measurements give each.
    saturation_throughput : Estimate
        Largest throughput. [req/s]
    checks : DataFrame
        Per step above the calm ones measured mean and quantiles, those predicted from the other steps (where it is the
        only one, from it), and the relative errors.
    errors : dict of float to float
        Standard error of the logarithm of a predicted quantile, from the steps left out; key 0 for the mean. [1]

    References
    ----------
    .. [1] Whitt, Approximations for the GI/G/m queue, Production and Operations Management 2(2), 1993.
    .. [2] Abate, Choudhury and Whitt, Exponential approximations for tail probabilities in queues, I,
       Operations Research 43(5), 1995.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(study.service.servers, "|", study.service.predict(250, 0.95))
    10 workers (6 to 13) | 0.147 s (0.127 to 0.169)
    """

    worlds: Worlds
    saturation_throughput: Estimate
    checks: pd.DataFrame
    errors: Mapping[float, float]

    @cached_property
    def servers(self) -> Estimate:
        """Effective parallelism; not the core count. [workers]"""
        return self._known(self.worlds.servers, "workers", "growth of response times")

    @cached_property
    def service_time(self) -> Estimate:
        """Mean time a request holds a worker. [s]"""
        return self._known(self.worlds.service_time, "s", "workers / saturation throughput")

    @cached_property
    def service_scv(self) -> Estimate:
        """Squared coefficient of variation of the service times. [1]"""
        return self._known(self.worlds.service_scv, "", "spread at low load and growth of waiting")

    @cached_property
    def delay(self) -> Estimate:
        """Mean time spent elsewhere: network, slow dependencies. [s]"""
        return self._known(self.worlds.delay, "s", "mean at low load less the service time")

    def response_time_at(self, arrival_rate: FloatOrArray) -> FloatOrArray:
        """Mean response time at an arrival rate, or at several [req/s]. [s]"""
        return self._middle(arrival_rate, None)

    def response_time_quantile_at(self, arrival_rate: FloatOrArray, q: float) -> FloatOrArray:
        """Response time that a share `q` of requests stays within at an arrival rate, or at several [req/s]. [s]"""
        return self._middle(arrival_rate, q)

    def predict(self, arrival_rate: float, q: float | None = None) -> Estimate:
        """Response time at an arrival rate [req/s]: its quantile `q`, or its mean, with the interval. [s]

        Raises
        ------
        DomainError
            If the rate is not between 0 and the saturation throughput, or `q` not between 0 and 1.
        """
        return self._predictions(np.array([arrival_rate]), q)[0]

    def slo_capacity(self, quantiles: Mapping[float, float]) -> dict[str, Estimate]:
        """Largest arrival rate at which each response-time objective is kept. [req/s]

        Parameters
        ----------
        quantiles : dict of float to float
            As in `Slo`: the response time [s] that a share of the requests must stay within.

        Raises
        ------
        DomainError
            If an objective is missed even without load.
        """
        return {f"p{100 * q:g}": self._slo_capacity(q, limit) for q, limit in quantiles.items()}

    def in_production(self, dispersion: float = 1.0) -> Service:
        """Return the same service under arrivals that are not evenly spaced.

        Parameters
        ----------
        dispersion : float
            Variance of the number of arrivals over its mean; 1 for Poisson arrivals (independent users). [1]
        """
        domain.not_negative(dispersion=dispersion)
        if dispersion not in self._in_production:
            scv = np.full_like(self.worlds.arrival_scv, dispersion)
            self._in_production[dispersion] = replace(self, worlds=replace(self.worlds, arrival_scv=scv))
        return self._in_production[dispersion]

    @cached_property
    def _in_production(self) -> dict[float, Service]:
        """What `in_production` made, by dispersion: it keeps what it worked out."""
        return {}

    def pooled(self, times: float) -> Service:
        """Return so many of the same service behind one queue: workers and limit times as many. [1]"""
        domain.positive(times=times)
        worlds = self.worlds
        many = np.round(worlds.servers * times)
        worlds = replace(worlds, servers=many, limit=worlds.limit * times, rate=worlds.rate * times)
        return replace(self, worlds=worlds, saturation_throughput=self.saturation_throughput.scaled(times))

    def production_share(self, q: float, limit: float, dispersion: float = 1.0) -> Estimate:
        """Share of the rate kept in the test that is kept under production's arrivals too. [fraction]

        Parameters
        ----------
        q, limit : float
            The share of requests that must stay within the limit [s].
        dispersion : float
            As in `in_production`. [1]

        Raises
        ------
        DomainError
            If the objective is missed even without load.
        """
        tested = self.worlds.rate_keeping(q, np.array([limit]))[:, 0]
        real = self.in_production(dispersion).worlds.rate_keeping(q, np.array([limit]))[:, 0]
        if not (tested > 0).any():
            raise self._impossible(q, limit)
        kept = tested > 0
        low, value, high = weighted_quantiles(real[kept] / tested[kept], self.worlds.weights[kept], _ENDS)
        method = "Poisson arrivals" if dispersion == 1 else f"arrivals of dispersion {number(dispersion)}"
        return Estimate(value, low, high, unit="", method=method, provenance="measured")

    @property
    def worst_error(self) -> float:
        """Largest relative error of the mean response time of a step predicted from the others. [fraction]"""
        return float(self.checks["mean_error"].abs().max())

    @property
    def accepted(self) -> bool:
        """Whether the mean is predicted well enough to plan with."""
        return self.worst_error <= _ACCEPTED

    @property
    def text(self) -> str:
        """The calibration in sentences."""
        milliseconds = {name: getattr(self, name).scaled(1000) for name in ("service_time", "delay")}
        milliseconds = {name: replace(e, unit="ms") for name, e in milliseconds.items()}
        return (
            f"The steps behave like {self.servers} in parallel, each request holding one for "
            f"{milliseconds['service_time']} and spending {milliseconds['delay']} elsewhere; the squared "
            f"coefficient of variation of the service times is {self.service_scv}. Each step predicted from the "
            f"others, the mean response time is off by at most {100 * self.worst_error:.0f}%."
            f"{'' if self.accepted else _TOO_FAR}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return mean and P95, measured against predicted, per step; `checks` has the other quantiles."""
        shown = [c for c in self.checks.columns if "p50" not in c and "p99" not in c]
        return self.checks[shown]

    def curve(self, shares: Sequence[float] = _SHARES) -> pd.DataFrame:
        """Return predictions at shares of the saturation throughput: P50, P95, P99, and P95 in production. [s]"""
        import pandas as pd

        rates = np.array(shares) * float(self.saturation_throughput.value or 0.0)
        frame = pd.DataFrame({"offered": rates, "p50": self._predictions(rates, 0.5)})
        frame["p95"], frame["p99"] = self._predictions(rates, 0.95), self._predictions(rates, 0.99)
        return frame.assign(p95_in_production=self.in_production()._predictions(rates, 0.95))

    def to_dict(self) -> dict[str, object]:
        """Return what is known of the service, and what it predicts, for plan.json."""
        known = {name: getattr(self, name) for name in ("servers", "service_time", "service_scv", "delay")}
        known["saturation_throughput"] = self.saturation_throughput
        return {"text": self.text, **known, "checks": self.checks, "response_times": self.curve()}

    def _known(self, values: np.ndarray, unit: str, method: str) -> Estimate:
        low, value, high = weighted_quantiles(values, self.worlds.weights, _ENDS)
        return Estimate(value, low, high, unit=unit, method=method, provenance="measured")

    def _middle(self, rate: FloatOrArray, q: float | None) -> Any:
        found = self._found(np.atleast_1d(rate), q).T
        middle = np.array([weighted_quantiles(each, self.worlds.weights, (0.5,))[0] for each in found])
        return middle if np.ndim(rate) else float(middle[0])

    def _predictions(self, rates: np.ndarray, q: float | None) -> list[Estimate]:
        weights, errors = np.repeat(self.worlds.weights, len(_NODES)), np.exp(_NODES * self._error(q or 0.0))
        predicted = []
        for rate, found in zip(rates, self._found(rates, q).T, strict=True):
            low, value, high = weighted_quantiles(np.outer(found, errors).ravel(), weights, _ENDS)
            method = f"predicted at {number(rate)} req/s"
            predicted.append(Estimate(value, low, high, unit="s", method=method, provenance="measured"))
        return predicted

    def _found(self, rates: np.ndarray, q: float | None) -> np.ndarray:
        """Return mean or quantile by world and rate; refuse rates without a steady state. [s]"""
        limit = float(self.saturation_throughput.value or 0.0)
        for rate in rates:
            if not (math.isfinite(rate) and 0 < rate < limit):
                raise DomainError(
                    f"no steady state at {rate:g} req/s; give a rate above 0 and below the saturation throughput, "
                    f"{number(limit)} req/s"
                )
        if q is not None:
            domain.fraction(quantile=q)
        return self.worlds.mean(rates) if q is None else self.worlds.quantile(rates, q)

    def _error(self, q: float) -> float:
        known = min(self.errors, key=lambda other: abs(other - q))
        return self.errors[known]

    def _slo_capacity(self, q: float, limit: float) -> Estimate:
        rates = self.worlds.rate_keeping(q, limit * np.exp(_NODES * self._error(q)))
        low, value, high = weighted_quantiles(
            rates.ravel(), np.repeat(self.worlds.weights, len(_NODES)), _ENDS
        )
        if value <= 0:
            raise self._impossible(q, limit)
        return Estimate(
            value,
            low,
            high,
            unit="req/s",
            method=f"P{100 * q:g} by the calibrated service",
            provenance="measured",
        )

    def _impossible(self, q: float, limit: float) -> DomainError:
        alone = weighted_quantiles(self.worlds.quantile_alone(q), self.worlds.weights, (0.5,))[0]
        return DomainError(
            f"P{100 * q:g} within {number(1000 * limit)} ms cannot be kept at any load: without load it is "
            f"{number(1000 * alone)} ms; speed the service up or relax the objective"
        )


def weighted_quantiles(values: np.ndarray, weights: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Quantiles of values with weights."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return np.interp(np.array(shares) * reached[-1], reached - weights[order] / 2, values[order])
